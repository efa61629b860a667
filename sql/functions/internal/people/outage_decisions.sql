-- SPDX-License-Identifier: BSD-2-Clause
--
-- A person decides about an outage, while bounces come in: nothing that was held stays
-- undecided, and nobody who records waits for the bulk of it.

CREATE OR REPLACE FUNCTION bounce_internal.outage_of_task(t bounce.task) RETURNS bounce.outage
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT o FROM bounce.outage AS o WHERE o.id = split_part(t.dedup_key, ':', 2)::bigint);
END $$;
COMMENT ON FUNCTION bounce_internal.outage_of_task IS 'the outage that a task is about';

CREATE OR REPLACE FUNCTION bounce_internal.bounces_of_outage(o bounce.outage) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  held CONSTANT bigint[] := bounce_internal.held_bounces(o.id);
BEGIN
  -- those that were held, those that blocked before it was noticed, and further mails to an
  -- address that was blocked already; not what a person has called dead since
  RETURN held || ARRAY(
    SELECT (u.b).id
    FROM (SELECT b, r FROM bounce.bounce AS b
          LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
          WHERE b.received_at >= o.opened_at - o.time_window AND b.class = 'hard'
            AND NOT b.is_notice AND NOT b.in_shadow
            AND b.id <> ALL (held)
            AND NOT EXISTS (SELECT FROM bounce.task AS t
                            WHERE t.id = b.task_id AND t.resolution = 'dead')
            AND o.about = (bounce_internal.guard_abouts(
                             coalesce(r.address_key, bounce.address_key(b.recipient)),
                             b.diagnostic))
                            [array_position('{domain,diagnostic,overall}', o.scope)]
          OFFSET 0) AS u     -- the rest is dear
    WHERE (SELECT bool_or(k.lifted_at IS NULL) FROM bounce.address_block AS k
           WHERE k.bounce_id = (u.b).id)
       OR (u.r).bounce_id = (u.b).id AND (u.r).state = 'bounced' AND (u.r).requested_by IS NULL
          AND bounce_internal.would_block(bounce_internal.finding_of_bounce(u.b)));
END $$;
COMMENT ON FUNCTION bounce_internal.bounces_of_outage(bounce.outage) IS
  'the hard bounces that an outage explains';

CREATE OR REPLACE FUNCTION bounce_internal.held_bounces(outage_id bigint) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(SELECT h.bounce_id FROM bounce.held_block AS h
               WHERE h.outage_id = held_bounces.outage_id AND h.decision IS NULL);
END $$;
COMMENT ON FUNCTION bounce_internal.held_bounces(bigint) IS
  'the bounces whose blocks an outage holds, undecided';

CREATE OR REPLACE FUNCTION bounce_internal.lock_bounces_of_outage(o bounce.outage, decision text)
RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
  locked bigint[];
  chosen bigint[];
BEGIN
  FOR i IN 1 .. 2 LOOP
    locked := chosen;
    -- not in the query below, whose planning would call it once more
    chosen := CASE decision WHEN 'confirmed' THEN bounce_internal.held_bounces(o.id)
                            ELSE bounce_internal.bounces_of_outage(o) END;
    IF i = 1 THEN
      PERFORM bounce_internal.lock_mails_of(chosen);
    END IF;
  END LOOP;
  RETURN ARRAY(SELECT u FROM unnest(chosen) AS u WHERE u = ANY (locked));
END $$;
COMMENT ON FUNCTION bounce_internal.lock_bounces_of_outage(bounce.outage, text) IS
  'the bounces that a decision about an outage is carried out on, with their mails locked; chosen '
  'again afterwards, without what somebody else has decided meanwhile';

