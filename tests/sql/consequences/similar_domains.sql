-- SPDX-License-Identifier: BSD-2-Clause
-- Typing errors in domains: which are seen, and which are none.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT test.mail(d || i, ARRAY[format('p%s@%s', i, d)])
FROM unnest('{farm.com,postal.example.ch,bluefin.ch,gmx.ch,gmail.com,hotmail.com,mail.bund.de,'
            'xn--mnchen-3ya.de}'::text[]) AS d,
     generate_series(1, 3) AS i;
SELECT is(bounce.suggest_address('anna@' || typed), coalesce('anna@' || meant, ''),
          format('%s: %s', typed, coalesce(meant, 'nothing')))
FROM (VALUES
  ('bluefun.ch', 'bluefin.ch'), ('bluefin.hc', 'bluefin.ch'), ('bleufin.ch', 'bluefin.ch'),
  ('bluefin.cj', 'bluefin.ch'), ('bluefinch', 'bluefin.ch'),
  ('bluefin.chh', 'bluefin.ch'), ('blluefin.ch', 'bluefin.ch'), ('luefin.ch', 'bluefin.ch'),
  ('bluefin..ch', 'bluefin.ch'), ('bleufni.ch', NULL),
  ('gmial.com', 'gmail.com'), ('gmail.con', 'gmail.com'), ('gmail.cm', 'gmail.com'),
  ('gmail.comm', 'gmail.com'), ('gnail.com', 'gmail.com'),
  ('gmail.cmo', 'gmail.com'), ('hotmial.com', 'hotmail.com'), ('hotmailcom', 'hotmail.com'),
  ('gmx.hc', 'gmx.ch'), ('gxm.ch', 'gmx.ch'), ('gmxch', 'gmx.ch'),
  ('postal.exmaple.ch', 'postal.example.ch'), ('mail-bund.de', 'mail.bund.de'),
  ('xn--mnchen-3yb.de', 'xn--mnchen-3ya.de'),
  -- none
  ('gmail.com', NULL), ('gmx.de', NULL), ('bluefin.fr', NULL), ('bluefin.com', NULL),
  ('outlook.com', NULL), ('web.de', NULL), ('example.ch', NULL),
  ('gmail', NULL), ('ch', NULL), ('', NULL), ('%', NULL),
  -- a short name with two other letters is another one
  ('bluefarn.ch', NULL), ('nice.com', NULL), ('firma.com', NULL), ('lamme.com', NULL),
  ('hotmal.con', 'hotmail.com'), ('gmal.con', 'gmail.com'), ('hottmaill.com', NULL),
  ('protonmmaill.com', 'protonmail.com'), ('mail.bumm.de', NULL),
  ('bluefin.ch''; DROP TABLE bounce.task; --', NULL)) AS v (typed, meant);
SELECT test.mail('mail' || i, ARRAY[format('p%s@mail.com', i)]) FROM generate_series(1, 3) AS i;
SELECT is(bounce.suggest_address('anna@mail.com'), '',
          'a domain that takes our mail is not misspelled, however near it is to another');

-- Without any mail sent: the large providers are known
SELECT is(bounce.suggest_address('anna@' || typed), 'anna@' || meant, typed)
FROM (VALUES ('gmial.com', 'gmail.com'), ('hotmial.com', 'hotmail.com'), ('t-onlin.de',
      't-online.de')) AS v (typed, meant);
SELECT is(bounce.suggest_address('anna@' || domain), '', domain || ' is none')
FROM unnest('{gmail.com,mail.com,gmx.com,web.de}'::text[]) AS domain;

-- A task is asked about when it is read: whatever kind of it ends with another address
SELECT test.set('resend_max_attempts', '0', 'invoice');
SELECT test.mail(a, ARRAY[a]) FROM unnest('{hard@gmial.com,soft@gmial.com,right@gmail.com}'::text[])
  AS a;
SELECT test.record(test.report(reason, a, status, "to" => test.return_path(a)))
FROM (VALUES ('hard@gmial.com', 'user_unknown', '5.1.1'), ('soft@gmial.com', 'mailbox_full',
      '4.2.2'), ('right@gmail.com', 'mailbox_full', '4.2.2')) AS v (a, reason, status);
SELECT results_eq($$SELECT d.kind, d.address, d.correction FROM bounce.task_detail AS d
                    ORDER BY d.id$$,
  $$VALUES ('hard_bounce', 'hard@gmial.com', 'hard@gmail.com'),
           ('resend_exhausted', 'soft@gmial.com', 'soft@gmail.com'),
           ('resend_exhausted', 'right@gmail.com', '')$$, 'the right address of a task');

SELECT * FROM finish();
ROLLBACK;
