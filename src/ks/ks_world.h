/* SPDX-License-Identifier: MIT */
/* For ks's tests: a small world of sim, ke, mm, hal, io and pnp around a driver whose callbacks are
 * functions of the test, and a client that opens its filter and pin and moves frames. The driver
 * has one filter with one pin; what the pin is like, and what its callbacks do, the test's config
 * says. Each callback leaves a word in the log. One world at a time, found through `world`: Windows
 * callbacks carry no test. */
#ifndef WEIR_KS_KS_WORLD_H
#define WEIR_KS_KS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "cm/cm.h"
#include "ex/ex.h"
#include "hal/hal.h"
#include "hw/hw.h"
#include "inbox/inbox.h"
#include "io/io.h"
#include "ke/ke.h"
#include "ks/ks.h"
#include "mm/mm.h"
#include "ob/ob.h"
#include "pnp/pnp.h"
#include "po/po.h"
#include "ps/ps.h"
#include "rtl/rtl.h"
#include "trace/rules.h"
#include "wdk/ks.h"

enum { WORLD_RING = 1 << 16, WORLD_READS = 64, WORLD_FRAME = 4096 };

struct world_config {
    uint64_t seed; /* 0: 1 */
    unsigned cpus; /* 0: 2 */
    enum ke_windows windows; /* 0: XP; tests that care say so */
    enum mm_policy policy;
    uint32_t run_pages; /* of MM_RUNS */
    uint64_t ram_bytes; /* 0: 256 MB */
    uint64_t low_memory_bytes; /* 0: plenty */
    uint32_t map_registers; /* 0: plenty */
    bool force_bounce;
    enum hal_iommu iommu;
    uint32_t low_memory_pressure; /* per mille */

    ULONG pin_flags;
    ULONG instances; /* of the pin; 0: 1 */
    bool input;
    bool filter_processes;
    ULONG filter_flags;
    PFNKSFILTERPROCESS filter_process; /* NULL: consumes nothing and says STATUS_PENDING */
    const KSPIN_DESCRIPTOR_EX *pins; /* instead of the one pin that the rest describes */
    ULONG pin_count;
    bool no_process; /* neither filter nor pin has a Process */
    const KSALLOCATOR_FRAMING_EX *framing;
    PFNKSINTERSECTHANDLEREX intersect;
    const KSAUTOMATION_TABLE *pin_table;
    const KSCLOCK_DISPATCH *clock;
    const KSNODE_DESCRIPTOR *nodes;
    ULONG node_count;
    ULONG device_version;
    ULONG device_flags;

    bool no_adapter;
    bool old_registration;
    bool address32;
    ULONG description_version;
    ULONG map_registers_told; /* 0: as many as were granted */
    ULONG limit_bytes; /* of a mapping */
    ULONG stride_bytes; /* 0: sizeof(KSMAPPING) */

    void (*entered)(PDRIVER_OBJECT driver); /* at the end of DriverEntry */
    PFNKSPIN process; /* NULL: consumes nothing and says STATUS_PENDING */
    NTSTATUS (*set_state)(PKSPIN pin, KSSTATE to, KSSTATE from);
    NTSTATUS (*create)(PKSPIN pin, PIRP irp);
    NTSTATUS (*set_format)(PKSPIN pin, PKSDATAFORMAT old);
    void (*reset)(PKSPIN pin);
    NTSTATUS (*start)(PKSDEVICE device);
    void (*stop)(PKSDEVICE device); /* before the adapter is put */
    NTSTATUS (*query_power)(DEVICE_POWER_STATE to);
};

/* One stream request of the client. Frames' buffers lie in the user window. */
struct world_request {
    unsigned count; /* of headers */
    ULONG frame_bytes;
    uint64_t headers_va;
    uint64_t buffer_va[4];
    KEVENT done;
    IO_STATUS_BLOCK iosb;
    NTSTATUS sent; /* what the call returned */
    PIRP irp;
};

struct world {
    const struct world_config *config;
    struct trace_ring *ring;
    struct trace trace;
    struct trace_reader reader;
    uint64_t events[TRACE_type_count];
    uint64_t rules[VERIFY_RULE_COUNT];
    uint64_t bug_check;
    int stopped;

    struct sim *sim;
    struct ke *ke;
    struct mm *mm;
    struct rtl *rtl;
    struct ex *ex;
    struct ob *ob;
    struct cm *cm;
    struct ps *ps;
    struct io *io;
    struct pnp *pnp;
    struct po *po;
    struct hal *hal;
    struct inbox *inbox;
    struct ks *ks;
    struct hw_device *card;
    struct hal_slot *slot;
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo;

