/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RFC 8098 section 3.2.4: final-recipient-field = "Final-Recipient" ":" type ";" address
 * RFC 5965 section 3:     Feedback-Type, Original-Rcpt-To, Removal-Recipient ...
 * RFC 3834 section 5:     auto-submitted-field = "Auto-Submitted:" ( "no" / "auto-generated" / "auto-replied" ... )
 */
#include "classifier/notice.h"

#include <string.h>

#include "classifier/address.h"
#include "classifier/header.h"
#include "classifier/text.h"

#define TEXT_BYTES 2000 /* of the text that a challenge must show itself in */

static const char *field_address(struct report_build *build, struct slice block, const char *name)
{
	struct slice value;
	if (!header_find(block, name, &value))
		return "";
	const char *semicolon = memchr(value.data, ';', value.len);
	if (semicolon)
		value = (struct slice){semicolon + 1, value.len - (size_t)(semicolon + 1 - value.data)};
	struct slice bare = address_bare(value.data, value.len);
	return build_value(build, bare.data, bare.len);
}

static void add_recipient(struct report_build *build, const char *address, const char *original, const char *source)
{
	struct report_recipient *r = *address ? build_recipient(build, source) : NULL;
	if (!r)
		return;
	r->recipient = address;
	r->original_recipient = original;
}

void notice_read_receipt(struct report_build *build, const char *fields)
{
	struct slice block = {fields + strspn(fields, "\n"), 0};
	struct slice value;
	block.len = strlen(block.data);
	const char *final = field_address(build, block, "Final-Recipient");
	const char *original = field_address(build, block, "Original-Recipient");
	if (header_find(block, "Original-Message-ID", &value) && !*build->report->original.message_id) {
		struct slice bare = address_bare(value.data, value.len);
		build->report->original.message_id = build_value(build, bare.data, bare.len);
	}
	build->report->kind = REPORT_READ_RECEIPT;
	build->report->dialect = "mdn";
	add_recipient(build, *final ? final : build->report->header.from, original, "mdn");
}

bool notice_complaint(struct report_build *build, const char *fields)
{
	struct report *report = build->report;
	struct slice block = {fields + strspn(fields, "\n"), 0};
	struct slice value;
	block.len = strlen(block.data);
	report->feedback_type = "";
	if (header_find(block, "Feedback-Type", &value)) {
		g_autofree char *lower = g_ascii_strdown(value.data, (gssize)MIN(value.len, (size_t)100));
		report->feedback_type = build_value(build, lower, strlen(lower));
	}
	report->dialect = "arf";
	if (strcmp(report->feedback_type, "not-spam") == 0)
		return true;
	report->kind = REPORT_COMPLAINT;
	const char *address = field_address(build, block, "Original-Rcpt-To");
	if (!*address)
		address = field_address(build, block, "Removal-Recipient");
	if (!*address && report->original.to[0])
		address = report->original.to[0];
	add_recipient(build, address, "", "arf");
	return true;
}

/* --- automatic replies ---------------------------------------------------- */

static const char *const reply_subjects[] = {"out of office",
					     "out of the office",
					     "autoreply",
					     "auto-reply",
					     "auto reply",
					     "automatic reply",
					     "automated reply",
					     "auto response",
					     "auto-response",
					     "autoresponse",
					     "automatic response",
					     "automated response",
					     "autoresponder",
					     "on vacation",
					     "vacation reply",
					     "on holiday",
					     "away from my mail",
					     "away from the office",
					     "i am away",
					     "annual leave",
					     "maternity leave",
					     "abwesenheit",
					     "automatische antwort",
					     "automatische rückantwort",
					     "nicht im büro",
					     "nicht im haus",
					     "im urlaub",
					     "absence du bureau",
					     "réponse automatique",
					     "reponse automatique",
					     "absent du bureau",
					     "je suis absent",
					     "en congé",
					     "risposta automatica",
					     "fuori ufficio",
					     "fuori sede",
					     "assenza dall'ufficio",
					     "respuesta automática",
					     "respuesta automatica",
					     "fuera de la oficina",
					     "fuera de oficina",
					     "autorespuesta",
					     "resposta automática",
					     "resposta automatica",
					     "ausente do escritório",
					     "fora do escritório",
					     "ausência temporária",
					     "automatisch antwoord",
					     "afwezig",
					     "niet aanwezig",
					     "buiten kantoor",
					     "autoodpowiedź",
					     "automatyczna odpowiedź",
					     "poza biurem",
					     "nieobecno",
					     "autosvar",
					     "automatiskt svar",
					     "frånvaro",
					     "ej på kontoret",
					     "ikke på kontoret",
					     "automatisk svar",
					     "fravær",
					     "poissa toimistosta",
					     "自動返信",
					     "自動応答",
					     "不在通知",
					     "不在のお知らせ",
					     "автоответ",
					     "автоматический ответ",
					     "нет на работе",
					     "в отпуске",
					     "自动回复",
					     "自动答复",
					     "自動回覆",
					     "外出",
					     "休假",
					     "automatická odpoveď",
					     "automatická odpověď",
					     "mimo kancelář",
					     "otomatik yanıt",
					     NULL};

