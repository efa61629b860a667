-- SPDX-License-Identifier: BSD-2-Clause
--
-- The outbound side: bounce.communication as a queue. The states are those that
-- applications know from Firebase's Trigger Email:
--
--   PENDING -> PROCESSING -> SUCCESS | ERROR      RETRY: some recipient is to be sent to again
--
-- A worker claims communications under a lease, begins one SMTP transaction after
-- the other, and settles each. What was claimed and not begun goes back to the
-- queue when the lease ends; what was begun and not settled is unknown. Per
-- recipient (communication_recipient.delivery):
--
--   due -> claimed -> sending -> accepted | rejected | unknown | pending -> claimed ...

-- Content ---------------------------------------------------------------------------

CREATE TABLE bounce.communication_content (
  communication_id bigint  PRIMARY KEY REFERENCES bounce.communication ON DELETE CASCADE,
  raw              bytea   CHECK (length(raw) > 0),
  body_text        text,
  body_html        text,
  header_from      text    NOT NULL DEFAULT '',
  header_to        text[]  NOT NULL DEFAULT '{}',
  header_cc        text[]  NOT NULL DEFAULT '{}',
  reply_to         text    NOT NULL DEFAULT '',
  auto_submitted   text    NOT NULL DEFAULT '' CHECK (auto_submitted IN ('', 'auto-generated', 'auto-replied')),
  null_sender      boolean NOT NULL DEFAULT false,
  bytes            bigint  NOT NULL DEFAULT 0 CHECK (bytes >= 0),
  CONSTRAINT something_to_send CHECK (raw IS NOT NULL OR body_text IS NOT NULL OR body_html IS NOT NULL)
);
COMMENT ON TABLE bounce.communication_content IS
  'what bounce-delivery sends; a communication without a row here is sent by the application itself';
COMMENT ON COLUMN bounce.communication_content.raw IS 'a whole message (RFC 5322); Bcc is taken out and Message-ID is ours when it is sent';
COMMENT ON COLUMN bounce.communication_content.header_to IS 'as people see them, with display names; who gets it is in communication_recipient';
COMMENT ON COLUMN bounce.communication_content.auto_submitted IS 'RFC 3834 section 5; empty: no such field';
COMMENT ON COLUMN bounce.communication_content.null_sender IS 'sent with MAIL FROM:<>: a notice, which must not bounce';
COMMENT ON COLUMN bounce.communication_content.bytes IS 'size of the content, before encoding';

CREATE TABLE bounce.communication_attachment (
  communication_id bigint  NOT NULL REFERENCES bounce.communication ON DELETE CASCADE,
  place            integer NOT NULL,
  filename         text    NOT NULL DEFAULT '',
  content_type     text    NOT NULL DEFAULT 'application/octet-stream' CHECK (content_type ~ '^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$'),
  content_id       text    NOT NULL DEFAULT '' CHECK (content_id !~ '[[:space:]<>]'),
  content          bytea   NOT NULL,
  PRIMARY KEY (communication_id, place)
);
COMMENT ON TABLE bounce.communication_attachment IS 'files of a mail that is composed here';
COMMENT ON COLUMN bounce.communication_attachment.content_id IS 'for a picture that the HTML shows with cid:; empty for a plain attachment';

-- The queue ---------------------------------------------------------------------------

ALTER TABLE bounce.communication
  ADD COLUMN priority          smallint NOT NULL DEFAULT 0 CHECK (priority BETWEEN -100 AND 100),
  ADD COLUMN due_at            timestamptz,
  ADD COLUMN held_at           timestamptz,
  ADD COLUMN held_by           text,
  ADD COLUMN claim_id          uuid,
  ADD COLUMN worker            text     NOT NULL DEFAULT '',
  ADD COLUMN lease_expire_time timestamptz,
  ADD COLUMN start_time        timestamptz,
  ADD COLUMN end_time          timestamptz,
  ADD COLUMN error             text     NOT NULL DEFAULT '',
  ADD COLUMN response          text     NOT NULL DEFAULT '',
  ADD COLUMN attempts          integer  NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  ADD COLUMN attempt_claim_id  uuid,
  ADD CONSTRAINT processing_has_lease
    CHECK ((delivery_state IS NOT DISTINCT FROM 'PROCESSING') = (lease_expire_time IS NOT NULL)),
  ADD CONSTRAINT processing_has_claim CHECK (delivery_state IS DISTINCT FROM 'PROCESSING' OR claim_id IS NOT NULL),
  ADD CONSTRAINT held_by_somebody CHECK ((held_at IS NULL) = (held_by IS NULL));
