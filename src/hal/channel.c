/* SPDX-License-Identifier: MIT */
/* Adapter channels: DMA one packet at a time. AllocateAdapterChannel waits for the channel and for
 * map registers, then calls the driver, whose answer says what it keeps: both, nothing, or the
 * registers only (as bus masters do). MapTransfer then maps one fragment a call for a device with
 * scatter/gather, everything at once for another; FlushAdapterBuffers ends it and brings home what
 * a device wrote into bounce pages. MapTransfer cannot fail, so a bouncing adapter gets its low
 * pages with the registers. AllocateAdapterChannel, DRIVER_CONTROL, MapTransfer,
 * FlushAdapterBuffers, FreeAdapterChannel, FreeMapRegisters; "Using Packet-Based System DMA",
 * "Packet-Based Bus-Master DMA".
 *
 * Drivers hold a token that stands for their map registers; it names ours without being an address.
 */
#include <stdlib.h>

#include "hal/copy.h"
#include "hal/operations.h"
#include "hal/transfer.h"

static const uint64_t token_magic = 0x776569726c746f6b; /* "weirltok" */
#define TOKEN_BASE UINT64_C(0x4D5200000000)

/* One MapTransfer that is not flushed yet. */
struct fragment {
    PMDL mdl;
    uint64_t va;
    uint64_t size_bytes;
    uint32_t serial;
    uint32_t first_piece, piece_count;
    bool to_device;
};

struct hal_token {
    uint64_t magic;
    struct hal_waiter waiter; /* for registers */
    struct list_node link; /* waits for the channel */
    struct hal_adapter *adapter;
    uint32_t number; /* index in hal->tokens + 1 */
    uint32_t registers;
    struct hal_registers held;
    uint32_t next_page; /* of held, for the next fragment */
    bool live;
    bool waiting;
    ARRAY(struct fragment) fragments;
    ARRAY(struct copy_piece) pieces;
    PDEVICE_OBJECT device;
    PDRIVER_CONTROL routine;
    PVOID context;
};

/* ---- Tokens ---------------------------------------------------------------------------------- */

static struct hal_token *token_create(struct hal_adapter *adapter)
{
    struct hal *hal = adapter->hal;
    struct hal_token *token = NULL;

    for (size_t i = 0; i < hal->tokens.count && token == NULL; i++) {
        if (hal->tokens.items[i]->adapter == NULL)
            token = hal->tokens.items[i];
    }
    if (token == NULL) {
        token = calloc(1, sizeof *token);
        if (token == NULL || array_push(&hal->tokens, token) != 0) {
            free(token);
            return NULL;
        }
        token->magic = token_magic;
        token->number = (uint32_t)hal->tokens.count;
        list_init(&token->link);
    }
    token->adapter = adapter;
    adapter->tokens_live++;
    return token;
}

static void token_end(struct hal_token *token)
{
    struct hal_adapter *adapter = token->adapter;

    for (size_t i = 0; i < token->fragments.count; i++)
        domain_unmap(adapter, token->fragments.items[i].serial);
    array_clear(&token->fragments);
    array_clear(&token->pieces);
    registers_give(adapter, &token->held);
    token->next_page = 0;
    token->live = false;
    token->adapter = NULL;
    adapter->tokens_live--;
}

static PVOID base_of(const struct hal_token *token)
{
    return (PVOID)(TOKEN_BASE + token->number);
}

static struct hal_token *token_of(struct hal_adapter *adapter, PVOID base)
{
    uint64_t number = KE_ARG(base) - TOKEN_BASE;
    struct hal_token *token;

    if (number == 0 || number > adapter->hal->tokens.count)
        return NULL;
    token = adapter->hal->tokens.items[number - 1];
    return token->adapter == adapter && token->live ? token : NULL;
}

/* ---- The channel ----------------------------------------------------------------------------- */