static const char *const challenge_words[] = {"confirm your email to",
					      "verify your email to",
					      "sender verification",
					      "please confirm your message",
					      "[spamarrest",
					      "boxbe",
					      "challenge/response",
					      "message awaiting your confirmation",
					      "sender address verification",
					      "please confirm (conf#",
					      "action required: confirm",
					      "requires verification",
					      "verify your message",
					      NULL};

/* Sentences of BoxTrapper, TMDA, Earthlink, SpamArrest and their like. */
static const char *const challenge_sentences[] = {"verify that you are a real live human",
						  "complete the verification process",
						  "your message is being held because",
						  "please confirm that you are a human",
						  "to confirm that your message is not spam",
						  "i am protecting myself from receiving junk mail",
						  "requires that you verify",
						  "request to be added to the allowed senders list",
						  "is protected by a challenge",
						  "click the link below to release your message",
						  "before your message can be delivered",
						  NULL};

static bool has_any(const char *lower, const char *const *words)
{
	for (; *words; words++)
		if (strstr(lower, *words))
			return true;
	return false;
}

static bool header_has(const struct report_build *build, const char *name, const char *word)
{
	g_autofree char *value = mime_header(build->mime, 0, name);
	g_autofree char *lower = g_ascii_strdown(value, -1);
	return *word ? strstr(lower, word) != NULL : *lower != '\0';
}

/* Headers that say so by themselves. */
static bool has_reply_header(const struct report_build *build)
{
	return g_str_has_prefix(build->report->auto_submitted, "auto-replied") ||
	       header_has(build, "X-Autoreply", "") || header_has(build, "X-Autorespond", "") ||
	       header_has(build, "X-Autoresponder", "") || header_has(build, "X-Auto-Reply", "") ||
	       header_has(build, "X-Mail-Autoreply", "") || header_has(build, "X-AutoReply-From", "") ||
	       header_has(build, "Auto-Reply", "") || header_has(build, "Precedence", "auto_reply") ||
	       header_has(build, "X-Precedence", "auto_reply") || header_has(build, "Preference", "auto_reply") ||
	       header_has(build, "Delivered-To", "autoresponder") ||
	       header_has(build, "X-Auto-Submitted", "auto-replied") ||
	       header_has(build, "X-MS-Exchange-Inbox-Rules-Loop", "");
}

bool notice_auto_reply(struct report_build *build)
{
	struct report *report = build->report;
	g_autofree char *subject = g_utf8_strdown(report->header.subject, -1);
	g_autofree char *start = text_clean(report->text, strlen(report->text), TEXT_BYTES);
	g_autofree char *text = g_utf8_strdown(start, -1);
	bool challenge = has_any(subject, challenge_words) || has_any(text, challenge_sentences);
	bool header = has_reply_header(build);
	bool list = header_has(build, "List-Id", "") || header_has(build, "List-Unsubscribe", "");
	if (!challenge && !header && (list || !has_any(subject, reply_subjects)))
		return false;
	report->kind = challenge ? REPORT_CHALLENGE : REPORT_AUTO_REPLY;
	report->dialect = challenge ? "challenge" : header ? "rfc3834" : "subject";
	add_recipient(build, report->header.from, "", report->dialect);
	return true;
}
