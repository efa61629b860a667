/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Standard output.
 */
#include "ctl/terminal/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* POSIX: the first of these that is set and not empty decides. */
static bool is_utf8_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *value = g_getenv(names[i]);

		if (!value || *value == '\0')
			continue;
		g_autofree char *upper = g_ascii_strup(value, -1);
		return strstr(upper, "UTF-8") || strstr(upper, "UTF8");
	}
	return false;
}

struct table_style output_style(void)
{
	struct table_style style = {.utf8 = true}; /* a file is UTF-8 */
	struct winsize size;
	const char *no_color = g_getenv("NO_COLOR"); /* https://no-color.org */

	if (!isatty(STDOUT_FILENO))
		return style;
	style.width =
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
	style.color = !no_color || *no_color == '\0';
	style.utf8 = is_utf8_locale();
	return style;
}

bool output_write(const char *text)
{
	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
		return true;
	fprintf(stderr, "bouncectl: standard output: %s\n", g_strerror(errno));
	return false;
}
