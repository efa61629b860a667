-- SPDX-License-Identifier: BSD-2-Clause
--
-- The system parameters, one call each; types and limits are enforced by
-- bounce.system_parameter. Applied anew whenever a text changes: the definitions
-- follow, the values that somebody has set stay.

-- Receiving bounces ---------------------------------------------------------------

SELECT bounce_internal.define_parameter('bounce_domain', 'domain_list', '',
  description => 'domains whose mail is read as bounces, separated by commas; mail for any other '
                 'domain passes untouched. The first one is used in return paths');
SELECT bounce_internal.define_parameter('operator_mailbox', 'address', '',
  description => 'where a report that nobody can classify is forwarded; empty: it is delivered '
                 'to the address it was sent to');
SELECT bounce_internal.define_parameter('operator_copy', 'enum', 'mta',
  allowed => '{mta,smtp}',
  description => 'how it gets there. mta: by the server that takes the mail in (the milter''s MTA, '
                 'sendmail for bouncectl intake, bounce-fetch''s server); smtp: it is queued here '
                 'as it is recorded, and bounce-delivery sends it to its smtp_host');
SELECT bounce_internal.define_parameter('operator_copy_delay', 'interval', '1 minute',
  minimum => '1 second', maximum => '1 day',
  description => 'with smtp: pause after a copy that could not be sent; twice as long after each '
                 'further attempt');
SELECT bounce_internal.define_parameter('operator_copy_max_delay', 'interval', '1 hour',
  minimum => '1 second', maximum => '7 days',
  description => 'longest pause between two attempts');
SELECT bounce_internal.define_parameter('operator_copy_lifetime', 'interval', '5 days',
  minimum => '1 minute', maximum => '90 days',
  description => 'a copy that could not be sent for so long is given up, and a task says so');
SELECT bounce_internal.define_parameter('operator_copy_late', 'interval', '2 hours',
  minimum => '1 minute', maximum => '90 days',
  description => 'status and audit name copies that have waited for so long');
SELECT bounce_internal.define_parameter('deliver_stored', 'boolean', 'off',
  description => 'deliver reports to their address also when they were classified and stored');
SELECT bounce_internal.define_parameter('raw_max_bytes', 'integer', '1048576',
  minimum => '0', maximum => '104857600',
  description => 'bytes of each report that are kept as received');
SELECT bounce_internal.define_parameter('raw_max_bytes_per_hour', 'integer', '10485760',
  minimum => '0', maximum => '2147483647',
  description => 'bytes of reports of one class that are kept as received within an hour, where '
                 'they prove nothing, change no recipient, or nobody can classify them; beyond '
                 'that the first 16 kB of each');
SELECT bounce_internal.define_parameter('operator_max_per_hour', 'integer', '60',
  minimum => '0', maximum => '1000000',
  description => 'unclassified reports that are forwarded, or delivered, within an hour; what '
                 'comes beyond is stored, and one task tells of all of it');
SELECT bounce_internal.define_parameter('operator_max_bytes_per_hour', 'integer', '10485760',
  minimum => '0', maximum => '2147483647',
  description => 'bytes of unclassified reports that are forwarded, or delivered, within an hour; '
                 'beyond that those above 16 kB are stored, and one task tells of all of them');
SELECT bounce_internal.define_parameter('address_match_window', 'interval', '7 days',
  minimum => '1 hour', maximum => '90 days',
  description => 'a report that only names an address is matched with the one communication sent '
                 'there in this time, if it is one');
SELECT bounce_internal.define_parameter('mark_min_trust', 'enum', 'message_id',
  allowed => '{message_id,own_mta,token}', per_process => true,
  description => 'least trust in a report that may mark a recipient as bounced');

-- Return paths --------------------------------------------------------------------

SELECT bounce_internal.define_parameter('return_path_prefix', 'text', 'bounce+',
  pattern => '[A-Za-z0-9._=+-]{0,28}',
  description => 'what stands before the token in the local part of a return path');
SELECT bounce_internal.define_parameter('token_lifetime', 'interval', '90 days',
  minimum => '7 days', maximum => '10 years',
  description => 'how long a return path counts as proof; well beyond queue lifetime plus all '
                 'resends. An older one still finds its communication');
SELECT bounce_internal.define_parameter('refuse_bad_token', 'boolean', 'off',
  description => 'refuse a recipient at RCPT whose return path is malformed or was not signed by '
                 'us, instead of taking the report without trust');

-- Blocks --------------------------------------------------------------------------

