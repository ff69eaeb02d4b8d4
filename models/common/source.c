/* SPDX-License-Identifier: MIT */
#include "source.h"

void source_init(struct source *source, const struct weir_device_host *host)
{
    source->host = host;
    source->payload = (enum weir_pattern_payload)host->number(host, "payload");
    source->pattern = NULL;
}

void source_fini(struct source *source)
{
    weir_pattern_destroy(source->pattern);
    source->pattern = NULL;
}

static bool is_same(const struct weir_pattern_geometry *a, const struct weir_pattern_geometry *b)
{
    return a->format == b->format && a->width == b->width && a->height == b->height &&
           a->bottom_up == b->bottom_up;
}

int source_set(struct source *source, const struct weir_pattern_geometry *geometry)
{
    struct weir_pattern *pattern;
    int result;

    if (source->pattern != NULL && is_same(weir_pattern_geometry(source->pattern), geometry))
        return 0;
    result = weir_pattern_create(geometry, &pattern);
    if (result != 0)
        return result;
    weir_pattern_destroy(source->pattern);
    source->pattern = pattern;
    return 0;
}

static int write_pixels(struct source *source, uint32_t picture, uint64_t from, uint64_t to,
                        uint64_t la)
{
    const struct weir_device_host *host = source->host;
    uint8_t *window = host->dma_window(host, la, to - from);

    if (window != NULL) {
        weir_pattern_stream(source->pattern, picture, from, to - from, window);
        return 0;
    }
    while (from < to) {
        uint64_t count = to - from < SOURCE_CHUNK ? to - from : SOURCE_CHUNK;
        int result;

        weir_pattern_bytes(source->pattern, picture, from, count, source->chunk);
        result = host->dma_write(host, la, source->chunk, count);
        if (result != 0)
            return result;
        from += count;
        la += count;
    }
    return 0;
}

/* A stamp may begin in one piece of memory and end in the next. */
static int write_stamps(struct source *source, uint32_t picture, uint64_t from, uint64_t to,
                        uint64_t la)
{
    const struct weir_device_host *host = source->host;
    struct weir_pattern_page page;

    for (uint64_t start = from / WEIR_PATTERN_PAGE_BYTES * WEIR_PATTERN_PAGE_BYTES; start < to;
         start += WEIR_PATTERN_PAGE_BYTES) {
        uint64_t first = start > from ? start : from;
        uint64_t last = start + sizeof page < to ? start + sizeof page : to;
        void *window = NULL;
        int result;

        if (first >= last)
            continue;
        if (last - first == sizeof page)
            window = host->dma_window(host, la + (first - from), sizeof page);
        weir_pattern_make_page(source->pattern, picture,
                               (uint32_t)(start / WEIR_PATTERN_PAGE_BYTES),
                               window != NULL ? window : &page);
        if (window != NULL)
            continue;
        result = host->dma_write(host, la + (first - from),
                                 (const uint8_t *)&page + (first - start), last - first);
        if (result != 0)
            return result;
    }
    return 0;
}

static int write_picture(struct source *source, uint32_t picture, uint64_t from, uint64_t to,
                         uint64_t la)
{
    return source->payload == WEIR_PATTERN_FULL ? write_pixels(source, picture, from, to, la)
                                                : write_stamps(source, picture, from, to, la);
}

int source_write_picture(struct source *source, const struct shot *shot, uint64_t from,
                         uint64_t size_bytes, uint64_t la)
{
    uint64_t to = from + size_bytes < shot->missing_from ? from + size_bytes : shot->missing_from;
    uint64_t middle = to < shot->torn_from ? to : shot->torn_from;
    int result = 0;

    if (from < middle)
        result = write_picture(source, shot->picture, from, middle, la);
    if (result != 0)
        return result;
    if (middle < from)
        middle = from;
    if (middle < to)
        result = write_picture(source, shot->picture + 1, middle, to, la + (middle - from));
    return result;
}
