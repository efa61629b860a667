-- SPDX-License-Identifier: BSD-2-Clause
--
-- Erasing the personal data of one person.

CREATE OR REPLACE FUNCTION bounce_internal.erase_content(communication_id bigint) RETURNS void
LANGUAGE sql AS $$
  DELETE FROM bounce.communication_attachment AS k
  WHERE k.communication_id = erase_content.communication_id;
  DELETE FROM bounce.communication_content AS k
  WHERE k.communication_id = erase_content.communication_id;
$$;
COMMENT ON FUNCTION bounce_internal.erase_content(bigint) IS
  'deletes the content and the attachments of a mail in the queue';

CREATE OR REPLACE FUNCTION bounce_internal.address_pattern(keys text[]) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT (SELECT '(?<![[:alnum:]._+-])(?:'
          || string_agg(regexp_replace(k, '([^[:alnum:]@])', '\\\1', 'g'), '|')
          || ')(?![[:alnum:]-]|\.[[:alnum:]])'
          FROM unnest(keys) AS k)
$$;
COMMENT ON FUNCTION bounce_internal.address_pattern(text[]) IS
  'a pattern that finds these addresses in lower-case text, but not ann@ in joann@';

CREATE OR REPLACE FUNCTION bounce_internal.bytes_mention(bytes bytea, pattern text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(lower(encode(bytes, 'escape')) ~ pattern, false)
$$;
COMMENT ON FUNCTION bounce_internal.bytes_mention IS
  'whether raw bytes contain one of the addresses';

CREATE OR REPLACE FUNCTION bounce_internal.without_address(words text, pattern text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT regexp_replace(words, pattern, 'erased@erased.invalid', 'gi')
$$;
COMMENT ON FUNCTION bounce_internal.without_address IS 'the text with the addresses replaced';

CREATE OR REPLACE FUNCTION bounce_internal.reports_on_person(recipients bigint[], pattern text)
RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- a report on a fellow recipient returns the mail with all its addresses
  RETURN ARRAY(
    SELECT b.bounce_message_id FROM bounce.bounce AS b
    WHERE b.communication_id IN (SELECT r.communication_id FROM bounce.communication_recipient AS r
                                 WHERE r.id = ANY (recipients))
    UNION
    SELECT b.bounce_message_id FROM bounce.bounce AS b
    JOIN bounce.bounce_message AS m ON m.id = b.bounce_message_id AND m.received_at = b.received_at
    WHERE (b.recipient_id IS NULL OR b.new_address <> '' OR b.class = 'unclassified')
      AND (lower(concat_ws(' ', b.recipient, b.original_recipient, b.diagnostic, m.header_from,
                           m.envelope_sender, m.subject, m.report)) ~ pattern
           OR bounce_internal.bytes_mention(m.raw, pattern)));
END $$;
COMMENT ON FUNCTION bounce_internal.reports_on_person(bigint[], text) IS
  'the reports on mails to these recipients, and those that contain the address anywhere and are '
  'unmatched, unclassified, or name another address';

CREATE OR REPLACE FUNCTION bounce_internal.erase_reports(
  ids bigint[], recipients bigint[], pattern text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  others CONSTANT bounce.bounce[] := ARRAY(SELECT b FROM bounce.bounce AS b
                                           WHERE b.bounce_message_id = ANY (ids)
                                           AND b.recipient_id <> ALL (recipients)
    AND lower(concat_ws(' ', b.recipient, b.original_recipient, b.diagnostic,
                        b.evidence, b.new_address)) !~ pattern);
  logged CONSTANT bounce.communication_log[] := ARRAY(SELECT l FROM unnest(others) AS o
    JOIN bounce.communication_log AS l ON l.communication_id = o.communication_id
      AND l.bounce_id = o.id WHERE lower(l.text) !~ pattern);
BEGIN
  PERFORM bounce_internal.erase_message_detail(ids);
  -- what is said of somebody else stays
  UPDATE bounce.bounce AS b SET recipient = o.recipient, original_recipient = o.original_recipient,
    diagnostic = o.diagnostic, evidence = o.evidence, new_address = o.new_address
  FROM unnest(others) AS o WHERE b.id = o.id AND b.received_at = o.received_at;
  UPDATE bounce.communication_log AS l SET text = o.text FROM unnest(logged) AS o
  WHERE l.id = o.id AND l.at = o.at;
END $$;
COMMENT ON FUNCTION bounce_internal.erase_reports(bigint[], bigint[], text) IS
  'erases the texts of these reports, except in bounces of other recipients that do not name the '
  'person';

CREATE OR REPLACE FUNCTION bounce_internal.erase_mail(communication_id bigint, pattern text)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  for_others CONSTANT boolean := EXISTS (SELECT FROM bounce.communication_recipient AS o
    WHERE o.communication_id = erase_mail.communication_id
      AND o.address_key NOT LIKE 'erased-%@erased.invalid');
BEGIN
  UPDATE bounce.communication AS c SET subject = ''
  WHERE c.id = erase_mail.communication_id AND NOT (for_others AND lower(c.subject) !~ pattern);
  UPDATE bounce.communication_delivery AS d
  SET error = CASE WHEN lower(d.error) ~ pattern THEN '' ELSE d.error END,
      response = CASE WHEN lower(d.response) ~ pattern THEN '' ELSE d.response END
  WHERE d.communication_id = erase_mail.communication_id;
  IF NOT for_others THEN
    PERFORM bounce_internal.erase_content(erase_mail.communication_id);
  ELSE
    UPDATE bounce.communication_content AS k
    SET header_to = ARRAY(SELECT a FROM unnest(k.header_to) WITH ORDINALITY AS u (a, n)
                          WHERE lower(a) !~ pattern ORDER BY n),
        header_cc = ARRAY(SELECT a FROM unnest(k.header_cc) WITH ORDINALITY AS u (a, n)
                          WHERE lower(a) !~ pattern ORDER BY n),
        body_text = bounce_internal.without_address(k.body_text, pattern),
        body_html = bounce_internal.without_address(k.body_html, pattern),
        raw = decode(bounce_internal.without_address(encode(k.raw, 'escape'), pattern), 'escape')
    WHERE k.communication_id = erase_mail.communication_id;
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.erase_mail(bigint, text) IS
  'erases a mail that went to this person alone; in a mail to several, which others may still '
  'wait for, only the address is replaced';

CREATE OR REPLACE FUNCTION bounce_internal.erase_notices(recipients bigint[], pattern text)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  notices CONSTANT bigint[] := ARRAY(SELECT u.notice_id FROM bounce.follow_up AS u
                                     WHERE u.recipient_id = ANY (recipients)
                                     AND u.notice_id IS NOT NULL
    UNION SELECT k.communication_id FROM bounce.communication_content AS k
    WHERE k.null_sender AND (bounce_internal.bytes_mention(k.raw, pattern)
                             OR lower(k.body_text) ~ pattern OR lower(k.notice::text) ~ pattern));
BEGIN
  UPDATE bounce.communication AS c SET subject = 'Undelivered' WHERE c.id = ANY (notices);
  UPDATE bounce.communication_content AS k
  SET raw = NULL, notice = NULL, body_text = 'What this notice told of has been erased.'
    WHERE k.communication_id = ANY (notices);
  UPDATE bounce.follow_up AS u SET text = '', result = '' WHERE u.recipient_id = ANY (recipients);
END $$;
COMMENT ON FUNCTION bounce_internal.erase_notices(bigint[], text) IS
  'erases notices to process owners about the person';

CREATE OR REPLACE FUNCTION bounce_internal.erase_recipient(recipient_id bigint, pattern text)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  r bounce.communication_recipient;
BEGIN
  UPDATE bounce.recipient_delivery AS q
  SET response = '', refused_at = NULL,
      state = CASE WHEN q.state IN ('due', 'pending') THEN 'rejected' ELSE q.state END,
      due_at = CASE WHEN q.state IN ('due', 'pending') THEN NULL ELSE q.due_at END
  WHERE q.recipient_id = erase_recipient.recipient_id;
  UPDATE bounce.communication_recipient AS q
  SET address = 'erased-' || q.id || '@erased.invalid', person_ref = '', diagnostic = '',
      next_attempt_at = NULL,
      state = CASE q.state WHEN 'open' THEN 'error' ELSE q.state END
  WHERE q.id = erase_recipient.recipient_id RETURNING q.* INTO r;
  -- or taking back what was done since would have it sent to again
  UPDATE bounce.communication_recipient AS q SET undo_state = NULL
  WHERE q.id IN (r.id, r.replaced_by) AND q.undo_state IS NOT NULL;
  UPDATE bounce.communication_log AS l SET text = ''
  WHERE l.communication_id = r.communication_id AND l.text <> ''
    AND (l.recipient_id = r.id OR l.recipient_id IS NULL OR lower(l.text) ~ pattern);
  PERFORM bounce_internal.derive_communication(r.communication_id);
  PERFORM bounce_internal.erase_mail(r.communication_id, pattern);
  PERFORM bounce_internal.write_log(r.communication_id, r.id, 'erased',
                                    bounce_internal.say('personal data erased'));
  PERFORM bounce_internal.close_moot_follow_ups(
    ARRAY(SELECT u.id FROM bounce.follow_up AS u
          WHERE u.recipient_id = r.id AND u.status = 'open'));
END $$;
COMMENT ON FUNCTION bounce_internal.erase_recipient(bigint, text) IS
  'erases the person from one recipient, who is not sent to any more, and of whom applications '
  'are told nothing more; state and figures are kept';

CREATE OR REPLACE FUNCTION bounce_internal.erase_blocks(keys text[], because text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  blocks bigint;
BEGIN
  UPDATE bounce.held_block AS h SET address = 'erased@erased.invalid', why = '',
    decision = coalesce(h.decision, 'dropped'), decided_at = coalesce(h.decided_at, now())
  WHERE h.address = ANY (keys);
  DELETE FROM bounce.soft_bounce_day AS d WHERE d.address_key = ANY (keys);
  UPDATE bounce.address_block AS k
  SET address = 'erased-' || k.id || '@erased.invalid', why = '',
      lifted_at = coalesce(k.lifted_at, bounce_internal.lift_time(k)),
      lifted_by = coalesce(k.lifted_by, session_user),
      lift_why = CASE WHEN k.lifted_at IS NULL THEN 'erased: ' || because ELSE '' END
  WHERE k.address_key = ANY (keys);
  GET DIAGNOSTICS blocks = ROW_COUNT;
  RETURN blocks;
END $$;
COMMENT ON FUNCTION bounce_internal.erase_blocks(text[], text) IS
  'erases blocks, including held ones. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.erase_tasks(
  keys text[], recipients bigint[], pattern text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  about CONSTANT bigint[] := ARRAY(SELECT t.id FROM bounce.task AS t
    WHERE bounce.address_key(t.address) = ANY (keys) OR t.recipient_id = ANY (recipients)
       OR lower(concat_ws(' ', t.dedup_key, t.summary, t.diagnosis, t.note,
                          t.correction, t.new_address)) ~ pattern);
BEGIN
  PERFORM bounce_internal.close_task(t.id, 'done', '') FROM bounce.task AS t
  WHERE t.id = ANY (about) AND t.status = 'open' AND t.kind <> 'outage'
    AND bounce.address_key(t.address) = ANY (keys) ORDER BY t.dedup_key;
  UPDATE bounce.task_history AS h SET text = ''
  WHERE h.task_id = ANY (about) OR lower(h.text) ~ pattern;
  UPDATE bounce.task AS t
  SET address = '', correction = '', new_address = '', summary = 'erased', diagnosis = '',
      note = '', undo_state = NULL,
      dedup_key = CASE t.status WHEN 'done' THEN 'erased:' || t.id ELSE t.dedup_key END
  WHERE t.id = ANY (about);
END $$;
COMMENT ON FUNCTION bounce_internal.erase_tasks(text[], bigint[], text) IS
  'erases the texts of tasks that name the person. Open tasks about the address are closed, those '
  'that collect others stay open';

CREATE OR REPLACE FUNCTION bounce_internal.erase_decisions(pattern text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  bounces CONSTANT bigint[] := ARRAY(
    SELECT unnest(u.bounces) FROM bounce.undo AS u
    WHERE lower(concat_ws(' ', u.why, u.conditions)) ~ pattern
    UNION SELECT v.bounce_id FROM bounce.verdict_change AS v WHERE lower(v.why) ~ pattern
    UNION SELECT h.bounce_id FROM bounce.held_block AS h
          JOIN bounce.outage AS o ON o.id = h.outage_id WHERE lower(o.note) ~ pattern);
BEGIN
  -- what was decided of many stands in the story of each
  UPDATE bounce.communication_log AS l SET text = ''
  WHERE l.communication_id IN (SELECT b.communication_id FROM bounce.bounce AS b
                               WHERE b.id = ANY (bounces)) AND lower(l.text) ~ pattern;
  UPDATE bounce.follow_up AS u SET result = ''
  WHERE u.bounce_id = ANY (bounces) AND lower(u.result) ~ pattern;
  UPDATE bounce.address_block AS k SET lift_why = ''
  WHERE k.bounce_id = ANY (bounces) AND lower(k.lift_why) ~ pattern;
  UPDATE bounce.verdict_change AS v SET why = 'erased', old_evidence = ''
  WHERE lower(concat_ws(' ', v.why, v.old_evidence)) ~ pattern;
  UPDATE bounce.undo AS u SET why = 'erased', conditions = '{}',
    taken_back_why = left(u.taken_back_why, 0)
  WHERE lower(concat_ws(' ', u.why, u.conditions, u.taken_back_why)) ~ pattern;
  UPDATE bounce.delivery_server AS s
  SET problem = bounce_internal.without_address(s.problem, pattern)
  WHERE lower(s.problem) ~ pattern;
  UPDATE bounce.outage AS o SET note = '' WHERE lower(o.note) ~ pattern;
  UPDATE bounce.block_import AS i SET why = 'erased', withdraw_why = left(i.withdraw_why, 0)
  WHERE lower(concat_ws(' ', i.why, i.withdraw_why)) ~ pattern;
END $$;
COMMENT ON FUNCTION bounce_internal.erase_decisions(text) IS
  'erases what people wrote about reclassified bounces, outages and undoing, also next to mails '
  'of others, and what a submission server said of all mail that it refuses';

CREATE OR REPLACE FUNCTION bounce_internal.erase_addresses(keys text[], why text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'erase a person''s data');
  pattern CONSTANT text := bounce_internal.address_pattern(keys);
  recipients CONSTANT bigint[] := ARRAY(SELECT r.id FROM bounce.communication_recipient AS r
                                        WHERE r.address_key = ANY (keys) ORDER BY r.id);
  messages bigint[];
  blocks bigint;
BEGIN
  IF pattern IS NULL THEN
    RETURN 0;
  END IF;
  PERFORM FROM bounce.communication AS c
    WHERE c.id IN (SELECT r.communication_id FROM bounce.communication_recipient AS r
                   WHERE r.id = ANY (recipients))
  ORDER BY c.id FOR NO KEY UPDATE;
  messages := bounce_internal.reports_on_person(recipients, pattern);
  PERFORM bounce_internal.erase_reports(messages, recipients, pattern);
  PERFORM bounce_internal.erase_notices(recipients, pattern);
  PERFORM bounce_internal.erase_recipient(r, pattern) FROM unnest(recipients) AS r;
  blocks := bounce_internal.erase_blocks(keys, because);
  PERFORM bounce_internal.erase_tasks(keys, recipients, pattern);
  PERFORM bounce_internal.erase_decisions(pattern);
  RETURN cardinality(recipients) + cardinality(messages) + blocks;
END $$;
COMMENT ON FUNCTION bounce_internal.erase_addresses(text[], text) IS
  'erases the person with these addresses from every table';

CREATE OR REPLACE FUNCTION bounce_internal.addresses_of(person_ref text) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(SELECT DISTINCT r.address_key FROM bounce.communication_recipient AS r
               WHERE addresses_of.person_ref <> '' AND r.person_ref = addresses_of.person_ref
               ORDER BY r.address_key);
END $$;
COMMENT ON FUNCTION bounce_internal.addresses_of(text) IS 'all addresses that a person had';

CREATE OR REPLACE FUNCTION bounce_internal.what_is_erased(keys text[])
RETURNS TABLE (what text, number bigint, sample text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  recipients CONSTANT bigint[] := ARRAY(SELECT r.id FROM bounce.communication_recipient AS r
                                        WHERE r.address_key = ANY (keys) ORDER BY r.id);
BEGIN
  RETURN QUERY
  SELECT 'addresses', cardinality(keys)::bigint, array_to_string(keys[1:5], ', ')
  UNION ALL
  SELECT 'mails', count(*), string_agg(concat_ws(' ', c.id, nullif(c.business_ref, '')), ', '
                                       ORDER BY c.id DESC) FILTER (WHERE c.place <= 5)
  FROM (SELECT q.id, q.business_ref, row_number() OVER (ORDER BY q.id DESC) AS place
        FROM bounce.communication AS q
        WHERE q.id IN (SELECT r.communication_id FROM bounce.communication_recipient AS r
                       WHERE r.id = ANY (recipients))) AS c
  UNION ALL
  SELECT 'reports', cardinality(m)::bigint, ''
  FROM bounce_internal.reports_on_person(recipients,
                                         bounce_internal.address_pattern(keys)) AS m
  UNION ALL
  SELECT 'blocks', count(*), string_agg(DISTINCT b.address, ', ')
  FROM bounce.blocked_address AS b WHERE b.address_key = ANY (keys)
  UNION ALL
  SELECT 'open tasks', count(*), string_agg(t.kind || ' ' || t.id, ', ' ORDER BY t.id)
  FROM bounce.task AS t WHERE t.status = 'open' AND bounce.address_key(t.address) = ANY (keys);
END $$;
COMMENT ON FUNCTION bounce_internal.what_is_erased(text[]) IS
  'what erase_addresses() would erase, counted, with a few examples';
