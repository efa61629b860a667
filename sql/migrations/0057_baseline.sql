-- SPDX-License-Identifier: BSD-2-Clause
--
-- Leads a database of version 56, the last one before the baseline, to the baseline.
-- All functions, triggers and views are created anew after the migrations, so the old
-- ones go first: some have other argument names or bodies that depend on each other.
-- What an index depends on stays. What is internal moves to a schema of its own, and the
-- delivery queue to tables of its own; the mails in it are carried over as they are.

DO $$
DECLARE
  statement text;
BEGIN
  FOR statement IN
    SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
    FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE c.relnamespace = 'bounce'::regnamespace AND NOT t.tgisinternal
  LOOP
    EXECUTE statement;
  END LOOP;
  EXECUTE (SELECT 'DROP VIEW ' || string_agg(c.oid::regclass::text, ', ') || ' CASCADE'
           FROM pg_class AS c WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind = 'v');
  EXECUTE (SELECT 'DROP FUNCTION ' || string_agg(p.oid::regprocedure::text, ', ')
           FROM pg_proc AS p
           WHERE p.pronamespace = 'bounce'::regnamespace
             AND p.proname NOT IN ('address_key', 'address_domain'));
END
$$;

CREATE SCHEMA bounce_internal;
ALTER TYPE bounce.outcome RENAME TO report_result;
ALTER TYPE bounce.finding SET SCHEMA bounce_internal;
ALTER TYPE bounce.identity SET SCHEMA bounce_internal;
ALTER TYPE bounce.token_signer SET SCHEMA bounce_internal;

-- The delivery queue -------------------------------------------------------------------

CREATE TABLE bounce.communication_delivery (
  communication_id  bigint      PRIMARY KEY REFERENCES bounce.communication ON DELETE CASCADE,
  process           text        NOT NULL REFERENCES bounce.process ON UPDATE CASCADE,
  state             text        NOT NULL DEFAULT 'PENDING',
  priority          smallint    NOT NULL DEFAULT 0,
  due_at            timestamptz,
  held_at           timestamptz,
  held_by           text,
  claim_id          uuid,
  worker            text        NOT NULL DEFAULT '',
  lease_expire_time timestamptz,
  start_time        timestamptz,
  end_time          timestamptz,
  attempts          integer     NOT NULL DEFAULT 0,
  attempt_claim_id  uuid,
  error             text        NOT NULL DEFAULT '',
  response          text        NOT NULL DEFAULT '',
  CONSTRAINT communication_delivery_state_check
    CHECK (state IN ('PENDING', 'PROCESSING', 'RETRY', 'SUCCESS', 'ERROR')),
  CONSTRAINT communication_delivery_priority_check CHECK (priority BETWEEN -100 AND 100),
  CONSTRAINT communication_delivery_attempts_check CHECK (attempts >= 0),
  CONSTRAINT waiting_has_due_time
    CHECK (CASE WHEN due_at IS NULL THEN state NOT IN ('PENDING', 'RETRY')
                ELSE state NOT IN ('SUCCESS', 'ERROR') END),
  CONSTRAINT processing_has_lease CHECK ((state = 'PROCESSING') = (lease_expire_time IS NOT NULL)),
  CONSTRAINT processing_has_claim CHECK (state <> 'PROCESSING' OR claim_id IS NOT NULL),
  CONSTRAINT held_by_somebody CHECK ((held_at IS NULL) = (held_by IS NULL))
) WITH (fillfactor = 80);

CREATE TABLE bounce.recipient_delivery (
  recipient_id     bigint      PRIMARY KEY
                               REFERENCES bounce.communication_recipient ON DELETE CASCADE,
  communication_id bigint      NOT NULL
                               REFERENCES bounce.communication_delivery ON DELETE CASCADE,
  state            text        NOT NULL DEFAULT 'due',
  due_at           timestamptz,
  tries            integer     NOT NULL DEFAULT 0,
  begun_attempt    integer,
  response         text        NOT NULL DEFAULT '',
  refused_at       timestamptz,
  CONSTRAINT recipient_delivery_state_check CHECK
    (state IN ('due', 'claimed', 'sending', 'accepted', 'rejected', 'pending', 'unknown')),
  CONSTRAINT waiting_has_time
    CHECK ((state IN ('due', 'claimed', 'sending', 'pending')) = (due_at IS NOT NULL)),
  CONSTRAINT recipient_delivery_tries_check CHECK (tries >= 0),
  CONSTRAINT recipient_delivery_begun_attempt_check CHECK (begun_attempt BETWEEN 1 AND 255),
  CONSTRAINT refused_is_rejected CHECK (refused_at IS NULL OR state = 'rejected')
) WITH (fillfactor = 60);

INSERT INTO bounce.communication_delivery (communication_id, process, state, priority, due_at,
  held_at, held_by, claim_id, worker, lease_expire_time, start_time, end_time, attempts,
  attempt_claim_id, error, response)
