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
	struct known_mails_deed deed;
	unsigned pause;    /* seconds, the last one; 0: none */
	gint64 not_before; /* it is wanted again */
};

struct known_mails {
	GHashTable *entries; /* its key is the first member of the entry */
	unsigned round;
	gint64 now; /* when it began */
};

struct known_mails *known_mails_new(void)
{
	struct known_mails *known = g_new0(struct known_mails, 1);

	known->entries = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	return known;
}

void known_mails_free(struct known_mails *known)
{
	if (!known)
		return;
	g_hash_table_unref(known->entries);
	g_free(known);
}

static struct entry *find_entry(const struct known_mails *known, gint64 key)
{
	return g_hash_table_lookup(known->entries, &key);
}

/* To forget all is safe: what was recorded is recorded once more. */
static struct entry *entry_of(struct known_mails *known, gint64 key)
{
	struct entry *entry = find_entry(known, key);

	if (!entry && g_hash_table_size(known->entries) >= ENTRIES_MAX)
		g_hash_table_remove_all(known->entries);
	if (!entry) {
		entry = g_new0(struct entry, 1);
		entry->key = key;
		g_hash_table_add(known->entries, entry);
	}
	entry->seen_round = known->round;
	return entry;
}

void known_mails_begin_round(struct known_mails *known, gint64 now)
{
	known->round++;
	known->now = now;
}

bool known_mails_is_wanted(struct known_mails *known, gint64 key)
{
	struct entry *entry = find_entry(known, key);

	if (!entry)
		return true;
	entry->seen_round = known->round;
	return !entry->is_left && entry->not_before <= known->now;
}

static gboolean is_absent(void *key, void *value, void *data)
{
	const struct entry *entry = value;
	const struct known_mails *known = data;

	(void)key;
	return entry->seen_round != known->round;
}

void known_mails_forget_absent(struct known_mails *known)
{
	g_hash_table_foreach_remove(known->entries, is_absent, known);
}

unsigned known_mails_fail(struct known_mails *known, const struct known_mails_failure *failure)
{
	struct entry *entry = entry_of(known, failure->key);
	bool others_went_on = entry->failures > 0 && entry->recorded != failure->recorded;

	entry->tries += failure->blame == KNOWN_MAILS_BLAMES_THE_MAIL ||
			(failure->blame == KNOWN_MAILS_BLAMES_PERHAPS && others_went_on);
	entry->failures++;
	entry->recorded = failure->recorded;
	return entry->tries;
}

unsigned known_mails_failures(const struct known_mails *known, gint64 key)
{
	const struct entry *entry = find_entry(known, key);

	return entry ? entry->failures : 0;
}

bool known_mails_is_suspected(const struct known_mails *known, gint64 key)
{
	const struct entry *entry = find_entry(known, key);

	return entry && entry->failures > 0 && !entry->is_done;
}

void known_mails_set_deed(struct known_mails *known, const struct known_mails_deed *deed)
{
	struct entry *entry = entry_of(known, deed->mail.key);

	if (entry->deed.digest != deed->digest)
		entry->pause = 0;
	entry->is_done = true;
	entry->deed = *deed;
}

bool known_mails_recall(const struct known_mails *known, struct known_mails_deed *deed)
{
	const struct entry *entry = find_entry(known, deed->mail.key);
	bool is_it = entry && entry->is_done && entry->deed.digest == deed->digest;

	if (is_it) {
		deed->fate = entry->deed.fate;
		deed->mail.is_copied |= entry->deed.mail.is_copied;
	}
	return is_it;
}

bool known_mails_is_given_up(const struct known_mails *known, gint64 key)
{
	const struct entry *entry = find_entry(known, key);

	return entry && entry->is_done && entry->deed.digest == 0 &&
	       entry->deed.fate == STORE_FAILED;
}

void known_mails_end_giving_up(struct known_mails *known, gint64 key)
{
	struct entry *entry = entry_of(known, key);

	entry->is_done = false;
	entry->tries = 0;
	entry->failures = 0;
}

void known_mails_set_copied(struct known_mails *known, gint64 key)
{
	entry_of(known, key)->deed.mail.is_copied = true;
}

void known_mails_wait(struct known_mails *known, gint64 key)
{
	struct entry *entry = entry_of(known, key);

	entry->pause = CLAMP(entry->pause * 2, PAUSE_MIN, PAUSE_MAX);
	entry->not_before = known->now + entry->pause * G_USEC_PER_SEC;
}

void known_mails_end_waiting(struct known_mails *known)
{
	GHashTableIter iter;
	void *entry;

	g_hash_table_iter_init(&iter, known->entries);
	while (g_hash_table_iter_next(&iter, &entry, NULL))
		((struct entry *)entry)->not_before = 0;
}

void known_mails_leave(struct known_mails *known, gint64 key)
{
	entry_of(known, key)->is_left = true;
}
