/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One pass over the bytes; what is pending (a blank, the start of a word) is
 * kept in the state, so that nothing is looked at twice.
 */
#include "classifier/text/fold.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "classifier/text/status_code.h"

struct fold {
	GString *out;
	const char *const *senders;
	size_t word;     /* where in out the current run of address characters starts */
	char reply[4];   /* code of a multi-line reply once seen: "550" */
	char status[16]; /* the enhanced code after it: "5.1.1 ", with its blank */
	enum { URL_NONE, URL_HOST, URL_PATH } url;
};

/* They part nothing, so they go before anything is compared. */
static const char *const invisible[] = {
    "\xE2\x80\x8B", /* zero width space */
    "\xE2\x80\x8E", /* left-to-right mark */
    "\xE2\x80\x8F", /* right-to-left mark */
    "\xE2\x81\xA0", /* word joiner */
    "\xEF\xBB\xBF", /* byte order mark */
    "\xC2\xAD",     /* soft hyphen */
};

static const struct {
	const char *from;
	const char *to;
} spellings[] = {
    {"\xC2\xA0", " "},     /* no-break space */
    {"\xE3\x80\x80", " "}, /* ideographic space */
    {"\xE2\x80\x98", "'"}, {"\xE2\x80\x99", "'"},  {"\xE2\x80\x9A", "'"},   {"\xE2\x80\xB2", "'"},
    {"\xC2\xB4", "'"},     {"\xE2\x80\x9C", "\""}, {"\xE2\x80\x9D", "\""},  {"\xE2\x80\x9E", "\""},
    {"\xC2\xAB", "\""},    {"\xC2\xBB", "\""},     {"\xE2\x80\x90", "-"},   {"\xE2\x80\x91", "-"},
    {"\xE2\x80\x93", "-"}, {"\xE2\x80\x94", "-"},  {"\xE2\x80\xA6", "..."},
};

static bool is_folded_blank(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7F;
}

/* atext of RFC 5322 without the quotes, and the dot */
static bool is_local_part(char c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("!#$%&*+-/=?^_{|}~.", c));
}

static bool is_domain_byte(char c)
{
	return g_ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
}

static bool at_word_start(const struct fold *fold)
{
	return fold->out->len == 0 || is_folded_blank(fold->out->str[fold->out->len - 1]);
}

static void put_blank(struct fold *fold)
{
	if (!at_word_start(fold))
		g_string_append_c(fold->out, ' ');
	fold->word = fold->out->len;
}

/* The end of a sentence, and an empty line after it: what follows is about something else. */
static bool ends_paragraph(const struct fold *fold, const char *text)
{
	int lines = 0;

	if (fold->out->len == 0 || !strchr(".!?", fold->out->str[fold->out->len - 1]))
		return false;
	for (; *text != '\0' && is_folded_blank(*text); text++)
		lines += *text == '\n';
	return lines > 1 && *text != '\0';
}

static void put_gap(struct fold *fold, const char *text)
{
	if (!ends_paragraph(fold, text)) {
		put_blank(fold);
		return;
	}
	g_string_append_c(fold->out, '\n');
	fold->word = fold->out->len;
}

/* Length of an enhanced code and the blank after it at text, or 0. */
static size_t status_length(const char *text)
{
	size_t len = status_code_length(text);

	return len > 0 && text[len] == ' ' ? len + 1 : 0;
}

/* "550-" or, after one of these, "550 ": the first stays, the others go.
 * Returns how many bytes of text are done with. */
static size_t fold_continuation(struct fold *fold, const char *text)
{
	if (!status_code_is_reply(text))
		return 0;
	if (fold->reply[0] == '\0') {
		size_t status = text[3] == '-' ? status_length(text + 4) : 0;
		if (text[3] != '-' || (g_ascii_isdigit(text[4]) && status == 0))
			return 0;
		memcpy(fold->reply, text, 3);
		memcpy(fold->status, text + 4, MIN(status, sizeof fold->status - 1));
		g_string_append_len(fold->out, text, 3);
		put_blank(fold);
		return 4;
	}
	if (strncmp(text, fold->reply, 3) != 0 || (text[3] != '-' && text[3] != ' '))
		return 0;
	return 4 + (g_str_has_prefix(text + 4, fold->status) ? strlen(fold->status) : 0);
}

