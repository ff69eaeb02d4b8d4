/* SPDX-License-Identifier: MIT */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char directory[] = "/tmp/weir-file-test-XXXXXX";

static const char *in_directory(char buffer[256], const char *name)
{
    snprintf(buffer, 256, "%s/%s", directory, name);
    return buffer;
}

static void expect_content(const char *path, const char *expected)
{
    void *bytes;
    size_t count;
    assert_int_equal(host_file_read(path, 1000, &bytes, &count), 0);
    assert_int_equal(count, strlen(expected));
    assert_string_equal(bytes, expected);
    free(bytes);
}

static void a_file_takes_its_place_only_when_committed(void **state)
{
    char path[256];
    char part[256];
    struct host_file file;

    (void)state;
    in_directory(path, "a");
    in_directory(part, "a.part");
    assert_int_equal(host_file_create(&file, path), 0);
    assert_int_equal(host_file_write(&file, "hello world", 11), 0);
    assert_false(host_file_exists(path));
    assert_true(host_file_exists(part));
    assert_int_equal(host_file_write_at(&file, 0, "J", 1), 0);
    assert_int_equal(host_file_truncate(&file, 5), 0);
    assert_int_equal(host_file_write(&file, "!", 1), 0);
    assert_int_equal(host_file_commit(&file), 0);
    assert_false(host_file_exists(part));
    expect_content(path, "Jello!");
    assert_int_equal(host_file_unlink(path), 0);
}

static void an_abandoned_file_leaves_nothing_and_the_old_one_alone(void **state)
{
    char path[256];
    char part[256];
    struct host_file file;

    (void)state;
    in_directory(path, "b");
    in_directory(part, "b.part");
    assert_int_equal(host_file_create(&file, path), 0);
    assert_int_equal(host_file_write(&file, "old", 3), 0);
    assert_int_equal(host_file_commit(&file), 0);
    assert_int_equal(host_file_create(&file, path), 0);
    assert_int_equal(host_file_write(&file, "new", 3), 0);
    host_file_abandon(&file);
    host_file_abandon(&file);
    assert_false(host_file_exists(part));
    expect_content(path, "old");
    assert_int_equal(host_file_unlink(path), 0);
}

static void a_device_is_written_in_place(void **state)
{
    struct host_file file;

    (void)state;
    assert_int_equal(host_file_create(&file, "/dev/null"), 0);
    assert_true(file.in_place);
    assert_int_equal(host_file_write(&file, "x", 1), 0);
    assert_int_equal(host_file_truncate(&file, 0), -ESPIPE);
    assert_int_equal(host_file_write_at(&file, 0, "x", 1), -ESPIPE);
    assert_int_equal(host_file_commit(&file), 0);
    assert_true(host_file_exists("/dev/null"));
}

static void a_full_device_is_an_error_with_words(void **state)
{
    struct host_file file;

    (void)state;
    assert_int_equal(host_file_create(&file, "/dev/full"), 0);
    assert_int_equal(host_file_write(&file, "x", 1), -ENOSPC);
    assert_string_equal(host_error_text(-ENOSPC), "No space left on device");
    host_file_abandon(&file);
}

