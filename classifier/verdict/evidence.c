/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each step shortens the words, never below what says something, but for one: what stands before a
 * reply that was passed on is no evidence, also where the reply has no words.
 */
#include "classifier/verdict/evidence.h"

#include <string.h>

#include <glib.h>

#include "classifier/text/status_code.h"
#include "classifier/text/words.h"

#define HOSTS_MAX 3 /* that passed a reply on, one to the other */
#define LETTERS   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static void cut_evidence(char *from, const char *to)
{
	memmove(from, to, strlen(to) + 1);
}

/* A reply, or its first line: Sendmail shows "(reason: 550)" of one without words. */
static bool is_refusal_code(const char *text)
{
	return (*text == '4' || *text == '5') && status_code_is_reply(text) &&
	       (text[3] == '\0' || strchr(" -)", text[3]));
}

/* --- phrases ------------------------------------------------------------------ */

/* The end of a token that names nothing: a code, a host, an id in brackets, a link. */
static const char *skip_token(const char *at)
{
	static const char open[] = "([<\"", close[] = ")]>\"";
	const char *bracket = strchr(open, *at);
	const char *end = bracket ? strchr(at + 1, close[bracket - open]) : NULL;
	if (end)
		return end + 1;
	size_t len = strcspn(at, " \n");
	bool has_digit = strcspn(at, "0123456789 \n") < len;
	return has_digit || g_strstr_len(at, (gssize)len, "://") ? at + len : NULL;
}

bool evidence_speaks(const char *text)
{
	while (*text) {
		const char *after = skip_token(text);
		if (after) {
			text = after;
			continue;
		}
		if (g_ascii_isalpha(*text) || (unsigned char)*text >= 0x80)
			return true;
		text++;
	}
	return false;
}

/* A phrase in a text. */
struct place {
	char *at; /* NULL: there is none */
	size_t len;
};

static bool begins_word(const char *text, const char *at)
{
	return at == text || !g_ascii_isalnum(at[-1]) || *at == ' ';
}

/* The longest of the phrases at this place, or 0. Most differ in the first two characters. */
static size_t phrase_length(const char *at, const char *const *phrases)
{
	size_t best = 0;
	char first = g_ascii_tolower(at[0]), second = g_ascii_tolower(at[1]);
	for (; *phrases; phrases++) {
		const char *phrase = *phrases;
		if (phrase[0] == first && phrase[1] == second &&
		    g_ascii_strncasecmp(at, phrase, strlen(phrase)) == 0)
			best = MAX(best, strlen(phrase));
	}
	return best;
}

/* The first phrase at from or behind. In one pass over the words: the text may be long. */
static struct place find_phrase(char *text, char *from, const char *const *phrases)
{
	for (char *at = from; *at; at++) {
		size_t len = begins_word(text, at) ? phrase_length(at, phrases) : 0;
		if (len > 0)
			return (struct place){at, len};
	}
	return (struct place){NULL, 0};
}

static char *move_down(char *kept, const char *from, size_t len)
{
	memmove(kept, from, len);
	return kept + len;
}

static void drop_phrases(char *text, const char *const *phrases)
{
	char *kept = text, *from = text;
	for (struct place place; (place = find_phrase(text, from, phrases)).at;) {
		char *behind = place.at + place.len;
		/* "unavailable or access denied" is one statement */
		bool stays = g_ascii_strncasecmp(behind, " or ", 4) == 0;
		kept = move_down(kept, from, (size_t)((stays ? behind : place.at) - from));
		from = behind;
	}
	if (kept != from)
		move_down(kept, from, strlen(from) + 1);
}

/* The first reply of a text, or its end. */
static const char *find_refusal(const char *text)
{
	const char *at = text;
	while (*at && !(is_refusal_code(at) && (at == text || !g_ascii_isalnum(at[-1]))))
		at++;
	return at;
}

/* A formula is dropped where the reply says something else. That another system said "SMTP error
 * after RCPT TO" before it is nothing else. */
static void drop_formulas(char *text)
{
	if (!find_phrase(text, text, words_formula).at)
		return;
	g_autofree char *rest = g_strdup(text);
	drop_phrases(rest, words_formula);
	const char *reply = find_refusal(rest);
	if (strlen(rest) < strlen(text) && evidence_speaks(*reply ? reply : rest))
		cut_evidence(text, rest);
}

/* --- what another system put before or behind the reply -------------------------- */

static void keep_from(char *text, const char *at)
{
	if (evidence_speaks(at))
		cut_evidence(text, at);
}

