/* SPDX-License-Identifier: MIT */
/* The Microsoft x64 calling convention at weir's boundary: abi.c as two compilers translate it
 * calls functions of every kind through thunks, and is called back through gates. What the DDK's
 * declarations come to is compared by tools/abi. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "machine/machine.h"
#include "trace/trace.h"

#include "abi.h"

enum { RING_RECORDS = 1 << 12, DRIVER_BYTES_MAX = 1 << 20 };

/* ---- Functions of each kind ------------------------------------------------------------------ */

static double ABI mixed(double a, int b, float c, long long d, double e, short f, float g)
{
    return a + b + (double)c + (double)d + e + f + (double)g;
}

static float ABI integers_first(long long a, float b, int c, double d, float e)
{
    return (float)((double)a + (double)b + c + d + (double)e);
}

static double ABI doubles(double a, double b, double c, double d, double e, double f)
{
    return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
}

static struct abi_1 ABI one(struct abi_1 a, struct abi_1 b)
{
    return (struct abi_1){(signed char)(a.a + b.a)};
}

static struct abi_2 ABI two(struct abi_2 a)
{
    return (struct abi_2){a.b, a.a};
}

static struct abi_3 ABI three(int first, struct abi_3 a)
{
    struct abi_3 turned = {a.c, a.b, (char)(first + a.a)};

    a = (struct abi_3){0};
    return turned;
}

static struct abi_4 ABI four(struct abi_4 a, struct abi_4 b, struct abi_4 c, struct abi_4 d,
                             struct abi_4 e)
{
    return (struct abi_4){(short)(a.a * 10000 + b.a * 1000 + c.a * 100 + d.a * 10 + e.a),
                          (short)(a.b + b.b + c.b + d.b + e.b)};
}

static struct abi_8 ABI eight(struct abi_8 a, double b)
{
    return (struct abi_8){(float)((double)a.a + b), -a.b};
}

static struct abi_12 ABI twelve(struct abi_12 a, struct abi_12 b, int c, int d, struct abi_12 e)
{
    struct abi_12 sum = {a.a + b.a + c + e.a, a.b + b.b + d + e.b, a.c + b.c + e.c};

    a = b = e = (struct abi_12){0};
    return sum;
}

static struct abi_40 ABI forty(struct abi_40 a, float b, struct abi_40 c, int d, double e)
{
    struct abi_40 sum = {a.a + c.a + e, {a.b[0] + c.b[0], a.b[1] + c.b[1] + d, a.b[2] + c.b[2]},
                         a.c + b + c.c};

    c.b[1] = 0;
    return sum;
}

static union abi_union ABI united(int a, union abi_union b)
{
    b.parts[0] += (unsigned)a;
    b.parts[1] += (unsigned)a;
    return b;
}

static double ABI sum_list(const char *kinds, __builtin_ms_va_list list)
{
    double sum = 0;

    for (; *kinds != 0; kinds++) {
        if (*kinds == 'i')
            sum += __builtin_va_arg(list, int);
        else if (*kinds == 'l')
            sum += (double)__builtin_va_arg(list, long long);
        else if (*kinds == 'd')
            sum += __builtin_va_arg(list, double);
        else
            sum += (double)strlen(__builtin_va_arg(list, const char *));
    }
    return sum;
}

static double ABI sum(const char *kinds, ...)
{
    __builtin_ms_va_list list;
    double result;

    __builtin_ms_va_start(list, kinds);
    result = sum_list(kinds, list);
    __builtin_ms_va_end(list);
    return result;
}

/* ---- Functions that call back ---------------------------------------------------------------- */

static long long ABI call_back(abi_callback *callback, void *context)
{
    return (long long)KE_CALL(callback, KE_ARG(context), (uint64_t)-2, (uint64_t)-3, 5, 1ull << 40,
                              (uint64_t)-6, KE_ARG(callback), 4000000000u);
}

static unsigned long long ABI call_plain(void *function)
{
    return ke_call_args(function, 0, NULL);
}

static uint64_t other_stack_va;

static unsigned long long ABI call_on_another_stack(void *function)
{
    return sim_gate(KE_ARG(function), 0, NULL, other_stack_va);
}

