/* SPDX-License-Identifier: MIT */
/* Config space as PCI Local Bus 3.0 chapter 6 lays it out, with the capabilities of PCI Power
 * Management 1.2, MSI (6.8.1 there) and PCI Express. */
#include "hw/config.h"

#include <string.h>

#include "base/base.h"
#include "hw/msix.h"

enum {
    CAPABILITY_PM = 0x01,
    CAPABILITY_MSI = 0x05,
    CAPABILITY_PCIE = 0x10,
    CAPABILITY_MSIX = 0x11,
};

static void put(struct hw_device *device, uint32_t offset, uint32_t size_bytes, uint32_t value)
{
    for (uint32_t i = 0; i < size_bytes; i++)
        device->config[offset + i] = (uint8_t)(value >> (8 * i));
}

uint32_t config_get(const struct hw_device *device, uint32_t offset, uint32_t size_bytes)
{
    uint32_t value = 0;

    for (uint32_t i = 0; i < size_bytes; i++)
        value |= (uint32_t)device->config[offset + i] << (8 * i);
    return value;
}

/* ---- Making ---------------------------------------------------------------------------------- */

static uint32_t bar_flags(const struct hw_bar *bar)
{
    switch (bar->kind) {
    case HW_BAR_PORT:
        return 1;
    case HW_BAR_MEMORY64:
        return 4u | (bar->prefetchable ? 8u : 0);
    case HW_BAR_MEMORY32:
        return bar->prefetchable ? 8u : 0;
    default:
        return 0;
    }
}

/* Links one more capability behind the last; returns where the next link goes. */
static uint32_t link_capability(struct hw_device *device, uint32_t link, uint32_t at, uint8_t id)
{
    device->config[link] = (uint8_t)at;
    device->config[at] = id;
    return at + 1;
}

static void make_capabilities(struct hw_device *device)
{
    uint32_t link = CONFIG_CAPABILITIES;

    if (device->pcie) {
        link = link_capability(device, link, CONFIG_PM, CAPABILITY_PM);
        put(device, CONFIG_PM + 2, 2, 0x0003); /* version 3, D0 and D3 only */
        put(device, CONFIG_PM + 4, 2,
            0x0008); /* no soft reset: registers are the card's business */
    }
    if (device->msix_bar != 0) {
        link = link_capability(device, link, CONFIG_MSIX, CAPABILITY_MSIX);
        put(device, CONFIG_MSIX + 2, 2, device->messages - 1);
        put(device, CONFIG_MSIX + 4, 4, device->msix_bar - 1);
        put(device, CONFIG_MSIX + 8, 4, MSIX_PENDING_OFFSET | (device->msix_bar - 1));
    } else if (device->messages > 0) {
        link = link_capability(device, link, CONFIG_MSI, CAPABILITY_MSI);
        put(device, CONFIG_MSI + 2, 2,
            MSI_64BIT | weir_count_trailing_zeros(device->messages) << 1);
    }
    if (device->pcie) {
        link_capability(device, link, CONFIG_PCIE, CAPABILITY_PCIE);
        put(device, CONFIG_PCIE + 2, 2, 0x0002); /* version 2, endpoint */
        put(device, CONFIG_PCIE + 0x0c, 4, 0x00000043); /* 8 GT/s, four lanes */
        put(device, CONFIG_PCIE + 0x12, 2, 0x0043);
    }
    if (device->config[CONFIG_CAPABILITIES] != 0)
        put(device, CONFIG_STATUS, 2, STATUS_CAPABILITIES);
}

void config_init(struct hw_device *device, const struct config_identity *identity)
{
    memset(device->config, 0, sizeof device->config);
    put(device, CONFIG_VENDOR, 2, identity->vendor);
    put(device, CONFIG_DEVICE, 2, identity->device);
    put(device, CONFIG_REVISION, 4, identity->class_code << 8 | identity->revision);
    put(device, CONFIG_SUBSYSTEM, 2, identity->subsystem_vendor);
    put(device, CONFIG_SUBSYSTEM + 2, 2, identity->subsystem);
    device->config[CONFIG_PIN] = device->has_line;
    make_capabilities(device);
    config_reset(device);
}

