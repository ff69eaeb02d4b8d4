/* SPDX-License-Identifier: MIT */
/* DMA adapters. The driver sees a DMA_ADAPTER in pool; what we know about it is struct hal_adapter,
 * found by that address. An adapter belongs to one device and lives until PutDmaAdapter; each
 * IoGetDmaAdapter makes a new one.
 *
 * What the description says becomes three facts: how far the device's addresses reach, whether it
 * takes lists of fragments, how much one transfer may be. From them follow the grant of map
 * registers and, for each page of a transfer, whether the device gets the page itself or a low one
 * in its place. Not here: transfers (sglist.c, channel.c), common buffers (common_buffer.c). */
#ifndef WEIR_HAL_ADAPTER_H
#define WEIR_HAL_ADAPTER_H

#include "hal/state.h"

struct hal_channel_request;
struct hal_common_buffer;

struct hal_adapter {
    uint64_t magic;
    struct list_node link;
    struct hal *hal;
    struct hal_slot *slot; /* NULL: no hardware */
    struct hal_domain *domain; /* where its logical addresses come from */
    PDMA_ADAPTER object;
    uint64_t id;
    uint8_t width; /* of its addresses, in bits */
    uint64_t limit_la; /* highest address the device can be given */
    uint64_t direct_end_pfn; /* pages below it need no bouncing; 0: all are bounced */
    bool scatter_gather;
    bool bounces; /* some page of this machine is out of its reach */
    uint32_t grant; /* map registers for one transfer */
    uint32_t cap; /* for all of them */
    uint32_t registers_in_use;
    uint64_t lists_live, lists_made;
    uint64_t common_buffers_live;
    uint64_t tokens_live;
    ARRAY(struct hal_list *) spare; /* lists to use again */
    ARRAY(struct hal_common_buffer *) common_buffers;
    struct list_node register_waiters; /* requests for map registers, oldest first */
    struct list_node channel_waiters; /* requests for the adapter channel, oldest first */
    struct hal_token *channel; /* who holds it */
    struct hal_list *channel_list; /* or which list was got with it; NULL: it is put already */
    bool channel_held;
    bool channel_of_list;
    bool passing_on;
};

/* NULL, after a finding, when the driver's pointer is no live adapter. */
struct hal_adapter *adapter_of(PDMA_ADAPTER object);
void adapter_abandon(struct hal_adapter *adapter);

/* sglist.c, channel.c, common_buffer.c: what PutDmaAdapter finds left over ends with the adapter.
 */
void sglist_end(struct hal_adapter *adapter);
void channel_end(struct hal_adapter *adapter);
void common_buffers_end(struct hal_adapter *adapter);
void common_buffer_vectors_end(struct hal_adapter *adapter);
void common_buffer_vectors_check(struct hal_adapter *adapter); /* none is left, or a bug check */
void sglist_fini(struct hal *hal);
void channel_fini(struct hal *hal);
void common_buffer_vectors_fini(struct hal *hal);

static inline bool adapter_reaches(const struct hal_adapter *adapter, mm_pfn pfn)
{
    return pfn < adapter->direct_end_pfn;
}

#endif
