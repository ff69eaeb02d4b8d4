/* SPDX-License-Identifier: MIT */
#include "io/nt_test.h"

static void requests_are_counted_by_type(struct nt *nt)
{
    PDEVICE_OBJECT device = nt_device(nt_driver(nt, "one"), u"\\Device\\Power");
    PVOID request = nt;

    assert_int_equal(PoCreatePowerRequest(&request, NULL, NULL), STATUS_INVALID_PARAMETER);
    assert_null(request);
    assert_int_equal(PoCreatePowerRequest(&request, device, NULL), STATUS_SUCCESS);
    assert_int_equal(PoClearPowerRequest(request, PowerRequestSystemRequired),
                     STATUS_UNSUCCESSFUL);
    assert_int_equal(PoSetPowerRequest(request, PowerRequestSystemRequired), STATUS_SUCCESS);
    assert_int_equal(PoSetPowerRequest(request, PowerRequestSystemRequired), STATUS_SUCCESS);
    assert_int_equal(PoSetPowerRequest(request, PowerRequestDisplayRequired),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(PoClearPowerRequest(request, PowerRequestAwayModeRequired),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(PoClearPowerRequest(request, PowerRequestSystemRequired), STATUS_SUCCESS);
    assert_int_equal(PoClearPowerRequest(request, PowerRequestSystemRequired), STATUS_SUCCESS);
    assert_int_equal(PoClearPowerRequest(request, PowerRequestSystemRequired),
                     STATUS_UNSUCCESSFUL);
    PoDeletePowerRequest(request);
    IoDeleteDevice(device);
}

NT_TEST(requests_are_counted_by_type)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_are_counted_by_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
