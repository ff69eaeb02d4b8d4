/* SPDX-License-Identifier: MIT */
/* The card's state, and what its three files give each other: interrupt.c (causes, messages, the
 * line), channel.c (rings, frames, starting and stopping) and grabber64.c (registers and the
 * model). */
#ifndef GRABBER64_CARD_H
#define GRABBER64_CARD_H

#include "engine.h"
#include "regs.h"

enum { FETCH = 64 }; /* descriptors read at a time: 1 KB */

struct grabber64;

struct channel {
    struct grabber64 *card;
    unsigned index;
    struct wire wire;
    struct weir_device_timer *frame_timer; /* a frame is caught */
    struct weir_device_timer *burst_timer; /* a burst is through */
    struct weir_device_timer *busy_timer; /* a stop or reset is complete */

    uint32_t format, size, period, frame;
    uint64_t ring, done;
    uint32_t ring_entries, done_entries, tail, head, done_head, done_tail, phase;
    uint32_t dropped, error;
    uint64_t error_address;
    bool enabled, stopping, halted;
    bool reset_wanted, resetting; /* after the stop; in progress */

    /* The frame that is being written. */
    bool busy, starved;
    struct shot shot;
    uint32_t number, cookie;
    uint64_t frame_start_ns, next_frame_ns;
    uint64_t burst_start_ns, burst_offset; /* where and when the burst began or went on */
    uint64_t offset; /* bytes written */

    struct g64_descriptor pieces[FETCH]; /* read and not used up, from HEAD on */
    unsigned pieces_first, pieces_count;
};

struct grabber64 {
    const struct weir_device_host *host;
    uint32_t id;
    struct fault fault; /* of channel 0 */
    uint64_t bandwidth;
    struct weir_device_timer *late_timer, *stuck_timer;
    struct channel channels[G64_CHANNELS];
    uint32_t int_status, int_enable;
    uint32_t clock_high; /* held since CLOCK's low half was read */
    uint64_t resetting_until_ns;
    bool dead, stuck, spurious;
    uint32_t late_causes, lost_causes;
};

/* interrupt.c */
void g64_update_line(struct grabber64 *card);
void g64_raise_cause(struct grabber64 *card, unsigned cause);
/* The end of a frame, whose interrupt a fault may hold back or lose. */
void g64_raise_done(struct channel *channel);
void g64_acknowledge(struct grabber64 *card, uint32_t causes);
void g64_enable_causes(struct grabber64 *card, uint32_t causes);
void g64_late_fires(void *card); /* timers of the faults late-irq and stuck-irq */
void g64_stuck_fires(void *card);

/* channel.c */
int g64_channel_init(struct grabber64 *card, enum wire_direction direction, unsigned index);
void g64_clear(struct grabber64 *card); /* everything as after power-on, but for lasting faults */
void g64_channel_control(struct channel *channel, uint32_t value);
void g64_channel_tail(struct channel *channel, uint32_t value);
void g64_channel_done_head(struct channel *channel, uint32_t value);

#endif
