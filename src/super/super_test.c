/* SPDX-License-Identifier: MIT */
/* Each test forks a real child, as super_run does, and lets it misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/base.h"
#include "host/host.h"
#include "super/shared.h"

enum { SLOT_BYTES = 4096, FRAME_BYTES = 4096, RING_RECORDS = 64 };

/* ---- Bench: a sink that counts, and what the parent saw -------------------------------------- */

struct bench {
    struct super_sink sinks[3];
    unsigned sink_count;
    struct super *super;
    struct super_end end;
    uint64_t events, first_arg_sum;
    uint64_t frames;
    bool frames_good; /* number in each byte, in order */
    bool ended, ended_ok;
    /* what the sink does */
    uint64_t fail_at, interrupt_at; /* 0: never */
    uint64_t nap_ns; /* at each frame */
    unsigned interrupts;
    bool stop_at_event; /* by super_stop */
};

static void take_event(void *ctx, const struct trace_event *event)
{
    struct bench *bench = ctx;

    bench->events++;
    bench->first_arg_sum += event->arg[0];
    if (bench->stop_at_event)
        super_stop(bench->super);
}

static int take_frame(void *ctx, const struct super_frame *frame)
{
    struct bench *bench = ctx;

    bench->frames_good &= frame->number == bench->frames && frame->bytes == FRAME_BYTES &&
                          frame->data[0] == (uint8_t)frame->number &&
                          frame->data[FRAME_BYTES - 1] == (uint8_t)frame->number;
    bench->frames++;
    if (bench->nap_ns != 0)
        host_sleep_ns(bench->nap_ns);
    if (bench->interrupt_at == bench->frames) {
        for (unsigned i = 0; i < bench->interrupts; i++)
            raise(SIGINT);
    }
    return bench->fail_at == bench->frames ? -ENOSPC : 0;
}

static int take_end(void *ctx, bool ok)
{
    struct bench *bench = ctx;

    bench->ended = true;
    bench->ended_ok = ok;
    return 0;
}

static void release_nothing(void *ctx)
{
    (void)ctx;
}

static void bench_open(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    bench->frames_good = true;
    bench->sinks[bench->sink_count++] =
        (struct super_sink){.name = "counter", .frame = take_frame, .end = take_end,
                            .release = release_nothing, .ctx = bench};
}

static void run_limited(struct bench *bench, super_child_main_fn *child_main, void *ctx,
                        uint64_t silence_limit_ns)
{
    struct super_config config = {.ring_records = RING_RECORDS, .frame_bytes_max = SLOT_BYTES,
                                  .event = take_event, .event_ctx = bench, .sinks = bench->sinks,
                                  .sink_count = bench->sink_count,
                                  .silence_limit_ns = silence_limit_ns};

    assert_int_equal(super_create(&config, &bench->super), 0);
    assert_int_equal(super_run(bench->super, child_main, ctx, &bench->end), 0);
    super_destroy(bench->super);
    for (unsigned i = 0; i < bench->sink_count; i++)
        super_sink_release(&bench->sinks[i]);
}

static void run(struct bench *bench, super_child_main_fn *child_main, void *ctx)
{
    run_limited(bench, child_main, ctx, 0);
}

/* ---- What children do ------------------------------------------------------------------------ */

static const struct super_format grey = {.fourcc = "YUY2", .width = 64, .height = 32,
                                         .stride_bytes = 128, .rate_numerator = 30,
                                         .rate_denominator = 1, .frame_bytes = FRAME_BYTES};

static void open_trace(struct super_child *child, struct trace *trace)
{
    uint64_t capacity;
    struct trace_ring *ring = super_child_ring(child, &capacity);

    trace_init(trace, ring, TRACE_CLASS_always, super_child_wait, child);
}

static bool send_frame(struct super_child *child, uint64_t number)
{
    uint8_t *to = super_child_frame_begin(child, 0, number, FRAME_BYTES);

    if (to == NULL)
        return false;
    memset(to, (int)number, FRAME_BYTES);
    super_child_frame_done(child, number * 100, true);
    return true;
}

/* count frames, and 100 events each of which carries 1. */
static void stream(struct super_child *child, struct trace *trace, uint64_t count)
{
    super_child_set_format(child, 0, &grey);
    for (uint64_t i = 0; i < count; i++) {
        for (unsigned k = 0; k < 100; k++)
            TRACE(trace, dpc, 1);
        send_frame(child, i);
    }
}

