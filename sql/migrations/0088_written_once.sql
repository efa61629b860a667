-- SPDX-License-Identifier: BSD-2-Clause
--
-- A month is made with the compression of its table from now on; those that are there had lost it.

DO $$
DECLARE
  part regclass;
BEGIN
  FOR part IN SELECT p.relid FROM pg_partition_tree('bounce.bounce_message') AS p LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN report SET COMPRESSION lz4, '
                   'ALTER COLUMN raw SET COMPRESSION lz4', part);
  END LOOP;
  ALTER TABLE bounce.policy ALTER COLUMN settings SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
  NULL;
END $$;

-- What follows from the status of each communication is looked up in the row itself: to unpack all
-- settings for it cost a fortieth of recording a bounce.
ALTER TABLE bounce.policy
  ADD COLUMN status_notify boolean NOT NULL
    GENERATED ALWAYS AS (coalesce((settings ->> 'status_notify')::boolean, false)) STORED,
  ADD COLUMN webhook boolean NOT NULL
    GENERATED ALWAYS AS (coalesce((settings ->> 'webhook')::boolean, false)) STORED;
COMMENT ON COLUMN bounce.policy.status_notify IS 'of settings';
COMMENT ON COLUMN bounce.policy.webhook IS 'of settings';
