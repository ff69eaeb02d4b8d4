/* SPDX-License-Identifier: MIT */
/* The object manager: what is an object, how often it is referenced, under which names and handles
 * it is known. Drivers hold pointers to bodies; everything else about an object is kept here,
 * beside it, so a driver that overruns a body breaks nothing and a stale pointer is caught at the
 * door. A body belongs to the room that made it; ob calls its delete function once nothing refers
 * to it. Callable up to DISPATCH_LEVEL, names and handles at PASSIVE_LEVEL. Order: ob_create after
 * ex_create, ob_destroy after every room above is gone. Not here: security, quotas, directories as
 * objects that can be listed (a name is found by its whole path). */
#ifndef WEIR_NT_OB_H
#define WEIR_NT_OB_H

#include <stdbool.h>
#include <stdint.h>

#include "ke/ke.h"
#include "wdk/wdm.h"

enum ob_type {
    OB_TYPE_DRIVER, OB_TYPE_DEVICE, OB_TYPE_FILE, OB_TYPE_THREAD, OB_TYPE_PROCESS, OB_TYPE_EVENT,
    OB_TYPE_SEMAPHORE, OB_TYPE_TIMER, OB_TYPE_KEY, OB_TYPE_CALLBACK, OB_TYPE_LINK,
    OB_TYPE_DIRECTORY, OB_TYPE_COUNT
};

struct ob;
int ob_create(struct ke *ke, struct ob **out);
void ob_destroy(struct ob *ob);
struct ob *ob_of(struct ke *ke);

/* ---- Objects --------------------------------------------------------------------------------- */
typedef void ob_delete_fn(void *body, void *state); /* frees the body; PASSIVE_LEVEL */
typedef void ob_close_fn(void *body, void *state); /* the last handle was closed */
/* state: the owner's side of the object. The object starts with one reference, the owner's. */
NTSTATUS ob_object_create(struct ob *ob, enum ob_type type, void *body, void *state,
                          ob_delete_fn *on_delete, ob_close_fn *on_close);
/* The owner's state of a body of that type; NULL when it is none (any more). */
void *ob_state(struct ob *ob, enum ob_type type, const void *body);
uint64_t ob_references(struct ob *ob, const void *body); /* 0 for what is no object */
void ob_reference(struct ob *ob, void *body);
void ob_dereference(struct ob *ob, void *body);

/* Somebody who can make an object of a body that ob does not know (threads of other rooms); returns
 * false when he cannot. One such function, set by ps. */
typedef bool ob_adopt_fn(void *ctx, void *body);
void ob_set_adopt(struct ob *ob, ob_adopt_fn *adopt, void *ctx);

/* A finding for each function in [base, end) that is still registered with a callback object. */
void ob_report_callbacks(struct ob *ob, uint64_t base_va, uint64_t end_va);

/* ---- Handles --------------------------------------------------------------------------------- */
NTSTATUS ob_handle_open(struct ob *ob, void *body, ACCESS_MASK access, ULONG attributes,
                        HANDLE *out); /* takes a reference of its own */
NTSTATUS ob_handle_close(struct ob *ob, HANDLE handle);
/* Borrowed body behind a handle. */
NTSTATUS ob_handle_body(struct ob *ob, HANDLE handle, enum ob_type type, void **out);

/* ---- Names ----------------------------------------------------------------------------------- */
/* Paths are absolute, compared without case; \DosDevices and \GLOBAL?? mean \??. A name holds no
 * reference: the object takes its name along when it goes. */
NTSTATUS ob_name_insert(struct ob *ob, const UNICODE_STRING *path, void *body);
NTSTATUS ob_link_insert(struct ob *ob, const UNICODE_STRING *path, const UNICODE_STRING *target);
NTSTATUS ob_name_remove(struct ob *ob, const UNICODE_STRING *path);
void ob_name_remove_of(struct ob *ob, const void *body);
/* The object whose name is the path or leads it, links resolved. rest_chars: how many characters of
 * *path follow the name (from the backslash on). */
NTSTATUS ob_name_find(struct ob *ob, const UNICODE_STRING *path, enum ob_type *out_type,
                      void **out_body, size_t *out_rest_chars);
NTSTATUS ob_link_target(struct ob *ob, const UNICODE_STRING *path, const UNICODE_STRING **out);
/* The object's own path; NULL when it has none. Borrowed while it lives. */
const UNICODE_STRING *ob_name_of(struct ob *ob, const void *body);

#endif
