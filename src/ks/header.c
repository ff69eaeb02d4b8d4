/* SPDX-License-Identifier: MIT */
/* The device header is how KS finds its way from a device object: create items under their names,
 * and the device objects around it. KsAllocateDeviceHeader; KsSetDevicePnpAndBaseObject;
 * KsRecalculateStackDepth; KsFreeObjectCreateItemsByContext.
 * UNDOC: KsRecalculateStackDepth on a header without a base object does nothing. */
#include "ks/header.h"

#include "ks/device.h"
#include "ks/file.h"
#include "ks/room.h"

static const uint64_t header_magic = 0x6b73686561646572u;

struct ks_device_header *ks_header_of(PVOID header)
{
    struct ks_device_header *state = header;

    if (state == NULL || state->magic != header_magic)
        ks_not_an_object(header);
    return state;
}

struct ks_device_header *ks_header_of_object(PDEVICE_OBJECT object)
{
    PVOID header = object->DeviceExtension != NULL ? *(PVOID *)object->DeviceExtension : NULL;

    return header != NULL ? ks_header_of(header) : NULL;
}

NTSTATUS NTAPI KsAllocateDeviceHeader(KSDEVICE_HEADER *Header, ULONG ItemsCount,
                                      PKSOBJECT_CREATE_ITEM ItemsList)
{
    struct ks_device_header *header = ks_allocate(sizeof *header);
    NTSTATUS status;

    if (header == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    header->magic = header_magic;
    ks_create_list_init(&header->items);
    ExInitializeResourceLite(&header->security);
    KeInitializeSpinLock(&header->lock);
    InitializeListHead(&header->objects);
    status = ks_create_list_add_all(&header->items, ItemsCount, ItemsList);
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

    ks_create_list_fini(&header->items);
    ks_header_release_bus(header);
    ExDeleteResourceLite(&header->security);
    header->magic = 0;
    ks_free(header);
}

/* ---- Create items ---------------------------------------------------------------------------- */

NTSTATUS NTAPI KsAllocateObjectCreateItem(KSDEVICE_HEADER Header, PKSOBJECT_CREATE_ITEM CreateItem,
                                          BOOLEAN AllocateEntry,
                                          PFNKSITEMFREECALLBACK ItemFreeCallback)
{
    return ks_create_list_add(&ks_header_of(Header)->items, CreateItem, AllocateEntry,
                              ItemFreeCallback);
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
    return ks_create_list_free(&ks_header_of(Header)->items, has_name, CreateItem)
               ? STATUS_SUCCESS
               : STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS NTAPI KsFreeObjectCreateItemsByContext(KSDEVICE_HEADER Header, PVOID Context)
{
    return ks_create_list_free(&ks_header_of(Header)->items, has_context, Context)
               ? STATUS_SUCCESS
               : STATUS_OBJECT_NAME_NOT_FOUND;
}

void ks_header_free_on_stop(struct ks_device_header *header)
{
    ks_create_list_free(&header->items, goes_on_stop, NULL);
}

NTSTATUS NTAPI KsAddObjectCreateItemToDeviceHeader(KSDEVICE_HEADER Header, PDRIVER_DISPATCH Create,
                                                   PVOID Context, PWSTR ObjectClass,
                                                   PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    KSOBJECT_CREATE_ITEM item = {
        .Create = Create, .Context = Context, .SecurityDescriptor = SecurityDescriptor};

    RtlInitUnicodeString(&item.ObjectClass, ObjectClass);
    return ks_create_list_fill(&ks_header_of(Header)->items, &item);
}

BOOLEAN NTAPI KsiQueryObjectCreateItemsPresent(KSDEVICE_HEADER Header)
{
    return !IsListEmpty(&ks_header_of(Header)->items.items);
}

/* ---- Devices around it ----------------------------------------------------------------------- */

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

static CCHAR deepest_target(struct ks_device_header *header)
{
    CCHAR depth = header->pnp_device != NULL ? header->pnp_device->StackSize : 0;
    KIRQL irql;

    KeAcquireSpinLock(&header->lock, &irql);
    for (PLIST_ENTRY link = header->objects.Flink; link != &header->objects; link = link->Flink) {
        struct ks_file *file = CONTAINING_RECORD(link, struct ks_file, header_link);

        if (file->target != NULL && file->target_state == KSTARGET_STATE_ENABLED &&
            file->target->StackSize > depth)
            depth = file->target->StackSize;
    }
    KeReleaseSpinLock(&header->lock, irql);
    return depth;
}

void NTAPI KsRecalculateStackDepth(KSDEVICE_HEADER Header, BOOLEAN ReuseStackLocation)
{
    struct ks_device_header *header = ks_header_of(Header);
    CCHAR depth;

    if (header->base_device == NULL)
        return;
    depth = (CCHAR)(deepest_target(header) + (ReuseStackLocation ? 0 : 1));
    header->base_device->StackSize = depth > 0 ? depth : 1;
}
