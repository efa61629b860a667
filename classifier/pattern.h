/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A set of patterns that are looked for all at once: the one door to Hyperscan.
 * The patterns are case-insensitive PCRE. What Hyperscan cannot do alone
 * (look-around, back-references) it finds roughly, and GRegex confirms.
 */
#ifndef CLASSIFIER_PATTERN_H
#define CLASSIFIER_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

struct pattern_set;

/* One pattern that was found: its first place in the text, in bytes. */
struct pattern_hit {
	unsigned id;
	size_t start;
	size_t end;
};

struct pattern_set *pattern_set_new(void);
void pattern_set_free(struct pattern_set *set);

/* Adds a pattern; its id is the number of patterns added before. False with
 * BM_ERROR_CONFIG if the text is no pattern, or one that matches nothing at all. */
bool pattern_set_add(struct pattern_set *set, const char *expression, GError **error)
    __attribute__((warn_unused_result));

/* Once, after the last pattern. On failure *id_out is the offending pattern. */
bool pattern_set_compile(struct pattern_set *set, unsigned *id_out, GError **error) __attribute__((warn_unused_result));

/* Appends one struct pattern_hit for every pattern that occurs in the text,
 * which must be valid UTF-8. Thread-safe on a compiled set. */
void pattern_set_scan(const struct pattern_set *set, const char *text, size_t len, GArray *hits);

typedef struct pattern_set pattern_set_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pattern_set_t, pattern_set_free)

#endif