SELECT c.id, c.process, c.delivery_state, c.priority,
       CASE WHEN c.delivery_state IN ('PENDING', 'RETRY') THEN coalesce(c.due_at, now())
            WHEN c.delivery_state = 'PROCESSING' THEN c.due_at END,
       c.held_at, c.held_by, c.claim_id, c.worker, c.lease_expire_time, c.start_time, c.end_time,
       c.attempts, c.attempt_claim_id, c.error, c.response
FROM bounce.communication AS c WHERE c.delivery_state IS NOT NULL;
INSERT INTO bounce.recipient_delivery
  (recipient_id, communication_id, state, due_at, tries, begun_attempt, response, refused_at)
SELECT r.id, r.communication_id, r.delivery, r.due_at, r.tries, r.begun_attempt, r.response,
       CASE r.delivery WHEN 'rejected' THEN r.refused_at END
FROM bounce.communication_recipient AS r
JOIN bounce.communication_delivery AS d ON d.communication_id = r.communication_id
WHERE r.delivery IS NOT NULL;

CREATE INDEX communication_delivery_queue_idx
  ON bounce.communication_delivery (process, priority DESC, due_at)
  WHERE state IN ('PENDING', 'RETRY') AND held_at IS NULL;
CREATE INDEX communication_delivery_claim_idx ON bounce.communication_delivery (claim_id)
  WHERE state = 'PROCESSING';
CREATE INDEX communication_delivery_held_idx ON bounce.communication_delivery (communication_id)
  WHERE held_at IS NOT NULL;
CREATE INDEX recipient_delivery_communication_idx ON bounce.recipient_delivery (communication_id);
CREATE INDEX recipient_delivery_refused_idx ON bounce.recipient_delivery (recipient_id)
  WHERE refused_at IS NOT NULL;

ALTER TABLE bounce.communication
  DROP COLUMN delivery_state, DROP COLUMN priority, DROP COLUMN due_at, DROP COLUMN held_at,
  DROP COLUMN held_by, DROP COLUMN claim_id, DROP COLUMN worker, DROP COLUMN lease_expire_time,
  DROP COLUMN start_time, DROP COLUMN end_time, DROP COLUMN error, DROP COLUMN response,
  DROP COLUMN attempts, DROP COLUMN attempt_claim_id,
  ADD CONSTRAINT communication_status_check CHECK (status IN ('open', 'sent', 'error', 'bounced')),
  ADD CONSTRAINT communication_business_ref_check CHECK (length(business_ref) <= 500),
  ADD CONSTRAINT communication_message_id_check
    CHECK (message_id = btrim(message_id, E' \t\r\n<>')
           AND octet_length(message_id) BETWEEN 1 AND 998),
  ADD CONSTRAINT communication_envelope_id_check CHECK (envelope_id ~ '^[0-9a-f]{32}$');
ALTER TABLE bounce.communication_recipient
  DROP COLUMN delivery, DROP COLUMN due_at, DROP COLUMN tries, DROP COLUMN begun_attempt,
  DROP COLUMN response, DROP COLUMN refused_at,
  ADD CONSTRAINT communication_recipient_state_check
    CHECK (state IN ('open', 'sent', 'error', 'bounced', 'replaced')),
  ADD CONSTRAINT communication_recipient_kind_check CHECK (kind IN ('to', 'cc', 'bcc')),
  ADD CONSTRAINT communication_recipient_address_check
    CHECK (position('@' IN address) > 1 AND octet_length(address) <= 1000),
  ADD CONSTRAINT communication_recipient_attempts_check CHECK (attempts BETWEEN 0 AND 255),
  ADD CONSTRAINT communication_recipient_corrections_check CHECK (corrections >= 0),
  ADD CONSTRAINT bounced_has_class
    CHECK (state <> 'bounced' OR (class IS NOT NULL AND bounced_at IS NOT NULL)),
  ADD CONSTRAINT replaced_by_another
    CHECK ((state = 'replaced') = (replaced_by IS NOT NULL) AND replaced_by <> id),
  ADD CONSTRAINT scheduled_is_soft
    CHECK (next_attempt_at IS NULL OR (state = 'bounced' AND class = 'soft')
           OR (requested_by IS NOT NULL AND state IN ('open', 'bounced')));
ALTER TABLE bounce.communication_recipient RESET (fillfactor);
ALTER TABLE bounce.follow_up RENAME lease_ends_at TO lease_expire_time;

CREATE TYPE bounce_internal.delivery_attempt AS (
  communication_id bigint,
  process          text,
  recipient_id     bigint,
  address          text,
  attempt          integer,
  attempts         integer,
  tries            integer
);
ALTER TYPE bounce.delivery_content ADD ATTRIBUTE notice jsonb;

ALTER TABLE bounce.communication_content
  ADD COLUMN notice jsonb,
  DROP CONSTRAINT something_to_send,
  ADD CONSTRAINT something_to_send CHECK (num_nonnulls(raw, body_text, body_html, notice) > 0);
