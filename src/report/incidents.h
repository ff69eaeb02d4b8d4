/* SPDX-License-Identifier: MIT */
/* What --at let happen: when, how it ended, how long until the next frame, what was missed on its
 * account, what errors came between it and the next one. Not a door. */
#ifndef WEIR_REPORT_INCIDENTS_H
#define WEIR_REPORT_INCIDENTS_H

#include <jansson.h>

#include "base/base.h"
#include "trace/trace.h"

enum { INCIDENTS_MAX = 32 };

struct report_incident {
    uint64_t index, kind; /* index: in the order of the command line */
    uint64_t frames, begin_ns; /* delivered before it; virtual time */
    bool over, has_frame;
    uint64_t status, over_ns;
    uint64_t frame_ns, missed; /* of the first frame after it */
    size_t errors_before; /* findings of kind error when it began */
};

struct report_incidents {
    struct report_incident rows[INCIDENTS_MAX]; /* in the order in which they happened */
    unsigned count;
};

/* errors: findings of kind error so far. */
void report_incident_event(struct report_incidents *incidents, const struct trace_event *event,
                           size_t errors);
void report_incidents_text(const struct report_incidents *incidents, size_t errors,
                           struct text *out);
json_t *report_incidents_array(const struct report_incidents *incidents, size_t errors);

#endif
