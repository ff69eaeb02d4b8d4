/* SPDX-License-Identifier: MIT */
/* Pins connected to each other: two filters of one driver, the output pin of one opened with the
 * handle of the other's input pin, or the other way round. */
#include "ks/filter_world.h"

enum { FRAME = 64, RECEIVED_MAX = 64 };

static PFILE_OBJECT far_filter; /* the second filter's file; the first is the world's */
static PFILE_OBJECT out_file, in_file;
static PKSPIN out_pin, in_pin;

/* What the receiver has seen. */
static struct {
    UCHAR bytes[RECEIVED_MAX];
    LONGLONG times[RECEIVED_MAX];
    unsigned count;
} received;
static unsigned filled, fill_limit;
static unsigned completions;
static NTSTATUS connect_answer;

/* ---- The driver ------------------------------------------------------------------------------ */

static NTSTATUS NTAPI out_process(PKSPIN pin)
{
    PKSSTREAM_POINTER lead;

    if (filled == fill_limit)
        return STATUS_PENDING;
    lead = KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);
    if (lead == NULL)
        return STATUS_PENDING;
    assert_int_equal(lead->StreamHeader->OptionsFlags, 0); /* an empty frame, each time */
    assert_int_equal(lead->StreamHeader->DataUsed, 0);
    filled++;
    memset(lead->OffsetOut.Data, (int)filled, FRAME / 2);
    lead->StreamHeader->PresentationTime.Time = filled * 1000;
    lead->StreamHeader->OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
    KsStreamPointerAdvanceOffsetsAndUnlock(lead, 0, FRAME / 2, TRUE);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI in_process(PKSPIN pin)
{
    PKSSTREAM_POINTER lead = KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);

    if (lead == NULL)
        return STATUS_PENDING;
    assert_int_equal(lead->StreamHeader->OptionsFlags, KSSTREAM_HEADER_OPTIONSF_TIMEVALID);
    assert_int_equal(lead->OffsetIn.Count, lead->StreamHeader->DataUsed);
    if (received.count < RECEIVED_MAX) {
        received.bytes[received.count] = lead->OffsetIn.Data[lead->OffsetIn.Count - 1];
        received.times[received.count] = lead->StreamHeader->PresentationTime.Time;
        received.count++;
    }
    KsStreamPointerUnlock(lead, TRUE);
    return STATUS_SUCCESS;
}

static void note_pin(PKSPIN pin, const char *word)
{
    char text[32];

    snprintf(text, sizeof text, "%s:%s", pin->DataFlow == KSPIN_DATAFLOW_IN ? "in" : "out", word);
    world_note(text);
}

static KSSTATE refused_by_out = KSSTATE_RUN + 1;

static NTSTATUS NTAPI notes_state(PKSPIN pin, KSSTATE to, KSSTATE from)
{
    static const char *const names[] = {"STOP", "ACQUIRE", "PAUSE", "RUN"};

    (void)from;
    note_pin(pin, names[to]);
    return pin->DataFlow == KSPIN_DATAFLOW_OUT && to == refused_by_out ? STATUS_DEVICE_BUSY
                                                                       : STATUS_SUCCESS;
}

static NTSTATUS NTAPI notes_connect(PKSPIN pin)
{
    note_pin(pin, "Connect");
    return connect_answer;
}

static void NTAPI notes_disconnect(PKSPIN pin)
{
    note_pin(pin, "Disconnect");
}

static void NTAPI counts_completion(PKSPIN pin, PIRP irp)
{
    assert_ptr_equal(IoGetCurrentIrpStackLocation(irp)->FileObject, out_file);
    assert_ptr_equal(pin, out_pin);
    completions++;
}

static NTSTATUS (*at_create)(PKSPIN pin);

static NTSTATUS NTAPI creates(PKSPIN pin, PIRP irp)
{
    (void)irp;
    world->pin = pin;
    return at_create != NULL ? at_create(pin) : STATUS_SUCCESS;
}

static const KSPIN_DISPATCH in_dispatch = {.Create = creates,
                                           .Process = in_process,
                                           .SetDeviceState = notes_state,
                                           .Connect = notes_connect,
                                           .Disconnect = notes_disconnect};
