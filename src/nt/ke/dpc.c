/* SPDX-License-Identifier: MIT */
/* Deferred procedure calls: work that an interrupt leaves for later, run at DISPATCH_LEVEL.
 *
 * Each CPU has a queue. A DPC is in one queue at most and remembers the arguments of the insertion
 * that succeeded; it leaves the queue before its routine runs, so the routine may queue or free it,
 * and the same DPC may then run on two CPUs ("Introduction to DPC Objects", KeInsertQueueDpc). High
 * importance goes to the head. UNDOC: low importance does not wait for a longer queue here, and
 * threaded DPCs run as ordinary ones, which their documentation allows. */
#include "ke/internal.h"

/* How Number says "on this CPU": values below are only where it was queued last. */
enum { TARGETED = MAXIMUM_PROCESSORS };

static void init(PRKDPC dpc, UCHAR type, PKDEFERRED_ROUTINE routine, PVOID context)
{
    *dpc = (KDPC){
        .Type = type,
        .Importance = MediumImportance,
        .DeferredRoutine = routine,
        .DeferredContext = context,
    };
}

void NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    init(Dpc, KOBJECT_DPC, DeferredRoutine, DeferredContext);
}

void NTAPI KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine,
                                   PVOID DeferredContext)
{
    init(Dpc, KOBJECT_THREADED_DPC, DeferredRoutine, DeferredContext);
}

bool ke_dpc_queue(struct ke *ke, struct ke_cpu *cpu, PKDPC dpc, PVOID argument1, PVOID argument2)
{
    if (dpc->DpcData)
        return false;
    if (dpc->Number >= TARGETED && (unsigned)dpc->Number - TARGETED < ke->cpu_count)
        cpu = &ke->cpus[dpc->Number - TARGETED];
    else
        dpc->Number = (USHORT)cpu->number;
    dpc->SystemArgument1 = argument1;
    dpc->SystemArgument2 = argument2;
    dpc->DpcData = cpu->dpc_queue;
    if (dpc->Importance == HighImportance)
        InsertHeadList(cpu->dpc_queue, &dpc->DpcListEntry);
    else
        InsertTailList(cpu->dpc_queue, &dpc->DpcListEntry);
    ke_cpu_request(ke, cpu, KE_PENDING_DPC);
    return true;
}

BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    struct ke *ke = ke_ambient;
    BOOLEAN inserted = ke_dpc_queue(ke, ke->cpu, Dpc, SystemArgument1, SystemArgument2);

    ke_deliver_pending(ke);
    return inserted;
}

BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc)
{
    if (!Dpc->DpcData)
        return FALSE;
    RemoveEntryList(&Dpc->DpcListEntry);
    Dpc->DpcData = NULL;
    return TRUE;
}

static void run_first(struct ke *ke)
{
    PLIST_ENTRY entry = RemoveHeadList(ke->cpu->dpc_queue);
    PKDPC dpc = CONTAINING_RECORD(entry, KDPC, DpcListEntry);
    PKDEFERRED_ROUTINE routine = dpc->DeferredRoutine;
    PVOID context = dpc->DeferredContext;
    PVOID argument1 = dpc->SystemArgument1;
    PVOID argument2 = dpc->SystemArgument2;

    dpc->DpcData = NULL;
    TRACE(ke->trace, dpc, ke_shown_va(dpc), ke_shown_va(routine));
    KE_CALL(routine, KE_ARG(dpc), KE_ARG(context), KE_ARG(argument1), KE_ARG(argument2));
}

/* IRQL is below DISPATCH_LEVEL. Each DPC costs a yield point, so that one which queues itself again
 * and again takes time. */
void ke_dpc_run_all(struct ke *ke)
{
    struct ke_cpu *cpu = ke->cpu;
    KIRQL old = cpu->irql;

    ke_set_irql(ke, DISPATCH_LEVEL);
    cpu->in_dpc = true;
    cpu->pending &= ~(uint32_t)KE_PENDING_DPC;
    while (!IsListEmpty(cpu->dpc_queue)) {
        sim_yield(ke->sim, 0);
        if (!IsListEmpty(cpu->dpc_queue)) /* it may have been removed meanwhile */
            run_first(ke);
        cpu->pending &= ~(uint32_t)KE_PENDING_DPC;
    }
    cpu->in_dpc = false;
    ke_set_irql(ke, old);
}

static bool dpcs_left(struct ke *ke)
{
    for (unsigned i = 0; i < ke->cpu_count; i++) {
        if (!IsListEmpty(ke->cpus[i].dpc_queue) || ke->cpus[i].in_dpc)
            return true;
    }
    return false;
}

/* Waits for those that were queued; ones that are queued meanwhile are waited for too. */
void NTAPI KeFlushQueuedDpcs(void)
{
    struct ke *ke = ke_ambient;
    uint64_t since_ns = ke->trace->now_ns;

    ke_deliver_pending(ke);
    while (dpcs_left(ke))
        ke_spin(ke, NULL, since_ns);
}

void NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    Dpc->Importance = (UCHAR)Importance;
}

void NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    Dpc->Number = (USHORT)(TARGETED + (UCHAR)Number);
}

NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcNumber->Group != 0 || ProcNumber->Number >= ke_ambient->cpu_count ||
        ProcNumber->Reserved != 0)
        return STATUS_INVALID_PARAMETER;
    Dpc->Number = (USHORT)(TARGETED + ProcNumber->Number);
    return STATUS_SUCCESS;
}

bool ke_dpc_in(struct ke *ke, uint64_t va, uint64_t size_bytes, uint64_t *out_va)
{
    for (unsigned i = 0; i < ke->cpu_count; i++) {
        PLIST_ENTRY head = ke->cpus[i].dpc_queue;

        for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink) {
            uint64_t dpc_va = (uint64_t)CONTAINING_RECORD(entry, KDPC, DpcListEntry);

            if (dpc_va - va < size_bytes) {
                *out_va = dpc_va;
                return true;
            }
        }
    }
    return false;
}
