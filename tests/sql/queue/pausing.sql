-- SPDX-License-Identifier: BSD-2-Clause
-- A process whose mails come back is paused, and a person has it send again.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.bounced(n integer, process text, reason text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  address text;
BEGIN
  FOR i IN 1 .. n LOOP
    address := format('%s%s@%s.example', reason, i, md5(clock_timestamp()::text));
    PERFORM test.mail(address, ARRAY[address], process);
    IF reason <> '' THEN
      PERFORM test.record(test.report(reason, address, '5.7.1',
                                      "to" => test.return_path(address)));
    END IF;
  END LOOP;
END
$$;
CREATE FUNCTION test.paused() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(p.name, ' ' ORDER BY p.name) FROM bounce.process AS p
  WHERE p.paused_at IS NOT NULL
$$;
-- what the sweeper does a minute later
CREATE FUNCTION test.swept() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.process SET rate_checked_at = rate_checked_at - interval '2 minutes';
  PERFORM bounce.sweep_deliveries();
  RETURN test.paused();
END
$$;
CREATE FUNCTION test.to_send() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(i.process, ' ' ORDER BY i.process)
  FROM bounce.claim_deliveries('w', 's', 10) AS i
$$;

SELECT test.set('pause_minimum', '10');
SELECT test.bounced(9, 'newsletter', 'spam_rejected');
SELECT is(test.swept(), NULL, 'never, by default');
SELECT test.set('pause_rate', '40', 'newsletter');
SELECT is(test.swept(), NULL, 'nor while there are few mails');
SELECT test.bounced(14, 'newsletter', '');
SELECT is(test.swept(), NULL, '9 of 23 are below the rate');
SELECT test.bounced(1, 'newsletter', 'spam_rejected');
SELECT bounce.sweep_deliveries();
SELECT is(test.paused(), NULL, 'looked at once a minute');
SELECT is(test.swept(), 'newsletter', '10 of 24 are not');
SELECT is((SELECT t.about || ': ' || t.why || '; ' || t.urgency FROM bounce.open_task AS t
           WHERE t.kind = 'process_paused'),
          'process newsletter: nothing of it is sent: 10 of 24 mails came back, 41.7 %; 1',
          'one task, at the top');
SELECT is((SELECT s.warning <> '' FROM bounce.status() AS s
           WHERE s.name = 'processes_paused' AND s.value = 'newsletter'), true, 'status warns');
SELECT test.bounced(3, 'newsletter', 'spam_rejected');
SELECT is(test.swept(), 'newsletter', 'it stays so');
SELECT is((SELECT count(*) FROM bounce.task WHERE kind = 'process_paused'), 1::bigint,
          'with one task');

-- Nothing of it is sent
SELECT bounce.submit_communication(process => p, recipients => '{a@free.example}',
                                   sender => 'o@example.org', subject => 'S', body_text => 'T')
FROM unnest('{invoice,newsletter}'::text[]) AS p;
SELECT is(test.to_send(), 'invoice', 'the others are');
SELECT ok((SELECT m.paused_at IS NOT NULL AND m.due = 1 FROM bounce.delivery_metric AS m
           WHERE m.process = 'newsletter'), 'it waits');
SELECT throws_ok($$SELECT bounce.resolve_task(id, 'x') FROM bounce.open_task
                   WHERE kind = 'process_paused'$$, '22023', NULL,
                 'the task is closed by resuming only');
SELECT throws_ok($$SELECT bounce.resume_process('newsletter', ' ')$$, '22023', NULL, 'why?');
SELECT test.mail('own', '{own@free.example}', 'newsletter') AS own \gset
SELECT test.record(test.report('mailbox_full', 'own@free.example', '4.2.2', about => 'own',
                               own_mta => true));
UPDATE bounce.communication_recipient SET next_attempt_at = now() WHERE communication_id = :own;
SELECT is_empty($$SELECT * FROM bounce.claim_resends('poller')$$,
                'nor by an application that sends by itself');
SELECT is(bounce.next_resend('newsletter'), NULL, 'it has nothing to wait for');
SELECT ok(bounce.resume_process('newsletter', 'list cleaned'), 'resumed');
SELECT is((SELECT count(*) FROM bounce.claim_resends('poller')), 1::bigint, 'then it has');
SELECT is(test.to_send(), 'newsletter', 'it is sent');
SELECT is((SELECT status || ' ' || note FROM bounce.task WHERE kind = 'process_paused'),
          'done list cleaned', 'the task is closed');
SELECT is(bounce.resume_process('newsletter', 'x'), false, 'once');
SELECT is(test.swept(), NULL, 'the mails from before do not pause it again');

-- By hand, and each taken back
SELECT ok(bounce.pause_process('invoice', 'wrong prices'), 'paused by hand');
SELECT is(bounce.pause_process('invoice', 'x'), false, 'once');
SELECT is(test.paused(), 'invoice', 'it is');
SELECT bounce.resume_process('invoice', 'x');
SELECT bounce.reopen_task((SELECT max(id) FROM bounce.task WHERE kind = 'process_paused'),
                          'not yet');
SELECT is(test.paused(), 'invoice', 'opening the task again pauses it again');
SELECT throws_ok($$SELECT bounce.pause_process('nothing', 'x')$$, '23503', NULL, 'unknown');

SELECT * FROM finish();
ROLLBACK;
