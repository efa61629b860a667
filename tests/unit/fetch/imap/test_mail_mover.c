/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a server is told of mails that are done, and how far each has come, whatever it answers.
 */
#include <string.h>

#include "base/error.h"
#include "fetch/imap/mail_mover.h"
#include "tests/fuzz/said_stream.h"

enum { WAIT = 5 };

#define MOVES   (IMAP_CAN_MOVE | IMAP_CAN_UIDPLUS)
#define COPIES  IMAP_CAN_UIDPLUS
#define DELETES "\\Deleted \\*)"

/* Two mails, 4 and 5. A state: "-" as it was, "c" copied, "s" settled. */
static const struct {
	unsigned capabilities;
	const char *permanent_flags; /* NULL: the server does not say */
	const char *recorded;
	const char *before;
	const char *said;
	const char *heard; /* without tags */
	const char *after;
	const char *fault; /* NULL: none */
	int code;
} rows[] = {
    {MOVES, NULL, "move", "--", "A1 OK\r\n", "UID MOVE 4:5 \"R\";", "ss", NULL, 0},
    {COPIES, NULL, "move", "--", "A1 OK\r\nA2 OK\r\nA3 OK\r\n",
     "UID COPY 4:5 \"R\";UID STORE 4:5 +FLAGS.SILENT (\\Deleted);UID EXPUNGE 4:5;", "ss", NULL, 0},
    /* a session that breaks before the end leaves a mark, where it is kept */
    {COPIES, DELETES, "move", "--", "A1 OK\r\nA2 OK\r\nA3 OK\r\n",
     "UID COPY 4:5 \"R\";UID STORE 4:5 +FLAGS.SILENT (\\Deleted $BounceCopied);"
     "UID EXPUNGE 4:5;",
     "ss", NULL, 0},
    {COPIES, DELETES, "move", "--", "A1 OK\r\nA2 NO x\r\nA3 OK\r\nA4 OK\r\n",
     "UID COPY 4:5 \"R\";UID STORE 4:5 +FLAGS.SILENT (\\Deleted $BounceCopied);"
     "UID STORE 4:5 +FLAGS.SILENT (\\Deleted);UID EXPUNGE 4:5;",
     "ss", NULL, 0},
    {COPIES, DELETES, "move", "--", "A1 OK\r\nA2 NO x\r\nA3 NO y\r\nA4 NO y\r\nA5 NO y\r\n",
     "UID COPY 4:5 \"R\";UID STORE 4:5 +FLAGS.SILENT (\\Deleted $BounceCopied);"
     "UID STORE 4:5 +FLAGS.SILENT (\\Deleted);UID STORE 4 +FLAGS.SILENT (\\Deleted);"
     "UID STORE 5 +FLAGS.SILENT (\\Deleted);",
     "cc", "delete: the server says: y", BM_ERROR_INPUT},
    {COPIES, "\\Deleted)", "move", "c-", "A1 OK\r\nA2 OK\r\nA3 OK\r\n",
     "UID COPY 5 \"R\";UID STORE 4:5 +FLAGS.SILENT (\\Deleted);UID EXPUNGE 4:5;", "ss", NULL, 0},
    {COPIES, DELETES, "flag", "c-", "A1 OK\r\nA2 OK\r\nA3 OK\r\n",
     "UID STORE 4 +FLAGS.SILENT (\\Deleted $BounceCopied);UID EXPUNGE 4;"
     "UID STORE 5 +FLAGS.SILENT (F);",
     "ss", NULL, 0},
    {COPIES, DELETES, "flag", "cc", "A1 OK\r\nA2 OK\r\n",
     "UID STORE 4:5 +FLAGS.SILENT (\\Deleted $BounceCopied);UID EXPUNGE 4:5;", "ss", NULL, 0},
    {COPIES, DELETES, "delete", "c-", "A1 OK\r\nA2 OK\r\nA3 OK\r\nA4 OK\r\n",
     "UID STORE 4 +FLAGS.SILENT (\\Deleted $BounceCopied);UID EXPUNGE 4;"
     "UID STORE 5 +FLAGS.SILENT (\\Deleted);UID EXPUNGE 5;",
     "ss", NULL, 0},
    /* it knows no MOVE */
    {MOVES, NULL, "move", "--", "A1 BAD\r\nA2 OK\r\nA3 OK\r\nA4 OK\r\n",
     "UID MOVE 4:5 \"R\";UID COPY 4:5 \"R\";UID STORE 4:5 +FLAGS.SILENT (\\Deleted);"
     "UID EXPUNGE 4:5;",
     "ss", NULL, 0},
    /* the folder is made, once for both attempts */
    {MOVES, NULL, "move", "--", "A1 NO x\r\nA2 OK\r\nA3 OK\r\n",
     "UID MOVE 4:5 \"R\";CREATE \"R\";UID MOVE 4:5 \"R\";", "ss", NULL, 0},
    {MOVES, NULL, "move", "--", "A1 NO x\r\nA2 NO y\r\nA3 NO z\r\nA4 OK\r\n",
     "UID MOVE 4:5 \"R\";CREATE \"R\";UID MOVE 4 \"R\";UID MOVE 5 \"R\";", "-s",
     "move to R: the server says: z", BM_ERROR_INPUT},
    /* what is copied is not copied again, whatever became of it since */
    {COPIES, NULL, "move", "--", "A1 OK\r\nA2 NO x\r\nA3 NO x\r\nA4 NO x\r\n",
     "UID COPY 4:5 \"R\";UID STORE 4:5 +FLAGS.SILENT (\\Deleted);"
     "UID STORE 4 +FLAGS.SILENT (\\Deleted);UID STORE 5 +FLAGS.SILENT (\\Deleted);",
     "cc", "delete: the server says: x", BM_ERROR_INPUT},
    {COPIES, NULL, "move", "--", "A1 OK\r\n",
     "UID COPY 4:5 \"R\";UID STORE 4:5 +FLAGS.SILENT (\\Deleted);", "cc",
     "the connection was closed", BM_ERROR_RETRY},
    {COPIES, NULL, "move", "c-", "A1 OK\r\nA2 OK\r\nA3 OK\r\n",
     "UID COPY 5 \"R\";UID STORE 4:5 +FLAGS.SILENT (\\Deleted);UID EXPUNGE 4:5;", "ss", NULL, 0},
    {MOVES, NULL, "move", "c-", "A1 OK\r\nA2 OK\r\nA3 OK\r\n",
     "UID MOVE 5 \"R\";UID STORE 4 +FLAGS.SILENT (\\Deleted);UID EXPUNGE 4;", "ss", NULL, 0},
    /* half of it was done: the rest goes by itself */
    {COPIES, NULL, "move", "--", "A1 NO x\r\nA2 NO y\r\nA3 NO x\r\nA4 OK\r\nA5 OK\r\nA6 OK\r\n",
     "UID COPY 4:5 \"R\";CREATE \"R\";UID COPY 4 \"R\";UID COPY 5 \"R\";"
     "UID STORE 5 +FLAGS.SILENT (\\Deleted);UID EXPUNGE 5;",
     "-s", "copy to R: the server says: x", BM_ERROR_INPUT},
    /* no copy of what cannot be deleted */
    {COPIES, "\\Seen)", "move", "--", "", "", "--",
     "delete: the server does not keep the flag \\Deleted in this folder", BM_ERROR_INPUT},
    {COPIES, DELETES, "delete", "--", "A1 OK\r\nA2 OK\r\n",
     "UID STORE 4:5 +FLAGS.SILENT (\\Deleted);UID EXPUNGE 4:5;", "ss", NULL, 0},
    /* nothing removes others' mails */
    {0, DELETES, "delete", "--", "A1 OK\r\n", "UID STORE 4:5 +FLAGS.SILENT (\\Deleted);", "ss",
     NULL, 0},
    {COPIES, DELETES, "delete", "--", "A1 OK\r\nA2 BAD\r\n",
     "UID STORE 4:5 +FLAGS.SILENT (\\Deleted);UID EXPUNGE 4:5;", "ss", NULL, 0},
    {MOVES, NULL, "flag", "--", "A1 OK\r\n", "UID STORE 4:5 +FLAGS.SILENT (F);", "ss", NULL, 0},
    {MOVES, NULL, "flag", "--", "A1 NO x\r\nA2 OK\r\nA3 NO x\r\n",
     "UID STORE 4:5 +FLAGS.SILENT (F);UID STORE 4 +FLAGS.SILENT (F);"
     "UID STORE 5 +FLAGS.SILENT (F);",
     "s-", "flag: the server says: x", BM_ERROR_INPUT},
};

