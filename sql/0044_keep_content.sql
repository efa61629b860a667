-- SPDX-License-Identifier: BSD-2-Clause
--
-- The mails themselves, with their attachments, are not kept for ever either.

INSERT INTO bounce.parameter_definition (name, type, default_value, minimum, maximum, description) VALUES
  ('keep_content', 'interval', '90 days', '1 day', '3650 days',
   'how long the content of a mail that bounce-delivery sent is kept after it has ended; then it cannot be sent again');
