/* SPDX-License-Identifier: MIT */
#include "fault.h"

void fault_init(struct fault *fault, const struct weir_device_host *host)
{
    *fault = (struct fault){
        .host = host,
        .kind = (enum fault_kind)host->number(host, "fault"),
        .at = host->number(host, "at"),
    };
}

struct shot fault_shoot(struct fault *fault, uint32_t frame, uint64_t frame_bytes)
{
    struct shot shot = {
        .picture = frame + fault->picture_offset,
        .torn_from = frame_bytes,
        .missing_from = frame_bytes,
        .break_at = frame_bytes,
    };

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
    default:
        break;
    }
    return shot;
}
