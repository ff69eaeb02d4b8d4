/* SPDX-License-Identifier: MIT */
/* What a PCI device needs, as its config space says: one range per BAR, and an interrupt: each of
 * its messages where it has MSI, else its line. A function driver may take messages out of the list
 * again (IRP_MN_FILTER_RESOURCE_REQUIREMENTS); what is left is what it gets. UNDOC: on Windows a
 * device gets messages when its INF opts in (MSISupported). There is no INF here, and a card that
 * has MSI is treated as one whose INF says so. */
#include <string.h>

#include "base/base.h"
#include "inbox/internal.h"

enum { DESCRIPTORS_MAX = HW_BARS + HW_MESSAGES_MAX + 1 };

/* Windows knows of messages since Vista. Introduction to Message-Signaled Interrupts. */
static ULONG messages_of(const struct hw_device *hw)
{
    return ke_windows(ke_current()) >= KE_WINDOWS_VISTA ? hw->messages : 0;
}

/* The line goes last, as the alternative where messages come first. */
static ULONG count_descriptors(const struct hw_device *hw)
{
    ULONG count = 0;

    for (unsigned i = 0; i < HW_BARS; i++)
        count += hw->bar[i].kind != HW_BAR_NONE;
    return count + messages_of(hw) + hw->has_line;
}

static void add_bar(PIO_RESOURCE_DESCRIPTOR descriptor, const struct hw_bar *bar)
{
    bool port = bar->kind == HW_BAR_PORT;

    descriptor->Type = port ? CmResourceTypePort : CmResourceTypeMemory;
    descriptor->ShareDisposition = CmResourceShareDeviceExclusive;
    descriptor->Flags = port ? CM_RESOURCE_PORT_IO | CM_RESOURCE_PORT_POSITIVE_DECODE
                             : CM_RESOURCE_MEMORY_READ_WRITE;
    if (!port && bar->prefetchable)
        descriptor->Flags |= CM_RESOURCE_MEMORY_PREFETCHABLE;
    descriptor->u.Memory.Length = (ULONG)bar->size_bytes;
    descriptor->u.Memory.Alignment = (ULONG)bar->size_bytes;
    descriptor->u.Memory.MaximumAddress.QuadPart =
        bar->kind == HW_BAR_MEMORY64 ? INT64_MAX : port ? 0xFFFF : 0xFFFFFFFF;
}

static void add_message(PIO_RESOURCE_DESCRIPTOR descriptor)
{
    descriptor->Type = CmResourceTypeInterrupt;
    descriptor->ShareDisposition = CmResourceShareDeviceExclusive;
    descriptor->Flags = CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE;
    descriptor->u.Interrupt.MinimumVector = CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN;
    descriptor->u.Interrupt.MaximumVector = CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN;
}

static void add_line(PIO_RESOURCE_DESCRIPTOR descriptor, bool alternative)
{
    descriptor->Option = alternative ? IO_RESOURCE_ALTERNATIVE : 0;
    descriptor->Type = CmResourceTypeInterrupt;
    descriptor->ShareDisposition = CmResourceShareShared;
    descriptor->Flags = CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
    descriptor->u.Interrupt.MinimumVector = 0;
    descriptor->u.Interrupt.MaximumVector = 0xFFFFFFFF;
}

static void fill(PIO_RESOURCE_REQUIREMENTS_LIST list, const struct hw_device *hw)
{
    PIO_RESOURCE_DESCRIPTOR next = list->List[0].Descriptors;

    for (unsigned i = 0; i < HW_BARS; i++) {
        if (hw->bar[i].kind != HW_BAR_NONE)
            add_bar(next++, &hw->bar[i]);
    }
    for (unsigned i = 0; i < messages_of(hw); i++)
        add_message(next++);
    if (hw->has_line)
        add_line(next, messages_of(hw) != 0);
}

NTSTATUS inbox_query_requirements(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PIO_RESOURCE_REQUIREMENTS_LIST list;
    const struct hw_device *hw;
    ULONG count, bytes;

    (void)stack;
    if (device->slot == NULL)
        return irp->IoStatus.Status;
    hw = hal_slot_device(device->slot);
    count = count_descriptors(hw);
    weir_assert(count <= DESCRIPTORS_MAX);
    bytes = (ULONG)(sizeof *list + count * sizeof(IO_RESOURCE_DESCRIPTOR));
    list = ExAllocatePoolWithTag(PagedPool, bytes, INBOX_TAG);
    if (list == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(list, 0, bytes);
    list->ListSize = bytes;
    list->InterfaceType = PCIBus;
    list->SlotNumber = hal_slot_number(device->slot) >> 16;
    list->AlternativeLists = 1;
    list->List[0].Version = 1;
    list->List[0].Revision = 1;
    list->List[0].Count = count;
    fill(list, hw);
    irp->IoStatus.Information = (ULONG_PTR)list;
    return STATUS_SUCCESS;
}

/* What firmware assigned: the BARs and the line. */
NTSTATUS inbox_query_resources(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PCM_RESOURCE_LIST raw, translated;
    NTSTATUS status;

    (void)stack;
    if (device->slot == NULL)
        return irp->IoStatus.Status;
    status = hal_slot_resources(device->slot, 0, &raw, &translated);
    if (!NT_SUCCESS(status))
        return status;
    ExFreePool(translated);
    irp->IoStatus.Information = (ULONG_PTR)raw;
    return STATUS_SUCCESS;
}