static enum registers_result take_registers(struct hal_token *token)
{
    struct hal_adapter *adapter = token->adapter;
    uint32_t pages = adapter->bounces ? token->registers : 0;

    if (pages > adapter->hal->low_pages)
        return REGISTERS_NEVER;
    return registers_take(adapter, &token->held, token->registers, pages, !adapter->scatter_gather);
}

/* The channel is this token's; calls the driver and does what it answers. */
static void run(struct hal_token *token)
{
    struct hal_adapter *adapter = token->adapter;
    PDEVICE_OBJECT device = token->device;
    PIRP irp = device != NULL ? device->CurrentIrp : NULL;
    KIRQL irql = ke_irql();
    uint32_t action;

    token->live = true;
    adapter->channel = token;
    if (irql < DISPATCH_LEVEL)
        ke_irql_raise(DISPATCH_LEVEL);
    action = (uint32_t)KE_CALL(token->routine, KE_ARG(device), KE_ARG(irp), KE_ARG(base_of(token)),
                               KE_ARG(token->context));
    if (irql < DISPATCH_LEVEL)
        ke_irql_lower(irql);
    if (action == KeepObject || adapter->channel != token)
        return; /* kept, or freed by the driver within its routine */
    adapter->channel = NULL;
    adapter->channel_held = false;
    if (action == DeallocateObject)
        token_end(token);
}

static bool run_later(struct hal_waiter *waiter)
{
    struct hal_token *token = container_of(waiter, struct hal_token, waiter);

    if (take_registers(token) != REGISTERS_TAKEN)
        return false;
    list_remove(&waiter->link);
    token->waiting = false;
    run(token);
    return true;
}

/* The channel is free: this token gets it and waits, if need be, for registers. */
static enum registers_result begin(struct hal_token *token)
{
    struct hal_adapter *adapter = token->adapter;
    enum registers_result result =
        registers_must_wait(adapter) ? REGISTERS_WAIT : take_registers(token);

    adapter->channel_held = true;
    if (result == REGISTERS_TAKEN) {
        run(token);
    } else if (result == REGISTERS_WAIT) {
        token->waiting = true;
        token->waiter.try_start = run_later;
        registers_wait(adapter, &token->waiter, token->registers);
    } else {
        adapter->channel_held = false;
        token_end(token);
    }
    return result;
}

/* Whoever waits for the channel gets it, in order. A callback that frees the channel at once comes
 * back here through the loop, not by recursion. */
static void pass_on(struct hal_adapter *adapter)
{
    struct hal *hal = adapter->hal;

    if (adapter->passing_on)
        return;
    adapter->passing_on = true;
    while (!adapter->channel_held && !list_is_empty(&adapter->channel_waiters)) {
        struct hal_token *token =
            list_entry(list_pop_head(&adapter->channel_waiters), struct hal_token, link);

        if (begin(token) == REGISTERS_NEVER)
            TRACE(hal->trace, dma_refused, adapter->id, (uint32_t)STATUS_INSUFFICIENT_RESOURCES,
                  token->registers, mm_low_free_pages(hal->mm));
    }
    adapter->passing_on = false;
    registers_serve(hal);
}