static const KSPIN_DISPATCH out_dispatch = {.Create = creates,
                                            .Process = out_process,
                                            .SetDeviceState = notes_state,
                                            .Connect = notes_connect,
                                            .Disconnect = notes_disconnect};

static KSALLOCATOR_FRAMING_EX framing;
static KSPIN_DESCRIPTOR_EX pins[TYPES];

/* Valid until the next call. */
static const struct world_config *pipe_config(ULONG out_flags, ULONG in_flags)
{
    static struct world_config config;

    framing = (KSALLOCATOR_FRAMING_EX){.CountItems = 1};
    framing.FramingItem[0].Frames = 3;
    framing.FramingItem[0].FramingRange.Range.MinFrameSize = FRAME;
    framing.FramingItem[0].FramingRange.Range.MaxFrameSize = FRAME;
    filter_pin(&pins[IN], true, in_flags, 0);
    filter_pin(&pins[OUT], false, out_flags, 0);
    pins[IN].Dispatch = &in_dispatch;
    pins[OUT].Dispatch = &out_dispatch;
    pins[OUT].AllocatorFraming = &framing;
    config = (struct world_config){.windows = KE_WINDOWS_10, .pins = pins, .pin_count = TYPES};
    memset(&received, 0, sizeof received);
    filled = 0;
    fill_limit = 10;
    completions = 0;
    connect_answer = STATUS_SUCCESS;
    refused_by_out = KSSTATE_RUN + 1;
    at_create = NULL;
    return &config;
}

/* ---- The client ------------------------------------------------------------------------------ */

static NTSTATUS try_open(PFILE_OBJECT filter, ULONG type, PFILE_OBJECT to, PFILE_OBJECT *out)
{
    struct world_connection connection = world_default_connection();
    HANDLE handle = NULL;
    NTSTATUS status;

    connection.connect.PinId = type;
    if (to != NULL)
        assert_int_equal(io_file_handle(to, &handle), STATUS_SUCCESS);
    connection.connect.PinToHandle = handle;
    status = world_try_pin_for(filter, &connection,
                               type == IN ? FILE_WRITE_DATA : FILE_READ_DATA, out);
    if (handle != NULL)
        ZwClose(handle);
    return status;
}

static void begin_filters(void)
{
    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_open_filter();
    far_filter = world_another_filter();
    world->log[0] = 0;
}

/* The output pin is the IRP source, or the input pin. */
static void begin_connected(bool out_is_source)
{
    begin_filters();
    if (out_is_source) {
        assert_int_equal(try_open(far_filter, IN, NULL, &in_file), STATUS_SUCCESS);
        in_pin = world->pin;
        assert_int_equal(try_open(world->filter_file, OUT, in_file, &out_file), STATUS_SUCCESS);
        out_pin = world->pin;
    } else {
        assert_int_equal(try_open(world->filter_file, OUT, NULL, &out_file), STATUS_SUCCESS);
        out_pin = world->pin;
        assert_int_equal(try_open(far_filter, IN, out_file, &in_file), STATUS_SUCCESS);
        in_pin = world->pin;
    }
}

static void end_connected(void)
{
    if (out_file != NULL)
        io_file_close(out_file);
    if (in_file != NULL)
        io_file_close(in_file);
    out_file = in_file = NULL;
    io_file_close(far_filter);
    world_end();
}

static void both_to(KSSTATE state)
{
    assert_int_equal(world_state_of(in_file, state), STATUS_SUCCESS);
    assert_int_equal(world_state_of(out_file, state), STATUS_SUCCESS);
}

static void expect_received(unsigned count)
{
    sleep_ms(5);
    assert_int_equal(received.count, count);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(received.bytes[i], i + 1);
        assert_int_equal(received.times[i], (i + 1) * 1000);
    }
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static void connects(void)
{
    begin_connected(true);
    world_expect_log("in:Connect ");
    assert_int_equal(out_pin->Communication, KSPIN_COMMUNICATION_SOURCE);
    assert_int_equal(in_pin->Communication, KSPIN_COMMUNICATION_SINK);
    assert_false(out_pin->ConnectionIsExternal);
    assert_false(in_pin->ConnectionIsExternal);
    io_file_close(out_file);
    out_file = NULL;
    world_expect_log("in:Disconnect ");
    assert_true(in_pin->ConnectionIsExternal);
    assert_int_equal(try_open(world->filter_file, OUT, in_file, &out_file), STATUS_SUCCESS);
    world_expect_log("in:Connect ");
    end_connected();
}

