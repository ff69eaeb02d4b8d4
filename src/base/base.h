/* SPDX-License-Identifier: MIT */
/* Door of base: what every room may use. Lists, arrays, bounded reading, text, hashes, bits,
 * numbers, and how to stop. Nothing here knows Windows, and nothing calls the operating system
 * beyond the C library's memory and strings. All of it is callable on any fiber at any IRQL. Each
 * part states its own contract. */
#ifndef WEIR_BASE_BASE_H
#define WEIR_BASE_BASE_H

#include "base/array.h"
#include "base/bits.h"
#include "base/compiler.h"
#include "base/cursor.h"
#include "base/fatal.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/map.h"
#include "base/num.h"
#include "base/text.h"

#endif
