/* SPDX-License-Identifier: MIT */
/* A filter factory makes filters: it holds the descriptor, stands under a reference string in the
 * device header, and has a device interface for each category of the descriptor. The string is the
 * descriptor's ReferenceGuid in braces unless the driver gives another. KsCreateFilterFactory;
 * KsFilterFactorySetDeviceClassesState; KSFILTER_DESCRIPTOR.
 * Interfaces of factories made before PostStart are enabled after it (pnp.c); a later one is
 * enabled by its driver. Left out: the registry cache of mediums and pins behind
 * KsFilterFactoryUpdateCacheData. */
#include "ks/factory.h"

#include <string.h>

#include "base/fatal.h"
#include "ks/device.h"
#include "ks/filter.h"
#include "ks/room.h"

static const uint64_t factory_magic = 0x6b73666163747279u;

struct ks_factory *ks_factory_of(PKSFILTERFACTORY factory)
{
    struct ks_factory *state = (struct ks_factory *)factory;

    if (state == NULL || state->magic != factory_magic)
        ks_not_an_object(factory);
    return state;
}

/* ---- Interfaces ------------------------------------------------------------------------------ */

static void free_interfaces(struct ks_factory *factory)
{
    for (ULONG i = 0; i < factory->interface_count; i++)
        RtlFreeUnicodeString(&factory->interfaces[i]);
    ks_free(factory->interfaces);
    factory->interfaces = NULL;
    factory->interface_count = 0;
}

static NTSTATUS register_interfaces(struct ks_factory *factory, PUNICODE_STRING reference)
{
    const KSFILTER_DESCRIPTOR *descriptor = factory->public.FilterDescriptor;
    PDEVICE_OBJECT physical = factory->object.device->public.PhysicalDeviceObject;
    NTSTATUS status = STATUS_SUCCESS;

    if (descriptor->CategoriesCount == 0)
        return STATUS_SUCCESS;
    factory->interfaces = ks_allocate(descriptor->CategoriesCount * sizeof factory->interfaces[0]);
    if (factory->interfaces == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < descriptor->CategoriesCount && NT_SUCCESS(status); i++) {
        status = IoRegisterDeviceInterface(physical, &descriptor->Categories[i], reference,
                                           &factory->interfaces[i]);
        if (NT_SUCCESS(status))
            factory->interface_count++;
    }
    return status;
}

NTSTATUS NTAPI KsFilterFactorySetDeviceClassesState(PKSFILTERFACTORY FilterFactory,
                                                    BOOLEAN NewState)
{
    struct ks_factory *factory = ks_factory_of(FilterFactory);
    NTSTATUS status = STATUS_SUCCESS;

    for (ULONG i = 0; i < factory->interface_count; i++) {
        NTSTATUS one = IoSetDeviceInterfaceState(&factory->interfaces[i], NewState);

        if (!NT_SUCCESS(one))
            status = one;
    }
    return status;
}

void ks_factories_set_state(struct ks_device *device, BOOLEAN enable)
{
    PLIST_ENTRY head = &device->object.children;

    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink)
        KsFilterFactorySetDeviceClassesState(
            CONTAINING_RECORD(link, struct ks_object, sibling)->public, enable);
}

PUNICODE_STRING NTAPI KsFilterFactoryGetSymbolicLink(PKSFILTERFACTORY FilterFactory)
{
    struct ks_factory *factory = ks_factory_of(FilterFactory);

    return factory->interface_count != 0 ? &factory->interfaces[0] : NULL;
}

/* ---- Making and ending ----------------------------------------------------------------------- */

static void free_factory(struct ks_factory *factory)
{
    ks_object_fini(&factory->object);
    free_interfaces(factory);
    factory->magic = 0;
    ks_free(factory);
}

/* A create item of the factory is going; the last one takes the factory along. */
static void NTAPI item_freed(PKSOBJECT_CREATE_ITEM CreateItem)
{
    struct ks_factory *factory = ks_factory_of(CreateItem->Context);

    if (--factory->create_items != 0)
        return;
    KsFilterFactorySetDeviceClassesState(&factory->public, FALSE);
    free_factory(factory);
}

static NTSTATUS add_create_item(struct ks_factory *factory, const UNICODE_STRING *name,
                                PSECURITY_DESCRIPTOR security, ULONG flags)
{
    KSOBJECT_CREATE_ITEM item = {
        .Create = KS_ROUTINE(ks_filter_dispatch_create),
        .Context = &factory->public,
        .ObjectClass = *name,
        .SecurityDescriptor = security,
        .Flags = flags,
    };
    NTSTATUS status = KsAllocateObjectCreateItem(factory->object.device->header, &item, TRUE,
                                                 KS_ROUTINE(item_freed));

    if (NT_SUCCESS(status))
        factory->create_items++;
    return status;
}

