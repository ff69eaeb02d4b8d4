/* SPDX-License-Identifier: MIT */
#include "sim/sim_test.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/private.h"

enum { DONE = 7 };

struct pair {
    struct sim *sim;
    struct sim_fiber *a;
    struct sim_fiber *b;
    unsigned turns;
    unsigned control;
};

static void run_a(void *ctx)
{
    struct pair *pair = ctx;

    for (unsigned i = 0; i < 1000; i++) {
        pair->turns++;
        sim_cpu_run_fiber(pair->sim, 0, pair->b);
    }
    sim_stop(pair->sim, DONE);
}

static void run_b(void *ctx)
{
    struct pair *pair = ctx;
    unsigned rounding = 0x7f80; /* towards zero */

    __asm__ volatile("ldmxcsr %0" : : "m"(rounding));
    for (;;) {
        __asm__ volatile("stmxcsr %0" : "=m"(pair->control));
        pair->turns++;
        sim_cpu_run_fiber(pair->sim, 0, pair->a);
    }
}

static void fibers_hand_over_and_keep_their_control_words(void **state)
{
    struct world world;
    struct pair pair = {0};
    unsigned mine = 0;

    (void)state;
    world_open(&world, 1, 1);
    pair.sim = world.sim;
    assert_int_equal(sim_fiber_create(world.sim, "a", run_a, &pair, 0, 0, &pair.a), 0);
    assert_int_equal(sim_fiber_create(world.sim, "b", run_b, &pair, 0, 0, &pair.b), 0);
    sim_fiber_set_owner(pair.a, &pair);
    assert_ptr_equal(sim_fiber_owner(pair.a), &pair);
    sim_cpu_run_fiber(world.sim, 0, pair.a);
    assert_int_equal(sim_run(world.sim), DONE);
    assert_int_equal(pair.turns, 2000);
    assert_int_equal(pair.control & 0x6000, 0x6000);
    __asm__ volatile("stmxcsr %0" : "=m"(mine));
    assert_int_equal(mine & 0x6000, 0);
    assert_null(sim_fiber_current());
    world_close(&world);
}

struct dying {
    struct sim *sim;
    int (*mistake)(volatile char *block);
};

WEIR_NOINLINE static int read_past_end(volatile char *block)
{
    return block[16];
}

WEIR_NOINLINE static int recurse_without_end(volatile char *block)
{
    volatile char frame[4096];

    frame[0] = block[0];
    frame[1] = 1;
    return block[1] == 0 ? 0 : frame[0] + recurse_without_end(frame);
}

static void make_mistake(void *ctx)
{
    struct dying *dying = ctx;
    char *block = malloc(16);

    memset(block, 1, 16);
    _exit(dying->mistake(block) ? 0 : 1);
}

/* The exit status of a child whose fiber makes the mistake; what it says to stderr goes to text. */
static int die_on_fiber(int (*mistake)(volatile char *block), char *text, size_t size)
{
    int pipes[2];
    int status = 0;
    size_t length = 0;
    ssize_t count;
    pid_t child;

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    if (child == 0) {
        struct world world;
        struct dying dying = {0};
        struct sim_fiber *fiber;

        dup2(pipes[1], 2);
        world_open(&world, 1, 1);
        dying.sim = world.sim;
        dying.mistake = mistake;
        if (sim_fiber_create(world.sim, "dying", make_mistake, &dying, 0, 0, &fiber) != 0)
            _exit(2);
        sim_cpu_run_fiber(world.sim, 0, fiber);
        sim_run(world.sim);
        _exit(3);
    }
    close(pipes[1]);
    while (length + 1 < size && (count = read(pipes[0], text + length, size - 1 - length)) > 0)
        length += (size_t)count;
    text[length] = 0;
    close(pipes[0]);
    waitpid(child, &status, 0);
    return status;
}

static void the_address_sanitizer_sees_errors_on_a_fiber(void **state)
{
    static char text[65536];
    int status;

    (void)state;
    if (!SIM_ASAN)
        skip();
    status = die_on_fiber(read_past_end, text, sizeof text);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
    assert_non_null(strstr(text, "heap-buffer-overflow"));
    assert_non_null(strstr(text, "make_mistake"));
}

static void a_host_stack_that_overflows_meets_its_guard_page(void **state)
{
    static char text[65536];
    int status;

    (void)state;
    status = die_on_fiber(recurse_without_end, text, sizeof text);
    assert_true(WIFSIGNALED(status));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(fibers_hand_over_and_keep_their_control_words),
        cmocka_unit_test(the_address_sanitizer_sees_errors_on_a_fiber),
        cmocka_unit_test(a_host_stack_that_overflows_meets_its_guard_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
