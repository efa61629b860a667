-- SPDX-License-Identifier: BSD-2-Clause
--
-- Somebody decides about thousands of mails in one transaction, while reports about others come in.

CREATE OR REPLACE FUNCTION bounce_internal.many_mails_lock() RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT hashtextextended('many mails', 20)
$$;
COMMENT ON FUNCTION bounce_internal.many_mails_lock() IS
  'the advisory lock, shared, of a session that locks more mails than it can decide about in an '
  'instant. Nobody waits for it';

CREATE OR REPLACE FUNCTION bounce_internal.announce_mails(mails bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  few CONSTANT integer := 200;     -- a tenth of a second
BEGIN
  IF mails <= few THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock_shared(bounce_internal.many_mails_lock());
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce_internal.announce_mails(bigint) IS
  'to be called before so many communications are locked: until the end of the transaction nobody '
  'who records waits for one of them. True when they are many';

CREATE OR REPLACE FUNCTION bounce_internal.are_many_decided() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  key CONSTANT bigint := bounce_internal.many_mails_lock();
BEGIN
  IF pg_try_advisory_lock(key) THEN
    RETURN NOT pg_advisory_unlock(key);
  END IF;
  -- who decides has it shared; another session that asks has it for itself, for an instant
  RETURN EXISTS (
    SELECT FROM pg_locks AS l
    WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.mode = 'ShareLock' AND l.granted
      AND (l.classid::bigint << 32) | l.objid::bigint = key
      AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()));
END $$;
COMMENT ON FUNCTION bounce_internal.are_many_decided() IS
  'whether somebody is deciding about many mails just now';
