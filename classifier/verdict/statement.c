/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The sentence is written anew with its words only, then read from its beginning: the longest
 * phrase that is known at each place, and the next one behind it.
 */
#include "classifier/verdict/statement.h"

#include <string.h>

#include <glib.h>

#include "classifier/text/status_code.h"
#include "classifier/text/vocabulary.h"
#include "classifier/text/words.h"

/* Two kinds of names that count for a word: the sender's, as fold.h writes it, and a host's. */
#define SENDER "<sender>"
#define HOST   "<host>"

enum {
	SENTENCE_BYTES = 2000, /* a longer one is a text */
	NAME_WORDS = 3,        /* of a person, before the address */
	LEAVER_WORDS = 4,      /* of one who has left: a title and a name */
	LEAVER_LETTERS = 5,    /* of a name that no blank follows */
	MIDDLE_DOT = 0xB7,
	PARTICLE_BYTES = 3,   /* of a name: "de" */
	LABEL_BYTES = 4,      /* a shorter one is a word as well: "in.mx.example" */
	TOP_LEVEL_BYTES = 14, /* of the longest in use, but for a few names of companies */
	COUNTRY_BYTES = 2,    /* of the top level of a country */
	SHARED_BYTES = 4,     /* of the label below it that many share: "com", "asso" */
};

/* --- the sentence ------------------------------------------------------------- */

/* "Dr.": does it stand before a name? */
static bool is_title(const char *word, size_t len)
{
	g_autofree char *title = g_utf8_strdown(word, (gssize)len);
	return g_strv_contains(words_statement_title, title);
}

static bool follows_title(const char *text, const char *at)
{
	const char *word = at;
	while (word > text && word[-1] != ' ')
		word--;
	return is_title(word, (size_t)(at - word));
}

/* "。", "！", "？", "।", which no blank follows */
static bool follows_full_stop(const char *text, const char *at)
{
	static const char *const stops[] = {"\xE3\x80\x82", "\xEF\xBC\x81", "\xEF\xBC\x9F",
					    "\xE0\xA5\xA4"};
	for (size_t i = 0; at - text > 3 && i < G_N_ELEMENTS(stops); i++)
		if (memcmp(at - 3, stops[i], 3) == 0)
			return true;
	return false;
}

static bool ends_statement(const char *text, const char *at)
{
	if (*at == '\n' || follows_full_stop(text, at))
		return true;
	return at > text && strchr(".!?", at[-1]) && *at == ' ' && !follows_title(text, at);
}

/* The sentence that has byte at, and where it starts. Heap; NULL if it is too long for one. */
static char *cut_sentence(const char *text, size_t at, size_t *start_out)
{
	const char *start = text + at, *end = text + at;
	while (start > text && !ends_statement(text, start))
		start--;
	while (*end && (end == start || !ends_statement(text, end)))
		end++;
	*start_out = (size_t)(start - text);
	return end - start > SENTENCE_BYTES ? NULL : g_strndup(start, (gsize)(end - start));
}

/* --- its words ---------------------------------------------------------------- */

/* The length of the Latin letters that stand here, or 0. Catalan has a dot in the middle. */
static size_t latin_length(const char *text, size_t len)
{
	const char *at = text;
	for (; at < text + len; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		if (!g_unichar_isalpha(c) && !g_unichar_ismark(c) && c != '\'' && c != '-' &&
		    c != MIDDLE_DOT)
			break;
	}
	return (size_t)(at - text);
}

enum chunk {
	CHUNK_WORDS,
	CHUNK_NAME,
	CHUNK_HOST, /* dots between letters */
};

/* What stands between two blanks, and has no letters but Latin ones. */
static enum chunk read_chunk(const char *chunk, size_t len)
{
	size_t dots = 0, colons = 0; /* "MSEXCH:IMS:SITE" */
	for (size_t i = 0; i < len; i++) {
		bool is_inside = i > 0 && i + 1 < len && g_ascii_isalnum(chunk[i - 1]) &&
				 g_ascii_isalpha(chunk[i + 1]);
		dots += chunk[i] == '.' && is_inside;
		colons += chunk[i] == ':' && is_inside;
		if (strchr("@_=", chunk[i]) || strncmp(chunk + i, "://", 3) == 0)
			return CHUNK_NAME;
	}
	if (dots > 0)
		return CHUNK_HOST;
	for (size_t i = 0; i < len; i++)
		if (g_ascii_isdigit(chunk[i]))
			return CHUNK_NAME;
	return colons > 1 ? CHUNK_NAME : CHUNK_WORDS;
}

