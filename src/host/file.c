/* SPDX-License-Identifier: MIT */
#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "host/process.h"

enum { NEW_FILE_MODE = 0666 };

const char *host_error_text(int error)
{
    const char *text = strerrordesc_np(error < 0 ? -error : error);
    return text ? text : "unknown error";
}

/* ---- Output ---------------------------------------------------------------------------------- */

static void file_forget(struct host_file *file)
{
    free(file->path);
    free(file->part_path);
    *file = (struct host_file){.fd = -1};
}

static int open_in_place(struct host_file *file)
{
    bool standard_output = strcmp(file->path, "-") == 0;
    file->in_place = true;
    file->fd = standard_output ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                               : open(file->path, O_WRONLY | O_CLOEXEC);
    return file->fd < 0 ? -errno : 0;
}

static int open_part(struct host_file *file)
{
    int length = asprintf(&file->part_path, "%s.part", file->path);
    if (length < 0) {
        file->part_path = NULL;
        return -ENOMEM;
    }
    file->fd = open(file->part_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, NEW_FILE_MODE);
    return file->fd < 0 ? -errno : 0;
}

/* A link stays a link: the file it leads to is the one replaced. A pipe below /dev/fd has no path
 * that it could lead to. */
static char *final_path(const char *path, bool is_file)
{
    return is_file ? realpath(path, NULL) : strdup(path);
}

int host_file_create(struct host_file *file, const char *path)
{
    struct stat status;
    bool exists = stat(path, &status) == 0;
    bool in_place = strcmp(path, "-") == 0 || (exists && !S_ISREG(status.st_mode));
    if (exists && S_ISDIR(status.st_mode))
        return -EISDIR;
    if (exists && !in_place && access(path, W_OK) != 0)
        return -errno;
    *file = (struct host_file){.fd = -1};
    file->path = final_path(path, exists && !in_place);
    if (!file->path)
        return -ENOMEM;
    int error = in_place ? open_in_place(file) : open_part(file);
    if (error)
        file_forget(file);
    return error;
}

int host_file_write(struct host_file *file, const void *bytes, size_t count)
{
    const char *next = bytes;
    while (count > 0) {
        ssize_t written = write(file->fd, next, count);
        if (written < 0 && errno == EINTR && !(file->in_place && host_interrupts_seen() > 1))
            continue;
        if (written < 0)
            return -errno;
        next += written;
        count -= (size_t)written;
    }
    return 0;
}

int host_file_write_at(struct host_file *file, uint64_t offset, const void *bytes, size_t count)
{
    const char *next = bytes;
    if (file->in_place)
        return -ESPIPE;
    while (count > 0) {
        ssize_t written = pwrite(file->fd, next, count, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        next += written;
        offset += (uint64_t)written;
        count -= (size_t)written;
    }
    return 0;
}

int host_file_truncate(struct host_file *file, uint64_t size_bytes)
{
    if (file->in_place)
        return -ESPIPE;
    if (ftruncate(file->fd, (off_t)size_bytes) != 0)
        return -errno;
    return lseek(file->fd, (off_t)size_bytes, SEEK_SET) < 0 ? -errno : 0;
}

int host_file_commit(struct host_file *file)
{
    int error = close(file->fd) == 0 ? 0 : -errno;
    file->fd = -1;
    if (!error && !file->in_place && rename(file->part_path, file->path) != 0)
        error = -errno;
    if (error)
        host_file_abandon(file);
    else
        file_forget(file);
    return error;
}

void host_file_abandon(struct host_file *file)
{
    if (!file->path)
        return;
    if (file->fd >= 0)
        close(file->fd);
    if (file->part_path)
        unlink(file->part_path);
    file_forget(file);
}

/* ---- Input ----------------------------------------------------------------------------------- */

static int read_growing(int fd, uint64_t limit_bytes, char **out, size_t *out_bytes)
{
    size_t capacity = 0;
    size_t count = 0;
    char *bytes = NULL;
    for (;;) {
        int error = array_reserve_raw(&bytes, &capacity, 1, count + 65536 + 1);
        ssize_t got = error ? -1 : read(fd, bytes + count, capacity - count - 1);
        if (got < 0 && !error && errno == EINTR)
            continue;
        if (got < 0)
            error = error ? error : -errno;
        else if (count + (size_t)got > limit_bytes)
            error = -EFBIG;
        if (error) {
            free(bytes);
            return error;
        }
        count += (size_t)got;
        if (got == 0)
            break;
    }
    bytes[count] = 0;
    *out = bytes;
    *out_bytes = count;
    return 0;
}

int host_file_read(const char *path, uint64_t limit_bytes, void **out, size_t *out_bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    char *bytes = NULL;
    struct stat status;
    int error = 0;
    if (fstat(fd, &status) != 0)
        error = -errno;
    else if (S_ISDIR(status.st_mode))
        error = -EISDIR;
    else if (S_ISREG(status.st_mode) && (uint64_t)status.st_size > limit_bytes)
        error = -EFBIG;
    else
        error = read_growing(fd, limit_bytes, &bytes, out_bytes);
    close(fd);
    if (!error)
        *out = bytes;
    return error;
}

int host_input_open(struct host_input *input, const char *path)
{
    struct stat status;
    int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                    : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int error = fstat(fd, &status) != 0 ? -errno : S_ISDIR(status.st_mode) ? -EISDIR : 0;
    if (error) {
        close(fd);
        return error;
    }
    *input = (struct host_input){.fd = fd};
    input->regular = S_ISREG(status.st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
    input->size_bytes = input->regular ? (uint64_t)status.st_size : 0;
    return 0;
}

int host_input_read(struct host_input *input, void *to, size_t count, size_t *got)
{
    size_t done = 0;
    while (done < count) {
        ssize_t more = read(input->fd, (char *)to + done, count - done);
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return -errno;
        if (more == 0)
            break;
        done += (size_t)more;
    }
    *got = done;
    return 0;
}

int host_input_read_at(const struct host_input *input, uint64_t offset, void *to, size_t count,
                       size_t *got)
{
    size_t done = 0;
    while (done < count) {
        ssize_t more = pread(input->fd, (char *)to + done, count - done, (off_t)(offset + done));
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return -errno;
        if (more == 0)
            break;
        done += (size_t)more;
    }
    *got = done;
    return 0;
}

void host_input_close(struct host_input *input)
{
    close(input->fd);
    input->fd = -1;
}

bool host_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int host_file_unlink(const char *path)
{
    return unlink(path) == 0 ? 0 : -errno;
}

int host_directory_create(const char *path)
{
    struct stat status;
    if (mkdir(path, 0777) == 0)
        return 0;
    int error = -errno;
    return error == -EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? 0 : error;
}