static void the_sinks_driver_hears_of_a_connection_and_of_its_end(void **state)
{
    (void)state;
    world_live(pipe_config(0, 0), connects);
}

static void sink_closes_first(void)
{
    begin_connected(true);
    io_file_close(in_file);
    in_file = NULL;
    world_expect_log("in:Connect ");
    assert_int_equal(world_state_of(out_file, KSSTATE_RUN), STATUS_SUCCESS);
    assert_int_equal(out_pin->ClientState, KSSTATE_STOP); /* the sink's client is gone */
    end_connected();
}

static void a_sink_lives_as_long_as_its_source(void **state)
{
    (void)state;
    world_live(pipe_config(0, 0), sink_closes_first);
}

static void refuses(void)
{
    PFILE_OBJECT other;

    begin_filters();
    assert_int_equal(try_open(far_filter, IN, NULL, &in_file), STATUS_SUCCESS);
    assert_int_equal(try_open(world->filter_file, IN, in_file, &other), STATUS_INVALID_PARAMETER);
    assert_int_equal(try_open(world->filter_file, OUT, far_filter, &other),
                     STATUS_INVALID_PARAMETER);
    connect_answer = STATUS_DEVICE_BUSY;
    assert_int_equal(try_open(world->filter_file, OUT, in_file, &other), STATUS_DEVICE_BUSY);
    connect_answer = STATUS_SUCCESS;
    assert_int_equal(try_open(world->filter_file, OUT, in_file, &out_file), STATUS_SUCCESS);
    assert_int_equal(try_open(world->filter_file, OUT, in_file, &other), STATUS_INVALID_PARAMETER);
    world->log[0] = 0;
    end_connected();
}

static void what_is_no_free_sink_of_the_other_flow_is_refused(void **state)
{
    (void)state;
    world_live(pipe_config(0, 0), refuses);
}

static NTSTATUS out_fails(PKSPIN pin)
{
    return pin->DataFlow == KSPIN_DATAFLOW_OUT ? STATUS_DEVICE_BUSY : STATUS_SUCCESS;
}

static void create_fails(void)
{
    PFILE_OBJECT other;

    begin_filters();
    assert_int_equal(try_open(far_filter, IN, NULL, &in_file), STATUS_SUCCESS);
    at_create = out_fails;
    assert_int_equal(try_open(world->filter_file, OUT, in_file, &other), STATUS_DEVICE_BUSY);
    world_expect_log("in:Connect in:Disconnect ");
    at_create = NULL;
    assert_int_equal(try_open(world->filter_file, OUT, in_file, &out_file), STATUS_SUCCESS);
    end_connected();
}

static void a_source_that_fails_to_open_leaves_the_sink_free(void **state)
{
    (void)state;
    world_live(pipe_config(0, 0), create_fails);
}

/* ---- Asking about the other end -------------------------------------------------------------- */

static void asks(void)
{
    PUNKNOWN unknown;
    IUnknown *control;

    begin_connected(true);
    assert_ptr_equal(KsPinGetConnectedPinFileObject(out_pin), in_file);
    assert_ptr_equal(KsPinGetConnectedPinDeviceObject(out_pin), IoGetRelatedDeviceObject(in_file));
    assert_null(KsPinGetConnectedPinFileObject(in_pin));
    assert_null(KsPinGetConnectedPinDeviceObject(in_pin));
    assert_int_equal(KsPinGetConnectedPinInterface(out_pin, &IID_IKsControl, (PVOID *)&control),
                     STATUS_SUCCESS);
    KE_CALL(control->lpVtbl->Release, KE_ARG(control));
    assert_int_equal(KsPinGetConnectedPinInterface(in_pin, &IID_IUnknown, (PVOID *)&unknown),
                     STATUS_SUCCESS);
    assert_ptr_equal(unknown, KsGetOuterUnknown(out_pin));
    KE_CALL(unknown->lpVtbl->Release, KE_ARG(unknown));
    assert_int_equal(KsPinGetConnectedFilterInterface(out_pin, &IID_IUnknown, (PVOID *)&unknown),
                     STATUS_SUCCESS);
    assert_ptr_equal(unknown, KsGetOuterUnknown(KsPinGetParentFilter(in_pin)));
    KE_CALL(unknown->lpVtbl->Release, KE_ARG(unknown));
    assert_int_equal(
        KsPinGetConnectedPinInterface(out_pin, &KSEVENTSETID_Clock, (PVOID *)&unknown),
        STATUS_NOINTERFACE);
    end_connected();
}

