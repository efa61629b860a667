-- SPDX-License-Identifier: BSD-2-Clause
--
-- Setting verdicts right, one by one or in bulk: each is one transaction, and what was is kept.

CREATE OR REPLACE FUNCTION bounce.is_undone(bounce_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.undo AS u
                 WHERE is_undone.bounce_id = ANY (u.bounces)
                   AND NOT EXISTS (SELECT FROM bounce.verdict_change AS v WHERE v.bounce_id = is_undone.bounce_id AND v.at >= u.at));
END
$$;
COMMENT ON FUNCTION bounce.is_undone(bigint) IS 'internal: whether undo_bounces() took it back, and it was not judged anew since';

CREATE OR REPLACE FUNCTION bounce.close_tasks_of(bounce_ids bigint[], why text) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
  -- a task that other bounces are gathered in as well stays, until the last of them is taken back
  RETURN (SELECT count((bounce.close_task(t.id, 'taken back', why)).id)
          FROM (SELECT q.id FROM bounce.task AS q
                WHERE q.status = 'open' AND q.kind <> 'outage' AND q.id IN (SELECT b.task_id FROM bounce.bounce AS b WHERE b.id = ANY (bounce_ids))
                  AND NOT EXISTS (SELECT FROM bounce.bounce AS o WHERE o.task_id = q.id AND o.id <> ALL (bounce_ids) AND NOT bounce.is_undone(o.id))
                ORDER BY q.dedup_key) AS t);
END
$$;
COMMENT ON FUNCTION bounce.close_tasks_of(bigint[], text) IS 'internal: closes the tasks that only these bounces still stand behind; how many';

CREATE OR REPLACE FUNCTION bounce.block_heir(address_key text, taken_back bigint[]) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT max(b.id)
          FROM bounce.communication_recipient AS r JOIN bounce.bounce AS b ON b.id = r.bounce_id
          WHERE r.address_key = block_heir.address_key AND r.state = 'bounced' AND r.class = 'hard' AND r.requested_by IS NULL
            AND b.id <> ALL (taken_back) AND b.class = 'hard' AND NOT b.in_shadow AND bounce.block_obstacle(bounce.finding_of_bounce(b)) IS NULL);
END
$$;
COMMENT ON FUNCTION bounce.block_heir(text, bigint[]) IS
  'internal: another bounce in force that would have blocked the address, had it not been blocked already; NULL when there is none';

