-- SPDX-License-Identifier: BSD-2-Clause
--
-- Consequences per process: shadow mode, where everything is decided and logged
-- and nothing is done; processes whose mail goes out to blocked addresses as well;
-- jitter; the outbox for the application and for the process's owner.

INSERT INTO bounce.parameter_definition (name, type, default_value, minimum, maximum, per_process, description) VALUES
  ('shadow', 'boolean', 'off', NULL, NULL, true,
   'decide and log what follows from a bounce, and do nothing of it; bounce.shadow_consequence shows what would have been done'),
  ('block_exempt', 'boolean', 'off', NULL, NULL, true,
   'mail of this process (legal notices) may be sent to blocked addresses too; its own bounces block as block_hard says'),
  ('resend_jitter', 'number', '0.1', '0', '0.5', true,
   'each delay before a resend is made longer or shorter by up to this fraction, so that not all go out at once'),
  ('owner_notice', 'boolean', 'off', NULL, NULL, true,
   'write a row owner_notice of bounce.follow_up when a mail has failed for good, for whoever sends it to owner_mailbox');

-- The finding remembers its events, as the log has them, beside the words for people.
ALTER TYPE bounce.finding ADD ATTRIBUTE events text[], ADD ATTRIBUTE outage_id bigint, ADD ATTRIBUTE in_shadow boolean;
COMMENT ON COLUMN bounce.finding.events IS 'what followed so far, as in communication_log.event';
COMMENT ON COLUMN bounce.finding.outage_id IS 'the outage for which the block is held; NULL when it is not';
COMMENT ON COLUMN bounce.finding.in_shadow IS 'what followed was decided only';

ALTER TABLE bounce.bounce
  ADD COLUMN events    text[]  NOT NULL DEFAULT '{}',
  ADD COLUMN in_shadow boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN bounce.bounce.events IS 'what followed, as in communication_log.event';
COMMENT ON COLUMN bounce.bounce.in_shadow IS 'the process was in shadow mode: what followed was decided and not done';
CREATE INDEX bounce_shadow_idx ON bounce.bounce (received_at) WHERE in_shadow;
CREATE INDEX bounce_task_idx ON bounce.bounce (task_id) WHERE task_id IS NOT NULL;
COMMENT ON COLUMN bounce.communication_log.event IS
  'bounced, late_bounce, resend_scheduled, resent, blocked, block_withheld, block_held, task, follow_up, owner_notice, notice, auto_reply, '
  'unclassified, untrusted, unassigned, shadow; sent, error, resent, block_lifted, task_resolved, taken_back, corrected, reclassified, erased';

CREATE OR REPLACE FUNCTION bounce.step(INOUT f bounce.finding, event text, words text)
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM bounce.write_log(f.communication_id, f.recipient_id, event, words || ': ' || bounce.describe(f), f.bounce_id);
  f.steps := f.steps || words;
  f.events := f.events || event;
END
$$;

