/* SPDX-License-Identifier: MIT */
/* A driver that injects its own frames into a connection between two pins. */
#include "ks/filter_world.h"

enum { FRAME = 64 };

static PFILE_OBJECT sink_filter, sink_file, source_file;
static PKSPIN sink_pin, source_pin;
static UCHAR *frame; /* the driver's */

static struct {
    unsigned count;
    PVOID data;
    ULONG size;
    PMDL mdl;
    PVOID context;
    NTSTATUS status;
} returned;

static struct {
    unsigned count;
    UCHAR first;
    ULONG bytes;
    LONGLONG time;
    ULONG options;
} taken;

static NTSTATUS sink_status;

static NTSTATUS NTAPI takes(PKSPIN pin)
{
    PKSSTREAM_POINTER lead = KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);

    if (lead == NULL)
        return STATUS_PENDING;
    taken.count++;
    taken.bytes = lead->OffsetIn.Count;
    taken.first = taken.bytes != 0 ? lead->OffsetIn.Data[0] : 0;
    taken.time = lead->StreamHeader->PresentationTime.Time;
    taken.options = lead->StreamHeader->OptionsFlags;
    if (!NT_SUCCESS(sink_status))
        KsStreamPointerSetStatusCode(lead, sink_status);
    KsStreamPointerUnlock(lead, TRUE);
    return STATUS_SUCCESS;
}

static void NTAPI comes_back(PKSPIN pin, PVOID data, ULONG size, PMDL mdl, PVOID context,
                             NTSTATUS status)
{
    assert_ptr_equal(pin, source_pin);
    returned.count++;
    returned.data = data;
    returned.size = size;
    returned.mdl = mdl;
    returned.context = context;
    returned.status = status;
}

static bool injects;

static NTSTATUS NTAPI source_creates(PKSPIN pin, PIRP irp)
{
    (void)irp;
    world->pin = pin;
    if (injects)
        KsPinRegisterFrameReturnCallback(pin, comes_back);
    return STATUS_SUCCESS;
}

static const KSPIN_DISPATCH sink_dispatch = {
    .Create = world_pin_create, .Process = takes, .SetDeviceState = world_set_state};
static const KSPIN_DISPATCH source_dispatch = {
    .Create = source_creates, .Process = world_process, .SetDeviceState = world_set_state};
static KSPIN_DESCRIPTOR_EX pins[TYPES];

static const struct world_config *inject_config(void)
{
    static struct world_config config;

    filter_pin(&pins[IN], true, 0, 0);
    filter_pin(&pins[OUT], false, 0, 0);
    pins[IN].Dispatch = &sink_dispatch;
    pins[OUT].Dispatch = &source_dispatch;
    config = (struct world_config){.windows = KE_WINDOWS_10, .pins = pins, .pin_count = TYPES};
    memset(&returned, 0, sizeof returned);
    memset(&taken, 0, sizeof taken);
    sink_status = STATUS_SUCCESS;
    injects = true;
    return &config;
}

static void open_pin(PFILE_OBJECT filter, ULONG type, PFILE_OBJECT to, PFILE_OBJECT *out)
{
    struct world_connection connection = world_default_connection();
    HANDLE handle = NULL;

    connection.connect.PinId = type;
    if (to != NULL)
        assert_int_equal(io_file_handle(to, &handle), STATUS_SUCCESS);
    connection.connect.PinToHandle = handle;
    assert_int_equal(world_try_pin_for(filter, &connection,
                                       type == IN ? FILE_WRITE_DATA : FILE_READ_DATA, out),
                     STATUS_SUCCESS);
    if (handle != NULL)
        ZwClose(handle);
}

static void begin_connected(void)
{
    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_open_filter();
    sink_filter = world_another_filter();
    open_pin(sink_filter, IN, NULL, &sink_file);
    sink_pin = world->pin;
    open_pin(world->filter_file, OUT, sink_file, &source_file);
    source_pin = world->pin;
    frame = ExAllocatePoolWithTag(NonPagedPool, FRAME, 'tseT');
    assert_non_null(frame);
    memset(frame, 0x5a, FRAME);
}

static void end_connected(void)
{
    io_file_close(source_file);
    io_file_close(sink_file);
    io_file_close(sink_filter);
    ExFreePoolWithTag(frame, 'tseT');
    world_end();
}

static void both_to(KSSTATE state)
{
    assert_int_equal(world_state_of(sink_file, state), STATUS_SUCCESS);
    assert_int_equal(world_state_of(source_file, state), STATUS_SUCCESS);
}

static int context;

