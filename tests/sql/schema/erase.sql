-- SPDX-License-Identifier: BSD-2-Clause
-- Erasing a person: afterwards no text and no byte of the database names the address.
BEGIN;
\ir ../lib/helper.psql
\ir ../lib/traces.psql
SELECT * FROM no_plan();
SET LOCAL bytea_output = 'escape';
CREATE FUNCTION test.raw(address text) RETURNS bytea
  LANGUAGE sql AS $$ SELECT convert_to(E'From: mailer-daemon@example.net\nTo: bounce\n\n<' || $1
                                       || '>: user unknown', 'UTF8') $$;
CREATE FUNCTION test.bounces(address text, reason text, status text, said text) RETURNS void
  LANGUAGE sql AS $$
  SELECT bounce.record_report(
      jsonb_set(test.report(reason, address, status, "to" => test.return_path(address)),
                '{recipients,0,diagnostic}', to_jsonb(said)), test.raw(address))
$$;

SELECT test.set('owner_notice', 'on'), test.set('owner_mailbox', 'owner@example.org'),
       test.set('delivery_notice', 'on'), test.set('follow_up', 'on');
SELECT test.mail('anna-1', '{Anna.Muster@person.example}'),
       test.mail('both', '{anna.muster@person.example,ben@person.example}'),
       test.mail('joann', '{joanna.muster@person.example}'),
       test.mail('soft', '{anna.muster@person.example}'),
       test.mail('tech', '{anna.muster@person.example}', 'receipt');
SELECT bounce.set_person(r.communication_id, r.address, 'K-7')
FROM bounce.communication_recipient AS r WHERE r.address_key = 'anna.muster@person.example';
-- hard, soft, refused, from her fellow recipient, from nobody known, an answer of her own, one
-- nobody can classify
SELECT test.bounces('anna.muster@person.example', 'spam_rejected', '5.7.1',
                    'no mail for Anna.Muster@person.example');
SELECT bounce.record_report(test.report('user_unknown', 'anna.muster@person.example', about => m,
                                        own_mta => true), test.raw('anna.muster@person.example'))
                            FROM unnest('{anna-1,both}'::text[]) AS m;
SELECT bounce.record_report(test.report('mailbox_full', 'anna.muster@person.example', '4.2.2',
                                        about => 'soft'), test.raw('anna.muster@person.example'));
SELECT bounce.record_report(test.report('user_unknown', 'ben@person.example', about => 'both',
                                        own_mta => true), test.raw(
                                            'ben@person.example, anna.muster@person.example'));
SELECT test.bounces('joanna.muster@person.example', 'user_unknown', '5.1.1',
                    'no such user joanna.muster@person.example');
SELECT bounce.record_report(test.report('user_unknown', 'anna.muster@person.example', '5.1.0'),
                            test.raw('anna.muster@person.example'));
SELECT bounce.record_report(test.report('vacation', '', '', '', kind => 'auto_reply',
                                        more => '{"header": {"from": "Anna.Muster@person.example", '
                                                '"message_id": "x@y", "subject": "Away"}}'),
                            test.raw('anna.muster@person.example'));
SELECT bounce.record_report(test.report('undetermined', '', '', '', kind => 'other',
                                        more => '{"recipients": []}'),
                            test.raw('anna.muster@person.example'));
-- what people wrote
SELECT bounce.reclassify(b.id, 'mailbox_full', 'anna.muster@person.example says so')
FROM bounce.bounce AS b WHERE b.reason = 'spam_rejected';
SELECT bounce.note_task(t.id, 'rang anna.muster@person.example') FROM bounce.task AS t
WHERE t.address = 'anna.muster@person.example';
SELECT bounce.block_address('anna.muster@person.example',
                            'anna.muster@person.example asked for it'),
                            bounce.lift_block('anna.muster@person.example',
                                              'anna.muster@person.example again'),
                            bounce.block_address('anna.muster@person.example', 'once more');
SELECT bounce.undo_bounces(now() - interval '1 day', NULL, 'anna.muster@person.example',
                           diagnostic => 'anna.muster@person.example');
-- what the queue has: sent, waiting, with her name and a refusal, and the notices
SELECT bounce.submit_communication('invoice', '{"Anna <anna.muster@person.example>"}',
                                   'office@example.org', 'For Anna',
                                   'Dear anna.muster@person.example') AS q1,
       bounce.submit_communication('invoice',
                                   '{ben@person.example,"Anna <anna.muster@person.example>"}',
                                   'office@example.org', 'For both', 'Hello') AS q2,
       bounce.submit_communication('invoice', '{joe@person.example}', 'office@example.org', 'Raw',
                                   raw => convert_to(E'To: anna.muster@person.example\r\n\r\n'
                                                     'Hello\r\n', 'UTF8'),
                                   cc => '{anna.muster@person.example}') AS q3 \gset
SELECT bounce.lift_block('anna.muster@person.example', 'try'),
       bounce.lift_block('ben@person.example', 'try');
