/* SPDX-License-Identifier: MIT */
/* What a card did to memory that was not its: the events around a bus_violation become a paragraph
 * under the finding. Lists are remembered by the number of their mapping, so that a mapping can be
 * called by its frame. */
#include "report/violation.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/internal.h"

/* The numbers of enum bus_violation (hal/bus.h). */
enum { KIND_DIRECTION = 1, KIND_AFTER_RELEASE = 2, KIND_PAST_END = 4 };
/* Of enum mm_owner_kind (mm/mm.h). */
enum { OWNER_IMAGE = 3, OWNER_POOL = 4, OWNER_POOL_FREED = 5 };

/* ---- Collecting ------------------------------------------------------------------------------ */

static struct report_list *list_at(struct report_violations *violations, uint64_t index)
{
    return &violations->lists[index % REPORT_LISTS];
}

static void take_list(struct report_violations *violations, const struct trace_event *event)
{
    *list_at(violations, violations->list_count++) =
        (struct report_list){.mapping_id = event->arg[1], .list_va = event->arg[2]};
}

/* A frame gets a list that was made a moment ago. */
static void take_frame(struct report_violations *violations, const struct trace_event *event)
{
    uint64_t known =
        violations->list_count < REPORT_LISTS ? violations->list_count : REPORT_LISTS;

    for (uint64_t i = 1; i <= known; i++) {
        struct report_list *list = list_at(violations, violations->list_count - i);

        if (list->list_va == event->arg[2]) {
            list->has_frame = true;
            list->pin_id = event->arg[0];
            list->frame_id = event->arg[1];
            return;
        }
    }
}

static void name_frame(struct report_violations *violations, struct report_violation *violation)
{
    uint64_t known =
        violations->list_count < REPORT_LISTS ? violations->list_count : REPORT_LISTS;

    for (uint64_t i = 1; i <= known; i++) {
        const struct report_list *list = list_at(violations, violations->list_count - i);

        if (list->mapping_id == violation->bus.arg[4] && violation->has_mapping) {
            violation->list = *list;
            return;
        }
    }
}

static void close(struct report_violations *violations, const struct trace_event *finding)
{
    struct report_violation *now = &violations->now;

    if (now->bus.type != TRACE_bus_violation)
        return;
    now->sequence = finding->sequence;
    name_frame(violations, now);
    if (violations->count < REPORT_VIOLATIONS)
        violations->items[violations->count++] = *now;
    memset(now, 0, sizeof *now);
}

void report_violation_event(struct report_violations *violations, const struct trace_event *event)
{
    struct report_violation *now = &violations->now;

    switch (event->type) {
    case TRACE_dma_list: take_list(violations, event); break;
    case TRACE_frame_list: take_frame(violations, event); break;
    case TRACE_bus_violation: *now = (struct report_violation){.bus = *event}; break;
    case TRACE_bus_card: now->card = *event; break;
    case TRACE_bus_mapping:
        now->mapping = *event;
        now->has_mapping = true;
        break;
    case TRACE_bus_stake:
        now->stake = *event;
        now->has_stake = true;
        break;
    case TRACE_finding: close(violations, event); break;
    default: break;
    }
}

const struct report_violation *report_violation_of(const struct report_violations *violations,
                                                   uint32_t sequence)
{
    for (unsigned i = 0; i < violations->count; i++) {
        if (violations->items[i].sequence == sequence)
            return &violations->items[i];
    }
    return NULL;
}

/* ---- Telling --------------------------------------------------------------------------------- */

static void access_text(const struct report_violation *violation, const char *card,
                        struct text *out)
{
    const uint64_t *bus = violation->bus.arg;

    text_printf(out, "      access    %s in slot %" PRIu64 " %s %" PRIu64, card,
                violation->card.arg[0], bus[3] ? "wrote" : "read", bus[2]);
    text_string(out, " bytes at logical address ");
    text_printf(out, "0x%" PRIx64 "%s\n", bus[1],
                violation->card.arg[2] ? "; refused" : "; it went through");
    if (violation->card.arg[3] != 0)
        text_printf(out,
                    "                0x%" PRIx64
                    " is mapped: was the card told the lower half (LowPart) only?\n",
                    violation->card.arg[3]);
}

