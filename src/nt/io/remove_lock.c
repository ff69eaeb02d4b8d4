/* SPDX-License-Identifier: MIT */
/* Remove locks: a count of those who work on a device, which removal waits for. The count starts at
 * one, the owner's; IoReleaseRemoveLockAndWait gives that up together with the caller's own and
 * waits for the rest. Releasing more often than acquiring is found. The sizes that drivers pass
 * tell checked builds' larger locks from free builds'; the common part is the same. */
#include "io/state.h"
#include "trace/rules.h"

void NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK lock, ULONG tag, ULONG max_minutes,
                                    ULONG high_water, ULONG bytes)
{
    (void)tag;
    (void)max_minutes;
    (void)high_water;
    (void)bytes;
    lock->Common.Removed = FALSE;
    lock->Common.IoCount = 1;
    KeInitializeEvent(&lock->Common.RemoveEvent, SynchronizationEvent, FALSE);
}

static void release(PIO_REMOVE_LOCK lock)
{
    LONG left = InterlockedDecrement(&lock->Common.IoCount);

    if (left < 0)
        KE_FINDING(ke_current(), VERIFY_remove_lock, KE_ARG(lock));
    if (left == 0)
        KeSetEvent(&lock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
}

NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, PCSTR file, ULONG line,
                                     ULONG bytes)
{
    (void)tag;
    (void)file;
    (void)line;
    (void)bytes;
    InterlockedIncrement(&lock->Common.IoCount);
    if (!lock->Common.Removed)
        return STATUS_SUCCESS;
    release(lock);
    return STATUS_DELETE_PENDING;
}

void NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG bytes)
{
    (void)tag;
    (void)bytes;
    release(lock);
}

void NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG bytes)
{
    (void)tag;
    (void)bytes;
    lock->Common.Removed = TRUE;
    InterlockedDecrement(&lock->Common.IoCount); /* the caller's own */
    if (InterlockedDecrement(&lock->Common.IoCount) > 0)
        KeWaitForSingleObject(&lock->Common.RemoveEvent, Executive, KernelMode, FALSE, NULL);
}
