/* SPDX-License-Identifier: MIT */
/* What the files of ob share. */
#ifndef WEIR_NT_OB_STATE_H
#define WEIR_NT_OB_STATE_H

#include "base/base.h"
#include "ob/ob.h"

struct ob_object {
    uint64_t magic;
    enum ob_type type;
    void *body;
    void *state;
    ob_delete_fn *on_delete;
    ob_close_fn *on_close;
    uint64_t references;
    uint32_t handles;
    bool permanent; /* one reference is the name's */
    struct list_node link; /* in order of creation */
};

struct ob_handle {
    struct ob_object *object; /* NULL = free */
    ACCESS_MASK access;
    ULONG attributes;
    uint32_t next_free;
};

struct ob_name {
    UNICODE_STRING path; /* host memory */
    void *body; /* or a link: */
    UNICODE_STRING target;
};

enum { OB_HANDLES_MAX = 65536, OB_LINKS_FOLLOWED_MAX = 16 };

struct ob {
    uint64_t magic;
    struct ke *ke;
    struct map objects; /* body -> struct ob_object */
    struct list_node object_list;
    ARRAY(struct ob_handle) handles;
    uint32_t free_handle; /* index + 1, 0 = none */
    ARRAY(struct ob_name) names; /* sorted by path, without case */
    ob_adopt_fn *adopt;
    void *adopt_ctx;
    struct list_node callbacks; /* registrations of callback.c, oldest first */
    uint64_t last_callback_id;
};

struct ob_object *ob_object_of(struct ob *ob, const void *body); /* adopts; NULL: no object */
void ob_handles_fini(struct ob *ob);
void ob_names_fini(struct ob *ob);
POBJECT_TYPE ob_type_public(enum ob_type type);
/* Whether the body is of the type that a driver asked for by its POBJECT_TYPE; NULL asks for
 * any. */
/* What to wait for behind a handle; *body is referenced for the caller. */
NTSTATUS ob_wait_object(HANDLE handle, PVOID *body, PVOID *object);
bool ob_type_matches(const struct ob_object *object, POBJECT_TYPE type);

#endif
