/* SPDX-License-Identifier: MIT */
/* The config space every back end without its own shares: type 0 header, BARs with their sizing,
 * and for cards that have them the power management, MSI or MSI-X and PCI Express capabilities. The
 * bytes live in hw_device.config; what can be written follows from the device's own fields, so
 * nothing else is stored. Writing a BAR moves hw_device.bar[].base. Not here: what the bits cause
 * (device.c). */
#ifndef WEIR_HW_CONFIG_H
#define WEIR_HW_CONFIG_H

#include "hw/hw.h"

enum {
    CONFIG_VENDOR = 0x00,
    CONFIG_DEVICE = 0x02,
    CONFIG_COMMAND = 0x04,
    CONFIG_STATUS = 0x06,
    CONFIG_REVISION = 0x08,
    CONFIG_BAR0 = 0x10,
    CONFIG_SUBSYSTEM = 0x2c,
    CONFIG_CAPABILITIES = 0x34,
    CONFIG_LINE = 0x3c,
    CONFIG_PIN = 0x3d,
    CONFIG_PM = 0x40, /* capability, 8 bytes */
    CONFIG_MSI = 0x50, /* capability, 64-bit without masks, 14 bytes */
    CONFIG_PCIE = 0x70, /* capability, 0x3c bytes */
    CONFIG_MSIX = 0xb0, /* capability, 12 bytes; instead of the one for MSI */
    CONFIG_CONVENTIONAL_BYTES = 256,
};
enum {
    COMMAND_PORT = 1 << 0,
    COMMAND_MEMORY = 1 << 1,
    COMMAND_MASTER = 1 << 2,
    COMMAND_LINE_OFF = 1 << 10,
    STATUS_LINE = 1 << 3,
    STATUS_CAPABILITIES = 1 << 4,
    MSI_ENABLE = 1 << 0,
    MSI_64BIT = 1 << 7,
    MSIX_FUNCTION_MASK = 1 << 14,
    MSIX_ENABLE = 1 << 15,
};

struct config_identity {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t class_code;
    uint8_t revision;
};

/* Fills config from the identity and the device's bar, has_line, messages and pcie. */
void config_init(struct hw_device *device, const struct config_identity *identity);
/* As after a bus reset: BARs, command, line and MSI cleared. */
void config_reset(struct hw_device *device);
uint32_t config_get(const struct hw_device *device, uint32_t offset, uint32_t size_bytes);
void config_set(struct hw_device *device, uint32_t offset, uint32_t size_bytes, uint32_t value);

static inline uint32_t config_bytes(const struct hw_device *device)
{
    return device->pcie ? HW_CONFIG_BYTES : CONFIG_CONVENTIONAL_BYTES;
}
static inline uint16_t config_command(const struct hw_device *device)
{
    return (uint16_t)(device->config[CONFIG_COMMAND] | device->config[CONFIG_COMMAND + 1] << 8);
}

struct config_message {
    uint64_t address;
    uint32_t data;
};
/* Number of messages switched on, 0 when MSI is off. */
unsigned config_messages(const struct hw_device *device);
/* Message number n of them (n below that number). */
struct config_message config_message(const struct hw_device *device, unsigned n);

#endif
