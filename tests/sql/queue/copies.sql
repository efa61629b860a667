-- SPDX-License-Identifier: BSD-2-Clause
-- The operator's copies that bounce-delivery sends: what is queued and when, once; claiming,
-- pauses, giving up, sending again; how they are watched, and erased.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.letter(name text, raw text DEFAULT 'From: x' || chr(10) || chr(10) || 'hm')
RETURNS bounce.report_result LANGUAGE sql AS $$
  SELECT bounce.record_report(test.report('undetermined', name || '@stranger.example')
                              || jsonb_build_object('size', length(raw), 'digest', name),
                              convert_to(raw, 'UTF8'))
$$;
CREATE FUNCTION test.copies() RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(concat_ws(' ', c.state, c.attempts), ', '
                             ORDER BY c.bounce_message_id), 'none')
  FROM bounce.operator_copy AS c
$$;
CREATE FUNCTION test.warning(name text) RETURNS text LANGUAGE sql AS $$
  SELECT s.warning FROM bounce.status() AS s WHERE s.name = $1
$$;
-- the whole life of one try; the state afterwards
CREATE FUNCTION test.try(outcome text, response text DEFAULT '') RETURNS text LANGUAGE sql AS $$
  SELECT bounce.settle_copy(k.bounce_id, k.claim_id, outcome, response)::text
  FROM bounce.claim_copy('1 minute') AS k
$$;
CREATE FUNCTION test.claims() RETURNS SETOF bounce.copy_item LANGUAGE plpgsql AS $$
BEGIN
  LOOP
    RETURN QUERY SELECT * FROM bounce.claim_copy('1 minute');
    EXIT WHEN NOT FOUND;
  END LOOP;
END $$;
CREATE FUNCTION test.hurry() RETURNS void LANGUAGE sql AS $$
  UPDATE bounce.operator_copy SET due_at = now() WHERE state = 'waiting'
$$;

-- What is queued -----------------------------------------------------------------------
SELECT test.set('operator_mailbox', 'operator@example.org');
SELECT is((test.letter('mta')).disposition || ' ' || test.copies(), 'forward none',
          'mta: the caller forwards it');
SELECT test.set('operator_copy', 'smtp');
SELECT is((test.record(test.report('user_unknown', 'gone@example.com'))).disposition,
          'discard', 'what is classified is not copied');
SELECT is(concat_ws(' ', o.disposition, o.forward_to, test.copies()),
          'queue operator@example.org waiting 0', 'smtp: queued with its recording')
FROM test.letter('one') AS o;
SELECT is(concat_ws(' ', o.disposition, o.duplicate, test.copies()), 'queue t waiting 0',
          'the same report once more: once') FROM test.letter('one') AS o;
SELECT is(concat_ws(' ', o.disposition, o.duplicate, test.copies()),
          'queue t waiting 0, waiting 0', 'one that was forwarded, nobody says whether it came')
FROM test.letter('mta') AS o;
DELETE FROM bounce.operator_copy
WHERE bounce_message_id = (SELECT min(bounce_message_id) FROM bounce.operator_copy);
SELECT is((bounce.record_report(test.report('undetermined', 'long@stranger.example')
                                || '{"size": 100}', 'begins')).disposition,
          'forward', 'one that was not recorded as a whole is the caller''s');
SELECT is((bounce.record_report(test.report('undetermined', 'long@box.example')
                                || '{"size": 100, "source": "imap"}', 'begins')).disposition,
          'queue', 'but out of a mailbox, which has all of it, its beginning is sent');
DELETE FROM bounce.operator_copy
WHERE bounce_message_id = (SELECT max(bounce_message_id) FROM bounce.operator_copy);
SELECT is((bounce.record_report(test.report('undetermined', 'none@stranger.example')
                                || '{"size": 1}', NULL)).disposition, 'forward',
          'so is one without a text');
