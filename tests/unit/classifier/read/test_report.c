/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What reader_parse reads from the mails of tests/mails: one row per mail.
 */
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/read/reader.h"
#include "classifier/report/report.h"

/* expected: "kind dialect", then per recipient "; address original action status reply remote",
 * '-' for what is absent. words: what the first diagnostic must contain. */
static const struct {
	const char *file;
	const char *expected;
	const char *words;
} rows[] = {
    /* clang-format off */
	{ "arf-abuse.eml",
	  "complaint arf"
	  "; anna@customer.example.org - - - - -",
	  "" },
	{ "arf-fields-in-text.eml",
	  "complaint arf"
	  "; anna@customer.example.org - - - - -",
	  "" },
	{ "arf-jmrp.eml",
	  "complaint jmrp"
	  "; anna@customer.example.org - - - - -",
	  "" },
	{ "arf-no-recipient-field.eml",
	  "complaint arf"
	  "; anna@customer.example.org - - - - -",
	  "" },
	{ "arf-not-spam.eml",
	  "feedback arf"
	  "; anna@customer.example.org - - - - -",
	  "" },
	{ "auto-reply-english.eml",
	  "auto_reply words"
	  "; anna@customer.example.org - - - - -",
	  "" },
	{ "auto-reply-header.eml",
	  "auto_reply rfc3834"
	  "; bert@customer.example.org - - - - -",
	  "" },
	{ "auto-reply-procmail.eml",
	  "auto_reply words"
	  "; bert@customer.example.org - - - - -",
	  "" },
	{ "auto-reply-subject.eml",
	  "auto_reply words"
	  "; bert@customer.example.org - - - - -",
	  "" },
	{ "auto-reply-vacation.eml",
	  "auto_reply rfc3834"
	  "; anna@customer.example.org - - - - -",
	  "" },
	{ "auto-reply-x-header.eml",
	  "auto_reply rfc3834"
	  "; bert@customer.example.org - - - - -",
	  "" },
	{ "challenge-boxtrapper.eml",
	  "challenge challenge"
	  "; anna@customer.example.org - - - - -",
	  "" },
	{ "challenge-in-report.eml",
	  "challenge rfc3464"
	  "; anna@customer.example.org - delayed 4.7.1 - -",
	  "" },
	{ "challenge-tmda.eml",
	  "challenge challenge"
	  "; anna@customer.example.org - - - - -",
	  "" },
	{ "challenge-tmda-template.eml",
	  "challenge challenge"
	  "; anna@customer.example.org - - - - -",
	  "" },
	{ "challenge-verify.eml",
	  "challenge challenge"
	  "; anna@customer.example.org - - - - -",
	  "" },
	{ "challenge.eml",
	  "challenge challenge"
	  "; bert@customer.example.org - - - - -",
	  "" },
	{ "complaint-unsubscribe.eml",
	  "complaint words"
	  "; anna@customer.example.org - - - - -",
	  "" },
	{ "delay-gmail.eml",
	  "delay gmail"
	  "; anna@customer.example.org - delayed - - -",
	  "" },
	{ "delay-list-held.eml",
	  "delay list-manager"
	  "; news@lists.example.org - delayed - - -",
	  "" },
	{ "delay-sendmail.eml",
	  "delay sendmail"
	  "; anna@customer.example.org - delayed - - -",
	  "" },
	{ "delay-smtpsvc.eml",
	  "delay smtpsvc"
	  "; anna@customer.example.org - delayed - - -",
	  "" },
	{ "dsn-actual-recipient.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "dsn-attached-details.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "dsn-base64.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "dsn-case-and-comments.eml",
	  "dsn rfc3464"
	  "; Anna@Customer.Example.ORG - failed 5.1.1 550 mail.customer.example.org",
	  "" },
	{ "dsn-cut-in-status.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "dsn-cut.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "dsn-delayed.eml",
	  "delay rfc3464"
	  "; anna@customer.example.org - delayed 4.4.1 - mail.customer.example.org",
	  "" },
	{ "dsn-double-bounce.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "dsn-failed-250.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed - 550 mx1.customer.example.org"
	  "; bert@customer.example.org - failed 5.2.2 552 mx1.customer.example.org",
	  "550 MAILBOX NOT FOUND" },
	{ "dsn-exim-generated.eml",
	  "dsn rfc3464"
	  "; bert@inner.example.net anna@customer.example.org failed 5.0.0 550 "
	  "mx.inner.example.net",
	  "550 5.1.1 unknown user" },
	{ "dsn-forwarded.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "dsn-headers-only.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "dsn-indented.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "no such user here" },
	{ "dsn-no-address.eml",
	  "dsn rfc3464"
	  "; anna miller@customer.example anna miller@customer.example failed 5.1.3 - -"
	  "; jo@anna@customer.example jo@anna@customer.example failed 5.1.3 - -"
	  "; anna@customer,example - failed 5.1.3 - -"
	  "; \"anna.@customer.example - failed 5.1.3 - -",
	  "bad address syntax" },
	{ "dsn-no-boundary-lines.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.4.4 - -",
	  "" },
	{ "dsn-no-empty-lines.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 - -"
	  "; bert@customer.example.org - failed 5.1.2 - -",
	  "" },
	{ "dsn-no-original.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "dsn-no-type-no-message-group.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "" },
	{ "dsn-only-original-recipient.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org anna@customer.example.org failed 5.1.1 - -",
	  "" },
	{ "dsn-original-base64.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "dsn-path-recipient.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.0.0 - -",
	  "mailbox is full" },
	{ "dsn-postfix-user-unknown.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org anna+bills@customer.example.org failed 5.1.1 550 "
	  "mail.customer.example.org",
	  "" },
	{ "dsn-quoted-printable.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "dsn-several-one-failed.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - delivered 2.0.0 - -"
	  "; bert@customer.example.org - failed 5.2.2 552 -"
	  "; carl@customer.example.org - delayed 4.4.1 - -",
	  "" },
	{ "dsn-success.eml",
	  "success rfc3464"
	  "; anna@inside.customer.example.org anna@customer.example.org delivered 2.0.0 - -",
	  "" },
	{ "dsn-too-many-empty-lines.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org anna@customer.example.org failed 5.1.1 - -"
	  "; bert@customer.example.org - failed 5.1.2 - -",
	  "" },
	{ "dsn-utf8.eml",
	  "dsn rfc3464"
	  "; pélé@customer.example.org pélé@customer.example.org failed 5.6.7 550 -",
	  "" },
	{ "dsn-words-in-text-only.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.0.0 550 -"
	  "; bert@customer.example.org - failed 5.0.0 552 -",
	  "550 5.1.1 <anna@customer.example.org>: User unknown" },
	{ "dsn-wrong-boundary.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "dsn-wrong-type.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "dsn-x-unix.eml",
	  "dsn rfc3464"
	  "; anna@customer.example.org - failed 5.3.0 550 -",
	  "Can't create output" },
	{ "mdn-displayed.eml",
	  "read_receipt mdn"
	  "; bert@customer.example.org - - - - -",
	  "" },
	{ "mdn-rejected-by-filter.eml",
	  "prose sieve-reject"
	  "; bert@customer.example.org - failed - - -",
	  "Quota exceeded" },
	{ "other-dmarc-report.eml",
	  "other -",
	  "" },
	{ "other-human-back.eml",
	  "other -",
	  "" },
	{ "other-list-mail.eml",
	  "other -",
	  "" },
	{ "other-newsletter.eml",
	  "other -",
	  "" },
	{ "other-parcel.eml",
	  "other -",
	  "" },
	{ "other-pasted-status.eml",
	  "other -",
	  "" },
	{ "other-pastes-a-bounce.eml",
	  "other -",
	  "" },
	{ "other-quotes-a-bounce.eml",
	  "other -",
	  "" },
	{ "other-support-answer.eml",
	  "other -",
	  "" },
	{ "other-whitelist.eml",
	  "other -",
	  "" },
	{ "prose-1und1.eml",
	  "prose exim"
	  "; anna@customer.example.org - failed - 550 mx.customer.example.org",
	  "" },
	{ "prose-aolfbl.eml",
	  "prose mailhub"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-axigen.eml",
	  "prose exim"
	  "; anna@customer.example.org - failed - 550 -",
	  "" },
	{ "prose-bare-cr.eml",
	  "prose qmail"
	  "; anna@customer.example.org - failed 5.1.1 550 -"
	  "; bert@customer.example.org - failed 5.1.2 - -",
	  "" },
	{ "prose-barracuda.eml",
	  "prose barracuda"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-chinese.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - - -",
	  "不存在" },
	{ "prose-communigate.eml",
	  "prose notes"
	  "; anna@customer.example.org - failed - - -",
	  "account is full" },
	{ "prose-communigate2.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed 5.1.1 550 mx.customer.example.org",
	  "" },
	{ "prose-compuserve.eml",
	  "prose named-user"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-courier.eml",
	  "prose courier"
	  "; anna@customer.example.org - failed - 550 -",
	  "" },
	{ "prose-crlf.eml",
	  "prose qmail"
	  "; anna@customer.example.org - failed 5.1.1 550 -"
	  "; bert@customer.example.org - failed 5.1.2 - -",
	  "" },
	{ "prose-demon.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-dma.eml",
	  "prose dma"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "" },
	{ "prose-domino.eml",
	  "prose notes"
	  "; anna@customer.example.org - failed - - -",
	  "not listed in Domino Directory" },
	{ "prose-earthlink.eml",
	  "prose mailhub"
	  "; anna@customer.example.org - failed - 552 -",
	  "" },
	{ "prose-exch-c.eml",
	  "prose exchange"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "prose-exch-multi-same.eml",
	  "prose exchange"
	  "; anna@customer.example.org - failed 5.1.1 550 -"
	  "; bert@customer.example.org - failed 5.2.2 554 -",
	  "RecipNotFound" },
	{ "prose-exch2007.eml",
	  "prose exchange"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "RESOLVER.ADR.RecipNotFound" },
	{ "prose-exch55-quote.eml",
	  "prose exchange"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "" },
	{ "prose-exchange-2003.eml",
	  "prose exchange"
	  "; anna@customer.example.org - failed - - -",
	  "recipient name is not recognized" },
	{ "prose-exchange-2010.eml",
	  "prose exchange"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "RESOLVER.ADR.RecipNotFound" },
	{ "prose-exim-delay.eml",
	  "delay exim"
	  "; anna@customer.example.org - delayed - - -",
	  "" },
	{ "prose-exim-headeronly.eml",
	  "prose exim"
	  "; anna@customer.example.org - failed - 552 mx.customer.example.org",
	  "" },
	{ "prose-exim-old.eml",
	  "prose exim"
	  "; anna@customer.example.org - failed - - -"
	  "; bert@customer.example.org - failed - - -",
	  "unknown local-part" },
	{ "prose-exim-remote.eml",
	  "prose exim"
	  "; anna@customer.example.org - failed 5.1.1 550 mail.customer.example.org",
	  "" },
	{ "prose-exim-rfc.eml",
	  "prose exim"
	  "; anna@customer.example.org info@other.example.org failed - 550 mx1.customer.example.org"
	  "; bob@other.example.org - failed - - -",
	  "unknown user anna" },
	{ "prose-generic-blocks.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - - -"
	  "; bert@customer.example.org - failed - - -",
	  "no such mailbox" },
	{ "prose-generic-list-noorig.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - 550 -"
	  "; bert@customer.example.org - failed - 552 -",
	  "" },
	{ "prose-generic-list.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - 550 -"
	  "; bert@customer.example.org - failed - 552 -",
	  "550 unknown user" },
	{ "prose-german-gmx.eml",
	  "prose exim"
	  "; anna@customer.example.org - failed 5.1.1 - mx.customer.example.org",
	  "" },
	{ "prose-german.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "" },
	{ "prose-gg.eml",
	  "prose prose"
	  "; team-a@customer.example.org - failed - - -",
	  "" },
	{ "prose-gmail-block.eml",
	  "prose gmail"
	  "; anna@customer.example.org - failed 5.7.1 550 -",
	  "" },
	{ "prose-gmail-new.eml",
	  "prose gmail"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "" },
	{ "prose-gmail.eml",
	  "prose gmail"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "" },
	{ "prose-groupwise.eml",
	  "prose groupwise"
	  "; anna@customer.example.org - failed - - -",
	  "user not found" },
	{ "prose-groupwise2.eml",
	  "prose groupwise"
	  "; anna.b@customer.example.org - failed - - -",
	  "" },
	{ "prose-hmailserver.eml",
	  "prose exchange"
	  "; anna@customer.example.org - failed 5.1.1 550 192.0.2.4",
	  "" },
	{ "prose-hotpop.eml",
	  "prose listed-address"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-html-link.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-icewarp.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "" },
	{ "prose-iis-multi.eml",
	  "prose exchange"
	  "; anna@customer.example.org - failed - - -"
	  "; bert@customer.example.org - failed - - -",
	  "communications failure" },
	{ "prose-imail.eml",
	  "prose imail"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "Unknown user" },
	{ "prose-intermail.eml",
	  "prose intermail"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-interscan.eml",
	  "prose interscan"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "" },
	{ "prose-kerio.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-list-mailman.eml",
	  "prose list-manager"
	  "; news@lists.example.org - failed - - -",
	  "" },
	{ "prose-list-mlmmj.eml",
	  "prose list-manager"
	  "; news@lists.example.org - failed - - -",
	  "" },
	{ "prose-lotus.eml",
	  "prose notes"
	  "; anna@customer.example.org - failed - 550 -",
	  "No such user" },
	{ "prose-lotus2.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-lsmtp.eml",
	  "prose lsmtp"
	  "; anna@customer.example.org - failed - - -",
	  "No such local user" },
	{ "prose-mailenable.eml",
	  "prose mailenable"
	  "; anna@customer.example.org - failed - - -",
	  "The message recipient was not found" },
	{ "prose-mailhub.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-mailtraq.eml",
	  "prose intermail"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-mdaemon-new.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - 550 -",
	  "" },
	{ "prose-mdaemon.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - 550 -",
	  "" },
	{ "prose-mdaemon2.eml",
	  "prose mdaemon"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-mercury.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-message-labs.eml",
	  "prose qmail"
	  "; anna@customer.example.org - failed - 550 -",
	  "" },
	{ "prose-messaging-server.eml",
	  "prose messaging-server"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "" },
	{ "prose-ms-transcript.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-netscape-user.eml",
	  "prose netscape"
	  "; anna@customer.example.org - failed - - -",
	  "over quota" },
	{ "prose-netscape.eml",
	  "prose netscape"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-no-address-exim.eml",
	  "prose prose"
	  "; mrs miller@customer.example - failed - - -",
	  "" },
	{ "prose-no-address-qmail.eml",
	  "prose qmail"
	  "; anna miller@customer.example - failed 5.1.3 501 -",
	  "" },
	{ "prose-nospamtoday.eml",
	  "prose mailhub"
	  "; anna@customer.example.org - failed - 550 -",
	  "" },
	{ "prose-o365-de.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "" },
	{ "prose-o365-fr.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-o365.eml",
	  "prose listed-address"
	  "; anna@customer.example.org - failed 5.1.10 550 -",
	  "" },
	{ "prose-polish.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - - -",
	  "Nie ma takiego" },
	{ "prose-postfix-plain.eml",
	  "prose postfix"
	  "; anna@customer.example.org all@customer.example.org failed - 550 -"
	  "; bert@customer.example.org - failed - - -",
	  "" },
	{ "prose-postoffice.eml",
	  "prose netscape"
	  "; anna@customer.example.org - failed - - customer.example.org",
	  "" },
	{ "prose-powermta.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-qmail-es.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed 5.1.1 - -",
	  "" },
	{ "prose-qmail-several.eml",
	  "prose qmail"
	  "; anna@customer.example.org - failed 5.1.1 550 -"
	  "; bert@customer.example.org - failed 5.1.2 - -",
	  "unknown user" },
	{ "prose-rambler.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-russian.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - 550 -",
	  "550" },
	{ "prose-sendmail-aol.eml",
	  "prose sendmail"
	  "; anna@customer.example.org - failed - 550 air-xm01.mail.aol.example",
	  "" },
	{ "prose-sendmail-transcript.eml",
	  "prose sendmail"
	  "; anna@customer.example.org - failed - 550 mail.customer.example.org",
	  "User unknown" },
	{ "prose-sendmail-v5-several.eml",
	  "prose sendmail"
	  "; anna@customer.example.org - failed - 501 -"
	  "; bert@gone.example.org - failed - 554 -"
	  "; carl@other.example.org - failed - 550 -",
	  "no relay for you" },
	{ "prose-sendmail-v5.eml",
	  "prose sendmail"
	  "; anna@customer.example.org - failed - 550 -",
	  "" },
	{ "prose-sims.eml",
	  "prose messaging-server"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-smail.eml",
	  "prose smail"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-smtp32-2.eml",
	  "prose imail"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-smtp32.eml",
	  "prose imail"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-smtpsvc.eml",
	  "prose smtpsvc"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-surfcontrol.eml",
	  "prose surfcontrol"
	  "; anna@customer.example.org - failed - 550 -",
	  "" },
	{ "prose-symantec.eml",
	  "prose mailhub"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "" },
	{ "prose-telstra.eml",
	  "prose processed-list"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "" },
	{ "prose-unknown-system.eml",
	  "prose prose"
	  "; anna@customer.example.org - failed - 550 -",
	  "550 mailbox unavailable" },
	{ "prose-usanet.eml",
	  "prose listed-address"
	  "; anna@customer.example.org - failed - - -",
	  "Account does not exist" },
	{ "prose-vpop.eml",
	  "prose qmail"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-x400.eml",
	  "prose mailhub"
	  "; anna@customer.example.org - failed - - -",
	  "" },
	{ "prose-yahoo-2.eml",
	  "prose qmail"
	  "; anna@customer.example.org - failed - - -"
	  "; bert@customer.example.org - failed - - -",
	  "" },
	{ "prose-yahoo-old.eml",
	  "prose qmail"
	  "; anna@customer.example.org - failed - - -",
	  "over the quota" },
	{ "prose-yahoo.eml",
	  "prose qmail"
	  "; anna@customer.example.org - failed - 554 -",
	  "" },
	{ "prose-zimbra.eml",
	  "prose postfix"
	  "; anna@customer.example.org - failed 5.2.2 552 customer.example.org",
	  "" },
	{ "ses-notification.eml",
	  "prose amazon-ses"
	  "; anna@customer.example.org - failed 5.1.1 550 -",
	  "" },
    /* clang-format on */
};

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static char *describe(const struct report *report)
{
	GString *out = g_string_new(NULL);
	g_string_append_printf(out, "%s %s", report_kind_name(report->kind),
			       or_dash(report->dialect));
	for (size_t i = 0; i < report->recipient_count; i++) {
		const struct report_recipient *r = &report->recipients[i];
		g_string_append_printf(out, "; %s %s %s %s %s %s", r->recipient,
				       or_dash(r->original_recipient),
				       or_dash(report_action_name(r->action)), or_dash(r->status),
				       or_dash(r->reply_code), or_dash(r->remote_mta));
	}
	return g_string_free(out, FALSE);
}

static struct report *parse_file(const char *name)
{
	g_autofree char *path = g_build_filename("tests/mails", name, NULL);
	g_autofree char *bytes = NULL;
	gsize len;
	g_autoptr(GError) error = NULL;
	g_file_get_contents(path, &bytes, &len, &error);
	g_assert_no_error(error);
	return reader_parse(bytes, len, &limits_default);
}

static void test_row(gconstpointer data)
{
	size_t i = GPOINTER_TO_SIZE(data);
	g_autoptr(report_t) report = parse_file(rows[i].file);
	g_autofree char *seen = describe(report);
	g_assert_cmpstr(seen, ==, rows[i].expected);
	if (*rows[i].words)
		g_assert_nonnull(strstr(report->recipients[0].diagnostic, rows[i].words));
}

static void test_fields(void)
{
	g_autoptr(report_t) report = parse_file("dsn-postfix-user-unknown.eml");
	g_assert_cmpstr(report->header.message_id, ==, "report-1@mx.example.net");
	g_assert_cmpstr(report->header.from, ==, "MAILER-DAEMON@mx.example.net");
	g_assert_cmpstr(report->header.to[0], ==, "bounce@sender.example.com");
	g_assert_null(report->header.to[1]);
	g_assert_cmpstr(report->auto_submitted, ==, "auto-replied");
	g_assert_cmpstr(report->facts.reporting_mta, ==, "mx.example.net");
	g_assert_cmpstr(report->facts.envelope_id, ==, "4711.1=A");
	g_assert_cmpstr(report->original_queue_id, ==, "4Z1abc");
	g_assert_cmpstr(report->original_communication_id, ==, "4711");
	g_assert_cmpstr(report->original.message_id, ==, "invoice-4711@sender.example.com");
	g_assert_cmpstr(report->original.from, ==, "billing@sender.example.com");
	g_assert_cmpstr(report->original.sender, ==, "bounce@sender.example.com");
	g_assert_cmpstr(report->original.subject, ==, "Invoice 4711");
	g_assert_cmpstr(report->original.to[0], ==, "anna@customer.example.org");
	g_assert_cmpstr(report->recipients[0].diagnostic_type, ==, "smtp");
	g_assert_nonnull(strstr(report->text, "This is the mail system"));
	g_assert_null(strstr(report->text, "Dear Anna"));
	g_assert_false(report->truncated);
}

static void test_no_original(void)
{
	g_autoptr(report_t) report = parse_file("dsn-no-original.eml");
	g_assert_cmpstr(report->original.message_id, ==, "invoice-4711@sender.example.com");
	g_assert_cmpstr(report->original.sender, ==, "bounce@sender.example.com");
	g_assert_cmpstr(report->original_queue_id, ==, "4Z1abc");
	g_assert_cmpstr(report->original.from, ==, "");
	g_assert_null(report->original.to[0]);
}

/* RFC 5965 section 3.2: who leaves the return path out of the header says it among the fields. */
static void test_complaint_return_path(void)
{
	static const char path[] = "\nReturn-Path: <bounce@sender.example.com>";
	g_autofree char *bytes = NULL;
	g_assert_true(g_file_get_contents("tests/mails/arf-abuse.eml", &bytes, NULL, NULL));
	char *found = strstr(bytes, path);
	g_assert_nonnull(found);
	memmove(found, found + strlen(path), strlen(found + strlen(path)) + 1);
	g_autoptr(report_t) report = reader_parse(bytes, strlen(bytes), &limits_default);
	g_assert_cmpstr(report->original.sender, ==, "bounce@sender.example.com");
	g_assert_cmpstr(report->original.message_id, ==, "invoice-4711@sender.example.com");
}

/* What is said of one recipient is not said of another: else a good address is taken for dead. */
static void test_several(void)
{
	static const struct {
		const char *file;
		const char *first;
		const char *second;
	} several[] = {
	    {"prose-qmail-several.eml", "unknown user", "couldn't find any host"},
	    {"prose-generic-blocks.eml", "no such mailbox", "mailbox is full"},
	    {"prose-generic-list.eml", "550 unknown user", "552 quota exceeded"},
	    {"prose-generic-list-noorig.eml", "550 unknown user", "552 quota exceeded"},
	    {"prose-exch-multi-same.eml", "RecipNotFound", "QuotaExceeded"},
	    {"prose-yahoo-2.eml", "doesn't have", "over quota"},
	    {"prose-exim-old.eml", "unknown local-part", "mailbox is full"},
	    {"prose-iis-multi.eml", "communications failure", "not recognized"},
	    {"prose-postfix-plain.eml", "User unknown", "Name service error"},
	    {"prose-sendmail-v5-several.eml", "no relay", "Host unknown"},
	    {"dsn-words-in-text-only.eml", "550 5.1.1", "552 5.2.2"},
	};
	for (size_t i = 0; i < G_N_ELEMENTS(several); i++) {
		g_autoptr(report_t) report = parse_file(several[i].file);
		g_test_message("%s", several[i].file);
		g_assert_cmpuint(report->recipient_count, >=, 2);
		const char *first = report->recipients[0].diagnostic,
			   *second = report->recipients[1].diagnostic;
		g_assert_true(strstr(first, several[i].first) && !strstr(first, several[i].second));
		g_assert_true(strstr(second, several[i].second) &&
			      !strstr(second, several[i].first));
	}
}

/* Of a report about a report nothing of the outer one is left that could match. */
static void test_nested(void)
{
	g_autoptr(report_t) report = parse_file("dsn-double-bounce.eml");
	g_assert_cmpstr(report->facts.reporting_mta, ==, "mx.example.net");
	g_assert_cmpstr(report->header.from, ==, "MAILER-DAEMON@mx.example.net");
	g_assert_cmpstr(report->original.from, ==, "billing@sender.example.com");
}

/* Where it is not followed, the outer report is all there is. */
static void test_nested_not_followed(void)
{
	g_autofree char *bytes = NULL;
	gsize len;
	g_assert_true(g_file_get_contents("tests/mails/dsn-double-bounce.eml", &bytes, &len, NULL));
	struct limits limits = limits_default;
	limits.nested_reports = 0;
	g_autoptr(report_t) report = reader_parse(bytes, len, &limits);
	g_assert_cmpstr(report->original.from, !=, "billing@sender.example.com");
	for (size_t i = 0; i < report->recipient_count; i++)
		g_assert_null(strstr(report->recipients[i].recipient, "customer"));
}

static struct report *parse_status(const char *status)
{
	g_autofree char *bytes =
	    g_strdup_printf("From: MAILER-DAEMON@mx.example.net\nMIME-Version: 1.0\n"
			    "Content-Type: multipart/report; boundary=b\n\n--b\n"
			    "Content-Type: message/delivery-status\n\n"
			    "Reporting-MTA: dns; mx.example.net\n\n%s"
			    "Action: failed\nStatus: 5.1.1\n\n--b--\n",
			    status);
	return reader_parse(bytes, strlen(bytes), &limits_default);
}

/* Whether a recipient is what the report says, or what was made of it: our own MTA's is believed.
 */
static void test_literal(void)
{
	static const struct {
		const char *status, *recipient;
		bool is_literal;
	} recipients[] = {
	    {"Final-Recipient: rfc822; anna@customer.example\n", "anna@customer.example", true},
	    {"Final-Recipient: RFC822;<anna@customer.example>\n", "anna@customer.example", true},
	    {"Final-Recipient: anna@customer.example\n", "anna@customer.example", true},
	    {"Final-Recipient: utf-8; j\303\274rgen@b\303\274cher.example\n",
	     "j\303\274rgen@b\303\274cher.example", true},
	    {"Final-Recipient: rfc822; \"an na\"@customer.example\n", "\"an na\"@customer.example",
	     true},
	    {"Final-Recipient: rfc822; 'anna@customer.example\n", "'anna@customer.example", true},
	    {"Final-Recipient: rfc822; anna@customer.example_\n", "anna@customer.example_", true},
	    {"Final-Recipient: rfc822; max anna@customer.example\n", "max anna@customer.example",
	     true},
	    {"Final-Recipient: rfc822; 'anna@customer.example'\n", "anna@customer.example", false},
	    {"Final-Recipient: rfc822; anna@customer.example.\n", "anna@customer.example", false},
	    {"Final-Recipient: rfc822; anna@customer.example (Anna)\n", "anna@customer.example",
	     false},
	    {"Final-Recipient: rfc822; \344\275\240anna@customer.example\n",
	     "anna@customer.example", false},
	    {"Final-Recipient: utf-8; \\x{61}nna@customer.example\n", "anna@customer.example",
	     false},
	    {"Original-Recipient: rfc822; anna@customer.example\n", "anna@customer.example", false},
	    {"Original-Recipient: rfc822; anna@customer.example\nFinal-Recipient: rfc822; /x@y.z\n",
	     "anna@customer.example", false},
	    {"Original-Recipient: rfc822; anna@customer.example\n"
	     "Final-Recipient: rfc822; @a.example:x@y.z\n",
	     "anna@customer.example", false},
	    {"Original-Recipient: rfc822; anna@customer.example\n"
	     "Final-Recipient: rfc822; Anna@store-daemon\n",
	     "anna@customer.example", false},
	    {"Original-Recipient: rfc822; team@customer.example\n"
	     "Final-Recipient: rfc822; anna@store-daemon\n",
	     "anna@store-daemon", true},
	    {"Original-Recipient: rfc822; anna@customer.example\n"
	     "Final-Recipient: rfc822; anna@store.example\n",
	     "anna@store.example", true},
	    {"X-Actual-Recipient: rfc822; anna@customer.example\n", "anna@customer.example", false},
	    {"Diagnostic-Code: smtp; 550 <anna@customer.example>: user unknown\n",
	     "anna@customer.example", false},
	};
	for (size_t i = 0; i < G_N_ELEMENTS(recipients); i++) {
		g_autoptr(report_t) report = parse_status(recipients[i].status);
		g_test_message("%s", recipients[i].status);
		g_assert_cmpuint(report->recipient_count, ==, 1);
		g_assert_cmpstr(report->recipients[0].recipient, ==, recipients[i].recipient);
		g_assert_true(report->is_literal == recipients[i].is_literal);
	}
	static const char *const elsewhere[] = {"dsn-double-bounce.eml", "prose-exim-remote.eml",
						"prose-qmail-several.eml"};
	for (size_t i = 0; i < G_N_ELEMENTS(elsewhere); i++) {
		g_autoptr(report_t) report = parse_file(elsewhere[i]);
		g_test_message("%s", elsewhere[i]);
		g_assert_false(report->is_literal);
	}
}

/* Every way in which an original comes back gives the same identity. */
static void test_originals(void)
{
	static const char *const files[] = {
	    "dsn-headers-only.eml",      "dsn-original-base64.eml",
	    "dsn-wrong-boundary.eml",    "dsn-no-boundary-lines.eml",
	    "dsn-double-bounce.eml",     "dsn-forwarded.eml",
	    "prose-qmail-several.eml",   "prose-exim-remote.eml",
	    "prose-bare-cr.eml",         "arf-abuse.eml",
	    "mdn-rejected-by-filter.eml"};
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autoptr(report_t) report = parse_file(files[i]);
		g_test_message("%s", files[i]);
		g_assert_cmpstr(report->original.message_id, ==, "invoice-4711@sender.example.com");
		g_assert_cmpstr(report->original_communication_id, ==, "4711");
	}
}

static void test_references(void)
{
	g_autoptr(report_t) report = parse_file("auto-reply-header.eml");
	g_assert_cmpstr(report->references[0], ==, "invoice-4711@sender.example.com");
	g_assert_cmpstr(report->references[1], ==, "first@sender.example.com");
	g_assert_cmpstr(report->references[2], ==, "invoice-4711@sender.example.com");
	g_assert_null(report->references[3]);
}

/* The identity of a report is its body as it came. */
static void test_digest(void)
{
	static const char one[] = "A: b\n\nbody\n";
	static const char other[] = "C: d\nE: f\n\nbody\n";
	static const char crlf[] = "A: b\r\n\r\nbody\n";
	static const char headless[] = "body\n";
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "body\n", -1);
	const char *const mails[] = {one, other, crlf, headless};
	for (size_t i = 0; i < G_N_ELEMENTS(mails); i++) {
		g_autoptr(report_t) report =
		    reader_parse(mails[i], strlen(mails[i]), &limits_default);
		g_assert_cmpstr(report->digest, ==, sum);
	}
}

/* What the cap cuts off comes last; what was before it is read. */
static void test_cut(void)
{
	g_autofree char *bytes = NULL;
	gsize len;
	g_assert_true(
	    g_file_get_contents("tests/mails/dsn-postfix-user-unknown.eml", &bytes, &len, NULL));
	struct limits limits = limits_default;
	limits.message_bytes = len - 300;
	g_autoptr(report_t) report = reader_parse(bytes, len, &limits);
	g_assert_true(report->truncated);
	g_autoptr(report_t) cut = reader_parse(bytes, limits.message_bytes, &limits);
	g_assert_cmpstr(report->digest, ==, cut->digest);
	g_assert_cmpint(report->kind, ==, REPORT_DSN);
	g_assert_cmpstr(report->recipients[0].recipient, ==, "anna@customer.example.org");
	for (limits.message_bytes = 0; limits.message_bytes < len; limits.message_bytes += 7)
		report_free(reader_parse(bytes, len, &limits));
}

static void *parse_all(void *data)
{
	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(report_t) report = parse_file(rows[i].file);
		g_autofree char *seen = describe(report);
		g_assert_cmpstr(seen, ==, rows[i].expected);
	}
	return NULL;
}

