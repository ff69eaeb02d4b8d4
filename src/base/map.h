/* SPDX-License-Identifier: MIT */
/* Map from a non-zero 64-bit key (an address, a number) to a pointer.
 * The map owns its table, never what it points to. Adding and finding cost a few nanoseconds; the
 * order of keys is nobody's business, so there is no way to walk it: keep a list beside it when
 * order matters. A zeroed map is valid and empty. Not here: strings as keys. */
#ifndef WEIR_BASE_MAP_H
#define WEIR_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_slot {
    uint64_t key; /* 0 = free */
    void *value;
};

struct map {
    struct map_slot *slots;
    size_t count;
    size_t capacity; /* 0 or a power of two */
};

void map_init(struct map *map);
void map_fini(struct map *map);

/* 0 or -ENOMEM; an existing key gets the new value. */
int map_set(struct map *map, uint64_t key, void *value);

/* NULL when there is none. */
void *map_get(const struct map *map, uint64_t key);

/* The value that was there, or NULL. */
void *map_remove(struct map *map, uint64_t key);

#endif