SELECT bounce_internal.define_parameter('block_hard', 'boolean', 'on',
  per_process => true,
  description => 'block the address of a recipient that bounced hard');
SELECT bounce_internal.define_parameter('block_min_trust', 'enum', 'own_mta',
  allowed => '{message_id,own_mta,token}', per_process => true,
  description => 'least trust in a report that may block an address');
SELECT bounce_internal.define_parameter('block_lifetime', 'interval', '0 seconds',
  minimum => '0 seconds', maximum => '3650 days', per_process => true,
  description => 'how long a bounce blocks an address; 0: until somebody lifts the block');
SELECT bounce_internal.define_parameter('block_exempt', 'boolean', 'off',
  per_process => true,
  description => 'mail of this process (legal notices) may be sent to blocked addresses too; its '
                 'own bounces block as block_hard says');

-- Complaints, and soft bounces over several mails ----------------------------------

SELECT bounce_internal.define_parameter('complaint', 'enum', 'log',
  allowed => '{log,task,block,block_all}', per_process => true,
  description => 'when a recipient calls a mail spam (ARF): log it; make a task; block: this '
                 'process may not write there any more; block_all: none may. The application '
                 'hears of it by follow_up_kinds. Feedback "not-spam" is no complaint');
SELECT bounce_internal.define_parameter('auto_reply_task', 'boolean', 'on', per_process => true,
  description => 'when an automatic reply says that the person has left or has another address, '
                 'make a task; the same reply again makes none');
SELECT bounce_internal.define_parameter('soft_score', 'enum', 'task',
  allowed => '{off,task,block}', per_process => true,
  description => 'what follows when the score of an address reaches soft_score_threshold: a task, '
                 'or a block, after a probe; off: soft bounces are not counted over several mails');
SELECT bounce_internal.define_parameter('soft_score_points', 'number', '1',
  minimum => '0', maximum => '100', per_process => true,
  description => 'what a day with soft bounces adds to the score of an address');
SELECT bounce_internal.define_parameter('soft_score_decay', 'number', '0.25',
  minimum => '0', maximum => '100', per_process => true,
  description => 'what a day without a soft bounce takes from the score');
SELECT bounce_internal.define_parameter('soft_score_threshold', 'number', '5',
  minimum => '1', maximum => '1000', per_process => true,
  description => 'the score from which on soft_score says what follows');
SELECT bounce_internal.define_parameter('soft_score_probe', 'interval', '30 days',
  minimum => '0 seconds', maximum => '365 days', per_process => true,
  description => 'before soft_score blocks an address, one more mail to it must bounce within this '
                 'time; 0: it is blocked at once');

-- Resends after a soft bounce -----------------------------------------------------

SELECT bounce_internal.define_parameter('resend', 'boolean', 'on',
  per_process => true,
  description => 'schedule a resend after a soft bounce');
SELECT bounce_internal.define_parameter('resend_min_trust', 'enum', 'message_id',
  allowed => '{message_id,own_mta,token}', per_process => true,
  description => 'least trust in a report that may schedule a resend');
SELECT bounce_internal.define_parameter('resend_max_attempts', 'integer', '3',
  minimum => '0', maximum => '100', per_process => true,
  description => 'resends of one communication to one recipient, the first send not counted; '
                 'then a task resend_exhausted');
SELECT bounce_internal.define_parameter('resend_initial_delay', 'interval', '4 hours',
  minimum => '1 second', maximum => '30 days', per_process => true,
  description => 'from the first soft bounce to the resend');
SELECT bounce_internal.define_parameter('resend_factor', 'number', '2',
  minimum => '1', maximum => '10', per_process => true,
  description => 'each further delay is the one before times this');
SELECT bounce_internal.define_parameter('resend_max_delay', 'interval', '2 days',
  minimum => '1 second', maximum => '90 days', per_process => true,
  description => 'no delay is longer than this');
SELECT bounce_internal.define_parameter('resend_jitter', 'number', '0.1',
  minimum => '0', maximum => '0.5', per_process => true,
  description => 'each delay before a resend is made longer or shorter by up to this fraction, '
                 'so that not all go out at once');
SELECT bounce_internal.define_parameter('resend_after_block', 'interval', '30 days',
  minimum => '0 seconds', maximum => '3650 days', per_process => true,
  description => 'a mail that was not sent because its address was blocked is sent when the '
                 'block is lifted, unless it was refused longer ago than this');

-- Tasks, follow-ups and notices ---------------------------------------------------

