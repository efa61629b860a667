/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which connection strings name several hosts and would take one that only reads.
 */
#include "db/conninfo.h"

static void test_several_hosts_want_a_leader(void)
{
	static const struct {
		const char *conninfo;
		const char *environment; /* PGTARGETSESSIONATTRS */
		bool is_fault;
	} rows[] = {
	    {"host=127.0.0.1", "", false},
	    {"host=127.0.0.1,127.0.0.2", "", true},
	    {"hostaddr=127.0.0.1,127.0.0.2", "", true},
	    {"postgresql://127.0.0.1,127.0.0.2/bounce", "", true},
	    {"host=127.0.0.1,127.0.0.2 target_session_attrs=any", "", true},
	    {"host=127.0.0.1,127.0.0.2 target_session_attrs=prefer-standby", "", true},
	    {"host=127.0.0.1,127.0.0.2 target_session_attrs=read-write", "", false},
	    {"host=127.0.0.1,127.0.0.2 target_session_attrs=primary", "", false},
	    {"host=127.0.0.1,127.0.0.2", "read-write", false},
	    {"not a conninfo", "", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (*rows[i].environment != '\0')
			g_setenv("PGTARGETSESSIONATTRS", rows[i].environment, TRUE);
		g_autofree char *fault = conninfo_hosts_fault(rows[i].conninfo);

		g_unsetenv("PGTARGETSESSIONATTRS");
		g_test_message("%s", rows[i].conninfo);
		g_assert_cmpint(fault != NULL, ==, rows[i].is_fault);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/db/several-hosts-want-a-leader", test_several_hosts_want_a_leader);
	return g_test_run();
}
