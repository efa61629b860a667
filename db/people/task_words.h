/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which tasks have certain words: asked by bouncectl and by the console.
 */
#ifndef DB_PEOPLE_TASK_WORDS_H
#define DB_PEOPLE_TASK_WORDS_H

/* The condition that the task t of bounce.task_outline has the text of a parameter ("$9") in any
 * case in one of its words, or in those of its mail; true where the parameter is NULL. The mail is
 * looked up by key, and only where the task's own words have it not: a join would read all mails.
 */
#define TASK_WORDS_PATTERN(parameter)                                                              \
	"('%' || regexp_replace(" parameter ", '([\\\\%_])', '\\\\\\1', 'g') || '%')"
#define TASK_WORDS_FIT(parameter)                                                                  \
	"(" parameter "::text IS NULL "                                                            \
	" OR concat_ws(' ', t.address, t.domain, t.diagnosis, t.summary, t.note) "                 \
	"   ILIKE " TASK_WORDS_PATTERN(                                                            \
	    parameter) " "                                                                         \
		       " OR (SELECT concat_ws(' ', c.subject, c.business_ref) FROM "               \
		       "bounce.communication AS c "                                                \
		       "     WHERE c.id = t.communication_id) ILIKE " TASK_WORDS_PATTERN(          \
			   parameter) ")"

#endif
