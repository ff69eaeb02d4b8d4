/* SPDX-License-Identifier: MIT */
/* KSPROPSETID_Connection, KSPROPSETID_Stream and KSPROPSETID_StreamInterface of a pin: what the
 * runtime answers, what goes to the driver, and in which states. */
#include "ks/ks_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

static NTSTATUS ask(const GUID *set, ULONG id, ULONG verb, void *value, ULONG bytes)
{
    KSPROPERTY request = {{{*set, id, verb}}};

    return world_property(world->pin_file, &request, sizeof request, value, bytes, NULL);
}

static NTSTATUS get(ULONG id, void *value, ULONG bytes)
{
    return ask(&KSPROPSETID_Connection, id, KSPROPERTY_TYPE_GET, value, bytes);
}

static NTSTATUS set(ULONG id, void *value, ULONG bytes)
{
    return ask(&KSPROPSETID_Connection, id, KSPROPERTY_TYPE_SET, value, bytes);
}

/* ---- States and priorities ------------------------------------------------------------------- */

static void states(void)
{
    KSSTATE state = KSSTATE_RUN + 1;
    USHORT half = 0;

    world_begin();
    assert_int_equal(set(KSPROPERTY_CONNECTION_STATE, &state, sizeof state),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(set(KSPROPERTY_CONNECTION_STATE, &half, sizeof half),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(get(KSPROPERTY_CONNECTION_STATE, &state, sizeof state), STATUS_SUCCESS);
    assert_int_equal(state, KSSTATE_STOP);
    state = KSSTATE_PAUSE;
    assert_int_equal(set(KSPROPERTY_CONNECTION_STATE, &state, sizeof state), STATUS_SUCCESS);
    assert_int_equal(get(KSPROPERTY_CONNECTION_STATE, &state, sizeof state), STATUS_SUCCESS);
    assert_int_equal(state, KSSTATE_PAUSE);
    world_end();
}

static void a_state_is_set_and_read_and_there_are_four(void **state)
{
    (void)state;
    world_live(&plain, states);
}

static void priorities(void)
{
    KSPRIORITY priority = {KSPRIORITY_HIGH, 7}, shown;
    BOOL ordering = TRUE;
    ULONG bytes = 0;

    world_begin();
    assert_int_equal(set(KSPROPERTY_CONNECTION_PRIORITY, &priority, sizeof priority),
                     STATUS_SUCCESS);
    assert_int_equal(get(KSPROPERTY_CONNECTION_PRIORITY, &shown, sizeof shown), STATUS_SUCCESS);
    assert_memory_equal(&shown, &priority, sizeof shown);
    assert_memory_equal(&world->pin->ConnectionPriority, &priority, sizeof priority);
    assert_int_equal(set(KSPROPERTY_CONNECTION_PRIORITY, &priority, 4), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(get(KSPROPERTY_CONNECTION_ACQUIREORDERING, &ordering, sizeof ordering),
                     STATUS_SUCCESS);
    assert_int_equal(ordering, FALSE);
    assert_int_equal(set(KSPROPERTY_CONNECTION_ACQUIREORDERING, &ordering, sizeof ordering),
                     STATUS_NOT_FOUND);
    assert_int_equal(ask(&KSPROPSETID_StreamInterface, KSPROPERTY_STREAMINTERFACE_HEADERSIZE,
                         KSPROPERTY_TYPE_GET, &bytes, sizeof bytes),
                     STATUS_SUCCESS);
    assert_int_equal(bytes, sizeof(KSSTREAM_HEADER));
    world_end();
}

static void priority_is_kept_ordering_is_none_and_headers_have_their_size(void **state)
{
    (void)state;
    world_live(&plain, priorities);
}

static NTSTATUS ask_for_long_headers(PKSPIN pin, PIRP irp)
{
    (void)irp;
    pin->StreamHeaderSize = sizeof(KSSTREAM_HEADER) + 64;
    return STATUS_SUCCESS;
}

static void header_size(void)
{
    ULONG bytes = 0;

    world_begin();
    assert_int_equal(ask(&KSPROPSETID_StreamInterface, KSPROPERTY_STREAMINTERFACE_HEADERSIZE,
                         KSPROPERTY_TYPE_GET, &bytes, sizeof bytes),
                     STATUS_SUCCESS);
    assert_int_equal(bytes, sizeof(KSSTREAM_HEADER) + 64);
    world_end();
}

static void a_driver_may_ask_for_longer_headers(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .create = ask_for_long_headers};

    (void)state;
    world_live(&config, header_size);
}

/* ---- Formats while the pin is not in STOP ---------------------------------------------------- */

static struct {
    unsigned calls;
    ULONG old_sample, new_sample;
    KSSTATE state;
} seen;

/* A driver that takes odd sizes of samples in RUN too, even ones in STOP only. */
static NTSTATUS choose(PKSPIN pin, PKSDATAFORMAT old)
{
    seen.calls++;
    seen.old_sample = old != NULL ? old->SampleSize : 0;
    seen.new_sample = pin->ConnectionFormat->SampleSize;
    seen.state = pin->DeviceState;
    if (old == NULL || pin->DeviceState == KSSTATE_STOP || pin->ConnectionFormat->SampleSize % 2)
        return STATUS_SUCCESS;
    return STATUS_INVALID_DEVICE_STATE;
}

static NTSTATUS set_sample(ULONG bytes)
{
    KSDATAFORMAT format = world_range;

    format.SampleSize = bytes;
    return set(KSPROPERTY_CONNECTION_DATAFORMAT, &format, sizeof format);
}

static ULONG sample(void)
{
    KSDATAFORMAT format = {0};

    assert_int_equal(get(KSPROPERTY_CONNECTION_DATAFORMAT, &format, sizeof format),
                     STATUS_SUCCESS);
    return format.SampleSize;
}

static void formats(void)
{
    memset(&seen, 0, sizeof seen);
    world_begin();
    assert_int_equal(seen.calls, 1); /* before Create, and no old one */
    assert_int_equal(seen.old_sample, 0);
    assert_int_equal(set_sample(100), STATUS_SUCCESS);
    assert_int_equal(seen.old_sample, WORLD_FRAME);
    for (KSSTATE state = KSSTATE_PAUSE; state <= KSSTATE_RUN; state++) {
        ULONG odd = 2 * state + 1;

        assert_int_equal(world_state(state), STATUS_SUCCESS);
        assert_int_equal(set_sample(odd), STATUS_SUCCESS);
        assert_int_equal(seen.new_sample, odd);
        assert_int_equal(seen.state, state);
        assert_int_equal(set_sample(200), STATUS_INVALID_DEVICE_STATE);
        assert_int_equal(seen.old_sample, odd);
        assert_int_equal(sample(), odd); /* the refused one has left no trace */
        assert_int_equal(world->pin->ConnectionFormat->SampleSize, odd);
    }
    assert_int_equal(set(KSPROPERTY_CONNECTION_DATAFORMAT, &seen, 8), STATUS_INVALID_BUFFER_SIZE);
    world_end();
}

static void the_driver_says_whether_a_running_pin_changes_its_format(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .set_format = choose};

    (void)state;
    world_live(&config, formats);
}

/* ---- What is the driver's -------------------------------------------------------------------- */

static NTSTATUS NTAPI propose(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSDATAFORMAT *format = Data;

    (void)Irp;
    (void)Request;
    return format->SampleSize < 100 ? STATUS_SUCCESS : STATUS_NO_MATCH;
}

static NTSTATUS NTAPI time_format(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    (void)Request;
    *(GUID *)Data = KSTIME_FORMAT_MEDIA_TIME;
    Irp->IoStatus.Information = sizeof(GUID);
    return STATUS_SUCCESS;
}

static const KSPROPERTY_ITEM own_connection[] = {
    {.PropertyId = KSPROPERTY_CONNECTION_PROPOSEDATAFORMAT, .MinProperty = sizeof(KSPROPERTY),
     .MinData = sizeof(KSDATAFORMAT), .SetPropertyHandler = propose}};
static const KSPROPERTY_ITEM own_stream[] = {
    {.PropertyId = KSPROPERTY_STREAM_TIMEFORMAT, .MinProperty = sizeof(KSPROPERTY),
     .MinData = sizeof(GUID), .GetPropertyHandler = time_format}};
static const KSPROPERTY_SET own_sets[] = {
    {&KSPROPSETID_Connection, ARRAY_LEN(own_connection), own_connection, 0, NULL},
    {&KSPROPSETID_Stream, ARRAY_LEN(own_stream), own_stream, 0, NULL}};
static const KSAUTOMATION_TABLE own_table = {.PropertySetsCount = ARRAY_LEN(own_sets),
                                             .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
                                             .PropertySets = own_sets};

static NTSTATUS propose_sample(ULONG bytes)
{
    KSDATAFORMAT format = world_range;

    format.SampleSize = bytes;
    return set(KSPROPERTY_CONNECTION_PROPOSEDATAFORMAT, &format, sizeof format);
}

static void proposals(void)
{
    GUID guid;

    world_begin();
    assert_int_equal(propose_sample(50), STATUS_SUCCESS);
    assert_int_equal(sample(), WORLD_FRAME); /* no more than a question */
    assert_int_equal(propose_sample(100), STATUS_NO_MATCH);
    assert_int_equal(set(KSPROPERTY_CONNECTION_PROPOSEDATAFORMAT, &guid, sizeof guid),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ask(&KSPROPSETID_Stream, KSPROPERTY_STREAM_TIMEFORMAT, KSPROPERTY_TYPE_GET,
                         &guid, sizeof guid),
                     STATUS_SUCCESS);
    assert_memory_equal(&guid, &KSTIME_FORMAT_MEDIA_TIME, sizeof guid);
    /* The runtime's items of the two sets are there all the same. */
    assert_int_equal(set_sample(9), STATUS_SUCCESS);
    world_end();
}

static void a_driver_answers_proposals_and_its_time_format(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .pin_table = &own_table};

    (void)state;
    world_live(&config, proposals);
}

