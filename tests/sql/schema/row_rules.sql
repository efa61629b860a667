-- SPDX-License-Identifier: BSD-2-Clause
-- Row invariants of communications, recipients and their deliveries: each refuses by its name,
-- whoever writes, at UPDATE and at INSERT.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/queue.psql

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
  RETURN CASE WHEN SQLERRM = format('new row for relation "%s" violates check constraint "%s"',
                                    relation, rule) THEN rule ELSE SQLERRM END;
END
$$;

-- a column of one of the tables, for the mail that waits
CREATE FUNCTION test.key(relation text) RETURNS text
  LANGUAGE sql AS $$ SELECT CASE $1 WHEN 'communication' THEN 'id' ELSE 'communication_id' END $$;
CREATE TABLE test.wrong (relation text, change text, rule text);
INSERT INTO test.wrong VALUES
  ('communication_recipient', $$kind = 'from'$$, 'communication_recipient_kind_check'),
  ('recipient_delivery', $$state = 'gone'$$, 'recipient_delivery_state_check'),
  ('communication_recipient', $$state = 'lost'$$, 'communication_recipient_state_check'),
  ('communication_recipient', $$attempts = 256$$, 'communication_recipient_attempts_check'),
  ('recipient_delivery', $$begun_attempt = 0$$, 'recipient_delivery_begun_attempt_check'),
  ('recipient_delivery', $$begun_attempt = 256$$, 'recipient_delivery_begun_attempt_check'),
  ('recipient_delivery', $$tries = -1$$, 'recipient_delivery_tries_check'),
  ('recipient_delivery', $$state = 'claimed', due_at = NULL$$, 'waiting_has_time'),
  ('recipient_delivery', $$state = 'rejected', due_at = now()$$, 'waiting_has_time'),
  ('communication_recipient', $$state = 'bounced', bounced_at = now()$$, 'bounced_has_class'),
  ('communication_recipient', $$state = 'bounced', class = 'hard'$$, 'bounced_has_class'),
  ('communication_recipient', $$replaced_by = id$$, 'replaced_by_another'),
  ('communication_recipient', $$next_attempt_at = now()$$, 'scheduled_is_soft'),
  ('communication', $$status = 'lost'$$, 'communication_status_check'),
  ('communication_delivery', $$priority = 101$$, 'communication_delivery_priority_check'),
  ('communication_delivery', $$priority = -101$$, 'communication_delivery_priority_check'),
  ('communication', $$business_ref = repeat('x', 501)$$, 'communication_business_ref_check'),
  ('communication', $$message_id = repeat('x', 999)$$, 'communication_message_id_check'),
  ('communication', $$sender = E'a@example.org>\r\nRSET'$$, 'communication_is_one_line'),
  ('communication', $$sender = 'a@example.org> SIZE=1 <'$$, 'communication_is_one_line'),
  ('communication', $$subject = E'Your invoice\nBcc: b@example.org'$$,
   'communication_is_one_line'),
  ('communication', $$message_id = E'a\r\nBcc: b@example.org'$$, 'communication_is_one_line'),
  ('communication', $$message_id = 'a> <b@example.org'$$, 'communication_is_one_line'),
  ('communication', $$message_id = E'a\u0085b@example.org'$$, 'communication_is_one_line'),
  ('communication', $$envelope_id = 'R-1001'$$, 'communication_envelope_id_check'),
  ('communication_delivery', $$attempts = -1$$, 'communication_delivery_attempts_check'),
  ('communication_delivery', $$held_at = now()$$, 'held_by_somebody'),
  ('communication_delivery', $$held_by = 'anna'$$, 'held_by_somebody'),
  ('communication_delivery', $$lease_expire_time = now()$$, 'processing_has_lease'),
  ('communication_delivery', $$due_at = NULL$$, 'waiting_has_due_time');
SELECT is(test.broken(format('UPDATE bounce.%I SET %s WHERE %I = %s', w.relation, w.change,
                             test.key(w.relation), :waits)),
          w.rule, format('%s: %s', w.relation, w.change)) FROM test.wrong AS w;
SELECT is(test.broken(
    format('INSERT INTO bounce.communication_recipient (communication_id, address, %s) VALUES (%s, '
           '%L, %s)',
                             c.name, :sent, 'new@example.com', c.value)), c.rule,
                             format('new: %s %s', c.name, c.value))
FROM (VALUES ('kind', '''from''', 'communication_recipient_kind_check'),
             ('state', '''lost''', 'communication_recipient_state_check'),
             ('corrections', '-1', 'communication_recipient_corrections_check'),
             ('attempts', '-1', 'communication_recipient_attempts_check'),
             ('kind', '''bcc''', 'none')) AS c (name, value, rule);
SELECT is(test.broken(format('INSERT INTO bounce.communication (process, %s) VALUES (%L, %s)',
                             c.name, 'invoice', c.value)), c.rule,
          format('new: %s %s', c.name, c.value))
