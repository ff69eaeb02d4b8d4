/* SPDX-License-Identifier: MIT */
/* Resource lists as START_DEVICE carries them: raw is what the bus sees, translated what the driver
 * maps and connects; both have the same elements in the same order. BARs come first, in order, then
 * the interrupt: one element for a line, one for all messages together (as for PCI 2.2 MSI), or one
 * for each message (as for MSI-X). A memory range of 4 GB or more would be
 * CmResourceTypeMemoryLarge; BARs of that size are not assigned. CM_PARTIAL_RESOURCE_DESCRIPTOR,
 * wdm.h. */
#include <string.h>

#include "hal/state.h"

enum { TAG = 0x52696350 /* "PciR" */ };

struct lists {
    PCM_PARTIAL_RESOURCE_DESCRIPTOR raw, translated;
    ULONG count;
};

static void add_bar(struct lists *lists, const struct hw_bar *bar)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR descriptor = {
        .Type = bar->kind == HW_BAR_PORT ? CmResourceTypePort : CmResourceTypeMemory,
        .ShareDisposition = CmResourceShareDeviceExclusive,
    };

    if (bar->kind == HW_BAR_PORT) {
        descriptor.Flags = CM_RESOURCE_PORT_IO | CM_RESOURCE_PORT_POSITIVE_DECODE;
        descriptor.u.Port.Start.QuadPart = (LONGLONG)bar->base;
        descriptor.u.Port.Length = (ULONG)bar->size_bytes;
    } else {
        descriptor.Flags =
            bar->prefetchable ? CM_RESOURCE_MEMORY_PREFETCHABLE : CM_RESOURCE_MEMORY_READ_WRITE;
        descriptor.u.Memory.Start.QuadPart = (LONGLONG)bar->base;
        descriptor.u.Memory.Length = (ULONG)bar->size_bytes;
    }
    lists->raw[lists->count] = descriptor;
    lists->translated[lists->count++] = descriptor;
}

/* messages of them, from vector first on. */
static void add_messages(struct lists *lists, ULONG first, ULONG messages)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR raw = &lists->raw[lists->count];
    PCM_PARTIAL_RESOURCE_DESCRIPTOR translated = &lists->translated[lists->count++];

    raw->Type = translated->Type = CmResourceTypeInterrupt;
    raw->ShareDisposition = translated->ShareDisposition = CmResourceShareDeviceExclusive;
    raw->Flags = translated->Flags = CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE;
    raw->u.MessageInterrupt.Raw.MessageCount = (USHORT)messages;
    raw->u.MessageInterrupt.Raw.Vector = first;
    raw->u.MessageInterrupt.Raw.Affinity = KeQueryActiveProcessors();
    translated->u.MessageInterrupt.Translated.Level = pci_irql_of(first);
    translated->u.MessageInterrupt.Translated.Vector = first;
    translated->u.MessageInterrupt.Translated.Affinity = KeQueryActiveProcessors();
}

static void add_line(struct lists *lists, struct hal_slot *slot)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR raw = &lists->raw[lists->count];
    PCM_PARTIAL_RESOURCE_DESCRIPTOR translated = &lists->translated[lists->count++];

    raw->Type = translated->Type = CmResourceTypeInterrupt;
    raw->ShareDisposition = translated->ShareDisposition = CmResourceShareShared;
    raw->Flags = translated->Flags = CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
    raw->u.Interrupt.Level = raw->u.Interrupt.Vector = slot->line_pin;
    raw->u.Interrupt.Affinity = KeQueryActiveProcessors();
    translated->u.Interrupt.Level = pci_irql_of(slot->line_vector);
    translated->u.Interrupt.Vector = slot->line_vector;
    translated->u.Interrupt.Affinity = KeQueryActiveProcessors();
}

static PCM_RESOURCE_LIST list_allocate(void)
{
    ULONG size = sizeof(CM_RESOURCE_LIST) +
                 (HW_BARS + HW_MESSAGES_MAX) * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
    PCM_RESOURCE_LIST list = ExAllocatePoolWithTag(PagedPool, size, TAG);

    if (list == NULL)
        return NULL;
    memset(list, 0, size);
    list->Count = 1;
    list->List[0].InterfaceType = PCIBus;
    list->List[0].PartialResourceList.Version = 1;
    list->List[0].PartialResourceList.Revision = 1;
    return list;
}

/* When fewer messages can be given than were asked for, the device gets exactly one, as on Windows.
 */
static ULONG grant_messages(struct hal_slot *slot, ULONG wanted)
{
    if (wanted == 0 || slot->message_count == 0)
        return 0;
    return wanted <= slot->message_count ? wanted : 1;
}

NTSTATUS hal_slot_resources(struct hal_slot *slot, ULONG messages, PCM_RESOURCE_LIST *raw,
                            PCM_RESOURCE_LIST *translated)
{
    PCM_RESOURCE_LIST first = list_allocate();
    PCM_RESOURCE_LIST second = first != NULL ? list_allocate() : NULL;
    struct lists lists;

    if (second == NULL) {
        if (first != NULL)
            ExFreePoolWithTag(first, TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    lists = (struct lists){first->List[0].PartialResourceList.PartialDescriptors,
                           second->List[0].PartialResourceList.PartialDescriptors, 0};
    for (unsigned n = 0; n < HW_BARS; n++) {
        if (slot->device->bar[n].kind != HW_BAR_NONE && slot->device->bar[n].base != 0)
            add_bar(&lists, &slot->device->bar[n]);
    }
    slot->messages_granted = grant_messages(slot, messages);
    if (slot->messages_granted != 0 && slot->msix_offset == 0)
        add_messages(&lists, slot->message_first, slot->messages_granted);
    for (ULONG i = 0; slot->msix_offset != 0 && i < slot->messages_granted; i++)
        add_messages(&lists, slot->message_first + i, 1);
    if (slot->messages_granted == 0 && slot->line_vector != 0)
        add_line(&lists, slot);
    first->List[0].PartialResourceList.Count = lists.count;
    second->List[0].PartialResourceList.Count = lists.count;
    *raw = first;
    *translated = second;
    return STATUS_SUCCESS;
}