static void each_end_reaches_the_others_interfaces_and_a_source_its_sinks_file(void **state)
{
    (void)state;
    world_live(pipe_config(0, 0), asks);
}

static void asks_a_client(void)
{
    PUNKNOWN unknown;

    begin_filters();
    assert_int_equal(try_open(far_filter, IN, NULL, &in_file), STATUS_SUCCESS);
    in_pin = world->pin;
    assert_null(KsPinGetConnectedPinFileObject(in_pin));
    assert_null(KsPinGetConnectedPinDeviceObject(in_pin));
    assert_int_equal(KsPinGetConnectedPinInterface(in_pin, &IID_IUnknown, (PVOID *)&unknown),
                     STATUS_UNSUCCESSFUL);
    assert_int_equal(KsPinGetConnectedFilterInterface(in_pin, &IID_IUnknown, (PVOID *)&unknown),
                     STATUS_UNSUCCESSFUL);
    end_connected();
}

static void a_pin_that_a_client_opened_has_nobody_to_ask(void **state)
{
    (void)state;
    world_live(pipe_config(0, 0), asks_a_client);
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static NTSTATUS registers_completion(PKSPIN pin)
{
    if (pin->DataFlow == KSPIN_DATAFLOW_OUT)
        KsPinRegisterIrpCompletionCallback(pin, counts_completion);
    out_pin = pin->DataFlow == KSPIN_DATAFLOW_OUT ? pin : out_pin;
    return STATUS_SUCCESS;
}

static bool source_is_out;

static void streams(void)
{
    begin_connected(source_is_out);
    both_to(KSSTATE_ACQUIRE);
    assert_int_equal(filled, 0);
    both_to(KSSTATE_PAUSE);
    expect_received(10);
    fill_limit = 15;
    KsPinAttemptProcessing(out_pin, FALSE);
    expect_received(15);
    both_to(KSSTATE_RUN);
    assert_int_equal(world_send(in_file, true, 0, 1, FRAME, 0)->sent,
                     STATUS_INVALID_DEVICE_REQUEST);
    both_to(KSSTATE_STOP);
    fill_limit = 20;
    both_to(KSSTATE_RUN);
    expect_received(20);
    end_connected();
}

static void frames_go_round_from_the_pin_that_fills_to_the_pin_that_takes(void **state)
{
    (void)state;
    source_is_out = true;
    world_live(pipe_config(0, 0), streams);
    source_is_out = false;
    world_live(pipe_config(0, 0), streams);
    source_is_out = true;
    world_live(pipe_config(KSPIN_FLAG_ENFORCE_FIFO | KSPIN_FLAG_ASYNCHRONOUS_PROCESSING,
                           KSPIN_FLAG_ASYNCHRONOUS_PROCESSING),
               streams);
}

static void completes(void)
{
    at_create = registers_completion;
    begin_connected(true);
    both_to(KSSTATE_PAUSE);
    expect_received(10);
    assert_int_equal(completions, 10);
    end_connected();
}

static void each_round_ends_in_the_irp_completion_callback(void **state)
{
    (void)state;
    world_live(pipe_config(0, 0), completes);
}

static void three_frames(void)
{
    begin_connected(true);
    fill_limit = RECEIVED_MAX;
    assert_int_equal(world_state_of(in_file, KSSTATE_PAUSE), STATUS_SUCCESS);
    KsGateTurnInputOff(KsPinGetAndGate(in_pin));
    both_to(KSSTATE_PAUSE);
    sleep_ms(5);
    assert_int_equal(filled, 3); /* as many as the framing says; then they are all with the sink */
    KsGateTurnInputOn(KsPinGetAndGate(in_pin));
    KsPinAttemptProcessing(in_pin, FALSE);
    expect_received(RECEIVED_MAX);
    end_connected();
}

static void as_many_frames_travel_as_the_framing_says(void **state)
{
    (void)state;
    world_live(pipe_config(0, 0), three_frames);
}

static void mapped_streams(void)
{
    begin_connected(true);
    both_to(KSSTATE_PAUSE);
    expect_received(10);
    end_connected();
}

static NTSTATUS NTAPI out_process_mapped(PKSPIN pin)
{
    PKSSTREAM_POINTER lead;

    if (filled == fill_limit)
        return STATUS_PENDING;
    lead = KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);
    if (lead == NULL)
        return STATUS_PENDING;
    assert_true(lead->OffsetOut.Count >= 1);
    assert_int_equal(lead->OffsetOut.Mappings->PhysicalAddress.QuadPart,
                     MmGetPhysicalAddress(lead->StreamHeader->Data).QuadPart);
    filled++;
    memset(lead->StreamHeader->Data, (int)filled, FRAME);
    lead->StreamHeader->PresentationTime.Time = filled * 1000;
    lead->StreamHeader->OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
    lead->StreamHeader->DataUsed = FRAME;
    KsStreamPointerUnlock(lead, TRUE);
    return STATUS_SUCCESS;
}

