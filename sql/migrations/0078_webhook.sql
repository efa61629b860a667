-- SPDX-License-Identifier: BSD-2-Clause
--
-- Events for a webhook: what is to be told to a URL, until the receiver has it.

CREATE TABLE bounce.event (
  id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type             text        NOT NULL CONSTRAINT event_type_check
                               CHECK (type IN ('communication.status', 'follow_up.open',
                                               'resend.scheduled')),
  communication_id bigint      NOT NULL CONSTRAINT event_communication_id_fkey
                               REFERENCES bounce.communication ON DELETE CASCADE,
  data             jsonb       NOT NULL,
  created_at       timestamptz NOT NULL DEFAULT now(),
  state            text        NOT NULL DEFAULT 'waiting' CONSTRAINT event_state_check
                               CHECK (state IN ('waiting', 'dead')),
  due_at           timestamptz NOT NULL DEFAULT now(),
  claim_id         uuid,
  attempts         integer     NOT NULL DEFAULT 0 CONSTRAINT event_attempts_check
                               CHECK (attempts >= 0),
  response         text        NOT NULL DEFAULT '',
  task_id          bigint      CONSTRAINT event_task_id_fkey
                               REFERENCES bounce.task ON DELETE SET NULL
);
COMMENT ON TABLE bounce.event IS
  'what the webhook has not told yet; a row goes when the receiver has taken it. Empty while the '
  'parameter webhook is off';
COMMENT ON COLUMN bounce.event.data IS 'what is told beside the communication; no address, no name';
COMMENT ON COLUMN bounce.event.state IS 'dead: given up, sent again by retry_events()';
COMMENT ON COLUMN bounce.event.due_at IS
  'not before; while claim_id is set, the end of the lease, after which another worker takes it';
COMMENT ON COLUMN bounce.event.claim_id IS 'who has it in hand; NULL: nobody';
COMMENT ON COLUMN bounce.event.response IS 'what went wrong at the last attempt';
COMMENT ON COLUMN bounce.event.task_id IS 'the task that tells of it, when it is dead';

CREATE INDEX event_due_at_idx ON bounce.event (due_at) WHERE state = 'waiting';
COMMENT ON INDEX bounce.event_due_at_idx IS 'claim_events(): what is due';
CREATE INDEX event_communication_id_idx ON bounce.event (communication_id, id);
COMMENT ON INDEX bounce.event_communication_id_idx IS
  'claim_events(): one communication''s events in their order; erasing a communication';
CREATE INDEX event_task_id_idx ON bounce.event (task_id) WHERE task_id IS NOT NULL;
COMMENT ON INDEX bounce.event_task_id_idx IS 'deleting a task';
CREATE INDEX event_claim_id_idx ON bounce.event (claim_id) WHERE claim_id IS NOT NULL;
COMMENT ON INDEX bounce.event_claim_id_idx IS 'release_events(), after each batch';
