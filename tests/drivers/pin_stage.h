/* SPDX-License-Identifier: MIT */
/* A machine with one driver, its filter and its pins open, for tests that move frames one by one.
 * The body runs on a thread of the machine at PASSIVE_LEVEL; what it expects is kept, and told when
 * the machine has ended. Included by one test program each. */
#ifndef WEIR_TESTS_PIN_STAGE_H
#define WEIR_TESTS_PIN_STAGE_H

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

enum { STAGE_RING_RECORDS = 1 << 14, STAGE_PINS = 4, STAGE_REQUESTS = 64 };

struct stage;
typedef void stage_body_fn(struct stage *stage);

struct request {
    uint64_t header_va, data_va;
    ULONG extent;
    KEVENT *done; /* in pool: drivers see its address */
    IO_STATUS_BLOCK *iosb;
};

struct stage {
    const char *driver; /* "tone" */
    const char *card, *card_parameters; /* NULL: no hardware */
    const GUID *category; /* of its filter */
    struct machine_parameter parameter; /* name NULL: none */
    stage_body_fn *body;

    struct trace_ring *ring;
    struct trace trace;
    struct trace_reader reader;
    struct machine *machine;
    uint64_t findings;
    PFILE_OBJECT filter, pins[STAGE_PINS]; /* by pin id */
    struct request requests[STAGE_REQUESTS];
    unsigned request_count;
    bool failed;
    char why[256];
};

/* cmocka's own checks leave by longjmp, which a fiber must not do: what fails there is kept. */
static inline bool expect(struct stage *stage, bool held, const char *what, int line)
{
    if (!held && !stage->failed) {
        stage->failed = true;
        snprintf(stage->why, sizeof stage->why, "line %d: %s", line, what);
    }
    return held;
}
#define EXPECT(stage, condition) expect((stage), (condition), #condition, __LINE__)

static inline void stage_sleep_ms(int64_t ms)
{
    LARGE_INTEGER interval = {.QuadPart = -ms * 10000};

    KeDelayExecutionThread(UserMode, FALSE, &interval);
}

/* ---- Filter and pins ------------------------------------------------------------------------- */

static inline const UNICODE_STRING *stage_link(struct stage *stage)
{
    const UNICODE_STRING *link = NULL;

    for (unsigned i = 0; i < 1000; i++) {
        if (NT_SUCCESS(io_interface_at(machine_io(stage->machine), stage->category, 0, &link)))
            return link;
        stage_sleep_ms(1);
    }
    return NULL;
}

static inline bool stage_open_filter(struct stage *stage, PFILE_OBJECT *filter)
{
    const UNICODE_STRING *link = stage_link(stage);

    return EXPECT(stage, link != NULL) &&
           EXPECT(stage, NT_SUCCESS(io_file_open(machine_io(stage->machine), NULL, link,
                                                 FILE_READ_DATA | FILE_WRITE_DATA, filter)));
}

static inline NTSTATUS stage_open_pin_of(struct stage *stage, PFILE_OBJECT filter, ULONG pin,
                                         const void *format, ULONG format_bytes, PFILE_OBJECT *file)
{
    static const WCHAR class[] = KSSTRING_Pin u"\\";
    const KSPIN_CONNECT connect = {
        .Interface = {{{KSINTERFACESETID_Standard, KSINTERFACE_STANDARD_STREAMING, 0}}},
        .Medium = {{{KSMEDIUMSETID_Standard, KSMEDIUM_TYPE_ANYINSTANCE, 0}}},
        .PinId = pin,
        .Priority = {KSPRIORITY_NORMAL, 1}};
    size_t class_bytes = sizeof class - sizeof(WCHAR);
    WCHAR text[512];
    UNICODE_STRING name = {.Buffer = text,
                           .Length = (USHORT)(class_bytes + sizeof connect + format_bytes)};

    name.MaximumLength = name.Length;
    memcpy(text, class, class_bytes);
    memcpy((uint8_t *)text + class_bytes, &connect, sizeof connect);
    memcpy((uint8_t *)text + class_bytes + sizeof connect, format, format_bytes);
    return io_file_open(machine_io(stage->machine), filter, &name,
                        FILE_READ_DATA | FILE_WRITE_DATA, file);
}

static inline NTSTATUS stage_open_pin(struct stage *stage, ULONG pin, const void *format,
                                      ULONG format_bytes)
{
    return stage_open_pin_of(stage, stage->filter, pin, format, format_bytes, &stage->pins[pin]);
}

