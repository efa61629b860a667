/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The format is in the manual of gettext, "The Format of GNU MO Files": a magic number, a version,
 * a count, and the places of two tables of (length, offset). The bytes are of our own build, and
 * are looked at as if they were not.
 */
#include "console/text/catalogue.h"

#include <string.h>

enum { ROW = 8, LANGUAGES_MAX = 20 };

static const guint32 mo_magic = 0x950412de;

struct catalogue {
	char *tag;
	GHashTable *texts; /* msgid -> msgstr, both in the bytes; forms behind each other */
};

static const unsigned char mo_en[] = {
#include "en.mo.inc"
};
static const unsigned char mo_de[] = {
#include "de.mo.inc"
};
static const unsigned char mo_fr[] = {
#include "fr.mo.inc"
};

/* --- reading ---------------------------------------------------------------------------------- */

static bool read_mo_number(const struct catalogue_bytes *source, gsize at, guint32 *number_out)
{
	if (at > source->len || source->len - at < sizeof *number_out)
		return false;
	memcpy(number_out, source->bytes + at, sizeof *number_out);
	*number_out = GUINT32_FROM_LE(*number_out);
	return true;
}

/* The text of row number row of a table, which ends in a NUL. */
static const char *read_mo_text(const struct catalogue_bytes *source, guint32 table, guint32 row)
{
	guint32 len = 0;
	guint32 offset = 0;
	gsize at = (gsize)table + (gsize)row * ROW;

	if (!read_mo_number(source, at, &len) || !read_mo_number(source, at + 4, &offset) ||
	    offset >= source->len || len >= source->len - offset ||
	    source->bytes[offset + len] != '\0')
		return NULL;
	return source->bytes + offset;
}

static bool read_mo_rows(struct catalogue *catalogue, const struct catalogue_bytes *source)
{
	guint32 magic = 0;
	guint32 count = 0;
	guint32 ids = 0;
	guint32 texts = 0;

	if (!read_mo_number(source, 0, &magic) || magic != mo_magic ||
	    !read_mo_number(source, 8, &count) || !read_mo_number(source, 12, &ids) ||
	    !read_mo_number(source, 16, &texts) || count > source->len / ROW)
		return false;
	for (guint32 row = 0; row < count; row++) {
		const char *id = read_mo_text(source, ids, row);
		const char *text = read_mo_text(source, texts, row);

		if (!id || !text)
			return false;
		g_hash_table_insert(catalogue->texts, (gpointer)id, (gpointer)text);
	}
	return true;
}

struct catalogue *catalogue_read(const struct catalogue_bytes *source)
{
	g_autoptr(catalogue_t) catalogue = g_new0(struct catalogue, 1);

	catalogue->tag = g_strdup(source->tag);
	catalogue->texts = g_hash_table_new(g_str_hash, g_str_equal);
	return read_mo_rows(catalogue, source) ? g_steal_pointer(&catalogue) : NULL;
}

void catalogue_free(struct catalogue *catalogue)
{
	if (!catalogue)
		return;
	g_hash_table_destroy(catalogue->texts);
	g_free(catalogue->tag);
	g_free(catalogue);
}

/* --- texts ------------------------------------------------------------------------------------ */

const char *catalogue_tag(const struct catalogue *catalogue)
{
	return catalogue->tag;
}

const char *catalogue_text(const struct catalogue *catalogue, const char *text)
{
	const char *found = *text != '\0' ? g_hash_table_lookup(catalogue->texts, text) : NULL;

	return found && *found != '\0' ? found : text;
}

/* French counts 0 as one; English and German do not. */
static bool is_one(const struct catalogue *catalogue, guint64 count)
{
	return count == 1 || (count == 0 && strcmp(catalogue->tag, "fr") == 0);
}

const char *catalogue_plural(const struct catalogue *catalogue, const char *one, const char *many,
			     guint64 count)
{
	const char *forms = g_hash_table_lookup(catalogue->texts, one);

	if (!forms || *forms == '\0')
		return is_one(catalogue, count) ? one : many;
	return is_one(catalogue, count) ? forms : forms + strlen(forms) + 1;
}

/* --- languages -------------------------------------------------------------------------------- */

/* Those that there are; the first is for who wants none of them. */
static GPtrArray *languages(void)
{
	static gsize once;
	static GPtrArray *list;
	const struct catalogue_bytes sources[] = {
	    {"en", (const char *)mo_en, sizeof mo_en},
	    {"de", (const char *)mo_de, sizeof mo_de},
	    {"fr", (const char *)mo_fr, sizeof mo_fr},
	};

	if (!g_once_init_enter(&once))
		return list;
	list = g_ptr_array_new();
	for (size_t i = 0; i < G_N_ELEMENTS(sources); i++) {
		struct catalogue *catalogue = catalogue_read(&sources[i]);

		if (!catalogue)
			g_error("the catalogue %s cannot be read", sources[i].tag);
		g_ptr_array_add(list, catalogue);
	}
	g_once_init_leave(&once, 1);
	return list;
}

/* "de-CH;q=0.8": its weight, and its first subtag in range_out. */
static double weight_of(const char *range, char range_out[static 4])
{
	const char *weight = strstr(range, "q=");
	gsize len = strcspn(range, "-; \t");

	g_strlcpy(range_out, len < 4 ? range : "", len < 4 ? len + 1 : 1);
	return weight ? g_ascii_strtod(weight + 2, NULL) : 1;
}

static const struct catalogue *named(const char *tag)
{
	const GPtrArray *list = languages();

	for (guint i = 0; i < list->len; i++)
		if (g_ascii_strcasecmp(catalogue_tag(list->pdata[i]), tag) == 0)
			return list->pdata[i];
	return NULL;
}

const struct catalogue *catalogue_for(const char *accept_language)
{
	g_auto(GStrv) ranges =
	    g_strsplit(accept_language ? accept_language : "", ",", LANGUAGES_MAX);
	const struct catalogue *best = languages()->pdata[0];
	double best_weight = 0;

	for (char **range = ranges; *range; range++) {
		char tag[4];
		double weight = weight_of(g_strstrip(*range), tag);
		const struct catalogue *catalogue = named(tag);

		if (catalogue && weight > best_weight) {
			best = catalogue;
			best_weight = weight;
		}
	}
	return best;
}
