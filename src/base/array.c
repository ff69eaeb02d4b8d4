/* SPDX-License-Identifier: MIT */
#include "base/array.h"

enum { ARRAY_FIRST_CAPACITY = 8 };

int array_reserve_raw(void *items_slot, size_t *capacity, size_t item_bytes, size_t wanted)
{
    size_t grown = *capacity != 0 ? *capacity : ARRAY_FIRST_CAPACITY;
    size_t bytes;
    void *items;

    if (wanted <= *capacity)
        return 0;
    while (grown < wanted) {
        if (weir_mul_overflows(grown, (size_t)2, &grown))
            return -ENOMEM;
    }
    if (weir_mul_overflows(grown, item_bytes, &bytes))
        return -ENOMEM;

    /* Copied as bytes, because a pointer to a typed pointer may not be read as a void pointer. */
    memcpy(&items, items_slot, sizeof(items));
    items = realloc(items, bytes);
    if (items == NULL)
        return -ENOMEM;
    memcpy(items_slot, &items, sizeof(items));
    *capacity = grown;
    return 0;
}