SELECT test.set('operator_mailbox', '');
SELECT is((test.letter('nowhere')).disposition, 'deliver', 'without a mailbox there is no copy');
SELECT test.set('operator_mailbox', 'operator@example.org');
SELECT ok(raw IS NULL AND message_id ~ '^copy\.[0-9]+\.[0-9]+@.', 'its text is stored once')
FROM bounce.operator_copy;
SELECT test.set('raw_max_bytes', '4');
SELECT test.letter('two', 'From: y' || chr(10) || chr(10) || 'whole');
SELECT is((SELECT convert_from(c.raw, 'UTF8') FROM bounce.operator_copy AS c
           WHERE c.raw IS NOT NULL), 'From: y' || chr(10) || chr(10) || 'whole',
          'and whole where the report keeps a part');

-- Sending ----------------------------------------------------------------------------------
SELECT is(concat_ws(' ', address, class, reason, is_again, size, convert_from(raw, 'UTF8')),
          'operator@example.org unclassified undetermined f 11 From: x' || chr(10) || chr(10)
          || 'hm', 'a worker gets what it needs')
FROM bounce.claim_copy('1 minute');
SELECT is(convert_from(raw, 'UTF8'), 'From: y' || chr(10) || chr(10) || 'whole', 'then the next')
FROM bounce.claim_copy('1 minute');
SELECT is_empty($$SELECT FROM bounce.claim_copy('1 minute')$$, 'and no other worker the same');
SELECT test.hurry();
SELECT test.set('operator_mailbox', 'other@example.org');
SELECT is(concat_ws(' ', k.address, k.is_again), 'other@example.org t',
          'the lease has ended: it may have arrived; the mailbox is today''s')
FROM bounce.claim_copy('1 minute') AS k;
SELECT is(bounce.settle_copy(c.bounce_id, gen_random_uuid(), 'sent', '250 ok'), false,
          'who has lost his lease settles nothing') FROM bounce.operator_copy AS c LIMIT 1;
SELECT is(bool_and(bounce.settle_copy(c.bounce_id, c.claim_id, 'sent', '250 ok')), true, 'sent')
FROM bounce.operator_copy AS c;
SELECT is(string_agg(concat_ws(' ', state, raw IS NULL, response), ', '),
          'sent t 250 ok, sent t 250 ok', 'its own text goes then') FROM bounce.operator_copy;
SELECT is((test.letter('one')).disposition || ' ' || test.copies(), 'queue sent 2, sent 1',
          'and the same report makes no second one');

-- Pauses, and giving up ----------------------------------------------------------------------
SELECT test.letter('three');
SELECT is(test.try('failed', E'421 not\nnow'), 'true', 'a try that failed');
SELECT ok(c.due_at BETWEEN clock_timestamp() + interval '40 seconds'
                       AND clock_timestamp() + interval '80 seconds'
          AND c.response = '421 not now', 'is repeated after operator_copy_delay')
FROM bounce.operator_copy AS c WHERE c.state = 'waiting';
SELECT is(array_agg(round(extract(epoch FROM bounce_internal.copy_delay(n)) / 600)::integer
                    BETWEEN 0 AND 7), array_fill(true, ARRAY[40]), 'at most the longest pause')
FROM generate_series(1, 40) AS n;
SELECT test.hurry();
SELECT test.try('unknown', 'no reply');
SELECT is((SELECT c.is_uncertain FROM bounce.operator_copy AS c WHERE c.state = 'waiting'), true,
          'without an answer it may have arrived');
SELECT test.hurry();
UPDATE bounce.operator_copy SET created_at = now() - interval '6 days' WHERE state = 'waiting';
SELECT test.try('failed', '421 never');
SELECT is(test.copies(), 'sent 2, sent 1, dead 3', 'given up after operator_copy_lifetime');
SELECT test.letter('four');
SELECT test.try('refused', '550 5.7.1 not yours');
SELECT is(concat_ws(' ', t.about, t.why ~ '550 5.7.1 not yours', t.what_next ~ 'copies retry'),
          'letters for the operator t t', 'a task tells')
