/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How every fuzzer that parses mails begins.
 */
#ifndef TESTS_FUZZ_MIME_FUZZER_H
#define TESTS_FUZZ_MIME_FUZZER_H

#include <stddef.h>
#include <stdint.h>

#include "classifier/mime/mime.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	mime_init();
	return 0;
}

#endif
