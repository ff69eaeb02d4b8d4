/* SPDX-License-Identifier: MIT */
/* The device header is how KS finds its way from a device object: create items under their names,
 * and the device objects around it. KsAllocateDeviceHeader; KsAllocateObjectCreateItem;
 * KsFreeObjectCreateItemsByContext. A driver opens no door of its own: each create item names a
 * routine that makes the object. Left out: security descriptors of items, and counting opens on the
 * bus. */
#include "ks/header.h"

#include <string.h>

#include "ks/device.h"
#include "ks/room.h"

static const uint64_t header_magic = 0x6b73686561646572u;

struct ks_device_header *ks_header_of(PVOID header)
{
    struct ks_device_header *state = header;

    if (state == NULL || state->magic != header_magic)
        ks_not_an_object(header);
    return state;
}

static NTSTATUS add_item(struct ks_device_header *header, PKSOBJECT_CREATE_ITEM item, bool copy,
                         PFNKSITEMFREECALLBACK freed)
{
    SIZE_T name_bytes = copy ? item->ObjectClass.Length : 0;
    struct ks_create_item *entry = ks_allocate(sizeof *entry + name_bytes);
    KIRQL irql;

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    entry->item = item;
    entry->freed = freed;
    if (copy) {
        entry->own = *item;
        entry->own.ObjectClass.Buffer = (PWCH)(entry + 1);
        entry->own.ObjectClass.MaximumLength = item->ObjectClass.Length;
        memcpy(entry + 1, item->ObjectClass.Buffer, name_bytes);
        entry->item = &entry->own;
    }
    KeAcquireSpinLock(&header->lock, &irql);
    InsertTailList(&header->items, &entry->link);
    KeReleaseSpinLock(&header->lock, irql);
    return STATUS_SUCCESS;
}

static void free_item(struct ks_device_header *header, struct ks_create_item *entry)
{
    KIRQL irql;

    KeAcquireSpinLock(&header->lock, &irql);
    RemoveEntryList(&entry->link);
    KeReleaseSpinLock(&header->lock, irql);
    if (entry->freed != NULL)
        KE_CALL(entry->freed, KE_ARG(entry->item));
    ks_free(entry);
}