static void optional(void)
{
    static const ULONG ids[] = {
        KSPROPERTY_STREAM_QUALITY,          KSPROPERTY_STREAM_DEGRADATION,
        KSPROPERTY_STREAM_TIMEFORMAT,       KSPROPERTY_STREAM_PRESENTATIONTIME,
        KSPROPERTY_STREAM_PRESENTATIONEXTENT, KSPROPERTY_STREAM_FRAMETIME,
        KSPROPERTY_STREAM_RATECAPABILITY,   KSPROPERTY_STREAM_RATE};
    UCHAR value[64] = {0};
    HANDLE clock = (HANDLE)(LONG_PTR)-2;

    world_begin();
    assert_int_equal(propose_sample(50), STATUS_NOT_FOUND);
    for (unsigned i = 0; i < ARRAY_LEN(ids); i++)
        assert_int_equal(ask(&KSPROPSETID_Stream, ids[i], KSPROPERTY_TYPE_GET, value, sizeof value),
                         STATUS_NOT_FOUND);
    assert_int_equal(ask(&KSPROPSETID_Stream, KSPROPERTY_STREAM_MASTERCLOCK, KSPROPERTY_TYPE_GET,
                         &clock, sizeof clock),
                     STATUS_SUCCESS);
    assert_null(clock);
    /* A handle of something that is no clock. */
    assert_int_equal(io_file_handle(world->filter_file, &clock), STATUS_SUCCESS);
    assert_false(NT_SUCCESS(ask(&KSPROPSETID_Stream, KSPROPERTY_STREAM_MASTERCLOCK,
                                KSPROPERTY_TYPE_SET, &clock, sizeof clock)));
    ZwClose(clock);
    assert_int_equal(ask(&KSPROPSETID_Stream, KSPROPERTY_STREAM_MASTERCLOCK, KSPROPERTY_TYPE_SET,
                         &clock, sizeof clock),
                     STATUS_INVALID_HANDLE);
    world_end();
}

static void what_no_driver_answers_is_not_there(void **state)
{
    (void)state;
    world_live(&plain, optional);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_is_set_and_read_and_there_are_four),
        cmocka_unit_test(priority_is_kept_ordering_is_none_and_headers_have_their_size),
        cmocka_unit_test(a_driver_may_ask_for_longer_headers),
        cmocka_unit_test(the_driver_says_whether_a_running_pin_changes_its_format),
        cmocka_unit_test(a_driver_answers_proposals_and_its_time_format),
        cmocka_unit_test(what_no_driver_answers_is_not_there),
    };

    return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
