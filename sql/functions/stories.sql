-- SPDX-License-Identifier: BSD-2-Clause
--
-- What people read of one mail and of one address: the whole story, oldest first.

CREATE OR REPLACE FUNCTION bounce.communication_story(communication_id bigint)
RETURNS TABLE (at timestamptz, recipient text, event text, text text, actor text, bounce_id bigint, task_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT s.at, coalesce(r.address, ''), s.event, s.text, s.actor, s.bounce_id, s.task_id
  FROM (SELECT c.created_at AS at, NULL::bigint AS recipient_id, 'registered' AS event,
               concat_ws(' ', c.process, nullif(c.business_ref, ''), quote_ident(c.subject)) AS text, '' AS actor,
               NULL::bigint AS bounce_id, NULL::bigint AS task_id, 0 AS rank, 0::bigint AS place
        FROM bounce.communication AS c WHERE c.id = communication_story.communication_id
        UNION ALL
        SELECT b.received_at, b.recipient_id, 'report', format('%s %s: %s from %s, matched by %s, trust %s, rule %s', b.class, b.reason,
                 coalesce(m.kind, 'report'), coalesce(nullif(m.reporting_mta, ''), nullif(m.client, ''), 'unknown'),
                 b.matched_by, b.trust, b.rule), '', b.id, b.task_id, 1, b.id
        FROM bounce.bounce AS b
        LEFT JOIN bounce.bounce_message AS m ON m.id = b.bounce_message_id AND m.received_at = b.received_at
        WHERE b.communication_id = communication_story.communication_id
        UNION ALL
        SELECT l.at, l.recipient_id, l.event, l.text, l.actor, l.bounce_id, NULL, 2, l.id
        FROM bounce.communication_log AS l WHERE l.communication_id = communication_story.communication_id
        UNION ALL
        SELECT h.at, t.recipient_id, 'task_' || h.action, h.text, h.actor, t.bounce_id, t.id, 3, h.id
        FROM bounce.task_history AS h JOIN bounce.task AS t ON t.id = h.task_id
        WHERE h.action IN ('assigned', 'postponed', 'note')
          AND t.id IN (SELECT q.task_id FROM bounce.communication_recipient AS q WHERE q.communication_id = communication_story.communication_id
                       UNION SELECT b.task_id FROM bounce.bounce AS b WHERE b.communication_id = communication_story.communication_id)) AS s
  LEFT JOIN bounce.communication_recipient AS r ON r.id = s.recipient_id
  ORDER BY s.at, s.rank, s.place;
END
$$;
COMMENT ON FUNCTION bounce.communication_story(bigint) IS
  'the whole story of a communication, oldest first: registered, sent, reported, what followed, who did what';