/* A property request; value goes in for a SET and comes out for a GET. */
static inline NTSTATUS stage_property(struct stage *stage, PFILE_OBJECT file, const void *request,
                                      ULONG request_bytes, void *value, ULONG value_bytes)
{
    struct mm *mm = machine_mm(stage->machine);
    uint32_t value_at = (uint32_t)bits_align_up(request_bytes, 16);
    ULONG_PTR information;
    NTSTATUS status;
    uint64_t va;

    if (!EXPECT(stage, mm_user_allocate(mm, value_at + value_bytes, 0, &va) == 0))
        return STATUS_NO_MEMORY;
    EXPECT(stage, mm_copy_to_va(mm, va, request, request_bytes));
    EXPECT(stage, mm_copy_to_va(mm, va + value_at, value, value_bytes));
    status = io_file_control_wait(file, IOCTL_KS_PROPERTY, va, request_bytes, va + value_at,
                                  value_bytes, &information);
    EXPECT(stage, mm_copy_from_va(mm, value, va + value_at, value_bytes));
    mm_user_free(mm, va);
    return status;
}

static inline void stage_set_state(struct stage *stage, ULONG pin, KSSTATE state)
{
    KSPROPERTY property = {
        {{KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE, KSPROPERTY_TYPE_SET}}};

    EXPECT(stage, NT_SUCCESS(stage_property(stage, stage->pins[pin], &property, sizeof property,
                                            &state, sizeof state)));
}

/* ---- Requests -------------------------------------------------------------------------------- */

static inline void stage_send(struct stage *stage, ULONG pin, ULONG code, struct request *request,
                              const KSSTREAM_HEADER *header)
{
    EXPECT(stage, mm_copy_to_va(machine_mm(stage->machine), request->header_va, header,
                                sizeof *header));
    KeInitializeEvent(request->done, NotificationEvent, FALSE);
    EXPECT(stage, io_file_control(stage->pins[pin], code, 0, 0, request->header_va, sizeof *header,
                                  request->done, request->iosb, NULL) == STATUS_PENDING);
}

static inline struct request *stage_buffer(struct stage *stage, ULONG extent)
{
    struct mm *mm = machine_mm(stage->machine);
    struct request *request = &stage->requests[stage->request_count++];

    EXPECT(stage, stage->request_count <= STAGE_REQUESTS);
    request->extent = extent;
    request->done = ExAllocatePoolWithTag(NonPagedPool, sizeof(KEVENT), 'tseT');
    request->iosb = ExAllocatePoolWithTag(NonPagedPool, sizeof(IO_STATUS_BLOCK), 'tseT');
    EXPECT(stage, mm_user_allocate(mm, sizeof(KSSTREAM_HEADER), 0, &request->header_va) == 0);
    EXPECT(stage, mm_user_allocate(mm, extent != 0 ? extent : 1, 100, &request->data_va) == 0);
    return request;
}

/* A buffer to be filled. */
static inline struct request *stage_read(struct stage *stage, ULONG pin, ULONG extent)
{
    struct request *request = stage_buffer(stage, extent);
    KSSTREAM_HEADER header = {.Size = sizeof header,
                              .PresentationTime = {0, 1, 1},
                              .FrameExtent = extent,
                              .Data = (PVOID)(uintptr_t)request->data_va};

    stage_send(stage, pin, IOCTL_KS_READ_STREAM, request, &header);
    return request;
}

static inline struct request *stage_write(struct stage *stage, ULONG pin, const void *bytes,
                                          ULONG size, LONGLONG time, ULONG flags)
{
    struct request *request = stage_buffer(stage, size);
    KSSTREAM_HEADER header = {.Size = sizeof header,
                              .PresentationTime = {time, 1, 1},
                              .FrameExtent = size,
                              .DataUsed = size,
                              .OptionsFlags = flags,
                              .Data = (PVOID)(uintptr_t)request->data_va};

    EXPECT(stage, mm_copy_to_va(machine_mm(stage->machine), request->data_va, bytes, size));
    stage_send(stage, pin, IOCTL_KS_WRITE_STREAM, request, &header);
    return request;
}

static inline bool stage_is_done(const struct request *request)
{
    return KeReadStateEvent(request->done) != 0;
}

