/* SPDX-License-Identifier: MIT */
/* Clocks of a pin: the master clock it follows, and the clock it may show.
 * A pin with KSPIN_FLAG_IMPLEMENT_CLOCK shows a clock; a client may give any clock's file to
 * KSPROPERTY_STREAM_MASTERCLOCK. KsPinGetReferenceClockInterface hands out an IKsReferenceClock
 * that the driver releases. Time is callable up to DISPATCH_LEVEL, the rest at PASSIVE_LEVEL. Not
 * here: KS1's default clock objects (default_clock.h), on which the shown clock stands. */
#ifndef WEIR_KS_CLOCK_H
#define WEIR_KS_CLOCK_H

#include "ks/default_clock.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks;
struct ks_file;
struct ks_pin;

struct ks_pin_clock {
    struct ks_default_clock *shown; /* NULL unless the pin implements a clock */
    PFILE_OBJECT master; /* referenced; NULL: none set */
    KSCLOCK_FUNCTIONTABLE master_functions;
};

NTSTATUS ks_pin_clock_init(struct ks_pin *pin);
void ks_pin_clock_fini(struct ks_pin *pin);
void ks_pin_clock_state(struct ks_pin *pin, KSSTATE state);
/* A pin that ends, or follows another clock, gives up its master under the control mutex, and drops
 * it when no mutex is held: the clock's file may be the last to hold another pin of the filter,
 * whose close wants that mutex. NULL: there is none. */
PFILE_OBJECT ks_pin_clock_take_master(struct ks_pin *pin);
void ks_clock_drop_master(PFILE_OBJECT master);

/* IRP_MJ_CREATE of a clock under a pin; its close. */
NTSTATUS ks_clock_create(struct ks_pin *pin, PIRP irp, const void *parameters, ULONG bytes);
void ks_clock_close(struct ks_file *file, PIRP irp);
/* Stops the machine when the IRP is for no clock. */
struct ks_default_clock *ks_clock_of_irp(PIRP irp);

/* A property of KSPROPSETID_Clock, of any clock's file. PASSIVE_LEVEL. */
NTSTATUS ks_clock_ask(PFILE_OBJECT clock, ULONG id, PVOID answer, ULONG bytes);

NTSTATUS ks_clock_make_vtable(struct ks *room);

#endif
