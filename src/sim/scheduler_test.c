/* SPDX-License-Identifier: MIT */
#include "sim/sim_test.h"

enum { DONE = 7 };

struct alarm {
    struct sim *sim;
    struct sim_event event;
};

struct counter {
    struct sim *sim;
    unsigned left;
    unsigned *finished;
    unsigned wanted;
};

static void count_down(void *ctx)
{
    struct counter *counter = ctx;

    while (counter->left--)
        sim_yield(counter->sim, 0);
    if (++*counter->finished == counter->wanted)
        sim_stop(counter->sim, DONE);
    for (;;)
        sim_idle(counter->sim);
}

/* Every CPU yields a number of times; the digest of all choices comes back. */
static uint64_t run_counters(uint64_t seed, unsigned cpus, unsigned yields)
{
    struct world world;
    struct counter counters[SIM_CPUS_MAX];
    unsigned finished = 0;

    world_open(&world, seed, cpus);
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        struct sim_fiber *fiber;

        counters[cpu] = (struct counter){world.sim, yields, &finished, cpus};
        assert_int_equal(
            sim_fiber_create(world.sim, "counter", count_down, &counters[cpu], 0, 0, &fiber), 0);
        sim_cpu_run_fiber(world.sim, cpu, fiber);
    }
    assert_int_equal(sim_run(world.sim), DONE);
    assert_int_equal(sim_now_ns(world.sim), (uint64_t)cpus * yields * 50);
    world_close(&world);
    return world.digest;
}

static void the_same_seed_makes_the_same_choices(void **state)
{
    (void)state;
    assert_true(run_counters(11, 4, 500) == run_counters(11, 4, 500));
}

static void different_seeds_make_different_choices(void **state)
{
    (void)state;
    assert_true(run_counters(11, 4, 500) != run_counters(12, 4, 500));
}

static void one_cpu_and_all_thirty_two_run(void **state)
{
    (void)state;
    run_counters(1, 1, 100);
    run_counters(1, 32, 100);
}

struct note {
    struct sim *sim;
    int *log;
    int *count;
    int number;
};

static void write_note(void *ctx)
{
    struct note *note = ctx;

    note->log[(*note->count)++] = note->number;
}

static void stop_now(void *ctx)
{
    sim_stop(ctx, DONE);
}

static void idle_forever(void *ctx)
{
    for (;;)
        sim_idle(ctx);
}

static void start_one(struct world *world, sim_fiber_fn *fn, void *ctx, unsigned cpu)
{
    struct sim_fiber *fiber;

    assert_int_equal(sim_fiber_create(world->sim, "fiber", fn, ctx, 0, 0, &fiber), 0);
    sim_cpu_run_fiber(world->sim, cpu, fiber);
}

static void events_fire_by_time_and_then_by_order_of_arming(void **state)
{
    struct world world;
    int log[8];
    int count = 0;
    struct note notes[8];
    struct sim_event events[8];
    struct sim_event stop;
    static const uint64_t due[8] = {500, 100, 100, 700, 300, 100, 500, 1};
    static const int order[6] = {1, 2, 5, 4, 6, 3};

    (void)state;
    world_open(&world, 1, 1);
    for (int i = 0; i < 8; i++) {
        notes[i] = (struct note){world.sim, log, &count, i};
        sim_event_init(&events[i], write_note, &notes[i]);
        sim_event_arm(world.sim, &events[i], due[i]);
    }
    sim_event_arm(world.sim, &events[6], 600); /* moves */
    assert_true(sim_event_cancel(world.sim, &events[0]));
    assert_false(sim_event_cancel(world.sim, &events[0]));
    assert_true(sim_event_cancel(world.sim, &events[7]));
    sim_event_init(&stop, stop_now, world.sim);
    sim_event_arm(world.sim, &stop, 1000);
    start_one(&world, idle_forever, world.sim, 0);
    assert_int_equal(sim_run(world.sim), DONE);
    assert_int_equal(sim_now_ns(world.sim), 1000);
    assert_int_equal(count, 6);
    assert_memory_equal(log, order, sizeof order);
    world_close(&world);
}

