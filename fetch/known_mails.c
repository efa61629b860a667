/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A table by key, with a bound.
 */
#include "fetch/known_mails.h"

enum { ENTRIES_MAX = 200000, PAUSE_MIN = 1, PAUSE_MAX = 3600 /* seconds */ };

struct entry {
	gint64 key;
	unsigned seen_round;
	unsigned tries;
	unsigned failures;
	int recorded; /* mails so far, when it failed last */
	bool is_done;
	bool is_left;
	struct memory_deed deed;
	unsigned pause;    /* seconds, the last one; 0: none */
	gint64 not_before; /* it is wanted again */
};

struct memory {
	GHashTable *entries; /* its key is the first member of the entry */
	unsigned round;
	gint64 now; /* when it began */
};

struct memory *memory_new(void)
{
	struct memory *memory = g_new0(struct memory, 1);

	memory->entries = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	return memory;
}

void memory_free(struct memory *memory)
{
	if (!memory)
		return;
	g_hash_table_unref(memory->entries);
	g_free(memory);
}

static struct entry *find_entry(const struct memory *memory, gint64 key)
{
	return g_hash_table_lookup(memory->entries, &key);
}

/* To forget all is safe: what was recorded is recorded once more. */
static struct entry *entry_of(struct memory *memory, gint64 key)
{
	struct entry *entry = find_entry(memory, key);

	if (!entry && g_hash_table_size(memory->entries) >= ENTRIES_MAX)
		g_hash_table_remove_all(memory->entries);
	if (!entry) {
		entry = g_new0(struct entry, 1);
		entry->key = key;
		g_hash_table_add(memory->entries, entry);
	}
	entry->seen_round = memory->round;
	return entry;
}

void memory_begin_round(struct memory *memory, gint64 now)
{
	memory->round++;
	memory->now = now;
}

bool memory_is_wanted(struct memory *memory, gint64 key)
{
	struct entry *entry = find_entry(memory, key);

	if (!entry)
		return true;
	entry->seen_round = memory->round;
	return !entry->is_left && entry->not_before <= memory->now;
}

static gboolean is_absent(void *key, void *value, void *data)
{
	const struct entry *entry = value;
	const struct memory *memory = data;

	(void)key;
	return entry->seen_round != memory->round;
}

void memory_forget_absent(struct memory *memory)
{
	g_hash_table_foreach_remove(memory->entries, is_absent, memory);
}

unsigned memory_fail(struct memory *memory, const struct memory_failure *failure)
{
	struct entry *entry = entry_of(memory, failure->key);
	bool others_went_on = entry->failures > 0 && entry->recorded != failure->recorded;

	entry->tries += failure->blame == MEMORY_BLAMES_THE_MAIL ||
			(failure->blame == MEMORY_BLAMES_PERHAPS && others_went_on);
	entry->failures++;
	entry->recorded = failure->recorded;
	return entry->tries;
}

unsigned memory_failures(const struct memory *memory, gint64 key)
{
	const struct entry *entry = find_entry(memory, key);

	return entry ? entry->failures : 0;
}

bool memory_is_suspected(const struct memory *memory, gint64 key)
{
	const struct entry *entry = find_entry(memory, key);

	return entry && entry->failures > 0 && !entry->is_done;
}

void memory_set_deed(struct memory *memory, const struct memory_deed *deed)
{
	struct entry *entry = entry_of(memory, deed->mail.key);

	if (entry->deed.digest != deed->digest)
		entry->pause = 0;
	entry->is_done = true;
	entry->deed = *deed;
}

bool memory_recall(const struct memory *memory, struct memory_deed *deed)
{
	const struct entry *entry = find_entry(memory, deed->mail.key);
	bool is_it = entry && entry->is_done && entry->deed.digest == deed->digest;

	if (is_it) {
		deed->fate = entry->deed.fate;
		deed->mail.is_copied |= entry->deed.mail.is_copied;
	}
	return is_it;
}

bool memory_is_given_up(const struct memory *memory, gint64 key)
{
	const struct entry *entry = find_entry(memory, key);

	return entry && entry->is_done && entry->deed.digest == 0 &&
	       entry->deed.fate == STORE_FAILED;
}

void memory_end_giving_up(struct memory *memory, gint64 key)
{
	struct entry *entry = entry_of(memory, key);

	entry->is_done = false;
	entry->tries = 0;
	entry->failures = 0;
}

void memory_set_copied(struct memory *memory, gint64 key)
{
	entry_of(memory, key)->deed.mail.is_copied = true;
}

void memory_wait(struct memory *memory, gint64 key)
{
	struct entry *entry = entry_of(memory, key);

	entry->pause = CLAMP(entry->pause * 2, PAUSE_MIN, PAUSE_MAX);
	entry->not_before = memory->now + entry->pause * G_USEC_PER_SEC;
}

void memory_end_waiting(struct memory *memory)
{
	GHashTableIter iter;
	void *entry;

	g_hash_table_iter_init(&iter, memory->entries);
	while (g_hash_table_iter_next(&iter, &entry, NULL))
		((struct entry *)entry)->not_before = 0;
}

void memory_leave(struct memory *memory, gint64 key)
{
	entry_of(memory, key)->is_left = true;
}