SELECT bounce_internal.define_parameter('task_due', 'interval', '3 days',
  minimum => '1 hour', maximum => '365 days', per_process => true,
  description => 'from the making of a task to its due date');
SELECT bounce_internal.define_parameter('follow_up', 'boolean', 'off',
  per_process => true,
  description => 'write a row of bounce.follow_up for the application at the ends of its mails '
                 'that follow_up_kinds names');
SELECT bounce_internal.define_parameter('follow_up_kinds', 'text',
  'hard_bounce,resend_exhausted,technical,blocked,corrected,block_lifted,complaint,has_left',
  pattern => (SELECT format('(?:%1$s)(?:,(?:%1$s))*',
                            array_to_string(array_remove(bounce_internal.follow_up_kinds(),
                                                         'owner_notice'), '|'))),
  per_process => true,
  description => 'the kinds of follow-ups that an application wants, with commas between them');
SELECT bounce_internal.define_parameter('resend_notify', 'boolean', 'off',
  per_process => true,
  description => 'NOTIFY bounce_resend when a resend of a mail is scheduled that its application '
                 'sends itself. COMMITs with a notification wait for each other');
SELECT bounce_internal.define_parameter('resend_overdue', 'interval', '1 hour',
  minimum => '1 minute', maximum => '30 days',
  description => 'bouncectl status warns when a registered mail is due to be sent again for longer '
                 'than this, and nobody has claimed it');
SELECT bounce_internal.define_parameter('owner_mailbox', 'address', '',
  per_process => true,
  description => 'mailbox of the people behind a process; empty: they get no notices');
SELECT bounce_internal.define_parameter('owner_notice', 'boolean', 'off',
  per_process => true,
  description => 'tell owner_mailbox by mail what has failed for good: one mail per '
                 'owner_notice_interval, sent by bounce-delivery');
SELECT bounce_internal.define_parameter('owner_notice_interval', 'interval', '1 hour',
  minimum => '1 second', maximum => '7 days', per_process => true,
  description => 'how long what has failed is gathered before owner_mailbox gets it, as one mail');
SELECT bounce_internal.define_parameter('delivery_notice', 'boolean', 'off',
  per_process => true,
  description => 'send a non-delivery notice (RFC 3464) when nothing of a mail is left to try: one '
                 'for all recipients that the submission server has refused for good, that are '
                 'blocked, or whose mail came back until then; owner_notice tells of what comes '
                 'back later');
SELECT bounce_internal.define_parameter('delivery_notice_to', 'enum', 'owner',
  allowed => '{owner,sender}', per_process => true,
  description => 'who gets the non-delivery notices: owner (owner_mailbox) or sender, the From '
                 'address of the mail');
SELECT bounce_internal.define_parameter('shadow', 'boolean', 'off',
  per_process => true,
  description => 'decide and log what follows from a bounce, and do nothing of it; '
                 'bounce.shadow_consequence shows what would have been done');

SELECT bounce_internal.define_parameter('open_processes', 'boolean', 'on',
  description => 'whether a process that was given to no application is open to all of them '
                 '(give_process(), bouncectl process give)');
SELECT bounce_internal.define_parameter('status_notify', 'boolean', 'off',
  description => 'NOTIFY bounce_communication when the status of a mail changes. COMMITs with a '
                 'notification wait for each other: off, bounces are recorded side by side');

SELECT bounce_internal.define_parameter('webhook', 'boolean', 'off',
  per_process => true,
  description => 'keep an event for the webhook whenever a mail changes its status, a follow-up '
                 'opens or a resend is scheduled. bounce-delivery sends them to its webhook_url');
SELECT bounce_internal.define_parameter('webhook_initial_delay', 'interval', '10 seconds',
  minimum => '1 second', maximum => '1 day',
  description => 'pause after an event that the receiver did not take; three times as long after '
                 'each further attempt');
SELECT bounce_internal.define_parameter('webhook_max_delay', 'interval', '6 hours',
  minimum => '1 second', maximum => '7 days',
  description => 'longest pause between two attempts');
SELECT bounce_internal.define_parameter('webhook_max_attempts', 'integer', '12',
  minimum => '1', maximum => '1000',
  description => 'after so many attempts an event is given up, and a task says so; with the other '
                 'defaults after about a day');

-- The outage guard ----------------------------------------------------------------

SELECT bounce_internal.define_parameter('guard', 'boolean', 'on',
  description => 'hold new blocks while so much of what is sent to a domain, or of all that is '
                 'sent, comes back hard that a broken system is likelier than dead addresses');