/* Threads do not disturb each other. */
static void test_threads(void)
{
	GThread *threads[4];
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("parse", parse_all, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		g_thread_join(threads[i]);
}

/* Where no header says so, the subject does, in many languages; and not in others. */
static void test_reply_subjects(void)
{
	static const struct {
		const char *subject;
		enum report_kind kind;
	} subjects[] = {
	    {"Out of Office AutoReply: Invoice", REPORT_AUTO_REPLY},
	    {"AUTO: Anna is out of the office (returning 10/03/2025)", REPORT_AUTO_REPLY},
	    {"Automatische Antwort: Rechnung", REPORT_AUTO_REPLY},
	    {"Abwesenheitsnotiz: Rechnung", REPORT_AUTO_REPLY},
	    {"=?utf-8?q?R=C3=A9ponse_automatique_:_facture?=", REPORT_AUTO_REPLY},
	    {"Risposta automatica: fattura", REPORT_AUTO_REPLY},
	    {"RESPUESTA AUTOMÁTICA: factura", REPORT_AUTO_REPLY},
	    {"Resposta automática: fatura", REPORT_AUTO_REPLY},
	    {"Automatisch antwoord: factuur", REPORT_AUTO_REPLY},
	    {"Odpowiedź automatyczna: faktura", REPORT_AUTO_REPLY},
	    {"Autosvar: faktura", REPORT_AUTO_REPLY},
	    {"自動応答: 請求書", REPORT_AUTO_REPLY},
	    {"Автоматический ответ: счёт", REPORT_AUTO_REPLY},
	    {"自动答复: 发票", REPORT_AUTO_REPLY},
	    {"Please confirm your message", REPORT_CHALLENGE},
	    {"Re: your automatic transmission", REPORT_OTHER},
	    {"Our office is moving", REPORT_OTHER},
	    {"Delivery notification", REPORT_OTHER},
	    {"", REPORT_OTHER},
	};
	for (size_t i = 0; i < G_N_ELEMENTS(subjects); i++) {
		g_autofree char *mail = g_strdup_printf(
		    "From: bert@customer.example.org\nSubject: %s\n\nHello\n", subjects[i].subject);
		g_autoptr(report_t) report = reader_parse(mail, strlen(mail), &limits_default);
		g_test_message("%s", subjects[i].subject);
		g_assert_cmpstr(report_kind_name(report->kind), ==,
				report_kind_name(subjects[i].kind));
		g_assert_cmpuint(report->recipient_count, ==,
				 subjects[i].kind == REPORT_OTHER ? 0 : 1);
	}
}

/* Bounds are kept whatever they are, and cutting is said. */
static void test_small_limits(void)
{
	static const struct limits small[] = {
	    {.message_bytes = 0},
	    {3000, 4, 80, 40, 2, 1, 300, 1, 1, 1, 200, 30},
	    {100000, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
	    {.message_bytes = 100000},
	};
	for (size_t l = 0; l < G_N_ELEMENTS(small); l++) {
		for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
			g_autofree char *path = g_build_filename("tests/mails", rows[i].file, NULL);
			g_autofree char *bytes = NULL;
			gsize len;
			g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));
			g_autoptr(report_t) report = reader_parse(bytes, len, &small[l]);
			g_assert_cmpuint(strlen(report->text), <=, small[l].text_bytes);
			g_assert_cmpuint(strlen(report->header.subject), <=, small[l].field_bytes);
			g_assert_cmpuint(report->recipient_count, <=, small[l].recipient_count);
			for (size_t r = 0; r < report->recipient_count; r++)
				g_assert_cmpuint(strlen(report->recipients[r].diagnostic), <=,
						 small[l].field_bytes);
			if (len > small[l].message_bytes)
				g_assert_true(report->truncated);
		}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strconcat("/report/mail/", rows[i].file, NULL);
		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_row);
	}
	g_test_add_func("/report/fields", test_fields);
	g_test_add_func("/report/several", test_several);
	g_test_add_func("/report/nested", test_nested);
	g_test_add_func("/report/nested-not-followed", test_nested_not_followed);
	g_test_add_func("/report/literal", test_literal);
	g_test_add_func("/report/no-original", test_no_original);
	g_test_add_func("/report/complaint-return-path", test_complaint_return_path);
	g_test_add_func("/report/originals", test_originals);
	g_test_add_func("/report/references", test_references);
	g_test_add_func("/report/digest", test_digest);
	g_test_add_func("/report/cut", test_cut);
	g_test_add_func("/report/threads", test_threads);
	g_test_add_func("/report/reply-subjects", test_reply_subjects);
	g_test_add_func("/report/small-limits", test_small_limits);
	return g_test_run();
}
