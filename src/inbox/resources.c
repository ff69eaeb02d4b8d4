/* SPDX-License-Identifier: MIT */
/* What a PCI device needs, as its config space says: one range per BAR, and an interrupt: each of
 * its messages where it has MSI, else its line. A device gets messages when its hardware key opts
 * in (MSISupported), at most MessageNumberLimit, for MSI in powers of two ("Enabling
 * Message-Signaled Interrupts in the Registry"); setup writes that key. A function driver may take
 * messages out of the list again (IRP_MN_FILTER_RESOURCE_REQUIREMENTS); what is left is what it
 * gets. */
#include <string.h>

#include "base/base.h"
#include "inbox/internal.h"

enum { DESCRIPTORS_MAX = HW_BARS + HW_MESSAGES_MAX + 1 };

#define MESSAGES_KEY u"Interrupt Management\\MessageSignaledInterruptProperties"

static HANDLE open_messages_key(PDEVICE_OBJECT pdo)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    HANDLE hardware, key = NULL;

    if (!NT_SUCCESS(IoOpenDeviceRegistryKey(pdo, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &hardware)))
        return NULL;
    RtlInitUnicodeString(&name, MESSAGES_KEY);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
                               hardware, NULL);
    if (!NT_SUCCESS(ZwOpenKey(&key, KEY_READ, &attributes)))
        key = NULL;
    ZwClose(hardware);
    return key;
}

static ULONG number_in(HANDLE key, PCWSTR value, ULONG otherwise)
{
    union {
        KEY_VALUE_PARTIAL_INFORMATION information;
        UCHAR bytes[64];
    } answer;
    UNICODE_STRING name;
    ULONG number, needed;

    RtlInitUnicodeString(&name, value);
    if (!NT_SUCCESS(ZwQueryValueKey(key, &name, KeyValuePartialInformation, &answer, sizeof answer,
                                    &needed)) ||
        answer.information.Type != REG_DWORD || answer.information.DataLength != sizeof number)
        return otherwise;
    memcpy(&number, answer.information.Data, sizeof number);
    return number;
}

/* Windows knows of messages since Vista. Introduction to Message-Signaled Interrupts. */
static ULONG messages_of(const struct inbox_device *device)
{
    ULONG messages = hal_slot_device(device->slot)->messages, limit;
    HANDLE key;

    if (messages == 0 || ke_windows(ke_current()) < KE_WINDOWS_VISTA)
        return 0;
    key = open_messages_key(device->pdo);
    if (key == NULL)
        return 0;
    limit = number_in(key, u"MSISupported", 0) != 0
                ? number_in(key, u"MessageNumberLimit", messages)
                : 0;
    ZwClose(key);
    if (hal_slot_device(device->slot)->msix_bar != 0)
        return messages < limit ? messages : limit;
    while (messages > limit)
        messages /= 2;
    return messages;
}

/* The line goes last, as the alternative where messages come first. */
static ULONG count_descriptors(const struct hw_device *hw, ULONG messages)
{
    ULONG count = 0;

    for (unsigned i = 0; i < HW_BARS; i++)
        count += hw->bar[i].kind != HW_BAR_NONE;
    return count + messages + hw->has_line;
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

static void fill(PIO_RESOURCE_REQUIREMENTS_LIST list, const struct hw_device *hw, ULONG messages)
{
    PIO_RESOURCE_DESCRIPTOR next = list->List[0].Descriptors;

    for (unsigned i = 0; i < HW_BARS; i++) {
        if (hw->bar[i].kind != HW_BAR_NONE)
            add_bar(next++, &hw->bar[i]);
    }
    for (ULONG i = 0; i < messages; i++)
        add_message(next++);
    if (hw->has_line)
        add_line(next, messages != 0);
}

NTSTATUS inbox_query_requirements(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PIO_RESOURCE_REQUIREMENTS_LIST list;
    const struct hw_device *hw;
    ULONG count, bytes, messages;

    (void)stack;
    if (device->slot == NULL)
        return irp->IoStatus.Status;
    hw = hal_slot_device(device->slot);
    messages = messages_of(device);
    count = count_descriptors(hw, messages);
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
    fill(list, hw, messages);
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
