/* SPDX-License-Identifier: MIT */
/* What the files of ps share. */
#ifndef WEIR_NT_PS_STATE_H
#define WEIR_NT_PS_STATE_H

#include "base/base.h"
#include "ps/ps.h"

enum ps_process { PS_SYSTEM, PS_CLIENT, PS_PROCESSES };

enum { PS_ROUTINES_MAX = 64 }; /* of each kind, since Windows Vista */
struct ps_routine {
    const void *routine; /* NULL: free */
};

struct ps {
    uint64_t magic;
    struct ke *ke;
    PEPROCESS processes[PS_PROCESSES];
    struct list_node threads; /* system threads that run, oldest first */
    struct map attached; /* by thread object: the process it attached to */
    struct ps_routine process_routines[PS_ROUTINES_MAX], thread_routines[PS_ROUTINES_MAX];
};

/* The process that the current thread attached to; NULL: it is in its own. */
PEPROCESS ps_attached(struct ps *ps);
/* Calls the routines that hear of threads. PASSIVE_LEVEL. */
void ps_tell_thread(struct ps *ps, HANDLE thread_id, BOOLEAN create);

void ps_threads_init(struct ps *ps);

#endif
