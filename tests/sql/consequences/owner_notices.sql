-- SPDX-License-Identifier: BSD-2-Clause
-- The notice to a process's owner: gathered, sent once, without a return path.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT test.set('owner_notice', 'on', 'invoice'),
       test.set('owner_mailbox', 'billing@example.org', 'invoice');
SELECT test.set('owner_notice', 'on', 'receipt'),
       test.set('owner_mailbox', 'cash@example.org', 'receipt'),
       test.set('owner_notice_interval', '5 minutes', 'receipt');
SELECT test.mail('i' || i, ARRAY[format('i%s@example.com', i)]) FROM generate_series(1, 4) AS i;
SELECT test.mail('r1', '{r1@example.com}', 'receipt'),
       test.mail('n1', '{n1@example.com}', 'newsletter');
CREATE FUNCTION test.fails(address text, reason text DEFAULT 'user_unknown',
                           status text DEFAULT '5.1.1') RETURNS bounce.report_result
                             LANGUAGE sql AS $$
  SELECT test.record(test.report(reason, address, status, "to" => test.return_path(address)))
$$;
CREATE FUNCTION test.notices()
  RETURNS TABLE (id bigint, process text, recipient text, subject text, body text)
  LANGUAGE sql AS $$
  SELECT c.id, c.process, r.address, c.subject, k.body_text FROM bounce.communication AS c
  JOIN bounce.communication_recipient AS r ON r.communication_id = c.id
  JOIN bounce.communication_content AS k ON k.communication_id = c.id ORDER BY c.id
$$;
SELECT test.fails('i1@example.com'), test.fails('i2@example.com', 'mailbox_full', '4.2.2'),
       test.fails('i3@example.com', 'spam_rejected', '5.7.1'),
       test.fails('r1@example.com'), test.fails('n1@example.com');

SELECT is(bounce.send_owner_notices(now() + interval '4 minutes'), 0,
          'nothing at once: it is gathered');
SELECT is(bounce.send_owner_notices(now() + interval '10 minutes'), 1,
          'each process has its interval');
SELECT results_eq('SELECT process, recipient, subject FROM test.notices()', $$
                  VALUES ('receipt', 'cash@example.org', 'Undelivered: Your document')$$,
                  'one mail that failed: its subject');
SELECT test.fails('i4@example.com');
SELECT is(bounce.send_owner_notices(now() + interval '2 hours'), 1,
          'the other process in its time');
SELECT results_eq($$SELECT recipient, subject FROM test.notices() WHERE process = 'invoice'$$, $$
                    VALUES ('billing@example.org', 'Undelivered: 3 mails (invoice)')$$,
                  'one mail for all that failed');
SELECT matches(body, words, words) FROM test.notices(),
       unnest(ARRAY['\* "Your document" \(invoice i1\) of .* to i1@example.com: no such mailbox',
                    '550 5.1.1 the words of the other side', 'to i3@example.com',
  'to i4@example.com',
  'bouncectl tasks --process invoice']) AS words
WHERE process = 'invoice';
SELECT doesnt_match(body, 'i2@', 'what is sent again by itself is not told') FROM test.notices()
WHERE process = 'invoice';
SELECT is(bounce.send_owner_notices(now() + interval '9 hours'), 0, 'once');
SELECT results_eq($$SELECT DISTINCT k.null_sender, k.auto_submitted, k.header_from, c.sender,
                  d.state FROM bounce.communication_content AS k
                  JOIN bounce.communication AS c ON c.id = k.communication_id
                  JOIN bounce.communication_delivery AS d USING (communication_id)$$,
  $$VALUES (true, 'auto-generated', 'Mail Delivery <postmaster@example.org>',
            'postmaster@example.org', 'PENDING')$$,
            'an ordinary communication in the queue, with the null return path (RFC 3834)');
SELECT results_eq($$SELECT recipient_ids IS NOT NULL, envelope_sender
                    FROM bounce.claim_deliveries('here', 'mx', 10)$$, $$
                  VALUES (true, ''), (true, '')$$, 'a worker gets both');
SELECT is((SELECT string_agg(DISTINCT status || ' ' || (notice_id IS NOT NULL) || ' '
                             || (result LIKE 'sent as communication %'), ', ') FROM bounce.follow_up
           WHERE kind = 'owner_notice'), 'done true true', 'the outbox says by which mail');
SELECT matches((SELECT text FROM bounce.communication_log
                WHERE event = 'owner_notice_done'
                AND recipient_id = (test.recipient('i1@example.com')).id),
               '^billing@example.org is told, communication [0-9]+$', 'and so does the story');

-- A notice about a notice would go in circles
SELECT id AS notice FROM test.notices() WHERE process = 'invoice' \gset
UPDATE bounce.recipient_delivery SET state = 'sending' WHERE communication_id = :notice;
SELECT bounce.settle_delivery(c.claim_id, 'mx',
                              jsonb_build_array(jsonb_build_object('recipient_id', r.id, 'outcome',
                                  'rejected', 'response', '550 5.1.1 no such user',
  'document', test.report('user_unknown', 'billing@example.org'))))
    FROM bounce.communication_delivery AS c JOIN bounce.communication_recipient AS r
    USING (communication_id) WHERE c.communication_id = :notice;
SELECT is(test.state('billing@example.org') || ' '
          || test.open_tasks('hard_bounce', 'billing@example.org'), 'bounced hard user_unknown 1',
          'the refused notice is a task');
SELECT is((SELECT count(*) FROM bounce.follow_up WHERE communication_id = :notice), 0::bigint,
          'and no further notice');

-- What is taken back before it was told is not told
SELECT test.mail('u', '{u@example.com}', 'receipt');
SELECT test.fails('u@example.com');
SELECT bounce.undo_bounces(now(), NULL, 'mistake', domain => 'example.com', resend => false);
SELECT is(bounce.send_owner_notices(now() + interval '1 day'), 0,
          'what was taken back is not told');

-- An outage does not make it endless
SELECT ok(length(bounce_internal.owner_notice_text('invoice',
                                                   array_fill(repeat('x', 100),
                                                              ARRAY[5000]))) < 11000,
          'a bounded mail');
SELECT matches(bounce_internal.owner_notice_text('invoice', array_fill('x'::text, ARRAY[101])),
               E'\n... and 1 more.\n', 'that says how many more there are');

-- Not in a bounce domain, where the milter would read it
SELECT throws_ok($$SELECT bounce.set_parameter('owner_mailbox', 'me@bounces.example.org',
                                               'receipt')$$, '22023', NULL,
                 'an owner in a bounce domain is refused');
SELECT throws_ok($$SELECT bounce.set_parameter('bounce_domain',
                                               'bounces.example.org, example.org')$$, '22023', NULL,
                 'and a bounce domain with an owner in it');

SELECT * FROM finish();
ROLLBACK;
