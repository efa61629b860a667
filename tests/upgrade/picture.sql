-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a person would look for in a database: it is the same before an upgrade and after it.

SELECT jsonb_build_object(
  'mails', (SELECT jsonb_agg(jsonb_build_array(c.id, c.process, c.business_ref, c.subject, c.status,
                                               d.state, r.address, r.state, r.attempts, r.class,
                                               r.reason) ORDER BY c.id, r.id)
            FROM bounce.communication AS c
            JOIN bounce.communication_recipient AS r ON r.communication_id = c.id
            LEFT JOIN bounce.delivery AS d ON d.communication_id = c.id),
  'reports', (SELECT jsonb_agg(jsonb_build_array(b.id, b.reason, b.class, b.trust, m.disposition,
                                                 md5(m.raw)) ORDER BY b.id)
              FROM bounce.bounce AS b
              JOIN bounce.bounce_message AS m ON m.id = b.bounce_message_id),
  'tasks', (SELECT jsonb_agg(jsonb_build_array(t.id, t.kind, t.status, t.count, t.summary)
                             ORDER BY t.id) FROM bounce.task AS t),
  'blocks', (SELECT jsonb_agg(k.address ORDER BY k.address) FROM bounce.blocked_address AS k),
  'log', (SELECT count(*) FROM bounce.communication_log))::text;
