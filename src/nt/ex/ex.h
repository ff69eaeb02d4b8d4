/* SPDX-License-Identifier: MIT */
/* Executive support: fast and guarded mutexes, resources, rundown protection, system workers,
 * timers of Windows 8.1, odds and ends. Windows functions stand in wdk/wdm.h under their own names;
 * this door holds what other rooms need beside them.
 * Order: ex_create after mm_create, ex_destroy before mm_destroy and after the simulation stopped.
 */
#ifndef WEIR_NT_EX_H
#define WEIR_NT_EX_H

#include "ke/ke.h"
#include "wdk/wdm.h"

struct ex;
int ex_create(struct ke *ke, struct ex **out); /* starts the first system workers */
void ex_destroy(struct ex *ex);
struct ex *ex_of(struct ke *ke);

/* The mode that ExGetPreviousMode reports on this thread: io sets UserMode while it carries out an
 * application's call. Returns the mode before. */
KPROCESSOR_MODE ex_set_previous_mode(KPROCESSOR_MODE mode);

/* Runs fn on a system worker at PASSIVE_LEVEL, soon. Callable up to DISPATCH_LEVEL.
 * 0 or -ENOMEM. */
typedef void ex_work_fn(void *ctx);
int ex_defer(struct ex *ex, ex_work_fn *fn, void *ctx);

/* A finding for each work item still queued whose routine lies in [base, end). */
void ex_report_work(struct ex *ex, uint64_t base_va, uint64_t end_va);

#endif
