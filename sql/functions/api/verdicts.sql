-- SPDX-License-Identifier: BSD-2-Clause
--
-- For operators: correcting verdicts and undoing their consequences. Each call is one
-- transaction, and what was before is kept.

CREATE OR REPLACE FUNCTION bounce.undo_preview(
  since timestamptz, until timestamptz, of_domain text DEFAULT NULL, of_rule text DEFAULT NULL,
                                    of_diagnostic text DEFAULT NULL)
RETURNS TABLE (bounce_id bigint, received_at timestamptz, communication_id bigint, recipient text,
               reason text, class text, rule text,
               diagnostic text, lifts_block boolean, closes_task bigint, requeues boolean,
               kept_back bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp
  -- whatever the statistics say: what is asked about each of thousands is found by an index
  SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  PERFORM bounce_internal.require_period(since, until);
  RETURN QUERY
  WITH chosen AS (
    SELECT b.*, coalesce(r.address, b.recipient) AS at_fault, r.bounce_id = b.id
           AND r.state = 'bounced' AND r.requested_by IS NULL AS in_force
    FROM bounce.bounce AS b LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
    WHERE b.received_at >= coalesce(since, '-infinity')
      AND b.received_at < coalesce(until, 'infinity')
      AND b.class IN ('hard', 'soft', 'technical') AND NOT b.in_shadow
      AND (NOT b.is_notice OR b.reason = 'complaint')
      -- a person has said so as well
      AND NOT EXISTS (SELECT FROM bounce.task AS t WHERE t.id = b.task_id AND t.resolution = 'dead')
      AND (of_domain IS NULL
           OR bounce.address_domain(coalesce(r.address, b.recipient)) = lower(of_domain))
      AND (of_rule IS NULL OR b.rule = of_rule)
      AND (of_diagnostic IS NULL OR strpos(lower(b.diagnostic), lower(of_diagnostic)) > 0)),
  weighed AS (
    SELECT c.*, coalesce((SELECT bool_or(k.lifted_at IS NULL AND bounce_internal.block_heir(
                                   k.address_key, ARRAY(SELECT x.id FROM chosen AS x)) IS NULL)
                          FROM bounce.address_block AS k WHERE k.bounce_id = c.id), false)
                OR coalesce((SELECT bool_or(h.decision IS NULL) FROM bounce.held_block AS h
                             WHERE h.bounce_id = c.id), false) AS blocks,
           (SELECT t.id FROM bounce.task AS t WHERE t.id = c.task_id AND t.status <> 'done'
            AND t.kind <> 'outage' AND NOT bounce_internal.is_undone(c.id)
              AND NOT EXISTS (SELECT FROM bounce.bounce AS o
                              WHERE o.task_id = t.id AND o.id NOT IN (SELECT x.id FROM chosen AS x)
                              AND NOT bounce_internal.is_undone(o.id))) AS closes
    FROM chosen AS c)
  SELECT w.id, w.received_at, w.communication_id, w.at_fault, w.reason, w.class::text, w.rule,
         w.diagnostic,
         w.blocks, w.closes, coalesce(w.in_force, false),
         CASE WHEN w.blocks THEN (SELECT count(*) FROM bounce_internal.refused_for(
                                    ARRAY[bounce.address_key(w.at_fault)])) ELSE 0 END
  FROM weighed AS w
  WHERE w.blocks OR w.closes IS NOT NULL OR w.in_force
  ORDER BY w.id;
END $$;
COMMENT ON FUNCTION bounce.undo_preview(timestamptz, timestamptz, text, text, text) IS
  'operator: the bounces of a period whose consequences are still in force, and what '
  'undo_bounces() would undo; NULL: any. diagnostic is a part of the text, in any case. kept_back: '
  'mails that the block has kept back, and that go out when it is lifted. An '
  'address that a person has declared dead (resolve_task_dead) is not touched';

CREATE OR REPLACE FUNCTION bounce.undo_bounces(
  since timestamptz, until timestamptz, why text, domain text DEFAULT NULL, rule text DEFAULT NULL,
                                    diagnostic text DEFAULT NULL, resend boolean DEFAULT true,
                                    OUT undo_id bigint, OUT bounces bigint, OUT blocks bigint,
                                      OUT tasks bigint, OUT requeued bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'undo');
  chosen bigint[];
BEGIN
  IF since IS NULL AND until IS NULL AND domain IS NULL AND rule IS NULL AND diagnostic IS NULL THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('without any condition everything would be undone'),
      bounce_internal.say('Name a time at least.'));
  END IF;
  -- who asks twice at the same time, undoes once
  PERFORM pg_advisory_xact_lock(hashtext('bounce.undo_bounces'));
  chosen := ARRAY(SELECT p.bounce_id
                  FROM bounce.undo_preview(since, until, domain, rule, diagnostic) AS p);
  PERFORM bounce_internal.lock_mails_of(chosen);
  -- without what somebody else has taken back meanwhile
  chosen := ARRAY(SELECT p.bounce_id
                  FROM bounce.undo_preview(since, until, domain, rule, diagnostic) AS p
                  WHERE p.bounce_id = ANY (chosen));
  bounces := cardinality(chosen);
  blocks := 0;
  tasks := 0;
  requeued := 0;
  IF bounces = 0 THEN
    RETURN;
  END IF;
  INSERT INTO bounce.undo (why, conditions, bounces, undo_state)
  VALUES (because, jsonb_strip_nulls(jsonb_build_object('since', since, 'until', until, 'domain',
                                                        domain, 'rule', rule, 'diagnostic',
                                                        diagnostic)), chosen,
          bounce_internal.state_of_bounces(chosen))
  RETURNING id INTO undo_id;
  SELECT t.blocks, t.tasks, t.requeued INTO blocks, tasks, requeued
  FROM bounce_internal.undo_consequences(
    chosen, bounce_internal.say('undo %s: %s', undo_id::text, because), resend) AS t;
  PERFORM bounce_internal.close_empty_outages(
    bounce_internal.outages_of_bounces(chosen),
    bounce_internal.say('undo %s: %s', undo_id::text, because));
