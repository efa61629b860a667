/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Hard by mistake is what one more word could bring about. So all replies of the tests and all
 * examples of the rules that are hard are changed at random, always by the same seed: refused at
 * another step, said of the sender, of a login or of a header, put behind another topic, beside a
 * remark that nobody knows, joined to an alternative, under a code that somebody else made up. None
 * of them may stay hard.
 */
#include <string.h>

#include <glib.h>

#include "classifier/rules/ruleset.h"
#include "classifier/verdict/classify.h"
#include "classifier/verdict/rule_trial.h"

#define SEED 20261128

static struct ruleset *rules;
static GPtrArray *texts; /* that are hard as they stand */

static enum bounce_class judge(const char *text)
{
	struct verdict verdict;
	rule_trial_judge(rules, NULL, text, &verdict);
	enum bounce_class class = verdict.class;
	verdict_clear(&verdict);
	return class;
}

static void add_text(const char *text)
{
	if (*text && *text != '#' && *text != '[' && judge(text) == CLASS_HARD)
		g_ptr_array_add(texts, g_strdup(text));
}

static void collect(void)
{
	g_autofree char *file = NULL;
	g_assert_true(g_file_get_contents("tests/unit/data/replies.txt", &file, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(file, "\n", -1);
	for (size_t i = 0; lines[i]; i++)
		add_text(lines[i]);
	for (size_t i = 0; i < ruleset_count(rules); i++) {
		const struct rule *rule = ruleset_get(rules, i);
		for (guint j = 0; j < rule->example->len; j++)
			add_text(g_array_index(rule->example, struct rule_line, j).text);
	}
}

/* The steps at which nobody has heard of the recipient. */
static const char *const steps[] = {"MAIL FROM", "EHLO", "HELO", "AUTH", "STARTTLS"};

static void check_steps(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	for (guint i = 0; i < texts->len; i++) {
		const char *step = steps[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(steps))];
		g_autofree char *text =
		    g_strdup_printf("%s (in reply to %s command)", (char *)texts->pdata[i], step);
		if (judge(text) == CLASS_HARD) {
			g_test_message("%s", text);
			g_test_fail();
		}
	}
}

static const char *const codes[] = {"550 ", "550 5.1.1 ", "553 5.7.1 ", "554 5.0.0 ", "551 "};
static const char *const others[] = {
    "sender",   "sending",      "originating",   "envelope sender", "return path",    "Reply-To",
    "sender's", "your sending", "envelope from", "reverse-path",    "bounce address",
};
static const char *const things[] = {"address", "domain", "account", "mailbox", "host"};
static const char *const ends[] = {"not found",         "does not exist",     "unknown",
				   "is invalid",        "could not be found", "is not known here",
				   "has been disabled", "is closed"};

static const char *any(GRand *random, const char *const *list, size_t count)
{
	return list[g_rand_int_range(random, 0, (gint32)count)];
}
#define ANY(random, list) any(random, list, G_N_ELEMENTS(list))

static void check_senders(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	for (int i = 0; i < 2000; i++) {
		g_autofree char *text =
		    g_strdup_printf("%s%s%s %s %s", ANY(random, codes), i % 2 ? "the " : "",
				    ANY(random, others), ANY(random, things), ANY(random, ends));
		if (judge(text) == CLASS_HARD) {
			g_test_message("%s", text);
			g_test_fail();
		}
	}
}

static void check_sentence(const char *code, const char *noun, const char *said)
{
	g_autofree char *text = g_strdup_printf("%s%s %s", code, noun, said);
	if (judge(text) == CLASS_HARD) {
		g_test_message("%s", text);
		g_test_fail();
	}
}

/* The sender in other languages, and what the message brings, with what is said of an address. */
static void check_other_things(void)
{
	static const char *const nouns[] = {
	    "Der Absender", "L'expéditeur", "El remitente", "Il mittente",      "De afzender",
	    "Avsändaren",   "Nadawca",      "Отправитель",  "Відправник",       "送信者",
	    "发件人",       "발신자",       "Odesílatel",   "Gönderen",         "A feladó",
	    "Expeditorul",  "Lähettäjä",    "Ο αποστολέας", "المرسل",           "השולח",
	    "Người gửi",    "Pengirim",     "Der Anhang",   "Le fichier joint", "附件",
	};
	static const char *const said[] = {"existiert nicht", "inconnu",      "no existe",
					   "non esiste",      "bestaat niet", "не найден",
					   "不存在"};
	static const char *const brought[] = {"the attachment", "the link",     "the file type",
					      "the charset",    "the subject",  "the message id",
					      "the URL",        "the encoding", "its header"};
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	for (int i = 0; i < 1000; i++) {
		check_sentence(ANY(random, codes), ANY(random, nouns), ANY(random, said));
		check_sentence(ANY(random, codes), ANY(random, brought), ANY(random, ends));
	}
}

/* Begin or end so, and what stands there is not said of the recipient, or not for certain. */
static const struct {
	const char *before;
	const char *after;
} frames[] = {
    {"sender: ", ""},
    {"your sending address: ", ""},
    {"the return path: ", ""},
    {"bounce address: ", ""},
    {"MAIL FROM: ", ""},
    {"from header: ", ""},
    {"HELO: ", ""},
    {"EHLO name: ", ""},
    {"login failed: ", ""},
    {"SASL: ", ""},
    {"attachment: ", ""},
    {"in the Reply-To header: ", ""},
    {"policy: ", ""},
    {"spam: ", ""},
    {"perhaps ", ""},
    {"too many connections: ", ""},
    {"blocked using lists.example.net: ", ""},
    {"relay denied: ", ""},
    {"SPF fail: ", ""},
    {"the domain you send from: ", ""},
    {"message from you: ", ""},
    {"client name: ", ""},
    {"relay host rejected: ", ""},
    {"content filter: ", ""},
    {"message header: ", ""},
    {"In-Reply-To header: ", ""},
    {"sign-in: ", ""},
    {"authentication credentials: ", ""},
    {"while verifying the envelope sender: ", ""},
    {"<user@example.org>: client name: ", ""},
    {"", " for your sender"},
    {"", " for this sender"},
    {"", " in the Reply-To"},
    {"", ", maybe"},
    {"", "; sender unverified"},
    {"", ", try again in 5 minutes"},
    {"client host rejected: ", ""},
    {"", " (sender)"},
    {"", " as sender"},
    {"", ", says the callback to the sender"},
    {"", " or access denied"},
    {"", " or the mailbox is full"},
    {"", " due to policy"},
    {"", " until tomorrow"},
    {"", " for the moment"},
    {"", ", try again tomorrow"},
    {"", " in the message header"},
    {"", " for unauthenticated users"},
    {"", ": directory lookup failed"},
    {"", " to your network"},
    {"TLS certificate subject: ", ""},
    {"antivirus engine reported: ", ""},
    {"message size: ", ""},
    {"system busy; last error: ", ""},
    {"the postmaster of your site: ", ""},
    {"we suspect ", ""},
    {"not sure whether ", ""},
    {"if ", ", contact the administrator"},
    {"message body says ", ""},
    {"", " in the Cc field of the message"},
    {"", " among subscribers"},
    {"tarpitted after ", ""},
    {"quarantine: ", ""},
    {"the account that sent this mail: ", ""},
    {"server is shutting down; ", ""},
    {"secondary mx says ", ", primary is down"},
    {"you exceeded your hourly limit; ", ""},
    {"", " when we called back to your server"},
    {"", " at the reply address"},
    {"", " -- From address"},
    {"", " during backup"},
    {"", ", database is read-only"},
};

/* The same around statements in other languages: what begins or ends a reply needs no words that
 * are known for "dead". */
static void check_foreign_frames(void)
{
	static const char *const statements[] = {
	    "Benutzer unbekannt",  "utilisateur inconnu",    "usuario desconocido",
	    "utente sconosciuto",  "gebruiker onbekend",     "пользователь не найден",
	    "用户不存在",          "使用者不存在",           "użytkownik nie istnieje",
	    "utilizador inválido", "mailbox existiert nicht"};
	static const char *const first[] = {
	    "sender: ",      "login: ",          "message header: ", "HELO name: ",
	    "client name: ", "content filter: ", "reverse path: "};
	static const char *const last[] = {" (MAIL FROM)", " for your sender", " in the Reply-To",
					   ", maybe", " for unauthenticated users"};
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	for (int i = 0; i < 1000; i++) {
		bool is_first = i % 2;
		g_autofree char *text =
		    g_strconcat(ANY(random, codes), is_first ? ANY(random, first) : "",
				ANY(random, statements), is_first ? "" : ANY(random, last), NULL);
		if (judge(text) == CLASS_HARD) {
			g_test_message("%s", text);
			g_test_fail();
		}
	}
}

/* One statement that names nobody. Microsoft's own words for a cause have no other meaning. */
static bool is_plain(const char *text)
{
	static const char *const telling[] = {
	    "recipient", "rcpt", "addressee", "RESOLVER", "DNS.",    "STOREDRV", "said",
	    "http",      ". ",   "NXDOMAIN",  "p=",       "Expired", "expired",  "inactive."};
	for (size_t i = 0; i < G_N_ELEMENTS(telling); i++)
		if (strcasestr(text, telling[i]))
			return false;
	return strlen(text) < 70;
}

static void check_frames(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	for (int i = 0; i < 6000; i++) {
		const char *text = texts->pdata[g_rand_int_range(random, 0, (gint32)texts->len)];
		gint32 frame = g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(frames));
		size_t code = strspn(text, "0123456789.#- ");
		size_t end = strlen(text) - (g_str_has_suffix(text, ".") ? 1 : 0);
		if (!is_plain(text) || end < code)
			continue;
		g_autofree char *framed = g_strdup_printf(
		    "%.*s%s%.*s%s", code ? (int)code : 4, code ? text : "550 ",
		    frames[frame].before, (int)(end - code), text + code, frames[frame].after);
		if (judge(framed) == CLASS_HARD) {
			g_test_message("%s", framed);
			g_test_fail();
		}
	}
}

