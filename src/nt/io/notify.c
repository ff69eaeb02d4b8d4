/* SPDX-License-Identifier: MIT */
/* Plug and Play notification: drivers ask to be told when interfaces of a class come and go, or
 * what happens to a device they have open. Callbacks run on a system worker at PASSIVE_LEVEL, one
 * after the other; those for existing interfaces run before registration returns. */
#include "io/state.h"

#include <stdlib.h>
#include <string.h>

#include "ex/ex.h"
#include "rtl/rtl.h"
#include "trace/rules.h"

static const GUID arrival_guid = {
    0xcb3a4004, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
static const GUID removal_guid = {
    0xcb3a4005, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};

struct notification {
    struct list_node link;
    uint64_t id; /* what the driver holds */
    IO_NOTIFICATION_EVENT_CATEGORY category;
    GUID class_guid;
    PDRIVER_NOTIFICATION_CALLBACK_ROUTINE callback;
    PVOID context;
    PFILE_OBJECT file; /* of a target device */
    uint32_t references;
    bool gone;
};

/* What waits for a worker. */
struct delivery {
    struct notification *notification;
    DEVICE_INTERFACE_CHANGE_NOTIFICATION *change; /* pool; the name's text lies behind it */
};

static void unref(struct notification *notification)
{
    if (--notification->references != 0)
        return;
    list_remove(&notification->link);
    free(notification);
}

static struct delivery *prepare(struct notification *notification, const GUID *class_guid,
                                const UNICODE_STRING *name, bool arrival)
{
    size_t bytes = sizeof(DEVICE_INTERFACE_CHANGE_NOTIFICATION) + sizeof(UNICODE_STRING) +
                   name->Length + sizeof(WCHAR);
    struct delivery *delivery = calloc(1, sizeof *delivery);
    PUNICODE_STRING copy;

    if (delivery == NULL)
        return NULL;
    delivery->change = ExAllocatePoolWithTag(PagedPool, bytes, IO_TAG_LIST);
    if (delivery->change == NULL) {
        free(delivery);
        return NULL;
    }
    memset(delivery->change, 0, bytes);
    copy = (PUNICODE_STRING)(delivery->change + 1);
    *copy = (UNICODE_STRING){name->Length, (USHORT)(name->Length + sizeof(WCHAR)),
                             (PWCH)(copy + 1)};
    memcpy(copy->Buffer, name->Buffer, name->Length);
    delivery->change->Version = 1;
    delivery->change->Size = sizeof *delivery->change;
    delivery->change->Event = arrival ? arrival_guid : removal_guid;
    delivery->change->InterfaceClassGuid = *class_guid;
    delivery->change->SymbolicLinkName = copy;
    delivery->notification = notification;
    notification->references++;
    return delivery;
}

static void deliver(void *ctx)
{
    struct delivery *delivery = ctx;
    struct notification *notification = delivery->notification;

    if (!notification->gone)
        KE_CALL(notification->callback, KE_ARG(delivery->change), KE_ARG(notification->context));
    ExFreePoolWithTag(delivery->change, IO_TAG_LIST);
    free(delivery);
    unref(notification);
}

void io_notify_interface(struct io *io, const GUID *class_guid, const UNICODE_STRING *link,
                         bool arrival)
{
    struct notification *notification;

    list_for_each_entry(notification, &io->notifications, link) {
        struct delivery *delivery;

        if (notification->gone || notification->category != EventCategoryDeviceInterfaceChange ||
            !IsEqualGUID(&notification->class_guid, class_guid))
            continue;
        delivery = prepare(notification, class_guid, link, arrival);
        weir_assert(delivery != NULL);
        weir_assert(ex_defer(ex_of(io->ke), deliver, delivery) == 0);
    }
}

static void tell_existing(struct io *io, struct notification *notification)
{
    const UNICODE_STRING *name;
    unsigned index;

    for (index = 0;
         NT_SUCCESS(io_interface_at(io, &notification->class_guid, index, &name)); index++) {
        struct delivery *delivery =
            prepare(notification, &notification->class_guid, name, true);

        weir_assert(delivery != NULL);
        deliver(delivery);
    }
}

/* Which interfaces, which device: data says it. Of the whole machine there is nothing to say. */
static bool is_category(IO_NOTIFICATION_EVENT_CATEGORY category, PVOID data)
{
    switch (category) {
    case EventCategoryHardwareProfileChange:
    case EventCategoryKernelSoftRestart: return true;
    case EventCategoryDeviceInterfaceChange:
    case EventCategoryTargetDeviceChange: return data != NULL;
    default: return false;
    }
}

NTSTATUS NTAPI IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY category,
                                              ULONG flags, PVOID data, PDRIVER_OBJECT driver,
                                              PDRIVER_NOTIFICATION_CALLBACK_ROUTINE callback,
                                              PVOID context, PVOID *entry)
{
    struct io *io = io_of(ke_current());
    struct notification *notification;

    (void)driver;
    if (callback == NULL || !is_category(category, data))
        return STATUS_INVALID_PARAMETER; /* UNDOC: "an appropriate error status" */
    notification = calloc(1, sizeof *notification);
    if (notification == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    notification->category = category;
    notification->callback = callback;
    notification->context = context;
    notification->references = 1;
    notification->id = ++io->last_notification_id * 8;
    if (category == EventCategoryDeviceInterfaceChange)
        notification->class_guid = *(const GUID *)data;
    if (category == EventCategoryTargetDeviceChange)
        notification->file = data;
    list_insert_tail(&io->notifications, &notification->link);
    *entry = (PVOID)notification->id;
    if (category == EventCategoryDeviceInterfaceChange &&
        (flags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES))
        tell_existing(io, notification);
    return STATUS_SUCCESS;
}

static struct notification *known(struct io *io, PVOID entry)
{
    struct notification *notification;

    list_for_each_entry(notification, &io->notifications, link) {
        if (notification->id == KE_ARG(entry) && !notification->gone)
            return notification;
    }
    return NULL;
}

NTSTATUS NTAPI IoUnregisterPlugPlayNotification(PVOID entry)
{
    struct notification *notification = known(io_of(ke_current()), entry);

    if (notification == NULL)
        return STATUS_INVALID_PARAMETER;
    notification->gone = true;
    unref(notification);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoUnregisterPlugPlayNotificationEx(PVOID entry)
{
    return IoUnregisterPlugPlayNotification(entry);
}

void io_report_notifications(struct io *io, uint64_t base_va, uint64_t end_va)
{
    struct notification *notification;

    list_for_each_entry(notification, &io->notifications, link) {
        uint64_t callback_va = KE_ARG(notification->callback);

        if (!notification->gone && callback_va >= base_va && callback_va < end_va)
            KE_FINDING(io->ke, VERIFY_callback_leftover, callback_va);
    }
}

void io_notifications_fini(struct io *io)
{
    struct list_node *node;

    while ((node = list_pop_head(&io->notifications)) != NULL)
        free(list_entry(node, struct notification, link));
}
