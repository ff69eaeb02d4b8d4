/* SPDX-License-Identifier: MIT */
/* What the room keeps for one machine: object numbers for events, tables handed to drivers, and the
 * mutexes that threads hold at the moment. Found through ke_room; nothing is file-scope.
 * Callable up to DISPATCH_LEVEL. Not here: anything a driver object or device owns. */
#ifndef WEIR_KS_ROOM_H
#define WEIR_KS_ROOM_H

#include "base/base.h"
#include "ke/ke.h"
#include "ks/ks.h"
#include "trace/rules.h"
#include "trace/trace.h"
#include "wdk/ks.h"

enum ks_vtable {
    KS_VTABLE_UNKNOWN,
    KS_VTABLE_CONTROL,
    KS_VTABLE_DEVICE_FUNCTIONS,
    KS_VTABLE_CLOCK,
    KS_VTABLE_BASE_UNKNOWN,
    KS_VTABLE_COUNT
};

struct ks {
    uint64_t magic;
    struct ke *ke;
    uint64_t next_object_id;
    uint64_t next_frame_id;
    PVOID *vtables[KS_VTABLE_COUNT]; /* pool memory full of thunks; see unknown.c, clock.c */
    struct ks_mutex *pipes; /* before all others: state changes of connected pins; see pipe.c */
    struct ks_mutex *held_mutexes; /* see mutex.c; oldest first */
};

struct ks *ks_room(void);

static inline struct trace *ks_trace(void)
{
    return ke_trace(ke_current());
}

/* A function of ours as a driver may see it: DPCs, work items and IRPs hold no host address. */
#define KS_ROUTINE(function)                                                                       \
    ((__typeof__(&(function)))ke_thunk((const void *)(function), #function, 0))

/* What may stand where drivers see it: NULL for a table of the runtime's own. */
static inline const void *ks_visible(const void *table)
{
    return sim_is_guest_visible(KE_ARG(table)) ? table : NULL;
}

/* Pool memory, zeroed; NULL when there is none. */
void *ks_allocate(SIZE_T bytes);
void ks_free(void *block); /* NULL is fine */

/* What an IRP of ours tells its sender with. In pool, since the IRP holds its address. */
struct ks_answer {
    KEVENT done;
    IO_STATUS_BLOCK iosb;
};
struct ks_answer *ks_answer_create(void); /* NULL without memory */
/* Sends the IRP, waits for its end if need be, and gives its status; bytes may be NULL. */
NTSTATUS ks_answer_wait(struct ks_answer *answer, PDEVICE_OBJECT device, PIRP irp, PULONG bytes);

/* A driver passed something that is none of our objects. Windows would run into memory that is
 * none. */
WEIR_NORETURN void ks_not_an_object(const void *object);

#endif
