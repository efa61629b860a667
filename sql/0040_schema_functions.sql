-- SPDX-License-Identifier: BSD-2-Clause
--
-- From here on, functions are not changed by migrations: the texts in
-- sql/functions/ are applied after them, whenever they differ from the ones that
-- this database has.

CREATE TABLE bounce.schema_functions (
  one        boolean     PRIMARY KEY DEFAULT true CHECK (one),
  sha256     text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE bounce.schema_functions IS 'which texts of sql/functions/ this database has; written by bouncectl db, never by hand';
COMMENT ON COLUMN bounce.schema_functions.sha256 IS 'of all the files'' texts in the order of their names, lower-case hex';

GRANT SELECT ON bounce.schema_functions TO bounce_milter, bounce_delivery, bounce_operator;
