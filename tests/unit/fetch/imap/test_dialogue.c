/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a server says, truths and lies: every answer ends in a result or a fault, in time and within
 * bounds.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch/imap/dialogue.h"
#include "tests/unit/loopback.h"

/* A server of one connection that says its text, whatever it hears, and then waits or hangs up. */
struct server {
	const char *text;
	gsize flood; /* how often the last line is said, beside once */
	bool is_waiting;
	int listener;
	guint16 port;
	GThread *thread;
};

static void *serve(void *data)
{
	struct server *server = data;
	int fd = accept(server->listener, NULL, NULL);
	char byte;

	for (gsize i = 0; i <= server->flood; i++)
		if (send(fd, server->text, strlen(server->text), MSG_NOSIGNAL) < 0)
			break;
	while (server->is_waiting && recv(fd, &byte, 1, 0) > 0)
		;
	shutdown(fd, SHUT_WR);
	while (recv(fd, &byte, 1, 0) > 0)
		;
	close(fd);
	return NULL;
}

static struct imap_dialogue *open_until(struct server *server, int stop_fd)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	struct imap_dialogue *dialogue = g_new0(struct imap_dialogue, 1);
	g_autoptr(GError) error = NULL;

	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	g_assert_cmpint(bind(server->listener, (void *)&address, len), ==, 0);
	g_assert_cmpint(listen(server->listener, 1), ==, 0);
	getsockname(server->listener, (void *)&address, &len);
	server->thread = g_thread_new("server", serve, server);
	g_autofree char *port = g_strdup_printf("%u", ntohs(address.sin_port));
	const struct stream_server target = {
	    .host = "127.0.0.1", .port = port, .connect_wait = 5, .stop_fd = stop_fd};
	imap_dialogue_init(dialogue, stream_connect(&target, &error), 1, 2);
	g_assert_no_error(error);
	return dialogue;
}

static struct imap_dialogue *open_dialogue(struct server *server)
{
	return open_until(server, -1);
}

static void close_dialogue(struct server *server, struct imap_dialogue *dialogue)
{
	imap_dialogue_clear(dialogue);
	g_free(dialogue);
	g_thread_join(server->thread);
	close(server->listener);
}

/* What was handed over: "uid size body;". */
static void note_mail(void *context, const struct imap_mail *mail)
{
	g_autofree char *body = g_strndup((const char *)mail->body->data, mail->body->len);

	g_string_append_printf(context, "%u %" G_GUINT64_FORMAT " %s;", mail->uid, mail->size,
			       body);
}

static void note_uid(void *context, guint32 uid)
{
	g_string_append_printf(context, "%u;", uid);
}

#define OK "A1 OK done\r\n"

static const struct {
	const char *text;
	enum imap_answer answer;
	const char *found;
	const char *fault; /* NULL: none */
	bool is_waiting;
} rows[] = {
    {OK, IMAP_OK, "", NULL, false},
    {"A1 NO [OVERQUOTA] full\r\n", IMAP_NO, "", NULL, false},
    {"A1 BAD what\n", IMAP_BAD, "", NULL, false},
    {"+ go on\r\n", IMAP_BROKEN, "", "the server wants more of a command that is whole", false},
    {"* SEARCH 4 5 4294967295\r\n* SEARCH\r\n* SEARCH 7 (MODSEQ 9)\r\n" OK, IMAP_OK,
     "4;5;4294967295;7;", NULL, false},
    {"* SEARCH 0 -1 4294967296 99999999999999999999 x\r\n" OK, IMAP_OK, "", NULL, false},
    {"* 1 FETCH (UID 4 RFC822.SIZE 3 BODY[]<0> {3}\r\nabc)\r\n" OK, IMAP_OK, "4 3 abc;", NULL,
     false},
    {"* 1 FETCH (BODY[] \"a\\\"b\" FLAGS (\\Seen ({2}\r\n)) y)) UID 4)\r\n" OK, IMAP_OK,
     "4 0 a\"b;", NULL, false},
    {"* 1 FETCH (UID 4 BODY[] NIL)\r\n" OK, IMAP_OK, "", NULL, false},
    {"* 1 FETCH (FLAGS (\\Seen))\r\n* 2 EXPUNGE\r\n* 3 EXISTS\r\n" OK, IMAP_OK, "", NULL, false},
    /* more than was asked for: cut */
    {"* 1 FETCH (UID 4 BODY[] {12}\r\n0123456789ab)\r\n" OK, IMAP_OK, "4 0 01234567;", NULL, false},
    /* lies about sizes */
    {"* 1 FETCH (UID 4 BODY[] {4}\r\nabcdef)\r\n" OK, IMAP_BROKEN, "", "the answer cannot be read",
     false},
    {"* 1 FETCH (UID 4 BODY[] {40}\r\nabc)\r\n" OK, IMAP_BROKEN, "", "the connection was closed",
     false},
    {"* 1 FETCH (UID 4 BODY[] {4000}\r\nabc)\r\n" OK, IMAP_BROKEN, "", "no whole answer in time",
     true},
    {"* 1 FETCH (UID 4 BODY[] {99999999999999999999}\r\nabc)\r\n", IMAP_BROKEN, "",
     "the server announces a literal without measure", false},
    {"* 1 FETCH (UID 4 BODY[] {-1}\r\nabc)\r\n", IMAP_BROKEN, "", "the answer cannot be read",
     false},
    {"* 1 FETCH (UID 4 BODY[] {3\r\nabc)\r\n", IMAP_BROKEN, "", "the answer cannot be read", false},
    /* nobody's answers */
    {"A2 OK done\r\n", IMAP_BROKEN, "", "the answer cannot be read", false},
    {"\r\n" OK, IMAP_BROKEN, "", "the answer cannot be read", false},
    {"* BYE I am \x01 tired\r\n", IMAP_BROKEN, "", "the server says: I am   tired", false},
    {"", IMAP_BROKEN, "", "the connection was closed", false},
    {"", IMAP_BROKEN, "", "no whole answer in time", true},
    {"* OK half a li", IMAP_BROKEN, "", "no whole answer in time", true},
};

