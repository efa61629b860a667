-- SPDX-License-Identifier: BSD-2-Clause
-- Reports that come when their person has been erased: they find their mail and are counted, not a
-- word of them is stored, and nothing follows, for her or for who got the mail beside her.
BEGIN;
\ir ../lib/helper.psql
\ir ../lib/traces.psql
SELECT * FROM no_plan();
SET LOCAL bytea_output = 'escape';

-- A report that names her wherever a report can, and what became of it.
CREATE FUNCTION test.late(kind text, reason text, status text, sent_to text, about text,
                          own_mta boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  document CONSTANT jsonb := test.report(reason, 'Anna@person.example', status, kind => kind,
    "to" => sent_to, about => about, own_mta => own_mta, more => jsonb_build_object('header',
      '{"from": "anna@person.example", "subject": "no anna@person.example"}'::jsonb));
  o bounce.report_result;
BEGIN
  o := bounce.record_report(
    document || jsonb_build_object('recipients', jsonb_build_array(
      document #> '{recipients,0}' || jsonb_build_object(
        'original_recipient', 'anna@person.example', 'diagnostic', 'no anna@person.example here',
        'evidence', 'anna@person.example'))),
    'to anna@person.example');
  RETURN concat_ws(' ', o.communication_id, o.class, o.reason, o.disposition, o.trust) || ': '
    || o.consequence;
END $$;
CREATE FUNCTION test.states() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws(' ', r.address, r.state, r.next_attempt_at), ', ' ORDER BY r.id)
  FROM bounce.communication_recipient AS r
$$;

SELECT test.set('follow_up', 'on'), test.set('owner_notice', 'on'),
       test.set('owner_mailbox', 'owner@example.org'), test.set('webhook', 'on');
SELECT test.mail('alone', '{anna@person.example}') AS alone \gset
SELECT test.return_path('anna@person.example') AS her_path \gset
SELECT test.mail('both', '{anna@person.example,ben@person.example}') AS both \gset
SELECT test.return_path('anna@person.example') AS her_other_path,
       test.return_path('ben@person.example') AS his_path \gset
SELECT bounce.erase_address('anna@person.example', 'asked for it');
SELECT test.states() AS states \gset
SELECT count(*) AS events FROM bounce.event \gset

-- [kind, reason, status, delivered to, about, by our own MTA; what is said of it]
SELECT is(test.late(kind, reason, status, sent_to, about, own_mta),
          said || ': logged, personal data erased', format('%s %s %s', place, kind, reason))
FROM (VALUES
  (1, 'dsn', 'user_unknown', '5.1.1', :'her_path', '', false, :'alone' ||
    ' hard user_unknown discard token'),
  (2, 'dsn', 'mailbox_full', '4.2.2', :'her_path', '', false, :'alone' ||
    ' soft mailbox_full discard token'),
  (3, 'dsn', 'spam_rejected', '5.7.1', :'her_path', '', false, :'alone' ||
    ' technical spam_rejected discard token'),
  (4, 'auto_reply', 'has_left', '', :'her_path', '', false, :'alone' ||
    ' auto_reply has_left discard token'),
  (5, 'complaint', 'complaint', '', :'her_path', '', false, :'alone' ||
    ' technical complaint discard token'),
  (6, 'dsn', 'user_unknown', '5.1.2', 'bounce@bounces.example.org', 'alone', true, :'alone' ||
    ' hard user_unknown discard message_id'),
  (7, 'dsn', 'user_unknown', '5.1.1', :'her_other_path', '', false, :'both' ||
    ' hard user_unknown discard token'),
  (8, 'dsn', 'user_unknown', '5.1.3', 'bounce@bounces.example.org', 'both', true, :'both' ||
    ' hard user_unknown discard own_mta'),
  -- a mail with one return path for all: what is said of her is not said of him
  (9, 'dsn', 'user_unknown', '5.1.1', :'his_path', '', false, :'both' ||
    ' hard user_unknown discard message_id')
) AS v (place, kind, reason, status, sent_to, about, own_mta, said) ORDER BY place;
SELECT is(test.traces('anna@person.example'), '', 'not a word of her is stored');
SELECT is(test.states(), :'states', 'nobody is marked, or sent to again');
SELECT is_empty('SELECT * FROM bounce.address_block', 'nobody is blocked');
SELECT is_empty('SELECT * FROM bounce.task', 'nobody is asked');
SELECT is_empty('SELECT * FROM bounce.follow_up', 'no process is told');
SELECT is((SELECT count(*) FROM bounce.event), :events::bigint, 'nor an application');
SELECT is((SELECT count(*) FROM bounce.bounce_message AS m WHERE m.raw IS NULL
           AND m.reporting_mta = 'mx.example.net' AND m.size = 4312), 9::bigint,
          'what figures need is kept');
