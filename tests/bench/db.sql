-- SPDX-License-Identifier: BSD-2-Clause
-- For tests/bench/db.pl, in a database with the schema: :rows communications with one recipient
-- each, and a procedure that
-- records reports about them and says how long each took.
BEGIN;
\ir ../sql/helper.psql
COMMIT;
UPDATE bounce.system_parameter SET value = '1000000'
  WHERE name IN ('guard_minimum', 'guard_minimum_overall');

-- as a COPY by somebody who knows what the triggers would do
SET session_replication_role = replica;
INSERT INTO bounce.communication (id, process, business_ref, sender, subject, message_id, status)
SELECT i, CASE i % 3 WHEN 0 THEN 'invoice' WHEN 1
  THEN 'receipt' ELSE 'newsletter' END, 'R-' || i, 'office@example.org', 'Your document', 'm' || i
  || '@example.org', 'sent'
FROM generate_series(1, :rows) AS i;
INSERT INTO bounce.communication_recipient (id, communication_id, address, state, attempts)
SELECT i, i, format('r%s@d%s.example', i, i % 500), 'sent', 1 FROM generate_series(1, :rows) AS i;
INSERT INTO bounce.communication_message_id (message_id, communication_id)
  SELECT 'm' || i || '@example.org', i FROM generate_series(1, :rows) AS i;
SET session_replication_role = origin;
SELECT setval('bounce.communication_id_seq', :rows), setval('bounce.communication_recipient_id_seq',
  :rows);
UPDATE bounce.known_domain_progress SET recipient_id = :rows;
INSERT INTO bounce.known_domain (domain) SELECT format('d%s.example', i)
  FROM generate_series(0, 499) AS i;
VACUUM ANALYZE;

CREATE TABLE test.cost (kind text, microseconds float8);
CREATE FUNCTION test.letter(kind text, id bigint) RETURNS jsonb LANGUAGE sql AS $$
  SELECT CASE kind
    WHEN 'hard, by token'      THEN test.report('user_unknown', r.address, "to" =>
      bounce.return_path(r.id))
    WHEN 'soft, by Message-ID' THEN test.report('mailbox_full', r.address, '4.2.2', about => 'm' ||
      r.id)
    WHEN 'by address only'     THEN test.report('user_unknown', r.address)
    WHEN 'of no mail of ours'  THEN test.report('user_unknown', 'x' || r.address) END
  FROM bounce.communication_recipient AS r WHERE r.id = $2
$$;
CREATE PROCEDURE test.measure(kind text, reports integer, total bigint) LANGUAGE plpgsql AS $$
DECLARE
  letter jsonb;
  began timestamptz;
BEGIN
  FOR i IN 1 .. reports LOOP
    letter := test.letter(kind, 1 + floor(random() * total)::bigint);
    COMMIT;
    began := clock_timestamp();
    PERFORM bounce.record_report(letter, 'the raw message');
    COMMIT;
    INSERT INTO test.cost VALUES (kind, extract(epoch FROM clock_timestamp() - began) * 1000000);
  END LOOP;
END
$$;
