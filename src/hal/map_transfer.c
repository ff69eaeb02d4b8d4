/* SPDX-License-Identifier: MIT */
/* MapTransfer and FlushAdapterBuffers: what a driver does with the map registers of a token.
 * MapTransfer maps one fragment a call for a device with scatter/gather, everything at once for
 * another; FlushAdapterBuffers ends it and brings home what a device wrote into bounce pages.
 * MapTransfer cannot fail, so the pages for bouncing came with the registers. MapTransfer,
 * FlushAdapterBuffers; bug check 0xE6: 00, 0E, 16, 1B, 1D, 21, 24. */
#include "hal/channel.h"
#include "hal/operations.h"

/* ---- Mapping --------------------------------------------------------------------------------- */

static uint64_t pieces_of(const struct transfer *transfer)
{
    struct transfer_walk walk;
    uint64_t count = 0;

    for (transfer_begin(&walk, transfer); walk.piece_bytes != 0; transfer_next(&walk))
        count++;
    return count;
}

/* Bounces the fragment into the token's next low pages, which lie together when there is more than
 * one. The pages the card is to see; NULL when the registers do not suffice. */
static const mm_pfn *bounce_fragment(struct hal_token *token, const struct transfer *transfer)
{
    struct hal *hal = token->adapter->hal;
    struct transfer_walk walk;
    uint64_t pages, at;
    mm_pfn *pfns;

    transfer_begin(&walk, transfer);
    pages = (walk.offset + transfer->size_bytes + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
    pfns = transfer_scratch(hal, pages);
    if (pfns == NULL || token->next_page + pages > token->held.pages ||
        array_reserve(&token->pieces, token->pieces.count + pieces_of(transfer)) != 0)
        return NULL;
    for (uint64_t i = 0; i < pages; i++)
        pfns[i] = registers_pfn(&token->held, token->next_page + (uint32_t)i);
    for (at = walk.offset; walk.piece_bytes != 0; transfer_next(&walk)) {
        token->pieces.items[token->pieces.count++] = (struct copy_piece){
            .buffer = (uint8_t *)mm_page(hal->mm, *walk.pfn) + walk.offset,
            .bounce = (uint8_t *)mm_page(hal->mm, pfns[0]) + at,
            .size_bytes = walk.piece_bytes,
        };
        at += walk.piece_bytes;
    }
    token->next_page += (uint32_t)pages;
    return pfns;
}

static enum registers_result open_to_card(struct hal_token *token, struct hal_fragment *fragment,
                                          const struct domain_request *request, uint64_t *la)
{
    struct domain_pages pages;
    enum registers_result result;

    if (array_reserve(&token->fragments, token->fragments.count + 1) != 0)
        return REGISTERS_NEVER;
    result = domain_map(token->adapter, request, &pages);
    if (result != REGISTERS_TAKEN)
        return result;
    fragment->serial = pages.serial;
    token->fragments.items[token->fragments.count++] = *fragment;
    *la = domain_page(&pages, 0) << MM_PAGE_SHIFT | request->first_offset;
    return REGISTERS_TAKEN;
}

static void account(struct hal_token *token, const struct hal_fragment *fragment, bool bounced)
{
    struct hal *hal = token->adapter->hal;

    *(bounced ? &hal->figures.bounce_bytes : &hal->figures.direct_bytes) += fragment->size_bytes;
    TRACE(hal->trace, dma_map, token->adapter->id,
          token->fragments.items[token->fragments.count - 1].serial,
          bounced ? 0 : fragment->size_bytes, bounced ? fragment->size_bytes : 0, 1,
          token->held.registers);
}

/* Pages of the fragment as the card sees them: its own where one run of them is in reach, else low
 * ones. NULL: it takes more than the token holds. UNDOC: where addresses are translated, and there
 * are no low pages, a device without scatter/gather gets the MDLs of a chain that do not join one
 * by one. */
static const mm_pfn *choose_pages(struct hal_token *token, struct transfer *transfer)
{
    struct hal_adapter *adapter = token->adapter;
    uint64_t direct = transfer_direct_bytes(adapter, transfer);
    struct transfer_walk walk;

    if (direct == transfer->size_bytes ||
        (direct != 0 && (adapter->scatter_gather || domain_remaps(adapter)))) {
        transfer->size_bytes = direct;
        transfer_begin(&walk, transfer);
        return transfer_pfns(adapter->hal, transfer,
                             (walk.offset + direct + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT);
    }
    transfer_begin(&walk, transfer);
    if (adapter->scatter_gather)
        transfer->size_bytes = walk.piece_bytes;
    return bounce_fragment(token, transfer);
}

/* Where the fragment lies in the chain; false: it begins in none of its MDLs. */
static bool position_in(PMDL chain, const struct hal_fragment *fragment, uint64_t *out)
{
    uint64_t before = 0;

    for (const MDL *mdl = chain; mdl != NULL; mdl = mdl->Next) {
        if (mdl == fragment->mdl) {
            *out = before + fragment->skip_bytes;
            return true;
        }
        before += mdl->ByteCount;
    }
    return false;
}

static bool overlaps(PMDL chain, const struct hal_fragment *fragment, uint64_t from,
                     uint64_t size_bytes)
{
    uint64_t at;

    return position_in(chain, fragment, &at) && at < from + size_bytes &&
           from < at + fragment->size_bytes;
}

static void check_overlap(struct hal_token *token, const struct transfer *transfer)
{
    for (size_t i = 0; i < token->fragments.count; i++) {
        const struct hal_fragment *fragment = &token->fragments.items[i];

        if (!overlaps(transfer->mdl, fragment, transfer->skip_bytes, transfer->size_bytes))
            continue;
        KE_FINDING(token->adapter->hal->ke, VERIFY_range_mapped, transfer->size_bytes,
                   KE_ARG(transfer->mdl));
        return;
    }
}

enum registers_result token_map(struct hal_token *token, struct transfer *transfer, bool to_device,
                                uint64_t *la)
{
    struct hal_fragment fragment = {.mdl = transfer->mdl,
                                    .skip_bytes = transfer->skip_bytes,
                                    .to_device = to_device,
                                    .first_piece = (uint32_t)token->pieces.count};
    uint64_t from_page = transfer->mdl->ByteOffset + transfer->skip_bytes;
    struct domain_request request = {
        .pfns = choose_pages(token, transfer),
        .first_offset = (uint32_t)(from_page % MM_PAGE_SIZE),
        .directions = to_device ? MAPPING_TO_DEVICE : MAPPING_FROM_DEVICE,
        .use = MAPPING_FRAGMENT,
    };
    uint64_t end = request.first_offset + transfer->size_bytes;
    enum registers_result result;

    if (request.pfns == NULL)
        return REGISTERS_NEVER;
    check_overlap(token, transfer);
    request.pages = (end + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
    request.last_offset = (uint32_t)((end - 1) % MM_PAGE_SIZE);
    fragment.piece_count = (uint32_t)token->pieces.count - fragment.first_piece;
    fragment.size_bytes = transfer->size_bytes;
    result = open_to_card(token, &fragment, &request, la);
    if (result != REGISTERS_TAKEN)
        return result;
    if (to_device && fragment.piece_count != 0)
        copy_to_bounce(token->adapter->hal->to_bounce, &token->pieces.items[fragment.first_piece],
                       fragment.piece_count);
    account(token, &fragment, fragment.piece_count != 0);
    return REGISTERS_TAKEN;
}

static bool is_mappable(struct hal_adapter *adapter, struct hal_token *token, PVOID base,
                        const struct transfer *transfer, uint32_t *registers)
{
    struct hal *hal = adapter->hal;
    enum transfer_check verdict;

    if (token == NULL) {
        KE_FINDING(hal->ke, VERIFY_registers_unknown, KE_ARG(base));
        return false;
    }
    if (transfer->size_bytes == 0) {
        KE_FINDING(hal->ke, VERIFY_dma_zero_length, KE_ARG(transfer->mdl));
        return false;
    }
    verdict = transfer_check(hal, transfer, registers);
    transfer_blame(hal, transfer, verdict);
    return verdict == TRANSFER_GOOD;
}

/* UNDOC: the address returned when the driver's request is impossible; 0 and length 0 here, with a
 * finding. */
PHYSICAL_ADDRESS NTAPI hal_map_transfer(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                        PVOID CurrentVa, PULONG Length, BOOLEAN WriteToDevice)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_MapTransfer);
    struct hal_token *token = adapter != NULL ? token_of(adapter, MapRegisterBase) : NULL;
    struct transfer transfer = transfer_at(Mdl, CurrentVa, *Length);
    PHYSICAL_ADDRESS la = {.QuadPart = 0};
    enum registers_result result;
    uint64_t mapped_la;
    uint32_t registers;

    *Length = 0;
    if (adapter == NULL || !is_mappable(adapter, token, MapRegisterBase, &transfer, &registers))
        return la;
    result = token_map(token, &transfer, WriteToDevice != FALSE, &mapped_la);
    if (result == REGISTERS_TAKEN) {
        la.QuadPart = (LONGLONG)mapped_la;
        *Length = (ULONG)transfer.size_bytes;
    } else if (result == REGISTERS_NEVER) {
        KE_FINDING(adapter->hal->ke, VERIFY_too_many_registers, registers, token->registers);
    }
    return la;
}

/* ---- Flushing -------------------------------------------------------------------------------- */

static void flush(struct hal_token *token, size_t index)
{
    struct hal_adapter *adapter = token->adapter;
    struct hal_fragment fragment = token->fragments.items[index];
    uint64_t copied = 0;

    domain_unmap(adapter, fragment.serial);
    if (!fragment.to_device && fragment.piece_count != 0) {
        copy_from_bounce(adapter->hal->from_bounce, &token->pieces.items[fragment.first_piece],
                         fragment.piece_count);
        copied = fragment.size_bytes;
    }
    array_remove_at(&token->fragments, index);
    TRACE(adapter->hal->trace, dma_unmap, adapter->id, fragment.serial, copied,
          adapter->registers_in_use);
    if (token->fragments.count == 0) {
        array_clear(&token->pieces);
        token->next_page = 0;
    }
}

/* A fragment is flushed whole when the range touches it. The range begins where one was mapped:
 * FlushAdapterBuffers, CurrentVa. That it ends earlier is how drivers tell of short transfers. */
bool token_flush(struct hal_token *token, PMDL chain, uint64_t offset, uint64_t size_bytes,
                 bool to_device)
{
    struct ke *ke = token->adapter->hal->ke;
    bool found = false, wrong_way = false, inside = false;
    uint64_t begin;

    for (size_t i = 0; i < token->fragments.count;) {
        const struct hal_fragment *fragment = &token->fragments.items[i];

        if (!overlaps(chain, fragment, offset, size_bytes)) {
            i++;
            continue;
        }
        wrong_way = wrong_way || fragment->to_device != to_device;
        inside = inside || (position_in(chain, fragment, &begin) && begin < offset);
        flush(token, i);
        found = true;
    }
    if (wrong_way)
        KE_FINDING(ke, VERIFY_dma_direction, KE_ARG(chain));
    if (!found || inside)
        KE_FINDING(ke, VERIFY_flush_not_mapped, KE_ARG(MmGetMdlVirtualAddress(chain)) + offset,
                   size_bytes);
    return found;
}

BOOLEAN NTAPI hal_flush_adapter_buffers(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                        PVOID CurrentVa, ULONG Length, BOOLEAN WriteToDevice)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_FlushAdapterBuffers);
    struct hal_token *token = adapter != NULL ? token_of(adapter, MapRegisterBase) : NULL;
    struct transfer range = transfer_at(Mdl, CurrentVa, Length);
    uint64_t left;

    if (adapter == NULL)
        return FALSE;
    if (token == NULL) {
        KE_FINDING(adapter->hal->ke, VERIFY_registers_unknown, KE_ARG(MapRegisterBase));
        return TRUE;
    }
    left = range.skip_bytes < Mdl->ByteCount ? transfer_chain_bytes(&range) : 0;
    if (token_flush(token, Mdl, range.skip_bytes, Length, WriteToDevice != FALSE) && Length > left)
        KE_FINDING(adapter->hal->ke, VERIFY_flush_length, Length, left);
    return TRUE;
}
