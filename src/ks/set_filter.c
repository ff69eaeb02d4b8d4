/* SPDX-License-Identifier: MIT */
/* What every filter answers: KSPROPSETID_General, KSPROPSETID_Pin and KSPROPSETID_Topology, from
 * the filter's descriptor as it is at the moment of asking. KSPROPSETID_Pin and the pages of its
 * properties; KSPROPSETID_Topology. A pin id beyond the descriptor gives STATUS_INVALID_PARAMETER.
 * UNDOC: the name of a pin or node whose GUID the registry does not know. We have no such registry
 * and print the GUID. */
#include <string.h>

#include "ks/automation.h"
#include "ks/connect.h"
#include "ks/exchange.h"
#include "ks/filter.h"
#include "ks/format.h"
#include "ks/handlers.h"
#include "ks/room.h"

static struct ks_filter *filter_of(PIRP irp)
{
    return ks_filter_of(KsGetFilterFromIrp(irp));
}

/* The pin type the request names. */
static const KSPIN_DESCRIPTOR_EX *type_of(PIRP irp, PKSIDENTIFIER request)
{
    return ks_filter_pin_descriptor(filter_of(irp), ((PKSP_PIN)(void *)request)->PinId);
}

/* ---- KSPROPSETID_General --------------------------------------------------------------------- */

static NTSTATUS NTAPI get_component_id(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSCOMPONENTID *id = filter_of(Irp)->public.Descriptor->ComponentId;

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    return id != NULL ? ks_answer(Irp, id, sizeof *id) : STATUS_NOT_FOUND;
}

/* ---- KSPROPSETID_Pin ------------------------------------------------------------------------- */

static NTSTATUS NTAPI get_instances(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSPIN_DESCRIPTOR_EX *type = type_of(Irp, Request);
    struct ks_filter *filter = filter_of(Irp);
    KSPIN_CINSTANCES instances;

    UNREFERENCED_PARAMETER(Data);
    if (type == NULL)
        return STATUS_INVALID_PARAMETER;
    ks_mutex_acquire(&filter->control);
    instances.PossibleCount = type->InstancesPossible;
    instances.CurrentCount =
        KsFilterGetChildPinCount(&filter->public, ((PKSP_PIN)(void *)Request)->PinId);
    ks_mutex_release(&filter->control);
    return ks_answer(Irp, &instances, sizeof instances);
}

/* Instances over all filters of the factory. */
static NTSTATUS NTAPI get_global_instances(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSPIN_DESCRIPTOR_EX *type = type_of(Irp, Request);
    struct ks_filter *filter = filter_of(Irp);
    KSPIN_CINSTANCES instances = {0};

    UNREFERENCED_PARAMETER(Data);
    if (type == NULL)
        return STATUS_INVALID_PARAMETER;
    instances.PossibleCount = type->InstancesPossible;
    KsAcquireDevice(KsGetDevice(&filter->public));
    for (PVOID each = KsGetFirstChild(KsGetParent(&filter->public)); each != NULL;
         each = KsGetNextSibling(each))
        instances.CurrentCount +=
            KsFilterGetChildPinCount(each, ((PKSP_PIN)(void *)Request)->PinId);
    KsReleaseDevice(KsGetDevice(&filter->public));
    return ks_answer(Irp, &instances, sizeof instances);
}

static NTSTATUS NTAPI get_types(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    ULONG count = filter_of(Irp)->public.Descriptor->PinDescriptorsCount;

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    return ks_answer(Irp, &count, sizeof count);
}

static NTSTATUS NTAPI get_data_flow(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSPIN_DESCRIPTOR_EX *type = type_of(Irp, Request);

    UNREFERENCED_PARAMETER(Data);
    if (type == NULL)
        return STATUS_INVALID_PARAMETER;
    return ks_answer(Irp, &type->PinDescriptor.DataFlow, sizeof type->PinDescriptor.DataFlow);
}

static NTSTATUS NTAPI get_communication(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSPIN_DESCRIPTOR_EX *type = type_of(Irp, Request);

    UNREFERENCED_PARAMETER(Data);
    if (type == NULL)
        return STATUS_INVALID_PARAMETER;
    return ks_answer(Irp, &type->PinDescriptor.Communication,
                     sizeof type->PinDescriptor.Communication);
}

static NTSTATUS NTAPI get_necessary(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSPIN_DESCRIPTOR_EX *type = type_of(Irp, Request);

    UNREFERENCED_PARAMETER(Data);
    if (type == NULL)
        return STATUS_INVALID_PARAMETER;
    return ks_answer(Irp, &type->InstancesNecessary, sizeof type->InstancesNecessary);
}