static void sleep_for_ever(void)
{
    for (;;)
        host_sleep_ns(1000000000);
}

struct job {
    uint64_t frames;
    int signal; /* that the child dies of, 0: returns code */
    int code;
};

static int stream_and_end(struct super_child *child, void *ctx)
{
    const struct job *job = ctx;
    struct trace trace;

    open_trace(child, &trace);
    stream(child, &trace, job->frames);
    if (job->signal != 0) {
        super_child_frame_begin(child, 0, job->frames, FRAME_BYTES); /* and never done */
        signal(job->signal, SIG_DFL); /* cmocka catches some */
        raise(job->signal);
    }
    return job->code;
}

static int stream_until_stopped(struct super_child *child, void *ctx)
{
    (void)ctx;
    super_child_set_format(child, 0, &grey);
    for (uint64_t i = 0; !super_child_stop_requested(child); i++)
        send_frame(child, i);
    return 0;
}

static int stream_for_ever(struct super_child *child, void *ctx)
{
    struct trace trace;

    (void)ctx;
    open_trace(child, &trace);
    super_child_set_format(child, 0, &grey);
    for (uint64_t i = 0; i < UINT64_MAX; i++) {
        TRACE(&trace, dpc, 1);
        send_frame(child, i);
    }
    return 0;
}

/* ---- A child that ends by itself ------------------------------------------------------------- */

static void all_events_and_frames_of_a_child_that_returns_arrive(void **state)
{
    struct job job = {.frames = 20, .code = 7};
    struct bench bench;

    (void)state;
    bench_open(&bench);
    run(&bench, stream_and_end, &job);
    assert_int_equal(bench.end.kind, SUPER_EXITED);
    assert_int_equal(bench.end.code, 7);
    assert_int_equal(bench.events, 2000);
    assert_int_equal(bench.first_arg_sum, 2000);
    assert_int_equal(bench.end.events, 2000);
    assert_int_equal(bench.frames, 20);
    assert_int_equal(bench.end.frames, 20);
    assert_int_equal(bench.sinks[0].frames, 20);
    assert_true(bench.frames_good);
    assert_true(bench.ended_ok);
}

static void the_format_that_was_agreed_on_is_told_at_the_end(void **state)
{
    struct job job = {.frames = 1};
    struct bench bench;

    (void)state;
    bench_open(&bench);
    run(&bench, stream_and_end, &job);
    assert_true(bench.end.has_format[0]);
    assert_string_equal(bench.end.format[0].fourcc, "YUY2");
    assert_int_equal(bench.end.format[0].width, 64);
}

/* Streams are numbered each for itself; a sink gets its own. Stream 3 has none and may be large. */
static int stream_on_three(struct super_child *child, void *ctx)
{
    struct super_format large = grey;

    (void)ctx;
    large.frame_bytes = SLOT_BYTES * 2;
    if (super_child_set_format(child, 0, &grey) != 0 ||
        super_child_set_format(child, 1, &grey) != 0 ||
        super_child_set_format(child, 3, &large) != 0)
        return 1;
    for (uint64_t i = 0; i < 10; i++) {
        uint8_t *to;

        send_frame(child, i);
        if (i % 2 != 0)
            continue;
        to = super_child_frame_begin(child, 1, i / 2, FRAME_BYTES);
        memset(to, (int)(i / 2), FRAME_BYTES);
        super_child_frame_done(child, 0, false);
    }
    return super_child_wants_frame(child, 3, 0) ? 2 : 0;
}

static void frames_of_each_stream_go_to_its_own_sinks(void **state)
{
    struct bench first, second;

    (void)state;
    bench_open(&first);
    bench_open(&second);
    second.sinks[0].stream = 1;
    first.sinks[first.sink_count++] = second.sinks[0];
    run(&first, stream_on_three, NULL);
    assert_int_equal(first.end.kind, SUPER_EXITED);
    assert_int_equal(first.end.code, 0);
    assert_int_equal(first.frames, 10);
    assert_int_equal(second.frames, 5);
    assert_true(first.frames_good);
    assert_true(second.frames_good);
    assert_true(first.end.has_format[1]);
    assert_false(first.end.has_format[2]);
    assert_int_equal(first.end.format[3].frame_bytes, SLOT_BYTES * 2);
}

