-- SPDX-License-Identifier: BSD-2-Clause
--
-- Tasks for people: diagnosis in words, a correction where the domain looks like a
-- typing error, owner, due date, history, and the ways to resolve one. All of it is
-- functions, so that an organisation's own screens can call them.

INSERT INTO bounce.parameter_definition (name, type, default_value, minimum, maximum, per_process, description) VALUES
  ('task_due', 'interval', '3 days', '1 hour', '365 days', true,
   'from the making of a task to its due date');

ALTER TABLE bounce.task
  ADD COLUMN owner      text        NOT NULL DEFAULT '',
  ADD COLUMN due_at     timestamptz,
  ADD COLUMN diagnosis  text        NOT NULL DEFAULT '',
  ADD COLUMN correction text        NOT NULL DEFAULT '';
COMMENT ON COLUMN bounce.task.owner IS 'who is on it; empty: nobody yet';
COMMENT ON COLUMN bounce.task.diagnosis IS 'what is wrong, in words, and what the other side said';
COMMENT ON COLUMN bounce.task.correction IS 'the address that may have been meant; empty when none comes near';
COMMENT ON COLUMN bounce.task.process IS 'of the mail that made the task';

-- Typing errors ---------------------------------------------------------------------------

-- PostgreSQL's own, which a database owner may install; wherever it is.
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;
DO $$
DECLARE
  home CONSTANT regnamespace := (SELECT e.extnamespace::regnamespace FROM pg_extension AS e WHERE e.extname = 'fuzzystrmatch');
BEGIN
  EXECUTE format('CREATE FUNCTION bounce.edit_distance(a text, b text, at_most integer) RETURNS integer LANGUAGE sql IMMUTABLE '
                 'RETURN %s.levenshtein_less_equal(a, b, at_most)', home);
END
$$;
COMMENT ON FUNCTION bounce.edit_distance(text, text, integer) IS
  'internal: letters to insert, delete or change to get from a to b; more than at_most when it is more';

CREATE TABLE bounce.known_domain (
  domain     text    PRIMARY KEY CHECK (domain <> ''),
  characters integer NOT NULL GENERATED ALWAYS AS (length(domain)) STORED
);
COMMENT ON TABLE bounce.known_domain IS 'domains that were ever sent to, to look for typing errors; learned from communication_recipient';
CREATE INDEX known_domain_characters_idx ON bounce.known_domain (characters);

CREATE TABLE bounce.known_domain_progress (
  only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  recipient_id bigint  NOT NULL
);
COMMENT ON TABLE bounce.known_domain_progress IS 'the last recipient whose domain was learned';
INSERT INTO bounce.known_domain_progress (recipient_id) VALUES (0);

CREATE INDEX communication_recipient_domain_idx ON bounce.communication_recipient (bounce.address_domain(address_key)) WHERE state = 'sent';

CREATE FUNCTION bounce.learn_domains(batch integer DEFAULT 2000) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  learned bigint := 0;
  last bigint;
BEGIN
  -- one session learns, the others have no need to wait for it
  SELECT p.recipient_id INTO last FROM bounce.known_domain_progress AS p FOR UPDATE SKIP LOCKED;
  IF FOUND THEN
    WITH next AS (
      SELECT r.id, bounce.address_domain(r.address_key) AS domain FROM bounce.communication_recipient AS r
      WHERE r.id > last ORDER BY r.id LIMIT batch),
    put AS (
      INSERT INTO bounce.known_domain (domain) SELECT DISTINCT n.domain FROM next AS n WHERE n.domain <> '' ORDER BY 1 ON CONFLICT DO NOTHING)
    SELECT count(*), max(n.id) INTO learned, last FROM next AS n;
    UPDATE bounce.known_domain_progress AS p SET recipient_id = last WHERE last IS NOT NULL;
  END IF;
  RETURN learned;
END
$$;
COMMENT ON FUNCTION bounce.learn_domains(integer) IS 'internal: reads on in communication_recipient; how many rows';

CREATE FUNCTION bounce.sent_to_domain(domain text, at_most integer) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT count(*) FROM (SELECT FROM bounce.communication_recipient AS r
          WHERE bounce.address_domain(r.address_key) = sent_to_domain.domain AND r.state = 'sent' LIMIT at_most) AS s);
END
$$;
COMMENT ON FUNCTION bounce.sent_to_domain(text, integer) IS 'internal: mails to a domain that did not bounce, counted up to a bound';