static NTSTATUS NTAPI get_category(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSPIN_DESCRIPTOR_EX *type = type_of(Irp, Request);

    UNREFERENCED_PARAMETER(Data);
    if (type == NULL)
        return STATUS_INVALID_PARAMETER;
    if (type->PinDescriptor.Category == NULL)
        return STATUS_NOT_FOUND;
    return ks_answer(Irp, type->PinDescriptor.Category, sizeof(GUID));
}

static NTSTATUS answer_name(PIRP irp, const GUID *guid)
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

static NTSTATUS NTAPI get_pin_name(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSPIN_DESCRIPTOR_EX *type = type_of(Irp, Request);

    UNREFERENCED_PARAMETER(Data);
    if (type == NULL)
        return STATUS_INVALID_PARAMETER;
    return answer_name(Irp, type->PinDescriptor.Name != NULL ? type->PinDescriptor.Name
                                                             : type->PinDescriptor.Category);
}

static NTSTATUS NTAPI get_interfaces(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSPIN_DESCRIPTOR_EX *type = type_of(Irp, Request);

    UNREFERENCED_PARAMETER(Data);
    if (type == NULL)
        return STATUS_INVALID_PARAMETER;
    if (type->PinDescriptor.InterfacesCount == 0)
        return KsHandleSizedListQuery(Irp, 1, sizeof(KSPIN_INTERFACE), &ks_default_interface);
    return KsHandleSizedListQuery(Irp, type->PinDescriptor.InterfacesCount, sizeof(KSPIN_INTERFACE),
                                  type->PinDescriptor.Interfaces);
}

