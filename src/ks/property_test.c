/* SPDX-License-Identifier: MIT */
/* Property sets of drivers that answer requests themselves: handlers, support, whole sets in one
 * buffer, buffers of the driver's, fast I/O. */
#include "ks/legacy_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

static const GUID set_guid = {0x99, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const GUID other_guid = {0x98, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

enum { LEVEL, WIDE, LIST, FIXED, RAW, SILENT };

static ULONG level;
static ULONGLONG wide;
static ULONG list_values[3];
static ULONG list_length;

static ULONG room_of(PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;
}

static NTSTATUS NTAPI get_level(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    assert_int_equal(request->Id, LEVEL);
    assert_ptr_equal(data, irp->AssociatedIrp.SystemBuffer);
    memcpy(data, &level, sizeof level);
    irp->IoStatus.Information = sizeof level;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI set_level(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    (void)irp, (void)request;
    memcpy(&level, data, sizeof level);
    return level == 666 ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

static NTSTATUS NTAPI get_wide(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    (void)request;
    assert_int_equal(room_of(irp), sizeof wide);
    memcpy(data, &wide, sizeof wide);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI set_wide(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    (void)irp, (void)request;
    memcpy(&wide, data, sizeof wide);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI get_list(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    (void)request, (void)data;
    return KsHandleSizedListQuery(irp, list_length, sizeof list_values[0], list_values);
}

static NTSTATUS NTAPI set_list(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    const KSMULTIPLE_ITEM *head = data;

    (void)irp, (void)request;
    list_length = head->Count;
    memcpy(list_values, head + 1, head->Count * sizeof list_values[0]);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI raw_support(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    if (request->Flags == KSPROPERTY_TYPE_SERIALIZERAW) {
        memcpy(data, "raw", 3);
        irp->IoStatus.Information = 3;
        return STATUS_SUCCESS;
    }
    if (request->Flags == KSPROPERTY_TYPE_UNSERIALIZERAW)
        return memcmp(data, "raw", 3) == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    return STATUS_SOME_NOT_MAPPED;
}

static const ULONG steps[] = {1, 2};
static const ULONG defaults[] = {7};
static const KSPROPERTY_MEMBERSLIST members[] = {
    {{KSPROPERTY_MEMBER_VALUES, sizeof steps[0], 2, 0}, steps},
    {{KSPROPERTY_MEMBER_VALUES, sizeof defaults, 1, KSPROPERTY_MEMBER_FLAG_DEFAULT}, defaults},
};
static const KSPROPERTY_VALUES values = {
    .PropTypeSet = {{{{0x55, 1, 2, {3}}, 19, 0}}}, .MembersListCount = 2, .MembersList = members};
static const KSPROPERTY related[] = {{{{{0x99, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}}, WIDE, 0}}}};

static const KSPROPERTY_ITEM items[] = {
    {.PropertyId = LEVEL, .GetPropertyHandler = get_level, .SetPropertyHandler = set_level,
     .MinProperty = sizeof(KSPROPERTY), .MinData = sizeof level, .Values = &values,
     .RelationsCount = 1, .Relations = related, .SerializedSize = sizeof level},
    {.PropertyId = WIDE, .GetPropertyHandler = get_wide, .SetPropertyHandler = set_wide,
     .MinProperty = sizeof(KSPROPERTY), .MinData = sizeof wide, .SerializedSize = sizeof wide},
    {.PropertyId = LIST, .GetPropertyHandler = get_list, .SetPropertyHandler = set_list,
     .MinProperty = sizeof(KSPROPERTY), .SerializedSize = 1},
    {.PropertyId = FIXED, .GetPropertyHandler = get_level, .MinProperty = sizeof(KSPROPERTY),
     .MinData = sizeof level}, /* not kept */
    {.PropertyId = RAW, .MinProperty = sizeof(KSPROPERTY), .SupportHandler = raw_support},
};

static BOOLEAN NTAPI fast_get(PFILE_OBJECT file, PKSIDENTIFIER request, ULONG request_bytes,
                              PVOID data, ULONG data_bytes, PIO_STATUS_BLOCK iosb)
{
    assert_non_null(file);
    assert_int_equal(request_bytes, sizeof(KSPROPERTY));
    assert_int_equal(request->Id, LEVEL);
    if (data_bytes < sizeof level)
        return FALSE;
    memcpy(data, &level, sizeof level);
    iosb->Status = STATUS_SUCCESS;
    iosb->Information = sizeof level;
    return TRUE;
}

static const KSFASTPROPERTY_ITEM fast_items[] = {
    {.PropertyId = LEVEL, .GetPropertyHandler = fast_get},
};

static const KSPROPERTY_SET sets[] = {
    {&set_guid, ARRAY_LEN(items), items, ARRAY_LEN(fast_items), fast_items},
};

static NTSTATUS answer(PIRP irp)
{
    return KsPropertyHandler(irp, ARRAY_LEN(sets), sets);
}

static PFILE_OBJECT file;

static void begin(NTSTATUS (*control)(PIRP irp))
{
    level = 5;
    wide = 0x123456789;
    list_length = 2;
    list_values[0] = 10;
    list_values[1] = 20;
    legacy.control = control;
    legacy_begin();
    file = legacy_open();
}

static void end(void)
{
    io_file_close(file);
    legacy_end();
}

static NTSTATUS ask_set(const GUID *set, ULONG id, ULONG flags, void *data, ULONG bytes,
                        ULONG_PTR *information)
{
    KSPROPERTY request = {{{*set, id, flags}}};

    return legacy_request(file, IOCTL_KS_PROPERTY, &request, sizeof request, data, bytes,
                          information);
}

static NTSTATUS ask(ULONG id, ULONG flags, void *data, ULONG bytes, ULONG_PTR *information)
{
    return ask_set(&set_guid, id, flags, data, bytes, information);
}

/* ---- Verbs ----------------------------------------------------------------------------------- */

static void verbs_body(void)
{
    ULONG value = 0;
    KSPROPERTY relation[2];
    struct {
        KSMULTIPLE_ITEM head;
        KSPROPERTY relation;
    } whole;
    ULONG_PTR bytes;

    begin(answer);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_GET, &value, sizeof value, &bytes), STATUS_SUCCESS);
    assert_int_equal(value, 5);
    assert_int_equal(bytes, sizeof value);
    value = 9;
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_SET, &value, sizeof value, NULL), STATUS_SUCCESS);
    assert_int_equal(level, 9);
    value = 666;
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_SET, &value, sizeof value, NULL),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_GET, NULL, 0, &bytes), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(bytes, sizeof value);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_GET, &value, 2, NULL), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_SET, &value, 2, NULL), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ask(FIXED, KSPROPERTY_TYPE_SET, &value, sizeof value, NULL), STATUS_NOT_FOUND);
    assert_int_equal(ask(SILENT, KSPROPERTY_TYPE_GET, &value, sizeof value, NULL),
                     STATUS_NOT_FOUND);
    assert_int_equal(ask(LEVEL, 0, &value, sizeof value, NULL), STATUS_NOT_FOUND);
    assert_int_equal(ask_set(&other_guid, LEVEL, KSPROPERTY_TYPE_GET, &value, sizeof value, NULL),
                     STATUS_PROPSET_NOT_FOUND);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_SETSUPPORT, NULL, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(ask_set(&other_guid, 0, KSPROPERTY_TYPE_SETSUPPORT, NULL, 0, NULL),
                     STATUS_PROPSET_NOT_FOUND);
    assert_int_equal(legacy_request(file, IOCTL_KS_PROPERTY, &set_guid, sizeof set_guid, &value,
                                    sizeof value, NULL), STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_RELATIONS, &value, sizeof value, &bytes),
                     STATUS_SUCCESS);
    assert_int_equal(value, sizeof whole);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_RELATIONS, relation, sizeof relation[0] - 1, NULL),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_RELATIONS, &whole, sizeof whole, &bytes),
                     STATUS_SUCCESS);
    assert_int_equal(bytes, sizeof whole);
    assert_int_equal(whole.head.Count, 1);
    assert_int_equal(whole.relation.Id, WIDE);
    end();
}

