/* SPDX-License-Identifier: MIT */
/* Vectors of common buffers: many of one size, made at once, found by their index and freed one
 * by one before the vector is. Their pages hold the prototypes alone; how they are misused says
 * bug check 0x1DC: a wrong IRQL (1), a vector freed before its buffers (2), an index that the
 * vector has not got (3) or whose buffer is freed (4), a vector left when its adapter is put
 * (5).
 *
 * UNDOC: the addresses are inclusive bounds; anything above DISPATCH_LEVEL is the wrong IRQL;
 * the driver's vector is a number that names ours. */
#include <stdlib.h>

#include "hal/common_buffer.h"
#include "hal/operations.h"

enum { VECTOR_ERROR = 0x1DC, WRONG_IRQL = 1, NOT_EMPTY, OUT_OF_BOUNDS, INDEX_FREED, LEAKED };
#define VECTOR_BASE UINT64_C(0x444D56000000)

struct hal_buffer_vector {
    struct hal_adapter *adapter; /* NULL: freed, may be used again */
    ULONG count;
    struct hal_common_buffer **buffers; /* owned array; NULL where one is freed */
};

static void check_irql(void)
{
    if (ke_irql() > DISPATCH_LEVEL)
        KeBugCheckEx(VECTOR_ERROR, WRONG_IRQL, ke_irql(), 0, 0);
}

static struct hal_buffer_vector *vector_of(struct hal_adapter *adapter,
                                           PDMA_COMMON_BUFFER_VECTOR handle)
{
    uint64_t number = KE_ARG(handle) - VECTOR_BASE;
    struct hal_buffer_vector *vector = NULL;

    if (number != 0 && number <= adapter->hal->vectors.count)
        vector = adapter->hal->vectors.items[number - 1];
    if (vector != NULL && vector->adapter == adapter)
        return vector;
    KE_FINDING(adapter->hal->ke, VERIFY_common_buffer_free, KE_ARG(handle), 0);
    return NULL;
}

static struct hal_common_buffer **entry_of(struct hal_buffer_vector *vector, ULONG index)
{
    if (index >= vector->count)
        KeBugCheckEx(VECTOR_ERROR, OUT_OF_BOUNDS, vector->count, index, 0);
    if (vector->buffers[index] == NULL)
        KeBugCheckEx(VECTOR_ERROR, INDEX_FREED, index, 0, 0);
    return &vector->buffers[index];
}

/* The vector's number; 0: no memory. */
static uint64_t vector_create(struct hal_adapter *adapter, ULONG count)
{
    struct hal *hal = adapter->hal;
    struct hal_buffer_vector *vector = NULL;
    uint64_t number = 0;

    while (number < hal->vectors.count && hal->vectors.items[number]->adapter != NULL)
        number++;
    if (number == hal->vectors.count) {
        vector = calloc(1, sizeof *vector);
        if (vector == NULL || array_push(&hal->vectors, vector) != 0) {
            free(vector);
            return 0;
        }
    }
    vector = hal->vectors.items[number];
    vector->buffers = calloc(count, sizeof *vector->buffers);
    if (vector->buffers == NULL)
        return 0;
    vector->adapter = adapter;
    vector->count = count;
    return number + 1;
}

static void vector_end(struct hal_buffer_vector *vector)
{
    free(vector->buffers);
    *vector = (struct hal_buffer_vector){0};
}

static bool fill(struct hal_buffer_vector *vector, const struct common_buffer_request *request)
{
    for (ULONG i = 0; i < vector->count; i++) {
        vector->buffers[i] = common_buffer_make(vector->adapter, request);
        if (vector->buffers[i] == NULL) {
            while (i-- != 0)
                common_buffer_free(vector->adapter, vector->buffers[i]);
            return false;
        }
    }
    return true;
}

