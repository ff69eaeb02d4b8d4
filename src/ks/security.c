/* SPDX-License-Identifier: MIT */
/* Security descriptors of objects: each create item may carry one, which its objects share, and the
 * device header has a lock for all of them. KsDispatchQuerySecurity; KsDispatchSetSecurity;
 * KsCreateDefaultSecurity; KsAcquireDeviceSecurityLock. Descriptors are kept, not enforced.
 * UNDOC: where a changed descriptor is kept beyond the device. The flag SECURITYCHANGED says that
 * its owner should. */
#include "ks/device.h"
#include "ks/file.h"
#include "ks/room.h"
#include "ks/user.h"

enum { ANSWER_TAG = 0x6553734b };

void NTAPI KsAcquireDeviceSecurityLock(KSDEVICE_HEADER Header, BOOLEAN Exclusive)
{
    struct ks_device_header *header = ks_header_of(Header);

    KeEnterCriticalRegion();
    if (Exclusive)
        ExAcquireResourceExclusiveLite(&header->security, TRUE);
    else
        ExAcquireResourceSharedLite(&header->security, TRUE);
}

void NTAPI KsReleaseDeviceSecurityLock(KSDEVICE_HEADER Header)
{
    ExReleaseResourceLite(&ks_header_of(Header)->security);
    KeLeaveCriticalRegion();
}

/* What generic rights to a file stand for. */
static GENERIC_MAPPING mapping(void)
{
    return (GENERIC_MAPPING){.GenericRead = FILE_GENERIC_READ,
                             .GenericWrite = FILE_GENERIC_WRITE,
                             .GenericExecute = FILE_GENERIC_EXECUTE,
                             .GenericAll = FILE_ALL_ACCESS};
}

NTSTATUS NTAPI KsCreateDefaultSecurity(PSECURITY_DESCRIPTOR ParentSecurity,
                                       PSECURITY_DESCRIPTOR *DefaultSecurity)
{
    GENERIC_MAPPING rights = mapping();

    return SeAssignSecurity(ParentSecurity, NULL, DefaultSecurity, FALSE, NULL, &rights, PagedPool);
}

/* ---- Requests -------------------------------------------------------------------------------- */

/* The create item of the request's file, if it has a descriptor. */
static PKSOBJECT_CREATE_ITEM secured_item(PIRP irp)
{
    struct ks_file *file = ks_file_of_irp(irp);

    return file != NULL && file->create_item != NULL &&
                   file->create_item->SecurityDescriptor != NULL
               ? file->create_item
               : NULL;
}

static NTSTATUS query(PKSOBJECT_CREATE_ITEM item, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG bytes = stack->Parameters.QuerySecurity.Length;
    PVOID answer = ExAllocatePoolWithTag(PagedPool, bytes != 0 ? bytes : 1, ANSWER_TAG);
    NTSTATUS status;

    if (answer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = SeQuerySecurityDescriptorInfo(&stack->Parameters.QuerySecurity.SecurityInformation,
                                           answer, &bytes, &item->SecurityDescriptor);
    irp->IoStatus.Information = bytes;
    if (NT_SUCCESS(status))
        status = ks_user_write(irp->RequestorMode, irp->UserBuffer, answer, bytes);
    ExFreePoolWithTag(answer, ANSWER_TAG);
    return status;
}

static NTSTATUS set(PKSOBJECT_CREATE_ITEM item, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PSECURITY_DESCRIPTOR old = item->SecurityDescriptor;
    GENERIC_MAPPING rights = mapping();
    NTSTATUS status = SeSetSecurityDescriptorInfo(
        stack->FileObject, &stack->Parameters.SetSecurity.SecurityInformation,
        stack->Parameters.SetSecurity.SecurityDescriptor, &item->SecurityDescriptor, PagedPool,
        &rights);

    irp->IoStatus.Information = 0;
    if (!NT_SUCCESS(status))
        return status;
    ExFreePool(old);
    item->Flags |= KSCREATE_ITEM_SECURITYCHANGED;
    return status;
}

static NTSTATUS serve(PDEVICE_OBJECT device, PIRP irp, bool exclusive,
                      NTSTATUS (*handler)(PKSOBJECT_CREATE_ITEM item, PIRP irp))
{
    PKSOBJECT_CREATE_ITEM item = secured_item(irp);
    struct ks_device_header *header;
    NTSTATUS status;

    if (item == NULL)
        return ks_complete(irp, STATUS_NO_SECURITY_ON_OBJECT);
    header = ks_header_of_object(device);
    KsAcquireDeviceSecurityLock(header, exclusive);
    status = handler(item, irp);
    KsReleaseDeviceSecurityLock(header);
    return ks_complete(irp, status);
}

NTSTATUS NTAPI KsDispatchQuerySecurity(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return serve(DeviceObject, Irp, false, query);
}

NTSTATUS NTAPI KsDispatchSetSecurity(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return serve(DeviceObject, Irp, true, set);
}
