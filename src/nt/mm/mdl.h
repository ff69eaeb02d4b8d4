/* SPDX-License-Identifier: MIT */
/* What the MDL functions share. An MDL is the driver's memory: its flags say what state it is in,
 * and mm keeps nothing beside it except the pins of regions and the regions that map it. */
#ifndef WEIR_NT_MM_MDL_H
#define WEIR_NT_MM_MDL_H

#include "mm/state.h"

enum { MDL_TAG = 0x206C644D /* "Mdl " */ };

static inline uint64_t mdl_va(const MDL *mdl)
{
    return (uint64_t)(uintptr_t)mdl->StartVa + mdl->ByteOffset;
}

static inline uint64_t mdl_pages(const MDL *mdl)
{
    return ((uint64_t)mdl->ByteOffset + mdl->ByteCount + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
}

/* Uninitialised MDL for so many bytes at va, from nonpaged pool; NULL when there is no memory. */
PMDL mdl_create(struct mm *mm, uint64_t va, uint64_t size_bytes);
/* The call does not fit the MDL's state: a finding. */
void mdl_misused(struct mm *mm, const MDL *mdl);

#endif
