/* SPDX-License-Identifier: MIT */
#include "ke/trap_test.h"

#include "wdk/wdm_cpu.h"

enum { CALLS = 3 * KE_PATCH_AFTER };

static uint64_t sites(struct world *world)
{
    world_drain(world);
    return world->events[TRACE_site_patched];
}

/* ---- What is displaced ----------------------------------------------------------------------- */

/* Short instructions in a row, each of which traps. */
GUEST_CODE(three_loads, "movl (%rcx), %eax\nmovl 4(%rcx), %edx\naddl %edx, %eax\n"
                        "movl 8(%rcx), %edx\naddl %edx, %eax\nret");
GUEST_CODE(load_and_branch, "1: movl (%rcx), %eax\ntestl %eax, %eax\njz 2f\nmovl $1, %eax\nret\n"
                            "2: movl $2, %eax\nret");
GUEST_CODE(load_and_loop, "xorl %r8d, %r8d\n1: movl (%rcx), %eax\naddl %eax, %r8d\ndecl %edx\n"
                          "jnz 1b\nmovl %r8d, %eax\nret");
GUEST_CODE(load_and_return, "movl (%rcx), %eax\nret\nnop\nnop");
GUEST_CODE(load_and_relative, "movl (%rcx), %edx\naddl 1f(%rip), %edx\nmovl %edx, %eax\nret\n"
                              "1: .long 0x1000");
GUEST_CODE(load_and_jump, "movl (%rcx), %eax\njmp 1f\nint3\nint3\n1: incl %eax\nret");
GUEST_CODE(raise_irql, "movl $2, %ecx\nmovq %cr8, %rax\nmovq %rcx, %cr8\nmovq %cr8, %rdx\n"
                       "movq %rax, %cr8\nmovl %edx, %eax\nret");
GUEST_CODE(shared_time, "movabsq 0xfffff78000000008, %rax\nret");
GUEST_CODE(shared_tick, "movabsq $0xfffff78000000320, %rcx\nmovq (%rcx), %rax\nnop\nnop\nret");

static void displaced_body(struct world *world)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t loads = GUEST_ADD(&guest, three_loads);
    uint64_t branch = GUEST_ADD(&guest, load_and_branch);
    uint64_t loop = GUEST_ADD(&guest, load_and_loop);
    uint64_t leave = GUEST_ADD(&guest, load_and_return);
    uint64_t relative = GUEST_ADD(&guest, load_and_relative);
    uint64_t jump = GUEST_ADD(&guest, load_and_jump);
    uint64_t raise = GUEST_ADD(&guest, raise_irql);
    uint64_t shared = GUEST_ADD(&guest, shared_time);
    uint64_t tick = GUEST_ADD(&guest, shared_tick);
    uint64_t device = guest.device_va;
    for (unsigned i = 0; i < CALLS; i++) {
        uint32_t values[3] = {i, 10 * i, 100 * i};
        memcpy(guest.device, values, sizeof(values));
        assert_int_equal(KE_CALL(loads, device), 111 * i);
        assert_int_equal(KE_CALL(branch, device), i == 0 ? 2 : 1);
        assert_int_equal(KE_CALL(loop, device, 7), 7 * i);
        assert_int_equal(KE_CALL(leave, device), i);
        assert_int_equal(KE_CALL(relative, device), 0x1000 + i);
        assert_int_equal(KE_CALL(jump, device), i + 1);
        assert_int_equal(KE_CALL(raise), DISPATCH_LEVEL);
        assert_int_equal(ke_irql(), 0);
        assert_int_equal(KE_CALL(shared), KeQueryInterruptTime());
        assert_true(KE_CALL(tick) <= 1);
    }
    /* One each; the loads' second site is a slot of the first, and `ret` may follow a jump's
     * room. */
    assert_true(sites(world) >= 9);
    guest_close(&guest);
}

static void displaced_instructions_do_what_they_did(void **state)
{
    (void)state;
    RUN(1, 1, displaced_body);
    RUN(3, 4, displaced_body);
}

/* ---- What is refused ------------------------------------------------------------------------- */

GUEST_CODE(branch_inside, "testl %edx, %edx\njnz 1f\nmovl (%rcx), %eax\n1: addl $1, %eax\nret");
GUEST_CODE(call_inside, "subq $40, %rsp\nmovl (%rcx), %eax\ncall 1f\naddq $40, %rsp\nret\n"
                        "1: ret");
GUEST_CODE(too_short, "movl (%rcx), %eax\nret");
GUEST_CODE(jump_table, "movl (%rcx), %eax\nnop\nnop\nnop\nleaq 1f(%rip), %r8\njmpq *%r8\n1: ret");
GUEST_CODE(named_inside, "movl (%rcx), %eax\nincl %eax\nnop\nnop\nret");

static bool is_refused(struct world *world, struct guest *guest, uint64_t code)
{
    uint64_t before = sites(world);
    for (unsigned i = 0; i < CALLS; i++)
        KE_CALL(code, guest->device_va);
    return sites(world) == before;
}

static void refused_body(struct world *world)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t branch = GUEST_ADD(&guest, branch_inside);
    uint64_t call = GUEST_ADD(&guest, call_inside);
    uint64_t brief = GUEST_ADD(&guest, too_short);
    uint64_t table = GUEST_ADD(&guest, jump_table);
    uint64_t named = GUEST_ADD(&guest, named_inside);
    uint32_t handler_rva = (uint32_t)(named - guest.base_va) + 2;
    guest_store(&guest, 0x4ffc, &handler_rva, sizeof(handler_rva));
    assert_true(is_refused(world, &guest, branch));
    assert_true(is_refused(world, &guest, call));
    assert_true(is_refused(world, &guest, brief));
    assert_true(is_refused(world, &guest, table));
    assert_true(is_refused(world, &guest, named));
    guest_close(&guest);
}

