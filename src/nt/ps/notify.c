/* SPDX-License-Identifier: MIT */
/* Routines that hear of processes and threads. The two processes are there before a driver and
 * outlive it, so the former are only kept; the latter are called when a driver's thread is created,
 * in the creator's context, and when it ends, in its own. PsSetCreateProcessNotifyRoutine;
 * PsSetCreateThreadNotifyRoutine. */
#include "ps/state.h"

static struct ps_routine *find(struct ps_routine *routines, const void *routine)
{
    for (unsigned i = 0; i < PS_ROUTINES_MAX; i++) {
        if (routines[i].routine == routine)
            return &routines[i];
    }
    return NULL;
}

static NTSTATUS add(struct ps_routine *routines, const void *routine, NTSTATUS full)
{
    struct ps_routine *slot = find(routines, NULL);

    if (slot == NULL)
        return full;
    slot->routine = routine;
    return STATUS_SUCCESS;
}

static NTSTATUS remove_routine(struct ps_routine *routines, const void *routine)
{
    struct ps_routine *slot = routine != NULL ? find(routines, routine) : NULL;

    if (slot == NULL)
        return STATUS_PROCEDURE_NOT_FOUND;
    slot->routine = NULL;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE routine,
                                               BOOLEAN remove)
{
    struct ps *ps = ps_of(ke_current());

    if (remove)
        return remove_routine(ps->process_routines, (const void *)routine);
    if (find(ps->process_routines, (const void *)routine) != NULL)
        return STATUS_INVALID_PARAMETER; /* "this call is a redundant call" */
    return add(ps->process_routines, (const void *)routine, STATUS_INVALID_PARAMETER);
}

NTSTATUS NTAPI PsSetCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE routine)
{
    return add(ps_of(ke_current())->thread_routines, (const void *)routine,
               STATUS_INSUFFICIENT_RESOURCES);
}

NTSTATUS NTAPI PsRemoveCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE routine)
{
    return remove_routine(ps_of(ke_current())->thread_routines, (const void *)routine);
}

void ps_tell_thread(struct ps *ps, HANDLE thread_id, BOOLEAN create)
{
    HANDLE process_id = PsGetProcessId(ps_system_process(ps));

    for (unsigned i = 0; i < PS_ROUTINES_MAX; i++) {
        if (ps->thread_routines[i].routine != NULL)
            KE_CALL(ps->thread_routines[i].routine, KE_ARG(process_id), KE_ARG(thread_id), create);
    }
}
