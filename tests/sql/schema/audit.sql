-- SPDX-License-Identifier: BSD-2-Clause
-- The audit: each kind of what was forgotten is found, and what is under way is not.
BEGIN;
\ir ../lib/helper.psql
\ir ../lib/queue.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.faults() RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(fault || ' ' || count, ', ' ORDER BY fault), '') FROM bounce.audit()
$$;
CREATE FUNCTION test.dead(address text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  PERFORM test.mail(address, ARRAY[address]);
  PERFORM test.record(test.report('user_unknown', address, "to" => test.return_path(address)));
  RETURN (test.last()).id;
END $$;

-- ordinary life
SELECT test.dead('dead@a.example'), test.mail('soft', '{soft@a.example}'),
       test.mail('spam', '{spam@a.example}'), test.submit('{queue@a.example}');
SELECT test.record(test.report('mailbox_full', 'soft@a.example', '4.2.2',
                               "to" => test.return_path('soft@a.example'))),
       test.record(test.report('spam_rejected', 'spam@a.example', '5.7.1',
                               "to" => test.return_path('spam@a.example'))),
       test.record(test.report('user_unknown', 'nobody@a.example'));
SELECT count(*) FROM test.claim();
SELECT test.set('guard_minimum', '2'), test.set('guard_factor', '1');
SELECT test.dead('o' || i || '@o.example') FROM generate_series(1, 4) AS i;
SELECT is((SELECT held FROM bounce.open_outage), 3::bigint, 'an outage is open');
SELECT is(test.faults(), '', 'nothing is forgotten while all goes its way');

-- the outage loses its task, then it is decided without what it holds
UPDATE bounce.task SET status = 'done', resolved_at = now(), resolved_by = 'x'
WHERE kind = 'outage';
SELECT is(test.faults(), 'outage without task 1', 'an outage without a task');
SELECT bounce.housekeeping();
SELECT is(test.faults(), '', 'housekeeping makes it');
SAVEPOINT task;
UPDATE bounce.outage SET status = 'confirmed', decided_at = now(), decided_by = 'x';
SELECT is(test.faults(), 'held without decision 3, task without matter 1',
          'an outage that is decided, with blocks that are not');
SELECT bounce.housekeeping();
SELECT is(test.faults(), '', 'housekeeping decides them, and closes the task');
SELECT is((SELECT count(*) FROM bounce.address_block WHERE address LIKE 'o%@o.example'), 4::bigint,
          'as the outage was');
ROLLBACK TO task;

-- a bounce loses what followed
DELETE FROM bounce.address_block WHERE address = 'dead@a.example';
UPDATE bounce.communication_recipient SET task_id = NULL WHERE address = 'dead@a.example';
SELECT is(test.faults(), 'bounced without consequence 1', 'a bounce without task and block');
SELECT bounce.block_address('dead@a.example', 'as the audit says');
SELECT is(test.faults(), '', 'a person has blocked it');
SAVEPOINT bounced;
UPDATE bounce.held_block SET decision = 'dropped', decided_at = now()
WHERE address = 'o3@o.example';
SELECT matches(test.faults(), 'bounced without consequence', 'a held block that is just dropped');
ROLLBACK TO bounced;

-- work about what is done
SELECT test.set('follow_up', 'on');
SELECT test.set('guard', 'off');
SELECT test.dead('f@f.example');
SELECT is(test.faults(), '', 'an open follow-up of a dead address is none');
SAVEPOINT follow_up;
SET LOCAL session_replication_role = replica;    -- the trigger lets nobody do this
UPDATE bounce.communication_recipient SET state = 'sent', bounce_id = NULL
WHERE address = 'f@f.example';
SELECT is(test.faults(), 'follow-up of what is done 1', 'a follow-up of one who has not bounced');
ROLLBACK TO follow_up;
UPDATE bounce.task SET bounce_id = 999999 WHERE address = 'f@f.example';
SELECT is(test.faults(), 'task without matter 1', 'a task whose bounce is gone');

-- leases
UPDATE bounce.communication_delivery SET lease_expire_time = now() - interval '1 hour'
WHERE state = 'PROCESSING';
SELECT is(test.faults(), 'lease without worker 1, task without matter 1', 'a lease of the dead');
UPDATE bounce.follow_up SET claimed_by = 'app', lease_expire_time = now() - interval '2 days'
WHERE kind = 'hard_bounce';
SELECT matches(test.faults(), 'claim without end 1', 'a claim that nobody ends');

-- a clock that was set back by three hours
SELECT test.submit('{soon@t.example}') AS soon, test.submit('{tried@t.example}') AS tried,
       test.submit('{claimed@t.example}') AS claimed, test.submit('{planned@t.example}') AS planned
\gset
SAVEPOINT clock;
SET LOCAL session_replication_role = replica;
UPDATE bounce.communication SET created_at = now() + interval '3 hours' WHERE id = :soon;
UPDATE bounce.recipient_delivery SET due_at = now() + interval '3 hours'
WHERE communication_id IN (:soon, :planned);
UPDATE bounce.recipient_delivery SET due_at = now() + interval '3 hours', state = 'pending',
  tries = 1, response = '451 later'
WHERE communication_id = :tried;
UPDATE bounce.communication_delivery SET due_at = now() + interval '3 hours'
WHERE communication_id IN (:soon, :tried, :planned);
UPDATE bounce.communication_delivery SET state = 'PROCESSING', due_at = NULL, worker = 'w',
  claim_id = gen_random_uuid(),
  lease_expire_time = now() + interval '3 hours'
WHERE communication_id = :claimed;
SET LOCAL session_replication_role = origin;
SELECT matches(test.faults(), 'due too late 3', 'a mail handed over, one tried, a lease');
SELECT is((SELECT done FROM bounce.housekeeping() WHERE step = 'mails brought forward'), 3::bigint,
          'housekeeping brings them forward');
SELECT doesnt_match(test.faults(), 'due too late', 'and nothing is late');
SELECT is((SELECT array_agg(d.due_at <= now() + p.late ORDER BY d.communication_id)
           FROM bounce.communication_delivery AS d
           JOIN (VALUES (:soon, interval '0'), (:tried, interval '1 hour'),
                        (:planned, interval '1 hour')) AS p (id, late)
             ON p.id = d.communication_id),
          '{t,t,f}', 'at once, as the schedule has it, and as the application has asked for');
ROLLBACK TO clock;
SET LOCAL session_replication_role = replica;
UPDATE bounce.communication_delivery SET state = 'RETRY', lease_expire_time = NULL, due_at = now()
WHERE state = 'PROCESSING';
SELECT matches(test.faults(), 'claim without end 2', 'a recipient in a claim that was given back');
SELECT is((SELECT count(*) FROM bounce.audit() WHERE mend IS NULL OR sample = ''), 0::bigint,
          'each says how to mend it');

SELECT * FROM finish();
ROLLBACK;
