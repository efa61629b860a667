/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Loads rule files and asks all rules at once: each field is scanned once, the
 * patterns found are led back to their rules, and what is left of the rule's
 * conditions is checked only for these.
 */
#include "classifier/rules/ruleset.h"

#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "classifier/pattern/pattern_set.h"
#include "classifier/rules/alternatives.h"
#include "classifier/rules/rule_file.h"

/* A rule file larger than this is a mistake. */
#define RULE_FILE_BYTES ((gsize)4 * 1024 * 1024)

/* One set a field, and one for the patterns of "host". */
enum { HOST_SET = RULE_FIELD_COUNT, SET_COUNT };

enum role {
	ROLE_MATCH,
	ROLE_UNLESS,
	ROLE_HOST,
};

/* Whose pattern it is. */
struct owner {
	guint rule;
	enum role role;
	unsigned line;
	guint next; /* its place among the owners plus one, where there is another */
};

struct ruleset {
	GPtrArray *rules; /* in the order of decision */
	struct pattern_set *set[SET_COUNT];
	GArray *owners[SET_COUNT];
	GArray *first_owner[SET_COUNT]; /* guint: by the pattern's id, as next */
	GHashTable *ids[SET_COUNT];     /* of patterns, plus one, by their texts; while compiling */
	GArray *bare;                   /* guint: rules without match */
};

/* What a scan found out about each rule. */
struct finding {
	bool is_matched;
	bool is_vetoed;
	bool is_host;
	enum rule_field field;
	size_t end;
};

static void free_rule(gpointer rule)
{
	rule_free(rule);
}

static struct ruleset *ruleset_new(void)
{
	struct ruleset *rules = g_new0(struct ruleset, 1);

	rules->rules = g_ptr_array_new_with_free_func(free_rule);
	rules->bare = g_array_new(FALSE, FALSE, sizeof(guint));
	for (unsigned i = 0; i < SET_COUNT; i++) {
		rules->set[i] = pattern_set_new();
		rules->owners[i] = g_array_new(FALSE, FALSE, sizeof(struct owner));
		rules->first_owner[i] = g_array_new(FALSE, FALSE, sizeof(guint));
	}
	return rules;
}

void ruleset_free(struct ruleset *rules)
{
	if (!rules)
		return;
	for (unsigned i = 0; i < SET_COUNT; i++) {
		pattern_set_free(rules->set[i]);
		g_array_unref(rules->owners[i]);
		g_array_unref(rules->first_owner[i]);
		g_clear_pointer(&rules->ids[i], g_hash_table_unref);
	}
	g_array_unref(rules->bare);
	g_ptr_array_unref(rules->rules);
	g_free(rules);
}

/* --- reading the files -------------------------------------------------- */

/* source: all but the text. */
static bool read_file(struct rule_source source, GPtrArray *rules, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) cause = NULL;

	if (!g_file_get_contents(source.name, &text, &source.len, &cause)) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", cause->message);
		return false;
	}
	if (source.len > RULE_FILE_BYTES) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s: too large for a rule file",
			    source.name);
		return false;
	}
	source.text = text;
	return rule_file_parse(&source, rules, error);
}

/* The *.rules of a directory in name order; NULL if it cannot be read. */
static GPtrArray *list_files(const char *dir, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(GPtrArray) paths = folder_files(dir, ".rules", &cause);

	if (!paths) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "rules: %s", cause->message);
		return NULL;
	}
	if (paths->len == 0) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
			    "%s: there are no *.rules files in it", dir);
		return NULL;
	}
	return g_steal_pointer(&paths);
}

static bool read_dir(const char *dir, struct word_classes *classes, GPtrArray *rules,
		     GError **error)
{
	g_autoptr(GPtrArray) paths = list_files(dir, error);

	for (guint i = 0; paths && i < paths->len; i++) {
		const struct rule_source source = {.name = paths->pdata[i], .classes = classes};
		if (!read_file(source, rules, error))
			return false;
	}
	return paths;
}

/* The site's file may use the word classes of the shipped files, but does not change
 * what these mean by them. */
