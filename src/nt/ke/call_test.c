/* SPDX-License-Identifier: MIT */
/* Guest code here is a few bytes of machine code in a page that guest code can see. */
#include "ke/ke_test.h"

#include "host/host.h"

static uint8_t *code_page(struct world *world)
{
    uint64_t va;

    assert_int_equal(sim_space_reserve(world->sim, false, 4096, 4096, &va), 0);
    assert_int_equal(host_map_at(va, -1, 0, 4096, HOST_READ | HOST_WRITE | HOST_EXECUTE), 0);
    return (uint8_t *)va;
}

static void drop_page(struct world *world, uint8_t *page)
{
    host_unmap(page, 4096);
    sim_space_release(world->sim, (uint64_t)page);
}

/* lea rax, [rcx + rdx*2]; add rax, [rsp+28h]; ret */
static const uint8_t add_up[] = {0x48, 0x8d, 0x04, 0x51, 0x48, 0x03, 0x44, 0x24, 0x28, 0xc3};
/* mov rax, rsp; ret */
static const uint8_t tell_rsp[] = {0x48, 0x89, 0xe0, 0xc3};

/* sub rsp, 28h; mov rax, target; call rax; add rsp, 28h; ret */
static void write_caller(uint8_t *code, const void *target)
{
    memcpy(code, "\x48\x83\xec\x28\x48\xb8", 6);
    memcpy(code + 6, &target, 8);
    memcpy(code + 14, "\xff\xd0\x48\x83\xc4\x28\xc3", 7);
}

static uint64_t NTAPI sum_of_six(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                                 uint64_t f)
{
    return a + b + c + d + e + f;
}

static void calls(struct world *world)
{
    uint8_t *page = code_page(world);
    void *thunk = ke_thunk((const void *)sum_of_six, "SumOfSix", 2);

    memcpy(page, add_up, sizeof add_up);
    assert_int_equal(KE_CALL(page, 1, 2, 0, 0, 100), 105);
    assert_int_equal(KE_CALL(sum_of_six, 1, 2, 3, 4, 5, 6), 21);
    assert_true(sim_is_guest_visible((uint64_t)thunk));
    assert_ptr_equal(ke_thunk((const void *)sum_of_six, "SumOfSix", 2), thunk);
    assert_int_equal(KE_CALL(thunk, 1, 2, 3, 4, 5, 7), 22);
    drop_page(world, page);
}

static void a_call_reaches_guest_code_thunks_and_our_own_functions(void **state)
{
    struct world world;

    (void)state;
    world_live(&world, 1, 1, calls);
    assert_int_equal(world.stopped, KE_STOP_DONE);
    assert_int_equal(world.events[TRACE_guest_enter], 1);
    assert_int_equal(world.events[TRACE_guest_leave], 1);
}

static uint64_t caller_seen;

static void NTAPI note_caller(void)
{
    caller_seen = ke_caller_va();
}

static void callers(struct world *world)
{
    uint8_t *page = code_page(world);

    assert_int_equal(ke_caller_va(), 0);
    write_caller(page, ke_thunk((const void *)note_caller, "NoteCaller", 0));
    KE_CALL(page);
    assert_int_equal(caller_seen, (uint64_t)page + 16);
    note_caller();
    assert_int_equal(caller_seen, 0);
    drop_page(world, page);
}

static void the_caller_of_an_import_is_known_inside_it(void **state)
{
    (void)state;
    RUN(1, 1, callers);
}

static void NTAPI raise_and_forget(void)
{
    KfRaiseIrql(DISPATCH_LEVEL);
}

static void change_irql(struct world *world)
{
    uint8_t *page = code_page(world);

    write_caller(page, ke_thunk((const void *)raise_and_forget, "RaiseAndForget", 0));
    KE_CALL(page);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    drop_page(world, page);
}

