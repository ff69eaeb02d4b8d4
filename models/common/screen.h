/* SPDX-License-Identifier: MIT */
/* Where the pictures go of a card that plays: its own memory, filled from the host piece by piece,
 * and the connector, where a whole picture leaves (weir_output_fn). Three pictures are kept, the
 * one that is being read and the two that went out before it, so that a fault can show an old one.
 * What a fault does to the reading and to the pictures is here; what it does to interrupts is the
 * card's own business. */
#ifndef WEIR_MODELS_SCREEN_H
#define WEIR_MODELS_SCREEN_H

#include "fault.h"

enum { SCREEN_PICTURES = 3, SCREEN_PAST_BYTES = 64 };

struct screen_piece {
    uint64_t la, offset, size_bytes;
};

struct screen {
    const struct weir_device_host *host;
    uint32_t stream;
    uint64_t frame_bytes;
    uint8_t *pictures[SCREEN_PICTURES]; /* [0] is being read, [1] went out last */
    bool lit; /* a picture has gone out */
    /* The fault late-read: the pieces are read after the card has said that it is done. */
    struct weir_device_timer *late_timer;
    struct screen_piece *pieces;
    size_t piece_count, piece_room;
    uint64_t late_number;
};

/* 0 or what the host said. */
int screen_init(struct screen *screen, const struct weir_device_host *host, uint32_t stream);
void screen_fini(struct screen *screen);
/* -ENOMEM. The connector is dark until the first picture. */
int screen_set(struct screen *screen, uint64_t frame_bytes);
/* Reads bytes [from, from + size) of the picture. 0 or what the bus said. */
int screen_read(struct screen *screen, const struct shot *shot, uint64_t from, uint64_t size_bytes,
                uint64_t la);
/* The picture goes out. damaged: the card knows that it is not whole. */
void screen_show(struct screen *screen, const struct shot *shot, uint64_t number, bool damaged);
/* A frame period without a new picture: the last one goes out again. */
void screen_repeat(struct screen *screen, uint64_t number);
/* Off, reset, stopped: dark, and what was to be read late is not read. */
void screen_clear(struct screen *screen);

/* Faults beyond those of fault.h: row for the table of parameters of a card that plays. */
#define SCREEN_FAULT_PARAMETERS                                                                 \
    {"fault", WEIR_PARAMETER_CHOICE, 0, "none", FAULT_CHOICES "|late-read|read-past",           \
     "what goes wrong, once"},                                                                  \
    {                                                                                           \
        "at", WEIR_PARAMETER_NUMBER, 0, "0", NULL, "number of the frame at which it goes wrong" \
    }

#endif
