/* SPDX-License-Identifier: MIT */
/* audio32, after docs/cards/audio32.md: two streams, each a ring in the host's memory through which
 * the card goes a period at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "regs.h"
#include "weir/device.h"

enum {
    WIRE_BYTES = 2 * A32_RING_BYTES_MAX, /* what the loop keeps */
    WIRE_EVENT = WEIR_CARD_OWN, /* stream, number of the period, bytes */
};

enum input { INPUT_COUNT, INPUT_LOOP, INPUT_SILENCE }; /* in the order of the choices */
enum fault { FAULT_NONE, FAULT_LOST_IRQ, FAULT_LATE_IRQ, FAULT_BUS_ERROR, FAULT_REMOVAL };
enum { LATE_NS = 30000000 };

struct card;

struct stream {
    struct card *card;
    unsigned index;
    uint32_t base, bytes, period, format, rate; /* registers */
    uint32_t position, periods;
    bool running;
    uint64_t started_ns; /* of RUN */
    uint64_t done; /* periods since then */
    struct weir_device_timer *timer;
};

struct card {
    const struct weir_device_host *host;
    struct stream streams[A32_STREAMS];
    uint32_t control, cause;
    enum input input;
    enum fault fault;
    uint64_t fault_at; /* period of the playing stream, counted from power-on */
    uint64_t periods_total;
    struct weir_device_timer *late_timer;
    uint32_t late_cause;
    uint64_t count; /* frames of INPUT_COUNT */
    uint8_t block[A32_RING_BYTES_MAX]; /* a period on its way */
    uint8_t wire[WIRE_BYTES];
    size_t wire_used;
};

/* ---- Interrupts ------------------------------------------------------------------------------ */

static void update_line(struct card *card)
{
    bool on = (card->control & A32_INTERRUPTS) != 0 && card->cause != 0;

    card->host->line(card->host, on);
}

static void raise_cause(struct card *card, uint32_t cause)
{
    card->cause |= cause;
    update_line(card);
}

static void late(void *ctx)
{
    struct card *card = ctx;

    raise_cause(card, card->late_cause);
}

/* ---- Formats --------------------------------------------------------------------------------- */

static uint32_t channels_of(const struct stream *stream)
{
    return stream->format & 0xff;
}

static uint32_t sample_bytes_of(const struct stream *stream)
{
    return (stream->format >> 8 & 0xff) / 8;
}

static uint32_t frame_bytes_of(const struct stream *stream)
{
    return channels_of(stream) * sample_bytes_of(stream);
}

static bool is_sound(const struct stream *stream)
{
    uint32_t bits = stream->format >> 8;

    return (bits == 16 || bits == 24 || bits == 32) && channels_of(stream) >= 1 &&
           channels_of(stream) <= 2 && stream->rate >= A32_RATE_MIN && stream->rate <= A32_RATE_MAX;
}

static bool is_ready(const struct stream *stream)
{
    return is_sound(stream) && stream->base % 4 == 0 && stream->bytes != 0 &&
           stream->bytes <= A32_RING_BYTES_MAX && stream->period != 0 &&
           stream->bytes % stream->period == 0 && stream->period % frame_bytes_of(stream) == 0 &&
           stream->position % stream->period == 0 && stream->position < stream->bytes;
}

/* ---- What is on the wire --------------------------------------------------------------------- */

/* The oldest bytes are lost when nobody hears them. */
static void wire_put(struct card *card, const uint8_t *bytes, size_t size)
{
    size_t over = card->wire_used + size > WIRE_BYTES ? card->wire_used + size - WIRE_BYTES : 0;

    memmove(card->wire, card->wire + over, card->wire_used - over);
    card->wire_used -= over;
    memcpy(card->wire + card->wire_used, bytes, size);
    card->wire_used += size;
}

/* What is missing is silence, and comes first. */
static void wire_take(struct card *card, uint8_t *bytes, size_t size)
{
    size_t there = card->wire_used < size ? card->wire_used : size;

    memset(bytes, 0, size - there);
    memcpy(bytes + size - there, card->wire, there);
    card->wire_used -= there;
    memmove(card->wire, card->wire + there, card->wire_used);
}

static void count_frames(struct card *card, const struct stream *stream, uint8_t *bytes)
{
    uint32_t sample_bytes = sample_bytes_of(stream);

    for (uint32_t at = 0; at < stream->period; at += frame_bytes_of(stream), card->count++) {
        for (uint32_t i = 0; i < frame_bytes_of(stream); i++)
            bytes[at + i] = (uint8_t)(card->count >> 8 * (i % sample_bytes));
    }
}

static void hear(struct card *card, const struct stream *stream, uint8_t *bytes)
{
    switch (card->input) {
    case INPUT_COUNT:
        count_frames(card, stream, bytes);
        break;
    case INPUT_LOOP:
        wire_take(card, bytes, stream->period);
        break;
    case INPUT_SILENCE:
        memset(bytes, 0, stream->period);
        break;
    }
}