/* A line of Postfix's log: "to=<@>, relay=none, status=bounced (Host not found)". */
static void keep_logged_reason(char *text)
{
	static const char lead[] = "status=bounced (";
	const char *status = strstr(text, lead);
	if (status)
		keep_from(text, status + strlen(lead));
}

/* Exchange Online: "550 5.0.350 Remote server returned an error -> 450 4.2.1 Later". */
static const char *find_behind_arrow(const char *text)
{
	const char *arrow = strstr(text, "-> ");
	if (!arrow || !is_refusal_code(arrow + 3))
		return NULL;
	g_autofree char *before = g_ascii_strdown(text, arrow - text);
	return words_any(before, words_formula) ? arrow + 3 : NULL;
}

/* Amavis: "550 5.1.1 id=1-2, from MTA(smtp:[127.0.0.1]:10025): 550 5.1.1 User unknown". */
static const char *find_behind_filter(const char *text)
{
	const char *filter = strstr(text, " from MTA(");
	const char *end = filter ? strstr(filter, "): ") : NULL;
	return end && is_refusal_code(end + 3) ? end + 3 : NULL;
}

/* Exchange: "<mx.example.net #5.5.0 smtp;550 5.1.1 User unknown>". */
static const char *find_behind_type(const char *text)
{
	static const char type[] = " smtp;";
	for (const char *at = text; (at = strstr(at, type)); at++) {
		const char *word = at;
		while (word > text && word[-1] != ' ')
			word--;
		const char *reply = at + strlen(type);
		reply += *reply == ' ';
		if (*word == '#' && is_refusal_code(reply))
			return reply;
	}
	return NULL;
}

/* Cisco's: "5.1.0 - Unknown address error 550-'5.7.1 Client host rejected'". */
static const char *find_behind_verdict(const char *text)
{
	static const char dash[] = " - ";
	for (const char *at = strstr(text, dash); at; at = strstr(at + 1, dash)) {
		const char *words = at + strlen(dash);
		const char *reply = words + strspn(words, LETTERS " ");
		if (at > text && g_ascii_isdigit(at[-1]) && g_ascii_isupper(*words) &&
		    reply[-1] == ' ' && is_refusal_code(reply) && reply[3] && reply[4] == '\'')
			return reply;
	}
	return NULL;
}

enum passed_on {
	PASSED_ON_QUOTED,
	PASSED_ON_IN_BRACKETS,
	PASSED_ON_AS_IT_IS,
};

/* NULL if there is none. */
static const char *find_passed_on(const char *text, enum passed_on *how_out)
{
	static const struct {
		const char *(*find)(const char *text);
		enum passed_on how;
	} finders[] = {{find_behind_verdict, PASSED_ON_QUOTED},
		       {find_behind_type, PASSED_ON_IN_BRACKETS},
		       {find_behind_arrow, PASSED_ON_AS_IT_IS},
		       {find_behind_filter, PASSED_ON_AS_IT_IS}};
	for (size_t i = 0; i < G_N_ELEMENTS(finders); i++) {
		const char *reply = finders[i].find(text);
		*how_out = finders[i].how;
		if (reply)
			return reply;
	}
	return NULL;
}

const char *evidence_find_passed_on(const char *text)
{
	enum passed_on how;
	const char *innermost = NULL;
	for (int hosts = 0; hosts < HOSTS_MAX && (text = find_passed_on(text, &how)); hosts++)
		innermost = text;
	return innermost;
}

/* The reply behind this place, where the name of its host may come first, as Exim puts it:
 * " host mx.example.net [192.0.2.1]: 550 No such user". NULL if there is none. */
static char *find_reply_behind(char *at)
{
	static const char host[] = "host ", address[] = "]: ";
	at += *at == ' ';
	if (strncmp(at, host, strlen(host)) == 0) {
		size_t name = strlen(host) + strcspn(at + strlen(host), " \n");
		char *end = strncmp(at + name, " [", 2) == 0 ? strpbrk(at + name, "]\n") : NULL;
		at =
		    end && strncmp(end, address, strlen(address)) == 0 ? end + strlen(address) : at;
	}
	return is_refusal_code(at) ? at : NULL;
}

/* The closing quote of "'User unknown' (delivery attempts: 0)"; its end if there is none. */
static char *find_closing_quote(char *words)
{
	char *end = strstr(words, "' (delivery attempts");
	if (end)
		return end;
	for (end = words; *end; end++)
		if (*end == '\'' && (end[1] == '\0' || end[1] == '\n'))
			break;
	return end;
}

