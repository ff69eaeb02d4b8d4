/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void late_fires(void *ctx);

int screen_init(struct screen *screen, const struct weir_device_host *host, uint32_t stream)
{
    *screen = (struct screen){.host = host, .stream = stream};
    return host->timer_create(host, late_fires, screen, &screen->late_timer);
}

static void free_pictures(struct screen *screen)
{
    for (unsigned i = 0; i < SCREEN_PICTURES; i++) {
        free(screen->pictures[i]);
        screen->pictures[i] = NULL;
    }
    screen->frame_bytes = 0;
}

void screen_fini(struct screen *screen)
{
    free_pictures(screen);
    free(screen->pieces);
    screen->pieces = NULL;
}

int screen_set(struct screen *screen, uint64_t frame_bytes)
{
    screen_clear(screen);
    if (frame_bytes == screen->frame_bytes)
        return 0;
    free_pictures(screen);
    for (unsigned i = 0; i < SCREEN_PICTURES; i++) {
        screen->pictures[i] = calloc(1, frame_bytes);
        if (screen->pictures[i] == NULL) {
            free_pictures(screen);
            return -ENOMEM;
        }
    }
    screen->frame_bytes = frame_bytes;
    return 0;
}

void screen_clear(struct screen *screen)
{
    screen->lit = false;
    screen->piece_count = 0;
    screen->host->timer_cancel(screen->host, screen->late_timer);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static int remember(struct screen *screen, uint64_t from, uint64_t size_bytes, uint64_t la)
{
    if (screen->piece_count == screen->piece_room) {
        size_t room = screen->piece_room != 0 ? screen->piece_room * 2 : 1024;
        struct screen_piece *pieces = realloc(screen->pieces, room * sizeof *pieces);

        if (pieces == NULL)
            return -ENOMEM;
        screen->pieces = pieces;
        screen->piece_room = room;
    }
    screen->pieces[screen->piece_count++] = (struct screen_piece){la, from, size_bytes};
    return 0;
}

/* A prefetch that does not know where the picture ends. What comes back is thrown away. */
static void read_past(struct screen *screen, uint64_t la)
{
    uint8_t beyond[SCREEN_PAST_BYTES];

    screen->host->dma_read(screen->host, la, beyond, sizeof beyond);
}

static int read_range(const struct screen *screen, uint8_t *picture, uint64_t from, uint64_t to,
                      uint64_t la)
{
    return screen->host->dma_read(screen->host, la, picture + from, to - from);
}

int screen_read(struct screen *screen, const struct shot *shot, uint64_t from, uint64_t size_bytes,
                uint64_t la)
{
    uint64_t end = from + size_bytes, first = from;
    int result = 0;

    if (shot->fault == FAULT_LATE_READ)
        return remember(screen, from, size_bytes, la);
    if (end > shot->missing_from)
        end = shot->missing_from;
    if (shot->fault == FAULT_TORN && first < shot->torn_from)
        first = shot->torn_from; /* the first half stays what it was */
    if (first < end)
        result = read_range(screen, screen->pictures[0], first, end, la + (first - from));
    if (shot->fault == FAULT_READ_PAST && from + size_bytes == screen->frame_bytes)
        read_past(screen, la + size_bytes);
    return result;
}

/* ---- Showing --------------------------------------------------------------------------------- */

static void put_out(struct screen *screen, const uint8_t *picture, uint64_t number, uint32_t flags)
{
    const struct weir_output output = {
        .stream = screen->stream,
        .flags = flags,
        .number = number,
        .bytes = picture,
        .size_bytes = screen->frame_bytes,
    };

    screen->host->output(screen->host, &output);
    screen->lit = true;
}

/* The oldest picture's place is where the next one is read to. */
static void turn(struct screen *screen)
{
    uint8_t *oldest = screen->pictures[SCREEN_PICTURES - 1];

    for (unsigned i = SCREEN_PICTURES - 1; i > 0; i--)
        screen->pictures[i] = screen->pictures[i - 1];
    screen->pictures[0] = oldest;
}

void screen_show(struct screen *screen, const struct shot *shot, uint64_t number, bool damaged)
{
    const uint8_t *picture = screen->pictures[0];
    uint32_t flags = damaged ? WEIR_OUTPUT_DAMAGED : 0;

    if (shot->fault == FAULT_LATE_READ) {
        const struct weir_device_host *host = screen->host;

        screen->late_number = number;
        host->timer_arm(host, screen->late_timer, host->now_ns(host) + FAULT_LATE_NS);
        return;
    }
    if (shot->fault == FAULT_STALE)
        picture = screen->pictures[2];
    if (shot->fault != FAULT_LOST_FRAME)
        put_out(screen, picture, number, flags);
    if (shot->fault == FAULT_DUPLICATE)
        put_out(screen, picture, number, flags);
    turn(screen);
}

/* By now the memory may hold something else, or be somebody else's. The next picture is on its way
 * into the first place. */
static void late_fires(void *ctx)
{
    struct screen *screen = ctx;
    uint8_t *picture = screen->pictures[2];

    for (size_t i = 0; i < screen->piece_count; i++) {
        const struct screen_piece *piece = &screen->pieces[i];

        read_range(screen, picture, piece->offset, piece->offset + piece->size_bytes, piece->la);
    }
    screen->piece_count = 0;
    put_out(screen, picture, screen->late_number, 0);
    screen->pictures[2] = screen->pictures[1];
    screen->pictures[1] = picture;
}

void screen_repeat(struct screen *screen, uint64_t number)
{
    if (screen->lit)
        put_out(screen, screen->pictures[1], number, WEIR_OUTPUT_REPEATED);
}
