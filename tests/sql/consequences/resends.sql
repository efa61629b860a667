-- SPDX-License-Identifier: BSD-2-Clause
-- Registered mail is sent again by its application: NOTIFY, claims under a lease of which two
-- pollers never have the same, a warning when nobody claims.
\ir ../lib/helper.psql
\ir ../lib/sessions.psql
SELECT * FROM no_plan();
SELECT test.connect('a', 'b');
SELECT dblink_exec(name, 'SET lock_timeout = ''3s''') FROM unnest('{a,b}'::text[]) AS name;

CREATE FUNCTION test.heard(session text) RETURNS text LANGUAGE sql AS $$
  SELECT FROM dblink(session, 'SELECT 1') AS d (one integer);
  SELECT coalesce(string_agg(DISTINCT notify_name || ' ' || extra, ', '), 'nothing')
  FROM dblink_get_notify(session)
$$;
CREATE FUNCTION test.claim(session text, batch integer) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(c.ref, ' '), 'none')
  FROM dblink(session, format('SELECT business_ref FROM bounce.claim_resends(%L, %s)', session,
                              batch)) AS c (ref text)
$$;
CREATE FUNCTION test.soft(name text) RETURNS void LANGUAGE sql AS $$
  SELECT test.mail($1, ARRAY[$1 || '@example.com']);
  SELECT test.record(test.report('mailbox_full', $1 || '@example.com', '4.2.2',
                                 "to" => test.return_path($1 || '@example.com')))
$$;
CREATE FUNCTION test.make_due() RETURNS void LANGUAGE sql AS $$
  UPDATE bounce.communication_recipient AS r SET next_attempt_at = now() - r.id * interval '1 ms'
  WHERE next_attempt_at IS NOT NULL
$$;
CREATE FUNCTION test.id(name text) RETURNS bigint LANGUAGE sql AS $$
  SELECT (test.recipient($1 || '@example.com')).id
$$;
CREATE FUNCTION test.warning() RETURNS text LANGUAGE sql AS $$
  SELECT value || ' ' || warning FROM bounce.status() WHERE name = 'resends_unclaimed'
$$;

SELECT dblink_exec('a', 'LISTEN bounce_resend');
SELECT test.soft('quiet');
SELECT is(test.heard('a'), 'nothing', 'nobody asked for notifications');
SELECT test.set('resend_notify', 'on', 'invoice');
SELECT test.soft('m3'), test.soft('m2'), test.soft('m1');
SELECT alike(test.heard('a'), '%bounce_resend ' || test.id('m2') || '%', 'those who listen hear');
SELECT is(test.claim('a', 9), 'none', 'before its time nothing is claimed');
SELECT is(bounce.next_resend(), (SELECT min(next_attempt_at) FROM bounce.scheduled_resend),
          'it is known when');
SELECT throws_ok('SELECT bounce.next_resend(''invoices'')', '23503', 'unknown process "invoices"',
                 'a typing error is no process that has none');
-- what the queue sends is not the application's
SELECT bounce.submit_communication('invoice', '{q@example.com}', 'office@example.org',
                                   body_text => 'x', business_ref => 'queued');
UPDATE bounce.recipient_delivery SET due_at = now() + interval '1 hour';
SELECT bounce.request_resend(test.id('q'), 'at once');

SELECT test.make_due();
SELECT is(test.warning(), '4 ', 'four are due');
SELECT dblink_exec('a', 'BEGIN');
SELECT is(test.claim('a', 2), 'm1 m2', 'the longest due, a batch');
SELECT is(test.claim('b', 2), 'm3 quiet', 'another gets others, without waiting');
SELECT dblink_exec('a', 'COMMIT');
SELECT is(test.claim('b', 9), 'none', 'what one has, another does not get');
SELECT is(test.warning(), '0 ', 'all are in hand');
SELECT is((SELECT string_agg(business_ref || ' ' || claimed_by, ', ' ORDER BY business_ref)
           FROM bounce.scheduled_resend WHERE claimed_by IS NOT NULL),
          'm1 a, m2 a, m3 b, quiet b', 'it is seen who');

