-- SPDX-License-Identifier: BSD-2-Clause
-- Acts of every kind in random order, the same in each run, with mails that applications send and
-- mails of the queue: after each nobody is forgotten, and the status of every mail is that of its
-- recipients. Each wandering is a transaction of its own, so that its leases are not longer than
-- now() allows.
\ir ../lib/helper.psql
\ir ../lib/queue.psql
\ir ../lib/walk.psql
SELECT * FROM no_plan();

SELECT test.set('guard_minimum', '3'), test.set('guard_minimum_overall', '6'),
       test.set('guard_share', '0.2'), test.set('guard_share_overall', '0.2'),
       test.set('follow_up', 'on'), test.set('delivery_lease', '40 minutes');
CREATE TABLE test.wandering (seed bigint, step integer);
INSERT INTO test.wandering VALUES (0, 0);

-- The same number in each run for the same step and question.
CREATE FUNCTION test.chance(question text) RETURNS float8 LANGUAGE sql AS $$
  SELECT ((hashtextextended(format('%s:%s:%s', seed, step, question), 7) % 1000000 + 1000000)
          % 1000000) / 1000000.0
  FROM test.wandering
$$;
CREATE FUNCTION test.domain() RETURNS text LANGUAGE sql AS $$
  SELECT format('@%s.example', chr(97 + step % 3)) FROM test.wandering
$$;
CREATE FUNCTION test.one_of(among bigint[]) RETURNS bigint LANGUAGE sql AS $$
  SELECT among[1 + floor(test.chance('which') * cardinality(among))::integer]
$$;
CREATE FUNCTION test.reason() RETURNS text LANGUAGE sql AS $$
  SELECT ('{user_unknown,user_unknown,user_unknown,mailbox_full,spam_rejected,mailbox_moved,'
          'mailbox_disabled}'::text[])[1 + floor(test.chance('reason') * 7)::integer]
$$;
CREATE FUNCTION test.bounce_again(recipient_id bigint, reason text) RETURNS bounce.report_result
LANGUAGE sql AS $$
  SELECT test.record(test.report(reason, r.address, CASE reason WHEN 'mailbox_full' THEN '4.2.2'
                                                   WHEN 'spam_rejected' THEN '5.7.1'
                                                   ELSE '5.1.1' END,
                                 "to" => bounce.return_path(r.id, NULL),
                                 more => jsonb_build_object('digest', gen_random_uuid())))
  FROM bounce.communication_recipient AS r WHERE r.id = recipient_id
$$;
CREATE FUNCTION test.recipients(condition text) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  found bigint[];
BEGIN
  EXECUTE format('SELECT array_agg(r.id ORDER BY r.id) FROM bounce.communication_recipient AS r '
                 'WHERE %s', condition) INTO found;
  RETURN found;
END $$;
CREATE FUNCTION test.tasks(condition text) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  found bigint[];
BEGIN
  EXECUTE format('SELECT array_agg(t.id ORDER BY t.id) FROM bounce.task AS t WHERE %s', condition)
  INTO found;
  RETURN found;
END $$;

CREATE FUNCTION test.queued(states text[]) RETURNS bigint LANGUAGE sql AS $$
  SELECT test.one_of(array_agg(d.communication_id ORDER BY d.communication_id))
  FROM bounce.communication_delivery AS d WHERE d.state = ANY (states)
$$;

-- A worker claims some of what is due and begins it; false when there is nothing.
CREATE FUNCTION test.take_some() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  i bounce.delivery_item;
  begun boolean;
BEGIN
  FOR i IN SELECT * FROM bounce.claim_deliveries('worker', 'mx:25', 2) LOOP
    begun := true;
    PERFORM bounce.begin_delivery(i.claim_id, i.recipient_ids);
  END LOOP;
  RETURN begun;
END $$;

-- What the server says of each that is being sent to.
CREATE FUNCTION test.settle_all() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  t record;
  replied boolean;
BEGIN
  FOR t IN
    SELECT d.claim_id,
           jsonb_agg(jsonb_build_object(
             'recipient_id', r.id, 'outcome', o.outcome, 'response', o.response,
             'document', jsonb_build_object('kind', 'dsn', 'source', 'delivery', 'recipients',
               jsonb_build_array(test.reported(o.reason, r.address, o.status))))
             ORDER BY r.id) AS outcomes
    FROM bounce.communication_delivery AS d
    JOIN bounce.recipient_delivery AS q ON q.communication_id = d.communication_id
    JOIN bounce.communication_recipient AS r ON r.id = q.recipient_id
    JOIN (VALUES (0, 'accepted', '250 2.0.0 ok', '', ''), (1, 'accepted', '250 2.0.0 ok', '', ''),
                 (2, 'rejected', '550 5.1.1 no', 'user_unknown', '5.1.1'),
                 (3, 'rejected', '550 5.1.1 no', 'user_unknown', '5.1.1'),
                 (4, 'rejected', '554 5.7.1 spam', 'spam_rejected', '5.7.1'),
                 (5, 'pending', '452 4.2.2 full', 'mailbox_full', '4.2.2'),
                 (6, 'unknown', 'the final reply was not heard', '', ''),
                 (7, 'released', '', '', '')) AS o (place, outcome, response, reason, status)
      ON o.place = floor(8 * test.chance(r.address))
    WHERE d.state = 'PROCESSING' AND q.state = 'sending'
    GROUP BY d.claim_id, d.communication_id
  LOOP
    PERFORM bounce.settle_delivery(t.claim_id, 'mx:25', t.outcomes);
    replied := true;
  END LOOP;
  RETURN replied;