COMMENT ON COLUMN bounce.communication.priority IS 'higher goes first, over all processes; within one priority the processes take turns';
COMMENT ON COLUMN bounce.communication.due_at IS 'the earliest due_at of its recipients; NULL when nothing is to be sent';
COMMENT ON COLUMN bounce.communication.held_at IS 'since when it is held by a person: not claimed until released';
COMMENT ON COLUMN bounce.communication.claim_id IS 'the claim that has it, or had it last';
COMMENT ON COLUMN bounce.communication.worker IS 'who has it, or had it last: host:process';
COMMENT ON COLUMN bounce.communication.lease_expire_time IS 'PROCESSING only: then the sweeper may take it from the worker';
COMMENT ON COLUMN bounce.communication.start_time IS 'when it was last claimed';
COMMENT ON COLUMN bounce.communication.end_time IS 'when it last became SUCCESS or ERROR';
COMMENT ON COLUMN bounce.communication.error IS 'the last error with codes and words; empty after a delivery without one';
COMMENT ON COLUMN bounce.communication.response IS 'the server''s last reply';
COMMENT ON COLUMN bounce.communication.attempts IS 'claims in which a recipient was tried; a fault of the server or the configuration does not count';
COMMENT ON COLUMN bounce.communication.attempt_claim_id IS 'the claim that was counted last in attempts';

CREATE INDEX communication_queue_idx ON bounce.communication (process, priority DESC, due_at)
  WHERE delivery_state IN ('PENDING', 'RETRY') AND held_at IS NULL;
CREATE INDEX communication_lease_idx ON bounce.communication (lease_expire_time) WHERE lease_expire_time IS NOT NULL;
CREATE INDEX communication_claim_idx ON bounce.communication (claim_id) WHERE lease_expire_time IS NOT NULL;

ALTER TABLE bounce.communication_recipient
  ADD COLUMN kind     text    CHECK (kind IN ('to', 'cc', 'bcc')),
  ADD COLUMN delivery text    CHECK (delivery IN ('due', 'claimed', 'sending', 'accepted', 'rejected', 'pending', 'unknown')),
  ADD COLUMN due_at   timestamptz,
  ADD COLUMN tries    integer CHECK (tries >= 0),
  ADD COLUMN begun_attempt integer CHECK (begun_attempt BETWEEN 1 AND 255),
  ADD COLUMN response text,
  ADD CONSTRAINT waiting_has_time CHECK (coalesce(delivery IN ('due', 'claimed', 'sending', 'pending'), false) = (due_at IS NOT NULL));
-- In two steps: a column with a default cannot be added where a function's body knows the row type.
UPDATE bounce.communication_recipient SET kind = 'to', tries = 0, response = '';
ALTER TABLE bounce.communication_recipient
  ALTER COLUMN kind SET DEFAULT 'to', ALTER COLUMN kind SET NOT NULL,
  ALTER COLUMN tries SET DEFAULT 0, ALTER COLUMN tries SET NOT NULL,
  ALTER COLUMN response SET DEFAULT '', ALTER COLUMN response SET NOT NULL;
COMMENT ON COLUMN bounce.communication_recipient.delivery IS
  'what bounce-delivery has done: due, claimed (nothing sent yet), sending, accepted, rejected (for good), pending (refused for '
  'now, due_at says when it is tried again), unknown (the final reply was not heard); NULL when the application sends';
COMMENT ON COLUMN bounce.communication_recipient.due_at IS 'not before this time is it sent to';
COMMENT ON COLUMN bounce.communication_recipient.tries IS
  'how often the server was asked to take the send that is due; begins anew with each send. attempts counts sends';
COMMENT ON COLUMN bounce.communication_recipient.begun_attempt IS 'the number of the send that was begun last; above attempts while its outcome is open';
COMMENT ON COLUMN bounce.communication_recipient.response IS 'the server''s last reply about this recipient';
CREATE INDEX communication_recipient_claimed_idx ON bounce.communication_recipient (communication_id)
  WHERE delivery IN ('claimed', 'sending');
