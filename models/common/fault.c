/* SPDX-License-Identifier: MIT */
#include "fault.h"

#define FOUR_GB (UINT64_C(1) << 32)

/* What an access of the card's own meets is nobody's data, so its result says nothing. */
static void stray_write(struct fault *fault, uint64_t la)
{
    uint8_t bytes[FAULT_STRAY_BYTES];

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = 0xEE;
    (void)fault->host->dma_write(fault->host, la, bytes, sizeof bytes);
}

static void stray_read(struct fault *fault, uint64_t la)
{
    uint8_t bytes[FAULT_STRAY_BYTES];

    (void)fault->host->dma_read(fault->host, la, bytes, sizeof bytes);
}

static void stale_fires(void *ctx)
{
    struct fault *fault = ctx;

    stray_write(fault, fault->stale_la);
    fault->stale_la = 0;
}

int fault_init(struct fault *fault, const struct weir_device_host *host)
{
    *fault = (struct fault){
        .host = host,
        .kind = (enum fault_kind)host->number(host, "fault"),
        .at = host->number(host, "at"),
    };
    if (fault->kind != FAULT_WRITE_AFTER_RELEASE)
        return 0;
    return host->timer_create(host, stale_fires, fault, &fault->stale_timer);
}

void fault_stray(struct fault *fault, bool reads, uint64_t from, uint64_t end,
                 uint64_t frame_bytes, uint64_t la)
{
    if (fault->kind == FAULT_WRITE_PAST_END && end == frame_bytes)
        stray_write(fault, la + (end - from));
    if (from != 0)
        return;
    switch (fault->kind) {
    case FAULT_WRITE_AFTER_RELEASE:
        fault->stale_la = la;
        break;
    case FAULT_WRONG_DIRECTION:
        if (reads)
            stray_write(fault, la);
        else
            stray_read(fault, la);
        break;
    case FAULT_TRUNCATE_ADDRESS:
        stray_write(fault, (uint32_t)la);
        break;
    case FAULT_ABOVE_WIDTH:
        stray_write(fault, la + FOUR_GB);
        break;
    default:
        break;
    }
}

/* The frame's memory was released long ago when the next one begins, unless the client has brought
 * it back at once; after a stop it surely is. */
static void write_stale(struct fault *fault)
{
    if (fault->stale_la != 0)
        stray_write(fault, fault->stale_la);
}

void fault_stopped(struct fault *fault)
{
    if (fault->stale_la != 0)
        fault->host->timer_arm(fault->host, fault->stale_timer,
                               fault->host->now_ns(fault->host) + FAULT_STALE_NS);
}

struct shot fault_shoot(struct fault *fault, uint32_t frame, uint64_t frame_bytes)
{
    struct shot shot = {
        .picture = frame + fault->picture_offset,
        .torn_from = frame_bytes,
        .missing_from = frame_bytes,
        .break_at = frame_bytes,
    };

    write_stale(fault);
    if (fault->kind == FAULT_NONE || fault->over || frame != fault->at)
        return shot;
    fault->over = true;
    fault->host->event(fault->host, WEIR_CARD_FAULT, fault->kind, frame, 0);
    shot.fault = fault->kind;
    switch (fault->kind) {
    case FAULT_SHORT_DMA:
        shot.missing_from = frame_bytes - frame_bytes / 4;
        break;
    case FAULT_TORN:
        shot.torn_from = frame_bytes / 2;
        break;
    case FAULT_STALE:
        shot.picture -= 2;
        break;
    case FAULT_DUPLICATE:
        fault->picture_offset--; /* for the frames after this one */
        break;
    case FAULT_LOST_FRAME:
        fault->picture_offset++;
        shot.picture++;
        break;
    case FAULT_FIFO_OVERRUN:
    case FAULT_REMOVAL:
        shot.break_at = frame_bytes / 2;
        break;
    case FAULT_WRITE_PAST_END:
    case FAULT_WRITE_AFTER_RELEASE:
    case FAULT_WRONG_DIRECTION:
    case FAULT_TRUNCATE_ADDRESS:
    case FAULT_ABOVE_WIDTH:
        shot.strays = fault;
        break;
    default:
        break;
    }
    return shot;
}
