-- SPDX-License-Identifier: BSD-2-Clause
--
-- What sessions wait for at the outage guard is a row, because whoever may log in may hold any
-- advisory lock.

CREATE TABLE bounce.guard_gate (
  gate smallint NOT NULL CONSTRAINT guard_gate_pkey PRIMARY KEY
);
COMMENT ON TABLE bounce.guard_gate IS
  'what is locked by who opens or decides an outage; nothing is written to it';
COMMENT ON COLUMN bounce.guard_gate.gate IS
  'of the outages of which scope and about have this number (bounce_internal.guard_gate)';

INSERT INTO bounce.guard_gate (gate) SELECT generate_series(0, 127);
