/* SPDX-License-Identifier: MIT */
/* What lies in the memory that parent and child share. The child writes, the parent copies out and
 * checks. Not a door. */
#ifndef WEIR_SUPER_SHARED_H
#define WEIR_SUPER_SHARED_H

#include "super/super.h"

/* One frame on its way. check covers the words before it. */
struct frame_slot {
    uint64_t stream;
    uint64_t number;
    uint64_t bytes;
    uint64_t time_100ns;
    uint64_t has_time;
    uint64_t check;
};
uint64_t super_slot_check(const struct frame_slot *slot);
struct super_child;
void super_child_leave(struct super_child *child);

struct shared {
    _Alignas(64) uint32_t bell; /* the parent sleeps on it; the child changes and wakes */
    uint32_t stop; /* the parent wants the child to end */
    uint32_t leaving; /* the child has nothing more to say and ends */
    _Alignas(64) uint32_t frames_head; /* slots filled by the child */
    _Alignas(64) uint32_t frames_tail; /* slots emptied by the parent; the child sleeps on it */
    _Alignas(64) uint32_t formats_set; /* 1 << stream */
    struct super_format formats[SUPER_STREAMS_MAX];
    int32_t said_kind;
    char said[512];
    _Alignas(64) struct frame_slot slots[];
};

struct super_child {
    struct shared *shared;
    struct trace_ring *ring;
    uint64_t ring_records;
    uint8_t *data; /* of slot 0 */
    uint64_t slot_bytes;
    unsigned slots;
    const struct super_sink *sinks;
    unsigned sink_count;
    struct frame_slot current;
};

#endif
