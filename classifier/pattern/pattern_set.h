/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A set of patterns that are searched for in one pass.
 *
 *   pattern = part *( gap part )        gap = " .. " / " ... "
 *
 * A part is a case-insensitive regular expression (see expression.h). Each part must end
 * shortly after the previous one: at most PATTERN_NEAR bytes for " .. ", PATTERN_FAR for
 * " ... ", and on the same line, as in "user|mailbox .. unknown|not found". A pattern of one part
 * may use look-around, back-references and the rest of PCRE: what the automaton finds, GRegex
 * confirms.
 */
#ifndef CLASSIFIER_PATTERN_PATTERN_SET_H
#define CLASSIFIER_PATTERN_PATTERN_SET_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#define PATTERN_NEAR 45
#define PATTERN_FAR  120

struct pattern_set;

/* A pattern that was found, and the offset in bytes where its first match ends. */
struct pattern_hit {
	unsigned id;
	size_t end;
};

/* The parts of a pattern, without the gaps. Free with g_strfreev. */
char **pattern_parts(const char *text);

struct pattern_set *pattern_set_new(void);
void pattern_set_free(struct pattern_set *set);

/* Adds a pattern; its id is the number of patterns added before. False with
 * BM_ERROR_CONFIG if the text is no pattern, or one that matches the empty text. */
bool pattern_set_add(struct pattern_set *set, const char *text, GError **error)
    __attribute__((warn_unused_result));

/* Call once, after the last pattern. */
void pattern_set_compile(struct pattern_set *set);

/* Appends one struct pattern_hit for every pattern that occurs in the text,
 * which must be valid UTF-8. Thread-safe on a compiled set. */
void pattern_set_scan(const struct pattern_set *set, const char *text, size_t len, GArray *hits);

/* How often a table of the automaton was full and was begun again, which makes a scan many times
 * dearer. Not while another thread scans. */
unsigned pattern_set_restarts(const struct pattern_set *set);

typedef struct pattern_set pattern_set_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pattern_set_t, pattern_set_free)

#endif
