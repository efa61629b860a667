/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl.
 */
#include "classifier/mime/mime.h"
#include "ctl/framework/program.h"
#include "ctl/registry.h"

int main(int argc, char **argv)
{
	mime_init();
	return (int)ctl_program_run(&registry_bouncectl, argc, argv);
}