/* Topics and remarks that no rule knows: words that are said of no recipient make no statement,
 * unless a registered code says it as well. */
static void check_unknown_words(void)
{
	static const char *const uncertain[] = {"550 ", "554 5.7.1 ", "553 5.0.0 ", "550 5.2.1 "};
	static const char *const remarks[] = {
	    "by milter",
	    "in the CRM",
	    "at origin",
	    "rule 42",
	    "the journal",
	    "your MX",
	    "zorp",
	    "counts against you",
	    "VRFY",
	    "in the archive",
	    "threat score",
	    "fax gateway of yours",
	    "under compliance",
	    "bulk guidelines",
	    "as your delegate",
	    "encryption gateway",
	};
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	for (int i = 0; i < 6000; i++) {
		const char *text = texts->pdata[g_rand_int_range(random, 0, (gint32)texts->len)];
		const char *said = text + strspn(text, "0123456789.#- ");
		const char *remark = ANY(random, remarks);
		const char *dash = i % 3 ? (i % 3 == 1 ? ": " : ", ") : " ";
		if (!is_plain(text) || said == text || strpbrk(said, "#!?") ||
		    g_str_has_suffix(said, ".") || !g_ascii_isalpha(*said) || !g_str_is_ascii(said))
			continue;
		g_autofree char *framed =
		    i % 2 ? g_strconcat(ANY(random, uncertain), remark, dash, said, NULL)
			  : g_strconcat(ANY(random, uncertain), said, dash, remark, NULL);
		if (judge(framed) == CLASS_HARD) {
			g_test_message("%s", framed);
			g_test_fail();
		}
	}
}

