/* SPDX-License-Identifier: MIT */
/* Reference counts. Windows keeps the count in a header in front of the body; we keep it beside, in
 * a table by address. Counting below zero, or counting what is no object, is bug check 0x18
 * (REFERENCE_BY_POINTER) and a finding, whoever notices first.
 * The last reference may go at any IRQL up to DISPATCH_LEVEL, but an object ends at PASSIVE_LEVEL:
 * above that its end is left to a system worker. */
#include <errno.h>
#include <stdlib.h>

#include "ex/ex.h"
#include "ob/state.h"
#include "trace/rules.h"

enum { REFERENCE_BY_POINTER = 0x18 };
static const uint64_t ob_magic = 0x77656972206f6200u;
static const uint64_t object_magic = 0x776f626a65637400u;

int ob_create(struct ke *ke, struct ob **out)
{
    struct ob *ob = calloc(1, sizeof *ob);

    if (ob == NULL)
        return -ENOMEM;
    ob->magic = ob_magic;
    ob->ke = ke;
    list_init(&ob->object_list);
    list_init(&ob->callbacks);
    ke_set_room(ke, KE_ROOM_OB, ob);
    *out = ob;
    return 0;
}

static void object_free(struct ob *ob, struct ob_object *object)
{
    map_remove(&ob->objects, KE_ARG(object->body));
    list_remove(&object->link);
    object->magic = 0;
    free(object);
}

/* Objects that are left belong to rooms that are gone; only our side of them is freed. */
void ob_destroy(struct ob *ob)
{
    struct list_node *node;

    if (ob == NULL)
        return;
    weir_assert(ob->magic == ob_magic);
    ke_set_room(ob->ke, KE_ROOM_OB, NULL);
    ob_handles_fini(ob);
    ob_names_fini(ob);
    while ((node = list_first(&ob->object_list)) != NULL)
        object_free(ob, list_entry(node, struct ob_object, link));
    map_fini(&ob->objects);
    ob->magic = 0;
    free(ob);
}

struct ob *ob_of(struct ke *ke)
{
    return ke_room(ke, KE_ROOM_OB);
}

void ob_set_adopt(struct ob *ob, ob_adopt_fn *adopt, void *ctx)
{
    ob->adopt = adopt;
    ob->adopt_ctx = ctx;
}

NTSTATUS ob_object_create(struct ob *ob, enum ob_type type, void *body, void *state,
                          ob_delete_fn *on_delete, ob_close_fn *on_close)
{
    struct ob_object *object = map_get(&ob->objects, KE_ARG(body));

    if (object != NULL) /* an adopted body whose memory has a new tenant */
        object_free(ob, object);
    object = calloc(1, sizeof *object);
    if (object == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (map_set(&ob->objects, KE_ARG(body), object) != 0) {
        free(object);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    object->magic = object_magic;
    object->type = type;
    object->body = body;
    object->state = state;
    object->on_delete = on_delete;
    object->on_close = on_close;
    object->references = 1;
    list_insert_tail(&ob->object_list, &object->link);
    return STATUS_SUCCESS;
}

struct ob_object *ob_object_of(struct ob *ob, const void *body)
{
    struct ob_object *object = map_get(&ob->objects, KE_ARG(body));

    if (object == NULL && body != NULL && ob->adopt != NULL &&
        ob->adopt(ob->adopt_ctx, (void *)(ULONG_PTR)body))
        object = map_get(&ob->objects, KE_ARG(body));
    if (object != NULL)
        weir_assert(object->magic == object_magic);
    return object;
}

void *ob_state(struct ob *ob, enum ob_type type, const void *body)
{
    struct ob_object *object = map_get(&ob->objects, KE_ARG(body));

    return object != NULL && object->type == type ? object->state : NULL;
}

uint64_t ob_references(struct ob *ob, const void *body)
{
    struct ob_object *object = map_get(&ob->objects, KE_ARG(body));

    return object != NULL ? object->references : 0;
}

static WEIR_NORETURN void bad_reference(struct ob *ob, const void *body)
{
    KE_FINDING(ob->ke, VERIFY_object_reference, KE_ARG(body));
    ke_bug_check(REFERENCE_BY_POINTER, 0, KE_ARG(body), 2, 0);
}

static uint64_t reference(struct ob *ob, void *body)
{
    struct ob_object *object = ob_object_of(ob, body);

    if (object == NULL || object->references == 0)
        bad_reference(ob, body);
    return ++object->references;
}

static void finish(void *ctx)
{
    struct ob_object *object = ctx;
    struct ob *ob = ob_of(ke_current());
    void *body = object->body;
    void *state = object->state;
    ob_delete_fn *on_delete = object->on_delete;

    /* The owner may still look its state up while it says goodbye (a file's IRP_MJ_CLOSE). */
    if (on_delete != NULL)
        on_delete(body, state);
    ob_name_remove_of(ob, body);
    object_free(ob, object);
}

static uint64_t dereference(struct ob *ob, void *body, bool defer)
{
    struct ob_object *object = ob_object_of(ob, body);
    uint64_t left;

    if (object == NULL || object->references == 0)
        bad_reference(ob, body);
    left = --object->references;
    if (left != 0)
        return left;
    if (defer || KeGetCurrentIrql() > PASSIVE_LEVEL)
        weir_assert(ex_defer(ex_of(ob->ke), finish, object) == 0);
    else
        finish(object);
    return 0;
}

void ob_reference(struct ob *ob, void *body)
{
    (void)reference(ob, body);
}

void ob_dereference(struct ob *ob, void *body)
{
    (void)dereference(ob, body, false);
}

LONG_PTR NTAPI ObfReferenceObject(PVOID body)
{
    return (LONG_PTR)reference(ob_of(ke_current()), body);
}

LONG_PTR NTAPI ObfReferenceObjectWithTag(PVOID body, ULONG tag)
{
    (void)tag;
    return ObfReferenceObject(body);
}

LONG_PTR NTAPI ObfDereferenceObject(PVOID body)
{
    return (LONG_PTR)dereference(ob_of(ke_current()), body, false);
}

LONG_PTR NTAPI ObfDereferenceObjectWithTag(PVOID body, ULONG tag)
{
    (void)tag;
    return ObfDereferenceObject(body);
}

void NTAPI ObDereferenceObjectDeferDelete(PVOID body)
{
    (void)dereference(ob_of(ke_current()), body, true);
}

/* Access masks mean nothing for a kernel-mode caller, and drivers are that. */
NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID body, ACCESS_MASK access, POBJECT_TYPE type,
                                          KPROCESSOR_MODE mode)
{
    struct ob *ob = ob_of(ke_current());
    struct ob_object *object = ob_object_of(ob, body);

    (void)access;
    (void)mode;
    if (object == NULL)
        bad_reference(ob, body);
    if (!ob_type_matches(object, type))
        return STATUS_OBJECT_TYPE_MISMATCH;
    (void)reference(ob, body);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObReferenceObjectByPointerWithTag(PVOID body, ACCESS_MASK access,
                                                 POBJECT_TYPE type, KPROCESSOR_MODE mode,
                                                 ULONG tag)
{
    (void)tag;
    return ObReferenceObjectByPointer(body, access, type, mode);
}
