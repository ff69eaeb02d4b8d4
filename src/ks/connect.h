/* SPDX-License-Identifier: MIT */
/* Checks of a KSPIN_CONNECT against a pin type's descriptor. Pure, PASSIVE_LEVEL.
 * Not here: the format behind it (format.h), instance counts (pin.c). */
#ifndef WEIR_KS_CONNECT_H
#define WEIR_KS_CONNECT_H

#include <stdbool.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

/* STATUS_NO_MATCH: interface or medium not in the lists. STATUS_INVALID_PARAMETER: a pin of this
 * type cannot be connected this way. */
NTSTATUS ks_connect_check(const KSPIN_DESCRIPTOR *descriptor, const KSPIN_CONNECT *connect);
/* Interface STREAMING and the standard medium, unless flags say otherwise. */
bool ks_connect_is_standard(const KSPIN_CONNECT *connect, ULONG flags);

/* What a descriptor without lists has. */
extern const KSPIN_INTERFACE ks_default_interface;
extern const KSPIN_MEDIUM ks_default_medium;

#endif
