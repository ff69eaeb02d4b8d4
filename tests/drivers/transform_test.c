/* SPDX-License-Identifier: MIT */
/* transform.sys with both its pins open: what goes in at one comes out inverted at the other, with
 * its time stamp, in order, and only when there is a picture and a buffer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "io/io.h"
#include "ke/ke.h"
#include "machine/machine.h"
#include "mm/mm.h"
#include "trace/trace.h"
#include "wdk/ks.h"
#include "wdk/ksmedia.h"

enum {
    RING_RECORDS = 1 << 14,
    IN = 0,
    OUT = 1,
    PINS,
    WIDTH = 640,
    HEIGHT = 480,
    FRAME_BYTES = WIDTH * HEIGHT * 2,
    REQUESTS_MAX = 16
};

struct stage;
typedef void stage_body_fn(struct stage *stage);

struct request {
    uint64_t header_va, data_va;
    KEVENT *done; /* in pool: drivers see its address */
    IO_STATUS_BLOCK *iosb;
};

struct stage {
    stage_body_fn *body;
    struct trace_ring *ring;
    struct trace trace;
    struct trace_reader reader;
    struct machine *machine;
    uint64_t findings;
    PFILE_OBJECT filter, pins[PINS];
    struct request requests[REQUESTS_MAX];
    unsigned request_count;
    bool failed;
    char why[256];
};

static void drain(void *ctx)
{
    struct stage *stage = ctx;
    struct trace_event event;

    while (trace_reader_next(&stage->reader, &event) == 1)
        stage->findings += event.type == TRACE_finding || event.type == TRACE_bug_check;
}

/* cmocka's own checks leave by longjmp, which a fiber must not do: what fails there is kept. */
static bool expect(struct stage *stage, bool held, const char *what)
{
    if (!held && !stage->failed) {
        stage->failed = true;
        snprintf(stage->why, sizeof stage->why, "%s", what);
    }
    return held;
}
#define EXPECT(stage, condition) expect((stage), (condition), #condition)

/* ---- Filter and pins ------------------------------------------------------------------------- */

static const UNICODE_STRING *wait_for_filter(struct stage *stage)
{
    LARGE_INTEGER millisecond = {.QuadPart = -10000};
    const UNICODE_STRING *link = NULL;

    for (unsigned i = 0; i < 1000; i++) {
        if (NT_SUCCESS(io_interface_at(machine_io(stage->machine), &KSCATEGORY_VIDEO, 0, &link)))
            return link;
        KeDelayExecutionThread(UserMode, FALSE, &millisecond);
    }
    return NULL;
}

struct connection {
    KSPIN_CONNECT connect;
    KS_DATAFORMAT_VIDEOINFOHEADER format;
};

static const GUID yuy2 = {0x32595559, 0, 0x10, {0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}};

static struct connection connection_to(ULONG pin, LONG width, LONG height)
{
    struct connection connection = {
        .connect = {.Interface = {{{KSINTERFACESETID_Standard, KSINTERFACE_STANDARD_STREAMING, 0}}},
                    .Medium = {{{KSMEDIUMSETID_Standard, KSMEDIUM_TYPE_ANYINSTANCE, 0}}},
                    .PinId = pin,
                    .Priority = {KSPRIORITY_NORMAL, 1}},
        .format = {.DataFormat = {{.FormatSize = sizeof(KS_DATAFORMAT_VIDEOINFOHEADER),
                                   .SampleSize = (ULONG)(width * height * 2),
                                   .MajorFormat = KSDATAFORMAT_TYPE_VIDEO,
                                   .SubFormat = yuy2,
                                   .Specifier = KSDATAFORMAT_SPECIFIER_VIDEOINFO}},
                   .VideoInfoHeader = {.AvgTimePerFrame = 333333,
                                       .bmiHeader = {.biSize = sizeof(KS_BITMAPINFOHEADER),
                                                     .biWidth = width,
                                                     .biHeight = height,
                                                     .biPlanes = 1,
                                                     .biBitCount = 16,
                                                     .biCompression = 0x32595559,
                                                     .biSizeImage = (DWORD)(width * height * 2)}}}};

