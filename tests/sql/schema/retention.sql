-- SPDX-License-Identifier: BSD-2-Clause
-- Months, retention, and erasing a person.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- Months
CREATE FUNCTION test.partition(at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  INSERT INTO bounce.bounce_message (received_at, source, envelope_sender, envelope_recipients,
                                     queue_id, client, own_mta, kind, dialect, message_id,
                                     header_from, subject, reporting_mta, truncated, size, digest,
    disposition, class, reason, report, raw)
      VALUES ($1, 'milter', 'a', '{b}', '', '', false, 'dsn', '', 'm', 'f', 's', '', false, 1, '',
              'discard', 'soft', 'expired', '{"a": 1}', 'raw')
  RETURNING tableoid::regclass::text INTO name;
  RETURN name;
END
$$;
SELECT is((SELECT count(*) FROM bounce.event_partition WHERE month IS NULL), 3::bigint,
          'three event tables, each with a default partition');
SELECT is(bounce_internal.make_months(now()), 0::bigint,
          'this month and those ahead are there from the start');
SELECT is(test.partition(now()), 'bounce.bounce_message_'
          || to_char(now() AT TIME ZONE 'UTC', 'YYYYMM'), 'what comes now has its month');
SELECT is(test.partition(at::timestamptz), name, at) FROM (VALUES
  ('2041-01-31 23:59:59.999+00', 'bounce.bounce_message_default'),
  ('2041-02-01 00:00+00', 'bounce.bounce_message_default'),
  ('2041-02-28 23:30-05', 'bounce.bounce_message_default')) AS v (at, name);
SET LOCAL timezone = 'America/New_York';
SELECT is(bounce_internal.make_months('2041-01-31 12:00+00', 1), 6::bigint,
          'made late: two months of three tables, in any time zone');
SET LOCAL timezone = 'UTC';
SELECT is((SELECT string_agg(tableoid::regclass::text, ' ' ORDER BY received_at)
           FROM bounce.bounce_message WHERE received_at > '2041-01-01'),
  'bounce.bounce_message_204101 bounce.bounce_message_204102 bounce.bounce_message_default',
  'what had none has moved');
SELECT is(test.partition('2041-02-01 00:00+00'), 'bounce.bounce_message_204102',
          'and what comes goes there');
SELECT bounce_internal.drop_months('2041-02-01');
SELECT is((SELECT string_agg(partition, ' ' ORDER BY partition) FROM bounce.event_partition
           WHERE parent = 'bounce_message'), 'bounce_message_204102 bounce_message_default',
          'months that are over are dropped');
SELECT lives_ok($$SELECT test.record(test.report('user_unknown', 'late@example.com'))$$,
                'recording does not need a month');
SELECT is((SELECT count(*) FROM bounce.bounce_default) + (SELECT count(*)
                                                          FROM bounce.bounce_message_default
                                                          WHERE received_at = now()), 2::bigint,
          'it is in the default partition');
SELECT is((test.record(test.report('user_unknown', 'late@example.com'))).duplicate, true,
          'where a duplicate is found as well');
SELECT cmp_ok(bounce_internal.make_months(now()), '>=', 12::bigint,
              'until the months are made again');
SELECT is((SELECT count(*) FROM bounce.bounce_default), 0::bigint, 'and have it');
SELECT is((test.record(test.report('user_unknown', 'late@example.com'))).duplicate, true,
          'a duplicate is found there too');

-- Retention, per class and in batches
DELETE FROM bounce.bounce_message; DELETE FROM bounce.bounce;
SELECT test.mail('r', '{r@example.com}');
SELECT test.record(test.report(reason, 'r@example.com', status,
                               "to" => test.return_path('r@example.com')))
FROM (VALUES ('user_unknown', '5.1.1'), ('user_unknown', '5.1.2'), ('user_unknown', '5.1.3'),
             ('vacation', ''), ('undetermined', '5.0.0')) AS v (reason, status);
CREATE FUNCTION test.kept() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s %s', class, kept), ', ' ORDER BY class) FROM (
    SELECT m.class::text AS class, count(m.raw) || ' ' || count(*) FILTER (WHERE m.report <> '{}')
           || ' ' || (SELECT count(*) FROM bounce.bounce AS b
                      WHERE b.class = m.class AND b.recipient <> '') AS kept
    FROM bounce.bounce_message AS m GROUP BY m.class) AS x
$$;
CREATE FUNCTION test.after(days integer, batch integer DEFAULT 1000) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(step || ' ' || done, ', ')
  FROM bounce_internal.housekeeping_at(now() + make_interval(days => $1), $2)
  WHERE done > 0 AND step LIKE '%erased%'
$$;
SELECT is(test.kept(), 'auto_reply 1 1 1, hard 3 3 3, unclassified 1 1 1',
          'all is kept at first: raw messages, documents, words');
