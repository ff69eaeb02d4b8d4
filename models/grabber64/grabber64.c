/* SPDX-License-Identifier: MIT */
/* grabber64, after docs/cards/grabber64.md.
 *
 * A frame is caught in the card's memory for one frame period and then written to the host in
 * one burst. The burst is one event at its end: all pieces are written there, then the
 * completion, then the message, in the order in which PCI Express would deliver them. A stop
 * cuts the burst at the end of the piece it has reached by then. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fault.h"
#include "../common/source.h"
#include "regs.h"

enum { FETCH = 64 }; /* descriptors read at a time: 1 KB */
enum { STUCK_NS = 10000 };

struct grabber64;

struct channel {
    struct grabber64 *card;
    unsigned index;
    struct source source;
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

/* ---- Interrupts ------------------------------------------------------------------------------ */

static void update_line(struct grabber64 *card)
{
    uint32_t causes = card->int_status & card->int_enable & ~card->lost_causes;

    card->host->line(card->host, causes != 0 || card->stuck || card->spurious);
}

static void raise_cause(struct grabber64 *card, unsigned cause)
{
    uint32_t before = card->int_status & card->int_enable, bit = 1u << cause;

    card->lost_causes = 0;
    if (card->host->messages_on(card->host) >= G64_MESSAGES) {
        if ((card->int_enable & bit) != 0)
            card->host->message(card->host, cause);
        return;
    }
    card->int_status |= bit;
    if (before == 0 && (card->int_enable & bit) != 0)
        card->host->message(card->host, 0);
    update_line(card);
}

/* The end of a frame, whose interrupt a fault may hold back or lose. */
static void raise_done(struct channel *channel)
{
    struct grabber64 *card = channel->card;
    uint32_t bit = 1u << channel->index;

    if (channel->shot.fault == FAULT_LATE_IRQ) {
        card->late_causes |= bit;
        card->host->timer_arm(card->host, card->late_timer,
                              card->host->now_ns(card->host) + FAULT_LATE_NS);
    } else if (channel->shot.fault != FAULT_LOST_IRQ) {
        raise_cause(card, channel->index);
    } else if (card->host->messages_on(card->host) < G64_MESSAGES) {
        card->int_status |= bit;
        card->lost_causes |= bit;
    }
}

static void late_fires(void *ctx)
{
    struct grabber64 *card = ctx;

    for (unsigned cause = 0; cause < G64_CHANNELS; cause++)
        if ((card->late_causes >> cause & 1) != 0)
            raise_cause(card, cause);
    card->late_causes = 0;
}

static void stuck_fires(void *ctx)
{
    struct grabber64 *card = ctx;

    card->host->message(card->host, 0);
    card->host->timer_arm(card->host, card->stuck_timer, card->host->now_ns(card->host) + STUCK_NS);
}

static void acknowledge(struct grabber64 *card, uint32_t causes)
{
    card->int_status &= ~causes;
    card->lost_causes &= ~causes;
    if ((card->int_status & card->int_enable) != 0)
        card->host->message(card->host, 0);
    update_line(card);
}

static void enable_causes(struct grabber64 *card, uint32_t causes)
{
    uint32_t before = card->int_status & card->int_enable;

    card->int_enable = causes & G64_INT_ALL;
    if (before == 0 && (card->int_status & card->int_enable) != 0)
        card->host->message(card->host, 0);
    update_line(card);
}

/* ---- Stopping a channel ---------------------------------------------------------------------- */

static void forget_frame(struct channel *channel)
{
    const struct weir_device_host *host = channel->card->host;

    host->timer_cancel(host, channel->frame_timer);
    host->timer_cancel(host, channel->burst_timer);
    channel->busy = false;
    channel->starved = false;
    channel->pieces_count = 0;
}

static bool write_completion(struct channel *channel, uint32_t status);

static void halt(struct channel *channel, uint32_t error, uint64_t address)
{
    const struct weir_device_host *host = channel->card->host;
    bool was_busy = channel->busy;

    if (channel->halted)
        return;
    channel->halted = true;
    channel->enabled = false;
    channel->stopping = false;
    channel->error = error;
    channel->error_address = address;
    host->event(host, WEIR_CARD_DMA_ERROR, channel->index, address, error);
    forget_frame(channel);
    if (was_busy && write_completion(channel, G64_DONE_BROKEN | error << G64_DONE_ERROR_SHIFT))
        raise_cause(channel->card, channel->index);
    raise_cause(channel->card, 2);
}

/* What a channel reset clears; a global one clears the settings too. */
static void clear_rings(struct channel *channel)
{
    forget_frame(channel);
    channel->head = 0;
    channel->tail = 0;
    channel->done_head = 0;
    channel->done_tail = 0;
    channel->phase = G64_DONE_PHASE;
    channel->dropped = 0;
    channel->error = G64_ERROR_NONE;
    channel->error_address = 0;
    channel->enabled = false;
    channel->stopping = false;
    channel->reset_wanted = false;
    channel->resetting = false;
    channel->halted = false;
}

static void clear(struct grabber64 *card)
{
    for (unsigned i = 0; i < G64_CHANNELS; i++) {
        struct channel *channel = &card->channels[i];

        clear_rings(channel);
        card->host->timer_cancel(card->host, channel->busy_timer);
        channel->format = 0;
        channel->size = 480u << 16 | 640;
        channel->period = 33333333;
        channel->frame = 0;
        channel->ring = 0;
        channel->ring_entries = 0;
        channel->done = 0;
        channel->done_entries = 0;
    }
    card->host->timer_cancel(card->host, card->late_timer);
    card->int_status = 0;
    card->int_enable = 0;
    card->late_causes = 0;
    card->lost_causes = 0;
    update_line(card);
}

/* ---- Rings ----------------------------------------------------------------------------------- */

static bool is_done_ring_full(const struct channel *channel)
{
    return (channel->done_tail + 1) % channel->done_entries == channel->done_head;
}

/* False: the host refused it. */
static bool write_completion(struct channel *channel, uint32_t status)
{
    const struct weir_device_host *host = channel->card->host;
    const struct g64_completion completion = {
        .time_ns = channel->frame_start_ns,
        .frame = channel->number,
        .bytes = (uint32_t)channel->offset,
        .cookie = channel->cookie,
        .status = status | channel->phase,
    };
    uint64_t la = channel->done + channel->done_tail * sizeof completion;

    if (host->dma_write(host, la, &completion, sizeof completion) != 0)
        return false;
    if (++channel->done_tail == channel->done_entries) {
        channel->done_tail = 0;
        channel->phase ^= G64_DONE_PHASE;
    }
    return true;
}

static bool fetch(struct channel *channel)
{
    const struct weir_device_host *host = channel->card->host;
    uint32_t end = channel->tail > channel->head ? channel->tail : channel->ring_entries;
    unsigned count = end - channel->head < FETCH ? end - channel->head : FETCH;
    uint64_t la = channel->ring + channel->head * sizeof channel->pieces[0];

    if (host->dma_read(host, la, channel->pieces, count * sizeof channel->pieces[0]) != 0) {
        halt(channel, G64_ERROR_ABORT, la);
        return false;
    }
    channel->pieces_first = 0;
    channel->pieces_count = count;
    return true;
}

/* The descriptor at HEAD, or NULL: none is posted, or it is bad and the channel has halted. */
static const struct g64_descriptor *current_piece(struct channel *channel)
{
    const struct g64_descriptor *piece;
    uint64_t la = channel->ring + channel->head * sizeof *piece;

    if (channel->pieces_count == 0 && (channel->tail == channel->head || !fetch(channel)))
        return NULL;
    piece = &channel->pieces[channel->pieces_first];
    if (piece->length == 0 || piece->length > G64_PIECE_MAX) {
        halt(channel, G64_ERROR_LENGTH, la);
        return NULL;
    }
    if ((piece->flags & G64_FLAGS_RESERVED) != 0) {
        halt(channel, G64_ERROR_FLAGS, la);
        return NULL;
    }
    return piece;
}

static void use_up(struct channel *channel)
{
    channel->cookie = channel->pieces[channel->pieces_first].flags >> G64_COOKIE_SHIFT;
    channel->pieces_first++;
    channel->pieces_count--;
    channel->head = (channel->head + 1) & (channel->ring_entries - 1); /* a power of two */
}

/* ---- A frame --------------------------------------------------------------------------------- */

static void finish_frame(struct channel *channel, uint32_t status)
{
    const struct weir_device_host *host = channel->card->host;

    channel->busy = false;
    channel->starved = false;
    if (!write_completion(channel, status)) {
        halt(channel, G64_ERROR_ABORT, channel->done);
        return;
    }
    host->event(host,
                (status & G64_DONE_BROKEN) != 0 ? WEIR_CARD_FRAME_DROPPED : WEIR_CARD_FRAME_DONE,
                channel->index, channel->number, channel->offset);
    raise_done(channel);
}

static uint64_t burst_ns(const struct channel *channel, uint64_t bytes)
{
    if (channel->card->bandwidth == 0)
        return 0;
    return (uint64_t)((double)bytes * 1e9 / (double)channel->card->bandwidth);
}

static void starve(struct channel *channel)
{
    channel->starved = true;
    channel->burst_offset = channel->offset;
}

/* Fills the piece at HEAD. False: the frame is through, or nothing more can be done now. */
static bool fill_piece(struct channel *channel)
{
    const struct g64_descriptor *piece = current_piece(channel);
    uint64_t count, left = channel->source.frame_bytes - channel->offset;
    bool last;

    if (piece == NULL) {
        if (!channel->halted)
            starve(channel);
        return false;
    }
    last = (piece->flags & G64_LAST) != 0;
    count = piece->length < left ? piece->length : left;
    if (count > 0 && source_write(&channel->source, &channel->shot, channel->offset, count,
                                  piece->address) != 0) {
        halt(channel, G64_ERROR_ABORT, piece->address);
        return false;
    }
    channel->offset += count;
    use_up(channel);
    if (last)
        finish_frame(channel, channel->offset < channel->source.frame_bytes ? G64_DONE_SHORT : 0u);
    return !last;
}

/* Uses up what is left of a frame's pieces. */
static void skip_pieces(struct channel *channel)
{
    const struct g64_descriptor *piece;
    bool last = false;

    while (!last && (piece = current_piece(channel)) != NULL) {
        last = (piece->flags & G64_LAST) != 0;
        use_up(channel);
    }
}

static void fail_in_the_middle(struct channel *channel)
{
    const struct weir_device_host *host = channel->card->host;

    channel->shot.break_at = UINT64_MAX;
    if (channel->shot.fault == FAULT_REMOVAL) {
        host->unplug(host);
        return;
    }
    skip_pieces(channel);
    if (!channel->halted)
        finish_frame(channel, G64_DONE_BROKEN | G64_ERROR_OVERRUN << G64_DONE_ERROR_SHIFT);
}

/* Writes whole pieces until so many bytes of the frame are out. */
static void transfer(struct channel *channel, uint64_t bytes)
{
    while (channel->busy && channel->offset < bytes && fill_piece(channel))
        if (channel->offset >= channel->shot.break_at &&
            channel->shot.break_at < channel->source.frame_bytes) {
            fail_in_the_middle(channel);
            return;
        }
    /* Pieces beyond the frame's last byte. */
    while (channel->busy && !channel->starved && bytes >= channel->source.frame_bytes &&
           channel->offset == channel->source.frame_bytes && fill_piece(channel))
        ;
}

static void burst_fires(void *ctx)
{
    struct channel *channel = ctx;

    transfer(channel, channel->source.frame_bytes);
}

static void begin_burst(struct channel *channel)
{
    const struct weir_device_host *host = channel->card->host;
    uint64_t left = channel->source.frame_bytes - channel->offset;

    channel->starved = false;
    channel->burst_start_ns = host->now_ns(host);
    channel->burst_offset = channel->offset;
    host->timer_arm(host, channel->burst_timer, channel->burst_start_ns + burst_ns(channel, left));
}

/* Faults that begin with a frame. False: the card is no more. */
static bool strike(struct channel *channel)
{
    struct grabber64 *card = channel->card;

    switch (channel->shot.fault) {
    case FAULT_STUCK_IRQ:
        card->stuck = true;
        update_line(card);
        if (card->host->messages_on(card->host) > 0)
            stuck_fires(card);
        return true;
    case FAULT_SPURIOUS_IRQ:
        if (card->host->messages_on(card->host) == 0)
            card->spurious = true;
        card->host->message(card->host, 0);
        update_line(card);
        return true;
    case FAULT_ALL_ONES:
        clear(card);
        card->dead = true;
        return false;
    default:
        return true;
    }
}

static void write_frame(struct channel *channel, uint32_t number, uint64_t start_ns)
{
    const struct weir_device_host *host = channel->card->host;

    host->event(host, WEIR_CARD_FRAME_START, channel->index, number, 0);
    channel->shot = (struct shot){
        .picture = number,
        .torn_from = UINT64_MAX,
        .missing_from = UINT64_MAX,
        .break_at = UINT64_MAX,
    };
    if (channel->index == 0)
        channel->shot = fault_shoot(&channel->card->fault, number, channel->source.frame_bytes);
    if (!strike(channel))
        return;
    channel->busy = true;
    channel->number = number;
    channel->frame_start_ns = start_ns;
    channel->offset = 0;
    channel->cookie = 0;
    if (channel->tail == channel->head)
        starve(channel);
    else
        begin_burst(channel);
}

static void frame_fires(void *ctx)
{
    struct channel *channel = ctx;
    const struct weir_device_host *host = channel->card->host;
    uint64_t end_ns = channel->next_frame_ns;
    uint32_t number = channel->frame++;

    channel->next_frame_ns += channel->period;
    host->timer_arm(host, channel->frame_timer, channel->next_frame_ns);
    if (channel->busy || is_done_ring_full(channel)) {
        channel->dropped++;
        host->event(host, WEIR_CARD_FRAME_DROPPED, channel->index, number, 0);
    } else {
        write_frame(channel, number, end_ns - channel->period);
    }
}

/* ---- Control --------------------------------------------------------------------------------- */

static bool is_ring(uint64_t la, uint32_t entries, uint32_t least, uint32_t most)
{
    return la % 64 == 0 && entries >= least && entries <= most && (entries & (entries - 1)) == 0;
}

static void enable(struct channel *channel)
{
    const struct weir_device_host *host = channel->card->host;
    const struct weir_pattern_geometry geometry = {
        .format = channel->format & G64_FORMAT_CODE,
        .width = channel->size & 0xffff,
        .height = channel->size >> 16,
        .bottom_up = (channel->format & G64_FORMAT_BOTTOM_UP) != 0,
    };

    if ((channel->format & ~(G64_FORMAT_CODE | G64_FORMAT_BOTTOM_UP)) != 0 ||
        geometry.width > G64_SIZE_MAX || geometry.height > G64_SIZE_MAX ||
        channel->period < G64_PERIOD_MIN_NS || channel->period > G64_PERIOD_MAX_NS ||
        !is_ring(channel->ring, channel->ring_entries, G64_RING_MIN, G64_RING_MAX) ||
        !is_ring(channel->done, channel->done_entries, G64_DONE_MIN, G64_DONE_MAX) ||
        channel->tail >= channel->ring_entries || channel->done_head >= channel->done_entries ||
        source_set(&channel->source, &geometry) != 0) {
        halt(channel, G64_ERROR_SETUP, 0);
        return;
    }
    channel->enabled = true;
    channel->next_frame_ns = host->now_ns(host) + G64_SYNC_NS + channel->period;
    host->timer_arm(host, channel->frame_timer, channel->next_frame_ns);
    host->event(host, WEIR_CARD_STARTED, channel->index, 0, 0);
}

/* Bytes of the frame the burst has reached by now. */
static uint64_t reached(const struct channel *channel)
{
    const struct weir_device_host *host = channel->card->host;
    uint64_t left = channel->source.frame_bytes - channel->burst_offset, whole, passed;

    whole = burst_ns(channel, left);
    passed = host->now_ns(host) - channel->burst_start_ns;
    if (passed >= whole)
        return channel->source.frame_bytes;
    return channel->burst_offset + (uint64_t)((double)left * (double)passed / (double)whole);
}

static void disable(struct channel *channel)
{
    const struct weir_device_host *host = channel->card->host;

    if (!channel->enabled || channel->stopping)
        return;
    channel->stopping = true;
    host->timer_cancel(host, channel->frame_timer);
    host->timer_arm(host, channel->busy_timer,
                    host->now_ns(host) + (channel->busy ? G64_STOP_NS : 0));
}

static void finish_stop(struct channel *channel)
{
    const struct weir_device_host *host = channel->card->host;

    if (channel->busy && !channel->starved)
        transfer(channel, reached(channel));
    if (channel->busy)
        finish_frame(channel, G64_DONE_BROKEN);
    forget_frame(channel);
    channel->enabled = false;
    channel->stopping = false;
    host->event(host, WEIR_CARD_STOPPED, channel->index, 0, 0);
}

static void begin_reset(struct channel *channel)
{
    const struct weir_device_host *host = channel->card->host;

    clear_rings(channel);
    channel->resetting = true;
    host->timer_arm(host, channel->busy_timer, host->now_ns(host) + G64_RESET_NS);
}

static void busy_fires(void *ctx)
{
    struct channel *channel = ctx;

    if (channel->stopping)
        finish_stop(channel);
    if (channel->reset_wanted) {
        begin_reset(channel);
        return;
    }
    channel->resetting = false;
    raise_cause(channel->card, 3);
}

static void reset_channel(struct channel *channel)
{
    const struct weir_device_host *host = channel->card->host;

    if (channel->resetting || channel->reset_wanted)
        return;
    host->event(host, WEIR_CARD_RESET, channel->index, 0, 0);
    disable(channel);
    if (channel->stopping)
        channel->reset_wanted = true;
    else
        begin_reset(channel);
}

static void reset_card(struct grabber64 *card)
{
    clear(card);
    card->host->event(card->host, WEIR_CARD_RESET, G64_CHANNELS, 0, 0);
    card->resetting_until_ns = card->host->now_ns(card->host) + G64_RESET_NS;
}

static bool is_resetting(const struct grabber64 *card)
{
    return card->host->now_ns(card->host) < card->resetting_until_ns;
}

static void write_tail(struct channel *channel, uint32_t value)
{
    if (channel->halted || channel->resetting || channel->reset_wanted)
        return;
    if (channel->enabled && value >= channel->ring_entries) {
        halt(channel, G64_ERROR_SETUP, 0);
        return;
    }
    channel->tail = value;
    if (channel->busy && channel->starved && !channel->stopping && channel->tail != channel->head)
        begin_burst(channel);
}

static void write_done_head(struct channel *channel, uint32_t value)
{
    if (channel->enabled && value >= channel->done_entries)
        halt(channel, G64_ERROR_SETUP, 0);
    else
        channel->done_head = value;
}

/* ---- Registers ------------------------------------------------------------------------------- */

static uint32_t frame_bytes_set(const struct channel *channel)
{
    const struct weir_pattern_geometry geometry = {
        .format = channel->format & G64_FORMAT_CODE,
        .width = channel->size & 0xffff,
        .height = channel->size >> 16,
        .bottom_up = (channel->format & G64_FORMAT_BOTTOM_UP) != 0,
    };

    return (uint32_t)weir_pattern_frame_bytes(&geometry);
}

static uint32_t channel_status(const struct channel *channel)
{
    return (channel->enabled ? G64_CH_STATUS_ENABLED : 0u) |
           (channel->busy ? G64_CH_STATUS_BUSY : 0u) |
           (channel->starved ? G64_CH_STATUS_STARVED : 0u) |
           (channel->halted ? G64_CH_STATUS_HALTED : 0u) |
           (channel->resetting || channel->reset_wanted ? G64_CH_STATUS_RESETTING : 0u);
}

static uint32_t read_channel(const struct channel *channel, uint32_t offset)
{
    switch (offset) {
    case G64_CH_CONTROL:
        return channel->enabled && !channel->stopping ? G64_CH_CONTROL_ENABLE : 0;
    case G64_CH_STATUS:
        return channel_status(channel);
    case G64_CH_FORMAT:
        return channel->format;
    case G64_CH_SIZE:
        return channel->size;
    case G64_CH_PERIOD:
        return channel->period;
    case G64_CH_FRAME:
        return channel->frame;
    case G64_CH_RING:
        return (uint32_t)channel->ring;
    case G64_CH_RING + 4:
        return (uint32_t)(channel->ring >> 32);
    case G64_CH_RING_ENTRIES:
        return channel->ring_entries;
    case G64_CH_TAIL:
        return channel->tail;
    case G64_CH_HEAD:
        return channel->head;
    case G64_CH_DROPPED:
        return channel->dropped;
    case G64_CH_DONE:
        return (uint32_t)channel->done;
    case G64_CH_DONE + 4:
        return (uint32_t)(channel->done >> 32);
    case G64_CH_DONE_ENTRIES:
        return channel->done_entries;
    case G64_CH_DONE_HEAD:
        return channel->done_head;
    case G64_CH_ERROR:
        return channel->error;
    case G64_CH_ERROR_ADDRESS:
        return (uint32_t)channel->error_address;
    case G64_CH_ERROR_ADDRESS + 4:
        return (uint32_t)(channel->error_address >> 32);
    case G64_CH_BYTES:
        return frame_bytes_set(channel);
    default:
        return UINT32_MAX;
    }
}

static uint32_t read_global(struct grabber64 *card, uint64_t offset)
{
    uint64_t now_ns = card->host->now_ns(card->host);

    switch (offset) {
    case G64_ID:
        return G64_ID_VALUE;
    case G64_CONTROL:
        return 0;
    case G64_STATUS:
        return is_resetting(card) ? G64_STATUS_RESETTING : 0;
    case G64_INT_STATUS:
        card->spurious = false;
        update_line(card);
        return card->int_status;
    case G64_INT_ENABLE:
        return card->int_enable;
    case G64_CLOCK:
        card->clock_high = (uint32_t)(now_ns >> 32);
        return (uint32_t)now_ns;
    case G64_CLOCK + 4:
        return card->clock_high;
    default:
        return UINT32_MAX;
    }
}

static uint32_t read_register(struct grabber64 *card, uint64_t offset)
{
    for (unsigned i = 0; i < G64_CHANNELS; i++)
        if (offset >= G64_CHANNEL(i) && offset < G64_CHANNEL(i + 1))
            return read_channel(&card->channels[i], (uint32_t)(offset - G64_CHANNEL(i)));
    return read_global(card, offset);
}

static void set_half(uint64_t *word, bool high, uint32_t value)
{
    if (high)
        *word = (*word & UINT32_MAX) | (uint64_t)value << 32;
    else
        *word = (*word & ~(uint64_t)UINT32_MAX) | value;
}

static void write_setting(struct channel *channel, uint32_t offset, uint32_t value)
{
    const struct weir_device_host *host = channel->card->host;

    if (channel->enabled) {
        host->event(host, WEIR_CARD_MISUSE, G64_CHANNEL(channel->index) + offset, value, 0);
        return;
    }
    switch (offset) {
    case G64_CH_FORMAT:
        channel->format = value;
        break;
    case G64_CH_SIZE:
        channel->size = value;
        break;
    case G64_CH_PERIOD:
        channel->period = value;
        break;
    case G64_CH_FRAME:
        channel->frame = value;
        break;
    case G64_CH_RING:
    case G64_CH_RING + 4:
        set_half(&channel->ring, offset != G64_CH_RING, value);
        break;
    case G64_CH_RING_ENTRIES:
        channel->ring_entries = value;
        break;
    case G64_CH_DONE:
    case G64_CH_DONE + 4:
        set_half(&channel->done, offset != G64_CH_DONE, value);
        break;
    case G64_CH_DONE_ENTRIES:
        channel->done_entries = value;
        break;
    default:
        host->event(host, WEIR_CARD_MISUSE, G64_CHANNEL(channel->index) + offset, value, 0);
    }
}

static void write_channel_control(struct channel *channel, uint32_t value)
{
    if ((value & G64_CH_CONTROL_RESET) != 0)
        reset_channel(channel);
    else if ((value & G64_CH_CONTROL_ENABLE) == 0)
        disable(channel);
    else if (!channel->enabled && !channel->halted && !channel->resetting && !channel->reset_wanted)
        enable(channel);
}

static void write_channel(struct channel *channel, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case G64_CH_CONTROL:
        write_channel_control(channel, value);
        break;
    case G64_CH_TAIL:
        write_tail(channel, value);
        break;
    case G64_CH_DONE_HEAD:
        write_done_head(channel, value);
        break;
    default:
        write_setting(channel, offset, value);
    }
}

