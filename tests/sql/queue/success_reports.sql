-- SPDX-License-Identifier: BSD-2-Clause
-- A report of success is asked for where a process wants it, and kept for each recipient.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.queued(process text) RETURNS bigint LANGUAGE sql AS $$
  SELECT bounce.submit_communication(process => $1, recipients => '{a@x.example,b@x.example}',
                                     sender => 'o@example.org', subject => 'S', body_text => 'T')
$$;
CREATE FUNCTION test.success(address text, action text, trusted boolean DEFAULT true)
RETURNS void LANGUAGE sql AS $$
  SELECT test.record(test.report('delivered', address, '2.0.0', action, kind => 'success',
           "to" => CASE WHEN trusted THEN test.return_path(address)
                        ELSE 'bounce@bounces.example.org' END))
$$;
SELECT test.set('report_delivered', 'on', 'newsletter');
SELECT test.queued('invoice');
CREATE TEMPORARY TABLE mail AS SELECT test.queued('newsletter') AS id;
CREATE TEMPORARY TABLE item AS SELECT * FROM bounce.claim_deliveries('w', 's', 10);
SELECT is((SELECT string_agg(DISTINCT process || ' ' || asks_success, ', ') FROM item),
          'invoice false, newsletter true', 'asked for where the process wants it');

SELECT bounce.begin_delivery(i.claim_id, i.recipient_ids),
       bounce.settle_delivery(i.claim_id, 's',
         jsonb_build_array(jsonb_build_object('recipient_id', i.recipient_ids[1],
                                              'outcome', 'accepted', 'response', '250 ok')))
FROM item AS i WHERE i.process = 'newsletter';
CREATE FUNCTION test.delivered() RETURNS jsonb LANGUAGE sql AS $$
  SELECT d.json -> 'info' -> 'delivered' FROM bounce.delivery AS d, mail AS m
  WHERE d.communication_id = m.id
$$;
SELECT is(test.delivered(), '[]'::jsonb, 'nobody has said so yet');
SELECT test.success('a@x.example', 'relayed');
SELECT test.success('b@x.example', 'delivered', trusted => false);
SELECT is(test.delivered(), '[]'::jsonb, 'relayed is not delivered, and a stranger proves nothing');
SELECT test.success('a@x.example', 'delivered');
SELECT is(test.delivered(), '["a@x.example"]'::jsonb, 'one of them');
SELECT ok((test.recipient('a@x.example')).delivered_at IS NOT NULL
          AND (test.recipient('b@x.example')).delivered_at IS NULL, 'for each recipient');
SELECT is((SELECT count(*) FROM bounce.communication_story((SELECT id FROM mail)) AS s
           WHERE s.event = 'delivered' AND s.recipient = 'a@x.example'), 1::bigint, 'in the story');
SELECT test.record(test.report('user_unknown', 'a@x.example',
                               "to" => test.return_path('a@x.example')));
SELECT is(test.delivered(), '[]'::jsonb, 'what came back all the same is not delivered');

SELECT * FROM finish();
ROLLBACK;