-- confirmed by who has it, and by nobody else
SELECT is(bounce.confirm_resend(test.id('m1'), claimer => 'b'), NULL, 'not his');
SELECT is(bounce.confirm_resend(test.id('m1'), claimer => 'a'), 2, 'the second send');
SELECT is(bounce.confirm_resend(test.id('m1'), claimer => 'a'), NULL, 'told twice, counted once');
SELECT is(test.state('m1@example.com'), 'sent', 'it is sent');
SELECT is((SELECT count(*) FROM bounce.communication_message_id
           WHERE attempt = 2 AND message_id LIKE '%.' || test.id('m1') || '.2@example.org'),
          1::bigint,
          'under the Message-ID that was given with the claim');
SELECT is(bounce.release_resend(test.id('m2'), 'b'), false, 'nor is it given back by another');
SELECT is(bounce.release_resend(test.id('m2'), 'a', 'server away', '1 hour'), true, 'given back');
SELECT is(test.claim('b', 9), 'none', 'for later');
SELECT test.make_due();
SELECT is(test.claim('a', 9), 'm2', 'then it is claimed again');

-- a poller that died: after the lease another has it, and the first is not believed any more
UPDATE bounce.resend_claim SET lease_expire_time = now() WHERE recipient_id = test.id('m2');
SELECT is(test.claim('b', 9), 'm2', 'after the lease it is anybody''s');
SELECT is(bounce.confirm_resend(test.id('m2'), claimer => 'a'), NULL, 'he comes too late');
UPDATE bounce.resend_claim SET lease_expire_time = now() WHERE recipient_id = test.id('m2');
SELECT is(bounce.confirm_resend(test.id('m2'), claimer => 'b'), 2,
          'a slow one is believed while nobody else has it');

-- two at the same moment: the second has read before the first has committed
SELECT test.soft('t');
SELECT test.make_due();
SELECT dblink_exec('a', 'BEGIN');
SELECT is(test.claim('a', 9), 't', 'one claims');
SELECT dblink_send_query('b', 'SELECT count(*) FROM bounce.claim_resends(''b'')');
SELECT dblink_exec('a', 'COMMIT');
SELECT is((SELECT n FROM dblink_get_result('b') AS d (n bigint)), 0::bigint, 'the other does not');
SELECT FROM dblink_get_result('b') AS d (n bigint);

-- corrected by a person while a poller has it
SELECT test.soft('wrong');
SELECT test.make_due();
SELECT test.claim('a', 9);
SELECT bounce.change_recipient((test.recipient('wrong@example.com')).communication_id,
                               'wrong@example.com', 'right@example.com', 'typo');
SELECT is(bounce.confirm_resend(test.id('wrong'), claimer => 'a'), NULL, 'it was corrected');
SELECT is(test.state('wrong@example.com'), 'replaced soft mailbox_full', 'and stays so');
SELECT is((SELECT l.text FROM bounce.communication_log AS l
           WHERE l.recipient_id = test.id('wrong') AND l.event = 'resent'),
          'sent to wrong@example.com all the same, it had been corrected to right@example.com '
          'meanwhile', 'the story tells that it was sent there');
SELECT is(bounce.release_resend(test.id('wrong'), 'a'), false, 'nothing is in hand');
SELECT test.claim('b', 9);
SELECT is(bounce.confirm_resend(test.id('right'), claimer => 'b'), 1, 'the new one is sent to');

-- nobody claims
SELECT test.soft('late'), test.soft('later');
UPDATE bounce.communication_recipient SET next_attempt_at = now() - interval '2 hours'
WHERE next_attempt_at IS NOT NULL AND address LIKE 'late%';
SELECT is(test.warning(), '2 to be sent again by invoice, and nobody claims them',
          'the operator is warned');
SELECT throws_ok($$SELECT * FROM bounce.claim_resends('', 1)$$, '22023',
                 'a claim needs a name and a lease', 'a claim has a name');
SELECT throws_ok($$SELECT * FROM bounce.claim_resends('a', 1, only_process => 'nine')$$, '23503',
                 'unknown process "nine"', 'and a process that exists');
SELECT is((SELECT string_agg(concat_ws(' ', attempt, address, reason, mail_from ~ '^b.*@bounces'),
                             ', ' ORDER BY address) FROM bounce.claim_resends('c')),
          '2 late@example.com mailbox_full t, 2 later@example.com mailbox_full t',
          'with all that is needed to send it');

SELECT * FROM finish();
