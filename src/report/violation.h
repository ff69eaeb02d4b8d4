/* SPDX-License-Identifier: MIT */
/* Accesses of cards that no mapping allowed: collected from the events, told under their finding.
 * Not a door. */
#ifndef WEIR_REPORT_VIOLATION_H
#define WEIR_REPORT_VIOLATION_H

#include "report/report.h"
#include "trace/trace.h"

enum { REPORT_LISTS = 4096, REPORT_VIOLATIONS = 64 };

struct report_list {
    uint64_t mapping_id, list_va;
    uint64_t pin_id, frame_id;
    bool has_frame;
};

struct report_violation {
    uint32_t sequence; /* of its finding */
    struct trace_event bus, card, mapping, stake;
    bool has_mapping, has_stake;
    struct report_list list;
};

struct report_violations {
    struct report_list lists[REPORT_LISTS]; /* the newest ones */
    uint64_t list_count;
    struct report_violation now; /* its events are coming in */
    struct report_violation items[REPORT_VIOLATIONS]; /* the first ones */
    unsigned count;
};

void report_violation_event(struct report_violations *violations, const struct trace_event *event);
/* NULL: the finding of this sequence number is no violation, or one too many. */
const struct report_violation *report_violation_of(const struct report_violations *violations,
                                                   uint32_t sequence);
void report_violation_text(const struct report *report, const struct report_violation *violation,
                           const char *card, struct text *out);

#endif