void config_reset(struct hw_device *device)
{
    put(device, CONFIG_COMMAND, 2, 0);
    device->config[CONFIG_LINE] = 0;
    for (unsigned i = 0; i < HW_BARS; i++) {
        put(device, CONFIG_BAR0 + 4 * i, 4, bar_flags(&device->bar[i]));
        device->bar[i].base = 0;
    }
    if (device->msix_bar != 0) {
        put(device, CONFIG_MSIX + 2, 2, device->messages - 1);
        msix_reset(device);
    } else if (device->messages > 0) {
        put(device, CONFIG_MSI + 2, 2,
            MSI_64BIT | weir_count_trailing_zeros(device->messages) << 1);
        memset(&device->config[CONFIG_MSI + 4], 0, 10);
    }
    if (device->pcie)
        put(device, CONFIG_PM + 4, 2, 0x0008);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static uint32_t bar_mask(const struct hw_device *device, unsigned index)
{
    const struct hw_bar *bar = &device->bar[index];

    if (bar->kind != HW_BAR_NONE)
        return (uint32_t) ~(bar->size_bytes - 1);
    if (index > 0 && device->bar[index - 1].kind == HW_BAR_MEMORY64)
        return (uint32_t)(~(device->bar[index - 1].size_bytes - 1) >> 32);
    return 0;
}

static uint32_t msi_mask(const struct hw_device *device, uint32_t offset)
{
    static const uint32_t masks[] = {MSI_ENABLE << 16 | 7u << 20, 0xfffffffcu, 0xffffffffu,
                                     0xffffu};

    return device->messages > 0 && device->msix_bar == 0 ? masks[(offset - CONFIG_MSI) / 4] : 0;
}

/* Which bits of an aligned dword can be written. */
static uint32_t writable(const struct hw_device *device, uint32_t offset)
{
    if (offset >= CONFIG_BAR0 && offset < CONFIG_BAR0 + 4 * HW_BARS)
        return bar_mask(device, (offset - CONFIG_BAR0) / 4);
    if (offset >= CONFIG_MSI && offset < CONFIG_MSI + 16)
        return msi_mask(device, offset);
    switch (offset) {
    case CONFIG_COMMAND:
        return COMMAND_PORT | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_LINE_OFF | 0x0140u;
    case 0x0c:
        return 0xff; /* cache line size: kept, without effect */
    case CONFIG_LINE:
        return 0xff;
    case CONFIG_MSIX:
        return device->msix_bar != 0 ? (uint32_t)(MSIX_ENABLE | MSIX_FUNCTION_MASK) << 16 : 0;
    case CONFIG_PM + 4:
        return device->pcie ? 0x0003u : 0;
    case CONFIG_PCIE + 0x08:
        return device->pcie ? 0x0000ffffu : 0; /* device control */
    case CONFIG_PCIE + 0x10:
        return device->pcie ? 0x0000ffffu : 0; /* link control */
    default:
        return 0;
    }
}

static void move_bar(struct hw_device *device, unsigned index)
{
    struct hw_bar *bar = &device->bar[index];
    uint64_t value;

    if (bar->kind == HW_BAR_NONE && index > 0 && device->bar[index - 1].kind == HW_BAR_MEMORY64) {
        move_bar(device, index - 1);
        return;
    }
    if (bar->kind == HW_BAR_NONE)
        return;
    value = config_get(device, CONFIG_BAR0 + 4 * index, 4);
    if (bar->kind == HW_BAR_MEMORY64)
        value |= (uint64_t)config_get(device, CONFIG_BAR0 + 4 * index + 4, 4) << 32;
    bar->base = value & ~(bar->size_bytes - 1);
}

void config_set(struct hw_device *device, uint32_t offset, uint32_t size_bytes, uint32_t value)
{
    uint32_t aligned = offset & ~3u, shift = (offset & 3) * 8;
    uint32_t mask = size_bytes == 4 ? UINT32_MAX : (1u << 8 * size_bytes) - 1;
    uint32_t old = config_get(device, aligned, 4);

    mask = mask << shift & writable(device, aligned);
    put(device, aligned, 4, (old & ~mask) | (value << shift & mask));
    if (aligned >= CONFIG_BAR0 && aligned < CONFIG_BAR0 + 4 * HW_BARS)
        move_bar(device, (aligned - CONFIG_BAR0) / 4);
}

/* ---- Messages -------------------------------------------------------------------------------- */

unsigned config_messages(const struct hw_device *device)
{
    uint32_t control;
    unsigned granted;

    if (device->messages == 0)
        return 0;
    if (device->msix_bar != 0)
        return config_get(device, CONFIG_MSIX + 2, 2) & MSIX_ENABLE ? device->messages : 0;
    control = config_get(device, CONFIG_MSI + 2, 2);
    if ((control & MSI_ENABLE) == 0)
        return 0;
    granted = 1u << (control >> 4 & 7);
    return granted < device->messages ? granted : device->messages;
}

struct config_message config_message(const struct hw_device *device, unsigned n)
{
    uint64_t low = config_get(device, CONFIG_MSI + 4, 4),
             high = config_get(device, CONFIG_MSI + 8, 4);
    uint32_t data = config_get(device, CONFIG_MSI + 12, 2);
    const uint32_t *entry = device->msix_table[n];

    if (device->msix_bar != 0)
        return (struct config_message){(uint64_t)entry[1] << 32 | entry[0], entry[2]};
    return (struct config_message){high << 32 | low, (data & ~(config_messages(device) - 1)) | n};
}
