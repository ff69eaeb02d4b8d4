/* SPDX-License-Identifier: MIT */
/* Everything at once: threads that draw what to do next, timers, DPCs, an interrupt line, on all
 * numbers of CPUs. What must hold is checked by the counts here and by weir's assertions; the same
 * seed must give the same trace. WEIR_STRESS_SEEDS sets how many seeds (default 24). */
#include "ke/ke_test.h"

#include <stdlib.h>

enum { THREADS = 8, STEPS = 120, OBJECTS = 3, LINE = 77 };

struct arena {
    struct sim_rng rng[THREADS];
    KEVENT events[OBJECTS];
    KSEMAPHORE semaphores[OBJECTS];
    KMUTEX mutex;
    KSPIN_LOCK lock;
    KTIMER timers[OBJECTS];
    KDPC dpcs[OBJECTS];
    KDPC isr_dpc;
    struct ke_interrupt *interrupt;
    struct sim_event device;
    struct sim *sim;
    unsigned in_lock;
    unsigned in_mutex;
    unsigned finished;
    uint64_t isr_calls;
    uint64_t dpc_calls;
};

static struct arena arena;

static void NTAPI run_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    arena.dpc_calls++;
    KeAcquireSpinLockAtDpcLevel(&arena.lock);
    assert_int_equal(arena.in_lock++, 0);
    ke_yield();
    arena.in_lock--;
    KeReleaseSpinLockFromDpcLevel(&arena.lock);
    KeSetEvent(context, 1, FALSE);
}

static BOOLEAN NTAPI service(struct _KINTERRUPT *object, PVOID context)
{
    (void)object;
    (void)context;
    assert_int_equal(KeGetCurrentIrql(), 7);
    arena.isr_calls++;
    ke_vector_set_level(ke_current(), LINE, false);
    KeInsertQueueDpc(&arena.isr_dpc, NULL, NULL);
    return TRUE;
}

static void device_ticks(void *ctx)
{
    (void)ctx;
    ke_vector_set_level(ke_current(), LINE, true);
    sim_event_arm(arena.sim, &arena.device, sim_now_ns(arena.sim) + 30000);
}

static void use_lock(struct sim_rng *rng)
{
    KIRQL old;

    KeAcquireSpinLock(&arena.lock, &old);
    assert_int_equal(arena.in_lock++, 0);
    for (uint64_t i = sim_rng_below(rng, 5); i > 0; i--)
        ke_yield();
    arena.in_lock--;
    KeReleaseSpinLock(&arena.lock, old);
}

static void use_mutex(struct sim_rng *rng)
{
    LARGE_INTEGER timeout = in_ms((int64_t)sim_rng_below(rng, 4));

    if (KeWaitForSingleObject(&arena.mutex, Executive, KernelMode, FALSE, &timeout) !=
        STATUS_SUCCESS)
        return;
    assert_int_equal(arena.in_mutex++, 0);
    if (sim_rng_chance(rng, 1, 3))
        sleep_ms(1);
    arena.in_mutex--;
    KeReleaseMutex(&arena.mutex, FALSE);
}

static void wait_somehow(struct sim_rng *rng)
{
    void *objects[OBJECTS];
    KWAIT_BLOCK blocks[OBJECTS];
    LARGE_INTEGER timeout = in_ms((int64_t)sim_rng_below(rng, 5));
    WAIT_TYPE type = sim_rng_chance(rng, 1, 2) ? WaitAny : WaitAll;
    NTSTATUS status;

    objects[0] = &arena.events[sim_rng_below(rng, OBJECTS)];
    objects[1] = &arena.semaphores[sim_rng_below(rng, OBJECTS)];
    objects[2] = &arena.timers[sim_rng_below(rng, OBJECTS)];
    status = KeWaitForMultipleObjects(1 + (ULONG)sim_rng_below(rng, OBJECTS), objects, type,
                                      Executive, KernelMode, FALSE, &timeout, blocks);
    assert_true(status == STATUS_TIMEOUT || (status >= 0 && status < OBJECTS));
}

static void set_timer(struct sim_rng *rng)
{
    unsigned i = (unsigned)sim_rng_below(rng, OBJECTS);

    if (sim_rng_chance(rng, 1, 4))
        KeCancelTimer(&arena.timers[i]);
    else
        KeSetTimerEx(&arena.timers[i], in_ms((int64_t)sim_rng_below(rng, 6)),
                     (LONG)sim_rng_below(rng, 3), &arena.dpcs[i]);
}

static void release_one(struct sim_rng *rng)
{
    KSEMAPHORE *semaphore = &arena.semaphores[sim_rng_below(rng, OBJECTS)];

    if (KeReadStateSemaphore(semaphore) < 50)
        KeReleaseSemaphore(semaphore, 1, 1, FALSE);
}

