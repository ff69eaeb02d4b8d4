/* SPDX-License-Identifier: MIT */
/* Slots: a device on PCI bus 0 with what a PC's firmware and Windows give it.
 *
 * Firmware assigns BAR addresses and an interrupt line; the bus driver switches decoding on when the device starts
 * and programs MSI when messages were granted. Addresses, device number and vectors follow from the seed, because
 * nothing may rest on them. A vector's IRQL is its number divided by 16, as on x64 Windows; a message address names
 * the local APIC (0xFEE00000), its data the vector.
 * PCI Local Bus Specification 3.0, 6.2.5 and 6.8; Introduction to Message-Signaled Interrupts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hal/dma.h"
#include "hal/state.h"
#include "hw/hw.h"

static const uint64_t slot_magic = 0x68616c736c6f7421u;
enum {
    CONFIG_COMMAND = 0x04, CONFIG_BAR0 = 0x10, CONFIG_CAPABILITIES = 0x34, CONFIG_LINE = 0x3c,
    COMMAND_PORT = 1, COMMAND_MEMORY = 2, COMMAND_MASTER = 4,
    CAPABILITY_MSI = 5, MSI_ENABLE = 1, MSI_64BIT = 0x80,
    LAST_VECTOR = 0xBF,
};
static const uint32_t message_address = 0xFEE00000u;

/* ---- A device's way out ------------------------------------------------------------------------------- */

static int dma_read(void *ctx, uint64_t la, void *to, uint64_t size_bytes)
{
    return hal_bus_read(ctx, la, to, size_bytes);
}

static int dma_write(void *ctx, uint64_t la, const void *from, uint64_t size_bytes)
{
    return hal_bus_write(ctx, la, from, size_bytes);
}

static void line(void *ctx, bool asserted)
{
    struct hal_slot *slot = ctx;

    TRACE_CLASSED(ke_trace(slot->hal->ke), sched, interrupt_line, slot->line_vector, asserted);
    ke_vector_set_level(slot->hal->ke, slot->line_vector, asserted);
}

/* A message is a write to the APIC; written anywhere else it would be a write to memory, which no card does. */
static void message(void *ctx, uint64_t address, uint32_t data)
{
    struct hal_slot *slot = ctx;

    if ((address & 0xFFF00000u) == message_address)
        ke_vector_pulse(slot->hal->ke, data & 0xFF);
}

static const struct hw_host_ops host_ops = {
    .dma_read = dma_read, .dma_write = dma_write, .line = line, .message = message};

/* ---- Attaching ------------------------------------------------------------------------------------------ */

static void assign_bars(struct hal_slot *slot)
{
    struct hal *hal = slot->hal;

    for (unsigned i = 0; i < HW_BARS; i++) {
        const struct hw_bar *bar = &slot->device->bar[i];
        uint64_t *next = bar->kind == HW_BAR_MEMORY64 ? &hal->next_high_pa : &hal->next_low_pa;
        uint64_t size = bar->size_bytes < MM_PAGE_SIZE ? MM_PAGE_SIZE : bar->size_bytes;

        if (bar->kind == HW_BAR_NONE)
            continue;
        if (bar->kind == HW_BAR_PORT) {
            slot->bar_base[i] = 0xC000 + (uint64_t)slot->number * 0x400 + i * 0x100u;
            continue;
        }
        *next = bits_align_up(*next, size) + size * sim_rng_below(&hal->rng, 4);
        slot->bar_base[i] = *next;
        *next += size;
    }
}

static void assign_interrupts(struct hal_slot *slot)
{
    struct hal *hal = slot->hal;
    unsigned messages = slot->device->messages;

    slot->line = 16 + (uint32_t)sim_rng_below(&hal->rng, 8);
    slot->line_vector = hal->next_vector++;
    if (messages == 0)
        return;
    /* The low bits of a message's data are the card's to change: the block is aligned to its size. */
    hal->next_vector = (uint32_t)bits_align_up(hal->next_vector, messages);
    slot->message_vector = hal->next_vector;
    hal->next_vector += messages;
}

static bool number_taken(const struct hal *hal, unsigned number)
{
    for (unsigned i = 0; i < hal->slot_count; i++) {
        if (hal->slots[i]->number == number)
            return true;
    }
    return false;
}

int hal_attach(struct hal *hal, struct hw_device *device, struct hal_slot **out)
{
    struct hal_slot *slot;
    int result;

    if (hal->slot_count == HAL_SLOTS_MAX || hal->next_vector + device->messages * 2 + 1 > LAST_VECTOR)
        return -ENOSPC;
    slot = calloc(1, sizeof *slot);
    if (slot == NULL)
        return -ENOMEM;
    slot->magic = slot_magic;
    slot->hal = hal;
    slot->device = device;
    do {
        slot->number = 1 + (unsigned)sim_rng_below(&hal->rng, HAL_DEVICES_ON_BUS - 1);
    } while (number_taken(hal, slot->number));
    assign_bars(slot);
    assign_interrupts(slot);
    result = hal_slot_dma_create(slot);
    if (result != 0) {
        free(slot);
        return result;
    }
    device->host = &host_ops;
    device->host_ctx = slot;
    hal->slots[hal->slot_count++] = slot;
    *out = slot;
    return 0;
}

