-- SPDX-License-Identifier: BSD-2-Clause
-- What no row of the queue's two tables may be, whoever writes it: each rule refuses by its name, at UPDATE and at INSERT.
BEGIN;
\ir helper.psql
SELECT * FROM no_plan();
\ir queue.psql

SELECT test.submit('{waits@example.com}') AS waits \gset
SELECT test.mail('R-1', '{sent@example.com}') AS sent \gset

-- The rule that a statement breaks, and its SQLSTATE.
CREATE FUNCTION test.broken(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  rule text;
  relation text;
BEGIN
  EXECUTE statement;
  RETURN 'none';
EXCEPTION WHEN check_violation THEN
  GET STACKED DIAGNOSTICS rule = CONSTRAINT_NAME, relation = TABLE_NAME;
  RETURN CASE WHEN SQLERRM = format('new row for relation "%s" violates check constraint "%s"', relation, rule) THEN rule ELSE SQLERRM END;
END
$$;

CREATE TABLE test.wrong (relation text, change text, rule text);
INSERT INTO test.wrong VALUES
  ('communication_recipient', $$kind = 'from'$$, 'communication_recipient_kind_check'),
  ('communication_recipient', $$delivery = 'gone'$$, 'communication_recipient_delivery_check'),
  ('communication_recipient', $$state = 'lost'$$, 'communication_recipient_state_check'),
  ('communication_recipient', $$attempts = 256$$, 'communication_recipient_attempts_check'),
  ('communication_recipient', $$begun_attempt = 0$$, 'communication_recipient_begun_attempt_check'),
  ('communication_recipient', $$begun_attempt = 256$$, 'communication_recipient_begun_attempt_check'),
  ('communication_recipient', $$tries = -1$$, 'communication_recipient_tries_check'),
  ('communication_recipient', $$delivery = 'claimed', due_at = NULL$$, 'waiting_has_time'),
  ('communication_recipient', $$delivery = 'rejected', due_at = now()$$, 'waiting_has_time'),
  ('communication_recipient', $$state = 'bounced', bounced_at = now()$$, 'bounced_has_class'),
  ('communication_recipient', $$state = 'bounced', class = 'hard'$$, 'bounced_has_class'),
  ('communication_recipient', $$replaced_by = id$$, 'replaced_by_another'),
  ('communication_recipient', $$next_attempt_at = now()$$, 'scheduled_is_soft'),
  ('communication', $$status = 'lost'$$, 'communication_status_check'),
  ('communication', $$priority = 101$$, 'communication_priority_check'),
  ('communication', $$priority = -101$$, 'communication_priority_check'),
  ('communication', $$business_ref = repeat('x', 501)$$, 'communication_business_ref_check'),
  ('communication', $$message_id = repeat('x', 999)$$, 'communication_message_id_check'),
  ('communication', $$envelope_id = 'R-1001'$$, 'communication_envelope_id_check'),
  ('communication', $$attempts = -1$$, 'communication_attempts_check'),
  ('communication', $$held_at = now()$$, 'held_by_somebody'),
  ('communication', $$held_by = 'anna'$$, 'held_by_somebody'),
  ('communication', $$lease_expire_time = now()$$, 'processing_has_lease');
SELECT is(test.broken(format('UPDATE bounce.%I SET %s WHERE %I = %s', w.relation, w.change,
                             CASE w.relation WHEN 'communication' THEN 'id' ELSE 'communication_id' END, :waits)),
          w.rule, format('%s: %s', w.relation, w.change)) FROM test.wrong AS w;
SELECT is(test.broken(format('INSERT INTO bounce.communication_recipient (communication_id, address, %s) VALUES (%s, %L, %s)',
                             c.name, :sent, 'new@example.com', c.value)), c.rule, format('new: %s %s', c.name, c.value))
FROM (VALUES ('kind', '''from''', 'communication_recipient_kind_check'), ('tries', '-1', 'communication_recipient_tries_check'),
             ('state', '''lost''', 'communication_recipient_state_check'), ('corrections', '-1', 'communication_recipient_corrections_check'),
             ('attempts', '-1', 'communication_recipient_attempts_check'), ('due_at', 'now()', 'waiting_has_time'),
             ('kind', '''bcc''', 'none')) AS c (name, value, rule);
SELECT is(test.broken(format('INSERT INTO bounce.communication (process, %s) VALUES (%L, %s)', c.name, 'invoice', c.value)), c.rule,
          format('new: %s %s', c.name, c.value))
FROM (VALUES ('status', '''lost''', 'communication_status_check'), ('priority', '101', 'communication_priority_check'),
             ('envelope_id', '''R-1001''', 'communication_envelope_id_check'), ('held_by', '''anna''', 'held_by_somebody'),
             ('priority', '100', 'none')) AS c (name, value, rule);

-- They see what the other triggers have made of the row.
SELECT is((SELECT t.tgname::text FROM pg_trigger AS t WHERE t.tgrelid = r.name::regclass AND NOT t.tgisinternal AND t.tgtype & 2 = 2
           ORDER BY t.tgname DESC LIMIT 1), r.last, 'the last BEFORE trigger of ' || r.name)
FROM (VALUES ('bounce.communication', 'communication_rules'), ('bounce.communication_recipient', 'recipient_rules')) AS r (name, last);
SELECT * FROM finish();
ROLLBACK;
