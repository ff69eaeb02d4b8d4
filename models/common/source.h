/* SPDX-License-Identifier: MIT */
/* Where the pictures come from: turns "bytes [from, from + size) of this frame go to that bus
 * address" into writes on the bus, for each payload. */
#ifndef WEIR_MODELS_SOURCE_H
#define WEIR_MODELS_SOURCE_H

#include "fault.h"
#include "weir/pattern.h"

enum { SOURCE_CHUNK = 16384 }; /* drawn at a time; stays in the first-level cache */

struct source {
    const struct weir_device_host *host;
    enum weir_pattern_payload payload;
    struct weir_pattern *pattern; /* of the geometry last set */
    uint8_t chunk[SOURCE_CHUNK];
};

/* Reads the parameter "payload". */
void source_init(struct source *source, const struct weir_device_host *host);
void source_fini(struct source *source);
/* 0, -EINVAL for a geometry that cannot be, -ENOMEM. */
int source_set(struct source *source, const struct weir_pattern_geometry *geometry);
int source_write_picture(struct source *source, const struct shot *shot, uint64_t from,
                         uint64_t size_bytes, uint64_t la);
/* 0 or what the bus said. */
static inline int source_write(struct source *source, const struct shot *shot, uint64_t from,
                               uint64_t size_bytes, uint64_t la)
{
    if (source->payload == WEIR_PATTERN_EMPTY)
        return 0;
    return source_write_picture(source, shot, from, size_bytes, la);
}

#define SOURCE_PARAMETERS                                                \
    {                                                                    \
        "payload", WEIR_PARAMETER_CHOICE, 0, "full", "full|stamps|none", \
            "every pixel, one stamp per 4 KB, or nothing"                \
    }

#endif