void hal_detach(struct hal *hal, struct hal_slot *slot)
{
    weir_assert(slot->magic == slot_magic);
    for (unsigned i = 0; i < hal->slot_count; i++) {
        if (hal->slots[i] == slot) {
            hal->slots[i] = hal->slots[--hal->slot_count];
            break;
        }
    }
    slot->device->host = NULL;
    slot->device->host_ctx = NULL;
    hal_slot_dma_destroy(slot);
    slot->magic = 0;
    free(slot);
}

struct hw_device *hal_slot_device(struct hal_slot *slot)
{
    weir_assert(slot->magic == slot_magic);
    return slot->device;
}

ULONG hal_slot_number(struct hal_slot *slot)
{
    return (ULONG)slot->number << 16;
}

/* ---- Config space --------------------------------------------------------------------------------------- */

static uint32_t get_config(struct hal_slot *slot, uint32_t offset, uint32_t size_bytes)
{
    uint32_t value = UINT32_MAX;

    hw_cfg_read(slot->device, offset, size_bytes, &value);
    return value;
}

static void set_config(struct hal_slot *slot, uint32_t offset, uint32_t size_bytes, uint32_t value)
{
    hw_cfg_write(slot->device, offset, size_bytes, value);
}

static uint32_t find_capability(struct hal_slot *slot, uint8_t id)
{
    uint32_t at = get_config(slot, CONFIG_CAPABILITIES, 1) & ~3u;

    for (unsigned i = 0; i < 48 && at >= 0x40 && at < 0x100; i++) {
        if (get_config(slot, at, 1) == id)
            return at;
        at = get_config(slot, at + 1, 1) & ~3u;
    }
    return 0;
}

static void program_bars(struct hal_slot *slot)
{
    for (unsigned i = 0; i < HW_BARS; i++) {
        if (slot->bar_base[i] == 0)
            continue;
        set_config(slot, CONFIG_BAR0 + 4 * i, 4, (uint32_t)slot->bar_base[i]);
        if (slot->device->bar[i].kind == HW_BAR_MEMORY64)
            set_config(slot, CONFIG_BAR0 + 4 * i + 4, 4, (uint32_t)(slot->bar_base[i] >> 32));
    }
    set_config(slot, CONFIG_LINE, 1, slot->line);
}

static void program_messages(struct hal_slot *slot)
{
    uint32_t at = find_capability(slot, CAPABILITY_MSI);
    uint32_t control;
    uint32_t log2 = 0;

    if (at == 0)
        return;
    control = get_config(slot, at + 2, 2) & ~(0x70u | MSI_ENABLE);
    if (slot->messages > 0) {
        while ((1u << (log2 + 1)) <= slot->messages)
            log2++;
        set_config(slot, at + 4, 4, message_address);
        if ((control & MSI_64BIT) != 0)
            set_config(slot, at + 8, 4, 0);
        set_config(slot, (control & MSI_64BIT) != 0 ? at + 12 : at + 8, 2, slot->message_vector);
        control |= log2 << 4 | MSI_ENABLE;
    }
    set_config(slot, at + 2, 2, control);
}

NTSTATUS hal_slot_enable(struct hal_slot *slot)
{
    weir_assert(slot->magic == slot_magic);
    if (slot->device->removed)
        return STATUS_DEVICE_NOT_CONNECTED;
    program_bars(slot);
    program_messages(slot);
    set_config(slot, CONFIG_COMMAND, 2,
               get_config(slot, CONFIG_COMMAND, 2) | COMMAND_PORT | COMMAND_MEMORY | COMMAND_MASTER);
    slot->enabled = true;
    return STATUS_SUCCESS;
}

void hal_slot_disable(struct hal_slot *slot)
{
    weir_assert(slot->magic == slot_magic);
    if (!slot->device->removed)
        set_config(slot, CONFIG_COMMAND, 2,
                   get_config(slot, CONFIG_COMMAND, 2) &
                       ~(uint32_t)(COMMAND_PORT | COMMAND_MEMORY | COMMAND_MASTER));
    slot->enabled = false;
}

ULONG hal_slot_read_config(struct hal_slot *slot, void *buffer, ULONG offset, ULONG length)
{
    uint8_t *to = buffer;

    if (offset >= HW_CONFIG_BYTES)
        return 0;
    if (length > HW_CONFIG_BYTES - offset)
        length = HW_CONFIG_BYTES - offset;
    for (ULONG i = 0; i < length; i++)
        to[i] = (uint8_t)get_config(slot, offset + i, 1);
    return length;
}

/* In the largest aligned pieces: a BAR written byte by byte would move four times. */
ULONG hal_slot_write_config(struct hal_slot *slot, const void *buffer, ULONG offset, ULONG length)
{
    const uint8_t *from = buffer;
    ULONG done = 0;

    if (offset >= HW_CONFIG_BYTES)
        return 0;
    if (length > HW_CONFIG_BYTES - offset)
        length = HW_CONFIG_BYTES - offset;
    while (done < length) {
        ULONG at = offset + done, left = length - done;
        ULONG size = at % 4 == 0 && left >= 4 ? 4 : at % 2 == 0 && left >= 2 ? 2 : 1;
        uint32_t value = 0;

        memcpy(&value, from + done, size);
        set_config(slot, at, size, value);
        done += size;
    }
    return length;
}
