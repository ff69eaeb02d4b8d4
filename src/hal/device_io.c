/* SPDX-License-Identifier: MIT */
/* The CPU's way to registers: memory and port accesses find the slot whose BAR decodes them. What nobody decodes
 * reads as all ones, as on a PC. READ_REGISTER_ULONG and READ_PORT_ULONG are inline code in x64 drivers, which the
 * trap layer sees. */
#include "hal/state.h"

#include "hw/hw.h"

/* ---- Decoding ----------------------------------------------------------------------------------------------- */

/* Whether decoding is switched on is the device's own answer (hw_bar_read). */
static struct hal_slot *find_bar(struct hal *hal, bool port, uint64_t address, unsigned *bar, uint64_t *offset)
{
    for (unsigned s = 0; s < hal->slot_count; s++) {
        struct hal_slot *slot = hal->slots[s];

        for (unsigned i = 0; i < HW_BARS; i++) {
            const struct hw_bar *candidate = &slot->device->bar[i];

            if (slot->bar_base[i] == 0 || (candidate->kind == HW_BAR_PORT) != port ||
                address - slot->bar_base[i] >= candidate->size_bytes)
                continue;
            *bar = i;
            *offset = address - slot->bar_base[i];
            return slot;
        }
    }
    return NULL;
}

static uint64_t decode_read(struct hal *hal, bool port, uint64_t address, unsigned size_bytes)
{
    unsigned bar;
    uint64_t offset;
    struct hal_slot *slot = find_bar(hal, port, address, &bar, &offset);
    uint64_t value = UINT64_MAX >> (64 - 8 * size_bytes);

    if (slot == NULL)
        return value;
    value = hw_bar_read(slot->device, bar, offset, size_bytes);
    TRACE_CLASSED(ke_trace(hal->ke), call, mmio, bar, offset, size_bytes, value, 0);
    return value;
}

static void decode_write(struct hal *hal, bool port, uint64_t address, unsigned size_bytes, uint64_t value)
{
    unsigned bar;
    uint64_t offset;
    struct hal_slot *slot = find_bar(hal, port, address, &bar, &offset);

    if (slot == NULL)
        return;
    TRACE_CLASSED(ke_trace(hal->ke), call, mmio, bar, offset, size_bytes, value, 1);
    hw_bar_write(slot->device, bar, offset, size_bytes, value);
}

/* ---- For mm ----------------------------------------------------------------------------------------------------- */

static bool is_device(void *ctx, mm_pa pa)
{
    unsigned bar;
    uint64_t offset;

    return find_bar(ctx, false, pa.value, &bar, &offset) != NULL;
}

static uint64_t memory_read(void *ctx, mm_pa pa, unsigned size_bytes)
{
    return decode_read(ctx, false, pa.value, size_bytes);
}

static void memory_write(void *ctx, mm_pa pa, unsigned size_bytes, uint64_t value)
{
    decode_write(ctx, false, pa.value, size_bytes, value);
}

static uint64_t port_read(void *ctx, uint16_t port, unsigned size_bytes)
{
    return decode_read(ctx, true, port, size_bytes);
}

static void port_write(void *ctx, uint16_t port, unsigned size_bytes, uint64_t value)
{
    decode_write(ctx, true, port, size_bytes, value);
}

void hal_device_io_connect(struct hal *hal)
{
    static const struct mm_io_ops ops = {.is_device = is_device, .read = memory_read,
                                         .write = memory_write, .port_read = port_read,
                                         .port_write = port_write};

    mm_set_io_ops(hal->mm, &ops, hal);
}
