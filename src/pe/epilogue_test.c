/* SPDX-License-Identifier: MIT */
#include "pe/pe_test.h"
#include "pe/epilogue.h"

struct fixture {
    struct pe_build      build;
    struct pe_image      image;
    uint8_t              mapped[PE_BUILD_IMAGE_BYTES];
    struct pe_image_view view;
    struct pe_function   function;
};

/* Puts code at the end of a function whose frame register is frame_register, 0 for none. */
static void build_function(struct fixture *fixture, const void *code, size_t count,
                           uint8_t frame_register)
{
    uint8_t info[8] = { 1, 0, 0, frame_register };
    uint32_t begin = PE_BUILD_FREE_CODE_RVA;

    memset(fixture, 0, sizeof(*fixture));
    pe_build(&fixture->build, NULL);
    pe_build_put_bytes(&fixture->build, pe_build_offset(begin), code, count);
    pe_build_function(&fixture->build, begin, begin + (uint32_t)count, info, sizeof(info));
    must_parse(&fixture->build, &fixture->image);
    pe_map(&fixture->image, fixture->mapped);
    pe_view_init(&fixture->view, &fixture->image, fixture->mapped, PE_BUILD_IMAGE_BASE);
    assert_true(pe_function_find(&fixture->view, begin, &fixture->function));
}

static bool find_at(const struct fixture *fixture, uint32_t offset, struct epilogue *out)
{
    struct unwind_info info;

    assert_true(pe_function_info(&fixture->view, &fixture->function, &info));
    return epilogue_find(&fixture->view, &fixture->function, &info,
                         PE_BUILD_FREE_CODE_RVA + offset, out);
}

static bool is_epilogue(const void *code, size_t count, uint8_t frame_register)
{
    static struct fixture fixture;
    struct epilogue epilogue;

    build_function(&fixture, code, count, frame_register);
    return find_at(&fixture, 0, &epilogue);
}

static void an_epilogue_is_recognised_from_each_of_its_instructions(void **state)
{
    /* nop; add rsp, 28h; pop r12; pop rbx; ret */
    static const uint8_t code[] = { 0x90, 0x48, 0x83, 0xC4, 0x28, 0x41, 0x5C, 0x5B, 0xC3 };
    static struct fixture fixture;
    struct epilogue epilogue;

    (void)state;
    build_function(&fixture, code, sizeof(code), 0);
    assert_false(find_at(&fixture, 0, &epilogue));
    assert_true(find_at(&fixture, 1, &epilogue));
    assert_int_equal(epilogue.stack_bytes, 0x28);
    assert_int_equal(epilogue.pop_count, 2);
    assert_int_equal(epilogue.pops[0], PE_R12);
    assert_int_equal(epilogue.pops[1], PE_RBX);
    assert_true(find_at(&fixture, 5, &epilogue));
    assert_int_equal(epilogue.stack_bytes, 0);
    assert_true(find_at(&fixture, 7, &epilogue));
    assert_int_equal(epilogue.pop_count, 1);
    assert_true(find_at(&fixture, 8, &epilogue));
    assert_int_equal(epilogue.pop_count, 0);
}

static void a_large_frame_is_released_by_a_32_bit_constant(void **state)
{
    static const uint8_t code[] = { 0x48, 0x81, 0xC4, 0x00, 0x10, 0x02, 0x00, 0xC3 };
    static struct fixture fixture;
    struct epilogue epilogue;

    (void)state;
    build_function(&fixture, code, sizeof(code), 0);
    assert_true(find_at(&fixture, 0, &epilogue));
    assert_int_equal(epilogue.stack_bytes, 0x21000);
}

static void a_frame_register_may_release_the_stack_by_lea(void **state)
{
    static const uint8_t rbp[] = { 0x48, 0x8D, 0x65, 0x10, 0x5D, 0xC3 };
    static const uint8_t r13[] = { 0x49, 0x8D, 0xA5, 0x00, 0x01, 0x00, 0x00, 0xC3 };
    static const uint8_t r12[] = { 0x49, 0x8D, 0x64, 0x24, 0xF0, 0xC3 };
    static const uint8_t rbx[] = { 0x48, 0x8D, 0x23, 0xC3 };
    static struct fixture fixture;
    struct epilogue epilogue;

    (void)state;
    build_function(&fixture, rbp, sizeof(rbp), PE_RBP);
    assert_true(find_at(&fixture, 0, &epilogue));
    assert_true(epilogue.from_frame);
    assert_int_equal(epilogue.stack_bytes, 0x10);
    assert_true(is_epilogue(r13, sizeof(r13), PE_R13));
    build_function(&fixture, r12, sizeof(r12), PE_R12);
    assert_true(find_at(&fixture, 0, &epilogue));
    assert_int_equal(epilogue.stack_bytes, -16);
    assert_true(is_epilogue(rbx, sizeof(rbx), PE_RBX));
    assert_false(is_epilogue(rbp, sizeof(rbp), PE_RBX));
    assert_false(is_epilogue(rbp, sizeof(rbp), 0));
}

