-- SPDX-License-Identifier: BSD-2-Clause
-- What a person did about a task is taken back with one call; recipients are added and changed.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.bounced(name text, address text, reason text DEFAULT 'user_unknown',
                             status text DEFAULT '5.1.1') RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  PERFORM test.mail(name, ARRAY[address]);
  PERFORM test.record(test.report(reason, address, status, "to" => test.return_path(address)));
  RETURN (SELECT t.id FROM bounce.task AS t
          WHERE t.recipient_id = (test.recipient(bounced.address)).id
          ORDER BY t.id DESC LIMIT 1);
END
$$;
-- "bounced hard blocked due task": what there is of an address
CREATE FUNCTION test.fate(address text) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', r.state, r.class,
                   CASE WHEN bounce.is_address_blocked($1) THEN 'blocked' END,
    CASE WHEN r.next_attempt_at <= now() THEN 'due'
         WHEN r.next_attempt_at IS NOT NULL THEN 'scheduled' END,
    CASE WHEN EXISTS (SELECT FROM bounce.task AS t
                      WHERE t.status = 'open' AND t.recipient_id = r.id) THEN 'task' END)
  FROM test.recipient($1) AS r
$$;
CREATE FUNCTION test.resolved(id bigint, way text) RETURNS void LANGUAGE sql AS $$
  SELECT bounce_internal.resolve_in_words(id, way, 'because', 'right@new.example', true);
$$;

-- Each way and back: all is as it was before
SELECT test.set('resend_max_attempts', '0', 'invoice');
CREATE TEMPORARY TABLE made AS
SELECT v.*, test.bounced(v.name, v.name || '@old.example', v.reason, v.status) AS task_id
FROM (VALUES ('done', 'user_unknown', '5.1.1', 'done'), ('dead', 'user_unknown', '5.1.1', 'dead'),
             ('works', 'user_unknown', '5.1.1', 'unblocked'),
             ('moved', 'user_unknown', '5.1.1', 'corrected'),
             ('softdead', 'mailbox_full', '4.2.2', 'dead'),
             ('softworks', 'mailbox_full', '4.2.2', 'unblocked'),
             ('softmoved', 'mailbox_full', '4.2.2', 'corrected'),
             ('spam', 'spam_rejected', '5.7.1', 'unblocked')) AS v (name, reason, status, way);
CREATE TEMPORARY TABLE was AS
SELECT m.name, test.fate(m.name || '@old.example') AS fate FROM made AS m;
SELECT is(p.is_possible, true, m.name || ': the preview says that it can be done')
FROM made AS m CROSS JOIN LATERAL bounce.preview_task(m.task_id, m.way, 'because',
                                                      'right@new.example') AS p;
SELECT is(test.fate(w.name || '@old.example'), w.fate, w.name || ': and changes nothing')
FROM was AS w;
SELECT test.resolved(task_id, way) FROM made;
SELECT isnt(test.fate(w.name || '@old.example'), w.fate, w.name || ': resolved')
FROM was AS w;
SELECT is(test.fate('softdead@old.example'), 'bounced soft blocked', 'a person says dead');
SELECT bounce.reopen_task(task_id, 'the wrong one') FROM made;
SELECT is(test.fate(w.name || '@old.example'), w.fate, w.name || ': as it was before')
FROM was AS w;
SELECT is(c.status, 'bounced', w.name || ': and so is its mail')
FROM was AS w JOIN bounce.communication AS c
  ON c.id = (test.recipient(w.name || '@old.example')).communication_id;
SELECT is_empty($$SELECT FROM bounce.communication_recipient WHERE address = 'right@new.example'$$,
                'the address that was wrong is gone');
SELECT is((SELECT string_agg(h.action, ' ' ORDER BY h.id) FROM bounce.task_history AS h
           WHERE h.task_id = (SELECT task_id FROM made WHERE name = 'dead')),
          'created closed reopened', 'the task remembers');
-- and again, in another way
SELECT lives_ok($$SELECT bounce.resolve_task_corrected(
                    (SELECT task_id FROM made WHERE name = 'moved'), 'other@new.example')$$,
                'corrected once more');
