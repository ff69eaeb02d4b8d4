/* SPDX-License-Identifier: MIT */
/* What every filter answers: KSPROPSETID_General, KSPROPSETID_Pin and KSPROPSETID_Topology, from
 * the filter's descriptor as it is at the moment of asking. KSPROPSETID_Pin and the pages of its
 * properties; KSPROPSETID_Topology. A pin id beyond the descriptor gives
 * STATUS_INVALID_PARAMETER. */
#include <string.h>

#include "ks/automation.h"
#include "ks/exchange.h"
#include "ks/filter.h"
#include "ks/handlers.h"
#include "ks/room.h"
#include "ks/static_properties.h"

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

/* What stands in the pin's descriptor. */
static NTSTATUS NTAPI get_static(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSPIN_DESCRIPTOR_EX *type = type_of(Irp, Request);

    UNREFERENCED_PARAMETER(Data);
    return type != NULL ? ks_static_pin_property(Irp, Request->Id, &type->PinDescriptor)
                        : STATUS_INVALID_PARAMETER;
}

static NTSTATUS NTAPI get_necessary(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSPIN_DESCRIPTOR_EX *type = type_of(Irp, Request);

    UNREFERENCED_PARAMETER(Data);
    if (type == NULL)
        return STATUS_INVALID_PARAMETER;
    return ks_answer(Irp, &type->InstancesNecessary, sizeof type->InstancesNecessary);
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
    return ks_answer_name(Irp, node->Name != NULL ? node->Name : node->Type);
}

/* ---- The table ------------------------------------------------------------------------------- */

static const KSPROPERTY_ITEM general_items[] = {
    KS_GET(KSPROPERTY_GENERAL_COMPONENTID, get_component_id, sizeof(KSPROPERTY),
           sizeof(KSCOMPONENTID)),
};

static const KSPROPERTY_ITEM pin_items[] = {
    KS_GET(KSPROPERTY_PIN_CINSTANCES, get_instances, sizeof(KSP_PIN), sizeof(KSPIN_CINSTANCES)),
    KS_GET(KSPROPERTY_PIN_CTYPES, get_types, sizeof(KSPROPERTY), sizeof(ULONG)),
    KS_GET(KSPROPERTY_PIN_DATAFLOW, get_static, sizeof(KSP_PIN), sizeof(KSPIN_DATAFLOW)),
    KS_GET(KSPROPERTY_PIN_DATARANGES, get_static, sizeof(KSP_PIN), 0),
    KS_GET(KSPROPERTY_PIN_DATAINTERSECTION, ks_get_intersection,
           sizeof(KSP_PIN) + sizeof(KSMULTIPLE_ITEM), 0),
    KS_GET(KSPROPERTY_PIN_INTERFACES, get_static, sizeof(KSP_PIN), 0),
    KS_GET(KSPROPERTY_PIN_MEDIUMS, get_static, sizeof(KSP_PIN), 0),
    KS_GET(KSPROPERTY_PIN_COMMUNICATION, get_static, sizeof(KSP_PIN),
           sizeof(KSPIN_COMMUNICATION)),
    KS_GET(KSPROPERTY_PIN_GLOBALCINSTANCES, get_global_instances, sizeof(KSP_PIN),
           sizeof(KSPIN_CINSTANCES)),
    KS_GET(KSPROPERTY_PIN_NECESSARYINSTANCES, get_necessary, sizeof(KSP_PIN), sizeof(ULONG)),
    KS_GET(KSPROPERTY_PIN_CATEGORY, get_static, sizeof(KSP_PIN), sizeof(GUID)),
    KS_GET(KSPROPERTY_PIN_NAME, get_static, sizeof(KSP_PIN), 0),
    KS_GET(KSPROPERTY_PIN_CONSTRAINEDDATARANGES, get_static, sizeof(KSP_PIN), 0),
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