SELECT is(test.after(0), NULL, 'nothing is old');
SELECT is(test.after(15), 'raw messages erased: auto_reply 1',
          'an automatic reply after two weeks');
SELECT is(test.after(181, 2),
          'raw messages erased: hard 2, details erased: auto_reply 1, raw messages erased: '
          'unclassified 1', 'each class in its time, at most a batch');
SELECT is(test.kept(), 'auto_reply 0 0 0, hard 1 3 3, unclassified 0 1 1', 'words stay longer');
SELECT is(test.after(181, 2), 'raw messages erased: hard 1', 'the rest the next time');
SELECT test.set('keep_detail_hard', '200 days');
SELECT is(test.after(201), 'details erased: hard 3', 'a parameter says how long');
SELECT is((SELECT string_agg(concat_ws('|', recipient, diagnostic, evidence, reason, status), ' '
                             ORDER BY id) FROM bounce.bounce WHERE class = 'hard'),
  '|||user_unknown|5.1.1 |||user_unknown|5.1.2 |||user_unknown|5.1.3', 'figures stay');
INSERT INTO bounce.hard_count VALUES ('overall', '', 'minutes', now() - interval '9 days', 0, 1),
  ('overall', '', 'day', now() - interval '3 days', 0, 1),
  ('overall', '', 'day', now() - interval '17 days', 0, 1);
UPDATE bounce.token_key SET retired_at = now(), expires_at = now() WHERE id = 1;
SELECT is((SELECT string_agg(step || ' ' || done, ', ') FROM bounce.housekeeping()
           WHERE done > 0 AND step NOT LIKE 'months%'),
          'counters forgotten 2, token keys dropped 1', 'counters and keys');
SELECT is((SELECT string_agg(h.span || ' ' || h.count, ', ' ORDER BY h.bucket)
           FROM bounce.hard_count AS h
           WHERE h.scope = 'overall' AND h.bucket < now() - interval '1 day'),
          'day 1, day 1', 'what was counted in minutes is kept with its day');
UPDATE bounce.report_key SET seen_at = now() - interval '4 years';
SELECT is((SELECT sum(done) FROM bounce.housekeeping(2) WHERE step = 'report keys forgotten'),
          2::numeric, 'report keys, in batches');
SELECT bounce.rotate_token_key();

SELECT bounce.resolve_task(id) FROM bounce.task;
UPDATE bounce.task SET resolved_at = now() - interval '4 years';
SELECT is((SELECT done FROM bounce.housekeeping() WHERE step = 'work forgotten'), 2::bigint,
          'closed tasks');
SELECT is((SELECT count(*) FROM bounce.task_history), 0::bigint, 'with their history');

-- Mails that were sent
SELECT bounce.submit_communication('invoice', ARRAY['c' || i || '@content.example'],
                                   'office@example.org', 'Your document', 'Hello',
                                   attachments => '[{"filename": "a.txt", "content": "x"}]')
                                   FROM generate_series(1, 4) AS i;
SELECT bounce.begin_delivery(c.claim_id, c.recipient_ids)
FROM bounce.claim_deliveries('here', 'mx', 3) AS c;
SELECT bounce.settle_delivery(c.claim_id, 'mx',
                              jsonb_build_array(jsonb_build_object('recipient_id', r.id, 'outcome',
                                  'accepted', 'response', '250 OK')))
FROM bounce.communication_delivery AS c JOIN bounce.communication_recipient AS r
USING (communication_id) JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
WHERE q.state = 'sending' ORDER BY c.communication_id;
SELECT test.record(test.report('mailbox_full', 'c1@content.example', '4.2.2',
                               "to" => test.return_path('c1@content.example')));
SELECT is(bounce_internal.erase_old_content(now() + interval '1 hour', 10), 2::bigint,
          'contents go, but for what waits: for a resend, or for the first send');
SELECT is((SELECT string_agg(r.address, ' ' ORDER BY r.id) FROM bounce.communication_recipient AS r
           JOIN bounce.communication_content AS k ON k.communication_id = r.communication_id),
          'c1@content.example c4@content.example', 'which is kept');
SELECT is((SELECT count(*) FROM bounce.communication_attachment), 2::bigint, 'attachments as well');
SELECT is(bounce_internal.erase_old_content(now() - interval '1 day', 10), 0::bigint,
          'nothing is old');
-- Tried long ago and kept on hold since, cancelled today: it can still be sent.
SELECT bounce.submit_communication('invoice', '{held@content.example}', 'office@example.org',
                                   'Your document', 'Hello') AS held \gset
SELECT bounce.begin_delivery(c.claim_id, c.recipient_ids)
FROM bounce.claim_deliveries('here', 'mx', 9) AS c;
SELECT bounce.settle_delivery(d.claim_id, 'mx', jsonb_build_array(jsonb_build_object(
  'recipient_id', r.id, 'outcome', 'pending', 'response', '451 later')))