static inline KSSTREAM_HEADER stage_header(struct stage *stage, const struct request *request)
{
    KSSTREAM_HEADER header = {0};

    EXPECT(stage, mm_copy_from_va(machine_mm(stage->machine), &header, request->header_va,
                                  sizeof header));
    return header;
}

static inline void stage_data(struct stage *stage, const struct request *request, void *bytes)
{
    EXPECT(stage, mm_copy_from_va(machine_mm(stage->machine), bytes, request->data_va,
                                  request->extent));
}

static inline void stage_close_pin(struct stage *stage, ULONG pin)
{
    if (stage->pins[pin] != NULL)
        io_file_close(stage->pins[pin]);
    stage->pins[pin] = NULL;
}

static inline void stage_close(struct stage *stage)
{
    for (unsigned pin = 0; pin < STAGE_PINS; pin++)
        stage_close_pin(stage, pin);
    io_file_close(stage->filter);
    for (unsigned i = 0; i < stage->request_count; i++) {
        mm_user_free(machine_mm(stage->machine), stage->requests[i].header_va);
        mm_user_free(machine_mm(stage->machine), stage->requests[i].data_va);
        ExFreePoolWithTag(stage->requests[i].done, 'tseT');
        ExFreePoolWithTag(stage->requests[i].iosb, 'tseT');
    }
}

/* ---- Running a machine ----------------------------------------------------------------------- */

static inline void stage_drain(void *ctx)
{
    struct stage *stage = ctx;
    struct trace_event event;

    while (trace_reader_next(&stage->reader, &event) == 1)
        stage->findings += event.type == TRACE_finding || event.type == TRACE_bug_check;
}

static inline void *stage_image(const char *driver, size_t *size_bytes)
{
    const char *build = getenv("WEIR_BUILD");
    char path[4096];
    FILE *file;
    void *bytes;

    snprintf(path, sizeof path, "%s/drivers/%s.sys", build != NULL ? build : ".", driver);
    file = fopen(path, "rb");
    assert_non_null(file);
    bytes = malloc(1 << 20);
    assert_non_null(bytes);
    *size_bytes = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static inline void stage_live(struct machine *machine, void *ctx)
{
    struct stage *stage = ctx;
    struct machine_error error = {0};

    stage->machine = machine;
    if (!EXPECT(stage, machine_load_driver(machine, &error)) ||
        !EXPECT(stage, machine_start_device(machine, &error)) ||
        !stage_open_filter(stage, &stage->filter))
        return;
    stage->body(stage);
    stage_close(stage);
    EXPECT(stage, machine_remove_device(machine, &error));
    machine_unload_driver(machine);
}

/* The machine's whole life; fails the test for what the body expected in vain, and for findings. */
static inline void stage_run(struct stage *stage, uint64_t seed)
{
    char name[64];
    struct machine_config config = {
        .seed = seed,
        .cpus = 2,
        .windows = KE_WINDOWS_10,
        .memory = {.ram_bytes = UINT64_C(1) << 30, .policy = MM_SCATTERED},
        .card = stage->card != NULL ? stage->card : "none",
        .card_parameters = stage->card_parameters,
        .driver_name = name,
        .parameters = &stage->parameter,
        .parameter_count = stage->parameter.name != NULL ? 1 : 0,
        .trace = &stage->trace,
    };
    struct machine_error error;
    struct machine *machine;

    snprintf(name, sizeof name, "%s.sys", stage->driver);
    config.driver_bytes = stage_image(stage->driver, &config.driver_size_bytes);
    stage->ring = aligned_alloc(64, bits_align_up(trace_ring_size_bytes(STAGE_RING_RECORDS), 64));
    assert_non_null(stage->ring);
    trace_ring_init(stage->ring, STAGE_RING_RECORDS);
    trace_reader_init(&stage->reader, stage->ring, STAGE_RING_RECORDS);
    trace_init(&stage->trace, stage->ring, TRACE_CLASS_always, stage_drain, stage);
    assert_int_equal(machine_create(&config, &machine, &error), 0);
    EXPECT(stage, machine_run(machine, stage_live, stage) == KE_STOP_DONE);
    machine_destroy(machine);
    stage_drain(stage);
    EXPECT(stage, stage->findings == 0);
    trace_fini(&stage->trace);
    free(stage->ring);
    free((void *)(uintptr_t)config.driver_bytes);
    if (stage->failed)
        fail_msg("seed %u, %s", (unsigned)seed, stage->why);
}

#endif
