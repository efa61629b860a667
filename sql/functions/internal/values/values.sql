-- SPDX-License-Identifier: BSD-2-Clause
--
-- Single values: identifiers, addresses, classes. No table is read here.

CREATE OR REPLACE FUNCTION bounce_internal.class_rank(class text) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE class WHEN 'hard' THEN 3 WHEN 'technical' THEN 2 WHEN 'soft' THEN 1 ELSE 0 END
$$;
COMMENT ON FUNCTION bounce_internal.class_rank(text) IS
  'severity of a failed delivery: a higher rank supersedes a lower one, never the reverse; 0 is '
  'not a failure';

CREATE OR REPLACE FUNCTION bounce_internal.bare_id(id text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT nullif(btrim(id, E' \t\r\n<>'), '')
$$;
COMMENT ON FUNCTION bounce_internal.bare_id(text) IS
  'a Message-ID (RFC 5322 section 3.6.4) without angle brackets; NULL when nothing is left';

CREATE OR REPLACE FUNCTION bounce_internal.is_unguessable(message_id text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  -- random letters and digits change between each other all the time; counters, dates and words
  -- do not
  SELECT length(l.plain) >= 16
         AND regexp_count(l.plain, '[0-9][A-Za-z]|[A-Z][a-z]|[a-z][A-Z0-9]|[A-Z][0-9]') >= 4
  FROM (SELECT regexp_replace(split_part(message_id, '@', 1), '[^A-Za-z0-9]', '', 'g')) AS l (plain)
$$;
COMMENT ON FUNCTION bounce_internal.is_unguessable(text) IS
  'whether a Message-ID looks random: before the @ at least 16 letters and digits, well mixed';

CREATE OR REPLACE FUNCTION bounce_internal.is_address(address text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  -- U+0130, U+03F4, the signs for ohm, kelvin and angstrom are in lower case what other letters
  -- are: whoever had a mail sent to such an address would have that of another one blocked
  SELECT coalesce(bounce.address_key(
      address) ~ '^[^[:space:][:cntrl:]<>]+@[^[:space:][:cntrl:]<>@]+$'
                  AND address !~ '[\u0130\u03F4\u2126\u212A\u212B]', false)
$$;
COMMENT ON FUNCTION bounce_internal.is_address(text) IS
  'whether mail can be sent to it: a local part and a domain, without white space, control '
  'characters, angle brackets, or letters that lower case turns into those of another address';

CREATE OR REPLACE FUNCTION bounce_internal.bare_address(mailbox text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT btrim(coalesce(substring(mailbox FROM '<([^<>]*)>[[:space:]]*$'), mailbox))
$$;
COMMENT ON FUNCTION bounce_internal.bare_address(text) IS
  'the address in "Anna Example <anna@customer.example>", or the address itself';

CREATE OR REPLACE FUNCTION bounce_internal.local_part(address text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  key CONSTANT text := bounce.address_key(address);
  part CONSTANT text := left(key, length(key) - position('@' IN reverse(key)));
BEGIN
  IF position('@' IN key) = 0 THEN
    RETURN key;
  ELSIF part LIKE '"%"' THEN
    RETURN regexp_replace(substring(part FROM '^"(.*)"$'), '\\(.)', '\1', 'g');
  END IF;
  RETURN part;
END $$;
COMMENT ON FUNCTION bounce_internal.local_part(text) IS
  'the local part of an address, or of a bare one, in lower case; a quoted one (RFC 5321 section '
  '4.1.2) without its quotes';

-- As volatile as concat_ws(), or it would be planned anew at each call.
CREATE OR REPLACE FUNCTION bounce_internal.with_codes(reply_code text, status text, words text)
RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT concat_ws(' ',
    CASE WHEN strpos(left(coalesce(words, ''), 40), reply_code) = 0 THEN reply_code END,
    CASE WHEN strpos(left(coalesce(words, ''), 40), status) = 0 THEN status END, nullif(words, ''))
$$;
COMMENT ON FUNCTION bounce_internal.with_codes(text, text, text) IS
  'the words of another system, with its codes before them unless they begin with these; empty: '
  'there is none';

CREATE OR REPLACE FUNCTION bounce_internal.one_line(words text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT btrim(regexp_replace(coalesce(words, ''), '[\u0001-\u001f\u007f-\u009f]+', ' ', 'g'))
$$;
COMMENT ON FUNCTION bounce_internal.one_line(text) IS
  'the text without control characters, so that a line feed in a subject cannot add a header field';

CREATE OR REPLACE FUNCTION bounce_internal.span_in_words(span interval) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  parts CONSTANT text[] :=
    string_to_array(replace(bounce.ago(now() - span), ' ago', ''), ' ');
  words text;
BEGIN
  FOR n IN 1 .. cardinality(parts) BY 2 LOOP
    words := concat_ws(' ', words, CASE parts[n + 1]
      WHEN 'day' THEN bounce_internal.say('%s day', parts[n])
      WHEN 'days' THEN bounce_internal.say('%s days', parts[n])
      WHEN 'hour' THEN bounce_internal.say('%s hour', parts[n])
      WHEN 'hours' THEN bounce_internal.say('%s hours', parts[n])
      WHEN 'minute' THEN bounce_internal.say('%s minute', parts[n])
      WHEN 'minutes' THEN bounce_internal.say('%s minutes', parts[n])
      WHEN 'second' THEN bounce_internal.say('%s second', parts[n])
      ELSE bounce_internal.say('%s seconds', parts[n]) END);
  END LOOP;
  RETURN words;
END $$;
COMMENT ON FUNCTION bounce_internal.span_in_words(interval) IS
  'how long, for people, as sentences: "1 hour"';

CREATE OR REPLACE FUNCTION bounce_internal.growing_pause(
  attempts integer, growth integer, initial interval, longest interval) RETURNS interval
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN make_interval(secs => least(
    extract(epoch FROM initial)::float8 * power(growth, least(attempts, 30) - 1),
    extract(epoch FROM longest)::float8));
END $$;
COMMENT ON FUNCTION bounce_internal.growing_pause(integer, integer, interval, interval) IS
  'the pause after so many attempts, growth times the one before';