/* Some daemons hand this on to all they start. */
static void a_parent_that_was_told_to_ignore_its_children_still_sees_the_end(void **state)
{
    struct job job = {.frames = 1, .code = 9};
    struct bench bench;

    (void)state;
    signal(SIGCHLD, SIG_IGN);
    bench_open(&bench);
    run(&bench, stream_and_end, &job);
    assert_int_equal(bench.end.code, 9);
}

static int say_nothing(struct super_child *child, void *ctx)
{
    (void)child;
    (void)ctx;
    return 0;
}

static void a_child_without_a_frame_ends_well_and_has_no_format(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    run(&bench, say_nothing, NULL);
    assert_int_equal(bench.end.kind, SUPER_EXITED);
    assert_int_equal(bench.frames, 0);
    assert_int_equal(bench.events, 0);
    assert_false(bench.end.has_format[0]);
    assert_int_equal(bench.end.said_kind, 0);
    assert_true(bench.ended_ok);
}

static int say_something(struct super_child *child, void *ctx)
{
    (void)ctx;
    super_child_say(child, 5, "the pin \033[31mrefuses\n");
    return 1;
}

static void last_words_arrive_without_what_steers_a_terminal(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    run(&bench, say_something, NULL);
    assert_int_equal(bench.end.said_kind, 5);
    assert_string_equal(bench.end.said, "the pin ?[31mrefuses?");
}

/* ---- A child that dies ----------------------------------------------------------------------- */

static void frames_delivered_before_a_deadly_signal_arrive_in_a_whole_file(void **state)
{
    static const int signals[] = {SIGSEGV, SIGABRT, SIGKILL};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(signals); i++) {
        struct job job = {.frames = 9, .signal = signals[i]};
        char path[] = "/tmp/weir-super-XXXXXX.y4m";
        struct super_error error;
        struct bench bench;
        size_t file_bytes;
        void *file;

        bench_open(&bench);
        close(mkstemps(path, 4));
        assert_int_equal(super_sink_y4m(path, &bench.sinks[bench.sink_count++], &error), 0);
        run(&bench, stream_and_end, &job);
        assert_int_equal(bench.end.kind, SUPER_DIED);
        assert_int_equal(bench.end.code, signals[i]);
        assert_int_equal(bench.events, 900);
        assert_int_equal(bench.frames, 9);
        assert_true(bench.frames_good);
        assert_true(bench.ended_ok);
        assert_int_equal(host_file_read(path, 1 << 20, &file, &file_bytes), 0);
        assert_memory_equal(file, "YUV4MPEG2 W64 H32 F30:1 Ip A1:1 C422\n", 37);
        assert_int_equal(file_bytes, 37 + 9 * (6 + FRAME_BYTES));
        free(file);
        host_file_unlink(path);
    }
}

static int hang(struct super_child *child, void *ctx)
{
    stream_and_end(child, ctx);
    sleep_for_ever();
    return 0;
}

static void a_silent_child_is_killed_and_what_it_delivered_is_kept(void **state)
{
    struct job job = {.frames = 3};
    struct bench bench;

    (void)state;
    bench_open(&bench);
    run_limited(&bench, hang, &job, 50000000);
    assert_int_equal(bench.end.kind, SUPER_HUNG);
    assert_int_equal(bench.frames, 3);
    assert_int_equal(bench.events, 300);
    assert_true(bench.ended_ok);
}

/* ---- A child that lies ----------------------------------------------------------------------- */

enum damage { DAMAGE_ALL, DAMAGE_RING, DAMAGE_SLOT, DAMAGE_HEAD, DAMAGE_NUMBER, DAMAGE_BYTES,
              DAMAGE_STREAM };

static void put_slot(struct super_child *child, struct frame_slot slot)
{
    struct shared *shared = child->shared;

    slot.check = super_slot_check(&slot);
    shared->slots[shared->frames_head++ % child->slots] = slot;
}

static void damage(struct super_child *child, enum damage what)
{
    struct shared *shared = child->shared;
    uint64_t memory_bytes = (uint64_t)(child->data - (uint8_t *)child->ring) +
                            child->slot_bytes * child->slots;

    switch (what) {
    case DAMAGE_ALL: memset(child->ring, 0xa5, memory_bytes); break;
    case DAMAGE_RING: memset(child->ring, 0xa5, trace_ring_size_bytes(RING_RECORDS)); break;
    case DAMAGE_SLOT:
        memset(shared->slots, 0xa5, sizeof shared->slots[0] * child->slots);
        shared->frames_head++;
        break;
    case DAMAGE_HEAD: shared->frames_head += 1000; break;
    case DAMAGE_NUMBER: send_frame(child, 1); break;
    case DAMAGE_BYTES:
        put_slot(child, (struct frame_slot){.number = 50, .bytes = SLOT_BYTES + 1});
        break;
    case DAMAGE_STREAM:
        put_slot(child, (struct frame_slot){.number = 50, .bytes = 1, .stream = 1u << 20});
        break;
    }
}

