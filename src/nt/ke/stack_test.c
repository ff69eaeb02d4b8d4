/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

#include "host/host.h"

/* mov [rcx], rsp; ret */
static const uint8_t store_rsp[] = {0x48, 0x89, 0x21, 0xc3};

static void expect_callouts_by_wait(PEXPAND_STACK_CALLOUT callout)
{
    uint64_t rsp = 0;
    KIRQL irql;

    assert_int_equal(KeExpandKernelStackAndCalloutEx(callout, &rsp, 0x12000, TRUE, NULL),
                     STATUS_INVALID_PARAMETER_3);
    assert_int_equal(KeExpandKernelStackAndCalloutEx(callout, &rsp, 0x8000, TRUE, NULL),
                     STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_int_equal(KeExpandKernelStackAndCalloutEx(callout, &rsp, 0x8000, TRUE, NULL),
                     STATUS_INVALID_PARAMETER_4);
    rsp = 0;
    assert_int_equal(KeExpandKernelStackAndCalloutEx(callout, &rsp, 0x8000, FALSE, NULL),
                     STATUS_SUCCESS);
    assert_true(rsp != 0);
    KeLowerIrql(irql);
}

static void expand(struct world *world)
{
    uint64_t page;
    uint64_t rsp = 0;
    uint64_t low;
    uint64_t top;

    assert_int_equal(sim_space_reserve(world->sim, false, 4096, 4096, &page), 0);
    assert_int_equal(host_map_at(page, -1, 0, 4096, HOST_READ | HOST_WRITE | HOST_EXECUTE), 0);
    memcpy((void *)page, store_rsp, sizeof store_rsp);
    KE_CALL(page, KE_ARG(&rsp));
    assert_true(sim_guest_stack_range(world->sim, rsp, &low, &top));
    assert_int_equal(top - low, 0x6000);
    assert_int_equal(
        KeExpandKernelStackAndCallout((PEXPAND_STACK_CALLOUT)page, &rsp, 0x10000), STATUS_SUCCESS);
    assert_false(rsp >= low && rsp < top);
    assert_false(sim_guest_stack_range(world->sim, rsp, &low, &top)); /* given back */
    assert_int_equal(
        KeExpandKernelStackAndCallout((PEXPAND_STACK_CALLOUT)page, &rsp, 0x12000),
        STATUS_INVALID_PARAMETER_3);
    expect_callouts_by_wait((PEXPAND_STACK_CALLOUT)page);
    host_unmap((void *)page, 4096);
    sim_space_release(world->sim, page);
}

static void a_callout_runs_on_a_larger_stack(void **state)
{
    (void)state;
    RUN(1, 1, expand);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_callout_runs_on_a_larger_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