/* "postmaster@your.domain": the host says "your" in place of a name. */
static bool is_placeholder(const char *domain, size_t len)
{
	static const char *const names[] = {
	    "your.domain",     "your-domain",    "yourdomain",          "your.domain.com",
	    "your-domain.com", "yourdomain.com", "your.domain.example", "yourdomain.example"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i]) == len && g_ascii_strncasecmp(domain, names[i], len) == 0)
			return true;
	return false;
}

/* Whether a domain, alone or of an address, is the sender's. Return paths are made anew for each
 * mail, hosts shorten them and probe the postmaster: what stands before the domain says nothing. */
static bool is_sender_domain(const struct fold *fold, const char *domain, size_t len)
{
	for (size_t i = 0; fold->senders && fold->senders[i]; i++) {
		const char *at = strrchr(fold->senders[i], '@');
		if (at && strlen(at + 1) == len && g_ascii_strncasecmp(at + 1, domain, len) == 0)
			return true;
	}
	return fold->senders && is_placeholder(domain, len);
}

/* The at sign of an address: the local part is already in out and goes again.
 * Returns how many bytes of text are done with. */
static size_t fold_address(struct fold *fold, const char *text)
{
	size_t n = 1;

	if (fold->out->len == fold->word || !(g_ascii_isalnum(text[1]) || text[1] == '['))
		return 0;
	n += text[1] == '[';
	while (is_domain_byte(text[n]))
		n++;
	if (text[n] == ']')
		n++;
	else if (text[n - 1] == '.') /* the full stop of the sentence */
		n--;
	bool from_sender = is_sender_domain(fold, text + 1, n - 1);
	g_string_truncate(fold->out, fold->word);
	if (fold->out->len > 0 && fold->out->str[fold->out->len - 1] == '<' && text[n] == '>') {
		g_string_truncate(fold->out, fold->out->len - 1);
		n++;
	}
	g_string_append(fold->out, from_sender ? "<sender>" : "<@>");
	fold->word = fold->out->len;
	return n;
}

static size_t fold_spelling(struct fold *fold, const char *text)
{
	if ((unsigned char)*text < 0x80) /* none of them is ASCII */
		return 0;
	for (size_t i = 0; i < G_N_ELEMENTS(spellings); i++) {
		if (!g_str_has_prefix(text, spellings[i].from))
			continue;
		if (spellings[i].to[0] == ' ')
			put_blank(fold);
		else
			g_string_append(fold->out, spellings[i].to);
		return strlen(spellings[i].from);
	}
	return 0;
}

/* A domain alone: "553 our.example does not exist". Returns its
 * length if it is the sender's, or 0. */
static size_t sender_domain_at(const struct fold *fold, const char *text)
{
	size_t len = 0;

	while (is_domain_byte(text[len]))
		len++;
	while (len > 0 && text[len - 1] == '.')
		len--;
	return len > 0 && is_sender_domain(fold, text, len) ? len : 0;
}

static size_t fold_sender_domain(struct fold *fold, const char *text)
{
	size_t len = sender_domain_at(fold, text);

	if (len == 0 || text[len] == '@')
		return 0;
	g_string_append(fold->out, "<sender>");
	fold->word = fold->out->len;
	return len;
}

/* "mx.example.net[192.0.2.1]": the bracket. Hosts are named for what they do. */
static void fold_host(struct fold *fold, const char *text)
{
	size_t digits = strspn(text + 1, "0123456789");

	if (fold->out->len == fold->word ||
	    !(digits > 0 ? text[1 + digits] == '.' && text[2 + digits] != '.'
			 : g_str_has_prefix(text + 1, "IPv6:")))
		return;
	g_string_truncate(fold->out, fold->word);
	g_string_append(fold->out, "<host>");
}