static void many_events_keep_their_order_through_random_moves(void **state)
{
    enum { EVENTS = 500 };
    struct world world;
    struct sim_rng rng;
    static struct sim_event events[EVENTS];
    static struct note notes[EVENTS];
    static int log[EVENTS];
    struct sim_event stop;
    int count = 0;
    int armed = 0;

    (void)state;
    world_open(&world, 3, 1);
    sim_rng_init(&rng, 3, "moves");
    for (int i = 0; i < EVENTS; i++) {
        notes[i] = (struct note){world.sim, log, &count, i};
        sim_event_init(&events[i], write_note, &notes[i]);
    }
    for (int i = 0; i < 5000; i++) {
        struct sim_event *event = &events[sim_rng_below(&rng, EVENTS)];

        if (sim_rng_chance(&rng, 1, 4))
            armed -= sim_event_cancel(world.sim, event);
        else {
            armed += event->heap_index == 0;
            sim_event_arm(world.sim, event, 1 + sim_rng_below(&rng, 200));
        }
    }
    sim_event_init(&stop, stop_now, world.sim);
    sim_event_arm(world.sim, &stop, 1000);
    start_one(&world, idle_forever, world.sim, 0);
    assert_int_equal(sim_run(world.sim), DONE);
    assert_int_equal(count, armed);
    for (int i = 1; i < count; i++) {
        const struct sim_event *a = &events[log[i - 1]];
        const struct sim_event *b = &events[log[i]];

        assert_true(a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->sequence < b->sequence));
    }
    world_close(&world);
}

static void nothing_to_run_and_no_event_is_a_stall(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 1, 2);
    start_one(&world, idle_forever, world.sim, 0);
    start_one(&world, idle_forever, world.sim, 1);
    assert_int_equal(sim_run(world.sim), SIM_STOPPED_BY_STALL);
    world_close(&world);
}

static void run_in_circles(void *ctx)
{
    for (;;)
        sim_yield(ctx, 0);
}

static void stall_in_circles(void *ctx)
{
    for (;;)
        sim_stall(ctx, 1000000);
}

static void rearm(void *ctx)
{
    struct alarm *alarm = ctx;

    sim_event_arm(alarm->sim, &alarm->event, sim_now_ns(alarm->sim) + 1000);
}

static uint64_t run_out_of_patience(sim_fiber_fn *run, uint64_t turns, uint64_t duration_ns)
{
    struct world world;
    struct alarm alarm = {0};
    uint64_t end_ns;

    world_open(&world, 1, 1);
    alarm.sim = world.sim;
    sim_event_init(&alarm.event, rearm, &alarm);
    sim_event_arm(world.sim, &alarm.event, 1000);
    start_one(&world, run, world.sim, 0);
    sim_set_patience(world.sim, turns, duration_ns);
    assert_int_equal(sim_run(world.sim), SIM_STOPPED_BY_PATIENCE);
    end_ns = sim_now_ns(world.sim);
    world_close(&world);
    return end_ns;
}

static void patience_ends_after_so_many_turns(void **state)
{
    (void)state;
    assert_int_equal(run_out_of_patience(run_in_circles, 1000, UINT64_MAX), 1000 * 50);
    assert_int_equal(run_out_of_patience(idle_forever, 1000, UINT64_MAX), 999 * 1000);
}

static void patience_ends_after_so_much_time(void **state)
{
    (void)state;
    assert_int_equal(run_out_of_patience(stall_in_circles, UINT64_MAX, 5000000), 5000000);
}

static void spend_and_go_on(void *ctx)
{
    struct sim *sim = ctx;

    for (unsigned i = 0; i < 10; i++) {
        sim_set_patience(sim, 100, 1000000);
        for (unsigned turn = 0; turn < 90; turn++)
            sim_yield(sim, 0);
    }
    sim_spend_patience(sim, 50); /* more than is left: the next turn is the last */
    sim_yield(sim, 0);
    sim_stop(sim, DONE);
}

static void patience_that_is_set_again_is_whole(void **state)
{
    (void)state;
    assert_int_equal(run_out_of_patience(spend_and_go_on, 100, 1000000), 901 * 50);
}

struct stalling {
    struct sim *sim;
    uint64_t delay_ns;
    uint64_t woke_ns;
};

static void stall_once(void *ctx)
{
    struct stalling *stalling = ctx;

    sim_stall(stalling->sim, stalling->delay_ns);
    stalling->woke_ns = sim_now_ns(stalling->sim);
    for (;;)
        sim_idle(stalling->sim);
}