/* ---- A period -------------------------------------------------------------------------------- */

static int move(struct card *card, struct stream *stream)
{
    uint64_t la = (uint64_t)stream->base + stream->position;
    int result;

    if (stream->index == A32_IN) {
        hear(card, stream, card->block);
        return card->host->dma_write(card->host, la, card->block, stream->period);
    }
    result = card->host->dma_read(card->host, la, card->block, stream->period);
    if (result == 0)
        wire_put(card, card->block, stream->period);
    return result;
}

static void halt(struct stream *stream, int error)
{
    struct card *card = stream->card;

    stream->running = false;
    card->host->event(card->host, WEIR_CARD_DMA_ERROR, stream->index,
                      (uint64_t)stream->base + stream->position, (uint64_t)-error);
    raise_cause(card, (uint32_t)A32_CAUSE_ERROR << stream->index);
}

static bool strikes(struct card *card, const struct stream *stream)
{
    if (card->fault == FAULT_NONE || stream->index != A32_OUT ||
        card->periods_total++ != card->fault_at)
        return false;
    card->host->event(card->host, WEIR_CARD_FAULT, card->fault, card->fault_at, 0);
    return true;
}

/* Instead of the period's interrupt. */
static void fail(struct card *card, struct stream *stream)
{
    switch (card->fault) {
    case FAULT_LATE_IRQ:
        card->late_cause = (uint32_t)A32_CAUSE_PERIOD << stream->index;
        card->host->timer_arm(card->host, card->late_timer,
                              card->host->now_ns(card->host) + LATE_NS);
        break;
    case FAULT_BUS_ERROR:
        halt(stream, -EFAULT);
        break;
    case FAULT_REMOVAL:
        card->host->unplug(card->host);
        break;
    case FAULT_LOST_IRQ:
    case FAULT_NONE:
        break;
    }
}

/* From the start of RUN, so that nothing adds up. */
static void arm(struct stream *stream)
{
    struct card *card = stream->card;
    uint64_t frames = (stream->done + 1) * stream->period / frame_bytes_of(stream);
    uint64_t seconds = frames / stream->rate, rest = frames % stream->rate;

    card->host->timer_arm(card->host, stream->timer,
                          stream->started_ns + seconds * 1000000000 +
                              rest * 1000000000 / stream->rate);
}

static void period_over(void *ctx)
{
    struct stream *stream = ctx;
    struct card *card = stream->card;
    int result;

    if (!stream->running)
        return;
    result = move(card, stream);
    if (result != 0) {
        halt(stream, result);
        return;
    }
    card->host->event(card->host, WIRE_EVENT, stream->index, stream->periods, stream->period);
    stream->position = (stream->position + stream->period) % stream->bytes;
    stream->periods++;
    stream->done++;
    if (strikes(card, stream))
        fail(card, stream);
    else
        raise_cause(card, (uint32_t)A32_CAUSE_PERIOD << stream->index);
    if (stream->running)
        arm(stream);
}

static void set_running(struct stream *stream, bool run)
{
    struct card *card = stream->card;

    if (run == stream->running)
        return;
    if (run && !is_ready(stream)) {
        card->host->event(card->host, WEIR_CARD_MISUSE, A32_RUN, stream->index, 0);
        return;
    }
    stream->running = run;
    card->host->event(card->host, run ? WEIR_CARD_STARTED : WEIR_CARD_STOPPED, stream->index, 0, 0);
    if (!run) {
        card->host->timer_cancel(card->host, stream->timer);
        return;
    }
    stream->started_ns = card->host->now_ns(card->host);
    stream->done = 0;
    arm(stream);
}

/* ---- Registers ------------------------------------------------------------------------------- */

static uint32_t read_stream(const struct stream *stream, uint32_t offset)
{
    switch (offset) {
    case A32_BASE: return stream->base;
    case A32_BYTES: return stream->bytes;
    case A32_PERIOD: return stream->period;
    case A32_FORMAT: return stream->format;
    case A32_RATE: return stream->rate;
    case A32_RUN: return stream->running;
    case A32_POSITION: return stream->position;
    case A32_PERIODS: return stream->periods;
    default: return 0;
    }
}

static void write_stream(struct stream *stream, uint32_t offset, uint32_t value)
{
    uint32_t *const registers[] = {&stream->base,   &stream->bytes, &stream->period,
                                   &stream->format, &stream->rate,  NULL,
                                   &stream->position};

    if (offset == A32_RUN) {
        set_running(stream, (value & 1) != 0);
        return;
    }
    if (offset % 4 != 0 || offset > A32_POSITION)
        return;
    if (stream->running) {
        stream->card->host->event(stream->card->host, WEIR_CARD_MISUSE, offset, stream->index, 0);
        return;
    }
    *registers[offset / 4] = value;
    if (offset == A32_BASE)
        stream->periods = 0;
}

