-- SPDX-License-Identifier: BSD-2-Clause
--
-- For operators: blocking addresses and lifting blocks, one by one or as a list.

CREATE OR REPLACE FUNCTION bounce.block_address(
  address text, why text, process text DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  b bounce.address_block;
BEGIN
  b.address := bounce_internal.require_address(address);
  b.why := bounce_internal.require_reason_text(
    block_address.why, bounce_internal.say('block %s', b.address));
  b.source := 'person';
  b.only_process := bounce_internal.require_process(process);
  b.expires_at := until;
  IF until <= now() THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('%s cannot be blocked until %s, which is past', b.address, until::text),
      bounce_internal.say('A time in the future, or none.'));
  END IF;
  RETURN bounce_internal.add_block_by_hand(b) IS NOT NULL;
END $$;
COMMENT ON FUNCTION bounce.block_address(text, text, text, timestamptz) IS
  'operator: blocks an address. process: for this process only; until: it ends by itself then. '
  'False when it was blocked already, at least as long. 22023 without a reason, or for a time that '
  'is past';

CREATE OR REPLACE FUNCTION bounce.unblock_address(
  address text, why text, process text DEFAULT NULL, OUT blocks bigint, OUT mails bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(
    why, bounce_internal.say('lift the block on %s', address));
  key CONSTANT text := bounce.address_key(bounce_internal.bare_address(address));
  kept_back CONSTANT bigint[] := ARRAY(SELECT bounce_internal.refused_for(ARRAY[key]));
BEGIN
  PERFORM bounce_internal.require_process(process);
  blocks := bounce_internal.lift_blocks(
    ARRAY(SELECT k.id FROM bounce.blocked_address AS k
          WHERE k.address_key = key
            AND (unblock_address.process IS NULL OR k.only_process = unblock_address.process)
          ORDER BY k.id), because);
  IF blocks = 0 THEN
    PERFORM bounce_internal.require_address(address);    -- what is none may be a slip
  END IF;
  mails := bounce_internal.let_go_of(kept_back);
END $$;
COMMENT ON FUNCTION bounce.unblock_address(text, text, text) IS
  'operator: lifts all blocks on an address; process: only that of this process. Returns how many '
  '(blocks), and how many mails go out now that had only waited for it (mails). 22023 without a '
  'reason, or for what is no address. restore_block() takes it back';

CREATE OR REPLACE FUNCTION bounce.preview_unblock(address text, process text DEFAULT NULL)
RETURNS TABLE (communication_id bigint, process_name text, business_ref text, subject text,
               refused_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  kept_back CONSTANT bigint[] := ARRAY(SELECT bounce_internal.refused_for(
    ARRAY[bounce.address_key(bounce_internal.bare_address(address))]));
  let_go bigint[];
BEGIN
  BEGIN
    PERFORM bounce.unblock_address(address, 'preview', process);
    let_go := ARRAY(SELECT q.recipient_id FROM bounce.recipient_delivery AS q
                    WHERE q.recipient_id = ANY (kept_back) AND q.refused_at IS NULL);
    RAISE EXCEPTION 'only a preview' USING ERRCODE = 'BM002';
  EXCEPTION WHEN SQLSTATE 'BM002' THEN
    NULL;     -- variables keep their values, the tables do not
  END;
  RETURN QUERY
  SELECT c.id, c.process, c.business_ref, c.subject, q.refused_at
  FROM bounce.recipient_delivery AS q JOIN bounce.communication AS c ON c.id = q.communication_id
  WHERE q.recipient_id = ANY (let_go) ORDER BY c.id;
END $$;
COMMENT ON FUNCTION bounce.preview_unblock(text, text) IS
  'operator: the mails that would go out if unblock_address() were called: they have waited only '
  'for that. Nothing is changed';

CREATE OR REPLACE FUNCTION bounce.lift_block(
  address text, why text, process text DEFAULT NULL) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
  SELECT u.blocks > 0 FROM bounce.unblock_address(address, why, process) AS u
$$;
COMMENT ON FUNCTION bounce.lift_block(text, text, text) IS
  'operator: unblock_address(); false when there was no block';

CREATE OR REPLACE FUNCTION bounce.restore_block(address text, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(
    why, bounce_internal.say('block %s again', address));
  key CONSTANT text := bounce.address_key(bounce_internal.require_address(address));
  last CONSTANT timestamptz := (SELECT max(k.lifted_at) FROM bounce.address_block AS k
                                WHERE k.address_key = key AND NOT k.is_over);
  restored bigint;
BEGIN
  restored := bounce_internal.block_again(
    ARRAY(SELECT k.id FROM bounce.address_block AS k
          WHERE k.address_key = key AND NOT k.is_over AND k.lifted_at = last));
  PERFORM bounce_internal.write_log(k.communication_id, NULL, 'blocked',
                                    bounce_internal.say('%s is blocked again: %s',
                                                        k.address, because))
  FROM bounce.address_block AS k
  WHERE k.address_key = key AND k.lifted_at IS NULL AND k.blocked_at = now();
  RETURN restored;
END $$;
COMMENT ON FUNCTION bounce.restore_block(text, text) IS
  'operator: takes back what lifted the blocks on an address last: they are there again, with '
  'reason, source, process and end. Returns their number. 22023 without a reason';

CREATE OR REPLACE FUNCTION bounce.withdraw_block(
  address text, why text, process text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'take a block back');
  key CONSTANT text := bounce.address_key(bounce_internal.require_address(address));
  b bounce.address_block;
BEGIN
  SELECT k.* INTO b FROM bounce.address_block AS k
  WHERE k.address_key = key AND k.source = 'person' AND k.lifted_at IS NULL
    AND k.only_process IS NOT DISTINCT FROM bounce_internal.require_process(process)
  FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM bounce_internal.lift_blocks(ARRAY[b.id], because, is_taken_back => true),
          -- a shorter one that it had taken the place of
          bounce_internal.block_again(
            ARRAY(SELECT k.id FROM bounce.address_block AS k
                  WHERE k.address_key = key AND k.is_over AND k.lifted_at = b.blocked_at
                    AND k.only_process IS NOT DISTINCT FROM b.only_process));
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce.withdraw_block(text, text, text) IS
  'operator: takes back block_address(): the block that a person made for this process, or for all '
  '(NULL), is lifted, and a shorter one that it had taken the place of is there again. False when '
  'there is none. 22023 without a reason';

-- Lists ------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.export_blocks(process text DEFAULT NULL) RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce_internal.require_process(process);
  RETURN NEXT 'address,reason,why,source,process,expires_at,blocked_at,blocked_by';
  RETURN QUERY
  SELECT (SELECT string_agg(bounce_internal.csv_field(f.value), ',' ORDER BY f.place)
          FROM unnest(ARRAY[k.address, k.reason, bounce_internal.one_line(k.why), k.source,
                            coalesce(k.only_process, ''),
                            coalesce(to_char(k.expires_at AT TIME ZONE 'UTC',
                                             'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ''),
                            to_char(k.blocked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                            k.blocked_by]) WITH ORDINALITY AS f (value, place))
  FROM bounce.blocked_address AS k
  WHERE export_blocks.process IS NULL OR k.only_process IS NULL
    OR k.only_process = export_blocks.process
  ORDER BY k.address_key, k.id;
END $$;
COMMENT ON FUNCTION bounce.export_blocks(text) IS
  'operator: the blocks in force as CSV, a line a row, the first with the names of the columns; '
  'import_blocks() reads it. What a spreadsheet would take for a formula has an apostrophe before '
  'it. process: only those that keep this process from writing';

CREATE OR REPLACE FUNCTION bounce.preview_block_import(csv text)
RETURNS TABLE (line bigint, address text, outcome text, is_problem boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  BEGIN
    RETURN QUERY SELECT i.* FROM bounce_internal.import_lines(csv, NULL) AS i;
    RAISE EXCEPTION 'only a preview' USING ERRCODE = 'BM002';
  EXCEPTION WHEN SQLSTATE 'BM002' THEN
    RETURN;     -- the rows stay, what was done does not
  END;
END $$;
COMMENT ON FUNCTION bounce.preview_block_import(text) IS
  'operator: what import_blocks() would do with each line of a list, or what is wrong with it; '
  'nothing is changed. 22023 when its first line does not name the columns';

CREATE OR REPLACE FUNCTION bounce.import_blocks(
  csv text, why text, OUT import_id bigint, OUT blocked bigint, OUT unchanged bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'import blocks');
  bad record;
BEGIN
  SELECT i.* INTO bad FROM bounce.preview_block_import(csv) AS i WHERE i.is_problem
  ORDER BY i.line LIMIT 1;
  IF FOUND THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say(
        'line %s (%s): %s', bad.line::text, left(bad.address, 100), bad.outcome::text),
      bounce_internal.say('Nothing was imported. preview_block_import() shows all such lines.'));
  END IF;
  INSERT INTO bounce.block_import AS n (why) VALUES (because) RETURNING n.id INTO import_id;
  SELECT count(*) FILTER (WHERE i.outcome LIKE 'blocked%' AND i.outcome <> 'blocked already'),
         count(*) FILTER (WHERE i.outcome NOT LIKE 'blocked%' OR i.outcome = 'blocked already')
  INTO blocked, unchanged
  FROM bounce_internal.import_lines(csv, import_id) AS i;
END $$;
COMMENT ON FUNCTION bounce.import_blocks(text, text) IS
  'operator: blocks the addresses of a list in CSV, whose first line names the columns: address, '
  'and any of reason, why, source, process, expires_at; blocked_at and blocked_by are passed over. '
  'All or nothing: 22023 when a line is wrong, or without a reason. Returns the number of the '
  'import, of new blocks (blocked), and of lines that change nothing';

CREATE OR REPLACE FUNCTION bounce.withdraw_block_import(
  import_id bigint, why text, OUT lifted bigint, OUT restored bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'withdraw an import');
  n bounce.block_import;
BEGIN
  UPDATE bounce.block_import AS q
  SET withdrawn_at = now(), withdrawn_by = session_user, withdraw_why = because
  WHERE q.id = withdraw_block_import.import_id AND q.withdrawn_at IS NULL RETURNING q.* INTO n;
  IF NOT FOUND THEN
    PERFORM bounce_internal.refuse('no_data_found',
      bounce_internal.say(
        'no import %s that could be withdrawn', withdraw_block_import.import_id::text),
      bounce_internal.say('bouncectl blocks imports lists them.'));
  END IF;
  lifted := bounce_internal.lift_blocks(
    ARRAY(SELECT k.id FROM bounce.address_block AS k
          WHERE k.import_id = n.id AND k.lifted_at IS NULL ORDER BY k.address_key),
    bounce_internal.say('import %s withdrawn: %s', n.id::text, because), is_taken_back => true);
  -- shorter blocks that its blocks had taken the place of
  restored := bounce_internal.block_again(
    ARRAY(SELECT k.id FROM bounce.address_block AS k
          JOIN bounce.address_block AS i ON i.address_key = k.address_key AND i.import_id = n.id
            AND i.only_process IS NOT DISTINCT FROM k.only_process
          WHERE k.is_over AND k.lifted_at = n.imported_at));
END $$;
COMMENT ON FUNCTION bounce.withdraw_block_import(bigint, text) IS
  'operator: takes back import_blocks(): what it blocked and is not lifted is lifted, shorter '
  'blocks that it had taken the place of are there again. Returns both numbers. P0002 for an '
  'unknown import or one that was withdrawn, 22023 without a reason';