NTSTATUS NTAPI hal_allocate_buffer_vector(PDMA_ADAPTER DmaAdapter, PHYSICAL_ADDRESS LowAddress,
                                          PHYSICAL_ADDRESS HighAddress,
                                          MEMORY_CACHING_TYPE CacheType, NODE_REQUIREMENT IdealNode,
                                          ULONG Flags, ULONG NumberOfElements,
                                          ULONGLONG SizeOfElements,
                                          PDMA_COMMON_BUFFER_VECTOR *VectorOut)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_AllocateCommonBufferVector);
    struct common_buffer_request request = {
        .size_bytes = SizeOfElements,
        .lowest_la = (uint64_t)LowAddress.QuadPart,
        .highest_la = (uint64_t)HighAddress.QuadPart,
        .large_pages = (Flags & DOMAIN_COMMON_BUFFER_LARGE_PAGE) != 0,
    };
    struct hal_buffer_vector *vector;
    uint64_t number;

    (void)IdealNode;
    check_irql();
    if (adapter == NULL || NumberOfElements == 0 || SizeOfElements == 0 ||
        request.lowest_la > request.highest_la || !common_buffer_caching(&CacheType) ||
        (Flags & ~(ULONG)DOMAIN_COMMON_BUFFER_LARGE_PAGE) != 0)
        return STATUS_INVALID_PARAMETER;
    number = vector_create(adapter, NumberOfElements);
    if (number == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    vector = adapter->hal->vectors.items[number - 1];
    if (!fill(vector, &request)) {
        vector_end(vector);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *VectorOut = (PDMA_COMMON_BUFFER_VECTOR)(VECTOR_BASE + number);
    return STATUS_SUCCESS;
}

void NTAPI hal_get_buffer_from_vector(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector,
                                      ULONG Index, PVOID *VirtualAddress,
                                      PPHYSICAL_ADDRESS LogicalAddress)
{
    struct hal_adapter *adapter =
        operations_enter(DmaAdapter, HAL_OP_GetCommonBufferFromVectorByIndex);
    struct hal_buffer_vector *vector = adapter != NULL ? vector_of(adapter, Vector) : NULL;
    struct hal_common_buffer *buffer;

    check_irql();
    if (vector == NULL)
        return;
    buffer = *entry_of(vector, Index);
    *VirtualAddress = (PVOID)buffer->va;
    LogicalAddress->QuadPart = (LONGLONG)buffer->la;
}

void NTAPI hal_free_buffer_from_vector(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector,
                                       ULONG Index)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_FreeCommonBufferFromVector);
    struct hal_buffer_vector *vector = adapter != NULL ? vector_of(adapter, Vector) : NULL;
    struct hal_common_buffer **entry;

    check_irql();
    if (vector == NULL)
        return;
    entry = entry_of(vector, Index);
    common_buffer_free(adapter, *entry);
    *entry = NULL;
}

void NTAPI hal_free_buffer_vector(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_FreeCommonBufferVector);
    struct hal_buffer_vector *vector = adapter != NULL ? vector_of(adapter, Vector) : NULL;

    check_irql();
    if (vector == NULL)
        return;
    for (ULONG i = 0; i < vector->count; i++) {
        if (vector->buffers[i] != NULL)
            KeBugCheckEx(VECTOR_ERROR, NOT_EMPTY, i, vector->buffers[i]->va,
                         vector->buffers[i]->la);
    }
    vector_end(vector);
}

/* ---- Ends ------------------------------------------------------------------------------------ */

void common_buffer_vectors_check(struct hal_adapter *adapter)
{
    for (size_t i = 0; i < adapter->hal->vectors.count; i++) {
        if (adapter->hal->vectors.items[i]->adapter == adapter)
            KeBugCheckEx(VECTOR_ERROR, LEAKED, 0, 0, 0);
    }
}

void common_buffer_vectors_end(struct hal_adapter *adapter)
{
    for (size_t i = 0; i < adapter->hal->vectors.count; i++) {
        if (adapter->hal->vectors.items[i]->adapter == adapter)
            vector_end(adapter->hal->vectors.items[i]);
    }
}

void common_buffer_vectors_fini(struct hal *hal)
{
    for (size_t i = 0; i < hal->vectors.count; i++)
        free(hal->vectors.items[i]);
    array_fini(&hal->vectors);
}
