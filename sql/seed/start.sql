-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a new database needs to work: a key that signs, this month's partitions, and
-- the point at which learning domains starts. Where it exists already, it stays.

SELECT bounce.add_token_key() WHERE NOT EXISTS (SELECT FROM bounce.token_key);

SELECT bounce_internal.make_months();

INSERT INTO bounce.known_domain_progress (recipient_id) VALUES (0) ON CONFLICT DO NOTHING;
