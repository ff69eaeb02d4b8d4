/* SPDX-License-Identifier: MIT */
#include "trace/trace.h"

#include <errno.h>
#include <string.h>

static const uint64_t ring_magic = 0x7765697274726163u; /* "weirtrac" */

struct type_row {
    const char *name;
    enum trace_class class;
    const char *arg[6];
};

static const struct type_row type_rows[TRACE_type_count] = {
    [TRACE_none] = {"none", TRACE_CLASS_always, {"-", "-", "-", "-", "-", "-"}},
#define EVENT(name, class, a0, a1, a2, a3, a4, a5)                                                 \
    [TRACE_##name] = {#name, TRACE_CLASS_##class, {#a0, #a1, #a2, #a3, #a4, #a5}},
#include "trace/events.tbl.h"
#undef EVENT
};

size_t trace_ring_size_bytes(uint64_t capacity)
{
    return sizeof(struct trace_ring) + capacity * sizeof(struct trace_event);
}

void trace_ring_init(struct trace_ring *ring, uint64_t capacity)
{
    memset(ring, 0, sizeof *ring);
    ring->capacity = capacity;
    ring->magic = ring_magic;
}

void trace_init(struct trace *trace, struct trace_ring *ring, uint32_t classes,
                trace_wait_fn *wait, void *wait_ctx)
{
    memset(trace, 0, sizeof *trace);
    trace->ring = ring;
    trace->classes = classes;
    trace->cpu = TRACE_NO_CPU;
    trace->wait = wait;
    trace->wait_ctx = wait_ctx;
    trace->head = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
    trace->tail_seen = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
}

void trace_fini(struct trace *trace)
{
    memset(trace, 0, sizeof *trace);
}

/* Waits until the reader has made room. False when the reader is gone. */
static bool wait_for_room(struct trace *trace, uint64_t capacity)
{
    struct trace_ring *ring = trace->ring;

    for (;;) {
        trace->tail_seen = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
        if (trace->head - trace->tail_seen < capacity)
            return true;
        if (__atomic_load_n(&ring->closed, __ATOMIC_RELAXED))
            return false;
        __atomic_store_n(&ring->writer_waits, ring->writer_waits + 1, __ATOMIC_RELAXED);
        if (trace->wait != NULL)
            trace->wait(trace->wait_ctx);
    }
}

void trace_store(struct trace *trace, enum trace_type type, uint64_t a0, uint64_t a1, uint64_t a2,
                 uint64_t a3, uint64_t a4, uint64_t a5)
{
    struct trace_ring *ring = trace->ring;
    uint64_t capacity = ring->capacity;
    struct trace_event *event;

    if (trace->head - trace->tail_seen >= capacity && !wait_for_room(trace, capacity))
        return;
    event = &ring->records[trace->head & (capacity - 1)];
    event->time_ns = trace->now_ns;
    event->sequence = trace->sequence++;
    event->type = (uint16_t)type;
    event->cpu = trace->cpu;
    event->irql = trace->irql;
    event->arg[0] = a0;
    event->arg[1] = a1;
    event->arg[2] = a2;
    event->arg[3] = a3;
    event->arg[4] = a4;
    event->arg[5] = a5;
    __atomic_store_n(&ring->head, ++trace->head, __ATOMIC_RELEASE);
}

void trace_text(struct trace *trace, const char *text, size_t length)
{
    size_t done = 0;

    do {
        uint64_t words[5] = {0};
        size_t chunk = length - done < sizeof words ? length - done : sizeof words;

        memcpy(words, text + done, chunk);
        trace_store(trace, TRACE_text, length - done, words[0], words[1], words[2], words[3],
                    words[4]);
        done += chunk;
    } while (done < length);
}

void trace_note(struct trace *trace, enum trace_note kind, const char *text)
{
    TRACE(trace, note, kind);
    trace_text(trace, text, strlen(text));
}

void trace_reader_init(struct trace_reader *reader, struct trace_ring *ring, uint64_t capacity)
{
    memset(reader, 0, sizeof *reader);
    reader->ring = ring;
    reader->capacity = capacity;
}

int trace_reader_next(struct trace_reader *reader, struct trace_event *out)
{
    struct trace_event copy;
    uint64_t head;

    if (reader->broken)
        return -EBADMSG;
    head = __atomic_load_n(&reader->ring->head, __ATOMIC_ACQUIRE);
    if (head == reader->tail)
        return 0;
    if (head - reader->tail > reader->capacity) {
        reader->broken = true;
        return -EBADMSG;
    }
    memcpy(&copy, &reader->ring->records[reader->tail & (reader->capacity - 1)], sizeof copy);
    if (copy.type == TRACE_none || copy.type >= TRACE_type_count ||
        copy.sequence != reader->sequence) {
        reader->broken = true;
        return -EBADMSG;
    }
    reader->sequence++;
    reader->tail++;
    __atomic_store_n(&reader->ring->tail, reader->tail, __ATOMIC_RELEASE);
    *out = copy;
    return 1;
}

const char *trace_type_name(enum trace_type type)
{
    return type < TRACE_type_count ? type_rows[type].name : "unknown";
}

const char *trace_arg_name(enum trace_type type, unsigned arg)
{
    const char *name;

    if (type >= TRACE_type_count || arg >= 6)
        return NULL;
    name = type_rows[type].arg[arg];
    return strcmp(name, "-") == 0 ? NULL : name;
}

enum trace_class trace_type_class(enum trace_type type)
{
    return type < TRACE_type_count ? type_rows[type].class : TRACE_CLASS_always;
}