    return connection;
}

static NTSTATUS open_pin(struct stage *stage, ULONG pin, LONG width, LONG height)
{
    static const WCHAR class[] = KSSTRING_Pin u"\\";
    struct connection connection = connection_to(pin, width, height);
    USHORT class_bytes = sizeof class - sizeof(WCHAR);
    WCHAR text[512];
    UNICODE_STRING name = {.Buffer = text, .Length = (USHORT)(class_bytes + sizeof connection)};

    name.MaximumLength = name.Length;
    memcpy(text, class, class_bytes);
    memcpy((uint8_t *)text + class_bytes, &connection, sizeof connection);
    return io_file_open(machine_io(stage->machine), stage->filter, &name,
                        pin == IN ? FILE_WRITE_DATA : FILE_READ_DATA, &stage->pins[pin]);
}

static void set_state(struct stage *stage, ULONG pin, KSSTATE state)
{
    struct mm *mm = machine_mm(stage->machine);
    KSPROPERTY property = {
        {{KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE, KSPROPERTY_TYPE_SET}}};
    ULONG_PTR information;
    uint64_t va;

    if (!EXPECT(stage, mm_user_allocate(mm, 64, 0, &va) == 0))
        return;
    EXPECT(stage, mm_copy_to_va(mm, va, &property, sizeof property));
    EXPECT(stage, mm_copy_to_va(mm, va + 32, &state, sizeof state));
    EXPECT(stage, NT_SUCCESS(io_file_control_wait(stage->pins[pin], IOCTL_KS_PROPERTY, va,
                                                  sizeof property, va + 32, sizeof state,
                                                  &information)));
    mm_user_free(mm, va);
}

/* ---- Requests -------------------------------------------------------------------------------- */

/* value fills the picture that goes in. */
static struct request *queue(struct stage *stage, ULONG pin, uint8_t value, LONGLONG time)
{
    struct mm *mm = machine_mm(stage->machine);
    struct request *request = &stage->requests[stage->request_count++];
    KSSTREAM_HEADER header = {.Size = sizeof header,
                              .PresentationTime = {time, 1, 1},
                              .FrameExtent = FRAME_BYTES,
                              .DataUsed = pin == IN ? FRAME_BYTES : 0,
                              .OptionsFlags =
                                  pin == IN ? KSSTREAM_HEADER_OPTIONSF_TIMEVALID : 0};
    uint8_t *picture = malloc(FRAME_BYTES);

    request->done = ExAllocatePoolWithTag(NonPagedPool, sizeof(KEVENT), 'tseT');
    request->iosb = ExAllocatePoolWithTag(NonPagedPool, sizeof(IO_STATUS_BLOCK), 'tseT');
    if (!EXPECT(stage, mm_user_allocate(mm, sizeof header, 0, &request->header_va) == 0) ||
        !EXPECT(stage, mm_user_allocate(mm, FRAME_BYTES, 100, &request->data_va) == 0))
        return request;
    memset(picture, value, FRAME_BYTES);
    EXPECT(stage, mm_copy_to_va(mm, request->data_va, picture, FRAME_BYTES));
    free(picture);
    header.Data = (PVOID)(uintptr_t)request->data_va;
    EXPECT(stage, mm_copy_to_va(mm, request->header_va, &header, sizeof header));
    KeInitializeEvent(request->done, NotificationEvent, FALSE);
    EXPECT(stage, io_file_control(stage->pins[pin],
                                  pin == IN ? IOCTL_KS_WRITE_STREAM : IOCTL_KS_READ_STREAM, 0, 0,
                                  request->header_va, sizeof header, request->done, request->iosb,
                                  NULL) == STATUS_PENDING);
    return request;
}

