/* SPDX-License-Identifier: MIT */
/* Processes and threads as objects: two processes (the system's, and the one application), system
 * threads that drivers create, identifiers. Windows functions stand in wdk/wdm.h under their own
 * names. Order: ps_create after ob_create and ex_create, ps_destroy before them. */
#ifndef WEIR_NT_PS_H
#define WEIR_NT_PS_H

#include "ke/ke.h"
#include "wdk/wdm.h"

struct ps;
int ps_create(struct ke *ke, struct ps **out);
void ps_destroy(struct ps *ps);
struct ps *ps_of(struct ke *ke);

PEPROCESS ps_system_process(struct ps *ps); /* what PsInitialSystemProcess holds */
PEPROCESS ps_client_process(struct ps *ps);

/* A finding for each system thread that still runs a start routine in [base, end). */
void ps_report_threads(struct ps *ps, uint64_t base_va, uint64_t end_va);

#endif
