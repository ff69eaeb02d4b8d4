/* SPDX-License-Identifier: MIT */
/* Causes, messages and the line of grabber64. With all four messages granted a message takes the
 * place of its cause; with fewer, or with the line, causes wait to be acknowledged. */
#include "card.h"

enum { STUCK_NS = 10000 };

void g64_update_line(struct grabber64 *card)
{
    uint32_t causes = card->int_status & card->int_enable & ~card->lost_causes;

    card->host->line(card->host, causes != 0 || card->stuck || card->spurious);
}

void g64_raise_cause(struct grabber64 *card, unsigned cause)
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
    g64_update_line(card);
}

/* The end of a frame, whose interrupt a fault may hold back or lose. */
void g64_raise_done(struct channel *channel)
{
    struct grabber64 *card = channel->card;
    uint32_t bit = 1u << channel->index;

    if (channel->shot.fault == FAULT_LATE_IRQ) {
        card->late_causes |= bit;
        card->host->timer_arm(card->host, card->late_timer,
                              card->host->now_ns(card->host) + FAULT_LATE_NS);
    } else if (channel->shot.fault != FAULT_LOST_IRQ) {
        g64_raise_cause(card, channel->index);
    } else if (card->host->messages_on(card->host) < G64_MESSAGES) {
        card->int_status |= bit;
        card->lost_causes |= bit;
    }
}

void g64_late_fires(void *ctx)
{
    struct grabber64 *card = ctx;

    for (unsigned cause = 0; cause < G64_CHANNELS; cause++)
        if ((card->late_causes >> cause & 1) != 0)
            g64_raise_cause(card, cause);
    card->late_causes = 0;
}

void g64_stuck_fires(void *ctx)
{
    struct grabber64 *card = ctx;

    card->host->message(card->host, 0);
    card->host->timer_arm(card->host, card->stuck_timer, card->host->now_ns(card->host) + STUCK_NS);
}

void g64_acknowledge(struct grabber64 *card, uint32_t causes)
{
    card->int_status &= ~causes;
    card->lost_causes &= ~causes;
    if ((card->int_status & card->int_enable) != 0)
        card->host->message(card->host, 0);
    g64_update_line(card);
}

void g64_enable_causes(struct grabber64 *card, uint32_t causes)
{
    uint32_t before = card->int_status & card->int_enable;

    card->int_enable = causes & G64_INT_ALL;
    if (before == 0 && (card->int_status & card->int_enable) != 0)
        card->host->message(card->host, 0);
    g64_update_line(card);
}
