/* SPDX-License-Identifier: MIT */
/* The parent: forks the machine, drains what it writes, ends outputs in whole frames whatever happens to it. */
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
    bool running;
    bool broken;
    bool format_given;
    struct super_format format;
    uint64_t events, frames;
    uint64_t heard_ns; /* host time of the last sign of life */
    uint64_t progress_at_ns;
    uint64_t stop_at_ns; /* when the wish to stop was given, 0 = not */
    unsigned interrupts;
};

/* ---- Life ------------------------------------------------------------------------------------------------- */

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

/* ---- Draining ----------------------------------------------------------------------------------------------- */

static bool drain_events(struct super *super)
{
    struct trace_event event;
    bool any = false;

    for (unsigned i = 0; i < EVENTS_A_TURN; i++) {
        int result = trace_reader_next(&super->reader, &event);

        if (result < 0)
            super->broken = true;
        if (result <= 0)
            break;
        any = true;
        super->events++;
        if (super->config.event != NULL)
            super->config.event(super->config.event_ctx, &event);
    }
    return any;
}

static void wish_to_stop(struct super *super)
{
    __atomic_store_n(&super->shared->stop, 1, __ATOMIC_RELEASE);
    host_futex_wake(&super->shared->frames_tail);
    if (super->stop_at_ns == 0)
        super->stop_at_ns = host_monotonic_ns();
}

static void sink_failed(struct super *super, struct super_sink *sink, int error)
{
    if (sink->error == 0)
        sink->error = error;
    wish_to_stop(super);
}

/* The format is believed once, and only in itself: sinks check what they need of it. */
static void take_format(struct super *super)
{
    if (super->format_given || __atomic_load_n(&super->shared->format_set, __ATOMIC_ACQUIRE) == 0)
        return;
    super->format = super->shared->format;
    super->format.fourcc[sizeof super->format.fourcc - 1] = 0;
    super->format_given = true;
    if (super->format.frame_bytes > super->child.slot_bytes) {
        super->broken = true;
        return;
    }
    for (unsigned i = 0; i < super->config.sink_count; i++) {
        struct super_sink *sink = &super->config.sinks[i];
        int result = sink->format != NULL ? sink->format(sink->ctx, &super->format) : 0;

        if (result != 0)
            sink_failed(super, sink, result);
    }
}

static void give_frame(struct super *super, const struct super_frame *frame)
{
    for (unsigned i = 0; i < super->config.sink_count; i++) {
        struct super_sink *sink = &super->config.sinks[i];
        int result;

        if (sink->error != 0 || (sink->wants != NULL && !sink->wants(sink->ctx, frame->number)))
            continue;
        result = sink->frame(sink->ctx, frame);
        if (result != 0)
            sink_failed(super, sink, result);
    }
    super->frames++;
}

static bool drain_frame(struct super *super)
{
    struct shared *shared = super->shared;
    uint32_t tail = shared->frames_tail;
    uint32_t head = __atomic_load_n(&shared->frames_head, __ATOMIC_ACQUIRE);
    struct frame_slot slot;
    unsigned index = tail % super->child.slots;

    if (head == tail)
        return false;
    memcpy(&slot, &shared->slots[index], sizeof slot);
    take_format(super);
    if (head - tail > super->child.slots || slot.check != super_slot_check(&slot) ||
        slot.bytes > super->child.slot_bytes || !super->format_given) {
        super->broken = true;
        return false;
    }
    give_frame(super, &(struct super_frame){.number = slot.number, .time_100ns = slot.time_100ns,
                                            .has_time = slot.has_time != 0, .bytes = slot.bytes,
                                            .data = super->child.data +
                                                    index * super->child.slot_bytes});
    __atomic_store_n(&shared->frames_tail, tail + 1, __ATOMIC_RELEASE);
    host_futex_wake(&shared->frames_tail);
    return true;
}

/* ---- Running ------------------------------------------------------------------------------------------------- */

struct start {
    struct super *super;
    super_child_main_fn *child_main;
    void *ctx;
};

static int child_entry(void *ctx)
{
    struct start *start = ctx;

    host_interrupts_ignore();
    return start->child_main(&start->super->child, start->ctx);
}

static bool sink_error(const struct super *super)
{
    for (unsigned i = 0; i < super->config.sink_count; i++) {
        if (super->config.sinks[i].error != 0)
            return true;
    }
    return false;
}

static void notice_interrupts(struct super *super)
{
    unsigned seen = host_interrupts_seen();

    if (seen == super->interrupts)
        return;
    if (super->interrupts > 0 || seen > 1)
        host_process_kill(super->pid); /* asked twice */
    super->interrupts = seen;
    wish_to_stop(super);
}

/* Kills a child that is silent beyond the limit, or that does not follow the wish to stop. */
static bool notice_silence(struct super *super, uint64_t now_ns)
{
    bool late = super->stop_at_ns != 0 && now_ns - super->stop_at_ns > grace_ns;
    bool silent = now_ns - super->heard_ns > super->config.silence_limit_ns;

    if (!late && !silent)
        return false;
    host_process_kill(super->pid);
    return silent;
}

static void show_progress(struct super *super, uint64_t now_ns)
{
    if (super->config.progress == NULL || now_ns - super->progress_at_ns < progress_ns)
        return;
    super->progress_at_ns = now_ns;
    super->config.progress(super->config.progress_ctx);
}

/* Drains until the child is gone; true when it was silent beyond the limit. */
static bool watch(struct super *super, struct host_exit *how)
{
    bool hung = false;

    for (;;) {
        uint32_t bell = __atomic_load_n(&super->shared->bell, __ATOMIC_ACQUIRE);
        bool any = drain_events(super);
        uint64_t now_ns = host_monotonic_ns();

        any |= drain_frame(super);
        notice_interrupts(super);
        show_progress(super, now_ns);
        if (super->broken)
            host_process_kill(super->pid);
        if (any && !super->broken) {
            super->heard_ns = now_ns;
            continue;
        }
        if (host_process_wait(super->pid, 0, how) == 0)
            break;
        hung |= notice_silence(super, now_ns);
        host_futex_wait(&super->shared->bell, bell, nap_ns);
    }
    while (!super->broken && (drain_events(super) | drain_frame(super)))
        ;
    return hung;
}

static enum super_end_kind end_kind(const struct super *super, const struct host_exit *how,
                                    bool hung)
{
    if (sink_error(super))
        return SUPER_OUTPUT;
    if (super->broken)
        return SUPER_BROKEN;
    if (hung)
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

int super_run(struct super *super, super_child_main_fn *child_main, void *ctx,
              struct super_end *end)
{
    struct start start = {.super = super, .child_main = child_main, .ctx = ctx};
    struct host_exit how = {0};
    bool hung;
    int result;

    weir_assert(super->magic == super_magic);
    memset(end, 0, sizeof *end);
    host_interrupts_count();
    super->heard_ns = host_monotonic_ns();
    super->progress_at_ns = super->heard_ns;
    result = host_process_start(child_entry, &start, &super->pid);
    if (result != 0)
        return result;
    hung = watch(super, &how);
    end_sinks(super);
    end->kind = end_kind(super, &how, hung);
    end->code = how.signalled ? how.signal : how.status;
    end->said_kind = __atomic_load_n(&super->shared->said_kind, __ATOMIC_ACQUIRE);
    memcpy(end->said, super->shared->said, sizeof end->said);
    end->said[sizeof end->said - 1] = 0;
    end->events = super->events;
    end->frames = super->frames;
    return 0;
}
