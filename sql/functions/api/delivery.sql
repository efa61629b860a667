-- SPDX-License-Identifier: BSD-2-Clause
--
-- For bounce-delivery: claim, begin, settle. Locks are taken in the order of
-- record_report(): communications, recipients, rates, blocks, tasks; communications of a
-- claim never wait for another session (SKIP LOCKED).

-- Claims -----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.delivery_lease_seconds() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
  SELECT extract(epoch FROM bounce_internal.parameter_interval('delivery_lease'))::integer;
$$;
COMMENT ON FUNCTION bounce.delivery_lease_seconds() IS
  'delivery: duration of a lease in seconds; a worker renews it after a third of that time';

CREATE OR REPLACE FUNCTION bounce.next_due(server text) RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp SET jit = off AS $$
BEGIN
  RETURN (
    SELECT greatest(min(w.due_at),
                    (SELECT s.probe_at FROM bounce.delivery_server AS s
                     WHERE s.name = next_due.server))
    FROM bounce_internal.queue_levels(now()) AS l
    CROSS JOIN LATERAL (SELECT d.due_at FROM bounce.communication_delivery AS d
                        WHERE d.process = l.process AND d.priority = l.priority
                          AND d.state IN ('PENDING', 'RETRY') AND d.held_at IS NULL
                        ORDER BY d.due_at LIMIT 1) AS w);
END $$;
COMMENT ON FUNCTION bounce.next_due(text) IS
  'delivery: when the next mail can be claimed; NULL when none is waiting';

-- No JIT: the planner cannot know that the batch is small, and compiling would cost more than
-- the claim. By index, and each mail by its key: a plan of a worker's session that was made while
-- the queue was short would read all of it once it is long, and stays until there are statistics.
CREATE OR REPLACE FUNCTION bounce.claim_deliveries(worker text, server text, batch integer)
RETURNS SETOF bounce.delivery_item
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
  SET enable_material = off SET jit = off AS $$
DECLARE
  allowed CONSTANT integer := bounce_internal.may_use_server(server, batch);
  chosen bigint[];
BEGIN
  IF allowed = 0 THEN
    RETURN;
  END IF;
  chosen := CASE WHEN bounce_internal.has_problem(server)
                 THEN bounce_internal.choose_for_probe(allowed, now())
                 ELSE bounce_internal.choose_communications(allowed, now()) END;
  IF cardinality(chosen) = 0 THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT * FROM bounce_internal.claim_chosen(worker, chosen, false);
END $$;
COMMENT ON FUNCTION bounce.claim_deliveries(text, text, integer) IS
  'delivery: claims up to batch communications that are due, under a lease, and returns their '
  'SMTP transactions. No other worker gets them until they are settled or released, or the lease '
  'ends';

CREATE OR REPLACE FUNCTION bounce.claim_urgent(worker text, batch integer)
RETURNS SETOF bounce.delivery_item
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
  SET enable_material = off SET jit = off AS $$
DECLARE
  chosen CONSTANT bigint[] := ARRAY(
    SELECT d.communication_id FROM bounce.communication_delivery AS d
    JOIN bounce.communication AS c ON c.id = d.communication_id
    WHERE d.urgent_at IS NOT NULL AND d.state IN ('PENDING', 'RETRY') AND d.held_at IS NULL
    ORDER BY d.urgent_at LIMIT batch FOR NO KEY UPDATE OF c, d SKIP LOCKED);
BEGIN
  IF cardinality(chosen) > 0 THEN
    RETURN QUERY SELECT * FROM bounce_internal.claim_chosen(worker, chosen, true);
  END IF;
END $$;
COMMENT ON FUNCTION bounce.claim_urgent(text, integer) IS
  'delivery: the same for what send_now() has asked for, also while the server has a problem: who '
  'waits wants to know';