END $$;
COMMENT ON FUNCTION bounce.undo_bounces(timestamptz, timestamptz, text, text, text,
                                        text, boolean) IS
  'operator: undoes what undo_preview() shows, in one transaction: blocks lifted, held ones '
  'dropped, tasks closed, mails sent again (resend) or counted as sent; what the blocks had kept '
  'back is sent in any case. requeued: the mails that go out. When nothing is left to '
  'undo, all figures are 0 and undo_id is NULL. redo_bounces() takes it back. 22023 without a '
  'reason or without any condition';

CREATE OR REPLACE FUNCTION bounce.redo_bounces(
  undo_id bigint, why text, OUT bounces bigint, OUT blocks bigint, OUT tasks bigint,
  OUT restored bigint, OUT sent bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'take an undo back');
  u CONSTANT bounce.undo := bounce_internal.lock_undo(undo_id);
  reason CONSTANT text := bounce_internal.say('undo %s taken back: %s', u.id::text, because);
BEGIN
  bounces := cardinality(u.bounces);
  UPDATE bounce.undo AS q SET taken_back_at = now(), taken_back_by = session_user,
    taken_back_why = because, undo_state = NULL WHERE q.id = u.id;
  SELECT count(*) FILTER (WHERE r.done), count(*) FILTER (WHERE NOT r.done) INTO restored, sent
  FROM (SELECT bounce_internal.restore_recipient(w, reason) AS done
        FROM jsonb_array_elements(u.undo_state -> 'recipients') AS w
        ORDER BY (w ->> 'id')::bigint) AS r;
  blocks := bounce_internal.block_again(
    ARRAY(SELECT k.id FROM bounce.address_block AS k
          WHERE k.id IN (SELECT i::bigint
                         FROM jsonb_array_elements_text(u.undo_state -> 'blocks') AS i)
            AND k.lifted_at IN (u.at, k.blocked_at)));
  PERFORM bounce_internal.hold_again(u.bounces, u.at, reason);
  tasks := bounce_internal.reopen_undone_tasks(u, reason);
  PERFORM bounce_internal.restore_bounces(u);
  PERFORM bounce_internal.decide_again(u.bounces);
