-- SPDX-License-Identifier: BSD-2-Clause
-- Undoing in bulk is taken back: all is as it was before. What would be erased is shown.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.bounced(address text, reason text, status text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM test.mail(address, ARRAY[address]);
  PERFORM test.record(test.report(reason, address, status, "to" => test.return_path(address)));
END
$$;
CREATE FUNCTION test.fate() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws(' ', split_part(r.address, '@', 1), r.state, r.class, r.reason,
                              r.status_code, r.diagnostic,
                              CASE WHEN bounce.is_address_blocked(r.address) THEN 'blocked' END,
                              r.next_attempt_at, r.requested_by,
                              (SELECT t.status FROM bounce.task AS t WHERE t.id = r.task_id),
                              (SELECT u.status FROM bounce.follow_up AS u
                               WHERE u.recipient_id = r.id AND u.kind <> 'block_lifted'),
                              (SELECT count(*) FROM bounce.soft_bounce_day AS d
                               WHERE d.address_key = r.address_key)), '; ' ORDER BY r.id)
  FROM bounce.communication_recipient AS r
$$;

SELECT test.set('follow_up', 'on');
SELECT test.bounced('hard@a.example', 'user_unknown', '5.1.1');
SELECT test.bounced('soft@a.example', 'mailbox_full', '4.2.2');
SELECT test.bounced('spam@a.example', 'spam_rejected', '5.7.1');
SELECT test.bounced('other@b.example', 'user_unknown', '5.1.1');
CREATE TEMPORARY TABLE was AS SELECT test.fate() AS fate;

SELECT bounce.undo_bounces(now(), NULL, 'w', domain => 'a.example', resend => true);
SELECT isnt(test.fate(), fate, 'sent again: undone') FROM was;
SELECT is((SELECT (r.bounces, r.blocks, r.tasks, r.restored, r.sent)::text
           FROM bounce.redo_bounces((SELECT max(id) FROM bounce.undo), 'not so') AS r),
          '(3,1,2,3,0)', 'sent again: taken back');
SELECT is(test.fate(), fate, 'sent again: as it was before') FROM was;
SELECT bounce.undo_bounces(now(), NULL, 'w', domain => 'a.example', resend => false);
SELECT isnt(test.fate(), fate, 'counted as sent: undone') FROM was;
SELECT is((SELECT (r.bounces, r.blocks, r.tasks, r.restored, r.sent)::text
           FROM bounce.redo_bounces((SELECT max(id) FROM bounce.undo), 'not so') AS r),
          '(3,1,2,3,0)', 'counted as sent: taken back');
SELECT is(test.fate(), fate, 'counted as sent: as it was before') FROM was;
SELECT is((SELECT string_agg(concat_ws(' ', u.taken_back_why, cardinality(u.bounces)), ', ')
           FROM bounce.undo AS u), 'not so 3, not so 3', 'both are remembered');
SELECT throws_ok(format('SELECT bounce.redo_bounces(%s, %L)', id, 'x'), 'P0002', NULL, 'once')
FROM bounce.undo LIMIT 1;
SELECT throws_ok($$SELECT bounce.redo_bounces(0, 'x')$$, 'P0002', NULL, 'unknown');
SELECT throws_ok($$SELECT bounce.redo_bounces(1, ' ')$$, '22023', NULL, 'without a reason');
SELECT is((SELECT sum(taken_back) FROM bounce.report_by('class', NULL, NULL)), 0::numeric,
          'figures count them again');

-- What was sent in between stays
SELECT bounce.undo_bounces(now(), NULL, 'w', domain => 'a.example');
SELECT bounce.confirm_resend((test.recipient('spam@a.example')).id);
SELECT is((SELECT (r.restored, r.sent)::text
           FROM bounce.redo_bounces((SELECT max(id) FROM bounce.undo), 'x') AS r), '(2,1)',
          'is counted');
