-- SPDX-License-Identifier: BSD-2-Clause
-- What an application reads of a delivery and may correct; one notice at the end.
BEGIN;
\ir ../lib/helper.psql
\ir ../lib/queue.psql
SELECT * FROM no_plan();
SELECT test.set('owner_mailbox', 'owner@example.org', 'invoice'),
       test.set('delivery_notice', 'on', 'invoice');

CREATE FUNCTION test.info(id bigint, list text) RETURNS text LANGUAGE sql AS $$
  SELECT d.info ->> list FROM bounce.delivery AS d WHERE d.communication_id = id
$$;
CREATE FUNCTION test.notices() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM bounce.communication_content WHERE notice IS NOT NULL
$$;

-- One notice, when nothing is left to try
SELECT test.submit('{dead@a.example,late@a.example,good@a.example}') AS mail \gset
SELECT count(*) FROM test.claim();
SELECT test.begin(:mail);
SELECT ok(q.first_try_at IS NOT NULL AND q.last_try_at = q.first_try_at, 'the first try')
FROM test.delivery('dead@a.example') AS q;
SELECT test.settle('dead@a.example', 'rejected', '550 5.1.1 none', 'user_unknown', '5.1.1'),
       test.settle('late@a.example', 'pending', '451 4.7.1 later', 'greylisted', '4.7.1'),
       test.settle('good@a.example', 'accepted');
SELECT is(test.notices(), 0::bigint, 'one recipient waits: no notice yet');
SELECT test.make_due();
UPDATE bounce.recipient_delivery SET first_try_at = now() - interval '1 hour';
SELECT test.deliver(:mail, 'late@a.example', 'rejected', '550 5.1.1 none', 'user_unknown', '5.1.1');
SELECT ok(q.last_try_at > q.first_try_at, 'the last try moves, the first stays')
FROM test.delivery('late@a.example') AS q;
SELECT results_eq($$SELECT header_to, (SELECT string_agg(r ->> 'address', ' ')
                                       FROM jsonb_array_elements(notice -> 'recipients') AS r)
                    FROM bounce.communication_content WHERE notice IS NOT NULL$$,
                  $$VALUES ('{owner@example.org}'::text[], 'dead@a.example late@a.example')$$,
                  'one, with all that have failed');
SELECT is((SELECT count(*) FROM bounce.delivery), 1::bigint, 'a notice is no mail of the process');
SELECT test.set('delivery_notice_to', 'sender', 'invoice');
SELECT test.submit('{gone@b.example}') AS other \gset
SELECT test.deliver(:other, 'gone@b.example', 'rejected', '550 5.1.1 none', 'user_unknown',
                    '5.1.1');
SELECT is((SELECT header_to FROM bounce.communication_content WHERE notice IS NOT NULL
           ORDER BY communication_id DESC LIMIT 1), '{office@example.org}', 'or to the sender');

-- One that came back while another was still tried
SELECT test.submit('{early@e.example,slow@e.example}') AS early \gset
SELECT count(*) FROM test.claim();
SELECT test.begin(:early);
SELECT test.settle('early@e.example', 'accepted'),
       test.settle('slow@e.example', 'pending', '451 4.7.1 later', 'greylisted', '4.7.1');
SELECT test.record(test.report('user_unknown', 'early@e.example', '5.1.1',
                               "to" => test.return_path('early@e.example')));
SELECT is(test.notices(), 2::bigint, 'it came back, and one waits: no notice yet');
SELECT test.make_due();
SELECT test.deliver(:early, 'slow@e.example', 'accepted');
SELECT results_eq($$SELECT r ->> 'address', r ->> 'status', r ->> 'diagnostic'
                    FROM bounce.communication_content AS k,
                         jsonb_array_elements(k.notice -> 'recipients') AS r
                    WHERE k.notice -> 'original' ->> 'to' ~ 'early'$$,
                  $$VALUES ('early@e.example', '5.1.1', 'the words of the other side')$$,
                  'one at the end, with the words of the report');

-- The last one that waited ends outside of a claim: by its bounce, by a block, by a correction
CREATE FUNCTION test.told(about text) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(format('%s %s', r ->> 'address', r ->> 'diagnostic'), ', '
                             ORDER BY k.communication_id, n.place), 'nobody')
  FROM bounce.communication_content AS k,
       jsonb_array_elements(k.notice -> 'recipients') WITH ORDINALITY AS n (r, place)
  WHERE k.notice -> 'original' ->> 'to' ~ about
