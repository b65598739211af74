/* guestaug: Augeas for the daemon of the appliance.
 *
 * The daemon asks on standard input and gets an answer on standard output,
 * one after the other until the input ends:
 *
 *     message: count, then count texts     text: length, then its bytes
 *     numbers: 32 bits, big endian         length 0xffffffff: no text (NULL)
 *
 * The first text of a question is the name of the operation, the others are
 * its arguments, numbers in decimal. The first text of an answer is "ok", and
 * results follow, or "error", and its message follows.
 *
 * The files belong to a guest, whose links must not lead out of it. So every
 * operation runs with the guest's root as root directory, entered anew each
 * time: the guest's filesystem can be unmounted between two of them. The
 * lenses stay within reach as the working directory, which lies outside.
 *
 *     guestaug ROOT LENSES
 *
 * It is linked statically with libaugeas, of which nothing that it needs uses
 * libxml2; the shared library would bring that and 33 MB of ICU along.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <augeas.h>

#define MAX_TEXTS 8          /* of a question */
#define MAX_BYTES (4u << 20) /* of a text: no message of the protocol is longer */
#define NO_TEXT UINT32_MAX

static augeas *aug;
static int home_fd, lenses_fd;
static const char *guest_root;

static void die(const char *what)
{
	fprintf(stderr, "guestaug: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *allocate(size_t size)
{
	void *p = malloc(size);
	if (p == NULL)
		die("memory");
	return p;
}

/* Reading. A stream that ends within a message is an error. */

static uint32_t get_number(void)
{
	uint32_t n;
	if (fread(&n, sizeof n, 1, stdin) != 1)
		die("question");
	return ntohl(n);
}

static char *get_text(void)
{
	uint32_t length = get_number();
	if (length == NO_TEXT)
		return NULL;
	if (length > MAX_BYTES) {
		errno = EMSGSIZE;
		die("question");
	}
	char *text = allocate(length + 1);
	if (length > 0 && fread(text, length, 1, stdin) != 1)
		die("question");
	text[length] = 0;
	return text;
}

/* Writing. */

static void put_number(uint32_t n)
{
	n = htonl(n);
	fwrite(&n, sizeof n, 1, stdout);
}

static void put_text(const char *text)
{
	if (text == NULL) {
		put_number(NO_TEXT);
		return;
	}
	put_number(strlen(text));
	fwrite(text, strlen(text), 1, stdout);
}

static void put_count(int n)
{
	char digits[16];
	snprintf(digits, sizeof digits, "%d", n);
	put_text(digits);
}

/* An answer without results, or with a number of them to come. */
static void ok(int results)
{
	put_number(1 + results);
	put_text("ok");
}

static void fail(const char *message)
{
	put_number(2);
	put_text("error");
	put_text(message);
}

/* What Augeas says about its last error. */
static void fail_augeas(void)
{
	if (aug_error(aug) == AUG_ENOMEM) {
		fail("out of memory");
		return;
	}
	const char *message = aug_error_message(aug), *minor = aug_error_minor_message(aug), *details = aug_error_details(aug);
	char *text;
	if (asprintf(&text, "%s%s%s%s%s", message, minor ? ": " : "", minor ? minor : "", details ? ": " : "", details ? details : "") < 0)
		die("memory");
	fail(text);
	free(text);
}

static void answer_done(int r)
{
	if (r < 0)
		fail_augeas();
	else
		ok(0);
}

static void answer_count(int r)
{
	if (r < 0) {
		fail_augeas();
	} else {
		ok(1);
		put_count(r);
	}
}

/* The operations. Each gets its arguments and writes one answer. */

static void do_init(char **a)
{
	if (aug != NULL)
		aug_close(aug);
	/* The guest may have lenses of its own where Augeas usually looks. */
	unsigned int flags = strtoul(a[1], NULL, 10);
	const char *path = flags & AUG_NO_STDINC ? NULL : ".";
	aug = aug_init(a[0], path, flags | AUG_NO_STDINC | AUG_NO_ERR_CLOSE);
	if (aug == NULL) {
		fail("Augeas initialization failed");
		return;
	}
	if (aug_error(aug) != AUG_NOERROR) {
		fail_augeas();
		aug_close(aug);
		aug = NULL;
		return;
	}
	ok(0);
}

static void do_close(char **a)
{
	(void)a;
	aug_close(aug);
	aug = NULL;
	ok(0);
}

static void do_defvar(char **a) { answer_count(aug_defvar(aug, a[0], a[1])); }

static void do_defnode(char **a)
{
	int created = 0, r = aug_defnode(aug, a[0], a[1], a[2], &created);
	if (r < 0) {
		fail_augeas();
		return;
	}
	ok(2);
	put_count(r);
	put_count(created);
}

/* A result that is "none", "null" or "value" and then the value. */
static void answer_value(int r, const char *value)
{
	if (r < 0) {
		fail_augeas();
		return;
	}
	ok(2);
	put_text(r == 0 ? "none" : value == NULL ? "null" : "value");
	put_text(value);
}

static void do_get(char **a)
{
	const char *value = NULL;
	int r = aug_get(aug, a[0], &value);
	answer_value(r, value);
}

static void do_label(char **a)
{
	const char *label = NULL;
	int r = aug_label(aug, a[0], &label);
	answer_value(r, label);
}

static void do_set(char **a) { answer_done(aug_set(aug, a[0], a[1])); }
static void do_setm(char **a) { answer_count(aug_setm(aug, a[0], a[1], a[2])); }
static void do_insert(char **a) { answer_done(aug_insert(aug, a[0], a[1], a[2][0] == '1')); }
static void do_rm(char **a) { answer_count(aug_rm(aug, a[0])); }
static void do_mv(char **a) { answer_done(aug_mv(aug, a[0], a[1])); }
static void do_transform(char **a) { answer_done(aug_transform(aug, a[0], a[1], a[2][0] == '1')); }
static void do_save(char **a) { (void)a; answer_done(aug_save(aug)); }
static void do_load(char **a) { (void)a; answer_done(aug_load(aug)); }

static void do_match(char **a)
{
	char **matches = NULL;
	int r = aug_match(aug, a[0], &matches);
	if (r < 0) {
		fail_augeas();
		return;
	}
	ok(r);
	for (int i = 0; i < r; i++) {
		put_text(matches[i]);
		free(matches[i]);
	}
	free(matches);
}

static const struct operation {
	const char *name;
	uint32_t arguments;
	const char *present; /* of each argument: 1 when it must not be NULL */
	void (*run)(char **);
} operations[] = {
	{"init", 2, "11", do_init},
	{"close", 0, "", do_close},
	{"defvar", 2, "10", do_defvar},
	{"defnode", 3, "110", do_defnode},
	{"get", 1, "1", do_get},
	{"label", 1, "1", do_label},
	{"set", 2, "10", do_set},
	{"setm", 3, "100", do_setm},
	{"insert", 3, "111", do_insert},
	{"rm", 1, "1", do_rm},
	{"mv", 2, "11", do_mv},
	{"transform", 3, "111", do_transform},
	{"save", 0, "", do_save},
	{"load", 0, "", do_load},
	{"match", 1, "1", do_match},
};

static void run(char *name, char **arguments, uint32_t count)
{
	for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
		const struct operation *o = &operations[i];
		if (name == NULL || strcmp(name, o->name) != 0)
			continue;
		if (count != o->arguments) {
			fail("wrong number of arguments");
			return;
		}
		for (uint32_t k = 0; k < count; k++) {
			if (o->present[k] == '1' && arguments[k] == NULL) {
				fail("an argument is missing");
				return;
			}
		}
		if (aug == NULL && o->run != do_init) {
			fail("not initialized");
			return;
		}
		o->run(arguments);
		return;
	}
	fail("unknown operation");
}

/* The working directory, where the lenses are, is outside of the new root. */
static void enter_guest(void)
{
	if (chroot(guest_root) < 0)
		die(guest_root);
}

static void leave_guest(void)
{
	if (fchdir(home_fd) < 0 || chroot(".") < 0 || fchdir(lenses_fd) < 0)
		die("root directory");
}

static int open_directory(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: guestaug ROOT LENSES\n", stderr);
		return 2;
	}
	guest_root = argv[1];
	home_fd = open_directory("/");
	lenses_fd = open_directory(argv[2]);
	if (fchdir(lenses_fd) < 0)
		die(argv[2]);
	for (;;) {
		int c = getchar();
		if (c == EOF)
			return 0;
		ungetc(c, stdin);
		uint32_t count = get_number();
		if (count == 0 || count > MAX_TEXTS) {
			errno = EPROTO;
			die("question");
		}
		char *texts[MAX_TEXTS];
		for (uint32_t i = 0; i < count; i++)
			texts[i] = get_text();
		enter_guest();
		run(texts[0], texts + 1, count - 1);
		leave_guest();
		if (fflush(stdout) != 0)
			die("answer");
		for (uint32_t i = 0; i < count; i++)
			free(texts[i]);
	}
}

/* libaugeas keeps the SELinux labels of files that it replaces, where SELinux
 * is on. In the appliance it is off, so these are all that it calls. */

int is_selinux_enabled(void) { return 0; }
static int without_selinux(void) { errno = ENOTSUP; return -1; }
int getfilecon(const char *path, char **label) { (void)path; (void)label; return without_selinux(); }
int lgetfilecon(const char *path, char **label) { (void)path; (void)label; return without_selinux(); }
int fgetfilecon(int fd, char **label) { (void)fd; (void)label; return without_selinux(); }
int fsetfilecon(int fd, const char *label) { (void)fd; (void)label; return without_selinux(); }
void freecon(char *label) { (void)label; }