SELECT is(test.late('dsn', 'user_unknown', '5.1.1', :'her_path', '', false), :'alone' ||
          ' hard user_unknown discard token: logged, personal data erased', 'once more');
SELECT is((SELECT count(*) FROM bounce.bounce), 9::bigint, 'it is the same report');

-- of others it is as before
SELECT bounce.record_report(test.report('user_unknown', 'ben@person.example',
                                        "to" => :'his_path'), 'to ben@person.example');
SELECT is(test.state('ben@person.example'), 'bounced hard user_unknown', 'his own bounce counts');
SELECT isnt((SELECT m.raw FROM bounce.bounce_message AS m ORDER BY m.id DESC LIMIT 1), NULL,
            'and is stored');

-- A letter is for a person to read: it is kept, and found when she is erased once more; so is
-- what does not know its mail.
SELECT is(test.late('other', 'undetermined', '', :'her_path', '', false),
          :'alone' || ' unclassified undetermined deliver token: for a person to read',
          'a letter is');
SELECT test.late('dsn', 'user_unknown', '5.1.1', 'bounce@bounces.example.org', '', false);
SELECT is((SELECT p.number FROM bounce.preview_erase('anna@person.example') AS p
           WHERE p.what = 'reports'), 2::bigint, 'both are shown');
SELECT bounce.erase_address('anna@person.example', 'it came late');
SELECT is(test.traces('anna@person.example'), '', 'and erased');

-- A mail that is on its way while she is erased.
SELECT bounce.submit_communication('invoice', '{anna@person.example,carl@person.example}',
                                   'office@example.org', 'Hello', 'Hello') AS on_its_way \gset
SELECT bounce.begin_delivery(c.claim_id, c.recipient_ids)
FROM bounce.claim_deliveries('here', 'mx', 1) AS c;
SELECT bounce.erase_address('anna@person.example', 'asked for it');
SELECT bounce.settle_delivery(d.claim_id, 'mx', (
  SELECT jsonb_agg(jsonb_build_object('recipient_id', r.id, 'outcome', 'pending', 'response',
    CASE WHEN r.address LIKE 'carl%' THEN '450 4.2.0 later'
         ELSE '450 4.2.1 anna@person.example is busy' END) ORDER BY r.id)
  FROM bounce.communication_recipient AS r WHERE r.communication_id = d.communication_id))
FROM bounce.communication_delivery AS d WHERE d.communication_id = :on_its_way;
SELECT results_eq(format('SELECT q.state::text, q.due_at IS NOT NULL FROM bounce.recipient_delivery
                          AS q WHERE q.communication_id = %s ORDER BY q.recipient_id', :on_its_way),
                  $$VALUES ('rejected', false), ('pending', true)$$,
                  'who is erased is not sent to again, who got it beside her is');
SELECT is(test.traces('anna@person.example'), '', 'and what the server said of her is not stored');

-- What a server said of her mail may stand as its fault.
INSERT INTO bounce.delivery_server (name, problem, problem_since, probe_at)
VALUES ('mx2', 'mail is refused: 550 5.7.1 <anna@person.example>: no', now(), now());
SELECT bounce.erase_address('anna@person.example', 'asked for it');
SELECT is((SELECT s.problem FROM bounce.delivery_server AS s WHERE s.name = 'mx2'),
          'mail is refused: 550 5.7.1 <erased@erased.invalid>: no', 'the fault stays without her');

SELECT * FROM finish();
ROLLBACK;
