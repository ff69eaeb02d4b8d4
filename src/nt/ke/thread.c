/* SPDX-License-Identifier: MIT */
/* Threads: their objects, beginning and end.
 *
 * A driver sees a thread as the address of its object, which it can wait for: the object becomes
 * signalled when the thread ends. What lies behind the header is the system's own. Objects lie in
 * one region of equal slots, so an address leads to the thread by arithmetic; a slot may serve
 * again after its thread is gone, as pool does in Windows. */
#include "ke/thread.h"

#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "ke/wait.h"

static const uint64_t thread_magic = 0x74687265616421u; /* "thread!" */

enum { HEADS_BYTES = HOST_PAGE_SIZE };
_Static_assert((SIM_CPUS_MAX + 1) * sizeof(LIST_ENTRY) <= HEADS_BYTES, "one page of list heads");
_Static_assert(sizeof(struct ke_thread_object) <= KE_THREAD_OBJECT_BYTES, "it fits its slot");
#define REGION_BYTES (HEADS_BYTES + (uint64_t)KE_THREADS_MAX * KE_THREAD_OBJECT_BYTES)

LIST_ENTRY *ke_threads_dpc_queue(struct ke *ke, unsigned cpu)
{
    return (LIST_ENTRY *)ke->threads->region_va + cpu;
}

LIST_ENTRY *ke_threads_crash_list(struct ke *ke)
{
    return (LIST_ENTRY *)ke->threads->region_va + SIM_CPUS_MAX;
}

static struct ke_thread_object *object_at(struct ke *ke, uint32_t slot)
{
    return (struct ke_thread_object *)(ke->threads->region_va + HEADS_BYTES +
                                       (uint64_t)slot * KE_THREAD_OBJECT_BYTES);
}

struct ke_thread *ke_thread_of(struct ke *ke, PKTHREAD object)
{
    uint64_t offset = (uint64_t)object - ke->threads->region_va - HEADS_BYTES;

    if (offset >= (uint64_t)KE_THREADS_MAX * KE_THREAD_OBJECT_BYTES ||
        offset % KE_THREAD_OBJECT_BYTES != 0)
        return NULL;
    return ke->threads->slot[offset / KE_THREAD_OBJECT_BYTES];
}

int ke_threads_create(struct ke *ke)
{
    struct ke_threads *threads = calloc(1, sizeof *threads);
    int error;

    if (!threads)
        return -ENOMEM;
    error = sim_space_reserve(ke->sim, false, REGION_BYTES, HOST_PAGE_SIZE, &threads->region_va);
    if (!error)
        error = host_map_at(threads->region_va, -1, 0, REGION_BYTES, HOST_READ | HOST_WRITE);
    if (error) {
        free(threads);
        return error;
    }
    list_init(&threads->dead);
    sim_rng_init(&threads->rng, sim_seed(ke->sim), "threads");
    while (threads->free_count < KE_THREADS_MAX) {
        threads->free_slots[threads->free_count] = KE_THREADS_MAX - 1 - threads->free_count;
        threads->free_count++;
    }
    ke->threads = threads;
    InitializeListHead(ke_threads_crash_list(ke));
    return 0;
}

void ke_threads_destroy(struct ke *ke)
{
    if (!ke->threads)
        return;
    for (unsigned i = 0; i < KE_THREADS_MAX; i++) {
        if (ke->threads->slot[i]) {
            sim_fiber_destroy(ke->sim, ke->threads->slot[i]->fiber);
            free(ke->threads->slot[i]);
        }
    }
    host_unmap((void *)ke->threads->region_va, REGION_BYTES);
    sim_space_release(ke->sim, ke->threads->region_va);
    free(ke->threads);
    ke->threads = NULL;
}

static void wait_timed_out(void *ctx)
{
    struct ke_thread *thread = ctx;

    ke_thread_end_wait(thread->ke, thread, (ULONG)STATUS_TIMEOUT, 0);
}

static struct ke_thread *thread_alloc(struct ke *ke, const char *name, ke_thread_fn *fn, void *ctx)
{
    struct ke_thread *thread = calloc(1, sizeof *thread);