static void each_verb_has_its_answers_and_refusals(void **state)
{
    (void)state;
    world_live(&plain, verbs_body);
}

struct described {
    KSPROPERTY_DESCRIPTION description;
    KSPROPERTY_MEMBERSHEADER header;
    ULONG members[10];
};

static void support_body(void)
{
    struct described out;
    ULONG access;
    ULONG_PTR bytes;

    begin(answer);
    assert_int_equal(ask(FIXED, KSPROPERTY_TYPE_BASICSUPPORT, &access, sizeof access, &bytes),
                     STATUS_SUCCESS);
    assert_int_equal(access, KSPROPERTY_TYPE_GET);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_BASICSUPPORT, &out, sizeof out, &bytes),
                     STATUS_SUCCESS);
    assert_int_equal(out.description.AccessFlags, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET);
    assert_int_equal(out.description.MembersListCount, 2);
    assert_int_equal(out.header.MembersCount, 2);
    assert_int_equal(out.members[0], 1);
    assert_int_equal(bytes, sizeof out.description + 2 * sizeof out.header + sizeof steps +
                                sizeof defaults);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_DEFAULTVALUES, &out, sizeof out, &bytes),
                     STATUS_SUCCESS);
    assert_int_equal(out.description.MembersListCount, 1);
    assert_int_equal(out.header.Flags, KSPROPERTY_MEMBER_FLAG_DEFAULT);
    assert_int_equal(out.members[0], 7);
    assert_int_equal(bytes, sizeof out.description + sizeof out.header + sizeof defaults);
    end();
}

