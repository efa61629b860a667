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
-- itself, and a plan that was made while a table was small stays when it is large. So a join looks
-- each row up, and reads no table into memory.
CREATE OR REPLACE FUNCTION bounce.record_report(report jsonb, raw bytea)
RETURNS bounce.report_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
  SET enable_mergejoin = off SET enable_material = off SET jit = off AS $$
DECLARE
  documents CONSTANT jsonb[] := ARRAY[bounce_internal.complete_document(report, raw)];
  message_ids CONSTANT bigint[] := ARRAY[bounce_internal.new_message_id()];
BEGIN
  RETURN (bounce_internal.record_together(
    documents, ARRAY[raw], message_ids,
    bounce_internal.findings_of(documents, message_ids)))[1];
END $$;
COMMENT ON FUNCTION bounce.record_report(jsonb, bytea) IS
  'milter: records a report (the classifier''s document, version 1, and the message as received; '
  'either may be NULL) and carries out its consequences. Recording a report again changes nothing '
  'and returns the same result. No content makes it fail';

CREATE OR REPLACE FUNCTION bounce.record_reports(reports jsonb[], raws bytea[])
RETURNS SETOF bounce.report_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
  SET enable_mergejoin = off SET enable_material = off SET jit = off AS $$
DECLARE
  documents jsonb[] := '{}';
  message_ids bigint[] := '{}';
  findings bounce_internal.finding[];
  together bigint[];
  results bounce.report_result[];
BEGIN
  IF cardinality(reports) IS DISTINCT FROM cardinality(raws) OR reports IS NULL THEN
    RAISE EXCEPTION 'record_reports(): % reports and % messages',
      coalesce(cardinality(reports), 0), coalesce(cardinality(raws), 0)
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Two arrays of the same length.';
  END IF;
  FOR n IN 1 .. cardinality(reports) LOOP
    documents[n] := bounce_internal.complete_document(reports[n], raws[n]);
    message_ids[n] := bounce_internal.new_message_id();
  END LOOP;
  findings := bounce_internal.findings_of(documents, message_ids);
  together := bounce_internal.going_together(findings, message_ids);
  IF together = message_ids THEN     -- nothing to pick out
    results := bounce_internal.record_together(documents, raws, message_ids, findings);
  ELSIF cardinality(together) > 0 THEN
    results := bounce_internal.record_together(
      ARRAY(SELECT documents[array_position(message_ids, k)] FROM unnest(together) AS k),
      ARRAY(SELECT raws[array_position(message_ids, k)] FROM unnest(together) AS k), together,
      ARRAY(SELECT u FROM unnest(findings) AS u WHERE u.bounce_message_id = ANY (together)));
  END IF;
  FOR n IN 1 .. cardinality(message_ids) LOOP
    RETURN NEXT results[array_position(together, message_ids[n])];
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce.record_reports(jsonb[], bytea[]) IS
  'milter: record_report() for several reports in one transaction, at less cost. One row for each, '
  'in the order given; bounce_message_id is NULL where a report is not recorded: the caller then '
  'calls record_report() for each of those, in order. An error means that none is recorded';
