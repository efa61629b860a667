-- SPDX-License-Identifier: BSD-2-Clause
--
-- The ways of resolving a task, in the order in which people are shown them.

CREATE OR REPLACE FUNCTION bounce_internal.ways()
RETURNS TABLE (place integer, way text, act text, kinds text[])
LANGUAGE sql IMMUTABLE AS $$
  VALUES
    (1, 'corrected', 'resolve_task_corrected',
     '{hard_bounce,resend_exhausted,soft_bounces,auto_reply,bounce_without_communication}'::text[]),
    (2, 'suggested', 'resolve_task_corrected',
     '{hard_bounce,resend_exhausted,soft_bounces,auto_reply,bounce_without_communication}'),
    (3, 'unblocked', 'resolve_task_unblocked',
     '{hard_bounce,resend_exhausted,soft_bounces,complaint,delivery_problem,'
     'bounce_without_communication}'),
    (4, 'dead', 'resolve_task_dead',
     '{hard_bounce,resend_exhausted,soft_bounces,complaint,auto_reply,'
     'bounce_without_communication}'),
    (5, 'arrived', 'resolve_task_arrived', '{delivery_problem}'),
    (6, 'dismissed', 'dismiss_outage', '{outage}'),
    (7, 'confirmed', 'confirm_outage', '{outage}'),
    (8, 'done', 'resolve_task',
     '{hard_bounce,resend_exhausted,soft_bounces,complaint,auto_reply,delivery_problem,'
     'bounce_without_communication,process_paused}')
$$;
COMMENT ON FUNCTION bounce_internal.ways() IS
  'the ways of resolving a task, the function of each, and the kinds of task that may be resolved '
  'so';

CREATE OR REPLACE FUNCTION bounce_internal.kinds_of(way text) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT w.kinds FROM bounce_internal.ways() AS w WHERE w.way = kinds_of.way
$$;
COMMENT ON FUNCTION bounce_internal.kinds_of(text) IS
  'the kinds of task that may be resolved in this way';

CREATE OR REPLACE FUNCTION bounce_internal.ways_to_resolve(t bounce.task) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN (t).kind = 'outage'
      THEN bounce_internal.say(
        'It is resolved with confirm_outage or --no-outage (they are dead), or with '
        'dismiss_outage or --outage (it was one).')
    WHEN (t).kind = 'process_paused' THEN bounce_internal.say(
        'It is resolved with resume_process (it closes by itself then).')
    WHEN (t).kind = 'complaint'
      THEN bounce_internal.say(
        'It is resolved with resolve_task_dead (the process may not write '
        'there any more), resolve_task_unblocked (it may again) or '
        'resolve_task (nothing else).')
    WHEN (t).kind = 'auto_reply'
      THEN bounce_internal.say(
        'It is resolved with resolve_task_corrected (send it there), '
        'resolve_task_dead (nobody reads it any more) or resolve_task '
        '(nothing else).')
    WHEN (t).reason = 'webhook'
      THEN bounce_internal.say(
        'It is resolved with retry_events (sends again) or resolve_task '
        '(leave it).')
    WHEN (t).reason = 'operator_copy'
      THEN bounce_internal.say(
        'It is resolved with retry_copies (sends again) or resolve_task '
        '(leave it).')
    WHEN (t).reason = 'submission_server' THEN bounce_internal.say(
        'It is resolved with a server that works: it closes by itself then.')
    WHEN bounce_internal.is_unknown_task(t)
      THEN bounce_internal.say(
        'It is resolved with resolve_task_arrived (it did arrive), '
        'resolve_task_unblocked (send it again) or resolve_task (leave it).')
    WHEN (t).kind = 'delivery_problem'
      THEN bounce_internal.say(
        'It is resolved with resolve_task_unblocked (they let us in: send '
        'again) or resolve_task (leave it).')
    ELSE bounce_internal.say(
        'It is resolved with resolve_task_corrected (another address), '
        'resolve_task_unblocked (it works), resolve_task_dead or '
        'resolve_task (nothing else).')
  END
$$;
COMMENT ON FUNCTION bounce_internal.ways_to_resolve(bounce.task) IS
  'the functions that can resolve this task, as a hint';
