/* SPDX-License-Identifier: MIT */
/* The power manager. Its functions are Windows functions (wdk/wdm.h); this door makes and frees
 * their state. */
#ifndef WEIR_NT_PO_H
#define WEIR_NT_PO_H

#include "ke/ke.h"
#include "wdk/wdm.h"

struct po;
int po_create(struct ke *ke, struct po **out);
void po_destroy(struct po *po);

#endif