NTSTATUS NTAPI hal_allocate_adapter_channel(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                            ULONG NumberOfMapRegisters,
                                            PDRIVER_CONTROL ExecutionRoutine, PVOID Context)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_AllocateAdapterChannel);
    struct hal_token *token;
    struct hal *hal;

    if (adapter == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    hal = adapter->hal;
    if (NumberOfMapRegisters > adapter->grant) {
        KE_FINDING(hal->ke, VERIFY_too_many_registers, NumberOfMapRegisters, adapter->grant);
        goto refuse;
    }
    token = token_create(adapter);
    if (token == NULL)
        goto refuse;
    token->registers = NumberOfMapRegisters;
    token->device = DeviceObject;
    token->routine = ExecutionRoutine;
    token->context = Context;
    if (adapter->channel_held || !list_is_empty(&adapter->channel_waiters)) {
        list_insert_tail(&adapter->channel_waiters, &token->link);
        TRACE(hal->trace, dma_queued, adapter->id, NumberOfMapRegisters,
              adapter->cap - adapter->registers_in_use);
        return STATUS_SUCCESS;
    }
    if (begin(token) == REGISTERS_NEVER)
        goto refuse;
    pass_on(adapter);
    return STATUS_SUCCESS;
refuse:
    TRACE(hal->trace, dma_refused, adapter->id, (uint32_t)STATUS_INSUFFICIENT_RESOURCES,
          NumberOfMapRegisters, adapter->cap - adapter->registers_in_use);
    return STATUS_INSUFFICIENT_RESOURCES;
}

/* ---- Fragments ------------------------------------------------------------------------------- */

/* Bounces the fragment into the token's next low pages, which lie together when there is more than
 * one. The pages the card is to see; NULL when the registers do not suffice. */
