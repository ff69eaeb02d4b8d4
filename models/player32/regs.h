/* SPDX-License-Identifier: MIT */
/* player32, as docs/cards/player32.md describes it. Its registers, descriptors and results are
 * those of grabber32; what it calls DROPPED there counts underruns here. */
#ifndef PLAYER32_REGS_H
#define PLAYER32_REGS_H

#include "../grabber32/regs.h"

enum { P32_PCI_DEVICE = 0x3201 };

#define P32_ID_VALUE 0x32505701u

#endif
