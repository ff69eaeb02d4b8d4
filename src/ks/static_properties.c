/* SPDX-License-Identifier: MIT */
/* Pins and topology as their descriptors tell of them: what AVStream answers for its filters, and
 * what KsPinPropertyHandler and KsTopologyPropertyHandler answer for drivers that keep tables of
 * their own. KSPROPSETID_Pin and KSPROPSETID_Topology with the pages of their properties.
 * UNDOC: the name of a pin or node whose GUID the registry does not know. We have no such registry
 * and print the GUID.
 * UNDOC: properties that the two functions do not handle. STATUS_NOT_FOUND. */
#include "ks/static_properties.h"

#include <string.h>

#include "ks/connect.h"
#include "ks/exchange.h"
#include "ks/format.h"
#include "ks/room.h"

NTSTATUS ks_answer_name(PIRP irp, const GUID *guid)
{
    UNICODE_STRING name;
    NTSTATUS status;

    if (guid == NULL)
        return STATUS_NOT_FOUND;
    status = RtlStringFromGUID(guid, &name);
    if (!NT_SUCCESS(status))
        return status;
    status = ks_answer(irp, name.Buffer, name.Length + (ULONG)sizeof(WCHAR));
    RtlFreeUnicodeString(&name);
    return status;
}

/* ---- Data ranges: items of different lengths, each 8-aligned, attributes as items of their own */

static ULONG attributes_bytes(const KSATTRIBUTE_LIST *attributes)
{
    ULONG bytes = sizeof(KSMULTIPLE_ITEM);

    for (ULONG i = 0; i < attributes->Count; i++)
        bytes += (ULONG)ALIGN_UP_BY(attributes->Attributes[i]->Size, 8);
    return bytes;
}

static UCHAR *write_attributes(UCHAR *at, const KSATTRIBUTE_LIST *attributes)
{
    KSMULTIPLE_ITEM head = {.Size = attributes_bytes(attributes), .Count = attributes->Count};
    UCHAR *item = at + sizeof head;

    memcpy(at, &head, sizeof head);
    for (ULONG i = 0; i < attributes->Count; i++) {
        memcpy(item, attributes->Attributes[i], attributes->Attributes[i]->Size);
        item += ALIGN_UP_BY(attributes->Attributes[i]->Size, 8);
    }
    return at + head.Size;
}

static KSMULTIPLE_ITEM measure_ranges(const KSPIN_DESCRIPTOR *descriptor)
{
    KSMULTIPLE_ITEM head = {.Size = sizeof head};
    struct ks_range_walk walk;

    ks_range_walk_begin(&walk, descriptor);
    while (ks_range_walk_next(&walk)) {
        head.Size += (ULONG)ALIGN_UP_BY(walk.range->FormatSize, 8);
        head.Count++;
        if (walk.attributes == NULL)
            continue;
        head.Size += (ULONG)ALIGN_UP_BY(attributes_bytes(walk.attributes), 8);
        head.Count++;
    }
    return head;
}

static void write_ranges(const KSPIN_DESCRIPTOR *descriptor, UCHAR *at)
{
    struct ks_range_walk walk;

    ks_range_walk_begin(&walk, descriptor);
    while (ks_range_walk_next(&walk)) {
        memcpy(at, walk.range, walk.range->FormatSize);
        at += ALIGN_UP_BY(walk.range->FormatSize, 8);
        if (walk.attributes != NULL)
            at = write_attributes(at, walk.attributes);
    }
}

static NTSTATUS answer_ranges(PIRP irp, const KSPIN_DESCRIPTOR *descriptor)
{
    ULONG room = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;
    KSMULTIPLE_ITEM head = measure_ranges(descriptor);

    if (room == sizeof(ULONG))
        return ks_answer(irp, &head.Size, sizeof head.Size);
    if (room == sizeof head)
        return ks_answer(irp, &head, sizeof head);
    if (room < head.Size)
        return ks_answer_size(irp, head.Size);
    memcpy(irp->AssociatedIrp.SystemBuffer, &head, sizeof head);
    write_ranges(descriptor, (UCHAR *)irp->AssociatedIrp.SystemBuffer + sizeof head);
    irp->IoStatus.Information = head.Size;
    return STATUS_SUCCESS;
}

/* ---- Pins ------------------------------------------------------------------------------------ */

/* A list, or its one default. */
static NTSTATUS answer_list(PIRP irp, ULONG count, const KSIDENTIFIER *list,
                            const KSIDENTIFIER *fallback)
{
    return KsHandleSizedListQuery(irp, count != 0 ? count : 1, sizeof *list,
                                  count != 0 ? list : fallback);
}

