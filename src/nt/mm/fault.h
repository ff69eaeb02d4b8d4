/* SPDX-License-Identifier: MIT */
/* What ke's trap layer asks about an address. Registered at start; nothing here allocates or yields. */
#ifndef WEIR_NT_MM_FAULT_H
#define WEIR_NT_MM_FAULT_H

struct mm;
void fault_connect(struct mm *mm);

#endif
