/* SPDX-License-Identifier: MIT */
/* grabber32, after docs/cards/grabber32.md.
 *
 * The picture arrives evenly over the active part of the frame period. Nothing happens per line:
 * the card works in bursts, at the moments at which something can be seen from outside - HEAD
 * passes half of the table, the table runs empty, the frame ends - and then writes all that has
 * arrived by then. A driver that takes its memory back too early is caught all the same, because
 * a stop, too, first writes what arrived until it is complete.
 *
 * player32 is the same engine with a screen at its outer end (engine.h): pictures are read from the
 * host at the rate at which they would arrive, one FIFO ahead of the wire. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "regs.h"

enum frame_state {
    FRAME_NONE,
    FRAME_ACTIVE, /* pieces are being filled */
    FRAME_DRAINING, /* the rest of its pieces is used up unfilled */
};

struct grabber32 {
    const struct weir_device_host *host;
    struct wire wire;
    struct fault fault;
    uint32_t id;
    uint64_t bandwidth;
    struct weir_device_timer *frame_timer; /* the next frame starts */
    struct weir_device_timer *work_timer; /* something can be seen in this frame */
    struct weir_device_timer *busy_timer; /* a stop or reset is complete */
    struct weir_device_timer *late_timer; /* causes held back by a fault */

    uint32_t format, size, period, table;
    uint32_t frame, dropped, error, error_address;
    uint32_t int_status, int_enable;
    uint16_t tail, head;
    uint32_t results[G32_RESULTS];
    unsigned results_first, results_count;
    bool running, stopping, resetting, halted;

    /* The frame under way. */
    enum frame_state state;
    struct shot shot;
    uint32_t number;
    uint64_t start_ns, next_frame_ns, active_ns;
    uint64_t offset; /* bytes written */
    uint64_t resume_ns, resume_offset; /* since when the bus carries without a break */
    bool starved;
    uint32_t flags; /* of its result */

    /* Descriptors read and not used up: those from HEAD on. */
    struct g32_descriptor pieces[G32_HALF];
    unsigned pieces_first, pieces_count;
    uint32_t piece_offset; /* bytes of the first written */

    bool dead, stuck, spurious; /* faults that last */
    uint32_t late_causes, lost_causes;
};

/* ---- Interrupts ------------------------------------------------------------------------------ */

static void update_line(struct grabber32 *card)
{
    uint32_t causes = card->int_status & card->int_enable & ~card->lost_causes;

    card->host->line(card->host, causes != 0 || card->stuck || card->spurious);
}

static void raise_causes(struct grabber32 *card, uint32_t causes)
{
    card->lost_causes = 0;
    card->int_status |= causes;
    update_line(card);
}

/* The causes of a frame's end, which faults may hold back or lose. */
static void raise_frame(struct grabber32 *card, uint32_t causes)
{
    if (card->shot.fault == FAULT_LATE_IRQ) {
        card->late_causes |= causes;
        card->host->timer_arm(card->host, card->late_timer,
                              card->host->now_ns(card->host) + FAULT_LATE_NS);
    } else if (card->shot.fault == FAULT_LOST_IRQ) {
        card->int_status |= causes;
        card->lost_causes |= causes;
    } else {
        raise_causes(card, causes);
    }
}

static void late_fires(void *ctx)
{
    struct grabber32 *card = ctx;

    raise_causes(card, card->late_causes);
    card->late_causes = 0;
}

/* ---- Stopping -------------------------------------------------------------------------------- */

static void forget_frame(struct grabber32 *card)
{
    card->host->timer_cancel(card->host, card->frame_timer);
    card->host->timer_cancel(card->host, card->work_timer);
    card->state = FRAME_NONE;
    card->starved = false;
    card->pieces_count = 0;
    card->piece_offset = 0;
}

static void halt(struct grabber32 *card, uint32_t error, uint64_t address)
{
    forget_frame(card);
    card->running = false;
    card->stopping = false;
    card->halted = true;
    card->error = error;
    card->error_address = (uint32_t)address;
    card->host->timer_cancel(card->host, card->busy_timer);
    card->host->event(card->host, WEIR_CARD_DMA_ERROR, 0, address, error);
    raise_causes(card, G32_INT_ERROR);
}

