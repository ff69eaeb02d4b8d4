/* SPDX-License-Identifier: MIT */
#include "io/nt_test.h"
#include "wdk/bcrypt.h"

static UCHAR first_seen[2][16];

static void numbers_differ_and_come_from_the_seed(struct nt *nt)
{
    BCRYPT_ALG_HANDLE handle;
    UCHAR bytes[2][16] = {{0}};

    (void)nt;
    assert_int_equal(BCryptOpenAlgorithmProvider(&handle, BCRYPT_RNG_ALGORITHM, NULL, 0),
                     STATUS_SUCCESS);
    assert_int_equal(BCryptGenRandom(handle, bytes[0], 13, 0), STATUS_SUCCESS);
    assert_int_equal(bytes[0][13], 0); /* no more than was asked for */
    assert_int_equal(BCryptCloseAlgorithmProvider(handle, 0), STATUS_SUCCESS);
    assert_int_equal(BCryptGenRandom(NULL, bytes[1], 16, BCRYPT_USE_SYSTEM_PREFERRED_RNG),
                     STATUS_SUCCESS);
    assert_memory_not_equal(bytes[0], bytes[1], 13);
    memcpy(first_seen, bytes, sizeof bytes);
}

static void test_the_same_seed_gives_the_same_numbers(void **state)
{
    UCHAR before[2][16];
    struct nt nt;

    (void)state;
    nt_live(&nt, 7, 1, numbers_differ_and_come_from_the_seed);
    memcpy(before, first_seen, sizeof before);
    nt_live(&nt, 7, 1, numbers_differ_and_come_from_the_seed);
    assert_memory_equal(first_seen, before, sizeof before);
    nt_live(&nt, 8, 1, numbers_differ_and_come_from_the_seed);
    assert_memory_not_equal(first_seen, before, sizeof before);
}

static void providers_that_are_not_there_are_refused(struct nt *nt)
{
    BCRYPT_ALG_HANDLE handle;

    (void)nt;
    assert_int_equal(BCryptOpenAlgorithmProvider(&handle, u"SHA256", NULL, 0), STATUS_NOT_FOUND);
    assert_int_equal(BCryptOpenAlgorithmProvider(&handle, BCRYPT_RNG_ALGORITHM, u"Nobody", 0),
                     STATUS_NOT_FOUND);
    assert_int_equal(BCryptOpenAlgorithmProvider(&handle, NULL, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptOpenAlgorithmProvider(NULL, BCRYPT_RNG_ALGORITHM, NULL, 0),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptOpenAlgorithmProvider(&handle, BCRYPT_RNG_ALGORITHM, NULL, 0x100),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptOpenAlgorithmProvider(&handle, BCRYPT_RNG_ALGORITHM, NULL,
                                                 BCRYPT_ALG_HANDLE_HMAC_FLAG),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptOpenAlgorithmProvider(&handle, BCRYPT_RNG_FIPS186_DSA_ALGORITHM,
                                                 MS_PRIMITIVE_PROVIDER, 0),
                     STATUS_SUCCESS);
    assert_int_equal(BCryptCloseAlgorithmProvider(handle, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptCloseAlgorithmProvider(handle, 0), STATUS_SUCCESS);
    assert_int_equal(BCryptCloseAlgorithmProvider(handle, 0), STATUS_INVALID_HANDLE);
}

static void numbers_are_refused_without_a_generator(struct nt *nt)
{
    UCHAR bytes[8];
    BCRYPT_ALG_HANDLE handle;

    (void)nt;
    assert_int_equal(BCryptGenRandom(NULL, bytes, 8, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptGenRandom(bytes, bytes, 8, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptGenRandom(bytes, bytes, 8, BCRYPT_USE_SYSTEM_PREFERRED_RNG),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptGenRandom(NULL, bytes, 8, 0x10), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptGenRandom(NULL, NULL, 8, BCRYPT_USE_SYSTEM_PREFERRED_RNG),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptGenRandom(NULL, NULL, 0, BCRYPT_USE_SYSTEM_PREFERRED_RNG),
                     STATUS_SUCCESS);
    assert_int_equal(BCryptOpenAlgorithmProvider(&handle, BCRYPT_RNG_ALGORITHM, NULL, 0), 0);
    assert_int_equal(BCryptGenRandom(handle, bytes, 8, BCRYPT_RNG_USE_ENTROPY_IN_BUFFER),
                     STATUS_SUCCESS);
    BCryptCloseAlgorithmProvider(handle, 0);
}

static void at_dispatch_level_a_handle_must_be_for_it(struct nt *nt)
{
    BCRYPT_ALG_HANDLE plain, high;
    UCHAR bytes[8];
    KIRQL old;

    (void)nt;
    assert_int_equal(BCryptOpenAlgorithmProvider(&plain, BCRYPT_RNG_ALGORITHM, NULL, 0), 0);
    assert_int_equal(BCryptOpenAlgorithmProvider(&high, BCRYPT_RNG_ALGORITHM, NULL,
                                                 BCRYPT_PROV_DISPATCH), 0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(BCryptGenRandom(plain, bytes, 8, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptGenRandom(NULL, bytes, 8, BCRYPT_USE_SYSTEM_PREFERRED_RNG),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptGenRandom(high, bytes, 8, 0), STATUS_SUCCESS);
    KeLowerIrql(old);
    BCryptCloseAlgorithmProvider(plain, 0);
    BCryptCloseAlgorithmProvider(high, 0);
}

NT_TEST(numbers_differ_and_come_from_the_seed)
NT_TEST(providers_that_are_not_there_are_refused)
NT_TEST(numbers_are_refused_without_a_generator)
NT_TEST(at_dispatch_level_a_handle_must_be_for_it)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_differ_and_come_from_the_seed),
        cmocka_unit_test(test_the_same_seed_gives_the_same_numbers),
        cmocka_unit_test(test_providers_that_are_not_there_are_refused),
        cmocka_unit_test(test_numbers_are_refused_without_a_generator),
        cmocka_unit_test(test_at_dispatch_level_a_handle_must_be_for_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