/* A registered code stands for a word that nobody knows, not for words about something else. */
static void check_other_words(void)
{
	static const char *const certain[] = {"550 5.1.1 ", "553 5.1.1 ", "550 5.1.10 "};
	static const char *const remarks[] = {
	    "our probe of your mailbox returned",
	    "rejected by milter-regex",
	    "rule 17 of the filter matched",
	    "as far as the slave knows",
	    "while testing the return path",
	    "I was told by your postmaster",
	    "consult the bulk guide",
	    "encryption required",
	    "the external network",
	    "it could be that",
	    "unless you authenticate",
	    "will be said from next week on",
	    "connection throttled",
	    "in the rewriting scheme",
	    "SRS expired",
	    "command VRFY disabled",
	    "does not apply here",
	    "recipient policy forbids external mail",
	    "message expired in moderation",
	    "Absender",
	    "votre serveur",
	};
	static const char *const statements[] = {
	    "user unknown",        "no such user here",   "mailbox not found", "account is closed",
	    "unknown recipient",   "mailbox disabled",    "invalid recipient", "Benutzer unbekannt",
	    "utilisateur inconnu", "usuario desconocido", "utente sconosciuto"};
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	for (int i = 0; i < 2000; i++) {
		const char *code = ANY(random, certain);
		const char *said = ANY(random, statements);
		const char *remark = ANY(random, remarks);
		const char *dash = i % 3 ? (i % 3 == 1 ? ": " : ", ") : " ";
		g_autofree char *text = i % 2 ? g_strconcat(code, remark, dash, said, NULL)
					      : g_strconcat(code, said, dash, remark, NULL);
		if (judge(text) == CLASS_HARD) {
			g_test_message("%s", text);
			g_test_fail();
		}
	}
}

