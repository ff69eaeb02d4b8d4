/* SPDX-License-Identifier: MIT */
#include "host/host.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

static int end_with_seven(void *ctx)
{
    (void)ctx;
    return 7;
}

static int end_by_abort(void *ctx)
{
    (void)ctx;
    abort();
}

static int sleep_long(void *ctx)
{
    (void)ctx;
    host_sleep_ns(100000000000u);
    return 0;
}

static void an_exit_status_comes_back(void **state)
{
    struct host_exit end;
    int pid;

    (void)state;
    assert_int_equal(host_process_start(end_with_seven, NULL, &pid), 0);
    assert_int_equal(host_process_wait(pid, UINT64_MAX, &end), 0);
    assert_false(end.signalled);
    assert_int_equal(end.status, 7);
}

static void a_deadly_signal_comes_back_with_its_name(void **state)
{
    struct host_exit end;
    int pid;

    (void)state;
    assert_int_equal(host_process_start(end_by_abort, NULL, &pid), 0);
    assert_int_equal(host_process_wait(pid, UINT64_MAX, &end), 0);
    assert_true(end.signalled);
    assert_string_equal(host_signal_name(end.signal), "SIGABRT");
}

static void waiting_times_out_and_killing_ends_the_child(void **state)
{
    struct host_exit end;
    int pid;

    (void)state;
    assert_int_equal(host_process_start(sleep_long, NULL, &pid), 0);
    assert_int_equal(host_process_wait(pid, 0, &end), -ETIMEDOUT);
    assert_int_equal(host_process_wait(pid, 1000000, &end), -ETIMEDOUT);
    assert_int_equal(host_process_kill(pid), 0);
    assert_int_equal(host_process_wait(pid, UINT64_MAX, &end), 0);
    assert_int_equal(end.signal, SIGKILL);
}

static int answer(void *ctx)
{
    uint32_t *words = ctx;
    while (__atomic_load_n(&words[0], __ATOMIC_ACQUIRE) == 0)
        host_futex_wait(&words[0], 0, UINT64_MAX);
    __atomic_store_n(&words[1], 5, __ATOMIC_RELEASE);
    host_futex_wake(&words[1]);
    return 0;
}

static void a_word_of_shared_memory_wakes_the_other_process(void **state)
{
    struct host_exit end;
    uint32_t *words;
    int fd;
    int pid;

    (void)state;
    assert_int_equal(host_memfd_create("words", 4096, &fd), 0);
    assert_int_equal(host_map(fd, 0, 4096, HOST_READ | HOST_WRITE, (void **)&words), 0);
    assert_int_equal(host_process_start(answer, words, &pid), 0);
    assert_int_equal(host_futex_wait(&words[1], 0, 1000000), -ETIMEDOUT);
    __atomic_store_n(&words[0], 1, __ATOMIC_RELEASE);
    host_futex_wake(&words[0]);
    while (__atomic_load_n(&words[1], __ATOMIC_ACQUIRE) == 0)
        assert_int_equal(host_futex_wait(&words[1], 0, 10000000000u), 0);
    assert_int_equal(host_futex_wait(&words[1], 0, UINT64_MAX), 0);
    assert_int_equal(host_process_wait(pid, UINT64_MAX, &end), 0);
    assert_int_equal(words[1], 5);
    host_unmap(words, 4096);
    host_fd_close(fd);
}

static void interrupts_are_counted_and_break_a_wait(void **state)
{
    uint32_t word = 0;
    unsigned before;

    (void)state;
    host_interrupts_count();
    before = host_interrupts_seen();
    raise(SIGINT);
    raise(SIGTERM);
    assert_int_equal(host_interrupts_seen() - before, 2);
    host_interrupts_ignore();
    raise(SIGINT);
    assert_int_equal(host_interrupts_seen() - before, 2);
    assert_int_equal(host_futex_wait(&word, 0, 1), -ETIMEDOUT);
}

static void a_pipe_is_no_terminal(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_false(host_is_terminal(ends[0]));
    assert_int_equal(host_terminal_columns(ends[0]), 80);
    host_fd_close(ends[0]);
    host_fd_close(ends[1]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exit_status_comes_back),
        cmocka_unit_test(a_deadly_signal_comes_back_with_its_name),
        cmocka_unit_test(waiting_times_out_and_killing_ends_the_child),
        cmocka_unit_test(a_word_of_shared_memory_wakes_the_other_process),
        cmocka_unit_test(interrupts_are_counted_and_break_a_wait),
        cmocka_unit_test(a_pipe_is_no_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
