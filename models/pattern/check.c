/* SPDX-License-Identifier: MIT */
/* Judging. The number at the start of the frame says which frame it is; then every byte is compared
 * with that frame, and where one differs, the stamps there and after say what happened. */
#include <immintrin.h>
#include <string.h>

#include "pattern_internal.h"

static const char *const verdict_names[WEIR_VERDICTS] = {
    "ok", "short", "torn", "stale", "early", "wrong", "unchecked",
};

const char *weir_verdict_name(enum weir_verdict verdict)
{
    return verdict < WEIR_VERDICTS ? verdict_names[verdict] : "unknown";
}

/* ---- Reading a frame that lies in pieces ----------------------------------------------------- */

/* Stays at the piece last read, so reading in order costs nothing. */
struct reader {
    const struct weir_pattern_view *view;
    size_t piece;
    uint64_t start; /* of the piece in the frame */
};

static bool seek(struct reader *reader, uint64_t offset)
{
    if (offset < reader->start) {
        reader->piece = 0;
        reader->start = 0;
    }
    while (reader->piece < reader->view->count &&
           offset - reader->start >= reader->view->pieces[reader->piece].size_bytes)
        reader->start += reader->view->pieces[reader->piece++].size_bytes;
    return reader->piece < reader->view->count;
}

/* The byte last sought. */
static const uint8_t *at(const struct reader *reader, uint64_t offset)
{
    return (const uint8_t *)reader->view->pieces[reader->piece].bytes + (offset - reader->start);
}

/* False when the frame ends before. */
static bool copy_out(struct reader *reader, uint64_t offset, void *to, uint64_t size_bytes)
{
    uint8_t *out = to;

    while (size_bytes > 0) {
        const struct weir_pattern_piece *piece;
        uint64_t skip, count;

        if (!seek(reader, offset))
            return false;
        piece = &reader->view->pieces[reader->piece];
        skip = offset - reader->start;
        count = piece->size_bytes - skip < size_bytes ? piece->size_bytes - skip : size_bytes;
        memcpy(out, (const uint8_t *)piece->bytes + skip, count);
        out += count;
        offset += count;
        size_bytes -= count;
    }
    return true;
}

/* ---- Stamps ---------------------------------------------------------------------------------- */

/* What stands at a place of the frame. */
struct found {
    bool valid;
    uint32_t frame;
    uint32_t line; /* or page */
};

static uint64_t gather(uint64_t eight)
{
    eight &= 0x0303030303030303u;
    eight = (eight | eight >> 6) & 0x000f000f000f000fu;
    eight = (eight | eight >> 12) & 0x000000ff000000ffu;
    return (eight | eight >> 24) & 0xffff;
}

/* Reads the stamp of the run that starts at offset. */
static struct found read_stamp(const struct weir_pattern *pattern, struct reader *reader,
                               uint64_t offset)
{
    uint8_t run[RUN];
    uint64_t words[2] = {0, 0};
    struct found found = {0};

    if (!copy_out(reader, offset, run, sizeof run))
        return found;
    for (unsigned i = 0; i < 8; i++) {
        uint64_t eight;

        memcpy(&eight, run + i * 8, sizeof eight);
        words[i / 4] |= gather(eight) << (i % 4 * 16);
    }
    words[0] ^= words[1];
    found.frame = (uint32_t)words[0];
    found.line = (uint32_t)(words[0] >> 32);
    found.valid = words[1] == pattern_stamp_check(pattern, found.frame, found.line);
    return found;
}

static struct found read_page(const struct weir_pattern *pattern, struct reader *reader,
                              uint64_t offset)
{
    struct weir_pattern_page page, good;
    struct found found = {0};

    if (!copy_out(reader, offset, &page, sizeof page))
        return found;
    weir_pattern_make_page(pattern, page.frame, page.page, &good);
    found.frame = page.frame;
    found.line = page.page;
    found.valid = memcmp(&page, &good, sizeof page) == 0;
    return found;
}

