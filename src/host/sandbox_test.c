/* SPDX-License-Identifier: MIT */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "host/sanitize.h"

static unsigned char selector;

static struct host_exit end_of(host_process_fn *run)
{
    struct host_exit end = {0};
    int pid;
    assert_int_equal(host_process_start(run, NULL, &pid), 0);
    assert_int_equal(host_process_wait(pid, UINT64_MAX, &end), 0);
    return end;
}

static int work_inside(void *ctx WEIR_UNUSED)
{
    void *base;
    int error = host_sandbox_enter(&selector);
    if (error && error != -ENOSYS)
        return 1;
    if (host_map(-1, 0, 1 << 20, HOST_READ | HOST_WRITE, &base) != 0)
        return 2;
    memset(base, 1, 1 << 20);
    if (host_protect((uint64_t)base, 4096, HOST_READ | HOST_EXECUTE) != 0)
        return 3;
    free(malloc(1 << 22));
    host_sleep_ns(1000);
    if (kill(getppid(), 0) != -1 || errno != EPERM)
        return 4;
    return host_monotonic_ns() > 0 ? 0 : 5;
}

static int open_inside(void *ctx WEIR_UNUSED)
{
    host_sandbox_enter(&selector);
    return open("/etc/passwd", O_RDONLY) < 0 ? 0 : 1;
}

static int execute_inside(void *ctx WEIR_UNUSED)
{
    char *arguments[] = {"/bin/true", NULL};
    host_sandbox_enter(&selector);
    execv(arguments[0], arguments);
    return 0;
}

static void what_a_machine_needs_still_works(void **state)
{
    struct host_exit end = end_of(work_inside);

    (void)state;
    assert_false(end.signalled);
    assert_int_equal(end.status, 0);
}

static void opening_a_file_or_starting_a_program_ends_the_process(void **state)
{
    (void)state;
    if (host_under_sanitizer())
        skip(); /* refused there, not deadly */
    assert_int_equal(end_of(open_inside).signal, SIGSYS);
    assert_int_equal(end_of(execute_inside).signal, SIGSYS);
}

static bool note_system_call(void *ctx, struct host_fault *fault)
{
    uint64_t *number = ctx;
    if (fault->signal != SIGSYS)
        return false;
    *number = fault->gpr[0];
    fault->gpr[0] = fault->address;
    return true;
}

/* mov eax, 39 (getpid); syscall; ret */
static const unsigned char getpid_code[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};

static int call_from_machine_memory(void *ctx WEIR_UNUSED)
{
    uint64_t place = 0x320000000000u;
    uint64_t number = 0;
    if (host_map_at(place, -1, 0, 4096, HOST_READ | HOST_WRITE | HOST_EXECUTE) != 0)
        return 1;
    memcpy((void *)place, getpid_code, sizeof(getpid_code));
    long (*code)(void) = (long (*)(void))place;
    if (host_faults_install(note_system_call, &number, 0) != 0)
        return 2;
    int error = host_sandbox_enter(&selector);
    if (error == -ENOSYS)
        return 77;
    if (error || code() != getpid() || number != 0)
        return 3;
    selector = 1;
    uint64_t result = (uint64_t)code();
    if (number != 39)
        return 4;
    if (result != place + 7)
        return 5;
    return getpid() > 0 ? 0 : 6; /* our own calls go through */
}

static void a_system_call_in_machine_memory_is_caught_while_the_selector_says_so(void **state)
{
    struct host_exit end = end_of(call_from_machine_memory);

    (void)state;
    assert_false(end.signalled);
    if (end.status == 77)
        skip(); /* this kernel has no syscall user dispatch */
    assert_int_equal(end.status, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_machine_needs_still_works),
        cmocka_unit_test(opening_a_file_or_starting_a_program_ends_the_process),
        cmocka_unit_test(a_system_call_in_machine_memory_is_caught_while_the_selector_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
