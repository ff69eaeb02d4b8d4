/* SPDX-License-Identifier: MIT */
/* Mutexes. The kernel's name for the object is mutant; a driver's mutex (KMUTEX) is one that also
 * keeps normal kernel APCs from its owner. The state is 1 when free and one less for every time the
 * owner has taken it, so it goes below zero with recursion. Only the owner may release: others get
 * STATUS_MUTANT_NOT_OWNED raised (KeReleaseMutex, Remarks). */
#include "ke/wait.h"

static void init(PRKMUTANT mutant, BOOLEAN apc_disable)
{
    ke_object_init(&mutant->Header, KOBJECT_MUTANT, sizeof *mutant, 1);
    InitializeListHead(&mutant->MutantListEntry);
    mutant->OwnerThread = NULL;
    mutant->Abandoned = FALSE;
    mutant->ApcDisable = apc_disable;
}

void NTAPI KeInitializeMutant(PRKMUTANT Mutant, BOOLEAN InitialOwner)
{
    struct ke_thread *thread = ke_this_thread(ke_ambient);

    init(Mutant, 0);
    if (!InitialOwner)
        return;
    Mutant->Header.SignalState = 0;
    Mutant->OwnerThread = (PKTHREAD)thread->object;
    InsertTailList(&thread->object->mutants, &Mutant->MutantListEntry);
}

/* Level is kept for compatibility and has no meaning (KeInitializeMutex, Level). */
void NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    (void)Level;
    init(Mutex, 1);
}

static void give_up(struct ke *ke, PRKMUTANT mutant, KPRIORITY increment)
{
    struct ke_thread *owner = ke_thread_of(ke, mutant->OwnerThread);

    if (owner) {
        RemoveEntryList(&mutant->MutantListEntry);
        owner->kernel_apc_disable = (int16_t)(owner->kernel_apc_disable + mutant->ApcDisable);
    }
    mutant->OwnerThread = NULL;
    ke_object_signal(ke, &mutant->Header, increment);
}

LONG NTAPI KeReleaseMutant(PRKMUTANT Mutant, KPRIORITY Increment, BOOLEAN Abandoned, BOOLEAN Wait)
{
    struct ke *ke = ke_ambient;
    LONG old = Mutant->Header.SignalState;

    if (!Abandoned && Mutant->OwnerThread != (PKTHREAD)ke_this_thread(ke)->object)
        ExRaiseStatus(Mutant->Abandoned ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED);
    Mutant->Header.SignalState = Abandoned ? 1 : old + 1;
    if (Abandoned)
        Mutant->Abandoned = TRUE;
    if (Mutant->Header.SignalState == 1)
        give_up(ke, Mutant, Increment);
    if (Wait)
        ke_wait_next(ke);
    else
        ke_deliver_pending(ke);
    return old;
}

LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    return KeReleaseMutant(Mutex, 1, FALSE, Wait);
}

LONG NTAPI KeReadStateMutant(PRKMUTANT Mutant)
{
    return Mutant->Header.SignalState;
}

LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex)
{
    return Mutex->Header.SignalState;
}
