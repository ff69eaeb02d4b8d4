/* SPDX-License-Identifier: MIT */
/* What clients ask of filters and pins: properties, formats, connections, headers. */
#include "ks/ks_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

static void begin_with_filter(void)
{
    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_open_filter();
}

static KSP_PIN pin_request(const GUID *set, ULONG id)
{
    KSP_PIN request = {.Property = {{{*set, id, KSPROPERTY_TYPE_GET}}}};

    return request;
}

/* ---- Pin properties -------------------------------------------------------------------------- */

static NTSTATUS get_pin(ULONG id, void *data, ULONG bytes, ULONG_PTR *information)
{
    KSP_PIN request = pin_request(&KSPROPSETID_Pin, id);

    return world_property(world->filter_file, &request, sizeof request, data, bytes, information);
}

static void pin_properties(void)
{
    KSP_PIN beyond = pin_request(&KSPROPSETID_Pin, KSPROPERTY_PIN_DATAFLOW);
    KSPIN_CINSTANCES instances;
    ULONG_PTR information;
    ULONG value;
    GUID guid;

    begin_with_filter();
    assert_int_equal(get_pin(KSPROPERTY_PIN_CTYPES, &value, sizeof value, &information),
                     STATUS_SUCCESS);
    assert_int_equal(value, 1);
    assert_int_equal(information, sizeof value);
    assert_int_equal(get_pin(KSPROPERTY_PIN_DATAFLOW, &value, sizeof value, NULL), STATUS_SUCCESS);
    assert_int_equal(value, KSPIN_DATAFLOW_OUT);
    assert_int_equal(get_pin(KSPROPERTY_PIN_COMMUNICATION, &value, sizeof value, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(value, KSPIN_COMMUNICATION_BOTH);
    assert_int_equal(get_pin(KSPROPERTY_PIN_CATEGORY, &guid, sizeof guid, NULL), STATUS_SUCCESS);
    assert_memory_equal(&guid, &KSCATEGORY_CAPTURE, sizeof guid);
    assert_int_equal(get_pin(KSPROPERTY_PIN_CINSTANCES, &instances, sizeof instances, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(instances.PossibleCount, 1);
    assert_int_equal(instances.CurrentCount, 0);
    beyond.PinId = 1;
    assert_int_equal(
        world_property(world->filter_file, &beyond, sizeof beyond, &value, sizeof value, NULL),
        STATUS_INVALID_PARAMETER);
    assert_int_equal(get_pin(KSPROPERTY_PIN_DATAFLOW, &value, 2, NULL), STATUS_BUFFER_TOO_SMALL);
    world_end();
}

static void a_filter_describes_its_pins(void **state)
{
    (void)state;
    world_live(&plain, pin_properties);
}

static void sized_lists(void)
{
    struct {
        KSMULTIPLE_ITEM head;
        KSPIN_INTERFACE item;
    } list;
    UCHAR ranges[256];
    ULONG_PTR information;
    ULONG size;

    begin_with_filter();
    assert_int_equal(get_pin(KSPROPERTY_PIN_INTERFACES, NULL, 0, &information),
                     STATUS_BUFFER_OVERFLOW);
    assert_int_equal(information, sizeof list);
    assert_int_equal(get_pin(KSPROPERTY_PIN_INTERFACES, &size, sizeof size, NULL), STATUS_SUCCESS);
    assert_int_equal(size, sizeof list);
    assert_int_equal(get_pin(KSPROPERTY_PIN_INTERFACES, &list, sizeof list.head, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(list.head.Count, 1);
    assert_int_equal(get_pin(KSPROPERTY_PIN_INTERFACES, &list, sizeof list - 1, NULL),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(get_pin(KSPROPERTY_PIN_INTERFACES, &list, sizeof list, &information),
                     STATUS_SUCCESS);
    assert_int_equal(information, sizeof list);
    assert_memory_equal(&list.item.Set, &KSINTERFACESETID_Standard, sizeof(GUID));
    assert_int_equal(get_pin(KSPROPERTY_PIN_DATARANGES, ranges, sizeof ranges, &information),
                     STATUS_SUCCESS);
    assert_int_equal(information, sizeof(KSMULTIPLE_ITEM) + sizeof(KSDATARANGE));
    assert_memory_equal(ranges + sizeof(KSMULTIPLE_ITEM), &world_range, sizeof world_range);
    world_end();
}

static void lists_answer_size_head_and_whole(void **state)
{
    (void)state;
    world_live(&plain, sized_lists);
}

static void unknown_requests(void)
{
    KSPROPERTY request = {{{world_reference, 0, KSPROPERTY_TYPE_GET}}};
    ULONG value = 0;
    ULONG_PTR information;
    GUID sets[8];

    begin_with_filter();
    assert_int_equal(
        world_property(world->filter_file, &request, sizeof request, &value, sizeof value, NULL),
        STATUS_PROPSET_NOT_FOUND);
    request.Set = KSPROPSETID_Pin;
    request.Id = 999;
    assert_int_equal(
        world_property(world->filter_file, &request, sizeof request, &value, sizeof value, NULL),
        STATUS_NOT_FOUND);
    request.Id = KSPROPERTY_PIN_CTYPES;
    request.Flags = KSPROPERTY_TYPE_SET;
    assert_int_equal(
        world_property(world->filter_file, &request, sizeof request, &value, sizeof value, NULL),
        STATUS_NOT_FOUND);
    request.Flags = KSPROPERTY_TYPE_BASICSUPPORT;
    assert_int_equal(
        world_property(world->filter_file, &request, sizeof request, &value, sizeof value, NULL),
        STATUS_SUCCESS);
    assert_int_equal(value, KSPROPERTY_TYPE_GET);
    request.Flags = KSPROPERTY_TYPE_SETSUPPORT;
    assert_int_equal(world_property(world->filter_file, &request, sizeof request, NULL, 0, NULL),
                     STATUS_SUCCESS);
    request.Set = GUID_NULL;
    assert_int_equal(world_property(world->filter_file, &request, sizeof request, sets, sizeof sets,
                                    &information),
                     STATUS_SUCCESS);
    assert_int_equal(information, 3 * sizeof(GUID));
    world_end();
}

static void unknown_sets_ids_and_verbs_have_their_own_status(void **state)
{
    (void)state;
    world_live(&plain, unknown_requests);
}

/* ---- Descriptions ---------------------------------------------------------------------------- */

static const KSPROPERTY_STEPPING_LONG two_channels[] = {
    {.SteppingDelta = 1, .Bounds = {.SignedMinimum = -5, .SignedMaximum = 5}},
    {.SteppingDelta = 2, .Bounds = {.SignedMinimum = -9, .SignedMaximum = 9}}};
static const LONG usual = 3;
static const KSPROPERTY_MEMBERSLIST members[] = {
    {{KSPROPERTY_MEMBER_STEPPEDRANGES, sizeof two_channels[0], 2, 0}, two_channels},
    {{KSPROPERTY_MEMBER_VALUES, sizeof usual, sizeof usual, KSPROPERTY_MEMBER_FLAG_DEFAULT},
     &usual}};
static const KSPROPERTY_VALUES values = {.MembersListCount = 2, .MembersList = members};
static const KSPROPERTY_ITEM described_items[] = {{.PropertyId = 1, .Values = &values}};
static const KSPROPERTY_SET described_sets[] = {{&world_reference, 1, described_items, 0, NULL}};
static const KSAUTOMATION_TABLE described = {.PropertySetsCount = 1,
                                             .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
                                             .PropertySets = described_sets};

struct answer {
    KSPROPERTY_DESCRIPTION description;
    KSPROPERTY_MEMBERSHEADER steps_head;
    KSPROPERTY_STEPPING_LONG steps[2];
    KSPROPERTY_MEMBERSHEADER usual_head;
    LONG usual;
};

static void describe_channels(void)
{
    KSPROPERTY request = {{{world_reference, 1, KSPROPERTY_TYPE_BASICSUPPORT}}};
    ULONG whole = offsetof(struct answer, usual) + sizeof(LONG);
    struct answer answer;
    ULONG_PTR information;

    world_begin();
    assert_int_equal(world_property(world->pin_file, &request, sizeof request, &answer,
                                    sizeof answer.description, &information),
                     STATUS_SUCCESS);
    assert_int_equal(information, sizeof answer.description);
    assert_int_equal(answer.description.DescriptionSize, whole);
    assert_int_equal(answer.description.MembersListCount, 2);
    assert_int_equal(world_property(world->pin_file, &request, sizeof request, &answer,
                                    sizeof answer, &information),
                     STATUS_SUCCESS);
    assert_int_equal(information, whole);
    assert_memory_equal(answer.steps, two_channels, sizeof two_channels);
    assert_int_equal(answer.usual_head.Flags, KSPROPERTY_MEMBER_FLAG_DEFAULT);
    assert_int_equal(answer.usual, usual);
    assert_int_equal(
        world_property(world->pin_file, &request, sizeof request, &answer, 2, NULL),
        STATUS_BUFFER_TOO_SMALL);
    world_end();
}

static void a_description_has_every_channels_range(void **state)
{
    const struct world_config config = {.windows = KE_WINDOWS_10, .pin_table = &described};

    (void)state;
    world_live(&config, describe_channels);
}

/* ---- Intersection ---------------------------------------------------------------------------- */

struct intersection_request {
    KSP_PIN pin;
    KSMULTIPLE_ITEM list;
    KSDATARANGE range;
};

static NTSTATUS intersect(const KSDATARANGE *range, void *data, ULONG bytes, ULONG_PTR *information)
{
    struct intersection_request request = {
        .pin = pin_request(&KSPROPSETID_Pin, KSPROPERTY_PIN_DATAINTERSECTION),
        .list = {.Size = sizeof request.list + sizeof request.range, .Count = 1},
        .range = *range};

    return world_property(world->filter_file, &request, sizeof request, data, bytes, information);
}

static NTSTATUS NTAPI handle_intersection(PVOID Context, PIRP Irp, PKSP_PIN Pin,
                                          PKSDATARANGE Caller, PKSDATARANGE Mine,
                                          ULONG DataBufferSize, PVOID Data, PULONG DataSize)
{
    (void)Caller;
    assert_ptr_equal(Context, world->filter);
    assert_ptr_equal(KsGetFilterFromIrp(Irp), world->filter);
    assert_int_equal(Pin->PinId, 0);
    *DataSize = sizeof(KSDATAFORMAT) + 16;
    if (DataBufferSize == 0)
        return STATUS_BUFFER_OVERFLOW;
    if (DataBufferSize < *DataSize)
        return STATUS_BUFFER_TOO_SMALL;
    memset(Data, 0, *DataSize);
    memcpy(Data, Mine, sizeof(KSDATAFORMAT));
    return STATUS_SUCCESS;
}

static void intersections(void)
{
    KSDATARANGE range = world_range;
    UCHAR data[128];
    ULONG_PTR information;
    ULONG want = sizeof(KSDATAFORMAT) + (world->config->intersect != NULL ? 16 : 0);

    begin_with_filter();
    assert_int_equal(intersect(&range, NULL, 0, &information), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(information, want);
    assert_int_equal(intersect(&range, data, sizeof(KSDATAFORMAT) - 8, NULL),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(intersect(&range, data, sizeof data, &information), STATUS_SUCCESS);
    assert_int_equal(information, want);
    assert_memory_equal(&((PKSDATAFORMAT)(void *)data)->SubFormat, &world_sub, sizeof(GUID));
    range.SubFormat = world_reference;
    assert_int_equal(intersect(&range, data, sizeof data, NULL), STATUS_NO_MATCH);
    range.SubFormat = GUID_NULL;
    assert_int_equal(intersect(&range, data, sizeof data, NULL), STATUS_SUCCESS);
    world_end();
}

static void an_intersection_answers_size_format_or_no_match(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .intersect = handle_intersection};

    (void)state;
    world_live(&config, intersections);
}

static void without_a_handler_ranges_without_specifier_intersect(void **state)
{
    (void)state;
    world_live(&plain, intersections);
}

/* ---- Framing --------------------------------------------------------------------------------- */

static const KSALLOCATOR_FRAMING_EX framing = {
    .CountItems = 1,
    .OutputCompression = {1, 1, 0},
    .FramingItem = {{.MemoryType = {0},
                     .Flags = KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY,
                     .Frames = 2,
                     .FramingRange = {.Range = {100, 100, 1}}}}};

/* As samples do it: first the descriptor becomes ours, then the framing. */
static NTSTATUS edit_framing(PKSPIN pin, PIRP irp)
{
    NTSTATUS status = KsEdit(pin, &pin->Descriptor, 'tsT');

    (void)irp;
    if (NT_SUCCESS(status))
        status = KsEdit(pin, &pin->Descriptor->AllocatorFraming, 'tsT');
    if (NT_SUCCESS(status)) {
        KSALLOCATOR_FRAMING_EX *mine =
            (KSALLOCATOR_FRAMING_EX *)(ULONG_PTR)pin->Descriptor->AllocatorFraming;

        mine->FramingItem[0].Frames = 7;
        mine->FramingItem[0].FramingRange.Range.MaxFrameSize = 9999;
    }
    return status;
}

static NTSTATUS get_connection(ULONG id, void *data, ULONG bytes, ULONG_PTR *information)
{
    KSPROPERTY request = {{{KSPROPSETID_Connection, id, KSPROPERTY_TYPE_GET}}};

    return world_property(world->pin_file, &request, sizeof request, data, bytes, information);
}

static void edited_framing(void)
{
    KSALLOCATOR_FRAMING_EX answer;
    KSALLOCATOR_FRAMING old;
    ULONG_PTR information;

    world_begin();
    assert_int_equal(
        get_connection(KSPROPERTY_CONNECTION_ALLOCATORFRAMING_EX, NULL, 0, &information),
        STATUS_BUFFER_OVERFLOW);
    assert_int_equal(information, sizeof answer);
    assert_int_equal(get_connection(KSPROPERTY_CONNECTION_ALLOCATORFRAMING_EX, &answer, 20, NULL),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(
        get_connection(KSPROPERTY_CONNECTION_ALLOCATORFRAMING_EX, &answer, sizeof answer, NULL),
        STATUS_SUCCESS);
    assert_int_equal(answer.FramingItem[0].Frames, 7);
    assert_int_equal(get_connection(KSPROPERTY_CONNECTION_ALLOCATORFRAMING, &old, sizeof old, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(old.Frames, 7);
    assert_int_equal(old.FrameSize, 9999);
    assert_int_equal(framing.FramingItem[0].Frames, 2);
    world_end();
}

static void framing_edited_in_create_is_what_clients_see(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .framing = &framing, .create = edit_framing};

    (void)state;
    world_live(&config, edited_framing);
}

static void no_framing(void)
{
    ULONG_PTR information;

    world_begin();
    assert_int_equal(
        get_connection(KSPROPERTY_CONNECTION_ALLOCATORFRAMING_EX, NULL, 0, &information),
        STATUS_NOT_FOUND);
    world_end();
}

static void a_pin_without_framing_says_not_found(void **state)
{
    (void)state;
    world_live(&plain, no_framing);
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static void bad_connections(void)
{
    struct world_connection connection = world_default_connection();
    PFILE_OBJECT file;
    PFILE_OBJECT second;

    begin_with_filter();
    connection.connect.PinId = 1;
    assert_int_equal(world_try_pin(&connection, &file), STATUS_INVALID_PARAMETER);
    connection = world_default_connection();
    connection.connect.Medium.Set = world_reference;
    assert_int_equal(world_try_pin(&connection, &file), STATUS_NO_MATCH);
    connection = world_default_connection();
    connection.connect.Interface.Id = KSINTERFACE_STANDARD_CONTROL;
    assert_int_equal(world_try_pin(&connection, &file), STATUS_NO_MATCH);
    connection = world_default_connection();
    connection.format.SubFormat = world_reference;
    assert_int_equal(world_try_pin(&connection, &file), STATUS_NO_MATCH);
    connection = world_default_connection();
    connection.format.FormatSize = 1000;
    assert_int_equal(world_try_pin(&connection, &file), STATUS_INVALID_BUFFER_SIZE);
    connection = world_default_connection();
    assert_int_equal(world_try_pin(&connection, &file), STATUS_SUCCESS);
    assert_int_equal(world_try_pin(&connection, &second), STATUS_INVALID_DEVICE_REQUEST);
    io_file_close(file);
    assert_int_equal(world_try_pin(&connection, &file), STATUS_SUCCESS);
    io_file_close(file);
    world_end();
}

static void connections_that_do_not_fit_are_refused_with_their_status(void **state)
{
    (void)state;
    world_live(&plain, bad_connections);
}

static void set_new_format(void)
{
    KSPROPERTY request = {
        {{KSPROPSETID_Connection, KSPROPERTY_CONNECTION_DATAFORMAT, KSPROPERTY_TYPE_SET}}};
    KSDATAFORMAT format = world_range;
    KSDATAFORMAT answer;

    world_begin();
    format.SampleSize = 5;
    assert_int_equal(
        world_property(world->pin_file, &request, sizeof request, &format, sizeof format, NULL),
        STATUS_SUCCESS);
    assert_int_equal(world->pin->ConnectionFormat->SampleSize, 5);
    format.SampleSize = 6;
    format.MajorFormat = world_reference;
    assert_int_equal(
        world_property(world->pin_file, &request, sizeof request, &format, sizeof format, NULL),
        STATUS_NO_MATCH);
    assert_int_equal(get_connection(KSPROPERTY_CONNECTION_DATAFORMAT, &answer, sizeof answer, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(answer.SampleSize, 5);
    world_end();
}

static void a_format_that_fits_replaces_the_old_one_and_a_refused_one_does_not(void **state)
{
    (void)state;
    world_live(&plain, set_new_format);
}

static void bad_headers(void)
{
    struct world_request *request;
    KSSTREAM_HEADER header = {.Size = sizeof header, .FrameExtent = 100};
    uint64_t va;
    ULONG_PTR information;

    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    assert_int_equal(mm_user_allocate(world->mm, 4096, 0, &va), 0);
    header.DataUsed = 1;
    assert_true(mm_copy_to_va(world->mm, va, &header, sizeof header));
    assert_int_equal(io_file_control_wait(world->pin_file, IOCTL_KS_READ_STREAM, 0, 0, va,
                                          sizeof header, &information),
                     STATUS_INVALID_BUFFER_SIZE);
    header.DataUsed = 0;
    header.OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
    assert_true(mm_copy_to_va(world->mm, va, &header, sizeof header));
    assert_int_equal(io_file_control_wait(world->pin_file, IOCTL_KS_READ_STREAM, 0, 0, va,
                                          sizeof header, &information),
                     STATUS_INVALID_PARAMETER);
    header.OptionsFlags = 0;
    header.Size = 60;
    assert_true(mm_copy_to_va(world->mm, va, &header, sizeof header));
    assert_int_equal(
        io_file_control_wait(world->pin_file, IOCTL_KS_READ_STREAM, 0, 0, va, 60, &information),
        STATUS_INVALID_BUFFER_SIZE);
    header.Size = sizeof header;
    header.Data = (PVOID)(va + (UINT64_C(1) << 36));
    assert_true(mm_copy_to_va(world->mm, va, &header, sizeof header));
    assert_int_equal(io_file_control_wait(world->pin_file, IOCTL_KS_READ_STREAM, 0, 0, va,
                                          sizeof header, &information),
                     STATUS_ACCESS_VIOLATION);
    request = world_queue(1, 100, 0);
    assert_int_equal(request->sent, STATUS_PENDING);
    assert_int_equal(io_file_control_wait(world->pin_file, IOCTL_KS_WRITE_STREAM, 0, 0, va,
                                          sizeof header, &information),
                     STATUS_ACCESS_DENIED);
    mm_user_free(world->mm, va);
    world_end();
}

static void headers_that_break_the_rules_are_refused(void **state)
{
    (void)state;
    world_live(&plain, bad_headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_describes_its_pins),
        cmocka_unit_test(lists_answer_size_head_and_whole),
        cmocka_unit_test(unknown_sets_ids_and_verbs_have_their_own_status),
        cmocka_unit_test(a_description_has_every_channels_range),
        cmocka_unit_test(an_intersection_answers_size_format_or_no_match),
        cmocka_unit_test(without_a_handler_ranges_without_specifier_intersect),
        cmocka_unit_test(framing_edited_in_create_is_what_clients_see),
        cmocka_unit_test(a_pin_without_framing_says_not_found),
        cmocka_unit_test(connections_that_do_not_fit_are_refused_with_their_status),
        cmocka_unit_test(a_format_that_fits_replaces_the_old_one_and_a_refused_one_does_not),
        cmocka_unit_test(headers_that_break_the_rules_are_refused),
    };

    return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}