END $$;

-- Another address of the same mail: one beside this recipient, or one that was given up.
CREATE FUNCTION test.other_address(recipient_id bigint, is_replaced boolean) RETURNS text
LANGUAGE sql AS $$
  SELECT o.address FROM bounce.communication_recipient AS r
  JOIN bounce.communication_recipient AS o ON o.communication_id = r.communication_id
   AND o.id <> r.id AND (o.state = 'replaced') = is_replaced
  WHERE r.id = recipient_id ORDER BY o.id LIMIT 1
$$;

INSERT INTO test.act VALUES
  ('correct beside', $$SELECT bounce.resolve_task_corrected(t.id,
      test.other_address(t.recipient_id, test.chance('replaced') < 0.5)) >= 0
    FROM bounce.task AS t WHERE t.id = test.one_of(test.tasks(
      't.kind = ''hard_bounce'' AND t.status = ''open'' AND t.recipient_id IS NOT NULL'))$$),
  ('change beside', $$SELECT bounce.change_recipient(r.communication_id, r.address,
      test.other_address(r.id, test.chance('replaced') < 0.5), 'w') IS NOT NULL
    FROM bounce.communication_recipient AS r
    WHERE r.id = test.one_of(test.recipients('r.state IN (''bounced'', ''open'')'))$$),
  ('queue', $$SELECT test.submit(ARRAY['m' || step || test.domain(), 'n' || step || test.domain()])
                       > 0 FROM test.wandering$$),
  ('queue to one', $$SELECT test.submit(ARRAY['m' || step || test.domain()]) > 0
                     FROM test.wandering$$),
  ('queue again', $$SELECT test.submit(ARRAY[r.address]) > 0
                    FROM bounce.communication_recipient AS r
                    WHERE r.id = test.one_of(test.recipients('r.state <> ''replaced'''))$$),
  ('work', $$SELECT test.settle_all() FROM (SELECT test.take_some() AS some) AS t WHERE t.some$$),
  ('work more', $$SELECT test.settle_all()
                  FROM (SELECT test.take_some() AS some) AS t WHERE t.some$$),
  ('take', $$SELECT test.take_some()$$),
  ('settle', $$SELECT test.settle_all()$$),
  ('sweep', $$SELECT bounce.sweep_deliveries() >= 0$$),
  ('hold', $$SELECT nullif(bounce.hold_communication(test.queued('{PENDING,RETRY}')), false)$$),
  ('release', $$SELECT nullif(bounce.release_communication(test.one_of(
    array_agg(d.communication_id ORDER BY d.communication_id))), false)
                FROM bounce.communication_delivery AS d WHERE d.held_at IS NOT NULL$$),
  ('cancel', $$SELECT bounce.cancel_communication(test.queued('{PENDING,RETRY}')) >= 0$$),
  ('retry', $$SELECT bounce.retry_communication(c.id) IS NOT NULL
              FROM (SELECT test.queued('{PENDING,RETRY,SUCCESS,ERROR}') AS id) AS c
              WHERE c.id IS NOT NULL$$),
  ('revert', $$SELECT nullif(bounce.withdraw_resend(r.communication_id, r.address, 'w'), false)
    FROM bounce.communication_recipient AS r
    WHERE r.id = test.one_of(test.recipients('r.undo_state IS NOT NULL'))$$),
  ('add', $$SELECT bounce.add_recipient(test.queued('{PENDING,RETRY,SUCCESS,ERROR}'),
                                        format('e%s@e.example', step), 'w') > 0
            FROM test.wandering$$),
  ('arrived', $$SELECT bounce.resolve_task_arrived(
    test.one_of(test.tasks('t.kind = ''delivery_problem'' AND t.status = ''open''')), 'w') >= 0$$),
  ('block', $$SELECT nullif(bounce.block_address(r.address, 'w'), false)
              FROM bounce.communication_recipient AS r
              WHERE r.id = test.one_of(test.recipients('r.state <> ''replaced'''))$$),
  ('reblock', $$SELECT nullif(bounce.restore_block(b.address, 'w'), 0) > 0
    FROM bounce.address_block AS b
    WHERE b.id = test.one_of(ARRAY(SELECT k.id FROM bounce.address_block AS k
                                   WHERE k.lifted_at IS NOT NULL ORDER BY k.id))$$),
  ('claim', $$SELECT count(*) > 0 FROM bounce.claim_follow_up('app', 1, interval '3 minutes')$$),
  ('finish', $$SELECT nullif(bounce.finish_follow_up(u.id, 'app', 'done'), false)
    FROM bounce.follow_up AS u
    WHERE u.id = test.one_of(ARRAY(SELECT k.id FROM bounce.follow_up AS k
                                   WHERE k.status = 'open' AND k.claimed_by IS NOT NULL
                                   ORDER BY k.id))$$),
  ('mail', $$SELECT test.mail('m' || step, ARRAY['m' || step || test.domain(),
                                                 'n' || step || test.domain()]) > 0
             FROM test.wandering$$),
  ('mail to one', $$SELECT test.mail('m' || step, ARRAY['m' || step || test.domain()]) > 0
                    FROM test.wandering$$),
  ('bounce', $$SELECT r IS NOT NULL
    FROM test.bounce_again(test.one_of(test.recipients('r.state = ''sent''')), test.reason())
      AS r$$),
  ('bounce more', $$SELECT r IS NOT NULL
    FROM test.bounce_again(test.one_of(test.recipients('r.state = ''sent''')), 'user_unknown')
      AS r$$),
  ('bounce hard', $$SELECT r IS NOT NULL
    FROM test.bounce_again(test.one_of(test.recipients('r.state = ''sent''')), 'user_unknown')
      AS r$$),
  ('bounce again', $$SELECT r IS NOT NULL
    FROM test.bounce_again(test.one_of(test.recipients('r.state = ''bounced''')), test.reason())
      AS r$$),
  ('send again', $$SELECT bounce.confirm_resend(test.one_of(test.recipients(
    'r.next_attempt_at IS NOT NULL AND NOT bounce.is_address_blocked(r.address)'))) > 0$$),
  ('resend', $$SELECT bounce.request_resend(test.one_of(test.recipients('r.state = ''bounced''')),
                                            'w')$$),
  ('reclassify', $$SELECT bounce.reclassify(test.one_of(array_agg(b.id ORDER BY b.id)),
                                            test.reason(), 'w') IS NOT NULL
                   FROM bounce.bounce AS b$$),
  ('undo', $$SELECT u.undo_id > 0
             FROM bounce.undo_bounces(now() - interval '1 hour', NULL, 'w',
                    domain => chr(97 + floor(3 * test.chance('domain'))::integer) || '.example',
                    resend => test.chance('resend') < 0.5) AS u$$),
  ('undo some', $$SELECT u.undo_id > 0
                  FROM bounce.undo_bounces(now() - test.chance('since') * interval '20 minutes',
                         NULL, 'w', resend => test.chance('resend') < 0.5) AS u$$),
  ('redo', $$SELECT r.bounces > 0
             FROM (SELECT test.one_of(array_agg(id ORDER BY id)) AS id FROM bounce.undo
                   WHERE undo_state IS NOT NULL) AS u
             CROSS JOIN LATERAL bounce.redo_bounces(u.id, 'w') AS r$$),
  ('dismiss', $$SELECT bounce.dismiss_outage(
    test.one_of(test.tasks('t.kind = ''outage'' AND t.status = ''open''')), 'w',
    test.chance('resend') < 0.5) >= 0$$),
  ('confirm', $$SELECT bounce.confirm_outage(
    test.one_of(test.tasks('t.kind = ''outage'' AND t.status = ''open''')), 'w') >= 0$$),
  ('reopen', $$SELECT r IS NOT NULL
    FROM bounce.reopen_task(test.one_of(test.tasks('t.status = ''done''')), 'w') AS r$$),
  ('reopen outage', $$SELECT r IS NOT NULL
    FROM bounce.reopen_task(test.one_of(test.tasks(
      't.status = ''done'' AND t.kind = ''outage''')), 'w') AS r$$),
  ('correct', $$SELECT bounce.resolve_task_corrected(
    test.one_of(test.tasks('t.kind = ''hard_bounce'' AND t.status = ''open''')),
    format('c%s@c.example', step % 7)) >= 0 FROM test.wandering$$),
  ('works', $$SELECT bounce.resolve_task_unblocked(
    test.one_of(test.tasks('t.kind <> ''outage'' AND t.status = ''open''')), 'w',
    test.chance('resend') < 0.5) >= 0$$),
  ('dead', $$SELECT bounce.resolve_task_dead(
    test.one_of(test.tasks('t.kind <> ''outage'' AND t.status = ''open''')), 'w') IS NOT NULL$$),
  ('resolve', $$SELECT bounce.resolve_task(
    test.one_of(test.tasks('t.kind <> ''outage'' AND t.status = ''open''')), 'w') IS NOT NULL$$),
  ('lift', $$SELECT bounce.lift_block(r.address, 'w') IS NOT NULL
    FROM bounce.communication_recipient AS r
    WHERE r.id = test.one_of(test.recipients('bounce.is_address_blocked(r.address)'))$$),
  ('change', $$SELECT bounce.change_recipient(r.communication_id, r.address,
                        format('d%s@d.example', step % 7), 'w') IS NOT NULL
    FROM test.wandering, bounce.communication_recipient AS r
    WHERE r.id = test.one_of(test.recipients('r.state = ''bounced'''))$$);