NTSTATUS NTAPI KsAllocateDeviceHeader(KSDEVICE_HEADER *Header, ULONG ItemsCount,
                                      PKSOBJECT_CREATE_ITEM ItemsList)
{
    struct ks_device_header *header = ks_allocate(sizeof *header);
    NTSTATUS status = STATUS_SUCCESS;

    if (header == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    header->magic = header_magic;
    KeInitializeSpinLock(&header->lock);
    InitializeListHead(&header->items);
    for (ULONG i = 0; i < ItemsCount && NT_SUCCESS(status); i++)
        status = add_item(header, &ItemsList[i], false, NULL);
    if (!NT_SUCCESS(status)) {
        KsFreeDeviceHeader(header);
        return status;
    }
    *Header = header;
    return STATUS_SUCCESS;
}

void NTAPI KsFreeDeviceHeader(KSDEVICE_HEADER Header)
{
    struct ks_device_header *header = ks_header_of(Header);

    while (!IsListEmpty(&header->items))
        free_item(header, CONTAINING_RECORD(header->items.Flink, struct ks_create_item, link));
    header->magic = 0;
    ks_free(header);
}

/* ---- Finding --------------------------------------------------------------------------------- */

static bool matches(const KSOBJECT_CREATE_ITEM *item, const UNICODE_STRING *name)
{
    UNICODE_STRING class = *name;
    USHORT length = item->ObjectClass.Length;

    if ((item->Flags & KSCREATE_ITEM_WILDCARD) != 0)
        return true;
    if (name->Length < length)
        return false;
    if (name->Length > length && name->Buffer[length / sizeof(WCHAR)] != u'\\')
        return false;
    class.Length = length;
    return RtlEqualUnicodeString(&class, &item->ObjectClass, TRUE);
}

PKSOBJECT_CREATE_ITEM ks_header_find(struct ks_device_header *header, const UNICODE_STRING *name)
{
    for (PLIST_ENTRY link = header->items.Flink; link != &header->items; link = link->Flink) {
        PKSOBJECT_CREATE_ITEM item = CONTAINING_RECORD(link, struct ks_create_item, link)->item;

        if (item->Create != NULL && matches(item, name))
            return item;
    }
    return NULL;
}

/* ---- Adding and freeing ---------------------------------------------------------------------- */

NTSTATUS NTAPI KsAllocateObjectCreateItem(KSDEVICE_HEADER Header, PKSOBJECT_CREATE_ITEM CreateItem,
                                          BOOLEAN AllocateEntry,
                                          PFNKSITEMFREECALLBACK ItemFreeCallback)
{
    return add_item(ks_header_of(Header), CreateItem, AllocateEntry, ItemFreeCallback);
}

/* Frees the items that fit; true when there was one. */
typedef bool item_filter(const KSOBJECT_CREATE_ITEM *item, const void *wanted);

static bool free_items(struct ks_device_header *header, item_filter *fits, const void *wanted)
{
    PLIST_ENTRY link = header->items.Flink;
    bool found = false;

    while (link != &header->items) {
        struct ks_create_item *entry = CONTAINING_RECORD(link, struct ks_create_item, link);

        link = link->Flink;
        if (!fits(entry->item, wanted))
            continue;
        found = true;
        free_item(header, entry);
    }
    return found;
}

static bool has_name(const KSOBJECT_CREATE_ITEM *item, const void *wanted)
{
    return RtlEqualUnicodeString((PUNICODE_STRING)(ULONG_PTR)&item->ObjectClass,
                                 (PUNICODE_STRING)(ULONG_PTR)wanted, TRUE);
}

static bool has_context(const KSOBJECT_CREATE_ITEM *item, const void *wanted)
{
    return item->Context == wanted;
}

static bool goes_on_stop(const KSOBJECT_CREATE_ITEM *item, const void *wanted)
{
    UNREFERENCED_PARAMETER(wanted);
    return (item->Flags & KSCREATE_ITEM_FREEONSTOP) != 0;
}

NTSTATUS NTAPI KsFreeObjectCreateItem(KSDEVICE_HEADER Header, PUNICODE_STRING CreateItem)
{
    return free_items(ks_header_of(Header), has_name, CreateItem) ? STATUS_SUCCESS
                                                                  : STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS NTAPI KsFreeObjectCreateItemsByContext(KSDEVICE_HEADER Header, PVOID Context)
{
    return free_items(ks_header_of(Header), has_context, Context) ? STATUS_SUCCESS
                                                                  : STATUS_OBJECT_NAME_NOT_FOUND;
}

void ks_header_free_on_stop(struct ks_device_header *header)
{
    free_items(header, goes_on_stop, NULL);
}

NTSTATUS NTAPI KsAddObjectCreateItemToDeviceHeader(KSDEVICE_HEADER Header, PDRIVER_DISPATCH Create,
                                                   PVOID Context, PWSTR ObjectClass,
                                                   PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    KSOBJECT_CREATE_ITEM item = {
        .Create = Create, .Context = Context, .SecurityDescriptor = SecurityDescriptor};

    RtlInitUnicodeString(&item.ObjectClass, ObjectClass);
    return add_item(ks_header_of(Header), &item, true, NULL);
}

BOOLEAN NTAPI KsiQueryObjectCreateItemsPresent(KSDEVICE_HEADER Header)
{
    return !IsListEmpty(&ks_header_of(Header)->items);
}

void NTAPI KsSetDevicePnpAndBaseObject(KSDEVICE_HEADER Header, PDEVICE_OBJECT PnpDeviceObject,
                                       PDEVICE_OBJECT BaseObject)
{
    struct ks_device_header *header = ks_header_of(Header);

    header->pnp_device = PnpDeviceObject;
    header->base_device = BaseObject;
}

PDEVICE_OBJECT NTAPI KsQueryDevicePnpObject(KSDEVICE_HEADER Header)
{
    return ks_header_of(Header)->pnp_device;
}