    /* Seen by the driver's callbacks. */
    char log[1024];
    PKSDEVICE device;
    PKSFILTER filter;
    PKSPIN pin;
    PDMA_ADAPTER adapter;
    NTSTATUS registration;
    unsigned process_calls;
    unsigned filter_resets;

    /* The client's. */
    PFILE_OBJECT filter_file, pin_file;
    struct world_request requests[WORLD_READS];
    unsigned request_count;
    void (*body)(void);
};

static struct world *world;

static inline void world_note(const char *word)
{
    size_t used = strlen(world->log);

    assert_true(used + strlen(word) + 2 < sizeof world->log);
    memcpy(world->log + used, word, strlen(word) + 1);
    strcat(world->log, " ");
}

/* Compares the log so far and starts a new one. */
static inline void world_expect_log(const char *words)
{
    assert_string_equal(world->log, words);
    world->log[0] = 0;
}

#include "ks/ks_world_driver.h"

/* ---- The card: config space, a BAR nobody uses, DMA as the test says ------------------------- */

static int world_bar_read(struct hw_device *device, unsigned bar, uint64_t offset,
                          uint32_t size_bytes, uint64_t *value)
{
    (void)device;
    (void)bar;
    (void)offset;
    (void)size_bytes;
    *value = 0;
    return 0;
}

static int world_bar_write(struct hw_device *device, unsigned bar, uint64_t offset,
                           uint32_t size_bytes, uint64_t value)
{
    (void)device;
    (void)bar;
    (void)offset;
    (void)size_bytes;
    (void)value;
    return 0;
}

static void world_card_destroy(struct hw_device *device)
{
    free(device);
}

static const struct hw_ops world_card_ops = {.name = "test",
                                             .bar_read = world_bar_read,
                                             .bar_write = world_bar_write,
                                             .destroy = world_card_destroy};

static inline void world_open_card(void)
{
    world->card = calloc(1, sizeof *world->card);
    assert_non_null(world->card);
    hw_device_init(world->card, world->sim, &world_card_ops, "test");
    world->card->dma_address_bits = world->config->address32 ? 32 : 64;
    assert_int_equal(hal_attach(world->hal, world->card, &world->slot), 0);
}

/* ---- Building -------------------------------------------------------------------------------- */

static inline void world_drain(void *ctx)
{
    struct world *w = ctx;
    struct trace_event event;

    while (trace_reader_next(&w->reader, &event) == 1) {
        w->events[event.type]++;
        if (getenv("WEIR_EVENTS") != NULL)
            fprintf(stderr, "%s %llx %llx %llx %llx\n", trace_type_name(event.type),
                    (unsigned long long)event.arg[0], (unsigned long long)event.arg[1],
                    (unsigned long long)event.arg[2], (unsigned long long)event.arg[3]);
        if (event.type == TRACE_finding)
            w->rules[event.arg[0]]++;
        if (event.type == TRACE_bug_check)
            w->bug_check = event.arg[0];
    }
}

static inline uint64_t world_findings(enum verify_rule rule)
{
    world_drain(world);
    return world->rules[rule];
}

static inline void world_open_trace(void)
{
    world->ring = aligned_alloc(64, bits_align_up(trace_ring_size_bytes(WORLD_RING), 64));
    assert_non_null(world->ring);
    trace_ring_init(world->ring, WORLD_RING);
    trace_reader_init(&world->reader, world->ring, WORLD_RING);
    trace_init(&world->trace, world->ring, TRACE_CLASS_always | TRACE_CLASS_call, world_drain,
               world);
}

