/* SPDX-License-Identifier: MIT */
/* The outer end of a card: a camera's pictures come in by it (source.h), or pictures go out to a
 * screen (screen.h). The inner end, descriptors and bus, is the same for both. */
#ifndef WEIR_MODELS_WIRE_H
#define WEIR_MODELS_WIRE_H

#include <errno.h>

#include "screen.h"
#include "source.h"

enum wire_direction { WIRE_IN, WIRE_OUT };

struct wire {
    enum wire_direction direction;
    uint64_t frame_bytes; /* of the geometry last set */
    struct source source; /* WIRE_IN */
    struct screen screen; /* WIRE_OUT */
};

static inline int wire_init(struct wire *wire, const struct weir_device_host *host,
                            enum wire_direction direction, uint32_t stream)
{
    wire->direction = direction;
    wire->frame_bytes = 0;
    if (direction == WIRE_OUT)
        return screen_init(&wire->screen, host, stream);
    source_init(&wire->source, host);
    return 0;
}

static inline void wire_fini(struct wire *wire)
{
    if (wire->direction == WIRE_OUT)
        screen_fini(&wire->screen);
    else
        source_fini(&wire->source);
}

/* 0, -EINVAL for a geometry that cannot be, -ENOMEM. */
static inline int wire_set(struct wire *wire, const struct weir_pattern_geometry *geometry)
{
    uint64_t frame_bytes = weir_pattern_frame_bytes(geometry);
    int result = frame_bytes != 0 ? 0 : -EINVAL;

    if (result == 0)
        result = wire->direction == WIRE_OUT ? screen_set(&wire->screen, frame_bytes)
                                             : source_set(&wire->source, geometry);
    if (result == 0)
        wire->frame_bytes = frame_bytes;
    return result;
}

/* Bytes [from, from + size) of the picture cross the bus. 0 or what the bus said. */
static inline int wire_move(struct wire *wire, const struct shot *shot, uint64_t from,
                            uint64_t size_bytes, uint64_t la)
{
    if (shot->strays != NULL)
        fault_stray(shot->strays, wire->direction == WIRE_OUT, from, from + size_bytes,
                    wire->frame_bytes, la);
    if (wire->direction == WIRE_OUT)
        return screen_read(&wire->screen, shot, from, size_bytes, la);
    return source_write(&wire->source, shot, from, size_bytes, la);
}

/* The card is done with a picture; a frame period had none; the card is off. Of a camera's
 * pictures nobody outside hears. */
static inline void wire_done(struct wire *wire, const struct shot *shot, uint64_t number,
                             bool damaged)
{
    if (wire->direction == WIRE_OUT)
        screen_show(&wire->screen, shot, number, damaged);
}

static inline void wire_missed(struct wire *wire, uint64_t number)
{
    if (wire->direction == WIRE_OUT)
        screen_repeat(&wire->screen, number);
}

static inline void wire_off(struct wire *wire)
{
    if (wire->direction == WIRE_OUT)
        screen_clear(&wire->screen);
}

#endif
