/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "host/host.h"
#include "machine/machine.h"

enum { RING_RECORDS = 1 << 16, WARM_FRAMES = 20, DRIVER_BYTES_MAX = 1 << 24 };

static const uint64_t block_ns = 1000000;

/* What the child tells the parent. */
struct outcome {
    uint64_t kept_ns, kept_frames, frames; /* of blocks that were not disturbed; of all blocks */
    bool ok;
    char text[256];
};

struct run {
    const struct stream_variant *variant;
    struct outcome *outcome;
    struct trace_ring *ring;
    uint64_t block_start_ns, block_frames;
    long block_switches;
};

static int take_format(void *ctx, unsigned pin, const struct client_format *format)
{
    (void)ctx;
    (void)pin;
    (void)format;
    return 0;
}

static void begin_block(struct run *run)
{
    run->block_frames = 0;
    run->block_switches = bench_involuntary_switches();
    run->block_start_ns = bench_now_ns();
}

static int take_frame(void *ctx, unsigned pin, const struct client_frame *frame)
{
    struct run *run = ctx;
    uint64_t passed_ns = bench_now_ns() - run->block_start_ns;

    (void)pin;
    if (frame->number < WARM_FRAMES) /* sites are patched, memory is touched */
        return 0;
    if (frame->number > WARM_FRAMES) {
        run->block_frames++;
        if (passed_ns < block_ns)
            return 0;
        run->outcome->frames += run->block_frames;
        if (bench_involuntary_switches() == run->block_switches) {
            run->outcome->kept_ns += passed_ns;
            run->outcome->kept_frames += run->block_frames;
        }
    }
    begin_block(run);
    return 0;
}

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

static void live(struct machine *machine, void *ctx)
{
    struct run *run = ctx;
    struct machine_error error;
    struct client_request request = {.pins = {{.width = 1920,
                                               .height = 1080,
                                               .rate_numerator = 60,
                                               .rate_denominator = 1,
                                               .frames = run->variant->frames,
                                               .buffers = 8}},
                                     .pin_count = 1,
                                     .check = run->variant->check,
                                     .payload = run->variant->payload};
    struct client_sink sink = {
        .format = take_format, .frame = take_frame, .stop = never, .ctx = run};
    struct client_result result;

    memcpy(request.pins[0].fourcc, run->variant->fourcc, sizeof request.pins[0].fourcc);
    if (!machine_load_driver(machine, &error) || !machine_start_device(machine, &error)) {
        snprintf(run->outcome->text, sizeof run->outcome->text, "%.250s", error.text);
        return;
    }
    client_run(machine, &request, &sink, &result);
    snprintf(run->outcome->text, sizeof run->outcome->text, "%.250s", result.text);
    run->outcome->ok =
        result.kind == CLIENT_OK &&
        result.torn + result.stale + result.short_frames + result.lost + result.wrong == 0;
}

/* The reader that keeps up: everything emitted is taken at once. */
static void drain(void *ctx)
{
    struct trace_ring *ring = ctx;

    ring->tail = ring->head;
}

static void child(const struct stream_driver *driver, struct run *run)
{
    struct trace trace;
    struct machine_error error;
    struct machine *machine;
    struct machine_config config = {
        .seed = 1,
        .cpus = 2,
        .windows = KE_WINDOWS_10,
        .memory = {.ram_bytes = UINT64_C(8) << 30, .policy = run->variant->policy},
        .card = run->variant->card,
        .card_parameters = run->variant->parameters,
        .driver_name = "grabber.sys",
        .driver_bytes = driver->bytes,
        .driver_size_bytes = driver->size_bytes,
        .trace = &trace};

    run->ring = calloc(1, trace_ring_size_bytes(RING_RECORDS));
    trace_ring_init(run->ring, RING_RECORDS);
    trace_init(&trace, run->ring, TRACE_CLASS_always, drain, run->ring);
    if (machine_create(&config, &machine, &error) != 0)
        snprintf(run->outcome->text, sizeof run->outcome->text, "%.250s", error.text);
    else
        machine_run(machine, live, run);
}

static void run_child(const struct stream_driver *driver, const struct stream_variant *variant,
                      struct outcome *shared)
{
    struct run run = {.variant = variant, .outcome = shared};
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        child(driver, &run);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || !shared->ok) {
        fprintf(stderr, "bench: %s failed: %s\n", variant->name, shared->text);
        exit(1);
    }
}

double stream_frame_ns(const struct stream_driver *driver, const struct stream_variant *variant)
{
    struct outcome *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double ns = 0;

    if (shared == MAP_FAILED) {
        perror("bench: mmap");
        exit(1);
    }
    run_child(driver, variant, shared);
    if (shared->kept_frames != 0 && shared->kept_frames * 2 >= shared->frames)
        ns = (double)shared->kept_ns / (double)shared->kept_frames;
    munmap(shared, sizeof *shared);
    return ns;
}

bool stream_driver_read(struct stream_driver *driver, const char *path)
{
    return host_file_read(path, DRIVER_BYTES_MAX, &driver->bytes, &driver->size_bytes) == 0;
}

void stream_driver_free(struct stream_driver *driver)
{
    free(driver->bytes);
}
