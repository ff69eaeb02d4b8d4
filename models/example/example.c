/* SPDX-License-Identifier: MIT */
/* The smallest card that does what cards do: registers, time, memory, interrupts.
 * docs/writing-a-card.md walks through it.
 *
 * The card has a clock that ticks every PERIOD nanoseconds while CONTROL.RUN is set. With each
 * tick it writes a record of 16 bytes (number and time) to the bus address in BUFFER, and
 * interrupts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "weir/device.h"

enum {
    REG_ID = 0x00, /* RO */
    REG_CONTROL = 0x04, /* bit 0 RUN */
    REG_STATUS = 0x08, /* bit 0 TICK, bit 1 ABORT: write one to clear */
    REG_PERIOD = 0x0c, /* ns, at least 1000 */
    REG_BUFFER = 0x10, /* 64 bits */
};
enum { STATUS_TICK = 1 << 0, STATUS_ABORT = 1 << 1 };
enum { PERIOD_MIN_NS = 1000 };
#define ID_VALUE 0x69636b21u

struct record {
    uint64_t number;
    uint64_t time_ns;
};

struct card {
    const struct weir_device_host *host;
    struct weir_device_timer *timer;
    uint32_t running, status, period_ns;
    uint64_t buffer, ticks;
    uint64_t due_ns;
};

static void update_interrupt(struct card *card)
{
    const struct weir_device_host *host = card->host;

    if (host->messages_on(host) > 0 && card->status != 0)
        host->message(host, 0);
    host->line(host, card->status != 0);
}

static void tick(void *ctx)
{
    struct card *card = ctx;
    const struct weir_device_host *host = card->host;
    const struct record record = {.number = card->ticks++, .time_ns = card->due_ns};

    /* Memory first, then the interrupt: who is interrupted finds the record there. */
    if (host->dma_write(host, card->buffer, &record, sizeof record) == 0) {
        card->status |= STATUS_TICK;
        /* From the time it was due, not from now: a card's clock does not drift. */
        card->due_ns += card->period_ns;
        host->timer_arm(host, card->timer, card->due_ns);
    } else {
        card->status |= STATUS_ABORT;
        card->running = 0;
        host->event(host, WEIR_CARD_DMA_ERROR, 0, card->buffer, 0);
    }
    update_interrupt(card);
}

static void write_control(struct card *card, uint32_t value)
{
    const struct weir_device_host *host = card->host;

    if ((value & 1) != 0 && card->running == 0) {
        card->due_ns = host->now_ns(host) + card->period_ns;
        host->timer_arm(host, card->timer, card->due_ns);
    } else if ((value & 1) == 0) {
        host->timer_cancel(host, card->timer);
    }
    card->running = value & 1;
}

static uint64_t example_read(void *ctx, unsigned bar, uint64_t offset, unsigned size_bytes)
{
    struct card *card = ctx;

    (void)bar; /* there is only one */
    if (offset == REG_BUFFER && size_bytes == 8)
        return card->buffer;
    if (size_bytes != 4)
        return UINT64_MAX;
    switch (offset) {
    case REG_ID:
        return ID_VALUE;
    case REG_CONTROL:
        return card->running;
    case REG_STATUS:
        return card->status;
    case REG_PERIOD:
        return card->period_ns;
    default:
        return UINT32_MAX;
    }
}

static void example_write(void *ctx, unsigned bar, uint64_t offset, unsigned size_bytes,
                          uint64_t value)
{
    struct card *card = ctx;

    (void)bar;
    if (offset == REG_BUFFER && size_bytes == 8)
        card->buffer = value;
    if (size_bytes != 4)
        return;
    switch (offset) {
    case REG_CONTROL:
        write_control(card, (uint32_t)value);
        break;
    case REG_STATUS:
        card->status &= ~(uint32_t)value;
        update_interrupt(card);
        break;
    case REG_PERIOD:
        card->period_ns = value < PERIOD_MIN_NS ? PERIOD_MIN_NS : (uint32_t)value;
        break;
    default:
        break;
    }
}

static void example_reset(void *ctx)
{
    struct card *card = ctx;

    card->host->timer_cancel(card->host, card->timer);
    card->running = 0;
    card->status = 0;
    card->ticks = 0;
    card->buffer = 0;
    card->period_ns = (uint32_t)card->host->number(card->host, "period");
    update_interrupt(card);
}

static int example_create(const struct weir_device_host *host, void **out, char *error,
                          size_t size_bytes)
{
    struct card *card;

    if (host->number(host, "period") < PERIOD_MIN_NS || host->number(host, "period") > UINT32_MAX) {
        snprintf(error, size_bytes, "period must be between %u and %u ns", PERIOD_MIN_NS,
                 UINT32_MAX);
        return -EINVAL;
    }
    card = calloc(1, sizeof *card);
    if (card == NULL)
        return -ENOMEM;
    card->host = host;
    if (host->timer_create(host, tick, card, &card->timer) != 0) {
        free(card);
        return -ENOMEM;
    }
    example_reset(card);
    *out = card;
    return 0;
}

static void example_destroy(void *card)
{
    free(card); /* the timer is the host's */
}

static const struct weir_parameter parameters[] = {
    {"period", WEIR_PARAMETER_NUMBER, 0, "1000000", NULL, "ns from tick to tick after reset"},
    {NULL, 0, 0, NULL, NULL, NULL},
};

const struct weir_device_model weir_device_model = {
    .abi_version = WEIR_DEVICE_ABI,
    .struct_size = sizeof(struct weir_device_model),
    .name = "example",
    .summary = "a clock that ticks into memory",
    .parameters = parameters,
    .pci = {.vendor = 0x5eed, .device = 0x0001, .class_code = 0x088000, .pcie = 1},
    .bars = {{WEIR_BAR_MEMORY32, 0, 4096}},
    .has_line = 1,
    .messages = 1,
    .dma_address_bits = 64,
    .create = example_create,
    .destroy = example_destroy,
    .reset = example_reset,
    .read = example_read,
    .write = example_write,
};