static NTSTATUS NTAPI get_mediums(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSPIN_DESCRIPTOR_EX *type = type_of(Irp, Request);

    UNREFERENCED_PARAMETER(Data);
    if (type == NULL)
        return STATUS_INVALID_PARAMETER;
    if (type->PinDescriptor.MediumsCount == 0)
        return KsHandleSizedListQuery(Irp, 1, sizeof(KSPIN_MEDIUM), &ks_default_medium);
    return KsHandleSizedListQuery(Irp, type->PinDescriptor.MediumsCount, sizeof(KSPIN_MEDIUM),
                                  type->PinDescriptor.Mediums);
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

static NTSTATUS NTAPI get_data_ranges(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSPIN_DESCRIPTOR_EX *type = type_of(Irp, Request);
    ULONG room = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength;
    KSMULTIPLE_ITEM head;

    if (type == NULL)
        return STATUS_INVALID_PARAMETER;
    head = measure_ranges(&type->PinDescriptor);
    if (room == sizeof(ULONG))
        return ks_answer(Irp, &head.Size, sizeof head.Size);
    if (room == sizeof head)
        return ks_answer(Irp, &head, sizeof head);
    if (room < head.Size)
        return ks_answer_size(Irp, head.Size);
    memcpy(Data, &head, sizeof head);
    write_ranges(&type->PinDescriptor, (UCHAR *)Data + sizeof head);
    Irp->IoStatus.Information = head.Size;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI get_constrained_ranges(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSPIN_DESCRIPTOR_EX *type = type_of(Irp, Request);

    if (type == NULL)
        return STATUS_INVALID_PARAMETER;
    if (type->PinDescriptor.ConstrainedDataRangesCount == 0)
        return STATUS_NOT_FOUND;
    return get_data_ranges(Irp, Request, Data);
}

/* ---- KSPROPSETID_Topology -------------------------------------------------------------------- */

static NTSTATUS NTAPI get_categories(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSFILTER_DESCRIPTOR *descriptor = filter_of(Irp)->public.Descriptor;

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    return KsHandleSizedListQuery(Irp, descriptor->CategoriesCount, sizeof(GUID),
                                  descriptor->Categories);
}

/* The default topology has one node without a type. */
static NTSTATUS NTAPI get_nodes(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    struct ks_filter *filter = filter_of(Irp);
    ULONG count = filter->public.Descriptor->NodeDescriptorsCount;
    GUID *types = ks_allocate((count + 1) * sizeof *types);
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    if (types == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < count; i++) {
        const GUID *type = ks_filter_node_descriptor(filter, i)->Type;

        types[i] = type != NULL ? *type : GUID_NULL;
    }
    if (count == 0 && filter->public.Descriptor->ConnectionsCount == 0)
        count = 1;
    status = KsHandleSizedListQuery(Irp, count, sizeof(GUID), types);
    ks_free(types);
    return status;
}

/* Each pin joined to the same-numbered pin of the one node, in the direction of its data. */
static NTSTATUS default_connections(PIRP irp, struct ks_filter *filter)
{
    ULONG count = filter->public.Descriptor->PinDescriptorsCount;
    KSTOPOLOGY_CONNECTION *list = ks_allocate((count + 1) * sizeof *list);
    NTSTATUS status;

    if (list == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG id = 0; id < count; id++) {
        bool in = ks_filter_pin_descriptor(filter, id)->PinDescriptor.DataFlow == KSPIN_DATAFLOW_IN;

        list[id] = (KSTOPOLOGY_CONNECTION){.FromNode = in ? KSFILTER_NODE : 0,
                                           .FromNodePin = id,
                                           .ToNode = in ? 0 : KSFILTER_NODE,
                                           .ToNodePin = id};
    }
    status = KsHandleSizedListQuery(irp, count, sizeof *list, list);
    ks_free(list);
    return status;
}

static NTSTATUS NTAPI get_connections(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    struct ks_filter *filter = filter_of(Irp);
    const KSFILTER_DESCRIPTOR *descriptor = filter->public.Descriptor;

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    if (descriptor->ConnectionsCount == 0)
        return default_connections(Irp, filter);
    return KsHandleSizedListQuery(Irp, descriptor->ConnectionsCount, sizeof(KSTOPOLOGY_CONNECTION),
                                  descriptor->Connections);
}

static NTSTATUS NTAPI get_node_name(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSNODE_DESCRIPTOR *node =
        ks_filter_node_descriptor(filter_of(Irp), ((PKSP_NODE)(void *)Request)->NodeId);

    UNREFERENCED_PARAMETER(Data);
    if (node == NULL)
        return STATUS_INVALID_PARAMETER;
    return answer_name(Irp, node->Name != NULL ? node->Name : node->Type);
}

/* ---- The table ------------------------------------------------------------------------------- */

static const KSPROPERTY_ITEM general_items[] = {
    KS_GET(KSPROPERTY_GENERAL_COMPONENTID, get_component_id, sizeof(KSPROPERTY),
           sizeof(KSCOMPONENTID)),
};

static const KSPROPERTY_ITEM pin_items[] = {
    KS_GET(KSPROPERTY_PIN_CINSTANCES, get_instances, sizeof(KSP_PIN), sizeof(KSPIN_CINSTANCES)),
    KS_GET(KSPROPERTY_PIN_CTYPES, get_types, sizeof(KSPROPERTY), sizeof(ULONG)),
    KS_GET(KSPROPERTY_PIN_DATAFLOW, get_data_flow, sizeof(KSP_PIN), sizeof(KSPIN_DATAFLOW)),
    KS_GET(KSPROPERTY_PIN_DATARANGES, get_data_ranges, sizeof(KSP_PIN), 0),
    KS_GET(KSPROPERTY_PIN_DATAINTERSECTION, ks_get_intersection,
           sizeof(KSP_PIN) + sizeof(KSMULTIPLE_ITEM), 0),
    KS_GET(KSPROPERTY_PIN_INTERFACES, get_interfaces, sizeof(KSP_PIN), 0),
    KS_GET(KSPROPERTY_PIN_MEDIUMS, get_mediums, sizeof(KSP_PIN), 0),
    KS_GET(KSPROPERTY_PIN_COMMUNICATION, get_communication, sizeof(KSP_PIN),
           sizeof(KSPIN_COMMUNICATION)),
    KS_GET(KSPROPERTY_PIN_GLOBALCINSTANCES, get_global_instances, sizeof(KSP_PIN),
           sizeof(KSPIN_CINSTANCES)),
    KS_GET(KSPROPERTY_PIN_NECESSARYINSTANCES, get_necessary, sizeof(KSP_PIN), sizeof(ULONG)),
    KS_GET(KSPROPERTY_PIN_CATEGORY, get_category, sizeof(KSP_PIN), sizeof(GUID)),
    KS_GET(KSPROPERTY_PIN_NAME, get_pin_name, sizeof(KSP_PIN), 0),
    KS_GET(KSPROPERTY_PIN_CONSTRAINEDDATARANGES, get_constrained_ranges, sizeof(KSP_PIN), 0),
};

static const KSPROPERTY_ITEM topology_items[] = {
    KS_GET(KSPROPERTY_TOPOLOGY_CATEGORIES, get_categories, sizeof(KSPROPERTY), 0),
    KS_GET(KSPROPERTY_TOPOLOGY_NODES, get_nodes, sizeof(KSPROPERTY), 0),
    KS_GET(KSPROPERTY_TOPOLOGY_CONNECTIONS, get_connections, sizeof(KSPROPERTY), 0),
    KS_GET(KSPROPERTY_TOPOLOGY_NAME, get_node_name, sizeof(KSP_NODE), 0),
};

static const KSPROPERTY_SET sets[] = {
    {&KSPROPSETID_General, ARRAY_LEN(general_items), general_items, 0, NULL},
    {&KSPROPSETID_Pin, ARRAY_LEN(pin_items), pin_items, 0, NULL},
    {&KSPROPSETID_Topology, ARRAY_LEN(topology_items), topology_items, 0, NULL},
};

const KSAUTOMATION_TABLE ks_filter_table = {
    .PropertySetsCount = ARRAY_LEN(sets),
    .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
    .PropertySets = sets,
};
