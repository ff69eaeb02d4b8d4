/* SPDX-License-Identifier: MIT */
/* What the files of ps share. */
#ifndef WEIR_NT_PS_STATE_H
#define WEIR_NT_PS_STATE_H

#include "base/base.h"
#include "ps/ps.h"

enum ps_process { PS_SYSTEM, PS_CLIENT, PS_PROCESSES };

struct ps {
    uint64_t magic;
    struct ke *ke;
    PEPROCESS processes[PS_PROCESSES];
    struct list_node threads; /* system threads that run, oldest first */
};

void ps_threads_init(struct ps *ps);

#endif