static void the_returns_and_tail_jumps_that_end_one_are_known(void **state)
{
    (void)state;
    assert_true(is_epilogue("\xF3\xC3", 2, 0));             /* rep ret */
    assert_true(is_epilogue("\xC2\x08\x00", 3, 0));         /* ret 8 */
    assert_true(is_epilogue("\xFF\x25\0\0\0\0", 6, 0));     /* jmp [rip] */
    assert_true(is_epilogue("\x48\xFF\x25\0\0\0\0", 7, 0)); /* the same with REX.W */
    assert_true(is_epilogue("\x48\xFF\xE0", 3, 0));         /* REX.W jmp rax */
    assert_false(is_epilogue("\xFF\xE0", 2, 0));            /* jmp rax: a jump table */
    assert_false(is_epilogue("\xFF\x50\x08", 3, 0));        /* call [rax+8] */
    assert_false(is_epilogue("\xF3\x90", 2, 0));            /* pause */
    assert_false(is_epilogue("\x5C\xC3", 2, 0));            /* pop rsp */
    assert_false(is_epilogue("\x5B", 1, 0));                /* the function ends before the ret */
    assert_false(is_epilogue("\x48\x83\xEC\x28\xC3", 5, 0)); /* sub rsp */
    assert_false(is_epilogue("\x83\xC4\x28\xC3", 4, 0));    /* add esp */
}

static void a_direct_jump_is_a_tail_call_only_to_the_start_of_a_function(void **state)
{
    (void)state;
    assert_true(is_epilogue("\xEB\xFE", 2, 0));             /* to its own first instruction */
    assert_false(is_epilogue("\xEB\x00\x90", 3, 0));        /* within the function */
    assert_true(is_epilogue("\xEB\x7F", 2, 0));             /* to code without unwind data */
    assert_true(is_epilogue("\xE9\xFB\xFA\xFF\xFF", 5, 0)); /* to another function */
    assert_true(is_epilogue("\xE9\x00\x00\x00\x70", 5, 0)); /* out of the image */
    assert_false(is_epilogue("\xE9\x01\xFF\xFF\xFF", 5, 0)); /* into another function's body */
}

static void a_jump_to_another_part_of_the_same_function_is_no_tail_call(void **state)
{
    static struct fixture fixture;
    struct epilogue epilogue;

    (void)state;
    build_function(&fixture, "\x90", 1, 0);
    fixture.mapped[PE_BUILD_CHAINED_RVA] = 0xEB;
    fixture.mapped[PE_BUILD_CHAINED_RVA + 1] = 0xE4; /* to PE_BUILD_FRAMED_RVA + 6 */
    assert_true(pe_function_find(&fixture.view, PE_BUILD_CHAINED_RVA, &fixture.function));
    assert_false(find_at(&fixture, PE_BUILD_CHAINED_RVA - PE_BUILD_FREE_CODE_RVA, &epilogue));
    fixture.mapped[PE_BUILD_CHAINED_RVA + 1] = 0xDE; /* to PE_BUILD_FRAMED_RVA itself */
    assert_true(find_at(&fixture, PE_BUILD_CHAINED_RVA - PE_BUILD_FREE_CODE_RVA, &epilogue));
}

static void more_pops_than_there_are_registers_are_no_epilogue(void **state)
{
    uint8_t code[EPILOGUE_MAX_POPS + 2];

    (void)state;
    memset(code, 0x5B, sizeof(code));
    code[sizeof(code) - 1] = 0xC3;
    assert_false(is_epilogue(code, sizeof(code), 0));
    assert_true(is_epilogue(code + 1, sizeof(code) - 1, 0));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epilogue_is_recognised_from_each_of_its_instructions),
        cmocka_unit_test(a_large_frame_is_released_by_a_32_bit_constant),
        cmocka_unit_test(a_frame_register_may_release_the_stack_by_lea),
        cmocka_unit_test(the_returns_and_tail_jumps_that_end_one_are_known),
        cmocka_unit_test(a_direct_jump_is_a_tail_call_only_to_the_start_of_a_function),
        cmocka_unit_test(a_jump_to_another_part_of_the_same_function_is_no_tail_call),
        cmocka_unit_test(more_pops_than_there_are_registers_are_no_epilogue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
