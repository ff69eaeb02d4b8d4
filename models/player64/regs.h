/* SPDX-License-Identifier: MIT */
/* player64, as docs/cards/player64.md describes it. Its registers, rings and messages are those of
 * grabber64; what it calls DROPPED there counts underruns here. */
#ifndef PLAYER64_REGS_H
#define PLAYER64_REGS_H

#include "../grabber64/regs.h"

enum { P64_PCI_DEVICE = 0x6401 };

#define P64_ID_VALUE 0x64505701u

#endif
