/* SPDX-License-Identifier: MIT */
#include "host/host.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

struct seen {
    struct host_fault last;
    unsigned ticks;
    bool resume; /* skips an instruction of the length */
    unsigned length;
};

static bool remember(void *ctx, struct host_fault *fault)
{
    struct seen *seen = ctx;
    if (fault->signal == 0) {
        seen->ticks++;
        return true;
    }
    seen->last = *fault;
    fault->rip += seen->length;
    fault->gpr[0] = 0x1122334455667788u;
    return seen->resume;
}

static void a_read_fault_carries_its_address_and_goes_on_with_changed_registers(void **state)
{
    struct seen seen = {.resume = true, .length = 3};
    uint64_t address = 0x3fffffff1238u;
    uint64_t value = 0;

    (void)state;
    assert_int_equal(host_faults_install(remember, &seen, 0), 0);
    __asm__ volatile("movq (%%rcx), %%rax" : "=a"(value) : "c"(address), "a"(value) : "memory");
    host_faults_remove();
    assert_int_equal(seen.last.signal, SIGSEGV);
    assert_int_equal(seen.last.address, address);
    assert_int_equal(seen.last.gpr[1], address);
    assert_int_equal(seen.last.trap_number, 14);
    assert_int_equal(seen.last.error_code & 2, 0);
    assert_int_equal(value, 0x1122334455667788u);
}

static void shared_user_data_faults_with_its_true_address(void **state)
{
    struct seen seen = {.resume = true, .length = 3};
    uint64_t address = 0xFFFFF78000000014u;
    uint64_t value = 0;

    (void)state;
    assert_int_equal(host_faults_install(remember, &seen, 0), 0);
    __asm__ volatile("movq (%%rcx), %%rax" : "=a"(value) : "c"(address), "a"(value) : "memory");
    host_faults_remove();
    assert_int_equal(seen.last.address, address);
}

static void an_illegal_instruction_and_an_interrupt_read_are_seen(void **state)
{
    struct seen seen = {.resume = true, .length = 2};

    (void)state;
    assert_int_equal(host_faults_install(remember, &seen, 0), 0);
    __asm__ volatile("ud2" : : : "rax");
    assert_int_equal(seen.last.signal, SIGILL);
    seen.length = 4;
    __asm__ volatile("movq %%cr8, %%rax" : : : "rax");
    assert_int_equal(seen.last.signal, SIGSEGV);
    assert_int_equal(seen.last.address, 0);
    seen.length = 0;
    __asm__ volatile("int3" : : : "rax");
    assert_int_equal(seen.last.signal, SIGTRAP);
    host_faults_remove();
}

static void installing_twice_is_refused(void **state)
{
    struct seen seen = {0};

    (void)state;
    assert_int_equal(host_faults_install(remember, &seen, 0), 0);
    assert_int_equal(host_faults_install(remember, &seen, 0), -EBUSY);
    host_faults_remove();
    host_faults_remove();
}

static void ticks_follow_the_cpu_time_of_the_thread(void **state)
{
    struct seen seen = {0};

    (void)state;
    assert_int_equal(host_faults_install(remember, &seen, 2000000), 0);
    uint64_t start = host_thread_cpu_ns();
    while (host_thread_cpu_ns() - start < 1000000000u && *(volatile unsigned *)&seen.ticks < 3) {
    }
    host_faults_remove();
    assert_true(seen.ticks >= 3);
}

static int fault_for_good(void *ctx)
{
    struct seen *seen = ctx;
    if (host_faults_install(remember, seen, 0) != 0)
        return 1;
    *(volatile char *)0x3fffffff0000u = 1;
    return 0;
}

static bool fault_again(void *ctx, struct host_fault *fault)
{
    (void)ctx;
    (void)fault;
    *(volatile char *)0x3fffffff0000u = 1;
    return true;
}

static int fault_in_the_handler(void *ctx)
{
    if (host_faults_install(fault_again, ctx, 0) != 0)
        return 1;
    *(volatile char *)0x3fffffff0000u = 1;
    return 0;
}

static struct host_exit end_of(host_process_fn *run, void *ctx)
{
    struct host_exit end = {0};
    int pid;
    assert_int_equal(host_process_start(run, ctx, &pid), 0);
    assert_int_equal(host_process_wait(pid, UINT64_MAX, &end), 0);
    return end;
}

static void a_fault_nobody_takes_ends_the_process_by_its_signal(void **state)
{
    struct seen seen = {0};
    struct host_exit end = end_of(fault_for_good, &seen);

    (void)state;
    assert_true(end.signalled);
    assert_int_equal(end.signal, SIGSEGV);
}

static void a_fault_in_the_handler_ends_the_process_and_never_loops(void **state)
{
    struct host_exit end = end_of(fault_in_the_handler, NULL);

    (void)state;
    assert_true(end.signalled);
    assert_int_equal(end.signal, SIGSEGV);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_fault_carries_its_address_and_goes_on_with_changed_registers),
        cmocka_unit_test(shared_user_data_faults_with_its_true_address),
        cmocka_unit_test(an_illegal_instruction_and_an_interrupt_read_are_seen),
        cmocka_unit_test(installing_twice_is_refused),
        cmocka_unit_test(ticks_follow_the_cpu_time_of_the_thread),
        cmocka_unit_test(a_fault_nobody_takes_ends_the_process_by_its_signal),
        cmocka_unit_test(a_fault_in_the_handler_ends_the_process_and_never_loops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
