-- SPDX-License-Identifier: BSD-2-Clause
--
-- Automatic replies: what they say is kept and shown, and what they say for good is put to a
-- person. None of them marks, blocks or sends anything.

CREATE OR REPLACE FUNCTION bounce_internal.stated_address(words text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  -- without the letters and signs that could deceive a reader, or what the address is pasted into
  SELECT CASE WHEN words ~ ('^[A-Za-z0-9][A-Za-z0-9._+=-]{0,63}'
                            '@([A-Za-z0-9][A-Za-z0-9-]{0,62}\.)+[A-Za-z][A-Za-z0-9-]{1,62}$')
                   AND length(words) <= 254 AND bounce_internal.is_address(words)
              THEN words ELSE '' END
$$;
COMMENT ON FUNCTION bounce_internal.stated_address(text) IS
  'an address that a stranger names, if it is a plain one; else empty';

CREATE OR REPLACE FUNCTION bounce_internal.read_reply(
  INOUT f bounce_internal.finding, document jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  day CONSTANT text := bounce_internal.document_text(document, 'report', 'return_date');
BEGIN
  IF day ~ '^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' THEN
    f.return_date := left(day, 8)::text || '01';
    f.return_date := f.return_date + (right(day, 2)::integer - 1);
  END IF;
  f.new_address := bounce_internal.stated_address(
    bounce_internal.document_text(document, 'report', 'new_address'));
  IF f.reason = 'address_changed' AND f.new_address = '' THEN
    f.reason := 'vacation';
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.read_reply(bounce_internal.finding, jsonb) IS
  'what an automatic reply says, as far as it can be used';

CREATE OR REPLACE FUNCTION bounce_internal.reply_in_words(f bounce_internal.finding) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN concat_ws(', ', bounce_internal.say('logged'),
                   CASE WHEN f.return_date IS NOT NULL
                        THEN bounce_internal.say('back on %s', f.return_date::text) END,
                   CASE f.reason WHEN 'has_left' THEN bounce_internal.say('has left') END,
                   CASE WHEN f.new_address <> ''
                        THEN bounce_internal.say('names %s', f.new_address) END);
END $$;
COMMENT ON FUNCTION bounce_internal.reply_in_words(bounce_internal.finding) IS
  'what an automatic reply says, for the story';

CREATE OR REPLACE FUNCTION bounce_internal.was_put_to_a_person(f bounce_internal.finding)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.task AS t
                 WHERE t.kind = 'auto_reply' AND t.address = f.address AND t.status = 'done'
                   AND t.resolution <> 'taken back' AND t.reason = f.reason
                   AND t.new_address = coalesce(f.new_address, ''));
END $$;
COMMENT ON FUNCTION bounce_internal.was_put_to_a_person(bounce_internal.finding) IS
  'whether somebody has decided on the same reply of the same address: each further mail is '
  'answered with it again';

CREATE OR REPLACE FUNCTION bounce_internal.apply_auto_reply(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  IF bounce.address_key(f.new_address) = f.address THEN
    f.new_address := '';
  END IF;
  f := bounce_internal.step(f, 'auto_reply', bounce_internal.reply_in_words(f));
  IF f.reason NOT IN ('has_left', 'address_changed') OR f.recipient_id IS NULL
     OR NOT bounce_internal.is_trusted_for(f, 'mark_min_trust')
     OR f.reason = 'address_changed' AND coalesce(f.new_address, '') = '' THEN
    RETURN;
  END IF;
  IF f.reason = 'has_left' THEN
    f := bounce_internal.write_follow_up(f, 'has_left');
  END IF;
  IF (f.policy ->> 'auto_reply_task')::boolean AND NOT bounce_internal.was_put_to_a_person(f) THEN
    f := bounce_internal.request_task(f, 'auto_reply', f.address,
           CASE
             WHEN f.reason = 'has_left' AND f.new_address <> ''
               THEN bounce_internal.say('an automatic reply of %s says that the person has left '
                                        'and to write to %s', f.address, f.new_address)
             WHEN f.reason = 'has_left'
               THEN bounce_internal.say('an automatic reply of %s says that the person has left',
                                        f.address)
             ELSE bounce_internal.say('an automatic reply of %s says to write to %s', f.address,
                                      f.new_address) END
           || coalesce(': "' || nullif(bounce_internal.unmarked(
                                         bounce_internal.one_line(f.evidence)), '') || '"', ''));
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_auto_reply(bounce_internal.finding) IS
  'an automatic reply is logged; that a person has left or has another address is a task and a '
  'follow-up, if the reply is trusted enough. The other address is a suggestion, and a stranger''s';
