/* SPDX-License-Identifier: MIT */
/* In-place transforms: three filters of one kind, of which the first fills frames, the second
 * changes them where they lie, the third takes them. */
#include "ks/filter_world.h"

enum { FRAME = 64, FIRST = 0, MIDDLE, LAST, FILTERS, FILL_LIMIT = 10 };

static struct {
    PFILE_OBJECT file;
    PKSFILTER filter;
} filters[FILTERS];

static PFILE_OBJECT first_out, middle_in, middle_out, last_in;
static unsigned filled, changed, taken;
static UCHAR taken_bytes[FILL_LIMIT];
static ULONG taken_size;
static bool expect_in_place;
static ULONG step_bytes; /* that the middle filter uses a call; 0: all */
static unsigned fill_limit;

/* ---- The driver ------------------------------------------------------------------------------ */

static NTSTATUS fill(PKSPROCESSPIN out)
{
    if (filled == fill_limit || out->Data == NULL)
        return STATUS_PENDING;
    memset(out->Data, (int)++filled, FRAME / 2);
    out->BytesUsed = FRAME / 2;
    out->Terminate = TRUE;
    return STATUS_SUCCESS;
}

static NTSTATUS change(PKSPROCESSPIN in, PKSPROCESSPIN out)
{
    ULONG bytes = step_bytes != 0 && step_bytes < in->BytesAvailable ? step_bytes
                                                                     : in->BytesAvailable;

    if (in->Data == NULL || out->Data == NULL)
        return STATUS_PENDING; /* one of both is still in STOP */
    assert_int_equal(in->InPlaceCounterpart == out, expect_in_place);
    assert_int_equal(out->InPlaceCounterpart == in, expect_in_place);
    assert_int_equal(in->StreamPointer == out->StreamPointer, expect_in_place);
    assert_int_equal(in->Data == out->Data, expect_in_place);
    for (ULONG i = 0; i < bytes; i++)
        ((UCHAR *)out->Data)[i] = ((UCHAR *)in->Data)[i] + 100;
    in->BytesUsed = out->BytesUsed = bytes;
    out->Terminate = !expect_in_place && bytes == in->BytesAvailable;
    changed++;
    return STATUS_SUCCESS;
}