CREATE OR REPLACE FUNCTION bounce.renew_leases(claim_ids uuid[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  renewed integer;
BEGIN
  -- what is locked is being settled, in an order of its own, and is renewed the next time
  UPDATE bounce.communication_delivery AS d
  SET lease_expire_time = clock_timestamp() + bounce_internal.parameter_interval('delivery_lease')
  WHERE d.communication_id = ANY (ARRAY(
    SELECT q.communication_id FROM bounce.communication_delivery AS q
    WHERE q.claim_id = ANY (claim_ids) AND q.state = 'PROCESSING' FOR NO KEY UPDATE SKIP LOCKED));
  GET DIAGNOSTICS renewed = ROW_COUNT;
  RETURN renewed;
END $$;
COMMENT ON FUNCTION bounce.renew_leases(uuid[]) IS
  'delivery: renews the leases of these claims, but for what is being settled. Returns the number '
  'of communications that it renewed';

-- Generic plans by index, as for record_report() (milter.sql), and as for claims: each mail would
-- read the whole queue.
CREATE OR REPLACE FUNCTION bounce.release_claim(claim_id uuid, why text DEFAULT '') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
  SET enable_mergejoin = off SET enable_material = off SET jit = off AS $$
DECLARE
  ids CONSTANT bigint[] := ARRAY(
    SELECT c.id FROM bounce.communication AS c
    JOIN bounce.communication_delivery AS d ON d.communication_id = c.id
    WHERE d.claim_id = release_claim.claim_id AND d.state = 'PROCESSING' ORDER BY c.id
    FOR NO KEY UPDATE);
  id bigint;
  released integer := 0;
BEGIN
  PERFORM bounce_internal.settle_noted(ids);
  FOR id IN SELECT d.communication_id FROM bounce.communication_delivery AS d
            WHERE d.communication_id = ANY (ids) AND d.state = 'PROCESSING'
            ORDER BY d.communication_id LOOP
    PERFORM bounce_internal.return_to_queue(id, NULL);
    IF btrim(why) <> '' THEN
      UPDATE bounce.communication_delivery AS d SET error = left(why, 2000)
      WHERE d.communication_id = id;
    END IF;
    released := released
                + (SELECT count(*) FROM bounce_internal.finish_communications(ARRAY[id]));
  END LOOP;
  RETURN released;
END $$;
COMMENT ON FUNCTION bounce.release_claim(uuid, text) IS
  'delivery: gives back what a claim has not begun: it is due again, and no attempt is counted; '
  'settles what was noted. Returns the number of communications given back';

CREATE OR REPLACE FUNCTION bounce.sweep_deliveries() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp SET jit = off AS $$
DECLARE
  at CONSTANT timestamptz := clock_timestamp();
  d bounce.communication_delivery;
  swept integer := 0;
BEGIN
  FOR d IN SELECT k.* FROM bounce.communication_delivery AS k
           JOIN bounce.communication AS c ON c.id = k.communication_id
           WHERE k.state = 'PROCESSING' AND k.lease_expire_time < at
           ORDER BY k.lease_expire_time LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED LOOP
    PERFORM bounce_internal.sweep_claim(d);
    swept := swept + 1;
  END LOOP;
  PERFORM bounce_internal.requeue_refused(u.address_key)
  FROM (SELECT DISTINCT r.address_key
        FROM bounce.recipient_delivery AS q JOIN bounce.communication_recipient AS r
          ON r.id = q.recipient_id
        JOIN bounce.communication_delivery AS k ON k.communication_id = q.communication_id
        WHERE q.refused_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM bounce.blocked_address AS b
                          WHERE b.address_key = r.address_key
                            AND (b.only_process IS NULL OR b.only_process = k.process))) AS u;
  PERFORM bounce_internal.pause_processes(at);
  RETURN swept;
END $$;
COMMENT ON FUNCTION bounce.sweep_deliveries() IS
  'delivery: ends the claims of workers that died: what was not begun is due again, what was '
  'begun becomes unknown. Returns the number of communications. It also finds mails refused '
  'because of a block that has been lifted or has ended since, and pauses processes whose bounce '
  'rate is too high (pause_rate)';

-- Transactions -----------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.begin_delivery(claim_id uuid, recipient_ids bigint[])
RETURNS SETOF bounce.delivery_content
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT * FROM bounce.settle_and_begin(NULL, NULL, NULL, claim_id, recipient_ids);
END $$;
COMMENT ON FUNCTION bounce.begin_delivery(uuid, bigint[]) IS
  'delivery: called just before these recipients of a communication are sent to; if the worker '
  'ends without settling, their state is unknown. Returns what to send; no row when the claim was '
  'lost, the mail is on hold, or an address was blocked meanwhile: then nothing may be sent, and '
  'the rest of the claim is given back. Repeating it with the same claim is harmless';

CREATE OR REPLACE FUNCTION bounce.settle_delivery(claim_id uuid, server text, outcomes jsonb)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
  SET enable_mergejoin = off SET enable_material = off SET jit = off AS $$
BEGIN
  RETURN bounce_internal.settle_transaction(
    bounce_internal.lock_claim(claim_id, (outcomes -> 0 ->> 'recipient_id')::bigint), server,
    outcomes);
END $$;
COMMENT ON FUNCTION bounce.settle_delivery(uuid, text, jsonb) IS
  'delivery: records the results of one transaction: [{recipient_id, outcome, response, '
  'document}], all of one communication. outcome: accepted, rejected, pending, unknown or '
  'released; document: the classifier''s, for rejected and pending. Returns the state of the '
  'communication, or "lost" when the lease had ended and the claim was swept: an unknown result '
  'is then corrected. Repeating it is harmless';

CREATE OR REPLACE FUNCTION bounce.settle_and_begin(
  settled_claim uuid, server text, outcomes jsonb, begun_claim uuid, begun_recipients bigint[])
RETURNS SETOF bounce.delivery_content
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
  SET enable_mergejoin = off SET enable_material = off SET jit = off AS $$
DECLARE
  d bounce.communication_delivery;
  content bounce.delivery_content := bounce_internal.note_and_begin(
    settled_claim, server, outcomes, begun_claim, begun_recipients);
BEGIN
  IF content.message_id IS NOT NULL THEN
    RETURN NEXT content;
    RETURN;
  END IF;
  IF settled_claim IS NOT NULL THEN
    d := bounce_internal.lock_claim(settled_claim, (outcomes -> 0 ->> 'recipient_id')::bigint);
    -- who has asked for it at once waits
    IF d.state IS DISTINCT FROM 'PROCESSING' OR d.urgent_at IS NOT NULL
       OR outcomes @? '$[*] ? (@.outcome != "accepted")'
       OR bounce_internal.note_accepted(d.communication_id, server, outcomes)
          < jsonb_array_length(outcomes) THEN
      PERFORM bounce_internal.settle_transaction(d, server, outcomes);
    END IF;
  END IF;
  IF begun_claim IS NOT NULL THEN
    content := bounce_internal.begin_transaction(begun_claim, begun_recipients);
    IF content.message_id IS NOT NULL THEN
      RETURN NEXT content;
    END IF;
  END IF;
END $$;
COMMENT ON FUNCTION bounce.settle_and_begin(uuid, text, jsonb, uuid, bigint[]) IS
  'delivery: settle_delivery() and begin_delivery() in one statement: one commit per message. '
  'Either half may be NULL. That a mail was accepted is only noted: it is known from then on, and '
  'what follows from it is done for many at once by settle_noted(), by release_claim(), or when '
  'the lease has ended. Urgent ones are settled here';

CREATE OR REPLACE FUNCTION bounce.settle_noted(claim_ids uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
  SET enable_mergejoin = off SET enable_material = off SET jit = off AS $$
BEGIN
  PERFORM bounce_internal.settle_claims(claim_ids);
END $$;
COMMENT ON FUNCTION bounce.settle_noted(uuid[]) IS
  'delivery: settles what settle_and_begin() has noted in these claims, all together';

-- Servers ----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.delivery_problem(server text, problem text) RETURNS interval
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  s bounce.delivery_server;
  delay interval;
  waiting bigint;
  since text;
  summary text;
BEGIN
  INSERT INTO bounce.delivery_server AS d (name, problem, problem_since, failures, probe_at)
  VALUES (delivery_problem.server, left(delivery_problem.problem, 2000), now(), 1, now())
  ON CONFLICT (name) DO UPDATE
  SET problem = excluded.problem, problem_since = coalesce(d.problem_since, now()),
      failures = d.failures + 1,
      probe_at = coalesce(d.probe_at, now())
  RETURNING d.* INTO s;
  delay := bounce_internal.growing_pause(s.failures, 2,
    bounce_internal.parameter_interval('delivery_probe_delay'),
    bounce_internal.parameter_interval('delivery_probe_max_delay'));
  waiting := bounce_internal.waiting_count();
  since := to_char(s.problem_since, 'YYYY-MM-DD HH24:MI:SS');
  summary := bounce_internal.say_problem(s.problem) || CASE waiting
    WHEN 1 THEN bounce_internal.say('; since %t, 1 communication waits', since)
    ELSE bounce_internal.say('; since %t, %s communications wait', since, waiting::text) END;
  s.task_id := bounce_internal.task_delivery_problem('server:' || s.name, 'submission_server',
                                                     summary);
  UPDATE bounce.delivery_server AS d SET probe_at = now() + delay, task_id = s.task_id
  WHERE d.name = s.name;
  RETURN delay;
END $$;
COMMENT ON FUNCTION bounce.delivery_problem(text, text) IS
  'delivery: reports that the server cannot be used: unreachable, TLS, AUTH, sender refused for '
  'all. One task tells what, since when, and how many mails are waiting. Returns how long no '
  'worker should try again';

-- Who is configured for a server with a problem moves its probe_at whenever it is due
-- (may_use_server), also while nothing waits.
CREATE OR REPLACE FUNCTION bounce.forget_servers() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  s bounce.delivery_server;
  forgotten integer := 0;
BEGIN
  FOR s IN SELECT d.* FROM bounce.delivery_server AS d
           WHERE d.probe_at < now() - 2 * bounce_internal.parameter_interval(
               'delivery_probe_max_delay') ORDER BY d.name FOR UPDATE SKIP LOCKED LOOP
    UPDATE bounce.delivery_server AS d SET problem = '', problem_since = NULL, failures = 0,
      probe_at = NULL, task_id = NULL
    WHERE d.name = s.name;
    UPDATE bounce.task AS t SET status = 'done', resolved_at = now(), resolved_by = session_user,
      note = bounce_internal.say('no worker has used it since %t',
                                 to_char(s.probe_at, 'YYYY-MM-DD HH24:MI:SS'))
    WHERE t.id = s.task_id AND t.status = 'open';
    forgotten := forgotten + 1;
  END LOOP;
  RETURN forgotten;
END $$;
COMMENT ON FUNCTION bounce.forget_servers() IS
  'delivery: ends the problem and the task of a submission server that no worker uses any more, '
  'because another one is configured. Returns the number of servers';

-- Notices ----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.send_owner_notices(at timestamptz DEFAULT now()) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  d record;
  ids bigint[];
  new_id bigint;
  sent integer := 0;
BEGIN
  FOR d IN SELECT * FROM bounce_internal.owner_notices_due(at) LOOP
    -- two workers that look at the same moment tell it once
    ids := ARRAY(SELECT u.id FROM bounce.follow_up AS u
                 WHERE u.id = ANY (d.follow_up_ids) AND u.status = 'open'
                 ORDER BY u.id FOR UPDATE SKIP LOCKED);
    CONTINUE WHEN cardinality(ids) = 0;
    new_id := bounce_internal.queue_owner_notice(d.process, d.mailbox, ids);
    UPDATE bounce.follow_up AS u SET status = 'done', finished_at = now(), notice_id = new_id,
      result = 'sent as communication ' || new_id
    WHERE u.id = ANY (ids);
    PERFORM bounce_internal.write_log(u.communication_id, u.recipient_id, 'owner_notice_done',
                                      bounce_internal.say('%s is told, communication %s',
                                                          d.mailbox, new_id::text),
                                      u.bounce_id)
    FROM bounce.follow_up AS u WHERE u.id = ANY (ids) ORDER BY u.id;
    sent := sent + 1;
  END LOOP;
  RETURN sent;
END $$;
COMMENT ON FUNCTION bounce.send_owner_notices(timestamptz) IS
  'delivery: queues the notices to process owners that are due. Returns the number of mails';