static bool read_rule_files(struct ruleset *rules, const char *dir, const char *site_file,
			    GError **error)
{
	g_autoptr(GPtrArray) shipped = g_ptr_array_new_with_free_func(free_rule);
	g_autoptr(word_classes_t) classes = word_classes_new(NULL);
	g_autoptr(word_classes_t) site_classes = word_classes_new(classes);
	const struct rule_source site = {
	    .name = site_file, .is_site = true, .classes = site_classes};

	if (!read_dir(dir, classes, shipped, error) ||
	    (site_file && !read_file(site, rules->rules, error)))
		return false;
	g_ptr_array_extend_and_steal(rules->rules, g_steal_pointer(&shipped));
	return true;
}

static bool refuse_duplicate(const struct rule *rule, const struct rule *other, GError **error)
{
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s:%u: rule %s: is already in %s:%u",
		    rule->file, rule->line, rule->id, other->file, other->line);
	return false;
}

/* Ids are unique; a site's rule puts away the shipped rule of its name. */
static bool settle_rule_ids(GPtrArray *rules, GError **error)
{
	g_autoptr(GHashTable) by_id = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < rules->len;) {
		struct rule *rule = rules->pdata[i];
		struct rule *other = g_hash_table_lookup(by_id, rule->id);
		if (!other) {
			g_hash_table_insert(by_id, rule->id, rule);
			i++;
			continue;
		}
		if (other->tier != RULE_TIER_SITE || rule->tier == RULE_TIER_SITE)
			return refuse_duplicate(rule, other, error);
		g_ptr_array_remove_index(rules, i);
	}
	return true;
}

/* A stable sort by tier: g_ptr_array_sort is not promised to be stable. */
static void sort_by_tier(GPtrArray *rules)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();

	for (enum rule_tier tier = RULE_TIER_SITE; tier <= RULE_TIER_WEAK; tier++)
		for (guint i = 0; i < rules->len; i++)
			if (((struct rule *)rules->pdata[i])->tier == tier)
				g_ptr_array_add(sorted, rules->pdata[i]);
	memcpy(rules->pdata, sorted->pdata, sorted->len * sizeof(gpointer));
}

/* --- compiling ---------------------------------------------------------- */

static const char *role_name(enum role role)
{
	switch (role) {
	case ROLE_MATCH:
		return "match";
	case ROLE_UNLESS:
		return "unless";
	case ROLE_HOST:
		return "host";
	}
	return "";
}

static bool blame_pattern(const struct ruleset *rules, const struct owner *owner,
			  const GError *cause, GError **error)
{
	const struct rule *rule = rules->rules->pdata[owner->rule];

	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s:%u: rule %s: %s: %s", rule->file,
		    owner->line, rule->id, role_name(owner->role), cause->message);
	return false;
}

/* What several rules must not match is one pattern. */
static bool add_pattern(struct ruleset *rules, unsigned set, struct owner owner, const char *text,
			GError **error)
{
	g_autoptr(GError) cause = NULL;
	GArray *first = rules->first_owner[set], *owners = rules->owners[set];
	bool may_be_shared = owner.role == ROLE_UNLESS;
	guint id = may_be_shared ? GPOINTER_TO_UINT(g_hash_table_lookup(rules->ids[set], text)) : 0;

	if (id == 0) {
		if (!pattern_set_add(rules->set[set], text, &cause))
			return blame_pattern(rules, &owner, cause, error);
		g_array_set_size(first, first->len + 1);
		id = first->len;
		g_array_index(first, guint, id - 1) = 0;
		if (may_be_shared)
			g_hash_table_insert(rules->ids[set], g_strdup(text), GUINT_TO_POINTER(id));
	}
	owner.next = g_array_index(first, guint, id - 1);
	g_array_append_val(owners, owner);
	g_array_index(first, guint, id - 1) = owners->len;
	return true;
}

/* Where in the text it occurs does not matter, so that it may be taken apart. */
static bool add_apart(struct ruleset *rules, unsigned set, struct owner owner, const char *text,
		      GError **error)
{
	g_autoptr(GPtrArray) parts = alternatives_split(text);

	for (guint i = 0; i < parts->len; i++)
		if (!add_pattern(rules, set, owner, parts->pdata[i], error))
			return false;
	return true;
}

