/* SPDX-License-Identifier: MIT */
/* The HAL: DMA adapters, map registers, logical addresses, interrupt routing, bus data: where nt
 * meets hw. It owns the only road from card to memory. A logical address (what a device sees) is a
 * type of its own. */
#ifndef WEIR_HAL_H
#define WEIR_HAL_H

#include "hw/hw.h"
#include "mm/mm.h"

typedef struct hal_la {
    uint64_t value;
} hal_la;

enum hal_iommu { HAL_IOMMU_OFF, HAL_IOMMU_REMAP, HAL_IOMMU_STRICT };
enum { HAL_REGISTERS_DEFAULT = 16384 };
struct hal_config {
    enum hal_iommu iommu;
    uint32_t map_registers_cap; /* per adapter; 0 = the default */
    bool force_bounce;
    uint32_t low_memory_pressure; /* per mille of the low memory that a rival holds on average */
};
struct hal;
int hal_create(struct ke *ke, struct mm *mm, const struct hal_config *config, struct hal **out);
void hal_destroy(struct hal *hal);

/* A device on the machine's PCI bus: gives it a slot, BAR addresses, interrupt vectors, and
 * connects its DMA and interrupts. Borrowed until detached. */
struct hal_slot;
int hal_attach(struct hal *hal, struct hw_device *device, struct hal_slot **out);
void hal_detach(struct hal *hal, struct hal_slot *slot);
struct hw_device *hal_slot_device(struct hal_slot *slot);
ULONG hal_slot_number(
    struct hal_slot *slot); /* PCI device << 16 | function, as DEVICE_CAPABILITIES.Address */
/* Raw and translated resources of the slot as CM lists from paged pool (the caller frees both);
 * messages > 0 asks for that many MSI vectors where the device has MSI, else the line interrupt. */
NTSTATUS hal_slot_resources(struct hal_slot *slot, ULONG messages, PCM_RESOURCE_LIST *raw,
                            PCM_RESOURCE_LIST *translated);
NTSTATUS hal_slot_enable(
    struct hal_slot *slot); /* command register: decodes, bus mastering; MSI programmed */
void hal_slot_disable(struct hal_slot *slot);
ULONG hal_slot_read_config(struct hal_slot *slot, void *buffer, ULONG offset, ULONG length);
ULONG hal_slot_write_config(struct hal_slot *slot, const void *buffer, ULONG offset, ULONG length);
/* The adapter for the device on this slot: the GetDmaAdapter of its bus interface. slot NULL: a
 * device without hardware (root enumerated). IoGetDmaAdapter (here, under its own name) asks the
 * PDO first. */
PDMA_ADAPTER hal_get_adapter(struct hal_slot *slot, PDEVICE_DESCRIPTION description,
                             PULONG map_registers);

/* A slot of DMA_OPERATIONS in findings: this and its index. Its name is that of the member, as in
 * "DMA_OPERATIONS.PutDmaAdapter". */
enum { HAL_OPERATION_ID = 0x10000 };
const char *hal_operation_name(unsigned index);

struct hal_figures {
    uint64_t adapters_live, lists_live, common_buffers_live, registers_in_use, registers_highest;
    uint64_t direct_bytes, bounce_bytes;
};
void hal_figures(struct hal *hal, struct hal_figures *out);

#endif