CREATE INDEX communication_recipient_queue_idx ON bounce.communication_recipient (communication_id, due_at) WHERE due_at IS NOT NULL;

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
  'what is wrong with a submission server or with the way to it. While there is a problem, one worker probes at a time';
COMMENT ON COLUMN bounce.delivery_server.probe_at IS 'not before this time does anybody try again';

CREATE TABLE bounce.delivery_rate (
  domain       text        NOT NULL,
  window_start timestamptz NOT NULL,
  used         integer     NOT NULL CHECK (used >= 0),
  PRIMARY KEY (domain)
);
COMMENT ON TABLE bounce.delivery_rate IS 'sends in the current minute, per remote domain; the domain "" stands for all';

-- Parameters --------------------------------------------------------------------------

INSERT INTO bounce.parameter_definition (name, type, default_value, minimum, maximum, per_process, description) VALUES
  ('retry_initial_delay', 'interval', '5 minutes', '1 second', '1 day', true,
   'from the first temporary refusal of a recipient by the submission server to the next try'),
  ('retry_factor', 'number', '2', '1', '10', true,
   'each further delay is the one before times this; fractions are fine'),
  ('retry_max_delay', 'interval', '4 hours', '1 second', '7 days', true,
   'no delay between two tries is longer than this'),
  ('retry_jitter', 'number', '0.1', '0', '1', true,
   'each delay is made longer or shorter at random by up to this fraction'),
  ('retry_max_attempts', 'integer', '12', '1', '200', true,
   'tries to hand one send to the submission server; then the recipient has failed'),
  ('delivery_lease', 'interval', '5 minutes', '5 seconds', '1 day', false,
   'how long a claim lasts without renewal; workers renew it after a third'),
  ('delivery_probe_delay', 'interval', '10 seconds', '1 second', '1 hour', false,
   'from the first failure to reach the submission server to the next try; doubles with each failure'),
  ('delivery_probe_max_delay', 'interval', '5 minutes', '1 second', '1 day', false,
   'no such delay is longer than this'),
  ('delivery_rate', 'integer', '0', '0', '1000000', false,
   'sends a minute over all workers; 0: no limit'),
  ('delivery_domain_rate', 'integer', '0', '0', '1000000', false,
   'sends a minute to one remote domain over all workers; 0: no limit'),
  ('delivery_max_bytes', 'integer', '26214400', '1024', '1073741824', false,
   'largest content that is taken for delivery'),
  ('delivery_priority', 'integer', '0', '-100', '100', true,
   'priority of a communication that is handed over without one'),
  ('delivery_notice', 'boolean', 'off', NULL, NULL, true,
   'send a non-delivery notice (RFC 3464) to owner_mailbox when a recipient has failed for good at the submission server');

INSERT INTO bounce.parameter_definition (name, type, default_value, allowed, per_process, description) VALUES
  ('delivery_unknown', 'enum', 'ask', '{ask,retry}', true,
   'a send whose final reply was not heard: ask: a task, a person decides; retry: it is sent again, and may arrive twice');
INSERT INTO bounce.parameter_definition (name, type, default_value, per_process, description) VALUES
  ('owner_mailbox', 'address', '', true, 'mailbox of the people behind a process; empty: they get no notices');
INSERT INTO bounce.parameter_definition (name, type, default_value, pattern, per_process, description) VALUES
  ('delivery_quiet_hours', 'text', '', '(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:[01][0-9]|2[0-3]):[0-5][0-9])?', true,
   'time of day at which nothing is sent, such as 22:00-07:00, by the database''s time zone; empty: none');

-- How states move -----------------------------------------------------------------------