static void write_register(struct grabber64 *card, uint64_t offset, uint32_t value)
{
    for (unsigned i = 0; i < G64_CHANNELS; i++)
        if (offset >= G64_CHANNEL(i) && offset < G64_CHANNEL(i + 1)) {
            write_channel(&card->channels[i], (uint32_t)(offset - G64_CHANNEL(i)), value);
            return;
        }
    switch (offset) {
    case G64_CONTROL:
        if ((value & G64_CONTROL_RESET) != 0)
            reset_card(card);
        break;
    case G64_INT_STATUS:
        acknowledge(card, value);
        break;
    case G64_INT_ENABLE:
        enable_causes(card, value);
        break;
    default:
        card->host->event(card->host, WEIR_CARD_MISUSE, offset, value, 0);
    }
}

/* ---- The model ------------------------------------------------------------------------------- */

static uint64_t grabber64_read(void *ctx, unsigned bar, uint64_t offset, unsigned size_bytes)
{
    struct grabber64 *card = ctx;
    uint64_t value;

    (void)bar;
    if (card->dead || size_bytes < 4)
        return UINT64_MAX;
    value = read_register(card, offset);
    if (size_bytes == 8)
        value |= (uint64_t)read_register(card, offset + 4) << 32;
    return value;
}

static void grabber64_write(void *ctx, unsigned bar, uint64_t offset, unsigned size_bytes,
                            uint64_t value)
{
    struct grabber64 *card = ctx;

    (void)bar;
    if (card->dead || size_bytes < 4 || is_resetting(card))
        return;
    write_register(card, offset, (uint32_t)value);
    if (size_bytes == 8)
        write_register(card, offset + 4, (uint32_t)(value >> 32));
}