/* The length of what stands in brackets at this place, or 0. An address is in angle brackets. */
static size_t bracket_length(const char *at)
{
	const char *end = *at == '[' ? strchr(at, ']') : *at == '<' ? strchr(at, '>') : NULL;
	return end ? (size_t)(end - at) + 1 : 0;
}

/* The words of a chunk without names, as " one two". */
static void add_statement_words(const char *chunk, size_t len, GString *words)
{
	const char *end = chunk + len;
	while (chunk < end) {
		const char *start = chunk,
			   *behind = chunk + latin_length(chunk, (size_t)(end - chunk));
		chunk = MIN(g_utf8_next_char(behind), end);
		while (start < behind && strchr("'-", *start))
			start++;
		while (start < behind && strchr("'-", behind[-1]))
			behind--;
		if (start < behind) {
			g_string_append_c(words, ' ');
			g_string_append_len(words, start, (gssize)(behind - start));
		}
	}
}

/* "user rita example (<@>)": the words before the address are a name. */
static void drop_personal_name(GString *words)
{
	const char *user = g_strrstr(words->str, " user ");
	size_t end = user ? (size_t)(user - words->str) + strlen(" user") : 0;
	size_t blanks = 0;
	for (size_t i = end; i < words->len; i++)
		blanks += words->str[i] == ' ';
	if (user && blanks <= NAME_WORDS)
		g_string_truncate(words, end);
}

/* "9 may 2005" */
static void drop_may(GString *words, const char *chunk)
{
	static const char may[] = " may";
	if (strspn(chunk, "0123456789") == 4 && g_str_has_suffix(words->str, may))
		g_string_truncate(words, words->len - strlen(may));
}

static void add_chunk(const char *chunk, size_t len, bool is_behind_number, GString *words)
{
	if (is_behind_number)
		drop_may(words, chunk);
	switch (read_chunk(chunk, len)) {
	case CHUNK_WORDS:
		add_statement_words(chunk, len, words);
		return;
	case CHUNK_HOST:
		g_string_append(words, " " HOST);
		return;
	case CHUNK_NAME:
		return;
	}
}

/* The length of the word in other letters that begins here, or 0. */
static size_t foreign_length(const char *text)
{
	const char *at = text;
	while (vocabulary_is_foreign(g_utf8_get_char(at)))
		at = g_utf8_next_char(at);
	return (size_t)(at - text);
}

/* The length of what stands here until a blank, a bracket or a letter that is not Latin. */
static size_t chunk_length(const char *text)
{
	const char *at = text;
	while (*at && !strchr(" \n<[", *at) && !vocabulary_is_foreign(g_utf8_get_char(at)))
		at = g_utf8_next_char(at);
	return (size_t)(at - text);
}

/* An address in letters that are not ASCII, or 0 (RFC 6531). */
static size_t address_length(const char *text)
{
	size_t len = strcspn(text, " \n<[");
	const char *at = memchr(text, '@', len);
	bool is_address = at && at > text && at + 1 < text + len && !g_ascii_ispunct(at[-1]) &&
			  !g_ascii_ispunct(at[1]);
	return is_address ? len : 0;
}

/* What stands at this place and is in no brackets; its length. */
static size_t add_piece(const char *at, bool is_behind_number, GString *words)
{
	size_t address = address_length(at), foreign = foreign_length(at);
	if (address > 0)
		return address;
	if (foreign > 0) {
		g_string_append_c(words, ' ');
		g_string_append_len(words, at, (gssize)foreign);
		return foreign;
	}
	size_t len = chunk_length(at);
	add_chunk(at, len, is_behind_number, words);
	return len;
}

