/* SPDX-License-Identifier: MIT */
/* What ke's trap layer asks about an address. Registered at start; nothing here allocates or
 * yields. */
#ifndef WEIR_NT_MM_FAULT_H
#define WEIR_NT_MM_FAULT_H

#include <stdint.h>

struct mm;
void fault_connect(struct mm *mm);
/* An access to device registers; ctx is mm. va lies in a region of device memory. */
uint64_t fault_io_read(void *ctx, uint64_t va, unsigned size_bytes);
void fault_io_write(void *ctx, uint64_t va, unsigned size_bytes, uint64_t value);

#endif