static void grabber64_reset(void *ctx)
{
    clear(ctx);
}

static void grabber64_power(void *ctx, unsigned d_state)
{
    (void)d_state;
    clear(ctx);
}

static void grabber64_destroy(void *ctx)
{
    struct grabber64 *card = ctx;

    for (unsigned i = 0; i < G64_CHANNELS; i++)
        source_fini(&card->channels[i].source);
    free(card);
}

static int init_channel(struct grabber64 *card, unsigned index)
{
    const struct weir_device_host *host = card->host;
    struct channel *channel = &card->channels[index];
    int result;

    channel->card = card;
    channel->index = index;
    source_init(&channel->source, host);
    result = host->timer_create(host, frame_fires, channel, &channel->frame_timer);
    if (result == 0)
        result = host->timer_create(host, burst_fires, channel, &channel->burst_timer);
    if (result == 0)
        result = host->timer_create(host, busy_fires, channel, &channel->busy_timer);
    return result;
}

static int grabber64_create(const struct weir_device_host *host, void **out, char *error,
                            size_t size_bytes)
{
    struct grabber64 *card = calloc(1, sizeof *card);
    int result = -ENOMEM;

    if (card == NULL)
        goto no_memory;
    card->host = host;
    fault_init(&card->fault, host);
    card->bandwidth = host->number(host, "bandwidth");
    result = host->timer_create(host, late_fires, card, &card->late_timer);
    if (result == 0)
        result = host->timer_create(host, stuck_fires, card, &card->stuck_timer);
    for (unsigned i = 0; i < G64_CHANNELS && result == 0; i++)
        result = init_channel(card, i);
    if (result != 0)
        goto no_memory;
    clear(card);
    *out = card;
    return 0;

no_memory:
    free(card);
    snprintf(error, size_bytes, "not enough memory");
    return result;
}