static bool add_lines(struct ruleset *rules, unsigned set, struct owner owner, const GArray *lines,
		      GError **error)
{
	for (guint i = 0; i < lines->len; i++) {
		const struct rule_line *line = &g_array_index(lines, struct rule_line, i);
		bool is_whole = owner.role != ROLE_UNLESS || strstr(line->text, " ..");
		owner.line = line->line;
		if (!(is_whole ? add_pattern : add_apart)(rules, set, owner, line->text, error))
			return false;
	}
	return true;
}

static bool add_rule(struct ruleset *rules, guint index, GError **error)
{
	const struct rule *rule = rules->rules->pdata[index];
	struct owner match = {.rule = index, .role = ROLE_MATCH};
	struct owner unless = {.rule = index, .role = ROLE_UNLESS};
	struct owner host = {.rule = index, .role = ROLE_HOST};

	if (rule->match->len == 0)
		g_array_append_val(rules->bare, index);
	for (unsigned field = 0; field < RULE_FIELD_COUNT; field++) {
		if ((rule->look & (1U << field)) == 0)
			continue;
		if (!add_lines(rules, field, match, rule->match, error) ||
		    !add_lines(rules, field, unless, rule->unless, error))
			return false;
	}
	return add_lines(rules, HOST_SET, host, rule->host, error);
}

static bool compile(struct ruleset *rules, GError **error)
{
	for (unsigned set = 0; set < SET_COUNT; set++)
		rules->ids[set] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < rules->rules->len; i++)
		if (!add_rule(rules, i, error))
			return false;
	for (unsigned set = 0; set < SET_COUNT; set++) {
		pattern_set_compile(rules->set[set]);
		g_clear_pointer(&rules->ids[set], g_hash_table_unref);
	}
	return true;
}

struct ruleset *ruleset_load(const char *dir, const char *site_file, GError **error)
{
	g_autoptr(ruleset_t) rules = ruleset_new();

	if (!read_rule_files(rules, dir, site_file, error) || !settle_rule_ids(rules->rules, error))
		return NULL;
	sort_by_tier(rules->rules);
	return compile(rules, error) ? g_steal_pointer(&rules) : NULL;
}

struct ruleset *ruleset_new_of_one(const struct rule *rule)
{
	struct ruleset *rules = ruleset_new();
	g_autoptr(GError) error = NULL;

	g_ptr_array_set_free_func(rules->rules, NULL);
	g_ptr_array_add(rules->rules, (gpointer)rule);
	if (!compile(rules, &error))
		g_error("a rule of a ruleset: %s", error->message);
	return rules;
}

char *ruleset_default_dir(void)
{
	/* build/PROGRAM, build/sanitize-KIND/PROGRAM, bin/PROGRAM or sbin/PROGRAM */
	static const char *const places[] = {"../share/bounce-milter/rules", "../etc/rules",
					     "../../etc/rules"};
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *here = g_path_get_dirname(program ? program : "");
	char *dir = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		g_free(dir);
		dir = g_canonicalize_filename(places[i], here);
		if (g_file_test(dir, G_FILE_TEST_IS_DIR))
			break;
	}
	return dir;
}

char *ruleset_configured_dir(const char *rules_dir)
{
	return *rules_dir == '\0' ? ruleset_default_dir() : g_strdup(rules_dir);
}

struct ruleset *ruleset_load_configured(const char *rules_dir, const char *site_rules,
					GError **error)
{
	g_autofree char *dir = ruleset_configured_dir(rules_dir);

	return ruleset_load(dir, *site_rules == '\0' ? NULL : site_rules, error);
}

size_t ruleset_count(const struct ruleset *rules)
{
	return rules->rules->len;
}

const struct rule *ruleset_get(const struct ruleset *rules, size_t index)
{
	return rules->rules->pdata[index];
}

