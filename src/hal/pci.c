/* SPDX-License-Identifier: MIT */
#include "hal/pci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hal/adapter.h"

static const uint64_t slot_magic = 0x776569726c736c74; /* "weirlslt" */

enum {
    MEMORY32_BASE = 0xE0000000, /* below it 3-3.5 GB: what firmware keeps for itself */
    MEMORY32_END = 0xFEC00000,
    PORT_BASE = 0xC000,
    PORT_END = 0x10000,
    NUMBER_FIRST = 3, /* host bridge, graphics, ... */
    CONFIG_BAR0 = 0x10,
    CONFIG_CAPABILITIES = 0x34,
    CONFIG_LINE = 0x3C,
    CONFIG_COMMAND = 0x04,
    CAPABILITY_MSI = 5,
    CAPABILITY_MSIX = 0x11,
    MSIX_FUNCTION_MASK = 1 << 14,
    MSIX_ENABLE = 1 << 15,
    MSI_64BIT = 0x80,
    MSI_ENABLE = 1,
    COMMAND_DECODES_AND_MASTER = 7
};

/* ---- Device memory, for mm ------------------------------------------------------------------- */

static struct hal_slot *slot_at(struct hal *hal, uint64_t address, bool port, unsigned *bar,
                                uint64_t *offset)
{
    for (size_t i = 0; i < hal->pci.slots.count; i++) {
        struct hal_slot *slot = hal->pci.slots.items[i];

        for (unsigned n = 0; n < HW_BARS; n++) {
            const struct hw_bar *b = &slot->device->bar[n];

            if (b->kind == HW_BAR_NONE || (b->kind == HW_BAR_PORT) != port || b->base == 0 ||
                address - b->base >= b->size_bytes)
                continue;
            *bar = n;
            *offset = address - b->base;
            return slot;
        }
    }
    return NULL;
}

static uint64_t ones(unsigned size_bytes)
{
    return UINT64_MAX >> (64 - size_bytes * 8);
}

/* Nobody answers an access that no BAR holds entirely. */
static uint64_t bus_read(struct hal *hal, uint64_t address, bool port, unsigned size_bytes)
{
    uint64_t offset;
    unsigned bar;
    struct hal_slot *slot = slot_at(hal, address, port, &bar, &offset);

    if (slot == NULL || size_bytes > slot->device->bar[bar].size_bytes - offset)
        return ones(size_bytes);
    return hw_bar_read(slot->device, bar, offset, size_bytes) & ones(size_bytes);
}

static void bus_write(struct hal *hal, uint64_t address, bool port, unsigned size_bytes,
                      uint64_t value)
{
    uint64_t offset;
    unsigned bar;
    struct hal_slot *slot = slot_at(hal, address, port, &bar, &offset);

    if (slot != NULL && size_bytes <= slot->device->bar[bar].size_bytes - offset)
        hw_bar_write(slot->device, bar, offset, size_bytes, value & ones(size_bytes));
}

static bool is_device(void *ctx, mm_pa pa)
{
    uint64_t offset;
    unsigned bar;

    return slot_at(ctx, pa.value, false, &bar, &offset) != NULL;
}

static uint64_t memory_read(void *ctx, mm_pa pa, unsigned size_bytes)
{
    return bus_read(ctx, pa.value, false, size_bytes);
}

static void memory_write(void *ctx, mm_pa pa, unsigned size_bytes, uint64_t value)
{
    bus_write(ctx, pa.value, false, size_bytes, value);
}

static uint64_t port_read(void *ctx, uint16_t port, unsigned size_bytes)
{
    return bus_read(ctx, port, true, size_bytes);
}

static void port_write(void *ctx, uint16_t port, unsigned size_bytes, uint64_t value)
{
    bus_write(ctx, port, true, size_bytes, value);
}

void pci_init(struct hal *hal)
{
    static const struct mm_io_ops ops = {is_device, memory_read, memory_write, port_read,
                                         port_write};
    uint64_t top = mm_highest_pa(hal->mm);

    hal->pci.next_memory32 = MEMORY32_BASE + sim_rng_below(&hal->rng, 256) * 0x10000;
    hal->pci.next_memory64 =
        bits_align_up(top > UINT64_C(1) << 32 ? top : UINT64_C(1) << 32, UINT64_C(1) << 36) +
        sim_rng_below(&hal->rng, 256) * 0x1000000;
    hal->pci.next_port = PORT_BASE + sim_rng_below(&hal->rng, 16) * 0x100;
    mm_set_io_ops(hal->mm, &ops, hal);
}

void pci_fini(struct hal *hal)
{
    static const struct mm_io_ops nobody;

    while (hal->pci.slots.count != 0)
        hal_detach(hal, hal->pci.slots.items[hal->pci.slots.count - 1]);
    array_fini(&hal->pci.slots);
    mm_set_io_ops(hal->mm, &nobody, NULL);
}

