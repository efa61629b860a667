-- SPDX-License-Identifier: BSD-2-Clause
--
-- Correcting verdicts, one by one or in bulk; what was before is kept.

-- Undoing ----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.finding_of_bounce(b bounce.bounce)
RETURNS bounce_internal.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
  f bounce_internal.finding;
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
  f.return_date := b.return_date;
  f.new_address := b.new_address;
  f.communication_id := b.communication_id;
  f.recipient_id := b.recipient_id;
  f.attempt := b.attempt;
  f.matched_by := b.matched_by;
  f.trust := b.trust;
  f.bounce_id := b.id;
  f.steps := '{}';
  f.marked_steps := '{}';
  f.events := '{}';
  f.blocks := false;
  SELECT c.process INTO f.process FROM bounce.communication AS c WHERE c.id = b.communication_id;
  SELECT r.address_key INTO f.address FROM bounce.communication_recipient AS r
  WHERE r.id = b.recipient_id;
  f.address := coalesce(f.address, bounce.address_key(b.recipient));
  f.policy := bounce_internal.policy_of(f.process);
  SELECT n.meaning INTO f.meaning FROM bounce.bounce_reason AS n WHERE n.reason = b.reason;
  RETURN f;
END $$;
COMMENT ON FUNCTION bounce_internal.finding_of_bounce(bounce.bounce) IS
  'the finding that a stored bounce was made from, without consequences';

CREATE OR REPLACE FUNCTION bounce_internal.lift_time(b bounce.address_block) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT greatest(now(), (b).blocked_at)
$$;
COMMENT ON FUNCTION bounce_internal.lift_time(bounce.address_block) IS
  'when a block that is lifted now is lifted: not before it was made, which a transaction may have '
  'done that began later and ended earlier';

CREATE OR REPLACE FUNCTION bounce_internal.lift_blocks_of(bounce_ids bigint[], why text)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  blocks CONSTANT bigint[] := ARRAY(
    SELECT k.id FROM bounce.address_block AS k
    WHERE k.bounce_id = ANY (bounce_ids) AND k.lifted_at IS NULL
    ORDER BY k.address_key, k.id FOR UPDATE);
  -- before any is lifted, which would stand against them
  heirs CONSTANT bigint[] := ARRAY(
    SELECT bounce_internal.block_heir(k.address_key, bounce_ids) FROM bounce.address_block AS k
    WHERE k.id = ANY (blocks) ORDER BY k.address_key, k.id);
  lifted CONSTANT bounce.address_block[] := bounce_internal.lift_and_log(blocks, why);
  freed bounce.address_block[];
  mistaken bounce.address_block[];     -- blocked by a verdict that is taken back
BEGIN
  PERFORM bounce_internal.log_steps(ARRAY[
    bounce_internal.make_block(bounce_internal.finding_of_bounce(b))])
  FROM bounce.bounce AS b WHERE b.id = ANY (heirs);
  SELECT array_agg(k) FILTER (WHERE k.blocked_at <= b.received_at),
         array_agg(k) FILTER (WHERE k.blocked_at > b.received_at) INTO freed, mistaken
  FROM unnest(lifted) AS k JOIN unnest(blocks, heirs) AS u (id, heir) ON u.id = k.id
  JOIN bounce.bounce AS b ON b.id = k.bounce_id
  WHERE u.heir IS NULL;
  PERFORM bounce_internal.follow_lifted(freed, false),
          bounce_internal.follow_lifted(mistaken, true);
  RETURN coalesce(cardinality(freed), 0) + coalesce(cardinality(mistaken), 0);
END $$;
COMMENT ON FUNCTION bounce_internal.lift_blocks_of(bigint[], text) IS
  'lifts the blocks that these bounces created. Returns their number. If another bounce is a '
  'reason to block, it takes over the block';

CREATE OR REPLACE FUNCTION bounce_internal.close_tasks_of(bounce_ids bigint[], why text)
RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
  -- a task that other bounces are gathered in as well stays, until the last of them is taken back
  RETURN (SELECT count((bounce_internal.close_task(t.id, 'taken back', why)).id)
          FROM (SELECT q.id FROM bounce.task AS q
                WHERE q.status = 'open' AND q.kind <> 'outage'
                  AND q.id IN (SELECT b.task_id FROM bounce.bounce AS b
                               WHERE b.id = ANY (bounce_ids))
                  AND NOT EXISTS (SELECT FROM bounce.bounce AS o
                                  WHERE o.task_id = q.id AND o.id <> ALL (bounce_ids)
                                  AND NOT bounce_internal.is_undone(o.id))
                ORDER BY q.dedup_key) AS t);
