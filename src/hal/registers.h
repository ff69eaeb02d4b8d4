/* SPDX-License-Identifier: MIT */
/* Map registers, and who waits for them. On a PC a map register is a page of low memory that stands
 * in for one the device cannot reach. An adapter whose device reaches all of RAM needs none; the
 * others reserve one register for each page a transfer spans for as long as it lives, and take a
 * page of low memory for each page that really is out of reach. Registers are counted against the
 * adapter's cap, pages come from the one low-memory pool of the machine.
 *
 * A request that asks for more than the adapter's grant, or than there ever is, fails at once. One
 * that cannot be met now waits in the queue of its adapter, where nobody overtakes. Whoever gives
 * registers back asks the first of each queue, in the order in which they came, and runs the
 * callbacks that became possible, at DISPATCH_LEVEL, on his own stack, one after the other
 * (registers_serve never nests). "Map Registers"; AllocateAdapterChannel, Remarks. Not here: what a
 * transfer does with its pages. */
#ifndef WEIR_HAL_REGISTERS_H
#define WEIR_HAL_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "mm/mm.h"

struct hal;
struct hal_adapter;

/* What a transfer holds. */
struct hal_registers {
    uint32_t registers; /* counted against the cap */
    uint32_t pages; /* of low memory */
    bool contiguous; /* the pages are first, first + 1 ...; else see pfns */
    mm_pfn first;
    mm_pfn *pfns; /* owned, room for capacity pages */
    uint32_t capacity;
};

enum registers_result { REGISTERS_TAKEN, REGISTERS_WAIT, REGISTERS_NEVER };

/* All or nothing. */
enum registers_result registers_take(struct hal_adapter *adapter, struct hal_registers *held,
                                     uint32_t registers, uint32_t pages, bool contiguous);
void registers_give(struct hal_adapter *adapter, struct hal_registers *held);
void registers_free(struct hal_registers *held); /* the array of pfns */

static inline mm_pfn registers_pfn(const struct hal_registers *held, uint32_t index)
{
    return held->contiguous ? held->first + index : held->pfns[index];
}

/* A request that waits, embedded in what it is for: first, where somebody holds it, for the channel
 * of its adapter (channel.h), then for registers. */
struct hal_waiter;
/* The channel is free, and the request has left its queue: it starts, waits for registers or
 * ends. */
typedef void hal_begin_fn(struct hal_waiter *waiter);
/* False when it still cannot start (nothing has changed then); else it has left the queue and run
 * its callback. */
typedef bool hal_try_start_fn(struct hal_waiter *waiter);
/* Leaves the queue it is in and ends without a callback. */
typedef void hal_cancel_fn(struct hal_waiter *waiter);
struct hal_waiter {
    struct list_node link;
    struct hal_adapter *adapter;
    uint64_t number; /* which came first */
    uint64_t context; /* number of its transfer context; 0: it has none */
    hal_begin_fn *begin;
    hal_try_start_fn *try_start;
    hal_cancel_fn *cancel;
};
struct hal_queue {
    uint64_t numbers; /* given to waiters so far */
    bool serving;
    bool again;
};

void registers_wait(struct hal_adapter *adapter, struct hal_waiter *waiter, uint32_t wanted);
bool registers_must_wait(struct hal_adapter *adapter); /* somebody of this adapter waits already */
void registers_serve(struct hal *hal);

#endif
