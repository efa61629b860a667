-- SPDX-License-Identifier: BSD-2-Clause
--
-- Leads a database of version 56, the last one before the baseline, to the baseline.
-- The tables are the same; what is internal moves to a schema of its own. All functions,
-- triggers and views are created anew after the migrations, so the old ones go first:
-- some have other argument names or bodies that depend on each other. What an index
-- depends on stays.

DO $$
DECLARE
  statement text;
BEGIN
  FOR statement IN
    SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
    FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE c.relnamespace = 'bounce'::regnamespace AND NOT t.tgisinternal
  LOOP
    EXECUTE statement;
  END LOOP;
  EXECUTE (SELECT 'DROP VIEW ' || string_agg(c.oid::regclass::text, ', ') || ' CASCADE'
           FROM pg_class AS c WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind = 'v');
  EXECUTE (SELECT 'DROP FUNCTION ' || string_agg(p.oid::regprocedure::text, ', ')
           FROM pg_proc AS p
           WHERE p.pronamespace = 'bounce'::regnamespace
             AND p.proname NOT IN ('address_key', 'address_domain'));
END
$$;

CREATE SCHEMA bounce_internal;
ALTER TYPE bounce.finding SET SCHEMA bounce_internal;
ALTER TYPE bounce.identity SET SCHEMA bounce_internal;
ALTER TYPE bounce.token_signer SET SCHEMA bounce_internal;
