-- SPDX-License-Identifier: BSD-2-Clause
--
-- What people read in lists: a diagnosis without what mail systems put around it, and how long
-- ago something was.

CREATE OR REPLACE FUNCTION bounce.clean_diagnostic(words text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT concat_ws(' ', substring(t.codes FROM '(?:^|\s)([245][0-9]{2})(?=\s|$)'),
                   substring(t.codes FROM '(?:^|\s)([245]\.[0-9]{1,3}\.[0-9]{1,3})(?=\s|$)'),
                   nullif(regexp_replace(t.rest,
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
  CROSS JOIN LATERAL (SELECT regexp_replace(p.prefix, '[-:]', ' ', 'g') AS codes,
                             substr(p.line, length(p.prefix) + 1) AS rest) AS t
$$;
COMMENT ON FUNCTION bounce.clean_diagnostic(text) IS
  'application, operator: the words of the other mail system in one line, each code once and '
  'first, without the address and without who said it: "550 5.1.1 User unknown"';

CREATE OR REPLACE FUNCTION bounce.ago(at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN s.seconds < 0 THEN 'in ' ELSE '' END
         || CASE WHEN abs(s.seconds) < 120 THEN abs(s.seconds) || ' seconds'
                 WHEN abs(s.seconds) < 7200 THEN abs(s.seconds) / 60 || ' minutes'
                 WHEN abs(s.seconds) < 172800 THEN abs(s.seconds) / 3600 || ' hours'
                 ELSE abs(s.seconds) / 86400 || ' days' END
         || CASE WHEN s.seconds < 0 THEN '' ELSE ' ago' END
  FROM (SELECT extract(epoch FROM now() - at)::bigint AS seconds WHERE at IS NOT NULL) AS s
$$;
COMMENT ON FUNCTION bounce.ago(timestamptz) IS
  'application, operator: how long ago, or in what time: "3 hours ago", "in 2 days"';
