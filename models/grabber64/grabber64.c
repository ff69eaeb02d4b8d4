/* SPDX-License-Identifier: MIT */
/* grabber64, after docs/cards/grabber64.md: registers and the model. What a channel does with
 * them is in channel.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "card.h"

/* ---- Registers ------------------------------------------------------------------------------- */

static void reset_card(struct grabber64 *card)
{
    g64_clear(card);
    card->host->event(card->host, WEIR_CARD_RESET, G64_CHANNELS, 0, 0);
    card->resetting_until_ns = card->host->now_ns(card->host) + G64_RESET_NS;
}

static bool is_resetting(const struct grabber64 *card)
{
    return card->host->now_ns(card->host) < card->resetting_until_ns;
}

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
        return card->id;
    case G64_CONTROL:
        return 0;
    case G64_STATUS:
        return is_resetting(card) ? G64_STATUS_RESETTING : 0;
    case G64_INT_STATUS:
        card->spurious = false;
        g64_update_line(card);
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

static void write_channel(struct channel *channel, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case G64_CH_CONTROL:
        g64_channel_control(channel, value);
        break;
    case G64_CH_TAIL:
        g64_channel_tail(channel, value);
        break;
    case G64_CH_DONE_HEAD:
        g64_channel_done_head(channel, value);
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
        g64_acknowledge(card, value);
        break;
    case G64_INT_ENABLE:
        g64_enable_causes(card, value);
        break;
    default:
        card->host->event(card->host, WEIR_CARD_MISUSE, offset, value, 0);
    }
}

/* ---- The model ------------------------------------------------------------------------------- */

uint64_t g64_read(void *ctx, unsigned bar, uint64_t offset, unsigned size_bytes)
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

void g64_write(void *ctx, unsigned bar, uint64_t offset, unsigned size_bytes,
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

void g64_reset(void *ctx)
{
    g64_clear(ctx);
}

void g64_power(void *ctx, unsigned d_state)
{
    (void)d_state;
    g64_clear(ctx);
}

void g64_destroy(void *ctx)
{
    struct grabber64 *card = ctx;

    for (unsigned i = 0; i < G64_CHANNELS; i++)
        wire_fini(&card->channels[i].wire);
    free(card);
}

int g64_create(const struct weir_device_host *host, enum wire_direction direction, uint32_t id,
               void **out, char *error, size_t size_bytes)
{
    struct grabber64 *card = calloc(1, sizeof *card);
    int result = -ENOMEM;

    if (card == NULL)
        goto no_memory;
    card->host = host;
    card->id = id;
    card->bandwidth = host->number(host, "bandwidth");
    result = fault_init(&card->fault, host);
    if (result == 0)
        result = host->timer_create(host, g64_late_fires, card, &card->late_timer);
    if (result == 0)
        result = host->timer_create(host, g64_stuck_fires, card, &card->stuck_timer);
    for (unsigned i = 0; i < G64_CHANNELS && result == 0; i++)
        result = g64_channel_init(card, direction, i);
    if (result != 0)
        goto no_memory;
    g64_clear(card);
    *out = card;
    return 0;

no_memory:
    free(card);
    snprintf(error, size_bytes, "not enough memory");
    return result;
}

static int grabber64_create(const struct weir_device_host *host, void **out, char *error,
                            size_t size_bytes)
{
    return g64_create(host, WIRE_IN, G64_ID_VALUE, out, error, size_bytes);
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
    .destroy = g64_destroy,
    .reset = g64_reset,
    .power = g64_power,
    .read = g64_read,
    .write = g64_write,
};
