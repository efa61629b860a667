/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Verdicts of the shipped rules and codes on reports filled in by hand.
 */
#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "classifier/verdict/classify.h"
#include "classifier/verdict/rule_trial.h"
#include "tests/unit/growth.h"
#include "tests/unit/shipped_rules.h"

static struct ruleset *rules;

static struct report_recipient recipient_of(enum report_action action, const char *status,
					    const char *reply, const char *diagnostic)
{
	struct report_recipient recipient = report_recipient_empty;

	recipient.recipient = "user@example.org";
	recipient.action = action;
	recipient.status = status;
	recipient.reply_code = reply;
	recipient.diagnostic = diagnostic;
	recipient.diagnostic_type = "smtp";
	recipient.source = "rfc3464";
	return recipient;
}

static struct report report_of(enum report_kind kind, const struct report_recipient *recipients,
			       size_t count)
{
	struct report report = report_empty;

	report.kind = kind;
	report.recipients = recipients;
	report.recipient_count = count;
	return report;
}

static void assert_verdict(const struct report *report, const struct report_recipient *recipient,
			   const char *class, const char *reason)
{
	struct verdict verdict;

	classify(rules, report, recipient, &verdict);
	if (strcmp(verdict.reason->name, reason) != 0 ||
	    strcmp(reason_class_name(verdict.class), class) != 0) {
		g_test_message("%s: %s %s by %s \"%s\"",
			       recipient ? recipient->diagnostic : "nobody",
			       reason_class_name(verdict.class), verdict.reason->name, verdict.rule,
			       verdict.evidence);
		g_test_fail();
	}
	g_assert_nonnull(verdict.evidence);
	g_assert_true(g_utf8_validate(verdict.evidence, -1, NULL));
	verdict_clear(&verdict);
}

struct row {
	const char *status;
	const char *reply;
	const char *diagnostic;
	const char *class;
	const char *reason;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct report_recipient recipient = recipient_of(
		    REPORT_ACTION_FAILED, rows[i].status, rows[i].reply, rows[i].diagnostic);
		struct report report = report_of(REPORT_DSN, &recipient, 1);
		assert_verdict(&report, &recipient, rows[i].class, rows[i].reason);
	}
}