const struct rule *ruleset_find(const struct ruleset *rules, const char *id)
{
	for (guint i = 0; i < rules->rules->len; i++) {
		const struct rule *rule = rules->rules->pdata[i];
		if (strcmp(rule->id, id) == 0)
			return rule;
	}
	return NULL;
}

bool ruleset_looks_at(const struct ruleset *rules, enum rule_field field)
{
	return rules->owners[field]->len > 0;
}

unsigned ruleset_restarts(const struct ruleset *rules)
{
	unsigned restarts = 0;

	for (unsigned set = 0; set < SET_COUNT; set++)
		restarts += pattern_set_restarts(rules->set[set]);
	return restarts;
}

/* --- matching ----------------------------------------------------------- */

/* Of several patterns of a rule the one that was complete first is the evidence. */
static void note_match(struct finding *finding, enum rule_field field,
		       const struct pattern_hit *hit)
{
	if (finding->is_matched)
		return;
	finding->is_matched = true;
	finding->field = field;
	finding->end = hit->end;
}

static void note_owner(const struct owner *owner, unsigned set, const struct pattern_hit *hit,
		       struct finding *finding)
{
	switch (owner->role) {
	case ROLE_MATCH:
		note_match(finding, (enum rule_field)set, hit);
		break;
	case ROLE_UNLESS:
		finding->is_vetoed = true;
		break;
	case ROLE_HOST:
		finding->is_host = true;
		break;
	}
}

static void note_hits(const struct ruleset *rules, unsigned set, const GArray *hits,
		      struct finding *findings)
{
	for (guint i = 0; i < hits->len; i++) {
		const struct pattern_hit *hit = &g_array_index(hits, struct pattern_hit, i);
		guint place = g_array_index(rules->first_owner[set], guint, hit->id);
		while (place > 0) {
			const struct owner *owner =
			    &g_array_index(rules->owners[set], struct owner, place - 1);
			note_owner(owner, set, hit, &findings[owner->rule]);
			place = owner->next;
		}
	}
}

static void scan(const struct ruleset *rules, unsigned set, const char *text,
		 struct finding *findings)
{
	g_autoptr(GArray) hits = NULL;

	if (text[0] == '\0' || rules->owners[set]->len == 0)
		return;
	hits = g_array_new(FALSE, FALSE, sizeof(struct pattern_hit));
	pattern_set_scan(rules->set[set], text, strlen(text), hits);
	note_hits(rules, set, hits, findings);
}

static bool fits_any(const GPtrArray *wildcards, const char *code)
{
	if (wildcards->len == 0)
		return true;
	for (guint i = 0; i < wildcards->len; i++)
		if (g_pattern_match_simple(wildcards->pdata[i], code))
			return true;
	return false;
}

static bool rule_holds(const struct rule *rule, const struct finding *finding,
		       const struct rule_input *input)
{
	return finding->is_matched && !finding->is_vetoed &&
	       (rule->host->len == 0 || finding->is_host) &&
	       fits_any(rule->status, input->status) && fits_any(rule->reply, input->reply_code);
}

GArray *ruleset_match(const struct ruleset *rules, const struct rule_input *input)
{
	GArray *matches = g_array_new(FALSE, FALSE, sizeof(struct rule_match));
	g_autofree struct finding *findings = g_new0(struct finding, rules->rules->len);

	for (guint i = 0; i < rules->bare->len; i++)
		findings[g_array_index(rules->bare, guint, i)].is_matched = true;
	for (unsigned field = 0; field < RULE_FIELD_COUNT; field++)
		scan(rules, field, input->field[field], findings);
	scan(rules, HOST_SET, input->field[RULE_FIELD_REMOTE_MTA], findings);
	scan(rules, HOST_SET, input->field[RULE_FIELD_REPORTING_MTA], findings);
	for (guint i = 0; i < rules->rules->len; i++) {
		const struct rule *rule = rules->rules->pdata[i];
		if (!rule_holds(rule, &findings[i], input))
			continue;
		struct rule_match match = {
		    .rule = rule, .field = findings[i].field, .end = findings[i].end};
		g_array_append_val(matches, match);
	}
	return matches;
}
