/* SPDX-License-Identifier: MIT */
/* IOCTL_KS_HANDSHAKE: private protocols between pins, agreed on in kernel mode. */
#include "ks/ks_world.h"

static const GUID protocol = {0x7171, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const GUID other_protocol = {0x8181, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

static NTSTATUS NTAPI shakes(PKSPIN pin, PKSHANDSHAKE in, PKSHANDSHAKE out)
{
    assert_ptr_equal(pin, world->pin);
    if (!IsEqualGUID(&in->ProtocolId, &protocol))
        return STATUS_INVALID_DEVICE_REQUEST;
    *out = *in;
    out->Argument1 = pin;
    return STATUS_SUCCESS;
}

static NTSTATUS registers(PKSPIN pin, PIRP irp)
{
    (void)irp;
    KsPinRegisterHandshakeCallback(pin, shakes);
    return STATUS_SUCCESS;
}

static NTSTATUS shake(const GUID *id, ULONG in_bytes, ULONG out_bytes, KSHANDSHAKE *out,
                      ULONG *returned)
{
    KSHANDSHAKE in = {.ProtocolId = *id, .Argument2 = world};

    return KsSynchronousIoControlDevice(world->pin_file, KernelMode, IOCTL_KS_HANDSHAKE, &in,
                                        in_bytes, out, out_bytes, returned);
}

static void pins_agree(void)
{
    KSHANDSHAKE out = {0};
    ULONG returned = 0, size = sizeof out;
    ULONG_PTR information;
    uint64_t va;

    world_begin();
    assert_int_equal(shake(&protocol, size, size, &out, &returned), STATUS_SUCCESS);
    assert_int_equal(returned, size);
    assert_ptr_equal(out.Argument1, world->pin);
    assert_ptr_equal(out.Argument2, world);
    assert_int_equal(shake(&other_protocol, size, size, &out, &returned),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(shake(&protocol, size - 8, size, &out, &returned),
                     STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(shake(&protocol, size, size - 8, &out, &returned),
                     STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(mm_user_allocate(world->mm, 2 * size, 0, &va), 0);
    assert_int_equal(io_file_control_wait(world->pin_file, IOCTL_KS_HANDSHAKE, va, size, va + size,
                                          size, &information),
                     STATUS_INVALID_DEVICE_REQUEST);
    mm_user_free(world->mm, va);
    world_end();
}

static void a_pin_agrees_on_the_protocols_of_its_driver_with_kernel_mode_only(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .create = registers};

    (void)state;
    world_live(&config, pins_agree);
}

static void nobody_answers(void)
{
    KSHANDSHAKE out = {0};
    ULONG returned = 0;

    world_begin();
    assert_int_equal(shake(&protocol, sizeof out, sizeof out, &out, &returned),
                     STATUS_INVALID_DEVICE_REQUEST);
    world_end();
}

static void a_pin_without_a_callback_knows_no_protocol(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10};

    (void)state;
    world_live(&config, nobody_answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_agrees_on_the_protocols_of_its_driver_with_kernel_mode_only),
        cmocka_unit_test(a_pin_without_a_callback_knows_no_protocol),
    };

    return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
