/* SPDX-License-Identifier: MIT */
/* The faults a card can be asked to have, and what they do to pictures. What they do to
 * interrupts and registers is each card's own business. A fault strikes once, at the frame with
 * the number "at". */
#ifndef WEIR_MODELS_FAULT_H
#define WEIR_MODELS_FAULT_H

#include "weir/device.h"

/* In the order of FAULT_CHOICES. */
enum fault_kind {
    FAULT_NONE,
    FAULT_STUCK_IRQ,
    FAULT_LATE_IRQ,
    FAULT_LOST_IRQ,
    FAULT_SPURIOUS_IRQ,
    FAULT_ALL_ONES,
    FAULT_SHORT_DMA,
    FAULT_TORN,
    FAULT_STALE,
    FAULT_DUPLICATE,
    FAULT_LOST_FRAME,
    FAULT_FIFO_OVERRUN,
    FAULT_REMOVAL,
    FAULT_WRITE_PAST_END,
    FAULT_WRITE_AFTER_RELEASE,
    FAULT_WRONG_DIRECTION,
    FAULT_TRUNCATE_ADDRESS,
    FAULT_ABOVE_WIDTH,
    /* Of cards that read pictures (screen.h). */
    FAULT_LATE_READ,
    FAULT_READ_PAST,
};
#define FAULT_CHOICES                                                                        \
    "none|stuck-irq|late-irq|lost-irq|spurious-irq|all-ones|short-dma|torn|stale|duplicate|" \
    "lost-frame|fifo-overrun|removal|write-past-end|write-after-release|wrong-direction|"    \
    "truncate-address|above-width"

enum { FAULT_LATE_NS = 5000000, FAULT_STALE_NS = 1000000, FAULT_STRAY_BYTES = 64 };

struct fault {
    const struct weir_device_host *host;
    enum fault_kind kind;
    uint64_t at;
    bool over;
    uint64_t stale_la; /* write-after-release: where the frame began; 0: not yet */
    struct weir_device_timer *stale_timer;
    uint32_t picture_offset; /* from the card's number to the picture's: lost and repeated ones */
};

/* How one frame is taken: which picture, and up to where. */
struct shot {
    uint32_t picture;
    uint64_t torn_from; /* from this byte on the next picture */
    uint64_t missing_from; /* from this byte on nothing is written */
    uint64_t break_at; /* here the card fails in the middle of the frame */
    enum fault_kind fault; /* that strikes in this frame, or FAULT_NONE */
    struct fault *strays; /* the card makes an access of its own in this frame; NULL: none */
};

/* Reads the parameters "fault" and "at". 0, or what timer_create says. */
int fault_init(struct fault *fault, const struct weir_device_host *host);
struct shot fault_shoot(struct fault *fault, uint32_t frame, uint64_t frame_bytes);
/* The card writes (or reads) bytes [from, end) of the frame's frame_bytes: what it does beside. */
void fault_stray(struct fault *fault, bool reads, uint64_t from, uint64_t end,
                 uint64_t frame_bytes, uint64_t la);
/* A stop is complete: the driver will take its memory back. */
void fault_stopped(struct fault *fault);

/* The rows for a card's table of parameters. */
#define FAULT_PARAMETERS                                                                        \
    {"fault", WEIR_PARAMETER_CHOICE, 0, "none", FAULT_CHOICES, "what goes wrong, once"},        \
    {                                                                                           \
        "at", WEIR_PARAMETER_NUMBER, 0, "0", NULL, "number of the frame at which it goes wrong" \
    }

#endif
