/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A table by key, with a bound.
 */
#include "fetch/memory.h"

enum { ENTRIES_MAX = 200000 };

struct entry {
	gint64 key;
	unsigned seen_round;
	unsigned tries;
	unsigned failures;
	int recorded; /* mails so far, when it failed last */
	bool is_done;
	bool is_left;
	unsigned session; /* in which deed.mail.number is its name; 0: in none */
	struct memory_deed deed;
};

struct memory {
	GHashTable *entries; /* its key is the first member of the entry */
	unsigned round;
	unsigned session;
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

static struct entry *find(const struct memory *memory, gint64 key)
{
	return g_hash_table_lookup(memory->entries, &key);
}

/* To forget all is safe: what was recorded is recorded once more. */
static struct entry *handle(struct memory *memory, gint64 key)
{
	struct entry *entry = find(memory, key);

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

void memory_begin_session(struct memory *memory)
{
	memory->session++;
}

void memory_begin_round(struct memory *memory)
{
	memory->round++;
}

bool memory_is_wanted(struct memory *memory, gint64 key)
{
	struct entry *entry = find(memory, key);

	if (!entry)
		return true;
	entry->seen_round = memory->round;
	return !entry->is_left;
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
	struct entry *entry = handle(memory, failure->key);
	bool others_went_on = entry->failures > 0 && entry->recorded != failure->recorded;

	entry->tries += failure->blame == MEMORY_BLAMES_THE_MAIL ||
			(failure->blame == MEMORY_BLAMES_PERHAPS && others_went_on);
	entry->failures++;
	entry->recorded = failure->recorded;
	return entry->tries;
}

unsigned memory_failures(const struct memory *memory, gint64 key)
{
	const struct entry *entry = find(memory, key);

	return entry ? entry->failures : 0;
}

bool memory_is_suspected(const struct memory *memory, gint64 key)
{
	const struct entry *entry = find(memory, key);

	return entry && entry->failures > 0 && !entry->is_done;
}

void memory_set_deed(struct memory *memory, const struct memory_deed *deed)
{
	struct entry *entry = handle(memory, deed->mail.key);

	entry->is_done = true;
	entry->session = memory->session;
	entry->deed = *deed;
}

void memory_set_settled(struct memory *memory, gint64 key)
{
	handle(memory, key)->session = 0;
}

bool memory_get_fate(const struct memory *memory, const struct store_mail *mail,
		     enum store_fate *fate_out)
{
	const struct entry *entry = find(memory, mail->key);
	bool is_it = entry && entry->is_done && entry->session == memory->session &&
		     entry->deed.mail.number == mail->number;

	if (is_it)
		*fate_out = entry->deed.fate;
	return is_it;
}

bool memory_recall(const struct memory *memory, gint64 key, gint64 digest,
		   enum store_fate *fate_out)
{
	const struct entry *entry = find(memory, key);
	bool is_it = entry && entry->is_done && entry->deed.digest == digest;

	if (is_it)
		*fate_out = entry->deed.fate;
	return is_it;
}

void memory_leave(struct memory *memory, gint64 key)
{
	handle(memory, key)->is_left = true;
}