static void what_text(const struct report_violation *violation, struct text *out)
{
    static const char *const uses[] = {"scatter/gather list", "MapTransfer", "common buffer"};
    static const char *const ways[] = {"", "for the card to read", "for the card to write",
                                       "for the card to read and write"};
    uint64_t use = violation->mapping.arg[1] & 0xFF;

    text_string(out, use < 3 ? uses[use] : "?");
    if (violation->list.has_frame)
        text_printf(out, " of frame %" PRIu64 " of pin %" PRIu64, violation->list.frame_id,
                    violation->list.pin_id);
    text_printf(out, ", %s", ways[violation->mapping.arg[1] >> 8 & 3]);
}

static void call_text(const struct report *report, const char *what, uint64_t caller_va,
                      struct text *out)
{
    char place[96];

    report_place(report, caller_va, place, sizeof place);
    if (caller_va != 0)
        text_printf(out, "%s by the call at %s", what, place);
    else
        text_printf(out, "%s by no call of the driver's", what);
}

static void mapping_text(const struct report *report, const struct report_violation *violation,
                         struct text *out)
{
    int64_t distance = (int64_t)violation->card.arg[4];
    bool live = violation->card.arg[5] != 0;

    if (!violation->has_mapping) {
        text_string(out, "      mapping   none near this address\n");
        return;
    }
    text_printf(out, "      mapping   %s%" PRIu64 ", ", live ? "" : "the last one there: ",
                violation->mapping.arg[0]);
    what_text(violation, out);
    text_printf(out, "\n                first byte 0x%" PRIx64 ", last byte 0x%" PRIx64,
                violation->mapping.arg[2], violation->mapping.arg[3]);
    if (live && distance != 0)
        text_printf(out, "; the access %s %" PRIu64 " bytes %s", distance > 0 ? "ends" : "begins",
                    (uint64_t)(distance > 0 ? distance : -distance),
                    distance > 0 ? "behind mapped memory" : "before it");
    text_string(out, "\n                ");
    call_text(report, "made", violation->mapping.arg[4], out);
    if (!live)
        call_text(report, ", released", violation->mapping.arg[5], out);
    text_char(out, '\n');
}

static void pool_text(const struct report *report, const uint64_t *stake, bool freed,
                      struct text *out)
{
    char place[96], tag[5];

    for (unsigned i = 0; i < 4; i++) {
        unsigned char byte = (unsigned char)(stake[3] >> 8 * i);

        tag[i] = byte > ' ' && byte < 0x7f ? (char)byte : '.';
    }
    tag[4] = 0;
    report_place(report, stake[4], place, sizeof place);
    text_printf(out, "%s pool, tag %s", freed ? "freed" : "a block of", tag);
    if (stake[4] != 0)
        text_printf(out, ", %s at %s", freed ? "freed" : "allocated", place);
}

static void stake_text(const struct report *report, const struct report_violation *violation,
                       struct text *out)
{
    static const char *const owners[] = {
        "no memory at all", "memory that is nobody's now", "a client's buffer", "a driver's image",
        "", "", "contiguous memory (MmAllocateContiguousMemory)",
        "low memory that stands in for somebody's pages", "memory of the system's"};
    const uint64_t *stake = violation->stake.arg;
    char place[96];

    if (!violation->has_stake)
        return;
    text_printf(out, "      at stake  %" PRIu64 " bytes of ", stake[2]);
    if (stake[0] == OWNER_POOL || stake[0] == OWNER_POOL_FREED)
        pool_text(report, stake, stake[0] == OWNER_POOL_FREED, out);
    else
        text_string(out, stake[0] < ARRAY_LEN(owners) ? owners[stake[0]] : "?");
    if (stake[0] == OWNER_IMAGE) {
        report_place(report, stake[5], place, sizeof place);
        text_printf(out, ", %s", place);
    }
    text_printf(out, ", physical 0x%" PRIx64 "%s\n", stake[1],
                violation->card.arg[2] ? "; not touched" : "");
}

void report_violation_text(const struct report *report, const struct report_violation *violation,
                           const char *card, struct text *out)
{
    access_text(violation, card, out);
    mapping_text(report, violation, out);
    stake_text(report, violation, out);
}
