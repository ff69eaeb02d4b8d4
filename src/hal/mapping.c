/* SPDX-License-Identifier: MIT */
#include "hal/mapping.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAPPINGS_START = 1024 };

int mappings_init(struct hal_mappings *mappings)
{
    memset(mappings, 0, sizeof *mappings);
    mappings->items = calloc(MAPPINGS_START, sizeof *mappings->items);
    if (mappings->items == NULL)
        return -ENOMEM;
    mappings->mask = MAPPINGS_START - 1;
    return 0;
}

void mappings_fini(struct hal_mappings *mappings)
{
    free(mappings->items);
    array_fini(&mappings->shares);
    memset(mappings, 0, sizeof *mappings);
}

/* Serials that differ under the old mask differ under a longer one, so every mapping finds its
 * place. */
static int grow(struct hal_mappings *mappings)
{
    uint32_t mask = mappings->mask * 2 + 1;
    struct hal_mapping *items = calloc((size_t)mask + 1, sizeof *items);

    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i <= mappings->mask; i++) {
        if (mappings->items[i].serial != 0)
            items[mappings->items[i].serial & mask] = mappings->items[i];
    }
    free(mappings->items);
    mappings->items = items;
    mappings->mask = mask;
    return 0;
}

static uint32_t next_serial(struct hal_mappings *mappings)
{
    do {
        mappings->serial = (mappings->serial + 1) % MAPPING_SHARED;
    } while (mappings->serial == 0 || mapping_at(mappings, mappings->serial)->live);
    return mappings->serial;
}

struct hal_mapping *mapping_new(struct hal_mappings *mappings)
{
    struct hal_mapping *mapping;
    uint32_t serial;

    if (mappings->live > mappings->mask / 2 && grow(mappings) != 0)
        return NULL;
    serial = next_serial(mappings);
    mapping = mapping_at(mappings, serial);
    *mapping = (struct hal_mapping){.serial = serial, .live = true};
    mappings->live++;
    return mapping;
}

void mapping_end(struct hal_mappings *mappings, uint32_t serial, uint64_t caller_va)
{
    struct hal_mapping *mapping = mapping_at(mappings, serial);

    weir_assert(mapping_is_live(mappings, serial));
    mapping->live = false;
    mapping->ended_by_va = caller_va;
    mappings->live--;
}

/* ---- Shared pages ---------------------------------------------------------------------------- */

static uint32_t share_new(struct hal_mappings *mappings, uint32_t serial, uint32_t next)
{
    struct mapping_share share = {serial, next};
    uint32_t at = mappings->unused_share;

    if (at != 0) {
        mappings->unused_share = mappings->shares.items[at - 1].next;
        mappings->shares.items[at - 1] = share;
        return at;
    }
    return array_push(&mappings->shares, share) == 0 ? (uint32_t)mappings->shares.count : 0;
}

/* The chain without its dead members. */
static uint32_t prune(struct hal_mappings *mappings, uint32_t at)
{
    uint32_t kept = 0;

    while (at != 0) {
        struct mapping_share *share = &mappings->shares.items[at - 1];
        uint32_t next = share->next;

        if (mapping_is_live(mappings, share->serial)) {
            share->next = kept;
            kept = at;
        } else {
            share->next = mappings->unused_share;
            mappings->unused_share = at;
        }
        at = next;
    }
    return kept;
}

/* Without memory for the chain the newest mapping alone stands: the check is then too strict for
 * the others. */
uint32_t mapping_share(struct hal_mappings *mappings, uint32_t entry, uint32_t serial)
{
    uint32_t chain = entry >= MAPPING_SHARED ? prune(mappings, entry & ~MAPPING_SHARED)
                                             : share_new(mappings, entry, 0);
    uint32_t head = chain != 0 ? share_new(mappings, serial, chain) : 0;

    return head != 0 ? MAPPING_SHARED | head : serial;
}