static inline void world_open_kernel(void)
{
    const struct world_config *config = world->config;
    struct mm_config memory = {.ram_bytes = config->ram_bytes != 0 ? config->ram_bytes : 256 << 20,
                               .policy = config->policy,
                               .run_pages = config->run_pages,
                               .low_memory_bytes = config->low_memory_bytes};
    struct sim_config sim = {.seed = config->seed != 0 ? config->seed : 1,
                             .cpus = config->cpus != 0 ? config->cpus : 2,
                             .trace = &world->trace};
    struct ke_config ke = {.windows = config->windows,
                           .ram_pages = memory.ram_bytes / MM_PAGE_SIZE};

    assert_int_equal(sim_create(&sim, &world->sim), 0);
    ke.sim = world->sim;
    assert_int_equal(ke_create(&ke, &world->ke), 0);
    assert_int_equal(mm_create(world->ke, &memory, &world->mm), 0);
    assert_int_equal(rtl_create(world->ke, &world->rtl), 0);
    assert_int_equal(ex_create(world->ke, &world->ex), 0);
    assert_int_equal(ob_create(world->ke, &world->ob), 0);
    assert_int_equal(cm_create(world->ke, &world->cm), 0);
    assert_int_equal(ps_create(world->ke, &world->ps), 0);
    assert_int_equal(io_create(world->ke, &world->io), 0);
    assert_int_equal(pnp_create(world->ke, &world->pnp), 0);
    assert_int_equal(po_create(world->ke, &world->po), 0);
}

static inline void world_close(void)
{
    hal_detach(world->hal, world->slot);
    hw_destroy(world->card);
    ks_destroy(world->ks);
    inbox_destroy(world->inbox);
    hal_destroy(world->hal);
    po_destroy(world->po);
    pnp_destroy(world->pnp);
    io_destroy(world->io);
    ps_destroy(world->ps);
    cm_destroy(world->cm);
    ob_destroy(world->ob);
    ex_destroy(world->ex);
    rtl_destroy(world->rtl);
    mm_destroy(world->mm);
    ke_destroy(world->ke);
    sim_destroy(world->sim);
    world_drain(world);
    trace_fini(&world->trace);
    free(world->ring);
    free(world);
    world = NULL;
}

static inline void world_open(const struct world_config *config)
{
    struct hal_config hal = {.map_registers_cap = config->map_registers,
                             .force_bounce = config->force_bounce,
                             .iommu = config->iommu,
                             .low_memory_pressure = config->low_memory_pressure};

    if (world != NULL)
        world_close(); /* the test before this one failed half way */
    world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->config = config;
    world_describe(config);
    world_open_trace();
    world_open_kernel();
    assert_int_equal(hal_create(world->ke, world->mm, &hal, &world->hal), 0);
    assert_int_equal(inbox_create(world->ke, world->hal, world->pnp, &world->inbox), 0);
    assert_int_equal(ks_create(world->ke, &world->ks), 0);
    world_open_card();
}

