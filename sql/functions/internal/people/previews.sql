-- SPDX-License-Identifier: BSD-2-Clause
--
-- What resolving a task has done, in words: for previews.

CREATE OR REPLACE FUNCTION bounce_internal.resolve_in_words(
  task_id bigint, way text, note text, address text, resend boolean) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  t CONSTANT bounce.task := (SELECT q FROM bounce.task AS q WHERE q.id = task_id);
  target CONSTANT text := CASE way WHEN 'suggested'
                                   THEN (SELECT d.correction FROM bounce.task_detail AS d
                                         WHERE d.id = task_id)
                                   ELSE address END;
  was_blocked CONSTANT boolean := bounce_internal.is_blocked(t.address, t.process);
  n bigint;
BEGIN
  CASE way
    WHEN 'done' THEN
      PERFORM bounce.resolve_task(task_id, note);
      RETURN 'closed';
    WHEN 'corrected', 'suggested' THEN
      IF target = '' THEN
        RAISE EXCEPTION 'no address is suggested' USING ERRCODE = 'invalid_parameter_value';
      END IF;
      n := bounce.resolve_task_corrected(task_id, target, note);
      RETURN format('%s sent to %s', bounce_internal.count_of(n, 'mail'), target);
    WHEN 'unblocked' THEN
      n := bounce.resolve_task_unblocked(task_id, note, resend);
      RETURN concat_ws(', ', CASE WHEN was_blocked THEN 'block lifted' END,
                       bounce_internal.count_of(n, 'mail') || ' sent again');
    WHEN 'dead' THEN
      RETURN CASE WHEN bounce.resolve_task_dead(task_id, note) THEN 'address blocked'
                  ELSE 'address stays blocked' END
             || CASE t.kind WHEN 'complaint' THEN ' for process ' || t.process ELSE '' END;
    WHEN 'arrived' THEN
      RETURN bounce_internal.count_of(bounce.resolve_task_arrived(task_id, note), 'mail')
             || ' counted as arrived';
    WHEN 'confirmed' THEN
      RETURN bounce_internal.count_of(bounce.confirm_outage(task_id, note), 'address')
             || ' blocked';
    WHEN 'dismissed' THEN
      RETURN format('nothing blocked, %s undone',
                    bounce_internal.count_of(bounce.dismiss_outage(task_id, note, resend),
                                             'bounce'));
  END CASE;
END $$;
COMMENT ON FUNCTION bounce_internal.resolve_in_words(bigint, text, text, text, boolean) IS
  'resolves a task in one of the ways, and says what was done';

CREATE OR REPLACE FUNCTION bounce_internal.count_of(n bigint, thing text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT format('%s %s', n, CASE WHEN n = 1 THEN thing
                                 ELSE thing || CASE WHEN thing LIKE '%s' THEN 'es' ELSE 's' END END)
$$;
COMMENT ON FUNCTION bounce_internal.count_of(bigint, text) IS '1 mail, 2 mails, 0 addresses';
