/* SPDX-License-Identifier: MIT */
#include "hal/registers.h"

#include <errno.h>
#include <stdlib.h>

#include "hal/adapter.h"

static bool room_for_pages(struct hal_registers *held, uint32_t pages)
{
    mm_pfn *pfns;

    if (pages <= held->capacity)
        return true;
    pfns = realloc(held->pfns, pages * sizeof *pfns);
    if (pfns == NULL)
        return false;
    held->pfns = pfns;
    held->capacity = pages;
    return true;
}

/* Room is made for every page spanned, so that another frame of the size, with more pages out of
 * reach, asks for none. */
static bool take_pages(struct hal_adapter *adapter, struct hal_registers *held, uint32_t registers,
                       uint32_t pages, bool contiguous)
{
    struct mm *mm = adapter->hal->mm;

    if (contiguous && pages != 0) {
        held->first = mm_low_allocate(mm, pages, 1, adapter->limit_la);
        return held->first != MM_PFN_NONE;
    }
    return room_for_pages(held, registers) &&
           mm_low_pages_allocate(mm, pages, adapter->limit_la, held->pfns);
}

/* With nothing of the machine's low memory in use, what does not fit now never will. */
static bool anybody_holds_pages(struct hal *hal)
{
    return hal->figures.registers_in_use != 0 || hal->figures.common_buffers_live != 0 ||
           hal->rival.held_pages != 0;
}

static void tell(const struct hal_adapter *adapter)
{
    TRACE(adapter->hal->trace, map_registers, adapter->id, adapter->registers_in_use,
          adapter->hal->figures.registers_in_use);
}

enum registers_result registers_take(struct hal_adapter *adapter, struct hal_registers *held,
                                     uint32_t registers, uint32_t pages, bool contiguous)
{
    struct hal_figures *figures = &adapter->hal->figures;

    held->registers = held->pages = 0;
    held->contiguous = contiguous;
    if (!adapter->bounces && pages == 0)
        return REGISTERS_TAKEN;
    if (registers > adapter->cap)
        return REGISTERS_NEVER;
    if (registers > adapter->cap - adapter->registers_in_use)
        return REGISTERS_WAIT;
    if (sim_fault_point(adapter->hal->sim, "map_registers"))
        return REGISTERS_NEVER;
    if (pages != 0 && !adapter->hal->queue.serving)
        rival_wake(adapter->hal);
    if (!take_pages(adapter, held, registers, pages, contiguous))
        return anybody_holds_pages(adapter->hal) ? REGISTERS_WAIT : REGISTERS_NEVER;
    held->registers = registers;
    held->pages = pages;
    adapter->registers_in_use += registers;
    figures->registers_in_use += registers;
    if (figures->registers_in_use > figures->registers_highest)
        figures->registers_highest = figures->registers_in_use;
    if (registers != 0)
        tell(adapter);
    return REGISTERS_TAKEN;
}

void registers_give(struct hal_adapter *adapter, struct hal_registers *held)
{
    struct mm *mm = adapter->hal->mm;

    if (held->contiguous && held->pages != 0)
        mm_low_free(mm, held->first, held->pages);
    else
        mm_low_pages_free(mm, held->pages, held->pfns);
    adapter->registers_in_use -= held->registers;
    adapter->hal->figures.registers_in_use -= held->registers;
    if (held->registers != 0)
        tell(adapter);
    held->registers = held->pages = 0;
}

void registers_free(struct hal_registers *held)
{
    free(held->pfns);
    *held = (struct hal_registers){0};
}

/* ---- Waiting --------------------------------------------------------------------------------- */

bool registers_must_wait(struct hal_adapter *adapter)
{
    return !list_is_empty(&adapter->register_waiters);
}

void registers_wait(struct hal_adapter *adapter, struct hal_waiter *waiter, uint32_t wanted)
{
    struct hal *hal = adapter->hal;
    uint32_t left = adapter->cap - adapter->registers_in_use;
    uint64_t pages = mm_low_free_pages(hal->mm);

    waiter->adapter = adapter;
    waiter->number = ++hal->queue.numbers;
    list_insert_tail(&adapter->register_waiters, &waiter->link);
    TRACE(hal->trace, dma_queued, adapter->id, wanted, pages < left ? pages : left);
}

/* Of the oldest waiters of each adapter, the oldest one with a higher number. Those behind them are
 * not looked at: however many there are, they cost nothing. */
static struct hal_waiter *oldest_after(struct hal *hal, uint64_t number)
{
    struct hal_waiter *oldest = NULL;
    struct hal_adapter *adapter;

    list_for_each_entry(adapter, &hal->adapters, link)
    {
        struct hal_waiter *waiter;

        if (list_is_empty(&adapter->register_waiters))
            continue;
        waiter = list_entry(list_first(&adapter->register_waiters), struct hal_waiter, link);
        if (waiter->number > number && (oldest == NULL || waiter->number < oldest->number))
            oldest = waiter;
    }
    return oldest;
}

/* The oldest waiter of each adapter gets his chance; true when one has started. */
static bool start_one(struct hal *hal)
{
    struct hal_waiter *waiter = oldest_after(hal, 0);

    while (waiter != NULL && !waiter->try_start(waiter))
        waiter = oldest_after(hal, waiter->number);
    return waiter != NULL;
}

void registers_serve(struct hal *hal)
{
    KIRQL irql;

    if (!hal->queue.serving)
        rival_claim(hal);
    if (oldest_after(hal, 0) == NULL)
        return;
    hal->queue.again = true;
    if (hal->queue.serving)
        return;
    hal->queue.serving = true;
    irql = ke_irql();
    if (irql < DISPATCH_LEVEL)
        ke_irql_raise(DISPATCH_LEVEL);
    while (hal->queue.again) {
        hal->queue.again = false;
        while (start_one(hal))
            ;
    }
    hal->queue.serving = false;
    if (irql < DISPATCH_LEVEL)
        ke_irql_lower(irql);
}