static void frames_of_the_requester_are_mapped_like_any_others(void **state)
{
    static const KSPIN_DISPATCH mapped = {
        .Create = creates, .Process = out_process_mapped, .SetDeviceState = notes_state};
    const struct world_config *config = pipe_config(KSPIN_FLAG_GENERATE_MAPPINGS, 0);

    (void)state;
    pins[OUT].Dispatch = &mapped;
    world_live(config, mapped_streams);
}

/* ---- States ---------------------------------------------------------------------------------- */

static void states(void)
{
    begin_connected(true);
    fill_limit = 0;
    world->log[0] = 0;
    assert_int_equal(world_state_of(out_file, KSSTATE_RUN), STATUS_SUCCESS);
    world_expect_log("");
    assert_int_equal(out_pin->DeviceState, KSSTATE_RUN);
    assert_int_equal(out_pin->ClientState, KSSTATE_STOP);
    assert_int_equal(world_state_of(in_file, KSSTATE_PAUSE), STATUS_SUCCESS);
    world_expect_log("in:ACQUIRE out:ACQUIRE in:PAUSE out:PAUSE ");
    assert_int_equal(world_state_of(in_file, KSSTATE_RUN), STATUS_SUCCESS);
    world_expect_log("in:RUN out:RUN ");
    assert_int_equal(world_state_of(in_file, KSSTATE_ACQUIRE), STATUS_SUCCESS);
    world_expect_log("out:PAUSE in:PAUSE out:ACQUIRE in:ACQUIRE ");
    assert_int_equal(out_pin->DeviceState, KSSTATE_RUN);
    assert_int_equal(world_state_of(out_file, KSSTATE_STOP), STATUS_SUCCESS);
    world_expect_log("out:STOP in:STOP ");
    end_connected();
}

static void drivers_are_told_the_state_of_the_pipe(void **state)
{
    (void)state;
    world_live(pipe_config(0, 0), states);
}

static void step_fails(void)
{
    begin_connected(true);
    fill_limit = 0;
    world->log[0] = 0;
    refused_by_out = KSSTATE_PAUSE;
    assert_int_equal(world_state_of(in_file, KSSTATE_RUN), STATUS_SUCCESS);
    assert_int_equal(world_state_of(out_file, KSSTATE_RUN), STATUS_DEVICE_BUSY);
    world_expect_log("in:ACQUIRE out:ACQUIRE in:PAUSE out:PAUSE in:ACQUIRE ");
    assert_int_equal(out_pin->DeviceState, KSSTATE_ACQUIRE);
    assert_int_equal(in_pin->ClientState, KSSTATE_ACQUIRE);
    refused_by_out = KSSTATE_RUN + 1;
    assert_int_equal(world_state_of(out_file, KSSTATE_RUN), STATUS_SUCCESS);
    world_expect_log("in:PAUSE out:PAUSE in:RUN out:RUN ");
    end_connected();
}