/* Stamps stand every step bytes; the unit they number is a line or a page. */
struct layout {
    struct found (*read)(const struct weir_pattern *pattern, struct reader *reader,
                         uint64_t offset);
    uint32_t unit_bytes; /* line or page */
    uint32_t units;
    uint32_t runs; /* whole stamps in a unit */
};

static struct layout frame_layout(const struct weir_pattern *pattern,
                                  enum weir_pattern_payload payload)
{
    if (payload == WEIR_PATTERN_FULL)
        return (struct layout){read_stamp, pattern->stride, pattern->lines, pattern->stride / RUN};
    return (struct layout){read_page, PAGE, (uint32_t)((pattern->frame_bytes + PAGE - 1) / PAGE),
                           1};
}

static struct found read_unit(const struct weir_pattern *pattern, const struct layout *layout,
                              struct reader *reader, uint32_t unit)
{
    return layout->read(pattern, reader, (uint64_t)unit * layout->unit_bytes);
}

bool weir_pattern_read_number(const struct weir_pattern *pattern, enum weir_pattern_payload payload,
                              const struct weir_pattern_view *view, uint32_t *frame)
{
    struct layout layout = frame_layout(pattern, payload);
    struct reader reader = {.view = view};
    struct found found;

    if (payload == WEIR_PATTERN_EMPTY)
        return false;
    found = read_unit(pattern, &layout, &reader, 0);
    if (found.valid && found.line == 0)
        *frame = found.frame;
    return found.valid && found.line == 0;
}

/* ---- Comparing ------------------------------------------------------------------------------- */

/* How far ahead memory is asked for; stamps are single lines of the cache. */
enum { FULL_AHEAD = 2 * PAGE, STAMPS_AHEAD = 16 * PAGE };

/* First byte of [from, to) that is not as drawn, or to. */
static uint32_t compare_part(const struct weir_pattern *pattern, const uint8_t *template,
                             const uint8_t stamp[RUN], uint32_t from, uint32_t to,
                             const uint8_t *bytes, const uint8_t *ahead)
{
    uint32_t i = from, runs;

    for (; i < to && i % RUN != 0; i++, ahead++)
        if (*bytes++ != (template[i] | stamp[i % RUN]))
            return i;
    runs = (uint32_t)pattern->loops->equal(template + i, stamp, (to - i) / RUN, bytes, ahead);
    i += runs * RUN;
    bytes += runs * RUN;
    for (; i < to; i++)
        if (*bytes++ != (template[i] | stamp[i % RUN]))
            return i;
    return to;
}

static uint32_t compare_line(const struct weir_pattern *pattern, const struct line_plan *plan,
                             uint32_t from, uint32_t to, const uint8_t *bytes, const uint8_t *ahead)
{
    for (uint32_t i = 0; i < plan->count && from < to; i++) {
        uint32_t end = plan->runs[i].end < to ? plan->runs[i].end : to, same;

        if (end <= from)
            continue;
        same = compare_part(pattern, plan->runs[i].from, plan->stamp, from, end, bytes, ahead);
        if (same != end)
            return same;
        bytes += end - from;
        ahead += end - from;
        from = end;
    }
    return to;
}

/* First wrong byte of the frame from offset on, or the end of what is there. The processor fetches
 * ahead by itself only within a page, and the next pages of the frame may be anywhere: they are
 * asked for while this one is compared. */
static uint64_t compare_full(struct weir_pattern *pattern, struct reader *reader, uint32_t frame,
                             uint64_t end)
{
    struct reader next = *reader;
    uint64_t offset = 0;

    while (offset < end && seek(reader, offset)) {
        const uint8_t *bytes = at(reader, offset);
        const uint8_t *ahead = seek(&next, offset + FULL_AHEAD) ? at(&next, offset + FULL_AHEAD)
                                                                     : bytes;
        uint64_t last = reader->start + reader->view->pieces[reader->piece].size_bytes;

        last = last < end ? last : end;
        last = last - offset < PAGE ? last : offset + PAGE;
        while (offset < last) {
            uint32_t from = (uint32_t)(offset % pattern->stride);
            uint32_t to = last - offset < pattern->stride - from ? from + (uint32_t)(last - offset)
                                                                 : pattern->stride;
            uint32_t line = (uint32_t)(offset / pattern->stride);
            uint32_t same = compare_line(pattern, pattern_plan_line(pattern, frame, line), from, to,
                                         bytes, ahead);

            offset += same - from;
            bytes += same - from;
            ahead += same - from;
            if (same != to)
                return offset;
        }
    }
    return offset;
}

