-- SPDX-License-Identifier: BSD-2-Clause
--
-- record_report() and record_reports(): reports, one statement, one commit.

CREATE OR REPLACE FUNCTION bounce_internal.require_durable_commit() RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
  RETURN CASE current_setting('synchronous_commit')
           WHEN 'off' THEN set_config('synchronous_commit', 'on', true) ELSE '' END;
END $$;
COMMENT ON FUNCTION bounce_internal.require_durable_commit() IS
  'makes the COMMIT of this transaction wait for the disk, because the MTA forgets the message '
  'afterwards. A stronger setting is kept';

CREATE OR REPLACE FUNCTION bounce_internal.findings_of(
  document jsonb, tokens bounce_internal.identity[]) RETURNS bounce_internal.finding[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  i CONSTANT bounce_internal.identity := bounce_internal.match_report(document, tokens);
  others CONSTANT bounce_internal.identity[] := bounce_internal.different_tokens(tokens);
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
    own := CASE WHEN cardinality(others) < 2 THEN i
                ELSE bounce_internal.identity_for(f, i, others) END;
    f := bounce_internal.match_finding(f, own, own_mta, named, document);
    IF f.attempt IS NULL AND f.communication_id IS NOT NULL THEN
      f := bounce_internal.match_send(f, message_id);
    END IF;
    f.report_key := bounce_internal.report_key_of(document, own, f);
    IF f.communication_id IS NOT NULL
       AND (f.recipient_id IS NULL OR bounce_internal.is_erased_key(f.address)) THEN
      f := bounce_internal.without_person(f);
    END IF;
    findings[n] := f;
  END LOOP;
  RETURN bounce_internal.bounded_findings(findings);
END $$;
COMMENT ON FUNCTION bounce_internal.findings_of(jsonb, bounce_internal.identity[]) IS
  'the findings of a document, classified and matched, as far as they are recorded; without their '
  'policies. tokens: those to which it was delivered';

CREATE OR REPLACE FUNCTION bounce_internal.findings_of(documents jsonb[], message_ids bigint[])
RETURNS bounce_internal.finding[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  sent_to text[] := '{}';     -- of all documents, and where those of each end
  ends integer[] := '{}';
  tokens bounce_internal.identity[];
  findings bounce_internal.finding[] := '{}';
  f bounce_internal.finding;
  processes text[] := '{}';   -- those met so far, and their policies
  policies jsonb[] := '{}';
  known integer;
BEGIN
  FOR n IN 1 .. cardinality(documents) LOOP
    sent_to := sent_to || bounce_internal.document_texts(documents[n], 'envelope', 'recipients');
    ends[n] := cardinality(sent_to);
  END LOOP;
  tokens := bounce_internal.read_tokens(sent_to);
  FOR n IN 1 .. cardinality(documents) LOOP
    FOREACH f IN ARRAY bounce_internal.findings_of(
        documents[n], tokens[coalesce(ends[n - 1], 0) + 1 : ends[n]]) LOOP
      known := array_position(processes, f.process);
      IF known IS NULL THEN
        known := cardinality(processes) + 1;
        processes[known] := f.process;
        policies[known] := bounce_internal.policy_of(f.process);
      END IF;
      f.policy := policies[known];
      f.bounce_message_id := message_ids[n];
      findings := findings || f;
    END LOOP;
  END LOOP;
  RETURN findings;
END $$;
COMMENT ON FUNCTION bounce_internal.findings_of(jsonb[], bigint[]) IS
  'the findings of several reports, one report after the other, with their policies';

CREATE OR REPLACE FUNCTION bounce_internal.findings_of(
  document jsonb, message_id bigint DEFAULT NULL) RETURNS bounce_internal.finding[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN bounce_internal.findings_of(ARRAY[document], ARRAY[message_id]);
END $$;
COMMENT ON FUNCTION bounce_internal.findings_of(jsonb, bigint) IS
  'the findings of one report';

CREATE OR REPLACE FUNCTION bounce_internal.claim_findings(findings bounce_internal.finding[])
RETURNS bounce_internal.finding[]
LANGUAGE plpgsql AS $$
DECLARE
  fresh bounce_internal.finding[] := '{}';
  claimed text[];
  f bounce_internal.finding;
BEGIN
  -- waits for another session that is recording the same; if that one fails, it is ours
  WITH k AS (
    INSERT INTO bounce.report_key (key, bounce_message_id)
    SELECT u.report_key, u.bounce_message_id FROM unnest(findings) AS u ORDER BY u.report_key
    ON CONFLICT DO NOTHING RETURNING key)
  SELECT array_agg(k.key) INTO claimed FROM k;
  FOREACH f IN ARRAY findings LOOP
    IF f.report_key = ANY (claimed) THEN
      -- each key once
      claimed := array_remove(claimed, f.report_key);
      f.bounce_id := nextval('bounce.bounce_id_seq');
      fresh := fresh || f;
    END IF;
  END LOOP;
  RETURN fresh;
END $$;
COMMENT ON FUNCTION bounce_internal.claim_findings(bounce_internal.finding[]) IS
  'the findings that are not recorded yet; exactly one session gets each of them';

CREATE OR REPLACE FUNCTION bounce_internal.lock_communications(findings bounce_internal.finding[])
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[] := '{}';
  f bounce_internal.finding;
  lock_wait CONSTANT text := current_setting('lock_timeout');
  wait_here CONSTANT text := CASE
    WHEN bounce_internal.are_many_decided() THEN '100ms'
    WHEN lock_wait <> '0'
      THEN round(extract(epoch FROM lock_wait::interval) * 250)::text || 'ms' END;     -- a quarter
BEGIN
  FOREACH f IN ARRAY findings LOOP
    ids := ids || f.communication_id;
  END LOOP;
  IF wait_here IS NOT NULL THEN
    PERFORM set_config('lock_timeout', wait_here, true);
  END IF;
  PERFORM FROM bounce.communication AS c WHERE c.id = ANY (ids) ORDER BY c.id FOR NO KEY UPDATE;
  IF wait_here IS NOT NULL THEN
    PERFORM set_config('lock_timeout', lock_wait, true);
  END IF;
  -- a report may be faster than what a worker has heard
  PERFORM bounce_internal.settle_noted(ids);
  RETURN cardinality(ids) > 0;
END $$;
COMMENT ON FUNCTION bounce_internal.lock_communications(bounce_internal.finding[]) IS
  'locks the communications of findings, in ascending order, and settles what was noted of them, '
  'so that a report finds the send that it is about; weigh_findings() locks the recipients. 55P03 '
  'after a quarter of the time that the session waits for a lock, and at once where somebody '
  'decides about many mails, and about one of these: to wait for it would keep a connection from '
  'the reports about all others';

CREATE OR REPLACE FUNCTION bounce_internal.make_tasks(INOUT findings bounce_internal.finding[])
LANGUAGE plpgsql AS $$
DECLARE
  stray bounce_internal.finding;
  f bounce_internal.finding;
BEGIN
  FOR n IN 1 .. cardinality(findings) LOOP
    f := findings[n];
    -- a report that names a hundred addresses asks once
    IF f.task_key IS NOT NULL AND f.trust = 'address' AND f.task_kind <> 'outage' THEN
      stray := CASE WHEN stray.task_key IS NULL THEN bounce_internal.merge_unmatched_tasks(f)
                    ELSE stray END;
      f.task_kind := stray.task_kind;
      f.task_key := stray.task_key;
      f.task_summary := stray.task_summary;
      findings[n] := f;
    END IF;
  END LOOP;
  findings := bounce_internal.create_tasks(findings);
END $$;
COMMENT ON FUNCTION bounce_internal.make_tasks(bounce_internal.finding[]) IS
  'creates the tasks that were requested. Findings that prove nothing share one task per report, '
  'however many addresses a stranger puts in it';

CREATE OR REPLACE FUNCTION bounce_internal.most_severe(
  findings bounce_internal.finding[], message_ids bigint[]) RETURNS bounce_internal.finding[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  gravest bounce_internal.finding[] := '{}';
  f bounce_internal.finding;
BEGIN
  IF cardinality(message_ids) = cardinality(findings) THEN
    FOREACH f IN ARRAY findings LOOP
      gravest[array_position(message_ids, f.bounce_message_id)] := f;
    END LOOP;
    -- unless one has none, each has one
    IF cardinality(gravest) = cardinality(findings) AND array_position(gravest, NULL) IS NULL THEN
      RETURN gravest;
    END IF;
  END IF;
  RETURN ARRAY(
    SELECT g.f
    FROM unnest(message_ids) WITH ORDINALITY AS m (id, place)
    LEFT JOIN (SELECT DISTINCT ON (u.bounce_message_id) u.bounce_message_id AS id, u AS f
               FROM unnest(findings) AS u
               ORDER BY u.bounce_message_id, u.class = 'unclassified' DESC, u.is_notice,
                 bounce_internal.class_rank(u.class) DESC, u.report_key) AS g ON g.id = m.id
    ORDER BY m.place);
END $$;
COMMENT ON FUNCTION bounce_internal.most_severe(bounce_internal.finding[], bigint[]) IS
  'of each report the finding that decides about the message: the most severe one; NULL where '
  'there is none';

CREATE OR REPLACE FUNCTION bounce_internal.disposition_of(f bounce_internal.finding) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN f.class = 'unclassified'
              THEN CASE f.policy ->> 'operator_mailbox' WHEN '' THEN 'deliver' ELSE 'forward' END
              WHEN (f.policy ->> 'deliver_stored')::boolean THEN 'deliver'
              ELSE 'discard' END
$$;
COMMENT ON FUNCTION bounce_internal.disposition_of(bounce_internal.finding) IS
  'what is done with a message by its most severe finding. Without an operator mailbox an '
  'unclassified one is delivered to its own recipient';

CREATE OR REPLACE FUNCTION bounce_internal.store_messages(
  results bounce.report_result[], documents jsonb[], raws bytea[],
  gravest bounce_internal.finding[], fresh bounce_internal.finding[]) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  -- asked once: hardly ever one is, and each report looks at the findings of all
  is_any_erased CONSTANT boolean := EXISTS (SELECT FROM unnest(fresh) AS f
                                            WHERE bounce_internal.is_erased_key(f.address));
  kept bytea[] := '{}';
BEGIN
  FOR n IN 1 .. cardinality(results) LOOP
    IF is_any_erased
       AND bounce_internal.tells_of_erased(fresh, (results[n]).bounce_message_id) THEN
      documents[n] := bounce_internal.document_without_person(documents[n]);
      kept := kept || NULL::bytea;
    ELSE
      kept := kept || bounce_internal.raw_to_keep(gravest[n], raws[n], fresh);
    END IF;
  END LOOP;
  INSERT INTO bounce.bounce_message (id, source, envelope_sender, envelope_recipients, queue_id,
                                     client, own_mta, kind, dialect,
    message_id, header_from, subject, reporting_mta, truncated, size, digest, disposition, class,
    reason, report, raw)
  SELECT (results[d.place]).bounce_message_id,
    bounce_internal.document_text(d.document, 'source'),
    bounce_internal.document_text(d.document, 'envelope', 'sender'),
    bounce_internal.document_texts(d.document, 'envelope', 'recipients'),
    bounce_internal.document_text(d.document, 'envelope', 'queue_id'),
    bounce_internal.document_text(d.document, 'envelope', 'client'),
    bounce_internal.document_text(d.document, 'envelope', 'own_mta') = 'true',
    bounce_internal.document_text(d.document, 'kind'),
    bounce_internal.document_text(d.document, 'dialect'),
    bounce_internal.document_text(d.document, 'header', 'message_id'),
    bounce_internal.document_text(d.document, 'header', 'from'),
    bounce_internal.document_text(d.document, 'header', 'subject'),
    bounce_internal.document_text(d.document, 'report', 'reporting_mta'),
    bounce_internal.document_text(d.document, 'truncated') = 'true',
    coalesce(bounce_internal.document_size(d.document), length(raws[d.place]), 0),
    bounce_internal.document_text(d.document, 'digest'), (results[d.place]).disposition,
    (results[d.place]).class, (results[d.place]).reason, d.document, kept[d.place]
  FROM unnest(documents) WITH ORDINALITY AS d (document, place)
  WHERE NOT (results[d.place]).duplicate;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.store_messages IS
  'stores the reports themselves, but those that are stored already, and of those on somebody who '
  'is erased what figures need';

CREATE OR REPLACE FUNCTION bounce_internal.store_bounces(findings bounce_internal.finding[])
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.bounce (id, bounce_message_id, communication_id, recipient_id, attempt,
                             matched_by, trust, recipient, original_recipient, action, status,
                             reply_code, diagnostic, remote_mta, reason, class, is_notice,
                             permanence, rule, evidence, consequence, task_id, events, in_shadow,
                             return_date, new_address, has_left)
  SELECT f.bounce_id, f.bounce_message_id, f.communication_id, f.recipient_id, f.attempt,
         f.matched_by, f.trust, f.recipient, f.original_recipient, f.action, f.status,
         f.reply_code, f.diagnostic, f.remote_mta, f.reason, f.class, f.is_notice,
         f.permanence, f.rule, f.evidence, array_to_string(f.steps, ', '), f.task_id,
         coalesce(f.events, '{}'), coalesce(f.in_shadow, false),
         f.return_date, coalesce(f.new_address, ''), f.reason = 'has_left'
  FROM unnest(findings) AS f;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.store_bounces IS 'stores the findings of reports as bounces';

CREATE OR REPLACE FUNCTION bounce_internal.forward_unclassified(
  INOUT o bounce.report_result, gravest bounce_internal.finding, document jsonb, raw bytea)
LANGUAGE plpgsql AS $$
BEGIN
  o.forward_to := nullif(gravest.policy ->> 'operator_mailbox', '');
  o.disposition := CASE WHEN o.forward_to IS NULL THEN 'deliver' ELSE 'forward' END;
  IF o.forward_to <> '' AND bounce_internal.is_copy_queued(gravest, document, raw)
     AND bounce_internal.queue_copy(o, raw) THEN
    o.disposition := 'queue';
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.forward_unclassified(
  bounce.report_result, bounce_internal.finding, jsonb, bytea) IS
  'where a recorded report goes that a person is to read';

CREATE OR REPLACE FUNCTION bounce_internal.record_together(
  documents jsonb[], raws bytea[], message_ids bigint[], findings bounce_internal.finding[])
  RETURNS bounce.report_result[]
LANGUAGE plpgsql AS $$
DECLARE
  gravest CONSTANT bounce_internal.finding[] := bounce_internal.most_severe(findings, message_ids);
  durable CONSTANT text := bounce_internal.require_durable_commit();
  fresh bounce_internal.finding[] := bounce_internal.claim_findings(findings);
  told bounce_internal.finding[];     -- those that the log tells of
  f bounce_internal.finding;
  results bounce.report_result[];
  o bounce.report_result;
  is_written boolean;     -- an assignment costs a tenth of a PERFORM
BEGIN
  told := bounce_internal.most_severe(fresh, message_ids);
  is_written := cardinality(fresh) > 0 AND bounce_internal.lock_communications(fresh);
  FOR n IN 1 .. cardinality(message_ids) LOOP
    o := (message_ids[n], bounce_internal.disposition_of(gravest[n]),
          told[n].bounce_id IS NULL, NULL,
          gravest[n].class, gravest[n].reason, NULL, NULL, NULL, NULL, NULL);
    IF o.duplicate THEN
      o := bounce_internal.recorded_before(o, gravest[n].report_key);
    ELSIF o.class = 'unclassified'
          AND bounce_internal.is_beyond_hour(
                gravest[n], coalesce(bounce_internal.document_size(documents[n]),
                                     length(raws[n]), 0)) THEN
      o.disposition := 'discard';
      fresh := bounce_internal.gather_unread(fresh);
    END IF;
    results[n] := o;
  END LOOP;
  IF cardinality(fresh) > 0 THEN
    fresh := bounce_internal.process_findings(fresh);
    is_written := bounce_internal.store_messages(results, documents, raws, gravest, fresh)
      AND bounce_internal.store_bounces(fresh);
    told := bounce_internal.most_severe(fresh, message_ids);
  END IF;
  FOR n IN 1 .. cardinality(message_ids) LOOP
    o := results[n];
    IF NOT o.duplicate THEN
      f := told[n];
      o.bounce_id := f.bounce_id;
      o.communication_id := f.communication_id;
      o.trust := f.trust;
      o.consequence := array_to_string(f.steps, ', ');
      o.task_id := f.task_id;
    END IF;
    IF o.disposition = 'forward' THEN
      o := bounce_internal.forward_unclassified(o, gravest[n], documents[n], raws[n]);
    END IF;
    results[n] := o;
  END LOOP;
  RETURN results;
END $$;
COMMENT ON FUNCTION bounce_internal.record_together(jsonb[], bytea[], bigint[],
                                                    bounce_internal.finding[]) IS
  'records reports with these findings, and carries out their consequences. Returns a result for '
  'each. Several are only those that goes_alone() does not hold back';

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
