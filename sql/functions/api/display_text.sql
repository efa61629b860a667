-- SPDX-License-Identifier: BSD-2-Clause
--
-- What people read in lists: a diagnosis without what mail systems put around it, how long ago
-- something was, and sentences of ours.

CREATE OR REPLACE FUNCTION bounce.clean_diagnostic(words text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT concat_ws(' ', t.reply, t.status,
                   nullif(regexp_replace(
                     -- of a reply in several lines each begins with the codes
                     coalesce(regexp_replace(t.rest, '\s' || t.reply || '[- ]'
                                               || replace(t.status, '.', '\.') || '\M', '', 'g'),
                              t.rest),
                     '^(<[^<>]*>\s*(\.\.\.|:)?\s*|Recipient address rejected:\s*)+', '', 'i'), ''))
  FROM (SELECT coalesce(substring(s.line FROM
                 '^((?:(?:[245][0-9]{2}|[245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[-:\s]+|$))*)'), '')
                 AS prefix, s.line
        FROM (SELECT btrim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(words,
                '[[:space:][:cntrl:]]+', ' ', 'g'),
                '\((in reply to|state) [^()]*\)', '', 'gi'),
                '^.*\m(said|says|response|error was):\s*(?=[245][0-9]{2}\M)'
                  -- Exim: "host mx.example.net [192.0.2.1]: 550 ..."
                  '|^.*\mhost \S+ \[[0-9a-f.:]+\]:\s*(?=[245][0-9]{2}\M)'
                  -- qmail
                  '|\s*giving up on [0-9a-f.:]+\s*$', '', 'gi'),
                '(^|\s)(smtp|x-[a-z]+)\s*;\s*', '\1', 'gi')) AS line) AS s) AS p
  CROSS JOIN LATERAL (SELECT regexp_replace(p.prefix, '[-:]', ' ', 'g') AS codes) AS c
  CROSS JOIN LATERAL (
    SELECT substring(c.codes FROM '(?:^|\s)([245][0-9]{2})(?=\s|$)') AS reply,
           substring(c.codes FROM '(?:^|\s)([245]\.[0-9]{1,3}\.[0-9]{1,3})(?=\s|$)') AS status,
           substr(p.line, length(p.prefix) + 1) AS rest) AS t
$$;
COMMENT ON FUNCTION bounce.clean_diagnostic(text) IS
  'application, operator: the words of the other mail system in one line, each code once and '
  'first, without the address and without who said it: "550 5.1.1 User unknown"';

-- Whole units, and beside a single one the next smaller: "1 minute 59 seconds", "2 minutes". Two
-- neighbours in a list are told in the same measure, and nothing is rounded to half of it.
CREATE OR REPLACE FUNCTION bounce.ago(at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN s.seconds < 0 THEN 'in ' ELSE '' END
         || coalesce((SELECT string_agg(concat(u.n, ' ', u.name, CASE WHEN u.n > 1 THEN 's' END),
                                        ' ' ORDER BY u.below DESC NULLS FIRST)
                      FROM (VALUES ('day', abs(s.seconds) / 86400, NULL),
                                   ('hour', abs(s.seconds) / 3600 % 24, 172800),
                                   ('minute', abs(s.seconds) / 60 % 60, 7200),
                                   ('second', abs(s.seconds) % 60, 120)) AS u (name, n, below)
                      WHERE u.n > 0 AND (u.below IS NULL OR abs(s.seconds) < u.below)),
                     '0 seconds')
         || CASE WHEN s.seconds < 0 THEN '' ELSE ' ago' END
  FROM (SELECT extract(epoch FROM now() - at)::bigint AS seconds WHERE at IS NOT NULL) AS s
$$;
COMMENT ON FUNCTION bounce.ago(timestamptz) IS
  'application, operator: how long ago, or in what time: "3 hours ago", "in 2 days"';

-- They are here for the views, which call functions with the rights of whoever reads them.
CREATE OR REPLACE FUNCTION bounce.told(text text, marked text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN bounce_internal.told_from(text, marked);
END $$;
COMMENT ON FUNCTION bounce.told(text, text) IS
  'application, operator: a text that is kept with marks beside it, as the session wants it: in '
  'English, or with its sentences in parts (bounce.mark)';

CREATE OR REPLACE FUNCTION bounce.sentence(words text, VARIADIC parts text[] DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN bounce_internal.sentence(words, VARIADIC parts);
END $$;
COMMENT ON FUNCTION bounce.sentence(text, text[]) IS
  'application, operator: words with what stands in their gaps (%s), as the session wants it: in '
  'English, or in parts (bounce.mark)';

CREATE OR REPLACE FUNCTION bounce.server_problem(problem text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN nullif(bounce_internal.told(bounce_internal.say_problem(problem)), '');
END $$;
COMMENT ON FUNCTION bounce.server_problem(text) IS
  'operator: what is wrong with a submission server (delivery_server.problem), as the session '
  'wants it; NULL when nothing is';
