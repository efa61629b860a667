-- SPDX-License-Identifier: BSD-2-Clause
-- For tests/bench/db.pl, in a database with the schema: :rows communications of :days days, the
-- last one :age days old, with one recipient each in :domains domains; what the bare statements of
-- a hard bounce are; and procedures that record reports and say how long each took and whether it
-- did what it should.
BEGIN;
\ir ../sql/lib/helper.psql
COMMIT;
UPDATE bounce.system_parameter SET value = '1000000'
WHERE name = 'guard_minimum_overall' OR name = 'guard_minimum' AND :domains > 1;
-- with one domain it is an outage, however much was sent there
UPDATE bounce.system_parameter SET value = '0' WHERE name = 'guard_share' AND :domains = 1;

-- as a COPY by somebody who knows what the triggers would do
SET session_replication_role = replica;
INSERT INTO bounce.communication (id, process, business_ref, sender, subject, message_id, status,
                                  created_at)
SELECT i, CASE i % 3 WHEN 0 THEN 'invoice' WHEN 1 THEN 'receipt' ELSE 'newsletter' END, 'R-' || i,
       'office@example.org', 'Your document', 'm' || i || '@example.org', 'sent',
       now() - (:age + :days * (1 - i::float8 / :rows)) * interval '1 day'
FROM generate_series(1, :rows) AS i;
INSERT INTO bounce.communication_recipient (id, communication_id, address, state, attempts,
                                            created_at, last_attempt_at)
SELECT c.id, c.id, format('r%s@d%s.example', c.id, c.id % :domains), 'sent', 1, c.created_at,
       c.created_at
FROM bounce.communication AS c;
INSERT INTO bounce.communication_message_id (message_id, communication_id)
SELECT 'm' || i || '@example.org', i FROM generate_series(1, :rows) AS i;
SET session_replication_role = origin;
SELECT setval('bounce.communication_id_seq', :rows),
       setval('bounce.communication_recipient_id_seq', :rows);
UPDATE bounce.known_domain_progress SET recipient_id = :rows;
INSERT INTO bounce.known_domain (domain)
SELECT format('known%s.example', i) FROM generate_series(1, :known) AS i;

-- What a hard bounce has to write at least, into tables without anything that is not needed.
CREATE SCHEMA bare;
CREATE TABLE bare.mail (id bigint PRIMARY KEY, status text, changed_at timestamptz);
CREATE TABLE bare.recipient (id bigint PRIMARY KEY, mail_id bigint, address text, state text,
                             class text, reason text, diagnostic text);
CREATE INDEX ON bare.recipient (mail_id);
CREATE INDEX ON bare.recipient (address);
CREATE TABLE bare.message (id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), report jsonb,
                           raw bytea);
CREATE TABLE bare.key (key text PRIMARY KEY, message_id bigint);
CREATE TABLE bare.bounce (id bigserial PRIMARY KEY, message_id bigint, mail_id bigint,
                          recipient_id bigint, class text, reason text, diagnostic text);
CREATE INDEX ON bare.bounce (mail_id);
CREATE INDEX ON bare.bounce (recipient_id);
CREATE TABLE bare.log (id bigserial PRIMARY KEY, mail_id bigint, bounce_id bigint, event text);
CREATE INDEX ON bare.log (mail_id);
CREATE TABLE bare.block (address text PRIMARY KEY, bounce_id bigint, why text);
CREATE TABLE bare.task (id bigserial PRIMARY KEY, about text UNIQUE, bounce_id bigint,
                        status text DEFAULT 'open', due_at timestamptz DEFAULT now());
CREATE INDEX ON bare.task (status, due_at);
INSERT INTO bare.mail SELECT i, 'sent' FROM generate_series(1, 10000) AS i;
INSERT INTO bare.recipient SELECT i, i, 'r' || i || '@d.example', 'sent'
                           FROM generate_series(1, 10000) AS i;
CREATE SEQUENCE bare.turn START 10000001;
CREATE FUNCTION bare.record(n bigint, report jsonb, raw bytea) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  of_mail CONSTANT bigint := n % 10000 + 1;
  message bigint;
  bounce bigint;