/* All registers as after power-on; what faults have done stays done. */
static void clear(struct grabber32 *card)
{
    forget_frame(card);
    wire_off(&card->wire);
    card->host->timer_cancel(card->host, card->busy_timer);
    card->host->timer_cancel(card->host, card->late_timer);
    card->format = 0;
    card->size = 480u << 16 | 640;
    card->period = 33333333;
    card->table = 0;
    card->frame = 0;
    card->dropped = 0;
    card->error = G32_ERROR_NONE;
    card->error_address = 0;
    card->int_status = 0;
    card->int_enable = 0;
    card->tail = 0;
    card->head = 0;
    card->results_count = 0;
    card->running = false;
    card->stopping = false;
    card->resetting = false;
    card->halted = false;
    card->late_causes = 0;
    card->lost_causes = 0;
    update_line(card);
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

/* Reads what is posted up to the middle or the end of the table. */
static bool fetch(struct grabber32 *card)
{
    uint16_t posted = (uint16_t)(card->tail - card->head);
    unsigned first = card->head % G32_ENTRIES, room = G32_HALF - card->head % G32_HALF;
    unsigned count = posted < room ? posted : room;
    uint64_t la = card->table + first * sizeof(struct g32_descriptor);

    if (card->host->dma_read(card->host, la, card->pieces, count * sizeof card->pieces[0]) != 0) {
        halt(card, G32_ERROR_TABLE, la);
        return false;
    }
    card->pieces_first = 0;
    card->pieces_count = count;
    return true;
}

/* The descriptor at HEAD, or NULL: none is posted, or it is bad and the card has halted. */
static const struct g32_descriptor *current_piece(struct grabber32 *card)
{
    const struct g32_descriptor *piece;
    uint64_t la;

    if (card->pieces_count == 0 && (card->tail == card->head || !fetch(card)))
        return NULL;
    piece = &card->pieces[card->pieces_first];
    la = card->table + card->head % G32_ENTRIES * sizeof *piece;
    if (piece->length == 0 || piece->length > G32_PIECE_MAX) {
        halt(card, G32_ERROR_LENGTH, la);
        return NULL;
    }
    if (piece->address / G32_LINE_BYTES !=
        ((uint64_t)piece->address + piece->length - 1) / G32_LINE_BYTES) {
        halt(card, G32_ERROR_BOUNDARY, la);
        return NULL;
    }
    return piece;
}

static void use_up(struct grabber32 *card)
{
    card->pieces_first++;
    card->pieces_count--;
    card->piece_offset = 0;
    card->head++;
    if (card->head % G32_HALF == 0)
        raise_causes(card, G32_INT_WATERMARK);
}

/* ---- A frame --------------------------------------------------------------------------------- */

static void finish_frame(struct grabber32 *card)
{
    unsigned last = (card->results_first + card->results_count) % G32_RESULTS;

    card->results[last] = G32_RESULT_VALID | card->flags | (card->number & G32_RESULT_NUMBER);
    card->results_count++;
    card->state = FRAME_NONE;
    card->host->timer_cancel(card->host, card->work_timer);
    card->host->event(card->host, WEIR_CARD_FRAME_DONE, 0, card->number, card->offset);
    wire_done(&card->wire, &card->shot, card->number, card->flags != 0);
    raise_frame(card, G32_INT_FRAME);
}

/* Uses up the pieces to the end of the frame without filling them. */
static void drain(struct grabber32 *card)
{
    const struct g32_descriptor *piece;

    card->state = FRAME_DRAINING;
    while (card->state == FRAME_DRAINING && (piece = current_piece(card)) != NULL) {
        bool last = (piece->flags & G32_LAST) != 0;

        use_up(card);
        if (last)
            finish_frame(card);
    }
}

static void break_frame(struct grabber32 *card)
{
    card->flags |= G32_RESULT_BROKEN;
    card->starved = false;
    card->host->event(card->host, WEIR_CARD_FRAME_DROPPED, 0, card->number, card->offset);
    drain(card);
}

static uint64_t arrived(const struct grabber32 *card, uint64_t now_ns)
{
    uint64_t passed = now_ns - card->start_ns;

    if (passed >= card->active_ns)
        return card->wire.frame_bytes;
    return passed * card->wire.frame_bytes / card->active_ns;
}

/* Bytes the bus has carried by then, were there descriptors enough. */
static uint64_t carried(const struct grabber32 *card, uint64_t now_ns)
{
    uint64_t here = arrived(card, now_ns), most;

    if (card->bandwidth == 0)
        return here;
    most = card->resume_offset +
           (uint64_t)((double)(now_ns - card->resume_ns) * (double)card->bandwidth / 1e9);
    return here < most ? here : most;
}

static uint64_t when_arrived(const struct grabber32 *card, uint64_t bytes)
{
    return card->start_ns +
           (bytes * card->active_ns + card->wire.frame_bytes - 1) / card->wire.frame_bytes;
}

static uint64_t when_carried(const struct grabber32 *card, uint64_t bytes)
{
    uint64_t here = when_arrived(card, bytes), there;

    if (card->bandwidth == 0)
        return here;
    there = card->resume_ns + 1 +
            (uint64_t)((double)(bytes - card->resume_offset) * 1e9 / (double)card->bandwidth);
    return here > there ? here : there;
}

/* When the FIFO is full if nothing but the bus empties it; UINT64_MAX: not in this frame. */
static uint64_t when_overflowing(const struct grabber32 *card)
{
    double in = (double)card->wire.frame_bytes * 1e9 / (double)card->active_ns;
    double out = card->starved ? 0 : (double)card->bandwidth;
    uint64_t behind = arrived(card, card->resume_ns) - card->resume_offset, due;

    if (!card->starved && (card->bandwidth == 0 || out >= in))
        return UINT64_MAX;
    if (behind >= G32_FIFO_BYTES)
        return card->resume_ns;
    due = card->resume_ns + 1 + (uint64_t)((double)(G32_FIFO_BYTES - behind) * 1e9 / (in - out));
    return due < card->start_ns + card->active_ns ? due : UINT64_MAX;
}

/* Arms the work timer for the next moment at which something can be seen. */
static void schedule(struct grabber32 *card)
{
    uint64_t target = card->offset, due = UINT64_MAX, overflow;
    uint64_t now_ns = card->host->now_ns(card->host);

    if (card->state != FRAME_ACTIVE)
        return;
    if (!card->starved) {
        for (unsigned i = 0; i < card->pieces_count; i++)
            target += card->pieces[card->pieces_first + i].length;
        target -= card->piece_offset;
        if (target > card->wire.frame_bytes)
            target = card->wire.frame_bytes;
        if (card->offset < card->shot.break_at && target > card->shot.break_at)
            target = card->shot.break_at;
        due = when_carried(card, target);
    }
    overflow = when_overflowing(card);
    if (overflow < due)
        due = overflow;
    if (due <= now_ns)
        due = now_ns + 1; /* rounding must not stop time */
    if (due != UINT64_MAX)
        card->host->timer_arm(card->host, card->work_timer, due);
}

static void starve(struct grabber32 *card, uint64_t now_ns)
{
    if (card->starved)
        return;
    card->starved = true;
    card->resume_ns = now_ns;
    card->resume_offset = card->offset;
}

/* Fills one piece up to a byte of the frame. False when nothing more can be done now. */
static bool fill_piece(struct grabber32 *card, uint64_t limit, uint64_t now_ns)
{
    const struct g32_descriptor *piece = current_piece(card);
    uint64_t count;
    bool last;

    if (card->halted)
        return false;
    if (piece == NULL) {
        starve(card, now_ns);
        return false;
    }
    last = (piece->flags & G32_LAST) != 0;
    count = piece->length - card->piece_offset;
    if (count > limit - card->offset)
        count = limit - card->offset;
    if (wire_move(&card->wire, &card->shot, card->offset, count,
                     (uint64_t)piece->address + card->piece_offset) != 0) {
        halt(card, G32_ERROR_ABORT, (uint64_t)piece->address + card->piece_offset);
        return false;
    }
    card->offset += count;
    card->piece_offset += (uint32_t)count;
    if (card->offset == card->wire.frame_bytes) {
        drain(card); /* what is left of this piece and those after it */
        return false;
    }
    if (card->piece_offset < piece->length)
        return true;
    use_up(card);
    if (last) {
        card->flags |= G32_RESULT_SHORT;
        finish_frame(card);
    }
    return card->state == FRAME_ACTIVE;
}

static void fail_in_the_middle(struct grabber32 *card)
{
    card->shot.break_at = UINT64_MAX;
    if (card->shot.fault == FAULT_REMOVAL)
        card->host->unplug(card->host);
    else
        break_frame(card);
}

/* Writes what has arrived by now. */
static void transfer(struct grabber32 *card, uint64_t now_ns)
{
    uint64_t limit = carried(card, now_ns);

    if (limit > card->shot.break_at)
        limit = card->shot.break_at;
    while (card->state == FRAME_ACTIVE && card->offset < limit && fill_piece(card, limit, now_ns))
        ;
    if (card->state != FRAME_ACTIVE)
        return;
    if (card->offset == card->shot.break_at && card->offset < card->wire.frame_bytes)
        fail_in_the_middle(card);
    else if (arrived(card, now_ns) - card->offset >= G32_FIFO_BYTES &&
             (card->starved || card->bandwidth != 0))
        break_frame(card);
}

static void work_fires(void *ctx)
{
    struct grabber32 *card = ctx;

    transfer(card, card->host->now_ns(card->host));
    if (card->state == FRAME_ACTIVE && !card->starved && card->pieces_count == 0)
        if (current_piece(card) == NULL && !card->halted)
            starve(card, card->host->now_ns(card->host));
    schedule(card);
}

static void drop_frame(struct grabber32 *card, uint32_t number)
{
    card->dropped++;
    card->host->event(card->host, WEIR_CARD_FRAME_DROPPED, 0, number, 0);
    wire_missed(&card->wire, number);
    raise_causes(card, G32_INT_DROPPED);
}

/* Faults that begin with a frame. False: the card is no more. */
static bool strike(struct grabber32 *card)
{
    switch (card->shot.fault) {
    case FAULT_STUCK_IRQ:
        card->stuck = true;
        update_line(card);
        return true;
    case FAULT_SPURIOUS_IRQ:
        card->spurious = true;
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

static void start_frame(struct grabber32 *card, uint32_t number, uint64_t now_ns)
{
    card->host->event(card->host, WEIR_CARD_FRAME_START, 0, number, 0);
    card->shot = fault_shoot(&card->fault, number, card->wire.frame_bytes);
    if (!strike(card))
        return;
    card->state = FRAME_ACTIVE;
    card->number = number;
    card->flags = 0;
    card->offset = 0;
    card->starved = false;
    card->start_ns = now_ns;
    card->resume_ns = now_ns;
    card->resume_offset = 0;
    if (current_piece(card) != NULL)
        schedule(card);
}

static void frame_fires(void *ctx)
{
    struct grabber32 *card = ctx;
    uint64_t now_ns = card->next_frame_ns;
    uint32_t number = card->frame;

    if (card->stopping)
        return;
    if (card->state == FRAME_ACTIVE)
        break_frame(card); /* the one before is not through yet */
    if (card->halted)
        return;
    card->frame = (card->frame + 1) & G32_RESULT_NUMBER;
    card->next_frame_ns += card->period;
    card->host->timer_arm(card->host, card->frame_timer, card->next_frame_ns);
    if (card->state != FRAME_NONE || card->tail == card->head || card->results_count == G32_RESULTS)
        drop_frame(card, number);
    else
        start_frame(card, number, now_ns);
}

/* ---- Control --------------------------------------------------------------------------------- */

static void run(struct grabber32 *card)
{
    const struct weir_pattern_geometry geometry = {
        .format = card->format & G32_FORMAT_CODE,
        .width = card->size & 0xffff,
        .height = card->size >> 16,
        .bottom_up = (card->format & G32_FORMAT_BOTTOM_UP) != 0,
    };

    if (card->table % G32_TABLE_BYTES != 0) {
        halt(card, G32_ERROR_TABLE, card->table);
        return;
    }
    if ((card->format & ~(G32_FORMAT_CODE | G32_FORMAT_BOTTOM_UP)) != 0 ||
        geometry.width > G32_SIZE_MAX || geometry.height > G32_SIZE_MAX ||
        card->period < G32_PERIOD_MIN_NS || card->period > G32_PERIOD_MAX_NS ||
        wire_set(&card->wire, &geometry) != 0) {
        halt(card, G32_ERROR_SETUP, 0);
        return;
    }
    card->running = true;
    card->active_ns = card->period / 16 * 15;
    card->next_frame_ns = card->host->now_ns(card->host) + G32_SYNC_NS;
    card->host->timer_arm(card->host, card->frame_timer, card->next_frame_ns);
    card->host->event(card->host, WEIR_CARD_STARTED, 0, 0, 0);
}

static void finish_stop(struct grabber32 *card)
{
    transfer(card, card->host->now_ns(card->host));
    if (card->halted)
        return;
    forget_frame(card);
    wire_off(&card->wire);
    card->head = 0;
    card->tail = 0;
    card->running = false;
    card->stopping = false;
    card->host->event(card->host, WEIR_CARD_STOPPED, 0, 0, 0);
    raise_causes(card, G32_INT_STOPPED);
    fault_stopped(&card->fault);
}

static void busy_fires(void *ctx)
{
    struct grabber32 *card = ctx;

    if (card->stopping)
        finish_stop(card);
    card->resetting = false;
}

static void busy_for(struct grabber32 *card, uint64_t delay_ns)
{
    card->host->timer_arm(card->host, card->busy_timer, card->host->now_ns(card->host) + delay_ns);
}

static void write_control(struct grabber32 *card, uint32_t value)
{
    if ((value & G32_CONTROL_RESET) != 0) {
        clear(card);
        card->resetting = true;
        card->host->event(card->host, WEIR_CARD_RESET, 0, 0, 0);
        busy_for(card, G32_RESET_NS);
        return;
    }
    if ((value & G32_CONTROL_RUN) != 0 && !card->running && !card->halted) {
        run(card);
    } else if ((value & G32_CONTROL_RUN) == 0 && card->running && !card->stopping) {
        card->stopping = true;
        busy_for(card, G32_STOP_NS);
    }
}

static void write_tail(struct grabber32 *card, uint32_t value)
{
    if (card->halted)
        return;
    if ((uint16_t)((uint16_t)value - card->head) > G32_ENTRIES) {
        halt(card, G32_ERROR_TABLE, 0);
        return;
    }
    card->tail = (uint16_t)value;
    if (card->state == FRAME_DRAINING) {
        drain(card);
    } else if (card->state == FRAME_ACTIVE && card->starved && card->tail != card->head) {
        uint64_t now_ns = card->host->now_ns(card->host);

        card->starved = false;
        card->resume_ns = now_ns;
        card->resume_offset = card->offset;
        work_fires(card);
    }
}

static uint32_t take_result(struct grabber32 *card)
{
    uint32_t result;

    if (card->results_count == 0)
        return 0;
    result = card->results[card->results_first];
    card->results_first = (card->results_first + 1) % G32_RESULTS;
    card->results_count--;
    return result;
}

static uint32_t read_status(const struct grabber32 *card)
{
    return (card->running ? G32_STATUS_RUNNING : 0u) |
           (card->state == FRAME_ACTIVE ? G32_STATUS_DMA : 0u) |
           (card->starved ? G32_STATUS_STARVED : 0u) |
           (card->resetting ? G32_STATUS_RESETTING : 0u) | (card->halted ? G32_STATUS_HALTED : 0u);
}

static uint32_t read_register(struct grabber32 *card, uint64_t offset)
{
    switch (offset) {
    case G32_ID:
        return card->id;
    case G32_CONTROL:
        return card->running && !card->stopping ? G32_CONTROL_RUN : 0;
    case G32_STATUS:
        return read_status(card);
    case G32_INT_STATUS:
        card->spurious = false;
        update_line(card);
        return card->int_status;
    case G32_INT_ENABLE:
        return card->int_enable;
    case G32_FORMAT:
        return card->format;
    case G32_SIZE:
        return card->size;
    case G32_PERIOD:
        return card->period;
    case G32_TABLE:
        return card->table;
    case G32_TAIL:
        return card->tail;
    case G32_HEAD:
        return card->head;
    case G32_RESULT:
        return take_result(card);
    case G32_FRAME:
        return card->frame;
    case G32_DROPPED:
        return card->dropped;
    case G32_ERROR:
        return card->error;
    case G32_ERROR_ADDRESS:
        return card->error_address;
    default:
        return UINT32_MAX;
    }
}

static void write_setting(struct grabber32 *card, uint64_t offset, uint32_t value)
{
    if (card->running) {
        card->host->event(card->host, WEIR_CARD_MISUSE, offset, value, 0);
        return;
    }
    switch (offset) {
    case G32_FORMAT:
        card->format = value;
        break;
    case G32_SIZE:
        card->size = value;
        break;
    case G32_PERIOD:
        card->period = value;
        break;
    case G32_TABLE:
        card->table = value;
        break;
    default:
        card->frame = value & G32_RESULT_NUMBER;
    }
}

static void write_register(struct grabber32 *card, uint64_t offset, uint32_t value)
{
    switch (offset) {
    case G32_CONTROL:
        write_control(card, value);
        break;
    case G32_INT_STATUS:
        card->int_status &= ~value;
        card->lost_causes &= ~value;
        update_line(card);
        break;
    case G32_INT_ENABLE:
        card->int_enable = value & G32_INT_ALL;
        update_line(card);
        break;
    case G32_FORMAT:
    case G32_SIZE:
    case G32_PERIOD:
    case G32_TABLE:
    case G32_FRAME:
        write_setting(card, offset, value);
        break;
    case G32_TAIL:
        write_tail(card, value);
        break;
    default:
        card->host->event(card->host, WEIR_CARD_MISUSE, offset, value, 0);
    }
}

/* ---- The model ------------------------------------------------------------------------------- */

uint64_t g32_read(void *ctx, unsigned bar, uint64_t offset, unsigned size_bytes)
{
    struct grabber32 *card = ctx;

    (void)bar;
    return card->dead || size_bytes != 4 ? UINT64_MAX : read_register(card, offset);
}

void g32_write(void *ctx, unsigned bar, uint64_t offset, unsigned size_bytes,
               uint64_t value)
{
    struct grabber32 *card = ctx;

    (void)bar;
    if (!card->dead && !card->resetting && size_bytes == 4)
        write_register(card, offset, (uint32_t)value);
}

void g32_reset(void *ctx)
{
    clear(ctx);
}

void g32_power(void *ctx, unsigned d_state)
{
    (void)d_state;
    clear(ctx); /* whichever way: off it does nothing, and on again it is as new */
}

void g32_destroy(void *ctx)
{
    struct grabber32 *card = ctx;

    wire_fini(&card->wire);
    free(card);
}

int g32_create(const struct weir_device_host *host, enum wire_direction direction, uint32_t id,
               void **out, char *error, size_t size_bytes)
{
    struct grabber32 *card = calloc(1, sizeof *card);
    int result = -ENOMEM;

    if (card == NULL)
        goto no_memory;
    card->host = host;
    card->id = id;
    card->bandwidth = host->number(host, "bandwidth");
    result = wire_init(&card->wire, host, direction, 0);
    if (result == 0)
        result = fault_init(&card->fault, host);
    if (result == 0)
        result = host->timer_create(host, frame_fires, card, &card->frame_timer);
    if (result == 0)
        result = host->timer_create(host, work_fires, card, &card->work_timer);
    if (result == 0)
        result = host->timer_create(host, busy_fires, card, &card->busy_timer);
    if (result == 0)
        result = host->timer_create(host, late_fires, card, &card->late_timer);
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

static int grabber32_create(const struct weir_device_host *host, void **out, char *error,
                            size_t size_bytes)
{
    return g32_create(host, WIRE_IN, G32_ID_VALUE, out, error, size_bytes);
}

static const struct weir_parameter grabber32_parameters[] = {
    SOURCE_PARAMETERS,
    {"bandwidth", WEIR_PARAMETER_SIZE, 0, "0", NULL, "bytes a second on the bus; 0: no limit"},
    FAULT_PARAMETERS,
    {NULL, 0, 0, NULL, NULL, NULL},
};

extern const struct weir_device_model grabber32_model;
const struct weir_device_model grabber32_model = {
    .abi_version = WEIR_DEVICE_ABI,
    .struct_size = sizeof(struct weir_device_model),
    .name = "grabber32",
    .summary = "PCI frame grabber: 32-bit addresses, INTx, descriptors refilled within the frame",
    .parameters = grabber32_parameters,
    .pci = {.vendor = G32_PCI_VENDOR,
            .device = G32_PCI_DEVICE,
            .subsystem_vendor = G32_PCI_VENDOR,
            .subsystem = 1,
            .class_code = 0x040000,
            .revision = 1},
    .bars = {{WEIR_BAR_MEMORY32, 0, G32_BAR_BYTES}},
    .has_line = 1,
    .dma_address_bits = 32,
    .create = grabber32_create,
    .destroy = g32_destroy,
    .reset = g32_reset,
    .power = g32_power,
    .read = g32_read,
    .write = g32_write,
};
