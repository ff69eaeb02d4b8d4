/* SPDX-License-Identifier: MIT */
/* When Process is called: the gate, the triggers, the loop, the processing mutex.
 * Each pin and each filter has a processor. A pin's calls the pin's Process, or stands in front of
 * its filter's, which then has it in its gate; a filter's calls the filter's Process. Its KSGATE is
 * the driver's to play with, so its own inputs (state, frames, in process) are switched on and off
 * one by one, never assigned. attempt and set_frames are callable up to DISPATCH_LEVEL; the rest at
 * PASSIVE_LEVEL. Not here: which states and arrivals trigger (state.c, stream_io.c), what a filter
 * needs to process (filter_process.h). */
#ifndef WEIR_KS_PROCESS_H
#define WEIR_KS_PROCESS_H

#include <stdbool.h>

#include "ks/mutex.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_pin;
struct ks_filter;

struct ks_processor {
    struct ks_pin *pin; /* NULL for a filter's processor */
    struct ks_filter *filter; /* that processes; NULL when the pin does */
    KSGATE gate;
    KSPIN_LOCK lock; /* of the fields below */
    bool frames_wanted; /* frames are an input of the gate */
    bool frames_on; /* inputs of the gate, as switched last */
    bool state_on; /* of a pin in front of its filter: no input, the filter's has them all */
    bool sleeping;
    bool running; /* Process is being called */
    bool held; /* a driver holds the processing mutex */
    bool again; /* a trigger came meanwhile */
    bool room_made; /* ks_processor_resume came meanwhile */
    bool cut_short; /* Process would have been called again, but a frame got no mappings */
    bool work_queued;
    ULONG workers; /* work items queued or running */
    bool at_dispatch; /* Process may run at DISPATCH_LEVEL */
    WORK_QUEUE_TYPE work_queue;
    PIO_WORKITEM work_item;
    KEVENT idle; /* signalled while neither running nor held */
    KEVENT drained; /* signalled while there is no worker */
    struct ks_mutex mutex; /* who holds the processing mutex, for order checks */
};

/* filter is NULL when the pin itself processes. */
NTSTATUS ks_processor_init(struct ks_processor *processor, PDEVICE_OBJECT device,
                           struct ks_pin *pin, struct ks_filter *filter, ULONG flags);
void ks_processor_fini(struct ks_processor *processor); /* waits for Process and work items */

/* The queue says whether there is a frame at the leading edge. */
void ks_processor_set_frames(struct ks_processor *processor, bool present);
/* Whether that counts. */
void ks_processor_want_frames(struct ks_processor *processor, bool wanted);
/* The pin has reached, or leaves, its minimum processing state. Does not wait. */
void ks_processor_set_state(struct ks_processor *processor, bool reached);
/* A sleeping device: nothing is processed. */
void ks_processor_set_sleep(struct ks_processor *processor, bool sleeping);
/* Until a Process call that is under way has returned. */
void ks_processor_wait_idle(struct ks_processor *processor);
void ks_processor_attempt(struct ks_processor *processor, bool asynchronous);
/* An arrival at the pin, or a state: an attempt of the runtime's own, if the pin's flags leave it
 * any. */
void ks_processor_initiate(struct ks_processor *processor);
/* A frame that could not be locked can be tried again. Never calls Process itself. */
void ks_processor_resume(struct ks_processor *processor);

void ks_processor_acquire(struct ks_processor *processor);
void ks_processor_release(struct ks_processor *processor);

#endif
