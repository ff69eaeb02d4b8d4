/* SPDX-License-Identifier: MIT */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/weir-tree-test-XXXXXX";
static char story[512];

static void put(const char *name, const char *content)
{
    char path[256];
    int fd;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    close(fd);
}

static int found(void *ctx, const char *path, bool is_folder, void *bytes, size_t size_bytes)
{
    char line[128];

    (void)ctx;
    snprintf(line, sizeof line, "%s%s%.*s|", path, is_folder ? "/" : "=", (int)size_bytes,
             bytes != NULL ? (const char *)bytes : "");
    strcat(story, line);
    free(bytes);
    return 0;
}

static int read_all(uint64_t limit_bytes)
{
    story[0] = 0;
    return host_tree_read(folder, limit_bytes, found, NULL);
}

static void a_folder_is_read_sorted_and_links_are_left_out(void **state)
{
    char path[256];

    (void)state;
    snprintf(path, sizeof path, "%s/sub", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    put("b", "two");
    put("a", "");
    put("sub/c", "3");
    snprintf(path, sizeof path, "%s/link", folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof path, "%s/sub/up", folder);
    assert_int_equal(symlink("..", path), 0);
    snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(read_all(1000), 0);
    assert_string_equal(story, "a=|b=two|sub/|sub/c=3|");
}

static void too_much_is_refused(void **state)
{
    (void)state;
    assert_int_equal(read_all(3), -EFBIG);
    assert_int_equal(read_all(4), 0);
    assert_int_equal(host_tree_read("/nonexistent", 10, found, NULL), -ENOENT);
    assert_int_equal(host_tree_read("/etc/passwd", 10, found, NULL), -ENOTDIR);
}

static void new_files_are_written_below_the_folder_only(void **state)
{
    (void)state;
    assert_int_equal(host_tree_write(folder, "new/deep/file", "abc", 3), 0);
    assert_int_equal(host_tree_write(folder, "new/empty", "", 0), 0);
    assert_int_equal(host_tree_write(folder, "new/empty", "", 0), -EEXIST);
    assert_int_equal(host_tree_write(folder, "../out", "x", 1), -EINVAL);
    assert_int_equal(host_tree_write(folder, "new/../../out", "x", 1), -EINVAL);
    assert_int_equal(host_tree_write(folder, "/etc/weir", "x", 1), -EINVAL);
    assert_int_equal(host_tree_write(folder, "", "x", 1), -EINVAL);
    assert_int_equal(host_tree_write(folder, "sub/up/out", "x", 1), -EINVAL); /* through a link */
    assert_int_equal(host_tree_write(folder, "a/b", "x", 1), -EINVAL); /* a is a file */
    assert_int_equal(read_all(1000), 0);
    assert_string_equal(story,
                        "a=|b=two|new/|new/deep/|new/deep/file=abc|new/empty=|sub/|sub/c=3|");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_read_sorted_and_links_are_left_out),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(new_files_are_written_below_the_folder_only),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