$$;
-- one is refused for good, one is put off
CREATE FUNCTION test.one_waits(domain text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  mail CONSTANT bigint := test.submit(ARRAY['a@' || domain, 'b@' || domain]);
BEGIN
  PERFORM test.claim();
  PERFORM test.begin(mail);
  PERFORM test.settle('a@' || domain, 'rejected', '550 5.6.0 no', 'content_rejected', '5.6.0');
  PERFORM test.settle('b@' || domain, 'pending', '450 4.2.0 later', 'system_error', '4.2.0');
  RETURN mail;
END $$;
SELECT test.submit('{a@bounced.example,b@bounced.example}') AS mail \gset
SELECT count(*) FROM test.claim();
SELECT test.begin(:mail);
SELECT test.settle('b@bounced.example', 'accepted');
SELECT test.record(test.report('mailbox_full', 'b@bounced.example', '4.2.2',
                               "to" => test.return_path('b@bounced.example')));
SELECT test.settle('a@bounced.example', 'rejected', '550 5.6.0 no', 'content_rejected', '5.6.0');
SELECT is(test.told('bounced.example'), 'nobody', 'a resend waits: no notice yet');
SELECT test.record(test.report('user_unknown', 'b@bounced.example', '5.1.1',
                               "to" => test.return_path('b@bounced.example')));
SELECT is(test.told('bounced.example'),
          'a@bounced.example 550 5.6.0 no, b@bounced.example the words of the other side',
          'a bounce ended it: the notice tells of both');
SELECT test.one_waits('blocked.example');
SELECT bounce.block_address('b@blocked.example', 'asked for'), test.make_due();
SELECT is((SELECT count(*) FROM test.claim()), 0::bigint, 'the last one is blocked');
SELECT is(test.told('blocked.example'),
          'a@blocked.example 550 5.6.0 no, b@blocked.example the address is blocked',
          'then the notice tells of all');
SELECT test.submit('{b@blocked.example,c@blocked.example}') AS mail \gset
SELECT test.notices() AS so_far \gset
SELECT test.claim();
SELECT is(test.notices(), :so_far::bigint, 'one is being sent to: no notice yet');
SELECT test.begin(:mail), test.settle('c@blocked.example', 'accepted');
SELECT is((SELECT k.notice -> 'recipients' FROM bounce.communication_content AS k
           WHERE k.notice -> 'original' ->> 'to' = 'b@blocked.example'),
          '[{"address": "b@blocked.example", "action": "failed", "status": "5.7.1",
             "diagnostic": "the address is blocked"}]',
          'it tells of one whom a block kept from getting it, without a server''s words');
SELECT test.one_waits('corrected.example') AS mail \gset
SELECT bounce.change_recipient(:mail, 'b@corrected.example', 'c@corrected.example', 'typo');
SELECT is(test.told('corrected.example'), 'nobody', 'a corrected one waits: no notice yet');
SELECT test.deliver(:mail, 'c@corrected.example', 'accepted');
SELECT is(test.told('corrected.example'), 'a@corrected.example 550 5.6.0 no', 'and then one');
SELECT test.one_waits('undone.example') AS mail \gset
SELECT bounce.cancel_communication(:mail);
SELECT is(test.told('undone.example'),
          'a@undone.example 550 5.6.0 no, b@undone.example cancelled by ' || session_user,
          'cancelled: the same');

-- Taken, and came back
SELECT test.submit('{back@c.example}') AS back \gset
SELECT test.deliver(:back, 'back@c.example', 'accepted');
SELECT is(test.info(:back, 'accepted'), '["back@c.example"]', 'it is accepted');
SELECT test.record(test.report('user_unknown', 'back@c.example', '5.1.1',
                               "to" => test.return_path('back@c.example')));
SELECT results_eq(format($$SELECT info ->> 'accepted', came_back::text, json ->> 'cameBack',
                           error FROM bounce.delivery WHERE communication_id = %s$$, :back),
  $$VALUES ('[]', '["back@c.example"]', '["back@c.example"]',
            'back@c.example came back: the words of the other side')$$, 'and then it came back');

SELECT test.submit('{no@both.example,back@both.example,soft@both.example}') AS mail \gset
SELECT count(*) FROM test.claim();
SELECT test.begin(:mail);
SELECT test.settle('no@both.example', 'rejected', '550 5.6.0 no', 'content_rejected', '5.6.0'),
       test.settle('back@both.example', 'accepted'), test.settle('soft@both.example', 'accepted');