/* " one two three" */
static GString *list_words(const char *sentence)
{
	GString *words = g_string_new(NULL);
	bool is_number = false, was_number = false; /* the last chunk, and the one before */
	for (const char *at = sentence; *at;) {
		size_t len = bracket_length(at);
		if (strncmp(at, SENDER, strlen(SENDER)) == 0)
			g_string_append(words, " " SENDER);
		if (strncmp(at, "(<@>)", 5) == 0)
			drop_personal_name(words);
		if (len == 0)
			len = add_piece(at, was_number, words);
		if (len > 0) {
			was_number = is_number;
			is_number = g_ascii_isdigit(*at);
		}
		at += MAX(len, 1);
	}
	return words;
}

/* --- what is known of them ---------------------------------------------------- */

static gpointer make_vocabulary(gpointer phrases)
{
	return (gpointer)vocabulary_new(phrases);
}

static const struct vocabulary *get_known(void)
{
	static GOnce once = G_ONCE_INIT;
	return g_once(&once, make_vocabulary, (gpointer)words_statement);
}

/* What is said of somebody or something else. */
static const struct vocabulary *get_other(void)
{
	static GOnce once = G_ONCE_INIT;
	return g_once(&once, make_vocabulary, (gpointer)words_statement_other);
}

/* What is said of somebody who has left. */
static const struct vocabulary *get_left(void)
{
	static GOnce once = G_ONCE_INIT;
	return g_once(&once, make_vocabulary, (gpointer)words_statement_left);
}

/* The local part, which some name alone: "unknown user: rita". */
static bool is_recipient(const char *word, const char *recipient)
{
	size_t len = strlen(word);
	return len > 0 && g_ascii_strncasecmp(word, recipient, len) == 0 &&
	       (recipient[len] == '@' || recipient[len] == '\0');
}

/* "seznam": a label of mx1.seznam.cz, by which a provider calls himself. */
static bool is_label(const char *word, const char *host)
{
	size_t len = strlen(word);
	for (const char *label = host; len >= LABEL_BYTES && *label;) {
		size_t label_len = strcspn(label, ".");
		if (label_len == len && g_ascii_strncasecmp(label, word, len) == 0)
			return true;
		label += label_len;
		label += *label == '.';
	}
	return false;
}

static const char *recipient_domain(const struct statement_names *names)
{
	const char *at = strrchr(names->recipient, '@');
	return at ? at + 1 : "";
}

static bool is_name(const char *word, const struct statement_names *names)
{
	return is_recipient(word, names->recipient) || is_label(word, names->host) ||
	       is_label(word, recipient_domain(names));
}

/* "milter-regex" */
static bool has_other_part(const char *word)
{
	if (!strchr(word, '-'))
		return false;
	g_auto(GStrv) parts = g_strsplit(word, "-", -1);
	for (char **part = parts; *part; part++)
		if (vocabulary_has(get_other(), *part))
			return true;
	return false;
}

/* "invalid-recipient" */
static bool has_known_parts(const char *word)
{
	if (!strchr(word, '-'))
		return false;
	g_auto(GStrv) parts = g_strsplit(word, "-", -1);
	for (char **part = parts; *part; part++)
		if (!vocabulary_has(get_known(), *part))
			return false;
	return true;
}

/* "user rita unknown", not "user your server unknown" */
static bool is_name_of_user(char **words, guint i, guint count)
{
	return i > 0 && i + 1 < count && g_strv_contains(words_statement_person, words[i - 1]) &&
	       strcmp(words[i], "your") != 0;
}

/* Where the words of a sentence begin that may be a name: behind codes and the address. */
static const char *find_name(const char *sentence)
{
	while (*sentence && !g_ascii_isalpha(*sentence) && (unsigned char)*sentence < 0x80)
		sentence++;
	return sentence;
}

/* How many words of a name stand there: "Rita de Example". */
static guint count_name_words(const char *name)
{
	guint count = 0;
	for (const char *word = name; *word; count++) {
		size_t len = strcspn(word, " ");
		bool is_particle = count > 0 && len <= PARTICLE_BYTES;
		if (!is_particle && !g_unichar_isupper(g_utf8_get_char(word)) &&
		    !is_title(word, len))
			break;
		word += len;
		word += strspn(word, " ");
	}
	return MIN(count, LEAVER_WORDS);
}

