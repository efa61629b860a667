-- SPDX-License-Identifier: BSD-2-Clause
--
-- Why a mail bounced, and which class that is. The same rows as
-- classifier/reasons.def; an administrator may change the classes here.

CREATE TABLE bounce.bounce_reason (
  reason          text         PRIMARY KEY CHECK (reason ~ '^[a-z][a-z0-9_]*$'),
  class           bounce.class NOT NULL,
  class_temporary bounce.class NOT NULL,
  is_notice       boolean      NOT NULL DEFAULT false,
  meaning         text         NOT NULL CHECK (meaning <> ''),
  CONSTRAINT undetermined_is_unclassified CHECK (reason <> 'undetermined' OR (class = 'unclassified' AND class_temporary = 'unclassified'
                                                                              AND NOT is_notice)),
  CONSTRAINT temporary_is_not_hard CHECK (class_temporary <> 'hard'),
  CONSTRAINT notice_is_no_failure CHECK (NOT is_notice OR (class IN ('technical', 'auto_reply') AND class_temporary = class))
);
COMMENT ON TABLE bounce.bounce_reason IS 'reason -> class; what follows from a bounce is decided by the class';
COMMENT ON COLUMN bounce.bounce_reason.class IS 'for a permanent refusal (5yz, 5.x.x), and where the report says neither';
COMMENT ON COLUMN bounce.bounce_reason.class_temporary IS
  'for a 4yz reply or a 4.x.x status: a system that tried until it gave up';
COMMENT ON COLUMN bounce.bounce_reason.is_notice IS 'tells of something that is no failed delivery: logged, changes nothing';

INSERT INTO bounce.bounce_reason (reason, class, class_temporary, is_notice, meaning) VALUES
  ('user_unknown', 'hard', 'soft', false, 'no such mailbox at that domain'),
  ('mailbox_disabled', 'hard', 'soft', false, 'the mailbox exists but is closed, suspended or no longer used'),
  ('mailbox_moved', 'hard', 'soft', false, 'the person has another address now'),
  ('address_syntax', 'hard', 'soft', false, 'the address is not a valid mail address'),
  ('domain_unknown', 'hard', 'soft', false, 'the domain does not exist, or has no host that takes mail'),
  ('null_mx', 'hard', 'soft', false, 'the domain says of itself that it takes no mail (RFC 7505)'),
  ('mailbox_full', 'soft', 'soft', false, 'the mailbox is over its quota'),
  ('system_full', 'soft', 'soft', false, 'the receiving system has no space left'),
  ('throttled', 'soft', 'soft', false, 'too much mail in too short a time'),
  ('greylisted', 'soft', 'soft', false, 'an unknown sender is asked to try again later'),
  ('too_many_connections', 'soft', 'soft', false, 'too many connections at once, or the server is busy'),
  ('network_error', 'soft', 'soft', false, 'no connection to the receiving host, or it broke off'),
  ('dns_failure', 'soft', 'soft', false, 'the name servers of the domain gave no usable answer'),
  ('expired', 'soft', 'soft', false, 'tried until the queue lifetime was over'),
  ('system_error', 'soft', 'soft', false, 'a fault inside the receiving or the sending mail system'),
  ('delivery_program_failed', 'soft', 'soft', false, 'the program that stores the mail for this mailbox failed'),
  ('spam_rejected', 'technical', 'soft', false, 'the message was taken for spam'),
  ('virus_detected', 'technical', 'technical', false, 'the message was taken for malware'),
  ('content_rejected', 'technical', 'technical', false, 'something in the content is not accepted: a link, an attachment, a word'),
  ('malformed_message', 'technical', 'technical', false, 'the message breaks the format''s rules (RFC 5322)'),
  ('message_too_large', 'technical', 'technical', false, 'the message is larger than the mailbox or the system takes'),
  ('policy_rejected', 'technical', 'soft', false, 'a rule of the receiving organisation forbids it'),
  ('bad_reputation', 'technical', 'soft', false, 'the sending address or domain has a poor reputation'),
  ('client_blocked', 'technical', 'soft', false, 'the sending host is on a block list or refused by name'),
  ('missing_ptr', 'technical', 'soft', false, 'the sending host''s address has no valid name in reverse DNS'),
  ('auth_failure', 'technical', 'soft', false, 'SPF, DKIM, DMARC or ARC failed for the sending domain'),
  ('tls_required', 'technical', 'soft', false, 'encryption was demanded and could not be had'),
  ('auth_required', 'technical', 'soft', false, 'the sender had to log in first, or its credentials were refused'),
  ('relaying_denied', 'technical', 'soft', false, 'the host does not take mail for that domain'),
  ('sender_refused', 'technical', 'soft', false, 'the sender''s address is refused or cannot be verified'),
  ('recipient_refused', 'technical', 'soft', false, 'the recipient was refused and no cause was given'),
  ('group_refused', 'technical', 'soft', false, 'a list, a group or a person takes mail only from chosen senders'),
  ('suppressed', 'technical', 'technical', false, 'the sending service did not even try: the address is on its suppression list'),
  ('protocol_error', 'technical', 'soft', false, 'the SMTP dialogue went wrong: a command or an extension not supported'),
  ('mail_loop', 'technical', 'soft', false, 'the message went in circles'),
  ('delayed', 'technical', 'technical', true, 'not delivered yet, still being tried'),
  ('delivered', 'technical', 'technical', true, 'delivered, relayed or expanded'),
  ('read_receipt', 'technical', 'technical', true, 'a message disposition notification (RFC 8098)'),
  ('complaint', 'technical', 'technical', true, 'a person marked the mail as spam (RFC 5965)'),
  ('challenge', 'technical', 'technical', true, 'the sender is asked to prove that he is human'),
  ('vacation', 'auto_reply', 'auto_reply', true, 'out of office and other automatic replies (RFC 3834)'),
  ('undetermined', 'unclassified', 'unclassified', false, 'nothing above could be shown');
