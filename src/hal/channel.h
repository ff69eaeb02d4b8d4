/* SPDX-License-Identifier: MIT */
/* The channel of an adapter, which one request holds at a time, and the tokens that stand for
 * map registers. A request takes the channel, then its registers; who finds the channel held
 * waits for it in order, and nobody overtakes. A request for a scatter/gather list does not keep
 * the channel, but waits where somebody else does (UNDOC); one that is got without a routine of
 * the driver's keeps it. At DISPATCH_LEVEL.
 *
 * channel.c, channel_ex.c: allocating and freeing. map_transfer.c, map_transfer_ex.c: what is
 * mapped with a token's registers. */
#ifndef WEIR_HAL_CHANNEL_H
#define WEIR_HAL_CHANNEL_H

#include "hal/copy.h"
#include "hal/transfer.h"

struct hal_list;

/* One contiguous piece that is mapped and not flushed yet. */
struct hal_fragment {
    PMDL mdl; /* the one it begins in */
    uint64_t skip_bytes; /* from that one's buffer */
    uint64_t size_bytes;
    uint32_t serial;
    uint32_t first_piece, piece_count;
    bool to_device;
};

struct hal_token {
    uint64_t magic;
    struct hal_waiter waiter;
    struct hal_adapter *adapter;
    uint32_t number; /* index in hal->tokens + 1 */
    uint32_t generation; /* of its use */
    uint32_t registers;
    struct hal_registers held;
    uint32_t next_page; /* of held, for the next fragment */
    uint64_t context; /* number of its transfer context; 0: it has none */
    bool live;
    bool waiting; /* for the channel or for registers */
    bool waiting_for_registers; /* holding the channel */
    bool running; /* the driver's routine */
    bool cancelled; /* nothing more is mapped with it */
    ARRAY(struct hal_fragment) fragments;
    ARRAY(struct copy_piece) pieces;
    PDEVICE_OBJECT device;
    PDRIVER_CONTROL routine;
    PVOID driver_context;
};

struct channel_request {
    uint32_t registers;
    bool synchronous; /* now or not at all */
    PDEVICE_OBJECT device;
    PDRIVER_CONTROL routine; /* NULL: synchronous, and the caller holds the channel on return */
    PVOID driver_context;
    uint64_t transfer_context; /* number; 0: none */
    PVOID *base; /* gets the token where it is there on return; NULL: not wanted */
};
NTSTATUS channel_allocate(struct hal_adapter *adapter, const struct channel_request *request);
/* FreeAdapterChannel and FreeAdapterObject. */
void channel_free(struct hal_adapter *adapter, IO_ALLOCATION_ACTION action);

/* For requests that are no tokens. */
bool channel_is_busy(const struct hal_adapter *adapter);
void channel_wait(struct hal_adapter *adapter, struct hal_waiter *waiter, uint32_t wanted);
void channel_hold_for(struct hal_list *list);
void channel_trace_refusal(struct hal_adapter *adapter, uint32_t wanted);
/* No more transfers under that context; false: no allocation has it. */
bool channel_cancel_transfers(struct hal_adapter *adapter, uint64_t context);

/* The live token of the adapter; NULL: the driver's value is none. */
struct hal_token *token_of(struct hal_adapter *adapter, PVOID base);
/* The next piece of the transfer that can be mapped in one; its size is what was.
 * REGISTERS_WAIT: logical addresses do not suffice at this moment; REGISTERS_NEVER: nor do the
 * token's registers. */
enum registers_result token_map(struct hal_token *token, struct transfer *transfer, bool to_device,
                                uint64_t *la);
/* Ends what is mapped of the chain from so many bytes on; what it finds wrong is a finding. False:
 * nothing was. */
bool token_flush(struct hal_token *token, PMDL chain, uint64_t offset, uint64_t size_bytes,
                 bool to_device);

#endif