SELECT bounce.begin_delivery(c.claim_id, c.recipient_ids)
FROM bounce.claim_deliveries('here', 'mx', 1) AS c;
SELECT bounce.settle_delivery(c.claim_id, 'mx',
                              jsonb_build_array(jsonb_build_object('recipient_id', r.id, 'outcome',
                                  'rejected', 'response',
                                  '550 5.7.1 no, anna.muster@person.example',
  'document', test.report('content_rejected', 'anna.muster@person.example', '5.7.1'))))
FROM bounce.communication_delivery AS c JOIN bounce.communication_recipient AS r
USING (communication_id) WHERE c.communication_id = :q1;
SELECT cmp_ok(bounce.send_owner_notices(now() + interval '1 day'), '>', 0, 'the owners are told');

SELECT is(test.traces('anna.muster@person.example'),
          'bounce.address_block bounce.bounce bounce.bounce_message bounce.communication_content '
          'bounce.communication_delivery bounce.communication_log '
  'bounce.communication_recipient bounce.follow_up bounce.recipient_delivery '
  'bounce.soft_bounce_day bounce.task '
  'bounce.task_history bounce.undo bounce.verdict_change', 'where she is');
SELECT throws_ok(format('SELECT bounce.erase_address(%L, ''please'')', address), '22023', NULL,
                 format('"%s" is nobody, not everybody', address))
                 FROM unnest(ARRAY['', ' ', 'anna', '@', '.', NULL]) AS address;
CREATE TEMP TABLE before AS SELECT * FROM bounce.report_by('class', NULL, NULL);
SELECT cmp_ok(bounce.erase_person('K-7', 'asked for it'), '>', 10::bigint, 'erased');

SELECT is((SELECT string_agg(x::text, ' ') FROM bounce.bounce AS x
           WHERE lower(x::text) ~ '(?<!jo)anna.muster@'), NULL, 'no bounce');
SELECT is((SELECT string_agg(x::text, ' ') FROM bounce.bounce_message AS x
           WHERE lower(x::text) ~ '(?<!jo)anna.muster@'), NULL, 'no report');
SELECT is((SELECT string_agg(x::text, ' ') FROM bounce.communication_log AS x
           WHERE lower(x::text) ~ '(?<!jo)anna.muster@'), NULL, 'no log');
SELECT is((SELECT string_agg(x::text, ' ') FROM bounce.task AS x
           WHERE lower(x::text) ~ '(?<!jo)anna.muster@'), NULL, 'no task');
SELECT is((SELECT string_agg(x::text, ' ') FROM bounce.task_history AS x
           WHERE lower(x::text) ~ '(?<!jo)anna.muster@'), NULL, 'no history');
SELECT is((SELECT string_agg(x::text, ' ') FROM bounce.communication_content AS x
           WHERE lower(x::text) ~ '(?<!jo)anna.muster@'), NULL, 'no content');
SELECT is((SELECT string_agg(x::text, ' ') FROM bounce.follow_up AS x
           WHERE lower(x::text) ~ '(?<!jo)anna.muster@'), NULL, 'no notice');
SELECT is(test.traces('K-7'), '', 'nor her reference');
SELECT isnt(test.traces('joanna.muster@person.example'), '',
            'whose address ends like hers is still there');
SELECT is(test.state('ben@person.example'), 'open', 'others wait as they did');
SELECT is((SELECT recipient || ' ' || diagnostic FROM bounce.bounce
           WHERE recipient = 'ben@person.example'),
          'ben@person.example the words of the other side', 'and what was said of them stays');
SELECT results_eq('SELECT label, total FROM bounce.report_by(''class'', NULL, NULL)',
                  'SELECT label, total FROM before', 'figures stay');
-- what waited for her is not sent; what waits for others is
SELECT is((SELECT array_agg(a) FROM bounce.claim_deliveries('here', 'mx', 50) AS c
           CROSS JOIN unnest(c.addresses) AS a WHERE a LIKE '%person.example' OR a LIKE '%erased%'),
          '{ben@person.example,joe@person.example}', 'what waited for her is not sent');
SELECT is((SELECT string_agg(subject, ', ' ORDER BY id) FROM bounce.communication
           WHERE id IN (:q1, :q2, :q3)), ', For both, Raw',
          'the subject of a mail to her alone goes');
UPDATE bounce.recipient_delivery SET state = 'sending'
WHERE communication_id = :q3 AND state = 'claimed';
SELECT is(bounce.settle_delivery(d.claim_id, 'mx',
                                 jsonb_build_array(jsonb_build_object('recipient_id',
                                     q.recipient_id, 'outcome', 'accepted', 'response', '250 OK'))),
          'SUCCESS', 'and is sent without her')
FROM bounce.communication_delivery AS d JOIN bounce.recipient_delivery AS q USING (communication_id)
WHERE q.state = 'sending' AND d.communication_id = :q3;
SELECT is((SELECT raw FROM bounce.communication_content WHERE communication_id = :q3),
          convert_to(E'To: erased@erased.invalid\r\n\r\nHello\r\n', 'UTF8'),
          'a whole message that waits for another does not name her');
SELECT is(bounce.erase_address('anna.muster@person.example', 'once more'), 0::bigint,
          'twice is once');
SELECT bounce.erase_address('joanna.muster@person.example', 'she too');
SELECT is(test.traces('anna.muster@person.example'), '', 'no trace of either');

SELECT * FROM finish();
ROLLBACK;
