/* SPDX-License-Identifier: MIT */
/* Four pairs of flags are mutually exclusive, and a pin on the standard transport that does not
 * initiate processing must have a Process all the same, its own or its filter's.
 * KSPIN_DESCRIPTOR_EX, Flags and Remarks.
 * UNDOC: what happens to a driver that does otherwise. It is told, and goes on: of CRITICAL and
 * HYPERCRITICAL the latter holds, DO_NOT_INITIATE is stronger than EVERY_ARRIVAL, SOME_FRAMES than
 * FRAMES_NOT_REQUIRED, and a pin with both state flags processes when both allow it. */
#include "ks/pin_flags.h"

#include "base/base.h"
#include "ks/object.h"
#include "ks/room.h"

static const ULONG exclusive[] = {
    KSPIN_FLAG_CRITICAL_PROCESSING | KSPIN_FLAG_HYPERCRITICAL_PROCESSING,
    KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING | KSPIN_FLAG_INITIATE_PROCESSING_ON_EVERY_ARRIVAL,
    KSPIN_FLAG_FRAMES_NOT_REQUIRED_FOR_PROCESSING | KSPIN_FLAG_SOME_FRAMES_REQUIRED_FOR_PROCESSING,
    KSPIN_FLAG_PROCESS_IN_RUN_STATE_ONLY | KSPIN_FLAG_PROCESS_IF_ANY_IN_RUN_STATE,
};

static bool has_process(const KSFILTER_DESCRIPTOR *filter, const KSPIN_DESCRIPTOR_EX *descriptor)
{
    return (filter->Dispatch != NULL && filter->Dispatch->Process != NULL) ||
           (descriptor->Dispatch != NULL && descriptor->Dispatch->Process != NULL);
}

void ks_pin_flags_check(const struct ks_object *pin, const KSFILTER_DESCRIPTOR *filter,
                        const KSPIN_DESCRIPTOR_EX *descriptor, bool standard_transport)
{
    ULONG flags = descriptor->Flags;

    for (size_t i = 0; i < ARRAY_LEN(exclusive); i++) {
        if ((flags & exclusive[i]) == exclusive[i])
            KE_FINDING(ke_current(), VERIFY_pin_flags, pin->id, exclusive[i]);
    }
    if (standard_transport && (flags & KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING) != 0 &&
        !has_process(filter, descriptor))
        KE_FINDING(ke_current(), VERIFY_pin_no_process, pin->id);
}