static void reset(void *ctx)
{
    struct card *card = ctx;

    for (unsigned i = 0; i < A32_STREAMS; i++) {
        struct stream *stream = &card->streams[i];

        card->host->timer_cancel(card->host, stream->timer);
        *stream = (struct stream){.card = card, .index = i, .timer = stream->timer};
    }
    card->host->timer_cancel(card->host, card->late_timer);
    card->control = 0;
    card->cause = 0;
    card->wire_used = 0;
    update_line(card);
    card->host->event(card->host, WEIR_CARD_RESET, 0, 0, 0);
}

static void power(void *ctx, unsigned d_state)
{
    if (d_state != 0)
        reset(ctx);
}

static struct stream *stream_at(struct card *card, uint64_t offset)
{
    if (offset < A32_STREAM || offset >= A32_STREAM + A32_STREAMS * A32_STREAM_STRIDE)
        return NULL;
    return &card->streams[(offset - A32_STREAM) / A32_STREAM_STRIDE];
}

static uint64_t read_register(void *ctx, unsigned bar, uint64_t offset, unsigned size_bytes)
{
    struct card *card = ctx;
    const struct stream *stream = stream_at(card, offset);

    (void)bar;
    if (size_bytes != 4)
        return 0;
    if (stream != NULL)
        return read_stream(stream, (uint32_t)offset % A32_STREAM_STRIDE);
    switch (offset) {
    case A32_ID: return A32_ID_VALUE;
    case A32_CONTROL: return card->control;
    case A32_CAUSE: return card->cause;
    default: return 0;
    }
}

static void write_register(void *ctx, unsigned bar, uint64_t offset, unsigned size_bytes,
                           uint64_t value)
{
    struct card *card = ctx;
    struct stream *stream = stream_at(card, offset);

    (void)bar;
    if (size_bytes != 4)
        return;
    if (stream != NULL)
        write_stream(stream, (uint32_t)offset % A32_STREAM_STRIDE, (uint32_t)value);
    else if (offset == A32_CAUSE)
        card->cause &= ~(uint32_t)value;
    else if (offset == A32_CONTROL && (value & A32_RESET) != 0)
        reset(card);
    else if (offset == A32_CONTROL)
        card->control = (uint32_t)value & A32_INTERRUPTS;
    update_line(card);
}

/* ---- The model ------------------------------------------------------------------------------- */

static int create_timers(struct card *card)
{
    int result = card->host->timer_create(card->host, late, card, &card->late_timer);

    for (unsigned i = 0; i < A32_STREAMS && result == 0; i++)
        result = card->host->timer_create(card->host, period_over, &card->streams[i],
                                          &card->streams[i].timer);
    return result;
}

static int create(const struct weir_device_host *host, void **out, char *error, size_t size_bytes)
{
    struct card *card = calloc(1, sizeof *card);
    int result;

    (void)error;
    (void)size_bytes;
    if (card == NULL)
        return -ENOMEM;
    card->host = host;
    card->input = (enum input)host->number(host, "input");
    card->fault = (enum fault)host->number(host, "fault");
    card->fault_at = host->number(host, "at");
    for (unsigned i = 0; i < A32_STREAMS; i++) {
        card->streams[i].card = card;
        card->streams[i].index = i;
    }
    result = create_timers(card);
    if (result != 0) {
        free(card);
        return result;
    }
    *out = card;
    return 0;
}

static void destroy(void *card)
{
    free(card);
}

static const struct weir_parameter parameters[] = {
    {"input", WEIR_PARAMETER_CHOICE, 0, "count", "count|loop|silence",
     "what is recorded: frame numbers, what is played, nothing"},
    {"fault", WEIR_PARAMETER_CHOICE, 0, "none", "none|lost-irq|late-irq|bus-error|removal",
     "what goes wrong, once"},
    {"at", WEIR_PARAMETER_NUMBER, 0, "0", NULL, "number of the played period when it goes wrong"},
    {NULL, 0, 0, NULL, NULL, NULL},
};

extern const struct weir_device_model audio32_model;
const struct weir_device_model audio32_model = {
    .abi_version = WEIR_DEVICE_ABI,
    .struct_size = sizeof(struct weir_device_model),
    .name = "audio32",
    .summary = "PCI sound card: 32-bit addresses, INTx, one ring in, one ring out",
    .parameters = parameters,
    .pci = {.vendor = A32_PCI_VENDOR,
            .device = A32_PCI_DEVICE,
            .subsystem_vendor = A32_PCI_VENDOR,
            .subsystem = 1,
            .class_code = 0x040100,
            .revision = 1},
    .bars = {{WEIR_BAR_MEMORY32, 0, A32_BAR_BYTES}},
    .has_line = 1,
    .dma_address_bits = 32,
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .power = power,
    .read = read_register,
    .write = write_register,
};
