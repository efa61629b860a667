-- SPDX-License-Identifier: BSD-2-Clause
--
-- Drops the functions, triggers and views that this program does not have any more: all
-- that were not created anew by the transaction that runs this. CREATE OR REPLACE writes
-- the row in the catalogue again, so xmin tells. A trigger that calls a function of
-- another schema is somebody else's and stays.

DO $$
DECLARE
  this_transaction CONSTANT xid := pg_current_xact_id()::xid;
  statement text;
BEGIN
  FOR statement IN
    SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
    FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
    WHERE p.pronamespace IN ('bounce'::regnamespace, 'bounce_internal'::regnamespace)
      AND NOT t.tgisinternal AND t.xmin <> this_transaction
      AND t.tgparentid = 0     -- a partition's goes with that of its table
    UNION ALL
    SELECT 'DROP VIEW ' || string_agg(c.oid::regclass::text, ', ')
    FROM pg_class AS c JOIN pg_rewrite AS r ON r.ev_class = c.oid
    WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind = 'v'
      AND r.xmin <> this_transaction
    UNION ALL
    -- of sql/baseline/10_types.sql: indexes depend on them
    SELECT 'DROP ROUTINE ' || string_agg(p.oid::regprocedure::text, ', ')
    FROM pg_proc AS p
    WHERE p.pronamespace IN ('bounce'::regnamespace, 'bounce_internal'::regnamespace)
      AND p.xmin <> this_transaction
      AND p.proname NOT IN ('address_key', 'address_domain')
  LOOP
    IF statement IS NOT NULL THEN
      EXECUTE statement;
    END IF;
  END LOOP;
END $$;