static GArray *mails_of(const char *states)
{
	GArray *mails = g_array_new(FALSE, FALSE, sizeof(struct store_mail));

	for (guint32 i = 0; i < 2; i++) {
		const struct store_mail mail = {.number = 4 + i, .is_copied = states[i] == 'c'};

		g_array_append_val(mails, mail);
	}
	return mails;
}

static char *states_of(const GArray *mails)
{
	GString *states = g_string_new(NULL);

	for (guint i = 0; i < mails->len; i++) {
		const struct store_mail *mail = &g_array_index(mails, struct store_mail, i);

		g_string_append_c(states, mail->is_settled ? 's' : mail->is_copied ? 'c' : '-');
	}
	return g_string_free(states, FALSE);
}

/* "COMMAND;" for each, without its tag. */
static char *heard_on(int fd)
{
	char bytes[4096];
	ssize_t len = recv(fd, bytes, sizeof bytes - 1, 0);
	GString *heard = g_string_new(NULL);

	bytes[MAX(len, 0)] = '\0';
	g_auto(GStrv) lines = g_strsplit(bytes, "\r\n", -1);
	for (char **line = lines; *line && **line != '\0'; line++)
		g_string_append_printf(heard, "%s;", strchr(*line, ' ') + 1);
	return g_string_free(heard, FALSE);
}

