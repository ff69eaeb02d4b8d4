/* SPDX-License-Identifier: MIT */
/* A channel of grabber64: its rings, its frames, and how it starts and stops.
 *
 * A frame is caught in the card's memory for one frame period and then written to the host in
 * one burst. The burst is one event at its end: all pieces are written there, then the
 * completion, then the message, in the order in which PCI Express would deliver them. A stop
 * cuts the burst at the end of the piece it has reached by then.
 *
 * player64 is the same with a screen at the outer end (engine.h): the burst reads, and what was
 * read goes out when it is whole. */
#include "card.h"

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
        g64_raise_cause(channel->card, channel->index);
    g64_raise_cause(channel->card, 2);
}

/* What a channel reset clears; a global one clears the settings too. */
static void clear_rings(struct channel *channel)
{
    forget_frame(channel);
    wire_off(&channel->wire);
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

void g64_clear(struct grabber64 *card)
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
    g64_update_line(card);
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
    if (!channel->stopping)
        wire_done(&channel->wire, &channel->shot, channel->number,
                  (status & (G64_DONE_BROKEN | G64_DONE_SHORT)) != 0);
    g64_raise_done(channel);
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
    uint64_t count, left = channel->wire.frame_bytes - channel->offset;
    bool last;

    if (piece == NULL) {
        if (!channel->halted)
            starve(channel);
        return false;
    }
    last = (piece->flags & G64_LAST) != 0;
    count = piece->length < left ? piece->length : left;
    if (count > 0 && wire_move(&channel->wire, &channel->shot, channel->offset, count,
                                  piece->address) != 0) {
        halt(channel, G64_ERROR_ABORT, piece->address);
        return false;
    }
    channel->offset += count;
    use_up(channel);
    if (last)
        finish_frame(channel, channel->offset < channel->wire.frame_bytes ? G64_DONE_SHORT : 0u);
    return !last;
}

/* What fill_piece does with good pieces in the middle of a frame, without going back and forth
 * between the card's state and the bus for each of some thousand pages. Stops at the first piece
 * that wants a closer look, and at the latest with the piece that reaches "bytes". */
static void fill_plain_pieces(struct channel *channel, uint64_t bytes)
{
    const struct g64_descriptor *first = &channel->pieces[channel->pieces_first], *piece = first;
    const struct g64_descriptor *end = first + channel->pieces_count;
    uint64_t offset = channel->offset, frame_bytes = channel->wire.frame_bytes;
    uint32_t used;
    int result = 0;

    for (; piece < end && offset < bytes; piece++) {
        if (piece->length - 1 >= G64_PIECE_MAX || piece->length > frame_bytes - offset ||
            (piece->flags & (G64_FLAGS_RESERVED | G64_LAST)) != 0)
            break;
        result = wire_move(&channel->wire, &channel->shot, offset, piece->length,
                              piece->address);
        if (result != 0)
            break;
        offset += piece->length;
    }
    used = (uint32_t)(piece - first);
    if (used > 0)
        channel->cookie = piece[-1].flags >> G64_COOKIE_SHIFT;
    channel->offset = offset;
    channel->pieces_first += used;
    channel->pieces_count -= used;
    channel->head = (channel->head + used) & (channel->ring_entries - 1);
    if (result != 0)
        halt(channel, G64_ERROR_ABORT, piece->address);
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

/* A fault in the middle of the frame strikes before the piece that holds the middle. */
static bool breaks_here(struct channel *channel)
{
    const struct g64_descriptor *piece;

    if (channel->shot.break_at >= channel->wire.frame_bytes)
        return false;
    piece = current_piece(channel);
    return piece != NULL && channel->offset + piece->length > channel->shot.break_at;
}

/* Writes whole pieces until so many bytes of the frame are out. */
static void transfer(struct channel *channel, uint64_t bytes)
{
    while (channel->busy && channel->offset < bytes) {
        if (breaks_here(channel)) {
            fail_in_the_middle(channel);
            return;
        }
        if (!fill_piece(channel))
            break;
        if (channel->shot.break_at >= channel->wire.frame_bytes)
            fill_plain_pieces(channel, bytes);
    }
    /* Pieces beyond the frame's last byte. */
    while (channel->busy && !channel->starved && bytes >= channel->wire.frame_bytes &&
           channel->offset == channel->wire.frame_bytes && fill_piece(channel))
        ;
}

static void burst_fires(void *ctx)
{
    struct channel *channel = ctx;

    transfer(channel, channel->wire.frame_bytes);
}

static void begin_burst(struct channel *channel)
{
    const struct weir_device_host *host = channel->card->host;
    uint64_t left = channel->wire.frame_bytes - channel->offset;

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
        g64_update_line(card);
        if (card->host->messages_on(card->host) > 0)
            g64_stuck_fires(card);
        return true;
    case FAULT_SPURIOUS_IRQ:
        if (card->host->messages_on(card->host) == 0)
            card->spurious = true;
        card->host->message(card->host, 0);
        g64_update_line(card);
        return true;
    case FAULT_ALL_ONES:
        g64_clear(card);
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
        channel->shot = fault_shoot(&channel->card->fault, number, channel->wire.frame_bytes);
    if (!strike(channel))
        return;
    channel->busy = true;
    channel->number = number;
    channel->frame_start_ns = start_ns;
    channel->offset = 0;
    channel->cookie = 0;
    if (channel->tail == channel->head) {
        starve(channel);
        wire_missed(&channel->wire, number);
    } else {
        begin_burst(channel);
    }
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
        wire_missed(&channel->wire, number);
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
        wire_set(&channel->wire, &geometry) != 0) {
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
    uint64_t left = channel->wire.frame_bytes - channel->burst_offset, whole, passed;

    whole = burst_ns(channel, left);
    passed = host->now_ns(host) - channel->burst_start_ns;
    if (passed >= whole)
        return channel->wire.frame_bytes;
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
    wire_off(&channel->wire);
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

    if (channel->stopping) {
        finish_stop(channel);
        if (channel->index == 0)
            fault_stopped(&channel->card->fault);
    }
    if (channel->reset_wanted) {
        begin_reset(channel);
        return;
    }
    channel->resetting = false;
    g64_raise_cause(channel->card, 3);
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

void g64_channel_tail(struct channel *channel, uint32_t value)
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

void g64_channel_done_head(struct channel *channel, uint32_t value)
{
    if (channel->enabled && value >= channel->done_entries)
        halt(channel, G64_ERROR_SETUP, 0);
    else
        channel->done_head = value;
}

void g64_channel_control(struct channel *channel, uint32_t value)
{
    if ((value & G64_CH_CONTROL_RESET) != 0)
        reset_channel(channel);
    else if ((value & G64_CH_CONTROL_ENABLE) == 0)
        disable(channel);
    else if (!channel->enabled && !channel->halted && !channel->resetting && !channel->reset_wanted)
        enable(channel);
}

int g64_channel_init(struct grabber64 *card, enum wire_direction direction, unsigned index)
{
    const struct weir_device_host *host = card->host;
    struct channel *channel = &card->channels[index];
    int result;

    channel->card = card;
    channel->index = index;
    result = wire_init(&channel->wire, host, direction, index);
    if (result == 0)
        result = host->timer_create(host, frame_fires, channel, &channel->frame_timer);
    if (result == 0)
        result = host->timer_create(host, burst_fires, channel, &channel->burst_timer);
    if (result == 0)
        result = host->timer_create(host, busy_fires, channel, &channel->busy_timer);
    return result;
}
