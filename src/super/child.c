/* SPDX-License-Identifier: MIT */
/* The child's half of the supervisor: how a machine hands out events, frames and last words.
 * Waiting here is host time only; nothing that the seed decides depends on it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "host/host.h"
#include "super/shared.h"

static const uint64_t nap_ns = 1000000;

uint64_t super_slot_check(const struct frame_slot *slot)
{
    return hash_bytes(slot, offsetof(struct frame_slot, check), 0x66726d);
}

static void ring_bell(struct shared *shared)
{
    __atomic_add_fetch(&shared->bell, 1, __ATOMIC_RELEASE);
    host_futex_wake(&shared->bell);
}

void super_child_leave(struct super_child *child)
{
    __atomic_store_n(&child->shared->leaving, 1, __ATOMIC_RELEASE);
    ring_bell(child->shared);
}

struct trace_ring *super_child_ring(struct super_child *child, uint64_t *capacity)
{
    *capacity = child->ring_records;
    return child->ring;
}

void super_child_wait(void *context)
{
    struct super_child *child = context;
    uint32_t tail = __atomic_load_n(&child->shared->frames_tail, __ATOMIC_ACQUIRE);

    ring_bell(child->shared);
    host_futex_wait(&child->shared->frames_tail, tail, nap_ns / 10);
}

static bool has_sink(const struct super_child *child, unsigned stream)
{
    for (unsigned i = 0; i < child->sink_count; i++) {
        if (child->sinks[i].stream == stream)
            return true;
    }
    return false;
}

int super_child_set_format(struct super_child *child, unsigned stream,
                           const struct super_format *format)
{
    weir_assert(stream < SUPER_STREAMS_MAX);
    if (format->frame_bytes > child->slot_bytes && has_sink(child, stream))
        return -EFBIG;
    child->shared->formats[stream] = *format;
    __atomic_or_fetch(&child->shared->formats_set, 1u << stream, __ATOMIC_RELEASE);
    return 0;
}

bool super_child_stop_requested(struct super_child *child)
{
    return __atomic_load_n(&child->shared->stop, __ATOMIC_RELAXED) != 0;
}

bool super_child_wants_frame(struct super_child *child, unsigned stream, uint64_t number)
{
    for (unsigned i = 0; i < child->sink_count; i++) {
        const struct super_sink *sink = &child->sinks[i];

        if (sink->stream == stream && (sink->wants == NULL || sink->wants(sink->ctx, number)))
            return true;
    }
    return false;
}

/* NULL when the parent asked for the end while the child waited. */
static bool wait_for_slot(struct super_child *child, uint32_t head)
{
    for (;;) {
        uint32_t tail = __atomic_load_n(&child->shared->frames_tail, __ATOMIC_ACQUIRE);

        if (head - tail < child->slots)
            return true;
        if (super_child_stop_requested(child))
            return false;
        ring_bell(child->shared);
        host_futex_wait(&child->shared->frames_tail, tail, nap_ns * 10);
    }
}

uint8_t *super_child_frame_begin(struct super_child *child, unsigned stream, uint64_t number,
                                 uint64_t bytes)
{
    uint32_t head = child->shared->frames_head;

    if (bytes > child->slot_bytes || !super_child_wants_frame(child, stream, number))
        return NULL;
    if (!wait_for_slot(child, head))
        return NULL;
    child->current = (struct frame_slot){.stream = stream, .number = number, .bytes = bytes};
    return child->data + (head % child->slots) * child->slot_bytes;
}

void super_child_frame_done(struct super_child *child, uint64_t time_100ns, bool has_time)
{
    uint32_t head = child->shared->frames_head;

    child->current.time_100ns = time_100ns;
    child->current.has_time = has_time;
    child->current.check = super_slot_check(&child->current);
    child->shared->slots[head % child->slots] = child->current;
    __atomic_store_n(&child->shared->frames_head, head + 1, __ATOMIC_RELEASE);
    ring_bell(child->shared);
}

void super_child_say(struct super_child *child, int kind, const char *text)
{
    snprintf(child->shared->said, sizeof child->shared->said, "%s", text);
    __atomic_store_n(&child->shared->said_kind, kind, __ATOMIC_RELEASE);
}