static void queue_dpc(struct sim_rng *rng)
{
    KDPC *dpc = &arena.dpcs[sim_rng_below(rng, OBJECTS)];

    if (sim_rng_chance(rng, 1, 4))
        KeRemoveQueueDpc(dpc);
    else
        KeInsertQueueDpc(dpc, NULL, NULL);
    if (sim_rng_chance(rng, 1, 8))
        KeFlushQueuedDpcs();
}

static void synchronize(struct sim_rng *rng)
{
    KIRQL old = ke_interrupt_acquire(arena.interrupt);
    uint64_t before = arena.isr_calls;

    for (uint64_t i = sim_rng_below(rng, 40); i > 0; i--)
        ke_yield();
    assert_int_equal(arena.isr_calls, before);
    ke_interrupt_release(arena.interrupt, old);
}

static void change_thread(struct sim_rng *rng)
{
    if (sim_rng_chance(rng, 1, 2))
        KeSetPriorityThread(KeGetCurrentThread(), 1 + (KPRIORITY)sim_rng_below(rng, 20));
    else
        KeSetSystemAffinityThread(sim_rng_u64(rng) & KeQueryActiveProcessors());
}

static void step(struct sim_rng *rng)
{
    switch (sim_rng_below(rng, 11)) {
    case 0: use_lock(rng); break;
    case 1: use_mutex(rng); break;
    case 2: wait_somehow(rng); break;
    case 3: set_timer(rng); break;
    case 4: release_one(rng); break;
    case 5: queue_dpc(rng); break;
    case 6: synchronize(rng); break;
    case 7: change_thread(rng); break;
    case 8: KeStallExecutionProcessor((ULONG)sim_rng_below(rng, 60)); break;
    case 9: sleep_ms((int64_t)sim_rng_below(rng, 3)); break;
    default: KeSetEvent(&arena.events[sim_rng_below(rng, OBJECTS)], 1, FALSE); break;
    }
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_false(KeAreApcsDisabled());
}

static void live(void *ctx)
{
    for (int i = 0; i < STEPS; i++)
        step(ctx);
    arena.finished++;
}

static void init_arena(struct world *world)
{
    struct ke_interrupt_config config = {
        .vector = LINE,
        .irql = 7,
        .synchronize_irql = 7,
        .level_triggered = true,
        .routine = (const void *)service,
    };

    memset(&arena, 0, sizeof arena);
    arena.sim = world->sim;
    KeInitializeMutex(&arena.mutex, 0);
    for (int i = 0; i < OBJECTS; i++) {
        KeInitializeEvent(&arena.events[i], i % 2 ? NotificationEvent : SynchronizationEvent,
                          FALSE);
        KeInitializeSemaphore(&arena.semaphores[i], i, 100);
        KeInitializeTimerEx(&arena.timers[i], i % 2 ? NotificationTimer : SynchronizationTimer);
        KeInitializeDpc(&arena.dpcs[i], run_dpc, &arena.events[i]);
    }
    KeSetTargetProcessorDpc(&arena.dpcs[1], 0);
    KeInitializeDpc(&arena.isr_dpc, run_dpc, &arena.events[0]);
    assert_int_equal(ke_interrupt_connect(&config, &arena.interrupt), STATUS_SUCCESS);
    sim_event_init(&arena.device, device_ticks, NULL);
    sim_event_arm(world->sim, &arena.device, 30000);
}

static void all_at_once(struct world *world)
{
    struct ke_thread *threads[THREADS];

    init_arena(world);
    for (int i = 0; i < THREADS; i++) {
        char name[16] = "life 0";

        name[5] = (char)('0' + i);
        sim_rng_init(&arena.rng[i], sim_seed(world->sim), name);
        assert_int_equal(ke_thread_start(world->ke, name, live, &arena.rng[i], &threads[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        ke_thread_join(threads[i]);
    sim_event_cancel(world->sim, &arena.device);
    ke_interrupt_disconnect(arena.interrupt);
    assert_int_equal(arena.finished, THREADS);
    assert_true(arena.isr_calls > 0);
    assert_true(arena.dpc_calls > 0);
}

static uint64_t live_once(uint64_t seed)
{
    struct world world;

    world_live(&world, seed, 1 + seed % 5, all_at_once);
    assert_int_equal(world.bug_check, 0);
    assert_int_equal(world.events[TRACE_finding], 0);
    assert_int_equal(world.stopped, KE_STOP_DONE);
    return world.digest;
}

static void everything_at_once_holds_and_repeats(void **state)
{
    const char *wanted = getenv("WEIR_STRESS_SEEDS");
    uint64_t seeds = wanted ? strtoull(wanted, NULL, 10) : 24;

    (void)state;
    for (uint64_t seed = 0; seed < seeds; seed++)
        assert_true(live_once(seed) == live_once(seed));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_at_once_holds_and_repeats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
