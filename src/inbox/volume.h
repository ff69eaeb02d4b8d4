/* SPDX-License-Identifier: MIT */
/* What the files of the volume share. Not a door.
 * The volume is a file system whose files lie in memory: folders, names without case, attributes,
 * share access, deletion at the last close. It is a driver of the machine's like any; requests come
 * as IRPs. Times are the machine's. */
#ifndef WEIR_INBOX_VOLUME_H
#define WEIR_INBOX_VOLUME_H

#include "base/base.h"
#include "inbox/internal.h"
#include "wdk/wdm_file.h"

enum {
    VOLUME_NAME_MAX = 255,
    VOLUME_CLUSTER_BYTES = 4096,
    VOLUME_SECTOR_BYTES = 512,
};
#define VOLUME_BYTES_MAX (UINT64_C(1) << 30) /* all files together */

struct volume_node {
    struct volume_node *parent; /* NULL: the root, or deleted */
    WCHAR *name;
    size_t name_chars;
    bool directory;
    ARRAY(struct volume_node *) children; /* sorted by name */
    uint8_t *bytes;
    uint64_t size_bytes, room_bytes;
    ULONG attributes; /* without FILE_ATTRIBUTE_DIRECTORY and _NORMAL */
    LARGE_INTEGER created, accessed, written, changed;
    uint64_t number;
    SHARE_ACCESS share;
    unsigned opens; /* not cleaned up */
    unsigned files; /* not closed */
    bool delete_pending, deleted;
    bool changed_here; /* by a driver, its bytes or its name */
};

struct volume_open { /* one per file object */
    struct list_node link;
    struct volume_node *node;
    ACCESS_MASK access;
    ULONG options;
    bool delete_on_close, cleaned_up;
    /* Of a directory. */
    WCHAR *pattern; /* NULL: not asked yet */
    size_t pattern_chars;
    size_t next;
};

struct inbox_volume {
    struct ke *ke;
    PDEVICE_OBJECT device;
    struct volume_node *root;
    struct map opens; /* PFILE_OBJECT -> struct volume_open */
    struct list_node open_list; /* the same, oldest first */
    uint64_t used_bytes, next_number;
    LARGE_INTEGER born;
};

struct inbox_volume *volume_of(PDEVICE_OBJECT device);
struct volume_open *volume_open_of(struct inbox_volume *volume, PFILE_OBJECT file);

/* volume_tree.c */
struct volume_node *volume_node_create(struct inbox_volume *volume, struct volume_node *parent,
                                       const WCHAR *name, size_t chars, bool directory);
struct volume_node *volume_child(const struct volume_node *node, const WCHAR *name, size_t chars);
void volume_unlink(struct inbox_volume *volume, struct volume_node *node); /* frees it, if it may */
int volume_move(struct volume_node *node, struct volume_node *parent, const WCHAR *name,
                size_t chars); /* 0 or -ENOMEM */
void volume_node_free(struct inbox_volume *volume, struct volume_node *node); /* and all below */
NTSTATUS volume_resize(struct inbox_volume *volume, struct volume_node *node, uint64_t size_bytes);
void volume_touch(struct volume_node *node); /* it was written */

/* volume_path.c: the node that the path leads to, from start. STATUS_OBJECT_NAME_NOT_FOUND: all but
 * the last is there; *parent and the name (a part of the path) are where it would be. */
struct volume_place {
    struct volume_node *parent, *node;
    const WCHAR *name;
    size_t chars;
    bool wants_directory; /* a backslash behind it */
};
NTSTATUS volume_find(struct volume_node *start, const WCHAR *path, size_t chars,
                     struct volume_place *out);
bool volume_is_match(const WCHAR *pattern, size_t pattern_chars, const WCHAR *name, size_t chars);

/* One per request; volume.c completes the IRP with what they return. */
NTSTATUS volume_create(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS volume_cleanup(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS volume_close(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS volume_read(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS volume_write(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS volume_flush(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS volume_query(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS volume_set(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS volume_list(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS volume_query_volume(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);

/* volume_query.c */
ULONG volume_attributes(const struct volume_node *node);
uint64_t volume_allocated(const struct volume_node *node);
NTSTATUS volume_set_disposition(struct volume_node *node, ACCESS_MASK access, bool deletes);

#endif
