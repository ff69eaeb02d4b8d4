/* SPDX-License-Identifier: MIT */
/* Guest code here is C of the Microsoft convention: what matters is on which stack it runs. */
#include "sim/sim_test.h"

#include "sim/cross.h"

enum { DONE = 7, STACK = 0x6000 };

struct probe {
    struct sim *sim;
    struct sim_fiber *fiber;
    uint64_t thunk_va;
    uint64_t extra_top_va;
    uint64_t result;
    uint64_t seen[16];
    uint64_t entered;
    uint64_t left;
    uint64_t bonus; /* what the leave hook adds to the result */
};

static struct probe *probe_now;

typedef void probe_fn(struct probe *probe);
struct start {
    probe_fn *fn;
    struct probe *probe;
};

static void run_probe(void *ctx)
{
    struct start *start = ctx;

    start->fn(start->probe);
    sim_stop(start->probe->sim, DONE);
    abort();
}

static void with_probe(probe_fn *fn, struct probe *probe, struct world *world)
{
    struct start start = {fn, probe};
    struct sim_fiber *fiber;

    probe_now = probe;
    probe->sim = world->sim;
    assert_int_equal(sim_fiber_create(world->sim, "probe", run_probe, &start, 0, STACK, &fiber), 0);
    probe->fiber = fiber;
    sim_cpu_run_fiber(world->sim, 0, fiber);
    assert_int_equal(sim_run(world->sim), DONE);
}

WEIR_NOINLINE static uint64_t stack_here(void)
{
    return (uint64_t)__builtin_frame_address(0);
}

static uint64_t WEIR_MS_ABI guest_ten(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                                      uint64_t f, uint64_t g, uint64_t h, uint64_t i, uint64_t j)
{
    probe_now->seen[0] = stack_here();
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}

