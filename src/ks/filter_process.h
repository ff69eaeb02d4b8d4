/* SPDX-License-Identifier: MIT */
/* Filter-centric processing: which pins a filter's Process is shown, what it needs to be called,
 * what becomes of the frames afterwards. A filter's processor calls the rounds; the pins join and
 * leave. list, state, join and leave want the filter's control mutex, at PASSIVE_LEVEL; a round
 * runs up to DISPATCH_LEVEL, one at a time. All but ks_process_state do nothing for pins that
 * process themselves. Not here: gates that drivers attach (frame_gate.h), the loop (process.h). */
#ifndef WEIR_KS_FILTER_PROCESS_H
#define WEIR_KS_FILTER_PROCESS_H

#include <stdbool.h>

#include "wdk/ks.h"

struct ks_filter;
struct ks_pin;

/* A pin's part. */
struct ks_process_pin {
    KSPROCESSPIN public; /* first; what the driver sees */
    bool listed; /* in the index */
    bool active; /* out of STOP, on the standard transport: the filter must reckon with it */
    KSSTATE state; /* as far as processing is concerned */
    uint64_t frame_id; /* of the frame that was given out */
    PKSGATE frame_gate; /* while active: where the pin's gate leads to */
    PKSGATE attached; /* the driver's gate, or NULL */
    bool attached_is_or;
};

/* A filter's part. */
struct ks_filter_process {
    PKSPROCESSPIN_INDEXENTRY index; /* by pin type; the pointers to its pins are behind it */
    ULONG type_count;
    LIST_ENTRY frame_gates; /* of the pin types of which some frames are required */
};

/* Room in the index for every pin and pin type there is. Process does not run meanwhile. */
NTSTATUS ks_filter_process_make_room(struct ks_filter *filter);
void ks_filter_process_init(struct ks_filter *filter);
void ks_filter_process_fini(struct ks_filter *filter);

/* From the success of its Create until its Close, Process is shown the pin. */
void ks_process_list(struct ks_pin *pin);
void ks_process_unlist(struct ks_pin *pin);
/* From STOP->ACQUIRE until ACQUIRE->STOP the pin's state and frames count. */
NTSTATUS ks_process_join(struct ks_pin *pin);
void ks_process_leave(struct ks_pin *pin);
/* A copy out of STOP becomes the driver's to fill. Without memory for its gate it stays empty. */
void ks_process_inherit(struct ks_pin *pin);
/* The pin is to process as its flags say for state. True when that opens the state's input of the
 * gate, the pin's or the filter's: a reason to attempt processing. */
bool ks_process_state(struct ks_pin *pin, KSSTATE state);

/* One call of Process, or what stands in for it. */
NTSTATUS ks_filter_process_round(struct ks_filter *filter);
/* Visits every pin in the index, within a round; true when every visit said so. */
typedef bool ks_process_visit(struct ks_pin *pin, void *context);
bool ks_filter_process_each(const struct ks_filter *filter, ks_process_visit *visit, void *context);
/* Zero-length samples that are not for the driver. True when there was one: Process is not called
 * then (filter_samples.c). */
bool ks_filter_samples_pass_on(struct ks_filter *filter);
/* A frame could not be locked since the last round began. */
bool ks_filter_process_is_starved(const struct ks_filter *filter);

#endif
