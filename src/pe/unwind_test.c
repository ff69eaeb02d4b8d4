/* SPDX-License-Identifier: MIT */
#include "pe/pe_test.h"

#define BASE      UINT64_C(0x300000000000)
#define STACK     UINT64_C(0x300100000000) /* address of the first slot */

enum { SLOTS = 64, BEGIN = PE_BUILD_FREE_CODE_RVA, BODY = 0x40, LENGTH = 0x80 };

struct fixture {
    struct pe_build        build;
    struct pe_image        image;
    uint8_t                mapped[PE_BUILD_IMAGE_BYTES];
    struct pe_image_view   view;
    uint64_t               stack[SLOTS];
    struct pe_stack_reader reader;
    struct pe_context      context;
    struct pe_unwound      out;
};

static struct fixture fixture;

static bool read_slot(void *ctx, uint64_t address, uint64_t *out)
{
    const uint64_t *stack = ctx;

    if (address < STACK || address - STACK >= 8 * SLOTS || address % 8 != 0)
        return false;
    *out = stack[(address - STACK) / 8];
    return true;
}

/* Slot n of the stack holds 0x5000 + n; rsp is at the first one; register n holds 0x7000 + n. */
static void reset(void)
{
    memset(&fixture, 0, sizeof(fixture));
    pe_build(&fixture.build, NULL);
    for (uint64_t i = 0; i < SLOTS; i++)
        fixture.stack[i] = 0x5000 + i;
    for (uint64_t i = 0; i < PE_REGISTER_COUNT; i++)
        fixture.context.gpr[i] = 0x7000 + i;
    fixture.context.gpr[PE_RSP] = STACK;
    fixture.reader.read = read_slot;
    fixture.reader.ctx = fixture.stack;
}

static void map(void)
{
    must_parse(&fixture.build, &fixture.image);
    pe_map(&fixture.image, fixture.mapped);
    pe_view_init(&fixture.view, &fixture.image, fixture.mapped, BASE);
}

/* A function of no-operations whose prologue is described by info. */
static void given_function(const void *info, size_t count)
{
    reset();
    memset(fixture.build.bytes + pe_build_offset(BEGIN), 0x90, LENGTH);
    pe_build_function(&fixture.build, BEGIN, BEGIN + LENGTH, info, count);
    map();
}

static int unwind_rva(uint32_t rva)
{
    return pe_virtual_unwind(&fixture.view, BASE + rva, &fixture.context, &fixture.reader,
                             &fixture.out);
}

static int unwind_at(uint32_t offset)
{
    return unwind_rva(BEGIN + offset);
}

static void must_return_by_slot(uint32_t slot)
{
    assert_int_equal(fixture.context.rip, 0x5000 + slot);
    assert_int_equal(fixture.context.gpr[PE_RSP], STACK + 8 * (slot + 1));
}

static void a_leaf_function_returns_by_the_top_of_the_stack(void **state)
{
    (void)state;
    reset();
    map();
    assert_int_equal(unwind_at(0), 0);
    must_return_by_slot(0);
    assert_int_equal(fixture.out.handler_rva, 0);
    assert_int_equal(fixture.out.function.end_rva, 0);
    assert_int_equal(fixture.out.establisher_frame, STACK);
}

static void pushed_registers_are_popped_in_reverse(void **state)
{
    static const uint8_t info[] = { 1, 4, 3, 0, 4, 0xC0, 2, 0x50, 1, 0x30, 0, 0 };

    (void)state;
    given_function(info, sizeof(info));
    assert_int_equal(unwind_at(BODY), 0);
    assert_int_equal(fixture.context.gpr[PE_R12], 0x5000);
    assert_int_equal(fixture.context.gpr[PE_RBP], 0x5001);
    assert_int_equal(fixture.context.gpr[PE_RBX], 0x5002);
    assert_int_equal(fixture.context.gpr[PE_RSI], 0x7000 + PE_RSI);
    must_return_by_slot(3);
}