SELECT bounce_internal.define_parameter('guard_window', 'interval', '1 hour',
  minimum => '10 minutes', maximum => '1 day',
  description => 'the time in which hard bounces and sends are counted; sends from the time on at '
                 'which the mail was sent that bounced, if that is longer ago. An outage that '
                 'was confirmed as dead addresses is not asked about again for as long');
SELECT bounce_internal.define_parameter('guard_share', 'number', '0.2',
  minimum => '0', maximum => '1',
  description => 'share of what was sent to one remote domain that must have come back hard before '
                 'its blocks are held; 0: whatever was sent');
SELECT bounce_internal.define_parameter('guard_share_overall', 'number', '0.1',
  minimum => '0', maximum => '1',
  description => 'the same for all domains together and for one diagnostic text, of all that was '
                 'sent');
SELECT bounce_internal.define_parameter('guard_minimum', 'integer', '10',
  minimum => '2', maximum => '1000000',
  description => 'hard bounces of one remote domain within guard_window below which nothing is '
                 'held, whatever share they are');
SELECT bounce_internal.define_parameter('guard_minimum_overall', 'integer', '100',
  minimum => '2', maximum => '1000000',
  description => 'the same for all domains together, and for one diagnostic text');
SELECT bounce_internal.define_parameter('guard_factor', 'number', '10',
  minimum => '1', maximum => '1000',
  description => 'how many times the usual number, that of the last 14 days, hard bounces must '
                 'reach as well');

-- The delivery queue --------------------------------------------------------------

SELECT bounce_internal.define_parameter('delivery_priority', 'integer', '0',
  minimum => '-100', maximum => '100', per_process => true,
  description => 'priority of a communication that is handed over without one');
SELECT bounce_internal.define_parameter('delivery_max_bytes', 'integer', '26214400',
  minimum => '1024', maximum => '1073741824',
  description => 'largest content that is taken for delivery');
SELECT bounce_internal.define_parameter('delivery_rate', 'integer', '0',
  minimum => '0', maximum => '1000000',
  description => 'sends a minute over all workers; 0: no limit');
SELECT bounce_internal.define_parameter('delivery_domain_rate', 'integer', '0',
  minimum => '0', maximum => '1000000',
  description => 'sends a minute to one remote domain over all workers; 0: no limit');
SELECT bounce_internal.define_parameter('delivery_quiet_hours', 'text', '',
  pattern => '(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00))?',
  per_process => true,
  description => 'time of day at which nothing is sent, such as 22:00-07:00, by '
                 'delivery_time_zone; empty: none');
SELECT bounce_internal.define_parameter('delivery_time_zone', 'text', '',
  pattern => '[A-Za-z0-9_/+-]*', per_process => true,
  description => 'time zone of delivery_quiet_hours, such as Europe/Berlin; empty: that of the '
                 'database');
SELECT bounce_internal.define_parameter('delivery_lease', 'interval', '5 minutes',
  minimum => '5 seconds', maximum => '1 day',
  description => 'how long a claim lasts without renewal; workers renew it after a third');
SELECT bounce_internal.define_parameter('delivery_probe_delay', 'interval', '10 seconds',
  minimum => '1 second', maximum => '1 hour',
  description => 'from the first failure to reach the submission server to the next try; doubles '
                 'with each failure');
SELECT bounce_internal.define_parameter('delivery_probe_max_delay', 'interval', '5 minutes',
  minimum => '1 second', maximum => '1 day',
  description => 'no such delay is longer than this');
SELECT bounce_internal.define_parameter('delivery_unknown', 'enum', 'ask',
  allowed => '{ask,retry}', per_process => true,
  description => 'a send whose final reply was not heard: ask: a task, a person decides; retry: '
                 'it is sent again, and may arrive twice');
SELECT bounce_internal.define_parameter('test_addresses', 'boolean', 'on', per_process => true,
  description => 'a mail to hard@bounce-test.invalid, soft@, technical@ ... is not sent there: '
                 'bounce-delivery sends what would come back to the return path. It is counted in '
                 'no rate and makes no task');

SELECT bounce_internal.define_parameter('report_delivered', 'boolean', 'off',
  per_process => true,
  description => 'ask for a report of success at RCPT (RFC 3461): delivered_at of a recipient then '
                 'tells that the mail was delivered, where the other side sends such reports');
SELECT bounce_internal.define_parameter('pause_rate', 'number', '0',
  minimum => '0', maximum => '100', per_process => true,
  description => 'pause a process when so many per cent of its mails have come back: the queue '
                 'sends nothing of it until somebody resumes it, and a task says so; looked at '
                 'once a minute; 0: never');
