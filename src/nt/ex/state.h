/* SPDX-License-Identifier: MIT */
/* What the files of ex share: the machine's state of each of them. */
#ifndef WEIR_NT_EX_STATE_H
#define WEIR_NT_EX_STATE_H

#include "base/base.h"
#include "ex/ex.h"
#include "sim/sim.h"

enum { EX_QUEUES = 3, EX_WORKERS_MAX = 24 };

/* One piece of work: a driver's item, or a function of ours. */
struct ex_work {
    PWORK_QUEUE_ITEM item;
    PWORKER_THREAD_ROUTINE routine; /* of the item: as it was queued, then as it was taken */
    ex_work_fn *fn;
    void *ctx;
};

struct ex_queue {
    struct ex *ex;
    const char *name;
    KPRIORITY priority;
    PKSEMAPHORE available; /* counts pending work; in pool, as what threads wait for is */
    ARRAY(struct ex_work) pending; /* oldest first from first on */
    size_t first;
    unsigned workers, idle;
};

struct ex {
    uint64_t magic;
    struct ke *ke;
    struct ex_queue queues[EX_QUEUES];
    ARRAY(PKTHREAD) user_mode; /* threads that carry out an application's call: few at a time */
    struct map resources; /* ERESOURCE -> struct resource */
    struct list_node resource_list;
    struct sim_rng uuids;
    struct sim_rng random; /* BCryptGenRandom's */
    struct map random_providers; /* by handle */
    unsigned fine_timer_requests; /* of ExSetTimerResolution */
};

int ex_workers_init(struct ex *ex);
int ex_workers_start(struct ex *ex);
void ex_workers_fini(struct ex *ex);
void ex_resources_fini(struct ex *ex);

#endif
