/* SPDX-License-Identifier: MIT */
/* Filling a scatter/gather list: which page stands for each of the transfer's, which address it
 * got, what is copied. Neighbouring addresses become one element, but not across a 4 GB line
 * (UNDOC, observed). */
#include "hal/sglist.h"

struct builder {
    SCATTER_GATHER_ELEMENT *elements;
    uint32_t count;
    uint64_t end_la; /* of the newest */
};

/* ---- Pages ----------------------------------------------------------------------------------- */

/* The next low page of the list, for a page the device cannot reach. RAM is one window. */
static mm_pfn bounce(struct hal_list *list, const struct transfer_walk *walk, uint8_t *window)
{
    mm_pfn low = registers_pfn(&list->held, list->piece_count);

    list->pieces[list->piece_count++] = (struct copy_piece){
        .buffer = window + (*walk->pfn << MM_PAGE_SHIFT) + walk->offset,
        .bounce = window + (low << MM_PAGE_SHIFT) + walk->offset,
        .size_bytes = walk->piece_bytes,
    };
    return low;
}

static void bounce_some(struct hal_list *list, mm_pfn *pfns)
{
    uint8_t *window = mm_page(list->adapter->hal->mm, 0);
    struct transfer_walk walk;

    for (transfer_begin(&walk, &list->transfer); walk.piece_bytes != 0; transfer_next(&walk))
        *pfns++ = adapter_reaches(list->adapter, *walk.pfn) ? *walk.pfn
                                                            : bounce(list, &walk, window);
}

/* In a contiguous copy pages of chained MDLs need not join; then each piece begins where the last
 * one ended. */
static void bounce_all(struct hal_list *list, mm_pfn *pfns)
{
    struct mm *mm = list->adapter->hal->mm;
    uint8_t *low = mm_page(mm, list->held.first);
    struct transfer_walk walk;
    uint64_t at;

    transfer_begin(&walk, &list->transfer);
    for (at = walk.offset; walk.piece_bytes != 0; transfer_next(&walk)) {
        list->pieces[list->piece_count++] = (struct copy_piece){
            .buffer = (uint8_t *)mm_page(mm, *walk.pfn) + walk.offset,
            .bounce = low + at,
            .size_bytes = walk.piece_bytes,
        };
        at += walk.piece_bytes;
    }
    for (uint32_t i = 0; i < list->held.pages; i++)
        pfns[i] = list->held.first + i;
}

/* The pages the card is to see, in order. */
static const mm_pfn *choose_pages(struct hal_list *list, uint64_t pages)
{
    struct hal *hal = list->adapter->hal;
    mm_pfn *pfns;

    list->piece_count = 0;
    if (list->held.pages == 0)
        return transfer_pfns(hal, &list->transfer, pages);
    pfns = transfer_scratch(hal, pages);
    if (pfns == NULL)
        return NULL;
    if (list->contiguous)
        bounce_all(list, pfns);
    else
        bounce_some(list, pfns);
    return pfns;
}

static enum registers_result map_pages(struct hal_list *list, struct domain_pages *out)
{
    uint64_t offset = (list->transfer.mdl->ByteOffset + list->transfer.skip_bytes) % MM_PAGE_SIZE;
    struct domain_request request = {
        .pages = list->contiguous ? list->held.pages : list->pages,
        .first_offset = (uint32_t)offset,
        .last_offset = list->contiguous
                           ? (uint32_t)((offset + list->transfer.size_bytes - 1) % MM_PAGE_SIZE)
                           : transfer_last_offset(&list->transfer),
        .directions = list->to_device ? MAPPING_TO_DEVICE : MAPPING_FROM_DEVICE,
        .use = MAPPING_LIST,
    };

    request.pfns = choose_pages(list, request.pages);
    if (request.pfns == NULL)
        return REGISTERS_NEVER;
    return domain_map(list->adapter, &request, out);
}

/* ---- Elements -------------------------------------------------------------------------------- */

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

/* Whole pages at a time where there are some. */
static void add_elements(struct builder *builder, const struct transfer *transfer,
                         const struct domain_pages *pages)
{
    struct transfer_walk walk;
    uint64_t at = 0;

    transfer_begin(&walk, transfer);
    while (walk.piece_bytes != 0) {
        uint64_t whole = transfer_whole_pages(&walk);
        uint64_t la = domain_page(pages, at) << MM_PAGE_SHIFT;

        if (whole == 0) {
            add_fragment(builder, la | walk.offset, walk.piece_bytes);
            transfer_next(&walk);
            at++;
            continue;
        }
        if (pages->scattered != NULL)
            add_pages(builder, pages->scattered + at, whole);
        else
            add_fragment(builder, la, (uint32_t)(whole << MM_PAGE_SHIFT));
        transfer_skip(&walk, whole);
        at += whole;
    }
}

static void fill(struct hal_list *list, const struct domain_pages *pages)
{
    struct builder builder = {list->sgl->Elements, 0, UINT64_MAX};
    uint64_t offset = (list->transfer.mdl->ByteOffset + list->transfer.skip_bytes) % MM_PAGE_SIZE;

    if (list->contiguous)
        add_fragment(&builder, domain_page(pages, 0) << MM_PAGE_SHIFT | offset,
                     (uint32_t)list->transfer.size_bytes);
    else
        add_elements(&builder, &list->transfer, pages);
    list->sgl->NumberOfElements = builder.count;
    list->sgl->Reserved = list->number;
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
    TRACE(hal->trace, dma_list, list->adapter->id, list->serial, KE_ARG(list->sgl));
}

enum registers_result sglist_build(struct hal_list *list)
{
    struct domain_pages pages;
    enum registers_result result = map_pages(list, &pages);

    if (result != REGISTERS_TAKEN)
        return result;
    fill(list, &pages);
    list->serial = pages.serial;
    if (list->to_device)
        copy_to_bounce(list->adapter->hal->to_bounce, list->pieces, list->piece_count);
    list->live = true;
    account(list, list->sgl->NumberOfElements);
    return REGISTERS_TAKEN;
}
