/* SPDX-License-Identifier: MIT */
/* BuildMdlFromScatterGatherList: the memory that a list describes, as MDLs. Where nothing is
 * bounced that is the original; else MDLs are made that name the pages the device sees, one for
 * each of the chain that the transfer touches, or a single one for a contiguous copy. The list
 * owns them. A second call for the same list is refused. BuildMdlFromScatterGatherList, Return
 * value. */
#include "hal/operations.h"
#include "hal/sglist.h"

void sglist_free_mdl(struct hal_list *list)
{
    PMDL mdl = list->built;

    while (mdl != NULL) {
        PMDL next = mdl->Next;

        IoFreeMdl(mdl);
        mdl = next;
    }
    list->built = NULL;
}

static PMDL allocate(uint64_t offset, uint64_t size_bytes)
{
    PMDL mdl = IoAllocateMdl((PVOID)(ULONG_PTR)offset, (ULONG)size_bytes, FALSE, FALSE, NULL);

    if (mdl != NULL)
        mdl->MdlFlags |= MDL_PARTIAL;
    return mdl;
}

/* Walks the list's elements along with the transfer's pages. */
struct list_cursor {
    const SCATTER_GATHER_ELEMENT *element;
    uint64_t done_bytes; /* of the element */
};

static mm_pfn next_page(const struct hal_list *list, struct list_cursor *cursor,
                        uint64_t size_bytes)
{
    uint64_t la = (uint64_t)cursor->element->Address.QuadPart + cursor->done_bytes;

    cursor->done_bytes += size_bytes;
    if (cursor->done_bytes == cursor->element->Length) {
        cursor->element++;
        cursor->done_bytes = 0;
    }
    return domain_pfn(list->adapter->domain, la >> MM_PAGE_SHIFT);
}

static PMDL build_contiguous(const struct hal_list *list)
{
    const SCATTER_GATHER_ELEMENT *element = &list->sgl->Elements[0];
    uint64_t la = (uint64_t)element->Address.QuadPart;
    PMDL mdl = allocate(la % MM_PAGE_SIZE, element->Length);

    if (mdl == NULL)
        return NULL;
    for (uint64_t page = la >> MM_PAGE_SHIFT, i = 0;
         page <= (la + element->Length - 1) >> MM_PAGE_SHIFT; page++, i++)
        MmGetMdlPfnArray(mdl)[i] = domain_pfn(list->adapter->domain, page);
    return mdl;
}

/* False, with what there is so far in *chain: no memory. */
static bool build_chain(const struct hal_list *list, PMDL *chain)
{
    struct list_cursor cursor = {list->sgl->Elements, 0};
    const MDL *original = NULL;
    PFN_NUMBER *pfn = NULL;
    struct transfer_walk walk;

    for (transfer_begin(&walk, &list->transfer); walk.piece_bytes != 0; transfer_next(&walk)) {
        if (walk.mdl != original) {
            uint64_t here =
                walk.left_in_mdl < walk.left_bytes ? walk.left_in_mdl : walk.left_bytes;

            original = walk.mdl;
            *chain = allocate(walk.offset, here);
            if (*chain == NULL)
                return false;
            pfn = MmGetMdlPfnArray(*chain);
            chain = &(*chain)->Next;
        }
        *pfn++ = next_page(list, &cursor, walk.piece_bytes);
    }
    return true;
}

NTSTATUS NTAPI hal_build_mdl_from_list(PDMA_ADAPTER DmaAdapter, PSCATTER_GATHER_LIST ScatterGather,
                                       PMDL OriginalMdl, PMDL *TargetMdl)
{
    struct hal_adapter *adapter =
        operations_enter(DmaAdapter, HAL_OP_BuildMdlFromScatterGatherList);
    struct hal_list *list = adapter != NULL ? sglist_of(adapter, ScatterGather) : NULL;
    bool built;

    if (list == NULL || list->released || OriginalMdl == NULL)
        return STATUS_INVALID_PARAMETER;
    if (list->mdl_built)
        return STATUS_NONE_MAPPED;
    if (list->piece_count == 0) {
        list->mdl_built = true;
        *TargetMdl = OriginalMdl;
        return STATUS_SUCCESS;
    }
    if (list->contiguous)
        built = (list->built = build_contiguous(list)) != NULL;
    else
        built = build_chain(list, &list->built);
    if (!built) {
        sglist_free_mdl(list);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    list->mdl_built = true;
    *TargetMdl = list->built;
    return STATUS_SUCCESS;
}
