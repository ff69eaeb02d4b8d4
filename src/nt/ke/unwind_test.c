/* SPDX-License-Identifier: MIT */
#include "ke/trap_test.h"

#include "ke/bugcheck.h"

/* (function, a, b, c) calls function(a, b, c). */
GUEST_CODE(call_it, "subq $40, %rsp\nmovq %rcx, %rax\nmovq %rdx, %rcx\nmovq %r8, %rdx\n"
                    "movq %r9, %r8\ncallq *%rax\naddq $40, %rsp\nret");
static const uint8_t call_it_unwind[] = {1, 4, 1, 0, 4, 0x42, 0, 0}; /* sub rsp, 40 */
enum { CALL_IT_RETURN = 18 };

GUEST_CODE(save_and_call, "pushq %rbx\nsubq $32, %rsp\nmovl $5, %ebx\ncallq *%rcx\n"
                          "movl %ebx, %eax\n"
                          "addq $32, %rsp\npopq %rbx\nret");
static const uint8_t save_and_call_unwind[] = {1, 5, 2, 0, 5, 0x32, 1, 0x30};
enum { SAVE_AND_CALL_RETURN = 12 };

GUEST_CODE(trap_here, "movq %cr8, %rax\nud2\nret");

static struct ke_stack_frame frames[KE_STACK_FRAMES_MAX];
static unsigned frame_count;
static uint64_t nested_call;

static uint64_t add(struct guest *guest, const uint8_t *code, const uint8_t *end,
                    const uint8_t unwind[8])
{
    uint64_t va = guest_add(guest, code, (size_t)(end - code));
    guest_store(guest, GUEST_UNWIND_RVA + 64 * (guest->image.pdata_count - 1), unwind, 8);
    return va;
}

static uint64_t WEIR_MS_ABI look(void)
{
    frame_count = ke_stack_walk(ke_current(), NULL, frames, KE_STACK_FRAMES_MAX);
    return 0;
}

static uint64_t WEIR_MS_ABI look_nested(uint64_t call)
{
    return KE_CALL(call, nested_call, KE_ARG(ke_thunk((const void *)look, "look", 0)));
}

static void walk_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t call = add(&guest, call_it, call_it_end, call_it_unwind);
    uint64_t save = add(&guest, save_and_call, save_and_call_end, save_and_call_unwind);
    uint64_t thunk = KE_ARG(ke_thunk((const void *)look, "look", 0));
    KE_CALL(call, save, thunk);
    assert_int_equal(frame_count, 2);
    assert_int_equal(frames[0].rip_va, save + SAVE_AND_CALL_RETURN);
    assert_int_equal(frames[1].rip_va, call + CALL_IT_RETURN);
    assert_true(frames[1].rsp_va - frames[0].rsp_va == 48);
    assert_string_equal(frames[0].module->name, "guest.sys");
    nested_call = save;
    uint64_t nested = KE_ARG(ke_thunk((const void *)look_nested, "look_nested", 0));
    KE_CALL(call, call, nested, call);
    assert_int_equal(frame_count, 4);
    assert_int_equal(frames[0].rip_va, save + SAVE_AND_CALL_RETURN);
    for (unsigned i = 1; i < 4; i++)
        assert_int_equal(frames[i].rip_va, call + CALL_IT_RETURN);
    guest_close(&guest);
}

static void frames_lead_from_record_to_record(void **state)
{
    (void)state;
    RUN(1, 2, walk_body);
}

static uint64_t expected_stack[3];

static void bug_check_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t call = add(&guest, call_it, call_it_end, call_it_unwind);
    uint64_t save = add(&guest, save_and_call, save_and_call_end, save_and_call_unwind);
    uint64_t trap = GUEST_ADD(&guest, trap_here);
    expected_stack[0] = trap + 4;
    expected_stack[1] = save + SAVE_AND_CALL_RETURN;
    expected_stack[2] = call + CALL_IT_RETURN;
    KE_CALL(call, save, trap);
}

static void nowhere_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t call = add(&guest, call_it, call_it_end, call_it_unwind);
    uint64_t save = add(&guest, save_and_call, save_and_call_end, save_and_call_unwind);
    expected_stack[0] = 0x4ffff0000000;
    expected_stack[1] = save + SAVE_AND_CALL_RETURN;
    expected_stack[2] = call + CALL_IT_RETURN;
    KE_CALL(call, save, expected_stack[0]);
}

