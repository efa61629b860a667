/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The error domain's quark.
 */
#include "base/error.h"

GQuark bm_error_quark(void)
{
	return g_quark_from_static_string("bounce-milter");
}
