/* SPDX-License-Identifier: MIT */
/* Variables that the kernel exports and drivers read through their import table, in nonpaged pool.
 */
#ifndef WEIR_NT_MM_VARIABLE_H
#define WEIR_NT_MM_VARIABLE_H

struct mm;
int variables_init(struct mm *mm);

#endif