/* "Rita", not "POP" */
static bool is_forename(const char *word)
{
	return g_unichar_islower(g_utf8_get_char(g_utf8_find_next_char(word, NULL)));
}

/* "Sorry, Rita has left us": how many words are passed over, 0 or 1. */
static guint skip_interjection(const char **name, char **words)
{
	size_t len = strcspn(*name, " ");

	if (len < 2 || (*name)[len - 1] != ',' || !vocabulary_has(get_known(), words[0]))
		return 0;
	*name += len;
	*name += strspn(*name, " ");
	return 1;
}

/* "Rita Example has left us": how many words are the name, or 0. None of them is said of something
 * else, and one alone is no name, unless it is written like one or follows the recipient's own:
 * "POP has left us". */
static guint count_leaver(const char *sentence, char **words, guint count)
{
	const char *name = find_name(sentence);
	guint skipped = count > 1 ? skip_interjection(&name, words) : 0;
	guint limit = count_name_words(name);
	words += skipped;
	count -= skipped;
	bool is_alone = limit > 0 && (is_forename(name) ||
				      (name - sentence > 4 && strncmp(name - 4, "<@> ", 4) == 0));
	for (guint i = 0; i < limit && i + 1 < count; i++) {
		if (vocabulary_match(get_other(), words + i, count - i) > 0)
			return 0;
		if ((i > 0 || is_alone) &&
		    vocabulary_match(get_left(), words + i + 1, count - i - 1) > 0)
			return skipped + i + 1;
	}
	return 0;
}

/* --- whose host is it? -------------------------------------------------------- */

/* Is a name the same as the other one, or below it? */
static bool is_below(const char *name, const char *other)
{
	size_t len = strlen(name), other_len = strlen(other);
	return len >= other_len && g_ascii_strcasecmp(name + len - other_len, other) == 0 &&
	       (len == other_len || name[len - other_len - 1] == '.');
}

/* The label before the one at this place; the place itself if that is the first. */
static const char *label_before(const char *host, const char *at)
{
	if (at == host)
		return at;
	at--;
	while (at > host && at[-1] != '.')
		at--;
	return at;
}

/* What its owner has registered: "example.org" of "mx.example.org", but "example.com.br" of
 * "mx.example.com.br". A short name below a country, as of "mx.abc.de", is taken for one like
 * "com", so that a stranger's host is never taken for this one's. */
static const char *registered_part(const char *host)
{
	const char *top = label_before(host, host + strlen(host) + 1);
	const char *second = label_before(host, top);
	bool is_shared = strlen(top) == COUNTRY_BYTES && top - second - 1 <= SHARED_BYTES;
	return is_shared ? label_before(host, second) : second;
}

/* The recipient's domain, one above or below it, or a host of who refuses. */
static bool is_of_recipient(const char *host, const struct statement_names *names)
{
	const char *domain = recipient_domain(names);
	return is_below(host, domain) || is_below(domain, host) ||
	       (strchr(names->host, '.') && is_below(host, registered_part(names->host)));
}

/* "example.org", not "smtpsend.dns.nonexistentdomain" */
static bool has_top_level(const char *host)
{
	return strlen(strrchr(host, '.') + 1) <= TOP_LEVEL_BYTES;
}

/* A chunk without what encloses it; NULL if it is no host, or an address of the web. Heap. */
static char *read_host(const char *chunk, size_t len)
{
	if (read_chunk(chunk, len) != CHUNK_HOST || memchr(chunk, '/', len))
		return NULL;
	while (len > 0 && !g_ascii_isalnum(chunk[0])) {
		chunk++;
		len--;
	}
	while (len > 0 && !g_ascii_isalnum(chunk[len - 1]))
		len--;
	g_autofree char *host = g_strndup(chunk, len);
	return has_top_level(host) ? g_steal_pointer(&host) : NULL;
}

