-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a worker reads of a mail when it begins to send it.

-- plpgsql keeps its plan; it is asked for every mail.
CREATE OR REPLACE FUNCTION bounce.attachments_of(communication_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT jsonb_agg(jsonb_build_object('filename', a.filename, 'content_type', a.content_type, 'content_id', a.content_id,
                                              'content', encode(a.content, 'base64')) ORDER BY a.place)
          FROM bounce.communication_attachment AS a WHERE a.communication_id = attachments_of.communication_id);
END
$$;
COMMENT ON FUNCTION bounce.attachments_of(bigint) IS
  'internal: [{filename, content_type, content_id, content (base64)}] in their order; NULL when there are none';