/* A whole stamp. What all stamps have in common and what they have not are compared apart, so that
 * no load waits for bytes just stored. */
static bool is_page(const struct weir_pattern *pattern, uint32_t frame, uint32_t page,
                    const uint8_t *have)
{
    const struct weir_pattern_page *common = &pattern->page;
    struct weir_pattern_page found;

    memcpy(&found, have, sizeof found);
    return found.frame == frame && found.page == page &&
           found.check == pattern_page_check(pattern, frame, page) &&
           memcmp(found.magic, common->magic, sizeof found.magic) == 0 &&
           memcmp(&found.format, &common->format,
                  offsetof(struct weir_pattern_page, check) -
                      offsetof(struct weir_pattern_page, format)) == 0;
}

/* The same for one that the frame's end cuts off, or that lies in two pieces. */
static bool is_part_of_page(const struct weir_pattern *pattern, struct reader *reader,
                            uint32_t frame, uint64_t offset, uint64_t size_bytes)
{
    struct weir_pattern_page found, want;

    weir_pattern_make_page(pattern, frame, (uint32_t)(offset / PAGE), &want);
    return copy_out(reader, offset, &found, size_bytes) && memcmp(&found, &want, size_bytes) == 0;
}

static uint64_t compare_pages(const struct weir_pattern *pattern, struct reader *reader,
                              uint32_t frame, uint64_t end)
{
    struct reader next = *reader;

    for (uint64_t offset = 0; offset < end; offset += PAGE) {
        uint64_t size = end - offset < RUN ? end - offset : RUN;
        bool good;

        if (seek(&next, offset + STAMPS_AHEAD))
            _mm_prefetch((const char *)at(&next, offset + STAMPS_AHEAD), _MM_HINT_T1);
        if (!seek(reader, offset))
            return offset;
        if (size == RUN &&
            reader->view->pieces[reader->piece].size_bytes - (offset - reader->start) >= RUN)
            good = is_page(pattern, frame, (uint32_t)(offset / PAGE), at(reader, offset));
        else
            good = is_part_of_page(pattern, reader, frame, offset, size);
        if (!good)
            return offset;
    }
    return end;
}

/* ---- The verdict ----------------------------------------------------------------------------- */