CREATE FUNCTION bounce.may_go(old_state text, new_state text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE coalesce(old_state, '')
  WHEN ''           THEN new_state IN ('PENDING', 'RETRY')
  WHEN 'PENDING'    THEN new_state IN ('PROCESSING', 'ERROR', 'RETRY')
  WHEN 'PROCESSING' THEN new_state IN ('SUCCESS', 'ERROR', 'RETRY', 'PENDING')
  WHEN 'RETRY'      THEN new_state IN ('PROCESSING', 'SUCCESS', 'ERROR')
  WHEN 'SUCCESS'    THEN new_state IN ('PENDING', 'RETRY')
  WHEN 'ERROR'      THEN new_state IN ('PENDING', 'RETRY')
END;
COMMENT ON FUNCTION bounce.may_go(text, text) IS 'internal: the allowed moves of communication.delivery_state';

CREATE FUNCTION bounce.communication_guard_delivery() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF bounce.may_go(OLD.delivery_state, NEW.delivery_state) IS NOT TRUE THEN
    RAISE EXCEPTION 'communication %: delivery state cannot go from % to %', OLD.id,
        coalesce(OLD.delivery_state, 'none'), coalesce(NEW.delivery_state, 'none')
      USING ERRCODE = 'check_violation', HINT = 'SUCCESS and ERROR are final but for RETRY and PENDING, which send again.';
  END IF;
  IF NEW.delivery_state = 'PENDING' AND OLD.delivery_state IS NULL
     AND NOT EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = NEW.id) THEN
    RAISE EXCEPTION 'communication %: there is no content to send', OLD.id USING ERRCODE = 'check_violation',
      HINT = 'Hand it over with bounce.submit_communication().';
  END IF;
  IF OLD.delivery_state = 'PROCESSING' AND EXISTS (SELECT FROM bounce.communication_recipient AS r
       WHERE r.communication_id = NEW.id AND r.delivery IN ('claimed', 'sending')) THEN
    RAISE EXCEPTION 'communication %: a worker has it until %', OLD.id, OLD.lease_expire_time
      USING ERRCODE = 'check_violation', HINT = 'Wait for it to end, or for the sweeper.';
  END IF;
  NEW.end_time := CASE WHEN NEW.delivery_state IN ('SUCCESS', 'ERROR') THEN clock_timestamp() ELSE NEW.end_time END;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce.communication_guard_delivery() IS 'internal: refuses forbidden moves of the delivery state';
CREATE TRIGGER communication_guard_delivery BEFORE UPDATE OF delivery_state ON bounce.communication
  FOR EACH ROW WHEN (OLD.delivery_state IS DISTINCT FROM NEW.delivery_state)
  EXECUTE FUNCTION bounce.communication_guard_delivery();

CREATE FUNCTION bounce.recipient_guard_delivery() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF (CASE OLD.delivery
       WHEN 'due'     THEN NEW.delivery IN ('sending', 'pending', 'unknown')
       WHEN 'claimed' THEN NEW.delivery IN ('accepted', 'unknown')
       WHEN 'sending' THEN NEW.delivery IN ('claimed')
       WHEN 'pending' THEN NEW.delivery IN ('sending', 'accepted', 'unknown')
       ELSE NEW.delivery <> 'due'
     END) THEN
    RAISE EXCEPTION 'recipient %: delivery cannot go from % to %', OLD.id, coalesce(OLD.delivery, 'none'), NEW.delivery
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce.recipient_guard_delivery() IS 'internal: what was not claimed cannot be sent, what was not sent cannot be accepted';
CREATE TRIGGER recipient_guard_delivery BEFORE UPDATE OF delivery ON bounce.communication_recipient
  FOR EACH ROW WHEN (OLD.delivery IS DISTINCT FROM NEW.delivery) EXECUTE FUNCTION bounce.recipient_guard_delivery();

-- A resend that the policy schedules after a soft bounce, or calls off, is one of the queue
-- where the queue has the content.
CREATE FUNCTION bounce.recipient_follow_schedule() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF NEW.next_attempt_at IS NULL AND NEW.delivery IN ('due', 'pending') THEN
    NEW.delivery := CASE NEW.state WHEN 'sent' THEN 'accepted' ELSE 'rejected' END;
    NEW.due_at := NULL;
  ELSIF NEW.next_attempt_at IS NOT NULL
        AND EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = NEW.communication_id) THEN
    NEW.tries := CASE WHEN OLD.next_attempt_at IS NULL THEN 0 ELSE NEW.tries END;
    NEW.delivery := CASE WHEN NEW.delivery = 'pending' THEN 'pending' ELSE 'due' END;
    NEW.due_at := NEW.next_attempt_at;
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce.recipient_follow_schedule() IS 'internal: next_attempt_at of the policy becomes due_at of the queue';
CREATE TRIGGER recipient_follow_schedule BEFORE UPDATE ON bounce.communication_recipient
  FOR EACH ROW WHEN (OLD.next_attempt_at IS DISTINCT FROM NEW.next_attempt_at AND OLD.delivery IS NOT DISTINCT FROM NEW.delivery
                     AND coalesce(NEW.delivery, '') NOT IN ('claimed', 'sending'))
  EXECUTE FUNCTION bounce.recipient_follow_schedule();

