-- SPDX-License-Identifier: BSD-2-Clause
--
-- The schema, its types, and the few functions that an index or another stored
-- expression depends on. A new database gets sql/baseline/ once; what is here is
-- changed by a migration afterwards.

DO $$
BEGIN
  IF current_setting('server_version_num')::integer < 150000 THEN
    RAISE EXCEPTION 'bounce-milter needs PostgreSQL 15 or later, this is %',
        current_setting('server_version')
      USING ERRCODE = 'feature_not_supported';
  END IF;
  IF current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION 'bounce-milter needs a database with encoding UTF8, this one has %',
        current_setting('server_encoding')
      USING ERRCODE = 'feature_not_supported',
            HINT = 'createdb --encoding=UTF8 --template=template0';
  END IF;
END $$;

CREATE SCHEMA bounce;
COMMENT ON SCHEMA bounce IS
  'bounce-milter: mails that were sent, bounces, and their consequences. Tables and views, and '
  'the functions for applications, operators, the milter and bounce-delivery';
CREATE SCHEMA bounce_internal;
COMMENT ON SCHEMA bounce_internal IS
  'functions and types that only the functions and triggers of schema bounce use; nobody else may';

-- Part of PostgreSQL; the owner of a database may install it.
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;

-- Values --------------------------------------------------------------------------

CREATE DOMAIN bounce.class AS text
  CHECK (VALUE IN ('hard', 'soft', 'auto_reply', 'technical', 'unclassified'));
COMMENT ON DOMAIN bounce.class IS 'kind of bounce, determined by its reason';

CREATE TYPE bounce.trust AS ENUM ('address', 'message_id', 'own_mta', 'token');
COMMENT ON TYPE bounce.trust IS
  'how far a report is believed, in ascending order. address: it names an address only; '
  'message_id: it contains an id that only the recipient''s side can know; own_mta: our own MTA '
  'generated it; token: it arrived at a signed return path';

-- Rows that functions take and return ---------------------------------------------

CREATE TYPE bounce.report_result AS (
  bounce_message_id bigint,
  disposition       text,
  duplicate         boolean,
  forward_to        text,
  class             text,
  reason            text
);
COMMENT ON TYPE bounce.report_result IS
  'what the caller of record_report() has to do with the message';
COMMENT ON COLUMN bounce.report_result.disposition IS
  'discard: it is stored; deliver: let the message pass; forward: send it to forward_to instead';
COMMENT ON COLUMN bounce.report_result.duplicate IS
  'it was recorded before, and nothing was changed';
COMMENT ON COLUMN bounce.report_result.forward_to IS
  'the operator mailbox; NULL unless disposition is forward';
COMMENT ON COLUMN bounce.report_result.class IS
  'the most severe class of its findings; unclassified when one of them is';

CREATE TYPE bounce_internal.finding AS (
  -- as reported
  recipient          text,
  original_recipient text,
  addresses          text[],
  action             text,
  status             text,
  reply_code         text,
  diagnostic         text,
  remote_mta         text,
  permanence         text,
  rule               text,
  evidence           text,
  -- as classified by bounce.bounce_reason
  reason             text,
  class              bounce.class,
  is_notice          boolean,
  -- as matched
  communication_id   bigint,
  recipient_id       bigint,
  process            text,
  address            text,
  attempt            integer,
  matched_by         text,
  trust              bounce.trust,
  report_key         text,
  -- consequences
  bounce_id          bigint,
  steps              text[],
  blocks             boolean,
  task_kind          text,
  task_key           text,
  task_summary       text,
  task_id            bigint,
  events             text[],
  outage_id          bigint,
  in_shadow          boolean
);
COMMENT ON TYPE bounce_internal.finding IS
  'one recipient of a report while record_report() works on it. Texts are never NULL; an empty '
  'text means absent';

COMMENT ON COLUMN bounce_internal.finding.address IS
  'the address at fault: our recipient''s where it is known, else the reported one';
COMMENT ON COLUMN bounce_internal.finding.steps IS 'the consequences so far, as phrases';
COMMENT ON COLUMN bounce_internal.finding.events IS
  'the consequences so far, with the names of communication_log.event';
COMMENT ON COLUMN bounce_internal.finding.outage_id IS
  'the outage because of which the block is held; NULL when it is not held';
COMMENT ON COLUMN bounce_internal.finding.in_shadow IS
  'the consequences were decided but not carried out';

CREATE TYPE bounce_internal.identity AS (
  matched_by        text,
  communication_ids bigint[],
  recipient_id      bigint,
  attempt           integer,
  is_signed         boolean
);
COMMENT ON TYPE bounce_internal.identity IS
  'the communication that a report is about: the strongest evidence, the communications it fits '
  '(several when ids were reused), and from a token the recipient, the attempt, and whether the '
  'signature is valid and not expired';

CREATE TYPE bounce.delivery_item AS (
  claim_id         uuid,
  communication_id bigint,
  process          text,
  recipient_ids    bigint[],
  addresses        text[],
  attempt          integer,
  envelope_sender  text,
  envelope_id      text,
  bytes            bigint
);
COMMENT ON TYPE bounce.delivery_item IS
  'one SMTP transaction: a single recipient where return paths are signed, otherwise all that are '
  'due';

CREATE TYPE bounce_internal.delivery_attempt AS (
  communication_id bigint,
  process          text,
  recipient_id     bigint,
  address          text,
  attempt          integer,
  attempts         integer,
  tries            integer
);
COMMENT ON TYPE bounce_internal.delivery_attempt IS
  'one recipient that a worker has. attempt: the number of this send; attempts: the sends that '
  'are counted, this one too when its bounce was faster; tries: replies to this send so far';

CREATE TYPE bounce.delivery_content AS (
  message_id     text,
  envelope_id    text,
  raw            bytea,
  body_text      text,
  body_html      text,
  header_from    text,
  header_to      text[],
  header_cc      text[],
  reply_to       text,
  subject        text,
  auto_submitted text,
  attachments    jsonb,
  notice         jsonb
);
COMMENT ON TYPE bounce.delivery_content IS
  'the message of a delivery_item, to be composed by the worker';

CREATE TYPE bounce_internal.token_signer AS (
  key_id     smallint,
  expiry_day integer,
  inner_pad  bytea,
  outer_pad  bytea
);
COMMENT ON TYPE bounce_internal.token_signer IS
  'signs the tokens that expire on one day: a key, and its secret as the two pads of HMAC (RFC '
  '2104)';

-- Functions that an index depends on ------------------------------------------------

CREATE FUNCTION bounce.address_key(address text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN lower(btrim(address, E' \t\r\n<>'));
COMMENT ON FUNCTION bounce.address_key(text) IS
  'application: the form in which addresses are compared: without angle brackets, in lower case';

CREATE FUNCTION bounce.address_domain(address text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(substring(bounce.address_key(address) FROM '@([^@]*)$'), '');
COMMENT ON FUNCTION bounce.address_domain(text) IS
  'application: the domain of an address in lower case; empty when it has none';