static void wait_until_drained(struct super_child *child)
{
    while (child->shared->frames_head != __atomic_load_n(&child->shared->frames_tail,
                                                         __ATOMIC_ACQUIRE) ||
           child->ring->head != __atomic_load_n(&child->ring->tail, __ATOMIC_ACQUIRE))
        host_sleep_ns(100000);
}

static int stream_and_damage(struct super_child *child, void *ctx)
{
    struct trace trace;

    open_trace(child, &trace);
    stream(child, &trace, 3);
    wait_until_drained(child);
    damage(child, *(enum damage *)ctx);
    sleep_for_ever();
    return 0;
}

static void garbage_in_shared_memory_ends_the_run_and_keeps_what_was_delivered(void **state)
{
    (void)state;
    for (enum damage what = DAMAGE_ALL; what <= DAMAGE_STREAM; what++) {
        struct bench bench;

        bench_open(&bench);
        run(&bench, stream_and_damage, &what);
        assert_int_equal(bench.end.kind, SUPER_BROKEN);
        assert_int_equal(bench.frames, 3);
        assert_int_equal(bench.events, 300);
        assert_true(bench.frames_good);
        assert_true(bench.ended_ok);
    }
}

static int damage_ring_then_deliver(struct super_child *child, void *ctx)
{
    struct trace trace;

    open_trace(child, &trace);
    stream(child, &trace, 2);
    wait_until_drained(child);
    send_frame(child, 2); /* whole when the ring is spoiled in the same breath */
    damage(child, DAMAGE_RING);
    (void)ctx;
    return 0;
}

static void a_spoiled_ring_does_not_lose_frames_that_are_whole(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    run(&bench, damage_ring_then_deliver, NULL);
    assert_int_equal(bench.end.kind, SUPER_BROKEN);
    assert_int_equal(bench.frames, 3);
    assert_true(bench.frames_good);
}

/* A format that lies about its size must not make a sink read or write beyond. */
static int give_bad_format(struct super_child *child, void *ctx)
{
    struct super_format format = grey;

    format.width = 4096;
    format.height = 4096;
    format.stride_bytes = *(uint32_t *)ctx;
    format.frame_bytes = *(uint32_t *)ctx == 0 ? UINT64_MAX / 2 : FRAME_BYTES;
    memset(format.fourcc, 'Y', sizeof format.fourcc);
    memcpy(format.fourcc, "YUY2", 4);
    child->shared->formats[0] = format;
    memset(&child->shared->formats[0].bottom_up, 0xa5, 1);
    __atomic_store_n(&child->shared->formats_set, 77, __ATOMIC_RELEASE);
    for (uint64_t i = 0; !super_child_stop_requested(child); i++)
        send_frame(child, i);
    return 0;
}

static void a_format_beyond_its_slot_is_refused(void **state)
{
    uint32_t strides[] = {0, 8192, UINT32_MAX};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(strides); i++) {
        struct super_error error;
        struct bench bench;

        bench_open(&bench);
        assert_int_equal(super_sink_y4m("/dev/null", &bench.sinks[bench.sink_count++], &error), 0);
        run(&bench, give_bad_format, &strides[i]);
        assert_int_equal(bench.end.kind, i == 0 ? SUPER_BROKEN : SUPER_OUTPUT);
        assert_int_equal(bench.sinks[1].error, i == 0 ? 0 : -EINVAL);
        assert_int_equal(bench.sinks[1].frames, 0);
    }
}

static int scribble(struct super_child *child, void *ctx)
{
    uint64_t seed = *(uint64_t *)ctx;
    uint8_t *memory = (uint8_t *)child->ring;
    uint64_t bytes = (uint64_t)(child->data - memory);
    struct trace trace;

    open_trace(child, &trace);
    stream(child, &trace, 4);
    for (unsigned i = 0; i < 200; i++) {
        uint64_t draw = hash_u64(seed + i);

        memory[draw % bytes] = (uint8_t)(draw >> 40);
        if (i % 16 == 0)
            send_frame(child, 4 + i);
    }
    return 0;
}

