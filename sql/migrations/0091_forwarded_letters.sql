-- SPDX-License-Identifier: BSD-2-Clause
--
-- A letter is sent on to the person whom it concerns by the queue of the operator's copies: beside
-- the operator's own copy of a report there may be one for each such address.

ALTER TABLE bounce.operator_copy
  DROP CONSTRAINT operator_copy_pkey,
  DROP CONSTRAINT operator_copy_bounce_id_key,
  ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT operator_copy_pkey PRIMARY KEY,
  ADD COLUMN asked_by text,
  ADD COLUMN why text CONSTRAINT operator_copy_why_check CHECK (why <> ''),
  DROP CONSTRAINT operator_copy_state_check,
  ADD CONSTRAINT operator_copy_state_check
    CHECK (state IN ('waiting', 'sent', 'dead', 'erased', 'withdrawn')),
  ADD CONSTRAINT forwarded_copy_has_reason CHECK ((asked_by IS NULL) = (why IS NULL)),
  ADD CONSTRAINT withdrawn_copy_was_forwarded
    CHECK (state <> 'withdrawn' OR asked_by IS NOT NULL);
COMMENT ON TABLE bounce.operator_copy IS
  'letters that bounce-delivery sends: the operator''s copies, one for each report, while the '
  'parameter operator_copy is smtp; and what people send on to others, one for each address. A '
  'copy that is sent keeps its row, so that the same report makes no second one';
COMMENT ON COLUMN bounce.operator_copy.address IS
  'where it goes, or went: of the operator''s own the parameter operator_mailbox at that time';
COMMENT ON COLUMN bounce.operator_copy.raw IS
  'the report as received, where bounce_message keeps only a part of it, and of what is sent on; '
  'until it is sent';
COMMENT ON COLUMN bounce.operator_copy.state IS
  'dead: given up, sent again by retry_copies(); erased: its text was erased before it was sent; '
  'withdrawn: taken back before it was sent';
COMMENT ON COLUMN bounce.operator_copy.asked_by IS
  'who sent it on (forward_letter); NULL: it is the operator''s own';
COMMENT ON COLUMN bounce.operator_copy.why IS 'what that person said to it';

CREATE UNIQUE INDEX operator_copy_own_idx ON bounce.operator_copy (bounce_message_id)
  WHERE asked_by IS NULL;
COMMENT ON INDEX bounce.operator_copy_own_idx IS 'recording: one of the operator''s for a report';
CREATE UNIQUE INDEX operator_copy_forwarded_idx
  ON bounce.operator_copy (bounce_message_id, lower(address)) WHERE asked_by IS NOT NULL;
COMMENT ON INDEX bounce.operator_copy_forwarded_idx IS 'forward_letter(): one for an address';
CREATE INDEX operator_copy_bounce_id_idx ON bounce.operator_copy (bounce_id);
COMMENT ON INDEX bounce.operator_copy_bounce_id_idx IS 'where the letter of a bounce went';

ALTER TYPE bounce.copy_item ADD ATTRIBUTE asked_by text, ADD ATTRIBUTE why text;
COMMENT ON COLUMN bounce.copy_item.asked_by IS 'who sends it on; NULL: it is the operator''s own';
COMMENT ON COLUMN bounce.copy_item.why IS 'what that person said to it';