FROM bounce.open_task AS t WHERE t.reason = 'operator_copy';
SELECT is((SELECT count FROM bounce.task WHERE reason = 'operator_copy'), 2, 'of all');

-- Sending again --------------------------------------------------------------------------------
SELECT is(bounce.retry_copies((SELECT max(bounce_id) FROM bounce.operator_copy)), 1, 'one of them');
SELECT is((SELECT status FROM bounce.task WHERE reason = 'operator_copy'), 'open',
          'the task stays for the other');
SELECT is(bounce.retry_copies(), 2, 'all');
SELECT is((SELECT status FROM bounce.task WHERE reason = 'operator_copy'), 'done', 'it is closed');
SELECT message_id, bounce_id FROM bounce.operator_copy WHERE state = 'sent' LIMIT 1 \gset
SELECT is(bounce.retry_copies(:bounce_id), 1, 'even one that was sent');
SELECT test.hurry();
SELECT is((SELECT array_agg(k.message_id || ' ' || k.is_again)
           FROM test.claims() AS k
           WHERE k.bounce_id = :bounce_id), ARRAY[:'message_id' || ' true'],
          'with the Message-ID that it had');
SELECT is(bounce.retry_copies(:bounce_id), 0, 'not while it is being sent');

-- The flood bound ---------------------------------------------------------------------------
UPDATE bounce.operator_copy SET claim_id = NULL, due_at = now();
UPDATE bounce.operator_copy SET state = 'sent', sent_at = now() WHERE bounce_id = :bounce_id;
SELECT test.set('operator_max_per_hour', '2');
SELECT is((SELECT count(*) FROM bounce.claim_copy('1 minute')), 0::bigint,
          'no more within an hour than operator_max_per_hour');
UPDATE bounce.operator_copy SET sent_at = now() - interval '61 minutes';
SELECT is((SELECT count(*) FROM bounce.claim_copy('1 minute')), 1::bigint, 'then again');

-- How they are watched -------------------------------------------------------------------------
SELECT is(test.warning('copies_waiting') || test.warning('copies_given_up'), '', 'all is well');
UPDATE bounce.operator_copy SET created_at = now() - interval '3 hours' WHERE state = 'waiting';
SELECT alike(test.warning('copies_waiting'), 'letters for the operator wait since%', 'status');
SELECT is((SELECT concat_ws(' ', a.fault, a.count, a.mend ~ 'copies list') FROM bounce.audit() AS a
           WHERE a.fault ~ 'copy'), 'copy not sent 2 t', 'and audit');
SELECT is((SELECT m.value FROM bounce.metrics() AS m
           WHERE m.name = 'bounce_operator_copies' AND m.labels ~ 'waiting'), 2::float8,
          'and figures');
SELECT cmp_ok((SELECT m.value FROM bounce.metrics() AS m
               WHERE m.name = 'bounce_operator_copy_oldest_seconds'), '>=', 10800::float8,
              'with the age');
UPDATE bounce.operator_copy SET claim_id = NULL, due_at = now(), created_at = now(),
  sent_at = NULL, state = 'waiting';
SELECT test.set('operator_max_per_hour', '60');
SELECT test.try('refused') FROM generate_series(1, 4);
SELECT alike(test.warning('copies_given_up'), '%copies retry%', 'status: given up');
UPDATE bounce.operator_copy SET task_id = NULL;
SELECT is((SELECT concat_ws(' ', a.fault, a.count) FROM bounce.audit() AS a WHERE a.fault ~ 'copy'),
          'copy given up without task 4', 'audit: and nobody is told');

-- What is erased -------------------------------------------------------------------------------
SELECT bounce.retry_copies();
SELECT test.letter('five');
UPDATE bounce.operator_copy SET raw = 'text';
SELECT bounce_internal.erase_message_detail(ARRAY[(SELECT max(bounce_message_id)
                                                   FROM bounce.operator_copy)]);
