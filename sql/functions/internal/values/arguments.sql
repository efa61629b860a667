-- SPDX-License-Identifier: BSD-2-Clause
--
-- Arguments of API functions: each of these returns what is meant, or raises 22023 with
-- what is wrong and what would be right.

CREATE OR REPLACE FUNCTION bounce_internal.require_reason_text(why text, what text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF btrim(coalesce(why, ''), E' \t\r\n') = '' THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('a reason is needed to ')
      || CASE WHEN starts_with(what, E'\x02') THEN what ELSE bounce_internal.say(what) END,
      bounce_internal.say('Say in a few words why: who asks later finds it beside what was done.'));
  END IF;
  RETURN btrim(why, E' \t\r\n');
END $$;
COMMENT ON FUNCTION bounce_internal.require_reason_text(text, text) IS
  'the explanation without surrounding spaces; 22023 when it is empty. what: for what, a sentence '
  'or the words of one';

CREATE OR REPLACE FUNCTION bounce_internal.require_count(what text, n bigint) RETURNS integer
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF n IS NULL OR n NOT BETWEEN 1 AND 1000000 THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say(
        '%w: %s is not a number that makes sense', what, coalesce(n::text, 'NULL')),
      bounce_internal.say('From 1 to 1000000.'));
  END IF;
  RETURN n;
END $$;
COMMENT ON FUNCTION bounce_internal.require_count(text, bigint) IS
  'a number from 1 to 1000000; 22023';

CREATE OR REPLACE FUNCTION bounce_internal.require_claim(claimer text, lease interval, call text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF btrim(coalesce(claimer, '')) = '' OR coalesce(lease <= interval '0', true) THEN
    RAISE EXCEPTION 'a claim needs a name and a lease'
      USING ERRCODE = 'invalid_parameter_value',
      HINT = format('%s(''crm'', 10, ''5 minutes'')', call);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.require_claim(text, interval, text) IS
  'refuses a claim without a name or a lease; 22023';

CREATE OR REPLACE FUNCTION bounce_internal.require_period(since timestamptz, until timestamptz)
RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF until <= since THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('there is no time from %s until %s', since::text, until::text),
      bounce_internal.say('The end comes after the beginning; either may be left out.'));
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.require_period(timestamptz, timestamptz) IS
  'refuses a period that ends before it begins; NULL: unlimited; 22023';

CREATE OR REPLACE FUNCTION bounce_internal.require_countable(
  unit text, since timestamptz, until timestamptz) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  most CONSTANT integer := 100000;
BEGIN
  IF extract(epoch FROM until) - extract(epoch FROM since)
     > most * extract(epoch FROM ('1 ' || unit)::interval) THEN
    RAISE EXCEPTION 'from % until % there are more than % %s', since, until, most, unit
      USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Take a shorter period, or a longer unit.';
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.require_countable(text, timestamptz, timestamptz) IS
  'refuses a period of so many hours, days, weeks or months that listing them would take minutes; '
  '22023';

CREATE OR REPLACE FUNCTION bounce_internal.suggestion(word text, allowed text[]) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT coalesce((
    SELECT bounce_internal.say('Is it "%s"? ', n.name)
    FROM (SELECT a AS name, bounce_internal.edit_distance(left(lower(word), 100), a, 3) AS distance
          FROM unnest(allowed) AS a) AS n
    WHERE n.distance <= least(3, length(word) / 2)
    ORDER BY n.distance, n.name LIMIT 1), '')
$$;
COMMENT ON FUNCTION bounce_internal.suggestion(text, text[]) IS
  'the beginning of a hint: the most similar allowed word, as a question; empty when none is '
  'similar';

CREATE OR REPLACE FUNCTION bounce_internal.require_word(what text, word text, allowed text[])
RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF word <> ALL (allowed) THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('unknown %w "%s"', what, word),
      bounce_internal.suggestion(word, allowed)
      || bounce_internal.say('There are: %s.', array_to_string(allowed[1:40], ', '))
      || CASE WHEN cardinality(allowed) > 40 THEN bounce_internal.say(' And more.') ELSE '' END);
  END IF;
  RETURN word;