CREATE OR REPLACE FUNCTION bounce_internal.lock_free_bounces(bounce_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
  free CONSTANT bigint[] := ARRAY(
    SELECT c.id FROM bounce.communication AS c
    WHERE c.id = ANY (ARRAY(SELECT b.communication_id FROM bounce.bounce AS b
                            WHERE b.id = ANY (bounce_ids)))
    ORDER BY c.id FOR NO KEY UPDATE SKIP LOCKED);
BEGIN
  RETURN ARRAY(SELECT b.id FROM bounce.bounce AS b
               WHERE b.id = ANY (bounce_ids)
                 AND (b.communication_id IS NULL OR b.communication_id = ANY (free)));
END $$;
COMMENT ON FUNCTION bounce_internal.lock_free_bounces(bigint[]) IS
  'those of these bounces whose communications no other transaction has; it locks them, and waits '
  'for nobody';

CREATE OR REPLACE FUNCTION bounce_internal.in_batches(ids bigint[]) RETURNS SETOF bigint[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg(u.id ORDER BY u.place)
  FROM unnest(ids) WITH ORDINALITY AS u (id, place)
  GROUP BY (u.place - 1) / 50 ORDER BY (u.place - 1) / 50
$$;
COMMENT ON FUNCTION bounce_internal.in_batches(bigint[]) IS
  'these, fifty at a time: an array of findings is copied whole whenever one of them changes, so '
  'that the time for all at once would grow with the square of their number';

CREATE OR REPLACE FUNCTION bounce_internal.findings_of_bounces(bounce_ids bigint[])
RETURNS bounce_internal.finding[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(SELECT bounce_internal.finding_of_bounce(b)
               FROM bounce.bounce AS b WHERE b.id = ANY (bounce_ids)
               ORDER BY array_position(bounce_ids, b.id));
END $$;
COMMENT ON FUNCTION bounce_internal.findings_of_bounces(bigint[]) IS
  'finding_of_bounce() of each of a batch, in their order';

CREATE OR REPLACE FUNCTION bounce_internal.block_bounces(bounce_ids bigint[]) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  held CONSTANT bigint[] := ARRAY(
    SELECT h.bounce_id FROM bounce.held_block AS h
    WHERE h.bounce_id = ANY (bounce_ids) AND h.decision IS NULL ORDER BY h.address, h.id);
  blocked bigint[] := '{}';
  batch bigint[];
BEGIN
  -- blocks before tasks, each in ascending order: the order of locking
  FOR batch IN SELECT b FROM bounce_internal.in_batches(held) AS b LOOP
    blocked := blocked || bounce_internal.block_held(batch);
  END LOOP;
  FOR batch IN SELECT b FROM bounce_internal.in_batches(blocked) AS b LOOP
    PERFORM bounce_internal.follow_blocked(batch);
  END LOOP;
  RETURN cardinality(blocked);
END $$;
COMMENT ON FUNCTION bounce_internal.block_bounces(bigint[]) IS
  'creates the held blocks of these bounces, with what they would have had. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.decide_bounces(
  t bounce.task, decided bounce.outage, bounce_ids bigint[], resend boolean) RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM bounce_internal.remember_for_reopening(t, bounce_ids, resend);
  IF decided.status = 'confirmed' THEN
    RETURN bounce_internal.block_bounces(bounce_ids);
  END IF;
  PERFORM bounce_internal.undo_consequences(
    bounce_ids, bounce_internal.say('task %s, an outage: %s', t.id::text, decided.note), resend);
  RETURN cardinality(bounce_ids);
END $$;
COMMENT ON FUNCTION bounce_internal.decide_bounces(bounce.task, bounce.outage, bigint[], boolean) IS
  'does with these bounces what was decided about their outage. Returns how many blocks it made, '
  'or how many bounces it took back';

CREATE OR REPLACE FUNCTION bounce_internal.close_outage(
  t bounce.task, decided bounce.outage, resend boolean, is_last boolean) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  held bigint[];
  free bigint[];
  done integer;
BEGIN
  PERFORM FROM bounce.guard_gate AS g
  WHERE g.gate = bounce_internal.guard_gate(decided.scope, decided.about) FOR UPDATE;
  -- from here on nobody holds a block for it, and who did so has committed
  PERFORM FROM bounce.outage AS o WHERE o.id = decided.id FOR UPDATE;
  held := bounce_internal.held_bounces(decided.id);
  free := bounce_internal.lock_free_bounces(held);
  -- a session that has a communication now waits for us, to hold a block: so we must not wait
  -- for it
  IF cardinality(free) < cardinality(held) AND NOT is_last THEN
    RAISE EXCEPTION 'a communication is in use' USING ERRCODE = 'BM002';
  END IF;
  done := bounce_internal.decide_bounces(t, decided, free, resend);
  PERFORM bounce_internal.decide_outage(t, decided.status, decided.note, decided.status);
  RETURN done;
EXCEPTION WHEN SQLSTATE 'BM002' THEN
  RETURN NULL;     -- the locks of this block are given back
END $$;
COMMENT ON FUNCTION bounce_internal.close_outage(bounce.task, bounce.outage, boolean, boolean) IS
  'decides what has come in meanwhile, and the outage itself. Returns the number as '
  'decide_bounces() does; NULL when somebody is working on one of those mails, so that it is to be '
  'tried again. is_last: such a mail is left to decide_leftovers()';

CREATE OR REPLACE FUNCTION bounce_internal.decide(
  task_id bigint, decision text, note text, resend boolean) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  rounds CONSTANT integer := 5;
  few CONSTANT integer := 20;
  tries CONSTANT integer := 50;
  t CONSTANT bounce.task := bounce_internal.lock_task(
    task_id, bounce_internal.kinds_of(decision));
  decided bounce.outage := bounce_internal.outage_of_task(t);
  bounces bigint[] := bounce_internal.lock_bounces_of_outage(decided, decision);
  all_bounces CONSTANT bigint[] := bounces;
  done integer := 0;
  rest integer;
BEGIN
  decided.status := decision;
  decided.note := coalesce(decide.note, '');
  -- the bulk while others go on recording; each round has what came in during the one before
  FOR i IN 1 .. rounds LOOP
    done := done + bounce_internal.decide_bounces(t, decided, bounces, resend);
    bounces := bounce_internal.held_bounces(decided.id);
    EXIT WHEN cardinality(bounces) <= few;
    bounces := bounce_internal.lock_free_bounces(bounces);
  END LOOP;
  FOR i IN 1 .. tries LOOP
    rest := bounce_internal.close_outage(t, decided, resend, i = tries);
    EXIT WHEN rest IS NOT NULL;
    PERFORM pg_sleep(0.02);
  END LOOP;
  -- what it took back may have been held for another one
  PERFORM bounce_internal.close_empty_outages(bounce_internal.outages_of_bounces(all_bounces),
                                              bounce_internal.say('task %s', t.id::text)
                                              || ': ' || decided.note);
  RETURN done + rest;
END $$;
COMMENT ON FUNCTION bounce_internal.decide(bigint, text, text, boolean) IS
  'carries out a decision about the outage of a task, confirmed or dismissed. Who records has to '
  'wait for the last few bounces only. Returns the number as decide_bounces() does';

CREATE OR REPLACE FUNCTION bounce_internal.decide_outage(
  t bounce.task, decision text, note text, resolution text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.outage AS o SET status = decision, decided_at = now(), decided_by = session_user,
    note = coalesce(decide_outage.note, '')
  WHERE o.id = (bounce_internal.outage_of_task(t)).id AND o.status = 'open';
  PERFORM bounce_internal.close_task(t.id, decide_outage.resolution, note);
END $$;
COMMENT ON FUNCTION bounce_internal.decide_outage(bounce.task, text, text, text) IS
  'the only function that decides an outage and closes its task. It is locked last';

CREATE OR REPLACE FUNCTION bounce_internal.is_empty_outage(key text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  RETURN NOT EXISTS (SELECT FROM bounce.held_block AS h
                     JOIN bounce.outage AS o ON o.id = h.outage_id
                     WHERE 'outage:' || o.id = key AND o.status = 'open' AND h.decision IS NULL);
END $$;
COMMENT ON FUNCTION bounce_internal.is_empty_outage(text) IS
  'whether the outage whose task has this key holds nothing, or is decided. Volatile, to see what '
  'others have committed meanwhile';

CREATE OR REPLACE FUNCTION bounce_internal.close_if_empty(t bounce.task, why text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  tries CONSTANT integer := 50;
BEGIN
  -- A session that is holding a block for it has its lock and may wait for a mail or a task of
  -- ours: so we must not wait for it.
  FOR i IN 1 .. tries LOOP
    IF NOT bounce_internal.is_empty_outage(t.dedup_key) THEN
      RETURN false;
    ELSIF bounce_internal.try_outage((bounce_internal.outage_of_task(t)).id) THEN
      IF bounce_internal.is_empty_outage(t.dedup_key) THEN
        PERFORM bounce_internal.decide_outage(t, 'dismissed', why, 'taken back');
        RETURN true;
      END IF;
      RETURN false;
    END IF;
    PERFORM pg_sleep(0.02);
  END LOOP;
  RETURN false;
END $$;
COMMENT ON FUNCTION bounce_internal.close_if_empty(bounce.task, text) IS
  'closes the open task of an outage that holds nothing any more, and the outage. False when it '
  'holds something, or may do so at once: then decide_leftovers() looks again';

CREATE OR REPLACE FUNCTION bounce_internal.close_empty_outages(outages bigint[], why text)
RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT count(*) FILTER (WHERE bounce_internal.close_if_empty(q.t, why))
          FROM (SELECT t FROM bounce.task AS t
                WHERE t.status = 'open'
                  AND t.dedup_key IN (SELECT 'outage:' || o FROM unnest(outages) AS o)
                ORDER BY t.dedup_key) AS q);
END $$;
COMMENT ON FUNCTION bounce_internal.close_empty_outages(bigint[], text) IS
  'closes those of these outages that hold no blocks any more. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.outages_of_bounces(bounce_ids bigint[])
RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(SELECT DISTINCT h.outage_id FROM bounce.held_block AS h
               WHERE h.bounce_id = ANY (bounce_ids));
END $$;
COMMENT ON FUNCTION bounce_internal.outages_of_bounces(bigint[]) IS
  'the outages that held, or hold, blocks of these bounces';

-- Leftovers ----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.decide_leftover(bounce_id bigint) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  o bounce.outage;
  t bounce.task;
BEGIN
  IF cardinality(bounce_internal.lock_free_bounces(ARRAY[bounce_id])) = 0 THEN
    RETURN 0;
  END IF;
  SELECT q.* INTO o FROM bounce.held_block AS h JOIN bounce.outage AS q ON q.id = h.outage_id
  WHERE h.bounce_id = decide_leftover.bounce_id AND h.decision IS NULL AND q.status <> 'open';
  SELECT q.* INTO t FROM bounce.task AS q WHERE q.dedup_key = 'outage:' || o.id
  ORDER BY q.id DESC LIMIT 1;
  IF o.status = 'confirmed' THEN
    PERFORM bounce_internal.block_bounces(ARRAY[bounce_id]);
  ELSIF o.status = 'dismissed' THEN
    PERFORM bounce_internal.undo_consequences(
      ARRAY[bounce_id], concat_ws(': ', bounce_internal.say('outage %s', o.id::text),
                                     nullif(o.note, '')),
      coalesce((t.undo_state ->> 'resend')::boolean, true));
  END IF;
  RETURN (o.id IS NOT NULL)::integer;
END $$;
COMMENT ON FUNCTION bounce_internal.decide_leftover(bigint) IS
  'decides a held block as its outage was decided: 1; 0 when somebody is working on its mail, or '
  'when it is decided';

CREATE OR REPLACE FUNCTION bounce_internal.make_outage_task(bounce_id bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  f bounce_internal.finding;
BEGIN
  SELECT (bounce_internal.finding_of_bounce(b)).* INTO f FROM bounce.bounce AS b
  WHERE b.id = make_outage_task.bounce_id;
  SELECT h.outage_id INTO f.outage_id FROM bounce.held_block AS h
  WHERE h.bounce_id = make_outage_task.bounce_id AND h.decision IS NULL;
  f := bounce_internal.make_task(
    bounce_internal.request_task(f, 'outage', f.outage_id::text, NULL));
  RETURN f.task_id;
END $$;
COMMENT ON FUNCTION bounce_internal.make_outage_task(bigint) IS
  'the task of the open outage that holds the block of this bounce, made anew if there is none';

CREATE OR REPLACE FUNCTION bounce_internal.decide_leftovers(batch integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  left_over CONSTANT bigint[] := ARRAY(
    SELECT h.bounce_id FROM bounce.held_block AS h JOIN bounce.outage AS o ON o.id = h.outage_id
    WHERE h.decision IS NULL AND o.status <> 'open' ORDER BY h.id LIMIT batch);
  nobodys CONSTANT bigint[] := ARRAY(
    SELECT max(h.bounce_id)
    FROM bounce.held_block AS h JOIN bounce.outage AS o ON o.id = h.outage_id
    WHERE h.decision IS NULL AND o.status = 'open'
      AND NOT EXISTS (SELECT FROM bounce.task AS t
                      WHERE t.dedup_key = 'outage:' || o.id AND t.status = 'open')
    GROUP BY h.outage_id ORDER BY h.outage_id);
  empty CONSTANT bigint[] := ARRAY(
    SELECT split_part(t.dedup_key, ':', 2)::bigint FROM bounce.task AS t
    WHERE t.kind = 'outage' AND t.status = 'open' AND bounce_internal.is_empty_outage(t.dedup_key)
    ORDER BY t.id);
BEGIN
  PERFORM bounce_internal.make_outage_task(u) FROM unnest(nobodys) AS u;
  RETURN cardinality(nobodys)
         + bounce_internal.close_empty_outages(
             empty, bounce_internal.say('nothing is held for it any more'))
         + (SELECT coalesce(sum(bounce_internal.decide_leftover(u)), 0)
            FROM unnest(left_over) AS u);
END $$;
COMMENT ON FUNCTION bounce_internal.decide_leftovers(integer) IS
  'finds what no decision about an outage reached, from whatever cause: held blocks of a decided '
  'outage are decided as it was; an open outage without a task gets one, and the task of one that '
  'holds nothing is closed. Returns their number';

-- Holding again --------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.outage_today(outage_id bigint) RETURNS bounce.outage
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT o FROM bounce.outage AS o
          JOIN bounce.outage AS was ON was.scope = o.scope AND was.about = o.about
          WHERE was.id = outage_today.outage_id AND (o.status = 'open' OR o.id = was.id)
          ORDER BY o.status = 'open' DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION bounce_internal.outage_today(bigint) IS
  'the open outage of the same kind and matter, or this one, decided, when there is none';

CREATE OR REPLACE FUNCTION bounce_internal.reopen_emptied_outages(outages bigint[], why text)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  t bounce.task;
BEGIN
  FOR t IN SELECT DISTINCT ON (q.dedup_key) q.* FROM bounce.task AS q
           WHERE q.dedup_key IN (SELECT 'outage:' || u FROM unnest(outages) AS u)
           ORDER BY q.dedup_key, q.id DESC LOOP
    -- nobody decided it; it was closed because what it held was taken back
    CONTINUE WHEN t.resolution <> 'taken back';
    UPDATE bounce.outage AS o SET status = 'open', decided_at = NULL, decided_by = NULL, note = ''
    WHERE 'outage:' || o.id = t.dedup_key
      AND NOT EXISTS (SELECT FROM bounce.outage AS q
                      WHERE q.scope = o.scope AND q.about = o.about AND q.status = 'open');
    CONTINUE WHEN NOT FOUND;
    UPDATE bounce.task AS q SET status = 'open', resolution = '', resolved_at = NULL,
      resolved_by = NULL, note = '', undo_state = NULL WHERE q.id = t.id;
    INSERT INTO bounce.task_history (task_id, action, text) VALUES (t.id, 'reopened', why);
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.reopen_emptied_outages(bigint[], text) IS
  'opens those of these outages again that close_empty_outages() closed, unless they go on as '
  'others';

CREATE OR REPLACE FUNCTION bounce_internal.hold_again(
  bounce_ids bigint[], at timestamptz, why text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  held bigint[];
  outages bigint[];
BEGIN
  SELECT array_agg(h.id), array_agg(DISTINCT h.outage_id) INTO held, outages
  FROM bounce.held_block AS h
  WHERE h.bounce_id = ANY (bounce_ids) AND h.decided_at = hold_again.at;
  PERFORM bounce_internal.reopen_emptied_outages(outages, why);
  -- nobody may decide about the outage in between; what goes on as another one is held there
  PERFORM bounce_internal.open_outage_ids(ARRAY(
    SELECT (bounce_internal.outage_today(u)).id FROM unnest(outages) AS u));
  UPDATE bounce.held_block AS h SET decision = NULL, decided_at = NULL,
    outage_id = (bounce_internal.outage_today(h.outage_id)).id
  WHERE h.id = ANY (held);
END $$;
COMMENT ON FUNCTION bounce_internal.hold_again(bigint[], timestamptz, text) IS
  'holds the blocks of these bounces again that were decided at that time. When it is done, those '
  'of another outage, which was decided otherwise, are for decide_again()';

CREATE OR REPLACE FUNCTION bounce_internal.decide_again(bounce_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM bounce_internal.decide_leftover(h.bounce_id)
  FROM (SELECT q.bounce_id FROM bounce.held_block AS q JOIN bounce.outage AS o ON o.id = q.outage_id
        WHERE q.bounce_id = ANY (bounce_ids) AND q.decision IS NULL AND o.status <> 'open'
        ORDER BY q.address, q.id) AS h;
END $$;
COMMENT ON FUNCTION bounce_internal.decide_again(bigint[]) IS
  'decides the held blocks of these bounces whose outage is decided as that was';