static void two_cpus_stall_at_the_same_time(void **state)
{
    struct world world;
    struct stalling a;
    struct stalling b;

    (void)state;
    world_open(&world, 5, 2);
    a = (struct stalling){world.sim, 10000, 0};
    b = (struct stalling){world.sim, 4000, 0};
    start_one(&world, stall_once, &a, 0);
    start_one(&world, stall_once, &b, 1);
    assert_int_equal(sim_run(world.sim), SIM_STOPPED_BY_STALL);
    assert_int_equal(a.woke_ns, 10000);
    assert_int_equal(b.woke_ns, 4000);
    world_close(&world);
}

struct spinner {
    struct sim *sim;
    volatile bool *flag;
    bool deadlock;
};

static void spin_on_flag(void *ctx)
{
    struct spinner *spinner = ctx;

    while (!*spinner->flag) {
        if (!sim_spin(spinner->sim)) {
            spinner->deadlock = true;
            break;
        }
    }
    sim_stop(spinner->sim, DONE);
}

struct setter {
    struct sim *sim;
    volatile bool *flag;
    unsigned yields;
};

static void set_flag_late(void *ctx)
{
    struct setter *setter = ctx;

    while (setter->yields--)
        sim_yield(setter->sim, 0);
    *setter->flag = true;
    for (;;)
        sim_idle(setter->sim);
}

static void a_spinning_cpu_lets_the_one_it_waits_for_go_on(void **state)
{
    struct world world;
    volatile bool flag = false;
    struct spinner spinner;
    struct setter setter;

    (void)state;
    world_open(&world, 9, 2);
    spinner = (struct spinner){world.sim, &flag, false};
    setter = (struct setter){world.sim, &flag, 50};
    start_one(&world, spin_on_flag, &spinner, 0);
    start_one(&world, set_flag_late, &setter, 1);
    assert_int_equal(sim_run(world.sim), DONE);
    assert_false(spinner.deadlock);
    world_close(&world);
}

static void cpus_that_all_spin_without_an_event_are_a_deadlock(void **state)
{
    struct world world;
    volatile bool flag = false;
    struct spinner a;
    struct spinner b;

    (void)state;
    world_open(&world, 9, 2);
    a = (struct spinner){world.sim, &flag, false};
    b = a;
    start_one(&world, spin_on_flag, &a, 0);
    start_one(&world, spin_on_flag, &b, 1);
    assert_int_equal(sim_run(world.sim), DONE);
    assert_true(a.deadlock || b.deadlock);
    world_close(&world);
}

static void set_true(void *ctx)
{
    *(volatile bool *)ctx = true;
}

static void cpus_that_all_spin_wait_for_the_next_event(void **state)
{
    struct world world;
    volatile bool flag = false;
    struct spinner a;
    struct spinner b;
    struct sim_event event;

    (void)state;
    world_open(&world, 9, 2);
    a = (struct spinner){world.sim, &flag, false};
    b = a;
    sim_event_init(&event, set_true, (void *)&flag);
    sim_event_arm(world.sim, &event, 1000000000);
    start_one(&world, spin_on_flag, &a, 0);
    start_one(&world, spin_on_flag, &b, 1);
    assert_int_equal(sim_run(world.sim), DONE);
    assert_false(a.deadlock || b.deadlock);
    assert_in_range(sim_now_ns(world.sim), 1000000000, 1000010000);
    world_close(&world);
}

struct woken {
    struct sim *sim;
    unsigned resumed;
    unsigned switched;
};

static void note_resume(void *ctx, unsigned cpu)
{
    struct woken *woken = ctx;

    assert_int_equal(cpu, sim_cpu_current(woken->sim));
    woken->resumed++;
}

static void note_switch(void *ctx, unsigned cpu)
{
    struct woken *woken = ctx;

    assert_int_equal(cpu, sim_cpu_current(woken->sim));
    woken->switched++;
}

static void wake_cpu_one(void *ctx)
{
    struct woken *woken = ctx;

    sim_cpu_wake(woken->sim, 1);
}

static void idle_then_stop(void *ctx)
{
    struct woken *woken = ctx;

    sim_idle(woken->sim);
    sim_stop(woken->sim, DONE);
}

