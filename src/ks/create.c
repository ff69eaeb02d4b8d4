/* SPDX-License-Identifier: MIT */
/* IRP_MJ_CREATE, CLEANUP and CLOSE. A name without a related file object is a reference string of
 * the device; relative to a filter, a pin or a node it is a class string, a backslash and binary
 * parameters that may hold zero words and are not aligned. KS Filters; KS Pins; KsCreatePin.
 * Creates that come between Start and PostStart wait. */
#include <string.h>

#include "ks/clock.h"
#include "ks/device.h"
#include "ks/filter.h"
#include "ks/header.h"
#include "ks/node.h"
#include "ks/pin.h"
#include "ks/room.h"

/* ---- Names ----------------------------------------------------------------------------------- */

static UNICODE_STRING without_backslash(const UNICODE_STRING *name)
{
    UNICODE_STRING rest = *name;

    if (rest.Length >= sizeof(WCHAR) && rest.Buffer[0] == u'\\') {
        rest.Buffer++;
        rest.Length -= sizeof(WCHAR);
    }
    return rest;
}

struct sub_object {
    UNICODE_STRING class;
    const void *parameters;
    ULONG bytes;
};

static struct sub_object parse_sub_object(const UNICODE_STRING *file_name)
{
    UNICODE_STRING name = without_backslash(file_name);
    struct sub_object parsed = {.class = name};

    for (USHORT at = 0; at < name.Length / sizeof(WCHAR); at++) {
        if (name.Buffer[at] != u'\\')
            continue;
        parsed.class.Length = (USHORT)(at * sizeof(WCHAR));
        parsed.parameters = name.Buffer + at + 1;
        parsed.bytes = name.Length - parsed.class.Length - (ULONG)sizeof(WCHAR);
        break;
    }
    return parsed;
}

static bool is_class(const UNICODE_STRING *class, PCWSTR string)
{
    UNICODE_STRING wanted;

    RtlInitUnicodeString(&wanted, string);
    return RtlEqualUnicodeString((PUNICODE_STRING)(ULONG_PTR) class, &wanted, TRUE);
}

/* ---- Create ---------------------------------------------------------------------------------- */

static NTSTATUS create_under_filter(struct ks_filter *filter, PIRP irp,
                                    const struct sub_object *parsed)
{
    if (is_class(&parsed->class, KSSTRING_Pin))
        return ks_pin_create(filter, irp, parsed->parameters, parsed->bytes);
    if (is_class(&parsed->class, KSSTRING_TopologyNode))
        return ks_node_create(&filter->object, irp, parsed->parameters, parsed->bytes);
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

static NTSTATUS create_under_pin(struct ks_pin *pin, PIRP irp, const struct sub_object *parsed)
{
    if (is_class(&parsed->class, KSSTRING_Clock))
        return ks_clock_create(pin, irp, parsed->parameters, parsed->bytes);
    if (is_class(&parsed->class, KSSTRING_TopologyNode))
        return ks_node_create(&pin->object, irp, parsed->parameters, parsed->bytes);
    /* No allocator is made on demand: requesters ask drivers themselves. */
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

static NTSTATUS create_sub_object(struct ks_file *parent, PIRP irp)
{
    struct sub_object parsed =
        parse_sub_object(&IoGetCurrentIrpStackLocation(irp)->FileObject->FileName);

    if (parent->kind == KS_FILE_FILTER)
        return create_under_filter(ks_filter_of(parent->object->public), irp, &parsed);
    if (parent->kind == KS_FILE_PIN)
        return create_under_pin(ks_pin_of(parent->object->public), irp, &parsed);
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

static NTSTATUS wait_until_started(struct ks_device *device)
{
    if (device->state == KS_DEVICE_STARTING)
        KeWaitForSingleObject(&device->settled, Executive, KernelMode, FALSE, NULL);
    return device->state == KS_DEVICE_STARTED ? STATUS_SUCCESS : STATUS_DEVICE_NOT_READY;
}

/* The create item's own routine completes the IRP. */
static NTSTATUS create_by_item(struct ks_create_list *items, PDEVICE_OBJECT device, PIRP irp)
{
    UNICODE_STRING name =
        without_backslash(&IoGetCurrentIrpStackLocation(irp)->FileObject->FileName);
    PKSOBJECT_CREATE_ITEM item = ks_create_list_find(items, &name);

    if (item == NULL)
        return ks_complete(irp, STATUS_OBJECT_NAME_NOT_FOUND);
    KSCREATE_ITEM_IRP_STORAGE(irp) = item;
    return (NTSTATUS)KE_CALL(item->Create, KE_ARG(device), KE_ARG(irp));
}

NTSTATUS NTAPI ks_dispatch_create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct ks_device_header *header = ks_header_of_object(DeviceObject);
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    struct ks_file *parent = ks_file_of(file->RelatedFileObject);
    NTSTATUS status = STATUS_SUCCESS;

    Irp->IoStatus.Information = 0;
    if (header == NULL)
        return ks_complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    if (header->device != NULL)
        status = wait_until_started(header->device);
    if (!NT_SUCCESS(status))
        return ks_complete(Irp, status);
    if (parent == NULL)
        return create_by_item(&header->items, DeviceObject, Irp);
    if (parent->kind == KS_FILE_FOREIGN)
        return create_by_item(&parent->items, DeviceObject, Irp);
    status = create_sub_object(parent, Irp);
    return status == STATUS_PENDING ? status : ks_complete(Irp, status);
}

/* ---- Cleanup and close ----------------------------------------------------------------------- */

NTSTATUS NTAPI ks_dispatch_cleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct ks_file *file = ks_file_of_irp(Irp);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (file != NULL && file->kind == KS_FILE_PIN)
        ks_pin_cleanup(ks_pin_of(file->object->public));
    return ks_complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS close_file(struct ks_file *file, PIRP irp)
{
    switch (file->kind) {
    case KS_FILE_FILTER:
        return ks_filter_close(ks_filter_of(file->object->public), irp);
    case KS_FILE_PIN:
        return ks_pin_close(ks_pin_of(file->object->public), irp);
    case KS_FILE_NODE:
        ks_node_close(file, irp);
        return STATUS_SUCCESS;
    case KS_FILE_CLOCK:
        ks_clock_close(file, irp);
        return STATUS_SUCCESS;
    case KS_FILE_FOREIGN:
        break;
    }
    return KsDispatchIrp(IoGetCurrentIrpStackLocation(irp)->DeviceObject, irp);
}

NTSTATUS NTAPI ks_dispatch_close(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct ks_file *file = ks_file_of_irp(Irp);
    bool foreign = file != NULL && file->kind == KS_FILE_FOREIGN;
    NTSTATUS status = file != NULL ? close_file(file, Irp) : STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(DeviceObject);
    return foreign || status == STATUS_PENDING ? status : ks_complete(Irp, status);
}
