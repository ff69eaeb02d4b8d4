/* SPDX-License-Identifier: MIT */
/* Adapter channels: DMA one packet at a time. AllocateAdapterChannel waits for the channel and for
 * map registers, then calls the driver, whose answer says what it keeps: both, nothing, or the
 * registers only (as bus masters do). MapTransfer cannot fail, so a bouncing adapter gets its low
 * pages with the registers. One request can be pending for a device object: with another the real
 * system would lose the first (bug check 0xE6, 0B). AllocateAdapterChannel, DRIVER_CONTROL,
 * FreeAdapterChannel, FreeMapRegisters; "Using Packet-Based System DMA", "Packet-Based Bus-Master
 * DMA".
 *
 * Drivers hold a token that stands for their map registers; it names ours without being an address.
 */
#include "hal/channel.h"

#include <stdlib.h>

#include "hal/operations.h"
#include "hal/sglist.h"

static const uint64_t token_magic = 0x776569726c746f6b; /* "weirltok" */
#define TOKEN_BASE UINT64_C(0x4D5200000000)

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
    }
    token->adapter = token->waiter.adapter = adapter;
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
    token->live = token->running = token->cancelled = false;
    token->waiting = token->waiting_for_registers = false;
    token->adapter = NULL;
    token->generation++;
    adapter->tokens_live--;
}

static PVOID base_of(const struct hal_token *token)
{
    return (PVOID)(TOKEN_BASE + token->number);
}

struct hal_token *token_of(struct hal_adapter *adapter, PVOID base)
{
    uint64_t number = KE_ARG(base) - TOKEN_BASE;
    struct hal_token *token;

    if (number == 0 || number > adapter->hal->tokens.count)
        return NULL;
    token = adapter->hal->tokens.items[number - 1];
    return token->adapter == adapter && token->live ? token : NULL;
}

bool channel_cancel_transfers(struct hal_adapter *adapter, uint64_t context)
{
    for (size_t i = 0; i < adapter->hal->tokens.count; i++) {
        struct hal_token *token = adapter->hal->tokens.items[i];

        if (token->adapter != adapter || !token->live || token->context != context)
            continue;
        token->cancelled = true;
        return true;
    }
    return false;
}

/* ---- The channel ----------------------------------------------------------------------------- */

bool channel_is_busy(const struct hal_adapter *adapter)
{
    return adapter->channel_held || !list_is_empty(&adapter->channel_waiters);
}

void channel_wait(struct hal_adapter *adapter, struct hal_waiter *waiter, uint32_t wanted)
{
    list_insert_tail(&adapter->channel_waiters, &waiter->link);
    TRACE(adapter->hal->trace, dma_queued, adapter->id, wanted,
          adapter->cap - adapter->registers_in_use);
}

void channel_trace_refusal(struct hal_adapter *adapter, uint32_t wanted)
{
    TRACE(adapter->hal->trace, dma_refused, adapter->id, (uint32_t)STATUS_INSUFFICIENT_RESOURCES,
          wanted, adapter->cap - adapter->registers_in_use);
}

void channel_hold_for(struct hal_list *list)
{
    list->adapter->channel_held = true;
    list->adapter->channel_of_list = true;
    list->adapter->channel_list = list;
}

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
    uint32_t generation = token->generation;
    uint32_t action;

    token->live = true;
    token->running = true;
    adapter->channel = token;
    if (irql < DISPATCH_LEVEL)
        ke_irql_raise(DISPATCH_LEVEL);
    action = (uint32_t)KE_CALL(token->routine, KE_ARG(device), KE_ARG(irp), KE_ARG(base_of(token)),
                               KE_ARG(token->driver_context));
    if (irql < DISPATCH_LEVEL)
        ke_irql_lower(irql);
    if (token->generation != generation)
        return; /* freed by the driver within its routine */
    token->running = false;
    if (action == KeepObject || adapter->channel != token)
        return;
    adapter->channel = NULL;
    adapter->channel_held = false;
    if (action == DeallocateObject)
        token_end(token);
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
        struct hal_waiter *waiter =
            list_entry(list_pop_head(&adapter->channel_waiters), struct hal_waiter, link);

        waiter->begin(waiter);
    }
    adapter->passing_on = false;
    registers_serve(hal);
}

