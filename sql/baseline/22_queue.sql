-- SPDX-License-Identifier: BSD-2-Clause
--
-- The delivery queue: what bounce-delivery sends, to whom, and what became of it; the state of
-- the submission server; the counters of the rate limits.

-- One row for each communication that bounce-delivery sends. A change of state writes only the
-- small indexes of this table.
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
COMMENT ON TABLE bounce.communication_delivery IS
  'the delivery queue: one row per communication that bounce-delivery sends. The view '
  'bounce.delivery shows it';
COMMENT ON COLUMN bounce.communication_delivery.process IS
  'communication.process: the queue is read process by process';
COMMENT ON COLUMN bounce.communication_delivery.state IS
  'derived from the recipients; SUCCESS and ERROR may be set to RETRY or PENDING by an UPDATE of '
  'the view bounce.delivery';
COMMENT ON COLUMN bounce.communication_delivery.priority IS
  'higher goes first, over all processes; within one priority the processes take turns';
COMMENT ON COLUMN bounce.communication_delivery.due_at IS
  'the earliest due_at of its recipients; NULL when nothing is to be sent';
COMMENT ON COLUMN bounce.communication_delivery.held_at IS
  'when a person put it on hold; it is not claimed until released';
COMMENT ON COLUMN bounce.communication_delivery.claim_id IS 'the current claim, or the last one';
COMMENT ON COLUMN bounce.communication_delivery.worker IS
  'the worker of the current claim or of the last one, as host:process';
COMMENT ON COLUMN bounce.communication_delivery.lease_expire_time IS
  'PROCESSING only: end of the claim''s lease; from then on sweep_deliveries() may end the claim';
COMMENT ON COLUMN bounce.communication_delivery.start_time IS 'when it was last claimed';
COMMENT ON COLUMN bounce.communication_delivery.end_time IS 'when it last became SUCCESS or ERROR';
COMMENT ON COLUMN bounce.communication_delivery.error IS
  'the last error with codes and text; empty after a delivery without an error';
COMMENT ON COLUMN bounce.communication_delivery.response IS 'the server''s last reply';
COMMENT ON COLUMN bounce.communication_delivery.attempts IS
  'claims in which a recipient was tried; faults of the server or of the configuration are not '
  'counted';
COMMENT ON COLUMN bounce.communication_delivery.attempt_claim_id IS
  'the claim last counted in attempts';

-- One row for each recipient. No column that claiming, beginning and settling change is in an
-- index: with room on the page these updates write no index at all (HOT).
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
COMMENT ON TABLE bounce.recipient_delivery IS
  'the delivery queue: one row per recipient that bounce-delivery sends to';
COMMENT ON COLUMN bounce.recipient_delivery.state IS
  'due, claimed (nothing sent yet), sending, accepted, rejected (permanently), pending (refused '
  'temporarily, next try at due_at), unknown (the final reply was lost)';
COMMENT ON COLUMN bounce.recipient_delivery.due_at IS 'not sent to before this time';
COMMENT ON COLUMN bounce.recipient_delivery.tries IS
  'how often the current send was offered to the server; reset by each new send. '
  'communication_recipient.attempts counts sends';
COMMENT ON COLUMN bounce.recipient_delivery.begun_attempt IS
  'number of the send that was begun last; greater than attempts while its result is unknown';
COMMENT ON COLUMN bounce.recipient_delivery.response IS
  'the server''s last reply about this recipient';
COMMENT ON COLUMN bounce.recipient_delivery.refused_at IS
  'when it was rejected only because its address is blocked; it is sent to when the block is '
  'lifted (resend_after_block)';

CREATE TABLE bounce.communication_content (
  communication_id bigint  PRIMARY KEY REFERENCES bounce.communication ON DELETE CASCADE,
  raw              bytea   CHECK (length(raw) > 0),
  body_text        text,
  body_html        text,
  header_from      text    NOT NULL DEFAULT '',
  header_to        text[]  NOT NULL DEFAULT '{}',
  header_cc        text[]  NOT NULL DEFAULT '{}',
  reply_to         text    NOT NULL DEFAULT '',
  auto_submitted   text    NOT NULL DEFAULT ''
                           CHECK (auto_submitted IN ('', 'auto-generated', 'auto-replied')),
  null_sender      boolean NOT NULL DEFAULT false,
  bytes            bigint  NOT NULL DEFAULT 0 CHECK (bytes >= 0),
  notice           jsonb,
  CONSTRAINT something_to_send CHECK (num_nonnulls(raw, body_text, body_html, notice) > 0)
);
COMMENT ON TABLE bounce.communication_content IS
  'what bounce-delivery sends. A communication without a row here is sent by the application '
  'itself';
COMMENT ON COLUMN bounce.communication_content.raw IS
  'a complete message (RFC 5322); Bcc is removed and Message-ID replaced when it is sent';
COMMENT ON COLUMN bounce.communication_content.header_to IS
  'the To field with display names; the envelope recipients are in communication_recipient';
COMMENT ON COLUMN bounce.communication_content.auto_submitted IS
  'RFC 3834 section 5; empty: no such field';
COMMENT ON COLUMN bounce.communication_content.null_sender IS
  'send with MAIL FROM:<>: a notice, which must not bounce';
COMMENT ON COLUMN bounce.communication_content.bytes IS 'size of the content before encoding';
COMMENT ON COLUMN bounce.communication_content.notice IS
  'the facts of a non-delivery notice (RFC 3464), which bounce-delivery composes: see '
  'notice_facts()';

CREATE TABLE bounce.communication_attachment (
  communication_id bigint  NOT NULL REFERENCES bounce.communication ON DELETE CASCADE,
  place            integer NOT NULL,
  filename         text    NOT NULL DEFAULT '',
  content_type     text    NOT NULL DEFAULT 'application/octet-stream'
                           CHECK (content_type ~ '^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$'),
  content_id       text    NOT NULL DEFAULT '' CHECK (content_id !~ '[[:space:]<>]'),
  content          bytea   NOT NULL,
  PRIMARY KEY (communication_id, place)
);
COMMENT ON TABLE bounce.communication_attachment IS 'attachments of a mail that is composed here';
COMMENT ON COLUMN bounce.communication_attachment.content_id IS
  'for an image that the HTML refers to with cid:; empty for an ordinary attachment';

CREATE TABLE bounce.delivery_server (
  name          text        PRIMARY KEY CHECK (name <> ''),
  problem       text        NOT NULL DEFAULT '',
  problem_since timestamptz,
  failures      integer     NOT NULL DEFAULT 0 CHECK (failures >= 0),
  probe_at      timestamptz,
  task_id       bigint,
  CHECK ((problem = '') = (problem_since IS NULL) AND (problem = '') = (probe_at IS NULL))
);
COMMENT ON TABLE bounce.delivery_server IS
  'submission servers and the problem with each. While there is one, a single worker at a time '
  'probes the server';
COMMENT ON COLUMN bounce.delivery_server.probe_at IS 'no worker tries again before this time';

CREATE TABLE bounce.delivery_rate (
  domain        text        PRIMARY KEY,
  window_start  timestamptz NOT NULL,
  used          integer     NOT NULL CHECK (used >= 0),
  put_off       bigint      NOT NULL DEFAULT 0 CHECK (put_off >= 0),
  put_off_since timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE bounce.delivery_rate IS
  'sends in the current minute per remote domain; the domain '''' counts all of them';
COMMENT ON COLUMN bounce.delivery_rate.put_off IS
  'sends deferred to the minutes after put_off_since, so that later ones queue up after them';
