/* SPDX-License-Identifier: MIT */
/* Rundown protection: references that can be refused once the object is on its way out.
 * The word holds twice the number of references; bit 0 says that somebody waits for the last one,
 * and the rest then points to his block. "Run-Down Protection". */
#include "ex/ex.h"
#include "ex/state.h"

enum { RUNDOWN_ACTIVE = 1, REFERENCE = 2 };

struct rundown_wait {
    ULONG_PTR references;
    KEVENT gone;
};

void NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF run)
{
    run->Count = 0;
}

void NTAPI ExReInitializeRundownProtection(PEX_RUNDOWN_REF run)
{
    run->Count = 0;
}

BOOLEAN NTAPI ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF run, ULONG count)
{
    if (run->Count & RUNDOWN_ACTIVE)
        return FALSE;
    run->Count += (ULONG_PTR)count * REFERENCE;
    return TRUE;
}

BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF run)
{
    return ExAcquireRundownProtectionEx(run, 1);
}

void NTAPI ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF run, ULONG count)
{
    struct rundown_wait *wait;

    if (!(run->Count & RUNDOWN_ACTIVE)) {
        run->Count -= (ULONG_PTR)count * REFERENCE;
        return;
    }
    wait = (struct rundown_wait *)(run->Count & ~(ULONG_PTR)RUNDOWN_ACTIVE);
    if (wait == NULL)
        return;
    wait->references -= count;
    if (wait->references == 0)
        KeSetEvent(&wait->gone, EVENT_INCREMENT, FALSE);
}

void NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF run)
{
    ExReleaseRundownProtectionEx(run, 1);
}

void NTAPI ExRundownCompleted(PEX_RUNDOWN_REF run)
{
    run->Count = RUNDOWN_ACTIVE;
}

/* The block lies in pool: drivers can see its address in the word. */
void NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF run)
{
    struct rundown_wait *wait;

    if (run->Count & RUNDOWN_ACTIVE)
        return;
    if (run->Count == 0) {
        run->Count = RUNDOWN_ACTIVE;
        return;
    }
    wait = ExAllocatePoolWithTag(NonPagedPool, sizeof *wait, 0x6E645255u /* 'URdn' */);
    weir_assert(wait != NULL);
    wait->references = run->Count / REFERENCE;
    KeInitializeEvent(&wait->gone, NotificationEvent, FALSE);
    run->Count = (ULONG_PTR)wait | RUNDOWN_ACTIVE;
    KeWaitForSingleObject(&wait->gone, WrRundown, KernelMode, FALSE, NULL);
    run->Count = RUNDOWN_ACTIVE;
    ExFreePool(wait);
}