/* The closing bracket of "#5.5.0 smtp;550 No <@>>"; its end if there is none. */
static char *find_closing_bracket(char *words)
{
	int depth = 0;
	for (char before = ' '; *words; before = *words++) {
		depth += (*words == '<') - (*words == '>' && before != '-');
		if (depth < 0)
			break;
	}
	return words;
}

static bool keep_passed_on(char *text)
{
	enum passed_on how;
	const char *reply = find_passed_on(text, &how);
	if (!reply)
		return false;
	cut_evidence(text, reply);
	switch (how) {
	case PASSED_ON_QUOTED:
		cut_evidence(text + 4, text + 5);
		*find_closing_quote(text) = '\0';
		break;
	case PASSED_ON_IN_BRACKETS:
		*find_closing_bracket(text) = '\0';
		break;
	case PASSED_ON_AS_IT_IS:
		break;
	}
	return true;
}

static void keep_quoted_reply(char *text)
{
	for (char *from = text; from;) {
		struct place place = find_phrase(text, from, words_reply_follows);
		char *behind = place.at ? place.at + place.len : NULL;
		char *reply = behind ? find_reply_behind(behind) : NULL;
		if (reply) {
			keep_from(text, reply);
			return;
		}
		from = behind;
	}
}

/* "550 5.1.1 <@>... User unknown", and what it says of every 554 */
static bool is_mailer_line(const char *at)
{
	static const char unavailable[] = "554 5.0.0 Service unavailable";
	if (strncmp(at, unavailable, sizeof unavailable - 1) == 0)
		return true;
	if (!is_refusal_code(at) || at[3] != ' ')
		return false;
	at += 4;
	size_t status = status_code_length(at);
	if (status > 0 && at[status] == ' ')
		at += status + 1;
	size_t name = strcspn(at, " \n");
	return name > 3 && strncmp(at + name - 3, "...", 3) == 0;
}

static void drop_mailer_lines(char *text)
{
	char *quoted = strstr(text, "<<< ");
	if (!quoted || !is_refusal_code(quoted + 4))
		return;
	for (char *at = quoted + 4; (at = strpbrk(at, " \n")); at++)
		if (is_mailer_line(at + 1)) {
			*at = '\0';
			return;
		}
}

/* --- names -------------------------------------------------------------------- */

static bool is_name_byte(char c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("@._+-/=", c));
}

/* A name stands alone at this place: behind it is no more of one than a full stop. */
static bool is_name_at(const char *text, const char *at, const char *name, size_t len)
{
	return g_ascii_tolower(*at) == g_ascii_tolower(*name) &&
	       (at == text || !is_name_byte(at[-1])) && g_ascii_strncasecmp(at, name, len) == 0 &&
	       (!is_name_byte(at[len]) || (at[len] == '.' && !is_name_byte(at[len + 1])));
}

void evidence_mark_name(char *folded, const char *name, size_t len, const char *mark)
{
	char *kept = folded;

	if (len < strlen(mark))
		return;
	for (const char *at = folded; *at;)
		if (is_name_at(folded, at, name, len)) {
			kept = move_down(kept, mark, strlen(mark));
			at += len;
		} else {
			*kept++ = *at++;
		}
	*kept = '\0';
}

/* qmail's words behind every reply: "Giving up on 192.0.2.1." */
static void drop_giving_up(char *text)
{
	static const char phrase[] = " Giving up on ";
	char *at = strstr(text, phrase);

	if (!at)
		return;
	char *end = at + strlen(phrase) + strcspn(at + strlen(phrase), " \n");
	cut_evidence(at, end);
}

void evidence_keep(char *folded)
{
	drop_giving_up(folded);
	drop_mailer_lines(folded);
	for (int hosts = 0; hosts < HOSTS_MAX && keep_passed_on(folded); hosts++)
		;
	keep_logged_reason(folded);
	keep_quoted_reply(folded);
	drop_phrases(folded, words_empty_phrase);
	drop_formulas(folded);
}

enum evidence_status evidence_find_status(const char *folded, char status_out[STATUS_CODE_SIZE])
{
	const char *reply = find_refusal(folded);
	if (!*reply)
		return EVIDENCE_NO_REPLY;
	return status_code_find_failure(reply, status_out) ? EVIDENCE_OWN_STATUS
							   : EVIDENCE_NO_STATUS;
}
