/* SPDX-License-Identifier: MIT */
/* The COM side of AVStream objects: IUnknown, IKsControl, and for devices IKsDeviceFunctions.
 * A face is what a driver holds: a word that points at a table of functions, and our object behind
 * it. Faces live as long as their object; the reference count is kept for the books only.
 * PASSIVE_LEVEL. Not here: reference clocks (clock.h), which a driver owns by counting. */
#ifndef WEIR_KS_UNKNOWN_H
#define WEIR_KS_UNKNOWN_H

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_object;
struct ks;

struct ks_face {
    PVOID *vtable;
    struct ks_object *object;
};

struct ks_unknown {
    struct ks_face unknown;
    struct ks_face control;
    struct ks_face device_functions; /* devices only */
    LONG references;
    PVOID client; /* IUnknown of what a driver aggregated, referenced, or NULL */
};

void ks_unknown_init(struct ks_unknown *unknown, struct ks_object *object);
void ks_unknown_fini(struct ks_unknown *unknown);

/* The tables, made once a room. */
NTSTATUS ks_unknown_make_vtables(struct ks *room);

#endif
