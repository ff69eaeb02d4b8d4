/* SPDX-License-Identifier: MIT */
/* Growable array of one type: ARRAY(struct foo) foos; a zeroed array is valid and empty.
 * The array owns its items' memory, array_fini gives it back; what items point to is the caller's.
 * Growing moves the items: keep indices, not pointers. Adding returns 0 or -ENOMEM and changes
 * nothing on failure. Macro arguments that name the array are evaluated more than once. */
#ifndef WEIR_BASE_ARRAY_H
#define WEIR_BASE_ARRAY_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

#define ARRAY(type)                                                                                \
    struct {                                                                                       \
        type  *items;                                                                              \
        size_t count;                                                                              \
        size_t capacity;                                                                           \
    }

/* items_slot is the address of the typed items pointer. */
int array_reserve_raw(void *items_slot, size_t *capacity, size_t item_bytes, size_t wanted);

#define array_init(array) ((array)->items = NULL, (array)->count = 0, (array)->capacity = 0)
#define array_fini(array) (free((array)->items), array_init(array))

#define array_reserve(array, wanted)                                                               \
    array_reserve_raw(&(array)->items, &(array)->capacity, sizeof(*(array)->items), (wanted))

#define array_push(array, value)                                                                   \
    (array_reserve((array), (array)->count + 1) != 0                                               \
         ? -ENOMEM                                                                                 \
         : ((array)->items[(array)->count++] = (value), 0))

/* The array must not be empty. */
#define array_pop(array) ((array)->items[--(array)->count])

/* Keeps the order of the rest. */
#define array_remove_at(array, index)                                                              \
    ((array)->count--,                                                                             \
     memmove(&(array)->items[index], &(array)->items[(index) + 1],                                 \
             ((array)->count - (index)) * sizeof(*(array)->items)),                                \
     (void)0)

#define array_clear(array) ((void)((array)->count = 0))

#define array_for_each(item, array)                                                                \
    for ((item) = (array)->items;                                                                  \
         (array)->count != 0 && (item) < (array)->items + (array)->count; (item)++)

#endif
