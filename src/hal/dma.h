/* SPDX-License-Identifier: MIT */
/* The seam between the PCI half of the HAL and its DMA half. Not a door. */
#ifndef WEIR_HAL_DMA_H
#define WEIR_HAL_DMA_H

#include "hal/state.h"

int hal_dma_create(struct hal *hal);
void hal_dma_destroy(struct hal *hal);
int hal_slot_dma_create(struct hal_slot *slot);
void hal_slot_dma_destroy(struct hal_slot *slot);

/* A card's access to memory by logical address, checked against the device's live mappings.
 * 0, or -EFAULT for a master abort; a read then gives all ones. Called from events and from the
 * driver's register accesses. */
int hal_bus_read(struct hal_slot *slot, uint64_t la, void *to, uint64_t size_bytes);
int hal_bus_write(struct hal_slot *slot, uint64_t la, const void *from, uint64_t size_bytes);

void hal_dma_figures(struct hal *hal, struct hal_figures *out);

#endif