static void submits(void)
{
    KSSTREAM_HEADER header = {.Size = sizeof header,
                              .PresentationTime = {77, 1, 1},
                              .DataUsed = FRAME / 2,
                              .OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TIMEVALID};

    begin_connected();
    both_to(KSSTATE_PAUSE);
    assert_null(KsPinGetLeadingEdgeStreamPointer(source_pin, KSSTREAM_POINTER_STATE_UNLOCKED));
    assert_int_equal(KsPinSubmitFrame(source_pin, frame, FRAME, &header, &context),
                     STATUS_SUCCESS);
    assert_int_equal(taken.count, 1);
    assert_int_equal(taken.first, 0x5a);
    assert_int_equal(taken.bytes, FRAME / 2);
    assert_int_equal(taken.time, 77);
    assert_int_equal(taken.options, KSSTREAM_HEADER_OPTIONSF_TIMEVALID);
    assert_int_equal(returned.count, 1);
    assert_ptr_equal(returned.data, frame);
    assert_int_equal(returned.size, FRAME);
    assert_null(returned.mdl);
    assert_ptr_equal(returned.context, &context);
    assert_int_equal(returned.status, STATUS_SUCCESS);
    assert_int_equal(KsPinSubmitFrame(source_pin, frame, FRAME, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(taken.bytes, FRAME); /* without a header it is full */
    sink_status = STATUS_UNSUCCESSFUL;
    assert_int_equal(KsPinSubmitFrame(source_pin, NULL, 0, &header, NULL),
                     STATUS_INVALID_PARAMETER);
    header.DataUsed = 0;
    assert_int_equal(KsPinSubmitFrame(source_pin, NULL, 0, &header, NULL), STATUS_SUCCESS);
    assert_int_equal(taken.count, 3);
    assert_int_equal(returned.status, STATUS_UNSUCCESSFUL);
    assert_int_equal(world->process_calls, 0);
    end_connected();
}

static void an_injected_frame_goes_to_the_sink_and_comes_back_with_its_status(void **state)
{
    (void)state;
    world_live(inject_config(), submits);
}

static void submits_mdl(void)
{
    PMDL mdl;

    begin_connected();
    both_to(KSSTATE_PAUSE);
    mdl = IoAllocateMdl(frame, FRAME, FALSE, FALSE, NULL);
    assert_non_null(mdl);
    MmBuildMdlForNonPagedPool(mdl);
    assert_int_equal(KsPinSubmitFrameMdl(source_pin, mdl, NULL, &context), STATUS_SUCCESS);
    assert_int_equal(taken.count, 1);
    assert_int_equal(taken.first, 0x5a);
    assert_int_equal(taken.bytes, FRAME);
    assert_ptr_equal(returned.mdl, mdl);
    assert_null(returned.data);
    assert_int_equal(returned.size, 0);
    assert_ptr_equal(returned.context, &context);
    assert_int_equal(KsPinSubmitFrameMdl(source_pin, NULL, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(taken.bytes, 0);
    IoFreeMdl(mdl);
    end_connected();
}

static void a_frame_can_be_injected_by_its_mdl(void **state)
{
    (void)state;
    world_live(inject_config(), submits_mdl);
}

static void waits_and_stops(void)
{
    begin_connected();
    assert_int_equal(KsPinSubmitFrame(source_pin, frame, FRAME, NULL, NULL),
                     STATUS_INVALID_DEVICE_STATE);
    both_to(KSSTATE_ACQUIRE);
    assert_int_equal(KsPinSubmitFrame(source_pin, frame, FRAME, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(returned.count, 0);
    assert_int_equal(KsPinSubmitFrame(source_pin, frame, 0, NULL, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(KsPinSubmitFrame(source_pin, NULL, FRAME, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    both_to(KSSTATE_STOP);
    assert_int_equal(returned.count, 1);
    assert_int_equal(returned.status, STATUS_CANCELLED);
    assert_int_equal(taken.count, 0);
    end_connected();
}

static void in_stop_nothing_is_injected_and_what_waits_comes_back(void **state)
{
    (void)state;
    world_live(inject_config(), waits_and_stops);
}

static void not_injecting(void)
{
    begin_connected();
    both_to(KSSTATE_ACQUIRE);
    assert_int_equal(KsPinSubmitFrame(source_pin, frame, FRAME, NULL, NULL),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(KsPinSubmitFrameMdl(source_pin, NULL, NULL, NULL),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_non_null(KsPinGetLeadingEdgeStreamPointer(source_pin, KSSTREAM_POINTER_STATE_UNLOCKED));
    end_connected();
}

static void a_pin_without_a_frame_return_callback_injects_nothing(void **state)
{
    const struct world_config *config = inject_config();

    (void)state;
    injects = false;
    world_live(config, not_injecting);
}

static void too_late(void)
{
    begin_connected();
    both_to(KSSTATE_ACQUIRE);
    KsPinRegisterFrameReturnCallback(source_pin, comes_back);
    assert_int_equal(world_findings(VERIFY_frame_return), 1);
    assert_int_equal(KsPinSubmitFrame(source_pin, frame, FRAME, NULL, NULL),
                     STATUS_INVALID_DEVICE_REQUEST);
    end_connected();
}

static void registering_out_of_stop_is_a_finding_and_changes_nothing(void **state)
{
    const struct world_config *config = inject_config();

    (void)state;
    injects = false;
    world_run(config, too_late);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_injected_frame_goes_to_the_sink_and_comes_back_with_its_status),
        cmocka_unit_test(a_frame_can_be_injected_by_its_mdl),
        cmocka_unit_test(in_stop_nothing_is_injected_and_what_waits_comes_back),
        cmocka_unit_test(a_pin_without_a_frame_return_callback_injects_nothing),
        cmocka_unit_test(registering_out_of_stop_is_a_finding_and_changes_nothing),
    };

    return cmocka_run_group_tests_name("inject", tests, NULL, NULL);
}
