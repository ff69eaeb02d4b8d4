/* SPDX-License-Identifier: MIT */
#include "client/oracle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum { SEEN_NUMBERS = 4096 }; /* how far back a repeated number is recognised */

struct oracle {
    struct weir_pattern *pattern;
    enum weir_pattern_payload payload;
    uint64_t frame_bytes;
    bool has_horizon;
    uint32_t horizon;
    bool started;
    bool restarted;
    uint32_t newest;
    uint64_t stand_ins; /* frames since then in the place of another: stale, repeated, wrong */
    uint64_t seen[SEEN_NUMBERS / 64]; /* by number modulo SEEN_NUMBERS */
};

int oracle_create(const struct weir_pattern_geometry *geometry, enum weir_pattern_payload payload,
                  struct oracle **out)
{
    struct oracle *oracle = calloc(1, sizeof *oracle);
    int result;

    if (oracle == NULL)
        return -ENOMEM;
    oracle->payload = payload;
    oracle->frame_bytes = weir_pattern_frame_bytes(geometry);
    result = weir_pattern_create(geometry, &oracle->pattern);
    if (result != 0) {
        free(oracle);
        return result;
    }
    *out = oracle;
    return 0;
}

void oracle_destroy(struct oracle *oracle)
{
    if (oracle == NULL)
        return;
    weir_pattern_destroy(oracle->pattern);
    free(oracle);
}

static bool was_seen(const struct oracle *oracle, uint32_t number)
{
    uint32_t slot = number % SEEN_NUMBERS;

    return (oracle->seen[slot / 64] >> (slot % 64) & 1) != 0;
}

static void mark_seen(struct oracle *oracle, uint32_t number, bool seen)
{
    uint32_t slot = number % SEEN_NUMBERS;
    uint64_t bit = UINT64_C(1) << (slot % 64);

    if (seen)
        oracle->seen[slot / 64] |= bit;
    else
        oracle->seen[slot / 64] &= ~bit;
}

/* A whole frame with an older number than expected: seen before or not tells repetition from
 * disorder. */
static unsigned refine_stale(const struct oracle *oracle, uint32_t number)
{
    if (number == oracle->newest)
        return ORACLE_DUPLICATE;
    return was_seen(oracle, number) ? WEIR_VERDICT_STALE : ORACLE_OUT_OF_ORDER;
}

static void advance(struct oracle *oracle, struct oracle_judgement *judgement)
{
    uint32_t number = judgement->picture;

    if (!oracle->started) {
        oracle->started = true;
        oracle->newest = number;
        memset(oracle->seen, 0, sizeof oracle->seen);
    } else if ((int32_t)(number - oracle->newest) > 0) {
        uint32_t step = number - oracle->newest;
        uint64_t skipped = step - 1;

        /* A number that a bad frame took the place of is not lost as well. */
        judgement->missing = skipped > oracle->stand_ins ? skipped - oracle->stand_ins : 0;
        oracle->stand_ins = 0;
        for (uint32_t i = 1; i < step && i <= SEEN_NUMBERS; i++)
            mark_seen(oracle, oracle->newest + i, false);
        oracle->newest = number;
    }
    mark_seen(oracle, number, true);
}

/* The order is judged here and not by the pattern: frame numbers wrap. A frame of an old number
 * whose end still bears the mark of oracle_spoil was not written at all. */
static void judge_order(const struct oracle *oracle, struct oracle_judgement *judgement)
{
    bool untouched = judgement->verdict == WEIR_VERDICT_SHORT;

    if (!oracle->started || (int32_t)(judgement->picture - oracle->newest) > 0)
        return;
    judgement->verdict = untouched ? WEIR_VERDICT_STALE
                                   : refine_stale(oracle, judgement->picture);
    judgement->expected = oracle->newest + 1;
    judgement->found = judgement->picture;
}