static void small_and_large_allocations_are_released(void **state)
{
    static const uint8_t small[] = { 1, 4, 1, 0, 4, 0x42, 0, 0 };
    static const uint8_t large[] = { 1, 7, 2, 0, 7, 0x01, 0x20, 0 };
    static const uint8_t huge[] = { 1, 7, 3, 0, 7, 0x11, 0x40, 0, 0, 0, 0, 0 };

    (void)state;
    given_function(small, sizeof(small));
    assert_int_equal(unwind_at(BODY), 0);
    must_return_by_slot(5);
    given_function(large, sizeof(large));
    assert_int_equal(unwind_at(BODY), 0);
    must_return_by_slot(32);
    given_function(huge, sizeof(huge));
    assert_int_equal(unwind_at(BODY), 0);
    must_return_by_slot(8);
}

static void a_frame_register_gives_the_stack_back_whatever_rsp_is(void **state)
{
    /* push rbp; sub rsp, 20h; lea rbp, [rsp+10h] */
    static const uint8_t info[] = { 1, 10, 3, 0x15, 10, 0x03, 5, 0x32, 1, 0x50, 0, 0 };

    (void)state;
    given_function(info, sizeof(info));
    fixture.context.gpr[PE_RSP] = 0xDEAD;
    fixture.context.gpr[PE_RBP] = STACK + 64 + 16;
    assert_int_equal(unwind_at(BODY), 0);
    assert_int_equal(fixture.out.establisher_frame, STACK + 64);
    assert_int_equal(fixture.context.gpr[PE_RBP], 0x5000 + 12);
    must_return_by_slot(13);
}

static void saved_registers_are_read_at_their_offset_from_the_frame(void **state)
{
    /* rsi at 2 * 8, rdi far at 24, xmm6 at 2 * 16, xmm7 far at 48; 64 bytes allocated */
    static const uint8_t info[] = { 1, 30, 11, 0,
                                    30, 0x79, 48, 0, 0, 0,
                                    25, 0x68, 2, 0,
                                    20, 0x75, 24, 0, 0, 0,
                                    10, 0x64, 2, 0,
                                    4, 0x72, 0, 0 };

    (void)state;
    given_function(info, sizeof(info));
    assert_int_equal(unwind_at(BODY), 0);
    assert_int_equal(fixture.context.gpr[PE_RSI], 0x5002);
    assert_int_equal(fixture.context.gpr[PE_RDI], 0x5003);
    assert_int_equal(fixture.context.xmm[6][0], 0x5004);
    assert_int_equal(fixture.context.xmm[6][1], 0x5005);
    assert_int_equal(fixture.context.xmm[7][0], 0x5006);
    assert_int_equal(fixture.context.xmm[7][1], 0x5007);
    must_return_by_slot(8);
}

static void a_machine_frame_gives_the_interrupted_state(void **state)
{
    static const uint8_t plain[] = { 1, 0, 1, 0, 0, 0x0A, 0, 0 };
    static const uint8_t with_code[] = { 1, 1, 2, 0, 1, 0x50, 0, 0x1A };

    (void)state;
    given_function(plain, sizeof(plain));
    assert_int_equal(unwind_at(BODY), 0);
    assert_true(fixture.out.machine_frame);
    assert_int_equal(fixture.context.rip, 0x5000);
    assert_int_equal(fixture.context.gpr[PE_RSP], 0x5003);
    given_function(with_code, sizeof(with_code));
    assert_int_equal(unwind_at(BODY), 0);
    assert_int_equal(fixture.context.gpr[PE_RBP], 0x5000);
    assert_int_equal(fixture.context.rip, 0x5002);
    assert_int_equal(fixture.context.gpr[PE_RSP], 0x5005);
}

static void within_the_prologue_only_what_has_run_is_undone(void **state)
{
    /* 0: push rbx; 1: push rbp; 2: sub rsp, 20h; 6: lea rbp, [rsp]; 11: body */
    static const uint8_t info[] = { 0x09, 11, 4, 0x05, 11, 0x03, 6, 0x32, 2, 0x50, 1, 0x30,
                                    0,    0x17, 0, 0 };
    static const struct {
        uint32_t offset;
        uint32_t return_slot;
    } steps[] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 6, 6 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        given_function(info, sizeof(info));
        assert_int_equal(unwind_at(steps[i].offset), 0);
        must_return_by_slot(steps[i].return_slot);
        assert_int_equal(fixture.out.establisher_frame, STACK);
        assert_int_equal(fixture.out.handler_rva, 0);
    }
    fixture.context.gpr[PE_RSP] = 0xDEAD;
    fixture.context.gpr[PE_RBP] = STACK;
    assert_int_equal(unwind_at(11), 0);
    must_return_by_slot(6);
    assert_int_equal(fixture.out.handler_rva, 0x1700);
}