/* "unknown host relay.example.org": it may be the client. */
static bool names_host_elsewhere(const char *sentence, const struct statement_names *names)
{
	if (!names->is_of_domain)
		return false;
	for (const char *at = sentence; *at;) {
		size_t brackets = bracket_length(at);
		size_t len = brackets > 0 ? brackets : strcspn(at, " \n<[");
		g_autofree char *host = brackets > 0 ? NULL : read_host(at, len);
		if (host && !is_of_recipient(host, names))
			return true;
		at += MAX(len, 1);
	}
	return false;
}

/* What the words of a sentence say, from the least to the most that speaks against it. */
enum words {
	WORDS_KNOWN,
	WORDS_STRANGE, /* one is not known */
	WORDS_OTHER,   /* one is said of something else */
};

static bool is_of_leaver(char **words)
{
	for (char **word = words; *word; word++)
		if (vocabulary_occurs_in(get_left(), *word))
			return true;
	return false;
}

/* "张三已离职": a name of a few letters without a blank, in a sentence about one who has left. */
static bool begins_with_name(const char *word, char **behind)
{
	const char *rest = word;
	if (!vocabulary_occurs_in(get_left(), word) && !is_of_leaver(behind))
		return false;
	for (size_t i = 0; i < LEAVER_LETTERS && *rest; i++) {
		rest = g_utf8_next_char(rest);
		if (vocabulary_covers(get_known(), rest))
			return true;
	}
	return false;
}

static enum words read_foreign_word(char **words, guint i)
{
	if (vocabulary_occurs_in(get_other(), words[i]))
		return WORDS_OTHER;
	bool is_known = vocabulary_covers(get_known(), words[i]) ||
			(i == 0 && begins_with_name(words[i], words + 1));
	return is_known ? WORDS_KNOWN : WORDS_STRANGE;
}

/* In small letters, each as one character; a capital I with a dot leaves none of its own. */
static char *fold_letters(const char *sentence)
{
	g_autofree char *composed = g_utf8_normalize(sentence, -1, G_NORMALIZE_NFKC);
	g_autofree char *lower = g_utf8_strdown(composed, -1);
	g_auto(GStrv) parts = g_strsplit(lower, "i\xCC\x87", -1);
	return g_strjoinv("i", parts);
}

static bool is_name_or_compound(char **words, guint i, guint count,
				const struct statement_names *names)
{
	return is_name(words[i], names) || is_name_of_user(words, i, count) ||
	       has_known_parts(words[i]);
}

/* What the next words say; how many they are. */
static guint read_next_words(char **words, guint i, guint count,
			     const struct statement_names *names, enum words *said)
{
	guint known = vocabulary_match(get_known(), words + i, count - i);
	if (vocabulary_match(get_other(), words + i, count - i) > known)
		*said = WORDS_OTHER;
	else if (known == 0 && vocabulary_is_foreign(g_utf8_get_char(words[i])))
		*said = MAX(*said, read_foreign_word(words, i));
	else if (known == 0 && !is_name_or_compound(words, i, count, names))
		*said = has_other_part(words[i]) ? WORDS_OTHER : WORDS_STRANGE;
	return MAX(known, 1);
}

static enum words read_statement_words(const char *sentence, const struct statement_names *names)
{
	g_autofree char *lower = fold_letters(sentence);
	GString *list = list_words(lower);
	g_auto(GStrv) words = g_strsplit(g_strchug(list->str), " ", -1);
	guint count = g_strv_length(words), i = count_leaver(sentence, words, count);
	enum words said = WORDS_KNOWN;
	while (i < count && said != WORDS_OTHER)
		i += read_next_words(words, i, count, names, &said);
	g_string_free(list, TRUE);
	return names_host_elsewhere(lower, names) ? WORDS_OTHER : said;
}

static bool begins_reply(const char *at)
{
	return (*at == '4' || *at == '5') && status_code_is_reply(at) &&
	       (at[3] == ' ' || at[3] == '-');
}

/* The last reply before the byte at end; NULL if there is none. */
static const char *find_reply(const char *folded, size_t end)
{
	const char *last = NULL;
	for (size_t i = 0; i < end; i++)
		if ((i == 0 || !g_ascii_isalnum(folded[i - 1])) && begins_reply(folded + i))
			last = folded + i;
	return last;
}

