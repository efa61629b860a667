-- SPDX-License-Identifier: BSD-2-Clause
--
-- Lists of blocks as CSV (RFC 4180, a record a line): writing one, and reading it line by line.

CREATE OR REPLACE FUNCTION bounce_internal.csv_field(value text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN t.text ~ '[",;\s]' THEN '"' || replace(t.text, '"', '""') || '"'
              ELSE coalesce(t.text, '') END
  FROM regexp_replace(value, $re$(^|;)(?=[\s'"]*[-=+@＝＋－＠])$re$, $to$\1'$to$, 'g') AS t (text)
$$;
COMMENT ON FUNCTION bounce_internal.csv_field(text) IS
  'a value as a field of CSV; what a spreadsheet would take for a formula has an apostrophe before '
  'it';

CREATE OR REPLACE FUNCTION bounce_internal.csv_value(field text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT btrim(regexp_replace(field, $re$(^|;)'(?=[\s'"]*[-=+@＝＋－＠])$re$, '\1', 'g'))
$$;
COMMENT ON FUNCTION bounce_internal.csv_value(text) IS
  'what csv_field() was given, without blanks around it';

CREATE OR REPLACE FUNCTION bounce_internal.csv_fields(line text, separator text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  fields text[];
  read integer;
BEGIN
  SELECT array_agg(CASE WHEN f.m[1] LIKE '"%'
                        THEN replace(substr(f.m[1], 2, length(f.m[1]) - 2), '""', '"')
                        ELSE f.m[1] END ORDER BY f.place),
         sum(length(f.m[1]) + 1)
  INTO fields, read
  FROM regexp_matches(line || separator,
                      format('("(?:[^"]|"")*"|[^%s"]*)%1$s', separator), 'g')
       WITH ORDINALITY AS f (m, place);
  RETURN CASE WHEN read = length(line) + 1
              THEN ARRAY(SELECT bounce_internal.csv_value(u.f)
                         FROM unnest(fields) WITH ORDINALITY AS u (f, place)
                         ORDER BY u.place) END;
END $$;
COMMENT ON FUNCTION bounce_internal.csv_fields(text, text) IS
  'the fields of a line of CSV, without blanks around them; NULL when its quotes do not fit';

CREATE OR REPLACE FUNCTION bounce_internal.time_in(words text) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN nullif(words, '')::timestamptz;
EXCEPTION WHEN data_exception THEN
  RETURN '-infinity';
END $$;
COMMENT ON FUNCTION bounce_internal.time_in(text) IS
  'a time as written; NULL for none, -infinity for what is no time';

CREATE OR REPLACE FUNCTION bounce_internal.block_columns(header text, separator text)
RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  allowed CONSTANT text[] :=
    '{address,reason,why,source,process,expires_at,blocked_at,blocked_by}';
  names CONSTANT text[] := bounce_internal.csv_fields(lower(header), separator);
BEGIN
  IF NOT coalesce('address' = ANY (names) AND names <@ allowed, false) THEN
    RAISE EXCEPTION 'the first line "%" does not name the columns', left(header, 100)
      USING ERRCODE = 'invalid_parameter_value',
      HINT = format('It names address and any of these: %s.',
                    array_to_string(allowed[2:], ', '));
  END IF;
  RETURN names;
END $$;
COMMENT ON FUNCTION bounce_internal.block_columns(text, text) IS
  'the columns of a list by its first line; 22023 when that does not name them';

CREATE OR REPLACE FUNCTION bounce_internal.block_of(fields jsonb) RETURNS bounce.address_block
LANGUAGE plpgsql STABLE AS $$
DECLARE
  b bounce.address_block;
BEGIN
  b.address := btrim(bounce_internal.bare_address(fields ->> 'address'));
  b.reason := left(bounce_internal.one_line(fields ->> 'reason'), 200);
  b.why := left(bounce_internal.one_line(fields ->> 'why'), 2000);
  b.source := coalesce(nullif(left(bounce_internal.one_line(fields ->> 'source'), 200), ''),
                       'import');
  b.only_process := nullif(fields ->> 'process', '');
  b.expires_at := bounce_internal.time_in(fields ->> 'expires_at');
  RETURN b;
END $$;
COMMENT ON FUNCTION bounce_internal.block_of(jsonb) IS
  'the block that a line of a list describes, by the names of its columns';

CREATE OR REPLACE FUNCTION bounce_internal.block_problem(b bounce.address_block) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN CASE
    WHEN b.address !~ '^[^@[:space:][:cntrl:]<>,;]{1,64}@[^@[:space:][:cntrl:]<>,;]{1,253}$'
      THEN 'not a mail address'
    WHEN b.expires_at = '-infinity' THEN 'expires_at is no time'
    WHEN b.only_process IS NOT NULL AND NOT EXISTS (SELECT FROM bounce.process AS p
                                                    WHERE p.name = b.only_process)
      THEN format('there is no process "%s"', left(b.only_process, 100))
  END;
END $$;
COMMENT ON FUNCTION bounce_internal.block_problem(bounce.address_block) IS
  'what is wrong with a line of a list; NULL when nothing is';

CREATE OR REPLACE FUNCTION bounce_internal.import_line(
  fields jsonb, import_id bigint, OUT address text, OUT outcome text, OUT is_problem boolean)
LANGUAGE plpgsql AS $$
DECLARE
  b bounce.address_block := bounce_internal.block_of(fields);
BEGIN
  address := coalesce(b.address, '');
  outcome := CASE WHEN fields IS NULL THEN 'the fields do not fit the columns'
                  ELSE bounce_internal.block_problem(b) END;
  is_problem := outcome IS NOT NULL;
  IF is_problem THEN
    RETURN;
  END IF;
  b.import_id := import_id;
  outcome := CASE WHEN b.expires_at <= now() THEN 'over already'
                  WHEN bounce_internal.add_block_by_hand(b) IS NULL THEN 'blocked already'
                  ELSE concat_ws(', ', 'blocked', 'for ' || b.only_process,
                                 'until ' || to_char(b.expires_at, 'YYYY-MM-DD HH24:MI')) END;
END $$;
COMMENT ON FUNCTION bounce_internal.import_line(jsonb, bigint) IS
  'blocks what a line of a list says, and tells what was done or why not';

CREATE OR REPLACE FUNCTION bounce_internal.import_lines(csv text, import_id bigint)
RETURNS TABLE (line bigint, address text, outcome text, is_problem boolean)
LANGUAGE plpgsql AS $$
DECLARE
  lines CONSTANT text[] := regexp_split_to_array(ltrim(coalesce(csv, ''), chr(65279)), E'\r?\n');
  separator CONSTANT text := coalesce(substring(lines[1] FROM E'[,;\t]'), ',');
  columns CONSTANT text[] := bounce_internal.block_columns(lines[1], separator);
BEGIN
  RETURN QUERY
  SELECT u.place, i.address, i.outcome, i.is_problem
  FROM unnest(lines) WITH ORDINALITY AS u (text, place)
  CROSS JOIN LATERAL bounce_internal.csv_fields(u.text, separator) AS f (fields)
  CROSS JOIN LATERAL bounce_internal.import_line(
    CASE WHEN cardinality(f.fields) = cardinality(columns)
         THEN jsonb_object(columns, f.fields) END, import_id) AS i
  WHERE u.place > 1 AND btrim(u.text) <> '';
END $$;
COMMENT ON FUNCTION bounce_internal.import_lines(text, bigint) IS
  'blocks what a list says, line by line. The columns are separated by what its first line has '
  'between them: comma, semicolon or tab';
