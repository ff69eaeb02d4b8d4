/* SPDX-License-Identifier: MIT */
/* player32, after docs/cards/player32.md: the engine of grabber32 with a screen at its outer
 * end. */
#include "../grabber32/engine.h"
#include "regs.h"

static int player32_create(const struct weir_device_host *host, void **out, char *error,
                           size_t size_bytes)
{
    return g32_create(host, WIRE_OUT, P32_ID_VALUE, out, error, size_bytes);
}

static const struct weir_parameter player32_parameters[] = {
    {"bandwidth", WEIR_PARAMETER_SIZE, 0, "0", NULL, "bytes a second on the bus; 0: no limit"},
    SCREEN_FAULT_PARAMETERS,
    {NULL, 0, 0, NULL, NULL, NULL},
};

extern const struct weir_device_model player32_model;
const struct weir_device_model player32_model = {
    .abi_version = WEIR_DEVICE_ABI,
    .struct_size = sizeof(struct weir_device_model),
    .name = "player32",
    .summary = "PCI video output: 32-bit addresses, INTx, descriptors refilled within the frame",
    .parameters = player32_parameters,
    .pci = {.vendor = G32_PCI_VENDOR,
            .device = P32_PCI_DEVICE,
            .subsystem_vendor = G32_PCI_VENDOR,
            .subsystem = 1,
            .class_code = 0x040000,
            .revision = 1},
    .bars = {{WEIR_BAR_MEMORY32, 0, G32_BAR_BYTES}},
    .has_line = 1,
    .dma_address_bits = 32,
    .create = player32_create,
    .destroy = g32_destroy,
    .reset = g32_reset,
    .power = g32_power,
    .read = g32_read,
    .write = g32_write,
};
