-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a worker calls: claim, begin, settle, release, renew, sweep. Locks are taken
-- in the order of record_report(): communications, recipients, rates, blocks, tasks;
-- communications of a claim never wait for anybody (SKIP LOCKED).

-- When ------------------------------------------------------------------------------

CREATE FUNCTION bounce.is_quiet(hours text, at time) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN coalesce(hours, '') = '' THEN false
  WHEN split_part(hours, '-', 1) <= split_part(hours, '-', 2)
  THEN at >= split_part(hours, '-', 1)::time AND at < split_part(hours, '-', 2)::time
  ELSE at >= split_part(hours, '-', 1)::time OR at < split_part(hours, '-', 2)::time
END;
COMMENT ON FUNCTION bounce.is_quiet(text, time) IS 'whether a time of day lies within hours such as 22:00-07:00, over midnight too';

CREATE FUNCTION bounce.retry_after(response text) RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN (SELECT CASE WHEN m IS NOT NULL THEN
                 least(make_interval(secs => m[1]::float8 * CASE left(lower(m[2]), 1) WHEN 's' THEN 1 WHEN 'm' THEN 60 ELSE 3600 END), interval '7 days') END
        FROM regexp_match(response, '(?:\mtry|\mretry|\magain|\mcome back|\mdelayed?|\mgreylist\w*|\mwait)[^0-9]{0,40}?\m([0-9]{1,6})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hours?)\M', 'i') AS m);
COMMENT ON FUNCTION bounce.retry_after(text) IS 'the time that a server asks for: "try again in 5 minutes", "retry after 300 s"; NULL when it does not';

CREATE FUNCTION bounce.retry_delay(process text, tries integer, response text, jitter float8) RETURNS interval
LANGUAGE sql STABLE
RETURN greatest(
  make_interval(secs => least(
    extract(epoch FROM bounce.parameter_interval('retry_initial_delay', process))::float8
      * power(bounce.parameter_number('retry_factor', process)::float8, least(tries, 200) - 1),
    extract(epoch FROM bounce.parameter_interval('retry_max_delay', process))::float8)
    * (1 + bounce.parameter_number('retry_jitter', process)::float8 * jitter)),
  bounce.retry_after(response));
COMMENT ON FUNCTION bounce.retry_delay(text, integer, text, float8) IS
  'how long to wait after the n-th temporary refusal: retry_initial_delay * retry_factor ^ (n-1), at most retry_max_delay, changed '
  'by retry_jitter times jitter (-1 to 1), and at least what the server asked for';

-- A server with a problem ------------------------------------------------------------

CREATE FUNCTION bounce.may_use_server(server text, batch integer) RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM bounce.delivery_server AS s WHERE s.name = may_use_server.server AND s.problem <> '';
  IF NOT FOUND THEN
    RETURN batch;
  END IF;
  -- whoever moves probe_at is the one who probes
  UPDATE bounce.delivery_server AS s SET probe_at = now() + bounce.parameter_interval('delivery_probe_max_delay')
  WHERE s.name = may_use_server.server AND s.problem <> '' AND s.probe_at <= now();
  RETURN CASE WHEN FOUND THEN least(batch, 5) ELSE 0 END;
END
$$;
COMMENT ON FUNCTION bounce.may_use_server(text, integer) IS
  'internal: how many communications may be claimed: all, a few for a probe, or none while the server is left in peace';

CREATE FUNCTION bounce.waiting_count() RETURNS bigint
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM bounce.communication AS c WHERE c.delivery_state = 'PROCESSING' OR c.delivery_state IN ('PENDING', 'RETRY') AND c.due_at <= now();
END;
COMMENT ON FUNCTION bounce.waiting_count() IS 'internal: what could go out now, were it not for the server';

CREATE FUNCTION bounce.delivery_problem(server text, problem text) RETURNS interval
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  s bounce.delivery_server;
  delay interval;
  summary text;
