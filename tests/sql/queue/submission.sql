-- SPDX-License-Identifier: BSD-2-Clause
-- Handing over: what is taken, what is refused with which words, what fails later.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/queue.psql

-- the caller's mistakes, in one line each
CREATE FUNCTION test.complaint(arguments text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$SELECT bounce.submit_communication(process => 'invoice',
                                                       sender => 'Office <office@example.org>',
                                                       %s)$q$, arguments);
  RAISE EXCEPTION 'taken' USING ERRCODE = 'BM002';
EXCEPTION
  WHEN SQLSTATE 'BM002' THEN RETURN 'taken';
  WHEN OTHERS THEN RETURN concat_ws(' ', SQLSTATE, SQLERRM);
END
$$;
SELECT matches(test.complaint($$recipients => '{a@example.com}', $$ || arguments),
               pattern, arguments)
FROM (VALUES
  ($$subject => 'x'$$,
   '^22023 there is nothing to send: neither raw nor body_text, body_html or attachments$'),
  ($$raw => 'A: b', body_text => 'x'$$, '^22023 raw is a whole message: '),
  ($$raw => 'A: b', body_html => ''$$, '^22023 raw is a whole message: '),
  ($$raw => 'A: b', attachments => '[{"content": "x"}]'$$, '^22023 raw is a whole message: '),
  ($$raw => ''$$, '^22023 raw is empty$'),
  ($$raw => '\x413a20000a'$$, '^22023 raw has a NUL at byte 4,'),
  ($$raw => 'A: b'$$, '^taken$'),
  ($$body_text => ''$$, '^taken$'),
  ($$body_text => 'x', attachments => NULL, cc => NULL, bcc => NULL, reply_to => NULL,
   subject => NULL, business_ref => NULL, auto_submitted => NULL$$, '^taken$'),
  ($$attachments => '[{"content": "x"}]'$$, '^taken$'),
  ($$attachments => '[{"filename": "a.pdf", "contentType": "application/pdf", "content": '
                    '"JVBE\nRg==", "encoding": "base64", "cid": "a@b"}]'$$, '^taken$'),
  ($$attachments => '{"content": "x"}'$$,
   '^22023 attachments: an array is wanted, not something of type object$'),
  ($$attachments => '"x"'$$, '^22023 attachments: an array is wanted'),
  ($$attachments => 'null'$$, '^22023 attachments: an array is wanted'),
  ($$attachments => '[{"content": "x"}, "y"]'$$,
   '^22023 attachment 2 is not an object but of type string$'),
  ($$attachments => '[{"path": "/etc/passwd"}]'$$,
   '^22023 attachment 1 has "path", which is not known'),
  ($$attachments => '[{"filename": "x"}]'$$, '^22023 attachment 1 has no content$'),
  ($$attachments => '[{"content": null}]'$$,
   '^22023 attachment 1 has a content that is not a string$'),
  ($$attachments => '[{"content": "x", "filename": 7}]'$$,
   '^22023 attachment 1 has a filename that is not a string$'),
  ($$attachments => '[{"content": "x", "encoding": "hex"}]'$$,
   '^22023 attachment 1 has the encoding "hex"'),
  ($$attachments => '[{"content": "x*", "encoding": "base64"}]'$$,
   '^22023 attachment 1 has a content that is not base64$'),
  ($$attachments => '[{"content": "abc", "encoding": "base64"}]'$$,
   '^22023 attachment 1 has a content that is not base64$'),
  ($$attachments => '[{"content": "x", "contentType": "pdf"}]'$$,
   '^22023 attachment 1 has the contentType "pdf"'),
  ($$attachments => '[{"content": "x", "contentType": "a/b\r\nX: y"}]'$$,
   '^22023 attachment 1 has the contentType'),
  ($$attachments => '[{"content": "x", "cid": "a b"}]'$$, '^22023 attachment 1 has a cid with'),
  ($$attachments => jsonb_build_array(jsonb_build_object('content', 'x', 'filename',
                                                         repeat('x', 300)))$$,
   '^22023 attachment 1 has a filename of more'),
  ($$body_text => 'x', priority => 1000000$$,
   '^22023 priority 1000000 is not between -100 and 100$'),
  ($$body_text => 'x', auto_submitted => 'yes'$$, '^22023 auto_submitted is "yes"'),
  ($$body_text => 'x', not_before => 'infinity'$$, '^22023 not_before is infinity'),
  ($$body_text => 'x', business_ref => repeat('x', 501)$$, '^22023 business_ref has more'),
  ($$body_text => 'x', subject => repeat('x', 2001)$$, '^22023 subject has more'),
  ($$body_text => 'x', reply_to => 'nobody'$$, '^23514 "nobody" is not a mail address$'),
  ($$body_text => 'x', reply_to => 'Anna <anna@example.org>'$$, '^taken$'),
  ($$body_text => repeat('x', 30000000)$$,
   '^54000 the content has 30000000 bytes, more than delivery_max_bytes allows: 26214400$')) AS v (
       arguments, pattern);

-- addresses
SELECT matches(test.complaint(format('body_text => %L, recipients => %L::text[]', 'x',
                                     ARRAY[address])), pattern, address)