CREATE FUNCTION bounce.queued_status(communication_id bigint, status text, is_bounced boolean, is_failed boolean) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  -- open -> sent: what the queue sends, no application reports
  SELECT CASE WHEN NOT is_bounced AND NOT is_failed AND queued_status.status IN ('open', 'error')
                   AND NOT EXISTS (SELECT FROM bounce.communication_recipient AS r
                                   WHERE r.communication_id = queued_status.communication_id AND r.state <> 'sent') THEN 'sent'
              ELSE bounce.derived_status(queued_status.status, is_bounced, is_failed) END;
END;
COMMENT ON FUNCTION bounce.queued_status(bigint, text, boolean, boolean) IS 'internal: derived_status, for what the queue sends as well';

CREATE FUNCTION bounce.queued_state(delivery_state text, is_bounced boolean, is_failed boolean, is_waiting boolean, due_at timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN delivery_state = 'PROCESSING' THEN 'PROCESSING'
  WHEN delivery_state = 'PENDING' AND due_at IS NOT NULL THEN 'PENDING'
  WHEN delivery_state IN ('PENDING', 'RETRY') AND due_at IS NULL AND NOT is_waiting AND (is_bounced OR is_failed) THEN 'ERROR'
  ELSE bounce.derived_delivery_state(delivery_state, is_bounced, is_waiting OR due_at IS NOT NULL)
END;
COMMENT ON FUNCTION bounce.queued_state(text, boolean, boolean, boolean, timestamptz) IS
  'internal: derived_delivery_state, for what the queue sends as well; a claim ends by finish_communication() only';

CREATE OR REPLACE FUNCTION bounce.derive_communication(communication_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  is_bounced CONSTANT boolean := bounce.has_bounced_recipient(communication_id);
  is_failed CONSTANT boolean := EXISTS (
    SELECT FROM bounce.communication_recipient AS r
    WHERE r.communication_id = derive_communication.communication_id AND r.state = 'error');
  is_waiting CONSTANT boolean := EXISTS (
    SELECT FROM bounce.communication_recipient AS r
    WHERE r.communication_id = derive_communication.communication_id AND r.next_attempt_at IS NOT NULL);
  due CONSTANT timestamptz := (
    SELECT min(r.due_at) FROM bounce.communication_recipient AS r
    WHERE r.communication_id = derive_communication.communication_id AND r.due_at IS NOT NULL
      AND r.delivery IN ('due', 'pending'));
BEGIN
  UPDATE bounce.communication AS c
  SET status = d.status, delivery_state = d.delivery_state, due_at = due
  FROM (SELECT bounce.queued_status(k.id, k.status, is_bounced, is_failed) AS status,
               bounce.queued_state(k.delivery_state, is_bounced, is_failed, is_waiting, due) AS delivery_state
        FROM bounce.communication AS k WHERE k.id = derive_communication.communication_id) AS d
  WHERE c.id = derive_communication.communication_id
    AND (c.status, c.delivery_state, c.due_at) IS DISTINCT FROM (d.status, d.delivery_state, due);
END
$$;

CREATE OR REPLACE FUNCTION bounce.communication_handed_over() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = NEW.id) THEN
    RETURN NULL;
  END IF;
  UPDATE bounce.communication_recipient AS r
  SET state = NEW.status, attempts = greatest(1, r.attempts), last_attempt_at = now()
  WHERE r.communication_id = NEW.id AND r.state IN ('open', 'error') AND r.state <> NEW.status;
  PERFORM bounce.write_log(NEW.id, NULL, NEW.status, 'as the application says');
  RETURN NULL;
END
$$;
DROP TRIGGER communication_handed_over ON bounce.communication;
CREATE TRIGGER communication_handed_over AFTER UPDATE OF status ON bounce.communication
  FOR EACH ROW WHEN (OLD.status IN ('open', 'error') AND NEW.status IN ('sent', 'error') AND OLD.status <> NEW.status
                     AND OLD.delivery_state IS DISTINCT FROM 'PROCESSING')
  EXECUTE FUNCTION bounce.communication_handed_over();
COMMENT ON FUNCTION bounce.communication_handed_over() IS
  'internal: the application says that a communication was sent, or could not be: so were its waiting recipients. Of what '
  'the queue sends, the queue tells, recipient by recipient';

-- What a claim does with a recipient is put into the communication once, at its end.
DROP TRIGGER recipient_after_update ON bounce.communication_recipient;
CREATE TRIGGER recipient_after_update AFTER UPDATE OF state, next_attempt_at ON bounce.communication_recipient
  FOR EACH ROW WHEN ((OLD.state, OLD.next_attempt_at) IS DISTINCT FROM (NEW.state, NEW.next_attempt_at)
                     AND NOT (coalesce(OLD.delivery, '') IN ('claimed', 'sending') AND NEW.delivery IS DISTINCT FROM OLD.delivery))
  EXECUTE FUNCTION bounce.recipient_after_write();
CREATE TRIGGER recipient_after_due AFTER UPDATE OF due_at, next_attempt_at ON bounce.communication_recipient
  FOR EACH ROW WHEN (OLD.due_at IS DISTINCT FROM NEW.due_at AND NEW.due_at IS NOT NULL
                     AND coalesce(OLD.delivery, '') NOT IN ('claimed', 'sending')
                     AND (OLD.state, OLD.next_attempt_at) IS NOT DISTINCT FROM (NEW.state, NEW.next_attempt_at))
  EXECUTE FUNCTION bounce.recipient_after_write();

-- Setting the state to RETRY or PENDING sends again: to those who did not get it, or to all
-- when all did.
CREATE FUNCTION bounce.communication_requeue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = NEW.id)
     OR EXISTS (SELECT FROM bounce.communication_recipient AS r WHERE r.communication_id = NEW.id AND r.due_at IS NOT NULL) THEN
    RETURN NULL;
  END IF;
  UPDATE bounce.communication_recipient AS r SET delivery = 'due', due_at = now(), tries = 0
  WHERE r.communication_id = NEW.id AND r.state <> 'replaced'
    AND (r.state <> 'sent' OR r.delivery IN ('rejected', 'unknown')
         OR NOT EXISTS (SELECT FROM bounce.communication_recipient AS o
                        WHERE o.communication_id = NEW.id AND o.state <> 'replaced' AND (o.state <> 'sent' OR o.delivery IN ('rejected', 'unknown'))));
  PERFORM bounce.write_log(NEW.id, NULL, 'requeued', format('set to %s, was %s', NEW.delivery_state, OLD.delivery_state));
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION bounce.communication_requeue() IS
  'internal: RETRY or PENDING set by a person: to be sent again to the recipients that did not get it, to all when all did';
CREATE TRIGGER communication_requeue AFTER UPDATE OF delivery_state ON bounce.communication
  FOR EACH ROW WHEN (OLD.delivery_state IN ('SUCCESS', 'ERROR') AND NEW.delivery_state IN ('PENDING', 'RETRY'))
  EXECUTE FUNCTION bounce.communication_requeue();

CREATE FUNCTION bounce.notify_delivery() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('bounce_delivery', '');
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION bounce.notify_delivery() IS 'internal: wakes the workers. Many in one transaction are one notification';
CREATE TRIGGER communication_notify_due AFTER UPDATE OF due_at ON bounce.communication
  FOR EACH ROW WHEN (NEW.due_at IS NOT NULL AND NEW.due_at IS DISTINCT FROM OLD.due_at
                     AND NEW.delivery_state IN ('PENDING', 'RETRY') AND NEW.due_at <= now())
  EXECUTE FUNCTION bounce.notify_delivery();
CREATE TRIGGER communication_notify_insert AFTER INSERT ON bounce.communication
  FOR EACH ROW WHEN (NEW.due_at IS NOT NULL) EXECUTE FUNCTION bounce.notify_delivery();
