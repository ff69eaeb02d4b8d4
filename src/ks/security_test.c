/* SPDX-License-Identifier: MIT */
/* Security descriptors of create items, read and replaced by requests on their objects. */
#include "ks/legacy_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

enum { TAG = 'tseT' };

static NTSTATUS ask(PFILE_OBJECT file, UCHAR major, SECURITY_INFORMATION which, PVOID descriptor,
                    ULONG bytes, ULONG_PTR *information)
{
    PIRP irp = IoAllocateIrp(2, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    NTSTATUS status;

    next->MajorFunction = major;
    next->FileObject = file;
    if (major == IRP_MJ_QUERY_SECURITY) {
        next->Parameters.QuerySecurity.SecurityInformation = which;
        next->Parameters.QuerySecurity.Length = bytes;
        irp->UserBuffer = descriptor;
    } else {
        next->Parameters.SetSecurity.SecurityInformation = which;
        next->Parameters.SetSecurity.SecurityDescriptor = descriptor;
    }
    IofCallDriver(legacy.functional, irp);
    status = irp->IoStatus.Status;
    if (information != NULL)
        *information = irp->IoStatus.Information;
    IoFreeIrp(irp);
    return status;
}

static BOOLEAN has_dacl(PSECURITY_DESCRIPTOR descriptor)
{
    BOOLEAN present = FALSE;
    BOOLEAN defaulted;
    PACL acl;

    assert_int_equal(RtlGetDaclSecurityDescriptor(descriptor, &present, &acl, &defaulted),
                     STATUS_SUCCESS);
    return present;
}

static void requests_body(void)
{
    UCHAR *buffer = ExAllocatePoolWithTag(NonPagedPool, 256, TAG);
    PSECURITY_DESCRIPTOR bare =
        ExAllocatePoolWithTag(NonPagedPool, SECURITY_DESCRIPTOR_MIN_LENGTH, TAG);
    PSECURITY_DESCRIPTOR first = NULL;
    PSECURITY_DESCRIPTOR second = NULL;
    PFILE_OBJECT file;
    ULONG_PTR bytes;

    legacy_begin();
    file = legacy_open();
    assert_int_equal(ask(file, IRP_MJ_QUERY_SECURITY, DACL_SECURITY_INFORMATION, buffer, 256,
                         NULL), STATUS_NO_SECURITY_ON_OBJECT);
    assert_int_equal(RtlCreateSecurityDescriptor(bare, SECURITY_DESCRIPTOR_REVISION),
                     STATUS_SUCCESS);
    assert_int_equal(ask(file, IRP_MJ_SET_SECURITY, DACL_SECURITY_INFORMATION, bare, 0, NULL),
                     STATUS_NO_SECURITY_ON_OBJECT);
    assert_int_equal(KsCreateDefaultSecurity(NULL, &first), STATUS_SUCCESS);
    assert_int_equal(KsCreateDefaultSecurity(first, &second), STATUS_SUCCESS);
    assert_ptr_not_equal(first, second);
    assert_true(has_dacl(second)); /* as its parent's */
    ExFreePool(second);
    legacy.items[0].SecurityDescriptor = first;
    assert_int_equal(ask(file, IRP_MJ_QUERY_SECURITY, DACL_SECURITY_INFORMATION, buffer, 4,
                         &bytes), STATUS_BUFFER_TOO_SMALL);
    assert_in_range(bytes, 20, 256);
    assert_int_equal(ask(file, IRP_MJ_QUERY_SECURITY, DACL_SECURITY_INFORMATION, buffer, 256,
                         &bytes), STATUS_SUCCESS);
    assert_true(RtlValidRelativeSecurityDescriptor(buffer, (ULONG)bytes, 0));
    assert_true(has_dacl(buffer));
    assert_int_equal(ask(file, IRP_MJ_QUERY_SECURITY, OWNER_SECURITY_INFORMATION, buffer, 256,
                         &bytes), STATUS_SUCCESS);
    assert_false(has_dacl(buffer)); /* not asked for */
    assert_int_equal(ask(file, IRP_MJ_SET_SECURITY, OWNER_SECURITY_INFORMATION, bare, 0, NULL),
                     STATUS_SUCCESS);
    assert_ptr_not_equal(legacy.items[0].SecurityDescriptor, first); /* replaced, the old freed */
    assert_int_equal(legacy.items[0].Flags, KSCREATE_ITEM_SECURITYCHANGED);
    assert_true(has_dacl(legacy.items[0].SecurityDescriptor)); /* of which only the owner went */
    assert_int_equal(ask(file, IRP_MJ_SET_SECURITY, DACL_SECURITY_INFORMATION, bare, 0, NULL),
                     STATUS_SUCCESS);
    assert_false(has_dacl(legacy.items[0].SecurityDescriptor));
    ExFreePool(legacy.items[0].SecurityDescriptor);
    legacy.items[0].SecurityDescriptor = bare; /* absolute: KS cannot replace it */
    assert_int_equal(ask(file, IRP_MJ_SET_SECURITY, DACL_SECURITY_INFORMATION, bare, 0, NULL),
                     STATUS_BAD_DESCRIPTOR_FORMAT);
    legacy.items[0].SecurityDescriptor = NULL;
    io_file_close(file);
    ExFreePoolWithTag(buffer, TAG);
    ExFreePoolWithTag(bare, TAG);
    legacy_end();
}

static void an_items_descriptor_is_read_and_replaced(void **state)
{
    (void)state;
    world_live(&plain, requests_body);
}

/* ---- The lock -------------------------------------------------------------------------------- */

static unsigned shared_got, exclusive_got;

static void take_shared(void *ctx)
{
    (void)ctx;
    KsAcquireDeviceSecurityLock(legacy_device_header(), FALSE);
    shared_got++;
    KsReleaseDeviceSecurityLock(legacy_device_header());
}

static void take_exclusive(void *ctx)
{
    (void)ctx;
    KsAcquireDeviceSecurityLock(legacy_device_header(), TRUE);
    exclusive_got++;
    KsReleaseDeviceSecurityLock(legacy_device_header());
}

static void lock_body(void)
{
    shared_got = exclusive_got = 0;
    legacy_begin();
    KsAcquireDeviceSecurityLock(legacy_device_header(), FALSE);
    assert_int_equal(ke_thread_start(world->ke, "shared", take_shared, NULL, NULL), 0);
    sleep_ms(2);
    assert_int_equal(shared_got, 1); /* two may look at once */
    assert_int_equal(ke_thread_start(world->ke, "exclusive", take_exclusive, NULL, NULL), 0);
    sleep_ms(2);
    assert_int_equal(exclusive_got, 0);
    KsReleaseDeviceSecurityLock(legacy_device_header());
    sleep_ms(2);
    assert_int_equal(exclusive_got, 1);
    KsAcquireDeviceSecurityLock(legacy_device_header(), TRUE);
    assert_int_equal(ke_thread_start(world->ke, "shared", take_shared, NULL, NULL), 0);
    sleep_ms(2);
    assert_int_equal(shared_got, 1);
    KsReleaseDeviceSecurityLock(legacy_device_header());
    sleep_ms(2);
    assert_int_equal(shared_got, 2);
    legacy_end();
}

static void a_device_s_security_lock_is_shared_or_exclusive(void **state)
{
    (void)state;
    world_live(&plain, lock_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_items_descriptor_is_read_and_replaced),
        cmocka_unit_test(a_device_s_security_lock_is_shared_or_exclusive),
    };

    return cmocka_run_group_tests_name("security", tests, NULL, NULL);
}