/* ---- What a device may do -------------------------------------------------------------------- */

static int dma_read(void *ctx, uint64_t la, void *to, uint64_t size_bytes)
{
    struct hal_slot *slot = ctx;

    return bus_access(slot->hal, slot, la, to, size_bytes, false);
}

static int dma_write(void *ctx, uint64_t la, const void *from, uint64_t size_bytes)
{
    struct hal_slot *slot = ctx;

    return bus_access(slot->hal, slot, la, (void *)(uintptr_t)from, size_bytes, true);
}

static void *dma_window(void *ctx, uint64_t la, uint64_t size_bytes)
{
    struct hal_slot *slot = ctx;

    return bus_window(slot->hal, slot, la, size_bytes);
}

static void line(void *ctx, bool asserted)
{
    struct hal_slot *slot = ctx;

    if (slot->line_vector != 0)
        ke_vector_set_level(slot->hal->ke, slot->line_vector, asserted);
}

/* A message is a memory write that an interrupt controller takes; the vector is the lowest byte of
 * its data. One that names a vector of nobody's or of another device is dropped, as by interrupt
 * remapping. */
static void message(void *ctx, uint64_t address, uint32_t data)
{
    struct hal_slot *slot = ctx;
    uint32_t vector = data & 0xFF;

    if ((address & ~UINT64_C(0xFFFFF)) != PCI_MESSAGE_ADDRESS)
        return;
    if (vector - slot->message_first < slot->message_count)
        ke_vector_pulse(slot->hal->ke, vector);
}

/* ---- Addresses and vectors ------------------------------------------------------------------- */

static void write_config32(struct hal_slot *slot, unsigned offset, uint32_t value)
{
    (void)hw_cfg_write(slot->device, offset, 4,
                       value); /* a card may refuse; base below is what counts */
}

static void assign_bar(struct hal_slot *slot, unsigned n)
{
    struct hal_pci *pci = &slot->hal->pci;
    struct hw_bar *bar = &slot->device->bar[n];
    uint64_t *next = bar->kind == HW_BAR_PORT       ? &pci->next_port
                     : bar->kind == HW_BAR_MEMORY64 ? &pci->next_memory64
                                                    : &pci->next_memory32;
    uint64_t step = bar->kind == HW_BAR_PORT ? 16 : MM_PAGE_SIZE; /* no two devices in one page */
    uint64_t end = bar->kind == HW_BAR_PORT       ? PORT_END
                   : bar->kind == HW_BAR_MEMORY64 ? UINT64_C(1) << 46
                                                  : MEMORY32_END;
    uint64_t base = bits_align_up(*next, bar->size_bytes > step ? bar->size_bytes : step);

    if (base + bar->size_bytes > end)
        return; /* stays without an address, as on a crowded PC */
    *next = base + bar->size_bytes;
    write_config32(slot, CONFIG_BAR0 + 4 * n, (uint32_t)base);
    if (bar->kind == HW_BAR_MEMORY64)
        write_config32(slot, CONFIG_BAR0 + 4 * n + 4, (uint32_t)(base >> 32));
    bar->base = base;
}

/* count consecutive vectors of one IRQL block, aligned to their number; 0 when all are taken. */
static uint32_t take_vectors(struct hal *hal, uint32_t count)
{
    uint32_t align = 1;
    uint32_t places, start;

    while (align < count)
        align *= 2;
    places = (PCI_VECTOR_END - PCI_VECTOR_FIRST) / align;
    start = (uint32_t)sim_rng_below(&hal->rng, places);
    for (uint32_t i = 0; i < places; i++) {
        uint32_t first = bits_align_up(PCI_VECTOR_FIRST, align) + (start + i) % places * align;

        if (first + align <= PCI_VECTOR_END &&
            bitmap_find_set(hal->pci.vectors_taken, first + align, first) == BITMAP_NONE) {
            bitmap_set_range(hal->pci.vectors_taken, first, align);
            return first;
        }
    }
    return 0;
}

static void give_vectors(struct hal *hal, uint32_t first, uint32_t count)
{
    uint32_t align = 1;

    while (align < count)
        align *= 2;
    if (first != 0)
        bitmap_clear_range(hal->pci.vectors_taken, first, align);
}

static unsigned find_capability(struct hal_slot *slot, uint8_t id)
{
    uint32_t at = 0, header;

    if (hw_cfg_read(slot->device, CONFIG_CAPABILITIES, 1, &at) != 0)
        return 0;
    for (unsigned i = 0; i < 48 && at >= 0x40; i++) {
        if (hw_cfg_read(slot->device, at & 0xFC, 4, &header) != 0)
            return 0;
        if ((header & 0xFF) == id)
            return at & 0xFC;
        at = header >> 8 & 0xFF;
    }
    return 0;
}

