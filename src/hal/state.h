/* SPDX-License-Identifier: MIT */
/* The HAL's own state: slots of the PCI bus, and what the DMA side hangs on them. Not a door. */
#ifndef WEIR_HAL_STATE_H
#define WEIR_HAL_STATE_H

#include "base/base.h"
#include "hal/hal.h"

enum { HAL_SLOTS_MAX = 8, HAL_DEVICES_ON_BUS = 32 };

struct hal_dma; /* the machine's DMA state (dma.h) */
struct hal_slot_dma; /* one device's (dma.h) */

struct hal_slot {
    uint64_t magic;
    struct hal *hal;
    struct hw_device *device;
    unsigned number; /* device number on bus 0, function 0 */
    uint64_t bar_base[HW_BARS]; /* assigned at attach, programmed at enable */
    uint32_t line; /* interrupt line as config space shows it: 16 .. 23 */
    uint32_t line_vector;
    uint32_t message_vector; /* of message 0; the others follow */
    unsigned messages; /* granted with the resources; 0: the line */
    bool enabled;
    struct hal_slot_dma *dma;
};

struct hal {
    uint64_t magic;
    struct ke *ke;
    struct mm *mm;
    struct hal_config config;
    struct sim_rng rng; /* slots, addresses, vectors */
    struct hal_slot *slots[HAL_SLOTS_MAX];
    unsigned slot_count;
    uint64_t next_low_pa, next_high_pa; /* where the next BAR goes */
    uint32_t next_vector;
    struct hal_dma *dma;
};

struct hal *hal_of(struct ke *ke);

/* device_io.c: the CPU's way to registers. */
void hal_device_io_connect(struct hal *hal);

/* The CPU's view of an interrupt vector: its IRQL is the vector's upper half byte. */
static inline KIRQL hal_vector_irql(uint32_t vector)
{
    return (KIRQL)(vector >> 4);
}

#endif