/* Words and codes agree, or one of them says nothing. */
static void check_plain(void)
{
	static const struct row rows[] = {
	    {"5.1.1", "550",
	     "550 5.1.1 <u@example.org>: Recipient address rejected: User unknown in local "
	     "recipient table",
	     "hard", "user_unknown"},
	    {"5.1.1", "", "", "hard", "user_unknown"},
	    {"5.1.2", "", "", "hard", "domain_unknown"},
	    {"5.1.3", "", "", "hard", "address_syntax"},
	    {"5.1.6", "", "", "hard", "mailbox_moved"},
	    {"5.1.10", "556", "556 5.1.10 Recipient address has null MX", "hard", "null_mx"},
	    {"5.4.4", "",
	     "Host or domain name not found. Name service error for name=x.example type=AAAA: Host "
	     "not found",
	     "hard", "domain_unknown"},
	    {"4.4.3", "",
	     "Host or domain name not found. Name service error for name=x.example type=MX: Host "
	     "not found, try again",
	     "soft", "dns_failure"},
	    {"5.2.2", "552", "552 5.2.2 mailbox full", "soft", "mailbox_full"},
	    {"4.2.2", "452", "452 4.2.2 over quota", "soft", "mailbox_full"},
	    {"4.4.1", "", "connect to mx.example.net[192.0.2.1]:25: Connection timed out", "soft",
	     "network_error"},
	    {"4.4.7", "", "", "soft", "expired"},
	    {"4.0.0", "", "", "soft", "expired"},
	    {"4.0.0", "",
	     "DNS Error: DNS type 'mx' lookup of x.example responded with code NXDOMAIN Domain "
	     "name not found: x.example",
	     "hard", "domain_unknown"},
	    {"4.0.0", "", "DNS Error: DNS type 'mx' lookup of x.example responded with SERVFAIL",
	     "soft", "dns_failure"},
	    {"4.0.0", "", "No such host x.example (rcode 3)", "hard", "domain_unknown"},
	    {"4.4.4", "", "No such host x.example (nxdomain)", "soft", "domain_unknown"},
	    {"4.7.1", "450", "450 4.7.1 <u@example.org>: Recipient address rejected: Greylisted",
	     "soft", "greylisted"},
	    {"5.3.4", "552", "552 5.3.4 Message size exceeds fixed limit", "technical",
	     "message_too_large"},
	    {"5.7.26", "550", "550 5.7.26 DMARC", "technical", "auth_failure"},
	    {"5.7.1", "554",
	     "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example.org",
	     "technical", "client_blocked"},
	    {"5.7.1", "554", "554 5.7.1 <u@example.org>: Relay access denied", "technical",
	     "relaying_denied"},
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

/* A code that says nothing by itself never makes an address hard. */
static void check_never_hard(void)
{
	static const struct row rows[] = {
	    {"", "550", "", "unclassified", "undetermined"},
	    {"", "550", "550", "unclassified", "undetermined"},
	    {"5.0.0", "550", "550 5.0.0 no", "unclassified", "undetermined"},
	    {"5.0.0", "554", "554 5.0.0 transaction failed", "unclassified", "undetermined"},
	    {"5.0.0", "550", "550 zorp qux (in reply to MAIL FROM command)", "technical",
	     "sender_refused"},
	    {"5.0.0", "550", "550 zorp qux (in reply to RCPT TO command)", "unclassified",
	     "undetermined"},
	    {"5.0.0", "552", "552 zorp qux (in reply to RCPT TO command)", "unclassified",
	     "undetermined"},
	    {"4.0.0", "450", "450 zorp qux (in reply to RCPT TO command)", "soft", "expired"},
	    {"5.0.0", "554", "554 zorp qux (in reply to end of DATA command)", "technical",
	     "policy_rejected"},
	    {"5.4.1", "", "", "soft", "network_error"},
	    {"5.4.4", "", "", "soft", "dns_failure"},
	    {"5.2.1", "", "", "technical", "recipient_refused"},
	    {"5.2.0", "", "", "unclassified", "undetermined"},
	    {"5.5.0", "551", "", "unclassified", "undetermined"},
	    {"5.1.0", "", "", "technical", "recipient_refused"},
	    {"", "", "", "unclassified", "undetermined"},
	    {"nonsense", "x", "\xEF\xBF\xBD", "unclassified", "undetermined"},
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

/* Where words and codes contradict each other. */
static void check_conflicts(void)
{
	static const struct row rows[] = {
	    {"5.7.1", "550", "550 5.7.1 user unknown", "hard", "user_unknown"},
	    {"5.0.0", "550", "550 user unknown", "hard", "user_unknown"},
	    {"4.1.1", "450", "450 4.1.1 user unknown", "soft", "user_unknown"},
	    {"5.0.0", "450", "450 4.1.1 user unknown", "soft", "user_unknown"},
	    {"5.0.0", "550", "550-5.1.1 no\n550 5.1.1 thanks", "hard", "user_unknown"},
	    {"5.1.1", "550", "550 5.1.1 <u@example.org> your message looks like spam", "technical",
	     "spam_rejected"},
	    {"5.1.1", "550", "550 5.1.1 mailbox is full", "soft", "mailbox_full"},
	    {"5.2.1", "550",
	     "550 5.2.1 The user you are trying to contact is receiving mail too quickly", "soft",
	     "throttled"},
	    {"5.2.1", "550", "550 5.2.1 <u@example.org>... User unknown", "hard", "user_unknown"},
	    {"5.4.1", "550", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
	     "hard", "user_unknown"},
	    {"5.7.1", "550", "550 5.7.1 Recipient address rejected: Access denied", "technical",
	     "policy_rejected"},
	    {"5.7.27", "550",
	     "550 5.7.27 <s@example.org>: Sender address rejected: Domain example.org does not "
	     "accept mail (nullMX)",
	     "technical", "sender_refused"},
	    {"5.1.8", "553",
	     "553 5.1.8 <s@example.org>... Domain of sender address s@example.org does not exist",
	     "technical", "sender_refused"},
	    {"5.0.0", "550",
	     "550-Verification failed for <s@example.org> 550-Called: 192.0.2.1 550-Response: 550 "
	     "No such user here "
	     "550 Sender verify failed",
	     "technical", "sender_refused"},
	    {"5.7.1", "550", "550 5.7.1 user temporary locked, try again later", "soft",
	     "system_error"},
	    {"5.0.0", "552", "552 Too many recipients", "soft", "throttled"},
	    {"5.1.1", "550", "550 5.1.1 <full.mailbox@spam.example>: User unknown", "hard",
	     "user_unknown"},
	    {"5.0.0", "550",
	     "550 SMTP error after MAIL FROM:<s@example.org> SIZE=1: 550 user unknown", "technical",
	     "sender_refused"},
	    {"5.0.0", "553",
	     "SMTP error from remote mail server after MAIL FROM:<s@example.org>: 553 example.org "
	     "does not exist",
	     "technical", "sender_refused"},
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

static void check_languages(void)
{
	static const struct row rows[] = {
	    {"", "550", "550 Unbekannter Benutzer", "hard", "user_unknown"},
	    {"", "550", "550 Der Empfänger existiert nicht", "hard", "user_unknown"},
	    {"", "552", "552 Das Postfach ist voll", "soft", "mailbox_full"},
	    {"", "550", "550 Adresse inconnue", "hard", "user_unknown"},
	    {"", "550", "550 Destinatario sconosciuto", "hard", "user_unknown"},
	    {"", "552", "552 Casella piena", "soft", "mailbox_full"},
	    {"", "550", "550 El destinatario no existe", "hard", "user_unknown"},
	    {"", "550", "550 Usuário desconhecido", "hard", "user_unknown"},
	    {"", "552", "552 Caixa postal cheia", "soft", "mailbox_full"},
	    {"", "550", "550 Onbekende gebruiker", "hard", "user_unknown"},
	    {"", "550", "550 Nie ma takiego użytkownika", "hard", "user_unknown"},
	    {"", "550", "550 Нет такого пользователя", "hard", "user_unknown"},
	    {"", "552", "552 Почтовый ящик переполнен", "soft", "mailbox_full"},
	    {"", "550", "550 用户不存在", "hard", "user_unknown"},
	    {"", "552", "552 收件人邮箱已满", "soft", "mailbox_full"},
	    {"", "550", "550 宛先のメールアドレスが見つかりません", "hard", "user_unknown"},
	};

	check_rows(rows, G_N_ELEMENTS(rows));
}

/* Whether the verdict is what a section asks for: "user_unknown" (a reason),
 * "=hard" (a class) or "not hard". */
static bool is_as_asked(const struct verdict *verdict, const char *section)
{
	if (strcmp(section, "not hard") == 0)
		return verdict->class != CLASS_HARD;
	if (section[0] == '=')
		return strcmp(reason_class_name(verdict->class), section + 1) == 0;
	return strcmp(verdict->reason->name, section) == 0;
}

/* tests/unit/data/replies.txt: "[section]", and the replies below it. */
static void check_replies(void)
{
	g_autofree char *text = NULL;
	const char *section = "";

	g_assert_true(g_file_get_contents("tests/unit/data/replies.txt", &text, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (size_t i = 0; lines[i]; i++) {
		struct verdict verdict;
		if (lines[i][0] == '[' && g_str_has_suffix(lines[i], "]")) {
			lines[i][strlen(lines[i]) - 1] = '\0';
			section = lines[i] + 1;
			continue;
		}
		if (lines[i][0] == '#' || lines[i][0] == '\0')
			continue;
		rule_trial_judge(rules, NULL, lines[i], &verdict);
		if (!is_as_asked(&verdict, section)) {
			g_test_message("%zu: %s is not %s but %s by %s \"%s\"", i + 1, lines[i],
				       section, verdict.reason->name, verdict.rule,
				       verdict.evidence);
			g_test_fail();
		}
		verdict_clear(&verdict);
	}
}

static void check_notices(void)
{
	static const struct {
		enum report_kind kind;
		enum report_action action;
		const char *class;
		const char *reason;
	} rows[] = {
	    {REPORT_OTHER, REPORT_ACTION_NONE, "unclassified", "undetermined"},
	    {REPORT_DELAY, REPORT_ACTION_DELAYED, "technical", "delayed"},
	    {REPORT_DELAY, REPORT_ACTION_NONE, "technical", "delayed"},
	    {REPORT_DSN, REPORT_ACTION_DELAYED, "technical", "delayed"},
	    {REPORT_DSN, REPORT_ACTION_DELIVERED, "technical", "delivered"},
	    {REPORT_DSN, REPORT_ACTION_RELAYED, "technical", "delivered"},
	    {REPORT_SUCCESS, REPORT_ACTION_EXPANDED, "technical", "delivered"},
	    {REPORT_SUCCESS, REPORT_ACTION_NONE, "technical", "delivered"},
	    {REPORT_READ_RECEIPT, REPORT_ACTION_NONE, "technical", "read_receipt"},
	    {REPORT_COMPLAINT, REPORT_ACTION_NONE, "technical", "complaint"},
	    {REPORT_FEEDBACK, REPORT_ACTION_NONE, "technical", "feedback"},
	    {REPORT_CHALLENGE, REPORT_ACTION_NONE, "technical", "challenge"},
	    {REPORT_AUTO_REPLY, REPORT_ACTION_NONE, "auto_reply", "vacation"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct report_recipient recipient =
		    recipient_of(rows[i].action, "5.1.1", "550", "550 user unknown");
		struct report report = report_of(rows[i].kind, &recipient, 1);
		report.text = "user unknown";
		assert_verdict(&report, &recipient, rows[i].class, rows[i].reason);
	}
}

/* What the same words mean depends on who says them. */
static void check_hosts(void)
{
	static const struct {
		const char *host;
		const char *diagnostic;
		const char *class;
		const char *reason;
	} rows[] = {
	    {"mx.kk.dion.ne.jp", "550 <user@example.org>: Recipient address rejected.", "hard",
	     "user_unknown"},
	    {"mx.example.net", "550 <user@example.org>: Recipient address rejected.", "technical",
	     "recipient_refused"},
	    {"mx.kk.dion.ne.jp", "550 <user@example.org>: Recipient address rejected: Policy",
	     "technical", "policy_rejected"},
	    {"mx1.qq.com",
	     "550 The recipient may contain a non-existent account, please check the recipient "
	     "address. [MIqP3ghgF4kM6wN0w+A1vA== IP: 192.0.2.23]. http://service.example.com/?id=2",
	     "hard", "user_unknown"},
	    {"mx1.qq.com", "550 [our gateway: your sender is rejected] user unknown", "technical",
	     "sender_refused"},
	    {"mx1.simplelogin.co", "550 SL E515 Email not exist", "hard", "user_unknown"},
	    {"mx.example.net", "550 SL E515 Email not exist", "technical", "recipient_refused"},
	    {"mx1.simplelogin.co", "550 SL E504 Account disabled", "hard", "mailbox_disabled"},
	    {"mx1.simplelogin.co", "550 SL E515 Email not exist in the sender's account",
	     "unclassified", "undetermined"},
	    {"mx00.gmx.net",
	     "550-Requested action not taken: mailbox unavailable\n550 For explanation visit "
	     "https://postmaster.gmx.net/en/case?c=r0202&i=ip&v=192.0.2.1&r=1Mn",
	     "hard", "user_unknown"},
	    {"mx00.gmx.net",
	     "550-Requested action not taken: mailbox unavailable\n550-Reject due to policy "
	     "restrictions.\n550 For explanation visit "
	     "https://postmaster.gmx.net/en/case?c=r0202&i=ip&v=192.0.2.1&r=1Mn",
	     "technical", "policy_rejected"},
	    {"mx.example.net",
	     "550-Requested action not taken: mailbox unavailable\n550 For explanation visit "
	     "https://postmaster.gmx.net/en/case?c=r0202&i=ip&v=192.0.2.1&r=1Mn",
	     "technical", "recipient_refused"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct report_recipient recipient =
		    recipient_of(REPORT_ACTION_FAILED, "", "550", rows[i].diagnostic);
		struct report report = report_of(REPORT_DSN, &recipient, 1);
		recipient.remote_mta = rows[i].host;
		assert_verdict(&report, &recipient, rows[i].class, rows[i].reason);
	}
}

/* Some name the local part or the domain alone. What could be a word is none, and an address of the
 * sender's side is nobody's who was written to. */
static void check_names(void)
{
	static const struct {
		const char *recipient;
		const char *diagnostic;
		const char *class;
		const char *reason;
	} rows[] = {
	    {"j.doe@example.org", "550 j.doe unknown here", "hard", "user_unknown"},
	    {"j.doe@example.org", "550 I do not know any J.Doe.", "hard", "user_unknown"},
	    {"m-lopez@example.org", "550 Mr. m-lopez does not work here any more", "hard",
	     "mailbox_disabled"},
	    {"j.doe@example.org", "550 j.doe.example.net unknown here", "unclassified",
	     "undetermined"},
	    {"paul-77@example.org", "550 jean-paul-77 unknown here", "unclassified",
	     "undetermined"},
	    {"relay@example.org", "550 relay refused", "technical", "relaying_denied"},
	    {"hofmann@example.org", "550 Hofmann does not exist", "hard", "user_unknown"},
	    {"hofmann@example.org", "550 no such hofmann", "hard", "user_unknown"},
	    {"hofmann@example.org", "550 unknown: hofmann", "hard", "user_unknown"},
	    {"hofmann@example.org", "550 hofmann ist hier unbekannt", "hard", "user_unknown"},
	    {"hofmann@example.org", "550 hofmann n'existe pas", "hard", "user_unknown"},
	    {"hofmann@example.org", "550 hofmann left us", "hard", "mailbox_disabled"},
	    {"host@example.org", "550 your host unknown", "unclassified", "undetermined"},
	    {"policy@example.org", "550 policy not found", "unclassified", "undetermined"},
	    {"route@example.org", "550 5.0.0 route not found", "unclassified", "undetermined"},
	    {"hofmann@example.org", "550 hofmann.example.net does not exist", "unclassified",
	     "undetermined"},
	    {"jo@example.org", "550 example.org does not accept any mail", "hard", "null_mx"},
	    {"jo@example.org", "550 EXAMPLE.org does not exist", "hard", "domain_unknown"},
	    {"jo@example.org", "550 example.org has expired", "hard", "mailbox_disabled"},
	    {"jo@example.org", "550 no mail for example.org", "technical", "relaying_denied"},
	    {"jo@example.org", "550 mx.example.org does not exist", "unclassified", "undetermined"},
	    {"jo@example.org", "550 other.example does not accept any mail", "unclassified",
	     "undetermined"},
	    {"jo@example.org", "550 our.example does not accept any mail", "technical",
	     "sender_refused"},
	    {"jo@example.org", "550 unbekannt: other@our.example", "unclassified", "undetermined"},
	    {"jo@example.org", "550 5.1.1 unbekannt: other@our.example", "technical",
	     "recipient_refused"},
	    {"jo@example.org", "550 5.1.1 <other@our.example>: user unknown", "technical",
	     "sender_refused"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct report_recipient recipient =
		    recipient_of(REPORT_ACTION_FAILED, "", "550", rows[i].diagnostic);
		struct report report = report_of(REPORT_DSN, &recipient, 1);
		recipient.recipient = rows[i].recipient;
		report.original.from = "us@our.example";
		assert_verdict(&report, &recipient, rows[i].class, rows[i].reason);
	}
}

/* The human-readable text decides only for the one recipient that failed. */
static void check_text(void)
{
	struct report_recipient recipients[] = {
	    recipient_of(REPORT_ACTION_FAILED, "5.0.0", "", ""),
	    recipient_of(REPORT_ACTION_DELIVERED, "2.0.0", "", ""),
	    recipient_of(REPORT_ACTION_FAILED, "5.0.0", "", ""),
	};
	struct report report = report_of(REPORT_DSN, recipients, 2);

	report.text =
	    "Your message to somebody\ncould not be delivered: the recipient's\nmailbox is full.";
	assert_verdict(&report, &recipients[0], "soft", "mailbox_full");
	report.recipient_count = 3;
	assert_verdict(&report, &recipients[0], "unclassified", "undetermined");
	report.kind = REPORT_PROSE;
	report.recipient_count = 0;
	report.text = "550 5.1.1 unknown user";
	assert_verdict(&report, NULL, "hard", "user_unknown");
	report.text = "Hello,\n\nthe recipient jane does not exist\nhere.\n\nThe headers and the "
		      "body of your mail are "
		      "below; ask the owner of your mail server.\n";
	assert_verdict(&report, NULL, "hard", "user_unknown");
	report.text = "Hello,\n\nthe sender jane does not exist here.\n\nThe headers and the body "
		      "are below.\n";
	assert_verdict(&report, NULL, "technical", "sender_refused");
	report.text = "";
	assert_verdict(&report, NULL, "unclassified", "undetermined");
}

static void judge(const char *text)
{
	struct report_recipient recipient = recipient_of(REPORT_ACTION_FAILED, "", "", "");
	struct report report = report_of(REPORT_PROSE, &recipient, 1);
	struct verdict verdict;

	report.text = text;
	classify(rules, &report, &recipient, &verdict);
	g_assert_true(g_utf8_validate(verdict.evidence, -1, NULL));
	verdict_clear(&verdict);
}

/* Sixty-four kilobytes of anything. */
static void check_hostile(void)
{
	static const char *const units[] = {
	    "user ",      "mailbox is ", "full ",
	    "550-5.1.1 ", "a@b ",        "\xE3\x83\xA6",
	    "<<<",        "not found ",  "unknown unknown user user "};

	for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
		growth_assert_linear(judge, units[i], 64 * 1024);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	rules = shipped_rules();
	g_test_add_func("/classify/plain", check_plain);
	g_test_add_func("/classify/hosts", check_hosts);
	g_test_add_func("/classify/never-hard", check_never_hard);
	g_test_add_func("/classify/conflicts", check_conflicts);
	g_test_add_func("/classify/languages", check_languages);
	g_test_add_func("/classify/replies", check_replies);
	g_test_add_func("/classify/notices", check_notices);
	g_test_add_func("/classify/names", check_names);
	g_test_add_func("/classify/text", check_text);
	g_test_add_func("/classify/hostile", check_hostile);
	int status = g_test_run();
	ruleset_free(rules);
	return status;
}