static bool run_later(struct hal_waiter *waiter)
{
    struct hal_token *token = container_of(waiter, struct hal_token, waiter);
    struct hal_adapter *adapter = token->adapter;

    if (take_registers(token) != REGISTERS_TAKEN)
        return false;
    list_remove(&waiter->link);
    token->waiting = token->waiting_for_registers = false;
    run(token);
    pass_on(adapter);
    return true;
}

static void wait_for_registers(struct hal_token *token)
{
    token->adapter->channel_held = true;
    token->waiting = token->waiting_for_registers = true;
    registers_wait(token->adapter, &token->waiter, token->registers);
}

/* UNDOC: a request that turns out to be impossible when its turn has come is forgotten. */
static void begin_later(struct hal_waiter *waiter)
{
    struct hal_token *token = container_of(waiter, struct hal_token, waiter);
    struct hal_adapter *adapter = token->adapter;
    enum registers_result result =
        registers_must_wait(adapter) ? REGISTERS_WAIT : take_registers(token);

    token->waiting = false;
    if (result == REGISTERS_TAKEN) {
        adapter->channel_held = true;
        run(token);
    } else if (result == REGISTERS_WAIT) {
        wait_for_registers(token);
    } else {
        channel_trace_refusal(adapter, token->registers);
        token_end(token);
    }
}

/* A token that waits for registers holds the channel; one that waits for the channel does not. */
static void cancel(struct hal_waiter *waiter)
{
    struct hal_token *token = container_of(waiter, struct hal_token, waiter);
    struct hal_adapter *adapter = token->adapter;
    bool holds = token->waiting_for_registers;

    list_remove(&waiter->link);
    token_end(token);
    if (!holds)
        return;
    adapter->channel_held = false;
    pass_on(adapter);
}

/* ---- Allocating ------------------------------------------------------------------------------ */

static struct hal_token *prepare(struct hal_adapter *adapter, const struct channel_request *request)
{
    struct hal_token *token = token_create(adapter);

    if (token == NULL)
        return NULL;
    token->registers = request->registers;
    token->device = request->device;
    token->routine = request->routine;
    token->driver_context = request->driver_context;
    token->context = token->waiter.context = request->transfer_context;
    token->waiter.begin = begin_later;
    token->waiter.try_start = run_later;
    token->waiter.cancel = cancel;
    return token;
}

/* Channel and registers are the token's. */
static void deliver(struct hal_token *token, const struct channel_request *request)
{
    struct hal_adapter *adapter = token->adapter;

    adapter->channel_held = true;
    if (request->base != NULL)
        *request->base = base_of(token);
    if (request->routine == NULL && request->synchronous) {
        token->live = true;
        adapter->channel = token;
        return;
    }
    run(token);
    pass_on(adapter);
}

NTSTATUS channel_allocate(struct hal_adapter *adapter, const struct channel_request *request)
{
    bool busy = channel_is_busy(adapter);
    enum registers_result result;
    struct hal_token *token;

    if (request->registers > adapter->grant) {
        KE_FINDING(adapter->hal->ke, VERIFY_too_many_registers, request->registers, adapter->grant);
        goto refuse;
    }
    token = prepare(adapter, request);
    if (token == NULL)
        goto refuse;
    result = busy || registers_must_wait(adapter) ? REGISTERS_WAIT : take_registers(token);
    if (result == REGISTERS_TAKEN) {
        deliver(token, request);
        return STATUS_SUCCESS;
    }
    if (result == REGISTERS_NEVER || request->synchronous) {
        token_end(token);
        goto refuse;
    }
    if (busy) {
        token->waiting = true;
        channel_wait(adapter, &token->waiter, token->registers);
    } else {
        wait_for_registers(token);
    }
    return STATUS_SUCCESS;
refuse:
    channel_trace_refusal(adapter, request->registers);
    return STATUS_INSUFFICIENT_RESOURCES;
}

