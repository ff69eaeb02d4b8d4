/* SPDX-License-Identifier: MIT */
/* Common buffers: memory that driver and card share for as long as both like. The adapter owns
 * them; the driver gives them back with what it got. At PASSIVE_LEVEL.
 *
 * common_buffer.c: the buffers, and the calls of version 1. common_buffer_ex.c: with bounds.
 * common_buffer_vector.c: many at once. common_buffer_mdl.c: out of the driver's own memory. */
#ifndef WEIR_HAL_COMMON_BUFFER_H
#define WEIR_HAL_COMMON_BUFFER_H

#include "hal/adapter.h"

struct hal_common_buffer {
    uint64_t va;
    uint64_t la;
    uint64_t size_bytes;
    uint32_t serial; /* of the mapping */
    struct domain_memory memory; /* of no pages: it is the driver's */
};

struct common_buffer_request {
    uint64_t size_bytes;
    /* Of the first and the last byte; UINT64_MAX: the adapter's limit. */
    uint64_t lowest_la, highest_la;
    bool large_pages; /* 2 MB at a time */
};

/* On the adapter's list, filled with anything but zeros, and traced; NULL: refused. */
struct hal_common_buffer *common_buffer_make(struct hal_adapter *adapter,
                                             const struct common_buffer_request *request);
/* Adds a buffer that is mapped already, and is borrowed memory; it belongs to the adapter then. */
void common_buffer_add(struct hal_adapter *adapter, struct hal_common_buffer *buffer);
bool common_buffer_can_add(struct hal_adapter *adapter);
/* Looks whether somebody wrote behind it, and ends it. */
void common_buffer_free(struct hal_adapter *adapter, struct hal_common_buffer *buffer);

/* What drivers say of caching: nothing, cached or not. x64 caches are coherent, so either will do,
 * but no other type is possible. AllocateCommonBufferWithBounds, CacheType. */
static inline bool common_buffer_caching(const MEMORY_CACHING_TYPE *type)
{
    return type == NULL || *type == MmCached || *type == MmNonCached;
}

#endif