CREATE OR REPLACE FUNCTION bounce.store_bounces(message_id bigint, findings bounce.finding[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.bounce (id, bounce_message_id, communication_id, recipient_id, attempt, matched_by, trust, recipient,
    original_recipient, action, status, reply_code, diagnostic, remote_mta, reason, class, is_notice, permanence, rule, evidence,
    consequence, task_id, events, in_shadow)
  SELECT u.bounce_id, store_bounces.message_id, u.communication_id, u.recipient_id, u.attempt, u.matched_by, u.trust, u.recipient,
    u.original_recipient, u.action, u.status, u.reply_code, u.diagnostic, u.remote_mta, u.reason, u.class, u.is_notice,
    u.permanence, u.rule, u.evidence, array_to_string(u.steps, ', '), u.task_id, coalesce(u.events, '{}'), coalesce(u.in_shadow, false)
  FROM unnest(findings) AS u
  ORDER BY u.bounce_id;
END
$$;

-- Addresses that may be written to -------------------------------------------------------

CREATE FUNCTION bounce.may_write_to(address text, process text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN NOT bounce.is_address_blocked(may_write_to.address) OR bounce.parameter_boolean('block_exempt', may_write_to.process);
END
$$;
COMMENT ON FUNCTION bounce.may_write_to(text, text) IS
  'whether a process may send to this address now: it is not blocked, or the process is exempt (block_exempt)';

CREATE OR REPLACE VIEW bounce.scheduled_resend AS
SELECT r.next_attempt_at, r.attempts + 1 AS attempt, c.id AS communication_id, c.process, c.business_ref, c.subject,
       r.id AS recipient_id, r.address AS recipient, r.reason, r.diagnostic
FROM bounce.communication_recipient AS r
JOIN bounce.communication AS c ON c.id = r.communication_id
WHERE r.next_attempt_at IS NOT NULL AND bounce.may_write_to(r.address, c.process);

-- Resends ---------------------------------------------------------------------------------

CREATE FUNCTION bounce.spread(fraction numeric, seed bigint, turn integer) RETURNS float8
LANGUAGE sql IMMUTABLE
RETURN 1 + fraction::float8 * (abs(hashint8extended(seed, turn) % 2000001) / 1000000.0 - 1);
COMMENT ON FUNCTION bounce.spread(numeric, bigint, integer) IS
  'internal: a factor between 1 - fraction and 1 + fraction, spread evenly over the seeds and always the same for one';

CREATE FUNCTION bounce.resend_delay_of(f bounce.finding, resend integer) RETURNS interval
LANGUAGE sql STABLE
RETURN least(bounce.resend_delay(f.process, resend)
               * bounce.spread(bounce.parameter_number('resend_jitter', f.process), f.recipient_id, resend),
             bounce.parameter_interval('resend_max_delay', f.process));
COMMENT ON FUNCTION bounce.resend_delay_of(bounce.finding, integer) IS 'internal: resend_delay() with this recipient''s jitter, never beyond resend_max_delay';

CREATE OR REPLACE FUNCTION bounce.resend_obstacle(f bounce.finding, resend integer) RETURNS text
LANGUAGE sql STABLE
RETURN CASE
  WHEN NOT bounce.parameter_boolean('resend', f.process) THEN 'resend is off'
  WHEN NOT bounce.may(f, 'resend_min_trust') THEN format('trust is %s only', f.trust)
  WHEN NOT bounce.may_write_to(f.address, f.process) THEN 'the address is blocked'
  WHEN resend > bounce.parameter_integer('resend_max_attempts', f.process) THEN format('%s resends were made', resend - 1)
END;

CREATE OR REPLACE FUNCTION bounce.follow_soft(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
DECLARE
  resend integer;
  obstacle text;
  due timestamptz;
BEGIN
  IF NOT bounce.move_recipient(f) THEN
    f := bounce.step(f, 'late_bounce', 'logged, state stands');
    RETURN;
  END IF;
  f := bounce.step(f, 'bounced', 'bounced');
  SELECT r.attempts INTO resend FROM bounce.communication_recipient AS r WHERE r.id = f.recipient_id;
  obstacle := bounce.resend_obstacle(f, resend);
  IF obstacle IS NOT NULL THEN
    f := bounce.wish_task(f, 'resend_exhausted', f.recipient_id::text,
           format('%s is not sent to again, %s: %s', f.address, obstacle, bounce.describe(f)));
    RETURN;
  END IF;
  UPDATE bounce.communication_recipient AS r SET next_attempt_at = now() + bounce.resend_delay_of(f, resend)
  WHERE r.id = f.recipient_id RETURNING r.next_attempt_at INTO due;
  f := bounce.step(f, 'resend_scheduled', format('resend %s of %s at %s', resend,
         bounce.parameter_integer('resend_max_attempts', f.process), to_char(due, 'YYYY-MM-DD HH24:MI')));
END
$$;

-- The outbox ------------------------------------------------------------------------------

ALTER TABLE bounce.follow_up
  DROP CONSTRAINT follow_up_kind_check,
  ADD CONSTRAINT follow_up_kind_check CHECK (kind IN ('hard_bounce', 'owner_notice')),
  ADD COLUMN mailbox       text NOT NULL DEFAULT '',
  ADD COLUMN text          text NOT NULL DEFAULT '',
  ADD COLUMN claimed_by    text,
  ADD COLUMN lease_ends_at timestamptz,
  ADD COLUMN finished_at   timestamptz,
  ADD COLUMN result        text NOT NULL DEFAULT '',
  ADD CONSTRAINT claim_has_lease CHECK ((claimed_by IS NULL) = (lease_ends_at IS NULL));
COMMENT ON TABLE bounce.follow_up IS
  'outbox: hard_bounce for the application (parameter follow_up), owner_notice for the people behind the process (parameter '
  'owner_notice). One row per event, with a NOTIFY bounce_follow_up (payload: id); taken with claim_follow_up()';
COMMENT ON COLUMN bounce.follow_up.mailbox IS 'owner_notice: where to send it';
COMMENT ON COLUMN bounce.follow_up.text IS 'owner_notice: what to send';
COMMENT ON COLUMN bounce.follow_up.lease_ends_at IS 'until then it is the claimer''s; afterwards anybody''s again';
CREATE INDEX follow_up_bounce_idx ON bounce.follow_up (bounce_id);

CREATE FUNCTION bounce.put_follow_up(INOUT f bounce.finding, kind text, mailbox text, text text)
LANGUAGE plpgsql AS $$
DECLARE
  follow_up_id bigint;
BEGIN
  INSERT INTO bounce.follow_up (kind, communication_id, recipient_id, bounce_id, mailbox, text)
  VALUES (kind, f.communication_id, f.recipient_id, f.bounce_id, mailbox, text)
  RETURNING id INTO follow_up_id;
  PERFORM pg_notify('bounce_follow_up', follow_up_id::text);
  f := CASE kind WHEN 'owner_notice' THEN bounce.step(f, 'owner_notice', 'notice to ' || mailbox)
                 ELSE bounce.step(f, 'follow_up', 'follow-up ' || follow_up_id) END;
END
$$;
COMMENT ON FUNCTION bounce.put_follow_up(bounce.finding, text, text, text) IS 'internal: a row of the outbox, and the notification';

CREATE OR REPLACE FUNCTION bounce.write_follow_up(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce.put_follow_up(f, 'hard_bounce', '', '');
END
$$;

CREATE FUNCTION bounce.owner_text(f bounce.finding) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT format(E'The mail "%s" (%s) of %s to %s did not arrive: %s.\nThe other side said: %s\n',
                        c.subject, concat_ws(' ', c.process, nullif(c.business_ref, '')), to_char(c.created_at, 'YYYY-MM-DD'),
                        f.address, n.meaning, concat_ws(' ', nullif(f.status, ''), nullif(f.reply_code, ''), nullif(f.diagnostic, '')))
          FROM bounce.communication AS c, bounce.bounce_reason AS n
          WHERE c.id = f.communication_id AND n.reason = f.reason);
END
$$;

CREATE FUNCTION bounce.tell_owner(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
DECLARE
  mailbox CONSTANT text := bounce.parameter('owner_mailbox', f.process);
BEGIN
  IF 'bounced' = ANY (f.events) AND f.task_kind IN ('hard_bounce', 'delivery_problem', 'resend_exhausted')
     AND mailbox <> '' AND bounce.parameter_boolean('owner_notice', f.process) THEN
    f := bounce.put_follow_up(f, 'owner_notice', mailbox, bounce.owner_text(f));
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.tell_owner(bounce.finding) IS
  'internal: a notice to the process''s owner when a recipient has failed for good: not while a resend is due or a block is held';

CREATE FUNCTION bounce.claim_follow_up(claimer text, batch integer DEFAULT 10, lease interval DEFAULT '5 minutes', kinds text[] DEFAULT NULL)
RETURNS TABLE (id bigint, kind text, process text, business_ref text, communication_id bigint, recipient_id bigint, address text,
               reason text, diagnostic text, mailbox text, text text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY
  WITH due AS (
    SELECT u.id FROM bounce.follow_up AS u
    WHERE u.status = 'open' AND (u.lease_ends_at IS NULL OR u.lease_ends_at <= now())
      AND (claim_follow_up.kinds IS NULL OR u.kind = ANY (claim_follow_up.kinds))
    ORDER BY u.id LIMIT claim_follow_up.batch FOR UPDATE SKIP LOCKED),
  claimed AS (
    UPDATE bounce.follow_up AS u SET claimed_by = claim_follow_up.claimer, lease_ends_at = now() + claim_follow_up.lease
    FROM due WHERE u.id = due.id RETURNING u.*)
  SELECT u.id, u.kind, c.process, c.business_ref, c.id, r.id, r.address, r.reason, r.diagnostic, u.mailbox, u.text
  FROM claimed AS u
  JOIN bounce.communication AS c ON c.id = u.communication_id
  JOIN bounce.communication_recipient AS r ON r.id = u.recipient_id
  ORDER BY u.id;
END
$$;
COMMENT ON FUNCTION bounce.claim_follow_up(text, integer, interval, text[]) IS
  'takes what is in the outbox, oldest first, for as long as the lease lasts; two claimers never get the same row. kinds NULL: all. '
  'Then finish_follow_up() under the same name of claimer';

CREATE FUNCTION bounce.finish_follow_up(id bigint, claimer text, result text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  done bounce.follow_up;
BEGIN
  UPDATE bounce.follow_up AS u SET status = 'done', finished_at = now(), result = finish_follow_up.result
  WHERE u.id = finish_follow_up.id AND u.status = 'open' AND u.claimed_by = finish_follow_up.claimer
  RETURNING u.* INTO done;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM bounce.write_log(done.communication_id, done.recipient_id, done.kind || '_done',
                           concat_ws(': ', done.claimed_by, nullif(done.result, '')), done.bounce_id);
  RETURN true;
END
$$;
COMMENT ON FUNCTION bounce.finish_follow_up(bigint, text, text) IS
  'the claimer has done it. False when it is not the claimer''s: done already, or the lease was over and another one has it';

-- What follows, for real and in shadow ------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.follow_finding(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
BEGIN
  CASE
    WHEN f.class = 'auto_reply'   THEN f := bounce.step(f, 'auto_reply', 'logged');
    WHEN f.is_notice              THEN f := bounce.step(f, 'notice', 'logged');
    WHEN f.class = 'unclassified' THEN f := bounce.step(f, 'unclassified', 'for a person to read');
    WHEN f.recipient_id IS NULL   THEN f := bounce.follow_unmatched(f);
    WHEN NOT bounce.may(f, 'mark_min_trust') THEN f := bounce.follow_untrusted(f);
    WHEN f.class = 'hard'         THEN f := bounce.follow_hard(f);
    WHEN f.class = 'soft'         THEN f := bounce.follow_soft(f);
    WHEN f.class = 'technical'    THEN f := bounce.follow_technical(f);
  END CASE;
  f := bounce.tell_owner(f);
END
$$;

CREATE FUNCTION bounce.follow_really(findings bounce.finding[]) RETURNS bounce.finding[]
LANGUAGE plpgsql AS $$
DECLARE
  followed bounce.finding[] := '{}';
  blocked bounce.finding[] := '{}';
  f bounce.finding;
BEGIN
  FOR f IN SELECT * FROM unnest(findings) AS u ORDER BY u.recipient_id, u.bounce_id LOOP
    followed := followed || bounce.follow_finding(f);
  END LOOP;
  FOR f IN SELECT * FROM unnest(followed) AS u ORDER BY u.address, u.bounce_id LOOP
    blocked := blocked || CASE WHEN f.blocks THEN bounce.make_block(f) ELSE f END;
  END LOOP;
  RETURN bounce.make_tasks(blocked);
END
$$;
COMMENT ON FUNCTION bounce.follow_really(bounce.finding[]) IS
  'internal: recipients first, then blocks, then tasks, each in ascending order';

CREATE FUNCTION bounce.follow_in_shadow(findings bounce.finding[]) RETURNS bounce.finding[]
LANGUAGE plpgsql AS $$
DECLARE
  followed bounce.finding[];
  decided bounce.finding[] := '{}';
  f bounce.finding;
BEGIN
  -- It is done and taken back: only so is the decision sure to be the one that would have been made.
  BEGIN
    followed := bounce.follow_really(findings);
    RAISE EXCEPTION 'shadow mode' USING ERRCODE = 'BM001';
  EXCEPTION WHEN SQLSTATE 'BM001' THEN
    NULL;     -- variables keep their values, the tables do not
  END;
  FOREACH f IN ARRAY followed LOOP
    PERFORM bounce.write_log(f.communication_id, f.recipient_id, 'shadow', 'not done, would be: ' || u.words, f.bounce_id)
    FROM unnest(f.steps) WITH ORDINALITY AS u (words, place) ORDER BY u.place;
    f.in_shadow := true;
    f.task_id := NULL;
    decided := decided || f;
  END LOOP;
  RETURN decided;
END
$$;
COMMENT ON FUNCTION bounce.follow_in_shadow(bounce.finding[]) IS 'internal: decides and logs what would follow, and does nothing';

CREATE OR REPLACE FUNCTION bounce.follow_all(findings bounce.finding[]) RETURNS bounce.finding[]
LANGUAGE plpgsql AS $$
DECLARE
  shadowed CONSTANT bigint[] := ARRAY(SELECT u.bounce_id FROM unnest(findings) AS u
    WHERE u.class IN ('hard', 'soft', 'technical') AND NOT u.is_notice AND bounce.parameter_boolean('shadow', u.process));
  followed bounce.finding[];
BEGIN
  followed := bounce.follow_really(ARRAY(SELECT u FROM unnest(findings) AS u WHERE u.bounce_id <> ALL (shadowed)));
  IF cardinality(shadowed) > 0 THEN
    followed := followed || bounce.follow_in_shadow(ARRAY(SELECT u FROM unnest(findings) AS u WHERE u.bounce_id = ANY (shadowed)));
  END IF;
  RETURN followed;
END
$$;
COMMENT ON FUNCTION bounce.follow_all(bounce.finding[]) IS
  'internal: what follows from findings, of which the communications and recipients are locked: for real, or in shadow where the process says so';

CREATE VIEW bounce.shadow_consequence AS
SELECT b.id AS bounce_id, b.received_at, c.process, b.communication_id, coalesce(r.address, b.recipient) AS address,
       b.class, b.reason, b.trust,
       'blocked' = ANY (b.events) AS would_block, 'resend_scheduled' = ANY (b.events) AS would_resend,
       'task' = ANY (b.events) AS would_make_task, 'follow_up' = ANY (b.events) AS would_follow_up,
       'owner_notice' = ANY (b.events) AS would_tell_owner, b.consequence
FROM bounce.bounce AS b
LEFT JOIN bounce.communication AS c ON c.id = b.communication_id
LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
WHERE b.in_shadow;
COMMENT ON VIEW bounce.shadow_consequence IS 'what would have been done, had the process not been in shadow mode';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bounce.may_write_to(text, text) TO bounce_application, bounce_operator;
GRANT EXECUTE ON FUNCTION bounce.claim_follow_up(text, integer, interval, text[]), bounce.finish_follow_up(bigint, text, text) TO bounce_application;
REVOKE UPDATE (status) ON bounce.follow_up FROM bounce_application;
GRANT SELECT ON bounce.shadow_consequence TO bounce_operator;
