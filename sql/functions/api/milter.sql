-- SPDX-License-Identifier: BSD-2-Clause
--
-- For the milter, and for bouncectl record: recording reports.

CREATE OR REPLACE FUNCTION bounce.schema_version() RETURNS integer
LANGUAGE sql STABLE AS $$
  SELECT coalesce(max(version), 0) FROM bounce.schema_migration;
$$;
COMMENT ON FUNCTION bounce.schema_version() IS
  'milter: the version of the schema: the highest migration applied; 0 when none is recorded';

CREATE OR REPLACE FUNCTION bounce.milter_settings(
  OUT bounce_domain text[], OUT operator_mailbox text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
  SELECT bounce_internal.domains(bounce.parameter('bounce_domain')),
         bounce.parameter('operator_mailbox');
$$;
COMMENT ON FUNCTION bounce.milter_settings() IS
  'milter: one row with what the milter needs before a message is complete; to be read again '
  'after each NOTIFY bounce_parameter';

CREATE OR REPLACE FUNCTION bounce.token_settings(
  OUT refuse_bad_token boolean, OUT return_path_prefix text, OUT keys text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  refuse_bad_token := bounce_internal.parameter_boolean('refuse_bad_token');
  return_path_prefix := bounce.parameter('return_path_prefix');
  SELECT coalesce(string_agg(k.id || ':' || encode(k.secret, 'hex'), ' ' ORDER BY k.id),
                  '') INTO keys
  FROM bounce.token_key AS k WHERE k.expires_at IS NULL OR k.expires_at > now();
END $$;
COMMENT ON FUNCTION bounce.token_settings() IS
  'milter: one row: whether to refuse at RCPT, the prefix of a token, and the keys that verify, '
  'as id:hex separated by spaces; to be read again after each NOTIFY bounce_parameter';

-- Generic plans by index: an estimate for each array of findings would cost more than the lookup
-- itself, and a plan that was made while a table was small stays when it is large.
CREATE OR REPLACE FUNCTION bounce.record_report(report jsonb, raw bytea)
RETURNS bounce.report_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
DECLARE
  document CONSTANT jsonb := bounce_internal.complete_document(report, raw);
  findings CONSTANT bounce_internal.finding[] := bounce_internal.findings_of(document);
  gravest CONSTANT bounce_internal.finding := bounce_internal.most_severe(findings);
  durable CONSTANT text := bounce_internal.require_durable_commit();
  fresh bounce_internal.finding[];
  o bounce.report_result;
  told bounce_internal.finding;     -- the one that the log tells of
  is_written boolean;     -- an assignment costs a tenth of a PERFORM
BEGIN
  o := (nextval('bounce.bounce_message_id_seq'), bounce_internal.disposition_of(gravest),
        false, NULL, gravest.class, gravest.reason, NULL, NULL, NULL, NULL, NULL);
  fresh := bounce_internal.claim_findings(findings, o.bounce_message_id);
  IF cardinality(fresh) = 0 THEN
    o := bounce_internal.recorded_before(o, gravest.report_key);
  ELSE
    is_written := bounce_internal.lock_communications(fresh);
    IF o.class = 'unclassified' AND bounce_internal.is_beyond_hour(gravest) THEN
      o.disposition := 'discard';
      fresh := bounce_internal.gather_unread(fresh);
    END IF;
    fresh := bounce_internal.process_findings(fresh);
    is_written := bounce_internal.store_message(o, document, raw, gravest)
      AND bounce_internal.store_bounces(o.bounce_message_id, fresh);
    told := bounce_internal.most_severe(fresh);
    o.bounce_id := told.bounce_id;
    o.communication_id := told.communication_id;
    o.trust := told.trust;
    o.consequence := array_to_string(told.steps, ', ');
    o.task_id := told.task_id;
  END IF;
  IF o.disposition = 'forward' THEN
    o.forward_to := nullif(gravest.policy ->> 'operator_mailbox', '');
    o.disposition := CASE WHEN o.forward_to IS NULL THEN 'deliver' ELSE 'forward' END;
    IF o.forward_to <> '' AND bounce_internal.is_copy_queued(gravest, document, raw) THEN
      o.disposition := CASE WHEN bounce_internal.queue_copy(o, raw) THEN 'queue'
                            ELSE 'forward' END;
    END IF;
  END IF;
  RETURN o;
END $$;
COMMENT ON FUNCTION bounce.record_report(jsonb, bytea) IS
  'milter: records a report (the classifier''s document, version 1, and the message as received; '
  'either may be NULL) and carries out its consequences. Recording a report again changes nothing '
  'and returns the same result. No content makes it fail';

CREATE OR REPLACE FUNCTION bounce.record_reports(reports jsonb[], raws bytea[])
RETURNS SETOF bounce.report_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  report jsonb;
  raw bytea;
BEGIN
  IF cardinality(reports) IS DISTINCT FROM cardinality(raws) OR reports IS NULL THEN
    RAISE EXCEPTION 'record_reports(): % reports and % messages',
      coalesce(cardinality(reports), 0), coalesce(cardinality(raws), 0)
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Two arrays of the same length.';
  END IF;
  FOR report, raw IN
    SELECT u.report, u.raw FROM unnest(reports, raws) WITH ORDINALITY AS u (report, raw, n)
    ORDER BY u.n
  LOOP
    RETURN NEXT bounce.record_report(report, raw);
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce.record_reports(jsonb[], bytea[]) IS
  'milter: records several reports in one transaction, as record_report() does: one row for each, '
  'in the order given. A row without bounce_message_id means that this one is not recorded: '
  'call record_report() for it afterwards. When it fails none is recorded: call record_report() '
  'for each, so that one that cannot be recorded does not hold up the others';
