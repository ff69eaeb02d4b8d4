/* SPDX-License-Identifier: MIT */
/* Callback objects: named lists of functions that one driver calls and others registered. They are
 * Ex functions, and live here because a callback object is a named, counted object and ex comes
 * before ob. The three that the system itself creates (\Callback\SetSystemTime, PowerState,
 * ProcessorAdd) exist when asked for; nothing notifies the first and the last, since nobody sets
 * the clock or adds a CPU. */
#include <stdlib.h>

#include "ob/state.h"
#include "rtl/rtl.h"
#include "trace/rules.h"

struct registration {
    struct list_node link; /* of its callback object */
    struct list_node all; /* of the machine */
    uint64_t id; /* what the driver holds */
    PCALLBACK_OBJECT body;
    PCALLBACK_FUNCTION function;
    PVOID context;
    unsigned running;
    bool unregistered;
    KEVENT idle;
};

struct callback {
    struct list_node registrations; /* in order of registration */
    bool many;
};

/* What drivers hold: an address and nothing to read. */
struct _CALLBACK_OBJECT {
    ULONG Signature;
};

enum { CALLBACK_TAG = 0x6C426C43 /* 'ClBl' */ };

static void callback_delete(void *body, void *state)
{
    struct callback *callback = state;
    struct list_node *node;

    while ((node = list_pop_head(&callback->registrations)) != NULL) {
        struct registration *registration = list_entry(node, struct registration, link);

        list_remove(&registration->all);
        free(registration);
    }
    free(callback);
    ExFreePoolWithTag(body, CALLBACK_TAG);
}

static NTSTATUS create(struct ob *ob, bool many, PCALLBACK_OBJECT *out)
{
    PCALLBACK_OBJECT body = ExAllocatePoolWithTag(NonPagedPool, sizeof *body, CALLBACK_TAG);
    struct callback *callback = calloc(1, sizeof *callback);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    if (body == NULL || callback == NULL)
        goto fail;
    body->Signature = CALLBACK_TAG;
    list_init(&callback->registrations);
    callback->many = many;
    status = ob_object_create(ob, OB_TYPE_CALLBACK, body, callback, callback_delete, NULL);
    if (!NT_SUCCESS(status))
        goto fail;
    *out = body;
    return STATUS_SUCCESS;
fail:
    free(callback);
    if (body != NULL)
        ExFreePoolWithTag(body, CALLBACK_TAG);
    return status;
}

static bool is_system_callback(const UNICODE_STRING *name)
{
    static const UNICODE_STRING names[] = {
        RTL_CONSTANT_STRING(u"\\Callback\\SetSystemTime"),
        RTL_CONSTANT_STRING(u"\\Callback\\PowerState"),
        RTL_CONSTANT_STRING(u"\\Callback\\ProcessorAdd"),
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(names); i++) {
        if (rtl_equal(name, &names[i]))
            return true;
    }
    return false;
}

NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT *out, POBJECT_ATTRIBUTES attributes,
                                BOOLEAN create_it, BOOLEAN many)
{
    struct ob *ob = ob_of(ke_current());
    const UNICODE_STRING *name = attributes != NULL ? attributes->ObjectName : NULL;
    enum ob_type type;
    void *body;
    size_t rest;
    NTSTATUS status;

    if (name != NULL && NT_SUCCESS(ob_name_find(ob, name, &type, &body, &rest)) && rest == 0) {
        if (type != OB_TYPE_CALLBACK)
            return STATUS_OBJECT_TYPE_MISMATCH;
        ob_reference(ob, body);
        *out = body;
        return STATUS_SUCCESS;
    }
    if (!create_it && (name == NULL || !is_system_callback(name)))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    status = create(ob, many || !create_it, out);
    if (NT_SUCCESS(status) && name != NULL) {
        status = ob_name_insert(ob, name, *out);
        if (!NT_SUCCESS(status))
            ob_dereference(ob, *out);
    }
    return status;
}

/* NULL when the object takes one function only and has it. */
PVOID NTAPI ExRegisterCallback(PCALLBACK_OBJECT body, PCALLBACK_FUNCTION function, PVOID context)
{
    struct ob *ob = ob_of(ke_current());
    struct callback *callback = ob_state(ob, OB_TYPE_CALLBACK, body);
    struct registration *registration;

    if (callback == NULL || (!callback->many && !list_is_empty(&callback->registrations)))
        return NULL;
    registration = calloc(1, sizeof *registration);
    if (registration == NULL)
        return NULL;
    registration->body = body;
    registration->function = function;
    registration->context = context;
    registration->id = ++ob->last_callback_id * 8;
    KeInitializeEvent(&registration->idle, NotificationEvent, FALSE);
    list_insert_tail(&callback->registrations, &registration->link);
    list_insert_tail(&ob->callbacks, &registration->all);
    ob_reference(ob, body);
    return (PVOID)registration->id;
}

static struct registration *known(struct ob *ob, PVOID handle)
{
    struct registration *registration;

    list_for_each_entry(registration, &ob->callbacks, all) {
        if (registration->id == KE_ARG(handle) && !registration->unregistered)
            return registration;
    }
    return NULL;
}

void ob_report_callbacks(struct ob *ob, uint64_t base_va, uint64_t end_va)
{
    struct registration *registration;

    list_for_each_entry(registration, &ob->callbacks, all) {
        uint64_t function_va = KE_ARG(registration->function);

        if (function_va >= base_va && function_va < end_va)
            KE_FINDING(ob->ke, VERIFY_callback_leftover, function_va);
    }
}

/* Waits until the function has returned everywhere. The object stays as long as someone holds
 * it. */
void NTAPI ExUnregisterCallback(PVOID handle)
{
    struct ob *ob = ob_of(ke_current());
    struct registration *registration = known(ob, handle);

    if (registration == NULL)
        return;
    registration->unregistered = true;
    if (registration->running != 0)
        KeWaitForSingleObject(&registration->idle, Executive, KernelMode, FALSE, NULL);
    list_remove(&registration->link);
    list_remove(&registration->all);
    ob_dereference(ob, registration->body);
    free(registration);
}

void NTAPI ExNotifyCallback(PCALLBACK_OBJECT body, PVOID argument1, PVOID argument2)
{
    struct callback *callback = ob_state(ob_of(ke_current()), OB_TYPE_CALLBACK, body);
    struct registration *registration;
    struct registration *following;

    if (callback == NULL)
        return;
    list_for_each_entry_safe(registration, following, &callback->registrations, link) {
        if (registration->unregistered)
            continue;
        registration->running++;
        KE_CALL(registration->function, KE_ARG(registration->context), KE_ARG(argument1),
                KE_ARG(argument2));
        if (--registration->running == 0 && registration->unregistered)
            KeSetEvent(&registration->idle, EVENT_INCREMENT, FALSE);
    }
}
