-- SPDX-License-Identifier: BSD-2-Clause
--
-- A stranger is bounded: what one mail, and one hour of mails that prove nothing, can make us
-- store, do and tell. A customer, whose mails are known by our ids, is not.

CREATE OR REPLACE FUNCTION bounce_internal.bounded_findings(findings bounce_internal.finding[])
RETURNS bounce_internal.finding[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  -- of one send, and of all that prove nothing
  of_send CONSTANT integer := 10;
  unproven CONSTANT integer := 20;
BEGIN
  IF cardinality(findings) <= of_send THEN
    RETURN findings;
  END IF;
  RETURN ARRAY(
    SELECT q.u
    FROM (SELECT u, u.trust = 'address' AS is_unproven, row_number() OVER (
            PARTITION BY CASE WHEN u.trust > 'address' THEN u.recipient_id END) AS place
          FROM unnest(findings) AS u) AS q
    WHERE q.place <= CASE WHEN (q.u).recipient_id IS NULL OR q.is_unproven THEN unproven
                          ELSE of_send END);
END $$;
COMMENT ON FUNCTION bounce_internal.bounded_findings(bounce_internal.finding[]) IS
  'the findings of a report that are recorded: some of each send, and some of those that prove '
  'nothing. A mail can name thousands; the stored report has them all';

CREATE OR REPLACE FUNCTION bounce_internal.is_beyond_hour(
  f bounce_internal.finding, bytes bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  always CONSTANT integer := 16384;
  at_most CONSTANT integer := (f.policy ->> 'operator_max_per_hour')::integer;
  max_bytes CONSTANT bigint := (f.policy ->> 'operator_max_bytes_per_hour')::bigint;
BEGIN
  RETURN (
    SELECT count(*) >= at_most
           OR bytes > always
              AND coalesce(sum(q.size) FILTER (WHERE q.size > always), 0) >= max_bytes
    FROM (SELECT m.size FROM bounce.bounce_message AS m
          WHERE m.class = 'unclassified' AND m.received_at > now() - interval '1 hour'
            AND m.raw IS NOT NULL AND m.disposition <> 'discard' LIMIT at_most) AS q);
END $$;
COMMENT ON FUNCTION bounce_internal.is_beyond_hour(bounce_internal.finding, bigint) IS
  'whether people have got as many unclassified reports within an hour as they are to get, or as '
  'many bytes of large ones, if this is a large one';

CREATE OR REPLACE FUNCTION bounce_internal.gather_unread(INOUT findings bounce_internal.finding[])
LANGUAGE plpgsql AS $$
DECLARE
  f bounce_internal.finding;
BEGIN
  FOR n IN 1 .. cardinality(findings) LOOP
    f := findings[n];
    CONTINUE WHEN f.class IS DISTINCT FROM 'unclassified';
    f.obstacle := 'operator_max_per_hour';
    findings[n] := f;
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.gather_unread(bounce_internal.finding[]) IS
  'lets one task tell of the unclassified findings, which nobody gets as a mail';

CREATE OR REPLACE FUNCTION bounce_internal.apply_unclassified(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce_internal.step(f, 'unclassified',
                            bounce_internal.say('for a person to read'));
  IF f.obstacle IS NOT NULL THEN
    f := bounce_internal.request_task(
      f, 'bounce_without_communication', '',
      bounce_internal.say('more reports that nobody could classify than are forwarded within an '
                          'hour: bouncectl bounces --class unclassified'));
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_unclassified(bounce_internal.finding) IS
  'unclassified: the mail itself goes to a person, or beyond operator_max_per_hour one task for '
  'all';

CREATE OR REPLACE FUNCTION bounce_internal.has_moved(
  findings bounce_internal.finding[], message_id bigint) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  FOR n IN 1 .. cardinality(findings) LOOP
    IF findings[n].moves AND findings[n].bounce_message_id = message_id THEN
      RETURN true;
    END IF;
  END LOOP;
  RETURN false;
END $$;
COMMENT ON FUNCTION bounce_internal.has_moved(bounce_internal.finding[], bigint) IS
  'whether a report has changed a recipient';

CREATE OR REPLACE FUNCTION bounce_internal.raw_to_keep(
  f bounce_internal.finding, raw bytea, findings bounce_internal.finding[]) RETURNS bytea
LANGUAGE plpgsql STABLE AS $$
DECLARE
  always CONSTANT integer := 16384;
  at_most CONSTANT integer := (f.policy ->> 'raw_max_bytes')::integer;
BEGIN
  IF coalesce(length(raw), 0) <= always
     OR f.trust > 'address' AND f.class <> 'unclassified'
        AND bounce_internal.has_moved(findings, f.bounce_message_id) THEN
    RETURN substring(raw FROM 1 FOR at_most);
  END IF;
  -- apart from what is asked of each report: to start this opens every month and its indexes
  IF (f.policy ->> 'raw_max_bytes_per_hour')::bigint
     > (SELECT coalesce(sum(least(m.size, at_most)), 0) FROM bounce.bounce_message AS m
        WHERE m.class = f.class AND m.received_at > now() - interval '1 hour'
          AND m.raw IS NOT NULL AND m.size > always) THEN
    RETURN substring(raw FROM 1 FOR at_most);
  END IF;
  RETURN substring(raw FROM 1 FOR least(always, at_most));
END $$;
COMMENT ON FUNCTION bounce_internal.raw_to_keep(bounce_internal.finding, bytea,
                                                bounce_internal.finding[]) IS
  'what of a message is kept as received: of one that proves or changes nothing only its beginning '
  'when many large ones came within an hour. findings: those of all that are recorded, decided';