FROM bounce.communication_delivery AS d JOIN bounce.communication_recipient AS r
USING (communication_id) WHERE r.address = 'held@content.example';
SELECT bounce.hold_communication(:held);
UPDATE bounce.communication_delivery SET end_time = now() - interval '100 days'
WHERE communication_id = :held;
UPDATE bounce.communication SET created_at = now() - interval '101 days' WHERE id = :held;
UPDATE bounce.communication_log SET at = now() - interval '100 days' WHERE communication_id = :held;
SELECT bounce.cancel_communication(:held);
SELECT is((SELECT d.state || ' ' || (d.end_time < now() - interval '99 days')
           FROM bounce.delivery AS d WHERE d.communication_id = :held), 'ERROR true',
          'what was tried long ago is cancelled');
SELECT is(bounce_internal.erase_old_content(now() - interval '90 days', 10), 0::bigint,
          'its content is kept from then on');
UPDATE bounce.communication_log SET at = now() - interval '100 days' WHERE communication_id = :held;
SELECT is(bounce_internal.erase_old_content(now() - interval '90 days', 10), 1::bigint,
          'until nothing has been told of it for as long');
SELECT test.record(test.report('mailbox_full', 'c2@content.example', '4.2.2',
                               "to" => test.return_path('c2@content.example')));
SELECT is((test.recipient('c2@content.example')).next_attempt_at, NULL,
          'what is not kept is not scheduled again');
SELECT matches((SELECT summary FROM bounce.open_task WHERE address = 'c2@content.example'),
               'not sent to again, its content is not kept any more', 'a person is told');
SELECT throws_ok(format('SELECT bounce.retry_communication(%s)',
                        (test.recipient('c3@content.example')).communication_id), '23514', NULL,
                 'nor can a person send it again');
SELECT bounce.resolve_task(id, 'x') FROM bounce.open_task;
DELETE FROM bounce.communication
WHERE id IN (SELECT communication_id FROM bounce.communication_recipient
             WHERE address LIKE '%@content.example');

-- Erasing a person
SELECT test.mail('p1', '{anna@person.example,ben@person.example}'),
       test.mail('p2', '{Anna@Person.example}'), test.mail('p3', '{anna.new@person.example}');
UPDATE bounce.communication_recipient SET person_ref = 'K-7' WHERE address_key LIKE 'anna%';
SELECT test.record(test.report('user_unknown', a, status, "to" => test.return_path(a)))
FROM (VALUES ('anna@person.example', '5.1.1'), ('ben@person.example', '5.1.1'),
             ('anna.new@person.example', '5.1.1')) AS v (a, status);
-- every text of the schema that has her address
CREATE FUNCTION test.traces(what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  t regclass;
  n bigint;
  found text := '';
BEGIN
  FOR t IN SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'bounce'::regnamespace
    AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname LOOP
    EXECUTE format('SELECT count(*) FROM %s AS x WHERE x::text ILIKE ''%%'' || $1 || ''%%''',
                   t) INTO n USING what;
    found := found || CASE WHEN n > 0 THEN format('%s ', t) ELSE '' END;
  END LOOP;
  RETURN found;
END
$$;
SELECT is(test.traces('anna'),
          'bounce.address_block bounce.bounce bounce.bounce_message bounce.communication_recipient '
          'bounce.task bounce.task_history ', 'where she is');
SELECT throws_ok($$SELECT bounce.erase_person('K-7', ' ')$$, '22023', NULL, 'not without a reason');
SELECT cmp_ok(bounce.erase_person('K-7', 'asked for it'), '>=', 6::bigint,
              'erased, under all her addresses');
SELECT is(test.traces('anna'), '', 'no trace of her');
SELECT is(test.traces('K-7'), '', 'nor of her reference');
SELECT is(test.state('ben@person.example') || ' ' || bounce.is_address_blocked('ben@person.example')
          || ' ' || test.open_tasks('hard_bounce', 'ben@person.example'),
          'bounced hard user_unknown true 1', 'others are as they were');
SELECT is((SELECT string_agg(business_ref || ' ' || status || ' ' || subject, ', ' ORDER BY id)
           FROM bounce.communication WHERE business_ref LIKE 'p_'),
          'p1 bounced Your document, p2 bounced , p3 bounced ',
          'states stay; the subject of a mail to her alone goes');
SELECT is((SELECT sum(hard) FROM bounce.report_by('class', now(), NULL)), 6::numeric,
          'figures stay');
SELECT is(bounce.is_address_blocked('anna@person.example'), false,
          'what is not known cannot be blocked');
SELECT is(bounce.erase_address('anna@person.example', 'again'), 0::bigint, 'twice is once');
SELECT is(bounce.erase_person('', 'nobody'), 0::bigint, 'nobody is not everybody');
SELECT is(bounce.erase_address('ben@person.example', 'him too') > 0 AND test.traces('ben@') = '',
          true, 'by address');

SELECT * FROM finish();
ROLLBACK;
