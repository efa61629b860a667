/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is no failure: automatic replies by header and by language, challenges,
 * receipts, notices of success, complaints. None of it may be hard.
 */
#include <string.h>

#include <glib.h>

#include "classifier/mime/mime.h"
#include "classifier/read/reader.h"
#include "classifier/verdict/classify.h"
#include "tests/unit/shipped_rules.h"

static struct ruleset *rules;

struct row {
	const char *mail;
	const char *expected; /* "kind recipient return-date" */
};

static const char *recipient_of(const struct report *report)
{
	return report->recipient_count > 0 ? report->recipients[0].recipient : "-";
}

static void check_row(const struct row *row)
{
	g_autoptr(report_t) report = reader_parse(row->mail, strlen(row->mail), &limits_default);
	g_autofree char *found =
	    g_strdup_printf("%s %s %s", report_kind_name(report->kind), recipient_of(report),
			    report->facts.return_date[0] != '\0' ? report->facts.return_date : "-");
	struct verdict verdict;

	classify(rules, report, report->recipient_count > 0 ? &report->recipients[0] : NULL,
		 &verdict);
	if (strcmp(found, row->expected) != 0 || verdict.class == CLASS_HARD) {
		g_test_message("%s\nis \"%s\" (%s), not \"%s\"", row->mail, found,
			       reason_class_name(verdict.class), row->expected);
		g_test_fail();
	}
	verdict_clear(&verdict);
}

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_row(&rows[i]);
}

#define HEAD                                                                                       \
	"From: Anna Keller <anna@a.example>\nTo: billing@sender.example\nDate: Sat, 21 Nov 2026 "  \
	"09:00:00 +0100\n"
#define REPLY "In-Reply-To: <invoice-1@sender.example>\n"