static void assign_interrupts(struct hal_slot *slot)
{
    struct hw_device *device = slot->device;

    if (device->has_line) {
        slot->line_vector = take_vectors(slot->hal, 1);
        slot->line_pin = (uint8_t)(16 + slot->number % 8);
        (void)hw_cfg_write(device, CONFIG_LINE, 1, slot->line_pin);
    }
    if (device->messages == 0)
        return;
    slot->msi_offset = find_capability(slot, CAPABILITY_MSI);
    slot->msix_offset = find_capability(slot, CAPABILITY_MSIX);
    if (slot->msi_offset == 0 && slot->msix_offset == 0)
        return;
    slot->message_count = device->messages < HW_MESSAGES_MAX ? device->messages : HW_MESSAGES_MAX;
    slot->message_first = take_vectors(slot->hal, slot->message_count);
    if (slot->message_first == 0)
        slot->message_count = 0;
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static int take_number(struct hal *hal, unsigned *number)
{
    unsigned start = (unsigned)sim_rng_below(&hal->rng, PCI_DEVICE_NUMBERS);

    for (unsigned i = 0; i < PCI_DEVICE_NUMBERS; i++) {
        unsigned at = (start + i) % PCI_DEVICE_NUMBERS;

        if (at >= NUMBER_FIRST && !(hal->pci.numbers_taken >> at & 1)) {
            hal->pci.numbers_taken |= 1u << at;
            *number = at;
            return 0;
        }
    }
    return -ENOSPC;
}

int hal_attach(struct hal *hal, struct hw_device *device, struct hal_slot **out)
{
    static const struct hw_host_ops ops = {dma_read, dma_write, line, message, dma_window};
    struct hal_slot *slot = calloc(1, sizeof *slot);
    int error = -ENOMEM;

    if (slot == NULL)
        return -ENOMEM;
    slot->magic = slot_magic;
    slot->hal = hal;
    slot->device = device;
    error = take_number(hal, &slot->number);
    if (error != 0)
        goto free;
    error = domain_for_card(hal, &slot->domain);
    if (error != 0)
        goto give;
    error = array_push(&hal->pci.slots, slot);
    if (error != 0)
        goto give;
    for (unsigned n = 0; n < HW_BARS; n++) {
        if (device->bar[n].kind != HW_BAR_NONE)
            assign_bar(slot, n);
    }
    assign_interrupts(slot);
    device->host_ctx = slot;
    device->host = &ops;
    *out = slot;
    return 0;
give:
    hal->pci.numbers_taken &= ~(1u << slot->number);
free:
    free(slot);
    return error;
}

/* Adapters that outlive their device. They stay usable, as memory, but lead nowhere. */
static void report_adapters(struct hal *hal, struct hal_slot *slot)
{
    struct hal_adapter *adapter;

    list_for_each_entry(adapter, &hal->adapters, link)
    {
        if (adapter->slot == slot) {
            KE_FINDING(hal->ke, VERIFY_adapter_not_put, adapter->id);
            adapter->slot = NULL;
        }
    }
}

void hal_detach(struct hal *hal, struct hal_slot *slot)
{
    weir_assert(slot->magic == slot_magic);
    report_adapters(hal, slot);
    if (slot->line_vector != 0)
        ke_vector_set_level(hal->ke, slot->line_vector, false);
    slot->device->host = NULL;
    slot->device->host_ctx = NULL;
    give_vectors(hal, slot->line_vector, 1);
    give_vectors(hal, slot->message_first, slot->message_count);
    hal->pci.numbers_taken &= ~(1u << slot->number);
    for (size_t i = 0; i < hal->pci.slots.count; i++) {
        if (hal->pci.slots.items[i] == slot) {
            array_remove_at(&hal->pci.slots, i);
            break;
        }
    }
    slot->magic = 0;
    free(slot);
}

struct hw_device *hal_slot_device(struct hal_slot *slot)
{
    return slot->device;
}

ULONG hal_slot_number(struct hal_slot *slot)
{
    return slot->number << 16;
}

static void write_table(struct hal_slot *slot, uint32_t table, uint32_t offset, uint32_t value)
{
    hw_bar_write(slot->device, table & 7, (table & ~7u) + offset, 4, value);
}

/* Each message has an address and data of its own; those that were not given stay masked. The table
 * lies in memory of the card's, which answers while its decodes are on. */
static void program_table(struct hal_slot *slot, uint32_t count)
{
    uint32_t control, table;

    if (slot->msix_offset == 0 ||
        hw_cfg_read(slot->device, slot->msix_offset + 2, 2, &control) != 0 ||
        hw_cfg_read(slot->device, slot->msix_offset + 4, 4, &table) != 0)
        return;
    control &= ~(uint32_t)(MSIX_ENABLE | MSIX_FUNCTION_MASK);
    for (uint32_t i = 0; i < count; i++) {
        write_table(slot, table, i * 16, PCI_MESSAGE_ADDRESS);
        write_table(slot, table, i * 16 + 4, 0);
        write_table(slot, table, i * 16 + 8, slot->message_first + i);
        write_table(slot, table, i * 16 + 12, 0);
    }
    (void)hw_cfg_write(slot->device, slot->msix_offset + 2, 2,
                       control | (count != 0 ? MSIX_ENABLE : 0));
}

static void program_messages(struct hal_slot *slot, uint32_t count)
{
    uint32_t control, multiple = 0;

    if (slot->msi_offset == 0 || hw_cfg_read(slot->device, slot->msi_offset + 2, 2, &control) != 0)
        return;
    control &= ~(uint32_t)(MSI_ENABLE | 0x70);
    if (count != 0) {
        while (1u << multiple < count)
            multiple++;
        write_config32(slot, slot->msi_offset + 4, PCI_MESSAGE_ADDRESS);
        if (control & MSI_64BIT)
            write_config32(slot, slot->msi_offset + 8, 0);
        (void)hw_cfg_write(slot->device, slot->msi_offset + (control & MSI_64BIT ? 12 : 8), 2,
                           slot->message_first);
        control |= MSI_ENABLE | multiple << 4;
    }
    (void)hw_cfg_write(slot->device, slot->msi_offset + 2, 2, control);
}

/* Writes the BARs again: a reset or a stay in D3 has cleared them. */
static void restore_bars(struct hal_slot *slot, const struct hw_bar *bars)
{
    for (unsigned n = 0; n < HW_BARS; n++) {
        if (bars[n].kind == HW_BAR_NONE || bars[n].base == 0)
            continue;
        write_config32(slot, CONFIG_BAR0 + 4 * n, (uint32_t)bars[n].base);
        if (bars[n].kind == HW_BAR_MEMORY64)
            write_config32(slot, CONFIG_BAR0 + 4 * n + 4, (uint32_t)(bars[n].base >> 32));
        slot->device->bar[n].base = bars[n].base;
    }
}

/* UNDOC: when bus mastering goes on. Here with the decodes, at START, as Windows' PCI driver leaves
 * a started device. */
NTSTATUS hal_slot_enable(struct hal_slot *slot)
{
    struct hw_bar bars[HW_BARS];

    weir_assert(slot->magic == slot_magic);
    if (slot->device->removed)
        return STATUS_NO_SUCH_DEVICE;
    memcpy(bars, slot->device->bar, sizeof bars);
    restore_bars(slot, bars);
    program_messages(slot, slot->messages_granted);
    if (hw_cfg_write(slot->device, CONFIG_COMMAND, 2, COMMAND_DECODES_AND_MASTER) != 0)
        return STATUS_UNSUCCESSFUL;
    program_table(slot, slot->messages_granted);
    return STATUS_SUCCESS;
}

void hal_slot_disable(struct hal_slot *slot)
{
    weir_assert(slot->magic == slot_magic);
    (void)hw_cfg_write(slot->device, CONFIG_COMMAND, 2, 0);
    program_table(slot, 0);
    program_messages(slot, 0);
}

/* ---- Config space ---------------------------------------------------------------------------- */

static unsigned access_size(ULONG offset, ULONG length)
{
    if (offset % 4 == 0 && length >= 4)
        return 4;
    return offset % 2 == 0 && length >= 2 ? 2 : 1;
}

/* Bytes transferred: an access past the end of config space stops there. */
ULONG hal_slot_read_config(struct hal_slot *slot, void *buffer, ULONG offset, ULONG length)
{
    uint8_t *to = buffer;
    ULONG done = 0;

    while (done < length) {
        unsigned size_bytes = access_size(offset + done, length - done);
        uint32_t value;

        if (hw_cfg_read(slot->device, offset + done, size_bytes, &value) != 0)
            break;
        memcpy(to + done, &value, size_bytes);
        done += size_bytes;
    }
    return done;
}

ULONG hal_slot_write_config(struct hal_slot *slot, const void *buffer, ULONG offset, ULONG length)
{
    const uint8_t *from = buffer;
    ULONG done = 0;

    while (done < length) {
        unsigned size_bytes = access_size(offset + done, length - done);
        uint32_t value = 0;

        memcpy(&value, from + done, size_bytes);
        if (hw_cfg_write(slot->device, offset + done, size_bytes, value) != 0)
            break;
        done += size_bytes;
    }
    return done;
}
