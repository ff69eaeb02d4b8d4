/* SPDX-License-Identifier: MIT */
/* The grabber: what is its own. The card and the frames are in drivers/common. */
#ifndef GRABBER_H
#define GRABBER_H

#include "../common/mapped.h"
#include "../common/pin.h"

/* filter.c */
extern const KSFILTER_DESCRIPTOR GrabberFilter1; /* one capture pin */
extern const KSFILTER_DESCRIPTOR GrabberFilter2; /* two */

/* pin.c */
extern const KSPIN_DISPATCH GrabberPinDispatch;

#endif
