-- SPDX-License-Identifier: BSD-2-Clause
--
-- Taking back undo_bounces(): what followed from many bounces is there again.

CREATE OR REPLACE FUNCTION bounce_internal.state_of_bounces(bounces bigint[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object(
    'bounces', to_jsonb(bounces),
    'blocks', (SELECT coalesce(jsonb_agg(k.id), '[]') FROM bounce.address_block AS k
               WHERE k.bounce_id = ANY (bounces) AND k.lifted_at IS NULL),
    'tasks', (SELECT coalesce(jsonb_agg(t.id), '[]') FROM bounce.task AS t
              WHERE t.status = 'open' AND t.id IN (SELECT b.task_id FROM bounce.bounce AS b
                                                   WHERE b.id = ANY (bounces))),
    'recipients', (SELECT coalesce(jsonb_agg(bounce_internal.recipient_as_it_is(r)), '[]')
                   FROM bounce.communication_recipient AS r
                   WHERE r.id IN (
                     SELECT b.recipient_id
                     FROM bounce.bounce AS b
                     JOIN bounce.communication_recipient AS o ON o.id = b.recipient_id
                       AND o.bounce_id = b.id AND o.state = 'bounced'
                     WHERE b.id = ANY (bounces)
                     UNION SELECT bounce_internal.refused_for(
                       bounce_internal.blocked_by(bounces)))));
END $$;
COMMENT ON FUNCTION bounce_internal.state_of_bounces(bigint[]) IS
  'what undoing bounces changes, as it is; no words of anybody';

CREATE OR REPLACE FUNCTION bounce_internal.lock_undo(undo_id bigint) RETURNS bounce.undo
LANGUAGE plpgsql AS $$
DECLARE
  u bounce.undo;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('bounce.undo_bounces'));
  SELECT q.* INTO u FROM bounce.undo AS q
  WHERE q.id = lock_undo.undo_id AND q.undo_state IS NOT NULL FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM bounce_internal.refuse('no_data_found',
      bounce_internal.say('no undo %s that could be taken back', lock_undo.undo_id::text),
      bounce_internal.say('bouncectl undo --list shows them.'));
  END IF;
  PERFORM bounce_internal.lock_mails_of(u.bounces);
  RETURN u;
END $$;
COMMENT ON FUNCTION bounce_internal.lock_undo(bigint) IS
  'an undo, locked with its communications. P0002 when there is none, or it was taken back';

CREATE OR REPLACE FUNCTION bounce_internal.reopen_undone_tasks(u bounce.undo, why text)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  reopened bigint;
BEGIN
  WITH again AS (
    UPDATE bounce.task AS t SET status = 'open', resolution = '', resolved_at = NULL,
      resolved_by = NULL, note = ''
    WHERE t.id IN (SELECT i::bigint FROM jsonb_array_elements_text(u.undo_state -> 'tasks') AS i)
      AND t.resolution = 'taken back' AND t.resolved_at = u.at
      AND NOT EXISTS (SELECT FROM bounce.task AS o
                      WHERE o.dedup_key = t.dedup_key AND o.status = 'open')
    RETURNING t.id)
  INSERT INTO bounce.task_history (task_id, action, text)
  SELECT a.id, 'reopened', reopen_undone_tasks.why FROM again AS a;
  GET DIAGNOSTICS reopened = ROW_COUNT;
  RETURN reopened;
END $$;
COMMENT ON FUNCTION bounce_internal.reopen_undone_tasks(bounce.undo, text) IS
  'opens the tasks again that an undo closed, unless the same matter is open. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.restore_bounces(u bounce.undo) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.communication_recipient AS r
  SET status_code = b.status, diagnostic = coalesce(nullif(b.diagnostic, ''), b.evidence)
  FROM bounce.bounce AS b
  WHERE b.id = ANY (u.bounces) AND r.id = b.recipient_id AND r.bounce_id = b.id
    AND r.state = 'bounced';
  INSERT INTO bounce.soft_bounce_day (address_key, day, at, bounce_id)
  SELECT DISTINCT ON (r.address_key, (b.received_at AT TIME ZONE 'UTC')::date)
         r.address_key, (b.received_at AT TIME ZONE 'UTC')::date, b.received_at, b.id
  FROM bounce.bounce AS b JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
    AND r.bounce_id = b.id
  JOIN bounce.communication AS c ON c.id = b.communication_id
  WHERE b.id = ANY (u.bounces) AND b.class = 'soft'
    AND bounce_internal.policy_of(c.process) ->> 'soft_score' <> 'off'
  ORDER BY 1, 2, b.id
  ON CONFLICT DO NOTHING;
  UPDATE bounce.follow_up AS k SET status = 'open', finished_at = NULL, is_moot = false,
    result = ''
  WHERE (k.bounce_id = ANY (u.bounces)
         OR k.kind = 'blocked'
            AND k.recipient_id IN (SELECT (w ->> 'id')::bigint
                                   FROM jsonb_array_elements(u.undo_state -> 'recipients') AS w))
    AND k.is_moot AND k.finished_at = u.at AND bounce_internal.why_moot(k) IS NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.restore_bounces(bounce.undo) IS
  'what belongs to the bounces themselves: words, scores, follow-ups';