static void a_step_that_one_end_refuses_is_taken_back_by_the_other(void **state)
{
    (void)state;
    world_live(pipe_config(0, 0), step_fails);
}

static PKSSTREAM_POINTER held;

static NTSTATUS NTAPI in_holds(PKSPIN pin)
{
    PKSSTREAM_POINTER lead = KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);

    if (lead != NULL && held == NULL)
        KsStreamPointerClone(lead, NULL, 0, &held);
    if (lead != NULL)
        KsStreamPointerUnlock(lead, TRUE);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI drops_at_stop(PKSPIN pin, KSSTATE to, KSSTATE from)
{
    if (to == KSSTATE_STOP && held != NULL) {
        KsStreamPointerDelete(held);
        held = NULL;
    }
    return notes_state(pin, to, from);
}

static void source_dies(void)
{
    held = NULL;
    begin_connected(true);
    both_to(KSSTATE_RUN);
    sleep_ms(5);
    assert_non_null(held);
    world->log[0] = 0;
    io_file_close(out_file);
    out_file = NULL;
    assert_null(held);
    world_expect_log("out:PAUSE in:PAUSE out:ACQUIRE in:ACQUIRE out:STOP in:STOP in:Disconnect ");
    assert_int_equal(in_pin->DeviceState, KSSTATE_STOP);
    end_connected();
}

static void a_source_that_is_closed_while_it_runs_stops_the_pipe_and_frees_its_frames(void **state)
{
    static const KSPIN_DISPATCH holds = {.Create = creates,
                                         .Process = in_holds,
                                         .SetDeviceState = drops_at_stop,
                                         .Connect = notes_connect,
                                         .Disconnect = notes_disconnect};
    const struct world_config *config = pipe_config(0, 0);

    (void)state;
    pins[IN].Dispatch = &holds;
    world_live(config, source_dies);
}

/* ---- Allocators ------------------------------------------------------------------------------ */

static unsigned allocated, freed;
static bool no_allocator;

static NTSTATUS NTAPI begins_allocating(PKSPIN pin, PKSALLOCATOR_FRAMING wanted, PVOID *context)
{
    if (no_allocator)
        return STATUS_INSUFFICIENT_RESOURCES;
    assert_int_equal(wanted->Frames, 3);
    assert_int_equal(wanted->FrameSize, FRAME);
    *context = pin;
    world_note("Initialize");
    return STATUS_SUCCESS;
}

static void NTAPI ends_allocating(PVOID context)
{
    assert_ptr_equal(context, in_pin);
    world_note("Delete");
}

static PVOID NTAPI allocates(PVOID context)
{
    assert_ptr_equal(context, in_pin);
    allocated++;
    return ExAllocatePoolWithTag(NonPagedPool, FRAME, 'tseT');
}

static void NTAPI frees(PVOID context, PVOID frame)
{
    assert_ptr_equal(context, in_pin);
    freed++;
    ExFreePoolWithTag(frame, 'tseT');
}

static const KSALLOCATOR_DISPATCH allocator = {begins_allocating, ends_allocating, allocates,
                                               frees};
static const KSPIN_DISPATCH allocating_dispatch = {.Create = creates,
                                                   .Process = in_process,
                                                   .SetDeviceState = notes_state,
                                                   .Allocator = &allocator};

static const struct world_config *allocating_config(ULONG flags)
{
    const struct world_config *config = pipe_config(0, 0);

    pins[IN].Dispatch = &allocating_dispatch;
    pins[IN].AllocatorFraming = &framing;
    framing.FramingItem[0].Flags = flags;
    allocated = freed = 0;
    return config;
}