SELECT is(test.state('spam@a.example') || '; ' || test.state('hard@a.example'),
          'sent; bounced hard user_unknown', 'the others are as before');

-- Held blocks are held again
SELECT test.set('guard_minimum', '2');
SELECT test.bounced(i || '@out.example', 'user_unknown', '5.1.1') FROM generate_series(1, 3) AS i;
CREATE TEMPORARY TABLE held AS
SELECT held FROM bounce.open_outage WHERE about = 'out.example';
SELECT bounce.undo_bounces(now(), NULL, 'w', domain => 'out.example');
SELECT is_empty($$SELECT FROM bounce.open_outage$$, 'the outage is over');
SELECT bounce.redo_bounces((SELECT max(id) FROM bounce.undo), 'x');
SELECT results_eq($$SELECT held FROM bounce.open_outage WHERE about = 'out.example'$$,
                  $$SELECT held FROM held$$, 'it holds what it held');

-- What was held for an outage that was decided since is decided as that was: two bounces of each
-- domain are undone, and come back after the outage of the others was decided.
CREATE FUNCTION test.undone_and_back(name text, decision text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  o bounce.open_outage;
  undone bigint;
BEGIN
  PERFORM test.bounced(i || '@' || name, 'user_unknown', '5.1.1') FROM generate_series(1, 4) AS i;
  UPDATE bounce.bounce AS b SET received_at = now() - interval '10 minutes'
  WHERE b.recipient IN ('1@' || name, '2@' || name, '3@' || name);
  undone := (SELECT u.undo_id FROM bounce.undo_bounces(now() - interval '5 minutes', NULL, 'w',
                                                       domain => name) AS u);
  SELECT q.* INTO o FROM bounce.open_outage AS q WHERE q.about = name;
  EXECUTE format('SELECT bounce.%s_outage(%s, %L)', decision, o.task_id, 'because');
  UPDATE bounce.outage AS q SET decided_at = now() + interval '1 minute' WHERE q.about = name;
  UPDATE bounce.task AS t SET resolved_at = now() + interval '1 minute' WHERE t.id = o.task_id;
  PERFORM bounce.redo_bounces(undone, 'x');
  RETURN concat_ws(', ', test.state('4@' || name),
                   CASE WHEN bounce.is_address_blocked('4@' || name) THEN 'blocked' END,
                   (SELECT h.decision FROM bounce.held_block AS h WHERE h.address = '4@' || name));
END $$;
SELECT is(test.undone_and_back('confirmed.example', 'confirm'),
          'bounced hard user_unknown, blocked, blocked', 'confirmed: blocked');
SELECT is(test.undone_and_back('dismissed.example', 'dismiss'),
          'bounced hard user_unknown, dropped', 'dismissed: dropped');
SELECT isnt((test.recipient('4@dismissed.example')).next_attempt_at, NULL, 'and sent again');
SELECT is_empty('SELECT * FROM bounce_internal.forgotten_bounces()', 'and nobody is forgotten');

-- What would be erased
SELECT bounce.set_person(r.communication_id, r.address, 'P1')
FROM bounce.communication_recipient AS r WHERE r.address IN ('hard@a.example', 'soft@a.example');
CREATE TEMPORARY TABLE before AS SELECT test.picture() AS picture;
SELECT results_eq($$SELECT what, number FROM bounce.preview_erase('hard@a.example')$$,
  $$VALUES ('addresses', 1::bigint), ('mails', 1), ('reports', 1), ('blocks', 1),
           ('open tasks', 1)$$, 'of an address');
SELECT is((SELECT number || ' ' || sample FROM bounce.preview_erase('P1', true)
           WHERE what = 'addresses'), '2 hard@a.example, soft@a.example', 'of a person');
SELECT is(test.picture(), (SELECT picture FROM before), 'nothing is changed');
SELECT throws_ok($$SELECT bounce.preview_erase('nobody')$$, '22023', NULL, 'not an address');

SELECT * FROM finish();
ROLLBACK;
