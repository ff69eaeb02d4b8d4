/* SPDX-License-Identifier: MIT */
/* Reading a folder into memory, and writing new files into one. Each entry is opened by its name in
 * the folder that was opened before, never through a link, so nothing outside of the folder can be
 * reached, whatever anybody does to it meanwhile. */
#include "host/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

enum { DEPTH_MAX = 64, ENTRIES_MAX = 20000 };

struct tree {
    host_tree_found_fn *found;
    void *ctx;
    uint64_t left_bytes;
    unsigned entries, depth;
};

static int read_all(int fd, size_t size_bytes, uint8_t *to)
{
    size_t done = 0;

    while (done < size_bytes) {
        ssize_t count = read(fd, to + done, size_bytes - done);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        if (count == 0)
            return -EIO; /* it shrank */
        done += (size_t)count;
    }
    return 0;
}

static int take_file(struct tree *tree, int fd, uint64_t size_bytes, const char *path)
{
    uint8_t *bytes;
    int result;

    if (size_bytes > tree->left_bytes)
        return -EFBIG;
    bytes = malloc(size_bytes + 1);
    if (bytes == NULL)
        return -ENOMEM;
    result = read_all(fd, size_bytes, bytes);
    if (result != 0) {
        free(bytes);
        return result;
    }
    tree->left_bytes -= size_bytes;
    return tree->found(tree->ctx, path, false, bytes, size_bytes);
}

static int read_folder(struct tree *tree, int fd, const char *path);

static int take_entry(struct tree *tree, int folder, const char *name, const char *path)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    int result = 0;

    if (fd < 0)
        return errno == ELOOP || errno == ENXIO ? 0 : -errno; /* a link, a socket */
    if (++tree->entries > ENTRIES_MAX)
        result = -EFBIG;
    else if (fstat(fd, &status) != 0)
        result = -errno;
    else if (S_ISREG(status.st_mode))
        result = take_file(tree, fd, (uint64_t)status.st_size, path);
    else if (S_ISDIR(status.st_mode))
        result = tree->found(tree->ctx, path, true, NULL, 0);
    if (result == 0 && S_ISDIR(status.st_mode))
        return read_folder(tree, fd, path);
    close(fd);
    return result;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
    ARRAY(char *) list;
};

static int list_folder(DIR *folder, struct names *names)
{
    struct dirent *entry;

    errno = 0;
    while ((entry = readdir(folder)) != NULL) {
        char *name;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        name = strdup(entry->d_name);
        if (name == NULL || array_push(&names->list, name) != 0) {
            free(name);
            return -ENOMEM;
        }
        errno = 0;
    }
    if (names->list.count > 1)
        qsort(names->list.items, names->list.count, sizeof(char *), by_name);
    return -errno;
}

/* Takes fd. */
static int read_folder(struct tree *tree, int fd, const char *path)
{
    DIR *folder = tree->depth < DEPTH_MAX ? fdopendir(fd) : NULL;
    struct names names = {0};
    int result;

    if (folder == NULL) {
        close(fd);
        return tree->depth < DEPTH_MAX ? -errno : -ELOOP;
    }
    tree->depth++;
    result = list_folder(folder, &names);
    for (size_t i = 0; i < names.list.count; i++) {
        char *below = NULL;

        if (result == 0 && asprintf(&below, "%s%s%s", path, *path != 0 ? "/" : "",
                                    names.list.items[i]) < 0)
            result = -ENOMEM;
        if (result == 0)
            result = take_entry(tree, dirfd(folder), names.list.items[i], below);
        free(below);
        free(names.list.items[i]);
    }
    array_fini(&names.list);
    tree->depth--;
    closedir(folder);
    return result;
}

int host_tree_read(const char *folder, uint64_t limit_bytes, host_tree_found_fn *found, void *ctx)
{
    struct tree tree = {.found = found, .ctx = ctx, .left_bytes = limit_bytes};
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -errno : read_folder(&tree, fd, "");
}

/* ---- Writing --------------------------------------------------------------------------------- */

static bool is_part(const char *name, size_t length)
{
    return length > 0 && length < 256 && !(length == 1 && name[0] == '.') &&
           !(length == 2 && name[0] == '.' && name[1] == '.');
}

/* The folder of that name in fd, made when it is not there; fd is closed. */
static int step_into(int fd, const char *name)
{
    int below;

    if (mkdirat(fd, name, 0777) != 0 && errno != EEXIST) {
        below = -errno;
    } else {
        below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        below = below < 0 ? -EINVAL : below;
    }
    close(fd);
    return below;
}

static int write_all(int fd, const uint8_t *bytes, uint64_t size_bytes)
{
    while (size_bytes > 0) {
        ssize_t count = write(fd, bytes, size_bytes < 1 << 30 ? size_bytes : 1 << 30);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        bytes += count;
        size_bytes -= (uint64_t)count;
    }
    return 0;
}

int host_tree_write(const char *folder, const char *path, const void *bytes, uint64_t size_bytes)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), file, result;
    char name[256];

    if (fd < 0)
        return -errno;
    for (;;) {
        size_t length = strcspn(path, "/");

        if (!is_part(path, length)) {
            close(fd);
            return -EINVAL;
        }
        memcpy(name, path, length);
        name[length] = 0;
        if (path[length] == 0)
            break;
        fd = step_into(fd, name);
        if (fd < 0)
            return fd;
        path += length + 1;
    }
    file = openat(fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    result = file < 0 ? -errno : 0;
    close(fd);
    if (result != 0)
        return result;
    result = write_all(file, bytes, size_bytes);
    if (close(file) != 0 && result == 0)
        result = -errno;
    return result;
}
