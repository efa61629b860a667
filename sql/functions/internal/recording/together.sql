-- SPDX-License-Identifier: BSD-2-Clause
--
-- Which reports one call records, and which it leaves to be recorded alone.

CREATE OR REPLACE FUNCTION bounce_internal.goes_alone(f bounce_internal.finding) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- of these, what one report leaves decides about the next one, or is taken back
  RETURN f.class = 'unclassified' OR f.trust = 'address' OR bounce_internal.is_shadowed(f);
END $$;
COMMENT ON FUNCTION bounce_internal.goes_alone(bounce_internal.finding) IS
  'whether its report is recorded by a call of its own';

CREATE OR REPLACE FUNCTION bounce_internal.going_together(findings bounce_internal.finding[])
RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(
    SELECT q.id
    FROM (SELECT u.bounce_message_id AS id,
                 bounce_internal.goes_alone(u)
                 OR u.communication_id IS NOT NULL
                    AND u.bounce_message_id > min(u.bounce_message_id)
                                              OVER (PARTITION BY u.communication_id)
                 OR u.bounce_message_id > min(u.bounce_message_id)
                                          OVER (PARTITION BY u.address) AS is_alone
          FROM unnest(findings) AS u) AS q
    GROUP BY q.id HAVING NOT bool_or(q.is_alone) ORDER BY q.id);
END $$;
COMMENT ON FUNCTION bounce_internal.going_together(bounce_internal.finding[]) IS
  'the reports, in the order of their ids, that are recorded by one call: those that decide about '
  'nothing that an earlier one of them is about. So it is as if each had been recorded alone, but '
  'that the outage guard counts all of them at once';
