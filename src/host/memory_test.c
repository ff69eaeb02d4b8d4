/* SPDX-License-Identifier: MIT */
#include "host/host.h"

#include <errno.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PLACE 0x310000000000u

static void two_mappings_of_one_file_show_the_same_bytes(void **state)
{
    int fd;
    char *first;
    char *second;

    (void)state;
    assert_int_equal(host_memfd_create("test", 1ull << 40, &fd), 0);
    assert_int_equal(host_map(fd, 0, 0x4000, HOST_READ | HOST_WRITE, (void **)&first), 0);
    assert_int_equal(host_map_at(PLACE, fd, 0x2000, 0x1000, HOST_READ), 0);
    second = (char *)PLACE;
    strcpy(first + 0x2000, "hello");
    assert_string_equal(second, "hello");
    assert_int_equal(host_punch(fd, 0x2000, 0x1000), 0);
    assert_int_equal(second[0], 0);
    assert_int_equal(host_unmap(first, 0x4000), 0);
    assert_int_equal(host_unmap(second, 0x1000), 0);
    host_fd_close(fd);
}

static void a_reservation_refuses_a_second_one(void **state)
{
    (void)state;
    assert_int_equal(host_reserve_at(PLACE, 1ull << 36), 0);
    assert_int_equal(host_reserve_at(PLACE + 0x1000, 0x1000), -EEXIST);
    assert_int_equal(host_map_at(PLACE + 0x1000, -1, 0, 0x1000, HOST_READ | HOST_WRITE), 0);
    *(char *)(PLACE + 0x1000) = 7;
    assert_int_equal(host_decommit(PLACE + 0x1000, 0x1000), 0);
    assert_int_equal(host_reserve_at(PLACE + 0x1000, 0x1000), -EEXIST);
    assert_int_equal(host_protect(PLACE + 0x1000, 0x1000, HOST_READ), 0);
    assert_int_equal(*(char *)(PLACE + 0x1000), 0);
    assert_int_equal(host_unmap((void *)PLACE, 1ull << 36), 0);
}

static void a_refusal_of_the_kernel_comes_back_as_its_number(void **state)
{
    void *base;

    (void)state;
    assert_int_equal(host_map(12345, 0, 0x1000, HOST_READ, &base), -EBADF);
    assert_int_equal(host_protect(PLACE, 0x1000, HOST_READ), -ENOMEM);
}

static void populated_memory_keeps_its_bytes(void **state)
{
    char *base;

    (void)state;
    assert_int_equal(host_map(-1, 0, 0x4000, HOST_READ | HOST_WRITE, (void **)&base), 0);
    base[0x1000] = 7;
    host_populate((uint64_t)base, 0x4000);
    host_populate(PLACE, 0x1000); /* nothing is there: nothing happens */
    assert_int_equal(base[0x1000], 7);
    assert_int_equal(base[0x3fff], 0);
    assert_int_equal(host_unmap(base, 0x4000), 0);
}

static void the_gs_base_is_where_it_was_set(void **state)
{
    uint64_t cell = 42;
    uint64_t found;

    (void)state;
    host_set_gs_base((uint64_t)&cell);
    __asm__ volatile("movq %%gs:0, %0" : "=r"(found) : : "memory");
    assert_int_equal(found, 42);
    host_set_gs_base(0);
}

static void clocks_go_forward(void **state)
{
    uint64_t wall = host_monotonic_ns();
    uint64_t cpu = host_thread_cpu_ns();

    (void)state;
    assert_true(host_monotonic_ns() > wall);
    assert_true(host_thread_cpu_ns() >= cpu);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_mappings_of_one_file_show_the_same_bytes),
        cmocka_unit_test(a_reservation_refuses_a_second_one),
        cmocka_unit_test(a_refusal_of_the_kernel_comes_back_as_its_number),
        cmocka_unit_test(populated_memory_keeps_its_bytes),
        cmocka_unit_test(the_gs_base_is_where_it_was_set),
        cmocka_unit_test(clocks_go_forward),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