END $$;
COMMENT ON FUNCTION bounce.redo_bounces(bigint, text) IS
  'operator: takes back undo_bounces(): blocks, held blocks, tasks, follow-ups and recipients are '
  'as they were before; what was held for an outage that somebody has decided since is decided in '
  'the same way. Returns the number of bounces, blocks, tasks, mails restored, and of mails '
  'that were sent since and stay as they are (sent). P0002 for an unknown undo or one that was '
  'taken back, 22023 without a reason';

CREATE OR REPLACE FUNCTION bounce.reclassify(bounce_id bigint, reason text, why text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'reclassify');
  b CONSTANT bounce.bounce := bounce_internal.lock_bounce(bounce_id);
  verdict bounce_internal.finding := bounce_internal.finding_of_bounce(b);
BEGIN
  verdict.reason := bounce_internal.require_reason(coalesce(reclassify.reason, ''));
  -- who says that an address is dead, says that a temporary code was wrong
  verdict.permanence := CASE
                             WHEN (SELECT r.class FROM bounce.bounce_reason AS r
                                   WHERE r.reason = reclassify.reason) = 'hard'
                             THEN 'permanent' ELSE b.permanence END;
  verdict.rule := 'person';
  verdict.evidence := because;
  verdict := bounce_internal.classify(verdict,
                                      (SELECT m.kind FROM bounce.bounce_message AS m
                                       WHERE m.id = b.bounce_message_id
                                       AND m.received_at = b.received_at));
  IF (verdict.reason, verdict.class::text, verdict.is_notice) = (b.reason, b.class::text,
      b.is_notice) THEN
    RETURN bounce_internal.sentence('nothing to do, it is %w %w already', b.class::text, b.reason);
  END IF;
  verdict := bounce_internal.change_verdict(
    b, verdict, bounce_internal.say('reclassified: ') || because);
  RETURN bounce_internal.told(
    bounce_internal.say('%w %w -> %w %w: ', b.class::text, b.reason, verdict.class::text,
                        verdict.reason) || array_to_string(verdict.marked_steps, ', '));
END $$;
COMMENT ON FUNCTION bounce.reclassify(bigint, text, text) IS
  'operator: corrects the reason of a bounce (bounce.bounce.id) and its consequences: the old '
  'ones are undone, the new ones carried out as far as the report is trusted. Returns what was '
  'done; doing it again changes nothing. P0002 for an unknown bounce, 22023 for an unknown reason '
  'or without an explanation';

-- Replaying stored reports -----------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.reports_to_replay(
  since timestamptz, until timestamptz, after_id bigint DEFAULT 0, batch integer DEFAULT 100)