static void support_shows_all_values_and_defaults_alone_when_asked(void **state)
{
    (void)state;
    world_live(&plain, support_body);
}

static NTSTATUS lists(PIRP irp)
{
    static const ULONG two[2] = {1, 2};
    ULONG count = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.InputBufferLength !=
                          sizeof(KSPROPERTY)
                      ? 2
                      : 0;
    NTSTATUS status = KsPropertyHandler(irp, 0, NULL); /* captures; knows no set */

    assert_int_equal(status, STATUS_PROPSET_NOT_FOUND);
    return KsHandleSizedListQuery(irp, count, sizeof two[0], two);
}

static void list_body(void)
{
    KSP_PIN longer = {{{{set_guid, 0, KSPROPERTY_TYPE_GET}}}, 0, {0}};
    KSPROPERTY request = {{{set_guid, 0, KSPROPERTY_TYPE_GET}}};
    struct {
        KSMULTIPLE_ITEM head;
        ULONG item[2];
    } out = {{0, 0}, {0, 0}};
    ULONG_PTR bytes;

    begin(lists);
    assert_int_equal(legacy_request(file, IOCTL_KS_PROPERTY, &longer, sizeof longer, NULL, 0,
                                    &bytes), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(bytes, sizeof out);
    assert_int_equal(legacy_request(file, IOCTL_KS_PROPERTY, &longer, sizeof longer, &out,
                                    sizeof(ULONG), &bytes), STATUS_SUCCESS);
    assert_int_equal(out.head.Size, sizeof out);
    assert_int_equal(legacy_request(file, IOCTL_KS_PROPERTY, &longer, sizeof longer, &out,
                                    sizeof out.head, &bytes), STATUS_SUCCESS);
    assert_int_equal(out.head.Count, 2);
    assert_int_equal(bytes, sizeof out.head);
    assert_int_equal(legacy_request(file, IOCTL_KS_PROPERTY, &longer, sizeof longer, &out,
                                    sizeof out.head + 2, &bytes), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(bytes, 0);
    assert_int_equal(legacy_request(file, IOCTL_KS_PROPERTY, &longer, sizeof longer, &out,
                                    sizeof out, &bytes), STATUS_SUCCESS);
    assert_int_equal(bytes, sizeof out);
    assert_int_equal(out.item[1], 2);
    assert_int_equal(legacy_request(file, IOCTL_KS_PROPERTY, &request, sizeof request, &out,
                                    sizeof out, &bytes), STATUS_SUCCESS); /* an empty list */
    assert_int_equal(bytes, sizeof out.head);
    assert_int_equal(out.head.Count, 0);
    end();
}

static void a_list_gives_its_size_its_count_or_itself(void **state)
{
    (void)state;
    world_live(&plain, list_body);
}

/* ---- Whole sets ------------------------------------------------------------------------------ */

enum { WHOLE = 20 + 32 + 4 + 32 + 8 + 32 + 8 + 2 * 4 };

static KSPROPERTY_SERIAL serial_at(const UCHAR *buffer, ULONG at)
{
    KSPROPERTY_SERIAL serial;

    memcpy(&serial, buffer + at, sizeof serial);
    return serial;
}

static void serialise_body(void)
{
    UCHAR buffer[WHOLE + 20];
    KSPROPERTY_SERIALHDR head;
    KSPROPERTY_SERIAL serial;
    ULONG size = 77;
    ULONG_PTR bytes;

    begin(answer);
    assert_int_equal(ask(0, KSPROPERTY_TYPE_SERIALIZESET, NULL, 0, &bytes), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(bytes, WHOLE);
    assert_int_equal(ask(0, KSPROPERTY_TYPE_SERIALIZESET, buffer, WHOLE - 1, NULL),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ask(0, KSPROPERTY_TYPE_SERIALIZESET, buffer, sizeof buffer, &bytes),
                     STATUS_SUCCESS);
    assert_int_equal(bytes, WHOLE);
    memcpy(&head, buffer, sizeof head);
    assert_memory_equal(&head.PropertySet, &set_guid, sizeof set_guid);
    assert_int_equal(head.Count, 3);
    serial = serial_at(buffer, 20);
    assert_int_equal(serial.Id, LEVEL);
    assert_int_equal(serial.PropertyLength, sizeof level);
    assert_int_equal(serial.PropTypeSet.Id, 19);
    serial = serial_at(buffer, 20 + 32 + 4 + 32 + 8);
    assert_int_equal(serial.Id, LIST);
    assert_int_equal(serial.PropertyLength, 16);
    level = 0;
    wide = 0;
    list_length = 0;
    assert_int_equal(ask(0, KSPROPERTY_TYPE_UNSERIALIZESET, buffer, WHOLE, NULL), STATUS_SUCCESS);
    assert_int_equal(level, 5);
    assert_int_equal(wide, 0x123456789);
    assert_int_equal(list_length, 2);
    assert_int_equal(list_values[1], 20);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_SERIALIZESIZE, &size, sizeof size, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(size, sizeof level);
    assert_int_equal(ask(FIXED, KSPROPERTY_TYPE_SERIALIZESIZE, &size, sizeof size, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(size, 0);
    end();
}

static void a_set_goes_into_one_buffer_and_comes_back(void **state)
{
    (void)state;
    world_live(&plain, serialise_body);
}

static NTSTATUS put_back(UCHAR *buffer, ULONG bytes)
{
    return ask(0, KSPROPERTY_TYPE_UNSERIALIZESET, buffer, bytes, NULL);
}

static void write_at(UCHAR *buffer, ULONG at, ULONG value)
{
    memcpy(buffer + at, &value, sizeof value);
}

static void unserialise_body(void)
{
    UCHAR good[WHOLE];
    UCHAR bad[WHOLE];

    begin(answer);
    assert_int_equal(ask(0, KSPROPERTY_TYPE_SERIALIZESET, good, sizeof good, NULL), STATUS_SUCCESS);
    assert_int_equal(put_back(good, 19), STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(put_back(good, 40), STATUS_INVALID_BUFFER_SIZE); /* no room for a header */
    assert_int_equal(put_back(good, WHOLE - 1), STATUS_INVALID_BUFFER_SIZE);
    memcpy(bad, good, sizeof bad);
    bad[0]++;
    assert_int_equal(put_back(bad, sizeof bad), STATUS_INVALID_PARAMETER); /* another set */
    memcpy(bad, good, sizeof bad);
    write_at(bad, 20 + 24, SILENT);
    assert_int_equal(put_back(bad, sizeof bad), STATUS_NOT_FOUND);
    write_at(bad, 20 + 24, LEVEL);
    write_at(bad, 20 + 28, 0xfffffff0); /* longer than everything */
    assert_int_equal(put_back(bad, sizeof bad), STATUS_INVALID_BUFFER_SIZE);
    write_at(bad, 20 + 28, 2); /* shorter than the property */
    assert_int_equal(put_back(bad, sizeof bad), STATUS_BUFFER_TOO_SMALL);
    memcpy(bad, good, sizeof bad);
    write_at(bad, 20 + 32, 666); /* a value that its handler refuses */
    wide = 1;
    assert_int_equal(put_back(bad, sizeof bad), STATUS_ACCESS_DENIED);
    assert_int_equal(wide, 1); /* nothing after it is set */
    assert_int_equal(ask_set(&other_guid, 0, KSPROPERTY_TYPE_SERIALIZESET, bad, sizeof bad, NULL),
                     STATUS_PROPSET_NOT_FOUND);
    end();
}

static void a_buffer_that_is_no_set_is_refused(void **state)
{
    (void)state;
    world_live(&plain, unserialise_body);
}

static void raw_body(void)
{
    char data[8] = "";
    ULONG_PTR bytes;

    begin(answer);
    assert_int_equal(ask(RAW, KSPROPERTY_TYPE_SERIALIZERAW, data, sizeof data, &bytes),
                     STATUS_SUCCESS);
    assert_int_equal(bytes, 3);
    assert_memory_equal(data, "raw", 3);
    assert_int_equal(ask(RAW, KSPROPERTY_TYPE_UNSERIALIZERAW, data, sizeof data, NULL),
                     STATUS_SUCCESS);
    data[0] = 'x';
    assert_int_equal(ask(RAW, KSPROPERTY_TYPE_UNSERIALIZERAW, data, sizeof data, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_SERIALIZERAW, data, sizeof data, NULL),
                     STATUS_NOT_FOUND); /* nobody who knows the format */
    end();
}

static void a_private_format_is_the_support_handlers_business(void **state)
{
    (void)state;
    world_live(&plain, raw_body);
}

/* ---- Buffers of the driver's, larger items --------------------------------------------------- */

struct larger_item {
    KSPROPERTY_ITEM item;
    ULONG_PTR own;
};

static unsigned allocations;
static BOOLEAN gave_back;

static NTSTATUS NTAPI allocate(PIRP irp, ULONG bytes, BOOLEAN input_operation)
{
    allocations++;
    gave_back = input_operation;
    if (level == 1)
        return STATUS_QUOTA_EXCEEDED;
    irp->AssociatedIrp.SystemBuffer = ExAllocatePoolWithTag(NonPagedPool, bytes, 'tseT');
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER |
                  (input_operation ? IRP_INPUT_OPERATION : 0u);
    return STATUS_SUCCESS;
}

static NTSTATUS answer_larger(PIRP irp)
{
    struct larger_item *table = ExAllocatePoolWithTag(NonPagedPool, 2 * sizeof *table, 'tseT');
    const KSPROPERTY_SET set = {&set_guid, 2, (const KSPROPERTY_ITEM *)(void *)table, 0, NULL};
    NTSTATUS status;

    table[0].item = items[LEVEL];
    table[1].item = items[LEVEL];
    table[1].item.PropertyId = WIDE;
    table[1].item.GetPropertyHandler = get_wide;
    assert_int_equal(KsPropertyHandlerWithAllocator(irp, 1, &set, NULL, sizeof *table - 4),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(KsPropertyHandlerWithAllocator(irp, 1, &set, NULL, 8),
                     STATUS_INVALID_PARAMETER);
    status = KsPropertyHandlerWithAllocator(irp, 1, &set, allocate, sizeof *table);
    if (NT_SUCCESS(status))
        assert_int_equal(KSPROPERTY_ITEM_IRP_STORAGE(irp)->PropertyId, table[0].item.PropertyId);
    ExFreePoolWithTag(table, 'tseT');
    return status;
}

static void allocator_body(void)
{
    ULONG value = 0;

    allocations = 0;
    begin(answer_larger);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_GET, &value, sizeof value, NULL), STATUS_SUCCESS);
    assert_int_equal(value, 5);
    assert_int_equal(allocations, 1);
    assert_true(gave_back);
    value = 1;
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_SET, &value, sizeof value, NULL), STATUS_SUCCESS);
    assert_int_equal(level, 1);
    assert_false(gave_back);
    assert_int_equal(ask(LEVEL, KSPROPERTY_TYPE_GET, &value, sizeof value, NULL),
                     STATUS_QUOTA_EXCEEDED);
    end();
}

static void a_driver_may_give_the_buffer_itself(void **state)
{
    (void)state;
    world_live(&plain, allocator_body);
}

/* ---- Fast I/O -------------------------------------------------------------------------------- */

static void fast_body(void)
{
    KSPROPERTY request = {{{set_guid, LEVEL, KSPROPERTY_TYPE_GET}}};
    IO_STATUS_BLOCK iosb = {.Information = 99};
    ULONG value = 0;

    begin(answer);
    assert_true(KsFastPropertyHandler(file, &request, sizeof request, &value, sizeof value, &iosb,
                                      1, sets));
    assert_int_equal(value, 5);
    assert_int_equal(iosb.Information, sizeof value);
    assert_false(KsFastPropertyHandler(file, &request, sizeof request, &value, 1, &iosb, 1, sets));
    assert_false(KsFastPropertyHandler(file, &request, 16, &value, sizeof value, &iosb, 1, sets));
    request.Flags = KSPROPERTY_TYPE_SET; /* the table has no fast handler for it */
    assert_false(KsFastPropertyHandler(file, &request, sizeof request, &value, sizeof value, &iosb,
                                       1, sets));
    request.Flags = KSPROPERTY_TYPE_BASICSUPPORT;
    assert_false(KsFastPropertyHandler(file, &request, sizeof request, &value, sizeof value, &iosb,
                                       1, sets));
    request.Flags = KSPROPERTY_TYPE_GET;
    request.Id = WIDE;
    assert_false(KsFastPropertyHandler(file, &request, sizeof request, &value, sizeof value, &iosb,
                                       1, sets));
    request.Id = LEVEL;
    request.Set = other_guid;
    assert_false(KsFastPropertyHandler(file, &request, sizeof request, &value, sizeof value, &iosb,
                                       1, sets));
    end();
}

static void fast_handlers_take_what_they_can_and_leave_the_rest(void **state)
{
    (void)state;
    world_live(&plain, fast_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verb_has_its_answers_and_refusals),
        cmocka_unit_test(support_shows_all_values_and_defaults_alone_when_asked),
        cmocka_unit_test(a_list_gives_its_size_its_count_or_itself),
        cmocka_unit_test(a_set_goes_into_one_buffer_and_comes_back),
        cmocka_unit_test(a_buffer_that_is_no_set_is_refused),
        cmocka_unit_test(a_private_format_is_the_support_handlers_business),
        cmocka_unit_test(a_driver_may_give_the_buffer_itself),
        cmocka_unit_test(fast_handlers_take_what_they_can_and_leave_the_rest),
    };

    return cmocka_run_group_tests_name("property", tests, NULL, NULL);
}
