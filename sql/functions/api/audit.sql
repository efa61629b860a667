-- SPDX-License-Identifier: BSD-2-Clause
--
-- For operators: the audit.

CREATE OR REPLACE FUNCTION bounce.audit()
RETURNS TABLE (fault text, count bigint, sample text, mend text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY
  WITH f AS (SELECT * FROM bounce_internal.forgotten_blocks()
             UNION ALL SELECT * FROM bounce_internal.forgotten_bounces()
             UNION ALL SELECT * FROM bounce_internal.forgotten_tasks()
             UNION ALL SELECT * FROM bounce_internal.forgotten_claims()
             UNION ALL SELECT * FROM bounce_internal.forgotten_times()
             UNION ALL SELECT * FROM bounce_internal.forgotten_copies()
             UNION ALL SELECT * FROM bounce_internal.forgotten_events())
  SELECT f.fault, count(*), min(f.about), bounce_internal.way_to_mend(f.fault)
  FROM f GROUP BY f.fault ORDER BY f.fault;
END $$;
COMMENT ON FUNCTION bounce.audit() IS
  'operator: what was forgotten, kind by kind, with one of them as a sample and how to mend it; no '
  'row when nothing is: held blocks that nobody decides, outages without a task, bounces without '
  'task, block and resend, tasks and follow-ups of what is done, leases of dead workers, claims '
  'without end, mails due later than their schedule allows, copies for the operator that wait too '
  'long, events parked behind nothing. It looks '
  'at all recipients who have bounced';