/* What comes late comes in its own place, which was counted as missing when it was skipped. */
static bool took_a_place(const struct oracle *oracle, const struct oracle_judgement *judgement)
{
    bool old = oracle->started && (int32_t)(judgement->picture - oracle->newest) <= 0;

    return !judgement->numbered || (old && judgement->verdict != ORACLE_OUT_OF_ORDER);
}

void oracle_set_horizon(struct oracle *oracle, uint32_t highest)
{
    oracle->has_horizon = true;
    oracle->horizon = highest;
}

void oracle_restart(struct oracle *oracle)
{
    oracle->restarted = true;
}

static void begin_anew(struct oracle *oracle, uint32_t number)
{
    if (oracle->restarted && (int32_t)(number - oracle->newest) <= 0)
        oracle->started = false;
    oracle->restarted = false;
}

/* True: it is, and takes the place of the one that should be there. */
static bool judge_early(struct oracle *oracle, struct oracle_judgement *judgement)
{
    if (!oracle->has_horizon || (int32_t)(judgement->picture - oracle->horizon) <= 0)
        return false;
    judgement->verdict = WEIR_VERDICT_EARLY;
    judgement->expected = oracle->started ? oracle->newest + 1 : 0;
    judgement->found = judgement->picture;
    oracle->stand_ins++;
    return true;
}

void oracle_judge(struct oracle *oracle, const struct weir_pattern_view *view,
                  struct oracle_judgement *out)
{
    static const struct weir_pattern_expect any = {.first = 1, .last = 0};
    struct weir_pattern_result result;

    weir_pattern_check(oracle->pattern, oracle->payload, view, &any, &result);
    *out = (struct oracle_judgement){.verdict = result.verdict, .picture = result.frame,
                                     .numbered = result.numbered, .line = result.line,
                                     .offset = result.offset, .expected = result.expected,
                                     .found = result.found};
    if (!result.numbered) /* no number is there: the next one should have been */
        out->picture = out->expected = oracle->started ? oracle->newest + 1 : 0;
    if (result.numbered && judge_early(oracle, out))
        return;
    if (result.numbered)
        begin_anew(oracle, result.frame);
    if (result.numbered &&
        (result.verdict == WEIR_VERDICT_OK || result.verdict == WEIR_VERDICT_SHORT))
        judge_order(oracle, out);
    if (out->verdict == WEIR_VERDICT_UNCHECKED)
        return;
    oracle->stand_ins += took_a_place(oracle, out);
    if (result.numbered)
        advance(oracle, out);
}

/* The last run of the frame, or the last page's stamp: from the end backwards over the pieces. */
void oracle_spoil(struct oracle *oracle, const struct weir_pattern_view *view)
{
    uint64_t last_page = (oracle->frame_bytes - 1) / WEIR_PATTERN_PAGE_BYTES;
    uint64_t target = oracle->payload == WEIR_PATTERN_STAMPS
                          ? last_page * WEIR_PATTERN_PAGE_BYTES
                          : oracle->frame_bytes - WEIR_PATTERN_RUN_BYTES;
    uint64_t at = 0;

    if (oracle->payload == WEIR_PATTERN_EMPTY)
        return;
    for (size_t i = 0; i < view->count && at < oracle->frame_bytes; i++) {
        uint64_t size = view->pieces[i].size_bytes;

        if (at + size > target) {
            uint64_t from = at > target ? 0 : target - at;
            uint64_t end = oracle->frame_bytes - at < size ? oracle->frame_bytes - at : size;
            uint64_t count = end - from < WEIR_PATTERN_RUN_BYTES ? end - from
                                                                 : WEIR_PATTERN_RUN_BYTES;

            weir_pattern_spoil((uint8_t *)view->pieces[i].bytes + from, count);
        }
        at += size;
    }
}

const char *oracle_verdict_name(unsigned verdict)
{
    if (verdict == ORACLE_DUPLICATE)
        return "duplicate";
    if (verdict == ORACLE_OUT_OF_ORDER)
        return "out of order";
    return weir_verdict_name((enum weir_verdict)verdict);
}
