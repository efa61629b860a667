-- SPDX-License-Identifier: BSD-2-Clause
--
-- Which reports one call records, and which it leaves to be recorded alone.

CREATE OR REPLACE FUNCTION bounce_internal.goes_alone(f bounce_internal.finding) RETURNS boolean
LANGUAGE sql STABLE AS $$
  -- of these, what one report leaves decides about the next one, or is taken back
  SELECT f.class = 'unclassified' OR f.trust = 'address' OR bounce_internal.is_shadowed(f)
$$;
COMMENT ON FUNCTION bounce_internal.goes_alone(bounce_internal.finding) IS
  'whether its report is recorded by a call of its own';

CREATE OR REPLACE FUNCTION bounce_internal.going_together(
  findings bounce_internal.finding[], message_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  together bigint[] := message_ids;
  -- what the findings so far are about, and whose they are
  communications bigint[] := '{}';
  addresses text[] := '{}';
  reports bigint[] := '{}';
  f bounce_internal.finding;
BEGIN
  FOREACH f IN ARRAY findings LOOP
    IF bounce_internal.goes_alone(f)
       OR reports[array_position(addresses, f.address)] < f.bounce_message_id
       OR f.communication_id IS NOT NULL
          AND reports[array_position(communications, f.communication_id)] < f.bounce_message_id THEN
      together := array_remove(together, f.bounce_message_id);
    END IF;
    communications := communications || f.communication_id;
    addresses := addresses || f.address;
    reports := reports || f.bounce_message_id;
  END LOOP;
  RETURN together;
END $$;
COMMENT ON FUNCTION bounce_internal.going_together(bounce_internal.finding[], bigint[]) IS
  'of these reports, with their findings one after the other, those that are recorded by one call: '
  'they decide about nothing that an earlier one of them is about. So it is as if each had been '
  'recorded alone, but that the outage guard counts all of them at once';
