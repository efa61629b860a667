-- SPDX-License-Identifier: BSD-2-Clause
--
-- What was given up is found without reading the millions that were sent.

CREATE INDEX communication_delivery_error_idx ON bounce.communication_delivery (communication_id)
  WHERE state = 'ERROR';
