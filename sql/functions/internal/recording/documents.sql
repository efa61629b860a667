-- SPDX-License-Identifier: BSD-2-Clause
--
-- The classifier's document: reading it into findings.

CREATE OR REPLACE FUNCTION bounce_internal.document_text(document jsonb, VARIADIC path text[])
RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(btrim(document #>> path)::varchar(2000), '')     -- cheaper than left()
$$;
COMMENT ON FUNCTION bounce_internal.document_text(jsonb, text[]) IS
  'a text of the document, at most 2000 characters; empty when absent. What is no text is taken as '
  'it is written in JSON';

CREATE OR REPLACE FUNCTION bounce_internal.document_size(document jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN octet_length(document ->> 'size') BETWEEN 1 AND 15
                   AND translate(document ->> 'size', '0123456789', '') = ''
              THEN (document ->> 'size')::bigint END
$$;
COMMENT ON FUNCTION bounce_internal.document_size(jsonb) IS
  'bytes of the whole message; null when the document does not say';

CREATE OR REPLACE FUNCTION bounce_internal.document_list(document jsonb, VARIADIC path text[])
RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN jsonb_typeof(document #> path) = 'array' THEN document #> path
              ELSE '[]'::jsonb END
$$;
COMMENT ON FUNCTION bounce_internal.document_list(jsonb, text[]) IS
  'an array of the document; [] when absent';

CREATE OR REPLACE FUNCTION bounce_internal.document_texts(document jsonb, VARIADIC path text[])
RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  list CONSTANT jsonb := bounce_internal.document_list(document, VARIADIC path);
  texts text[] := '{}';
  entry text;
BEGIN
  FOR i IN 0 .. least(jsonb_array_length(list), 1000) - 1 LOOP
    entry := btrim(list ->> i)::varchar(2000);
    IF entry <> '' AND jsonb_typeof(list -> i) = 'string' THEN
      texts := texts || entry;
    END IF;
  END LOOP;
  RETURN texts;
END $$;
COMMENT ON FUNCTION bounce_internal.document_texts(jsonb, text[]) IS
  'the non-empty texts of an array, at most 1000';

CREATE OR REPLACE FUNCTION bounce_internal.document_addresses(document jsonb, recipient jsonb)
RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  spellings text[] := bounce_internal.document_texts(recipient, 'addresses')
    || bounce_internal.document_text(recipient, 'recipient')
    || bounce_internal.document_text(recipient, 'original_recipient');
  keys text[] := '{}';
  key text;
BEGIN
  -- an automatic reply often names nobody but its author
  IF bounce_internal.document_text(document, 'kind') = 'auto_reply' THEN
    spellings := spellings || bounce_internal.document_text(document, 'header', 'from');
  END IF;
  FOR i IN 1 .. cardinality(spellings) LOOP
    key := bounce.address_key(spellings[i]);
    IF position('@' IN key) > 1 AND key <> ALL (keys) THEN
      keys := keys || key;
    END IF;
  END LOOP;
  IF cardinality(keys) > 1 THEN
    keys := ARRAY(SELECT k FROM unnest(keys) AS k ORDER BY k);
  END IF;
  RETURN keys;
END $$;
COMMENT ON FUNCTION bounce_internal.document_addresses(jsonb, jsonb) IS
  'the spellings of a recipient''s address that may match';

CREATE OR REPLACE FUNCTION bounce_internal.complete_document(report jsonb, raw bytea) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  document CONSTANT jsonb := CASE jsonb_typeof(report) WHEN 'object' THEN report ELSE '{}' END;
BEGIN
  IF bounce_internal.document_text(document, 'digest') <> '' THEN
    RETURN document;
  END IF;
  RETURN document || jsonb_build_object('digest',
                                        encode(sha256(coalesce(raw,
                                                               convert_to(document::text, 'UTF8'))),
                                               'hex'));
END $$;
COMMENT ON FUNCTION bounce_internal.complete_document(jsonb, bytea) IS
  'the document, or an empty one, with a digest';

CREATE OR REPLACE FUNCTION bounce_internal.is_notice(
  kind text, action text, reason_is_notice boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT reason_is_notice
         OR action IN ('delayed', 'delivered', 'relayed', 'expanded')
         OR (action = '' AND kind IN ('delay', 'success', 'read_receipt', 'complaint', 'feedback',
                                     'challenge'))
$$;
COMMENT ON FUNCTION bounce_internal.is_notice(text, text, boolean) IS
  'whether it is not about a failed delivery; of the actions of RFC 3464 only failed is final, '
  'whatever the reason is';

CREATE OR REPLACE FUNCTION bounce_internal.classify(INOUT f bounce_internal.finding, kind text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  known bounce.bounce_reason;
BEGIN
  SELECT * INTO known FROM bounce.bounce_reason AS r WHERE r.reason = f.reason;
  IF NOT FOUND THEN
    SELECT * INTO STRICT known FROM bounce.bounce_reason AS r WHERE r.reason = 'undetermined';
  END IF;
  f.reason := known.reason;
  f.meaning := known.meaning;
  f.is_notice := bounce_internal.is_notice(kind, f.action, known.is_notice);
  f.class := CASE WHEN f.is_notice AND known.class <> 'auto_reply' THEN 'technical'
                  WHEN f.permanence = 'temporary' THEN known.class_temporary
                  ELSE known.class END;
END $$;
COMMENT ON FUNCTION bounce_internal.classify(bounce_internal.finding, text) IS
  'the class that follows from the reason and the permanence; an unknown reason is undetermined';

CREATE OR REPLACE FUNCTION bounce_internal.read_findings(document jsonb)
RETURNS bounce_internal.finding[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  list CONSTANT jsonb := bounce_internal.document_list(document, 'recipients');
  kind CONSTANT text := bounce_internal.document_text(document, 'kind');
  findings bounce_internal.finding[] := '{}';
  recipient jsonb;
  f bounce_internal.finding;
BEGIN
  FOR n IN 0 .. greatest(0, least(jsonb_array_length(list), 1000) - 1) LOOP
    recipient := coalesce(list -> n, '{}');
    f := NULL;
    f.recipient          := bounce_internal.document_text(recipient, 'recipient');
    f.original_recipient := bounce_internal.document_text(recipient, 'original_recipient');
    f.addresses          := bounce_internal.document_addresses(document, recipient);
    f.action             := lower(bounce_internal.document_text(recipient, 'action'));
    f.status             := bounce_internal.document_text(recipient, 'status');
    f.reply_code         := bounce_internal.document_text(recipient, 'reply_code');
    f.diagnostic         := bounce_internal.document_text(recipient, 'diagnostic');
    f.remote_mta         := bounce_internal.document_text(recipient, 'remote_mta');
    f.permanence         := bounce_internal.document_text(recipient, 'permanence');
    f.permanence         := CASE WHEN f.permanence IN ('permanent', 'temporary') THEN f.permanence
                                 ELSE 'unknown' END;
    f.rule               := bounce_internal.document_text(recipient, 'rule');
    f.evidence           := bounce_internal.document_text(recipient, 'evidence');
    f.reason             := bounce_internal.document_text(recipient, 'reason');
    f.steps              := '{}';
    f.marked_steps       := '{}';
    f.blocks             := false;
    IF kind = 'auto_reply' THEN
      f := bounce_internal.read_reply(f, document);
    END IF;
    findings := findings || bounce_internal.classify(f, kind);
  END LOOP;
  RETURN findings;
END $$;
COMMENT ON FUNCTION bounce_internal.read_findings(jsonb) IS
  'one finding per recipient of the document; a document without recipients gives one';
