/* SPDX-License-Identifier: MIT */
/* These tests need real CPU time: half a second for the one that ends in a bug check, and a
 * little for the others. What they expect does not depend on how much. */
#include "ke/trap_test.h"
#include "ke/watchdog.h"

GUEST_CODE(wait_for_flag, "1: cmpl $0, (%rcx)\nje 1b\nmovl (%rcx), %eax\nret");
GUEST_CODE(spin_long, "movq $3000000000, %rax\n1: decq %rax\njnz 1b\nret");

static volatile uint32_t flag;

static void set_flag(void *ctx WEIR_UNUSED)
{
    flag = 7;
}

static void endless_body(struct world *world)
{
    struct guest guest;
    struct ke_thread *thread;
    guest_open(&guest);
    flag = 0;
    uint64_t code = GUEST_ADD(&guest, wait_for_flag);
    assert_int_equal(ke_thread_start(ke_current(), "setter", set_flag, NULL, &thread), 0);
    assert_int_equal(KE_CALL(code, KE_ARG(&flag)), 7);
    ke_thread_join(thread);
    world_drain(world);
    assert_true(world->events[TRACE_forced_yield] >= 1);
    guest_close(&guest);
}

static void an_endless_loop_at_passive_level_lets_others_run(void **state)
{
    (void)state;
    RUN(1, 1, endless_body);
}

static void NTAPI set_flag_dpc(PKDPC dpc WEIR_UNUSED, PVOID context WEIR_UNUSED,
                               PVOID a WEIR_UNUSED, PVOID b WEIR_UNUSED)
{
    flag = 8;
}

static void interrupt_body(struct world *world WEIR_UNUSED)
{
    static KTIMER timer;
    static KDPC dpc;
    struct guest guest;
    guest_open(&guest);
    flag = 0;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, set_flag_dpc, NULL);
    KeSetTimer(&timer, in_ms(2), &dpc);
    assert_int_equal(KE_CALL(GUEST_ADD(&guest, wait_for_flag), KE_ARG(&flag)), 8);
    guest_close(&guest);
}

static void time_moves_although_nobody_calls(void **state)
{
    (void)state;
    RUN(1, 1, interrupt_body);
}

static void raised_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t code = GUEST_ADD(&guest, spin_long);
    ke_irql_raise(DISPATCH_LEVEL);
    KE_CALL(code);
    KE_CALL(code);
    KE_CALL(code);
}

static void looping_at_dispatch_level_is_the_dpc_watchdogs_business(void **state)
{
    struct world world;
    (void)state;
    world_live(&world, 1, 2, raised_body);
    assert_int_equal(world.bug_check, 0x133);
    assert_int_equal(world.stopped, KE_STOP_BUG_CHECK);
    assert_int_equal(world.events[TRACE_forced_yield], 20);
}

static void silent_body(struct world *world)
{
    struct guest guest;
    guest_open(&guest);
    flag = 0;
    uint64_t code = GUEST_ADD(&guest, wait_for_flag);
    sim_set_patience(world->sim, 2 * KE_WATCHDOG_TURNS + 100, UINT64_MAX);
    KE_CALL(code, KE_ARG(&flag));
}

/* Two forced yields leave a hundred turns; the third takes them all. */
static void an_endless_loop_at_passive_level_wears_patience_out(void **state)
{
    struct world world;
    (void)state;
    world_live(&world, 1, 1, silent_body);
    assert_int_equal(world.stopped, SIM_STOPPED_BY_PATIENCE);
    assert_int_equal(world.bug_check, 0);
    assert_int_equal(world.events[TRACE_forced_yield], 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endless_loop_at_passive_level_lets_others_run),
        cmocka_unit_test(time_moves_although_nobody_calls),
        cmocka_unit_test(looping_at_dispatch_level_is_the_dpc_watchdogs_business),
        cmocka_unit_test(an_endless_loop_at_passive_level_wears_patience_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
