-- SPDX-License-Identifier: BSD-2-Clause
-- System parameters: what is refused, what is kept, what acts.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT is((SELECT count(*) FROM bounce.parameter_definition AS d WHERE NOT EXISTS (
             SELECT FROM bounce.system_parameter AS p WHERE p.name = d.name AND p.process IS NULL)),
          0::bigint, 'every parameter has its global row');
SELECT is((SELECT string_agg(name || '=' || value, ' ' ORDER BY name) FROM bounce.system_parameter
           WHERE name IN ('block_hard', 'resend', 'follow_up')),
          'block_hard=on follow_up=off resend=on',
          'blocking and resending are on, the follow-up is off');

-- what an UPDATE refuses, and how it says so
PREPARE set_global AS UPDATE bounce.system_parameter SET value = $2
                      WHERE name = $1 AND process IS NULL;
SELECT throws_ok(format('EXECUTE set_global(%L, %L)', name, value), '22023',
                 format('system parameter "%s": "%s" %s', name, problem_value, problem),
                 format('%s = "%s" is refused', name, value))
FROM (VALUES
  ('resend', 'perhaps', 'perhaps', 'is neither on nor off'),
  ('resend', '', '', 'is neither on nor off'),
  ('resend_max_attempts', 'three', 'three', 'is not an integer'),
  ('resend_max_attempts', '1.5', '1.5', 'is not an integer'),
  ('resend_max_attempts', '-1', '-1', 'is below the minimum of 0'),
  ('resend_max_attempts', '101', '101', 'is above the maximum of 100'),
  ('resend_factor', '1e3', '1e3', 'is not a number'),
  ('resend_factor', 'NaN', 'NaN', 'is not a number'),
  ('resend_factor', '0.5', '0.5', 'is below the minimum of 1'),
  ('resend_initial_delay', 'soon', 'soon', 'is not a duration such as "15 minutes" or "7 days"'),
  ('resend_initial_delay', '-1 hour', '-1 hour', 'is below the minimum of 1 second'),
  ('resend_initial_delay', '31 days', '31 days', 'is above the maximum of 30 days'),
  ('block_min_trust', 'address', 'address', 'is not one of the allowed words'),
  ('mark_min_trust', '', '', 'is not one of the allowed words'),
  ('operator_mailbox', 'somebody', 'somebody', 'is not a mail address'),
  ('operator_mailbox', 'a b@example.org', 'a b@example.org', 'is not a mail address'),
  ('operator_mailbox', 'a@b@example.org', 'a@b@example.org', 'is not a mail address'),
  ('operator_mailbox', 'a@example.org,b@example.org', 'a@example.org,b@example.org',
   'is not a mail address'),
  ('operator_mailbox', E'a@example.org\nBcc:x', E'a@example.org\nBcc:x', 'is not a mail address'),
  ('operator_mailbox', E'a\t@example.org', E'a\t@example.org', 'is not a mail address'),
  ('operator_mailbox', '<a@example.org>', '<a@example.org>', 'is not a mail address'),
  ('operator_mailbox', '"a"@example.org', '"a"@example.org',
   'has a quote, a backslash or a control character, which no mailbox here may have'),
  ('operator_mailbox', 'a''b@example.org', 'a''b@example.org',
   'has a quote, a backslash or a control character, which no mailbox here may have'),
  ('operator_mailbox', 'a\b@example.org', 'a\b@example.org',
   'has a quote, a backslash or a control character, which no mailbox here may have'),
  ('operator_mailbox', E'a\u0001@example.org', E'a\u0001@example.org',
   'has a quote, a backslash or a control character, which no mailbox here may have'),
  ('operator_mailbox', E'a@example.org\u007f', E'a@example.org\u007f',
   'has a quote, a backslash or a control character, which no mailbox here may have'),
  ('bounce_domain', 'a.example, b example!', 'b', 'is not a domain'),
  ('bounce_domain', 'not a domain', 'not', 'is not a domain'),
  ('bounce_domain', 'a.example, bounces', 'bounces', 'is not a domain'),
  ('bounce_domain', 'a..example', 'a..example', 'is not a domain'),
  ('bounce_domain', '-a.example', '-a.example', 'is not a domain'),
  ('bounce_domain', '192.0.2.1', '192.0.2.1', 'is not a domain'),
  ('bounce_domain', 'me@a.example', 'me@a.example', 'is not a domain'),
  ('resend_initial_delay', '5', '5', 'has no unit: seconds, minutes, hours or days'),
  ('keep_raw_hard', '180', '180', 'has no unit: seconds, minutes, hours or days'),
  ('delivery_quiet_hours', '22:00-22:00', '22:00-22:00',
   'ends when it begins: no time at all, or all of it'),
  ('delivery_quiet_hours', '24:00-07:00', '24:00-07:00', 'does not have the right form'),
  ('delivery_quiet_hours', '22:00', '22:00', 'does not have the right form'),
  ('owner_mailbox', 'me@bounces.example.org', 'me@bounces.example.org',
   'is in a bounce domain, where the milter would read it'),
  ('return_path_prefix', 'a@b', 'a@b', 'does not have the right form'),
  ('return_path_prefix', repeat('x', 29), repeat('x', 29), 'does not have the right form')
) AS v (name, value, problem_value, problem);
SELECT throws_ok('EXECUTE set_global(''resend_factor'', NULL)', '22023', NULL, 'NULL is refused');
SELECT throws_ok($$INSERT INTO bounce.system_parameter (name, value)
                   VALUES ('resned', 'on')$$, '22023',
                 'unknown system parameter "resned"', 'an unknown name is refused');
