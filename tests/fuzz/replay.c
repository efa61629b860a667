/* SPDX-License-Identifier: BSD-2-Clause
 *
 * In place of libFuzzer: gives a fuzzer what it once found. FOUND is the folder.
 */
#include <stdint.h>

#include <glib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(gconstpointer path)
{
	g_autofree char *bytes = NULL;
	gsize len = 0;
	g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));
	LLVMFuzzerTestOneInput((const uint8_t *)bytes, len);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	g_autoptr(GDir) folder = g_dir_open(FOUND, 0, NULL);
	g_assert_nonnull(folder);
	for (const char *name; (name = g_dir_read_name(folder));) {
		g_autofree char *test = g_strconcat("/found/", name, NULL);
		char *path = g_build_filename(FOUND, name, NULL);
		g_test_add_data_func_full(test, path, replay, g_free);
	}
	return g_test_run();
}
