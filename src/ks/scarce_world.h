/* SPDX-License-Identifier: MIT */
/* For ks's tests of locks that fail: a world whose map registers are enough for one frame and not
 * for two, and the two frames. The test plays the driver, or lets Process do so. */
#ifndef WEIR_KS_SCARCE_WORLD_H
#define WEIR_KS_SCARCE_WORLD_H

#include "ks/ks_world.h"

enum { PAGES = 16, FRAME = PAGES * 4096, REGISTERS = 24 /* enough for one frame, not for two */ };
/* The same with the least low memory there can be. */
enum { LOW_MEMORY = MM_LOW_MEMORY_MIN, LONG_FRAME = 40 * 4096 };

#define PLAYED (KSPIN_FLAG_GENERATE_MAPPINGS | KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING)
#define PROCESSED KSPIN_FLAG_GENERATE_MAPPINGS

#define SCARCE(flags)                                                                              \
    .windows = KE_WINDOWS_10, .pin_flags = (flags), .address32 = true, .force_bounce = true,       \
    .map_registers = REGISTERS, .description_version = DEVICE_DESCRIPTION_VERSION2

static inline void begin_paused(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
}

static inline uint64_t figure(size_t offset)
{
    struct hal_figures figures;

    hal_figures(world->hal, &figures);
    return *(uint64_t *)(void *)((char *)&figures + offset);
}
#define FIGURE(name) figure(offsetof(struct hal_figures, name))

static inline uint64_t events(enum trace_type type)
{
    world_drain(world);
    return world->events[type];
}

static inline void end(void)
{
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    assert_int_equal(FIGURE(lists_live), 0);
    assert_int_equal(FIGURE(registers_in_use), 0);
    world->log[0] = 0;
    world_end();
}

static inline PKSSTREAM_POINTER leading(KSSTREAM_POINTER_STATE state)
{
    return KsPinGetLeadingEdgeStreamPointer(world->pin, state);
}

static inline PKSSTREAM_POINTER clone_of(PKSSTREAM_POINTER pointer)
{
    PKSSTREAM_POINTER clone;

    assert_int_equal(KsStreamPointerClone(pointer, NULL, 0, &clone), STATUS_SUCCESS);
    return clone;
}

/* Two frames; a clone on the first holds the map registers that the second would take. */
struct pair {
    struct world_request *first, *second;
    PKSSTREAM_POINTER lead, holder;
};

static inline struct pair queue_pair(void)
{
    ULONG bytes = world->config->low_memory_bytes != 0 ? LONG_FRAME : FRAME;
    struct pair pair = {.first = world_queue(1, bytes, 0), .second = world_queue(1, bytes, 0)};

    pair.lead = leading(KSSTREAM_POINTER_STATE_LOCKED);
    assert_non_null(pair.lead);
    pair.holder = clone_of(pair.lead);
    return pair;
}

/* The same, with the second frame's list asked for in vain. */
static inline struct pair owe_second(void)
{
    struct pair pair = queue_pair();

    assert_int_equal(KsStreamPointerAdvance(pair.lead), STATUS_DEVICE_NOT_READY);
    assert_int_equal(events(TRACE_dma_queued), 1);
    return pair;
}

static inline void finish(struct pair *pair)
{
    KsStreamPointerDelete(pair->holder);
    assert_int_equal(world_wait(pair->first), STATUS_SUCCESS);
}

static inline void expect_it_can_be_locked(struct pair *pair)
{
    assert_ptr_equal(leading(KSSTREAM_POINTER_STATE_LOCKED), pair->lead);
    assert_in_range(pair->lead->Offset->Count, 1, LONG_FRAME / 4096);
    KsStreamPointerUnlock(pair->lead, TRUE);
    assert_int_equal(world_wait(pair->second), STATUS_SUCCESS);
}

#endif
