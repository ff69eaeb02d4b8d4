/* SPDX-License-Identifier: MIT */
/* Bus 0 of the machine: who sits in which slot, which addresses and interrupt vectors are taken.
 * Firmware and PCI driver of a PC in one: BARs, lines and vectors are assigned when a device is
 * attached. The seed decides device numbers, addresses and vectors within what a PC would do:
 * memory below 4 GB for 32-bit BARs, above RAM for 64-bit ones, ports from 0xC000, vectors
 * 0x30-0xBF whose upper four bits are the IRQL. */
#ifndef WEIR_HAL_PCI_H
#define WEIR_HAL_PCI_H

#include <stdint.h>

#include "base/base.h"
#include "hw/hw.h"
#include "mm/mm.h"

struct hal;
struct hal_domain;

enum {
    PCI_DEVICE_NUMBERS = 32,
    PCI_VECTOR_FIRST = 0x30,
    PCI_VECTOR_END = 0xC0,
    PCI_MESSAGE_ADDRESS = 0xFEE00000 /* of the CPUs' local interrupt controllers */
};

struct hal_slot {
    uint64_t magic;
    struct hal *hal;
    struct hw_device *device;
    struct hal_domain *domain; /* its logical addresses */
    PDEVICE_OBJECT pdo; /* NULL until an adapter was asked for */
    unsigned number; /* PCI device; the function is 0 */
    uint32_t line_vector; /* 0: none */
    uint8_t line_pin; /* what firmware wrote into the interrupt line register */
    uint32_t message_first; /* 0: no vectors for messages */
    uint32_t message_count;
    uint32_t messages_granted; /* by the resources handed out last */
    unsigned msi_offset, msix_offset; /* of the capability, 0: none */
};

struct hal_pci {
    ARRAY(struct hal_slot *) slots;
    uint32_t numbers_taken; /* bit n: device n */
    uint64_t vectors_taken[BITMAP_WORDS(PCI_VECTOR_END)];
    uint64_t next_memory32, next_memory64, next_port;
};

void pci_init(struct hal *hal);
void pci_fini(struct hal *hal);

static inline KIRQL pci_irql_of(uint32_t vector)
{
    return (KIRQL)(vector >> 4);
}

#endif