    if (!thread)
        return NULL;
    thread->magic = thread_magic;
    thread->ke = ke;
    thread->fn = fn;
    thread->ctx = ctx;
    thread->affinity = ke->cpu_count == 32 ? UINT32_MAX : (UINT32_C(1) << ke->cpu_count) - 1;
    thread->created_ns = sim_now_ns(ke->sim);
    list_init(&thread->link);
    sim_event_init(&thread->wait_timeout, wait_timed_out, thread);
    snprintf(thread->name, sizeof thread->name, "%s", name);
    return thread;
}

static void take_slot(struct ke *ke, struct ke_thread *thread)
{
    uint32_t slot = ke->threads->free_slots[--ke->threads->free_count];
    struct ke_thread_object *object = object_at(ke, slot);

    memset(object, 0, sizeof *object);
    ke_object_init(&object->thread.Header, KOBJECT_THREAD, sizeof *object, 0);
    InitializeListHead(&object->mutants);
    ke->threads->slot[slot] = thread;
    thread->object = object;
    sim_fiber_set_owner(thread->fiber, thread);
}

/* ---- Idle threads ---------------------------------------------------------------------------- */

static void run_idle(void *ctx)
{
    struct ke_thread *thread = ctx;
    struct ke *ke = thread->ke;

    for (;;) {
        ke_deliver_pending(ke);
        sim_idle(ke->sim);
    }
}

static int create_idle(struct ke *ke, struct ke_cpu *cpu)
{
    struct ke_thread *thread = thread_alloc(ke, "idle", NULL, NULL);
    int error;

    if (!thread)
        return -ENOMEM;
    error = sim_fiber_create(ke->sim, "idle", run_idle, thread, 0, 0, &thread->fiber);
    if (error) {
        free(thread);
        return error;
    }
    take_slot(ke, thread);
    thread->idle = true;
    thread->priority = KE_IDLE_PRIORITY;
    thread->base_priority = KE_IDLE_PRIORITY;
    thread->state = KE_THREAD_RUNNING;
    thread->cpu = cpu->number;
    cpu->idle = thread;
    cpu->current = thread;
    ke_pcr_set_thread(ke, cpu->number, (PKTHREAD)thread->object);
    sim_cpu_run_fiber(ke->sim, cpu->number, thread->fiber);
    return 0;
}

int ke_threads_create_idle(struct ke *ke)
{
    int error = 0;

    for (unsigned cpu = 0; !error && cpu < ke->cpu_count; cpu++)
        error = create_idle(ke, &ke->cpus[cpu]);
    return error;
}

/* ---- Beginning ------------------------------------------------------------------------------- */

static void run_thread(void *ctx)
{
    struct ke_thread *thread = ctx;

    ke_threads_reap(thread->ke);
    thread->fn(thread->ctx);
    ke_thread_exit(STATUS_SUCCESS);
}

int ke_thread_create(struct ke *ke, const struct ke_thread_config *config, struct ke_thread **out)
{
    struct ke_thread *thread;
    int error;

    ke_threads_reap(ke);
    if (ke->threads->free_count == 0 || sim_fault_point(ke->sim, "thread"))
        return -EAGAIN;
    thread = thread_alloc(ke, config->name, config->fn, config->ctx);
    if (!thread)
        return -ENOMEM;
    error = sim_fiber_create(ke->sim, config->name, run_thread, thread, 0, KE_GUEST_STACK_BYTES,
                             &thread->fiber);
    if (error) {
        free(thread);
        return error;
    }
    take_slot(ke, thread);
    thread->id = ++ke->threads->last_id;
    thread->base_priority = config->priority ? config->priority : KE_DEFAULT_PRIORITY;
    thread->priority = thread->base_priority;
    thread->references = 2; /* its own, and the caller's */
    *out = thread; /* before it can run */
    if (config->held)
        thread->state = KE_THREAD_HELD;
    else
        ke_ready(ke, thread, 0);
    return 0;
}

void ke_thread_release(struct ke_thread *thread)
{
    weir_assert(thread->state == KE_THREAD_HELD);
    ke_ready(thread->ke, thread, 0);
    ke_deliver_pending(thread->ke);
}