/* Follows URLs: what is at this place, and whether it is to be joined. */
static bool joins_in_url(struct fold *fold, const char *text)
{
	if (is_folded_blank(*text) || strchr("\"<>", *text))
		fold->url = URL_NONE;
	else if (fold->url == URL_NONE && *text == '/' && text[1] == '/' &&
		 g_str_has_suffix(fold->out->str, ":"))
		fold->url = URL_HOST;
	else if (fold->url == URL_HOST &&
		 (*text == '?' ||
		  (*text == '/' && !g_str_has_suffix(fold->out->str, "/") && text[1] != '/')))
		fold->url = URL_PATH;
	return fold->url == URL_PATH && *text == '-';
}

static size_t fold_one(struct fold *fold, const char *text)
{
	size_t done = 0;

	if (joins_in_url(fold, text)) {
		g_string_append_c(fold->out, '_');
		return 1;
	}
	if (is_folded_blank(*text)) {
		put_gap(fold, text);
		return 1;
	}
	if (*text == '[')
		fold_host(fold, text);
	if (g_ascii_isdigit(*text) && at_word_start(fold))
		done = fold_continuation(fold, text);
	else if (*text == '@')
		done = fold_address(fold, text);
	else if (fold->out->len == fold->word && g_ascii_isalnum(*text))
		done = fold_sender_domain(fold, text);
	else if ((unsigned char)*text >= 0xC2)
		done = fold_spelling(fold, text);
	if (done > 0)
		return done;
	g_string_append_c(fold->out, *text);
	if (!is_local_part(*text))
		fold->word = fold->out->len;
	return 1;
}

/* Postfix and others: "host mx.example.net[192.0.2.1] said: 550 ...". Returns how many bytes
 * of text that is, or 0. */
static size_t host_said_length(const char *text)
{
	if (strncmp(text, "host ", strlen("host ")) != 0)
		return 0;
	size_t name = strcspn(text + 5, " \n");
	return g_str_has_prefix(text + 5 + name, " said: ") ? 5 + name + strlen(" said: ") : 0;
}

/* The host is no part of what was said, and what was said none of the words before it. */
static void drop_host_said(GString *out)
{
	size_t kept = 0;

	if (!strstr(out->str, " said: "))
		return;
	for (size_t i = 0; i < out->len;) {
		bool word = i == 0 || is_folded_blank(out->str[i - 1]);
		size_t len = word ? host_said_length(out->str + i) : 0;
		if (len > 0 && kept > 0)
			out->str[kept - 1] = '\n';
		if (len == 0)
			out->str[kept++] = out->str[i];
		i += MAX(len, (size_t)1);
	}
	g_string_truncate(out, kept);
}

static size_t invisible_length(const char *text)
{
	if ((unsigned char)*text < 0xC2)
		return 0;
	for (size_t i = 0; i < G_N_ELEMENTS(invisible); i++)
		if (g_str_has_prefix(text, invisible[i]))
			return strlen(invisible[i]);
	return 0;
}

/* Heap. NULL if there is nothing invisible in it. */
static char *drop_invisible(const char *text)
{
	const char *at = text;

	while (*at != '\0' && invisible_length(at) == 0)
		at++;
	if (*at == '\0')
		return NULL;
	char *out = g_strdup(text);
	char *kept = out + (at - text);
	while (*at != '\0') {
		size_t len = invisible_length(at);
		at += len;
		if (len == 0)
			*kept++ = *at++;
	}
	*kept = '\0';
	return out;
}

char *fold_text(const char *text, const char *const *senders)
{
	g_autofree char *visible = drop_invisible(text);

	text = visible ? visible : text;
	struct fold fold = {.out = g_string_sized_new(strlen(text) + 1), .senders = senders};

	for (size_t i = 0; text[i] != '\0';)
		i += fold_one(&fold, text + i);
	if (fold.out->len > 0 && at_word_start(&fold))
		g_string_truncate(fold.out, fold.out->len - 1);
	drop_host_said(fold.out);
	return g_string_free(fold.out, FALSE);
}
