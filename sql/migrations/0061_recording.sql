-- SPDX-License-Identifier: BSD-2-Clause
--
-- Recording a report at the price of its rows: all parameters in one row, what is decided about a
-- recipient in one write, and the bounces of a task counted when somebody looks.

CREATE TABLE bounce.policy (
  process  text  PRIMARY KEY,
  settings jsonb NOT NULL
);
COMMENT ON TABLE bounce.policy IS
  'the values of bounce.system_parameter that are in force, name by name in one row: for each '
  'process that has values of its own, and for all others in the row of the empty process. '
  'Written by the triggers of that table only';
INSERT INTO bounce.policy (process, settings)
SELECT k.process, jsonb_object_agg(p.name, p.value ORDER BY p.process NULLS FIRST)
FROM (SELECT '' AS process UNION SELECT p.process FROM bounce.system_parameter AS p
      WHERE p.process IS NOT NULL) AS k
JOIN bounce.system_parameter AS p ON p.process IS NULL OR p.process = k.process
GROUP BY k.process;

ALTER TYPE bounce_internal.finding
  ADD ATTRIBUTE meaning text,
  ADD ATTRIBUTE policy jsonb,
  ADD ATTRIBUTE moves boolean,
  ADD ATTRIBUTE sends integer,
  ADD ATTRIBUTE obstacle text,
  ADD ATTRIBUTE resend_at timestamptz;
COMMENT ON COLUMN bounce_internal.finding.meaning IS 'the reason as a sentence';
COMMENT ON COLUMN bounce_internal.finding.policy IS
  'the parameters in force for its process, as in bounce.policy.settings';
COMMENT ON COLUMN bounce_internal.finding.moves IS 'it changes the state of its recipient';
COMMENT ON COLUMN bounce_internal.finding.sends IS
  'communication_recipient.attempts once it is recorded';
COMMENT ON COLUMN bounce_internal.finding.obstacle IS
  'why the address is not blocked, apart from the outage guard; NULL when it is';
COMMENT ON COLUMN bounce_internal.finding.resend_at IS
  'when the mail is sent again; NULL when no resend is scheduled';

-- what a task has gathered is counted, and the last of it found, by this index alone
DROP INDEX bounce.bounce_task_idx;
CREATE INDEX bounce_task_idx ON bounce.bounce (task_id, received_at, id)
  WHERE task_id IS NOT NULL;

-- Each check of these two foreign keys locked one row that every session needs: the reason, and
-- the outage. Reasons come from their table, and neither is ever deleted.
ALTER TABLE bounce.bounce DROP CONSTRAINT bounce_reason_fkey;
ALTER TABLE bounce.held_block DROP CONSTRAINT held_block_outage_id_fkey;

-- counters are updated again and again: with room on the page no index is written
ALTER TABLE bounce.hard_count SET (fillfactor = 40);

-- a third of the time for storing a report was its compression; PostgreSQL may lack the faster one
DO $$
DECLARE
  part regclass;
BEGIN
  FOR part IN SELECT p.relid FROM pg_partition_tree('bounce.bounce_message') AS p LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN report SET COMPRESSION lz4, '
                   'ALTER COLUMN raw SET COMPRESSION lz4', part);
  END LOOP;
EXCEPTION WHEN feature_not_supported THEN
  NULL;
END $$;
