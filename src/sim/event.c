/* SPDX-License-Identifier: MIT */
/* Events: a 4-ary heap ordered by (due, sequence), so equal times fire in the order of arming.
 * Index 0 of the heap stays empty: an event whose heap_index is 0 is not armed. */
#include "sim/private.h"

enum { ARITY = 4 };

static uint32_t parent_of(uint32_t index)
{
    return (index - 2) / ARITY + 1;
}

static uint32_t first_child_of(uint32_t index)
{
    return (index - 1) * ARITY + 2;
}

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->sequence < b->sequence);
}

static void place(struct sim *sim, uint32_t index, struct sim_event *event)
{
    sim->heap.items[index] = event;
    event->heap_index = index;
}

static void sift_up(struct sim *sim, uint32_t index, struct sim_event *event)
{
    while (index > 1) {
        uint32_t parent = parent_of(index);

        if (!before(event, sim->heap.items[parent]))
            break;
        place(sim, index, sim->heap.items[parent]);
        index = parent;
    }
    place(sim, index, event);
}

static void sift_down(struct sim *sim, uint32_t index, struct sim_event *event)
{
    uint32_t count = (uint32_t)sim->heap.count;

    for (;;) {
        uint32_t child = first_child_of(index);
        uint32_t end = child + ARITY < count ? child + ARITY : count;
        uint32_t least = child;

        if (child >= count)
            break;
        while (++child < end) {
            if (before(sim->heap.items[child], sim->heap.items[least]))
                least = child;
        }
        if (!before(sim->heap.items[least], event))
            break;
        place(sim, index, sim->heap.items[least]);
        index = least;
    }
    place(sim, index, event);
}

static void resift(struct sim *sim, uint32_t index, struct sim_event *event)
{
    if (index > 1 && before(event, sim->heap.items[parent_of(index)]))
        sift_up(sim, index, event);
    else
        sift_down(sim, index, event);
}

static void note_first(struct sim *sim)
{
    sim->next_due_ns = sim->heap.count > 1 ? sim->heap.items[1]->due_ns : UINT64_MAX;
}

void sim_event_init(struct sim_event *event, sim_event_fn *fire, void *ctx)
{
    *event = (struct sim_event){.fire = fire, .ctx = ctx};
}

/* A machine that cannot grow its heap of events cannot go on in any reproducible way. */
void sim_event_arm(struct sim *sim, struct sim_event *event, uint64_t due_ns)
{
    event->due_ns = due_ns;
    event->sequence = ++sim->event_sequence;
    if (event->heap_index != 0) {
        resift(sim, event->heap_index, event);
    } else {
        int error = array_push(&sim->heap, event);

        weir_assert(error == 0);
        sift_up(sim, (uint32_t)sim->heap.count - 1, event);
    }
    note_first(sim);
}

bool sim_event_cancel(struct sim *sim, struct sim_event *event)
{
    uint32_t index = event->heap_index;
    struct sim_event *last;

    if (index == 0)
        return false;
    weir_assert(sim->heap.items[index] == event);
    event->heap_index = 0;
    last = array_pop(&sim->heap);
    if (last != event)
        resift(sim, index, last);
    note_first(sim);
    return true;
}

void sim_events_fire(struct sim *sim)
{
    weir_assert(!sim->firing);
    sim->firing = true;
    while (sim->next_due_ns <= sim->now_ns) {
        struct sim_event *event = sim->heap.items[1];

        sim_event_cancel(sim, event);
        event->fire(event->ctx);
    }
    sim->firing = false;
}

bool sim_in_event(struct sim *sim)
{
    return sim->firing;
}

bool sim_events_jump(struct sim *sim)
{
    if (weir_unlikely(sim->pace))
        sim->pace(sim->pace_ctx, sim->next_due_ns);
    if (sim->next_due_ns == UINT64_MAX)
        return false;
    if (sim->next_due_ns > sim->now_ns)
        sim->now_ns = sim->next_due_ns;
    sim->trace->now_ns = sim->now_ns;
    sim_events_fire(sim);
    return true;
}

int sim_events_create(struct sim *sim)
{
    sim->next_due_ns = UINT64_MAX;
    return array_push(&sim->heap, NULL);
}

/* Events that are still armed belong to others, who may be gone by now: they are not touched. */
void sim_events_destroy(struct sim *sim)
{
    array_fini(&sim->heap);
}
