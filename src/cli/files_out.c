/* SPDX-License-Identifier: MIT */
#include "cli/files_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "host/host.h"

static const uint64_t memory_bytes = UINT64_C(1100) << 20; /* sparse: what is used costs */
static const uint64_t record_magic = 0x656c696672696577u;

struct record {
    uint64_t magic, path_bytes, size_bytes; /* the path with its zero */
};

static int refuse_found(void *ctx, const char *path)
{
    (void)ctx;
    (void)path;
    return 1;
}

int files_out_open(struct files_out *out, const char *folder)
{
    void *memory;
    int result, fd;

    if (folder == NULL)
        return 0;
    result = host_directory_create(folder);
    if (result != 0)
        return cli_fail(CLI_HOST, "--files-out %s: cannot be made: %s", folder,
                        host_error_text(result));
    if (!host_is_directory(folder) || host_files_below(folder, refuse_found, NULL) != 0)
        return cli_fail(CLI_USAGE, "--files-out %s: wants a folder that is empty or not there yet",
                        folder);
    result = host_memfd_create("weir-files", memory_bytes, &fd);
    if (result == 0) {
        result = host_map(fd, 0, memory_bytes, HOST_READ | HOST_WRITE, &memory);
        host_fd_close(fd);
    }
    if (result != 0)
        return cli_fail(CLI_HOST, "--files-out %s: %s", folder, host_error_text(result));
    out->folder = folder;
    out->memory = memory;
    return 0;
}

void files_out_close(struct files_out *out)
{
    if (out->memory != NULL)
        (void)host_unmap(out->memory, memory_bytes);
    out->memory = NULL;
}

/* ---- The child ------------------------------------------------------------------------------- */

struct filling {
    uint8_t *memory;
    uint64_t used;
};

static int put_file(void *ctx, const char *path, const void *bytes, uint64_t size_bytes)
{
    struct filling *filling = ctx;
    struct record record = {record_magic, strlen(path) + 1, size_bytes};
    uint8_t *to = filling->memory + filling->used;

    if (sizeof record + record.path_bytes + size_bytes > memory_bytes - filling->used)
        return -1;
    memcpy(to + sizeof record, path, record.path_bytes);
    if (size_bytes != 0)
        memcpy(to + sizeof record + record.path_bytes, bytes, size_bytes);
    memcpy(to, &record, sizeof record);
    filling->used += sizeof record + record.path_bytes + size_bytes;
    return 0;
}

void files_out_collect(const struct files_out *out, struct machine *machine)
{
    struct filling filling = {out->memory, 0};

    if (out->memory != NULL)
        (void)machine_files_changed(machine, put_file, &filling);
}

/* ---- The parent ------------------------------------------------------------------------------ */

/* The next record, if it can be one. */
static bool take_record(const uint8_t *memory, uint64_t used, struct record *out)
{
    uint64_t left = memory_bytes - used;

    if (left < sizeof *out)
        return false;
    memcpy(out, memory + used, sizeof *out);
    left -= sizeof *out;
    return out->magic == record_magic && out->path_bytes > 0 && out->path_bytes <= left &&
           out->size_bytes <= left - out->path_bytes &&
           memory[used + sizeof *out + out->path_bytes - 1] == 0;
}

int files_out_write(const struct files_out *out)
{
    struct record record;
    uint64_t used = 0;

    if (out->memory == NULL)
        return 0;
    while (take_record(out->memory, used, &record)) {
        const char *path = (const char *)out->memory + used + sizeof record;
        int result = host_tree_write(out->folder, path, path + record.path_bytes,
                                     record.size_bytes);

        if (result != 0)
            return cli_fail(CLI_HOST, "--files-out %s: %s: cannot be written: %s", out->folder,
                            path, host_error_text(result));
        used += sizeof record + record.path_bytes + record.size_bytes;
    }
    return 0;
}