static void check_auto_replies(void)
{
	static const struct row rows[] = {
	    /* clang-format off */
	/* by header */
	{ HEAD "Subject: Re: Invoice\nAuto-Submitted: auto-replied\n\nHello.\n",
	  "auto_reply anna@a.example -" },
	{ HEAD "Subject: Re: Invoice\nAuto-Submitted: auto-replied (vacation)\n\nuser unknown\n",
	  "auto_reply anna@a.example -" },
	{ HEAD "Subject: Re: Invoice\nX-Autoreply: yes\n\nHello.\n",
	  "auto_reply anna@a.example -" },
	{ HEAD "Subject: Re: Invoice\nX-Autorespond:\n\nHello.\n", "auto_reply anna@a.example -" },
	{ HEAD "Subject: Re: Invoice\nX-Apple-Action: vacation\n\nHello.\n",
	  "auto_reply anna@a.example -" },
	{ HEAD "Subject: Re: Invoice\nPrecedence: auto-reply\n\nHello.\n",
	  "auto_reply anna@a.example -" },
	{ HEAD "Subject: Invoice\nX-Auto-Response-Suppress: All\nAuto-Submitted: auto-generated\n"
	  "\nI am on annual leave until 5 December 2026.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD "Subject: Invoice\nReturn-Path: <>\n\nIch bin bis 5.12. nicht im\nBüro.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	/* by subject */
	{ HEAD "Subject: Automatic reply: Invoice\n\nI am out until Dec 5.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD "Subject: Abwesenheitsnotiz: Rechnung\n\nIch bin ab 7.12. wieder da.\n",
	  "auto_reply anna@a.example 2026-12-07" },
	{ HEAD "Subject: =?utf-8?Q?R=C3=A9ponse_automatique_:?= Facture\n\n"
	  "Je suis absente jusqu'au 5 décembre.\n", "auto_reply anna@a.example 2026-12-05" },
	{ HEAD "Subject: Risposta automatica: Fattura\n\nFino al 5/12/2026.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD "Subject: =?utf-8?Q?Respuesta_autom=C3=A1tica:?= Factura\n\n"
	  "Vuelvo el 7 de diciembre.\n", "auto_reply anna@a.example 2026-12-07" },
	{ HEAD "Subject: =?utf-8?Q?Resposta_autom=C3=A1tica:?= Fatura\n\nAusente.\n",
	  "auto_reply anna@a.example -" },
	{ HEAD "Subject: Automatisch antwoord: Factuur\n\nTot 5 december.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD "Subject: =?utf-8?Q?Odpowied=C5=BA_automatyczna:?= Faktura\n\nWracam 7 grudnia.\n",
	  "auto_reply anna@a.example 2026-12-07" },
	{ HEAD "Subject: Autosvar: Faktura\n\nJag är tillbaka 7 december.\n",
	  "auto_reply anna@a.example 2026-12-07" },
	{ HEAD "Subject: Automatisk svar: Faktura\n\nTilbage den 7. december.\n",
	  "auto_reply anna@a.example 2026-12-07" },
	{ HEAD "Subject: =?utf-8?B?6Ieq5YuV6L+U5L+h?=\n\n12月5日まで不在です。\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD "Subject: =?utf-8?B?0JDQstGC0L7QvtGC0LLQtdGC?=\n\nВернусь 7 декабря\n",
	  "auto_reply anna@a.example 2026-12-07" },
	{ HEAD "Subject: =?utf-8?B?6Ieq5Yqo5Zue5aSN?=\n\n我将于12月7日返回。\n",
	  "auto_reply anna@a.example 2026-12-07" },
	/* by the words of an answer */
	{ HEAD REPLY "Subject: Re: Invoice\n\n"
	  "Thank you for your mail. I am out of the office until 5 December.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD REPLY "Subject: AW: Rechnung\n\n"
	  "Guten Tag, ich bin im Urlaub und ab dem 7.12.2026 wieder erreichbar.\n",
	  "auto_reply anna@a.example 2026-12-07" },
	{ HEAD REPLY "Subject: Facture\n\nBonjour, je suis absente du 1er au 5 décembre.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD "Subject: R: Fattura\n\nSono in ferie fino al 5 dicembre.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD "Subject: RE: Factura\n\nEstoy de vacaciones hasta el 5 de diciembre.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD "Subject: RES: Fatura\n\nEstou de férias até 5 de dezembro.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD "Subject: Antw: Factuur\n\nIk ben afwezig tot 5 december.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD "Subject: Odp: Faktura\n\nJestem na urlopie do 5 grudnia.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD "Subject: SV: Faktura\n\nJag är på semester till 5 december.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD REPLY "Subject: Re: =?utf-8?B?6KuL5rGC5pu4?=\n\n12月5日まで休みをいただいております。\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD REPLY "Subject: Re: X\n\nЯ в отпуске до 5 декабря.\n",
	  "auto_reply anna@a.example 2026-12-05" },
	{ HEAD REPLY "Subject: Re: X\n\n我正在休假至12月5日。\n", "auto_reply anna@a.example 2026-12-05" },
	{ HEAD REPLY "Subject: Re: Invoice\n\n"
	  "This is an automatically generated message. I am on maternity leave.\n",
	  "auto_reply anna@a.example -" },
	/* a person's words, a list's mail */
	{ HEAD REPLY "Subject: Re: Invoice\n\n"
	  "Paid today. By the way, next year we are on vacation in May, please send it earlier.\n",
	  "other - -" },
	{ HEAD REPLY "Subject: Re: Invoice\n\n"
	  "Sorry for the late answer, I was on vacation until 5 December. It is paid.\n",
	  "other - -" },
	{ HEAD REPLY "Subject: AW: Rechnung\n\n"
	  "Guten Tag, ich war im Urlaub und bin seit dem 7.12.2026 wieder da. Bezahlt ist sie.\n",
	  "other - -" },
	{ HEAD "Subject: Holiday offers\n\nI am out of the office until 5 December, dreaming of "
	  "the sea.\n", "other - -" },
	{ HEAD "Subject: Offers\nPrecedence: bulk\nList-Id: <a.b.example>\n\n"
	  "On vacation until 5 December!\n", "other - -" },
	    /* clang-format on */
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

static void check_challenges(void)
{
	static const struct row rows[] = {
	    /* clang-format off */
	/* TMDA */
	{ HEAD "Subject: Please confirm your message\nAuto-Submitted: auto-replied\n\n"
	  "This message was created automatically by mail delivery software.\n\n"
	  "Your message attached below is being held because the address\n"
	  "<billing@sender.example> has not been verified.\n\n"
	  "To release your message for delivery, please send an empty message to\n"
	  "the following address.\n", "challenge anna@a.example -" },
	/* Active Spam Killer */
	{ HEAD "Subject: Please confirm (conf#0123456789abcdef)\n\n"
	  "This is an automatic answer of Active Spam Killer. Simply reply to this message.\n",
	  "challenge anna@a.example -" },
	{ HEAD "Subject: Re: Invoice\n\nJust this once, click the link below so that I can "
	  "receive your mail.\n", "challenge anna@a.example -" },
	{ HEAD "Subject: Your mail to anna\n\n"
	  "anna@a.example is using Boxbe to manage mail from new senders.\n",
	  "challenge anna@a.example -" },
	/* a service in the name of somebody */
	{ "From: Boxbe <notify@boxbe.example>\nTo: billing@sender.example\n"
	  "Subject: Invoice (Action Required)\n\n"
	  "Your mail was waitlisted. Add yourself to bert@b.example's Guest List: \n"
	  "Thank you,\nbert@b.example\n", "challenge bert@b.example -" },
	{ "From: Boxbe <notify@boxbe.example>\nTo: billing@sender.example\n"
	  "Subject: Invoice (Action Required)\n\n"
	  "Your mail was waitlisted by bert@b.example or carl@c.example.\n",
	  "challenge notify@boxbe.example -" },
	{ HEAD "Subject: Invoice (Action Required)\n\n"
	  "Your mail was waitlisted. Add yourself to my Guest List, please.\n",
	  "challenge anna@a.example -" },
	{ HEAD "Subject: Invoice\n\nI use ChoiceMail to protect my mailbox. Please fill in this "
	  "form.\n", "challenge anna@a.example -" },
	{ HEAD "Subject: Re: Invoice\n\nThis email address is protected by EarthLink spamBlocker. "
	  "He or she must add you to a list of\nallowed senders.\n",
	  "challenge anna@a.example -" },
	{ HEAD "Subject: AntiSpam UOL: confirme\n\nClique no link.\n",
	  "challenge anna@a.example -" },
	{ HEAD "Subject: Please verify\n\nanna is using Bluebottle; please confirm that you are "
	  "the sender.\n", "challenge anna@a.example -" },
	{ HEAD "Subject: Your mail\n\nHi, this is the qconfirm program. Please reply.\n",
	  "challenge anna@a.example -" },
	{ HEAD "Subject: SpamLion\n\nThis mailbox is guarded by SpamLion, please register.\n",
	  "challenge anna@a.example -" },
	{ HEAD "Subject: Votre message\n\nVotre message est en attente, merci de vous "
	  "authentifier.\n", "challenge anna@a.example -" },
	{ HEAD "Subject: Your email requires verification verify#x\n\n"
	  "The message you sent requires that you verify that you\nare a real live human being.\n",
	  "challenge anna@a.example -" },
	{ HEAD "Subject: Please confirm your subscription\n\n"
	  "Click here to confirm your subscription to our list.\n", "other - -" },
	    /* clang-format on */
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

static void check_receipts(void)
{
	static const struct row rows[] = {
	    /* clang-format off */
	{ HEAD "Subject: Read: Invoice\n\nYour message\n\n  To: Anna\n  Subject: Invoice\n\n"
	  "was read on Saturday, 21 November 2026.\n", "read_receipt anna@a.example -" },
	{ HEAD "Subject: Not read: Invoice\n\nYour message was deleted without\n"
	  "being read on Saturday.\n", "read_receipt anna@a.example -" },
	{ HEAD "Subject: Gelesen: Rechnung\n\nIhre Nachricht wurde gelesen am 21.11.2026.\n",
	  "read_receipt anna@a.example -" },
	{ HEAD "Subject: Lu : Facture\n\nVotre message a été lu le 21/11/2026.\n",
	  "read_receipt anna@a.example -" },
	{ HEAD "Subject: Letto: Fattura\n\nIl messaggio è stato letto.\n",
	  "read_receipt anna@a.example -" },
	{ HEAD "Subject: =?utf-8?Q?Le=C3=ADdo:?= Factura\n\nEl mensaje fue leído el sábado.\n",
	  "read_receipt anna@a.example -" },
	{ HEAD "Subject: Gelezen: Factuur\n\nUw bericht is gelezen op zaterdag.\n",
	  "read_receipt anna@a.example -" },
	{ HEAD "Subject: =?utf-8?B?6ZaL5bCB5riI44G/OiB4?=\n\nメッセージは開封されました。\n",
	  "read_receipt anna@a.example -" },
	/* Notes */
	{ HEAD "Subject: Return Receipt\n\nYour document: Invoice\n"
	  "was received by: Anna Keller/A\nat: 21.11.2026 09:00:00\n",
	  "read_receipt anna@a.example -" },
	{ HEAD "Subject: Read: ten tips for your garden\n\nOur best tips.\n", "other - -" },
	{ HEAD REPLY "Subject: Delivered: Invoice\n\n"
	  "Your message was delivered to anna@b.example on Saturday.\n",
	  "success anna@b.example -" },
	{ HEAD REPLY "Subject: Zugestellt: Rechnung\n\n"
	  "Ihre Nachricht wurde zugestellt: anna@b.example\n", "success anna@b.example -" },
	{ HEAD REPLY "Subject: Relayed: Invoice\n\n"
	  "no delivery notification was sent by the destination server to anna@b.example\n",
	  "success anna@b.example -" },
	{ HEAD "Subject: Delivered: your parcel\n\n"
	  "Your parcel has been delivered to anna@b.example.\n", "other - -" },
	    /* clang-format on */
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

#define ARF(fields)                                                                                \
	HEAD "Subject: abuse report\nMIME-Version: 1.0\nContent-Type: multipart/report; "          \
	     "report-type=feedback-report; "                                                       \
	     "boundary=x\n\n--x\n\nThis is an email abuse report.\n\n--x\nContent-Type: "          \
	     "message/feedback-report\n\n" fields "\n--x\nContent-Type: message/rfc822\n\nFrom: "  \
	     "billing@sender.example\nTo: carl@c.example\n"                                        \
	     "Message-ID: <1@sender.example>\nSubject: Invoice\n\nHello\n--x--\n"

static void check_complaints(void)
{
	static const struct row rows[] = {
	    /* clang-format off */
	{ ARF("Feedback-Type: abuse\nUser-Agent: X/1\nVersion: 1\n"
	  "Original-Rcpt-To: <anna@a.example>\n"), "complaint anna@a.example -" },
	{ ARF("feedback-type: Abuse\noriginal-rcpt-to: rfc822; anna@a.example\n"),
	  "complaint anna@a.example -" },
	{ ARF("Feedback-Type: opt-out\nRemoval-Recipient: anna@a.example\n"),
	  "complaint anna@a.example -" },
	{ ARF("Feedback-Type: fraud\nVersion: 0.1\n"), "complaint carl@c.example -" },
	{ ARF("Feedback-Type: abuse (by hand)\nOriginal-Rcpt-To: anna@a.example\n"),
	  "complaint anna@a.example -" },
	{ ARF("Feedback-Type: not-spam\nOriginal-Rcpt-To: anna@a.example\n"),
	  "feedback anna@a.example -" },
	{ ARF("Feedback-Type: Not-Spam (false positive)\nOriginal-Rcpt-To: anna@a.example\n"),
	  "feedback anna@a.example -" },
	{ ARF("Feedback-Type: (a) not-spam (\nOriginal-Rcpt-To: anna@a.example\n"),
	  "feedback anna@a.example -" },
	{ ARF("Feedback-Type: auth-failure\nAuth-Failure: dmarc\nDelivery-Result: delivered\n"
	  "Original-Rcpt-To: anna@a.example\n"), "feedback anna@a.example -" },
	{ ARF("Feedback-Type: auth-failure\nAuth-Failure: dmarc\nDelivery-Result: reject\n"),
	  "feedback carl@c.example -" },
	{ HEAD "Subject: AWS\n\n{\"notificationType\": \"Complaint\", \"complaint\": "
	  "{\"complainedRecipients\": [{\"emailAddress\": \"anna@a.example\"}], "
	  "\"complaintFeedbackType\": \"abuse\"}, \"mail\": {}}\n", "complaint anna@a.example -" },
	{ HEAD "Subject: AWS\n\n{\"notificationType\": \"Complaint\", \"complaint\": "
	  "{\"complainedRecipients\": [{\"emailAddress\": \"anna@a.example\"}], "
	  "\"complaintFeedbackType\": \"not-spam\"}, \"mail\": {}}\n",
	  "feedback anna@a.example -" },
	{ HEAD "Subject: complaint about message from 192.0.2.1\n"
	  "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\n"
	  "From: billing@sender.example\nTo: anna@a.example\nSubject: Invoice\n\nHello\n--x--\n",
	  "complaint anna@a.example -" },
	{ HEAD "Subject: Spam\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n"
	  "This is an email abuse report for a\nmessage received from 192.0.2.1.\n"
	  "--x\nContent-Type: message/rfc822\n\nFrom: billing@sender.example\nTo: anna@a.example\n"
	  "Subject: Invoice\n\nHello\n--x--\n", "complaint anna@a.example -" },
	    /* clang-format on */
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	rules = shipped_rules();
	g_test_add_func("/notice/auto-replies", check_auto_replies);
	g_test_add_func("/notice/challenges", check_challenges);
	g_test_add_func("/notice/receipts", check_receipts);
	g_test_add_func("/notice/complaints", check_complaints);
	int status = g_test_run();
	ruleset_free(rules);
	return status;
}
