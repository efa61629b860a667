/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The topics of commands, in the order of the help and the manual. Their titles are in
 * ctl/registry.c.
 */
#ifndef CTL_OPTIONS_TOPICS_H
#define CTL_OPTIONS_TOPICS_H

enum topic {
	TOPIC_OVERVIEW,
	TOPIC_TASKS,
	TOPIC_QUEUE,
	TOPIC_BLOCKS,
	TOPIC_PARAMETERS,
	TOPIC_CORRECTIONS,
	TOPIC_MAILS,
	TOPIC_MAINTENANCE,
	TOPIC_SCHEMA,
};

#endif