RETURNS TABLE (id bigint, raw bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce_internal.require_period(since, until),
    bounce_internal.require_count('how many reports', batch);
  RETURN QUERY SELECT m.id, m.raw FROM bounce.bounce_message AS m
  WHERE m.received_at >= coalesce(since, '-infinity')
    AND m.received_at < coalesce(until, 'infinity')
    AND m.id > after_id AND length(m.raw) > 0
  ORDER BY m.id LIMIT batch;
END $$;
COMMENT ON FUNCTION bounce.reports_to_replay(timestamptz, timestamptz, bigint, integer) IS
  'operator: stored messages whose raw text has not been erased, in the order of their ids';

CREATE OR REPLACE FUNCTION bounce.replay_differences(bounce_message_id bigint, report jsonb)
RETURNS TABLE (bounce_id bigint, recipient text, old_reason text, new_reason text, old_class text,
               new_class text, old_rule text, new_rule text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT (p.b).id, (p.f).recipient, coalesce((p.b).reason, ''), (p.f).reason,
         coalesce((p.b).class::text, ''), (p.f).class::text,
         coalesce((p.b).rule, ''), (p.f).rule
  FROM bounce_internal.replay_pairs(replay_differences.bounce_message_id, report) AS p
  WHERE (p.b).rule IS DISTINCT FROM 'person'
    AND ((p.b).reason, (p.b).class::text, coalesce((p.b).recipient_id, (p.f).recipient_id))
        IS DISTINCT FROM ((p.f).reason, (p.f).class::text, (p.f).recipient_id);
END $$;
COMMENT ON FUNCTION bounce.replay_differences(bigint, jsonb) IS
  'operator: how the classifier''s present document of a report differs from what was recorded; '
  'bounce_id NULL: a recipient not found then. What a person has reclassified is kept';

CREATE OR REPLACE FUNCTION bounce.replay_report(bounce_message_id bigint, report jsonb, why text)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'replay');
  fresh bounce_internal.finding[] := '{}';
  p record;
  applied integer := 0;
BEGIN
  PERFORM bounce_internal.lock_mails_of(ARRAY(
    SELECT b.id FROM bounce.bounce AS b
    WHERE b.bounce_message_id = replay_report.bounce_message_id));
  FOR p IN SELECT q.b, q.f
           FROM bounce_internal.replay_pairs(replay_report.bounce_message_id, report) AS q
           LEFT JOIN bounce.replay_differences(replay_report.bounce_message_id, report) AS d
             ON d.bounce_id = (q.b).id
           WHERE d.bounce_id IS NOT NULL OR (q.b).id IS NULL ORDER BY (q.f).recipient_id LOOP
    IF (p.b).id IS NULL THEN
      fresh := fresh || p.f;
    ELSE
      PERFORM bounce_internal.change_verdict(p.b, p.f,
                                             bounce_internal.say('replayed: ') || because);
      applied := applied + 1;
    END IF;
  END LOOP;
  fresh := bounce_internal.claim_findings(fresh);
  PERFORM bounce_internal.lock_communications(fresh);
  PERFORM bounce_internal.store_bounces(bounce_internal.process_findings(fresh));
  RETURN applied + cardinality(fresh);
END $$;
COMMENT ON FUNCTION bounce.replay_report(bigint, jsonb, text) IS
  'operator: applies replay_differences(): reasons corrected with their consequences, recipients '
  'not found then recorded as if they came now. Returns their number';

-- Rules ------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.rule_hits(pattern text, reason text, among integer DEFAULT 50000)
RETURNS TABLE (other_reason text, class text, bounces bigint, sample bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  own CONSTANT text := bounce_internal.require_reason(rule_hits.reason);
BEGIN
  RETURN QUERY
  SELECT w.reason, w.class::text, sum(w.bounces)::bigint, max(w.last)
  FROM (SELECT b.reason, b.class, b.diagnostic, count(*) AS bounces, max(b.id) AS last
        FROM (SELECT q.id, q.reason, q.class, q.diagnostic FROM bounce.bounce AS q
              ORDER BY q.id DESC
              LIMIT bounce_internal.require_count('how many bounces', among)) AS b
        WHERE b.reason <> own AND b.reason <> 'undetermined'
        GROUP BY b.reason, b.class, b.diagnostic OFFSET 0) AS w    -- the same words are read once
  WHERE regexp_replace(w.diagnostic, '[[:space:]]+', ' ', 'g') ~* pattern
  GROUP BY w.reason, w.class ORDER BY 3 DESC, 1;
EXCEPTION WHEN invalid_regular_expression THEN
  PERFORM bounce_internal.refuse('invalid_parameter_value',
    bounce_internal.say('"%s" is not a pattern: %s', pattern, SQLERRM),
    bounce_internal.say('Words as the other side writes them, and regular expressions.'));
END $$;
COMMENT ON FUNCTION bounce.rule_hits(text, text, integer) IS
  'operator: what a rule with this pattern would classify differently: stored bounces of other '
  'reasons that it matches, how many, and the last one. Only the latest bounces (among) are '
  'searched. 22023 for an invalid pattern or an unknown reason';