END $$;
COMMENT ON FUNCTION bounce_internal.close_tasks_of(bigint[], text) IS
  'closes the tasks that only these bounces justify. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.blocked_by(bounce_ids bigint[]) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(SELECT k.address_key FROM bounce.address_block AS k
               WHERE k.bounce_id = ANY (bounce_ids) AND k.lifted_at IS NULL);
END $$;
COMMENT ON FUNCTION bounce_internal.blocked_by(bigint[]) IS
  'the keys of the addresses that these bounces have blocked';

CREATE OR REPLACE FUNCTION bounce_internal.lock_mails_of(bounce_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM bounce_internal.announce_mails(cardinality(bounce_ids));
  PERFORM FROM bounce.communication AS c
  WHERE c.id = ANY (ARRAY(SELECT b.communication_id FROM bounce.bounce AS b
                          WHERE b.id = ANY (bounce_ids)))
  ORDER BY c.id FOR NO KEY UPDATE;
  PERFORM FROM bounce.communication_recipient AS q
  WHERE q.id = ANY (ARRAY(SELECT b.recipient_id FROM bounce.bounce AS b
                          WHERE b.id = ANY (bounce_ids)))
  ORDER BY q.id FOR NO KEY UPDATE;
END $$;
COMMENT ON FUNCTION bounce_internal.lock_mails_of(bigint[]) IS
  'locks the communications and recipients of these bounces, as record_report() does. Who changes '
  'several mails locks all of them at once, before anything else, and reads them afterwards: '
  'before, somebody else may be changing them';

CREATE OR REPLACE FUNCTION bounce_internal.undo_consequences(
  bounce_ids bigint[], why text, resend boolean,
                                 OUT blocks bigint, OUT tasks bigint, OUT requeued bigint)
LANGUAGE plpgsql AS $$
DECLARE
  recipients CONSTANT bigint[] := ARRAY(SELECT b.recipient_id FROM bounce.bounce AS b
                                        WHERE b.id = ANY (bounce_ids));
  bounced bigint[];     -- those of them whose bounces these are still, and the bounces
  their_bounces bigint[];
  kept_back bigint[];
BEGIN
  requeued := 0;
  PERFORM bounce_internal.lock_mails_of(bounce_ids);
  kept_back := ARRAY(SELECT bounce_internal.refused_for(bounce_internal.blocked_by(bounce_ids)));
  WITH told AS (
    INSERT INTO bounce.communication_log (communication_id, recipient_id, event, text, bounce_id)
    SELECT q.communication_id, q.id, 'taken_back', why, q.bounce_id
    FROM bounce.communication_recipient AS q
    WHERE q.id = ANY (recipients) AND q.bounce_id = ANY (bounce_ids) AND q.state = 'bounced'
    ORDER BY q.id
    RETURNING recipient_id, bounce_id)
  SELECT array_agg(t.recipient_id), array_agg(t.bounce_id) INTO bounced, their_bounces
  FROM told AS t;
  IF resend THEN
    requeued := bounce_internal.request_resends(bounced, their_bounces, why);
  ELSE
    PERFORM bounce_internal.withdraw_bounces(bounced);
  END IF;
  UPDATE bounce.held_block AS h SET decision = 'dropped', decided_at = now()
  WHERE h.bounce_id = ANY (bounce_ids) AND h.decision IS NULL;
  blocks := bounce_internal.lift_blocks_of(bounce_ids, why);
  requeued := requeued + bounce_internal.let_go_of(kept_back);
  tasks := bounce_internal.close_tasks_of(bounce_ids, why);
  PERFORM bounce_internal.forget_soft_bounces(bounce_ids);
  UPDATE bounce.communication_recipient AS q SET delivered_at = NULL FROM bounce.bounce AS b
  WHERE b.id = ANY (bounce_ids) AND 'delivered' = ANY (b.events) AND q.id = b.recipient_id;
  -- one whose lease is over may have died before it began: the next must not do what is taken back
  UPDATE bounce.follow_up AS u SET status = 'done', finished_at = now(), is_moot = true,
    result = bounce_internal.plain('taken back: ' || why)
  WHERE u.bounce_id = ANY (bounce_ids) AND u.status = 'open' AND u.kind <> 'corrected'
    AND (u.claimed_by IS NULL OR u.lease_expire_time <= now());
END $$;
COMMENT ON FUNCTION bounce_internal.undo_consequences(bigint[], text, boolean) IS
  'undoes the consequences of these bounces: recipients sent to again (resend) or counted as '
  'sent; blocks lifted, held ones dropped; their tasks closed; unclaimed rows of the outbox '
  'removed. requeued: mails that go out by it, those that a block had kept back as well. Locks in '
  'the order of record_report()';

CREATE OR REPLACE FUNCTION bounce_internal.is_undone(bounce_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.undo AS u
                 WHERE is_undone.bounce_id = ANY (u.bounces) AND u.taken_back_at IS NULL
                   AND NOT EXISTS (SELECT FROM bounce.verdict_change AS v
                                   WHERE v.bounce_id = is_undone.bounce_id AND v.at >= u.at));
END $$;
COMMENT ON FUNCTION bounce_internal.is_undone(bigint) IS
  'whether undo_bounces() undid this bounce, and it has not been reclassified since';

CREATE OR REPLACE FUNCTION bounce_internal.block_heir(address_key text, taken_back bigint[])
RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT max(b.id) FILTER (
                   WHERE r.state = 'bounced' AND r.class = 'hard' AND r.requested_by IS NULL
                     AND b.class = 'hard' AND NOT b.in_shadow
                     AND bounce_internal.block_obstacle(bounce_internal.finding_of_bounce(b))
                         IS NULL)
          FROM bounce.communication_recipient AS r JOIN bounce.bounce AS b ON b.id = r.bounce_id
          WHERE r.address_key = block_heir.address_key AND r.bounce_id <> ALL (taken_back));