SELECT is(string_agg(state || coalesce(convert_from(raw, 'UTF8'), ''), ' '
                     ORDER BY bounce_message_id),
          'waitingtext waitingtext waitingtext waitingtext erased',
          'a person''s letter that waits is erased and not sent') FROM bounce.operator_copy;
UPDATE bounce.operator_copy SET received_at = now() - interval '400 days'
WHERE bounce_message_id = (SELECT min(bounce_message_id) FROM bounce.operator_copy);
SELECT bounce_internal.erase_old_copies(now() - interval '180 days', 10);
SELECT is(string_agg(state, ' ' ORDER BY bounce_message_id),
          'erased waiting waiting waiting erased', 'so is what is too old')
FROM bounce.operator_copy;
SELECT alike((SELECT t.summary FROM bounce.task AS t
             WHERE t.reason = 'operator_copy' AND t.status = 'open'), '%keep_raw_unclassified%',
            'which a task tells');
SELECT is(bounce.retry_copies(bounce_id), 0, 'it cannot be sent again')
FROM bounce.operator_copy WHERE state = 'erased';
SELECT is((SELECT sum(h.done) FROM bounce.housekeeping() AS h WHERE h.step LIKE 'copies%'),
          0::numeric,
          'housekeeping: nothing more to do');
UPDATE bounce.operator_copy SET received_at = now() - interval '4000 days';
SELECT is(string_agg(h.step || ' ' || h.done, ', ' ORDER BY h.step),
          'copies erased 3, copies forgotten 5', 'in the end it is forgotten')
FROM bounce.housekeeping() AS h WHERE h.step LIKE 'copies%';

-- Sent on to a person ----------------------------------------------------------------------------
DELETE FROM bounce.operator_copy;
CREATE FUNCTION test.forward(address text, why text DEFAULT 'a question for you') RETURNS text
LANGUAGE sql AS $$
  SELECT concat_ws(' ', f.forwarded_to, f.is_new)
  FROM bounce.forward_letter((test.last()).id, address, why) AS f
$$;
CREATE FUNCTION test.went() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws(' ', c.address, c.state, c.attempts), ', ' ORDER BY c.id)
  FROM bounce.operator_copy AS c WHERE c.asked_by IS NOT NULL
$$;
SELECT test.letter('seven');
SELECT is(test.forward('anna@office.example'), 'anna@office.example t', 'a letter of no mail');
SELECT is((SELECT count(DISTINCT c.message_id) FROM bounce.operator_copy AS c), 2::bigint,
          'beside the operator''s own copy');
SELECT is((test.letter('seven')).disposition, 'queue', 'which the same report does not double');
DELETE FROM bounce.operator_copy;
SELECT test.mail('forwarded', ARRAY['gone@example.com']);
SELECT bounce.record_report(test.report('undetermined', 'gone@example.com', about => 'forwarded')
                            || '{"size": 7, "digest": "f"}', 'A: b');
SELECT is(test.forward('Anna <anna@office.example>'), 'anna@office.example t',
          'a letter is sent on to a person');
SELECT is(test.forward('ANNA@office.example'), 'ANNA@office.example f', 'once');
SELECT is(test.forward('ben@office.example', E' two\r\nlines '), 'ben@office.example t',
          'and to another one');
SELECT is((SELECT count(DISTINCT c.message_id) FROM bounce.operator_copy AS c), 2::bigint,
          'each is a mail of its own');
SELECT is((SELECT string_agg(s.text, ', ') FROM bounce.communication_story(
             (SELECT max(c.id) FROM bounce.communication AS c)) AS s
           WHERE s.event = 'letter_forwarded'),
          'to anna@office.example: a question for you, to ben@office.example: two lines',
          'the story tells');
