/* SPDX-License-Identifier: MIT */
/* bench_stream: simulated frames against real time (goals P14 to P16).
 *
 * usage: bench_stream DRIVER.sys [ROUNDS [PART-OF-A-NAME]]
 *
 * One round is one machine in a child process: grabber.sys streams 1080p60 from a card. Payload
 * none is the control path (IRP, lock, mapping, card, interrupt, DPC, completion); stamps writes
 * and checks a stamp in each page; full draws every pixel and checks every byte, and full-unchecked
 * draws only. Events are emitted and consumed in place, as the supervisor would. "times real time"
 * is 1/60 s divided by the time of a frame.
 *
 * The stream is timed in blocks of at least a millisecond, after a warm-up. A block in which the
 * process was taken off the CPU is dropped; the frame time of a round is the time of all blocks
 * that are left over their frames. A round that kept less than half of its frames counts for
 * nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "client/client.h"
#include "host/host.h"
#include "machine/machine.h"

struct variant {
    const char *name;
    const char *card;
    const char *parameters;
    const char *fourcc;
    enum weir_pattern_payload payload;
    bool check;
    unsigned frames;
};

static const struct variant variants[] = {
    {"control path YUY2 grabber64", "grabber64", "payload=none", "YUY2", WEIR_PATTERN_EMPTY, false,
     1200},
    {"control path RGB32 grabber64", "grabber64", "payload=none", "RGB4", WEIR_PATTERN_EMPTY, false,
     1200},
    {"stamps YUY2 grabber64", "grabber64", "payload=stamps", "YUY2", WEIR_PATTERN_STAMPS, true,
     600},
    {"stamps RGB32 grabber64", "grabber64", "payload=stamps", "RGB4", WEIR_PATTERN_STAMPS, true,
     600},
    {"full YUY2 grabber64", "grabber64", "payload=full", "YUY2", WEIR_PATTERN_FULL, true, 60},
    {"full-unchecked YUY2 grabber64", "grabber64", "payload=full", "YUY2", WEIR_PATTERN_FULL, false,
     60},
    {"full-unchecked RGB32 grabber64", "grabber64", "payload=full", "RGB4", WEIR_PATTERN_FULL,
     false, 60},
    {"stamps YUY2 grabber32", "grabber32", "payload=stamps", "YUY2", WEIR_PATTERN_STAMPS, true,
     300},
    {"full YUY2 grabber32 (bounced)", "grabber32", "payload=full", "YUY2", WEIR_PATTERN_FULL, true,
     60},
};
enum { VARIANTS = sizeof variants / sizeof variants[0], RING_RECORDS = 1 << 16, WARM_FRAMES = 20 };

static const uint64_t block_ns = 1000000;

/* What the child tells the parent. */
struct outcome {
    uint64_t kept_ns, kept_frames, frames; /* of blocks that were not disturbed; of all blocks */
    bool ok;
    char text[256];
};

struct figures {
    struct bench_series frame_us, ratio;
    unsigned dropped; /* rounds */
};

struct run {
    const struct variant *variant;
    struct outcome *outcome;
    struct trace_ring *ring;
    uint64_t block_start_ns, block_frames;
    long block_switches;
};

static int take_format(void *ctx, const struct client_format *format)
{
    (void)ctx;
    (void)format;
    return 0;
}

static void begin_block(struct run *run)
{
    run->block_frames = 0;
    run->block_switches = bench_involuntary_switches();
    run->block_start_ns = bench_now_ns();
}