SELECT throws_ok($$INSERT INTO bounce.system_parameter (name, process, value)
                   VALUES ('bounce_domain', 'invoice', 'a.example')$$,
                 '22023', NULL, 'a global parameter cannot be set for a process');
SELECT throws_ok($$INSERT INTO bounce.system_parameter (name, process, value)
                   VALUES ('resend', 'no such process', 'off')$$,
                 '23503', NULL, 'nor any for a process that does not exist');
SELECT throws_ok($$INSERT INTO bounce.system_parameter (name, value)
                   VALUES ('resend', 'off')$$, '23505', NULL, 'there is one global row');
SELECT throws_ok($$DELETE FROM bounce.system_parameter
                   WHERE name = 'resend' AND process IS NULL$$, '22023', NULL,
                 'which cannot be deleted');
SELECT throws_ok($$UPDATE bounce.system_parameter SET process = 'invoice'
                   WHERE name = 'resend' AND process IS NULL$$, '22023', NULL,
                 'nor given to a process');

-- what is accepted, and how it is stored
SELECT is((SELECT bounce_internal.normal_parameter(d, value) FROM bounce.parameter_definition AS d
           WHERE d.name = v.name), stored,
          format('%s = "%s" is stored as "%s"', name, value, stored))
FROM (VALUES ('resend', 'FALSE', 'off'), ('resend', ' yes ', 'on'), ('resend', '1', 'on'),
             ('resend_max_attempts', '007', '7'),
             ('resend_factor', '1.50', '1.50'),
             ('resend_initial_delay', '90 seconds', '90 seconds'),
             ('block_min_trust', 'Token', 'token'), ('operator_mailbox', '', ''),
             ('operator_mailbox', 'Post@example.org', 'Post@example.org'),
             ('bounce_domain', ' B.Example.ORG;b2.example.org  b3.test',
              'b.example.org, b2.example.org, b3.test'),
              ('bounce_domain', '', '')) AS v (name, value, stored);

-- forwarding to oneself
UPDATE bounce.system_parameter SET value = 'b1.example.org, b2.example.org'
WHERE name = 'bounce_domain';
SELECT throws_ok($$UPDATE bounce.system_parameter SET value = 'post@B2.example.org'
                   WHERE name = 'operator_mailbox'$$, '22023', NULL,
                 'the operator mailbox cannot be in a bounce domain');
SELECT lives_ok($$UPDATE bounce.system_parameter SET value = 'post@example.org'
                  WHERE name = 'operator_mailbox'$$, 'elsewhere it can');
SELECT throws_ok($$UPDATE bounce.system_parameter SET value = 'example.org'
                   WHERE name = 'bounce_domain'$$, '22023', NULL,
                 'and its domain cannot become a bounce domain');
SELECT results_eq('SELECT * FROM bounce.milter_settings()', $$
                  VALUES ('{b1.example.org,b2.example.org}'::text[], 'post@example.org')$$,
                  'the milter reads both');

-- global and per process
SELECT test.set('resend_max_attempts', '5'), test.set('resend_max_attempts', '1', 'newsletter');
SELECT is(bounce_internal.parameter_integer('resend_max_attempts', process), expected,
          format('resend_max_attempts of %s', coalesce(process, 'all')))
FROM (VALUES (NULL, 5), ('invoice', 5), ('newsletter', 1),
             ('no such process', 5)) AS v (process, expected);
DELETE FROM bounce.system_parameter WHERE process = 'newsletter';
SELECT is(bounce_internal.parameter_integer('resend_max_attempts', 'newsletter'), 5,
          'without its own row a process has the global value');
SELECT throws_ok($$SELECT bounce.parameter('resned')$$, '42P02',
                 'unknown system parameter "resned"', 'an unknown name has no value');
SELECT lives_ok(format('SELECT bounce_internal.parameter_%s(%L)',
                       CASE type WHEN 'enum' THEN 'trust' ELSE type END, name),
                name || ' can be read')
FROM bounce.parameter_definition WHERE type IN ('boolean', 'integer', 'number', 'interval')
  OR name LIKE '%\_trust';

-- history
SELECT results_eq($$SELECT operation, process, old_value, new_value
                    FROM bounce.system_parameter_history
                    WHERE name = 'resend_max_attempts' ORDER BY id$$,
                  $$VALUES ('INSERT', NULL, NULL, '3'), ('UPDATE', NULL, '3', '5'),
                  ('INSERT', 'newsletter', NULL, '1'), ('DELETE', 'newsletter', '1', NULL)$$,
                  'the history has every change');
SELECT is((SELECT count(*) FROM bounce.system_parameter_history
           WHERE changed_by <> session_user OR changed_at IS NULL), 0::bigint, 'with who and when');
SELECT count(*) AS changes FROM bounce.system_parameter_history \gset
UPDATE bounce.system_parameter SET value = value;
SELECT is((SELECT count(*) FROM bounce.system_parameter_history), :changes::bigint,
          'an UPDATE that changes nothing is not in it');

SELECT * FROM finish();
ROLLBACK;
