-- SPDX-License-Identifier: BSD-2-Clause
--
-- Test addresses: what is sent to them comes back as their local part says, by the real way
-- (delivery/message/simulator.h), and is counted nowhere.

CREATE OR REPLACE FUNCTION bounce_internal.is_test_address(address_key text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  -- RFC 2606 section 2: .invalid is nobody's
  SELECT address_key LIKE '%@bounce-test.invalid'
$$;
COMMENT ON FUNCTION bounce_internal.is_test_address(text) IS
  'whether it is in the domain of the test addresses; NULL for NULL';

CREATE OR REPLACE FUNCTION bounce_internal.simulates(address_key text, process text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF bounce_internal.is_test_address(address_key)
     AND (bounce_internal.policy_of(process) ->> 'test_addresses')::boolean THEN
    RETURN split_part(split_part(address_key, '@', 1), '+', 1);
  END IF;
  RETURN '';
END $$;
COMMENT ON FUNCTION bounce_internal.simulates(text, text) IS
  'the behaviour of a test address, which is its local part up to a plus sign; else empty';
