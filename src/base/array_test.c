/* SPDX-License-Identifier: MIT */
#include "base/array.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void pushing_keeps_the_items_in_order_across_growth(void **state)
{
    ARRAY(int) numbers = { 0 };

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(array_push(&numbers, i * 3), 0);
    assert_int_equal(numbers.count, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers.items[i], i * 3);
    array_fini(&numbers);
    assert_null(numbers.items);
}

static void removing_from_the_middle_keeps_the_order_of_the_rest(void **state)
{
    ARRAY(uint8_t) bytes = { 0 };

    (void)state;
    for (uint8_t i = 0; i < 5; i++)
        assert_int_equal(array_push(&bytes, i), 0);
    array_remove_at(&bytes, 1);
    array_remove_at(&bytes, 3);
    assert_int_equal(bytes.count, 3);
    assert_int_equal(bytes.items[0], 0);
    assert_int_equal(bytes.items[1], 2);
    assert_int_equal(bytes.items[2], 3);
    assert_int_equal(array_pop(&bytes), 3);
    array_fini(&bytes);
}

static void an_empty_array_is_not_iterated(void **state)
{
    ARRAY(int) numbers = { 0 };
    int *number;

    (void)state;
    array_for_each(number, &numbers)
        fail();
    assert_null(number);
}

static void a_size_that_overflows_is_refused_and_changes_nothing(void **state)
{
    ARRAY(uint64_t) words = { 0 };

    (void)state;
    assert_int_equal(array_push(&words, 7), 0);
    assert_int_equal(array_reserve(&words, SIZE_MAX), -ENOMEM);
    assert_int_equal(array_reserve(&words, SIZE_MAX / 8), -ENOMEM);
    assert_int_equal(words.count, 1);
    assert_int_equal(words.items[0], 7);
    array_fini(&words);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushing_keeps_the_items_in_order_across_growth),
        cmocka_unit_test(removing_from_the_middle_keeps_the_order_of_the_rest),
        cmocka_unit_test(an_empty_array_is_not_iterated),
        cmocka_unit_test(a_size_that_overflows_is_refused_and_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
