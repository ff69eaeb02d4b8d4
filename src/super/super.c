/* SPDX-License-Identifier: MIT */
/* The parent: forks the machine, drains what it writes, ends outputs in whole frames whatever
 * happens to it. */
#include "super/super.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "host/host.h"
#include "super/shared.h"

enum {
    RING_RECORDS = 1 << 18,
    FRAME_SLOTS = 4,
    FRAME_SLOTS_MAX = 64,
    EVENTS_A_TURN = 4096,
};
static const uint64_t nap_ns = 2000000;
static const uint64_t turn_ns = 100000000; /* no turn counts as longer: see note_time */
static const uint64_t progress_ns = 250000000;
static const uint64_t grace_ns = 3000000000u; /* after a wish to stop */
static const uint64_t silence_ns = 30000000000u;
static const uint64_t super_magic = 0x7765697273757021u;

struct super {
    uint64_t magic;
    struct super_config config;
    void *memory;
    uint64_t memory_bytes;
    struct shared *shared;
    struct super_child child;
    struct trace_reader reader;
    int pid;
    bool events_broken, frames_broken; /* the stream did not hold what it must */
    bool hung;
    bool has_format[SUPER_STREAMS_MAX];
    struct super_format format[SUPER_STREAMS_MAX];
    uint32_t frames_tail; /* our own: the shared word is written, never read */
    uint64_t next_number[SUPER_STREAMS_MAX]; /* of the frames, at least */
    uint64_t events, frames;
    uint64_t turn_at_ns; /* host time of the turn before */
    uint64_t quiet_ns; /* since the last sign of life */
    uint64_t progress_at_ns;
    bool stopping;
    uint64_t stopping_ns; /* since the wish to stop */
    unsigned interrupts_before, interrupts;
};

/* ---- Life ------------------------------------------------------------------------------------ */

static void lay_out(struct super *super)
{
    const struct super_config *config = &super->config;
    uint64_t ring_bytes = bits_align_up(trace_ring_size_bytes(config->ring_records), 4096);
    uint64_t shared_bytes = bits_align_up(
        sizeof(struct shared) + config->frame_slots * sizeof(struct frame_slot), 4096);
    uint64_t slot_bytes = bits_align_up(config->frame_bytes_max, 4096);

    super->memory_bytes = ring_bytes + shared_bytes + slot_bytes * config->frame_slots;
    super->child = (struct super_child){.ring_records = config->ring_records,
                                        .slot_bytes = slot_bytes, .slots = config->frame_slots,
                                        .sinks = config->sinks, .sink_count = config->sink_count};
    if (super->memory == NULL)
        return;
    super->child.ring = super->memory;
    super->shared = (struct shared *)((uint8_t *)super->memory + ring_bytes);
    super->child.shared = super->shared;
    super->child.data = (uint8_t *)super->memory + ring_bytes + shared_bytes;
}

int super_create(const struct super_config *config, struct super **out)
{
    struct super *super = calloc(1, sizeof *super);
    int fd, result;

    if (super == NULL)
        return -ENOMEM;
    super->magic = super_magic;
    super->config = *config;
    if (super->config.ring_records == 0)
        super->config.ring_records = RING_RECORDS;
    if (super->config.frame_slots == 0)
        super->config.frame_slots = FRAME_SLOTS;
    if (super->config.silence_limit_ns == 0)
        super->config.silence_limit_ns = silence_ns;
    weir_assert(super->config.frame_slots <= FRAME_SLOTS_MAX);
    weir_assert(bits_is_power_of_two(super->config.ring_records));
    lay_out(super);
    result = host_memfd_create("weir-shared", super->memory_bytes, &fd);
    if (result == 0) {
        result = host_map(fd, 0, super->memory_bytes, HOST_READ | HOST_WRITE, &super->memory);
        host_fd_close(fd);
    }
    if (result != 0) {
        free(super);
        return result;
    }
    lay_out(super);
    trace_ring_init(super->child.ring, super->config.ring_records);
    trace_reader_init(&super->reader, super->child.ring, super->config.ring_records);
    *out = super;
    return 0;
}

void super_destroy(struct super *super)
{
    if (super == NULL)
        return;
    weir_assert(super->magic == super_magic);
    host_unmap(super->memory, super->memory_bytes);
    super->magic = 0;
    free(super);
}

void super_stop(struct super *super)
{
    weir_assert(super->magic == super_magic);
    __atomic_store_n(&super->shared->stop, 1, __ATOMIC_RELEASE);
    host_futex_wake(&super->shared->frames_tail);
    super->stopping = true;
}

/* ---- Draining -------------------------------------------------------------------------------- */

static bool drain_events(struct super *super)
{
    struct trace_event event;
    bool any = false;

    for (unsigned i = 0; i < EVENTS_A_TURN; i++) {
        int result = trace_reader_next(&super->reader, &event);

        if (result < 0)
            super->events_broken = true;
        if (result <= 0)
            break;
        any = true;
        super->events++;
        if (super->config.event != NULL)
            super->config.event(super->config.event_ctx, &event);
    }
    return any;
}

