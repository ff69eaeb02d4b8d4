/* SPDX-License-Identifier: MIT */
/* System threads. The object that a driver's handle leads to is the KTHREAD itself, so it can be
 * waited for; it stays valid while somebody refers to it, and the running thread is somebody. The
 * thread cannot drop that reference itself, because the last one frees the stack it stands on: a
 * system worker does. Returning from the start routine ends the thread like
 * PsTerminateSystemThread(STATUS_SUCCESS). Threads that weir itself runs (boot, client, workers)
 * become objects when a driver refers to one; they are never freed through that. */
#include <stdlib.h>

#include "base/base.h"
#include "ex/ex.h"
#include "ob/ob.h"
#include "ps/state.h"
#include "trace/rules.h"

enum { INVALID_PROCESS_DETACH_ATTEMPT = 0x6 };

struct ps_thread {
    struct list_node link; /* while it runs */
    struct ps *ps;
    struct ke_thread *thread;
    PKSTART_ROUTINE routine;
    PVOID context;
};

static void thread_delete(void *body, void *state)
{
    struct ps_thread *thread = state;

    (void)body;
    ke_thread_unref(thread->thread);
    free(thread);
}

static void drop_reference(void *ctx)
{
    ob_dereference(ob_of(ke_current()), ctx);
}

static WEIR_NORETURN void end_thread(NTSTATUS status)
{
    struct ps_thread *thread =
        ob_state(ob_of(ke_current()), OB_TYPE_THREAD, KeGetCurrentThread());

    if (KeGetCurrentIrql() == PASSIVE_LEVEL)
        ps_tell_thread(thread->ps, PsGetCurrentThreadId(), FALSE);
    if (ps_attached(thread->ps) != NULL)
        KeBugCheckEx(INVALID_PROCESS_DETACH_ATTEMPT, 0, 0, 0, 0);
    list_remove(&thread->link);
    weir_assert(ex_defer(ex_of(ke_current()), drop_reference, KeGetCurrentThread()) == 0);
    ke_thread_exit(status);
}

static void run(void *ctx)
{
    struct ps_thread *thread = ctx;

    KE_CALL(thread->routine, KE_ARG(thread->context));
    end_thread(STATUS_SUCCESS);
}

static HANDLE id_of(struct ke_thread *thread)
{
    return (HANDLE)(ke_thread_id(thread) * 4);
}

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE handle, ULONG access, POBJECT_ATTRIBUTES attributes,
                                    HANDLE process, PCLIENT_ID client_id, PKSTART_ROUTINE routine,
                                    PVOID context)
{
    struct ps *ps = ps_of(ke_current());
    struct ob *ob = ob_of(ps->ke);
    struct ps_thread *thread = calloc(1, sizeof *thread);
    ULONG flags = attributes != NULL ? attributes->Attributes : 0;
    NTSTATUS status;
    PKTHREAD body;
    HANDLE id;
    KIRQL old;

    (void)process;
    if (thread == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    thread->ps = ps;
    thread->routine = routine;
    thread->context = context;
    old = ke_irql_raise(DISPATCH_LEVEL); /* it must not run before it is an object */
    if (ke_thread_start(ps->ke, "system", run, thread, &thread->thread) != 0) {
        ke_irql_lower(old);
        free(thread);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    body = ke_thread_object(thread->thread);
    weir_assert(NT_SUCCESS(
        ob_object_create(ob, OB_TYPE_THREAD, body, thread, thread_delete, NULL)));
    list_insert_tail(&ps->threads, &thread->link);
    status = ob_handle_open(ob, body, access, flags, handle);
    id = id_of(thread->thread);
    ke_irql_lower(old);
    if (old == PASSIVE_LEVEL)
        ps_tell_thread(ps, id, TRUE);
    if (NT_SUCCESS(status) && client_id != NULL)
        *client_id = (CLIENT_ID){PsGetProcessId(ps_system_process(ps)), id};
    return status;
}

/* Only a system thread may end itself so. */
NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS status)
{
    if (ob_state(ob_of(ke_current()), OB_TYPE_THREAD, KeGetCurrentThread()) == NULL)
        return STATUS_INVALID_PARAMETER;
    end_thread(status);
}

void ps_report_threads(struct ps *ps, uint64_t base_va, uint64_t end_va)
{
    struct ps_thread *thread;

    list_for_each_entry(thread, &ps->threads, link) {
        uint64_t routine_va = KE_ARG(thread->routine);

        if (routine_va >= base_va && routine_va < end_va)
            KE_FINDING(ps->ke, VERIFY_thread_leftover, routine_va);
    }
}

/* ---- Threads of ours ------------------------------------------------------------------------- */

static bool adopt(void *ctx, void *body)
{
    struct ps *ps = ctx;

    if (ke_thread_of(ps->ke, body) == NULL)
        return false;
    return NT_SUCCESS(ob_object_create(ob_of(ps->ke), OB_TYPE_THREAD, body, NULL, NULL, NULL));
}

void ps_threads_init(struct ps *ps)
{
    list_init(&ps->threads);
    ob_set_adopt(ob_of(ps->ke), adopt, ps);
}

/* ---- Questions ------------------------------------------------------------------------------- */

PETHREAD NTAPI PsGetCurrentThread(void)
{
    return (PETHREAD)KeGetCurrentThread();
}

HANDLE NTAPI PsGetCurrentThreadId(void)
{
    return id_of(ke_thread_current());
}

HANDLE NTAPI PsGetThreadId(PETHREAD thread)
{
    struct ps_thread *known = ob_state(ob_of(ke_current()), OB_TYPE_THREAD, thread);

    if ((PKTHREAD)thread == KeGetCurrentThread())
        return PsGetCurrentThreadId();
    return known != NULL ? id_of(known->thread) : NULL;
}

HANDLE NTAPI PsGetThreadProcessId(PETHREAD thread)
{
    if ((PKTHREAD)thread == KeGetCurrentThread())
        return PsGetCurrentProcessId();
    return PsGetProcessId(ps_system_process(ps_of(ke_current())));
}

NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE id, PETHREAD *out)
{
    struct ps *ps = ps_of(ke_current());
    struct ps_thread *thread;

    list_for_each_entry(thread, &ps->threads, link) {
        if (id_of(thread->thread) == id) {
            *out = (PETHREAD)ke_thread_object(thread->thread);
            ObfReferenceObject(*out);
            return STATUS_SUCCESS;
        }
    }
    return STATUS_INVALID_PARAMETER;
}

BOOLEAN NTAPI PsIsSystemThread(PETHREAD thread)
{
    return (PKTHREAD)thread != KeGetCurrentThread() || ExGetPreviousMode() == KernelMode;
}

BOOLEAN NTAPI PsIsThreadTerminating(PETHREAD thread)
{
    return ((PKTHREAD)thread)->Header.SignalState != 0;
}
