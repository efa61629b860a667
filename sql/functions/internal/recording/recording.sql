-- SPDX-License-Identifier: BSD-2-Clause
--
-- record_report(): one report, one statement, one commit.

CREATE OR REPLACE FUNCTION bounce_internal.require_durable_commit() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.require_durable_commit() IS
  'makes the COMMIT of this transaction wait for the disk, because the MTA forgets the message '
  'afterwards. A stronger setting is kept';

CREATE OR REPLACE FUNCTION bounce_internal.findings_of(document jsonb)
RETURNS bounce_internal.finding[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  i CONSTANT bounce_internal.identity := bounce_internal.match_report(document);
  tokens CONSTANT bounce_internal.identity[] := bounce_internal.tokens_of(document);
  own_mta CONSTANT boolean := bounce_internal.document_text(document, 'envelope',
                                                            'own_mta') = 'true';
  read CONSTANT bounce_internal.finding[] := ARRAY(SELECT r
                                                   FROM bounce_internal.read_findings(
                                                       document) AS r);
  named CONSTANT text[] := ARRAY(SELECT a FROM unnest(read) AS r
                                 CROSS JOIN unnest(r.addresses) AS a);
  findings bounce_internal.finding[] := '{}';
  own bounce_internal.identity;
  f bounce_internal.finding;
BEGIN
  FOREACH f IN ARRAY read LOOP
    own := bounce_internal.identity_for(f, i, tokens);
    f := bounce_internal.match_finding(f, own, own_mta, named);
    -- an id of the whole communication does not tell the send, but the Message-ID that came
    -- back with it may
    f.attempt := coalesce(f.attempt,
                          bounce_internal.attempt_of(f.communication_id,
                                                     bounce_internal.document_text(document,
                                                         'original', 'message_id')));
    f.report_key := bounce_internal.report_key_of(document, own, f);
    findings := findings || f;
  END LOOP;
  RETURN findings;
END $$;
COMMENT ON FUNCTION bounce_internal.findings_of(jsonb) IS
  'the findings of a document, classified and matched';

CREATE OR REPLACE FUNCTION bounce_internal.claim_findings(
  findings bounce_internal.finding[], message_id bigint) RETURNS bounce_internal.finding[]
LANGUAGE plpgsql AS $$
DECLARE
  fresh bounce_internal.finding[] := '{}';
  f bounce_internal.finding;
BEGIN
  FOR f IN SELECT * FROM unnest(findings) AS u ORDER BY u.report_key LOOP
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

CREATE OR REPLACE FUNCTION bounce_internal.lock_findings(findings bounce_internal.finding[])
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM bounce.communication AS c
  WHERE c.id IN (SELECT u.communication_id FROM unnest(findings) AS u) ORDER BY c.id
  FOR NO KEY UPDATE;
  PERFORM FROM bounce.communication_recipient AS r
  WHERE r.id IN (SELECT u.recipient_id FROM unnest(findings) AS u) ORDER BY r.id FOR NO KEY UPDATE;
END $$;
COMMENT ON FUNCTION bounce_internal.lock_findings IS
  'locks the communications and recipients of findings, in ascending order';

CREATE OR REPLACE FUNCTION bounce_internal.make_tasks(findings bounce_internal.finding[])
RETURNS bounce_internal.finding[]
LANGUAGE plpgsql AS $$
DECLARE
  done bounce_internal.finding[] := '{}';
  stray bounce_internal.finding;
  f bounce_internal.finding;
BEGIN
  FOR f IN SELECT * FROM unnest(findings) AS u ORDER BY u.task_key, u.bounce_id LOOP
    IF f.task_kind = 'bounce_without_communication' AND f.communication_id IS NULL THEN
      stray := CASE WHEN stray.task_key IS NULL THEN bounce_internal.merge_unmatched_tasks(f)
                    ELSE stray END;
      f.task_key := stray.task_key;
      f.task_summary := stray.task_summary;
    END IF;
    done := done || CASE WHEN f.task_key IS NOT NULL THEN bounce_internal.make_task(f) ELSE f END;
  END LOOP;
  RETURN done;
END $$;
COMMENT ON FUNCTION bounce_internal.make_tasks(bounce_internal.finding[]) IS
  'creates the tasks that were requested. Findings without a communication share one task per '
  'report, however many addresses a stranger puts in it';

CREATE OR REPLACE FUNCTION bounce_internal.most_severe(findings bounce_internal.finding[])
RETURNS bounce_internal.finding
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN (SELECT u FROM unnest(findings) AS u
          ORDER BY u.class = 'unclassified' DESC, u.is_notice,
            bounce_internal.class_rank(u.class) DESC, u.report_key LIMIT 1);
END $$;
COMMENT ON FUNCTION bounce_internal.most_severe(bounce_internal.finding[]) IS
  'the finding that decides about the message: the most severe one';

CREATE OR REPLACE FUNCTION bounce_internal.disposition_of(class text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN class = 'unclassified'
              THEN CASE bounce.parameter('operator_mailbox')
                        WHEN '' THEN 'deliver' ELSE 'forward' END
              WHEN bounce_internal.parameter_boolean('deliver_stored') THEN 'deliver'
              ELSE 'discard' END
$$;
COMMENT ON FUNCTION bounce_internal.disposition_of(text) IS
  'what is done with a message of that class. Without an operator mailbox an unclassified one is '
  'delivered to its own recipient';

CREATE OR REPLACE FUNCTION bounce_internal.store_message(
  o bounce.report_result, document jsonb, raw bytea) RETURNS void
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
    document, substring(raw FROM 1 FOR bounce_internal.parameter_integer('raw_max_bytes'));
END $$;
COMMENT ON FUNCTION bounce_internal.store_message IS 'stores the report itself';

CREATE OR REPLACE FUNCTION bounce_internal.store_bounces(
  message_id bigint, findings bounce_internal.finding[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.bounce (id, bounce_message_id, communication_id, recipient_id, attempt,
                             matched_by, trust, recipient,
    original_recipient, action, status, reply_code, diagnostic, remote_mta, reason, class,
    is_notice, permanence, rule, evidence,
    consequence, task_id, events, in_shadow)
  SELECT u.bounce_id, store_bounces.message_id, u.communication_id, u.recipient_id, u.attempt,
         u.matched_by, u.trust, u.recipient,
    u.original_recipient, u.action, u.status, u.reply_code, u.diagnostic, u.remote_mta, u.reason,
    u.class, u.is_notice,
    u.permanence, u.rule, u.evidence, array_to_string(u.steps, ', '), u.task_id,
    coalesce(u.events, '{}'), coalesce(u.in_shadow, false)
  FROM unnest(findings) AS u
  ORDER BY u.bounce_id;
END $$;
COMMENT ON FUNCTION bounce_internal.store_bounces IS 'stores the findings of a report as bounces';

-- A report and its key are of one transaction, so of one time: that names the month to look in.
CREATE OR REPLACE FUNCTION bounce_internal.recorded_before(
  INOUT o bounce.report_result, report_key text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  recorded bounce.bounce_message;
BEGIN
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
    o.bounce_id := (SELECT b.id FROM bounce.bounce AS b WHERE b.bounce_message_id = recorded.id
                    ORDER BY b.class IS DISTINCT FROM recorded.class, b.id LIMIT 1);
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
     AND at_most <= (SELECT count(*)
                     FROM (SELECT FROM bounce.task AS t
                           WHERE t.status = 'open' AND t.kind = 'bounce_without_communication'
                           LIMIT at_most) AS q) THEN
    f := bounce_internal.request_task(f, 'bounce_without_communication', '',
                                   'more reports that fit no communication, lately: '
                                   || f.task_summary);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.merge_unmatched_tasks(bounce_internal.finding) IS
  'beyond a hundred open tasks about unmatched reports, all others share a single one, because '
  'anybody can send thousands';