static void allocating_streams(void)
{
    begin_connected(true);
    world->log[0] = 0;
    no_allocator = true;
    assert_int_equal(world_state_of(in_file, KSSTATE_ACQUIRE), STATUS_SUCCESS);
    assert_int_equal(world_state_of(out_file, KSSTATE_ACQUIRE), STATUS_INSUFFICIENT_RESOURCES);
    world_expect_log("in:ACQUIRE out:ACQUIRE out:STOP in:STOP ");
    no_allocator = false;
    both_to(KSSTATE_ACQUIRE);
    world_expect_log("in:ACQUIRE out:ACQUIRE Initialize ");
    assert_int_equal(allocated, 3);
    both_to(KSSTATE_PAUSE);
    expect_received(10);
    both_to(KSSTATE_STOP);
    assert_int_equal(allocated, 3);
    assert_int_equal(freed, 3);
    assert_string_equal(world->log + strlen(world->log) - 7, "Delete ");
    end_connected();
}

static void a_driver_that_can_allocate_is_asked_for_the_frames(void **state)
{
    (void)state;
    world_live(allocating_config(KSALLOCATOR_FLAG_CAN_ALLOCATE), allocating_streams);
    world_live(allocating_config(KSALLOCATOR_REQUIREMENTF_MUST_ALLOCATE), allocating_streams);
}

static void pool_streams(void)
{
    begin_connected(true);
    both_to(KSSTATE_PAUSE);
    expect_received(10);
    assert_int_equal(allocated, 0);
    end_connected();
}

static void an_allocator_whose_framing_does_not_offer_it_is_not_asked(void **state)
{
    (void)state;
    world_live(allocating_config(0), pool_streams);
}

/* ---- Memory runs out ------------------------------------------------------------------------- */

static uint64_t nth;
static unsigned refusals;

static void try_to_stream(void)
{
    if (!NT_SUCCESS(try_open(far_filter, IN, NULL, &in_file)) ||
        !NT_SUCCESS(try_open(world->filter_file, OUT, in_file, &out_file)) ||
        !NT_SUCCESS(world_state_of(in_file, KSSTATE_RUN)) ||
        !NT_SUCCESS(world_state_of(out_file, KSSTATE_RUN)))
        refusals++;
    sleep_ms(5);
}

static void short_of_memory(void)
{
    begin_filters();
    assert_int_equal(sim_fault_arm(world->sim, "pool", nth), 0);
    try_to_stream();
    assert_int_equal(sim_fault_arm(world->sim, "pool", 0), 0);
    end_connected();
}

static void one_failed_allocation_refuses_something_and_breaks_nothing(void **state)
{
    (void)state;
    refusals = 0;
    for (nth = 1; nth <= 60; nth++)
        world_live(pipe_config(0, 0), short_of_memory);
    assert_true(refusals > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sinks_driver_hears_of_a_connection_and_of_its_end),
        cmocka_unit_test(a_sink_lives_as_long_as_its_source),
        cmocka_unit_test(what_is_no_free_sink_of_the_other_flow_is_refused),
        cmocka_unit_test(a_source_that_fails_to_open_leaves_the_sink_free),
        cmocka_unit_test(each_end_reaches_the_others_interfaces_and_a_source_its_sinks_file),
        cmocka_unit_test(a_pin_that_a_client_opened_has_nobody_to_ask),
        cmocka_unit_test(frames_go_round_from_the_pin_that_fills_to_the_pin_that_takes),
        cmocka_unit_test(each_round_ends_in_the_irp_completion_callback),
        cmocka_unit_test(as_many_frames_travel_as_the_framing_says),
        cmocka_unit_test(frames_of_the_requester_are_mapped_like_any_others),
        cmocka_unit_test(drivers_are_told_the_state_of_the_pipe),
        cmocka_unit_test(a_step_that_one_end_refuses_is_taken_back_by_the_other),
        cmocka_unit_test(
            a_source_that_is_closed_while_it_runs_stops_the_pipe_and_frees_its_frames),
        cmocka_unit_test(a_driver_that_can_allocate_is_asked_for_the_frames),
        cmocka_unit_test(an_allocator_whose_framing_does_not_offer_it_is_not_asked),
        cmocka_unit_test(one_failed_allocation_refuses_something_and_breaks_nothing),
    };

    return cmocka_run_group_tests_name("pipe", tests, NULL, NULL);
}