FROM (VALUES
  ('anna@example.com', '^taken'), ('Anna <anna@example.com>', '^taken'),
  ('"Example, Anna" <anna@example.com>', '^taken'), ('<anna@example.com>', '^taken'),
  ('Jörg Müller <j@example.com>', '^taken'), ('anna+tag@example.com', '^taken'),
  ('o''hara@example.com', '^taken'), ('a@[192.0.2.1]', '^taken'), ('a@localhost', '^taken'),
  ('anna@bücher.example', '^taken'), ('jörg@bücher.example', '^taken'),
  ('anna@xn--bcher-kva.example', '^taken'),
  ('', '^23514 "" is not'), (NULL, '^23514 "NULL" is not'), ('anna', '^23514'),
  ('@example.com', '^23514'), ('anna@', '^23514'), ('a@b@c.example', '^23514'),
  ('a b@example.com', '^23514'),
  ('a@example.com, b@example.com', '^23514'), ('a@example..com', '^23514'),
  ('a@.example.com', '^23514'), ('a@example.com.', '^23514'),
  (E'a@example.com\r\nRCPT TO:b@example.com', '^23514'),
  (E'Anna\r\nBcc: b@example.com <a@example.com>', '^taken'),
  ('Anna <anna@example.com> and Ben', '^23514'),
  (repeat('a', 65) || '@example.com', '^23514'),
  ('"a b"@example.com', '^23514')) AS v (address, pattern);
SELECT is(test.complaint($$body_text => 'x', recipients => '{}'$$),
          '23514 a communication needs at least one recipient', 'nobody');
SELECT is(test.complaint($$body_text => 'x', recipients => NULL$$),
          '23514 a communication needs at least one recipient', 'nobody at all');
SELECT is(test.complaint($$body_text => 'x', recipients => '{}', bcc => '{b@example.com}'$$),
          'taken', 'bcc alone');
SELECT throws_ok($$SELECT bounce.submit_communication('invoice', '{a@example.com}',
                                                      'jörg@example.org', body_text => 'x')$$,
                 '0A000', NULL, 'a sender that needs SMTPUTF8');
SELECT throws_ok($$SELECT bounce.submit_communication('invoice', '{a@example.com}', '',
                                                      body_text => 'x')$$, '23514', NULL,
                 'no sender');
SELECT throws_ok($$SELECT bounce.submit_communication(NULL, '{a@example.com}', 'a@example.org',
                                                      body_text => 'x')$$, '23503', NULL,
                 'no process');

-- each address once, in the order to, cc, bcc; names without line breaks
SELECT bounce.submit_communication('invoice',
                                   ARRAY['Anna <anna@example.com>', 'ANNA@Example.com',
                                         E'Eve\r\nBcc: x@example.com <eve@example.com>'],
                                   'Büro <office@bücher.example>', E'one\r\ntwo',
                                   body_text => 'x', cc => '{ben@example.com,anna@example.com}',
                                   bcc => '{ben@example.com,cleo@example.com}') AS m \gset
SELECT results_eq(format(
    'SELECT address, kind FROM bounce.communication_recipient WHERE communication_id = %s ORDER BY '
    'id', :m),
  $$VALUES ('anna@example.com', 'to'), ('eve@example.com', 'to'), ('ben@example.com', 'cc'),
  ('cleo@example.com', 'bcc')$$, 'each address once');
SELECT is_empty(format($$SELECT * FROM bounce.communication_content
                         WHERE communication_id = %s
                       AND concat(header_from, header_to, header_cc) ~ '[[:cntrl:]]'$$, :m),
                'no line break in a header');
SELECT is((SELECT subject FROM bounce.communication WHERE id = :m), 'one two',
          'nor in the subject');
SELECT matches((SELECT message_id FROM bounce.communication WHERE id = :m),
               '^[0-9a-f]{32}@bounces.example.org$',
               'a Message-ID is ASCII, whatever the sender''s domain');

-- a file goes out as what it was handed over as
SELECT bounce.submit_communication(
  'invoice', '{file@example.com}', 'office@example.org', body_text => 'x', priority => 80,
  attachments => '[{"filename": "a.pdf", "contentType": "application/pdf", "content": "x",
                    "cid": "a"}]') AS a \gset
SELECT results_eq(
  $$SELECT b.attachments #- '{0,content}'
    FROM test.claim(1) AS i, bounce.begin_delivery(i.claim_id, i.recipient_ids) AS b$$,
  $$VALUES ('[{"filename": "a.pdf", "content_type": "application/pdf", "content_id": "a"}]'::jsonb)
  $$, 'its type and name reach the worker');

-- an address that only SMTPUTF8 can carry: whether the server offers it, the worker sees
SELECT test.submit('{jörg@example.com,anna@bücher.example}') AS k \gset
UPDATE bounce.communication_delivery SET priority = 50 WHERE communication_id = :k;
SELECT is((SELECT array_agg(addresses[1] ORDER BY addresses[1]) FROM test.claim(1)),
          '{anna@bücher.example,jörg@example.com}', 'it is sent to like any other');

-- many
SELECT bounce.submit_communication('newsletter',
                                   ARRAY(SELECT format('Reader %s <r%s@example.com>', i, i)
                                         FROM generate_series(1, 1500) AS i), 'news@example.org',
                                   'n', 'x', priority => 60) AS n \gset
SELECT is((SELECT count(*) FROM test.claim(1)), 1500::bigint,
          'fifteen hundred recipients: a transaction for each');
SELECT bounce.release_claim(claim_id) FROM bounce.communication_delivery
WHERE communication_id = :n;
SELECT test.set('bounce_domain', '');
SELECT results_eq('SELECT cardinality(recipient_ids) FROM test.claim(1)',
                  'SELECT 100 FROM generate_series(1, 15)',
                  'without tokens in hundreds, as many as every server takes (RFC 5321 section '
                  '4.5.3.1.8)');

SELECT * FROM finish();
ROLLBACK;
