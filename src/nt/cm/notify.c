/* SPDX-License-Identifier: MIT */
/* Telling who waits that a key has changed ("ZwNotifyChangeKey"). A wait is for one change; it ends
 * with the status STATUS_NOTIFY_ENUM_DIR in its block, or STATUS_NOTIFY_CLEANUP when the last
 * handle through which it was asked for is closed (UNDOC: both). In kernel mode the APC routine is
 * a work item and the APC context the queue for it. Attributes and security of keys never change
 * here. */
#include <stdlib.h>
#include <string.h>

#include "cm/key.h"
#include "ob/ob.h"

enum { EVENT_TAG = 0x204D4320 /* ' CM ' */ };

struct watch {
    struct list_node link; /* of cm, oldest first */
    struct cm_key *key;
    void *body; /* of the handle */
    ULONG filter;
    bool tree;
    PIO_STATUS_BLOCK iosb;
    PKEVENT event; /* NULL, or referenced */
    PWORK_QUEUE_ITEM work;
    WORK_QUEUE_TYPE queue;
    PKEVENT waiter; /* of a synchronous call, in pool */
};

static void end(struct cm *cm, struct watch *watch, NTSTATUS status)
{
    list_remove(&watch->link);
    watch->iosb->Status = status;
    watch->iosb->Information = 0;
    if (watch->event != NULL) {
        KeSetEvent(watch->event, IO_NO_INCREMENT, FALSE);
        ob_dereference(ob_of(cm->ke), watch->event);
    }
    if (watch->work != NULL)
        ExQueueWorkItem(watch->work, watch->queue);
    if (watch->waiter != NULL)
        KeSetEvent(watch->waiter, IO_NO_INCREMENT, FALSE);
    free(watch);
}

static bool is_watched(const struct watch *watch, const struct cm_key *key, ULONG what)
{
    if (!(watch->filter & what))
        return false;
    for (; key != NULL; key = key->parent) {
        if (key == watch->key)
            return true;
        if (!watch->tree)
            return false;
    }
    return false;
}

static struct watch *find_watch(struct cm *cm, const struct cm_key *key, ULONG what)
{
    struct watch *watch;

    list_for_each_entry(watch, &cm->watches, link) {
        if (is_watched(watch, key, what))
            return watch;
    }
    return NULL;
}

void cm_key_changed(struct cm_key *key, ULONG what)
{
    struct cm *cm = cm_of(ke_current());
    struct watch *watch;

    while (cm != NULL && (watch = find_watch(cm, key, what)) != NULL)
        end(cm, watch, STATUS_NOTIFY_ENUM_DIR);
}

static struct watch *watch_of(struct cm *cm, const void *body)
{
    struct watch *watch;

    list_for_each_entry(watch, &cm->watches, link) {
        if (watch->body == body)
            return watch;
    }
    return NULL;
}

void cm_watches_end(struct cm *cm, const void *body)
{
    struct watch *watch;

    while ((watch = watch_of(cm, body)) != NULL)
        end(cm, watch, STATUS_NOTIFY_CLEANUP);
}

void cm_watches_fini(struct cm *cm)
{
    struct list_node *link;

    while ((link = list_pop_head(&cm->watches)) != NULL)
        free(list_entry(link, struct watch, link));
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static NTSTATUS take_event(struct cm *cm, HANDLE handle, struct watch *watch)
{
    void *body;
    NTSTATUS status;

    if (handle == NULL)
        return STATUS_SUCCESS;
    status = ob_handle_body(ob_of(cm->ke), handle, OB_TYPE_EVENT, &body);
    if (!NT_SUCCESS(status))
        return status;
    watch->event = body;
    ob_reference(ob_of(cm->ke), body);
    KeClearEvent(watch->event);
    return STATUS_SUCCESS;
}

static NTSTATUS wait_for(struct cm *cm, struct watch *watch, PIO_STATUS_BLOCK iosb)
{
    PKEVENT waiter = ExAllocatePoolWithTag(NonPagedPool, sizeof *waiter, EVENT_TAG);

    if (waiter == NULL) {
        end(cm, watch, STATUS_INSUFFICIENT_RESOURCES);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeEvent(waiter, NotificationEvent, FALSE);
    watch->waiter = waiter;
    KeWaitForSingleObject(waiter, Executive, KernelMode, FALSE, NULL);
    ExFreePoolWithTag(waiter, EVENT_TAG);
    return NT_SUCCESS(iosb->Status) ? STATUS_SUCCESS : iosb->Status;
}

NTSTATUS NTAPI ZwNotifyChangeKey(HANDLE handle, HANDLE event, PVOID work, PVOID queue,
                                 PIO_STATUS_BLOCK iosb, ULONG filter, BOOLEAN tree, PVOID buffer,
                                 ULONG bytes, BOOLEAN asynchronous)
{
    struct cm *cm = cm_of(ke_current());
    struct watch *watch;
    struct cm_key *key;
    void *body;
    NTSTATUS status = cm_key_of(handle, &key);

    (void)buffer;
    (void)bytes;
    if (!NT_SUCCESS(status))
        return status;
    if (filter == 0 || (filter & ~(ULONG)REG_LEGAL_CHANGE_FILTER))
        return STATUS_INVALID_PARAMETER;
    if (work != NULL && (ULONG_PTR)queue >= MaximumWorkQueue)
        return STATUS_INVALID_PARAMETER;
    status = ob_handle_body(ob_of(cm->ke), handle, OB_TYPE_KEY, &body);
    watch = NT_SUCCESS(status) ? calloc(1, sizeof *watch) : NULL;
    if (watch == NULL)
        return NT_SUCCESS(status) ? STATUS_INSUFFICIENT_RESOURCES : status;
    *watch = (struct watch){.key = key, .body = body, .filter = filter, .tree = tree,
                            .iosb = iosb, .work = work,
                            .queue = (WORK_QUEUE_TYPE)(ULONG_PTR)queue};
    status = take_event(cm, event, watch);
    if (!NT_SUCCESS(status)) {
        free(watch);
        return status;
    }
    list_insert_tail(&cm->watches, &watch->link);
    return asynchronous ? STATUS_PENDING : wait_for(cm, watch, iosb);
}