static void a_link_stays_a_link(void **state)
{
    char path[256];
    char link_path[256];
    struct host_file file;
    struct stat status;

    (void)state;
    in_directory(path, "c");
    in_directory(link_path, "link");
    assert_int_equal(host_file_create(&file, path), 0);
    assert_int_equal(host_file_commit(&file), 0);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(host_file_create(&file, link_path), 0);
    assert_int_equal(host_file_write(&file, "through", 7), 0);
    assert_int_equal(host_file_commit(&file), 0);
    assert_int_equal(lstat(link_path, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    expect_content(path, "through");
    host_file_unlink(link_path);
    host_file_unlink(path);
}

static void reading_refuses_directories_big_files_and_missing_ones(void **state)
{
    char path[256];
    struct host_file file;
    void *bytes;
    size_t count;

    (void)state;
    in_directory(path, "d");
    assert_int_equal(host_file_create(&file, path), 0);
    assert_int_equal(host_file_write(&file, "0123456789", 10), 0);
    assert_int_equal(host_file_commit(&file), 0);
    assert_int_equal(host_file_read(path, 9, &bytes, &count), -EFBIG);
    assert_int_equal(host_file_read(directory, 9, &bytes, &count), -EISDIR);
    assert_int_equal(host_file_read("/dev/zero", 100000, &bytes, &count), -EFBIG);
    host_file_unlink(path);
    assert_int_equal(host_file_read(path, 9, &bytes, &count), -ENOENT);
    assert_int_equal(host_file_create(&file, directory), -EISDIR);
    assert_int_equal(host_file_create(&file, "/nowhere/file"), -ENOENT);
}

static void make_file(const char *name)
{
    char path[256];
    struct host_file file;

    assert_int_equal(host_file_create(&file, in_directory(path, name)), 0);
    assert_int_equal(host_file_commit(&file), 0);
}

static int gather(void *ctx, const char *path)
{
    char *found = ctx;

    if (strstr(path, "stop") != NULL)
        return 7;
    strcat(strcat(found, path + strlen(directory)), " ");
    return 0;
}

static void files_below_a_folder_come_in_the_order_of_their_names(void **state)
{
    char folder[256], link[256], path[256], found[256] = "";

    (void)state;
    assert_int_equal(host_directory_create(in_directory(folder, "b")), 0);
    make_file("c");
    make_file("b/z");
    make_file("b/y");
    make_file("a");
    assert_int_equal(symlink(directory, in_directory(link, "b/x")), 0); /* round and round */
    assert_int_equal(host_files_below(directory, gather, found), 0);
    assert_string_equal(found, "/a /b/y /b/z /c ");
    make_file("b/stop");
    assert_int_equal(host_files_below(directory, gather, found), 7);
    assert_int_equal(host_files_below("/nowhere", gather, found), -ENOENT);
    assert_true(host_is_directory(folder));
    assert_false(host_is_directory(in_directory(path, "a")));
    for (const char *const *name = (const char *const[]){"a", "b/stop", "b/x", "b/y", "b/z", "c",
                                                         NULL}; *name != NULL; name++)
        assert_int_equal(host_file_unlink(in_directory(path, *name)), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_file_and_a_pipe_are_read_piece_by_piece(void **state)
{
    char path[256], text[8] = "";
    struct host_input input;
    size_t got;
    int ends[2];

    (void)state;
    make_file("a");
    in_directory(path, "a");
    assert_int_equal(host_input_open(&input, directory), -EISDIR);
    assert_int_equal(host_input_open(&input, "/nowhere/a"), -ENOENT);
    assert_int_equal(host_input_open(&input, path), 0);
    assert_true(input.regular);
    host_input_close(&input);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "hello", 5), 5);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    assert_int_equal(host_input_open(&input, path), 0);
    assert_false(input.regular);
    assert_int_equal(host_input_read(&input, text, 3, &got), 0);
    assert_int_equal(got, 3);
    assert_string_equal(text, "hel");
    assert_int_equal(host_input_read(&input, text, 7, &got), 0);
    assert_int_equal(got, 2);
    host_input_close(&input);
    close(ends[0]);
    assert_int_equal(host_file_unlink(in_directory(path, "a")), 0);
}

static void a_pipe_below_dev_fd_is_written_in_place(void **state)
{
    struct host_file file;
    char path[32], text[8] = "";
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
    assert_int_equal(host_file_create(&file, path), 0);
    assert_true(file.in_place);
    assert_int_equal(host_file_write(&file, "hello", 5), 0);
    assert_int_equal(host_file_commit(&file), 0);
    assert_int_equal(read(ends[0], text, 5), 5);
    assert_string_equal(text, "hello");
    close(ends[0]);
    close(ends[1]);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_takes_its_place_only_when_committed),
        cmocka_unit_test(an_abandoned_file_leaves_nothing_and_the_old_one_alone),
        cmocka_unit_test(a_device_is_written_in_place),
        cmocka_unit_test(a_full_device_is_an_error_with_words),
        cmocka_unit_test(a_link_stays_a_link),
        cmocka_unit_test(reading_refuses_directories_big_files_and_missing_ones),
        cmocka_unit_test(a_file_and_a_pipe_are_read_piece_by_piece),
        cmocka_unit_test(a_pipe_below_dev_fd_is_written_in_place),
        cmocka_unit_test(files_below_a_folder_come_in_the_order_of_their_names),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