static void random_damage_never_hurts_the_parent(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40000; seed += 1000) {
        struct bench bench;

        bench_open(&bench);
        run_limited(&bench, scribble, &seed, 100000000);
        assert_true(bench.ended);
        assert_in_range(bench.end.frames, 0, 20);
    }
}

/* ---- Outputs --------------------------------------------------------------------------------- */

static void a_slow_output_holds_the_child_back_and_loses_nothing(void **state)
{
    struct job job = {.frames = 30};
    struct bench bench;

    (void)state;
    bench_open(&bench);
    bench.nap_ns = 2000000;
    run(&bench, stream_and_end, &job);
    assert_int_equal(bench.end.kind, SUPER_EXITED);
    assert_int_equal(bench.frames, 30);
    assert_true(bench.frames_good);
}

static void an_output_slower_than_the_silence_limit_does_not_kill_the_child(void **state)
{
    struct job job = {.frames = 4};
    struct bench bench;

    (void)state;
    bench_open(&bench);
    bench.nap_ns = 200000000;
    run_limited(&bench, stream_and_end, &job, 150000000);
    assert_int_equal(bench.end.kind, SUPER_EXITED);
    assert_int_equal(bench.frames, 4);
}

static void an_output_that_fails_stops_the_run_and_the_others_finish(void **state)
{
    char path[] = "/tmp/weir-super-XXXXXX.raw";
    struct super_error error;
    struct bench bench;
    size_t file_bytes;
    void *file;

    (void)state;
    bench_open(&bench);
    bench.fail_at = 3;
    close(mkstemps(path, 4));
    assert_int_equal(super_sink_raw(path, &bench.sinks[bench.sink_count++], &error), 0);
    run(&bench, stream_until_stopped, NULL);
    assert_int_equal(bench.end.kind, SUPER_OUTPUT);
    assert_int_equal(bench.sinks[0].error, -ENOSPC);
    assert_int_equal(bench.sinks[0].frames, 2);
    assert_int_equal(bench.frames, 3); /* not asked again */
    assert_true(bench.ended);
    assert_false(bench.ended_ok);
    assert_int_equal(bench.sinks[1].error, 0);
    assert_true(bench.sinks[1].frames >= 3);
    assert_int_equal(host_file_read(path, 1 << 26, &file, &file_bytes), 0);
    assert_int_equal(file_bytes, bench.sinks[1].frames * FRAME_BYTES);
    free(file);
    host_file_unlink(path);
}

static bool want_the_third(void *ctx, uint64_t number)
{
    (void)ctx;
    return number == 2;
}

static int count_wanted(struct super_child *child, void *ctx)
{
    int sent = 0;

    (void)ctx;
    super_child_set_format(child, 0, &grey);
    for (uint64_t i = 0; i < 10; i++)
        sent += send_frame(child, i);
    return sent;
}

static void frames_that_nobody_wants_are_not_sent(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    bench.sinks[0].wants = want_the_third;
    bench.frames = 2; /* the number expected next */
    run(&bench, count_wanted, NULL);
    assert_int_equal(bench.end.code, 1);
    assert_int_equal(bench.end.frames, 1);
    assert_true(bench.frames_good);
    bench_open(&bench);
    bench.sink_count = 0;
    run(&bench, count_wanted, NULL);
    assert_int_equal(bench.end.code, 0);
    assert_true(bench.end.has_format[0]);
}

static int give_large_format(struct super_child *child, void *ctx)
{
    struct super_format format = grey;

    (void)ctx;
    format.frame_bytes = SLOT_BYTES + 1;
    return super_child_set_format(child, 0, &format) == -EFBIG ? 3 : 0;
}

static void a_frame_larger_than_a_slot_matters_only_to_outputs(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    run(&bench, give_large_format, NULL);
    assert_int_equal(bench.end.code, 3);
    bench_open(&bench);
    bench.sink_count = 0;
    run(&bench, give_large_format, NULL);
    assert_int_equal(bench.end.kind, SUPER_EXITED);
    assert_int_equal(bench.end.code, 0);
    assert_true(bench.end.has_format[0]);
}

/* ---- Being stopped --------------------------------------------------------------------------- */

static void ctrl_c_asks_the_child_to_end_and_keeps_what_was_delivered(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    bench.interrupt_at = 5;
    bench.interrupts = 1;
    run(&bench, stream_until_stopped, NULL);
    assert_int_equal(bench.end.kind, SUPER_INTERRUPTED);
    assert_true(bench.frames >= 5);
    assert_true(bench.frames_good);
    assert_true(bench.ended_ok);
}

