/* SPDX-License-Identifier: MIT */
/* What driver code reads without a call: the processor control region behind gs, one per CPU at
 * a seeded address, and the page of shared user data, which has no memory: reads of it trap, and
 * its times are computed from virtual time at each read. Order: ke_pcr_create once,
 * ke_pcr_select at each change of CPU, ke_pcr_set_thread at each change of thread.
 * (wdk/wdm_cpu.h has the layouts.) */
#ifndef WEIR_NT_KE_PCR_H
#define WEIR_NT_KE_PCR_H

#include <stdbool.h>
#include <stdint.h>

#include "ke/internal.h"

struct _KPCR *ke_pcr(struct ke *ke, unsigned cpu);

static inline bool ke_is_shared_data(uint64_t va)
{
    return (va & ~UINT64_C(0xfff)) == KI_USER_SHARED_DATA;
}
/* 1, 2, 4 or 8 bytes at an offset below 4096; past the end of the page there are zeros. */
uint64_t ke_shared_data_read(struct ke *ke, uint32_t offset, unsigned size_bytes);

#endif