SELECT throws_ok(format('SELECT test.forward(%L)', v.address), '22023', NULL,
                 'not to ' || v.address)
FROM (VALUES ('anna'), ('a@b.example,c@d.example'), ('x@BOUNCES.example.org'),
             ('"a b"@office.example'), ('a"@office.example'), (E'a@b.example>\r\nRCPT TO:<c@d')) AS
  v (address);
SELECT throws_ok($$SELECT test.forward('c@office.example', ' ')$$, '22023', NULL,
                 'nor without why');
SELECT bounce.block_address('blocked@office.example', 'left');
SELECT throws_ok($$SELECT test.forward('blocked@office.example')$$, '22023', NULL,
                 'nor to a blocked address');
SELECT throws_ok($$SELECT bounce.forward_letter(0, 'a@b.example', 'x')$$, 'P0002', NULL,
                 'nor of an unknown bounce');
SELECT test.set('operator_copy', 'mta');
SELECT throws_like($$SELECT test.forward('d@office.example')$$, '%operator_copy is mta%',
                   'nor where nobody would send it');
SELECT test.set('operator_copy', 'smtp');
SELECT is(string_agg(concat_ws(' ', k.address, k.asked_by = session_user, k.why,
                               convert_from(k.raw, 'UTF8')), ', ' ORDER BY k.address),
          'anna@office.example t a question for you A: b, ben@office.example t two lines A: b',
          'a worker gets where it goes, who sends it, and why')
FROM test.claims() AS k;
SELECT throws_like($$SELECT bounce.withdraw_letter((test.last()).id, 'anna@office.example', 'no')$$,
                   '%already%', 'while it is sent it cannot be taken back');
SELECT bounce.settle_copy(c.bounce_id, c.claim_id,
                          CASE WHEN c.address ~ 'ben' THEN 'refused' ELSE 'sent' END, '250 ok')
FROM bounce.operator_copy AS c;
SELECT is(test.went(), 'anna@office.example sent 1, ben@office.example dead 1',
          'each has its fate');
SELECT throws_like($$SELECT bounce.withdraw_letter((test.last()).id, 'anna@office.example', 'no')$$,
                   '%already%', 'nor when it is sent');
SELECT is(bounce.withdraw_letter((test.last()).id, 'nobody@office.example', 'no'), false,
          'what was not sent on is not taken back');
SELECT is(bounce.withdraw_letter((test.last()).id, 'BEN@office.example', 'no'), true,
          'what was given up is');
SELECT is(bounce.retry_copies((test.last()).id), 1, 'what is taken back is not sent again');
SELECT is(concat_ws(' ', test.forward('ben@office.example'), test.went()),
          'ben@office.example t anna@office.example waiting 0, ben@office.example waiting 0',
          'but can be sent on anew');
UPDATE bounce.bounce_message SET raw = NULL WHERE id = (test.last()).bounce_message_id;
SELECT throws_like($$SELECT test.forward('e@office.example')$$, '%not kept any more%',
                   'without its text it cannot');
SELECT is((SELECT convert_from(k.raw, 'UTF8') FROM test.claims() AS k WHERE k.address ~ 'ben'),
          'A: b', 'but what waits is whole');

-- Row rules ------------------------------------------------------------------------------------
SELECT test.letter('six');
SELECT throws_ok('UPDATE bounce.operator_copy SET ' || v.change, '23514', NULL, v.change)
FROM (VALUES ($$state = 'lost'$$), ('attempts = -1'), ($$state = 'sent'$$),
             ($$message_id = E'a@b>\r\nBcc: c@d'$$),
             ($$state = 'dead', claim_id = gen_random_uuid()$$),
             ($$state = 'sent', sent_at = now(), raw = 'x'$$), ($$asked_by = 'eva'$$),
             ($$state = 'withdrawn'$$), ($$asked_by = 'eva', why = ''$$)) AS v (change);
SELECT * FROM finish();
ROLLBACK;
