/* SPDX-License-Identifier: MIT */
/* One filter of transform.sys: pictures go in at one pin and come out as their negatives at the
 * other. The filter's Context is this, and the pins inherit it. Under the filter's control mutex;
 * Process reads the format, which changes in STOP only. */
#ifndef DRIVERS_TRANSFORM_H
#define DRIVERS_TRANSFORM_H

#include "../common/format.h"

enum { TRANSFORM_TAG = 'snrT', TRANSFORM_IN = 0, TRANSFORM_OUT = 1, TRANSFORM_PINS };

typedef struct _TRANSFORM {
    VIDEO_FORMAT Format[TRANSFORM_PINS];
    BOOLEAN Open[TRANSFORM_PINS];
} TRANSFORM, *PTRANSFORM;

extern const KSPIN_DISPATCH TransformPinDispatch;
NTSTATUS TransformProcess(PKSFILTER Filter, PKSPROCESSPIN_INDEXENTRY Index);

#endif
