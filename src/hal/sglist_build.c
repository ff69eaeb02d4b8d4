/* SPDX-License-Identifier: MIT */
/* Filling a scatter/gather list: which address each page gets, what is copied, what the card may
 * touch from now on. Neighbouring addresses become one element, but not across a 4 GB line (UNDOC,
 * observed). */
#include "hal/sglist.h"

struct builder {
    SCATTER_GATHER_ELEMENT *elements;
    uint32_t count;
    uint64_t end_la; /* of the newest */
};

static inline void add_fragment(struct builder *builder, uint64_t la, uint32_t size_bytes)
{
    if (la == builder->end_la && (uint32_t)la != 0) {
        builder->elements[builder->count - 1].Length += size_bytes;
    } else {
        SCATTER_GATHER_ELEMENT *element = &builder->elements[builder->count++];

        element->Address.QuadPart = (LONGLONG)la;
        element->Length = size_bytes;
        element->Reserved = 0;
    }
    builder->end_la = la + size_bytes;
}

/* Address of a page the device cannot reach: the next low page of the list. */
static uint64_t bounce(struct hal_list *list, const struct transfer_walk *walk)
{
    struct mm *mm = list->adapter->hal->mm;
    mm_pfn low = registers_pfn(&list->held, list->piece_count);

    list->pieces[list->piece_count++] = (struct copy_piece){
        .buffer = (uint8_t *)mm_page(mm, *walk->pfn) + walk->offset,
        .bounce = (uint8_t *)mm_page(mm, low) + walk->offset,
        .size_bytes = walk->piece_bytes,
    };
    return low << MM_PAGE_SHIFT | walk->offset;
}

static void add_pages(struct builder *builder, const PFN_NUMBER *pfns, uint64_t count)
{
    SCATTER_GATHER_ELEMENT *element = builder->elements + builder->count;
    uint64_t end_la = builder->end_la;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t la = pfns[i] << MM_PAGE_SHIFT;

        if (la == end_la && (uint32_t)la != 0) {
            element[-1].Length += MM_PAGE_SIZE;
        } else {
            element->Address.QuadPart = (LONGLONG)la;
            element->Length = MM_PAGE_SIZE;
            element->Reserved = 0;
            element++;
        }
        end_la = la + MM_PAGE_SIZE;
    }
    builder->count = (uint32_t)(element - builder->elements);
    builder->end_la = end_la;
}

/* Lists of a device that reaches everything: the common case, whole pages at a time. */
static void build_direct(struct hal_list *list, struct bus_mapping *mapping,
                         struct builder *builder)
{
    struct hal_bus *bus = &list->adapter->hal->bus;
    struct transfer_walk walk;

    transfer_begin(&walk, &list->transfer);
    while (walk.piece_bytes != 0) {
        uint64_t whole = transfer_whole_pages(&walk);

        if (whole != 0) {
            bus_map_pages(bus, mapping, walk.pfn, whole);
            add_pages(builder, walk.pfn, whole);
            transfer_skip(&walk, whole);
        } else {
            bus_map_page(bus, mapping, *walk.pfn);
            add_fragment(builder, *walk.pfn << MM_PAGE_SHIFT | walk.offset, walk.piece_bytes);
            transfer_next(&walk);
        }
    }
}

static void build_mixed(struct hal_list *list, struct bus_mapping *mapping, struct builder *builder)
{
    struct hal_bus *bus = &list->adapter->hal->bus;
    struct transfer_walk walk;

    for (transfer_begin(&walk, &list->transfer); walk.piece_bytes != 0; transfer_next(&walk)) {
        uint64_t la;

        if (adapter_reaches(list->adapter, *walk.pfn))
            la = *walk.pfn << MM_PAGE_SHIFT | walk.offset;
        else
            la = bounce(list, &walk);
        bus_map_page(bus, mapping, la >> MM_PAGE_SHIFT);
        add_fragment(builder, la, walk.piece_bytes);
    }
}

/* In a contiguous copy pages of chained MDLs need not join; then each piece begins where the last
 * one ended. */
static void build_contiguous(struct hal_list *list, struct bus_mapping *mapping,
                             struct builder *builder)
{
    struct hal_bus *bus = &list->adapter->hal->bus;
    struct mm *mm = list->adapter->hal->mm;
    uint8_t *low = mm_page(mm, list->held.first);
    struct transfer_walk walk;
    uint64_t at;

    transfer_begin(&walk, &list->transfer);
    at = walk.offset;
    add_fragment(builder, list->held.first << MM_PAGE_SHIFT | at,
                 (uint32_t)list->transfer.size_bytes);
    for (; walk.piece_bytes != 0; transfer_next(&walk)) {
        list->pieces[list->piece_count++] = (struct copy_piece){
            .buffer = (uint8_t *)mm_page(mm, *walk.pfn) + walk.offset,
            .bounce = low + at,
            .size_bytes = walk.piece_bytes,
        };
        at += walk.piece_bytes;
    }
    for (uint32_t i = 0; i < list->held.pages; i++)
        bus_map_page(bus, mapping, list->held.first + i);
}

uint64_t sglist_bounced_bytes(const struct hal_list *list)
{
    uint64_t total = 0;

    for (uint32_t i = 0; i < list->piece_count; i++)
        total += list->pieces[i].size_bytes;
    return total;
}

static void account(struct hal_list *list, uint32_t elements)
{
    struct hal *hal = list->adapter->hal;
    uint64_t bounced = sglist_bounced_bytes(list);
    uint64_t direct = list->transfer.size_bytes - bounced;

    hal->figures.direct_bytes += direct;
    hal->figures.bounce_bytes += bounced;
    hal->figures.lists_live++;
    list->adapter->lists_live++;
    TRACE(hal->trace, dma_map, list->adapter->id, list->serial, direct, bounced, elements,
          list->held.registers);
}

void sglist_build(struct hal_list *list, struct bus_mapping *mapping)
{
    struct builder builder = {list->sgl->Elements, 0, UINT64_MAX};
    const SCATTER_GATHER_ELEMENT *last;

    list->piece_count = 0;
    if (!list->adapter->bounces)
        build_direct(list, mapping, &builder);
    else if (list->contiguous)
        build_contiguous(list, mapping, &builder);
    else
        build_mixed(list, mapping, &builder);
    last = &builder.elements[builder.count - 1];
    list->sgl->NumberOfElements = builder.count;
    list->sgl->Reserved = list->number;
    mapping->first_la = (uint64_t)list->sgl->Elements[0].Address.QuadPart;
    mapping->last_la = (uint64_t)last->Address.QuadPart + last->Length - 1;
    list->serial = mapping->serial;
    if (list->to_device)
        copy_to_bounce(list->pieces, list->piece_count);
    list->live = true;
    account(list, builder.count);
}
