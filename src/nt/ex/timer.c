/* SPDX-License-Identifier: MIT */
/* Timers of Windows 8.1 (EX_TIMER): a KTIMER that the system owns, with a callback instead of a
 * DPC. Periods are in 100 ns here, and a KTIMER's in milliseconds, so a period is rounded up.
 * ExDeleteTimer frees the timer after its callback has returned; with Wait it returns after that.
 * Not here: no-wake tolerances, which without power saving mean nothing. */
#include "ex/ex.h"
#include "ex/state.h"

struct _EX_TIMER {
    KTIMER timer; /* drivers wait on the pointer they get */
    KDPC dpc;
    PEXT_CALLBACK callback;
    PVOID context;
    PEXT_DELETE_CALLBACK deleted;
    PVOID delete_context;
    LONG running;
    BOOLEAN deleting;
    BOOLEAN somebody_waits;
    KEVENT gone;
};

enum { TIMER_TAG = 0x6D547845 /* 'ExTm' */ };

static void finish_delete(PEX_TIMER timer)
{
    if (timer->deleted != NULL)
        KE_CALL(timer->deleted, KE_ARG(timer->delete_context));
    if (timer->somebody_waits)
        KeSetEvent(&timer->gone, EVENT_INCREMENT, FALSE);
    else
        ExFreePoolWithTag(timer, TIMER_TAG);
}

static void NTAPI expired(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PEX_TIMER timer = context;

    (void)dpc;
    (void)argument1;
    (void)argument2;
    timer->running++;
    if (!timer->deleting && timer->callback != NULL)
        KE_CALL(timer->callback, KE_ARG(timer), KE_ARG(timer->context));
    if (--timer->running == 0 && timer->deleting)
        finish_delete(timer);
}

PEX_TIMER NTAPI ExAllocateTimer(PEXT_CALLBACK callback, PVOID context, ULONG attributes)
{
    PEX_TIMER timer = ExAllocatePoolWithTag(NonPagedPool, sizeof *timer, TIMER_TAG);

    if (timer == NULL)
        return NULL;
    __builtin_memset(timer, 0, sizeof *timer);
    KeInitializeTimerEx(&timer->timer, attributes & EX_TIMER_NOTIFICATION ? NotificationTimer
                                                                          : SynchronizationTimer);
    KeInitializeDpc(&timer->dpc, ke_thunk(expired, "ExTimerExpired", 0), timer);
    KeInitializeEvent(&timer->gone, NotificationEvent, FALSE);
    timer->callback = callback;
    timer->context = context;
    return timer;
}

BOOLEAN NTAPI ExSetTimer(PEX_TIMER timer, LONGLONG due_100ns, LONGLONG period_100ns,
                         PEXT_SET_PARAMETERS parameters)
{
    LARGE_INTEGER due = {.QuadPart = due_100ns};
    LONG period_ms = (LONG)((period_100ns + 9999) / 10000);

    (void)parameters;
    return KeSetTimerEx(&timer->timer, due, period_ms, &timer->dpc);
}

BOOLEAN NTAPI ExCancelTimer(PEX_TIMER timer, PVOID parameters)
{
    (void)parameters;
    return KeCancelTimer(&timer->timer);
}

BOOLEAN NTAPI ExDeleteTimer(PEX_TIMER timer, BOOLEAN cancel, BOOLEAN wait,
                            PEXT_DELETE_PARAMETERS parameters)
{
    BOOLEAN was_set = cancel ? KeCancelTimer(&timer->timer) : FALSE;

    if (parameters != NULL) {
        timer->deleted = parameters->DeleteCallback;
        timer->delete_context = parameters->DeleteContext;
    }
    timer->deleting = TRUE;
    timer->somebody_waits = wait;
    if (KeRemoveQueueDpc(&timer->dpc) || timer->running == 0) {
        timer->somebody_waits = FALSE;
        finish_delete(timer);
    } else if (wait) {
        KeWaitForSingleObject(&timer->gone, Executive, KernelMode, FALSE, NULL);
        ExFreePoolWithTag(timer, TIMER_TAG);
    }
    return was_set;
}
