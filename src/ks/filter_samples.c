/* SPDX-License-Identifier: MIT */
/* A stream header may come without data, for the sake of its flags. Unless the filter asks for such
 * samples, they pass it by: the input frame is let go, and the output frames that are under way end
 * with the sample's flags and time stamp. KSFILTER_FLAG_RECEIVE_ZERO_LENGTH_SAMPLES. */
#include "ks/filter.h"
#include "ks/filter_process.h"
#include "ks/pin.h"

/* What a sample without data says to those downstream. */
struct message {
    ULONG flags;
    KSTIME time;
    LONGLONG duration;
};

enum {
    PASSED_ON = KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT | KSSTREAM_HEADER_OPTIONSF_PREROLL |
                KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY | KSSTREAM_HEADER_OPTIONSF_TIMEVALID |
                KSSTREAM_HEADER_OPTIONSF_TIMEDISCONTINUITY |
                KSSTREAM_HEADER_OPTIONSF_FLUSHONPAUSE | KSSTREAM_HEADER_OPTIONSF_DURATIONVALID |
                KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM
};

/* Lets the sample go; false when it was one. */
static bool collect_message(struct ks_pin *pin, void *context)
{
    struct message *message = context;
    KSPROCESSPIN *public = &pin->process.public;
    const KSSTREAM_HEADER *header;

    if (pin->public.DataFlow != KSPIN_DATAFLOW_IN || public->StreamPointer == NULL)
        return true;
    header = public->StreamPointer->StreamHeader;
    if (header->DataUsed != 0)
        return true;
    message->flags |= header->OptionsFlags & PASSED_ON;
    if ((header->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TIMEVALID) != 0)
        message->time = header->PresentationTime;
    if ((header->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_DURATIONVALID) != 0)
        message->duration = header->Duration;
    public->Terminate = TRUE;
    return false;
}

static bool pass_message_on(struct ks_pin *pin, void *context)
{
    const struct message *message = context;
    KSPROCESSPIN *public = &pin->process.public;
    PKSSTREAM_HEADER header;

    if (pin->public.DataFlow == KSPIN_DATAFLOW_IN || public->StreamPointer == NULL)
        return true;
    header = public->StreamPointer->StreamHeader;
    header->OptionsFlags |= message->flags;
    if ((message->flags & KSSTREAM_HEADER_OPTIONSF_TIMEVALID) != 0)
        header->PresentationTime = message->time;
    if ((message->flags & KSSTREAM_HEADER_OPTIONSF_DURATIONVALID) != 0)
        header->Duration = message->duration;
    public->Terminate = TRUE;
    return true;
}

bool ks_filter_samples_pass_on(struct ks_filter *filter)
{
    struct message message = {0};

    if ((filter->public.Descriptor->Flags & KSFILTER_FLAG_RECEIVE_ZERO_LENGTH_SAMPLES) != 0)
        return false;
    if (ks_filter_process_each(filter, collect_message, &message))
        return false;
    ks_filter_process_each(filter, pass_message_on, &message);
    return true;
}
