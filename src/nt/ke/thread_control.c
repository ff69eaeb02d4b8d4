/* SPDX-License-Identifier: MIT */
/* What a driver may change about threads: priority, affinity, and the regions in which a thread
 * takes no APCs. */
#include "ke/wait.h"

static struct ke_thread *thread_of(PKTHREAD object)
{
    struct ke *ke = ke_ambient;
    struct ke_thread *thread = ke_thread_of(ke, object);

    if (!thread) /* UNDOC: Windows would use whatever lies there */
        ke_bug_check(0x0A, (uint64_t)object, ke->cpu->irql, 0, ke_caller_va());
    return thread;
}

KPRIORITY NTAPI KeQueryPriorityThread(PRKTHREAD Thread)
{
    return thread_of(Thread)->priority;
}

/* Priorities are 1 to 31: 0 belongs to the system, and Windows asserts the rest. UNDOC: others are
 * clamped. */
KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    struct ke *ke = ke_ambient;
    struct ke_thread *thread = thread_of(Thread);
    KPRIORITY old = thread->priority;
    KPRIORITY now = Priority < 1 ? 1 : Priority > HIGH_PRIORITY ? HIGH_PRIORITY : Priority;

    if (!thread->idle)
        ke_set_priority(ke, thread, now);
    ke_deliver_pending(ke);
    return old;
}

/* Relative to the priority of the process, which is 8 for the system's. */
LONG NTAPI KeSetBasePriorityThread(PRKTHREAD Thread, LONG Increment)
{
    LONG old = thread_of(Thread)->base_priority - KE_DEFAULT_PRIORITY;

    KeSetPriorityThread(Thread, KE_DEFAULT_PRIORITY + Increment);
    return old;
}

UCHAR NTAPI KeSetIdealProcessorThread(PKTHREAD Thread, UCHAR Processor)
{
    struct ke_thread *thread = thread_of(Thread);
    UCHAR old = (UCHAR)thread->cpu;

    if (Processor < ke_ambient->cpu_count && thread->state == KE_THREAD_WAITING)
        thread->cpu = Processor;
    return old;
}

static uint64_t run_time_ns(const struct ke_thread *thread)
{
    uint64_t run_ns = thread->run_ns;

    if (thread->state == KE_THREAD_RUNNING)
        run_ns += sim_now_ns(thread->ke->sim) - thread->running_since_ns;
    return run_ns;
}

/* In units of the clock increment; drivers' threads have no user time. */
ULONG NTAPI KeQueryRuntimeThread(PKTHREAD Thread, PULONG UserTime)
{
    *UserTime = 0;
    return (ULONG)(run_time_ns(thread_of(Thread)) / 100 / KE_TIME_INCREMENT_100NS);
}

/* Virtual time as cycles of a 3 GHz processor, the rate at which rdtsc counts here. */
ULONG64 NTAPI KeQueryTotalCycleTimeThread(PKTHREAD Thread, PULONG64 CycleTimeStamp)
{
    enum { CYCLES_PER_NS = 3 };

    if (CycleTimeStamp)
        *CycleTimeStamp = sim_now_ns(ke_ambient->sim) * CYCLES_PER_NS;
    return run_time_ns(thread_of(Thread)) * CYCLES_PER_NS;
}

/* Kernel stacks are never paged out here; the flag is kept because the old one is returned. */
BOOLEAN NTAPI KeSetKernelStackSwapEnable(BOOLEAN Enable)
{
    struct ke_thread *thread = ke_this_thread(ke_ambient);
    BOOLEAN old = !thread->stack_swap_off;

    thread->stack_swap_off = !Enable;
    return old;
}

/* ---- Affinity -------------------------------------------------------------------------------- */

static KAFFINITY set_affinity(KAFFINITY affinity)
{
    struct ke *ke = ke_ambient;
    struct ke_thread *thread = ke_this_thread(ke);
    KAFFINITY all = KeQueryActiveProcessors();
    KAFFINITY old = thread->affinity;

    affinity &= all;
    if (affinity && !thread->idle)
        ke_set_affinity(ke, thread, (uint32_t)affinity);
    return old;
}

void NTAPI KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    set_affinity(Affinity);
}

/* Returns what to hand to KeRevertToUserAffinityThreadEx: 0 when nothing was set before. */
KAFFINITY NTAPI KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    KAFFINITY old = set_affinity(Affinity);

    return old == KeQueryActiveProcessors() ? 0 : old;
}

void NTAPI KeRevertToUserAffinityThread(void)
{
    set_affinity(KeQueryActiveProcessors());
}

void NTAPI KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    set_affinity(Affinity ? Affinity : KeQueryActiveProcessors());
}

void NTAPI KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity,
                                          PGROUP_AFFINITY PreviousAffinity)
{
    KAFFINITY old = Affinity->Group == 0 ? KeSetSystemAffinityThreadEx(Affinity->Mask) : 0;

    if (PreviousAffinity)
        *PreviousAffinity = (GROUP_AFFINITY){.Mask = old};
}

void NTAPI KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity)
{
    KeRevertToUserAffinityThreadEx(PreviousAffinity->Mask);
}

/* ---- Regions without APCs -------------------------------------------------------------------- */
/* Nothing queues APCs to drivers' threads here; the counts are kept because drivers ask for them,
 * and a thread that ends inside a region is caught. */

void NTAPI KeEnterCriticalRegion(void)
{
    ke_this_thread(ke_ambient)->kernel_apc_disable--;
}

void NTAPI KeLeaveCriticalRegion(void)
{
    ke_this_thread(ke_ambient)->kernel_apc_disable++;
}

void NTAPI KeEnterGuardedRegion(void)
{
    ke_this_thread(ke_ambient)->special_apc_disable--;
}

void NTAPI KeLeaveGuardedRegion(void)
{
    ke_this_thread(ke_ambient)->special_apc_disable++;
}

BOOLEAN NTAPI KeAreApcsDisabled(void)
{
    const struct ke_thread *thread = ke_this_thread(ke_ambient);

    return thread->kernel_apc_disable != 0 || thread->special_apc_disable != 0;
}

BOOLEAN NTAPI KeAreAllApcsDisabled(void)
{
    struct ke *ke = ke_ambient;

    return ke_this_thread(ke)->special_apc_disable != 0 || ke->cpu->irql >= APC_LEVEL;
}
