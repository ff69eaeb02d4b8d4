/* SPDX-License-Identifier: MIT */
/* The player: what is its own. The card and the frames are in drivers/common. */
#ifndef PLAYER_H
#define PLAYER_H

#include "../common/mapped.h"
#include "../common/pin.h"

/* filter.c */
extern const KSFILTER_DESCRIPTOR PlayerFilter1; /* one pin that takes pictures */
extern const KSFILTER_DESCRIPTOR PlayerFilter2; /* two */

/* pin.c */
extern const KSPIN_DISPATCH PlayerPinDispatch;

#endif