static inline void sleep_ms(int64_t ms)
{
    LARGE_INTEGER interval = {.QuadPart = -ms * 10000};

    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

/* ---- The driver's life ----------------------------------------------------------------------- */

static inline void world_load(void)
{
    assert_int_equal(
        io_driver_create(world->io, "test", 0, 0, KE_ARG(world_driver_entry), &world->driver),
        STATUS_SUCCESS);
    assert_int_equal(io_driver_initialize(world->driver), STATUS_SUCCESS);
    assert_int_equal(inbox_pci_pdo(world->inbox, world->slot, &world->pdo), STATUS_SUCCESS);
    assert_int_equal(pnp_add_device(world->pnp, world->driver, world->pdo), STATUS_SUCCESS);
}

static inline const UNICODE_STRING *world_link(void)
{
    const UNICODE_STRING *link;

    for (unsigned i = 0; i < 1000; i++) {
        if (NT_SUCCESS(io_interface_at(world->io, &KSCATEGORY_CAPTURE, 0, &link)))
            return link;
        sleep_ms(1);
    }
    fail_msg("no device interface appeared");
    return NULL;
}

static inline void world_unload(void)
{
    assert_int_equal(pnp_remove(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_int_equal(io_driver_unload(world->driver), STATUS_SUCCESS);
}

/* ---- The client ------------------------------------------------------------------------------ */

struct world_connection {
    KSPIN_CONNECT connect;
    KSDATAFORMAT format;
};

static inline struct world_connection world_default_connection(void)
{
    struct world_connection connection = {
        .connect = {.Interface = {{{KSINTERFACESETID_Standard, KSINTERFACE_STANDARD_STREAMING, 0}}},
                    .Medium = {{{KSMEDIUMSETID_Standard, KSMEDIUM_TYPE_ANYINSTANCE, 0}}},
                    .Priority = {KSPRIORITY_NORMAL, 1}},
        .format = world_range};

    return connection;
}

static inline NTSTATUS world_try_pin_for(PFILE_OBJECT filter,
                                         const struct world_connection *connection,
                                         ACCESS_MASK access, PFILE_OBJECT *out)
{
    static const WCHAR class[] = KSSTRING_Pin u"\\";
    union {
        WCHAR text[256];
        UCHAR bytes[512];
    } buffer;
    UNICODE_STRING name = {.Buffer = buffer.text};

    memcpy(buffer.bytes, class, sizeof class - sizeof(WCHAR));
    memcpy(buffer.bytes + sizeof class - sizeof(WCHAR), connection, sizeof *connection);
    name.Length = (USHORT)(sizeof class - sizeof(WCHAR) + sizeof *connection);
    name.MaximumLength = name.Length;
    return io_file_open(world->io, filter, &name, access, out);
}

static inline NTSTATUS world_try_pin_of(PFILE_OBJECT filter,
                                        const struct world_connection *connection,
                                        PFILE_OBJECT *out)
{
    return world_try_pin_for(filter, connection,
                             world->config->input ? FILE_WRITE_DATA : FILE_READ_DATA, out);
}

static inline NTSTATUS world_try_pin(const struct world_connection *connection, PFILE_OBJECT *out)
{
    return world_try_pin_of(world->filter_file, connection, out);
}

/* One more pin; world->pin is the newest. */
static inline PFILE_OBJECT world_another_pin(PFILE_OBJECT filter)
{
    struct world_connection connection = world_default_connection();
    PFILE_OBJECT file;

    assert_int_equal(world_try_pin_of(filter, &connection, &file), STATUS_SUCCESS);
    return file;
}

static inline PFILE_OBJECT world_another_filter(void)
{
    PFILE_OBJECT file;

    assert_int_equal(
        io_file_open(world->io, NULL, world_link(), FILE_READ_DATA | FILE_WRITE_DATA, &file),
        STATUS_SUCCESS);
    return file;
}

static inline void world_open_filter(void)
{
    assert_int_equal(io_file_open(world->io, NULL, world_link(), FILE_READ_DATA | FILE_WRITE_DATA,
                                  &world->filter_file),
                     STATUS_SUCCESS);
}

static inline void world_open_pin(void)
{
    struct world_connection connection = world_default_connection();

    world_open_filter();
    assert_int_equal(world_try_pin(&connection, &world->pin_file), STATUS_SUCCESS);
}

static inline void world_close_pin(void)
{
    io_file_close(world->pin_file);
    world->pin_file = NULL;
}

static inline void world_close_filter(void)
{
    io_file_close(world->filter_file);
    world->filter_file = NULL;
}

/* A property request; data goes in for a SET and comes out for a GET. */
static inline NTSTATUS world_property(PFILE_OBJECT file, const void *request, ULONG request_bytes,
                                      void *data, ULONG data_bytes, ULONG_PTR *information)
{
    uint64_t va;
    NTSTATUS status;
    ULONG_PTR ignored;

    assert_int_equal(mm_user_allocate(world->mm, request_bytes + data_bytes + 16, 0, &va), 0);
    assert_true(mm_copy_to_va(world->mm, va, request, request_bytes));
    if (data_bytes != 0)
        assert_true(mm_copy_to_va(world->mm, va + ALIGN_UP_BY(request_bytes, 8), data, data_bytes));
    status = io_file_control_wait(file, IOCTL_KS_PROPERTY, va, request_bytes,
                                  data_bytes != 0 ? va + ALIGN_UP_BY(request_bytes, 8) : 0,
                                  data_bytes, information != NULL ? information : &ignored);
    if (data_bytes != 0)
        assert_true(
            mm_copy_from_va(world->mm, data, va + ALIGN_UP_BY(request_bytes, 8), data_bytes));
    mm_user_free(world->mm, va);
    return status;
}

static inline NTSTATUS world_state_of(PFILE_OBJECT pin_file, KSSTATE state)
{
    KSPROPERTY property = {
        {{KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE, KSPROPERTY_TYPE_SET}}};

    return world_property(pin_file, &property, sizeof property, &state, sizeof state, NULL);
}

static inline NTSTATUS world_state(KSSTATE state)
{
    return world_state_of(world->pin_file, state);
}

/* Queues frames of so many bytes, each buffer offset_bytes into a page. Reads, unless input. */
static inline struct world_request *world_send(PFILE_OBJECT pin_file, bool input, ULONG options,
                                               unsigned count, ULONG frame_bytes,
                                               ULONG offset_bytes)
{
    struct world_request *request = &world->requests[world->request_count++];
    ULONG bytes = count * (ULONG)sizeof(KSSTREAM_HEADER);

    assert_true(world->request_count <= WORLD_READS);
    assert_true(count <= ARRAY_LEN(request->buffer_va));
    request->count = count;
    request->frame_bytes = frame_bytes;
    assert_int_equal(mm_user_allocate(world->mm, bytes, 0, &request->headers_va), 0);
    for (unsigned i = 0; i < count; i++) {
        KSSTREAM_HEADER header = {.Size = sizeof header,
                                  .PresentationTime = {0, 1, 1},
                                  .FrameExtent = frame_bytes,
                                  .DataUsed = input ? frame_bytes : 0,
                                  .OptionsFlags = options};

        if (frame_bytes != 0) {
            assert_int_equal(
                mm_user_allocate(world->mm, frame_bytes, offset_bytes, &request->buffer_va[i]), 0);
            header.Data = (PVOID)request->buffer_va[i];
        }
        assert_true(mm_copy_to_va(world->mm, request->headers_va + i * sizeof header, &header,
                                  sizeof header));
    }
    KeInitializeEvent(&request->done, NotificationEvent, FALSE);
    request->sent = io_file_control(pin_file, input ? IOCTL_KS_WRITE_STREAM : IOCTL_KS_READ_STREAM,
                                    0, 0, request->headers_va, bytes, &request->done,
                                    &request->iosb, &request->irp);
    return request;
}

static inline struct world_request *world_queue_on(PFILE_OBJECT pin_file, unsigned count,
                                                   ULONG frame_bytes, ULONG offset_bytes)
{
    return world_send(pin_file, world->config->input, 0, count, frame_bytes, offset_bytes);
}

static inline struct world_request *world_queue(unsigned count, ULONG frame_bytes,
                                                ULONG offset_bytes)
{
    return world_queue_on(world->pin_file, count, frame_bytes, offset_bytes);
}

static inline bool world_is_done(struct world_request *request)
{
    return KeReadStateEvent(&request->done) != 0;
}

/* Waits for the end, up to ten seconds. */
static inline NTSTATUS world_wait(struct world_request *request)
{
    LARGE_INTEGER timeout = {.QuadPart = -100000000};

    if (KeWaitForSingleObject(&request->done, Executive, KernelMode, FALSE, &timeout) !=
        STATUS_SUCCESS)
        return STATUS_TIMEOUT;
    return request->iosb.Status;
}

static inline KSSTREAM_HEADER world_header(const struct world_request *request, unsigned index)
{
    KSSTREAM_HEADER header;

    assert_true(mm_copy_from_va(world->mm, &header, request->headers_va + index * sizeof header,
                                sizeof header));
    return header;
}

static inline void world_free_requests(void)
{
    for (unsigned i = 0; i < world->request_count; i++) {
        struct world_request *request = &world->requests[i];

        mm_user_free(world->mm, request->headers_va);
        for (unsigned f = 0; f < request->count; f++) {
            if (request->buffer_va[f] != 0)
                mm_user_free(world->mm, request->buffer_va[f]);
        }
    }
    world->request_count = 0;
}

/* ---- Running --------------------------------------------------------------------------------- */

static inline void world_thread(void *ctx)
{
    (void)ctx;
    world->body();
    sim_stop(world->sim, KE_STOP_DONE);
}

/* Runs body on a thread of a new world; the world stays open, to be looked at. */
static inline void world_run(const struct world_config *config, void (*body)(void))
{
    struct ke_trap_config traps = {0};

    world_open(config);
    world->body = body;
    assert_int_equal(ke_thread_start(world->ke, "test", world_thread, NULL, NULL), 0);
    assert_int_equal(ke_traps_install(world->ke, &traps), 0);
    world->stopped = sim_run(world->sim);
    ke_traps_remove(world->ke);
    world_drain(world);
}

/* A whole life without findings. */
static inline void world_live(const struct world_config *config, void (*body)(void))
{
    world_run(config, body);
    assert_int_equal(world->bug_check, 0);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    assert_int_equal(world->events[TRACE_finding], 0);
    world_close();
}

/* The usual frame around a test body: a loaded driver, an open pin, and the way back. */
static inline void world_begin(void)
{
    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_open_pin();
    world->log[0] = 0;
}

static inline void world_end(void)
{
    if (world->pin_file != NULL)
        world_close_pin();
    if (world->filter_file != NULL)
        world_close_filter();
    world_free_requests();
    world_unload();
}

#endif
