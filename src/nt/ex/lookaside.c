/* SPDX-License-Identifier: MIT */
/* Lookaside lists: caches of blocks of one size. The lists are the driver's memory, and so is most
 * of their code: the inline functions of wdm.h count, pop and push on the S-list in the structure,
 * and call through Allocate and Free when it is empty or full. So what stands in the structure must
 * be callable by a driver. ExInitializeNPagedLookasideList, ExInitializeLookasideListEx; wdm.h.
 *
 * UNDOC: how deep a list may grow. Windows adjusts Depth by the miss rate once a second, between 4
 * and 256; here it stays at 4, so that a driver's Allocate and Free are called often. */
#include <string.h>

#include "base/base.h"
#include "mm/mm.h"

enum { DEPTH_START = 4, DEPTH_MAXIMUM = 256 };

static PVOID pool_allocate(void)
{
    return ke_thunk((const void *)ExAllocatePoolWithTag, "ExAllocatePoolWithTag", 0);
}

static PVOID pool_free(void)
{
    return ke_thunk((const void *)ExFreePool, "ExFreePool", 0);
}

/* The extended kind hands its routines the list, which they rarely use; these are the default ones.
 */
static PVOID NTAPI allocate_ex(POOL_TYPE type, SIZE_T size_bytes, ULONG tag,
                               PLOOKASIDE_LIST_EX list)
{
    (void)list;
    return ExAllocatePoolWithTag(type, size_bytes, tag);
}

static void NTAPI free_ex(PVOID block, PLOOKASIDE_LIST_EX list)
{
    (void)list;
    ExFreePool(block);
}

static void initialize(PGENERAL_LOOKASIDE_POOL list, POOL_TYPE type, SIZE_T size_bytes, ULONG tag)
{
    memset(list, 0, sizeof *list);
    list->Depth = DEPTH_START;
    list->MaximumDepth = DEPTH_MAXIMUM;
    list->Type = type;
    list->Tag = tag;
    list->Size = (ULONG)(size_bytes > sizeof(SLIST_ENTRY) ? size_bytes : sizeof(SLIST_ENTRY));
    InitializeListHead(&list->ListEntry);
}

/* The two plain kinds differ from the extended one in declared alignment only, and drivers do put
 * them where 64 bytes are not kept to (16 are enough): their fields are used through this type. */
static PGENERAL_LOOKASIDE_POOL plain(PVOID list)
{
    return list;
}

static void initialize_plain(PGENERAL_LOOKASIDE_POOL list, PALLOCATE_FUNCTION allocate,
                             PFREE_FUNCTION free, POOL_TYPE type, SIZE_T size_bytes, ULONG tag)
{
    initialize(list, type, size_bytes, tag);
    list->Allocate = allocate != NULL ? allocate : (PALLOCATE_FUNCTION)pool_allocate();
    list->Free = free != NULL ? free : (PFREE_FUNCTION)pool_free();
}

static void flush_plain(PGENERAL_LOOKASIDE_POOL list)
{
    PSLIST_ENTRY entry;

    while ((entry = ExpInterlockedPopEntrySList(&list->ListHead)) != NULL)
        KE_CALL(list->Free, KE_ARG(entry));
}

void NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside,
                                           PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                           ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    ULONG kept = POOL_RAISE_IF_ALLOCATION_FAILURE | POOL_NX_ALLOCATION;

    (void)Depth; /* reserved */
    initialize_plain(plain(Lookaside), Allocate, Free, (POOL_TYPE)(NonPagedPool | (Flags & kept)),
                     Size, Tag);
}

void NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    flush_plain(plain(Lookaside));
}

void NTAPI ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside,
                                          PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                          ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    (void)Depth;
    initialize_plain(plain(Lookaside), Allocate, Free,
                     (POOL_TYPE)(PagedPool | (Flags & POOL_RAISE_IF_ALLOCATION_FAILURE)), Size,
                     Tag);
}

void NTAPI ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    flush_plain(plain(Lookaside));
}

/* The two flags exclude each other, and raising only makes sense for the system's own allocation
 * routine, which returns NULL otherwise. ExInitializeLookasideListEx, Return value. */
NTSTATUS NTAPI ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside,
                                           PALLOCATE_FUNCTION_EX Allocate, PFREE_FUNCTION_EX Free,
                                           POOL_TYPE PoolType, ULONG Flags, SIZE_T Size, ULONG Tag,
                                           USHORT Depth)
{
    const ULONG raise = EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL;
    const ULONG quiet = EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE;
    ULONG type = (ULONG)PoolType;

    if (Depth != 0)
        return STATUS_INVALID_PARAMETER_8;
    if ((Flags & ~(raise | quiet)) != 0 || Flags == (raise | quiet))
        return STATUS_INVALID_PARAMETER_5;
    if (Flags & raise)
        type |= POOL_RAISE_IF_ALLOCATION_FAILURE;
    if (Flags & quiet)
        type |= POOL_QUOTA_FAIL_INSTEAD_OF_RAISE;
    initialize(&Lookaside->L, (POOL_TYPE)type, Size, Tag);
    Lookaside->L.AllocateEx = Allocate;
    Lookaside->L.FreeEx = Free;
    if (Allocate == NULL)
        Lookaside->L.AllocateEx = (PALLOCATE_FUNCTION_EX)ke_thunk((const void *)allocate_ex,
                                                                  "LOOKASIDE_LIST_EX.Allocate", 0);
    if (Free == NULL)
        Lookaside->L.FreeEx =
            (PFREE_FUNCTION_EX)ke_thunk((const void *)free_ex, "LOOKASIDE_LIST_EX.Free", 0);
    return STATUS_SUCCESS;
}

void NTAPI ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    PSLIST_ENTRY entry;

    while ((entry = ExpInterlockedPopEntrySList(&Lookaside->L.ListHead)) != NULL)
        KE_CALL(Lookaside->L.FreeEx, KE_ARG(entry), KE_ARG(Lookaside));
}

void NTAPI ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    ExFlushLookasideListEx(Lookaside);
}
