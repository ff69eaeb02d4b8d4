/* SPDX-License-Identifier: MIT */
/* A driver may add pin types, nodes and connections to one filter instance: the filter's
 * descriptor, the factory's until then, becomes the filter's own copy, and its lists are copied
 * with room for more. Control mutex held. KsFilterCreatePinFactory; KsFilterCreateNode;
 * KsFilterAddTopologyConnections. */
#include <string.h>

#include "ks/filter.h"
#include "ks/room.h"

enum { TOPOLOGY_TAG = 0x6f54734b }; /* "KsTo" */

/* The filter's own descriptor, to be changed. */
static KSFILTER_DESCRIPTOR *edit_descriptor(PKSFILTER filter)
{
    if (!NT_SUCCESS(_KsEdit(filter->Bag, (PVOID *)(ULONG_PTR)&filter->Descriptor,
                            sizeof *filter->Descriptor, sizeof *filter->Descriptor, TOPOLOGY_TAG)))
        return NULL;
    return (KSFILTER_DESCRIPTOR *)(ULONG_PTR)filter->Descriptor;
}

/* Makes room for more items behind those a list has. */
static NTSTATUS grow(PKSFILTER filter, PVOID list, ULONG count, ULONG more, ULONG item_bytes)
{
    PVOID *pointer = list;

    return _KsEdit(filter->Bag, pointer, (count + more) * item_bytes,
                   *pointer != NULL ? count * item_bytes : 0, TOPOLOGY_TAG);
}

static UCHAR *item_at(const void *list, ULONG index, ULONG item_bytes)
{
    return (UCHAR *)(ULONG_PTR)list + (SIZE_T)index * item_bytes;
}

NTSTATUS NTAPI KsFilterCreatePinFactory(PKSFILTER Filter,
                                        const KSPIN_DESCRIPTOR_EX *const PinDescriptor,
                                        PULONG PinID)
{
    KSFILTER_DESCRIPTOR *descriptor = edit_descriptor(&ks_filter_of(Filter)->public);
    ULONG size;
    NTSTATUS status;

    if (descriptor == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (descriptor->PinDescriptorsCount == 0)
        descriptor->PinDescriptorSize = sizeof *PinDescriptor;
    size = descriptor->PinDescriptorSize;
    status = grow(Filter, &descriptor->PinDescriptors, descriptor->PinDescriptorsCount, 1, size);
    if (!NT_SUCCESS(status))
        return status;
    *PinID = descriptor->PinDescriptorsCount;
    memcpy(item_at(descriptor->PinDescriptors, *PinID, size), PinDescriptor, sizeof *PinDescriptor);
    descriptor->PinDescriptorsCount++;
    status = ks_filter_process_make_room(ks_filter_of(Filter));
    if (!NT_SUCCESS(status))
        descriptor->PinDescriptorsCount--;
    return status;
}

NTSTATUS NTAPI KsFilterCreateNode(PKSFILTER Filter, const KSNODE_DESCRIPTOR *const NodeDescriptor,
                                  PULONG NodeID)
{
    KSFILTER_DESCRIPTOR *descriptor = edit_descriptor(&ks_filter_of(Filter)->public);
    ULONG size;
    NTSTATUS status;

    if (descriptor == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (descriptor->NodeDescriptorsCount == 0)
        descriptor->NodeDescriptorSize = sizeof *NodeDescriptor;
    size = descriptor->NodeDescriptorSize;
    status = grow(Filter, &descriptor->NodeDescriptors, descriptor->NodeDescriptorsCount, 1, size);
    if (!NT_SUCCESS(status))
        return status;
    *NodeID = descriptor->NodeDescriptorsCount++;
    memcpy(item_at(descriptor->NodeDescriptors, *NodeID, size), NodeDescriptor,
           sizeof *NodeDescriptor);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
KsFilterAddTopologyConnections(PKSFILTER Filter, ULONG NewConnectionsCount,
                               const KSTOPOLOGY_CONNECTION *const NewTopologyConnections)
{
    KSFILTER_DESCRIPTOR *descriptor = edit_descriptor(&ks_filter_of(Filter)->public);
    ULONG count;
    NTSTATUS status;

    if (descriptor == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    count = descriptor->ConnectionsCount;
    status = grow(Filter, &descriptor->Connections, count, NewConnectionsCount,
                  sizeof(KSTOPOLOGY_CONNECTION));
    if (!NT_SUCCESS(status))
        return status;
    memcpy(item_at(descriptor->Connections, count, sizeof(KSTOPOLOGY_CONNECTION)),
           NewTopologyConnections, NewConnectionsCount * sizeof(KSTOPOLOGY_CONNECTION));
    descriptor->ConnectionsCount = count + NewConnectionsCount;
    return STATUS_SUCCESS;
}