static void what_cannot_be_proved_stays_a_trap(void **state)
{
    (void)state;
    RUN(1, 1, refused_body);
}

static void leaf_body(struct world *world)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t leaf = GUEST_ADD(&guest, load_and_branch);
    guest.image.pdata_count = 0;
    assert_true(is_refused(world, &guest, leaf));
    guest_close(&guest);
}

static void code_without_unwind_data_is_left_alone(void **state)
{
    (void)state;
    RUN(1, 1, leaf_body);
}

static void changed_body(struct world *world)
{
    static const uint8_t sub[] = {0x29, 0xc0}; /* sub %eax, %eax instead of test */
    struct guest guest;
    guest_open(&guest);
    uint64_t code = GUEST_ADD(&guest, load_and_branch);
    memcpy((void *)(code + 2), sub, sizeof(sub));
    assert_true(is_refused(world, &guest, code));
    guest_close(&guest);
}

static void code_that_the_driver_changed_is_left_alone(void **state)
{
    (void)state;
    RUN(1, 1, changed_body);
}

/* ---- The same for the driver ----------------------------------------------------------------- */

GUEST_CODE(load_often, "1: movl (%rcx), %eax\nmovl 4(%rcx), %eax\ndecl %edx\njnz 1b\nret");

struct other {
    struct guest *guest;
    uint64_t code;
    bool done;
};

static void other_thread(void *ctx)
{
    struct other *other = ctx;
    KE_CALL(other->code, other->guest->device_va, 500);
    other->done = true;
}

/* Several CPUs run through the same site while it is rewritten, some of them inside it. */
static void shared_site_body(struct world *world)
{
    struct guest guest;
    struct other others[4];
    struct ke_thread *threads[4];
    guest_open(&guest);
    uint64_t code = GUEST_ADD(&guest, load_often);
    for (unsigned i = 0; i < 4; i++) {
        others[i] = (struct other){.guest = &guest, .code = code};
        assert_int_equal(
            ke_thread_start(ke_current(), "other", other_thread, &others[i], &threads[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        ke_thread_join(threads[i]);
        assert_true(others[i].done);
    }
    assert_int_equal(guest.reads, 4 * 500 * 2);
    assert_int_equal(sites(world), 1);
    guest_close(&guest);
}

static void a_site_may_be_rewritten_under_everybody(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++)
        RUN(seed, 4, shared_site_body);
}

GUEST_CODE(load_then_fault, "movl (%rcx), %eax\nmovl (%rdx), %eax\nnop\nret");

static uint64_t second_va;

static void fault_in_slot_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t code = GUEST_ADD(&guest, load_then_fault);
    for (unsigned i = 0; i < CALLS; i++)
        KE_CALL(code, guest.device_va, guest.device_va);
    second_va = code + 2;
    KE_CALL(code, guest.device_va, 0x4ffff0000000u);
}

static void last_stack(struct world *world, uint64_t *rip_va)
{
    struct trace_event event;
    while (trace_reader_next(&world->reader, &event) == 1) {
        if (event.type == TRACE_bug_check)
            *rip_va = event.arg[5];
    }
}

static void reports_name_the_address_in_the_image(void **state)
{
    struct world world;
    uint64_t rip_va = 0;
    (void)state;
    world_open(&world, 1, 1);
    world_run(&world, fault_in_slot_body);
    assert_int_equal(world.stopped, KE_STOP_BUG_CHECK);
    last_stack(&world, &rip_va);
    assert_int_equal(rip_va, second_va);
    world_close(&world);
}

/* A rewritten site reaches plain memory too, when the driver's pointer happens to lead there. */
static void plain_body(struct world *world)
{
    struct guest guest;
    uint64_t value = 0x1234;
    guest_open(&guest);
    uint64_t code = GUEST_ADD(&guest, load_and_branch);
    for (unsigned i = 0; i < CALLS; i++)
        KE_CALL(code, guest.device_va);
    assert_int_equal(sites(world), 1);
    memcpy((void *)guest.base_va, &value, sizeof(value));
    uint64_t before_ns = ke_current()->trace->now_ns;
    assert_int_equal(KE_CALL(code, guest.base_va), 1);
    assert_int_equal(ke_current()->trace->now_ns, before_ns);
    guest_close(&guest);
}

static void a_rewritten_site_still_reaches_memory(void **state)
{
    (void)state;
    RUN(1, 1, plain_body);
}

static void reload_body(struct world *world)
{
    struct guest guest;
    for (unsigned i = 1; i <= 3; i++) {
        guest_open(&guest);
        uint64_t code = GUEST_ADD(&guest, load_and_branch);
        for (unsigned call = 0; call < CALLS; call++)
            KE_CALL(code, guest.device_va);
        assert_int_equal(sites(world), i);
        guest_close(&guest);
    }
}

static void a_module_takes_its_stubs_along(void **state)
{
    (void)state;
    RUN(1, 1, reload_body);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(displaced_instructions_do_what_they_did),
        cmocka_unit_test(what_cannot_be_proved_stays_a_trap),
        cmocka_unit_test(code_without_unwind_data_is_left_alone),
        cmocka_unit_test(code_that_the_driver_changed_is_left_alone),
        cmocka_unit_test(a_site_may_be_rewritten_under_everybody),
        cmocka_unit_test(reports_name_the_address_in_the_image),
        cmocka_unit_test(a_rewritten_site_still_reaches_memory),
        cmocka_unit_test(a_module_takes_its_stubs_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