-- Whom an application or a person has named stays a recipient, or is replaced by another one; what
-- waits is due, and the delivery says so; no follow-up asks for what has been done.
CREATE TABLE test.named (communication_id bigint, address text);
CREATE FUNCTION test.name_recipient() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO test.named VALUES (NEW.communication_id, NEW.address);
  RETURN NULL;
END $$;
CREATE TRIGGER named AFTER INSERT ON bounce.communication_recipient FOR EACH ROW
  WHEN (NOT NEW.is_correction AND NEW.address NOT LIKE 'e%@e.example')
  EXECUTE FUNCTION test.name_recipient();
CREATE FUNCTION test.lost() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(f.said, '; ')
  FROM (SELECT format('%s lost its recipient %s', n.communication_id, n.address) AS said
        FROM test.named AS n
        WHERE NOT EXISTS (SELECT FROM bounce.communication_recipient AS r
                          WHERE r.communication_id = n.communication_id AND r.address = n.address)
        UNION ALL
        SELECT format('delivery %s is %s %s, not %s %s', d.communication_id, d.state, d.due_at,
                      s.state, t.due_at)
        FROM bounce.communication_delivery AS d
        CROSS JOIN LATERAL bounce_internal.recipient_totals(ARRAY[d.communication_id]) AS t
        CROSS JOIN LATERAL bounce_internal.summary_state(d.communication_id, d.state, d.attempts)
          AS s (state)
        WHERE d.state <> s.state
          OR d.state IN ('PENDING', 'RETRY') AND d.due_at IS DISTINCT FROM t.due_at
        UNION ALL
        SELECT format('follow-up %s, %s: %s', u.id, u.kind, w.why)
        FROM bounce.follow_up AS u
        CROSS JOIN LATERAL bounce_internal.why_moot(u) AS w (why)
        WHERE u.status = 'open' AND u.claimed_by IS NULL AND w.why IS NOT NULL) AS f