BEGIN
  PERFORM FROM bare.mail WHERE id = of_mail FOR NO KEY UPDATE;
  INSERT INTO bare.message (report, raw) VALUES (report, raw) RETURNING id INTO message;
  INSERT INTO bare.key VALUES ('key ' || n, message);
  INSERT INTO bare.bounce (message_id, mail_id, recipient_id, class, reason, diagnostic)
  VALUES (message, of_mail, of_mail, 'hard', 'user_unknown', 'no such user')
  RETURNING id INTO bounce;
  UPDATE bare.recipient SET state = 'bounced', class = 'hard', reason = 'user_unknown',
                            diagnostic = 'no such user' WHERE id = of_mail;
  UPDATE bare.mail SET status = 'bounced', changed_at = now() WHERE id = of_mail;
  INSERT INTO bare.log (mail_id, bounce_id, event)
  VALUES (of_mail, bounce, 'bounced'), (of_mail, bounce, 'blocked'), (of_mail, bounce, 'task');
  INSERT INTO bare.block VALUES ('r' || n, bounce, 'no such user');
  INSERT INTO bare.task (about, bounce_id) VALUES ('r' || n, bounce);
END $$;

-- Each report is about a recipient of its own: numbers in an order that looks random.
CREATE SEQUENCE test.turn;
CREATE FUNCTION test.next_recipient(total bigint) RETURNS bigint LANGUAGE sql AS $$
  SELECT nextval('test.turn') * 48271 % $1 + 1
$$;
CREATE FUNCTION test.letter(what text, id bigint) RETURNS jsonb LANGUAGE sql AS $$
  SELECT CASE $1
    WHEN 'hard, by token' THEN
      test.report('user_unknown', r.address, "to" => bounce.return_path(r.id))
    WHEN 'soft, by token' THEN
      test.report('mailbox_full', r.address, '4.2.2', "to" => bounce.return_path(r.id))
    WHEN 'refused, by token' THEN
      test.report('spam_rejected', r.address, '5.7.1', "to" => bounce.return_path(r.id))
    WHEN 'automatic reply' THEN
      test.report('vacation', r.address, '', '', bounce.return_path(r.id), kind => 'auto_reply')
    WHEN 'by address only' THEN test.report('user_unknown', r.address)
    WHEN 'of no mail of ours' THEN test.report('user_unknown', 'x' || r.address)
  END FROM bounce.communication_recipient AS r WHERE r.id = $2
$$;
-- The picture of one recorded report that proves it: what it is, and what followed.
CREATE FUNCTION test.effect(message_id bigint) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', b.class, b.trust, r.state, r.next_attempt_at > now(),
                   (SELECT 'blocked' FROM bounce.address_block AS k WHERE k.bounce_id = b.id),
                   (SELECT 'held' FROM bounce.held_block AS h WHERE h.bounce_id = b.id),
                   (SELECT t.kind FROM bounce.task AS t WHERE t.id = b.task_id))
  FROM bounce.bounce AS b LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
  WHERE b.bounce_message_id = $1
$$;

-- one report is no proof of two: message_id is NULL only where it was recorded before
CREATE TABLE test.cost (what text, round integer, bare float8, recorded float8, effect text,
                        message_id bigint UNIQUE);
-- bare statements and reports in turns, so that a busy machine is busy for both
CREATE PROCEDURE test.measure(what text, reports integer, total bigint, round integer)
LANGUAGE plpgsql AS $$
DECLARE
  raw CONSTANT bytea := convert_to(repeat('the raw message, ', 80), 'UTF8');
  first jsonb := test.letter('hard, by token', test.next_recipient(total));
  letter jsonb;
  n bigint;
  o bounce.report_result;
  t0 timestamptz;
  t1 timestamptz;
  t2 timestamptz;
BEGIN
  PERFORM bounce.record_report(first, raw);
  -- the first ones of a session compile the functions
  FOR i IN -1 .. reports LOOP
    n := test.next_recipient(total);
    letter := CASE what WHEN 'the same again' THEN first ELSE test.letter(what, n) END;
    IF letter IS NULL THEN
      RAISE EXCEPTION 'there is no report "%" about recipient %', what, n;
    END IF;
    COMMIT;
    t0 := clock_timestamp();
    PERFORM bare.record(currval('test.turn'), letter, raw);
    COMMIT;
    t1 := clock_timestamp();
    o := bounce.record_report(letter, raw);
    COMMIT;
    t2 := clock_timestamp();
    CONTINUE WHEN i < 1;
    INSERT INTO test.cost
    VALUES (what, round, extract(epoch FROM t1 - t0) * 1000000,
            extract(epoch FROM t2 - t1) * 1000000,
            CASE WHEN o.duplicate THEN 'duplicate'
                 ELSE coalesce(test.effect(o.bounce_message_id), 'nothing') END,
            CASE WHEN NOT o.duplicate THEN o.bounce_message_id END);
  END LOOP;