static const mm_pfn *bounce_fragment(struct hal_token *token, const struct transfer *transfer)
{
    struct hal *hal = token->adapter->hal;
    struct transfer_walk walk;
    uint64_t pages, at;
    mm_pfn *pfns;

    transfer_begin(&walk, transfer);
    pages = (walk.offset + transfer->size_bytes + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
    pfns = transfer_scratch(hal, pages);
    if (pfns == NULL || token->next_page + pages > token->held.pages ||
        array_reserve(&token->pieces, token->pieces.count + token->held.pages) != 0)
        return NULL;
    for (uint64_t i = 0; i < pages; i++)
        pfns[i] = registers_pfn(&token->held, token->next_page + (uint32_t)i);
    for (at = walk.offset; walk.piece_bytes != 0; transfer_next(&walk)) {
        token->pieces.items[token->pieces.count++] = (struct copy_piece){
            .buffer = (uint8_t *)mm_page(hal->mm, *walk.pfn) + walk.offset,
            .bounce = (uint8_t *)mm_page(hal->mm, pfns[0]) + at,
            .size_bytes = walk.piece_bytes,
        };
        at += walk.piece_bytes;
    }
    token->next_page += (uint32_t)pages;
    return pfns;
}

static enum registers_result open_to_card(struct hal_token *token, struct fragment *fragment,
                                          const struct domain_request *request, uint64_t *la)
{
    struct domain_pages pages;
    enum registers_result result;

    if (array_reserve(&token->fragments, token->fragments.count + 1) != 0)
        return REGISTERS_NEVER;
    result = domain_map(token->adapter, request, &pages);
    if (result != REGISTERS_TAKEN)
        return result;
    fragment->serial = pages.serial;
    token->fragments.items[token->fragments.count++] = *fragment;
    *la = domain_page(&pages, 0) << MM_PAGE_SHIFT | request->first_offset;
    return REGISTERS_TAKEN;
}

static void account(struct hal_token *token, const struct fragment *fragment, bool bounced)
{
    struct hal *hal = token->adapter->hal;

    *(bounced ? &hal->figures.bounce_bytes : &hal->figures.direct_bytes) += fragment->size_bytes;
    TRACE(hal->trace, dma_map, token->adapter->id,
          token->fragments.items[token->fragments.count - 1].serial,
          bounced ? 0 : fragment->size_bytes, bounced ? fragment->size_bytes : 0, 1,
          token->held.registers);
}

/* Pages of the fragment as the card sees them: its own where one run of them is in reach, else low
 * ones. NULL: it takes more than the token holds. */
static const mm_pfn *choose_pages(struct hal_token *token, struct transfer *transfer)
{
    struct hal_adapter *adapter = token->adapter;
    uint64_t direct = transfer_direct_bytes(adapter, transfer);
    struct transfer_walk walk;

    if (direct == transfer->size_bytes || (adapter->scatter_gather && direct != 0)) {
        transfer->size_bytes = direct;
        transfer_begin(&walk, transfer);
        return transfer_pfns(adapter->hal, transfer,
                             (walk.offset + direct + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT);
    }
    transfer_begin(&walk, transfer);
    if (adapter->scatter_gather)
        transfer->size_bytes = walk.piece_bytes;
    return bounce_fragment(token, transfer);
}

/* REGISTERS_WAIT: logical addresses do not suffice at this moment, and there is nobody to wait. */
static enum registers_result map_fragment(struct hal_token *token, struct transfer *transfer,
                                          bool to_device, uint64_t *la)
{
    struct fragment fragment = {
        .mdl = transfer->mdl, .to_device = to_device, .first_piece = (uint32_t)token->pieces.count};
    uint64_t from_page = transfer->mdl->ByteOffset + transfer->skip_bytes;
    struct domain_request request = {
        .pfns = choose_pages(token, transfer),
        .first_offset = (uint32_t)(from_page % MM_PAGE_SIZE),
        .directions = to_device ? MAPPING_TO_DEVICE : MAPPING_FROM_DEVICE,
        .use = MAPPING_FRAGMENT,
    };
    uint64_t end = request.first_offset + transfer->size_bytes;
    enum registers_result result;

    if (request.pfns == NULL)
        return REGISTERS_NEVER;
    request.pages = (end + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
    request.last_offset = (uint32_t)((end - 1) % MM_PAGE_SIZE);
    fragment.piece_count = (uint32_t)token->pieces.count - fragment.first_piece;
    fragment.va = KE_ARG(transfer->mdl->StartVa) + from_page;
    fragment.size_bytes = transfer->size_bytes;
    result = open_to_card(token, &fragment, &request, la);
    if (result != REGISTERS_TAKEN)
        return result;
    if (to_device && fragment.piece_count != 0)
        copy_to_bounce(&token->pieces.items[fragment.first_piece], fragment.piece_count);
    account(token, &fragment, fragment.piece_count != 0);
    return REGISTERS_TAKEN;
}

/* UNDOC: the address returned when the driver's request is impossible; 0 and length 0 here, with a
 * finding. */
PHYSICAL_ADDRESS NTAPI hal_map_transfer(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                        PVOID CurrentVa, PULONG Length, BOOLEAN WriteToDevice)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_MapTransfer);
    struct hal_token *token = adapter != NULL ? token_of(adapter, MapRegisterBase) : NULL;
    struct transfer transfer = {Mdl, KE_ARG(CurrentVa) - KE_ARG(Mdl->StartVa) - Mdl->ByteOffset,
                                *Length};
    PHYSICAL_ADDRESS la = {.QuadPart = 0};
    enum registers_result result;
    uint64_t mapped_la;
    uint32_t registers;

    *Length = 0;
    if (adapter == NULL)
        return la;
    if (token == NULL || transfer.size_bytes == 0 ||
        transfer_check(adapter->hal, &transfer, &registers) != TRANSFER_GOOD) {
        KE_FINDING(adapter->hal->ke, VERIFY_dma_buffer, KE_ARG(Mdl));
        return la;
    }
    result = map_fragment(token, &transfer, WriteToDevice != FALSE, &mapped_la);
    if (result == REGISTERS_TAKEN) {
        la.QuadPart = (LONGLONG)mapped_la;
        *Length = (ULONG)transfer.size_bytes;
    } else if (result == REGISTERS_NEVER) {
        KE_FINDING(adapter->hal->ke, VERIFY_too_many_registers, registers, token->registers);
    }
    return la;
}

static void flush(struct hal_token *token, size_t index)
{
    struct hal_adapter *adapter = token->adapter;
    struct fragment fragment = token->fragments.items[index];
    uint64_t copied = 0;

    domain_unmap(adapter, fragment.serial);
    if (!fragment.to_device && fragment.piece_count != 0) {
        copy_from_bounce(&token->pieces.items[fragment.first_piece], fragment.piece_count);
        copied = fragment.size_bytes;
    }
    array_remove_at(&token->fragments, index);
    TRACE(adapter->hal->trace, dma_unmap, adapter->id, fragment.serial, copied,
          adapter->registers_in_use);
    if (token->fragments.count == 0) {
        array_clear(&token->pieces);
        token->next_page = 0;
    }
}

BOOLEAN NTAPI hal_flush_adapter_buffers(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                        PVOID CurrentVa, ULONG Length, BOOLEAN WriteToDevice)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_FlushAdapterBuffers);
    struct hal_token *token = adapter != NULL ? token_of(adapter, MapRegisterBase) : NULL;
    uint64_t va = KE_ARG(CurrentVa);
    bool found = false;

    if (adapter == NULL)
        return FALSE;
    for (size_t i = 0; token != NULL && i < token->fragments.count;) {
        const struct fragment *fragment = &token->fragments.items[i];

        if (fragment->mdl != Mdl || fragment->va + fragment->size_bytes <= va ||
            fragment->va >= va + Length) {
            i++;
            continue;
        }
        if (fragment->to_device != (WriteToDevice != FALSE))
            KE_FINDING(adapter->hal->ke, VERIFY_dma_direction, KE_ARG(Mdl));
        flush(token, i);
        found = true;
    }
    if (!found)
        KE_FINDING(adapter->hal->ke, VERIFY_flush_not_mapped, va, Length);
    return TRUE;
}

