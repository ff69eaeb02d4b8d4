/* SPDX-License-Identifier: MIT */
/* MSI-X: the table of messages and the pending bits, which lie in a BAR of their own. A device has
 * them when msix_bar is set; its back end never sees accesses to that BAR. Each entry is four
 * dwords: address, upper address, data, control, whose bit 0 masks it. A message that is masked, by
 * its entry or by the function's mask, is pending and sent when it no longer is. (PCI Local Bus
 * 3.0, 6.8.2) */
#ifndef WEIR_HW_MSIX_H
#define WEIR_HW_MSIX_H

#include "hw/hw.h"

enum { MSIX_PENDING_OFFSET = 0x800, MSIX_BAR_BYTES = 0x1000, MSIX_ENTRY_BYTES = 16 };

static inline bool msix_is_bar(const struct hw_device *device, unsigned bar)
{
    return device->msix_bar == bar + 1;
}
uint64_t msix_read(const struct hw_device *device, uint64_t offset, uint32_t size_bytes);
/* Then msix_send_pending. */
void msix_write(struct hw_device *device, uint64_t offset, uint32_t size_bytes, uint64_t value);
void msix_reset(struct hw_device *device); /* every entry masked, nothing pending */
/* True: it may be sent now; false: it is pending from now on. */
bool msix_may_send(struct hw_device *device, unsigned message);
/* Pending messages that may be sent now, lowest first; they are not pending any more. */
bool msix_take_pending(struct hw_device *device, unsigned *message);

#endif
