/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A set of patterns that are looked for all at once: the one door to Hyperscan.
 *
 *   pattern = part *( gap part )        gap = " .. " / " ... "
 *
 * A part is a case-insensitive regular expression (PCRE as far as Hyperscan has
 * it). Of several parts each must end a little after the one before it: at most
 * PATTERN_NEAR bytes over " .. ", PATTERN_FAR over " ... ", and on the same line, as in
 * "user|mailbox .. unknown|not found". A pattern of one part may use
 * look-around and back-references: Hyperscan finds it roughly, GRegex confirms.
 */
#ifndef CLASSIFIER_RULES_PATTERN_H
#define CLASSIFIER_RULES_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

/* Why no ".{0,60}" in one expression: counting makes it a hundred times larger
 * to compile. */
#define PATTERN_NEAR 45
#define PATTERN_FAR  120

struct pattern_set;

/* One pattern that was found, and where in the text its first match ends, in
 * bytes. */
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

/* Once, after the last pattern. On failure *id_out is the offending pattern. */
bool pattern_set_compile(struct pattern_set *set, unsigned *id_out, GError **error)
    __attribute__((warn_unused_result));

/* Appends one struct pattern_hit for every pattern that occurs in the text,
 * which must be valid UTF-8. Thread-safe on a compiled set. */
void pattern_set_scan(const struct pattern_set *set, const char *text, size_t len, GArray *hits);

typedef struct pattern_set pattern_set_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pattern_set_t, pattern_set_free)

#endif