static bool is_done(const struct request *request)
{
    return KeReadStateEvent(request->done) != 0;
}

/* The picture is all value, and carries time. */
static bool has(struct stage *stage, const struct request *request, uint8_t value, LONGLONG time)
{
    struct mm *mm = machine_mm(stage->machine);
    uint8_t *picture = malloc(FRAME_BYTES);
    KSSTREAM_HEADER header;
    bool right = is_done(request) && request->iosb->Status == STATUS_SUCCESS;

    mm_copy_from_va(mm, &header, request->header_va, sizeof header);
    mm_copy_from_va(mm, picture, request->data_va, FRAME_BYTES);
    right &= header.DataUsed == FRAME_BYTES && header.PresentationTime.Time == time;
    right &= (header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TIMEVALID) != 0;
    for (unsigned i = 0; i < FRAME_BYTES; i++)
        right &= picture[i] == value;
    free(picture);
    return right;
}

static void close_all(struct stage *stage)
{
    for (unsigned pin = 0; pin < PINS; pin++) {
        if (stage->pins[pin] != NULL)
            io_file_close(stage->pins[pin]);
    }
    io_file_close(stage->filter);
    for (unsigned i = 0; i < stage->request_count; i++) {
        mm_user_free(machine_mm(stage->machine), stage->requests[i].header_va);
        mm_user_free(machine_mm(stage->machine), stage->requests[i].data_va);
        ExFreePoolWithTag(stage->requests[i].done, 'tseT');
        ExFreePoolWithTag(stage->requests[i].iosb, 'tseT');
    }
}

/* ---- Running a machine ----------------------------------------------------------------------- */

