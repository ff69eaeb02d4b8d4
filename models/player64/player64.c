/* SPDX-License-Identifier: MIT */
/* player64, after docs/cards/player64.md: the channels of grabber64 with screens at their outer
 * ends. */
#include "../grabber64/engine.h"
#include "regs.h"

static int player64_create(const struct weir_device_host *host, void **out, char *error,
                           size_t size_bytes)
{
    return g64_create(host, WIRE_OUT, P64_ID_VALUE, out, error, size_bytes);
}

static const struct weir_parameter player64_parameters[] = {
    {"bandwidth", WEIR_PARAMETER_SIZE, 0, "8G", NULL, "bytes a second on the bus; 0: no limit"},
    SCREEN_FAULT_PARAMETERS,
    {NULL, 0, 0, NULL, NULL, NULL},
};

extern const struct weir_device_model player64_model;
const struct weir_device_model player64_model = {
    .abi_version = WEIR_DEVICE_ABI,
    .struct_size = sizeof(struct weir_device_model),
    .name = "player64",
    .summary = "PCI Express video output: 64-bit descriptor rings, MSI, two channels",
    .parameters = player64_parameters,
    .pci = {.vendor = G64_PCI_VENDOR,
            .device = P64_PCI_DEVICE,
            .subsystem_vendor = G64_PCI_VENDOR,
            .subsystem = 1,
            .class_code = 0x040000,
            .revision = 1,
            .pcie = 1},
    .bars = {{WEIR_BAR_MEMORY64, 0, G64_BAR_BYTES}},
    .has_line = 1,
    .messages = G64_MESSAGES,
    .dma_address_bits = 64,
    .create = player64_create,
    .destroy = g64_destroy,
    .reset = g64_reset,
    .power = g64_power,
    .read = g64_read,
    .write = g64_write,
};
