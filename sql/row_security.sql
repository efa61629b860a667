-- SPDX-License-Identifier: BSD-2-Clause
--
-- Which rows a role sees and writes: all that its grants say, and an application those of its
-- processes. The owner of the schema is not bound, nor are functions that run with the owner's
-- rights: they ask for themselves (bounce_internal.may_use), and recording pays nothing. Applied
-- anew whenever a text changes.

DO $$
DECLARE
  statement text;
BEGIN
  FOR statement IN
    SELECT format('DROP POLICY %I ON %s', p.polname, p.polrelid::regclass)
    FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid
    WHERE c.relnamespace = 'bounce'::regnamespace
  LOOP
    EXECUTE statement;
  END LOOP;
END $$;

-- A policy that restricts is named in the error; it needs one that permits beside it. The scalar
-- subquery is evaluated once per statement, not once per row.
DO $$
DECLARE
  own CONSTANT text := 'ANY ((SELECT bounce.own_processes())::text[])';
  own_mail CONSTANT text :=     -- what this subquery finds is restricted likewise
    'EXISTS (SELECT FROM bounce.communication AS c WHERE c.id = %I.communication_id)';
  restricted record;
BEGIN
  FOR restricted IN
    SELECT v.name, format(v.condition, v.name) AS condition
    FROM (VALUES ('process', 'name = ' || own), ('communication', 'process = ' || own),
                 ('communication_delivery', 'process = ' || own),
                 ('communication_recipient', own_mail), ('recipient_delivery', own_mail),
                 ('communication_log', own_mail), ('follow_up', own_mail),
                 ('resend_claim',
                  'EXISTS (SELECT FROM bounce.communication_recipient AS r '
                  'WHERE r.id = %I.recipient_id)')) AS v (name, condition)
  LOOP
    EXECUTE format('ALTER TABLE bounce.%I ENABLE ROW LEVEL SECURITY', restricted.name);
    EXECUTE format('CREATE POLICY "as granted" ON bounce.%I USING (true)', restricted.name);
    EXECUTE format('CREATE POLICY "only of own processes" ON bounce.%I AS RESTRICTIVE '
                   'TO bounce_application USING (%s)', restricted.name, restricted.condition);
  END LOOP;
END $$;