$$;

-- Wanders so many steps; what is wrong, with the steps before it, or NULL.
CREATE FUNCTION test.wander(seed bigint, steps integer, OUT done integer, OUT fault text)
LANGUAGE plpgsql AS $$
DECLARE
  names CONSTANT text[] := ARRAY(SELECT name FROM test.act ORDER BY name);
  path text := '';
  name text;
BEGIN
  done := 0;
  FOR i IN 1 .. steps LOOP
    UPDATE test.wandering SET seed = wander.seed, step = i;
    name := names[1 + floor(test.chance('act') * cardinality(names))::integer];
    IF i <= 8 THEN
      name := 'mail';
    ELSIF i <= 14 THEN
      name := 'bounce hard';
    END IF;
    IF test.do_act(name) THEN
      done := done + 1;
      path := concat_ws(', ', nullif(path, ''), name);
      fault := concat_ws('; ', test.faults(), test.lost());
      fault := nullif(fault, '');
      IF fault IS NOT NULL THEN
        fault := format('seed %s step %s, %s: %s', seed, i, path, fault);
        EXIT;
      END IF;
    END IF;
  END LOOP;
  RAISE EXCEPTION USING MESSAGE = 'back', DETAIL = done, HINT = coalesce(fault, ''),
                        ERRCODE = 'BM999';
EXCEPTION WHEN SQLSTATE 'BM999' THEN
  DECLARE said text; number text;
  BEGIN
    GET STACKED DIAGNOSTICS number = PG_EXCEPTION_DETAIL, said = PG_EXCEPTION_HINT;
    done := number; fault := nullif(said, '');
  END;
END $$;

CREATE TABLE test.wandered (seed bigint, done integer, fault text);
SELECT format('INSERT INTO test.wandered SELECT %1$s, w.* FROM test.wander(%1$s, 60) AS w', seed)
FROM generate_series(1, 10) AS seed \gexec
SELECT is(string_agg(fault, E'\n'), NULL, 'nobody is forgotten') FROM test.wandered;
SELECT cmp_ok(min(done), '>=', 20, 'acts were done in each of them') FROM test.wandered;

SELECT * FROM finish();
