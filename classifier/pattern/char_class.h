/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Classes of characters in an expression: "[a-z]", "\d". Case does not matter: of letters
 * only the small ones are in a class.
 */
#ifndef CLASSIFIER_PATTERN_CHAR_CLASS_H
#define CLASSIFIER_PATTERN_CHAR_CLASS_H

#include <stdbool.h>

#include <glib.h>

#include "classifier/pattern/nfa.h"

struct char_class {
	struct nfa_set ascii;
	bool has_wide;    /* and all characters beyond ASCII */
	GString *members; /* or these of them */
};

enum char_class_status {
	CHAR_CLASS_READ,
	CHAR_CLASS_OPEN,    /* without its closing bracket */
	CHAR_CLASS_FOREIGN, /* something that only PCRE knows */
};

/* at: the opening bracket; moved behind the closing one. The class: an empty one. */
enum char_class_status char_class_parse(const char **at, struct char_class *class_out);

/* at: the backslash; moved behind the escape. False if only PCRE may know it. */
bool char_class_parse_escape(const char **at, struct char_class *class_out)
    __attribute__((warn_unused_result));

void char_class_clear(struct char_class *class);

typedef struct char_class char_class_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(char_class_t, char_class_clear)

#endif
