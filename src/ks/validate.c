/* SPDX-License-Identifier: MIT */
/* Create requests of objects below a filter or a pin, as the drivers see them that make such
 * objects themselves: the file's name is a class string, a backslash and a structure, which is
 * checked and given out aligned. KsValidateConnectRequest; KsValidateAllocatorCreateRequest;
 * KsValidateClockCreateRequest; KsValidateTopologyNodeCreateRequest.
 * UNDOC: how long the structure given out lives. It is the IRP's system buffer, and goes with it;
 * a second check of the same IRP gives the same one.
 * UNDOC: names that are too short for their structure: STATUS_INVALID_PARAMETER. */
#include <string.h>

#include "ks/connect.h"
#include "ks/format.h"
#include "ks/room.h"

enum { PARAMETERS_TAG = 0x6150734b };

/* What stands behind the class string. */
static const UCHAR *find_parameters(const UNICODE_STRING *name, ULONG *bytes)
{
    USHORT at = 0;

    *bytes = 0;
    if (name->Length >= sizeof(WCHAR) && name->Buffer[0] == u'\\')
        at++;
    while (at < name->Length / sizeof(WCHAR) && name->Buffer[at] != u'\\')
        at++;
    if (at >= name->Length / sizeof(WCHAR))
        return NULL;
    *bytes = name->Length - (at + 1u) * (ULONG)sizeof(WCHAR);
    return (const UCHAR *)(name->Buffer + at + 1);
}

/* At least so many bytes, in the IRP's system buffer. */
static NTSTATUS take_parameters(PIRP irp, ULONG least, PVOID *out, ULONG *bytes)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    const UCHAR *parameters = find_parameters(&file->FileName, bytes);
    PVOID copy;

    if (parameters == NULL || *bytes < least)
        return STATUS_INVALID_PARAMETER;
    if (irp->AssociatedIrp.SystemBuffer == NULL) {
        copy = ExAllocatePoolWithTag(NonPagedPool, *bytes, PARAMETERS_TAG);
        if (copy == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        memcpy(copy, parameters, *bytes);
        irp->AssociatedIrp.SystemBuffer = copy;
        irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    }
    *out = irp->AssociatedIrp.SystemBuffer;
    return STATUS_SUCCESS;
}

/* ---- Pins ------------------------------------------------------------------------------------ */

static NTSTATUS check_format(const KSPIN_DESCRIPTOR *descriptor, const KSDATAFORMAT *format,
                             ULONG bytes)
{
    PKSMULTIPLE_ITEM attributes;
    struct ks_range_walk walk;
    NTSTATUS status = ks_format_check(format, bytes, &attributes);

    if (!NT_SUCCESS(status))
        return status;
    ks_range_walk_begin(&walk, descriptor);
    while (ks_range_walk_next(&walk)) {
        if (ks_range_matches(walk.range, format) &&
            ks_attributes_match(walk.attributes, attributes))
            return STATUS_SUCCESS;
    }
    return STATUS_NO_MATCH;
}

NTSTATUS NTAPI KsValidateConnectRequest(PIRP Irp, ULONG DescriptorsCount,
                                        const KSPIN_DESCRIPTOR *Descriptor, PKSPIN_CONNECT *Connect)
{
    PKSPIN_CONNECT connect;
    ULONG bytes;
    NTSTATUS status =
        take_parameters(Irp, sizeof *connect + sizeof(KSDATAFORMAT), (PVOID *)&connect, &bytes);

    if (!NT_SUCCESS(status))
        return status;
    if (connect->PinId >= DescriptorsCount)
        return STATUS_INVALID_PARAMETER;
    status = ks_connect_check(&Descriptor[connect->PinId], connect);
    if (NT_SUCCESS(status))
        status = check_format(&Descriptor[connect->PinId],
                              (const KSDATAFORMAT *)(const void *)(connect + 1),
                              bytes - (ULONG)sizeof *connect);
    if (NT_SUCCESS(status))
        *Connect = connect;
    return status;
}

/* ---- Allocators, clocks, nodes --------------------------------------------------------------- */

/* FileAlignment is a mask, of one page at most. */
static bool is_alignment(ULONG mask)
{
    return (mask & (mask + 1)) == 0 && mask < PAGE_SIZE;
}

NTSTATUS NTAPI KsValidateAllocatorCreateRequest(PIRP Irp, PKSALLOCATOR_FRAMING *AllocatorFraming)
{
    PKSALLOCATOR_FRAMING framing;
    ULONG bytes;
    NTSTATUS status = take_parameters(Irp, sizeof *framing, (PVOID *)&framing, &bytes);

    if (!NT_SUCCESS(status))
        return status;
    if ((framing->OptionsFlags & ~(ULONG)KSALLOCATOR_OPTIONF_VALID) != 0 || framing->Frames == 0 ||
        framing->FrameSize == 0 || !is_alignment(framing->FileAlignment))
        return STATUS_INVALID_PARAMETER;
    *AllocatorFraming = framing;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KsValidateClockCreateRequest(PIRP Irp, PKSCLOCK_CREATE *ClockCreate)
{
    PKSCLOCK_CREATE create;
    ULONG bytes;
    NTSTATUS status = take_parameters(Irp, sizeof *create, (PVOID *)&create, &bytes);

    if (!NT_SUCCESS(status))
        return status;
    if (create->CreateFlags != 0)
        return STATUS_INVALID_PARAMETER;
    *ClockCreate = create;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KsValidateTopologyNodeCreateRequest(PIRP Irp, PKSTOPOLOGY Topology,
                                                   PKSNODE_CREATE *NodeCreate)
{
    PKSNODE_CREATE create;
    ULONG bytes;
    NTSTATUS status = take_parameters(Irp, sizeof *create, (PVOID *)&create, &bytes);

    if (!NT_SUCCESS(status))
        return status;
    if (create->CreateFlags != 0 || create->Node >= Topology->TopologyNodesCount)
        return STATUS_INVALID_PARAMETER;
    *NodeCreate = create;
    return STATUS_SUCCESS;
}