/* UNDOC: KSFILTER_FLAG_PRIORITIZE_REFERENCEGUID. The GUID names the factory even where a string is
 * given: Microsoft's camera sample gives strings, and its INF knows the GUIDs only. */
static NTSTATUS reference_string(const KSFILTER_DESCRIPTOR *descriptor, PWSTR given,
                                 PUNICODE_STRING out)
{
    static const GUID no_guid;
    const GUID *guid = descriptor->ReferenceGuid != NULL ? descriptor->ReferenceGuid : &no_guid;
    bool guid_first = descriptor->ReferenceGuid != NULL &&
                      (descriptor->Flags & KSFILTER_FLAG_PRIORITIZE_REFERENCEGUID) != 0;
    UNICODE_STRING string;

    if (given == NULL || guid_first)
        return RtlStringFromGUID(guid, out);
    RtlInitUnicodeString(&string, given);
    out->Buffer = ExAllocatePoolWithTag(PagedPool, string.MaximumLength, 0x7452734b);
    if (out->Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(out->Buffer, string.Buffer, string.MaximumLength);
    out->Length = string.Length;
    out->MaximumLength = string.MaximumLength;
    return STATUS_SUCCESS;
}

static NTSTATUS check_descriptor(const KSFILTER_DESCRIPTOR *descriptor)
{
    if (descriptor->Version != KSFILTER_DESCRIPTOR_VERSION)
        return STATUS_INVALID_PARAMETER;
    if (descriptor->PinDescriptorsCount != 0 &&
        (descriptor->PinDescriptorSize < sizeof(KSPIN_DESCRIPTOR_EX) ||
         descriptor->PinDescriptorSize % 8 != 0))
        return STATUS_INVALID_PARAMETER;
    if (descriptor->NodeDescriptorsCount != 0 &&
        (descriptor->NodeDescriptorSize < sizeof(KSNODE_DESCRIPTOR) ||
         descriptor->NodeDescriptorSize % 8 != 0))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static NTSTATUS set_up_factory(struct ks_factory *factory, PWSTR given,
                               PSECURITY_DESCRIPTOR security, ULONG flags)
{
    UNICODE_STRING reference = {0};
    NTSTATUS status = reference_string(factory->public.FilterDescriptor, given, &reference);

    if (!NT_SUCCESS(status))
        return status;
    status = register_interfaces(factory, &reference);
    if (NT_SUCCESS(status))
        status = add_create_item(factory, &reference, security, flags);
    RtlFreeUnicodeString(&reference);
    return status;
}

NTSTATUS NTAPI KsCreateFilterFactory(PDEVICE_OBJECT DeviceObject,
                                     const KSFILTER_DESCRIPTOR *Descriptor, PWSTR RefString,
                                     PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG CreateItemFlags,
                                     PFNKSFILTERFACTORYPOWER SleepCallback,
                                     PFNKSFILTERFACTORYPOWER WakeCallback,
                                     PKSFILTERFACTORY *FilterFactory)
{
    struct ks_device *device = ks_device_of_object(DeviceObject);
    struct ks_factory *factory;
    NTSTATUS status = check_descriptor(Descriptor);

    if (!NT_SUCCESS(status))
        return status;
    if (device == NULL)
        return STATUS_INVALID_PARAMETER;
    factory = ks_allocate(sizeof *factory);
    if (factory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    factory->magic = factory_magic;
    factory->public.FilterDescriptor = Descriptor;
    factory->sleep = SleepCallback;
    factory->wake = WakeCallback;
    ks_object_init(&factory->object, KsObjectTypeFilterFactory, &factory->public, device,
                   &device->object);
    status = set_up_factory(factory, RefString, SecurityDescriptor, CreateItemFlags);
    if (!NT_SUCCESS(status)) {
        free_factory(factory);
        return status;
    }
    if (FilterFactory != NULL)
        *FilterFactory = &factory->public;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KsFilterFactoryAddCreateItem(PKSFILTERFACTORY FilterFactory, PWSTR RefString,
                                            PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            ULONG CreateItemFlags)
{
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, RefString);
    return add_create_item(ks_factory_of(FilterFactory), &name, SecurityDescriptor,
                           CreateItemFlags);
}

void ks_factories_destroy(struct ks_device *device)
{
    PLIST_ENTRY head = &device->object.children;

    while (!IsListEmpty(head)) {
        struct ks_object *factory = CONTAINING_RECORD(head->Flink, struct ks_object, sibling);
        NTSTATUS status = KsFreeObjectCreateItemsByContext(device->header, factory->public);

        weir_assert(NT_SUCCESS(status)); /* a factory without a name is gone already */
    }
}