static void sink_failed(struct super *super, struct super_sink *sink, int error)
{
    if (sink->error == 0)
        sink->error = error;
    super_stop(super);
}

/* A bool that somebody else wrote may be neither true nor false. */
static bool read_bool(const void *from)
{
    uint8_t byte;

    memcpy(&byte, from, sizeof byte);
    return byte != 0;
}

static bool has_sink(const struct super *super, unsigned stream)
{
    for (unsigned i = 0; i < super->config.sink_count; i++) {
        if (super->config.sinks[i].stream == stream)
            return true;
    }
    return false;
}

/* A format is believed once, and only in itself: sinks check what they need of it. */
static void take_format(struct super *super, unsigned stream)
{
    struct super_format *format = &super->format[stream];

    memcpy(format, &super->shared->formats[stream], sizeof *format);
    format->fourcc[sizeof format->fourcc - 1] = 0;
    format->bottom_up = read_bool(&format->bottom_up);
    format->audio.is_float = read_bool(&format->audio.is_float);
    if (has_sink(super, stream) && format->frame_bytes > super->child.slot_bytes) {
        super->frames_broken = true;
        return;
    }
    super->has_format[stream] = true;
    for (unsigned i = 0; i < super->config.sink_count; i++) {
        struct super_sink *sink = &super->config.sinks[i];
        int result = sink->stream == stream && sink->format != NULL
                         ? sink->format(sink->ctx, format) : 0;

        if (result != 0)
            sink_failed(super, sink, result);
    }
}

static void take_formats(struct super *super)
{
    uint32_t set = __atomic_load_n(&super->shared->formats_set, __ATOMIC_ACQUIRE);

    for (unsigned i = 0; i < SUPER_STREAMS_MAX && !super->frames_broken; i++) {
        if (!super->has_format[i] && (set >> i & 1) != 0)
            take_format(super, i);
    }
}

static void give_frame(struct super *super, const struct super_frame *frame)
{
    for (unsigned i = 0; i < super->config.sink_count; i++) {
        struct super_sink *sink = &super->config.sinks[i];
        int result;

        if (sink->stream != frame->stream || sink->error != 0 ||
            (sink->wants != NULL && !sink->wants(sink->ctx, frame->number)))
            continue;
        result = sink->frame(sink->ctx, frame);
        if (result != 0)
            sink_failed(super, sink, result);
        else
            sink->frames++;
    }
    super->frames++;
    super->next_number[frame->stream] = frame->number + 1;
}

static bool slot_holds(const struct super *super, const struct frame_slot *slot)
{
    return slot->check == super_slot_check(slot) && slot->bytes <= super->child.slot_bytes &&
           slot->stream < SUPER_STREAMS_MAX && slot->number >= super->next_number[slot->stream] &&
           super->has_format[slot->stream];
}

static bool drain_frame(struct super *super)
{
    struct shared *shared = super->shared;
    uint32_t waiting = __atomic_load_n(&shared->frames_head, __ATOMIC_ACQUIRE) - super->frames_tail;
    unsigned index = super->frames_tail % super->child.slots;
    struct frame_slot slot;

    if (waiting == 0 || super->frames_broken)
        return false;
    memcpy(&slot, &shared->slots[index], sizeof slot);
    if (waiting > super->child.slots || !slot_holds(super, &slot)) {
        super->frames_broken = true;
        return false;
    }
    give_frame(super, &(struct super_frame){
                          .stream = (unsigned)slot.stream, .number = slot.number,
                          .time_100ns = slot.time_100ns,
                          .has_time = slot.has_time != 0, .bytes = slot.bytes,
                          .data = super->child.data + index * super->child.slot_bytes});
    __atomic_store_n(&shared->frames_tail, ++super->frames_tail, __ATOMIC_RELEASE);
    host_futex_wake(&shared->frames_tail);
    return true;
}

/* What is left of a damaged child is still taken from the stream that is not damaged. */
static bool drain(struct super *super)
{
    bool any = drain_events(super);

    take_formats(super);
    return drain_frame(super) || any;
}

/* ---- Running --------------------------------------------------------------------------------- */

struct start {
    struct super *super;
    super_child_main_fn *child_main;
    void *ctx;
};

static int child_entry(void *ctx)
{
    struct start *start = ctx;
    int status;

    host_interrupts_ignore();
    status = start->child_main(&start->super->child, start->ctx);
    super_child_leave(&start->super->child);
    return status;
}

static void notice_interrupts(struct super *super)
{
    unsigned seen = host_interrupts_seen() - super->interrupts_before;

    if (seen == super->interrupts)
        return;
    if (seen > 1)
        host_process_kill(super->pid); /* asked twice */
    super->interrupts = seen;
    super_stop(super);
}