FROM (VALUES ('status', '''lost''', 'communication_status_check'),
             ('envelope_id', '''R-1001''', 'communication_envelope_id_check'),
             ('idempotency_key', '''''', 'idempotency_key_is_short'),
             ('business_ref', '''R-1001''', 'none')) AS c (name, value, rule);
INSERT INTO bounce.communication_content (communication_id, body_text) VALUES (:sent, 'x');
SELECT is(test.broken(
    format('INSERT INTO bounce.communication_delivery (communication_id, process, %s) VALUES (%s, '
           '%L, %s)', c.name, :sent, 'invoice', c.value)),
          c.rule, format('new: %s %s', c.name, c.value))
FROM (VALUES ('priority', '101', 'communication_delivery_priority_check'),
             ('held_by', '''anna''', 'held_by_somebody'),
             ('due_at', 'NULL', 'waiting_has_due_time'),
             ('due_at, priority', 'now(), 100', 'none')) AS c (name, value, rule);
SELECT is(test.broken(
    format('INSERT INTO bounce.recipient_delivery (communication_id, recipient_id, %s) VALUES (%s, '
           '(test.recipient(%L)).id, %s)', c.name, :sent,
                             'sent@example.com', c.value)), c.rule,
                             format('new: %s %s', c.name, c.value))
FROM (VALUES ('tries', '-1', 'recipient_delivery_tries_check'), ('state', '''accepted''', 'none'),
             ('state, due_at', '''accepted'', now()', 'waiting_has_time'),
             ('state, due_at', '''due'', NULL', 'waiting_has_time'),
             ('due_at, cancelled_due_at', 'now(), now()', 'cancelled_is_rejected'),
             ('due_at, refused_at', 'now(), now()', 'refused_is_rejected')) AS c (name,
                 value, rule);

-- Nothing that is sent gets a line of its own.
SELECT throws_ok(format('INSERT INTO bounce.communication_recipient (communication_id, '
                        'address) VALUES (%s, %L)', :sent, a), '23514', NULL, a)
FROM unnest(ARRAY[E'a@example.com\r\nRCPT TO:b@example.com', 'a@example.com> NOTIFY=NEVER',
                  E'a\u0085@example.com']) AS a;
INSERT INTO bounce.communication_attachment (communication_id, place, content)
  VALUES (:sent, 1, 'x');
SELECT is(test.broken(format('UPDATE bounce.%I SET %s WHERE communication_id = %s', w.relation,
                             w.change, :sent)), w.rule, format('%s: %s', w.relation, w.change))
FROM (VALUES
  ('communication_content', $$header_from = E'a@example.org\nBcc: b'$$, 'header_is_one_line'),
  ('communication_content', $$reply_to = E'a@example.org\r\nBcc: b'$$, 'header_is_one_line'),
  ('communication_content', $$header_to = ARRAY['a', E'b\nBcc: c']$$, 'header_is_one_line'),
  ('communication_content', $$header_cc = ARRAY[E'\nBcc: c']$$, 'header_is_one_line'),
  ('communication_content', $$header_to = '{Anna <a@example.com>}'$$, 'none'),
  ('communication_attachment', $$filename = E'a.pdf"\r\nX: y'$$, 'attachment_is_one_line'),
  ('communication_attachment', $$content_id = E'a\u007f'$$, 'attachment_is_one_line'),
  ('communication_message_id', $$message_id = E'a\nb'$$, 'message_id_is_one_line'),
  ('communication_message_id', $$message_id = 'a><b'$$, 'message_id_is_one_line'))
  AS w (relation, change, rule);
SELECT is(test.broken(format('INSERT INTO bounce.process (name) VALUES (%L)', v.name)), v.rule,
          format('a process is called %L', v.name))
FROM (VALUES (E'in\rvoice', 'process_is_one_line'), (E'in\u009bvoice', 'process_is_one_line'),
             ('Rechnung für Söhne', 'none')) AS v (name, rule);

-- They are CHECKs, which \d shows, on each of the four tables.
SELECT set_eq($$SELECT c.conrelid::regclass::text || ' ' || c.conname FROM pg_constraint AS c
                WHERE c.contype = 'c'
  AND c.conrelid IN ('bounce.communication'::regclass, 'bounce.communication_recipient'::regclass,
                     'bounce.communication_delivery'::regclass,
                     'bounce.recipient_delivery'::regclass)$$,
  $$SELECT 'bounce.' || w.relation || ' ' || w.rule FROM test.wrong AS w UNION
    VALUES ('bounce.communication idempotency_key_is_short'),
    ('bounce.communication_recipient communication_recipient_address_check'),
    ('bounce.communication_recipient communication_recipient_corrections_check'),
    ('bounce.communication_recipient address_is_one_line'),
    ('bounce.communication_delivery communication_delivery_state_check'),
    ('bounce.communication_delivery processing_has_claim'),
    ('bounce.communication_delivery waiting_has_due_time'),
    ('bounce.recipient_delivery cancelled_is_rejected'),
    ('bounce.recipient_delivery refused_is_rejected')$$, 'the invariants');
SELECT * FROM finish();
ROLLBACK;