SELECT is((test.recipient('moved@old.example')).replaced_by,
          (test.recipient('other@new.example')).id, 'to another address');

-- What has gone out stays
SELECT bounce.confirm_resend((test.recipient('other@new.example')).id);
SELECT is((SELECT (r.restored, r.sent)::text
           FROM bounce.reopen_task((SELECT task_id FROM made WHERE name = 'moved'), 'no') AS r),
          '(0,1)', 'it is counted');
SELECT is(test.fate('moved@old.example') || '; ' || test.fate('other@new.example'),
          'bounced hard blocked task; sent', 'both are there');

-- What cannot be
SELECT throws_ok(format('SELECT bounce.reopen_task(%s, %L)', id, why), code, NULL, name)
FROM (VALUES (0, 'x', 'P0002', 'no task'),
             ((SELECT task_id FROM made WHERE name = 'dead'), 'x', '22023', 'an open one'),
             ((SELECT task_id FROM made WHERE name = 'dead'), ' ', '22023', 'without a reason'))
  AS v (id, why, code, name);
SELECT throws_like(format('SELECT bounce.reopen_task(%s, %L)', first, 'x'),
                   '%goes on as task ' || second, 'when the same is open elsewhere')
FROM (SELECT bounce.resolve_task(m.task_id), m.task_id AS first,
             test.bounced('again', 'done@old.example') AS second
      FROM made AS m WHERE m.name = 'done') AS v;

-- An outage, decided and taken back
SELECT test.set('guard_minimum', '4'), test.set('guard_minimum_overall', '1000'),
       test.set('guard_factor', '3');
SELECT test.bounced('o' || n, format('o%s@out.example', n)) FROM generate_series(1, 12) AS n;
CREATE TEMPORARY TABLE outage AS SELECT t.id FROM bounce.task AS t
                                 WHERE t.kind = 'outage' AND t.status = 'open' LIMIT 1;
CREATE FUNCTION test.outage() RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', (SELECT count(*) FROM bounce.held_block WHERE decision IS NULL),
                   (SELECT count(*) FROM bounce.address_block
                    WHERE address LIKE '%@out.example' AND lifted_at IS NULL),
                   (SELECT count(*) FROM bounce.task
                    WHERE address LIKE '%@out.example' AND status = 'open'),
                   (SELECT string_agg(status, ' ' ORDER BY id) FROM bounce.outage),
                   (SELECT count(*) FROM bounce.communication_recipient
                    WHERE address LIKE '%@out.example' AND next_attempt_at IS NOT NULL))