static void guest_code_that_returns_at_another_irql_is_a_finding(void **state)
{
    struct world world;

    (void)state;
    world_live(&world, 1, 1, change_irql);
    assert_int_equal(world.rules[VERIFY_callback_irql], 1);
    assert_int_equal(world.events[TRACE_irql_mismatch], 1);
    assert_int_equal(world.stopped, KE_STOP_DONE);
}

static uint8_t *rsp_code;
static uint64_t thread_rsp;
static uint64_t dpc_rsp;
static uint64_t isr_rsp;
static KEVENT done;
static KDPC dpc;

static void NTAPI ask_in_dpc(PKDPC self, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)self;
    (void)context;
    (void)argument1;
    (void)argument2;
    dpc_rsp = KE_CALL(rsp_code);
    KeSetEvent(&done, 0, FALSE);
}

static BOOLEAN NTAPI ask_in_isr(struct _KINTERRUPT *object, PVOID context)
{
    (void)object;
    (void)context;
    isr_rsp = KE_CALL(rsp_code);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    return TRUE;
}

static void stacks(struct world *world)
{
    struct ke_interrupt_config config = {
        .vector = 50,
        .irql = 5,
        .synchronize_irql = 5,
        .routine = (const void *)ask_in_isr,
    };
    struct ke_interrupt *interrupt;
    uint64_t top[3];
    uint64_t low;

    rsp_code = code_page(world);
    memcpy(rsp_code, tell_rsp, sizeof tell_rsp);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    KeInitializeDpc(&dpc, ask_in_dpc, NULL);
    assert_int_equal(ke_interrupt_connect(&config, &interrupt), STATUS_SUCCESS);
    ke_vector_pulse(world->ke, 50);
    wait_for(&done);
    thread_rsp = KE_CALL(rsp_code);
    assert_true(sim_guest_stack_range(world->sim, thread_rsp, &low, &top[0]));
    assert_int_equal(top[0] - low, 0x6000);
    assert_true(sim_guest_stack_range(world->sim, dpc_rsp, &low, &top[1]));
    assert_true(sim_guest_stack_range(world->sim, isr_rsp, &low, &top[2]));
    assert_int_not_equal(top[0], top[1]);
    assert_int_not_equal(top[1], top[2]);
    assert_int_not_equal(top[0], top[2]);
    ke_interrupt_disconnect(interrupt);
    drop_page(world, rsp_code);
}

static void threads_dpcs_and_interrupts_have_stacks_of_their_own(void **state)
{
    (void)state;
    RUN(1, 1, stacks);
}

static uint64_t inner_rsp;

static void NTAPI nest_in_dpc(void)
{
    inner_rsp = KE_CALL(rsp_code);
}

static void NTAPI outer_in_dpc(PKDPC self, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)self;
    (void)argument1;
    (void)argument2;
    dpc_rsp = KE_CALL(rsp_code);
    KE_CALL(context);
}

static void nested_in_dpc(struct world *world)
{
    uint8_t *page = code_page(world);
    uint64_t low;
    uint64_t top;

    rsp_code = page + 64;
    memcpy(rsp_code, tell_rsp, sizeof tell_rsp);
    write_caller(page, ke_thunk((const void *)nest_in_dpc, "NestInDpc", 0));
    KeInitializeDpc(&dpc, outer_in_dpc, page);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_true(sim_guest_stack_range(world->sim, inner_rsp, &low, &top));
    assert_in_range(dpc_rsp, low, top);
    assert_true(inner_rsp < dpc_rsp);
    drop_page(world, page);
}

static void a_call_back_from_a_dpc_goes_on_below_on_its_stack(void **state)
{
    (void)state;
    RUN(1, 1, nested_in_dpc);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_reaches_guest_code_thunks_and_our_own_functions),
        cmocka_unit_test(the_caller_of_an_import_is_known_inside_it),
        cmocka_unit_test(guest_code_that_returns_at_another_irql_is_a_finding),
        cmocka_unit_test(threads_dpcs_and_interrupts_have_stacks_of_their_own),
        cmocka_unit_test(a_call_back_from_a_dpc_goes_on_below_on_its_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
