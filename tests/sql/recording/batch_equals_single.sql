-- SPDX-License-Identifier: BSD-2-Clause
-- Reports that are recorded by one call leave the same as those that are recorded one by one.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- A row without numbers that a sequence gave: what it points to has a name instead.
CREATE FUNCTION test.named(x jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT regexp_replace((jsonb_strip_nulls($1 || jsonb_build_object(
      'id', NULL, 'bounce_message_id', NULL,
      'bounce_id', (SELECT b.recipient || ' ' || b.reason || ' ' || b.action FROM bounce.bounce AS b
                    WHERE b.id = ($1 ->> 'bounce_id')::bigint),
      'task_id', (SELECT t.dedup_key FROM bounce.task AS t
                  WHERE t.id = ($1 ->> 'task_id')::bigint))))::text,
    '(task [a-z_]+ |follow-up |outage |outage:|"follow_up_id": |\\u001f)[0-9]+', '\10', 'g')::jsonb
$$;
CREATE FUNCTION test.rows_of(relation text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format(
    'SELECT %L || '' '' || test.named(to_jsonb(x)) FROM bounce.%I AS x', relation, relation);
END $$;
-- All that reports leave.
CREATE FUNCTION test.left_behind() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT r FROM unnest('{bounce_message,bounce,communication,communication_recipient,
    communication_log,address_block,task,task_history,hard_count,outage,held_block,follow_up,
    soft_bounce_day,recipient_delivery,event,operator_copy}'::text[]) AS k (relation),
    test.rows_of(trim(k.relation, E' \n')) AS r
$$;
-- What a caller does. Returns the places of those that went alone.
CREATE FUNCTION test.together(reports jsonb[]) RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
  results CONSTANT bounce.report_result[] := ARRAY(
    SELECT r FROM bounce.record_reports(reports, array_fill('raw'::bytea,
                                                            ARRAY[cardinality(reports)])) AS r);
  alone integer[] := '{}';
BEGIN
  FOR n IN 1 .. cardinality(results) LOOP
    IF results[n].bounce_message_id IS NULL THEN
      PERFORM bounce.record_report(reports[n], 'raw');
      alone := alone || n;
    END IF;
  END LOOP;
  RETURN alone;
END $$;
CREATE FUNCTION test.one_by_one(reports jsonb[]) RETURNS void LANGUAGE sql AS $$
  SELECT count(bounce.record_report(r, 'raw'))
  FROM (SELECT u.r FROM unnest($1) WITH ORDINALITY AS u (r, n) ORDER BY u.n OFFSET 0) AS q
$$;
-- By token, as most are.
CREATE FUNCTION test.of(address text, reason text, status text, action text DEFAULT 'failed',
                        kind text DEFAULT 'dsn', more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
  SELECT test.report(reason, address, status, action, test.return_path(address), kind => kind,
                     more => more)
$$;

SELECT test.mail('m' || i, ARRAY[format('a%s@d%s.example', i, i % 7)])
FROM generate_series(1, 40) AS i;
SELECT test.mail('several', '{s1@several.example,s2@several.example}');
SELECT test.mail('other', '{a1@d1.example}', 'receipt');
SELECT test.mail('shadow', '{shadow@news.example}', 'newsletter');
SELECT test.set('shadow', 'on', 'newsletter'), test.set('follow_up', 'on', 'invoice'),
       test.set('follow_up_kinds', 'hard_bounce,technical,has_left,complaint,block_lifted'),
       test.set('webhook', 'on'), test.set('complaint', 'block'),
       test.set('owner_mailbox', 'owner@example.org'), test.set('owner_notice', 'on', 'receipt'),
       test.set('report_delivered', 'on'), test.set('block_lifetime', '30 days');
-- blocked for less, for good, and free again
SELECT bounce.block_address('a2@d2.example', 'by hand', until => now() + interval '1 day');
SELECT bounce.block_address('a3@d3.example', 'by hand');
SELECT bounce.block_address('a4@d4.example', 'by hand'),
       bounce.lift_block('a4@d4.example', 'works');

CREATE TEMP TABLE letter (n integer GENERATED ALWAYS AS IDENTITY, is_alone boolean, report jsonb);
INSERT INTO letter (is_alone, report) VALUES
  (false, test.of('a1@d1.example', 'user_unknown', '5.1.1')),
  (false, test.of('a2@d2.example', 'user_unknown', '5.1.1')),
  (false, test.of('a3@d3.example', 'user_unknown', '5.1.1')),
  (false, test.of('a4@d4.example', 'user_unknown', '5.1.1')),
  (false, test.of('a5@d5.example', 'mailbox_full', '4.2.2')),
  (false, test.of('a6@d6.example', 'mailbox_full', '4.2.2')),
  -- one task gathers three
  (false, test.of('a7@d0.example', 'spam_rejected', '5.7.1')),
  (false, test.of('a14@d0.example', 'spam_rejected', '5.7.1')),
  (false, test.of('a21@d0.example', 'spam_rejected', '5.7.1')),
  (false, test.of('a8@d1.example', 'vacation', '', '', 'auto_reply')),
  (false, test.of('a9@d2.example', 'has_left', '', '', 'auto_reply')),
  (false, test.of('a10@d3.example', 'complaint', '', '', 'complaint')),
  (false, test.of('a11@d4.example', 'delayed', '4.4.1', 'delayed', 'delay')),
  (false, test.of('a12@d5.example', 'delivered', '2.0.0', 'delivered', 'success')),
  (false, test.report('user_unknown', 'a13@d6.example', about => 'm13')),
  (false, test.of('a16@d2.example', 'mailbox_moved', '5.1.6')),
  -- a report that names both, and one of them twice
  (false, test.of('s1@several.example', 'mailbox_full', '4.2.2', more => jsonb_build_object(
     'recipients', jsonb_build_array(
       test.reported('mailbox_full', 's1@several.example', '4.2.2'),
       test.reported('user_unknown', 's1@several.example', '5.1.1'),
       test.reported('user_unknown', 's2@several.example', '5.1.1'))))),
  -- about the communication, the address, the very report before
  (true, test.of('s2@several.example', 'user_unknown', '5.1.1')),
  (true, test.of('a1@d1.example', 'mailbox_full', '4.2.2')),
  (true, test.of('a1@d1.example', 'user_unknown', '5.1.1')),
  (true, test.report('user_unknown', 'a1@d1.example', about => 'm1')),
  -- nothing is proven, understood, or done
  (true, test.report('user_unknown', 'a17@d3.example')),
  (true, test.report('user_unknown', 'stranger@elsewhere.example')),
  (true, test.of('a18@d4.example', 'undetermined', '')),
  (true, test.of('shadow@news.example', 'user_unknown', '5.1.1')),
  -- about one that went alone: after it
  (true, test.of('a17@d3.example', 'mailbox_full', '4.2.2')),
  (false, test.of('a19@d5.example', 'user_unknown', '5.1.1'));
SELECT array_agg(report ORDER BY n) AS reports,
       array_agg(n ORDER BY n) FILTER (WHERE is_alone) AS alone FROM letter \gset

SAVEPOINT before;
SELECT test.one_by_one(:'reports');
SELECT jsonb_agg(r) AS one_by_one FROM test.left_behind() AS r \gset
ROLLBACK TO before;
SELECT is(test.together(:'reports'), :'alone'::integer[], 'these go alone');
SELECT bag_eq('SELECT test.left_behind()',
              format('SELECT jsonb_array_elements_text(%L)', :'one_by_one'),
              'all tables end alike');
SELECT is((SELECT count(*) FROM bounce.bounce), 28::bigint, 'with a bounce of each');
SELECT is((SELECT count(*) FROM bounce.task AS t JOIN bounce.bounce AS b ON b.task_id = t.id
           WHERE t.kind = 'delivery_problem'), 3::bigint, 'three in the task that gathers');

SELECT is(test.state('s1@several.example'), 'bounced hard user_unknown',
          'of two findings about a recipient the last one counts');

SAVEPOINT again;
SELECT is((SELECT count(*) FILTER (WHERE r.duplicate) FROM bounce.record_reports(
             :'reports', array_fill('raw'::bytea, ARRAY[cardinality(:'reports'::jsonb[])])) AS r),
          cardinality(:'reports'::jsonb[]) - cardinality(:'alone'::integer[])::bigint,
          'once more: each says that it is known');
SELECT bag_eq('SELECT test.left_behind()',
              format('SELECT jsonb_array_elements_text(%L)', :'one_by_one'), 'and leaves nothing');
ROLLBACK TO again;

-- The outage guard counts a call at once: what jumps over the threshold is held, all of it.
SELECT test.mail('o' || i, ARRAY[format('o%s@outage.example', i)]) FROM generate_series(1, 50) AS i;
SELECT array_agg(test.of(format('o%s@outage.example', i), 'user_unknown', '5.1.1')
                 ORDER BY i) FILTER (WHERE i <= 15) AS first,
       array_agg(test.of(format('o%s@outage.example', i), 'user_unknown', '5.1.1')
                 ORDER BY i) FILTER (WHERE i > 15) AS rest FROM generate_series(1, 20) AS i \gset
SELECT test.together(:'first');
SELECT is((SELECT concat_ws(' ', o.scope, o.seen, count(h.id)) FROM bounce.outage AS o
           JOIN bounce.held_block AS h ON h.outage_id = o.id GROUP BY o.id), 'domain 15 15',
          'an outage is opened, and holds those that opened it');
SELECT test.together(:'rest');
SELECT is((SELECT concat_ws(' ', count(DISTINCT o.id), count(h.id), count(DISTINCT b.task_id))
           FROM bounce.outage AS o JOIN bounce.held_block AS h ON h.outage_id = o.id
           JOIN bounce.bounce AS b ON b.id = h.bounce_id), '1 20 1',
          'and those that follow, with one task');
SELECT is((SELECT count(*) FROM bounce.address_block AS b WHERE b.address LIKE '%@outage.example'),
          0::bigint, 'none of them is blocked');

-- Far above the minimum the guard looks at every tenth, however many a call adds.
SELECT test.set('guard_minimum', '5'), test.set('guard_minimum_overall', '50'),
       test.set('guard_share', '0'), test.set('guard_factor', '1');
CREATE FUNCTION test.opens(before integer, domain text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM test.mail(domain || i, ARRAY[format('t%s@%s', i, domain)])
  FROM generate_series(1, 5) AS i;
  INSERT INTO bounce.hard_count (scope, about, span, bucket, slot, count)
  VALUES ('domain', domain, 'minutes', date_bin('10 minutes', now(), '2000-01-01 00:00+00'), 900,
          before);
  PERFORM test.together(ARRAY(SELECT test.of(format('t%s@%s', i, domain), 'user_unknown', '5.1.1')
                              FROM generate_series(1, 5) AS i));
  RETURN EXISTS (SELECT FROM bounce.outage AS o WHERE o.about = domain);
END $$;
SELECT is(test.opens(191, 'between.example'), false, '191 and five: not looked at');
SELECT is(test.opens(198, 'across.example'), true, '198 and five: two hundred is jumped over');

SELECT * FROM finish();
ROLLBACK;