static const struct weir_parameter grabber64_parameters[] = {
    SOURCE_PARAMETERS,
    {"bandwidth", WEIR_PARAMETER_SIZE, 0, "8G", NULL, "bytes a second on the bus; 0: no limit"},
    FAULT_PARAMETERS,
    {NULL, 0, 0, NULL, NULL, NULL},
};

extern const struct weir_device_model grabber64_model;
const struct weir_device_model grabber64_model = {
    .abi_version = WEIR_DEVICE_ABI,
    .struct_size = sizeof(struct weir_device_model),
    .name = "grabber64",
    .summary = "PCI Express frame grabber: 64-bit descriptor rings, MSI, two channels",
    .parameters = grabber64_parameters,
    .pci = {.vendor = G64_PCI_VENDOR,
            .device = G64_PCI_DEVICE,
            .subsystem_vendor = G64_PCI_VENDOR,
            .subsystem = 1,
            .class_code = 0x040000,
            .revision = 1,
            .pcie = 1},
    .bars = {{WEIR_BAR_MEMORY64, 0, G64_BAR_BYTES}},
    .has_line = 1,
    .messages = G64_MESSAGES,
    .dma_address_bits = 64,
    .create = grabber64_create,
    .destroy = grabber64_destroy,
    .reset = grabber64_reset,
    .power = grabber64_power,
    .read = grabber64_read,
    .write = grabber64_write,
};