/* A reply in a text ends with the bracket that it stands in, or before a line of dashes. */
static void cut_quote(char *sentence)
{
	int depth = 0;
	for (char *at = sentence; *at; at++) {
		depth += (*at == '(') - (*at == ')');
		if (depth < 0 || strncmp(at, "--", 2) == 0) {
			*at = '\0';
			return;
		}
	}
}

/* The clause mark behind a letter that is not Latin, or 0. */
static size_t clause_mark_length(const char *sentence, const char *at)
{
	static const char *const marks[] = {
	    ",", ";", "\xEF\xBC\x8C", "\xEF\xBC\x9B", "\xE3\x80\x81", "\xD8\x8C"};
	if (at == sentence || !vocabulary_is_foreign(g_utf8_get_char(g_utf8_prev_char(at))))
		return 0;
	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
		if (g_str_has_prefix(at, marks[i]))
			return strlen(marks[i]);
	return 0;
}

/* Cuts the sentence behind the clause in which byte at stands; what follows, or "". In letters that
 * are not Latin that is seldom more than a polite hint: "用户不存在，请检查地址". */
static const char *cut_clause(char *sentence, size_t at)
{
	for (char *mark = sentence + at; *mark; mark = g_utf8_next_char(mark)) {
		size_t len = clause_mark_length(sentence, mark);
		if (len == 0)
			continue;
		*mark = '\0';
		return mark + len;
	}
	return "";
}

/* What the sentence says in which byte at stands; WORDS_KNOWN if there is no reply there. */
static enum words read_sentence(const char *folded, size_t at, const struct statement_names *names)
{
	bool is_reply = begins_reply(folded);
	const char *reply = is_reply ? folded : find_reply(folded, at);
	if (!reply)
		return WORDS_KNOWN;
	size_t start = 0;
	g_autofree char *sentence = cut_sentence(reply, at - (size_t)(reply - folded), &start);
	if (!sentence)
		return WORDS_STRANGE;
	if (!is_reply)
		cut_quote(sentence);
	size_t place = MIN(at - (size_t)(reply - folded) - start, strlen(sentence));
	const char *behind = cut_clause(sentence, place);
	enum words said = read_statement_words(sentence, names);
	return read_statement_words(behind, names) == WORDS_OTHER ? WORDS_OTHER : said;
}

bool statement_is_known(const char *folded, size_t at, const struct statement_names *names)
{
	return read_sentence(folded, at, names) == WORDS_KNOWN;
}

bool statement_is_of_other(const char *folded, size_t at, const struct statement_names *names)
{
	return read_sentence(folded, at, names) == WORDS_OTHER;
}

/* The first one that a blank follows, or the end, and that is in no brackets: "(Mode: normal)",
 * "[MIqP3ghg== IP: 192.0.2.1]". */
static const char *find_colon(const char *folded)
{
	for (const char *at = folded; *at; at++) {
		const char *end = *at == '('   ? strchr(at, ')')
				  : *at == '[' ? strchr(at, ']')
					       : NULL;
		if (end)
			at = end;
		else if (*at == ':' && (at[1] == ' ' || at[1] == '\0'))
			return at;
	}
	return NULL;
}

/* Does a sentence end between the two? */
static bool is_parted(const char *text, const char *from, const char *to)
{
	for (const char *at = from; at < to; at++)
		if (ends_statement(text, at))
			return true;
	return false;
}

bool statement_has_known_topic(const char *folded, size_t at, const struct statement_names *names)
{
	const char *colon = find_colon(folded);
	if (!colon || !g_ascii_isdigit(folded[0]) || is_parted(folded, folded + at + 1, colon))
		return true;
	g_autofree char *topic = g_strndup(folded, (gsize)(colon - folded));
	return read_statement_words(topic, names) == WORDS_KNOWN;
}

bool statement_has_word(const char *word)
{
	return vocabulary_begins_with(get_known(), word) ||
	       vocabulary_begins_with(get_other(), word);
}