struct report {
    unsigned frames;
    uint64_t rip_va[8];
    uint64_t bug_check;
    uint64_t parameter1;
    uint64_t exception;
    uint64_t exception_va;
    uint64_t rbx;
    uint64_t rip;
};

static void read_report(struct world *world, struct report *report)
{
    struct trace_event event;
    memset(report, 0, sizeof(*report));
    while (trace_reader_next(&world->reader, &event) == 1) {
        if (event.type == TRACE_stack_frame && report->frames < 8)
            report->rip_va[report->frames++] = event.arg[1];
        if (event.type == TRACE_bug_check) {
            report->bug_check = event.arg[0];
            report->parameter1 = event.arg[1];
        }
        if (event.type == TRACE_exception) {
            report->exception = event.arg[0];
            report->exception_va = event.arg[1];
        }
        if (event.type == TRACE_registers && event.arg[0] == 0)
            report->rbx = event.arg[4];
        if (event.type == TRACE_registers && event.arg[0] == 4)
            report->rip = event.arg[1];
    }
}

static void die(void (*body)(struct world *), struct report *report)
{
    struct world world;
    world_open(&world, 1, 1);
    world_run(&world, body);
    assert_int_equal(world.stopped, KE_STOP_BUG_CHECK);
    read_report(&world, report);
    world_close(&world);
}

static void a_bug_check_shows_exception_registers_and_stack(void **state)
{
    struct report report;
    (void)state;
    die(bug_check_body, &report);
    assert_int_equal(report.bug_check, 0x7e);
    assert_int_equal(report.parameter1, 0xc000001d);
    assert_int_equal(report.exception, 0xc000001d);
    assert_int_equal(report.exception_va, expected_stack[0]);
    assert_int_equal(report.rbx, 5);
    assert_int_equal(report.rip, expected_stack[0]);
    assert_int_equal(report.frames, 3);
    assert_memory_equal(report.rip_va, expected_stack, sizeof(expected_stack));
}

static void a_jump_into_nowhere_shows_who_jumped(void **state)
{
    struct report report;
    (void)state;
    die(nowhere_body, &report);
    assert_int_equal(report.bug_check, 0x50);
    assert_int_equal(report.parameter1, expected_stack[0]);
    assert_int_equal(report.frames, 3);
    assert_memory_equal(report.rip_va, expected_stack, sizeof(expected_stack));
}

static uint64_t WEIR_MS_ABI give_up(void)
{
    ke_bug_check(0x1234, 1, 2, 3, 4);
}

static void own_call_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t save = add(&guest, save_and_call, save_and_call_end, save_and_call_unwind);
    expected_stack[0] = save + SAVE_AND_CALL_RETURN;
    KE_CALL(save, KE_ARG(ke_thunk((const void *)give_up, "give_up", 0)));
}

static void a_bug_check_in_a_call_of_ours_shows_the_call(void **state)
{
    struct report report;
    (void)state;
    die(own_call_body, &report);
    assert_int_equal(report.bug_check, 0x1234);
    assert_int_equal(report.parameter1, 1);
    assert_int_equal(report.frames, 1);
    assert_int_equal(report.rip_va[0], expected_stack[0]);
    assert_int_equal(report.rbx, 5);
}

static void modules_body(struct world *world WEIR_UNUSED)
{
    struct ke *ke = ke_current();
    const struct ke_module first = {
        .name = "a.sys", .base_va = 0x300000000000, .size_bytes = 0x2000};
    const struct ke_module second = {
        .name = "b.sys", .base_va = 0x300000010000, .size_bytes = 1};
    ke_module_add(ke, &first);
    ke_module_add(ke, &second);
    assert_string_equal(ke_module_of(ke, 0x300000001fff)->name, "a.sys");
    assert_string_equal(ke_module_of(ke, 0x300000010000)->name, "b.sys");
    assert_null(ke_module_of(ke, 0x300000002000));
    ke_module_remove(ke, first.base_va);
    assert_null(ke_module_of(ke, 0x300000000000));
    assert_string_equal(ke_module_of(ke, 0x300000010000)->name, "b.sys");
}

static void an_address_leads_to_its_module(void **state)
{
    (void)state;
    RUN(1, 1, modules_body);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_lead_from_record_to_record),
        cmocka_unit_test(a_bug_check_shows_exception_registers_and_stack),
        cmocka_unit_test(a_jump_into_nowhere_shows_who_jumped),
        cmocka_unit_test(a_bug_check_in_a_call_of_ours_shows_the_call),
        cmocka_unit_test(an_address_leads_to_its_module),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
