/* SPDX-License-Identifier: MIT */
/* Resource lists: what START_DEVICE hands to the driver. Raw says what the bus sees, translated what the CPU uses; on
 * a PC memory and ports are the same in both, interrupts are not. CM_PARTIAL_RESOURCE_DESCRIPTOR.
 *
 * A BAR at or above 4 GB is still CmResourceTypeMemory here: its Start is 64 bits wide and only lengths need the
 * Large type. Messages of MSI are one descriptor: the raw one carries their count, the translated one the vector of
 * the first. */
#include <string.h>

#include "hal/state.h"

enum { HAL_TAG = 'RlaH', DESCRIPTORS_MAX = HW_BARS + 1 };

static PCM_RESOURCE_LIST new_list(struct hal_slot *slot)
{
    size_t size = sizeof(CM_RESOURCE_LIST) +
                  (DESCRIPTORS_MAX - 1) * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
    PCM_RESOURCE_LIST list = ExAllocatePoolWithTag(PagedPool, size, HAL_TAG);

    (void)slot;
    if (list == NULL)
        return NULL;
    memset(list, 0, size);
    list->Count = 1;
    list->List[0].InterfaceType = PCIBus;
    list->List[0].PartialResourceList.Version = 1;
    list->List[0].PartialResourceList.Revision = 1;
    return list;
}

static PCM_PARTIAL_RESOURCE_DESCRIPTOR add(PCM_RESOURCE_LIST list, UCHAR type, UCHAR share, USHORT flags)
{
    CM_PARTIAL_RESOURCE_LIST *partial = &list->List[0].PartialResourceList;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor = &partial->PartialDescriptors[partial->Count++];

    descriptor->Type = type;
    descriptor->ShareDisposition = share;
    descriptor->Flags = flags;
    return descriptor;
}

static void add_bar(PCM_RESOURCE_LIST list, const struct hw_bar *bar, uint64_t base)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor;
    PHYSICAL_ADDRESS start = {.QuadPart = (LONGLONG)base};

    if (bar->kind == HW_BAR_PORT) {
        descriptor = add(list, CmResourceTypePort, CmResourceShareDeviceExclusive,
                         CM_RESOURCE_PORT_IO | CM_RESOURCE_PORT_POSITIVE_DECODE);
        memcpy(&descriptor->u.Port.Start, &start, sizeof start);
        descriptor->u.Port.Length = (ULONG)bar->size_bytes;
        return;
    }
    descriptor = add(list, CmResourceTypeMemory, CmResourceShareDeviceExclusive,
                     (USHORT)(CM_RESOURCE_MEMORY_READ_WRITE |
                              (bar->prefetchable ? CM_RESOURCE_MEMORY_PREFETCHABLE : 0)));
    memcpy(&descriptor->u.Memory.Start, &start, sizeof start);
    descriptor->u.Memory.Length = (ULONG)bar->size_bytes;
}

static KAFFINITY all_cpus(void)
{
    return KeQueryActiveProcessors();
}

static void add_line(struct hal_slot *slot, PCM_RESOURCE_LIST raw, PCM_RESOURCE_LIST translated)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor =
        add(raw, CmResourceTypeInterrupt, CmResourceShareShared, CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE);

    descriptor->u.Interrupt.Level = slot->line;
    descriptor->u.Interrupt.Vector = slot->line;
    descriptor->u.Interrupt.Affinity = all_cpus();
    descriptor = add(translated, CmResourceTypeInterrupt, CmResourceShareShared,
                     CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE);
    descriptor->u.Interrupt.Level = hal_vector_irql(slot->line_vector);
    descriptor->u.Interrupt.Vector = slot->line_vector;
    descriptor->u.Interrupt.Affinity = all_cpus();
}

static void add_messages(struct hal_slot *slot, PCM_RESOURCE_LIST raw, PCM_RESOURCE_LIST translated)
{
    USHORT flags = CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor =
        add(raw, CmResourceTypeInterrupt, CmResourceShareDeviceExclusive, flags);

    descriptor->u.MessageInterrupt.Raw.MessageCount = (USHORT)slot->messages;
    descriptor->u.MessageInterrupt.Raw.Vector = slot->message_vector;
    descriptor->u.MessageInterrupt.Raw.Affinity = all_cpus();
    descriptor = add(translated, CmResourceTypeInterrupt, CmResourceShareDeviceExclusive, flags);
    descriptor->u.MessageInterrupt.Translated.Level = hal_vector_irql(slot->message_vector);
    descriptor->u.MessageInterrupt.Translated.Vector = slot->message_vector;
    descriptor->u.MessageInterrupt.Translated.Affinity = all_cpus();
}

static unsigned grant(const struct hal_slot *slot, ULONG messages)
{
    unsigned granted = slot->device->messages < messages ? slot->device->messages : (unsigned)messages;

    while ((granted & (granted - 1)) != 0) /* MSI grants powers of two */
        granted &= granted - 1;
    return granted;
}

NTSTATUS hal_slot_resources(struct hal_slot *slot, ULONG messages, PCM_RESOURCE_LIST *raw,
                            PCM_RESOURCE_LIST *translated)
{
    PCM_RESOURCE_LIST raw_list = new_list(slot), translated_list = new_list(slot);

    if (raw_list == NULL || translated_list == NULL) {
        if (raw_list != NULL)
            ExFreePoolWithTag(raw_list, HAL_TAG);
        if (translated_list != NULL)
            ExFreePoolWithTag(translated_list, HAL_TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (unsigned i = 0; i < HW_BARS; i++) {
        if (slot->bar_base[i] == 0)
            continue;
        add_bar(raw_list, &slot->device->bar[i], slot->bar_base[i]);
        add_bar(translated_list, &slot->device->bar[i], slot->bar_base[i]);
    }
    slot->messages = grant(slot, messages);
    if (slot->messages > 0)
        add_messages(slot, raw_list, translated_list);
    else if (slot->device->has_line)
        add_line(slot, raw_list, translated_list);
    *raw = raw_list;
    *translated = translated_list;
    return STATUS_SUCCESS;
}
