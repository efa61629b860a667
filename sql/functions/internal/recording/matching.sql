-- SPDX-License-Identifier: BSD-2-Clause
--
-- From the evidence in a report to one recipient, and how far it is believed.

-- Communications ---------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.read_tokens(texts text[])
RETURNS bounce_internal.identity[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  signers CONSTANT bounce_internal.token_signer[] := bounce_internal.accepted_signers();
BEGIN
  RETURN ARRAY(
    SELECT ('token', ARRAY[r.communication_id], r.id, t.attempt, NOT t.expired,
            c.process, r.address_key)::bounce_internal.identity
    FROM unnest(texts) WITH ORDINALITY AS k (text, place)
    LEFT JOIN LATERAL bounce_internal.token_read(bounce_internal.local_part(k.text), signers) AS t
      ON length(k.text) >= 36     -- a token's length
    LEFT JOIN bounce.communication_recipient AS r ON r.id = t.recipient_id
    LEFT JOIN bounce.communication AS c ON c.id = r.communication_id
    ORDER BY k.place);
END $$;
COMMENT ON FUNCTION bounce_internal.read_tokens(text[]) IS
  'for each address or other text the identity by the valid token in it; recipient_id is NULL '
  'where there is none';

CREATE OR REPLACE FUNCTION bounce_internal.match_token(
  matched_by text, tokens bounce_internal.identity[]) RETURNS bounce_internal.identity
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  i bounce_internal.identity;
  best bounce_internal.identity;
BEGIN
  FOREACH i IN ARRAY tokens LOOP
    IF i.recipient_id IS NOT NULL AND (best.recipient_id IS NULL OR i.is_signed) THEN
      best := i;
      best.matched_by := match_token.matched_by;
    END IF;
    EXIT WHEN best.is_signed;
  END LOOP;
  RETURN best;
END $$;
COMMENT ON FUNCTION bounce_internal.match_token(text, bounce_internal.identity[]) IS
  'by the first of these tokens; one that is not expired is preferred. NULL fields when there is '
  'none, as with all functions of this kind';

CREATE OR REPLACE FUNCTION bounce_internal.match_envelope_id(matched_by text, envelope_id text)
RETURNS bounce_internal.identity
LANGUAGE plpgsql STABLE AS $$
DECLARE
  bare CONSTANT text := lower(bounce_internal.bare_id(envelope_id));
  i bounce_internal.identity;
BEGIN
  IF bare IS NOT NULL THEN
    SELECT match_envelope_id.matched_by, ARRAY[c.id], NULL, NULL, false INTO i
    FROM bounce.communication AS c WHERE c.envelope_id = bare;
  END IF;
  RETURN i;
END $$;
COMMENT ON FUNCTION bounce_internal.match_envelope_id(text, text) IS
  'by the public id of a communication';

CREATE OR REPLACE FUNCTION bounce_internal.match_message_ids(matched_by text, message_ids text[])
RETURNS bounce_internal.identity
LANGUAGE plpgsql STABLE AS $$
DECLARE
  bare CONSTANT text[] := ARRAY(SELECT bounce_internal.bare_id(e) FROM unnest(message_ids) AS e);
  i bounce_internal.identity;
BEGIN
  -- an id that was reused fits several; more than a few can not be told apart anyway
  SELECT match_message_ids.matched_by, array_agg(DISTINCT m.communication_id), NULL,
         CASE WHEN count(DISTINCT m.communication_id) = 1 THEN max(m.attempt) END, false INTO i
  FROM (SELECT k.communication_id, k.attempt FROM bounce.communication_message_id AS k
        WHERE k.message_id = ANY (bare) LIMIT 100) AS m
  HAVING count(*) > 0;
  RETURN i;
END $$;
COMMENT ON FUNCTION bounce_internal.match_message_ids(text, text[]) IS
  'by the Message-IDs under which a communication was sent';

CREATE OR REPLACE FUNCTION bounce_internal.match_report(
  document jsonb, tokens bounce_internal.identity[]) RETURNS bounce_internal.identity
LANGUAGE plpgsql STABLE AS $$
DECLARE
  envelope_id text;
  i bounce_internal.identity := bounce_internal.match_token('token', tokens);
BEGIN
  IF i.matched_by IS NOT NULL THEN RETURN i; END IF;
  IF bounce_internal.document_text(document, 'kind') IN ('complaint', 'feedback') THEN
    -- a provider sends all feedback to one address, and the return path with the mail
    i := bounce_internal.match_token('token', bounce_internal.read_tokens(ARRAY[
           bounce_internal.document_text(document, 'original', 'sender')]));
    IF i.matched_by IS NOT NULL THEN RETURN i; END IF;
  END IF;
  envelope_id := bounce_internal.document_text(document, 'report', 'envelope_id');
  IF length(envelope_id) >= 36 THEN
    i := bounce_internal.match_token('envelope_id',
                                     bounce_internal.read_tokens(ARRAY[envelope_id]));
    IF i.matched_by IS NOT NULL THEN RETURN i; END IF;
  END IF;
  i := bounce_internal.match_envelope_id('envelope_id', envelope_id);
  IF i.matched_by IS NOT NULL THEN RETURN i; END IF;
  i := bounce_internal.match_envelope_id(
    'communication_id', bounce_internal.document_text(document, 'original', 'communication_id'));
  IF i.matched_by IS NOT NULL THEN RETURN i; END IF;
  i := bounce_internal.match_message_ids(
    'message_id', ARRAY[bounce_internal.document_text(document, 'original', 'message_id')]);
  IF i.matched_by IS NOT NULL THEN RETURN i; END IF;
  RETURN bounce_internal.match_message_ids(
    'reference', bounce_internal.document_texts(document, 'references'));
END $$;
COMMENT ON FUNCTION bounce_internal.match_report(jsonb, bounce_internal.identity[]) IS
  'the communication that a report as a whole is about, by the best evidence. tokens: what '
  'read_tokens() says of the addresses to which it was delivered';

CREATE OR REPLACE FUNCTION bounce_internal.different_tokens(tokens bounce_internal.identity[])
RETURNS bounce_internal.identity[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF cardinality(tokens) < 2 THEN
    RETURN '{}';
  END IF;
  RETURN ARRAY(SELECT DISTINCT t FROM unnest(tokens) AS t
               WHERE t.recipient_id IS NOT NULL LIMIT 100);
END $$;
COMMENT ON FUNCTION bounce_internal.different_tokens(bounce_internal.identity[]) IS
  'all tokens to which a report was delivered, if it was delivered to more than one address';

CREATE OR REPLACE FUNCTION bounce_internal.identity_for(
  f bounce_internal.finding, i bounce_internal.identity, tokens bounce_internal.identity[])
  RETURNS bounce_internal.identity
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own bounce_internal.identity;
BEGIN
  SELECT t.* INTO own
  FROM unnest(tokens) AS t JOIN bounce.communication_recipient AS r ON r.id = t.recipient_id
  WHERE r.address_key = ANY (f.addresses)
  ORDER BY t.is_signed DESC, t.recipient_id = i.recipient_id DESC, t.recipient_id, t.attempt
  LIMIT 1;
  RETURN CASE WHEN FOUND THEN own ELSE i END;
END $$;
COMMENT ON FUNCTION bounce_internal.identity_for(bounce_internal.finding, bounce_internal.identity,
                                                 bounce_internal.identity[]) IS
  'of several tokens the one whose recipient the finding names; i when it names none of them';

-- Recipients -------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.match_send(
  INOUT f bounce_internal.finding, message_id text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  bare CONSTANT text := bounce_internal.bare_id(message_id);
BEGIN
  SELECT m.attempt INTO f.attempt FROM bounce.communication_message_id AS m
  WHERE m.message_id = bare AND m.communication_id = f.communication_id;
  IF NOT FOUND AND EXISTS (SELECT FROM bounce.communication_message_id AS m
                           WHERE m.message_id = bare) THEN
    f.trust := 'address';
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.match_send(bounce_internal.finding, text) IS
  'an id of the whole communication does not tell the send, but the Message-ID that came back with '
  'it may: attempt is NULL when the communication was never sent with it. Where it is the '
  'Message-ID of another communication, the two ids contradict each other, and neither is believed';

CREATE OR REPLACE FUNCTION bounce_internal.match_by_address(addresses text[], since timestamptz)
RETURNS bounce_internal.identity
LANGUAGE plpgsql STABLE AS $$
DECLARE
  i bounce_internal.identity;
BEGIN
  -- a communication has each address once: one row more than spellings proves a second
  -- communication
  SELECT 'address', array_agg(DISTINCT m.communication_id), NULL, NULL, false INTO i
  FROM (SELECT r.communication_id
        FROM bounce.communication_recipient AS r
        WHERE r.address_key = ANY (addresses) AND r.last_attempt_at >= since
        LIMIT cardinality(addresses) + 1) AS m
  HAVING count(DISTINCT m.communication_id) = 1;
  RETURN i;
END $$;
COMMENT ON FUNCTION bounce_internal.match_by_address(text[], timestamptz) IS
  'the only communication sent to an address since that time; NULL fields when there are none or '
  'several';

CREATE OR REPLACE FUNCTION bounce_internal.sole_recipient(
  communication_id bigint, preferred bigint, named text[]) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT min(s.id)
          FROM (SELECT r.id, r.address_key FROM bounce.communication_recipient AS r
                WHERE r.communication_id = sole_recipient.communication_id
                  AND (preferred IS NULL OR r.id = preferred)
                LIMIT 2) AS s
          HAVING count(*) = 1 AND bool_and(s.address_key <> ALL (named)));
END $$;
COMMENT ON FUNCTION bounce_internal.sole_recipient(bigint, bigint, text[]) IS
  'the token''s recipient, or the only recipient there is, for a report with another address; '
  'NULL when the report also names that recipient, so that the other address belongs to somebody '
  'else';

CREATE OR REPLACE FUNCTION bounce_internal.was_written_to(
  document jsonb, addresses text[]) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN bounce_internal.document_text(document, 'kind') = 'dsn'
    AND EXISTS (SELECT FROM unnest(bounce_internal.document_texts(document, 'original', 'to')) AS t
                WHERE bounce.address_key(t) = ANY (addresses));
END $$;
COMMENT ON FUNCTION bounce_internal.was_written_to(jsonb, text[]) IS
  'whether one of the addresses that a DSN names stands in To or Cc of the mail: it was not '
  'forwarded there. In other reports an address may have been taken from there, for want of '
  'another';

CREATE OR REPLACE FUNCTION bounce_internal.has_erased_fellow(
  communication_id bigint, recipient_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.communication_recipient AS r
                 WHERE r.communication_id = has_erased_fellow.communication_id
                   AND r.id IS DISTINCT FROM has_erased_fellow.recipient_id
                   AND bounce_internal.is_erased_key(r.address_key));
END $$;
COMMENT ON FUNCTION bounce_internal.has_erased_fellow(bigint, bigint) IS
  'whether somebody else who got the mail is erased; recipient_id NULL: anybody';

CREATE OR REPLACE FUNCTION bounce_internal.choose_recipient(
  INOUT f bounce_internal.finding, i bounce_internal.identity, named text[], document jsonb)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  agreeing bigint[];
BEGIN
  -- nothing to look up: of all that agree, the token's is chosen
  IF i.address_key = ANY (f.addresses) THEN
    f.process := i.process;
    f.recipient_id := i.recipient_id;
    f.address := i.address_key;
    RETURN;
  END IF;
  SELECT c.process,
         ARRAY(SELECT r.id FROM bounce.communication_recipient AS r
               WHERE r.communication_id = c.id AND r.address_key = ANY (f.addresses))
  INTO f.process, agreeing
  FROM bounce.communication AS c WHERE c.id = f.communication_id;
  -- Original-Recipient is what the sender of the original wrote, Final-Recipient may be where
  -- it was forwarded: one of them is enough when the other one is a stranger's, but where they
  -- name two of ours neither decides (RFC 3464 section 2.3.1: anybody chooses the ORCPT of a
  -- mail)
  IF cardinality(agreeing) = 0 THEN
    IF NOT bounce_internal.was_written_to(document, f.addresses)
       AND (i.recipient_id IS NULL     -- who is not alone is not chosen anyhow
            OR NOT bounce_internal.has_erased_fellow(f.communication_id, i.recipient_id)) THEN
      f.recipient_id := bounce_internal.sole_recipient(f.communication_id, i.recipient_id, named);
    END IF;
  ELSIF i.recipient_id = ANY (agreeing) THEN
    f.recipient_id := i.recipient_id;
  ELSIF cardinality(agreeing) = 1 THEN
    f.recipient_id := agreeing[1];
  END IF;
  IF cardinality(agreeing) = 1 AND cardinality(f.addresses) = 1 THEN
    f.address := f.addresses[1];
  ELSIF f.recipient_id IS NOT NULL THEN
    SELECT r.address_key INTO f.address FROM bounce.communication_recipient AS r
    WHERE r.id = f.recipient_id;
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.choose_recipient(bounce_internal.finding,
                                                     bounce_internal.identity, text[], jsonb) IS
  'the recipient that a finding is about: by the reported addresses, and of two by the token; if '
  'no recipient has them (the mail was forwarded), the token''s or the only one there is; else '
  'none, never a guess: somebody who was written to beside them, or before a database was restored '
  'that gives its number out again, is nobody of ours, and an address that nobody has may be that '
  'of somebody who is erased. named: all addresses in the report';

CREATE OR REPLACE FUNCTION bounce_internal.trust_in(
  f bounce_internal.finding, i bounce_internal.identity, own_mta boolean) RETURNS bounce.trust
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN i.is_signed AND i.recipient_id = f.recipient_id THEN 'token'::bounce.trust
    WHEN own_mta AND bounce.address_key(f.recipient) = f.address
         AND bounce_internal.is_address(f.recipient)
         AND f.matched_by IN ('token', 'envelope_id', 'communication_id', 'message_id')
         THEN 'own_mta'
    WHEN f.matched_by IN ('token', 'envelope_id', 'communication_id', 'message_id', 'reference')
      THEN 'message_id'
    ELSE 'address'
  END
$$;
COMMENT ON FUNCTION bounce_internal.trust_in(bounce_internal.finding,
                                             bounce_internal.identity, boolean) IS
  'how far a finding is believed. A token proves only its own recipient, and only until it '
  'expires. That our own MTA generated the report proves nothing by itself, because whoever '
  'submits a mail chooses the addresses in its report. Another recipient of the mail knows our '
  'ids and can name a third one by ORCPT; therefore the Final-Recipient counts, to which our MTA '
  'really tried to deliver, unless its letters only become those of another address in lower case';

CREATE OR REPLACE FUNCTION bounce_internal.may_be_guessed(communication_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.communication_message_id AS m
                 WHERE m.communication_id = may_be_guessed.communication_id
                   AND NOT bounce_internal.is_unguessable(m.message_id));
END $$;
COMMENT ON FUNCTION bounce_internal.may_be_guessed(bigint) IS
  'whether a Message-ID of a communication is a counter, a date or the like: who names it need not '
  'have seen the mail';

CREATE OR REPLACE FUNCTION bounce_internal.match_finding(
  INOUT f bounce_internal.finding, i bounce_internal.identity, own_mta boolean, named text[],
  document jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF i.communication_ids IS NULL THEN
    i := bounce_internal.match_by_address(
      f.addresses,
      now() - (bounce_internal.policy_of(NULL) ->> 'address_match_window')::interval);
  END IF;
  IF cardinality(i.communication_ids) = 1 THEN
    f.communication_id := i.communication_ids[1];
  ELSIF i.communication_ids IS NOT NULL THEN
    SELECT min(r.communication_id) INTO f.communication_id
    FROM bounce.communication_recipient AS r
    WHERE r.communication_id = ANY (i.communication_ids) AND r.address_key = ANY (f.addresses)
    HAVING count(DISTINCT r.communication_id) = 1;
  END IF;
  IF f.communication_id IS NOT NULL THEN
    f := bounce_internal.choose_recipient(f, i, named, document);
  END IF;
  f.matched_by := CASE WHEN f.communication_id IS NULL THEN '' ELSE i.matched_by END;
  f.attempt := i.attempt;
  f.address := coalesce(f.address, f.addresses[1], '');
  f.trust := bounce_internal.trust_in(f, i, own_mta);
  IF f.matched_by IN ('message_id', 'reference')
     AND bounce_internal.may_be_guessed(f.communication_id) THEN
    f.trust := 'address';
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.match_finding(bounce_internal.finding, bounce_internal.identity,
                                                  boolean, text[], jsonb) IS
  'sets communication, recipient, process, address, attempt, matched_by and trust of a finding';

-- The same report again --------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.identity_of(document jsonb, i bounce_internal.identity)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  ids text[];
BEGIN
  IF i.recipient_id IS NOT NULL THEN
    RETURN jsonb_build_array(i.recipient_id, i.attempt);
  END IF;
  ids := ARRAY[bounce_internal.document_text(document, 'report', 'envelope_id'),
               bounce_internal.document_text(document, 'original', 'communication_id'),
               bounce_internal.document_text(document, 'original', 'queue_id'),
               bounce_internal.document_text(document, 'original', 'message_id')];
  RETURN CASE WHEN '' = ALL (ids) THEN '[]'
              ELSE to_jsonb(ids || bounce_internal.document_text(document, 'report',
                  'reporting_mta')) END;
END $$;
COMMENT ON FUNCTION bounce_internal.identity_of(jsonb, bounce_internal.identity) IS
  'identifies the original mail of a report, and the attempt. All ids together, because an '
  'application that sends again may keep one of them. [] when the report has none';

CREATE OR REPLACE FUNCTION bounce_internal.message_identity(
  document jsonb, i bounce_internal.identity) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN jsonb_build_array(bounce_internal.document_text(document, 'digest'),
                           bounce_internal.document_text(document, 'header', 'message_id'),
    bounce_internal.document_text(document, 'header', 'from'),
    bounce_internal.document_text(document, 'header', 'subject'),
    bounce_internal.document_text(document, 'header', 'date'),
    bounce_internal.document_texts(document, 'references'), i.communication_ids);
END $$;
COMMENT ON FUNCTION bounce_internal.message_identity(jsonb, bounce_internal.identity) IS
  'identifies a message written by a person or a program: the same when the remote MTA transmits '
  'it again, different for each message';

CREATE OR REPLACE FUNCTION bounce_internal.report_key_of(
  document jsonb, i bounce_internal.identity, f bounce_internal.finding) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  kind CONSTANT text := bounce_internal.document_text(document, 'kind');
  original CONSTANT jsonb := bounce_internal.identity_of(document, i);
  -- only a DSN is rebuilt with other bytes by the MTA that made it; prose about a known mail
  -- is the same when its body is
  body CONSTANT jsonb := CASE
    WHEN kind NOT IN ('dsn', 'delay', 'success', 'prose')
         OR (kind = 'prose' AND original = '[]') THEN bounce_internal.message_identity(document, i)
    WHEN original = '[]'
         OR f.action = '' THEN to_jsonb(bounce_internal.document_text(document, 'digest'))
    ELSE '""' END;
BEGIN
  -- trust is part of it: a forged report must not make the genuine one a duplicate
  RETURN encode(sha256(
      convert_to(jsonb_build_array(original, f.trust, kind, lower(f.recipient), f.action, f.status,
                                   body)::text,
                                  'UTF8')), 'hex');
END $$;
COMMENT ON FUNCTION bounce_internal.report_key_of(jsonb, bounce_internal.identity,
                                                  bounce_internal.finding) IS
  'the same for two reports of the same event. The Message-ID, date and queue id of a DSN are '
  'left out, because a local Postfix generates them anew each time. Other messages are identified '
  'by them: two letters are two, however alike';
