-- SPDX-License-Identifier: BSD-2-Clause
--
-- Sentences for people, who read them in their own language. A sentence is made of a text with gaps
-- and of what stands in them, and is kept so beside its English: whoever shows it can look the text
-- up in a catalogue, and changes no word of those that somebody else wrote. The gaps: %s as it is,
-- %w a word of ours (a reason, a state), %r how a task was resolved, %t a time.
--
-- While it is handed around, STX comes before it, US between its parts, ETX behind it. Texts may be
-- put together of several sentences and other words.

-- By replace(), which looks at bytes: translate() looks at each character for each of those sought.
CREATE OR REPLACE FUNCTION bounce_internal.unmarked(words text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT replace(replace(replace(words, E'\x02', ''), E'\x03', ''), E'\x1f', '')
$$;
COMMENT ON FUNCTION bounce_internal.unmarked(text) IS
  'words of somebody else, without what would make a sentence of ours of them';

-- SQL, and as volatile as what it calls: the planner puts it in the place of its call.
CREATE OR REPLACE FUNCTION bounce_internal.say(words text, VARIADIC parts text[] DEFAULT NULL)
RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT E'\x02' || words
         || coalesce(E'\x1f' || replace(replace(array_to_string(parts, E'\x1f', ''),
                                                E'\x02', ''), E'\x03', ''), '') || E'\x03'
$$;
COMMENT ON FUNCTION bounce_internal.say(text, text[]) IS
  'a sentence with marks; as many parts as words has gaps, of which somebody else''s words come '
  'last. tests/house/catalogues.t finds it by the name of this function';

CREATE OR REPLACE FUNCTION bounce_internal.fill(sentence text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  parts CONSTANT text[] := string_to_array(sentence, E'\x1f');
  words CONSTANT text[] :=
    string_to_array(replace(replace(replace(parts[1], '%w', '%s'), '%r', '%s'), '%t', '%s'), '%s');
  gaps CONSTANT integer := cardinality(words) - 1;
  filled text := words[1];
BEGIN
  FOR n IN 2 .. gaps LOOP
    filled := filled || coalesce(parts[n], '') || words[n];
  END LOOP;
  -- a mark in the words of somebody else, who comes last, is left out
  RETURN CASE WHEN gaps = 0 THEN filled
              ELSE filled || array_to_string(parts[gaps + 1:], '') || words[gaps + 1] END;
END $$;
COMMENT ON FUNCTION bounce_internal.fill(text) IS 'one sentence, without its marks, in English';

CREATE OR REPLACE FUNCTION bounce_internal.fill_all(said text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  pieces CONSTANT text[] := string_to_array(said, E'\x02');
  filled text := pieces[1];
BEGIN
  FOR n IN 2 .. cardinality(pieces) LOOP
    filled := filled || bounce_internal.fill(split_part(pieces[n], E'\x03', 1))
              || substr(pieces[n], length(split_part(pieces[n], E'\x03', 1)) + 2);
  END LOOP;
  RETURN filled;
END $$;
COMMENT ON FUNCTION bounce_internal.fill_all(text) IS 'a text with sentences in it, in English';

CREATE OR REPLACE FUNCTION bounce_internal.plain(said text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN strpos(said, E'\x1f') > 0 THEN bounce_internal.fill_all(said)
              ELSE replace(replace(said, E'\x02', ''), E'\x03', '') END
$$;
COMMENT ON FUNCTION bounce_internal.plain(text) IS
  'a text that may have sentences in it, as it is kept and told: in English, without marks';

CREATE OR REPLACE FUNCTION bounce_internal.marked(said text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN strpos(said, E'\x03') > 0
              THEN substr(said, 1, length(said) - length(split_part(said, E'\x03', -1))) END
$$;
COMMENT ON FUNCTION bounce_internal.marked(text) IS
  'the beginning of a text, as far as there are sentences in it, with their marks; NULL: none';

-- Who asks for marks names a word that nobody else knows: what has it beside its marks was marked
-- here, and not by whoever wrote a mail.
CREATE OR REPLACE FUNCTION bounce_internal.wants_marks() RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT coalesce(current_setting('bounce.mark', true), '') <> ''
$$;
COMMENT ON FUNCTION bounce_internal.wants_marks() IS
  'whether the session wants sentences in parts: it has set bounce.mark to a word of its own';

CREATE OR REPLACE FUNCTION bounce_internal.told(said text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN strpos(said, E'\x02') = 0 THEN said
              WHEN NOT bounce_internal.wants_marks() THEN bounce_internal.plain(said)
              WHEN strpos(said, E'\x02' || current_setting('bounce.mark')) > 0 THEN said
              ELSE replace(said, E'\x02', E'\x02' || current_setting('bounce.mark')) END
$$;
COMMENT ON FUNCTION bounce_internal.told(text) IS
  'a text of sentences for whoever asks: in English, or in parts for who wants marks. Telling it '
  'twice changes nothing';

CREATE OR REPLACE FUNCTION bounce_internal.with_marks(text text, marked text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(marked, '') || bounce_internal.unmarked(
           substr(text, length(bounce_internal.plain(coalesce(marked, ''))) + 1))
$$;
COMMENT ON FUNCTION bounce_internal.with_marks(text, text) IS
  'a text that is kept with marks beside it, as it was before it was kept';

CREATE OR REPLACE FUNCTION bounce_internal.told_from(text text, marked text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN NOT bounce_internal.wants_marks() THEN text
              ELSE bounce_internal.told(bounce_internal.with_marks(text, marked)) END
$$;
COMMENT ON FUNCTION bounce_internal.told_from(text, text) IS
  'a text that is kept with marks beside it, as told()';

CREATE OR REPLACE FUNCTION bounce_internal.sentence(words text, VARIADIC parts text[] DEFAULT NULL)
RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT bounce_internal.told(bounce_internal.say(words, VARIADIC parts))
$$;
COMMENT ON FUNCTION bounce_internal.sentence(text, text[]) IS
  'a sentence that is told at once: an error, an answer';

CREATE OR REPLACE FUNCTION bounce_internal.refuse(
  code text, what text, remedy text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF remedy IS NULL THEN
    RAISE EXCEPTION '%', bounce_internal.told(what) USING ERRCODE = code;
  END IF;
  RAISE EXCEPTION '%', bounce_internal.told(what)
    USING ERRCODE = code, HINT = bounce_internal.told(remedy);
END $$;
COMMENT ON FUNCTION bounce_internal.refuse(text, text, text) IS
  'raises an error that a person may read, with what can be done as its hint. code: an SQLSTATE, '
  'or the name of one';

-- Kept -------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.keep_marked(
  INOUT said text, INOUT marked text)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF strpos(said, E'\x02') > 0 THEN
    marked := bounce_internal.marked(said);
    said := bounce_internal.plain(said);
  ELSIF NOT starts_with(said, bounce_internal.plain(marked)) THEN
    marked := NULL;     -- it was changed, or erased
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.keep_marked(text, text) IS
  'a text as it is kept, and the beginning of it that is sentences, with their marks';

CREATE OR REPLACE FUNCTION bounce_internal.keep_text() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  SELECT k.said, k.marked INTO NEW.text, NEW.marked
  FROM bounce_internal.keep_marked(NEW.text, NEW.marked) AS k;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION bounce_internal.keep_text() IS 'keeps the marks of a text beside it';

CREATE OR REPLACE FUNCTION bounce_internal.keep_block() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  SELECT w.said, w.marked, l.said, l.marked
  INTO NEW.why, NEW.marked_why, NEW.lift_why, NEW.marked_lift_why
  FROM bounce_internal.keep_marked(NEW.why, NEW.marked_why) AS w,
       bounce_internal.keep_marked(NEW.lift_why, NEW.marked_lift_why) AS l;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION bounce_internal.keep_block() IS
  'keeps the marks of why and lift_why beside them';

CREATE OR REPLACE FUNCTION bounce_internal.keep_task() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  SELECT s.said, s.marked, n.said, n.marked
  INTO NEW.summary, NEW.marked_summary, NEW.note, NEW.marked_note
  FROM bounce_internal.keep_marked(NEW.summary, NEW.marked_summary) AS s,
       bounce_internal.keep_marked(NEW.note, NEW.marked_note) AS n;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION bounce_internal.keep_task() IS
  'keeps the marks of summary and note beside them';

-- for programs
CREATE OR REPLACE FUNCTION bounce_internal.keep_follow_up() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.text := bounce_internal.plain(NEW.text);
  NEW.result := bounce_internal.plain(NEW.result);
  RETURN NEW;
END $$;
COMMENT ON FUNCTION bounce_internal.keep_follow_up() IS
  'leaves out the marks of what an application reads';
