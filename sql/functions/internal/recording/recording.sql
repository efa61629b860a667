-- SPDX-License-Identifier: BSD-2-Clause
--
-- record_report(): one report, one statement, one commit.

CREATE OR REPLACE FUNCTION bounce_internal.require_durable_commit() RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
  RETURN CASE current_setting('synchronous_commit')
           WHEN 'off' THEN set_config('synchronous_commit', 'on', true) ELSE '' END;
END $$;
COMMENT ON FUNCTION bounce_internal.require_durable_commit() IS
  'makes the COMMIT of this transaction wait for the disk, because the MTA forgets the message '
  'afterwards. A stronger setting is kept';

CREATE OR REPLACE FUNCTION bounce_internal.findings_of(document jsonb)
RETURNS bounce_internal.finding[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  sent_to CONSTANT text[] := bounce_internal.document_texts(document, 'envelope', 'recipients');
  i CONSTANT bounce_internal.identity := bounce_internal.match_report(document, sent_to);
  tokens CONSTANT bounce_internal.identity[] := bounce_internal.tokens_of(sent_to);
  own_mta CONSTANT boolean := bounce_internal.document_text(document, 'envelope',
                                                            'own_mta') = 'true';
  message_id CONSTANT text := bounce_internal.document_text(document, 'original', 'message_id');
  findings bounce_internal.finding[] := bounce_internal.read_findings(document);
  named text[] := '{}';
  own bounce_internal.identity;
  f bounce_internal.finding;
BEGIN
  FOREACH f IN ARRAY findings LOOP
    named := named || f.addresses;
  END LOOP;
  FOR n IN 1 .. cardinality(findings) LOOP
    f := findings[n];
    own := bounce_internal.identity_for(f, i, tokens);
    f := bounce_internal.match_finding(f, own, own_mta, named);
    IF f.attempt IS NULL AND f.communication_id IS NOT NULL THEN
      f := bounce_internal.match_send(f, message_id);
    END IF;
    f.report_key := bounce_internal.report_key_of(document, own, f);
    findings[n] := f;
  END LOOP;
  RETURN bounce_internal.with_policies(bounce_internal.bounded_findings(findings));
END $$;
COMMENT ON FUNCTION bounce_internal.findings_of(jsonb) IS
  'the findings of a document, classified and matched, as far as they are recorded';

CREATE OR REPLACE FUNCTION bounce_internal.with_policies(INOUT findings bounce_internal.finding[])
LANGUAGE plpgsql STABLE AS $$
DECLARE
  f bounce_internal.finding;
  process text;
  policy jsonb;
BEGIN
  FOR n IN 1 .. cardinality(findings) LOOP
    f := findings[n];
    IF policy IS NULL OR f.process IS DISTINCT FROM process THEN
      process := f.process;
      policy := bounce_internal.policy_of(process);
    END IF;
    f.policy := policy;
    findings[n] := f;
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.with_policies(bounce_internal.finding[]) IS
  'findings with the parameters that are in force for their processes';

CREATE OR REPLACE FUNCTION bounce_internal.claim_findings(
  findings bounce_internal.finding[], message_id bigint) RETURNS bounce_internal.finding[]
LANGUAGE plpgsql AS $$
DECLARE
  fresh bounce_internal.finding[] := '{}';
  f bounce_internal.finding;
BEGIN
  FOREACH f IN ARRAY bounce_internal.in_order_of(findings, 'report') LOOP
    -- waits for another session that is recording the same; if that one fails, it is ours
    INSERT INTO bounce.report_key (key, bounce_message_id) VALUES (f.report_key, message_id)
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
      f.bounce_id := nextval('bounce.bounce_id_seq');
      fresh := fresh || f;
    END IF;
  END LOOP;
  RETURN fresh;
END $$;
COMMENT ON FUNCTION bounce_internal.claim_findings(bounce_internal.finding[], bigint) IS
  'the findings that are not recorded yet; exactly one session gets each of them';

CREATE OR REPLACE FUNCTION bounce_internal.lock_communications(findings bounce_internal.finding[])
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[] := '{}';
  f bounce_internal.finding;
BEGIN
  FOREACH f IN ARRAY findings LOOP
    ids := ids || f.communication_id;
  END LOOP;
  PERFORM FROM bounce.communication AS c WHERE c.id = ANY (ids) ORDER BY c.id FOR NO KEY UPDATE;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.lock_communications(bounce_internal.finding[]) IS
  'locks the communications of findings, in ascending order; weigh_findings() locks the recipients';

CREATE OR REPLACE FUNCTION bounce_internal.make_tasks(INOUT findings bounce_internal.finding[])
LANGUAGE plpgsql AS $$
DECLARE
  stray bounce_internal.finding;
  f bounce_internal.finding;
BEGIN
  FOR n IN 1 .. cardinality(findings) LOOP
    f := findings[n];
    CONTINUE WHEN f.task_key IS NULL;
    -- a report that names a hundred addresses asks once
    IF f.trust = 'address' AND f.task_kind <> 'outage' THEN
      stray := CASE WHEN stray.task_key IS NULL THEN bounce_internal.merge_unmatched_tasks(f)
                    ELSE stray END;
      f.task_kind := stray.task_kind;
      f.task_key := stray.task_key;
      f.task_summary := stray.task_summary;
    END IF;
    findings[n] := bounce_internal.make_task(f);
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.make_tasks(bounce_internal.finding[]) IS
  'creates the tasks that were requested. Findings that prove nothing share one task per report, '
  'however many addresses a stranger puts in it';

CREATE OR REPLACE FUNCTION bounce_internal.most_severe(findings bounce_internal.finding[])
RETURNS bounce_internal.finding
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF cardinality(findings) = 1 THEN
    RETURN findings[1];
  END IF;
  RETURN (SELECT u FROM unnest(findings) AS u
          ORDER BY u.class = 'unclassified' DESC, u.is_notice,
            bounce_internal.class_rank(u.class) DESC, u.report_key LIMIT 1);
END $$;
COMMENT ON FUNCTION bounce_internal.most_severe(bounce_internal.finding[]) IS
  'the finding that decides about the message: the most severe one';

CREATE OR REPLACE FUNCTION bounce_internal.disposition_of(f bounce_internal.finding) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN CASE WHEN f.class = 'unclassified'
              THEN CASE f.policy ->> 'operator_mailbox' WHEN '' THEN 'deliver' ELSE 'forward' END
              WHEN (f.policy ->> 'deliver_stored')::boolean THEN 'deliver'
              ELSE 'discard' END;
END $$;
COMMENT ON FUNCTION bounce_internal.disposition_of(bounce_internal.finding) IS
  'what is done with a message by its most severe finding. Without an operator mailbox an '
  'unclassified one is delivered to its own recipient';

CREATE OR REPLACE FUNCTION bounce_internal.store_message(
  o bounce.report_result, document jsonb, raw bytea, gravest bounce_internal.finding)
  RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.bounce_message (id, source, envelope_sender, envelope_recipients, queue_id,
                                     client, own_mta, kind, dialect,
    message_id, header_from, subject, reporting_mta, truncated, size, digest, disposition, class,
    reason, report, raw)
  SELECT (o).bounce_message_id, bounce_internal.document_text(document, 'source'),
    bounce_internal.document_text(document, 'envelope', 'sender'),
    bounce_internal.document_texts(document, 'envelope', 'recipients'),
    bounce_internal.document_text(document, 'envelope', 'queue_id'),
    bounce_internal.document_text(document, 'envelope', 'client'),
    bounce_internal.document_text(document, 'envelope', 'own_mta') = 'true',
    bounce_internal.document_text(document, 'kind'),
    bounce_internal.document_text(document, 'dialect'),
    bounce_internal.document_text(document, 'header', 'message_id'),
    bounce_internal.document_text(document, 'header', 'from'),
    bounce_internal.document_text(document, 'header', 'subject'),
    bounce_internal.document_text(document, 'report', 'reporting_mta'),
    bounce_internal.document_text(document, 'truncated') = 'true',
    coalesce(substring(bounce_internal.document_text(document,
                                                     'size') FROM '^[0-9]{1,15}$')::bigint,
             length(raw), 0),
    bounce_internal.document_text(document, 'digest'), (o).disposition, (o).class, (o).reason,
    document, bounce_internal.raw_to_keep(gravest, raw);
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.store_message IS 'stores the report itself';

CREATE OR REPLACE FUNCTION bounce_internal.store_bounces(
  message_id bigint, findings bounce_internal.finding[]) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  f bounce_internal.finding;
BEGIN
  FOREACH f IN ARRAY findings LOOP
    INSERT INTO bounce.bounce (id, bounce_message_id, communication_id, recipient_id, attempt,
                               matched_by, trust, recipient, original_recipient, action, status,
                               reply_code, diagnostic, remote_mta, reason, class, is_notice,
                               permanence, rule, evidence, consequence, task_id, events, in_shadow,
                               return_date, new_address, has_left)
    VALUES (f.bounce_id, message_id, f.communication_id, f.recipient_id, f.attempt,
            f.matched_by, f.trust, f.recipient, f.original_recipient, f.action, f.status,
            f.reply_code, f.diagnostic, f.remote_mta, f.reason, f.class, f.is_notice,
            f.permanence, f.rule, f.evidence, array_to_string(f.steps, ', '), f.task_id,
            coalesce(f.events, '{}'), coalesce(f.in_shadow, false),
            f.return_date, coalesce(f.new_address, ''), f.reason = 'has_left');
  END LOOP;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.store_bounces IS 'stores the findings of a report as bounces';

-- A report and its key are of one transaction, so of one time: that names the month to look in.
CREATE OR REPLACE FUNCTION bounce_internal.recorded_before(
  INOUT o bounce.report_result, report_key text)
LANGUAGE plpgsql AS $$
DECLARE
  recorded bounce.bounce_message;
BEGIN
  -- A COMMIT that wrote nothing waits for no standby; the first recording may have been given up
  -- while it waited, and be on this server alone.
  PERFORM pg_logical_emit_message(true, 'bounce', '');
  o.duplicate := true;
  SELECT m.* INTO recorded
  FROM bounce.report_key AS k JOIN bounce.bounce_message AS m ON m.id = k.bounce_message_id
    AND m.received_at = k.seen_at
  WHERE k.key = report_key;
  IF FOUND THEN
    o.bounce_message_id := recorded.id;
    o.disposition := recorded.disposition;
    o.class := recorded.class;
    o.reason := recorded.reason;
    SELECT b.id, b.communication_id, b.trust, b.consequence, b.task_id
    INTO o.bounce_id, o.communication_id, o.trust, o.consequence, o.task_id
    FROM bounce.bounce AS b WHERE b.bounce_message_id = recorded.id
    ORDER BY b.class IS DISTINCT FROM recorded.class, b.id LIMIT 1;
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.recorded_before(bounce.report_result, text) IS
  'the result of the first recording: the milter may ask again after a lost reply and must get '
  'the same answer';

CREATE OR REPLACE FUNCTION bounce_internal.merge_unmatched_tasks(INOUT f bounce_internal.finding)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  at_most CONSTANT integer := 100;
BEGIN
  IF NOT EXISTS (SELECT FROM bounce.task AS t WHERE t.dedup_key = f.task_key AND t.status = 'open')
     AND (at_most <= (SELECT count(*)
                      FROM (SELECT FROM bounce.task AS t
                            WHERE t.status = 'open' AND t.kind = 'bounce_without_communication'
                            LIMIT at_most) AS q)
          OR at_most <= (SELECT count(*)
                         FROM (SELECT FROM bounce.task AS t
                               WHERE t.status = 'open' AND t.kind = 'hard_bounce' AND t.is_unproven
                               LIMIT at_most) AS q)) THEN
    f := bounce_internal.request_task(f, 'bounce_without_communication', '',
                                   'more reports that prove nothing, such as ' || f.task_summary);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.merge_unmatched_tasks(bounce_internal.finding) IS
  'beyond a hundred open tasks about reports that prove nothing, all others share a single one, '
  'because anybody can send thousands';