static void a_handler_is_named_with_its_data_in_the_body_only(void **state)
{
    uint32_t info_rva;

    (void)state;
    reset();
    map();
    info_rva = pe_build_get32(&fixture.build, pe_build_offset(PE_BUILD_PDATA_RVA + 12 + 8));
    assert_int_equal(unwind_rva(PE_BUILD_FRAMED_RVA + 6), 0);
    assert_int_equal(fixture.out.handler_rva, PE_BUILD_HANDLER_RVA);
    assert_int_equal(fixture.out.handler_data_rva, info_rva + 12);
    assert_int_equal(fixture.out.handler_flags, PE_HANDLER_EXCEPTION | PE_HANDLER_UNWIND);
    must_return_by_slot(5);
    reset();
    map();
    assert_int_equal(unwind_rva(PE_BUILD_FRAMED_RVA + 1), 0);
    assert_int_equal(fixture.out.handler_rva, 0);
    must_return_by_slot(1);
}

static void an_epilogue_is_carried_on_from_where_it_was_interrupted(void **state)
{
    static const struct {
        uint32_t offset;
        uint32_t rbx_slot;
        uint32_t return_slot;
    } steps[] = { { 10, 4, 5 }, { 14, 0, 1 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        reset();
        map();
        assert_int_equal(unwind_rva(PE_BUILD_FRAMED_RVA + steps[i].offset), 0);
        assert_int_equal(fixture.context.gpr[PE_RBX], 0x5000 + steps[i].rbx_slot);
        must_return_by_slot(steps[i].return_slot);
        assert_int_equal(fixture.out.handler_rva, 0);
    }
    reset();
    map();
    assert_int_equal(unwind_rva(PE_BUILD_FRAMED_RVA + 15), 0);
    assert_int_equal(fixture.context.gpr[PE_RBX], 0x7000 + PE_RBX);
    must_return_by_slot(0);
}

static void an_epilogue_by_frame_register_ignores_rsp(void **state)
{
    static const uint8_t info[] = { 1, 10, 3, 0x15, 10, 0x03, 5, 0x32, 1, 0x50, 0, 0 };
    static const uint8_t epilogue[] = { 0x48, 0x8D, 0x65, 0x10, 0x5D, 0xC2, 0x10, 0x00 };

    (void)state;
    given_function(info, sizeof(info));
    memcpy(fixture.mapped + BEGIN + BODY, epilogue, sizeof(epilogue));
    fixture.context.gpr[PE_RSP] = 0xDEAD;
    fixture.context.gpr[PE_RBP] = STACK;
    assert_int_equal(unwind_at(BODY), 0);
    assert_int_equal(fixture.context.gpr[PE_RBP], 0x5002);
    assert_int_equal(fixture.context.rip, 0x5003);
    assert_int_equal(fixture.context.gpr[PE_RSP], STACK + 32 + 16);
}

static void a_chained_part_undoes_itself_and_then_the_whole_function(void **state)
{
    uint8_t info[] = { 0x21, 4, 1, 0, 4, 0x60, 0, 0, 0, 0x14, 0, 0, 0x10, 0x14, 0, 0, 0, 0, 0, 0 };
    uint32_t root;

    (void)state;
    reset();
    root = pe_build_get32(&fixture.build, pe_build_offset(PE_BUILD_PDATA_RVA + 12 + 8));
    info[16] = (uint8_t)root;
    info[17] = (uint8_t)(root >> 8);
    memset(fixture.build.bytes + pe_build_offset(BEGIN), 0x90, LENGTH);
    pe_build_function(&fixture.build, BEGIN, BEGIN + LENGTH, info, sizeof(info));
    map();
    assert_int_equal(unwind_at(BODY), 0);
    assert_int_equal(fixture.context.gpr[PE_RSI], 0x5000);
    assert_int_equal(fixture.context.gpr[PE_RBX], 0x5005);
    must_return_by_slot(6);
    assert_int_equal(fixture.out.handler_rva, PE_BUILD_HANDLER_RVA);
    assert_int_equal(fixture.out.handler_data_rva, root + 12);
    assert_int_equal(fixture.out.function.begin_rva, BEGIN);
}

static void version_2_epilogue_codes_do_not_disturb(void **state)
{
    static const uint8_t info[] = { 2, 4, 3, 0, 1, 0x16, 0, 0x06, 4, 0x42, 0, 0 };

    (void)state;
    given_function(info, sizeof(info));
    assert_int_equal(unwind_at(BODY), 0);
    must_return_by_slot(5);
}

static void an_instruction_outside_the_image_is_refused(void **state)
{
    (void)state;
    reset();
    map();
    assert_int_equal(pe_virtual_unwind(&fixture.view, BASE - 1, &fixture.context, &fixture.reader,
                                       &fixture.out), -EINVAL);
    assert_int_equal(pe_virtual_unwind(&fixture.view, BASE + PE_BUILD_IMAGE_BYTES,
                                       &fixture.context, &fixture.reader, &fixture.out), -EINVAL);
}

static void an_unreadable_stack_leaves_the_context_alone(void **state)
{
    static const uint8_t info[] = { 1, 4, 2, 0, 4, 0x60, 1, 0x30 };
    struct pe_context before;

    (void)state;
    given_function(info, sizeof(info));
    fixture.context.gpr[PE_RSP] = STACK + 8 * (SLOTS - 1);
    before = fixture.context;
    assert_int_equal(unwind_at(BODY), -EFAULT);
    assert_memory_equal(&before, &fixture.context, sizeof(before));
}

static void tables_overwritten_by_the_driver_are_refused(void **state)
{
    static const uint8_t info[] = { 1, 4, 1, 0, 4, 0x42, 0, 0 };
    uint32_t at;

    (void)state;
    given_function(info, sizeof(info));
    at = pe_build_get32(&fixture.build, pe_build_offset(PE_BUILD_PDATA_RVA + 36 + 8));
    memset(fixture.mapped + at, 0xFF, 8);
    assert_int_equal(unwind_at(BODY), -ENOEXEC);
    assert_int_equal(fixture.context.gpr[PE_RSP], STACK);
}

static void a_chain_that_leads_to_itself_is_refused(void **state)
{
    uint32_t info;

    (void)state;
    reset();
    map();
    info = pe_build_get32(&fixture.build, pe_build_offset(PE_BUILD_PDATA_RVA + 24 + 8));
    memcpy(fixture.mapped + info + 12, &info, sizeof(info));
    assert_int_equal(unwind_rva(PE_BUILD_CHAINED_RVA), -ENOEXEC);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leaf_function_returns_by_the_top_of_the_stack),
        cmocka_unit_test(pushed_registers_are_popped_in_reverse),
        cmocka_unit_test(small_and_large_allocations_are_released),
        cmocka_unit_test(a_frame_register_gives_the_stack_back_whatever_rsp_is),
        cmocka_unit_test(saved_registers_are_read_at_their_offset_from_the_frame),
        cmocka_unit_test(a_machine_frame_gives_the_interrupted_state),
        cmocka_unit_test(within_the_prologue_only_what_has_run_is_undone),
        cmocka_unit_test(a_handler_is_named_with_its_data_in_the_body_only),
        cmocka_unit_test(an_epilogue_is_carried_on_from_where_it_was_interrupted),
        cmocka_unit_test(an_epilogue_by_frame_register_ignores_rsp),
        cmocka_unit_test(a_chained_part_undoes_itself_and_then_the_whole_function),
        cmocka_unit_test(version_2_epilogue_codes_do_not_disturb),
        cmocka_unit_test(an_instruction_outside_the_image_is_refused),
        cmocka_unit_test(an_unreadable_stack_leaves_the_context_alone),
        cmocka_unit_test(tables_overwritten_by_the_driver_are_refused),
        cmocka_unit_test(a_chain_that_leads_to_itself_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
