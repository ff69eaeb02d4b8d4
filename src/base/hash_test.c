/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_same_bytes_and_seed_give_the_same_hash_at_any_alignment(void **state)
{
    uint8_t bytes[128];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i % 61);
    for (size_t i = 0; i < 61; i++)
        assert_int_equal(hash_bytes(bytes, i, 5), hash_bytes(bytes + 61, i, 5));
}

static void the_values_are_fixed_for_ever(void **state)
{
    (void)state;
    assert_int_equal(hash_u64(1), UINT64_C(0x5692161D100B05E5));
    assert_int_equal(hash_string("weir"), UINT64_C(0x51D71B77C8ECABDC));
}

static void every_single_bit_and_every_length_changes_the_hash(void **state)
{
    uint8_t bytes[100] = { 0 };
    uint64_t plain = hash_bytes(bytes, sizeof(bytes), 0);

    (void)state;
    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_true(hash_bytes(bytes, sizeof(bytes), 0) != plain);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    for (size_t i = 0; i < sizeof(bytes); i++)
        assert_true(hash_bytes(bytes, i, 0) != hash_bytes(bytes, i + 1, 0));
    assert_true(hash_bytes(bytes, sizeof(bytes), 1) != plain);
}

static void swapped_blocks_and_swapped_words_change_the_hash(void **state)
{
    uint64_t words[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    uint64_t swapped[8] = { 5, 6, 7, 8, 1, 2, 3, 4 };

    (void)state;
    assert_true(hash_bytes(words, sizeof(words), 0) != hash_bytes(swapped, sizeof(swapped), 0));
    assert_true(hash_combine(hash_combine(0, 1), 2) != hash_combine(hash_combine(0, 2), 1));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bytes_and_seed_give_the_same_hash_at_any_alignment),
        cmocka_unit_test(the_values_are_fixed_for_ever),
        cmocka_unit_test(every_single_bit_and_every_length_changes_the_hash),
        cmocka_unit_test(swapped_blocks_and_swapped_words_change_the_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
