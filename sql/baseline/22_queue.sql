-- SPDX-License-Identifier: BSD-2-Clause
--
-- What bounce-delivery needs beside the communication itself: the content, the state
-- of the submission server, and the counters of the rate limits.

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
  CONSTRAINT something_to_send
    CHECK (raw IS NOT NULL OR body_text IS NOT NULL OR body_html IS NOT NULL)
);
COMMENT ON TABLE bounce.communication_content IS
  'what bounce-delivery sends. A communication without a row here is sent by the application itself';
COMMENT ON COLUMN bounce.communication_content.raw IS
  'a complete message (RFC 5322); Bcc is removed and Message-ID replaced when it is sent';
COMMENT ON COLUMN bounce.communication_content.header_to IS
  'the To field with display names; the envelope recipients are in communication_recipient';
COMMENT ON COLUMN bounce.communication_content.auto_submitted IS
  'RFC 3834 section 5; empty: no such field';
COMMENT ON COLUMN bounce.communication_content.null_sender IS
  'send with MAIL FROM:<>: a notice, which must not bounce';
COMMENT ON COLUMN bounce.communication_content.bytes IS 'size of the content before encoding';

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
