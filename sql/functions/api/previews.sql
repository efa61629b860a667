-- SPDX-License-Identifier: BSD-2-Clause
--
-- For operators: what an act would do. It is done and taken back: only so is the answer sure to
-- be what will happen.

CREATE OR REPLACE FUNCTION bounce.preview_task(
  task_id bigint, way text, note text DEFAULT '', address text DEFAULT '',
  resend boolean DEFAULT true, OUT is_possible boolean, OUT outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  hint text;
BEGIN
  PERFORM bounce_internal.require_word(
    'way to resolve a task', way,
    '{done,corrected,suggested,unblocked,dead,arrived,confirmed,dismissed}');
  BEGIN
    outcome := bounce_internal.resolve_in_words(task_id, way, coalesce(note, ''),
                                                coalesce(address, ''), resend);
    is_possible := true;
    RAISE EXCEPTION 'only a preview' USING ERRCODE = 'BM002';
  EXCEPTION
    WHEN SQLSTATE 'BM002' THEN
      NULL;     -- variables keep their values, the tables do not
    WHEN invalid_parameter_value OR no_data_found THEN
      is_possible := false;
      outcome := SQLERRM;
  END;
END $$;
COMMENT ON FUNCTION bounce.preview_task(bigint, text, text, text, boolean) IS
  'operator: what resolving a task would do, and whether it can be done; nothing is changed. way: '
  'done, corrected (address), suggested, unblocked, dead, arrived, confirmed, dismissed';

CREATE OR REPLACE FUNCTION bounce.preview_reclassify(
  bounce_id bigint, reason text, why text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  outcome text;
BEGIN
  BEGIN
    outcome := bounce.reclassify(bounce_id, reason, why);
    RAISE EXCEPTION 'only a preview' USING ERRCODE = 'BM002';
  EXCEPTION WHEN SQLSTATE 'BM002' THEN
    RETURN outcome;
  END;
END $$;
COMMENT ON FUNCTION bounce.preview_reclassify(bigint, text, text) IS
  'operator: what reclassify() would do and return; nothing is changed';