static void idle_forever_woken(void *ctx)
{
    struct woken *woken = ctx;

    idle_forever(woken->sim);
}

static void an_event_wakes_an_idle_cpu_and_its_hook_runs(void **state)
{
    static const struct sim_hooks hooks = {note_resume, note_switch};
    struct world world;
    struct woken woken = {0};
    struct sim_event event;

    (void)state;
    world_open(&world, 2, 2);
    woken.sim = world.sim;
    sim_set_hooks(world.sim, &hooks, &woken);
    sim_event_init(&event, wake_cpu_one, &woken);
    sim_event_arm(world.sim, &event, 5000);
    start_one(&world, idle_forever_woken, &woken, 0);
    start_one(&world, idle_then_stop, &woken, 1);
    assert_int_equal(sim_run(world.sim), DONE);
    assert_int_equal(sim_now_ns(world.sim), 5000);
    assert_int_equal(woken.resumed, 1);
    assert_true(woken.switched >= 2);
    world_close(&world);
}

struct outside {
    struct sim *sim;
    struct sim_event *event;
    unsigned asked;
    uint64_t last_due_ns;
};

static void bring_event(void *ctx, uint64_t due_ns)
{
    struct outside *outside = ctx;

    outside->last_due_ns = due_ns;
    if (++outside->asked == 2)
        sim_event_arm(outside->sim, outside->event, 700);
}

static void the_outside_world_is_asked_before_time_jumps(void **state)
{
    struct world world;
    struct outside outside = {0};
    struct sim_event timer;
    struct sim_event late;
    bool fired = false;

    (void)state;
    world_open(&world, 2, 1);
    outside.sim = world.sim;
    outside.event = &late;
    sim_event_init(&timer, set_true, &fired);
    sim_event_arm(world.sim, &timer, 500);
    sim_event_init(&late, stop_now, world.sim);
    sim_set_pace(world.sim, bring_event, &outside);
    start_one(&world, idle_forever, world.sim, 0);
    assert_int_equal(sim_run(world.sim), DONE); /* no stall: something came in */
    assert_true(fired);
    assert_int_equal(outside.asked, 2);
    assert_int_equal(outside.last_due_ns, UINT64_MAX);
    assert_int_equal(sim_now_ns(world.sim), 700);
    world_close(&world);
}

static void stopping_before_the_run_ends_it_at_once(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 2, 1);
    start_one(&world, idle_forever, world.sim, 0);
    sim_stop(world.sim, DONE);
    assert_int_equal(sim_run(world.sim), DONE);
    world_close(&world);
}

static void a_bad_configuration_is_refused(void **state)
{
    struct trace trace = {0};
    struct sim *sim = NULL;
    struct sim_config none = {.cpus = 0, .trace = &trace};
    struct sim_config many = {.cpus = SIM_CPUS_MAX + 1, .trace = &trace};

    (void)state;
    assert_int_equal(sim_create(&none, &sim), -EINVAL);
    assert_int_equal(sim_create(&many, &sim), -EINVAL);
    assert_null(sim);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_makes_the_same_choices),
        cmocka_unit_test(different_seeds_make_different_choices),
        cmocka_unit_test(one_cpu_and_all_thirty_two_run),
        cmocka_unit_test(events_fire_by_time_and_then_by_order_of_arming),
        cmocka_unit_test(many_events_keep_their_order_through_random_moves),
        cmocka_unit_test(nothing_to_run_and_no_event_is_a_stall),
        cmocka_unit_test(patience_ends_after_so_many_turns),
        cmocka_unit_test(patience_ends_after_so_much_time),
        cmocka_unit_test(patience_that_is_set_again_is_whole),
        cmocka_unit_test(two_cpus_stall_at_the_same_time),
        cmocka_unit_test(a_spinning_cpu_lets_the_one_it_waits_for_go_on),
        cmocka_unit_test(cpus_that_all_spin_without_an_event_are_a_deadlock),
        cmocka_unit_test(cpus_that_all_spin_wait_for_the_next_event),
        cmocka_unit_test(an_event_wakes_an_idle_cpu_and_its_hook_runs),
        cmocka_unit_test(the_outside_world_is_asked_before_time_jumps),
        cmocka_unit_test(stopping_before_the_run_ends_it_at_once),
        cmocka_unit_test(a_bad_configuration_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
