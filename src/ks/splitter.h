/* SPDX-License-Identifier: MIT */
/* Pins of a type with KSPIN_FLAG_SPLITTER: the driver fills the frames of the first instance, and
 * the others, its copies, are given copies of them. join and leave want the control mutex, at
 * PASSIVE_LEVEL; copy runs up to DISPATCH_LEVEL with no lock held. Not here: what a filter that
 * processes is shown of copies (filter_process.h). */
#ifndef WEIR_KS_SPLITTER_H
#define WEIR_KS_SPLITTER_H

#include "wdk/wdm.h"

struct ks_filter;
struct ks_pin;
struct ks_request;

/* A pin's part. */
struct ks_split {
    struct ks_pin *source; /* whose frames the pin gets copies of; NULL: the driver fills them */
    LIST_ENTRY link; /* filter->copies, while there is a source */
};

void ks_splitter_init(struct ks_filter *filter);
/* The pin becomes a copy when there is an older instance. */
void ks_splitter_join(struct ks_pin *pin);
/* The pin goes. Of its copies the oldest takes its place. */
void ks_splitter_leave(struct ks_pin *pin);
/* The driver has let go of all frames of the request. */
void ks_splitter_copy(const struct ks_request *request);

#endif
