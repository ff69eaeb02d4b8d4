/* SPDX-License-Identifier: MIT */
/* Addresses that drivers compare with. As on Windows the last 64 KB of user space belong to nobody.
 */
#ifndef WEIR_NT_MM_LIMITS_H
#define WEIR_NT_MM_LIMITS_H

#include "sim/sim.h"

#define MM_USER_PROBE_ADDRESS (SIM_USER_WINDOW_END - 0x10000u)

#endif