static void ctrl_c_twice_kills_a_child_that_does_not_listen(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    bench.interrupt_at = 5;
    bench.interrupts = 2;
    run(&bench, stream_for_ever, NULL);
    assert_int_equal(bench.end.kind, SUPER_INTERRUPTED);
    assert_int_equal(bench.end.code, SIGKILL);
    assert_true(bench.ended_ok);
}

static void interrupts_of_an_earlier_run_do_not_count(void **state)
{
    struct job job = {.frames = 2};
    struct bench bench;

    (void)state;
    assert_true(host_interrupts_seen() > 0);
    bench_open(&bench);
    run(&bench, stream_and_end, &job);
    assert_int_equal(bench.end.kind, SUPER_EXITED);
}

static int trace_until_stopped(struct super_child *child, void *ctx)
{
    struct trace trace;

    (void)ctx;
    open_trace(child, &trace);
    while (!super_child_stop_requested(child))
        TRACE(&trace, dpc, 1);
    return 4;
}

static void super_stop_reaches_a_child_that_only_emits(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    bench.stop_at_event = true;
    run(&bench, trace_until_stopped, NULL);
    assert_int_equal(bench.end.kind, SUPER_EXITED);
    assert_int_equal(bench.end.code, 4);
}

/* Every tick is a Ctrl-C, until the run has ended. */
static void on_tick(int signal_number)
{
    (void)signal_number;
    raise(SIGINT);
}

static void a_pipe_whose_reader_sleeps_does_not_hold_a_second_ctrl_c(void **state)
{
    struct itimerval tick = {{0, 50000}, {0, 50000}}, never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = on_tick};
    struct super_error error;
    struct bench bench;
    char path[64];
    int reader;

    (void)state;
    bench_open(&bench);
    snprintf(path, sizeof path, "/tmp/weir-pipe-%d", (int)getpid());
    assert_int_equal(mkfifo(path, 0600), 0);
    reader = open(path, O_RDONLY | O_NONBLOCK);
    assert_int_equal(super_sink_raw(path, &bench.sinks[bench.sink_count++], &error), 0);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &tick, NULL);
    run(&bench, stream_for_ever, NULL);
    setitimer(ITIMER_REAL, &never, NULL);
    assert_int_equal(bench.end.kind, SUPER_INTERRUPTED);
    close(reader);
    host_file_unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_events_and_frames_of_a_child_that_returns_arrive),
        cmocka_unit_test(the_format_that_was_agreed_on_is_told_at_the_end),
        cmocka_unit_test(a_parent_that_was_told_to_ignore_its_children_still_sees_the_end),
        cmocka_unit_test(frames_of_each_stream_go_to_its_own_sinks),
        cmocka_unit_test(a_child_without_a_frame_ends_well_and_has_no_format),
        cmocka_unit_test(last_words_arrive_without_what_steers_a_terminal),
        cmocka_unit_test(frames_delivered_before_a_deadly_signal_arrive_in_a_whole_file),
        cmocka_unit_test(a_silent_child_is_killed_and_what_it_delivered_is_kept),
        cmocka_unit_test(garbage_in_shared_memory_ends_the_run_and_keeps_what_was_delivered),
        cmocka_unit_test(a_spoiled_ring_does_not_lose_frames_that_are_whole),
        cmocka_unit_test(a_format_beyond_its_slot_is_refused),
        cmocka_unit_test(random_damage_never_hurts_the_parent),
        cmocka_unit_test(a_slow_output_holds_the_child_back_and_loses_nothing),
        cmocka_unit_test(an_output_slower_than_the_silence_limit_does_not_kill_the_child),
        cmocka_unit_test(an_output_that_fails_stops_the_run_and_the_others_finish),
        cmocka_unit_test(frames_that_nobody_wants_are_not_sent),
        cmocka_unit_test(a_frame_larger_than_a_slot_matters_only_to_outputs),
        cmocka_unit_test(ctrl_c_asks_the_child_to_end_and_keeps_what_was_delivered),
        cmocka_unit_test(ctrl_c_twice_kills_a_child_that_does_not_listen),
        cmocka_unit_test(interrupts_of_an_earlier_run_do_not_count),
        cmocka_unit_test(super_stop_reaches_a_child_that_only_emits),
        cmocka_unit_test(a_pipe_whose_reader_sleeps_does_not_hold_a_second_ctrl_c),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
