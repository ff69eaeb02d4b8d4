/* SPDX-License-Identifier: MIT */
/* Marks of a default clock: events that its stream time brings about.
 * The clock owns list, timer and DPC; entries belong to the files that enabled them (events.h).
 * Updating is callable up to DISPATCH_LEVEL, by whoever has changed the clock's time, its state or
 * its list. Not here: time itself (default_clock.h). */
#ifndef WEIR_KS_CLOCK_MARKS_H
#define WEIR_KS_CLOCK_MARKS_H

struct ks_default_clock;

void ks_clock_marks_init(struct ks_default_clock *clock);
/* Sets the timer anew, or none. */
void ks_clock_marks_update(struct ks_default_clock *clock);
/* The driver's timer routines must not be called again: what they work for goes. PASSIVE_LEVEL. */
void ks_clock_marks_orphan(struct ks_default_clock *clock);

#endif