END $$;
COMMENT ON FUNCTION bounce_internal.block_heir(text, bigint[]) IS
  'another bounce that would have blocked the address if it had not been blocked already; NULL '
  'when there is none';

-- Correcting -------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.lock_bounce(bounce_id bigint) RETURNS bounce.bounce
LANGUAGE plpgsql AS $$
DECLARE
  b bounce.bounce;
BEGIN
  -- communications come first wherever something is locked; then it is read as it stands
  PERFORM FROM bounce.communication AS c
  WHERE c.id = (SELECT q.communication_id FROM bounce.bounce AS q
                WHERE q.id = lock_bounce.bounce_id) FOR NO KEY UPDATE;
  SELECT q.* INTO b FROM bounce.bounce AS q WHERE q.id = lock_bounce.bounce_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM bounce_internal.refuse('no_data_found',
      bounce_internal.say('no bounce %s', lock_bounce.bounce_id::text),
      bounce_internal.say('bouncectl bounces lists them.'));
  END IF;
  RETURN b;
END $$;
COMMENT ON FUNCTION bounce_internal.lock_bounce(bigint) IS
  'a stored bounce, locked, to be reclassified. P0002';

CREATE OR REPLACE FUNCTION bounce_internal.adopt_match(
  b bounce.bounce, verdict bounce_internal.finding) RETURNS bounce.bounce
LANGUAGE plpgsql AS $$
DECLARE
  adopted bounce.bounce;
BEGIN
  UPDATE bounce.bounce AS q SET communication_id = verdict.communication_id,
    recipient_id = verdict.recipient_id, attempt = verdict.attempt,
         matched_by = verdict.matched_by, trust = verdict.trust, recipient = verdict.recipient
  WHERE q.id = b.id AND q.received_at = b.received_at AND q.recipient_id IS NULL
    AND verdict.recipient_id IS NOT NULL
  RETURNING q.* INTO adopted;
  RETURN CASE WHEN FOUND THEN adopted ELSE b END;
END $$;
COMMENT ON FUNCTION bounce_internal.adopt_match(bounce.bounce, bounce_internal.finding) IS
  'gives an unmatched bounce the communication found since; a matched one keeps its own';

CREATE OR REPLACE FUNCTION bounce_internal.change_verdict(
  b bounce.bounce, verdict bounce_internal.finding, why text) RETURNS bounce_internal.finding
LANGUAGE plpgsql AS $$
DECLARE
  f bounce_internal.finding :=
    bounce_internal.finding_of_bounce(bounce_internal.adopt_match(b, verdict));