static void call_ten(struct probe *probe)
{
    const uint64_t args[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

    probe->result = sim_gate((uint64_t)guest_ten, 10, args, 0);
    probe->seen[1] = (uint64_t)sim_boundary_newest(probe->fiber);
}

static void a_gate_passes_ten_arguments_on_a_guest_stack(void **state)
{
    struct world world;
    struct probe probe = {0};
    uint64_t low;
    uint64_t top;

    (void)state;
    world_open(&world, 1, 1);
    with_probe(call_ten, &probe, &world);
    assert_int_equal(probe.result, 385);
    assert_true(sim_guest_stack_range(world.sim, probe.seen[0], &low, &top));
    assert_int_equal(top - low, STACK);
    assert_int_equal(probe.seen[1], 0);
    assert_false(sim_guest_stack_range(world.sim, (uint64_t)&low, &low, &top));
    world_close(&world);
}

static uint64_t WEIR_MS_ABI host_seven(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                                       uint64_t f, uint64_t g)
{
    probe_now->seen[2] = stack_here();
    probe_now->seen[3] = sim_boundary_newest(sim_fiber_current())->guest_rip;
    probe_now->seen[4] = sim_boundary_newest(sim_fiber_current())->previous->direction;
    return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f + 1000000 * g;
}

typedef uint64_t WEIR_MS_ABI seven_fn(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                      uint64_t);

static uint64_t WEIR_MS_ABI guest_calls_thunk(uint64_t thunk_va)
{
    probe_now->seen[0] = stack_here();
    return ((seven_fn *)thunk_va)(1, 2, 3, 4, 5, 6, 7) + 1;
}

static void enter_hook(void *ctx, uint32_t thunk, const uint64_t args[4],
                       struct sim_boundary *boundary)
{
    struct probe *probe = ctx;

    probe->entered += 1 + thunk;
    probe->seen[5] = args[3];
    assert_true(boundary == sim_boundary_newest(probe->fiber));
    assert_int_equal(boundary->direction, SIM_TO_HOST);
    /* Ruins what a hook may ruin. */
    __asm__ volatile("pxor %%xmm0, %%xmm0\n pxor %%xmm2, %%xmm2\n pxor %%xmm7, %%xmm7\n"
                     "pxor %%xmm15, %%xmm15" ::: "xmm0", "xmm2", "xmm7", "xmm15");
}

static uint64_t leave_hook(void *ctx, uint32_t thunk, uint64_t result)
{
    struct probe *probe = ctx;

    (void)thunk;
    probe->left = result;
    __asm__ volatile("pxor %%xmm0, %%xmm0\n pxor %%xmm9, %%xmm9" ::: "xmm0", "xmm9");
    return result + probe->bonus;
}

static void bind(struct probe *probe, const void *fn, unsigned stack_args)
{
    uint32_t thunk;

    assert_int_equal(sim_thunk_bind(probe->sim, fn, stack_args, &thunk), 0);
    probe->thunk_va = sim_thunk_va(probe->sim, thunk);
    assert_true(sim_is_guest_visible(probe->thunk_va));
    assert_ptr_equal(sim_thunk_host_fn(probe->sim, probe->thunk_va, NULL), fn);
    assert_null(sim_thunk_host_fn(probe->sim, probe->thunk_va + 1, NULL));
}

static void call_through_thunk(struct probe *probe)
{
    sim_thunks_set_hooks(probe->sim, enter_hook, leave_hook, probe);
    bind(probe, host_seven, 3);
    probe->result = sim_gate((uint64_t)guest_calls_thunk, 1, &probe->thunk_va, 0);
}

static void a_thunk_carries_stack_arguments_to_a_host_stack(void **state)
{
    struct world world;
    struct probe probe = {0};
    uint64_t low;
    uint64_t top;

    (void)state;
    world_open(&world, 1, 1);
    with_probe(call_through_thunk, &probe, &world);
    assert_int_equal(probe.result, 7654322);
    assert_int_equal(probe.left, 7654321);
    assert_int_equal(probe.entered, 1);
    assert_int_equal(probe.seen[5], 4);
    assert_int_equal(probe.seen[4], SIM_TO_GUEST);
    assert_true(sim_guest_stack_range(world.sim, probe.seen[0], &low, &top));
    assert_false(sim_guest_stack_range(world.sim, probe.seen[2], &low, &top));
    world_close(&world);
}

static void the_guest_finds_what_the_leave_hook_returns(void **state)
{
    struct world world;
    struct probe probe = {.bonus = 1000};

    (void)state;
    world_open(&world, 1, 1);
    with_probe(call_through_thunk, &probe, &world);
    assert_int_equal(probe.left, 7654321);
    assert_int_equal(probe.result, 7655322);
    world_close(&world);
}

static double WEIR_MS_ABI host_double(double a, double b, double c, double d)
{
    return a + 10 * b + 100 * c + 1000 * d;
}

typedef double WEIR_MS_ABI double_fn(double, double, double, double);

static uint64_t WEIR_MS_ABI guest_doubles(uint64_t thunk_va)
{
    return (uint64_t)((double_fn *)thunk_va)(1, 2, 3, 4);
}

static void call_doubles(struct probe *probe)
{
    sim_thunks_set_hooks(probe->sim, enter_hook, leave_hook, probe);
    bind(probe, host_double, 0);
    probe->result = sim_gate((uint64_t)guest_doubles, 1, &probe->thunk_va, 0);
}

static void floating_point_arguments_and_results_survive_the_hooks(void **state)
{
    struct world world;
    struct probe probe = {0};

    (void)state;
    world_open(&world, 1, 1);
    with_probe(call_doubles, &probe, &world);
    assert_int_equal(probe.result, 4321);
    world_close(&world);
}

/* uint64_t guest_keeps(thunk): 0 when all that a callee must keep was kept. Loads every
 * non-volatile register with a value of its own, calls, compares. */
__asm__(".text\n"
        "guest_keeps:\n"
        "  push %rbx; push %rbp; push %rsi; push %rdi; push %r12; push %r13; push %r14; push %r15\n"
        "  sub $0xc8, %rsp\n"
        "  mov $0x11, %ebx; mov $0x12, %ebp; mov $0x13, %esi; mov $0x14, %edi\n"
        "  mov $0x15, %r12d; mov $0x16, %r13d; mov $0x17, %r14d; mov $0x18, %r15d\n"
        "  movq %rbx, %xmm6; movq %rbp, %xmm7; movq %rsi, %xmm8\n"
        "  movq %rdi, %xmm9; movq %r12, %xmm10\n"
        "  movq %r13, %xmm11; movq %r14, %xmm12; movq %r15, %xmm13\n"
        "  movq %rbx, %xmm14; movq %rbp, %xmm15\n"
        "  call *%rcx\n"
        "  or %rdx, %rcx; or %r8, %rcx; or %r9, %rcx\n"
        "  or %r10, %rcx; or %r11, %rcx; mov %rcx, %rax\n"
        "  movq %xmm6, %rcx; xor %rbx, %rcx; or %rcx, %rax\n"
        "  movq %xmm7, %rcx; xor %rbp, %rcx; or %rcx, %rax\n"
        "  movq %xmm8, %rcx; xor %rsi, %rcx; or %rcx, %rax\n"
        "  movq %xmm9, %rcx; xor %rdi, %rcx; or %rcx, %rax\n"
        "  movq %xmm10, %rcx; xor %r12, %rcx; or %rcx, %rax\n"
        "  movq %xmm11, %rcx; xor %r13, %rcx; or %rcx, %rax\n"
        "  movq %xmm12, %rcx; xor %r14, %rcx; or %rcx, %rax\n"
        "  movq %xmm13, %rcx; xor %r15, %rcx; or %rcx, %rax\n"
        "  movq %xmm14, %rcx; xor $0x11, %rcx; or %rcx, %rax\n"
        "  movq %xmm15, %rcx; xor $0x12, %rcx; or %rcx, %rax\n"
        "  xor $0x11, %rbx; or %rbx, %rax; xor $0x12, %rbp\n"
        "  or %rbp, %rax; xor $0x13, %rsi; or %rsi, %rax\n"
        "  xor $0x14, %rdi; or %rdi, %rax; xor $0x15, %r12\n"
        "  or %r12, %rax; xor $0x16, %r13; or %r13, %rax\n"
        "  xor $0x17, %r14; or %r14, %rax; xor $0x18, %r15; or %r15, %rax\n"
        "  add $0xc8, %rsp\n"
        "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rdi; pop %rsi; pop %rbp; pop %rbx\n"
        "  ret\n");
uint64_t guest_keeps(uint64_t thunk_va);

static void WEIR_MS_ABI host_nothing(void)
{
}

static void call_keeps(struct probe *probe)
{
    sim_thunks_set_hooks(probe->sim, enter_hook, leave_hook, probe);
    bind(probe, host_nothing, 0);
    probe->result = sim_gate((uint64_t)guest_keeps, 1, &probe->thunk_va, 0);
}

static void a_thunk_keeps_all_non_volatile_registers_and_clears_the_others(void **state)
{
    struct world world;
    struct probe probe = {0};

    (void)state;
    world_open(&world, 1, 1);
    with_probe(call_keeps, &probe, &world);
    assert_int_equal(probe.result, 0);
    world_close(&world);
}

static uint64_t WEIR_MS_ABI guest_inner(uint64_t value)
{
    probe_now->seen[1] = stack_here();
    return value * 2;
}

static uint64_t WEIR_MS_ABI host_calls_back(uint64_t value)
{
    uint64_t low = sim_gate((uint64_t)guest_inner, 1, &value, 0);

    probe_now->seen[6] = probe_now->seen[1];
    return low + sim_gate((uint64_t)guest_inner, 1, &value, probe_now->extra_top_va);
}

typedef uint64_t WEIR_MS_ABI one_fn(uint64_t);

static uint64_t WEIR_MS_ABI guest_outer(uint64_t thunk_va)
{
    volatile uint64_t kept = 0x1234;
    uint64_t result = ((one_fn *)thunk_va)(21);

    probe_now->seen[0] = stack_here();
    return kept == 0x1234 ? result : 0;
}

static void call_nested(struct probe *probe)
{
    bind(probe, host_calls_back, 0);
    assert_int_equal(sim_guest_stack_create(probe->sim, STACK, &probe->extra_top_va), 0);
    probe->result = sim_gate((uint64_t)guest_outer, 1, &probe->thunk_va, 0);
}

static void a_nested_gate_goes_on_below_or_on_the_stack_it_is_given(void **state)
{
    struct world world;
    struct probe probe = {0};
    uint64_t low;
    uint64_t top;

    (void)state;
    world_open(&world, 1, 1);
    with_probe(call_nested, &probe, &world);
    assert_int_equal(probe.result, 84);
    assert_true(probe.seen[6] < probe.seen[0]);
    assert_true(probe.seen[0] - probe.seen[6] < 1024);
    assert_true(sim_guest_stack_range(world.sim, probe.seen[1], &low, &top));
    assert_int_equal(top, probe.extra_top_va);
    world_close(&world);
}

static uint64_t WEIR_MS_ABI guest_return_address(void)
{
    return (uint64_t)__builtin_return_address(0);
}

static void call_return_address(struct probe *probe)
{
    probe->result = sim_gate((uint64_t)guest_return_address, 0, NULL, 0);
}

static void guest_frames_end_at_an_address_that_guests_may_see(void **state)
{
    struct world world;
    struct probe probe = {0};

    (void)state;
    world_open(&world, 1, 1);
    with_probe(call_return_address, &probe, &world);
    assert_true(sim_is_guest_visible(probe.result));
    assert_int_equal(probe.result, sim_gate_return_va(world.sim));
    world_close(&world);
}

static void too_many_stack_arguments_are_refused(void **state)
{
    struct world world;
    uint32_t thunk;

    (void)state;
    world_open(&world, 1, 1);
    assert_int_equal(
        sim_thunk_bind(world.sim, host_nothing, SIM_THUNK_STACK_ARGS_MAX + 1, &thunk), -EINVAL);
    for (unsigned i = 0; i < SIM_THUNKS_MAX; i++)
        assert_int_equal(sim_thunk_bind(world.sim, host_nothing, 0, &thunk), 0);
    assert_int_equal(sim_thunk_bind(world.sim, host_nothing, 0, &thunk), -ENOSPC);
    world_close(&world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gate_passes_ten_arguments_on_a_guest_stack),
        cmocka_unit_test(a_thunk_carries_stack_arguments_to_a_host_stack),
        cmocka_unit_test(the_guest_finds_what_the_leave_hook_returns),
        cmocka_unit_test(floating_point_arguments_and_results_survive_the_hooks),
        cmocka_unit_test(a_thunk_keeps_all_non_volatile_registers_and_clears_the_others),
        cmocka_unit_test(a_nested_gate_goes_on_below_or_on_the_stack_it_is_given),
        cmocka_unit_test(guest_frames_end_at_an_address_that_guests_may_see),
        cmocka_unit_test(too_many_stack_arguments_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
