/* SPDX-License-Identifier: MIT */
/* One number for all frames in order: equal numbers, equal video. */
#include <errno.h>
#include <stdlib.h>

#include "base/base.h"
#include "super/super.h"

struct hash_state {
    uint64_t value;
};

static int take_frame(void *ctx, const struct super_frame *frame)
{
    struct hash_state *state = ctx;

    state->value = hash_bytes(frame->data, frame->bytes, state->value);
    return 0;
}

static int end_nothing(void *ctx, bool ok)
{
    (void)ctx;
    (void)ok;
    return 0;
}

int super_sink_hash(struct super_sink *out)
{
    struct hash_state *state = calloc(1, sizeof *state);

    if (state == NULL)
        return -ENOMEM;
    *out = (struct super_sink){.name = "hash", .frame = take_frame, .end = end_nothing,
                               .release = free, .ctx = state};
    return 0;
}

uint64_t super_sink_hash_value(const struct super_sink *sink)
{
    const struct hash_state *state = sink->ctx;

    return state->value;
}