static void *read_driver(size_t *size_bytes)
{
    const char *build = getenv("WEIR_BUILD");
    char path[4096];
    FILE *file;
    void *bytes;

    snprintf(path, sizeof path, "%s/drivers/transform.sys", build != NULL ? build : ".");
    file = fopen(path, "rb");
    assert_non_null(file);
    bytes = malloc(1 << 20);
    assert_non_null(bytes);
    *size_bytes = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void live(struct machine *machine, void *ctx)
{
    struct stage *stage = ctx;
    struct machine_error error = {0};
    const UNICODE_STRING *link;

    stage->machine = machine;
    if (!EXPECT(stage, machine_load_driver(machine, &error)) ||
        !EXPECT(stage, machine_start_device(machine, &error)))
        return;
    link = wait_for_filter(stage);
    if (!EXPECT(stage, link != NULL) ||
        !EXPECT(stage, NT_SUCCESS(io_file_open(machine_io(machine), NULL, link,
                                               FILE_READ_DATA | FILE_WRITE_DATA, &stage->filter))))
        return;
    stage->body(stage);
    close_all(stage);
    EXPECT(stage, machine_remove_device(machine, &error));
    machine_unload_driver(machine);
}

static void run(stage_body_fn *body)
{
    struct stage stage = {.body = body};
    struct machine_config config = {
        .seed = 5,
        .cpus = 2,
        .windows = KE_WINDOWS_10,
        .memory = {.ram_bytes = UINT64_C(1) << 30, .policy = MM_SCATTERED},
        .card = "none",
        .driver_name = "transform.sys",
        .trace = &stage.trace,
    };
    struct machine_error error;
    struct machine *machine;

    config.driver_bytes = read_driver(&config.driver_size_bytes);
    stage.ring = aligned_alloc(64, bits_align_up(trace_ring_size_bytes(RING_RECORDS), 64));
    assert_non_null(stage.ring);
    trace_ring_init(stage.ring, RING_RECORDS);
    trace_reader_init(&stage.reader, stage.ring, RING_RECORDS);
    trace_init(&stage.trace, stage.ring, TRACE_CLASS_always, drain, &stage);
    assert_int_equal(machine_create(&config, &machine, &error), 0);
    EXPECT(&stage, machine_run(machine, live, &stage) == KE_STOP_DONE);
    machine_destroy(machine);
    drain(&stage);
    EXPECT(&stage, stage.findings == 0);
    trace_fini(&stage.trace);
    free(stage.ring);
    free((void *)(uintptr_t)config.driver_bytes);
    if (stage.failed)
        fail_msg("%s", stage.why);
}

/* ---- Pictures -------------------------------------------------------------------------------- */

static void open_both(struct stage *stage)
{
    EXPECT(stage, NT_SUCCESS(open_pin(stage, IN, WIDTH, HEIGHT)));
    EXPECT(stage, NT_SUCCESS(open_pin(stage, OUT, WIDTH, HEIGHT)));
    set_state(stage, OUT, KSSTATE_RUN);
    set_state(stage, IN, KSSTATE_RUN);
}

static void three_pictures(struct stage *stage)
{
    struct request *in[3], *out[3];

    open_both(stage);
    for (uint8_t i = 0; i < 3; i++)
        in[i] = queue(stage, IN, 10 + i, 1000 + i);
    EXPECT(stage, !is_done(in[0]));
    for (unsigned i = 0; i < 3; i++) {
        out[i] = queue(stage, OUT, 0, 0);
        EXPECT(stage, is_done(in[i]));
    }
    for (uint8_t i = 0; i < 3; i++)
        EXPECT(stage, has(stage, out[i], (uint8_t)~(10 + i), 1000 + i));
}

static void pictures_come_out_inverted_in_order_and_with_their_time(void **state)
{
    (void)state;
    run(three_pictures);
}

static void buffers_first(struct stage *stage)
{
    struct request *out, *left;

    open_both(stage);
    out = queue(stage, OUT, 0, 0);
    left = queue(stage, OUT, 0, 0);
    EXPECT(stage, !is_done(out));
    queue(stage, IN, 0x0f, 7);
    EXPECT(stage, has(stage, out, 0xf0, 7));
    EXPECT(stage, !is_done(left));
    set_state(stage, IN, KSSTATE_STOP);
    set_state(stage, OUT, KSSTATE_STOP);
    EXPECT(stage, is_done(left));
    EXPECT(stage, left->iosb->Status == STATUS_CANCELLED);
}

static void a_buffer_waits_for_its_picture_or_for_the_stop(void **state)
{
    (void)state;
    run(buffers_first);
}

static void power_in_between(struct stage *stage)
{
    struct machine_error error;
    struct request *out;

    open_both(stage);
    EXPECT(stage, machine_power(stage->machine, true, &error));
    out = queue(stage, OUT, 0, 0);
    queue(stage, IN, 1, 1);
    EXPECT(stage, !is_done(out));
    EXPECT(stage, machine_power(stage->machine, false, &error));
    queue(stage, IN, 2, 2);
    EXPECT(stage, has(stage, out, 0xfe, 1));
}

static void a_sleeping_device_keeps_pictures_until_it_wakes(void **state)
{
    (void)state;
    run(power_in_between);
}

static void two_sizes(struct stage *stage)
{
    EXPECT(stage, NT_SUCCESS(open_pin(stage, IN, WIDTH, HEIGHT)));
    EXPECT(stage, open_pin(stage, OUT, 1280, 720) == STATUS_NO_MATCH);
    EXPECT(stage, NT_SUCCESS(open_pin(stage, OUT, WIDTH, HEIGHT)));
}

static void the_second_pin_must_have_the_format_of_the_first(void **state)
{
    (void)state;
    run(two_sizes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_come_out_inverted_in_order_and_with_their_time),
        cmocka_unit_test(a_buffer_waits_for_its_picture_or_for_the_stop),
        cmocka_unit_test(a_sleeping_device_keeps_pictures_until_it_wakes),
        cmocka_unit_test(the_second_pin_must_have_the_format_of_the_first),
    };

    return cmocka_run_group_tests_name("transform", tests, NULL, NULL);
}
