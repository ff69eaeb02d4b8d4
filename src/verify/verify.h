/* SPDX-License-Identifier: MIT */
/* The judge: turns events into findings by the rules in trace/rules.tbl.h. It listens to the event
 * stream and to nothing else, in the supervisor's process, so a driver that dies leaves every
 * finding made before. Equal findings (same rule, same caller) are counted, not repeated. One
 * thread. */
#ifndef WEIR_VERIFY_H
#define WEIR_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/rules.h"
#include "trace/trace.h"

enum verify_kind { VERIFY_KIND_error, VERIFY_KIND_advice };

struct verify_finding {
    enum verify_rule rule;
    uint64_t caller_va; /* the driver's call; 0 when no call of the driver's is to blame */
    uint64_t arg[4]; /* of the first one */
    uint64_t count;
    uint64_t first_time_ns;
    uint32_t first_sequence;
};

struct verify;
struct verify *verify_create(void); /* NULL: no memory */
void verify_destroy(struct verify *verify);
void verify_event(struct verify *verify, const struct trace_event *event);

size_t verify_count(const struct verify *verify);
/* In order of first; NULL after the last. */
const struct verify_finding *verify_at(const struct verify *verify, size_t index);
size_t verify_errors(const struct verify *verify); /* findings that are not advice */
size_t verify_dropped(const struct verify *verify); /* beyond the limit of distinct findings */

const char *verify_rule_name(enum verify_rule rule);
enum verify_kind verify_rule_kind(enum verify_rule rule);
const char *verify_rule_source(enum verify_rule rule);
/* The rule's text with the finding's arguments in it, cut to size. */
void verify_text(const struct verify_finding *finding, char *text, size_t size);

#endif