END $$;
COMMENT ON FUNCTION bounce_internal.require_word(text, text, text[]) IS
  'one of the allowed words, or NULL; 22023';

CREATE OR REPLACE FUNCTION bounce_internal.require_process(process text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF process IS NULL OR EXISTS (SELECT FROM bounce.process AS p
                                WHERE p.name = require_process.process) THEN
    RETURN process;
  END IF;
  PERFORM bounce_internal.refuse('foreign_key_violation',
    bounce_internal.say('unknown process "%s"', process),
    bounce_internal.suggestion(process, bounce.own_processes())
      || bounce_internal.say(
           'A new one: INSERT INTO bounce.process (name, description) VALUES (...).'));
END $$;
COMMENT ON FUNCTION bounce_internal.require_process(text) IS 'an existing process, or NULL; 23503';

CREATE OR REPLACE FUNCTION bounce_internal.require_application(application text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN bounce_internal.require_word('application', coalesce(application, ''),
           ARRAY(SELECT r.rolname::text FROM pg_roles AS r
                 WHERE pg_has_role(r.oid, 'bounce_application', 'USAGE')
                   AND NOT bounce_internal.sees_all(r.rolname)
                 ORDER BY r.rolname));
END $$;
COMMENT ON FUNCTION bounce_internal.require_application(text) IS
  'a role that is an application: bounce_application or a member of it; 22023';

CREATE OR REPLACE FUNCTION bounce_internal.require_reason(reason text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN bounce_internal.require_word('reason', reason,
                                   ARRAY(SELECT n.reason FROM bounce.bounce_reason AS n
                                         ORDER BY n.reason));
END $$;
COMMENT ON FUNCTION bounce_internal.require_reason IS 'an existing reason, or NULL; 22023';

CREATE OR REPLACE FUNCTION bounce_internal.require_parameter(name text)
RETURNS bounce.parameter_definition
LANGUAGE plpgsql STABLE AS $$
DECLARE
  definition bounce.parameter_definition;
BEGIN
  SELECT * INTO definition FROM bounce.parameter_definition AS d
  WHERE d.name = require_parameter.name;
  IF NOT FOUND THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('unknown system parameter "%s"',
                          coalesce(require_parameter.name, '<NULL>')),
      bounce_internal.suggestion(
        require_parameter.name, ARRAY(SELECT d.name FROM bounce.parameter_definition AS d))
      || bounce_internal.say('All of them: bouncectl params, or SELECT name, description FROM '
                             'bounce.parameter_definition.'));
  END IF;
  RETURN definition;
END $$;
COMMENT ON FUNCTION bounce_internal.require_parameter(text) IS
  'the definition of a parameter; 22023 for an unknown name, with the most similar one as a hint';

CREATE OR REPLACE FUNCTION bounce_internal.require_address(address text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  bare CONSTANT text := btrim(bounce_internal.bare_address(address), E' \t\r\n<>');
BEGIN
  -- RFC 5321 section 4.5.3.1
  IF bare ~ '^[^@[:space:][:cntrl:]<>,;]{1,64}@[^@[:space:][:cntrl:]<>,;]{1,253}$'
     AND bounce_internal.is_address(bare) THEN
    RETURN bare;
  END IF;
  PERFORM bounce_internal.refuse('invalid_parameter_value',
    bounce_internal.say('"%s" is not a mail address', coalesce(address, 'NULL')),
    bounce_internal.say('local-part@domain, or Name <local-part@domain>.'));
END $$;
COMMENT ON FUNCTION bounce_internal.require_address(text) IS 'the bare address; 22023';

CREATE OR REPLACE FUNCTION bounce_internal.require_recipients(recipients text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF coalesce(cardinality(recipients), 0) = 0 THEN
    RAISE EXCEPTION 'a communication needs at least one recipient'
      USING ERRCODE = 'check_violation',
      HINT = 'register_communication(process => ..., recipients => ARRAY[''anna@example.com''])';
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.require_recipients(text[]) IS
  'refuses an empty list or NULL; 23514';

CREATE OR REPLACE FUNCTION bounce_internal.require_unblocked_address(
  address text, process text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  bare CONSTANT text := bounce_internal.require_address(address);
BEGIN
  IF bounce_internal.is_blocked(bare, process) THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('address %s is blocked', bare),
      bounce_internal.say('SELECT bounce.lift_block(address, why) if it works again.'));
  END IF;
  RETURN bare;
END $$;
COMMENT ON FUNCTION bounce_internal.require_unblocked_address(text, text) IS
  'the bare address; 22023 when it is not an address or is blocked, for all or for this process';

CREATE OR REPLACE FUNCTION bounce_internal.require_other_address(
  address text, old_key text, process text, way text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF bounce.address_key(bounce_internal.require_address(address)) = old_key THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('%s is the same address', bounce_internal.require_address(address)), way);
  END IF;
  RETURN bounce_internal.require_unblocked_address(address, process);
END $$;
COMMENT ON FUNCTION bounce_internal.require_other_address(text, text, text, text) IS
  'the bare address in place of the one there is; 22023 when it is none, the same one (way: what '
  'to do then), or blocked for all or for this process';

CREATE OR REPLACE FUNCTION bounce_internal.require_registrable(
  process text, recipients text[], status text, message_id text, business_ref text,
  person_refs text[]) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  bad text;
BEGIN
  PERFORM bounce_internal.require_process(coalesce(process, '')),
    bounce_internal.require_recipients(recipients);
  IF cardinality(person_refs) <> cardinality(recipients) THEN
    RAISE EXCEPTION '% recipients, but % person references', cardinality(recipients),
      cardinality(person_refs)
      USING ERRCODE = 'invalid_parameter_value',
        HINT = 'One for each recipient, NULL for a bare address.';
  ELSIF status = 'bounced' THEN
    RAISE EXCEPTION 'a communication cannot be registered as bounced'
      USING ERRCODE = 'check_violation',
      HINT = 'Reports of bounces say so. Register it as open, sent or error.';
  ELSIF coalesce(status, '') NOT IN ('open', 'sent', 'error') THEN
    RAISE EXCEPTION 'unknown status "%"', coalesce(status, 'NULL')
      USING ERRCODE = 'check_violation',
      HINT = 'open (not handed over yet), sent, or error (could not be handed over).';
  ELSIF octet_length(message_id) > 998 OR length(business_ref) > 500 THEN
    RAISE EXCEPTION 'the Message-ID has % bytes, the business reference % characters',
      coalesce(octet_length(message_id), 0), coalesce(length(business_ref), 0)
      USING ERRCODE = 'check_violation', HINT = 'At most 998 and 500.';
  END IF;
  IF bounce_internal.bare_id(message_id) ~ '[\u0001-\u001f\u007f-\u009f<>]' THEN
    RAISE EXCEPTION 'the Message-ID has control characters or angle brackets inside'
      USING ERRCODE = 'check_violation', HINT = 'One id, as in the field Message-ID.';
  END IF;
  SELECT coalesce(m, 'NULL') INTO bad FROM unnest(recipients) AS m
  WHERE bounce_internal.is_address(bounce_internal.bare_address(m)) IS NOT TRUE
    OR btrim(m, E' \t\r\n') ~ '[[:cntrl:]]' LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '"%" is not a mail address', bad USING ERRCODE = 'check_violation',
      HINT = 'local-part@domain, or Name <local-part@domain>, without control characters.';
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.require_registrable(text, text[], text, text, text, text[]) IS
  'refuses what cannot be registered, with a message for the programmer';
