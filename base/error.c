/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The quark of the error domain.
 */
#include "base/error.h"

GQuark bm_error_quark(void)
{
	return g_quark_from_static_string("bounce-milter");
}

bool bm_error_is_temporary(const GError *error)
{
	return error->code == BM_ERROR_RETRY || error->code == BM_ERROR_UNCERTAIN;
}
