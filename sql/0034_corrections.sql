-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a person may do to a recipient: ask for a resend, declare a bounce void, put
-- another address in its place; and taking back what followed from bounces. Each
-- move is one function here. A correction is counted, so that the guard of 0001 can
-- tell it from a state that goes back by mistake.

-- Defaults come after the columns: with them, ALTER TABLE refuses where a function's stored body has the row's type.
ALTER TABLE bounce.communication_recipient
  DROP CONSTRAINT communication_recipient_state_check,
  DROP CONSTRAINT scheduled_is_soft,
  ADD COLUMN corrections  integer CHECK (corrections >= 0),
  ADD COLUMN requested_by text,
  ADD COLUMN replaced_by  bigint REFERENCES bounce.communication_recipient,
  ADD COLUMN person_ref   text,
  ADD CONSTRAINT communication_recipient_state_check CHECK (state IN ('open', 'sent', 'error', 'bounced', 'replaced')),
  ADD CONSTRAINT replaced_by_another CHECK ((state = 'replaced') = (replaced_by IS NOT NULL) AND replaced_by <> id),
  ADD CONSTRAINT scheduled_is_soft CHECK (next_attempt_at IS NULL OR (state = 'bounced' AND class = 'soft')
                                          OR (requested_by IS NOT NULL AND state IN ('open', 'bounced')));
UPDATE bounce.communication_recipient SET corrections = 0, person_ref = '';
ALTER TABLE bounce.communication_recipient
  ALTER COLUMN corrections SET DEFAULT 0, ALTER COLUMN corrections SET NOT NULL,
  ALTER COLUMN person_ref SET DEFAULT '', ALTER COLUMN person_ref SET NOT NULL;
COMMENT ON COLUMN bounce.communication_recipient.state IS
  'as communication.status; taken from there when the row is inserted without one. Leaves bounced only by a new attempt or by a '
  'person''s correction. replaced: a person gave another address, that of replaced_by; final';
