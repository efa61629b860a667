/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Named lists of alternatives for the patterns of rule files: with the class
 *   recipient = user|mail ?box
 * the pattern "no such {recipient}" is "no such (?:user|mail ?box)". Knows nothing of
 * rules and files.
 */
#ifndef CLASSIFIER_RULES_WORD_CLASSES_H
#define CLASSIFIER_RULES_WORD_CLASSES_H

#include <stdbool.h>

#include <glib.h>

/* Bytes of an expanded pattern; classes may refer to classes, so it could grow without end. */
enum { WORD_CLASSES_PATTERN_MAX = 65536 };

struct word_classes;

/* Names that are not defined here are looked up in parent (may be NULL), which must
 * outlive the table. A definition here hides that of the parent. */
struct word_classes *word_classes_new(const struct word_classes *parent);
void word_classes_free(struct word_classes *classes);

/* Defines a class. The alternatives are a regular expression without gaps; they may refer
 * to classes defined before. place ("file:line") is for the message about a second
 * definition. False with BM_ERROR_CONFIG. */
bool word_classes_add(struct word_classes *classes, const char *name, const char *alternatives,
		      const char *place, GError **error) __attribute__((warn_unused_result));

/* The pattern with every {name} expanded. "\{" and "{2}" are no references, nor is a brace
 * within [brackets] or behind "\p", "\k" and their like. NULL with BM_ERROR_CONFIG for
 * an unknown name or a pattern that becomes too long. Free with g_free. */
char *word_classes_expand(const struct word_classes *classes, const char *pattern, GError **error)
    __attribute__((warn_unused_result));

typedef struct word_classes word_classes_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(word_classes_t, word_classes_free)

#endif