static int take_frame(void *ctx, const struct client_frame *frame)
{
    struct run *run = ctx;
    uint64_t passed_ns = bench_now_ns() - run->block_start_ns;

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
    struct client_request request = {.width = 1920,
                                     .height = 1080,
                                     .rate_numerator = 60,
                                     .rate_denominator = 1,
                                     .frames = run->variant->frames,
                                     .buffers = 8,
                                     .check = run->variant->check,
                                     .payload = run->variant->payload};
    struct client_sink sink = {
        .format = take_format, .frame = take_frame, .stop = never, .ctx = run};
    struct client_result result;

    memcpy(request.fourcc, run->variant->fourcc, sizeof request.fourcc);
    if (!machine_load_driver(machine, &error) || !machine_start_device(machine, &error)) {
        snprintf(run->outcome->text, sizeof run->outcome->text, "%.250s", error.text);
        return;
    }
    client_capture(machine, &request, &sink, &result);
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

static void child(const void *driver, size_t driver_bytes, struct run *run)
{
    struct trace trace;
    struct machine_error error;
    struct machine *machine;
    struct machine_config config = {.seed = 1,
                                    .cpus = 2,
                                    .windows = KE_WINDOWS_10,
                                    .memory = {.ram_bytes = UINT64_C(8) << 30},
                                    .card = run->variant->card,
                                    .card_parameters = run->variant->parameters,
                                    .driver_name = "grabber.sys",
                                    .driver_bytes = driver,
                                    .driver_size_bytes = driver_bytes,
                                    .trace = &trace};

    run->ring = calloc(1, trace_ring_size_bytes(RING_RECORDS));
    trace_ring_init(run->ring, RING_RECORDS);
    trace_init(&trace, run->ring, TRACE_CLASS_always, drain, run->ring);
    if (machine_create(&config, &machine, &error) != 0)
        snprintf(run->outcome->text, sizeof run->outcome->text, "%.250s", error.text);
    else
        machine_run(machine, live, run);
}

/* False: the variant does not run. */
static bool round_of(const void *driver, size_t driver_bytes, const struct variant *variant,
                     struct outcome *shared)
{
    struct run run = {.variant = variant, .outcome = shared};
    int status;
    pid_t pid;

    memset(shared, 0, sizeof *shared);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        child(driver, driver_bytes, &run);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || !shared->ok) {
        fprintf(stderr, "bench_stream: %s failed: %s\n", variant->name, shared->text);
        return false;
    }
    return true;
}

static void add(struct figures *figures, const struct outcome *outcome)
{
    double ns;

    if (outcome->kept_frames * 2 < outcome->frames || outcome->kept_frames == 0) {
        figures->dropped++;
        return;
    }
    ns = (double)outcome->kept_ns / (double)outcome->kept_frames;
    bench_add(&figures->frame_us, ns / 1e3);
    bench_add(&figures->ratio, 1e9 / 60 / ns);
}

int main(int argc, char **argv)
{
    static struct figures figures[VARIANTS];
    unsigned rounds = bench_rounds(argc > 2 ? argv[2] : NULL);
    const char *part = argc > 3 ? argv[3] : "";
    struct outcome *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    void *driver;
    size_t driver_bytes;

    if (argc < 2 || host_file_read(argv[1], 1 << 24, &driver, &driver_bytes) != 0) {
        fprintf(stderr, "usage: bench_stream DRIVER.sys [ROUNDS [PART-OF-A-NAME]]\n");
        return 2;
    }
    bench_pin(0);
    for (unsigned i = 0; i < rounds; i++) {
        for (unsigned k = 0; k < VARIANTS; k++) {
            unsigned v = i % 2 == 0 ? k : VARIANTS - 1 - k;

            if (strstr(variants[v].name, part) == NULL)
                continue;
            if (!round_of(driver, driver_bytes, &variants[v], shared))
                return 1;
            add(&figures[v], shared);
        }
    }
    bench_begin("stream");
    for (unsigned v = 0; v < VARIANTS; v++) {
        if (strstr(variants[v].name, part) == NULL)
            continue;
        bench_figure(variants[v].name, "us per frame", &figures[v].frame_us);
        bench_figure(variants[v].name, "times real time", &figures[v].ratio);
        bench_value(variants[v].name, "rounds dropped", figures[v].dropped);
    }
    bench_end();
    free(driver);
    return 0;
}
