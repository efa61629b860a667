-- SPDX-License-Identifier: BSD-2-Clause
--
-- For operators: what an act would do. It is done and taken back: only so is the answer sure to
-- be what will happen.

CREATE OR REPLACE FUNCTION bounce.preview_task(
  task_id bigint, way text, note text DEFAULT '', address text DEFAULT '',
  resend boolean DEFAULT true, OUT is_possible boolean, OUT outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  act regproc;
  remedy text;
BEGIN
  PERFORM bounce_internal.require_word(
    'way to resolve a task', way, ARRAY(SELECT w.way FROM bounce_internal.ways() AS w));
  -- the preview is made with the rights of its owner, the act is not
  act := (SELECT 'bounce.' || w.act FROM bounce_internal.ways() AS w
          WHERE w.way = preview_task.way);
  IF NOT has_function_privilege(bounce_internal.caller(), act, 'EXECUTE') THEN
    is_possible := false;
    outcome := CASE WHEN has_function_privilege('bounce_clerk', act, 'EXECUTE')
                    THEN bounce_internal.sentence('your account may not do that: a clerk may')
                    ELSE bounce_internal.sentence('your account may not do that: an operator may')
               END;
    RETURN;
  END IF;
  BEGIN
    outcome := bounce_internal.told(
      bounce_internal.resolve_in_words(task_id, way, coalesce(note, ''), coalesce(address, ''),
                                       resend));
    is_possible := true;
    RAISE EXCEPTION 'only a preview' USING ERRCODE = 'BM002';
  EXCEPTION
    WHEN SQLSTATE 'BM002' THEN
      NULL;     -- variables keep their values, the tables do not
    WHEN invalid_parameter_value OR no_data_found THEN
      GET STACKED DIAGNOSTICS remedy = PG_EXCEPTION_HINT;
      is_possible := false;
      outcome := concat_ws('. ', SQLERRM, nullif(remedy, ''));
  END;
END $$;
COMMENT ON FUNCTION bounce.preview_task(bigint, text, text, text, boolean) IS
  'operator: what resolving a task would do, and whether the caller can do it; nothing is changed. '
  'way: '
  'done, corrected (address), suggested, unblocked, dead, arrived, confirmed, dismissed';

CREATE OR REPLACE FUNCTION bounce.task_waits_for(task_id bigint) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN bounce_internal.told(bounce_internal.unless_paused(task_id));
END $$;
COMMENT ON FUNCTION bounce.task_waits_for(bigint) IS
  'operator: for what is said of the mails of a task that are sent again: what they wait for while '
  'their processes are paused, as preview_task() says it; empty when they are not';

CREATE OR REPLACE FUNCTION bounce.task_ways(task_id bigint)
RETURNS TABLE (place integer, way text, takes_address boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT w.place, w.way, w.way = 'corrected'
  FROM bounce.task_detail AS t JOIN bounce_internal.ways() AS w ON t.kind = ANY (w.kinds)
  WHERE t.id = task_ways.task_id AND t.status = 'open'
    AND (w.way <> 'suggested' OR t.correction <> '')
    AND has_function_privilege(bounce_internal.caller(), ('bounce.' || w.act)::regproc, 'EXECUTE')
  ORDER BY w.place;
END $$;
COMMENT ON FUNCTION bounce.task_ways(bigint) IS
  'operator: the ways of resolving an open task that fit its kind and that the caller may take, '
  'as preview_task() calls them, which says what each would do; takes_address: it needs one';

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
    -- what was made for the preview had a number that it will not have
    RETURN regexp_replace(outcome, '(task [a-z_]+|follow-up) [0-9]+', '\1', 'g');
  END;
END $$;
COMMENT ON FUNCTION bounce.preview_reclassify(bigint, text, text) IS
  'operator: what reclassify() would do and return, but for numbers; nothing is changed';
