/* SPDX-License-Identifier: MIT */
/* Opening a factory's name makes a filter: object and file context exist before the driver's Create
 * callback runs, which may pend the IRP. Closing the file frees the file's events, calls Close, and
 * ends the object. Initializing an AVStream Minidriver; KSFILTER_DISPATCH. The callback page says
 * the device mutex is held in Create and Close, the mutex page says the filter control mutex: we
 * hold both, in this order. */
#include "ks/filter.h"

#include "ks/device.h"
#include "ks/factory.h"
#include "ks/pending.h"
#include "ks/room.h"
#include "ks/splitter.h"

static const uint64_t filter_magic = 0x6b7366696c746572u;

struct ks_filter *ks_filter_of(PKSFILTER filter)
{
    struct ks_filter *state = (struct ks_filter *)filter;

    if (state == NULL || state->magic != filter_magic)
        ks_not_an_object(filter);
    return state;
}

const KSPIN_DESCRIPTOR_EX *ks_filter_pin_descriptor(const struct ks_filter *filter, ULONG pin_id)
{
    const KSFILTER_DESCRIPTOR *descriptor = filter->public.Descriptor;

    if (pin_id >= descriptor->PinDescriptorsCount)
        return NULL;
    return (const KSPIN_DESCRIPTOR_EX *)(const void *)((const UCHAR *)descriptor->PinDescriptors +
                                                       (SIZE_T)pin_id *
                                                           descriptor->PinDescriptorSize);
}

const KSNODE_DESCRIPTOR *ks_filter_node_descriptor(const struct ks_filter *filter, ULONG node_id)
{
    const KSFILTER_DESCRIPTOR *descriptor = filter->public.Descriptor;

    if (node_id >= descriptor->NodeDescriptorsCount)
        return NULL;
    return (const KSNODE_DESCRIPTOR *)(const void *)((const UCHAR *)descriptor->NodeDescriptors +
                                                     (SIZE_T)node_id *
                                                         descriptor->NodeDescriptorSize);
}

/* ---- Create ---------------------------------------------------------------------------------- */

static void free_filter(struct ks_filter *filter)
{
    ks_processor_fini(&filter->processor);
    ks_filter_process_fini(filter);
    ks_file_fini(&filter->file);
    ks_object_fini(&filter->object);
    filter->magic = 0;
    ks_free(filter);
}

static NTSTATUS allocate_filter(struct ks_factory *factory, PIRP irp, struct ks_filter **out)
{
    const KSFILTER_DESCRIPTOR *descriptor = factory->public.FilterDescriptor;
    struct ks_device *device = factory->object.device;
    struct ks_filter *filter = ks_allocate(sizeof *filter);
    NTSTATUS status;

    if (filter == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    filter->magic = filter_magic;
    filter->public.Descriptor = descriptor;
    filter->factory = factory;
    filter->file_object = IoGetCurrentIrpStackLocation(irp)->FileObject;
    filter->filter_centric = descriptor->Dispatch != NULL && descriptor->Dispatch->Process != NULL;
    ks_mutex_init(&filter->control, KS_MUTEX_CONTROL);
    ks_filter_process_init(filter);
    ks_splitter_init(filter);
    ks_object_init(&filter->object, KsObjectTypeFilter, &filter->public, device, &factory->object);
    ks_file_init(&filter->file, KS_FILE_FILTER, &filter->object, irp);
    status = ks_processor_init(&filter->processor, device->public.FunctionalDeviceObject, NULL,
                               filter, descriptor->Flags);
    if (!NT_SUCCESS(status)) {
        filter->file_object->FsContext = NULL;
        free_filter(filter);
        return status;
    }
    *out = filter;
    return STATUS_SUCCESS;
}

static NTSTATUS call_create(struct ks_filter *filter, PIRP irp)
{
    const KSFILTER_DISPATCH *dispatch = filter->public.Descriptor->Dispatch;
    NTSTATUS status = STATUS_SUCCESS;

    ks_mutex_acquire(&filter->control);
    if (dispatch != NULL && dispatch->Create != NULL)
        status = ks_pending_check(
            irp, (NTSTATUS)KE_CALL(dispatch->Create, KE_ARG(&filter->public), KE_ARG(irp)));
    ks_mutex_release(&filter->control);
    return status;
}

void ks_filter_create_finished(struct ks_filter *filter, NTSTATUS status)
{
    if (!NT_SUCCESS(status))
        ks_filter_close_finished(filter);
}

static NTSTATUS create_in_factory(struct ks_factory *factory, PIRP irp)
{
    struct ks_device *device = factory->object.device;
    struct ks_filter *filter;
    NTSTATUS status;

    if (irp->RequestorMode != KernelMode &&
        (factory->public.FilterDescriptor->Flags & KSFILTER_FLAG_DENY_USERMODE_ACCESS) != 0)
        return STATUS_ACCESS_DENIED;
    KsAcquireDevice(&device->public);
    status = allocate_filter(factory, irp, &filter);
    if (NT_SUCCESS(status)) {
        status = call_create(filter, irp);
        if (!NT_SUCCESS(status)) {
            filter->file_object->FsContext = NULL;
            free_filter(filter);
        }
    }
    KsReleaseDevice(&device->public);
    return status;
}

NTSTATUS NTAPI ks_filter_dispatch_create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PKSOBJECT_CREATE_ITEM item = KSCREATE_ITEM_IRP_STORAGE(Irp);
    NTSTATUS status = create_in_factory(ks_factory_of(item->Context), Irp);

    UNREFERENCED_PARAMETER(DeviceObject);
    return status == STATUS_PENDING ? status : ks_complete(Irp, status);
}

/* ---- Close ----------------------------------------------------------------------------------- */

static NTSTATUS call_close(struct ks_filter *filter, PIRP irp)
{
    const KSFILTER_DISPATCH *dispatch = filter->public.Descriptor->Dispatch;
    NTSTATUS status = STATUS_SUCCESS;

    ks_mutex_acquire(&filter->control);
    if (dispatch != NULL && dispatch->Close != NULL)
        status = ks_pending_check(
            irp, (NTSTATUS)KE_CALL(dispatch->Close, KE_ARG(&filter->public), KE_ARG(irp)));
    ks_mutex_release(&filter->control);
    return status;
}

void ks_filter_close_finished(struct ks_filter *filter)
{
    struct ks_device *device = filter->object.device;

    filter->file_object->FsContext = NULL;
    KsAcquireDevice(&device->public);
    free_filter(filter);
    KsReleaseDevice(&device->public);
}

NTSTATUS ks_filter_close(struct ks_filter *filter, PIRP irp)
{
    struct ks_device *device = filter->object.device;
    NTSTATUS status;

    ks_events_free(&filter->object.events, NULL);
    KsAcquireDevice(&device->public);
    status = call_close(filter, irp);
    KsReleaseDevice(&device->public);
    if (status != STATUS_PENDING)
        ks_filter_close_finished(filter);
    return status;
}

void ks_filter_call_reset(struct ks_filter *filter)
{
    const KSFILTER_DISPATCH *dispatch = filter->public.Descriptor->Dispatch;

    if (dispatch->Reset != NULL)
        KE_CALL(dispatch->Reset, KE_ARG(&filter->public));
}
