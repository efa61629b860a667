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
