-- SPDX-License-Identifier: BSD-2-Clause
--
-- Typing errors: the domain that may have been meant, among those that take our mail.

CREATE OR REPLACE FUNCTION bounce.swapped(word text) RETURNS text[]
LANGUAGE sql IMMUTABLE
RETURN ARRAY(SELECT left(word, i - 1) || substr(word, i + 1, 1) || substr(word, i, 1) || substr(word, i + 2) FROM generate_series(1, length(word) - 1) AS i);
COMMENT ON FUNCTION bounce.swapped(text) IS 'internal: the word with any two neighbouring letters exchanged, which is one slip and not two';

CREATE OR REPLACE FUNCTION bounce.has_other_ending(a text, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN substring(a FROM '^(.*)\.') = substring(b FROM '^(.*)\.')
       AND bounce.edit_distance(substring(a FROM '\.([a-z]{2,3})$'), substring(b FROM '\.([a-z]{2,3})$'), 2) >= 2
       AND NOT substring(a FROM '\.([a-z]+)$') = ANY (bounce.swapped(substring(b FROM '\.([a-z]+)$')));
COMMENT ON FUNCTION bounce.has_other_ending(text, text) IS 'internal: x.fr or x.com beside x.de is another domain rather than two slips';

CREATE OR REPLACE FUNCTION bounce.similar_domains(domain text) RETURNS TABLE (similar_domain text, slips integer)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  at_most CONSTANT integer := CASE WHEN length(domain) < 8 THEN 1 ELSE 2 END;
BEGIN
  RETURN QUERY
  SELECT d.domain, d.distance
  FROM (SELECT k.domain, CASE WHEN k.domain = ANY (bounce.swapped(similar_domains.domain)) THEN 1
                              ELSE bounce.edit_distance(k.domain, similar_domains.domain, at_most) END AS distance
        FROM bounce.known_domain AS k
        WHERE k.characters BETWEEN length(similar_domains.domain) - at_most AND length(similar_domains.domain) + at_most
        OFFSET 0) AS d     -- once for each
  WHERE d.distance BETWEEN 1 AND at_most AND bounce.has_other_ending(d.domain, similar_domains.domain) IS NOT TRUE
  ORDER BY 2 LIMIT 20;
END
$$;
COMMENT ON FUNCTION bounce.similar_domains(text) IS 'internal: known domains one or two slips away, the nearest first';

CREATE OR REPLACE FUNCTION bounce.suggest_domain(domain text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
  -- a domain that takes our mail is not misspelled
  IF length(domain) NOT BETWEEN 4 AND 100 OR bounce.sent_to_domain(domain, 3) >= 3 THEN
    RETURN '';
  END IF;
  PERFORM bounce.learn_domains();
  RETURN coalesce((SELECT n.similar_domain
                   FROM bounce.similar_domains(domain) AS n CROSS JOIN LATERAL bounce.sent_to_domain(n.similar_domain, 100) AS s (sent)
                   WHERE s.sent >= 3
                   ORDER BY n.slips, s.sent DESC, n.similar_domain LIMIT 1), '');
END
$$;
COMMENT ON FUNCTION bounce.suggest_domain(text) IS
  'the domain that may have been meant: one or two slips away (a letter too many, too few, wrong, or two exchanged), and at least three '
  'mails to it did not bounce; empty when there is none';
