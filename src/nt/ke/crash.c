/* SPDX-License-Identifier: MIT */
/* A driver ends the machine itself, and learns of its end.
 *
 * Drivers may register routines that run once the machine is past saving, at HIGH_LEVEL, to reset
 * their hardware (KeRegisterBugCheckCallback). The record is the driver's; its State says whether
 * it is registered and how far its routine got. A second kind of routine fills the dump
 * (KeRegisterBugCheckReasonCallback): it is registered here too but never called, because there is
 * no dump. */
#include "ke/internal.h"

#include "ke/thread.h"

DECLSPEC_NORETURN void NTAPI KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1,
                                          ULONG_PTR BugCheckParameter2,
                                          ULONG_PTR BugCheckParameter3,
                                          ULONG_PTR BugCheckParameter4)
{
    ke_bug_check(BugCheckCode, BugCheckParameter1, BugCheckParameter2, BugCheckParameter3,
                 BugCheckParameter4);
}

DECLSPEC_NORETURN void NTAPI KeBugCheck(ULONG BugCheckCode)
{
    ke_bug_check(BugCheckCode, 0, 0, 0, 0);
}

BOOLEAN NTAPI KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord,
                                         PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine, PVOID Buffer,
                                         ULONG Length, PUCHAR Component)
{
    if (CallbackRecord->State != BufferEmpty)
        return FALSE;
    CallbackRecord->CallbackRoutine = CallbackRoutine;
    CallbackRecord->Buffer = Buffer;
    CallbackRecord->Length = Length;
    CallbackRecord->Component = Component;
    CallbackRecord->State = BufferInserted;
    InsertHeadList(ke_threads_crash_list(ke_ambient), &CallbackRecord->Entry);
    return TRUE;
}

BOOLEAN NTAPI KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord)
{
    if (CallbackRecord->State != BufferInserted)
        return FALSE;
    RemoveEntryList(&CallbackRecord->Entry);
    CallbackRecord->State = BufferEmpty;
    return TRUE;
}

BOOLEAN NTAPI KeRegisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord,
                                               PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine,
                                               KBUGCHECK_CALLBACK_REASON Reason, PUCHAR Component)
{
    if (CallbackRecord->State != BufferEmpty)
        return FALSE;
    CallbackRecord->CallbackRoutine = CallbackRoutine;
    CallbackRecord->Component = Component;
    CallbackRecord->Reason = Reason;
    CallbackRecord->State = BufferInserted;
    InitializeListHead(&CallbackRecord->Entry);
    return TRUE;
}

BOOLEAN NTAPI KeDeregisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord)
{
    if (CallbackRecord->State != BufferInserted)
        return FALSE;
    CallbackRecord->State = BufferEmpty;
    return TRUE;
}

/* The routine registered last runs first. A bug check inside one ends it all. */
void ke_crash_callbacks(struct ke *ke)
{
    LIST_ENTRY *head = ke_threads_crash_list(ke);

    ke_set_irql(ke, HIGH_LEVEL);
    while (!IsListEmpty(head)) {
        PKBUGCHECK_CALLBACK_RECORD record =
            CONTAINING_RECORD(RemoveHeadList(head), KBUGCHECK_CALLBACK_RECORD, Entry);

        record->State = BufferStarted;
        KE_CALL(record->CallbackRoutine, KE_ARG(record->Buffer), record->Length);
        record->State = BufferFinished;
    }
}
