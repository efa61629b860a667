-- SPDX-License-Identifier: BSD-2-Clause
--
-- Typing errors: the domain that was probably meant, among those that accept our mail.

-- The extension may be in any schema.
DO $$
DECLARE
  home CONSTANT regnamespace := (SELECT e.extnamespace::regnamespace FROM pg_extension AS e
                                 WHERE e.extname = 'fuzzystrmatch');
BEGIN
  EXECUTE format('CREATE OR REPLACE FUNCTION bounce_internal.edit_distance(a text, b text, at_most '
                 'integer) '
                 'RETURNS integer LANGUAGE sql IMMUTABLE '
                 'RETURN %s.levenshtein_less_equal(a, b, at_most)', home);
END $$;
COMMENT ON FUNCTION bounce_internal.edit_distance(text, text, integer) IS
  'number of letters to insert, delete or change to get from a to b; more than at_most when it is '
  'greater';

CREATE OR REPLACE FUNCTION bounce_internal.transpositions(word text) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY(SELECT left(word, i - 1) || substr(word, i + 1, 1) || substr(word, i, 1)
               || substr(word, i + 2) FROM generate_series(1, length(word) - 1) AS i)
$$;
COMMENT ON FUNCTION bounce_internal.transpositions(text) IS
  'the word with each pair of neighbouring letters exchanged: one slip, where the edit distance '
  'is two';

