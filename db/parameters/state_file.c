/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of "name = value", named as the parameters are.
 */
#include "db/parameters/state_file.h"

#include <string.h>

#include "base/config.h"
#include "base/error.h"

enum { STATE_MODE = 0600 };

struct state {
	char *bounce_domain;
	char *operator_mailbox;
};

static const struct config_key keys[] = {
    CONFIG_NAME_KEY(state, bounce_domain, NULL, "the domains that are ours"),
    CONFIG_TEXT_KEY(state, operator_mailbox, "", NULL, "who gets what nobody can classify"),
};

struct db_parameters *state_file_read(const char *path, GError **error)
{
	struct state state = {0};
	const struct config_sections sections = {{{keys, G_N_ELEMENTS(keys), &state}}};
	struct db_parameters *parameters = NULL;

	if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_set_error(error, BM_ERROR, BM_ERROR_RETRY, "%s: not there yet", path);
		return NULL;
	}
	if (config_read(path, &sections, error)) {
		const struct db_parameter_texts texts = {.bounce_domains = state.bounce_domain,
							 .operator_mailbox = state.operator_mailbox,
							 .return_path_prefix = "",
							 .token_keys = ""};

		parameters = db_parameters_new(&texts);
	}
	config_clear(&sections);
	return parameters;
}

static char *state_text(const struct db_parameters *parameters)
{
	g_autofree char *domains = g_strjoinv(" ", parameters->bounce_domains);

	return g_strdup_printf("# bounce-milter writes this file: what it knew last, for a start "
			       "without the database.\nbounce_domain = %s\noperator_mailbox = %s\n",
			       domains, parameters->operator_mailbox);
}

bool state_file_write(const char *path, const struct db_parameters *parameters, GError **error)
{
	g_autofree char *text = state_text(parameters);
	g_autofree char *old = NULL;
	g_autoptr(GError) cause = NULL;

	if (g_file_get_contents(path, &old, NULL, NULL) && strcmp(old, text) == 0)
		return true;
	if (g_file_set_contents_full(path, text, -1,
				     G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
				     STATE_MODE, &cause))
		return true;
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", cause->message);
	return false;
}