$$;
CREATE TEMPORARY TABLE outage_was AS SELECT test.outage() AS fate;
SELECT isnt((SELECT count(*) FROM outage), 0::bigint, 'there is an outage');
GRANT SELECT ON outage TO bounce_clerk, bounce_operator;
GRANT USAGE ON SCHEMA test TO bounce_clerk, bounce_operator;
CREATE FUNCTION test.ways(who text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  ways text;
BEGIN
  EXECUTE format('SET LOCAL ROLE %I', who);
  ways := (SELECT string_agg(w, ' ' ORDER BY w) FROM outage AS o
           CROSS JOIN unnest('{confirmed,dismissed,dead}'::text[]) AS w
           CROSS JOIN LATERAL bounce.preview_task(o.id, w, 'because') AS p WHERE p.is_possible);
  RESET ROLE;
  RETURN ways;
END $$;
SELECT is(test.ways('bounce_clerk'), NULL, 'a clerk is not offered to decide');
SELECT is(test.ways('bounce_operator'), 'confirmed dismissed', 'an operator is');
SELECT bounce.confirm_outage(id) FROM outage;
SELECT isnt(test.outage(), fate, 'confirmed') FROM outage_was;
CREATE FUNCTION test.reopens(who text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('SET LOCAL ROLE %I', who);
  PERFORM bounce.reopen_task(o.id, 'no') FROM outage AS o;
  RETURN 'done';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;
SELECT is(test.reopens('bounce_clerk'), '42501', 'nor may a clerk take the decision back');
SELECT bounce.reopen_task(id, 'it was one') FROM outage;
SELECT is(test.outage(), fate, 'taken back') FROM outage_was;
SELECT bounce.dismiss_outage(id, 'it was one') FROM outage;
SELECT isnt(test.outage(), fate, 'dismissed') FROM outage_was;
SELECT bounce.reopen_task(id, 'it was none') FROM outage;
SELECT is(test.outage(), fate, 'taken back') FROM outage_was;
CREATE TEMPORARY TABLE moved AS SELECT h.recipient_id, h.communication_id, h.address
FROM bounce.held_block AS h WHERE h.decision IS NULL ORDER BY h.id LIMIT 1;
SELECT bounce.change_recipient(communication_id, address, 'moved@new.example', 'has moved')
FROM moved;
SELECT bounce.dismiss_outage(id, 'it was one') FROM outage;
SELECT lives_ok('SELECT bounce.reopen_task(id, ''it was none'') FROM outage',
                'taken back although one of them has another address since');
SELECT is(r.state, 'replaced', 'which stays') FROM moved AS m
JOIN bounce.communication_recipient AS r ON r.id = m.recipient_id;
SELECT bounce.dismiss_outage(id, 'it was one') FROM outage;
SELECT test.bounced('p' || n, format('p%s@out.example', n)) FROM generate_series(1, 12) AS n;
SELECT throws_ok(format($$SELECT bounce.reopen_task(%s, 'it goes on')$$, o.id), '22023',
                 format('task %s: there is an outage of the same again, in task %s', o.id, t.id),
                 'not while another outage of the same domain is open')
FROM outage AS o CROSS JOIN bounce.task AS t WHERE t.kind = 'outage' AND t.status = 'open';

-- An outage of all domains takes back what is held for one of a domain, which holds nothing then
-- and is closed. The decision is taken back: it is open again, and holds what it held.
SELECT bounce.confirm_outage(o.task_id) FROM bounce.open_outage AS o;
SELECT test.bounced('q' || n, format('q%s@both.example', n)) FROM generate_series(1, 12) AS n;
CREATE TEMPORARY TABLE of_domain AS
SELECT o.task_id FROM bounce.open_outage AS o WHERE o.about = 'both.example';
INSERT INTO bounce.outage (scope, about, seen, usual, time_window)
SELECT 'overall', '', 12, 0, '1 hour';
INSERT INTO bounce.task (kind, dedup_key, summary)
SELECT 'outage', 'outage:' || max(o.id), 'all' FROM bounce.outage AS o;
SELECT bounce.dismiss_outage(t.id, 'they were down') FROM bounce.task AS t
WHERE t.summary = 'all';
UPDATE bounce.held_block AS h SET decided_at = now() - interval '1 minute'
WHERE h.address LIKE '%@both.example' AND h.decision = 'dropped';
UPDATE bounce.task AS t SET resolved_at = now() - interval '1 minute' WHERE t.summary = 'all';
SELECT is(t.status || ' ' || t.resolution, 'done taken back', 'what holds nothing is closed')
FROM bounce.task AS t JOIN of_domain AS o ON o.task_id = t.id;
SELECT is_empty('SELECT * FROM bounce.audit()', 'and the audit finds nothing');
SELECT bounce.reopen_task(t.id, 'they were not') FROM bounce.task AS t WHERE t.summary = 'all';
SELECT is(o.about, 'both.example', 'open again')
FROM bounce.open_outage AS o JOIN of_domain AS d ON d.task_id = o.task_id;
SELECT bounce.confirm_outage(d.task_id) FROM of_domain AS d;
SELECT is(test.fate('q12@both.example'), 'bounced hard blocked task', 'and decided anew');
SELECT is_empty('SELECT * FROM bounce_internal.forgotten_bounces()', 'and nobody is forgotten');
SELECT bounce.confirm_outage(t.id) FROM bounce.task AS t
WHERE t.summary = 'all' AND t.status = 'open';

-- Recipients
SELECT test.mail('letter', '{one@a.example}');
SELECT isnt(bounce.add_recipient((test.recipient('one@a.example')).communication_id,
                                 'Two <two@a.example>', 'she asked'), NULL, 'added');
SELECT is(test.fate('two@a.example'), 'open due', 'and due');
SELECT is(bounce.add_recipient((test.recipient('one@a.example')).communication_id,
                               'two@a.example', 'twice'), NULL, 'once');
SELECT isnt(bounce.change_recipient((test.recipient('one@a.example')).communication_id,
                                    'one@a.example', 'three@a.example', 'he moved'), NULL,
            'changed');
SELECT is(test.fate('one@a.example') || '; ' || test.fate('three@a.example'),
          'replaced; open due', 'the old one stays in the story');
SELECT throws_ok(format('SELECT bounce.%s', call), code, NULL, call)
FROM (VALUES ($$add_recipient(0, 'x@a.example', 'x')$$, 'P0002'),
             ($$change_recipient(0, 'one@a.example', 'x@a.example', 'x')$$, 'P0002'),
             ($$add_recipient((test.recipient('one@a.example')).communication_id, 'x', 'x')$$,
              '22023'),
             ($$add_recipient((test.recipient('one@a.example')).communication_id,
                              'dead@old.example', 'x')$$, '22023')) AS v (call, code);

-- Taken back by the address that it was to be sent to, as long as nothing has gone out
CREATE FUNCTION test.mail_of(address text) RETURNS bigint LANGUAGE sql AS $$
  SELECT (test.recipient($1)).communication_id
$$;
-- of a mail: each recipient and its fate; its task
CREATE FUNCTION test.whole(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws(' ', r.address, test.fate(r.address), q.state,
                              CASE WHEN q.due_at > now() THEN 'later' END), ', ' ORDER BY r.id)
         || '; ' || (SELECT concat_ws(' ', c.status, d.state)
                     FROM bounce.communication AS c
                     LEFT JOIN bounce.communication_delivery AS d ON d.communication_id = c.id
                     WHERE c.business_ref = name)
  FROM bounce.communication_recipient AS r
  LEFT JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
  WHERE r.communication_id = (SELECT c.id FROM bounce.communication AS c
                              WHERE c.business_ref = name)
$$;
CREATE FUNCTION test.queued(name text) RETURNS bigint LANGUAGE sql AS $$
  SELECT bounce.submit_communication(process => 'invoice', business_ref => name,
    recipients => ARRAY[name || '@w.example'], sender => 'x@example.org', subject => 's',
    body_text => 't', not_before => now() + interval '1 hour')
$$;
SELECT test.bounced('wrong' || n, format('wrong%s@w.example', n)) FROM generate_series(1, 3) AS n;
SELECT test.queued('later' || n) FROM generate_series(1, 3) AS n;
CREATE TEMPORARY TABLE taken AS
SELECT v.*, test.whole(v.name) AS was, test.mail_of(v.name || '@w.example') AS id
FROM (VALUES ('wrong1', 'resent', 'wrong1@w.example'), ('wrong2', 'changed', 'right2@w.example'),
             ('wrong3', 'added', 'more3@w.example'), ('later1', 'resent', 'later1@w.example'),
             ('later2', 'changed', 'right4@w.example'), ('later3', 'added', 'more4@w.example'))
     AS v (name, act, address);
CREATE FUNCTION test.act(t taken) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF t.act = 'resent' THEN
    PERFORM bounce.request_resend((test.recipient(t.address)).id, 'because');
  ELSIF t.act = 'changed' THEN
    PERFORM bounce.change_recipient(t.id, t.name || '@w.example', t.address, 'because');
  ELSE
    PERFORM bounce.add_recipient(t.id, t.address, 'because');
  END IF;
END $$;
SELECT test.act(t) FROM taken AS t;
SELECT isnt(test.whole(t.name), t.was, t.name || ' ' || t.act) FROM taken AS t;
SELECT is(test.fate('wrong2@w.example'), 'replaced hard blocked', 'its task is done with');
SELECT is(bounce.withdraw_resend(t.id, t.address, 'the other one'), true, t.name || ': taken back')
FROM taken AS t;
SELECT is(test.whole(t.name), t.was, t.name || ' ' || t.act || ': as before') FROM taken AS t;
SELECT is(bounce.withdraw_resend(t.id, t.name || '@w.example', 'again'), false,
          t.name || ': nothing more') FROM taken AS t;
SELECT test.act(t) FROM taken AS t;
SELECT bounce.confirm_resend((test.recipient(t.address)).id) FROM taken AS t
WHERE t.name LIKE 'wrong%';
SELECT is(bounce.withdraw_resend(t.id, t.address, 'too late'), false, t.name || ': it is sent')
FROM taken AS t WHERE t.name LIKE 'wrong%';
SELECT throws_ok(format('SELECT bounce.withdraw_resend(%s, %L, %L)', id, address, why), code, NULL,
                 name)
FROM (VALUES (0, 'a@w.example', 'x', 'P0002', 'no such mail'),
             ((SELECT id FROM taken LIMIT 1), 'nobody@w.example', 'x', 'P0002', 'no recipient'),
             ((SELECT id FROM taken WHERE name = 'later1'), 'later1@w.example', ' ', '22023',
              'no reason')) AS v (id, address, why, code, name);
SELECT bounce.erase_address('later2@w.example', 'asked for it');
SELECT is(bounce.withdraw_resend(t.id, t.address, 'back'), false, 'to nobody who has been erased')
FROM taken AS t WHERE t.name = 'later2';
SELECT is_empty('SELECT * FROM bounce.audit()', 'and the audit finds nothing');

-- Another address, and back again: the first one gets it
SELECT bounce.submit_communication(process => 'invoice', business_ref => 'back',
  recipients => '{first@back.example}', sender => 'x@example.org', subject => 's',
  body_text => 't') AS back \gset
SELECT bounce.change_recipient(:back, 'first@back.example', 'second@back.example', 'wrong');
SELECT isnt(bounce.change_recipient(:back, 'second@back.example', 'first@back.example', 'right'),
            NULL, 'the first address is a recipient again');
SELECT results_eq(format('SELECT r.address, r.state, q.state FROM bounce.communication_recipient '
                         'AS r JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id '
                         'WHERE r.communication_id = %s ORDER BY r.id', :back),
  $$VALUES ('first@back.example', 'open', 'due'), ('second@back.example', 'replaced', 'rejected')$$,
  'and is sent to');
-- but not twice when it got the mail before
UPDATE bounce.communication_recipient
SET state = 'sent', attempts = 1, next_attempt_at = NULL, requested_by = NULL
WHERE address = 'first@back.example';
UPDATE bounce.recipient_delivery SET state = 'accepted', due_at = NULL
WHERE recipient_id = (test.recipient('first@back.example')).id;
SELECT bounce.change_recipient(:back, 'first@back.example', 'second@back.example', 'wrong');
SELECT is(bounce.change_recipient(:back, 'second@back.example', 'first@back.example', 'right'),
          NULL, 'nothing is to be sent to one who has got the mail');
SELECT is((test.recipient('first@back.example')).state, 'sent', 'who is a recipient again');
-- What is remembered is found by its keys: with a million mails, all of them were read for it.
SET LOCAL enable_seqscan = off;
DISCARD PLANS;
CREATE FUNCTION test.scans() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT s.seq_scan FROM pg_stat_xact_user_tables AS s
  WHERE s.relid = 'bounce.communication_recipient'::regclass
$$;
CREATE TEMPORARY TABLE scans AS
SELECT test.scans() AS before,
       test.bounced('found', 'found@old.example', 'user_unknown', '5.1.1') AS id;
UPDATE scans SET before = test.scans();
SELECT bounce_internal.remember_for_reopening(t, ARRAY[t.bounce_id], true)
FROM bounce.task AS t WHERE t.id = (SELECT id FROM scans);
SELECT is(test.scans(), before, 'no other mail is read to remember a task') FROM scans;
SELECT * FROM finish();
ROLLBACK;