/* How many arguments go on the stack: what lies there is copied, so one too few is seen. */
static void fill(struct abi_table *table)
{
    table->mixed = ke_thunk(mixed, "mixed", 3);
    table->integers_first = ke_thunk(integers_first, "integers_first", 1);
    table->doubles = ke_thunk(doubles, "doubles", 2);
    table->one = ke_thunk(one, "one", 0);
    table->two = ke_thunk(two, "two", 0);
    table->three = ke_thunk(three, "three", 0);
    table->four = ke_thunk(four, "four", 1);
    table->eight = ke_thunk(eight, "eight", 0);
    table->twelve = ke_thunk(twelve, "twelve", 2); /* after the result's hidden pointer */
    table->forty = ke_thunk(forty, "forty", 2);
    table->united = ke_thunk(united, "united", 0);
    table->sum = ke_thunk(sum, "sum", 4);
    table->sum_list = ke_thunk(sum_list, "sum_list", 0);
    table->call_back = ke_thunk(call_back, "call_back", 0);
    table->call_plain = ke_thunk(call_plain, "call_plain", 0);
    table->call_elsewhere = ke_thunk(call_on_another_stack, "call_on_another_stack", 0);
}

/* ---- The machine around them ----------------------------------------------------------------- */

struct stage {
    struct trace trace;
    struct trace_ring *ring;
    struct trace_reader reader;
    struct machine_error error;
    uint64_t findings;
    int line; /* of the check in abi.c that failed; -1: it never ran */
};

static void drain(void *ctx)
{
    struct stage *stage = ctx;
    struct trace_event event;

    while (trace_reader_next(&stage->reader, &event) == 1)
        stage->findings += event.type == TRACE_finding || event.type == TRACE_bug_check;
}

static void live(struct machine *machine, void *ctx)
{
    struct stage *stage = ctx;
    struct abi_table *table;
    uint64_t run_va;

    if (!machine_load_driver(machine, &stage->error))
        return;
    table = ExAllocatePoolWithTag(NonPagedPool, sizeof *table, 0x31313131);
    assert_non_null(table);
    fill(table);
    assert_int_equal(sim_guest_stack_create(machine_sim(machine), 0x6000, &other_stack_va), 0);
    run_va = exports_driver_function(machine_driver(machine), "AbiRun");
    assert_int_not_equal(run_va, 0);
    stage->line = (int)KE_CALL(run_va, KE_ARG(table));
    ExFreePoolWithTag(table, 0x31313131);
    machine_unload_driver(machine);
}

static void run(const char *name, struct stage *stage)
{
    struct machine_config config = {
        .seed = 3,
        .cpus = 2,
        .windows = KE_WINDOWS_10,
        .memory = {.ram_bytes = UINT64_C(1) << 30, .policy = MM_SCATTERED},
        .card = "none",
        .driver_name = name,
        .trace = &stage->trace,
    };
    const char *build = getenv("WEIR_BUILD");
    void *bytes = malloc(DRIVER_BYTES_MAX);
    struct machine *machine;
    char path[4096];
    FILE *file;

    *stage = (struct stage){.line = -1};
    snprintf(path, sizeof path, "%s/tests/drivers/%s", build != NULL ? build : ".", name);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_non_null(bytes);
    config.driver_bytes = bytes;
    config.driver_size_bytes = fread(bytes, 1, DRIVER_BYTES_MAX, file);
    fclose(file);
    stage->ring = aligned_alloc(64, bits_align_up(trace_ring_size_bytes(RING_RECORDS), 64));
    assert_non_null(stage->ring);
    trace_ring_init(stage->ring, RING_RECORDS);
    trace_reader_init(&stage->reader, stage->ring, RING_RECORDS);
    trace_init(&stage->trace, stage->ring, TRACE_CLASS_always, drain, stage);
    assert_int_equal(machine_create(&config, &machine, &stage->error), 0);
    assert_int_equal(machine_run(machine, live, stage), KE_STOP_DONE);
    machine_destroy(machine);
    drain(stage);
    trace_fini(&stage->trace);
    free(stage->ring);
    free(bytes);
}

static void expect_good(const char *name)
{
    struct stage stage;

    run(name, &stage);
    if (stage.line != 0)
        fail_msg("%s: the check in line %d of abi.c failed %s", name, stage.line, stage.error.text);
    assert_int_equal(stage.findings, 0);
}

static void arguments_and_registers_survive_the_boundary_as_gcc_passes_them(void **state)
{
    (void)state;
    expect_good("abi_gcc.sys");
}

static void arguments_and_registers_survive_the_boundary_as_clang_passes_them(void **state)
{
    (void)state;
    expect_good("msvc/abi_clang.sys");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_and_registers_survive_the_boundary_as_gcc_passes_them),
        cmocka_unit_test(arguments_and_registers_survive_the_boundary_as_clang_passes_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