/* Time is summed up over turns, and a turn counts for little: while the user holds both processes
 * (Ctrl-Z), or while an output blocks us, the child's silence proves nothing. */
static void note_time(struct super *super, bool any)
{
    uint64_t now_ns = host_monotonic_ns();
    uint64_t passed_ns = now_ns - super->turn_at_ns;

    if (passed_ns > turn_ns)
        passed_ns = turn_ns;
    super->turn_at_ns = now_ns;
    super->quiet_ns = any ? 0 : super->quiet_ns + passed_ns;
    if (super->stopping)
        super->stopping_ns += passed_ns;
    if (super->config.progress != NULL && now_ns - super->progress_at_ns >= progress_ns) {
        super->progress_at_ns = now_ns;
        super->config.progress(super->config.progress_ctx);
    }
}

/* Kills a child that lies, that is silent beyond the limit, or that does not follow the wish to
 * stop. */
static void kill_if_due(struct super *super)
{
    bool silent = super->quiet_ns > super->config.silence_limit_ns;

    if (silent)
        super->hung = true;
    if (silent || super->stopping_ns > grace_ns || super->events_broken || super->frames_broken)
        host_process_kill(super->pid);
}

/* Sleeps until the child has something to say, or until it is gone once it has said it will go. */
static int wait_for_child(struct super *super, uint32_t bell, struct host_exit *how)
{
    if (__atomic_load_n(&super->shared->leaving, __ATOMIC_ACQUIRE) != 0)
        return host_process_wait(super->pid, nap_ns, how);
    host_futex_wait(&super->shared->bell, bell, nap_ns);
    return -ETIMEDOUT;
}

/* Drains until the child is gone. */
static int watch(struct super *super, struct host_exit *how)
{
    int result;

    do {
        uint32_t bell = __atomic_load_n(&super->shared->bell, __ATOMIC_ACQUIRE);
        bool any = drain(super);

        notice_interrupts(super);
        note_time(super, any);
        kill_if_due(super);
        result = any ? -ETIMEDOUT : host_process_wait(super->pid, 0, how);
        if (!any && result == -ETIMEDOUT)
            result = wait_for_child(super, bell, how);
    } while (result == -ETIMEDOUT || result == -EINTR);
    while (drain(super))
        ;
    return result;
}

/* A write that the user broke off is the user's wish, not the output's failure. */
static bool sink_error(const struct super *super)
{
    for (unsigned i = 0; i < super->config.sink_count; i++) {
        int error = super->config.sinks[i].error;

        if (error != 0 && !(error == -EINTR && super->interrupts > 0))
            return true;
    }
    return false;
}

static enum super_end_kind end_kind(const struct super *super, const struct host_exit *how)
{
    if (sink_error(super))
        return SUPER_OUTPUT;
    if (super->events_broken || super->frames_broken)
        return SUPER_BROKEN;
    if (super->hung)
        return SUPER_HUNG;
    if (super->interrupts > 0)
        return SUPER_INTERRUPTED;
    return how->signalled ? SUPER_DIED : SUPER_EXITED;
}

static void end_sinks(struct super *super)
{
    for (unsigned i = 0; i < super->config.sink_count; i++) {
        struct super_sink *sink = &super->config.sinks[i];
        int result = sink->end(sink->ctx, sink->error == 0);

        if (result != 0 && sink->error == 0)
            sink->error = result;
    }
}

/* The words go to a terminal: a child gone wild must not steer it. */
static void copy_said(const struct super *super, struct super_end *end)
{
    end->said_kind = __atomic_load_n(&super->shared->said_kind, __ATOMIC_ACQUIRE);
    memcpy(end->said, super->shared->said, sizeof end->said);
    end->said[sizeof end->said - 1] = 0;
    for (char *at = end->said; *at != 0; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    }
}

int super_run(struct super *super, super_child_main_fn *child_main, void *ctx,
              struct super_end *end)
{
    struct start start = {.super = super, .child_main = child_main, .ctx = ctx};
    struct host_exit how = {0};
    int result;

    weir_assert(super->magic == super_magic);
    memset(end, 0, sizeof *end);
    super->interrupts_before = host_interrupts_seen();
    host_interrupts_count();
    super->turn_at_ns = host_monotonic_ns();
    super->progress_at_ns = super->turn_at_ns;
    result = host_process_start(child_entry, &start, &super->pid);
    if (result != 0)
        return result;
    result = watch(super, &how);
    end_sinks(super);
    end->kind = end_kind(super, &how);
    end->code = how.signalled ? how.signal : how.status;
    copy_said(super, end);
    end->events = super->events;
    end->frames = super->frames;
    memcpy(end->has_format, super->has_format, sizeof end->has_format);
    memcpy(end->format, super->format, sizeof end->format);
    return result;
}
