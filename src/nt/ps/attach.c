/* SPDX-License-Identifier: MIT */
/* A thread that attaches to a process runs in that process's address space until it detaches, and
 * IoGetCurrentProcess names that process. Here every process sees the same user memory, so only
 * the name changes. Attachments of a thread nest when each has an APC state of its own.
 * KeStackAttachProcess, KeUnstackDetachProcess; KeAttachProcess does not nest. */
#include "ke/ke.h"
#include "ps/state.h"

enum { INVALID_PROCESS_ATTACH_ATTEMPT = 0x5 };

PEPROCESS ps_attached(struct ps *ps)
{
    return map_get(&ps->attached, KE_ARG(KeGetCurrentThread()));
}

static void attach(struct ps *ps, PEPROCESS process)
{
    uint64_t thread = KE_ARG(KeGetCurrentThread());

    if (process == NULL)
        map_remove(&ps->attached, thread);
    else
        weir_assert(map_set(&ps->attached, thread, process) == 0);
}

static WEIR_NORETURN void bad_attachment(PVOID process, PVOID attached)
{
    KeBugCheckEx(INVALID_PROCESS_ATTACH_ATTEMPT, (ULONG_PTR)process, (ULONG_PTR)attached, 0, 0);
}

static void check_process(struct ps *ps, PEPROCESS process)
{
    for (int i = 0; i < PS_PROCESSES; i++) {
        if (ps->processes[i] == process)
            return;
    }
    bad_attachment(process, ps_attached(ps));
}

void NTAPI KeStackAttachProcess(PKPROCESS process, PKAPC_STATE apc_state)
{
    struct ps *ps = ps_of(ke_current());

    check_process(ps, (PEPROCESS)process);
    __builtin_memset(apc_state, 0, sizeof *apc_state);
    InitializeListHead(&apc_state->ApcListHead[0]);
    InitializeListHead(&apc_state->ApcListHead[1]);
    apc_state->Process = (PKPROCESS)ps_attached(ps); /* NULL: it was in its own */
    attach(ps, (PEPROCESS)process);
}

void NTAPI KeUnstackDetachProcess(PKAPC_STATE apc_state)
{
    struct ps *ps = ps_of(ke_current());

    if (ps_attached(ps) == NULL)
        bad_attachment(apc_state->Process, NULL);
    attach(ps, (PEPROCESS)apc_state->Process);
}

void NTAPI KeAttachProcess(PKPROCESS process)
{
    struct ps *ps = ps_of(ke_current());

    check_process(ps, (PEPROCESS)process);
    if (ps_attached(ps) != NULL && ps_attached(ps) != (PEPROCESS)process)
        bad_attachment(process, ps_attached(ps));
    attach(ps, (PEPROCESS)process);
}

/* "If there is no attached process, it does nothing." */
void NTAPI KeDetachProcess(void)
{
    attach(ps_of(ke_current()), NULL);
}
