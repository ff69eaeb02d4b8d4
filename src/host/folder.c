/* SPDX-License-Identifier: MIT */
/* Walking a folder. Names are sorted, so that the same files come in the same order everywhere. */
#include "host/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 64 };

struct walk {
    host_file_found_fn *found;
    void *ctx;
    unsigned depth;
};

bool host_is_directory(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_no_dot(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int walk_folder(struct walk *walk, const char *folder);

static int visit(struct walk *walk, const char *path)
{
    struct stat status;

    if (lstat(path, &status) != 0)
        return -errno;
    if (S_ISDIR(status.st_mode))
        return walk_folder(walk, path);
    if (S_ISLNK(status.st_mode) && host_is_directory(path))
        return 0;
    return walk->found(walk->ctx, path);
}

static int walk_folder(struct walk *walk, const char *folder)
{
    struct dirent **entries;
    int count, result = 0;

    if (walk->depth == DEPTH_MAX)
        return -ELOOP;
    count = scandir(folder, &entries, is_no_dot, by_name);
    if (count < 0)
        return -errno;
    walk->depth++;
    for (int i = 0; i < count; i++) {
        char *path = NULL;

        if (result == 0 && asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0)
            result = -ENOMEM;
        else if (result == 0)
            result = visit(walk, path);
        free(path);
        free(entries[i]);
    }
    walk->depth--;
    free(entries);
    return result;
}

int host_files_below(const char *folder, host_file_found_fn *found, void *ctx)
{
    struct walk walk = {.found = found, .ctx = ctx};

    return walk_folder(&walk, folder);
}