SELECT test.record(test.report('mailbox_full', 'soft@both.example', '4.2.2',
                               "to" => test.return_path('soft@both.example')));
CREATE FUNCTION test.said(id bigint) RETURNS text LANGUAGE sql AS $$
  SELECT state || ' ' || (json ->> 'error') FROM bounce.delivery
  WHERE communication_id = id AND error = json ->> 'error'
$$;
SELECT is(test.said(:mail), E'RETRY no@both.example: 550 5.6.0 no\n'
          'soft@both.example came back: the words of the other side',
          'of one who waits for a resend, too');
SELECT test.record(test.report('user_unknown', 'back@both.example', '5.1.1',
                               "to" => test.return_path('back@both.example')));
SELECT is(test.said(:mail), E'RETRY no@both.example: 550 5.6.0 no\n'
          'back@both.example came back: the words of the other side\n'
          'soft@both.example came back: the words of the other side', 'beside one who was refused');
SELECT test.make_due();
SELECT test.deliver(:mail, 'soft@both.example', 'accepted');
SELECT is(test.said(:mail), E'SUCCESS no@both.example: 550 5.6.0 no\n'
          'back@both.example came back: the words of the other side', 'until it got it');
SELECT bounce.lift_block('back@both.example', 'works');
UPDATE bounce.delivery SET state = 'RETRY' WHERE communication_id = :mail;
SELECT is(test.said(:mail), E'RETRY no@both.example: 550 5.6.0 no\n'
          'back@both.example came back: the words of the other side',
          'set to RETRY: it stays until it is tried');

-- Corrected by its application, and sent again
SET LOCAL ROLE bounce_application;
SELECT bounce.correct_content(:back, subject => 'The right one', body_text => 'right');
SELECT bounce.change_recipient(:back, 'back@c.example', 'right@c.example', 'typo');
RESET ROLE;
SELECT results_eq(format($$SELECT c.subject, k.body_text, k.header_to FROM bounce.communication AS c
                           JOIN bounce.communication_content AS k ON k.communication_id = c.id
                           WHERE c.id = %s$$, :back),
                  $$VALUES ('The right one', 'right', '{right@c.example}'::text[])$$, 'corrected');
SELECT is((SELECT state FROM bounce.delivery WHERE communication_id = :back), 'RETRY',
          'it goes out again');
SELECT test.deliver(:back, 'right@c.example', 'accepted');
SELECT is(test.info(:back, 'accepted'), '["right@c.example"]', 'to the new address');
SELECT is((SELECT string_agg(event, ' ' ORDER BY id) FROM bounce.communication_log
           WHERE communication_id = :back AND event IN ('content_changed', 'corrected', 'resent',
                                                        'sent')),
          'sent content_changed corrected sent', 'the old one stays in the story');
-- one that waits
SELECT test.submit('{Wrong <wrong@d.example>}') AS waiting \gset
SELECT bounce.change_recipient(:waiting, 'wrong@d.example', 'right@d.example', 'typo');
SELECT is((SELECT array_agg(a) FROM test.claim() AS c, unnest(c.addresses) AS a
           WHERE c.communication_id = :waiting), '{right@d.example}',
          'what waited for the old address is not sent there');
SELECT throws_ok(format('SELECT bounce.correct_content(%s, %L)', :waiting, 'x'), '23514', NULL,
                 'not while it is being sent');
SELECT throws_ok(format('SELECT bounce.change_recipient(%s, %L, %L, %L)', :waiting,
                        'right@d.example', 'x@d.example', 'x'), '22023', NULL, 'nor the address');
SELECT throws_ok('SELECT bounce.correct_content(0)', 'P0002', NULL, 'one that is not there');

-- The Message-ID is that of the send that was delivered
SELECT test.submit('{twice@e.example}') AS twice \gset
SELECT test.deliver(:twice, 'twice@e.example', 'accepted');
SELECT test.info(:twice, 'message_id') AS first_id \gset
UPDATE bounce.delivery SET state = 'RETRY' WHERE communication_id = :twice;
SELECT test.deliver(:twice, 'twice@e.example', 'accepted');
SELECT isnt(test.info(:twice, 'message_id'), :'first_id', 'of the second');
SELECT is(test.info(:twice, 'message_id'),
          (SELECT message_id FROM bounce.communication_message_id
           WHERE communication_id = :twice AND attempt = 2), 'the one it went out with');

SELECT * FROM finish();
ROLLBACK;