CREATE OR REPLACE FUNCTION bounce.lift_blocks_of(bounce_ids bigint[], why text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  b bounce.address_block;
  heir bigint;
  lifted bigint := 0;
BEGIN
  FOR b IN SELECT * FROM bounce.address_block AS k WHERE k.bounce_id = ANY (bounce_ids) AND k.lifted_at IS NULL
           ORDER BY k.address_key FOR UPDATE LOOP
    heir := bounce.block_heir(b.address_key, bounce_ids);
    UPDATE bounce.address_block AS k SET lifted_at = now(), lifted_by = session_user, lift_why = lift_blocks_of.why WHERE k.id = b.id;
    PERFORM bounce.write_log(c.id, NULL, 'block_lifted', format('%s: %s', b.address, lift_blocks_of.why))
    FROM bounce.communication AS c WHERE c.id = b.communication_id;
    IF heir IS NULL THEN
      lifted := lifted + 1;
    ELSE
      PERFORM bounce.make_block(bounce.finding_of_bounce(o)) FROM bounce.bounce AS o WHERE o.id = heir;
    END IF;
  END LOOP;
  RETURN lifted;
END
$$;
COMMENT ON FUNCTION bounce.lift_blocks_of(bigint[], text) IS
  'internal: lifts the blocks that these bounces made; how many. Where another bounce stands that says the same, it blocks in their place';

CREATE OR REPLACE FUNCTION bounce.take_back(bounce_ids bigint[], why text, resend boolean,
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
  -- whose lease is over may have died before he began: the next one must not do what is taken back
  UPDATE bounce.follow_up AS u SET status = 'done', finished_at = now(), result = 'taken back: ' || why
  WHERE u.bounce_id = ANY (bounce_ids) AND u.status = 'open' AND (u.claimed_by IS NULL OR u.lease_ends_at <= now());
END
$$;
COMMENT ON FUNCTION bounce.take_back(bigint[], text, boolean) IS
  'internal: takes back what followed from these bounces: recipients sent to again (resend), or counted as sent; blocks lifted, held '
  'ones dropped; their tasks closed; the outbox emptied of what nobody has in hand. Locks in the order of record_report()';

CREATE OR REPLACE FUNCTION bounce.undo_preview(since timestamptz, until timestamptz, of_domain text DEFAULT NULL, of_rule text DEFAULT NULL,
                                    of_diagnostic text DEFAULT NULL)
RETURNS TABLE (bounce_id bigint, received_at timestamptz, communication_id bigint, recipient text, reason text, class text, rule text,
               diagnostic text, lifts_block boolean, closes_task bigint, requeues boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM bounce.need_period(since, until);
  RETURN QUERY
  WITH chosen AS (
    SELECT b.*, coalesce(r.address, b.recipient) AS at_fault, r.bounce_id = b.id AND r.state = 'bounced' AND r.requested_by IS NULL AS in_force
    FROM bounce.bounce AS b LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
    WHERE b.received_at >= coalesce(since, '-infinity') AND b.received_at < coalesce(until, 'infinity')
      AND b.class IN ('hard', 'soft', 'technical') AND NOT b.is_notice AND NOT b.in_shadow
      -- a person has said so as well
      AND NOT EXISTS (SELECT FROM bounce.task AS t WHERE t.id = b.task_id AND t.resolution = 'dead')
      AND (of_domain IS NULL OR bounce.address_domain(coalesce(r.address, b.recipient)) = lower(of_domain))
      AND (of_rule IS NULL OR b.rule = of_rule)
      AND (of_diagnostic IS NULL OR strpos(lower(b.diagnostic), lower(of_diagnostic)) > 0)),
  weighed AS (
    SELECT c.*, EXISTS (SELECT FROM bounce.address_block AS k WHERE k.bounce_id = c.id AND k.lifted_at IS NULL
                              AND bounce.block_heir(k.address_key, ARRAY(SELECT x.id FROM chosen AS x)) IS NULL)
                OR EXISTS (SELECT FROM bounce.held_block AS h WHERE h.bounce_id = c.id AND h.decision IS NULL) AS blocks,
           (SELECT t.id FROM bounce.task AS t WHERE t.id = c.task_id AND t.status = 'open' AND t.kind <> 'outage' AND NOT bounce.is_undone(c.id)
              AND NOT EXISTS (SELECT FROM bounce.bounce AS o WHERE o.task_id = t.id AND o.id NOT IN (SELECT x.id FROM chosen AS x)
                              AND NOT bounce.is_undone(o.id))) AS closes
    FROM chosen AS c)
  SELECT w.id, w.received_at, w.communication_id, w.at_fault, w.reason, w.class::text, w.rule, w.diagnostic,
         w.blocks, w.closes, coalesce(w.in_force, false)
  FROM weighed AS w
  WHERE w.blocks OR w.closes IS NOT NULL OR w.in_force
  ORDER BY w.id;
END
$$;
COMMENT ON FUNCTION bounce.undo_preview(timestamptz, timestamptz, text, text, text) IS
  'the bounces of a time from which something followed that still stands, and what undo_bounces() would take back; NULL: any. '
  'diagnostic is a part of the text, in any case. An address that a person has called dead (resolve_task_dead) stays so';

CREATE OR REPLACE FUNCTION bounce.undo_bounces(since timestamptz, until timestamptz, why text, domain text DEFAULT NULL, rule text DEFAULT NULL,
                                    diagnostic text DEFAULT NULL, resend boolean DEFAULT true,
                                    OUT undo_id bigint, OUT bounces bigint, OUT blocks bigint, OUT tasks bigint, OUT requeued bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce.need_why(why, 'undo');
  chosen bigint[];
BEGIN
  IF since IS NULL AND until IS NULL AND domain IS NULL AND rule IS NULL AND diagnostic IS NULL THEN
    RAISE EXCEPTION 'without any condition everything would be undone' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Name a time at least.';
  END IF;
  -- who asks twice at the same time, undoes once
  PERFORM pg_advisory_xact_lock(hashtext('bounce.undo_bounces'));
  chosen := ARRAY(SELECT p.bounce_id FROM bounce.undo_preview(since, until, domain, rule, diagnostic) AS p);
  bounces := cardinality(chosen);
  blocks := 0;
  tasks := 0;
  requeued := 0;
  IF bounces = 0 THEN
    RETURN;
  END IF;
  INSERT INTO bounce.undo (why, conditions, bounces)
  VALUES (because, jsonb_strip_nulls(jsonb_build_object('since', since, 'until', until, 'domain', domain, 'rule', rule, 'diagnostic', diagnostic)), chosen)
  RETURNING id INTO undo_id;
  SELECT t.blocks, t.tasks, t.requeued INTO blocks, tasks, requeued
  FROM bounce.take_back(chosen, format('undo %s: %s', undo_id, because), resend) AS t;
  PERFORM bounce.close_empty_outages(chosen, format('undo %s: %s', undo_id, because));
END
$$;
COMMENT ON FUNCTION bounce.undo_bounces(timestamptz, timestamptz, text, text, text, text, boolean) IS
  'takes back what undo_preview() shows, all in one transaction: blocks lifted, held ones dropped, tasks closed, mails sent again '
  '(resend) or counted as sent. Where nothing is left to undo, all is 0 and undo_id NULL. 22023 without a reason or without any condition';

CREATE OR REPLACE FUNCTION bounce.adopt_match(b bounce.bounce, verdict bounce.finding) RETURNS bounce.bounce
LANGUAGE plpgsql AS $$
DECLARE
  adopted bounce.bounce;
BEGIN
  UPDATE bounce.bounce AS q SET communication_id = verdict.communication_id, recipient_id = verdict.recipient_id, attempt = verdict.attempt,
         matched_by = verdict.matched_by, trust = verdict.trust, recipient = verdict.recipient
  WHERE q.id = b.id AND q.received_at = b.received_at AND q.recipient_id IS NULL AND verdict.recipient_id IS NOT NULL
  RETURNING q.* INTO adopted;
  RETURN CASE WHEN FOUND THEN adopted ELSE b END;
END
$$;
COMMENT ON FUNCTION bounce.adopt_match(bounce.bounce, bounce.finding) IS
  'internal: a bounce that fitted no mail gets the one that was found since; one that fitted keeps it';

CREATE OR REPLACE FUNCTION bounce.change_verdict(b bounce.bounce, verdict bounce.finding, why text) RETURNS bounce.finding
LANGUAGE plpgsql AS $$
DECLARE
  f bounce.finding := bounce.finding_of_bounce(bounce.adopt_match(b, verdict));
BEGIN
  PERFORM bounce.take_back(ARRAY[b.id], why, false);
  PERFORM bounce.close_empty_outages(ARRAY[b.id], why);
  f.reason := verdict.reason;
  f.class := verdict.class;
  f.is_notice := verdict.is_notice;
  f.permanence := verdict.permanence;
  f.rule := verdict.rule;
  f.evidence := verdict.evidence;
  PERFORM bounce.write_log(f.communication_id, f.recipient_id, 'reclassified',
                           format('%s %s (rule %s) -> %s %s (rule %s): %s', b.class, b.reason, b.rule, f.class, f.reason, f.rule, why), b.id);
  f := (bounce.follow_all(ARRAY[f]))[1];
  INSERT INTO bounce.verdict_change (bounce_id, why, old_reason, new_reason, old_class, new_class, old_rule, new_rule,
                                     old_trust, old_matched_by, old_evidence, old_consequence)
  VALUES (b.id, change_verdict.why, b.reason, f.reason, b.class, f.class, b.rule, f.rule, b.trust, b.matched_by, b.evidence, b.consequence);
  UPDATE bounce.bounce AS q
  SET reason = f.reason, class = f.class, is_notice = f.is_notice, permanence = f.permanence, rule = f.rule, evidence = f.evidence,
      consequence = array_to_string(f.steps, ', '), events = coalesce(f.events, '{}'), task_id = f.task_id, in_shadow = coalesce(f.in_shadow, false)
  WHERE q.id = b.id AND q.received_at = b.received_at;
  RETURN f;
END
$$;
COMMENT ON FUNCTION bounce.change_verdict(bounce.bounce, bounce.finding, text) IS
  'internal: takes back what followed from a bounce, and does what follows from the new verdict, trusted as far as the bounce was';

CREATE OR REPLACE FUNCTION bounce.lock_bounce(bounce_id bigint) RETURNS bounce.bounce
LANGUAGE plpgsql AS $$
DECLARE
  b bounce.bounce;
BEGIN
  -- communications come first wherever something is locked; then it is read as it stands
  PERFORM FROM bounce.communication AS c
  WHERE c.id = (SELECT q.communication_id FROM bounce.bounce AS q WHERE q.id = lock_bounce.bounce_id) FOR NO KEY UPDATE;
  SELECT q.* INTO b FROM bounce.bounce AS q WHERE q.id = lock_bounce.bounce_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no bounce %', lock_bounce.bounce_id USING ERRCODE = 'no_data_found', HINT = 'bouncectl bounces lists them.';
  END IF;
  RETURN b;
END
$$;
COMMENT ON FUNCTION bounce.lock_bounce(bigint) IS 'internal: a stored bounce, for a verdict to be changed. P0002';

CREATE OR REPLACE FUNCTION bounce.reclassify(bounce_id bigint, reason text, why text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce.need_why(why, 'reclassify');
  b CONSTANT bounce.bounce := bounce.lock_bounce(bounce_id);
  verdict bounce.finding := bounce.finding_of_bounce(b);
BEGIN
  verdict.reason := bounce.need_reason(coalesce(reclassify.reason, ''));
  -- who says that an address is dead, says that a temporary code was wrong
  verdict.permanence := CASE WHEN (SELECT r.class FROM bounce.bounce_reason AS r WHERE r.reason = reclassify.reason) = 'hard'
                             THEN 'permanent' ELSE b.permanence END;
  verdict.rule := 'person';
  verdict.evidence := because;
  verdict := bounce.classify(verdict, (SELECT m.kind FROM bounce.bounce_message AS m WHERE m.id = b.bounce_message_id AND m.received_at = b.received_at));
  IF (verdict.reason, verdict.class::text, verdict.is_notice) = (b.reason, b.class::text, b.is_notice) THEN
    RETURN format('nothing to do, it is %s %s already', b.class, b.reason);
  END IF;
  verdict := bounce.change_verdict(b, verdict, 'reclassified: ' || because);
  RETURN format('%s %s -> %s %s: %s', b.class, b.reason, verdict.class, verdict.reason, array_to_string(verdict.steps, ', '));
END
$$;
COMMENT ON FUNCTION bounce.reclassify(bigint, text, text) IS
  'sets the verdict of bounce.bounce.id right, and its consequences: what followed is taken back, what should have followed is done, '
  'as far as the report is trusted. Says what was done; a second time, nothing. P0002, 22023';

CREATE OR REPLACE FUNCTION bounce.reports_to_replay(since timestamptz, until timestamptz, after_id bigint DEFAULT 0, batch integer DEFAULT 100)
RETURNS TABLE (id bigint, raw bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce.need_period(since, until), bounce.need_count('how many reports', batch);
  RETURN QUERY SELECT m.id, m.raw FROM bounce.bounce_message AS m
  WHERE m.received_at >= coalesce(since, '-infinity') AND m.received_at < coalesce(until, 'infinity')
    AND m.id > after_id AND length(m.raw) > 0
  ORDER BY m.id LIMIT batch;
END
$$;
COMMENT ON FUNCTION bounce.reports_to_replay(timestamptz, timestamptz, bigint, integer) IS
  'stored messages in the order of their ids, of which the raw bytes have not been erased';

CREATE OR REPLACE FUNCTION bounce.replay_report(bounce_message_id bigint, report jsonb, why text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce.need_why(why, 'replay');
  fresh bounce.finding[] := '{}';
  p record;
  applied integer := 0;
BEGIN
  FOR p IN SELECT q.b, q.f FROM bounce.replay_pairs(replay_report.bounce_message_id, report) AS q
           LEFT JOIN bounce.replay_differences(replay_report.bounce_message_id, report) AS d ON d.bounce_id = (q.b).id
           WHERE d.bounce_id IS NOT NULL OR (q.b).id IS NULL ORDER BY (q.f).recipient_id LOOP
    IF (p.b).id IS NULL THEN
      fresh := fresh || p.f;
    ELSE
      PERFORM bounce.change_verdict(p.b, p.f, 'replayed: ' || because);
      applied := applied + 1;
    END IF;
  END LOOP;
  fresh := bounce.claim_findings(fresh, replay_report.bounce_message_id);
  PERFORM bounce.lock_findings(fresh);
  PERFORM bounce.store_bounces(replay_report.bounce_message_id, bounce.follow_all(fresh));
  RETURN applied + cardinality(fresh);
END
$$;
COMMENT ON FUNCTION bounce.replay_report(bigint, jsonb, text) IS
  'applies replay_differences(): verdicts changed with their consequences, recipients not seen then recorded as if they came now; how many';

CREATE OR REPLACE FUNCTION bounce.rule_hits(pattern text, reason text, among integer DEFAULT 50000)
RETURNS TABLE (other_reason text, class text, bounces bigint, sample bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT b.reason, b.class::text, count(*), max(b.id)
  FROM (SELECT q.id, q.reason, q.class, q.diagnostic FROM bounce.bounce AS q ORDER BY q.id DESC LIMIT bounce.need_count('how many bounces', among)) AS b
  WHERE b.reason <> bounce.need_reason(rule_hits.reason) AND b.reason <> 'undetermined'
    AND regexp_replace(b.diagnostic, '[[:space:]]+', ' ', 'g') ~* pattern
  GROUP BY b.reason, b.class ORDER BY 3 DESC, 1;
EXCEPTION WHEN invalid_regular_expression THEN
  RAISE EXCEPTION '"%" is not a pattern: %', pattern, SQLERRM USING ERRCODE = 'invalid_parameter_value', HINT = 'Words as the other side writes them, and regular expressions.';
END
$$;
COMMENT ON FUNCTION bounce.rule_hits(text, text, integer) IS
  'what a rule with this pattern would judge otherwise than it was: stored bounces of other reasons that it fits, how many, and the last one; looks '
  'at the last ones (among). 22023 for a pattern or reason that is none';

GRANT EXECUTE ON FUNCTION bounce.rule_hits(text, text, integer) TO bounce_operator;
