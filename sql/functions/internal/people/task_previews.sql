-- SPDX-License-Identifier: BSD-2-Clause
--
-- What resolving a task has done, in words: for previews.

CREATE OR REPLACE FUNCTION bounce_internal.unless_paused(task_id bigint) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE count(*) WHEN 0 THEN ''
              ELSE bounce_internal.say(', as soon as process %s sends again',
                                       string_agg(DISTINCT p.name, ', ')) END
  FROM bounce.task AS t
  JOIN bounce.communication_recipient AS r
    ON r.id = ANY (bounce_internal.recipients_of_task(t))
  JOIN bounce.communication AS c ON c.id = r.communication_id
  JOIN bounce.process AS p ON p.name = c.process
  WHERE t.id = unless_paused.task_id AND p.paused_at IS NOT NULL
$$;
COMMENT ON FUNCTION bounce_internal.unless_paused(bigint) IS
  'for what a preview says is sent: what the mails of a task wait for while their processes are '
  'paused; empty when they are not';

CREATE OR REPLACE FUNCTION bounce_internal.resolve_in_words(
  task_id bigint, way text, note text, address text, resend boolean) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  t CONSTANT bounce.task := (SELECT q FROM bounce.task AS q WHERE q.id = task_id);
  target CONSTANT text := CASE way WHEN 'suggested'
                                   THEN (SELECT d.correction FROM bounce.task_detail AS d
                                         WHERE d.id = task_id)
                                   ELSE address END;
  waits_for CONSTANT text := bounce_internal.unless_paused(task_id);
  was_blocked CONSTANT boolean := bounce_internal.is_blocked(t.address, t.process);
  n bigint;
BEGIN
  CASE way
    WHEN 'done' THEN
      PERFORM bounce.resolve_task(task_id, note);
      RETURN bounce_internal.say('closed');
    WHEN 'corrected', 'suggested' THEN
      IF target = '' THEN
        PERFORM bounce_internal.refuse('invalid_parameter_value',
          bounce_internal.say('no address is suggested'));
      END IF;
      n := bounce.resolve_task_corrected(task_id, target, note);
      RETURN CASE n WHEN 1 THEN bounce_internal.say('1 mail sent to %w', target)
                    ELSE bounce_internal.say('%s mails sent to %w', n::text, target) END
             || waits_for;
    WHEN 'unblocked' THEN
      n := bounce.resolve_task_unblocked(task_id, note, resend);
      RETURN concat_ws(', ', CASE WHEN was_blocked THEN bounce_internal.say('block lifted') END,
                       CASE n WHEN 1 THEN bounce_internal.say('1 mail sent again')
                              ELSE bounce_internal.say('%s mails sent again', n::text) END)
             || CASE WHEN n > 0 THEN waits_for ELSE '' END;
    WHEN 'dead' THEN
      RETURN CASE WHEN bounce.resolve_task_dead(task_id, note)
                  THEN bounce_internal.say('address blocked')
                  ELSE bounce_internal.say('address stays blocked') END
             || CASE t.kind WHEN 'complaint'
                            THEN bounce_internal.say(' for process %s', t.process) ELSE '' END;
    WHEN 'arrived' THEN
      n := bounce.resolve_task_arrived(task_id, note);
      RETURN CASE n WHEN 1 THEN bounce_internal.say('1 mail counted as arrived')
                    ELSE bounce_internal.say('%s mails counted as arrived', n::text) END;
    WHEN 'confirmed' THEN
      n := bounce.confirm_outage(task_id, note);
      RETURN CASE n WHEN 1 THEN bounce_internal.say('1 address blocked')
                    ELSE bounce_internal.say('%s addresses blocked', n::text) END;
    WHEN 'dismissed' THEN
      n := bounce.dismiss_outage(task_id, note, resend);
      RETURN CASE n WHEN 1 THEN bounce_internal.say('nothing blocked, 1 bounce undone')
                    ELSE bounce_internal.say('nothing blocked, %s bounces undone', n::text) END;
  END CASE;
END $$;
COMMENT ON FUNCTION bounce_internal.resolve_in_words(bigint, text, text, text, boolean) IS
  'resolves a task in one of the ways, and says what was done';
