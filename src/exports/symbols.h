/* SPDX-License-Identifier: MIT */
/* Every function that a row may name. Not a door. */
#ifndef WEIR_EXPORTS_SYMBOLS_H
#define WEIR_EXPORTS_SYMBOLS_H

#include "rtl/crt.h"
#include "wdk/bcrypt.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

#endif