BEGIN
  INSERT INTO bounce.delivery_server AS d (name, problem, problem_since, failures, probe_at)
  VALUES (delivery_problem.server, left(delivery_problem.problem, 2000), now(), 1, now())
  ON CONFLICT (name) DO UPDATE
  SET problem = excluded.problem, problem_since = coalesce(d.problem_since, now()), failures = d.failures + 1,
      probe_at = coalesce(d.probe_at, now())
  RETURNING d.* INTO s;
  delay := make_interval(secs => least(
    extract(epoch FROM bounce.parameter_interval('delivery_probe_delay'))::float8 * power(2, least(s.failures, 30) - 1),
    extract(epoch FROM bounce.parameter_interval('delivery_probe_max_delay'))::float8));
  summary := format('mail server %s: %s; since %s, %s communications wait', s.name, s.problem,
                    to_char(s.problem_since, 'YYYY-MM-DD HH24:MI:SS'), bounce.waiting_count());
  INSERT INTO bounce.task AS t (kind, dedup_key, summary, domain, reason)
  VALUES ('delivery_problem', 'delivery_problem:server:' || s.name, summary, '', 'submission_server')
  ON CONFLICT (dedup_key) WHERE status = 'open' DO UPDATE
  SET count = t.count + 1, last_seen_at = now(), summary = excluded.summary
  RETURNING t.id INTO s.task_id;
  UPDATE bounce.delivery_server AS d SET probe_at = now() + delay, task_id = s.task_id WHERE d.name = s.name;
  RETURN delay;
END
$$;
COMMENT ON FUNCTION bounce.delivery_problem(text, text) IS
  'a worker tells that the server cannot be used: unreachable, TLS, AUTH, sender refused for all. One task says what, since when and '
  'how many wait. Returns how long everybody leaves it in peace';