static void test_answers(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct server server = {.text = rows[i].text, .is_waiting = rows[i].is_waiting};
		struct imap_dialogue *dialogue = open_dialogue(&server);
		g_autoptr(GString) found = g_string_new(NULL);
		const struct imap_handler handler = {
		    .search = note_uid, .mail = note_mail, .context = found, .body_max = 8};

		g_test_message("%s", rows[i].text);
		g_assert_cmpint((int)imap_dialogue_ask(dialogue, "X", &handler), ==,
				(int)rows[i].answer);
		g_assert_cmpstr(found->str, ==, rows[i].found);
		g_assert_cmpstr(stream_fault(dialogue->stream), ==, rows[i].fault);
		close_dialogue(&server, dialogue);
	}
}

/* Said again and again, without an end. */
static const struct {
	const char *text;
	gsize times;
	const char *fault;
} floods[] = {
    {"1234567890", 2000, "a word of the answer does not end"},
    {"* OK again\r\n", 2000000, "the answer does not end"},
    {"((((((((((", 100, "the answer cannot be read"},
};

static void test_floods(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(floods); i++) {
		struct server server = {.text = floods[i].text, .flood = floods[i].times};
		struct imap_dialogue *dialogue = open_dialogue(&server);

		dialogue->reply_wait = 60;
		g_test_message("%s", floods[i].text);
		g_assert_cmpint((int)imap_dialogue_ask(dialogue, "X", NULL), ==, IMAP_BROKEN);
		g_assert_cmpstr(stream_fault(dialogue->stream), ==, floods[i].fault);
		close_dialogue(&server, dialogue);
	}
}

static void test_greetings(void)
{
	static const struct {
		const char *text;
		enum imap_answer answer;
	} greetings[] = {{"* OK hello\r\n", IMAP_OK},
			 {"* PREAUTH hello\r\n", IMAP_NO},
			 {"* BYE no\r\n", IMAP_NO},
			 {"220 mail.example.org ESMTP\r\n", IMAP_NO},
			 {"", IMAP_BROKEN}};

	for (size_t i = 0; i < G_N_ELEMENTS(greetings); i++) {
		struct server server = {.text = greetings[i].text};
		struct imap_dialogue *dialogue = open_dialogue(&server);

		g_assert_cmpint((int)imap_dialogue_greeting(dialogue), ==,
				(int)greetings[i].answer);
		close_dialogue(&server, dialogue);
	}
}

/* What was said in the clear would be believed as if the verified server had said it. */
static void test_said_before_tls(void)
{
	struct server server = {.text = OK "* 1 FETCH (UID 1 BODY[] {1}\r\nx)\r\n"};
	struct imap_dialogue *dialogue = open_dialogue(&server);

	g_assert_cmpint((int)imap_dialogue_ask(dialogue, "STARTTLS", NULL), ==, IMAP_OK);
	g_assert_false(stream_start_tls(dialogue->stream, NULL, 1));
	g_assert_cmpstr(stream_fault(dialogue->stream), ==, "the server spoke before TLS began");
	close_dialogue(&server, dialogue);
}

/* Whoever is to stop does not wait for a server, whether it is silent or never is. */
static void test_stop(void)
{
	static const struct {
		const char *text;
		gsize flood;
	} servers[] = {{"", 0}, {"* OK again\r\n", G_MAXSIZE - 1}};

	for (size_t i = 0; i < G_N_ELEMENTS(servers); i++) {
		struct server server = {
		    .text = servers[i].text, .flood = servers[i].flood, .is_waiting = true};
		int stop_fd = eventfd(1, EFD_CLOEXEC);
		struct imap_dialogue *dialogue = open_until(&server, stop_fd);
		gint64 start = g_get_monotonic_time();

		dialogue->reply_wait = 600;
		g_assert_cmpint((int)imap_dialogue_ask(dialogue, "X", NULL), ==, IMAP_BROKEN);
		g_assert_cmpint(g_get_monotonic_time() - start, <, 60 * G_USEC_PER_SEC);
		close_dialogue(&server, dialogue);
		close(stop_fd);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	loopback_have();
	g_test_add_func("/imap/answers", test_answers);
	g_test_add_func("/imap/floods", test_floods);
	g_test_add_func("/imap/greetings", test_greetings);
	g_test_add_func("/imap/said-before-tls", test_said_before_tls);
	g_test_add_func("/imap/stop", test_stop);
	return g_test_run();
}
