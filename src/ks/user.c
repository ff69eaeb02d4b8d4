/* SPDX-License-Identifier: MIT */
/* Copies between the room and requesters' buffers. Requests of kernel-mode callers are trusted, as
 * on Windows: a bad address of theirs faults. */
#include "ks/user.h"

#include <string.h>

#include "ks/room.h"
#include "mm/mm.h"

static struct mm *memory(void)
{
    return mm_of(ke_current());
}

NTSTATUS ks_user_read(KPROCESSOR_MODE mode, void *to, const void *from, SIZE_T bytes)
{
    if (bytes == 0)
        return STATUS_SUCCESS;
    if (mode == KernelMode) {
        memcpy(to, from, bytes);
        return STATUS_SUCCESS;
    }
    return mm_copy_from_va(memory(), to, KE_ARG(from), bytes) ? STATUS_SUCCESS
                                                              : STATUS_ACCESS_VIOLATION;
}

NTSTATUS ks_user_write(KPROCESSOR_MODE mode, void *to, const void *from, SIZE_T bytes)
{
    if (bytes == 0)
        return STATUS_SUCCESS;
    if (mode == KernelMode) {
        memcpy(to, from, bytes);
        return STATUS_SUCCESS;
    }
    return mm_copy_to_va(memory(), KE_ARG(to), from, bytes) ? STATUS_SUCCESS
                                                            : STATUS_ACCESS_VIOLATION;
}

NTSTATUS ks_user_lock(KPROCESSOR_MODE mode, PMDL mdl, LOCK_OPERATION operation)
{
    return mm_lock_pages(mdl, mode, operation);
}
