-- SPDX-License-Identifier: BSD-2-Clause
--
-- Blocks: whether there is one, how one comes, ends by itself, is lifted, and comes back.

CREATE OR REPLACE FUNCTION bounce_internal.is_blocked(address text, process text DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.blocked_address AS b
                 WHERE b.address_key = bounce.address_key(
                         bounce_internal.bare_address(is_blocked.address))
                   AND (b.only_process IS NULL OR b.only_process = is_blocked.process));
END $$;
COMMENT ON FUNCTION bounce_internal.is_blocked(text, text) IS
  'is_address_blocked() without asking whose process it is';

CREATE OR REPLACE FUNCTION bounce_internal.is_writable(address text, process text DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN bounce_internal.is_address(bounce_internal.bare_address(is_writable.address))
         AND (NOT bounce_internal.is_blocked(is_writable.address, is_writable.process)
              OR bounce_internal.parameter_boolean('block_exempt', is_writable.process));
END $$;
COMMENT ON FUNCTION bounce_internal.is_writable(text, text) IS
  'may_write_to() without asking whose process it is';

CREATE OR REPLACE FUNCTION bounce_internal.end_shorter_block(b bounce.address_block)
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.address_block AS k
  SET lifted_at = least(k.expires_at, bounce_internal.lift_time(k)), lifted_by = session_user,
      is_over = true,
      lift_why = CASE WHEN k.expires_at <= now() THEN bounce_internal.say('its time was over')
                      ELSE bounce_internal.say('a longer block took its place') END
  WHERE k.address_key = bounce.address_key(b.address)
    AND k.only_process IS NOT DISTINCT FROM b.only_process AND k.lifted_at IS NULL
    AND k.expires_at < coalesce(b.expires_at, 'infinity');
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.end_shorter_block(bounce.address_block) IS
  'makes room for a block: one that ends before it is over now. False when there is none';

CREATE OR REPLACE FUNCTION bounce_internal.add_blocks(
  blocks bounce.address_block[], OUT ids bigint[], OUT bounce_ids bigint[])
LANGUAGE plpgsql AS $$
DECLARE
  b bounce.address_block;
  longer record;
BEGIN
  WITH added AS (
    INSERT INTO bounce.address_block (address, reason, why, marked_why, bounce_id,
                                      communication_id, source, only_process, expires_at,
                                      import_id)
    SELECT u.address, coalesce(u.reason, ''), coalesce(bounce_internal.plain(u.why), ''),
           bounce_internal.marked(u.why), u.bounce_id, u.communication_id,
           coalesce(u.source, 'bounce'), u.only_process, u.expires_at, u.import_id
    FROM unnest(blocks) AS u ORDER BY u.address
    ON CONFLICT (address_key, only_process) WHERE lifted_at IS NULL DO NOTHING
    RETURNING id, bounce_id)
  SELECT coalesce(array_agg(a.id), '{}'), coalesce(array_agg(a.bounce_id), '{}')
  INTO ids, bounce_ids FROM added AS a;
  IF cardinality(ids) < cardinality(blocks) THEN
    FOREACH b IN ARRAY blocks LOOP
      IF (cardinality(ids) = 0 OR b.bounce_id <> ALL (bounce_ids))
         AND bounce_internal.end_shorter_block(b) THEN
        longer := bounce_internal.add_blocks(ARRAY[b]);
        ids := ids || longer.ids;
        bounce_ids := bounce_ids || longer.bounce_ids;
      END IF;
    END LOOP;
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.add_blocks(bounce.address_block[]) IS
  'the only function that blocks addresses: those that are not blocked already, at least as long. '
  'Several blocks are of bounces. Returns the new blocks and their bounces';

CREATE OR REPLACE FUNCTION bounce_internal.add_block_by_hand(b bounce.address_block)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  made CONSTANT record := bounce_internal.add_blocks(ARRAY[b]);
BEGIN
  IF cardinality(made.ids) > 0 THEN
    PERFORM bounce_internal.follow_ups_blocked_again(ARRAY[bounce.address_key(b.address)]);
  END IF;
  RETURN made.ids[1];
END $$;
COMMENT ON FUNCTION bounce_internal.add_block_by_hand(bounce.address_block) IS
  'add_blocks() of one for a person; what tells an application of a lifted block is moot then. '
  'NULL when the address is blocked already';

CREATE OR REPLACE FUNCTION bounce_internal.end_blocks(at timestamptz, batch integer)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  ended bigint;
BEGIN
  UPDATE bounce.address_block AS k
  SET lifted_at = k.expires_at, lifted_by = session_user, is_over = true,
      lift_why = 'its time was over'
  WHERE k.id IN (SELECT q.id FROM bounce.address_block AS q
                 WHERE q.lifted_at IS NULL AND q.expires_at <= at
                 ORDER BY q.expires_at LIMIT batch FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
END $$;
COMMENT ON FUNCTION bounce_internal.end_blocks(timestamptz, integer) IS
  'notes of blocks that they are over, at most a batch; they have not been in force since. Returns '
  'their number';

CREATE OR REPLACE FUNCTION bounce_internal.lift_and_log(block_ids bigint[], why text)
RETURNS bounce.address_block[]
LANGUAGE plpgsql AS $$
DECLARE
  ended bounce.address_block[];
BEGIN
  WITH lifted AS (
    UPDATE bounce.address_block AS k
    SET lifted_at = bounce_internal.lift_time(k), lifted_by = session_user,
        lift_why = lift_and_log.why
    WHERE k.id = ANY (block_ids) AND k.lifted_at IS NULL RETURNING k AS block),
  told AS (
    INSERT INTO bounce.communication_log (communication_id, event, text)
    SELECT c.id, 'block_lifted', (l.block).address || ': '
             || bounce_internal.with_marks((l.block).lift_why, (l.block).marked_lift_why)
    FROM lifted AS l JOIN bounce.communication AS c ON c.id = (l.block).communication_id)
  SELECT coalesce(array_agg(l.block), '{}') INTO ended FROM lifted AS l;
  RETURN ended;
END $$;
COMMENT ON FUNCTION bounce_internal.lift_and_log(bigint[], text) IS
  'lifts those of the blocks that are not lifted, and logs it. Returns them';

CREATE OR REPLACE FUNCTION bounce_internal.lift_blocks(
  block_ids bigint[], why text, is_taken_back boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  lifted CONSTANT bounce.address_block[] := bounce_internal.lift_and_log(block_ids, why);
BEGIN
  PERFORM bounce_internal.follow_lifted(lifted, is_taken_back);
  RETURN cardinality(lifted);
END $$;
COMMENT ON FUNCTION bounce_internal.lift_blocks(bigint[], text, boolean) IS
  'lifts those of the blocks that are not lifted, logs it and tells the applications. '
  'is_taken_back: making them was a mistake. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.lift_block_for(address text, process text, why text)
RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
  RETURN bounce_internal.lift_blocks(
    ARRAY(SELECT k.id FROM bounce.blocked_address AS k
          WHERE k.address_key = bounce.address_key(lift_block_for.address)
            AND (k.only_process IS NULL OR k.only_process = lift_block_for.process)
          ORDER BY k.id), why);
END $$;
COMMENT ON FUNCTION bounce_internal.lift_block_for(text, text, text) IS
  'lifts what keeps a process from writing to an address. Returns the number of blocks';

CREATE OR REPLACE FUNCTION bounce_internal.block_again(block_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT count(bounce_internal.add_block_by_hand(k))
          FROM (SELECT q.* FROM bounce.address_block AS q
                WHERE q.id = ANY (block_ids) AND q.lifted_at IS NOT NULL
                  AND coalesce(q.expires_at, 'infinity') > now()
                ORDER BY q.address_key, q.id) AS k);
END $$;
COMMENT ON FUNCTION bounce_internal.block_again(bigint[]) IS
  'blocks again what these lifted blocks had blocked, with their reason, source, process and end. '
  'Returns the number of new blocks';