BEGIN
  PERFORM bounce_internal.undo_consequences(ARRAY[b.id], why, false);
  f.reason := verdict.reason;
  f.meaning := verdict.meaning;
  f.class := verdict.class;
  f.is_notice := verdict.is_notice;
  f.permanence := verdict.permanence;
  f.rule := verdict.rule;
  f.evidence := verdict.evidence;
  f.return_date := coalesce(verdict.return_date, f.return_date);
  f.new_address := coalesce(verdict.new_address, f.new_address);
  PERFORM bounce_internal.write_log(f.communication_id, f.recipient_id, 'reclassified',
    bounce_internal.say('%w %w (rule %s) -> %w %w (rule %s)', b.class::text, b.reason,
                        coalesce(nullif(b.rule, ''), '-'), f.class::text, f.reason,
                        coalesce(nullif(f.rule, ''), '-')) || ': ' || why, b.id);
  f := (bounce_internal.process_findings(ARRAY[f]))[1];
  INSERT INTO bounce.verdict_change (bounce_id, why, old_reason, new_reason, old_class, new_class,
                                     old_rule, new_rule,
                                     old_trust, old_matched_by, old_evidence, old_consequence)
  VALUES (b.id, bounce_internal.plain(change_verdict.why), b.reason, f.reason, b.class, f.class,
          b.rule, f.rule, b.trust, b.matched_by, b.evidence, b.consequence);
  UPDATE bounce.bounce AS q
  SET reason = f.reason, class = f.class, is_notice = f.is_notice, permanence = f.permanence,
      rule = f.rule, evidence = f.evidence, has_left = f.reason = 'has_left',
      return_date = f.return_date, new_address = f.new_address,
      consequence = array_to_string(f.steps, ', '),
      events = coalesce(f.events, '{}'),
      task_id = f.task_id, in_shadow = coalesce(f.in_shadow, false)
  WHERE q.id = b.id AND q.received_at = b.received_at;
  -- no bounce is inserted, whose trigger would do it
  PERFORM bounce_internal.derive_communication(f.communication_id);
  PERFORM bounce_internal.close_empty_outages(bounce_internal.outages_of_bounces(ARRAY[b.id]), why);
  RETURN f;
END $$;
COMMENT ON FUNCTION bounce_internal.change_verdict(bounce.bounce, bounce_internal.finding, text) IS
  'undoes the consequences of a bounce and carries out those of the new classification, with the '
  'trust of the bounce';

-- Replaying --------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.replay_findings(bounce_message_id bigint, report jsonb)
RETURNS SETOF bounce_internal.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
  m bounce.bounce_message;
BEGIN
  SELECT q.* INTO m FROM bounce.bounce_message AS q WHERE q.id = replay_findings.bounce_message_id;
  IF NOT FOUND THEN
    PERFORM bounce_internal.refuse('no_data_found',
      bounce_internal.say('no report %s', replay_findings.bounce_message_id::text));
  END IF;
  -- how it came in is not in the message: envelope and the mark of our own MTA stay as they were
  RETURN QUERY SELECT * FROM unnest(bounce_internal.findings_of(
    bounce_internal.complete_document(report, m.raw)
      || jsonb_build_object('source', m.source, 'digest', m.digest,
      'envelope', coalesce(m.report -> 'envelope',
                           jsonb_build_object('sender', m.envelope_sender, 'recipients',
                                              to_jsonb(m.envelope_recipients),
        'queue_id', m.queue_id, 'client', m.client, 'own_mta', m.own_mta))), m.id));
END $$;
COMMENT ON FUNCTION bounce_internal.replay_findings(bigint, jsonb) IS
  'the findings of a new document, with the envelope of the stored report';

CREATE OR REPLACE FUNCTION bounce_internal.replay_pairs(bounce_message_id bigint, report jsonb)
RETURNS TABLE (b bounce.bounce, f bounce_internal.finding)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- the same recipient by the same words; else the only one there was for the only one there is
  RETURN QUERY
  WITH old AS (SELECT q AS row,
               row_number() OVER (PARTITION BY lower(q.recipient) ORDER BY q.id) AS place,
               count(*) OVER () AS total
               FROM bounce.bounce AS q WHERE q.bounce_message_id = replay_pairs.bounce_message_id),
       new AS (SELECT n AS row, row_number() OVER (PARTITION BY lower(n.recipient)) AS place,
               count(*) OVER () AS total
               FROM bounce_internal.replay_findings(replay_pairs.bounce_message_id, report) AS n)
  SELECT old.row, new.row FROM new LEFT JOIN old
    ON lower((old.row).recipient) = lower((new.row).recipient) AND old.place = new.place
      OR old.total = 1 AND new.total = 1;
END $$;
COMMENT ON FUNCTION bounce_internal.replay_pairs(bigint, jsonb) IS
  'the new findings, each with the stored bounce it corresponds to, if there is one';