CREATE FUNCTION bounce.server_works(server text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  s bounce.delivery_server;
BEGIN
  PERFORM FROM bounce.delivery_server AS d WHERE d.name = server_works.server AND d.problem <> '';
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT * INTO s FROM bounce.delivery_server AS d WHERE d.name = server_works.server FOR UPDATE;
  UPDATE bounce.delivery_server AS d SET problem = '', problem_since = NULL, failures = 0, probe_at = NULL, task_id = NULL
  WHERE d.name = s.name;
  UPDATE bounce.task AS t SET status = 'done', resolved_at = now(), resolved_by = session_user,
    note = format('works again since %s', to_char(now(), 'YYYY-MM-DD HH24:MI:SS'))
  WHERE t.id = s.task_id AND t.status = 'open';
  PERFORM pg_notify('bounce_delivery', '');
END
$$;
COMMENT ON FUNCTION bounce.server_works(text) IS 'internal: the server took or refused a recipient: no problem any more, its task is done';

-- Rates -------------------------------------------------------------------------------

CREATE FUNCTION bounce.take_rate(domain text, allowed integer, wanted integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  used_before integer;
BEGIN
  INSERT INTO bounce.delivery_rate AS r (domain, window_start, used) VALUES (take_rate.domain, date_trunc('minute', now()), 0)
  ON CONFLICT ON CONSTRAINT delivery_rate_pkey DO UPDATE
  SET used = CASE WHEN r.window_start = excluded.window_start THEN r.used ELSE 0 END, window_start = excluded.window_start
  RETURNING r.used INTO used_before;
  UPDATE bounce.delivery_rate AS r SET used = used_before + least(wanted, greatest(0, allowed - used_before))
  WHERE r.domain = take_rate.domain;
  RETURN least(wanted, greatest(0, allowed - used_before));
END
$$;
COMMENT ON FUNCTION bounce.take_rate(text, integer, integer) IS 'internal: how many of the wanted sends fit into this minute; they are counted';

CREATE FUNCTION bounce.within_rate(recipient_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
  of_all CONSTANT integer := bounce.parameter_integer('delivery_rate');
  of_domain CONSTANT integer := bounce.parameter_integer('delivery_domain_rate');
  kept bigint[] := recipient_ids;
  next_kept bigint[] := '{}';
  d record;
BEGIN
  IF of_domain > 0 THEN
    FOR d IN SELECT bounce.address_domain(r.address) AS domain, array_agg(r.id ORDER BY u.place) AS ids
             FROM unnest(kept) WITH ORDINALITY AS u (id, place) JOIN bounce.communication_recipient AS r ON r.id = u.id
             GROUP BY 1 ORDER BY 1 LOOP
      next_kept := next_kept || d.ids[1:bounce.take_rate(d.domain, of_domain, cardinality(d.ids))];
    END LOOP;
    kept := ARRAY(SELECT u.id FROM unnest(recipient_ids) WITH ORDINALITY AS u (id, place) WHERE u.id = ANY (next_kept) ORDER BY u.place);
  END IF;
  IF of_all > 0 THEN
    kept := kept[1:bounce.take_rate('', of_all, cardinality(kept))];
  END IF;
  RETURN kept;
END
$$;
COMMENT ON FUNCTION bounce.within_rate(bigint[]) IS 'internal: the recipients that may be sent to in this minute, in the same order';

-- Claiming ----------------------------------------------------------------------------

CREATE TYPE bounce.delivery_item AS (
  claim_id         uuid,
  communication_id bigint,
  process          text,
  recipient_ids    bigint[],
  addresses        text[],
  attempt          integer,
  envelope_sender  text,
  envelope_id      text,
  bytes            bigint
);
COMMENT ON TYPE bounce.delivery_item IS 'one SMTP transaction: one recipient where return paths are signed, otherwise all that are due';

CREATE FUNCTION bounce.choose_communications(batch integer) RETURNS bigint[]
LANGUAGE sql
BEGIN ATOMIC
  -- every process offers its first; they take turns within a priority, so that a newsletter never starves invoices
  SELECT coalesce(array_agg(t.id), '{}')
  FROM (SELECT o.id
        FROM (SELECT k.id, k.priority, k.due_at, row_number() OVER (PARTITION BY k.process ORDER BY k.priority DESC, k.due_at, k.id) AS turn
              FROM bounce.process AS p
              CROSS JOIN LATERAL (SELECT c.id, c.process, c.priority, c.due_at
                                  FROM bounce.communication AS c
                                  WHERE c.process = p.name AND c.delivery_state IN ('PENDING', 'RETRY')
                                    AND c.held_at IS NULL AND c.due_at <= now()
                                  ORDER BY c.priority DESC, c.due_at
                                  LIMIT choose_communications.batch
                                  FOR NO KEY UPDATE SKIP LOCKED) AS k
              WHERE NOT bounce.is_quiet(bounce.parameter('delivery_quiet_hours', p.name), LOCALTIME)) AS o
        ORDER BY o.priority DESC, o.turn, o.due_at, o.id
        LIMIT choose_communications.batch) AS t;
END;
COMMENT ON FUNCTION bounce.choose_communications(integer) IS 'internal: locks and returns what is due, in the order of the queue';

CREATE FUNCTION bounce.refuse_blocked(communication_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  r bounce.communication_recipient;
BEGIN
  FOR r IN SELECT q.* FROM bounce.communication_recipient AS q
           JOIN bounce.address_block AS b ON b.address_key = q.address_key AND b.lifted_at IS NULL
           JOIN bounce.communication AS c ON c.id = q.communication_id
           WHERE q.communication_id = ANY (communication_ids) AND q.delivery IN ('due', 'pending', 'claimed')
             AND NOT bounce.may_write_to(q.address, c.process)
           ORDER BY q.id FOR NO KEY UPDATE OF q LOOP
    UPDATE bounce.communication_recipient AS q
    SET delivery = 'rejected', due_at = NULL, next_attempt_at = NULL, response = 'the address is blocked',
        state = CASE q.state WHEN 'bounced' THEN 'bounced' ELSE 'error' END,
        diagnostic = CASE q.state WHEN 'bounced' THEN q.diagnostic ELSE 'the address is blocked' END
    WHERE q.id = r.id;
    PERFORM bounce.write_log(r.communication_id, r.id, 'refused', format('not sent to %s: the address is blocked', r.address));
    UPDATE bounce.communication AS c SET error = format('%s: the address is blocked', r.address) WHERE c.id = r.communication_id;
    PERFORM bounce.derive_communication(r.communication_id);
  END LOOP;
END
$$;
COMMENT ON FUNCTION bounce.refuse_blocked(bigint[]) IS 'internal: nothing is ever sent to a blocked address, whatever asked for it, but by a process that is block_exempt';

CREATE FUNCTION bounce.delivery_items(claim_id uuid) RETURNS SETOF bounce.delivery_item
LANGUAGE plpgsql STABLE AS $$
DECLARE
  has_tokens CONSTANT boolean := cardinality(bounce.domains(bounce.parameter('bounce_domain'))) > 0;
BEGIN
  RETURN QUERY
  SELECT c.claim_id, c.id, c.process, array_agg(r.id ORDER BY r.id), array_agg(r.address ORDER BY r.id), r.attempts + 1,
         CASE WHEN k.null_sender THEN '' WHEN has_tokens THEN bounce.return_path(min(r.id), r.attempts + 1) ELSE c.sender END,
         c.envelope_id, k.bytes
  FROM bounce.communication AS c
  JOIN bounce.communication_content AS k ON k.communication_id = c.id
  JOIN bounce.communication_recipient AS r ON r.communication_id = c.id AND r.delivery = 'claimed'
  WHERE c.claim_id = delivery_items.claim_id AND c.lease_expire_time IS NOT NULL
  GROUP BY c.id, k.communication_id, r.attempts, CASE WHEN has_tokens AND NOT k.null_sender THEN r.id END
  ORDER BY c.priority DESC, row_number() OVER (PARTITION BY c.process ORDER BY c.priority DESC, c.due_at, c.id), c.id, min(r.id);
END
$$;
COMMENT ON FUNCTION bounce.delivery_items(uuid) IS 'internal: the transactions of a claim, in the order in which to send them';

CREATE FUNCTION bounce.claim_deliveries(worker text, server text, batch integer) RETURNS SETOF bounce.delivery_item
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  allowed CONSTANT integer := bounce.may_use_server(server, batch);
  new_claim CONSTANT uuid := gen_random_uuid();
  chosen bigint[];
  due bigint[];
  kept bigint[];
BEGIN
  IF allowed = 0 THEN
    RETURN;
  END IF;
  chosen := bounce.choose_communications(allowed);
  IF cardinality(chosen) = 0 THEN
    RETURN;
  END IF;
  PERFORM bounce.refuse_blocked(chosen);
  due := ARRAY(SELECT r.id FROM bounce.communication_recipient AS r JOIN unnest(chosen) WITH ORDINALITY AS u (id, place) ON u.id = r.communication_id
               WHERE r.delivery IN ('due', 'pending') AND r.due_at <= now() ORDER BY u.place, r.id);
  kept := bounce.within_rate(due);
  UPDATE bounce.communication_recipient AS r SET due_at = date_trunc('minute', now()) + interval '1 minute'
  WHERE r.id = ANY (due) AND r.id <> ALL (kept);
  UPDATE bounce.communication AS c
  SET delivery_state = 'PROCESSING', claim_id = new_claim, worker = claim_deliveries.worker, start_time = clock_timestamp(), end_time = NULL,
      lease_expire_time = clock_timestamp() + bounce.parameter_interval('delivery_lease')
  WHERE c.id IN (SELECT r.communication_id FROM bounce.communication_recipient AS r WHERE r.id = ANY (kept));
  UPDATE bounce.communication_recipient AS r SET delivery = 'claimed' WHERE r.id = ANY (kept);
  RETURN QUERY SELECT * FROM bounce.delivery_items(new_claim);
END
$$;
COMMENT ON FUNCTION bounce.claim_deliveries(text, text, integer) IS
  'claims up to batch communications that are due for this worker, under a lease, and returns their SMTP transactions. Nobody else '
  'gets them until they are settled or released, or the lease ends';

CREATE FUNCTION bounce.next_due(server text) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp
BEGIN ATOMIC
  SELECT greatest(min(d.due_at), (SELECT s.probe_at FROM bounce.delivery_server AS s WHERE s.name = next_due.server))
  FROM bounce.process AS p
  CROSS JOIN LATERAL (SELECT min(c.due_at) AS due_at FROM bounce.communication AS c
                      WHERE c.process = p.name AND c.delivery_state IN ('PENDING', 'RETRY') AND c.held_at IS NULL) AS d
  WHERE NOT bounce.is_quiet(bounce.parameter('delivery_quiet_hours', p.name), LOCALTIME);
END;
COMMENT ON FUNCTION bounce.next_due(text) IS 'when there will be something to claim; NULL when nothing waits';

-- The lease -----------------------------------------------------------------------------

CREATE FUNCTION bounce.renew_leases(claim_ids uuid[]) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
  WITH renewed AS (
    UPDATE bounce.communication AS c SET lease_expire_time = clock_timestamp() + bounce.parameter_interval('delivery_lease')
    WHERE c.claim_id = ANY (claim_ids) AND c.lease_expire_time IS NOT NULL
    RETURNING c.id)
  SELECT count(*)::integer FROM renewed;
$$;
COMMENT ON FUNCTION bounce.renew_leases(uuid[]) IS 'a worker lives and still has these claims; returns the communications in them';

CREATE FUNCTION bounce.delivery_lease_seconds() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp
BEGIN ATOMIC
  SELECT extract(epoch FROM bounce.parameter_interval('delivery_lease'))::integer;
END;
COMMENT ON FUNCTION bounce.delivery_lease_seconds() IS 'how long a lease lasts; workers renew after a third of it';

-- Ending a claim --------------------------------------------------------------------------

CREATE FUNCTION bounce.finish_communication(communication_id bigint, counts boolean DEFAULT false, reply text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  is_open CONSTANT boolean := EXISTS (
    SELECT FROM bounce.communication_recipient AS r
    WHERE r.communication_id = finish_communication.communication_id AND r.delivery IN ('claimed', 'sending'));
  new_state text;
BEGIN
  UPDATE bounce.communication AS c
  SET delivery_state = d.state, lease_expire_time = NULL, due_at = d.due_at,
      attempts = c.attempts + counts::integer, attempt_claim_id = CASE WHEN counts THEN c.claim_id ELSE c.attempt_claim_id END,
      response = coalesce(reply, c.response),
      status = CASE WHEN d.bounced THEN 'bounced' WHEN d.error THEN 'error' WHEN d.sent THEN 'sent' ELSE c.status END,
      error = CASE WHEN d.is_clean THEN '' ELSE c.error END
  FROM (SELECT CASE WHEN bool_or(r.due_at IS NOT NULL) THEN
                 CASE WHEN NOT counts AND k.attempts = 0 AND bool_and(r.attempts = 0) THEN 'PENDING' ELSE 'RETRY' END
                    WHEN bool_or(r.delivery = 'unknown') THEN 'ERROR'
                    WHEN bool_or(r.delivery = 'accepted') THEN 'SUCCESS'
                    ELSE 'ERROR' END AS state,
               bool_or(r.state = 'bounced') AS bounced, bool_or(r.state = 'error') AS error, bool_and(r.state = 'sent') AS sent,
               bool_and(r.delivery = 'accepted') AS is_clean,
               min(r.due_at) AS due_at
        FROM bounce.communication_recipient AS r JOIN bounce.communication AS k ON k.id = r.communication_id
        WHERE r.communication_id = finish_communication.communication_id AND NOT is_open
        GROUP BY k.id) AS d
  WHERE c.id = finish_communication.communication_id AND c.delivery_state = 'PROCESSING'
  RETURNING c.delivery_state INTO new_state;
  IF new_state IS NULL AND reply IS NOT NULL THEN
    UPDATE bounce.communication AS c
    SET attempts = c.attempts + counts::integer, attempt_claim_id = CASE WHEN counts THEN c.claim_id ELSE c.attempt_claim_id END,
        response = reply
    WHERE c.id = finish_communication.communication_id;
  END IF;
  RETURN new_state;
END
$$;
COMMENT ON FUNCTION bounce.finish_communication(bigint, boolean, text) IS
  'internal: the state after a claim, once none of its recipients is claimed or being sent to; NULL before that. Something still to '
  'send: RETRY (PENDING when nothing was tried yet); an unknown outcome: ERROR; somebody accepted: SUCCESS; else ERROR. counts: the claim is an attempt that was not counted yet';

CREATE FUNCTION bounce.release_claim(claim_id uuid, why text DEFAULT '') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  c bounce.communication;
  released integer := 0;
BEGIN
  FOR c IN SELECT k.* FROM bounce.communication AS k
           WHERE k.claim_id = release_claim.claim_id AND k.lease_expire_time IS NOT NULL ORDER BY k.id FOR NO KEY UPDATE LOOP
    UPDATE bounce.communication_recipient AS r SET delivery = CASE WHEN r.tries > 0 THEN 'pending' ELSE 'due' END, due_at = now()
    WHERE r.communication_id = c.id AND r.delivery = 'claimed';
    IF btrim(why) <> '' THEN
      UPDATE bounce.communication AS k SET error = left(why, 2000) WHERE k.id = c.id;
    END IF;
    released := released + (bounce.finish_communication(c.id) IS NOT NULL)::integer;
  END LOOP;
  RETURN released;
END
$$;
COMMENT ON FUNCTION bounce.release_claim(uuid, text) IS
  'gives back what a claim has not begun: due again, no attempt counted. Returns the communications given back';

CREATE FUNCTION bounce.sweep_deliveries() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  c bounce.communication;
  r bounce.communication_recipient;
  swept integer := 0;
BEGIN
  FOR c IN SELECT k.* FROM bounce.communication AS k
           WHERE k.lease_expire_time < clock_timestamp() ORDER BY k.id LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED LOOP
    UPDATE bounce.communication_recipient AS q SET delivery = CASE WHEN q.tries > 0 THEN 'pending' ELSE 'due' END, due_at = now()
    WHERE q.communication_id = c.id AND q.delivery = 'claimed';
    FOR r IN SELECT q.* FROM bounce.communication_recipient AS q
             WHERE q.communication_id = c.id AND q.delivery = 'sending' ORDER BY q.id FOR NO KEY UPDATE LOOP
      PERFORM bounce.settle_unknown(c, r, format('worker %s did not settle it before its lease ended', c.worker));
    END LOOP;
    PERFORM bounce.finish_communication(c.id);
    PERFORM bounce.write_log(c.id, NULL, 'swept', format('lease of %s ended at %s', c.worker, to_char(c.lease_expire_time, 'YYYY-MM-DD HH24:MI:SS')));
    swept := swept + 1;
  END LOOP;
  RETURN swept;
END
$$;
COMMENT ON FUNCTION bounce.sweep_deliveries() IS
  'ends the claims of workers that are gone: what was not begun is due again, what was begun is unknown. Returns how many communications';