static bool is_older(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

/* The frame's number where its start does not say: the first stamp in its place. */
static bool find_number(const struct weir_pattern *pattern, const struct layout *layout,
                        struct reader *reader, uint32_t *frame)
{
    for (uint32_t unit = 0; unit < layout->units; unit++) {
        struct found found = read_unit(pattern, layout, reader, unit);

        if (found.valid && found.line == unit) {
            *frame = found.frame;
            return true;
        }
    }
    return false;
}

/* The first stamp at or after a byte; the bytes up to it may be of two frames. */
static struct found found_at(const struct weir_pattern *pattern, const struct layout *layout,
                             struct reader *reader, uint64_t offset, uint32_t *unit)
{
    uint32_t run = (uint32_t)(offset % layout->unit_bytes) / RUN;
    struct found found = {0};

    *unit = (uint32_t)(offset / layout->unit_bytes);
    for (unsigned tries = 0; tries < 2 && !found.valid && *unit < layout->units; tries++) {
        if (run >= layout->runs) {
            run = 0;
            if (++*unit == layout->units)
                break;
        }
        found = layout->read(pattern, reader,
                             (uint64_t)*unit * layout->unit_bytes + (uint64_t)run * RUN);
        run++;
    }
    return found;
}

/* Does anything from the byte to the end of the frame belong to it after all? */
static bool comes_back(const struct weir_pattern *pattern, const struct layout *layout,
                       struct reader *reader, uint64_t offset, uint32_t frame)
{
    uint64_t unit = (offset + layout->unit_bytes - 1) / layout->unit_bytes;
    uint32_t run = (uint32_t)(offset % layout->unit_bytes) / RUN + 1;

    if (unit * layout->unit_bytes != offset) /* the rest of the line it is in */
        for (uint64_t start = (unit - 1) * layout->unit_bytes; run < layout->runs; run++) {
            struct found found = layout->read(pattern, reader, start + (uint64_t)run * RUN);

            if (found.valid && found.frame == frame && found.line == unit - 1)
                return true;
        }
    for (; unit < layout->units; unit++) {
        uint64_t start = unit * layout->unit_bytes;

        for (run = 0; run < layout->runs; run++) {
            struct found found = layout->read(pattern, reader, start + (uint64_t)run * RUN);

            if (found.valid && found.frame == frame && found.line == unit)
                return true;
        }
    }
    return false;
}

static void judge_difference(const struct weir_pattern *pattern, const struct layout *layout,
                             struct reader *reader, struct weir_pattern_result *result)
{
    uint32_t unit;
    struct found found = found_at(pattern, layout, reader, result->offset, &unit);
    bool in_place = found.valid && found.line == unit;

    if (found.valid)
        result->found = found.frame;
    if (found.valid && !is_older(found.frame, result->frame))
        result->verdict =
            in_place && found.frame != result->frame ? WEIR_VERDICT_TORN : WEIR_VERDICT_WRONG;
    else if (!comes_back(pattern, layout, reader, result->offset, result->frame))
        result->verdict = WEIR_VERDICT_SHORT;
    else
        result->verdict = in_place ? WEIR_VERDICT_TORN : WEIR_VERDICT_WRONG;
}

static void judge_number(const struct weir_pattern_expect *expect,
                         struct weir_pattern_result *result)
{
    result->found = result->frame;
    if (expect->first > expect->last)
        return;
    if (is_older(result->frame, expect->first)) {
        result->verdict = WEIR_VERDICT_STALE;
        result->expected = expect->first;
    } else if (is_older(expect->last, result->frame)) {
        result->verdict = WEIR_VERDICT_EARLY;
        result->expected = expect->last;
    }
}

void weir_pattern_check(struct weir_pattern *pattern, enum weir_pattern_payload payload,
                        const struct weir_pattern_view *view,
                        const struct weir_pattern_expect *expect,
                        struct weir_pattern_result *result)
{
    struct layout layout = frame_layout(pattern, payload);
    struct reader reader = {.view = view};
    uint64_t end =
        view->size_bytes < pattern->frame_bytes ? view->size_bytes : pattern->frame_bytes;

    *result = (struct weir_pattern_result){
        .verdict = WEIR_VERDICT_OK, .frame = expect->first, .found = UINT32_MAX};
    if (payload == WEIR_PATTERN_EMPTY) {
        result->verdict = WEIR_VERDICT_UNCHECKED;
        return;
    }
    result->numbered = weir_pattern_read_number(pattern, payload, view, &result->frame) ||
                       find_number(pattern, &layout, &reader, &result->frame);
    result->expected = result->frame;
    if (result->numbered)
        result->offset = payload == WEIR_PATTERN_FULL
                             ? compare_full(pattern, &reader, result->frame, end)
                             : compare_pages(pattern, &reader, result->frame, end);
    if (!result->numbered || result->offset < end)
        judge_difference(pattern, &layout, &reader, result);
    else if (end < pattern->frame_bytes)
        result->verdict = WEIR_VERDICT_SHORT;
    else
        judge_number(expect, result);
    result->line = (uint32_t)(result->offset / layout.unit_bytes);
}

void weir_pattern_spoil(void *bytes, size_t size_bytes)
{
    memset(bytes, 0x5a, size_bytes);
}
