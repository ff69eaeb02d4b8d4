/* SPDX-License-Identifier: MIT */
#include "hw/msix.h"

#include <string.h>

#include "base/base.h"
#include "hw/config.h"

enum { CONTROL = 3, MASKED = 1 };

static uint8_t byte_at(const struct hw_device *device, uint64_t offset)
{
    uint64_t table_bytes = (uint64_t)device->messages * MSIX_ENTRY_BYTES;

    if (offset < table_bytes)
        return (uint8_t)(device->msix_table[offset / MSIX_ENTRY_BYTES][offset / 4 % 4] >>
                         8 * (offset % 4));
    if (offset >= MSIX_PENDING_OFFSET && offset < MSIX_PENDING_OFFSET + 8)
        return offset - MSIX_PENDING_OFFSET < 4
                   ? (uint8_t)(device->msix_pending >> 8 * (offset % 4))
                   : 0;
    return 0;
}

uint64_t msix_read(const struct hw_device *device, uint64_t offset, uint32_t size_bytes)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < size_bytes; i++)
        value |= (uint64_t)byte_at(device, offset + i) << (8 * i);
    return value;
}

/* Whole dwords only: software may write no others. */
void msix_write(struct hw_device *device, uint64_t offset, uint32_t size_bytes, uint64_t value)
{
    for (uint32_t i = 0; i + 4 <= size_bytes; i += 4) {
        uint64_t at = offset + i;
        uint32_t dword = (uint32_t)(value >> (8 * i));

        if (at % 4 != 0 || at >= (uint64_t)device->messages * MSIX_ENTRY_BYTES)
            continue;
        if (at / 4 % 4 == CONTROL)
            dword &= MASKED;
        device->msix_table[at / MSIX_ENTRY_BYTES][at / 4 % 4] = dword;
    }
}

void msix_reset(struct hw_device *device)
{
    memset(device->msix_table, 0, sizeof device->msix_table);
    for (unsigned i = 0; i < HW_MESSAGES_MAX; i++)
        device->msix_table[i][CONTROL] = MASKED;
    device->msix_pending = 0;
}

static bool is_masked(const struct hw_device *device, unsigned message)
{
    uint32_t control = config_get(device, CONFIG_MSIX + 2, 2);

    return (control & MSIX_FUNCTION_MASK) || (device->msix_table[message][CONTROL] & MASKED);
}

bool msix_may_send(struct hw_device *device, unsigned message)
{
    if (!is_masked(device, message))
        return true;
    device->msix_pending |= 1u << message;
    return false;
}

bool msix_take_pending(struct hw_device *device, unsigned *message)
{
    if (config_messages(device) == 0)
        return false;
    for (unsigned i = 0; i < device->messages; i++) {
        if (!(device->msix_pending >> i & 1) || is_masked(device, i))
            continue;
        device->msix_pending &= ~(1u << i);
        *message = i;
        return true;
    }
    return false;
}