int ke_thread_start(struct ke *ke, const char *name, ke_thread_fn *fn, void *ctx,
                    struct ke_thread **out)
{
    struct ke_thread_config config = {.name = name, .fn = fn, .ctx = ctx};
    struct ke_thread *thread;
    int error = ke_thread_create(ke, &config, &thread);

    if (error)
        return error;
    if (out)
        *out = thread;
    else
        ke_thread_unref(thread);
    return 0;
}

/* ---- End ------------------------------------------------------------------------------------- */

void ke_threads_reap(struct ke *ke)
{
    struct list_node *node;

    while ((node = list_pop_head(&ke->threads->dead)) != NULL) {
        struct ke_thread *thread = list_entry(node, struct ke_thread, link);
        uint32_t slot = (uint32_t)(((uint64_t)thread->object - (uint64_t)object_at(ke, 0)) /
                                   KE_THREAD_OBJECT_BYTES);

        ke->threads->slot[slot] = NULL;
        ke->threads->free_slots[ke->threads->free_count++] = slot;
        sim_fiber_destroy(ke->sim, thread->fiber);
        thread->magic = 0;
        free(thread);
    }
}

void ke_thread_ref(struct ke_thread *thread)
{
    weir_assert(thread->magic == thread_magic);
    thread->references++;
}

void ke_thread_unref(struct ke_thread *thread)
{
    weir_assert(thread->magic == thread_magic);
    weir_assert(thread->references > 0);
    if (--thread->references == 0)
        list_insert_tail(&thread->ke->threads->dead, &thread->link);
}

/* A thread that ends with a mutex is fatal: bug check 0x4000008A, THREAD_TERMINATE_HELD_MUTEX, with
 * the thread and the mutex. One that ends inside a critical region: 0x20,
 * KERNEL_APC_PENDING_DURING_EXIT. */
static void check_end(struct ke_thread *thread)
{
    LIST_ENTRY *mutants = &thread->object->mutants;

    if (!IsListEmpty(mutants))
        ke_bug_check(0x4000008A, (uint64_t)thread->object,
                     (uint64_t)CONTAINING_RECORD(mutants->Flink, KMUTANT, MutantListEntry), 0, 0);
    if (thread->kernel_apc_disable || thread->special_apc_disable)
        ke_bug_check(0x20, 0, (uint16_t)thread->kernel_apc_disable, thread->ke->cpu->irql, 0);
}

_Noreturn void ke_thread_exit(NTSTATUS status)
{
    struct ke *ke = ke_ambient;
    struct ke_thread *thread = ke_this_thread(ke);

    weir_assert(!thread->idle);
    if (ke->cpu->irql > APC_LEVEL)
        ke_wait_bug_check(ke, thread->object);
    check_end(thread);
    thread->exit_status = status;
    thread->object->thread.Header.SignalState = 1;
    ke_object_signal(ke, &thread->object->thread.Header, 0);
    thread->state = KE_THREAD_ENDED;
    ke_thread_unref(thread);
    ke_switch_away(ke);
    weir_assert_failed(__FILE__, __LINE__, "an ended thread goes on");
}

void ke_thread_join(struct ke_thread *thread)
{
    KeWaitForSingleObject(&thread->object->thread, Executive, KernelMode, FALSE, NULL);
    ke_thread_unref(thread);
    ke_threads_reap(thread->ke);
}

/* ---- Questions ------------------------------------------------------------------------------- */

struct ke_thread *ke_thread_current(void)
{
    return ke_this_thread(ke_ambient);
}

PKTHREAD ke_thread_object(struct ke_thread *thread)
{
    return (PKTHREAD)thread->object;
}

uint64_t ke_thread_id(struct ke_thread *thread)
{
    return thread->id;
}

const char *ke_thread_name(struct ke_thread *thread)
{
    return thread->name;
}

NTSTATUS ke_thread_exit_status(struct ke_thread *thread)
{
    return thread->state == KE_THREAD_ENDED ? thread->exit_status : STATUS_PENDING;
}