END $$;
-- The same for hard bounces that are recorded together; the bare statements are committed one by
-- one.
CREATE PROCEDURE test.measure_together(reports integer, total bigint, round integer)
LANGUAGE plpgsql AS $$
DECLARE
  raw CONSTANT bytea := convert_to(repeat('the raw message, ', 80), 'UTF8');
  letters jsonb[];
  o bounce.report_result[];
  t0 timestamptz;
  t1 timestamptz;
  t2 timestamptz;
BEGIN
  -- two, to compile the functions
  FOREACH reports IN ARRAY ARRAY[2, reports] LOOP
    letters := ARRAY(SELECT test.letter('hard, by token', test.next_recipient(total))
                     FROM generate_series(1, reports));
    COMMIT;
    t0 := clock_timestamp();
    FOR i IN 1 .. reports LOOP
      PERFORM bare.record(1000000 + 100000 * round + 1000 * reports + i, letters[i], raw);
      COMMIT;
    END LOOP;
    t1 := clock_timestamp();
    o := ARRAY(SELECT r FROM bounce.record_reports(letters, array_fill(raw, ARRAY[reports])) AS r);
    COMMIT;
    t2 := clock_timestamp();
  END LOOP;
  INSERT INTO test.cost
  SELECT 'hard, together', round, extract(epoch FROM t1 - t0) * 1000000 / reports,
         extract(epoch FROM t2 - t1) * 1000000 / reports,
         CASE WHEN (r).duplicate THEN 'duplicate'
              ELSE coalesce(test.effect((r).bounce_message_id), 'left') END,
         CASE WHEN NOT (r).duplicate THEN (r).bounce_message_id END
  FROM unnest(o) AS r;
END $$;
-- Beyond a hundred such tasks, strangers' reports are gathered: a person closes them in time.
CREATE FUNCTION test.close_unproven() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(bounce.resolve_task(t.id, 'measured')) FROM bounce.task AS t
  WHERE t.status = 'open' AND EXISTS (SELECT FROM bounce.bounce AS b
                                      WHERE b.task_id = t.id AND b.trust = 'address')
$$;
-- For several sessions at once. Each makes its reports and records some, which compiles the
-- functions; then it waits at the line until test.start has a row.
CREATE TABLE test.line (pid integer PRIMARY KEY);
CREATE TABLE test.start (at timestamptz);
CREATE PROCEDURE test.wait_for_start() LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO test.line VALUES (pg_backend_pid());
  COMMIT;
  WHILE NOT EXISTS (SELECT FROM test.start) LOOP
    PERFORM pg_sleep(0.01);
    COMMIT;
  END LOOP;
END $$;
CREATE PROCEDURE test.record_some(letters jsonb[]) LANGUAGE plpgsql AS $$
DECLARE
  letter jsonb;
BEGIN
  FOREACH letter IN ARRAY letters LOOP
    PERFORM bounce.record_report(letter, 'the raw message');
    COMMIT;
  END LOOP;
END $$;
CREATE PROCEDURE test.record_many(warm_up integer, reports integer, total bigint)
LANGUAGE plpgsql AS $$
DECLARE
  letters CONSTANT jsonb[] := ARRAY(
    SELECT test.letter('hard, by token', test.next_recipient(total))
    FROM generate_series(1, warm_up + reports));
BEGIN
  COMMIT;
  CALL test.record_some(letters[1:warm_up]);
  CALL test.wait_for_start();
  CALL test.record_some(letters[warm_up + 1:]);
END $$;
-- What PostgreSQL gains by several sessions with as few rows as can be, each session with its own.
CREATE PROCEDURE test.write_some(rows integer) LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. rows LOOP
    PERFORM bare.record(nextval('bare.turn'), '{}', 'the raw message');
    COMMIT;
  END LOOP;
END $$;
CREATE PROCEDURE test.write_only(warm_up integer, rows integer) LANGUAGE plpgsql AS $$
BEGIN
  CALL test.write_some(warm_up);
  CALL test.wait_for_start();
  CALL test.write_some(rows);
END $$;
-- What the machine itself gains by several sessions: processor alone, nothing shared.
CREATE PROCEDURE test.compute_only(steps integer) LANGUAGE plpgsql AS $$
DECLARE
  digest text := '';
BEGIN
  CALL test.wait_for_start();
  FOR i IN 1 .. steps LOOP
    digest := md5(digest || i);
  END LOOP;
END $$;