static void test_rows(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		char recorded[16], folder[] = "R", flag[] = "F", name[] = "test";
		const struct mailbox_settings settings = {
		    .name = name, .recorded = recorded, .recorded_folder = folder, .flag = flag};
		struct imap_dialogue dialogue;
		struct imap_mail_mover mover = {.dialogue = &dialogue, .settings = &settings};
		g_autoptr(GArray) mails = mails_of(rows[i].before);
		g_autoptr(GError) error = NULL;
		int other;

		g_test_message("row %zu: %s", i, rows[i].heard);
		g_strlcpy(recorded, rows[i].recorded, sizeof recorded);
		imap_dialogue_init(
		    &dialogue,
		    said_stream((const uint8_t *)rows[i].said, strlen(rows[i].said), &other), WAIT,
		    WAIT);
		dialogue.capabilities = rows[i].capabilities;
		dialogue.permanent_flags = g_strdup(rows[i].permanent_flags);
		bool is_good = imap_mail_mover_run(&mover, mails, STORE_RECORDED, &error);
		g_autofree char *heard = heard_on(other);
		g_autofree char *after = states_of(mails);
		g_assert_cmpstr(heard, ==, rows[i].heard);
		g_assert_cmpstr(after, ==, rows[i].after);
		g_assert_cmpstr(error ? error->message : NULL, ==, rows[i].fault);
		g_assert_cmpint(error ? error->code : 0, ==, rows[i].code);
		g_assert_true(is_good == !rows[i].fault);
		imap_dialogue_clear(&dialogue);
		close(other);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/mover", test_rows);
	return g_test_run();
}