static NTSTATUS answer_category(PIRP irp, const KSPIN_DESCRIPTOR *descriptor)
{
    return descriptor->Category != NULL ? ks_answer(irp, descriptor->Category, sizeof(GUID))
                                        : STATUS_NOT_FOUND;
}

NTSTATUS ks_static_pin_property(PIRP irp, ULONG id, const KSPIN_DESCRIPTOR *descriptor)
{
    switch (id) {
    case KSPROPERTY_PIN_DATAFLOW:
        return ks_answer(irp, &descriptor->DataFlow, sizeof descriptor->DataFlow);
    case KSPROPERTY_PIN_DATARANGES:
        return answer_ranges(irp, descriptor);
    case KSPROPERTY_PIN_CONSTRAINEDDATARANGES:
        return descriptor->ConstrainedDataRangesCount != 0 ? answer_ranges(irp, descriptor)
                                                           : STATUS_NOT_FOUND;
    case KSPROPERTY_PIN_INTERFACES:
        return answer_list(irp, descriptor->InterfacesCount, descriptor->Interfaces,
                           &ks_default_interface);
    case KSPROPERTY_PIN_MEDIUMS:
        return answer_list(irp, descriptor->MediumsCount, descriptor->Mediums, &ks_default_medium);
    case KSPROPERTY_PIN_COMMUNICATION:
        return ks_answer(irp, &descriptor->Communication, sizeof descriptor->Communication);
    case KSPROPERTY_PIN_CATEGORY:
        return answer_category(irp, descriptor);
    case KSPROPERTY_PIN_NAME:
        return ks_answer_name(irp, descriptor->Name != NULL ? descriptor->Name
                                                            : descriptor->Category);
    default:
        return STATUS_NOT_FOUND;
    }
}

NTSTATUS NTAPI KsPinPropertyHandler(PIRP Irp, PKSPROPERTY Property, PVOID Data,
                                    ULONG DescriptorsCount, const KSPIN_DESCRIPTOR *Descriptor)
{
    ULONG pin;

    UNREFERENCED_PARAMETER(Data); /* the system buffer, as handlers get it */
    Irp->IoStatus.Information = 0;
    if (Property->Id == KSPROPERTY_PIN_CTYPES)
        return ks_answer(Irp, &DescriptorsCount, sizeof DescriptorsCount);
    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.InputBufferLength <
        sizeof(KSP_PIN))
        return STATUS_INVALID_BUFFER_SIZE;
    pin = ((PKSP_PIN)(void *)Property)->PinId;
    if (pin >= DescriptorsCount)
        return STATUS_INVALID_PARAMETER;
    return ks_static_pin_property(Irp, Property->Id, &Descriptor[pin]);
}

/* ---- Topology -------------------------------------------------------------------------------- */

static NTSTATUS answer_node_name(PIRP irp, const KSP_NODE *request, const KSTOPOLOGY *topology)
{
    ULONG node = request->NodeId;

    if (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.InputBufferLength <
        sizeof *request)
        return STATUS_INVALID_BUFFER_SIZE;
    if (node >= topology->TopologyNodesCount)
        return STATUS_INVALID_PARAMETER;
    return ks_answer_name(irp, topology->TopologyNodesNames != NULL
                                   ? &topology->TopologyNodesNames[node]
                                   : &topology->TopologyNodes[node]);
}

NTSTATUS NTAPI KsTopologyPropertyHandler(PIRP Irp, PKSPROPERTY Property, PVOID Data,
                                         const KSTOPOLOGY *Topology)
{
    UNREFERENCED_PARAMETER(Data);
    Irp->IoStatus.Information = 0;
    switch (Property->Id) {
    case KSPROPERTY_TOPOLOGY_CATEGORIES:
        return KsHandleSizedListQuery(Irp, Topology->CategoriesCount, sizeof(GUID),
                                      Topology->Categories);
    case KSPROPERTY_TOPOLOGY_NODES:
        return KsHandleSizedListQuery(Irp, Topology->TopologyNodesCount, sizeof(GUID),
                                      Topology->TopologyNodes);
    case KSPROPERTY_TOPOLOGY_CONNECTIONS:
        return KsHandleSizedListQuery(Irp, Topology->TopologyConnectionsCount,
                                      sizeof(KSTOPOLOGY_CONNECTION),
                                      Topology->TopologyConnections);
    case KSPROPERTY_TOPOLOGY_NAME:
        return answer_node_name(Irp, (const KSP_NODE *)(const void *)Property, Topology);
    default:
        return STATUS_NOT_FOUND;
    }
}
