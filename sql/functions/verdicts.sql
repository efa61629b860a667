-- SPDX-License-Identifier: BSD-2-Clause
--
-- Setting verdicts right, one by one or in bulk: each is one transaction, and what was is kept.

CREATE OR REPLACE FUNCTION bounce.undo_preview(since timestamptz, until timestamptz, of_domain text DEFAULT NULL, of_rule text DEFAULT NULL,
                                    of_diagnostic text DEFAULT NULL)
RETURNS TABLE (bounce_id bigint, received_at timestamptz, communication_id bigint, recipient text, reason text, class text, rule text,
               diagnostic text, lifts_block boolean, closes_task bigint, requeues boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH chosen AS (
    SELECT b.*, coalesce(r.address, b.recipient) AS at_fault, r.bounce_id = b.id AND r.state = 'bounced' AS in_force
    FROM bounce.bounce AS b LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
    WHERE b.received_at >= coalesce(since, '-infinity') AND b.received_at < coalesce(until, 'infinity')
      AND b.class IN ('hard', 'soft', 'technical') AND NOT b.is_notice AND NOT b.in_shadow
      AND (of_domain IS NULL OR bounce.address_domain(coalesce(r.address, b.recipient)) = lower(of_domain))
      AND (of_rule IS NULL OR b.rule = of_rule)
      AND (of_diagnostic IS NULL OR strpos(lower(b.diagnostic), lower(of_diagnostic)) > 0)),
  weighed AS (
    SELECT c.*, EXISTS (SELECT FROM bounce.address_block AS k WHERE k.bounce_id = c.id AND k.lifted_at IS NULL)
                OR EXISTS (SELECT FROM bounce.held_block AS h WHERE h.bounce_id = c.id AND h.decision IS NULL) AS blocks,
           (SELECT t.id FROM bounce.task AS t WHERE t.bounce_id = c.id AND t.status = 'open' AND t.kind <> 'outage'
              AND NOT EXISTS (SELECT FROM bounce.bounce AS o WHERE o.task_id = t.id AND o.id NOT IN (SELECT x.id FROM chosen AS x))) AS closes
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
  'diagnostic is a part of the text, in any case';

CREATE OR REPLACE FUNCTION bounce.undo_bounces(since timestamptz, until timestamptz, why text, domain text DEFAULT NULL, rule text DEFAULT NULL,
                                    diagnostic text DEFAULT NULL, resend boolean DEFAULT true,
                                    OUT undo_id bigint, OUT bounces bigint, OUT blocks bigint, OUT tasks bigint, OUT requeued bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  chosen CONSTANT bigint[] := ARRAY(SELECT p.bounce_id FROM bounce.undo_preview(since, until, domain, rule, diagnostic) AS p);
BEGIN
  IF btrim(coalesce(why, '')) = '' THEN
    RAISE EXCEPTION 'a reason is needed to undo' USING ERRCODE = 'invalid_parameter_value';
  ELSIF since IS NULL AND until IS NULL AND domain IS NULL AND rule IS NULL AND diagnostic IS NULL THEN
    RAISE EXCEPTION 'without any condition everything would be undone' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Name a time at least.';
  END IF;
  bounces := cardinality(chosen);
  INSERT INTO bounce.undo (why, conditions, bounces)
  VALUES (btrim(undo_bounces.why), jsonb_strip_nulls(jsonb_build_object('since', since, 'until', until, 'domain', domain, 'rule', rule, 'diagnostic', diagnostic)), chosen)
  RETURNING id INTO undo_id;
  SELECT t.blocks, t.tasks, t.requeued INTO blocks, tasks, requeued
  FROM bounce.take_back(chosen, format('undo %s: %s', undo_id, btrim(undo_bounces.why)), resend) AS t;
  PERFORM bounce.close_empty_outages(chosen, format('undo %s: %s', undo_id, btrim(undo_bounces.why)));
END
$$;
COMMENT ON FUNCTION bounce.undo_bounces(timestamptz, timestamptz, text, text, text, text, boolean) IS
  'takes back what undo_preview() shows, all in one transaction: blocks lifted, held ones dropped, tasks closed, mails sent again '
  '(resend) or counted as sent. 22023 without a reason or without any condition';

CREATE OR REPLACE FUNCTION bounce.change_verdict(b bounce.bounce, verdict bounce.finding, why text) RETURNS bounce.finding
LANGUAGE plpgsql AS $$
DECLARE
  f bounce.finding := bounce.finding_of_bounce(b);
BEGIN
  PERFORM bounce.take_back(ARRAY[b.id], why, false);
  PERFORM bounce.close_empty_outages(ARRAY[b.id], why);
  f.reason := verdict.reason;
  f.class := verdict.class;
  f.is_notice := verdict.is_notice;
  f.permanence := verdict.permanence;
  f.rule := verdict.rule;
  f.evidence := verdict.evidence;
  PERFORM bounce.write_log(f.communication_id, f.recipient_id, 'reclassified', format('%s %s -> %s %s: %s', b.class, b.reason, f.class, f.reason, why), b.id);
  f := (bounce.follow_all(ARRAY[f]))[1];
  INSERT INTO bounce.verdict_change (bounce_id, why, old_reason, new_reason, old_class, new_class, old_rule, new_rule)
  VALUES (b.id, change_verdict.why, b.reason, f.reason, b.class, f.class, b.rule, f.rule);
  UPDATE bounce.bounce AS q
  SET reason = f.reason, class = f.class, is_notice = f.is_notice, permanence = f.permanence, rule = f.rule, evidence = f.evidence,
      consequence = array_to_string(f.steps, ', '), events = coalesce(f.events, '{}'), task_id = f.task_id, in_shadow = coalesce(f.in_shadow, false)
  WHERE q.id = b.id AND q.received_at = b.received_at;
  RETURN f;
END
$$;
COMMENT ON FUNCTION bounce.change_verdict(bounce.bounce, bounce.finding, text) IS
  'internal: takes back what followed from a bounce, and does what follows from the new verdict, trusted as far as the bounce was';

CREATE OR REPLACE FUNCTION bounce.reclassify(bounce_id bigint, reason text, why text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  b bounce.bounce;
  verdict bounce.finding;
BEGIN
  SELECT q.* INTO b FROM bounce.bounce AS q WHERE q.id = reclassify.bounce_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no bounce %', reclassify.bounce_id USING ERRCODE = 'no_data_found';
  ELSIF NOT EXISTS (SELECT FROM bounce.bounce_reason AS r WHERE r.reason = reclassify.reason) THEN
    RAISE EXCEPTION 'unknown reason "%"', reclassify.reason USING ERRCODE = 'invalid_parameter_value',
      HINT = 'SELECT reason, meaning FROM bounce.bounce_reason';
  ELSIF btrim(coalesce(why, '')) = '' THEN
    RAISE EXCEPTION 'a reason is needed to reclassify' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  verdict := bounce.finding_of_bounce(b);
  verdict.reason := reclassify.reason;
  -- who says that an address is dead, says that a temporary code was wrong
  verdict.permanence := CASE WHEN (SELECT r.class FROM bounce.bounce_reason AS r WHERE r.reason = reclassify.reason) = 'hard'
                             THEN 'permanent' ELSE b.permanence END;
  verdict.rule := 'person';
  verdict.evidence := btrim(why);
  verdict := bounce.classify(verdict, (SELECT m.kind FROM bounce.bounce_message AS m WHERE m.id = b.bounce_message_id));
  verdict := bounce.change_verdict(b, verdict, 'reclassified: ' || btrim(why));
  RETURN format('%s %s -> %s %s: %s', b.class, b.reason, verdict.class, verdict.reason, array_to_string(verdict.steps, ', '));
END
$$;
COMMENT ON FUNCTION bounce.reclassify(bigint, text, text) IS
  'sets the verdict of bounce.bounce.id right, and its consequences: what followed is taken back, what should have followed is done, '
  'as far as the report is trusted. Says what was done. P0002, 22023';

CREATE OR REPLACE FUNCTION bounce.reports_to_replay(since timestamptz, until timestamptz, after_id bigint DEFAULT 0, batch integer DEFAULT 100)
RETURNS TABLE (id bigint, raw bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
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
      UPDATE bounce.bounce AS q SET communication_id = (p.f).communication_id, recipient_id = (p.f).recipient_id, attempt = (p.f).attempt,
             matched_by = (p.f).matched_by, trust = (p.f).trust, recipient = (p.f).recipient
      WHERE q.id = (p.b).id AND q.recipient_id IS NULL AND (p.f).recipient_id IS NOT NULL;
      PERFORM bounce.change_verdict(q, p.f, 'replayed: ' || why) FROM bounce.bounce AS q WHERE q.id = (p.b).id;
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
