/* SPDX-License-Identifier: MIT */
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>

#include "base/fatal.h"
#include "base/hash.h"

enum { FIRST_CAPACITY = 16 };

void map_init(struct map *map)
{
    *map = (struct map){NULL, 0, 0};
}

void map_fini(struct map *map)
{
    free(map->slots);
    map_init(map);
}

static size_t home_of(const struct map *map, uint64_t key)
{
    return (size_t)hash_u64(key) & (map->capacity - 1);
}

/* The slot that holds the key, or the free one where it belongs. There always is a free one. */
static struct map_slot *slot_of(const struct map *map, uint64_t key)
{
    size_t index = home_of(map, key);

    while (map->slots[index].key != 0 && map->slots[index].key != key)
        index = (index + 1) & (map->capacity - 1);
    return &map->slots[index];
}

static int grow(struct map *map)
{
    struct map larger = {NULL, map->count, map->capacity ? map->capacity * 2 : FIRST_CAPACITY};
    size_t i;

    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (larger.slots == NULL)
        return -ENOMEM;
    for (i = 0; i < map->capacity; i++) {
        if (map->slots[i].key != 0)
            *slot_of(&larger, map->slots[i].key) = map->slots[i];
    }
    free(map->slots);
    *map = larger;
    return 0;
}

int map_set(struct map *map, uint64_t key, void *value)
{
    struct map_slot *slot;

    weir_assert(key != 0);
    if ((map->count + 1) * 2 > map->capacity && grow(map) != 0)
        return -ENOMEM;
    slot = slot_of(map, key);
    if (slot->key == 0) {
        slot->key = key;
        map->count++;
    }
    slot->value = value;
    return 0;
}

void *map_get(const struct map *map, uint64_t key)
{
    struct map_slot *slot;

    if (map->count == 0 || key == 0)
        return NULL;
    slot = slot_of(map, key);
    return slot->key != 0 ? slot->value : NULL;
}

/* Closes the gap, so that no search ends early: an entry behind it moves up unless its home lies
 * between the gap and itself. */
static void close_gap(struct map *map, size_t gap)
{
    size_t mask = map->capacity - 1;
    size_t index = gap;

    for (;;) {
        index = (index + 1) & mask;
        if (map->slots[index].key == 0)
            break;
        if (((index - home_of(map, map->slots[index].key)) & mask) >= ((index - gap) & mask)) {
            map->slots[gap] = map->slots[index];
            gap = index;
        }
    }
    map->slots[gap] = (struct map_slot){0, NULL};
}

void *map_remove(struct map *map, uint64_t key)
{
    struct map_slot *slot;
    void *value;

    if (map->count == 0 || key == 0)
        return NULL;
    slot = slot_of(map, key);
    if (slot->key == 0)
        return NULL;
    value = slot->value;
    map->count--;
    close_gap(map, (size_t)(slot - map->slots));
    return value;
}
