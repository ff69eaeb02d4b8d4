/* SPDX-License-Identifier: MIT */
#include "report/locks.h"

#include <math.h>

static const double z95 = 1.959963984540054; /* two-sided 95 % of the normal distribution */

/* ---- Counts ---------------------------------------------------------------------------------- */

static void count(struct locks_counts *counts, uint64_t held, bool failed)
{
    struct locks_level *level =
        &counts->level[held < LOCKS_HELD_MAX ? held : LOCKS_HELD_MAX];

    level->attempts++;
    level->failures += failed;
}

/* frame_lock tells how many are held with the new one, frame_lock_failed how many without. */
void locks_event(struct locks_counts *counts, const struct trace_event *event)
{
    switch ((enum trace_type)event->type) {
    case TRACE_frame_lock:
        if (event->arg[3] > 0)
            count(counts, event->arg[3] - 1, false);
        break;
    case TRACE_frame_lock_failed:
        count(counts, event->arg[3], true);
        break;
    case TRACE_dma_map:
        counts->transfers++;
        counts->direct_bytes += event->arg[2];
        counts->bounce_bytes += event->arg[3];
        counts->registers += event->arg[5];
        break;
    case TRACE_frame_delivered:
        counts->frames++;
        break;
    default:
        break;
    }
}

void locks_add(struct locks_counts *to, const struct locks_counts *from)
{
    for (unsigned i = 0; i <= LOCKS_HELD_MAX; i++) {
        to->level[i].attempts += from->level[i].attempts;
        to->level[i].failures += from->level[i].failures;
    }
    to->transfers += from->transfers;
    to->registers += from->registers;
    to->bounce_bytes += from->bounce_bytes;
    to->direct_bytes += from->direct_bytes;
    to->frames += from->frames;
}

/* ---- Rates ----------------------------------------------------------------------------------- */

/* The score interval of Wilson (1927): the shares that would not be refuted by what was seen. It
 * stays within 0 and 1 and means something for no failures at all. */
void locks_rate(const struct locks_level *level, struct locks_rate *out)
{
    double n = (double)level->attempts, p, centre, half, scale;

    *out = (struct locks_rate){.high = 1};
    if (level->attempts == 0)
        return;
    p = (double)level->failures / n;
    scale = 1 + z95 * z95 / n;
    centre = (p + z95 * z95 / (2 * n)) / scale;
    half = z95 * sqrt(p * (1 - p) / n + z95 * z95 / (4 * n * n)) / scale;
    out->rate = p;
    out->low = level->failures == 0 ? 0 : fmin(p, centre - half);
    out->high = level->failures == level->attempts ? 1 : fmax(p, centre + half);
}

uint64_t locks_attempts_wanted(double target)
{
    return (uint64_t)floor(z95 * z95 * (1 - target) / target) + 1;
}

/* ---- The answer ------------------------------------------------------------------------------ */

void locks_answer(const struct locks_counts *counts, double target, struct locks_answer *out)
{
    bool sure = true, seen = true;

    *out = (struct locks_answer){.half = LOCKS_HELD_MAX + 1};
    for (unsigned held = 0; held <= LOCKS_HELD_MAX; held++) {
        const struct locks_level *level = &counts->level[held];
        struct locks_rate rate;

        locks_rate(level, &rate);
        sure = sure && level->failures < level->attempts && rate.high < target;
        seen = seen && level->failures < level->attempts && rate.rate < target;
        out->attempts += level->attempts;
        out->failures += level->failures;
        if (level->failures < level->attempts)
            out->most_held = held + 1;
        if (sure)
            out->sure = held + 1;
        if (seen)
            out->seen = held + 1;
        if (level->attempts > 0 && rate.rate >= 0.5 && out->half > held)
            out->half = held;
    }
}