CREATE FUNCTION bounce.suggest_domain(domain text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  slips CONSTANT integer := CASE WHEN length(domain) < 8 THEN 1 ELSE 2 END;
BEGIN
  -- a domain that takes our mail is not misspelled
  IF length(domain) NOT BETWEEN 4 AND 100 OR bounce.sent_to_domain(domain, 3) >= 3 THEN
    RETURN '';
  END IF;
  PERFORM bounce.learn_domains();
  RETURN coalesce(
    (SELECT n.domain
     FROM (SELECT d.domain, d.distance
           FROM (SELECT k.domain, bounce.edit_distance(k.domain, suggest_domain.domain, slips) AS distance
                 FROM bounce.known_domain AS k
                 WHERE k.characters BETWEEN length(suggest_domain.domain) - slips AND length(suggest_domain.domain) + slips
                 OFFSET 0) AS d     -- once for each
           WHERE d.distance BETWEEN 1 AND slips
           ORDER BY 2 LIMIT 20) AS n
     CROSS JOIN LATERAL bounce.sent_to_domain(n.domain, 100) AS s (sent)
     WHERE s.sent >= 3
     ORDER BY n.distance, s.sent DESC, n.domain LIMIT 1), '');
END
$$;
COMMENT ON FUNCTION bounce.suggest_domain(text) IS
  'the domain that may have been meant: one or two letters away, and at least three mails to it did not bounce; empty when there is none';

CREATE FUNCTION bounce.suggest_address(address text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  suggested CONSTANT text := bounce.suggest_domain(bounce.address_domain(address));
BEGIN
  RETURN CASE suggested WHEN '' THEN '' ELSE regexp_replace(bounce.address_key(address), '@[^@]*$', '') || '@' || suggested END;
END
$$;
COMMENT ON FUNCTION bounce.suggest_address(text) IS
  'the address that may have been meant, when the domain looks like a typing error of one that takes our mail; empty otherwise. An '
  'application may ask when an address is entered';

-- Making -------------------------------------------------------------------------------------

CREATE FUNCTION bounce.diagnosis(f bounce.finding) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT n.meaning || CASE WHEN f.remote_mta = '' THEN '' ELSE format('; %s said', f.remote_mta) END
                 || coalesce(': ' || nullif(concat_ws(' ', nullif(f.status, ''), nullif(f.reply_code, ''),
                                                     nullif(coalesce(nullif(f.diagnostic, ''), f.evidence), '')), ''), '')
          FROM bounce.bounce_reason AS n WHERE n.reason = f.reason);
END
$$;
COMMENT ON FUNCTION bounce.diagnosis(bounce.finding) IS 'internal: what is wrong, in words, and what the other side said';

CREATE OR REPLACE FUNCTION bounce.make_task(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
DECLARE
  is_new boolean;
BEGIN
  INSERT INTO bounce.task AS t (kind, dedup_key, summary, process, communication_id, recipient_id, address, domain, reason, bounce_id,
                                due_at, diagnosis)
  VALUES (f.task_kind, f.task_key, f.task_summary, f.process, f.communication_id, f.recipient_id,
          CASE WHEN f.task_kind IN ('delivery_problem', 'outage') THEN '' ELSE f.address END, bounce.address_domain(f.address),
          f.reason, f.bounce_id, now() + bounce.parameter_interval('task_due', f.process), bounce.diagnosis(f))
  ON CONFLICT (dedup_key) WHERE status = 'open' DO UPDATE
  SET count = t.count + 1, last_seen_at = now(), summary = excluded.summary, bounce_id = excluded.bounce_id,
      communication_id = excluded.communication_id, recipient_id = excluded.recipient_id, diagnosis = excluded.diagnosis
  RETURNING t.id, t.count = 1 INTO f.task_id, is_new;
  -- a task that gathers thousands counts them, but does not tell of each
  INSERT INTO bounce.task_history (task_id, action, text)
  SELECT f.task_id, CASE WHEN is_new THEN 'created' ELSE 'counted' END, f.task_summary
  WHERE is_new OR f.task_kind NOT IN ('delivery_problem', 'outage');
  IF is_new AND f.task_kind = 'hard_bounce' THEN
    UPDATE bounce.task AS t SET correction = bounce.suggest_address(f.address) WHERE t.id = f.task_id;
  END IF;
  UPDATE bounce.communication_recipient AS r SET task_id = f.task_id
  WHERE r.id = f.recipient_id AND r.bounce_id = f.bounce_id;
  f := bounce.step(f, 'task', format('task %s %s', f.task_kind, f.task_id));
END
$$;

-- Working ------------------------------------------------------------------------------------

CREATE FUNCTION bounce.change_task(task_id bigint, action text, text text, owner text DEFAULT NULL, due_at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.task AS t SET owner = coalesce(change_task.owner, t.owner), due_at = coalesce(change_task.due_at, t.due_at)
  WHERE t.id = change_task.task_id AND t.status = 'open';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no open task %', change_task.task_id USING ERRCODE = 'no_data_found';
  END IF;
  INSERT INTO bounce.task_history (task_id, action, text) VALUES (change_task.task_id, change_task.action, change_task.text);
END
$$;
COMMENT ON FUNCTION bounce.change_task(bigint, text, text, text, timestamptz) IS 'internal: a change of an open task and its history. P0002';

CREATE FUNCTION bounce.assign_task(task_id bigint, owner text, note text DEFAULT '') RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = bounce, pg_temp
BEGIN ATOMIC
  SELECT bounce.change_task(assign_task.task_id, 'assigned',
           concat_ws(': ', CASE btrim(assign_task.owner) WHEN '' THEN 'to nobody' ELSE 'to ' || btrim(assign_task.owner) END, nullif(note, '')),
           owner => btrim(assign_task.owner));
END;
COMMENT ON FUNCTION bounce.assign_task(bigint, text, text) IS 'gives an open task to somebody; owner empty: back to nobody. P0002';

CREATE FUNCTION bounce.postpone_task(task_id bigint, due_at timestamptz, note text DEFAULT '') RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = bounce, pg_temp
BEGIN ATOMIC
  SELECT bounce.change_task(postpone_task.task_id, 'postponed',
           concat_ws(': ', to_char(postpone_task.due_at, 'YYYY-MM-DD HH24:MI'), nullif(note, '')), due_at => postpone_task.due_at);
END;
COMMENT ON FUNCTION bounce.postpone_task(bigint, timestamptz, text) IS 'sets the due date of an open task. P0002';

CREATE FUNCTION bounce.note_task(task_id bigint, note text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = bounce, pg_temp
BEGIN ATOMIC
  SELECT bounce.change_task(note_task.task_id, 'note', note_task.note);
END;
COMMENT ON FUNCTION bounce.note_task(bigint, text) IS 'adds a note to the history of an open task. P0002';

-- Resolving ------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.resolve_task(task_id bigint, note text DEFAULT '') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM bounce.task AS t WHERE t.id = resolve_task.task_id AND t.kind = 'outage' AND t.status = 'open') THEN
    RAISE EXCEPTION 'task % holds blocks: somebody has to decide on them', resolve_task.task_id
      USING ERRCODE = 'invalid_parameter_value', HINT = 'SELECT bounce.confirm_outage(task, note) or bounce.dismiss_outage(task, note).';
  END IF;
  PERFORM bounce.close_task(resolve_task.task_id, 'done', note);
END
$$;
COMMENT ON FUNCTION bounce.resolve_task(bigint, text) IS
  'closes a task with a note and changes nothing else. P0002 when there is no such open task, 22023 for an outage';

CREATE FUNCTION bounce.lock_task(task_id bigint, kinds text[]) RETURNS bounce.task
LANGUAGE plpgsql AS $$
DECLARE
  t bounce.task;
BEGIN
  SELECT q.* INTO t FROM bounce.task AS q WHERE q.id = lock_task.task_id AND q.status = 'open';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no open task %', lock_task.task_id USING ERRCODE = 'no_data_found';
  ELSIF t.kind <> ALL (kinds) THEN
    RAISE EXCEPTION 'task % is a %: it is not resolved so', t.id, t.kind USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- as record_report() does: communications and recipients before the task, which close_task() locks
  PERFORM FROM bounce.communication AS c
  WHERE c.id IN (SELECT r.communication_id FROM bounce.communication_recipient AS r WHERE r.task_id = t.id OR r.id = t.recipient_id)
  ORDER BY c.id FOR NO KEY UPDATE;
  RETURN t;
END
$$;
COMMENT ON FUNCTION bounce.lock_task(bigint, text[]) IS 'internal: an open task of one of these kinds, its communications locked. P0002, 22023';

CREATE FUNCTION bounce.resolve_task_corrected(task_id bigint, address text, note text DEFAULT '') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  t CONSTANT bounce.task := bounce.lock_task(task_id, '{hard_bounce,resend_exhausted,bounce_without_communication}');
  bare CONSTANT text := bounce.check_address(address);
  resent integer;
BEGIN
  IF bounce.address_key(bare) = bounce.address_key(t.address) THEN
    RAISE EXCEPTION '% is the address that bounced', bare USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT count(bounce.replace_recipient(r.id, bare, format('task %s', t.id))) INTO resent
  FROM (SELECT q.id FROM bounce.communication_recipient AS q
        WHERE q.task_id = t.id AND q.state = 'bounced' OR q.id = t.recipient_id AND q.state IN ('bounced', 'sent') ORDER BY q.id) AS r;
  PERFORM bounce.close_task(t.id, 'corrected', concat_ws(': ', bare, nullif(note, '')));
  RETURN resent;
END
$$;
COMMENT ON FUNCTION bounce.resolve_task_corrected(bigint, text, text) IS
  'another address: each mail of this task that did not arrive is sent there; how many. The old address stays blocked. '
  '22023 when the new one is no address, or blocked';

CREATE FUNCTION bounce.resend_task(t bounce.task, why text) RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT count(*) FILTER (WHERE bounce.request_resend(r.id, why, t.bounce_id))
          FROM (SELECT q.id FROM bounce.communication_recipient AS q WHERE q.task_id = t.id AND q.state = 'bounced' ORDER BY q.id) AS r);
END
$$;
COMMENT ON FUNCTION bounce.resend_task(bounce.task, text) IS 'internal: sends again what this task is about; how many';

CREATE FUNCTION bounce.resolve_task_unblocked(task_id bigint, note text, resend boolean DEFAULT true) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  t CONSTANT bounce.task := bounce.lock_task(task_id, '{hard_bounce,resend_exhausted,delivery_problem,bounce_without_communication}');
  resent integer := 0;
BEGIN
  IF resend THEN
    resent := bounce.resend_task(t, note);
  END IF;
  IF t.address <> '' THEN
    PERFORM bounce.lift_block(t.address, note);
  END IF;
  PERFORM bounce.close_task(t.id, 'unblocked', note);
  RETURN resent;
END
$$;
COMMENT ON FUNCTION bounce.resolve_task_unblocked(bigint, text, boolean) IS
  'the address works: its block is lifted and the mails of this task are sent again, of a delivery_problem all it gathered; how many. '
  '22023 without a note';

CREATE FUNCTION bounce.resolve_task_dead(task_id bigint, note text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  t CONSTANT bounce.task := bounce.lock_task(task_id, '{hard_bounce,resend_exhausted,bounce_without_communication}');
  blocked boolean;
BEGIN
  IF position('@' IN t.address) < 2 THEN
    RAISE EXCEPTION 'task % names no address', t.id USING ERRCODE = 'invalid_parameter_value';
  END IF;
  UPDATE bounce.communication_recipient AS r SET next_attempt_at = NULL WHERE r.task_id = t.id AND r.next_attempt_at IS NOT NULL;
  INSERT INTO bounce.address_block (address, reason, why, bounce_id, communication_id)
  VALUES (t.address, t.reason, concat_ws(': ', 'task ' || t.id, coalesce(nullif(note, ''), t.diagnosis)), t.bounce_id, t.communication_id)
  ON CONFLICT (address_key) WHERE lifted_at IS NULL DO NOTHING;
  blocked := FOUND;
  IF blocked THEN
    PERFORM bounce.write_log(t.communication_id, t.recipient_id, 'blocked', 'address blocked by a person, task ' || t.id, t.bounce_id);
  END IF;
  PERFORM bounce.close_task(t.id, 'dead', note);
  RETURN blocked;
END
$$;
COMMENT ON FUNCTION bounce.resolve_task_dead(bigint, text) IS
  'the address is dead: blocked, also where the block was withheld; false when it was blocked already';

-- Outages --------------------------------------------------------------------------------------

CREATE FUNCTION bounce.outage_of_task(t bounce.task) RETURNS bounce.outage
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT o FROM bounce.outage AS o WHERE o.id = split_part(t.dedup_key, ':', 2)::bigint);
END
$$;

CREATE FUNCTION bounce.decide_outage(t bounce.task, decision text, note text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  -- a block that was held while the decision was being made has opened the task again: it is decided likewise
  UPDATE bounce.outage AS o SET status = decision, decided_at = now(), decided_by = session_user, note = coalesce(decide_outage.note, '')
  WHERE o.id = (bounce.outage_of_task(t)).id;
  PERFORM bounce.close_task(t.id, decision, note);
END
$$;
COMMENT ON FUNCTION bounce.decide_outage(bounce.task, text, text) IS 'internal: the one place where an outage is decided, last of all by lock order';

CREATE FUNCTION bounce.block_held(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce.make_block(f);
  IF 'blocked' = ANY (f.events) THEN
    f := bounce.wish_task(f, 'hard_bounce', f.address, format('%s bounced hard, address blocked: %s', f.address, bounce.describe(f)));
    f.events := f.events || 'bounced'::text;
    f := bounce.tell_owner(f);
    IF bounce.parameter_boolean('follow_up', f.process) THEN
      f := bounce.write_follow_up(f);
    END IF;
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.block_held(bounce.finding) IS 'internal: what would have followed at once, but for the task; nothing when the address is blocked already';

CREATE FUNCTION bounce.confirm_outage(task_id bigint, note text DEFAULT '') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  t CONSTANT bounce.task := bounce.lock_task(task_id, '{outage}');
  o CONSTANT bounce.outage := bounce.outage_of_task(t);
  blocked bounce.finding[] := '{}';
  h record;
  f bounce.finding;
BEGIN
  FOR h IN SELECT q.id, bounce.finding_of_bounce(b) AS finding
           FROM bounce.held_block AS q JOIN bounce.bounce AS b ON b.id = q.bounce_id
           WHERE q.outage_id = o.id AND q.decision IS NULL ORDER BY q.address, q.id LOOP
    UPDATE bounce.held_block AS q SET decision = 'blocked', decided_at = now() WHERE q.id = h.id;
    f := bounce.block_held(h.finding);
    blocked := blocked || CASE WHEN f.task_key IS NOT NULL THEN ARRAY[f] ELSE '{}' END;
  END LOOP;
  FOR f IN SELECT * FROM unnest(blocked) AS u ORDER BY u.task_key, u.bounce_id LOOP
    f := bounce.make_task(f);
    UPDATE bounce.bounce AS b SET task_id = f.task_id WHERE b.id = f.bounce_id;
  END LOOP;
  PERFORM bounce.decide_outage(t, 'confirmed', note);
  RETURN cardinality(blocked);
END
$$;
COMMENT ON FUNCTION bounce.confirm_outage(bigint, text) IS
  'they are dead: every held block is made, and its task hard_bounce; how many. For one guard_window the same is not held again';

CREATE FUNCTION bounce.bounces_of_outage(o bounce.outage) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- those that were held, and those that blocked before it was noticed
  RETURN ARRAY(SELECT h.bounce_id FROM bounce.held_block AS h WHERE h.outage_id = o.id AND h.decision IS NULL
    UNION
    SELECT b.id FROM bounce.bounce AS b JOIN bounce.address_block AS k ON k.bounce_id = b.id AND k.lifted_at IS NULL
    WHERE b.received_at >= o.opened_at - o.time_window AND b.class = 'hard' AND NOT b.in_shadow
      AND EXISTS (SELECT FROM bounce.guard_keys(bounce.finding_of_bounce(b)) AS g WHERE g.scope = o.scope AND g.about = o.about));
END
$$;
COMMENT ON FUNCTION bounce.bounces_of_outage(bounce.outage) IS 'internal: the hard bounces that an outage explains';

CREATE FUNCTION bounce.dismiss_outage(task_id bigint, note text, resend boolean DEFAULT true) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  t CONSTANT bounce.task := bounce.lock_task(task_id, '{outage}');
  ids CONSTANT bigint[] := bounce.bounces_of_outage(bounce.outage_of_task(t));
BEGIN
  PERFORM bounce.take_back(ids, format('task %s, an outage: %s', t.id, note), resend);
  PERFORM bounce.decide_outage(t, 'dismissed', note);
  RETURN cardinality(ids);
END
$$;
COMMENT ON FUNCTION bounce.dismiss_outage(bigint, text, boolean) IS
  'it was an outage: held blocks are dropped, those that it made before it was noticed are lifted, their tasks closed, the mails sent '
  'again (resend); how many bounces';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bounce.assign_task(bigint, text, text), bounce.postpone_task(bigint, timestamptz, text), bounce.note_task(bigint, text),
  bounce.resolve_task_corrected(bigint, text, text), bounce.resolve_task_unblocked(bigint, text, boolean), bounce.resolve_task_dead(bigint, text),
  bounce.confirm_outage(bigint, text), bounce.dismiss_outage(bigint, text, boolean) TO bounce_operator;
GRANT EXECUTE ON FUNCTION bounce.suggest_address(text) TO bounce_application, bounce_operator;
