/* SPDX-License-Identifier: MIT */
/* Keys and values: the tree itself, without handles. A key lives as long as it is in the tree or
 * open; a deleted key that is still open answers STATUS_KEY_DELETED. */
#ifndef WEIR_NT_CM_KEY_H
#define WEIR_NT_CM_KEY_H

#include "base/base.h"
#include "cm/cm.h"

struct cm_value {
    WCHAR *name;
    USHORT name_chars;
    ULONG type;
    ULONG size_bytes;
    void *data;
};

struct cm_key {
    struct cm_key *parent; /* NULL for the root and for deleted keys */
    WCHAR *name;
    USHORT name_chars;
    bool deleted;
    uint32_t opens;
    LONGLONG last_write_100ns;
    ARRAY(struct cm_key *) children; /* sorted by name */
    ARRAY(struct cm_value) values; /* in order of creation */
};

struct cm {
    uint64_t magic;
    struct ke *ke;
    struct cm_key *root;
    struct list_node watches; /* who waits for a change, oldest first */
};

enum { CM_NAME_CHARS_MAX = 255, CM_VALUE_NAME_CHARS_MAX = 16383, CM_VALUE_BYTES_MAX = 1 << 20 };

struct cm_key *cm_key_create(struct cm_key *parent, const WCHAR *name, size_t chars);
void cm_key_unlink(struct cm_key *key); /* frees it and all below that nobody has open */
void cm_key_free_tree(struct cm_key *key);
void cm_key_release(struct cm_key *key); /* an open less */
struct cm_key *cm_key_child(const struct cm_key *key, const WCHAR *name, size_t chars);
/* From start down the path (no leading backslash needed). create 0: existing keys only; 1: the last
 * one may be made; 2: all may. *created tells. */
NTSTATUS cm_key_walk(struct cm_key *start, const WCHAR *path, size_t chars, int create,
                     struct cm_key **out, bool *created);
struct cm_value *cm_key_value(struct cm_key *key, const WCHAR *name, size_t chars);
NTSTATUS cm_key_set(struct cm_key *key, const WCHAR *name, size_t chars, ULONG type,
                    const void *data, ULONG size_bytes);
NTSTATUS cm_key_delete_value(struct cm_key *key, const WCHAR *name, size_t chars);

/* notify.c: tells who waits for it. what: REG_NOTIFY_CHANGE_NAME (a subkey came or went) or
 * REG_NOTIFY_CHANGE_LAST_SET. */
void cm_key_changed(struct cm_key *key, ULONG what);
void cm_watches_end(struct cm *cm, const void *body); /* the last handle is closed */
void cm_watches_fini(struct cm *cm);

/* The key behind a handle. */
NTSTATUS cm_key_of(HANDLE handle, struct cm_key **out);
/* Where an absolute path starts: the root, with \Registry taken off. */
NTSTATUS cm_find(struct cm *cm, const UNICODE_STRING *path, int create, struct cm_key **out,
                 bool *created);
NTSTATUS cm_open_key(struct cm *cm, struct cm_key *key, ACCESS_MASK access, ULONG attributes,
                     HANDLE *out);

#endif