/* A request for the device that is queued or runs, at whatever adapter, or holds the channel of
 * this one. */
static bool has_request(const struct hal_adapter *adapter, PDEVICE_OBJECT device)
{
    const struct hal *hal = adapter->hal;

    for (size_t i = 0; device != NULL && i < hal->tokens.count; i++) {
        const struct hal_token *token = hal->tokens.items[i];

        if (token->adapter != NULL && token->device == device && token->context == 0 &&
            (token->waiting || token->running || adapter->channel == token))
            return true;
    }
    return false;
}

NTSTATUS NTAPI hal_allocate_adapter_channel(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                            ULONG NumberOfMapRegisters,
                                            PDRIVER_CONTROL ExecutionRoutine, PVOID Context)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_AllocateAdapterChannel);
    struct channel_request request = {.registers = NumberOfMapRegisters,
                                      .device = DeviceObject,
                                      .routine = ExecutionRoutine,
                                      .driver_context = Context};

    if (adapter == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (has_request(adapter, DeviceObject))
        KE_FINDING(adapter->hal->ke, VERIFY_channel_twice, KE_ARG(DeviceObject));
    return channel_allocate(adapter, &request);
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

static void free_from_list(struct hal_adapter *adapter, IO_ALLOCATION_ACTION action)
{
    struct hal_list *list = adapter->channel_list;

    adapter->channel_of_list = false;
    adapter->channel_list = NULL;
    if (list != NULL && action == DeallocateObject)
        sglist_release(list);
}

void channel_free(struct hal_adapter *adapter, IO_ALLOCATION_ACTION action)
{
    struct hal_token *token = adapter->channel;

    if (action == KeepObject)
        return;
    if (token == NULL && !adapter->channel_of_list) {
        KE_FINDING(adapter->hal->ke, VERIFY_channel_not_held, adapter->id);
        return;
    }
    if (token == NULL) {
        free_from_list(adapter, action);
    } else if (action == DeallocateObject) {
        check_flushed(token);
        token_end(token);
    }
    adapter->channel = NULL;
    adapter->channel_held = false;
    pass_on(adapter);
}

void NTAPI hal_free_adapter_channel(PDMA_ADAPTER DmaAdapter)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_FreeAdapterChannel);

    if (adapter != NULL)
        channel_free(adapter, DeallocateObject);
}

/* Registers of a token that still holds the channel are not for FreeMapRegisters: UNDOC, the
 * channel goes with them. */
void NTAPI hal_free_map_registers(PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase,
                                  ULONG NumberOfMapRegisters)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_FreeMapRegisters);
    struct hal_token *token = adapter != NULL ? token_of(adapter, MapRegisterBase) : NULL;

    if (adapter == NULL)
        return;
    if (token == NULL || token->registers != NumberOfMapRegisters)
        KE_FINDING(adapter->hal->ke, VERIFY_registers_free, NumberOfMapRegisters,
                   token != NULL ? token->registers : 0);
    if (token == NULL)
        return;
    if (adapter->channel == token) {
        channel_free(adapter, DeallocateObject);
        return;
    }
    check_flushed(token);
    token_end(token);
    registers_serve(adapter->hal);
}

void channel_end(struct hal_adapter *adapter)
{
    struct hal *hal = adapter->hal;

    for (size_t i = 0; i < hal->tokens.count; i++) {
        struct hal_token *token = hal->tokens.items[i];

        if (token->adapter != adapter)
            continue;
        if (token->waiting)
            list_remove(&token->waiter.link);
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