COMMENT ON COLUMN bounce.communication_recipient.corrections IS 'how often a person has set the state right';
COMMENT ON COLUMN bounce.communication_recipient.requested_by IS 'who asked for the resend that is due; NULL when the policy did';
COMMENT ON COLUMN bounce.communication_recipient.person_ref IS 'the application''s own name of the person; empty for a bare address';
CREATE INDEX communication_recipient_replaced_idx ON bounce.communication_recipient (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX communication_recipient_task_idx ON bounce.communication_recipient (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX communication_recipient_person_idx ON bounce.communication_recipient (person_ref) WHERE person_ref <> '';
CREATE INDEX address_block_bounce_idx ON bounce.address_block (bounce_id) WHERE bounce_id IS NOT NULL;
CREATE INDEX task_bounce_idx ON bounce.task (bounce_id) WHERE status = 'open';

-- The moves ---------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.recipient_guard_state() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF NEW.attempts < OLD.attempts OR NEW.corrections < OLD.corrections THEN
    RAISE EXCEPTION 'recipient %: attempts cannot fall from % to %, nor corrections from % to %', OLD.id,
        OLD.attempts, NEW.attempts, OLD.corrections, NEW.corrections
      USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state = 'replaced' AND NEW.state <> 'replaced'
     OR NEW.corrections = OLD.corrections
        AND (NEW.state = 'replaced' AND OLD.state <> 'replaced'
             OR OLD.state = 'sent' AND NEW.state = 'open'
             OR OLD.state = 'bounced' AND NEW.attempts = OLD.attempts
                AND (NEW.state <> 'bounced' OR bounce.class_rank(NEW.class) < bounce.class_rank(OLD.class))) THEN
    RAISE EXCEPTION 'recipient %: state cannot go from % to %', OLD.id,
        concat_ws(' ', OLD.state, OLD.class), concat_ws(' ', NEW.state, NEW.class)
      USING ERRCODE = 'check_violation',
            HINT = 'A bounced recipient is sent to again with bounce.confirm_resend(), which counts the attempt.';
  END IF;
  IF NEW.next_attempt_at IS NULL THEN
    NEW.requested_by := NULL;
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce.recipient_guard_state() IS
  'internal: a recipient''s state never goes back within one attempt, but for a counted correction';

CREATE OR REPLACE FUNCTION bounce.supersedes(f bounce.finding, r bounce.communication_recipient) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN CASE
    WHEN r.state = 'replaced' THEN false
    WHEN f.attempt < r.attempts AND f.class <> 'hard' THEN false
    WHEN r.state <> 'bounced' OR f.attempt > r.attempts THEN true
    ELSE bounce.class_rank(f.class) > bounce.class_rank(r.class)
  END;
END
$$;
COMMENT ON FUNCTION bounce.supersedes(bounce.finding, bounce.communication_recipient) IS
  'internal: whether a bounce changes the state: news of an earlier send only when the address is dead for good; of the '
  'same send only when it is more final (hard > technical > soft); of a later send always; of a replaced address never';

CREATE OR REPLACE FUNCTION bounce.is_cleared(f bounce.finding) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM bounce.communication_recipient AS r
    JOIN bounce.address_block AS b ON b.address_key = r.address_key
    WHERE r.id = f.recipient_id AND b.bounce_id IS DISTINCT FROM f.bounce_id
      AND b.lifted_at > CASE WHEN f.attempt < r.attempts THEN r.created_at ELSE r.last_attempt_at END);
END
$$;
COMMENT ON FUNCTION bounce.is_cleared(bounce.finding) IS
  'internal: whether somebody lifted a block on the address after the send that this bounce is about; not one that this bounce made '
  'itself, which is lifted when its verdict changes';

CREATE FUNCTION bounce.request_resend(recipient_id bigint, why text, bounce_id bigint DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  r bounce.communication_recipient;
BEGIN
  UPDATE bounce.communication_recipient AS q SET next_attempt_at = now(), requested_by = session_user
  WHERE q.id = request_resend.recipient_id AND q.state IN ('open', 'bounced') AND q.attempts < 255
  RETURNING q.* INTO r;
  IF FOUND THEN
    PERFORM bounce.write_log(r.communication_id, r.id, 'resend_scheduled', 'asked for: ' || why, bounce_id);
  END IF;
  RETURN FOUND;
END
$$;
COMMENT ON FUNCTION bounce.request_resend(bigint, text, bigint) IS
  'a person wants a mail to be sent again to this recipient (communication_recipient.id), now, whatever its bounce was; to a blocked '
  'address it waits until the block is lifted. False when it is not one that failed or waits';

CREATE FUNCTION bounce.withdraw_bounce(recipient_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.communication_recipient AS r
  SET state = 'sent', class = NULL, reason = '', status_code = '', diagnostic = '', bounced_at = NULL, bounce_id = NULL,
      next_attempt_at = NULL, task_id = NULL, corrections = r.corrections + 1
  WHERE r.id = withdraw_bounce.recipient_id AND r.state = 'bounced';
END
$$;
COMMENT ON FUNCTION bounce.withdraw_bounce(bigint) IS 'internal: the bounce in force is void, the recipient counts as sent to';

CREATE FUNCTION bounce.check_address(address text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  bare CONSTANT text := btrim(address, E' \t\r\n<>');
BEGIN
  IF bare !~ '^[^@[:space:]<>,;]{1,64}@[^@[:space:]<>,;]{1,253}$' OR NOT bounce.is_address(bare) THEN
    RAISE EXCEPTION '"%" is not a mail address', address USING ERRCODE = 'invalid_parameter_value';
  ELSIF bounce.is_address_blocked(bare) THEN
    RAISE EXCEPTION 'address % is blocked', bare USING ERRCODE = 'invalid_parameter_value',
      HINT = 'SELECT bounce.lift_block(address, why) if it works again.';
  END IF;
  RETURN bare;
END
$$;
COMMENT ON FUNCTION bounce.check_address(text) IS 'internal: the bare address; 22023 when it is none, or blocked';

CREATE FUNCTION bounce.replace_recipient(old_id bigint, address text, why text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  old bounce.communication_recipient;
  new_id bigint;
BEGIN
  SELECT r.* INTO STRICT old FROM bounce.communication_recipient AS r WHERE r.id = old_id FOR NO KEY UPDATE;
  IF old.address_key = bounce.address_key(address) OR old.state = 'replaced' THEN
    RETURN NULL;
  END IF;
  INSERT INTO bounce.communication_recipient (communication_id, address, state, attempts, person_ref)
  VALUES (old.communication_id, address, 'open', 0, old.person_ref)
  ON CONFLICT (communication_id, address_key) DO NOTHING
  RETURNING id INTO new_id;
  -- it may have got the mail already: then nothing is sent again
  UPDATE bounce.communication_recipient AS r
  SET state = 'replaced', next_attempt_at = NULL, corrections = r.corrections + 1,
      replaced_by = coalesce(new_id, (SELECT o.id FROM bounce.communication_recipient AS o
        WHERE o.communication_id = old.communication_id AND o.address_key = bounce.address_key(replace_recipient.address)))
  WHERE r.id = old.id;
  PERFORM bounce.write_log(old.communication_id, old.id, 'corrected', format('%s replaced by %s: %s', old.address, address, why), old.bounce_id);
  IF new_id IS NOT NULL THEN
    PERFORM bounce.request_resend(new_id, why, old.bounce_id);
  END IF;
  RETURN new_id;
END
$$;
COMMENT ON FUNCTION bounce.replace_recipient(bigint, text, text) IS
  'internal: a new recipient of the same communication in place of an old one, due at once; so a late bounce of the old address cannot '
  'hit the new one. NULL when nothing is to be sent';

-- A stored bounce, as record_report() saw it ---------------------------------------------------

CREATE FUNCTION bounce.finding_of_bounce(b bounce.bounce) RETURNS bounce.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
  f bounce.finding;
BEGIN
  f.recipient := b.recipient;
  f.original_recipient := b.original_recipient;
  f.addresses := '{}';
  f.action := b.action;
  f.status := b.status;
  f.reply_code := b.reply_code;
  f.diagnostic := b.diagnostic;
  f.remote_mta := b.remote_mta;
  f.permanence := b.permanence;
  f.rule := b.rule;
  f.evidence := b.evidence;
  f.reason := b.reason;
  f.class := b.class;
  f.is_notice := b.is_notice;
  f.communication_id := b.communication_id;
  f.recipient_id := b.recipient_id;
  f.attempt := b.attempt;
  f.matched_by := b.matched_by;
  f.trust := b.trust;
  f.bounce_id := b.id;
  f.steps := '{}';
  f.events := '{}';
  f.blocks := false;
  SELECT c.process INTO f.process FROM bounce.communication AS c WHERE c.id = b.communication_id;
  SELECT r.address_key INTO f.address FROM bounce.communication_recipient AS r WHERE r.id = b.recipient_id;
  f.address := coalesce(f.address, bounce.address_key(b.recipient));
  RETURN f;
END
$$;
COMMENT ON FUNCTION bounce.finding_of_bounce(bounce.bounce) IS 'internal: the finding again, with nothing that followed';

-- Taking back -----------------------------------------------------------------------------------

ALTER TABLE bounce.task ADD COLUMN resolution text NOT NULL DEFAULT ''
  CHECK (resolution IN ('', 'done', 'corrected', 'unblocked', 'dead', 'confirmed', 'dismissed', 'taken back'));
COMMENT ON COLUMN bounce.task.resolution IS 'how it was closed; empty while open';

CREATE TABLE bounce.task_history (
  id      bigint      GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  task_id bigint      NOT NULL REFERENCES bounce.task ON DELETE CASCADE,
  at      timestamptz NOT NULL DEFAULT now(),
  actor   text        NOT NULL DEFAULT session_user,
  action  text        NOT NULL CHECK (action IN ('created', 'counted', 'assigned', 'postponed', 'note', 'closed')),
  text    text        NOT NULL DEFAULT ''
);
COMMENT ON TABLE bounce.task_history IS 'who did what to a task';
CREATE INDEX task_history_task_idx ON bounce.task_history (task_id, id);

CREATE FUNCTION bounce.close_task(task_id bigint, resolution text, note text) RETURNS bounce.task
LANGUAGE plpgsql AS $$
DECLARE
  t bounce.task;
BEGIN
  UPDATE bounce.task AS q
  SET status = 'done', resolution = close_task.resolution, resolved_at = now(), resolved_by = session_user, note = coalesce(close_task.note, '')
  WHERE q.id = close_task.task_id AND q.status = 'open'
  RETURNING q.* INTO t;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no open task %', close_task.task_id USING ERRCODE = 'no_data_found';
  END IF;
  INSERT INTO bounce.task_history (task_id, action, text) VALUES (t.id, 'closed', concat_ws(': ', t.resolution, nullif(t.note, '')));
  PERFORM bounce.write_log(t.communication_id, t.recipient_id, 'task_resolved',
                           concat_ws(': ', format('task %s %s', t.kind, t.id), nullif(t.resolution, 'done'), nullif(t.note, '')));
  RETURN t;
END
$$;
COMMENT ON FUNCTION bounce.close_task(bigint, text, text) IS 'internal: the one place where a task is closed. P0002 when there is no such open task';

CREATE FUNCTION bounce.lift_blocks_of(bounce_ids bigint[], why text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  b bounce.address_block;
  lifted bigint := 0;
BEGIN
  FOR b IN SELECT * FROM bounce.address_block AS k WHERE k.bounce_id = ANY (bounce_ids) AND k.lifted_at IS NULL
           ORDER BY k.address_key FOR UPDATE LOOP
    UPDATE bounce.address_block AS k SET lifted_at = now(), lifted_by = session_user, lift_why = lift_blocks_of.why WHERE k.id = b.id;
    PERFORM bounce.write_log(c.id, NULL, 'block_lifted', format('%s: %s', b.address, lift_blocks_of.why))
    FROM bounce.communication AS c WHERE c.id = b.communication_id;
    lifted := lifted + 1;
  END LOOP;
  RETURN lifted;
END
$$;
COMMENT ON FUNCTION bounce.lift_blocks_of(bigint[], text) IS 'internal: lifts the blocks that these bounces made; how many';

CREATE FUNCTION bounce.close_tasks_of(bounce_ids bigint[], why text) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
  -- a task that other bounces are gathered in as well stays
  RETURN (SELECT count((bounce.close_task(t.id, 'taken back', why)).id)
          FROM (SELECT q.id FROM bounce.task AS q
                WHERE q.status = 'open' AND q.kind <> 'outage' AND q.bounce_id = ANY (bounce_ids)
                  AND NOT EXISTS (SELECT FROM bounce.bounce AS o WHERE o.task_id = q.id AND o.id <> ALL (bounce_ids))
                ORDER BY q.dedup_key) AS t);
END
$$;
COMMENT ON FUNCTION bounce.close_tasks_of(bigint[], text) IS 'internal: closes the tasks that only these bounces made; how many';

CREATE FUNCTION bounce.take_back(bounce_ids bigint[], why text, resend boolean,
                                 OUT blocks bigint, OUT tasks bigint, OUT requeued bigint)
LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  requeued := 0;
  PERFORM FROM bounce.communication AS c
  WHERE c.id IN (SELECT b.communication_id FROM bounce.bounce AS b WHERE b.id = ANY (bounce_ids)) ORDER BY c.id FOR NO KEY UPDATE;
  PERFORM FROM bounce.communication_recipient AS q WHERE q.id IN (SELECT b.recipient_id FROM bounce.bounce AS b WHERE b.id = ANY (bounce_ids))
  ORDER BY q.id FOR NO KEY UPDATE;
  FOR r IN SELECT q.id, q.communication_id, b.id AS bounce_id
           FROM bounce.bounce AS b JOIN bounce.communication_recipient AS q ON q.id = b.recipient_id AND q.bounce_id = b.id
           WHERE b.id = ANY (bounce_ids) AND q.state = 'bounced' ORDER BY q.id LOOP
    PERFORM bounce.write_log(r.communication_id, r.id, 'taken_back', why, r.bounce_id);
    IF resend THEN
      requeued := requeued + bounce.request_resend(r.id, why, r.bounce_id)::integer;
    ELSE
      PERFORM bounce.withdraw_bounce(r.id);
    END IF;
  END LOOP;
  UPDATE bounce.held_block AS h SET decision = 'dropped', decided_at = now() WHERE h.bounce_id = ANY (bounce_ids) AND h.decision IS NULL;
  blocks := bounce.lift_blocks_of(bounce_ids, why);
  tasks := bounce.close_tasks_of(bounce_ids, why);
  UPDATE bounce.follow_up AS u SET status = 'done', finished_at = now(), result = 'taken back: ' || why
  WHERE u.bounce_id = ANY (bounce_ids) AND u.status = 'open' AND u.claimed_by IS NULL;
END
$$;
COMMENT ON FUNCTION bounce.take_back(bigint[], text, boolean) IS
  'internal: takes back what followed from these bounces: recipients sent to again (resend), or counted as sent; blocks lifted, held '
  'ones dropped; their tasks closed; the outbox emptied of what nobody has claimed. Locks in the order of record_report()';

CREATE OR REPLACE FUNCTION bounce.lift_block(address text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  b bounce.address_block;
BEGIN
  IF btrim(coalesce(lift_block.why, '')) = '' THEN
    RAISE EXCEPTION 'a reason is needed to lift the block on %', lift_block.address USING ERRCODE = 'invalid_parameter_value';
  END IF;
  UPDATE bounce.address_block AS k
  SET lifted_at = now(), lifted_by = session_user, lift_why = btrim(lift_block.why)
  WHERE k.address_key = bounce.address_key(lift_block.address) AND k.lifted_at IS NULL
  RETURNING k.* INTO b;
  IF FOUND THEN
    PERFORM bounce.write_log(c.id, NULL, 'block_lifted', format('%s: %s', b.address, b.lift_why))
    FROM bounce.communication AS c WHERE c.id = b.communication_id;
  END IF;
  RETURN b.id IS NOT NULL;
END
$$;

CREATE FUNCTION bounce.block_address(address text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF btrim(coalesce(block_address.why, '')) = '' THEN
    RAISE EXCEPTION 'a reason is needed to block %', block_address.address USING ERRCODE = 'invalid_parameter_value';
  ELSIF bounce.address_key(block_address.address) !~ '^[^@[:space:]]+@[^@[:space:]]+$' THEN
    RAISE EXCEPTION '"%" is not a mail address', block_address.address USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO bounce.address_block (address, why) VALUES (btrim(block_address.address, E' \t\r\n<>'), btrim(block_address.why))
  ON CONFLICT (address_key) WHERE lifted_at IS NULL DO NOTHING;
  RETURN FOUND;
END
$$;
COMMENT ON FUNCTION bounce.block_address(text, text) IS 'a person blocks an address; false when it was blocked already. 22023 without a reason';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bounce.request_resend(bigint, text, bigint), bounce.block_address(text, text) TO bounce_operator;
GRANT SELECT ON bounce.task_history TO bounce_operator;
