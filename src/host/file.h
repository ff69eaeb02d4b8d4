/* SPDX-License-Identifier: MIT */
/* Output files that are whole or not there, and input files read in one piece or one by one.
 * An output grows as PATH.part beside its place and takes the place when it is committed. What
 * exists and is no regular file (a pipe, a device, "-" for standard output) is written in place: it
 * can neither be cut nor renamed. The caller owns struct host_file; commit and abandon end it.
 * Results are 0 or -errno; host_error_text turns one into words. */
#ifndef WEIR_HOST_FILE_H
#define WEIR_HOST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_file {
    int fd; /* -1: not open */
    bool in_place;
    char *path; /* where it will be */
    char *part_path; /* where it grows; NULL when in place */
};

int host_file_create(struct host_file *file, const char *path);
/* In place the other end may block us for ever: a second interrupt (process.h) ends the write with
 * -EINTR, partly done. */
int host_file_write(struct host_file *file, const void *bytes, size_t count);
/* -ESPIPE when in place. The place of the next write does not move. */
int host_file_write_at(struct host_file *file, uint64_t offset, const void *bytes, size_t count);
/* Cuts to size_bytes and goes on there. -ESPIPE when in place. */
int host_file_truncate(struct host_file *file, uint64_t size_bytes);
int host_file_commit(struct host_file *file); /* removes what there is when it fails */
void host_file_abandon(struct host_file *file); /* also a zeroed one that was never created */

/* The whole file, followed by a zero byte that is not counted. -EFBIG above limit_bytes, -EISDIR
 * for a directory. The caller frees *out. */
int host_file_read(const char *path, uint64_t limit_bytes, void **out, size_t *out_bytes);
/* A file or pipe that is read piece by piece; "-" is standard input. */
struct host_input {
    int fd;
    bool regular; /* has a size, and can be read anywhere */
    uint64_t size_bytes;
};
int host_input_open(struct host_input *input, const char *path); /* -EISDIR for a directory */
/* *got is less than count only at the end. */
int host_input_read(struct host_input *input, void *to, size_t count, size_t *got);
/* Of a regular one, without moving the place of the next read. */
int host_input_read_at(const struct host_input *input, uint64_t offset, void *to, size_t count,
                       size_t *got);
void host_input_close(struct host_input *input);

bool host_file_exists(const char *path);
int host_file_unlink(const char *path);
int host_directory_create(const char *path); /* 0 when it is there already */

bool host_is_directory(const char *path);
/* Tells of each file below the folder and the folders in it, in the byte order of names; folders
 * behind links are left out. Ends with what found returns when that is not 0. */
typedef int host_file_found_fn(void *ctx, const char *path);
int host_files_below(const char *folder, host_file_found_fn *found, void *ctx);

/* Reads the folder: each file and folder in it and below, in the byte order of names, folders
 * before what is in them; path is relative to it. Links, devices and pipes are left out, and
 * nothing outside of the folder is reached. found takes bytes. -EFBIG when there are more than
 * 20,000 entries or the files hold more than limit_bytes together. */
typedef int host_tree_found_fn(void *ctx, const char *path, bool is_folder, void *bytes,
                               size_t size_bytes);
int host_tree_read(const char *folder, uint64_t limit_bytes, host_tree_found_fn *found, void *ctx);

/* A new file in the folder, with the folders on its way; parts are separated by '/'. -EEXIST when
 * there is something of that name, -EINVAL for a path that leads elsewhere ("..", a link). */
int host_tree_write(const char *folder, const char *path, const void *bytes, uint64_t size_bytes);

/* Words for 0 or -errno: "No space left on device". Static memory. */
const char *host_error_text(int error);

#endif