/* ---- Giving back ----------------------------------------------------------------------------- */

static void check_flushed(struct hal_token *token)
{
    uint64_t left = 0;

    for (size_t i = 0; i < token->fragments.count; i++)
        left += token->fragments.items[i].size_bytes;
    if (left != 0)
        KE_FINDING(token->adapter->hal->ke, VERIFY_not_flushed, left);
}

void NTAPI hal_free_adapter_channel(PDMA_ADAPTER DmaAdapter)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_FreeAdapterChannel);
    struct hal_token *token;

    if (adapter == NULL)
        return;
    token = adapter->channel;
    if (token == NULL) {
        KE_FINDING(adapter->hal->ke, VERIFY_channel_not_held, adapter->id);
        return;
    }
    check_flushed(token);
    adapter->channel = NULL;
    adapter->channel_held = false;
    token_end(token);
    pass_on(adapter);
}

void NTAPI hal_free_map_registers(PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase,
                                  ULONG NumberOfMapRegisters)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_FreeMapRegisters);
    struct hal_token *token = adapter != NULL ? token_of(adapter, MapRegisterBase) : NULL;
    struct hal *hal;

    if (adapter == NULL)
        return;
    hal = adapter->hal;
    if (token == NULL || token->registers != NumberOfMapRegisters)
        KE_FINDING(hal->ke, VERIFY_registers_free, NumberOfMapRegisters,
                   token != NULL ? token->registers : 0);
    if (token == NULL)
        return;
    check_flushed(token);
    token_end(token);
    registers_serve(hal);
}

void channel_end(struct hal_adapter *adapter)
{
    struct hal *hal = adapter->hal;

    for (size_t i = 0; i < hal->tokens.count; i++) {
        struct hal_token *token = hal->tokens.items[i];

        if (token->adapter != adapter)
            continue;
        list_remove(&token->link);
        if (token->waiting)
            list_remove(&token->waiter.link);
        token->waiting = false;
        token_end(token);
    }
}

void channel_fini(struct hal *hal)
{
    for (size_t i = 0; i < hal->tokens.count; i++) {
        struct hal_token *token = hal->tokens.items[i];

        array_fini(&token->fragments);
        array_fini(&token->pieces);
        registers_free(&token->held);
        free(token);
    }
    array_fini(&hal->tokens);
}
