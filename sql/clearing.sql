-- SPDX-License-Identifier: BSD-2-Clause
--
-- Drops the internal functions on which nothing depends, before they are made anew. Only functions
-- of this schema call them, by name, so that they may have other arguments, other names for them or
-- another result than in the version that was here before, and a comment may name one without its
-- arguments. What triggers, views and policies use stays, and is replaced.

DO $$
DECLARE
  routines text;
BEGIN
  SELECT string_agg(p.oid::regprocedure::text, ', ') INTO routines
  FROM pg_proc AS p
  WHERE p.pronamespace = 'bounce_internal'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend AS d
                    WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid);
  IF routines IS NOT NULL THEN
    EXECUTE 'DROP ROUTINE ' || routines;
  END IF;
END $$;