CREATE OR REPLACE FUNCTION bounce_internal.has_other_ending(a text, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT substring(a FROM '^(.*)\.') = substring(b FROM '^(.*)\.')
         AND bounce_internal.edit_distance(substring(a FROM '\.([a-z]{2,3})$'),
                                           substring(b FROM '\.([a-z]{2,3})$'), 2) >= 2
         AND NOT substring(a FROM '\.([a-z]+)$') = ANY (
             bounce_internal.transpositions(substring(b FROM '\.([a-z]+)$')))
$$;
COMMENT ON FUNCTION bounce_internal.has_other_ending(text, text) IS
  'x.fr and x.de are two domains rather than two slips';

CREATE OR REPLACE FUNCTION bounce_internal.has_other_name(a text, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT bounce_internal.edit_distance(n.a, n.b, 2) >= 2
         AND EXISTS (SELECT FROM unnest(ARRAY[n.a, n.b]) AS one
                     WHERE (SELECT max(length(label)) < 8
                            FROM regexp_split_to_table(one, '\.') AS label))
  FROM (SELECT substring(a FROM '^(.*)\.'), substring(b FROM '^(.*)\.')) AS n (a, b)
$$;
COMMENT ON FUNCTION bounce_internal.has_other_name(text, text) IS
  'nice.com and live.com, firma.ch and farm.ch: short names that differ in two letters before the '
  'ending are two names rather than two slips';

CREATE OR REPLACE FUNCTION bounce_internal.similar_domains(domain text)
RETURNS TABLE (similar_domain text, slips integer)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  at_most CONSTANT integer := CASE WHEN length(domain) < 8 THEN 1 ELSE 2 END;
BEGIN
  RETURN QUERY
  SELECT d.domain, d.distance
  FROM (SELECT k.domain,
        CASE WHEN k.domain = ANY (bounce_internal.transpositions(similar_domains.domain)) THEN 1
                              ELSE bounce_internal.edit_distance(k.domain, similar_domains.domain,
                                  at_most) END AS distance
        FROM (SELECT q.domain FROM bounce.known_domain AS q
              WHERE q.characters BETWEEN length(similar_domains.domain) - at_most
                                     AND length(similar_domains.domain) + at_most
              UNION SELECT unnest(bounce_internal.large_providers())) AS k
        WHERE abs(length(k.domain) - length(similar_domains.domain)) <= at_most
        OFFSET 0) AS d     -- once for each
  WHERE d.distance BETWEEN 1 AND at_most
    AND bounce_internal.has_other_ending(d.domain, similar_domains.domain) IS NOT TRUE
    AND (d.distance = 1
         OR bounce_internal.has_other_name(d.domain, similar_domains.domain) IS NOT TRUE)
  ORDER BY 2 LIMIT 20;
END $$;
COMMENT ON FUNCTION bounce_internal.similar_domains(text) IS
  'known domains that are one or two slips away, the nearest first';

-- A fresh installation has sent nothing yet, and is asked about gmial.com all the same.
CREATE OR REPLACE FUNCTION bounce_internal.large_providers() RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT '{aim.com,aol.com,bluewin.ch,email.com,free.fr,freenet.de,gmail.com,gmx.at,gmx.ch,
    gmx.com,gmx.de,gmx.net,googlemail.com,hotmail.com,hotmail.de,hotmail.fr,icloud.com,laposte.net,
    libero.it,live.com,live.de,mac.com,mail.com,mail.ru,me.com,msn.com,orange.fr,outlook.com,
    outlook.de,
    posteo.de,proton.me,protonmail.com,qq.com,sfr.fr,t-online.de,wanadoo.fr,web.de,wp.pl,
    yahoo.co.uk,yahoo.com,yahoo.de,yahoo.fr,yandex.ru,ymail.com}'::text[]
$$;
COMMENT ON FUNCTION bounce_internal.large_providers() IS
  'domains of providers with mailboxes for everybody: known without any mail sent to them';

CREATE OR REPLACE FUNCTION bounce_internal.suggest_domain(domain text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
  -- a domain that takes our mail is not misspelled
  IF length(domain) NOT BETWEEN 4 AND 100
     OR domain = ANY (bounce_internal.large_providers())
     OR bounce_internal.sent_to_domain(domain, 3) >= 3 THEN
    RETURN '';
  END IF;
  IF current_setting('transaction_read_only') = 'off' THEN
    PERFORM bounce_internal.learn_domains();
  END IF;
  RETURN coalesce((SELECT n.similar_domain
                   FROM bounce_internal.similar_domains(domain) AS n
                   CROSS JOIN LATERAL bounce_internal.sent_to_domain(n.similar_domain,
                       100) AS s (sent)
                   WHERE s.sent >= 3
                      OR n.similar_domain = ANY (bounce_internal.large_providers())
                   ORDER BY n.slips, s.sent DESC, n.similar_domain LIMIT 1), '');
END $$;
COMMENT ON FUNCTION bounce_internal.suggest_domain(text) IS
  'the domain that was probably meant: one slip away (a letter too many, missing, wrong, or two '
  'exchanged), or two where the name is long or one is in the ending, and with at least three '
  'mails that did not bounce, or a large provider; else empty';

CREATE OR REPLACE FUNCTION bounce_internal.learn_domains(batch integer DEFAULT 2000) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  learned bigint := 0;
  last bigint;
BEGIN
  -- one session learns, the others have no need to wait for it
  SELECT p.recipient_id INTO last FROM bounce.known_domain_progress AS p FOR UPDATE SKIP LOCKED;
  IF FOUND THEN
    WITH next AS (
      SELECT r.id, bounce.address_domain(r.address_key) AS domain
      FROM bounce.communication_recipient AS r
      WHERE r.id > last ORDER BY r.id LIMIT batch),
    put AS (
      INSERT INTO bounce.known_domain (domain) SELECT DISTINCT n.domain FROM next AS n
                                               WHERE n.domain NOT IN ('', 'bounce-test.invalid')
                                               ORDER BY 1
                                               ON CONFLICT DO NOTHING)
    SELECT count(*), max(n.id) INTO learned, last FROM next AS n;
    UPDATE bounce.known_domain_progress AS p SET recipient_id = last WHERE last IS NOT NULL;
  END IF;
  RETURN learned;
END $$;
COMMENT ON FUNCTION bounce_internal.learn_domains(integer) IS
  'learns the domains of the next recipients. Returns the number of rows read';

CREATE OR REPLACE FUNCTION bounce_internal.sent_to_domain(domain text, at_most integer)
RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT count(*) FROM (SELECT FROM bounce.communication_recipient AS r
          WHERE bounce.address_domain(r.address_key) = sent_to_domain.domain
            AND r.attempts > 0 AND r.state = 'sent'
          LIMIT at_most) AS s);
END $$;
COMMENT ON FUNCTION bounce_internal.sent_to_domain(text, integer) IS
  'number of mails to a domain that did not bounce, counted up to a limit';
