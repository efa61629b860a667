-- SPDX-License-Identifier: BSD-2-Clause
--
-- Who is served when: a clock for the quiet hours, a memory of what a rate has put
-- off, and a ceiling for the time a server asks for.

DROP FUNCTION bounce.choose_communications(integer);
DROP FUNCTION bounce.within_rate(bigint[]);
DROP FUNCTION bounce.take_rate(text, integer, integer);
-- they were bound to others when they were created, which are changed now
DROP FUNCTION bounce.retry_delay(text, integer, text, float8);
DROP FUNCTION bounce.retry_after(text);

ALTER TABLE bounce.delivery_rate
  ADD COLUMN put_off       bigint      NOT NULL DEFAULT 0 CHECK (put_off >= 0),
  ADD COLUMN put_off_since timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN bounce.delivery_rate.put_off IS 'sends that were put off into the minutes behind put_off_since, so that those after them queue behind them';

UPDATE bounce.parameter_definition
SET pattern = '(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00))?',
    description = 'time of day at which nothing is sent, such as 22:00-07:00, by delivery_time_zone; empty: none'
WHERE name = 'delivery_quiet_hours';
INSERT INTO bounce.parameter_definition (name, type, default_value, pattern, per_process, description) VALUES
  ('delivery_time_zone', 'text', '', '[A-Za-z0-9_/+-]*', true,
   'time zone of delivery_quiet_hours, such as Europe/Berlin; empty: that of the database');
INSERT INTO bounce.parameter_definition (name, type, default_value, minimum, maximum, per_process, description) VALUES
  ('retry_after_max_delay', 'interval', '1 day', '0 seconds', '7 days', true,
   'a server that says when to try again is believed up to this; 0: never');

CREATE FUNCTION bounce.check_quiet_hours() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF NEW.name = 'delivery_time_zone' AND NEW.value <> '' AND NOT EXISTS (SELECT FROM pg_timezone_names AS z WHERE z.name = NEW.value) THEN
    RAISE EXCEPTION 'system parameter "%": "%" is not a time zone', NEW.name, NEW.value
      USING ERRCODE = 'invalid_parameter_value', HINT = 'SELECT name FROM pg_timezone_names';
  ELSIF NEW.name = 'delivery_quiet_hours' AND split_part(NEW.value, '-', 1) = split_part(NEW.value, '-', 2) AND NEW.value <> '' THEN
    RAISE EXCEPTION 'system parameter "%": "%" ends when it begins', NEW.name, NEW.value
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Empty: no quiet hours. 00:00-24:00: nothing is sent at all.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce.check_quiet_hours() IS 'internal: what a pattern cannot tell of delivery_time_zone and delivery_quiet_hours';
-- behind the check of the type, by its name
CREATE TRIGGER system_parameter_quiet_hours BEFORE INSERT OR UPDATE ON bounce.system_parameter
  FOR EACH ROW WHEN (NEW.name IN ('delivery_time_zone', 'delivery_quiet_hours')) EXECUTE FUNCTION bounce.check_quiet_hours();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;
