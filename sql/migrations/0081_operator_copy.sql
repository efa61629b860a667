-- SPDX-License-Identifier: BSD-2-Clause
--
-- The operator's copies of reports that nobody can classify, where bounce-delivery sends them: one
-- for each report, from its recording until the report itself is forgotten.

CREATE TABLE bounce.operator_copy (
  bounce_message_id bigint      NOT NULL,
  received_at       timestamptz NOT NULL,
  bounce_id         bigint      NOT NULL,
  address           text        NOT NULL,
  message_id        text        NOT NULL,
  raw               bytea,
  state             text        NOT NULL DEFAULT 'waiting' CONSTRAINT operator_copy_state_check
                                CHECK (state IN ('waiting', 'sent', 'dead', 'erased')),
  created_at        timestamptz NOT NULL DEFAULT now(),
  due_at            timestamptz NOT NULL DEFAULT now(),
  claim_id          uuid,
  attempts          integer     NOT NULL DEFAULT 0 CONSTRAINT operator_copy_attempts_check
                                CHECK (attempts >= 0),
  is_uncertain      boolean     NOT NULL DEFAULT false,
  response          text        NOT NULL DEFAULT '',
  sent_at           timestamptz,
  task_id           bigint      CONSTRAINT operator_copy_task_id_fkey
                                REFERENCES bounce.task ON DELETE SET NULL,
  CONSTRAINT operator_copy_pkey PRIMARY KEY (bounce_message_id),
  CONSTRAINT operator_copy_bounce_id_key UNIQUE (bounce_id),
  CONSTRAINT operator_copy_message_id_check CHECK (message_id !~ '[[:cntrl:][:space:]<>]'),
  CONSTRAINT claimed_copy_waits CHECK (claim_id IS NULL OR state = 'waiting'),
  CONSTRAINT sent_copy_has_time CHECK (state <> 'sent' OR sent_at IS NOT NULL),
  CONSTRAINT text_of_copy_waits CHECK (raw IS NULL OR state IN ('waiting', 'dead'))
);
COMMENT ON TABLE bounce.operator_copy IS
  'the operator''s copies that bounce-delivery sends, one for each report; empty while the '
  'parameter operator_copy is mta. A copy that is sent keeps its row, so that the same report '
  'makes no second one';
COMMENT ON COLUMN bounce.operator_copy.received_at IS 'of the report, which is found by it';
COMMENT ON COLUMN bounce.operator_copy.bounce_id IS 'the number in its field X-Bounce-Id';
COMMENT ON COLUMN bounce.operator_copy.address IS
  'where it goes, or went: the parameter operator_mailbox at that time';
COMMENT ON COLUMN bounce.operator_copy.message_id IS 'the same whenever it is sent';
COMMENT ON COLUMN bounce.operator_copy.raw IS
  'the report as received, where bounce_message keeps only a part of it; until it is sent';
COMMENT ON COLUMN bounce.operator_copy.state IS
  'dead: given up, sent again by retry_copies(); erased: its text was erased before it was sent';
COMMENT ON COLUMN bounce.operator_copy.due_at IS
  'not before; while claim_id is set, the end of the lease, after which another worker takes it';
COMMENT ON COLUMN bounce.operator_copy.claim_id IS 'who has it in hand; NULL: nobody';
COMMENT ON COLUMN bounce.operator_copy.is_uncertain IS
  'a try ended without an answer to the message: the operator may have it already';
COMMENT ON COLUMN bounce.operator_copy.response IS 'what the server said last';
COMMENT ON COLUMN bounce.operator_copy.sent_at IS 'when a server last took it';
COMMENT ON COLUMN bounce.operator_copy.task_id IS 'the task that tells of it, when it is dead';

CREATE INDEX operator_copy_due_at_idx ON bounce.operator_copy (due_at) WHERE state = 'waiting';
COMMENT ON INDEX bounce.operator_copy_due_at_idx IS 'claim_copy(): what is due';
CREATE INDEX operator_copy_sent_at_idx ON bounce.operator_copy (sent_at);
COMMENT ON INDEX bounce.operator_copy_sent_at_idx IS 'claim_copy(): how many within the hour';
CREATE INDEX operator_copy_received_at_idx ON bounce.operator_copy (received_at);
COMMENT ON INDEX bounce.operator_copy_received_at_idx IS 'housekeeping: what is too old';
CREATE INDEX operator_copy_task_id_idx ON bounce.operator_copy (task_id) WHERE task_id IS NOT NULL;
COMMENT ON INDEX bounce.operator_copy_task_id_idx IS 'deleting a task';

-- What a worker gets of a copy.
CREATE TYPE bounce.copy_item AS (
  bounce_id   bigint,
  claim_id    uuid,
  address     text,
  message_id  text,
  class       text,
  reason      text,
  subject     text,
  header_from text,
  received_at timestamptz,
  size        bigint,
  is_again    boolean,
  raw         bytea
);
COMMENT ON TYPE bounce.copy_item IS 'one of the operator''s copies, for the worker that sends it';
COMMENT ON COLUMN bounce.copy_item.size IS 'bytes of the whole report; raw may be its beginning';
COMMENT ON COLUMN bounce.copy_item.is_again IS 'the operator may have it already';
