-- SPDX-License-Identifier: BSD-2-Clause
-- The same report twice changes nothing. Two sessions at once: tests/e2e/milter/duplicates.t.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT test.set('operator_mailbox', 'post@example.org');
SELECT test.mail('a', '{a@example.com}'), test.mail('b', '{b1@example.com,b2@example.com}') AS b;
SELECT test.return_path('a@example.com') AS a_path \gset
SELECT envelope_id FROM bounce.communication WHERE business_ref = 'a' \gset

-- Each report, then again as an MTA rebuilds it: other Message-ID, queue id and, being a DSN,
-- other bytes.
CREATE FUNCTION test.rebuilt(report jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT report || jsonb_build_object('digest', md5(random()::text), 'size', 9,
    'header', (report -> 'header') || '{"message_id": "other@mx.example.net", "date": "later"}',
    'envelope', (report -> 'envelope') || '{"queue_id": "4Other"}')
$$;
CREATE FUNCTION test.twice(report jsonb, again jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  first CONSTANT bounce.report_result := test.record(report);
  before CONSTANT text := test.picture();
  second CONSTANT bounce.report_result := test.record(again);
BEGIN
  RETURN concat_ws(' ', CASE WHEN first.duplicate THEN 'known' ELSE 'new' END,
                   CASE WHEN second.duplicate THEN 'known' ELSE 'new' END,
    CASE WHEN test.picture() = before THEN 'unchanged' ELSE 'changed' END,
    CASE WHEN (first.bounce_message_id, first.disposition, first.forward_to, first.class,
               first.reason)
              IS NOT DISTINCT FROM (second.bounce_message_id, second.disposition, second.forward_to,
                                    second.class, second.reason)
         THEN 'same outcome' ELSE 'other outcome' END);
END
$$;
SELECT is(test.twice(report, test.rebuilt(report)), 'new known unchanged same outcome',
          'rebuilt: ' || name)
FROM (VALUES
  ('hard, by token', test.report('user_unknown', 'a@example.com', "to" => :'a_path')),
  ('soft, by token', test.report('mailbox_full', 'a@example.com', '4.2.2', "to" => :'a_path')),
  ('hard, by envelope id',
   test.report('user_unknown', 'a@example.com',
               more => jsonb_build_object('report',
                                          jsonb_build_object('envelope_id', :'envelope_id')))),
  ('technical, by queue id only',
   test.report('spam_rejected', 'z@example.com', '5.7.1', own_mta => true,
               more => '{"original": {"queue_id": "4Orig"}}')),
  ('hard, by Message-ID', test.report('user_unknown', 'a@example.com', about => 'a')),
  ('of no mail of ours', test.report('user_unknown', 'q@example.com', about => 'never')),
  ('delay', test.report('delayed', 'a@example.com', '4.4.1', 'delayed', :'a_path',
                        kind => 'delay')),
  ('unclassified DSN',
   test.report('undetermined', 'a@example.com', '5.0.0', 'failed', :'a_path'))) AS v (name, report);
SELECT is(test.twice(report, report), 'new known unchanged same outcome',
          'the same bytes: ' || name)
FROM (VALUES
  ('prose', test.report('user_unknown', 'a@example.com', '', '', :'a_path', kind => 'prose')),
  ('automatic reply', test.report('vacation', 'a@example.com', '', '', :'a_path',
                                  kind => 'auto_reply')),
  ('unclassified', test.report('undetermined', '', '', '', :'a_path', kind => 'other')),
  ('without any identity', test.report('user_unknown', 'n@example.com')),
  ('empty', '{}')) AS v (name, report);
SELECT is((test.record('{}')).disposition, 'forward',
          'an unclassified one is forwarded each time: nobody says whether the first one arrived');

-- Letters: what is no DSN is itself, however alike it is to another one
CREATE FUNCTION test.letter(kind text, message_id text, "from" text, "references" text DEFAULT '',
                            digest text DEFAULT 'of an empty body') RETURNS jsonb LANGUAGE sql AS $$
  SELECT test.report(CASE kind WHEN 'auto_reply' THEN 'vacation' ELSE 'undetermined' END, '', '',
                     '', kind => kind) || jsonb_build_object('digest', digest,
    'header', jsonb_build_object('message_id', message_id, 'from', "from", 'subject', '', 'date',
                                 ''), 'references', to_jsonb(array_remove(ARRAY["references"], '')))
$$;
SELECT is((SELECT string_agg(CASE WHEN (test.record(r)).duplicate THEN 'known' ELSE 'new' END, ' '
                             ORDER BY place) FROM unnest(ARRAY[
             test.letter(kind, 'l1@home.example', 'ada@home.example'),
             test.letter(kind, 'l2@home.example', 'ada@home.example'),
             test.letter(kind, '', 'bob@home.example'),
             test.letter(kind, '', 'cleo@home.example'),
             test.letter(kind, '', 'cleo@home.example', 'a@example.org'),
             test.letter(kind, '', 'cleo@home.example', 'b@example.org'),
             test.letter(kind, '', 'cleo@home.example', digest => 'of some words'),
             test.letter(kind, '', 'cleo@home.example', 'x@elsewhere.example'),
             test.letter(kind, 'l1@home.example', 'ada@home.example'),
             test.letter(kind, '', 'cleo@home.example',
                         'b@example.org')]) WITH ORDINALITY AS u (r, place)),
          'new new new new new new new new known known',
          kind || ': another Message-ID, author, mail answered or body is another letter; the same '
                  'again is not')
FROM unnest('{other,auto_reply,read_receipt,complaint,challenge,prose}'::text[]) AS kind;
SELECT is(test.twice(letter, letter), 'new known unchanged same outcome',
          'the same letter again: ' || kind)
FROM unnest('{other,auto_reply,read_receipt,complaint,challenge,prose}'::text[]) AS kind,
  test.letter(kind, 'again@home.example', 'ada@home.example') AS letter;
-- found by its author's address alone, and then another mail was sent there
SELECT test.mail('w1', '{wanda@example.com}');
SELECT is((test.record(letter)).duplicate, false, 'an automatic reply')
FROM test.letter('auto_reply', 'w@example.com', 'wanda@example.com') AS letter;
SELECT test.mail('w2', '{wanda@example.com}');
SELECT is((test.record(letter)).duplicate, true, 'is the same when it comes again later')
FROM test.letter('auto_reply', 'w@example.com', 'wanda@example.com') AS letter;

-- What is not the same report
SELECT is((test.record(report)).duplicate, false, 'not the same: ' || name)
FROM (VALUES
  ('another status', test.report('user_unknown', 'a@example.com', '5.1.10', "to" => :'a_path')),
  ('a later send', test.report('user_unknown', 'a@example.com',
                               "to" => test.return_path('a@example.com', 2))),
  ('another recipient', test.report('user_unknown', 'b1@example.com', about => 'b')),
  ('another action', test.report('delayed', 'b1@example.com', '5.1.1', 'delayed', about => 'b')),
  ('another word in prose',
   test.report('vacation', 'a@example.com', '', '', :'a_path', kind => 'auto_reply')
   || '{"digest": "ab"}'),
  ('the same words about another mail',
   test.report('user_unknown', 'a@example.com', about => 'never again')),
  ('sent again under the same envelope id', test.report('user_unknown', 'a@example.com',
     more => jsonb_build_object('report', jsonb_build_object('envelope_id', :'envelope_id'),
                                'original', '{"queue_id": "4Second"}'::jsonb)))) AS v (name,
                                    report);

-- A forged one does not keep the genuine one out
SELECT test.mail('f', '{f@example.com}');
SELECT test.record(test.report('user_unknown', 'f@example.com', about => 'f'));
SELECT is(bounce.is_address_blocked('f@example.com'), false, 'anybody may have written the first');
SELECT is((test.record(test.report('user_unknown', 'f@example.com', about => 'f',
                                   own_mta => true))).duplicate, false,
          'the one of our own MTA is no duplicate of it');
SELECT ok(bounce.is_address_blocked('f@example.com'), 'and blocks');

-- One known, one new
SELECT test.mail('c', '{c1@example.com,c2@example.com}') AS c \gset
SELECT test.record(test.report('user_unknown', 'c1@example.com', about => 'c'));
SELECT is((test.record(test.report('user_unknown', '', about => 'c')
                       || jsonb_build_object('recipients', jsonb_build_array(
             test.reported('user_unknown', 'c1@example.com'),
             test.reported('user_unknown', 'c2@example.com'))))).duplicate, false,
             'one of two is new');
SELECT is((SELECT string_agg(recipient, ' ' ORDER BY id) FROM bounce.bounce
           WHERE communication_id = :c), 'c1@example.com c2@example.com', 'each is recorded once');
SELECT is((SELECT count FROM bounce.task WHERE address = 'c1@example.com'), 1, 'and counted once');
-- the same recipient twice in one report
SELECT test.mail('d', '{d@example.com}') AS d \gset
SELECT test.record(test.report('user_unknown', '', about => 'd')
                   || jsonb_build_object('recipients', jsonb_build_array(
  test.reported('user_unknown', 'd@example.com'), test.reported('user_unknown', 'D@example.com'))));
SELECT is((SELECT count(*) FROM bounce.bounce WHERE communication_id = :d), 1::bigint,
          'a recipient named twice in one report counts once');

-- the parameters of today for a forward of yesterday
SELECT test.set('operator_mailbox', '');
SELECT is(concat_ws(' ', o.disposition, coalesce(o.forward_to, '-')), 'deliver -',
          'the operator mailbox is gone: delivered') FROM test.record('{}') AS o;

-- A standby is waited for only by a COMMIT that wrote something, and the first recording may have
-- been given up while it waited. (The sequence writes once in 32 calls: it has just done so.)
SELECT count(nextval('bounce.bounce_message_id_seq')) FROM generate_series(1, 40);
SELECT pg_current_wal_insert_lsn() AS before \gset
SELECT ok((test.record('{}')).duplicate, 'the same again');
SELECT cmp_ok(pg_current_wal_insert_lsn(), '>', :'before'::pg_lsn,
              'is as durable as the first: it writes too');

SELECT * FROM finish();
ROLLBACK;
