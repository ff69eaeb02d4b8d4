/* SPDX-License-Identifier: MIT */
/* Events: what happened, when, on which CPU, at which IRQL. Every room emits, no room asks who
 * listens. A record is 64 bytes. Emitting costs a few nanoseconds and never blocks the order of
 * things: when the ring is full the emitter waits for the reader (the supervisor in the other
 * process), in host time only, so a slow reader changes nothing the seed decides. The ring lives in
 * memory that the supervisor owns; a driver that destroys its own process loses no event emitted
 * before. The reader treats the memory as hostile: see trace_reader_next. Callable on any fiber of
 * the machine at any IRQL. Not here: what events mean (verify, report). */
#ifndef WEIR_TRACE_H
#define WEIR_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trace_type {
    TRACE_none,
#define EVENT(name, class, a0, a1, a2, a3, a4, a5) TRACE_##name,
#include "trace/events.tbl.h"
#undef EVENT
    TRACE_type_count
};

enum trace_class { TRACE_CLASS_always = 1, TRACE_CLASS_call = 2, TRACE_CLASS_sched = 4 };

struct trace_event {
    uint64_t time_ns; /* virtual */
    uint32_t sequence; /* counts every event of the run, wraps */
    uint16_t type; /* enum trace_type */
    uint8_t cpu;
    uint8_t irql;
    uint64_t arg[6];
};

enum { TRACE_NO_CPU = 0xff };

/* What the shared memory holds. head and tail count records and never wrap in practice. */
struct trace_ring {
    uint64_t magic;
    uint64_t capacity; /* records, a power of two */
    _Alignas(64) uint64_t head; /* next record the writer fills; release-stored */
    _Alignas(64) uint64_t tail; /* next record the reader takes; release-stored */
    _Alignas(64) uint32_t writer_waits;
    uint32_t closed; /* the reader is gone: the writer drops instead of waiting */
    _Alignas(64) struct trace_event records[];
};

typedef void trace_wait_fn(void *ctx); /* called while the ring is full; returns soon */

/* The writer's side: one per machine. */
struct trace {
    struct trace_ring *ring;
    uint64_t head; /* private copies: the shared words are written, hardly ever read */
    uint64_t tail_seen;
    uint32_t classes; /* mask of enum trace_class that somebody wants */
    uint32_t sequence;
    uint64_t now_ns; /* kept up to date by the scheduler */
    uint8_t cpu;
    uint8_t irql;
    trace_wait_fn *wait;
    void *wait_ctx;
};

size_t trace_ring_size_bytes(uint64_t capacity);
void trace_ring_init(struct trace_ring *ring, uint64_t capacity);

/* trace_init borrows the ring. wait may be NULL: then the writer spins. */
void trace_init(struct trace *trace, struct trace_ring *ring, uint32_t classes,
                trace_wait_fn *wait, void *wait_ctx);
void trace_fini(struct trace *trace);

/* The slow half of trace_emit: stores one record. */
void trace_store(struct trace *trace, enum trace_type type, uint64_t a0, uint64_t a1, uint64_t a2,
                 uint64_t a3, uint64_t a4, uint64_t a5);

/* Text of any length as a run of TRACE_text records. */
void trace_text(struct trace *trace, const char *text, size_t length);

/* A sentence for the summary about what the driver finds around it, as the event note. */
enum trace_note {
    TRACE_NOTE_INSTALLED, /* which INF, which model */
    TRACE_NOTE_NOT_FOLLOWED, /* what the INF asks for and does not get */
    TRACE_NOTE_FILE_WANTED, /* a file the driver asked for in vain */
    TRACE_NOTE_NO_INTERFACE, /* a reference string of the driver's that the INF does not know */
    TRACE_NOTE_COUNT
};
void trace_note(struct trace *trace, enum trace_note kind, const char *text);

static inline bool trace_wants(const struct trace *trace, enum trace_class class)
{
    return (trace->classes & class) != 0;
}

#define TRACE_ARG_(a, b, c, d, e, f, ...)                                                          \
    (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), (uint64_t)(f)
/* TRACE(trace, interrupt, vector, id, message, claimed): arguments left out are 0. */
#define TRACE(trace, name, ...)                                                                    \
    trace_store((trace), TRACE_##name, TRACE_ARG_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0))
#define TRACE_CLASSED(trace, class, name, ...)                                                     \
    do {                                                                                           \
        if (trace_wants((trace), TRACE_CLASS_##class))                                             \
            TRACE(trace, name, __VA_ARGS__);                                                       \
    } while (0)

/* The reader's side. It copies a record out before looking at it and believes nothing: a head that
 * runs backwards or leads by more than the capacity, a type out of range or a sequence that does
 * not follow ends the stream with -EBADMSG. Returns 1 and a record, 0 when there is none now. */
struct trace_reader {
    struct trace_ring *ring;
    uint64_t capacity;
    uint64_t tail;
    uint32_t sequence;
    bool broken;
};
void trace_reader_init(struct trace_reader *reader, struct trace_ring *ring, uint64_t capacity);
int trace_reader_next(struct trace_reader *reader, struct trace_event *out);

const char *trace_type_name(enum trace_type type);
const char *trace_arg_name(enum trace_type type, unsigned arg); /* NULL when unused */
enum trace_class trace_type_class(enum trace_type type);

#endif