SELECT bounce_internal.define_parameter('pause_window', 'interval', '1 day',
  minimum => '1 minute', maximum => '30 days', per_process => true,
  description => 'how old the mails may be that count for pause_rate; of more than ten thousand '
                 'the last ones');
SELECT bounce_internal.define_parameter('pause_minimum', 'integer', '100',
  minimum => '1', maximum => '10000', per_process => true,
  description => 'mails within pause_window below which a process is not paused');

-- Retries at the submission server ------------------------------------------------

SELECT bounce_internal.define_parameter('retry_max_attempts', 'integer', '12',
  minimum => '1', maximum => '200', per_process => true,
  description => 'tries to hand one send to the submission server; then the recipient has failed');
SELECT bounce_internal.define_parameter('retry_initial_delay', 'interval', '5 minutes',
  minimum => '1 second', maximum => '1 day', per_process => true,
  description => 'from the first temporary refusal of a recipient by the submission server to '
                 'the next try');
SELECT bounce_internal.define_parameter('retry_factor', 'number', '2',
  minimum => '1', maximum => '10', per_process => true,
  description => 'each further delay is the one before times this; fractions are fine');
SELECT bounce_internal.define_parameter('retry_max_delay', 'interval', '4 hours',
  minimum => '1 second', maximum => '7 days', per_process => true,
  description => 'no delay between two tries is longer than this');
SELECT bounce_internal.define_parameter('retry_jitter', 'number', '0.1',
  minimum => '0', maximum => '1', per_process => true,
  description => 'each delay is made longer or shorter at random by up to this fraction');
SELECT bounce_internal.define_parameter('retry_after_max_delay', 'interval', '1 day',
  minimum => '0 seconds', maximum => '7 days', per_process => true,
  description => 'a server that says when to try again is believed up to this; 0: never');

-- Retention -----------------------------------------------------------------------

SELECT bounce_internal.define_parameter('keep_raw_hard', 'interval', '180 days',
  minimum => '1 day', maximum => '3650 days',
  description => 'how long a report of a hard bounce is kept as received');
SELECT bounce_internal.define_parameter('keep_raw_soft', 'interval', '60 days',
  minimum => '1 day', maximum => '3650 days',
  description => 'how long a report of a soft bounce is kept as received');
SELECT bounce_internal.define_parameter('keep_raw_technical', 'interval', '60 days',
  minimum => '1 day', maximum => '3650 days',
  description => 'how long a technical report is kept as received');
SELECT bounce_internal.define_parameter('keep_raw_auto_reply', 'interval', '14 days',
  minimum => '1 day', maximum => '3650 days',
  description => 'how long an automatic reply is kept as received');
SELECT bounce_internal.define_parameter('keep_raw_unclassified', 'interval', '180 days',
  minimum => '1 day', maximum => '3650 days',
  description => 'how long a report that nobody could classify is kept as received');
SELECT bounce_internal.define_parameter('keep_detail_hard', 'interval', '730 days',
  minimum => '1 day', maximum => '3650 days',
  description => 'how long the words and addresses of a hard bounce are kept');
SELECT bounce_internal.define_parameter('keep_detail_soft', 'interval', '365 days',
  minimum => '1 day', maximum => '3650 days',
  description => 'how long the words and addresses of a soft bounce are kept');
SELECT bounce_internal.define_parameter('keep_detail_technical', 'interval', '365 days',
  minimum => '1 day', maximum => '3650 days',
  description => 'how long the words and addresses of a technical report are kept');
SELECT bounce_internal.define_parameter('keep_detail_auto_reply', 'interval', '30 days',
  minimum => '1 day', maximum => '3650 days',
  description => 'how long the words and addresses of an automatic reply are kept');
SELECT bounce_internal.define_parameter('keep_detail_unclassified', 'interval', '365 days',
  minimum => '1 day', maximum => '3650 days',
  description => 'how long the words and addresses of an unclassified report are kept');
SELECT bounce_internal.define_parameter('keep_content', 'interval', '90 days',
  minimum => '1 day', maximum => '3650 days',
  description => 'how long the content of a mail that bounce-delivery sent is kept after the last '
                 'entry of its history; then it cannot be sent again');
SELECT bounce_internal.define_parameter('keep_events', 'interval', '1095 days',
  minimum => '62 days', maximum => '3650 days',
  description => 'how long bounces, reports and log lines are kept at all, by whole months; keys '
                 'of known reports, closed tasks and done follow-ups as well');