static NTSTATUS take_all(PKSPROCESSPIN in)
{
    assert_in_range(taken, 0, FILL_LIMIT - 1);
    taken_size = in->BytesAvailable;
    taken_bytes[taken++] = ((UCHAR *)in->Data)[in->BytesAvailable - 1];
    in->Terminate = TRUE;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI processes(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    if (filter == filters[FIRST].filter)
        return fill(index[OUT].Pins[0]);
    if (filter == filters[MIDDLE].filter)
        return change(index[IN].Pins[0], index[OUT].Pins[0]);
    return take_all(index[IN].Pins[0]);
}

static KSALLOCATOR_FRAMING_EX framing;

static const struct world_config *in_place_config(ULONG framing_flags, ULONG out_flags)
{
    static const struct filter_world plain = {.process = processes, .optional = true};
    static KSPIN_DESCRIPTOR_EX pins[TYPES];
    static struct world_config config;

    config = *filter_config(&plain);
    framing = (KSALLOCATOR_FRAMING_EX){.CountItems = 1};
    framing.FramingItem[0].Flags = framing_flags;
    framing.FramingItem[0].Frames = 3;
    framing.FramingItem[0].FramingRange.Range.MinFrameSize = FRAME;
    framing.FramingItem[0].FramingRange.Range.MaxFrameSize = FRAME;
    for (unsigned type = 0; type < TYPES; type++) {
        pins[type] = config.pins[type];
        pins[type].AllocatorFraming = &framing;
    }
    pins[OUT].Flags |= out_flags;
    config.pins = pins;
    filled = changed = taken = 0;
    fill_limit = FILL_LIMIT;
    expect_in_place = (framing_flags & KSALLOCATOR_REQUIREMENTF_INPLACE_MODIFIER) != 0;
    step_bytes = 0;
    return &config;
}

/* ---- The client ------------------------------------------------------------------------------ */

static PFILE_OBJECT open_pin_of(unsigned filter, ULONG type, PFILE_OBJECT to)
{
    struct world_connection connection = world_default_connection();
    HANDLE handle = NULL;
    PFILE_OBJECT file;

    connection.connect.PinId = type;
    if (to != NULL)
        assert_int_equal(io_file_handle(to, &handle), STATUS_SUCCESS);
    connection.connect.PinToHandle = handle;
    assert_int_equal(world_try_pin_for(filters[filter].file, &connection,
                                       type == IN ? FILE_WRITE_DATA : FILE_READ_DATA, &file),
                     STATUS_SUCCESS);
    if (handle != NULL)
        ZwClose(handle);
    return file;
}

/* The client itself fills the frames when there is no first filter. */
static void begin_chain(bool with_first)
{
    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    for (unsigned i = 0; i < FILTERS; i++) {
        filters[i].file = world_another_filter();
        filters[i].filter = world->filter;
    }
    last_in = open_pin_of(LAST, IN, NULL);
    middle_in = open_pin_of(MIDDLE, IN, NULL);
    middle_out = open_pin_of(MIDDLE, OUT, last_in);
    first_out = with_first ? open_pin_of(FIRST, OUT, middle_in) : NULL;
}

static void all_to(KSSTATE state)
{
    assert_int_equal(world_state_of(last_in, state), STATUS_SUCCESS);
    assert_int_equal(world_state_of(middle_out, state), STATUS_SUCCESS);
    assert_int_equal(world_state_of(middle_in, state), STATUS_SUCCESS);
    if (first_out != NULL)
        assert_int_equal(world_state_of(first_out, state), STATUS_SUCCESS);
    sleep_ms(5);
}

static void end_chain(void)
{
    if (first_out != NULL)
        io_file_close(first_out);
    io_file_close(middle_out);
    io_file_close(middle_in);
    io_file_close(last_in);
    for (unsigned i = 0; i < FILTERS; i++)
        io_file_close(filters[i].file);
    world_end();
}

/* ---- Three filters --------------------------------------------------------------------------- */

static void chain_streams(void)
{
    begin_chain(true);
    all_to(KSSTATE_PAUSE);
    assert_int_equal(taken, FILL_LIMIT);
    assert_int_equal(changed, FILL_LIMIT);
    for (unsigned i = 0; i < FILL_LIMIT; i++)
        assert_int_equal(taken_bytes[i], i + 1 + 100);
    assert_int_equal(taken_size, FRAME / 2);
    all_to(KSSTATE_STOP);
    taken = filled = changed = 0;
    all_to(KSSTATE_RUN);
    assert_int_equal(taken, FILL_LIMIT);
    end_chain();
}

static void a_filter_that_modifies_in_place_has_both_its_pins_in_one_pipe(void **state)
{
    (void)state;
    world_live(in_place_config(KSALLOCATOR_REQUIREMENTF_INPLACE_MODIFIER, 0), chain_streams);
}

static void another_filter_has_its_pins_in_two_pipes(void **state)
{
    (void)state;
    world_live(in_place_config(0, 0), chain_streams);
}

static void chain_states(void)
{
    begin_chain(true);
    fill_limit = 0;
    world->log[0] = 0;
    assert_int_equal(world_state_of(last_in, KSSTATE_ACQUIRE), STATUS_SUCCESS);
    assert_int_equal(world_state_of(middle_in, KSSTATE_ACQUIRE), STATUS_SUCCESS);
    assert_int_equal(world_state_of(first_out, KSSTATE_ACQUIRE), STATUS_SUCCESS);
    world_expect_log("");
    assert_int_equal(world_state_of(middle_out, KSSTATE_ACQUIRE), STATUS_SUCCESS);
    world_expect_log("ACQUIRE ACQUIRE ACQUIRE ACQUIRE ");
    assert_int_equal(world_state_of(middle_in, KSSTATE_STOP), STATUS_SUCCESS);
    world_expect_log("STOP STOP STOP STOP ");
    end_chain();
}

static void the_whole_pipe_has_one_state(void **state)
{
    (void)state;
    world_live(in_place_config(KSALLOCATOR_REQUIREMENTF_INPLACE_MODIFIER, 0), chain_states);
}

static void part_states(void)
{
    begin_chain(true);
    fill_limit = 0;
    world->log[0] = 0;
    assert_int_equal(world_state_of(last_in, KSSTATE_ACQUIRE), STATUS_SUCCESS);
    assert_int_equal(world_state_of(middle_out, KSSTATE_ACQUIRE), STATUS_SUCCESS);
    world_expect_log("ACQUIRE ACQUIRE ");
    end_chain();
}

static void two_pipes_have_a_state_each(void **state)
{
    (void)state;
    world_live(in_place_config(0, 0), part_states);
}

/* ---- A client in front ----------------------------------------------------------------------- */

static void client_streams(void)
{
    struct world_request *write;

    begin_chain(false);
    all_to(KSSTATE_PAUSE);
    write = world_send(middle_in, true, 0, 1, FRAME, 0);
    assert_int_equal(write->sent, STATUS_PENDING);
    assert_int_equal(world_wait(write), STATUS_SUCCESS);
    assert_int_equal(write->iosb.Information, FRAME);
    assert_int_equal(taken, 1);
    assert_int_equal(taken_bytes[0], 100); /* the client's zeros, changed */
    assert_int_equal(taken_size, FRAME);
    KsGateTurnInputOff(KsFilterGetAndGate(filters[LAST].filter));
    write = world_send(middle_in, true, 0, 1, FRAME, 0);
    assert_int_equal(changed, 2);
    assert_false(world_is_done(write)); /* it waits at the last filter */
    all_to(KSSTATE_STOP);
    assert_int_equal(world_wait(write), STATUS_CANCELLED);
    KsGateTurnInputOn(KsFilterGetAndGate(filters[LAST].filter));
    end_chain();
}

static void a_clients_frame_travels_through_the_pipe_and_back_to_it(void **state)
{
    (void)state;
    world_live(in_place_config(KSALLOCATOR_REQUIREMENTF_INPLACE_MODIFIER, 0), client_streams);
}

static void in_steps(void)
{
    struct world_request *write;

    begin_chain(false);
    all_to(KSSTATE_PAUSE);
    step_bytes = FRAME / 4;
    write = world_send(middle_in, true, 0, 1, FRAME, 0);
    assert_int_equal(world_wait(write), STATUS_SUCCESS);
    assert_int_equal(changed, 4);
    assert_int_equal(taken, 1);
    assert_int_equal(taken_size, FRAME);
    end_chain();
}

static void both_offsets_move_through_the_frame(void **state)
{
    (void)state;
    world_live(in_place_config(KSALLOCATOR_REQUIREMENTF_INPLACE_MODIFIER, 0), in_steps);
}

/* ---- Who is left out ------------------------------------------------------------------------- */

static void a_splitter_does_not_modify_in_place(void **state)
{
    const struct world_config *config =
        in_place_config(KSALLOCATOR_REQUIREMENTF_INPLACE_MODIFIER, KSPIN_FLAG_SPLITTER);

    (void)state;
    expect_in_place = false;
    world_live(config, chain_streams);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_that_modifies_in_place_has_both_its_pins_in_one_pipe),
        cmocka_unit_test(another_filter_has_its_pins_in_two_pipes),
        cmocka_unit_test(the_whole_pipe_has_one_state),
        cmocka_unit_test(two_pipes_have_a_state_each),
        cmocka_unit_test(a_clients_frame_travels_through_the_pipe_and_back_to_it),
        cmocka_unit_test(both_offsets_move_through_the_frame),
        cmocka_unit_test(a_splitter_does_not_modify_in_place),
    };

    return cmocka_run_group_tests_name("in_place", tests, NULL, NULL);
}
