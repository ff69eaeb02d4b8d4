/* SPDX-License-Identifier: MIT */
/* Method sets of drivers that answer requests themselves, with and without IRPs. */
#include "ks/legacy_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

static const GUID set_guid = {0x96, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const GUID other_guid = {0x95, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

enum { TWICE, SUPPORTED_ONLY, WITH_SUPPORT };

static NTSTATUS NTAPI double_it(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    ULONG *value = data;

    assert_int_equal(request->Id, TWICE);
    assert_int_equal(KSMETHOD_TYPE_IRP_STORAGE(irp), KSMETHOD_TYPE_MODIFY);
    if (*value == 0)
        return STATUS_INVALID_PARAMETER;
    *value *= 2;
    irp->IoStatus.Information = sizeof *value;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI support(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    (void)irp, (void)request, (void)data;
    return STATUS_DEVICE_BUSY;
}

static const KSMETHOD_ITEM items[] = {
    {.MethodId = TWICE, .MethodHandler = double_it, .MinMethod = sizeof(KSMETHOD) + 8,
     .MinData = sizeof(ULONG), .Flags = KSMETHOD_TYPE_MODIFY},
    {.MethodId = SUPPORTED_ONLY, .MethodSupported = TRUE, .MinMethod = sizeof(KSMETHOD)},
    {.MethodId = WITH_SUPPORT, .MethodHandler = double_it, .SupportHandler = support},
};

static BOOLEAN NTAPI fast_double(PFILE_OBJECT file, PKSIDENTIFIER request, ULONG request_bytes,
                                 PVOID data, ULONG data_bytes, PIO_STATUS_BLOCK iosb)
{
    assert_non_null(file);
    assert_int_equal(request->Id, TWICE);
    assert_int_equal(request_bytes, sizeof(KSMETHOD));
    assert_int_equal(data_bytes, sizeof(ULONG));
    *(ULONG *)data *= 2;
    iosb->Status = STATUS_SUCCESS;
    iosb->Information = sizeof(ULONG);
    return TRUE;
}

static const KSFASTMETHOD_ITEM fast_items[] = {{.MethodId = TWICE, .MethodHandler = fast_double},
                                               {.MethodId = WITH_SUPPORT, .MethodSupported = TRUE}};
static const KSMETHOD_SET sets[] = {
    {&set_guid, ARRAY_LEN(items), items, ARRAY_LEN(fast_items), fast_items}};

static NTSTATUS answer(PIRP irp)
{
    return KsMethodHandler(irp, ARRAY_LEN(sets), sets);
}

static PFILE_OBJECT file;

static void begin(NTSTATUS (*control)(PIRP irp))
{
    legacy.control = control;
    legacy_begin();
    file = legacy_open();
}

static void end(void)
{
    io_file_close(file);
    legacy_end();
}

struct long_method {
    KSMETHOD method;
    ULONGLONG more;
};

static NTSTATUS ask_set(const GUID *set, ULONG id, ULONG flags, ULONG request_bytes, void *data,
                        ULONG bytes, ULONG_PTR *information)
{
    struct long_method request = {{{{*set, id, flags}}}, 0};

    return legacy_request(file, IOCTL_KS_METHOD, &request, request_bytes, data, bytes, information);
}

static NTSTATUS ask(ULONG id, ULONG flags, void *data, ULONG bytes, ULONG_PTR *information)
{
    return ask_set(&set_guid, id, flags, sizeof(struct long_method), data, bytes, information);
}

static void method_body(void)
{
    ULONG value = 21;
    ULONG_PTR bytes;

    begin(answer);
    assert_int_equal(ask(TWICE, KSMETHOD_TYPE_SEND, &value, sizeof value, &bytes), STATUS_SUCCESS);
    assert_int_equal(value, 42);
    assert_int_equal(bytes, sizeof value);
    value = 0;
    assert_int_equal(ask(TWICE, KSMETHOD_TYPE_SEND, &value, sizeof value, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ask(TWICE, KSMETHOD_TYPE_SEND, NULL, 0, &bytes), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(bytes, sizeof value);
    assert_int_equal(ask(TWICE, KSMETHOD_TYPE_SEND, &value, 1, NULL), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ask_set(&set_guid, TWICE, KSMETHOD_TYPE_SEND, sizeof(KSMETHOD), &value,
                             sizeof value, NULL), STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(ask(SUPPORTED_ONLY, KSMETHOD_TYPE_SEND, &value, sizeof value, NULL),
                     STATUS_NOT_FOUND);
    assert_int_equal(ask(99, KSMETHOD_TYPE_SEND, &value, sizeof value, NULL), STATUS_NOT_FOUND);
    assert_int_equal(ask_set(&other_guid, TWICE, KSMETHOD_TYPE_SEND, sizeof(struct long_method),
                             &value, sizeof value, NULL), STATUS_PROPSET_NOT_FOUND);
    assert_int_equal(ask(99, KSMETHOD_TYPE_SETSUPPORT, NULL, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(ask(TWICE, KSMETHOD_TYPE_BASICSUPPORT, &value, sizeof value, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(value, KSMETHOD_TYPE_MODIFY);
    assert_int_equal(ask(WITH_SUPPORT, KSMETHOD_TYPE_BASICSUPPORT, &value, sizeof value, NULL),
                     STATUS_DEVICE_BUSY);
    end();
}

static void a_method_is_run_or_refused(void **state)
{
    (void)state;
    world_live(&plain, method_body);
}

static unsigned allocations;

static NTSTATUS NTAPI allocate(PIRP irp, ULONG bytes, BOOLEAN input_operation)
{
    allocations++;
    if (bytes > 1000)
        return STATUS_QUOTA_EXCEEDED;
    irp->AssociatedIrp.SystemBuffer = ExAllocatePoolWithTag(NonPagedPool, bytes, 'tseT');
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER |
                  (input_operation ? IRP_INPUT_OPERATION : 0u);
    return STATUS_SUCCESS;
}

static NTSTATUS answer_allocated(PIRP irp)
{
    assert_int_equal(KsMethodHandlerWithAllocator(irp, 1, sets, allocate, 36),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(KsMethodHandlerWithAllocator(irp, 1, sets, allocate, 8),
                     STATUS_INVALID_PARAMETER);
    return KsMethodHandlerWithAllocator(irp, 1, sets, allocate, sizeof(KSMETHOD_ITEM));
}

static void allocator_body(void)
{
    UCHAR large[1024] = {0};
    ULONG value = 4;

    allocations = 0;
    begin(answer_allocated);
    assert_int_equal(ask(TWICE, KSMETHOD_TYPE_SEND, &value, sizeof value, NULL), STATUS_SUCCESS);
    assert_int_equal(value, 8);
    assert_int_equal(allocations, 1);
    assert_int_equal(ask(TWICE, KSMETHOD_TYPE_SEND, large, sizeof large, NULL),
                     STATUS_QUOTA_EXCEEDED);
    assert_int_equal(ask_set(&set_guid, TWICE, 0, 8, &value, sizeof value, NULL),
                     STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(allocations, 2);
    end();
}

static void a_method_s_buffer_may_be_the_driver_s(void **state)
{
    (void)state;
    world_live(&plain, allocator_body);
}

static void fast_body(void)
{
    KSMETHOD request = {{{set_guid, TWICE, KSMETHOD_TYPE_SEND}}};
    IO_STATUS_BLOCK iosb = {.Information = 99};
    ULONG value = 6;

    begin(answer);
    assert_true(KsFastMethodHandler(file, &request, sizeof request, &value, sizeof value, &iosb, 1,
                                    sets));
    assert_int_equal(value, 12);
    assert_int_equal(iosb.Information, sizeof value);
    assert_false(KsFastMethodHandler(file, &request, 8, &value, sizeof value, &iosb, 1, sets));
    request.Flags = KSMETHOD_TYPE_BASICSUPPORT;
    assert_false(KsFastMethodHandler(file, &request, sizeof request, &value, sizeof value, &iosb, 1,
                                     sets));
    request.Flags = KSMETHOD_TYPE_SEND;
    request.Id = WITH_SUPPORT; /* its entry says TRUE, which is no handler */
    assert_false(KsFastMethodHandler(file, &request, sizeof request, &value, sizeof value, &iosb, 1,
                                     sets));
    request.Id = SUPPORTED_ONLY;
    assert_false(KsFastMethodHandler(file, &request, sizeof request, &value, sizeof value, &iosb, 1,
                                     sets));
    request.Id = TWICE;
    request.Set = other_guid;
    assert_false(KsFastMethodHandler(file, &request, sizeof request, &value, sizeof value, &iosb, 1,
                                     sets));
    assert_int_equal(value, 12);
    end();
}

static void fast_methods_take_what_they_can_and_leave_the_rest(void **state)
{
    (void)state;
    world_live(&plain, fast_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_method_is_run_or_refused),
        cmocka_unit_test(a_method_s_buffer_may_be_the_driver_s),
        cmocka_unit_test(fast_methods_take_what_they_can_and_leave_the_rest),
    };

    return cmocka_run_group_tests_name("method", tests, NULL, NULL);
}
