/* Drives an appliance through libguestfs's C binding: each kind of argument
 * and result, errors with their numbers, events, cancellation. Prints what it
 * sees; binding_test.go has what that must be. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <guestfs.h>

static guestfs_h *g;
static int progress;

static void check(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "%s: %s\n", what, guestfs_last_error(g));
		exit(1);
	}
}
#define ZERO(call) check((call) == 0, #call)
#define SOME(v, call) check(((v) = (call)) != NULL, #call)

static void print_list(const char *name, char **list)
{
	printf("%s:", name);
	for (size_t i = 0; list[i] != NULL; i++) {
		printf(" %s", list[i]);
		free(list[i]);
	}
	printf("\n");
	free(list);
}

static void fails(const char *name, int failed)
{
	printf("%s: %s, %s\n", name, failed ? "error" : "no error", strerror(guestfs_last_errno(g)));
}

static void on_progress(guestfs_h *h, void *opaque, uint64_t event, int handle, int flags,
			const char *buf, size_t len, const uint64_t *array, size_t n)
{
	if (n == 4 && array[2] <= array[3])
		progress++;
	if (opaque != NULL && *(int *)opaque)
		guestfs_user_cancel(h);
}

int main(int argc, char **argv)
{
	int cancel = 0;
	if (argc != 3)
		return 2;
	g = guestfs_create();
	if (g == NULL)
		return 1;
	guestfs_set_error_handler(g, NULL, NULL);
	check(guestfs_set_event_callback(g, on_progress, GUESTFS_EVENT_PROGRESS, 0, &cancel) >= 0, "event");
	ZERO(guestfs_add_drive_opts(g, argv[1], GUESTFS_ADD_DRIVE_OPTS_FORMAT, "raw", GUESTFS_ADD_DRIVE_OPTS_LABEL, "one", -1));
	ZERO(guestfs_add_drive_opts(g, argv[2], GUESTFS_ADD_DRIVE_OPTS_FORMAT, "raw", GUESTFS_ADD_DRIVE_OPTS_READONLY, 1, -1));
	ZERO(guestfs_launch(g));

	char **list;
	SOME(list, guestfs_list_devices(g));
	print_list("list_devices", list);
	ZERO(guestfs_part_disk(g, "/dev/sda", "gpt"));
	struct guestfs_partition_list *parts;
	SOME(parts, guestfs_part_list(g, "/dev/sda"));
	printf("part_list: %u, %d %" PRIu64 "\n", parts->len, parts->val[0].part_num, parts->val[0].part_start);
	guestfs_free_partition_list(parts);
	ZERO(guestfs_pvcreate(g, "/dev/sda1"));
	char *devices[] = {"/dev/sda1", NULL};
	ZERO(guestfs_vgcreate(g, "vg", devices));
	ZERO(guestfs_lvcreate(g, "lv", "vg", 100));
	struct guestfs_lvm_lv_list *lvs;
	SOME(lvs, guestfs_lvs_full(g));
	printf("lvs_full: %u, %s %" PRIu64 "\n", lvs->len, lvs->val[0].lv_name, lvs->val[0].lv_size);
	guestfs_free_lvm_lv_list(lvs);
	ZERO(guestfs_mkfs_opts(g, "ext4", "/dev/vg/lv", GUESTFS_MKFS_OPTS_BLOCKSIZE, 1024, GUESTFS_MKFS_OPTS_LABEL, "label", -1));
	ZERO(guestfs_mount(g, "/dev/vg/lv", "/"));
	SOME(list, guestfs_list_filesystems(g));
	print_list("list_filesystems", list);
	SOME(list, guestfs_mountpoints(g));
	print_list("mountpoints", list);
	struct guestfs_statvfs *vfs;
	SOME(vfs, guestfs_statvfs(g, "/"));
	printf("statvfs: %" PRIi64 " %" PRIi64 "\n", vfs->bsize, vfs->namemax);
	guestfs_free_statvfs(vfs);

	const char content[] = "zero\0and \377\n";
	ZERO(guestfs_write(g, "/file", content, sizeof content));
	size_t size;
	char *text;
	SOME(text, guestfs_read_file(g, "/file", &size));
	printf("read_file: %zu, %s\n", size, size == sizeof content && memcmp(text, content, size) == 0 ? "the same" : "other");
	free(text);
	SOME(text, guestfs_pread(g, "/file", 4, 5, &size));
	printf("pread: %.*s\n", (int)size, text);
	free(text);
	printf("pwrite: %d\n", guestfs_pwrite(g, "/file", "and", 3, 5));
	ZERO(guestfs_mkdir(g, "/dir"));
	ZERO(guestfs_touch(g, "/dir/a b"));
	ZERO(guestfs_ln_s(g, "a b", "/dir/link"));
	ZERO(guestfs_setxattr(g, "user.name", "va\377lue", 6, "/dir"));
	struct guestfs_xattr_list *xattrs;
	SOME(xattrs, guestfs_getxattrs(g, "/dir"));
	printf("getxattrs: %s %u\n", xattrs->val[xattrs->len - 1].attrname, xattrs->val[xattrs->len - 1].attrval_len);
	guestfs_free_xattr_list(xattrs);
	SOME(list, guestfs_ls(g, "/dir"));
	print_list("ls", list);
	SOME(list, guestfs_find(g, "/"));
	print_list("find", list);
	struct guestfs_dirent_list *entries;
	SOME(entries, guestfs_readdir(g, "/dir"));
	int types[256] = {0};
	for (uint32_t i = 0; i < entries->len; i++)
		types[(unsigned char)entries->val[i].ftyp]++;
	printf("readdir: %d directories, %d files, %d links\n", types['d'], types['r'], types['l']);
	guestfs_free_dirent_list(entries);
	char *names[] = {"a b", "link", "none", NULL};
	struct guestfs_statns_list *stats;
	SOME(stats, guestfs_lstatnslist(g, "/dir", names));
	printf("lstatnslist: %u, %o %o %s\n", stats->len, (unsigned)stats->val[0].st_mode, (unsigned)stats->val[1].st_mode,
	       stats->val[2].st_ino == -1 ? "none" : "some");
	guestfs_free_statns_list(stats);
	SOME(list, guestfs_readlinklist(g, "/dir", names));
	print_list("readlinklist", list);
	printf("exists: %d %d\n", guestfs_exists(g, "/file"), guestfs_exists(g, "/none"));
	printf("umask: %o\n", guestfs_umask(g, 077));
	printf("filesize: %" PRIi64 "\n", guestfs_filesize(g, "/file"));

	errno = 0;
	fails("cat of nothing", guestfs_cat(g, "/none") == NULL);
	fails("rmdir of a full one", guestfs_rmdir(g, "/dir") == -1);
	fails("mkdir of what is there", guestfs_mkdir(g, "/dir") == -1);
	printf("write to a read-only disk: %d\n", guestfs_pwrite_device(g, "/dev/sdb", "x", 1, 0));

	/* Files both ways, then one that is cancelled at its first progress message. */
	ZERO(guestfs_fill(g, 'x', 5000000, "/big"));
	ZERO(guestfs_download(g, "/big", "big.out"));
	ZERO(guestfs_upload(g, "big.out", "/copy"));
	printf("equal: %d\n", guestfs_equal(g, "/big", "/copy"));
	ZERO(guestfs_tar_out_opts(g, "/dir", "dir.tar", GUESTFS_TAR_OUT_OPTS_NUMERICOWNER, 1, -1));
	ZERO(guestfs_mkdir(g, "/in"));
	ZERO(guestfs_tar_in(g, "dir.tar", "/in"));
	SOME(list, guestfs_ls(g, "/in"));
	print_list("tar_in", list);
	cancel = 1;
	fails("cancelled download", guestfs_download(g, "/dev/sdb", "/dev/null") == -1);
	cancel = 0;
	ZERO(guestfs_ping_daemon(g));
	printf("progress: %s\n", progress > 0 ? "some" : "none");
	ZERO(guestfs_umount_all(g));
	ZERO(guestfs_shutdown(g));
	guestfs_close(g);
	return 0;
}