static const char *const alternatives[] = {
    " or access denied",         " or not permitted to receive mail",     " or blocked by policy",
    " or refused by the server", " or you are not allowed to send to it",
};
static const char *const logins[] = {"authentication", "SASL login", "the password given"};

/* What the host says of two things it says of none. Only replies that are one statement: behind a
 * second sentence or a link the alternative would belong to something else. */
static void check_alternatives(void)
{
	static const char *const statements[] = {
	    "user unknown",        "no such user here",      "mailbox not found",
	    "unknown recipient",   "account does not exist", "mailbox unavailable",
	    "invalid recipient",   "account disabled",       "recipient not found",
	    "mailbox is inactive", "no such mailbox",
	};
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	for (int i = 0; i < 1000; i++) {
		const char *statement = ANY(random, statements);
		g_autofree char *text = i % 3 ? g_strconcat(ANY(random, codes), statement,
							    ANY(random, alternatives), NULL)
					      : g_strconcat(ANY(random, codes), statement, " for ",
							    ANY(random, logins), NULL);
		if (judge(text) == CLASS_HARD) {
			g_test_message("%s", text);
			g_test_fail();
		}
	}
}

/* A domain that takes no mail at all is dead; one that does not take this mail is not. */
static void check_domains(void)
{
	static const char *const statements[] = {
	    "example.org does not accept mail", "example.org accepts no mail",
	    "this domain takes no e-mail", "the domain will not receive any mail",
	    "our server does not accept e-mail"};
	static const char *const remarks[] = {
	    " from strangers",    " from you",           " via this host",   " like this",
	    " over 10 MB",        " without SPF",        " that is spam",    " until Monday",
	    " on port 587",       " with attachments",   " as bulk",         " today",
	    " for other domains", " whose sender fails", " so quickly",      " unsigned",
	    " from freemailers",  " in Chinese",         " by your network", " for the moment"};
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	for (int i = 0; i < 500; i++) {
		g_autofree char *said =
		    g_strconcat(ANY(random, statements), ANY(random, remarks), NULL);
		check_sentence(ANY(random, codes), said, "");
	}
}

/* The code that Sendmail made of a reply without one, beside words that say nothing of a user. */
static void check_made_up(void)
{
	static const char *const words[] = {"Administrative prohibition",
					    "envelope blocked",
					    "no thanks",
					    "go away",
					    "zorp",
					    "refused by rule 7",
					    "5.0.0 Command rejected",
					    "5.0.0 zorp",
					    "4.3.0 zorp"};
	static const char *const made[] = {"5.1.1", "5.1.2", "5.1.3", "5.1.6"};
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	for (int i = 0; i < 200; i++) {
		g_autofree char *diagnostic = g_strconcat("550 ", ANY(random, words), NULL);
		struct report_recipient recipient = report_recipient_empty;
		struct report report = report_empty;
		struct verdict verdict;
		recipient.recipient = "user@example.org";
		recipient.action = REPORT_ACTION_FAILED;
		recipient.status = ANY(random, made);
		recipient.reply_code = "550";
		recipient.diagnostic = diagnostic;
		report.kind = REPORT_DSN;
		report.recipients = &recipient;
		report.recipient_count = 1;
		classify(rules, &report, &recipient, &verdict);
		if (verdict.class == CLASS_HARD) {
			g_test_message("%s %s", recipient.status, diagnostic);
			g_test_fail();
		}
		verdict_clear(&verdict);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	g_autoptr(GError) error = NULL;
	g_autoptr(ruleset_t) loaded = ruleset_load("etc/rules", NULL, &error);
	g_assert_no_error(error);
	rules = loaded;
	texts = g_ptr_array_new_with_free_func(g_free);
	collect();
	g_assert_cmpuint(texts->len, >, 500);
	g_test_add_func("/metamorphic/steps", check_steps);
	g_test_add_func("/metamorphic/senders", check_senders);
	g_test_add_func("/metamorphic/other-things", check_other_things);
	g_test_add_func("/metamorphic/frames", check_frames);
	g_test_add_func("/metamorphic/unknown-words", check_unknown_words);
	g_test_add_func("/metamorphic/other-words", check_other_words);
	g_test_add_func("/metamorphic/foreign-frames", check_foreign_frames);
	g_test_add_func("/metamorphic/alternatives", check_alternatives);
	g_test_add_func("/metamorphic/domains", check_domains);
	g_test_add_func("/metamorphic/made-up-codes", check_made_up);
	int result = g_test_run();
	g_ptr_array_unref(texts);
	return result;
}
