/* SPDX-License-Identifier: MIT */
/* What became of the frames, in counts and events. Lost is what nobody owns up to. */
#include "base/base.h"
#include "client/internal.h"

static void count_verdict(struct client_result *result, unsigned verdict)
{
    switch (verdict) {
    case WEIR_VERDICT_SHORT: result->short_frames++; break;
    case WEIR_VERDICT_TORN: result->torn++; break;
    case WEIR_VERDICT_STALE: result->stale++; break;
    case WEIR_VERDICT_WRONG: result->wrong++; break;
    case ORACLE_DUPLICATE: result->duplicate++; break;
    case WEIR_VERDICT_EARLY:
    case ORACLE_OUT_OF_ORDER: result->out_of_order++; break;
    default: break;
    }
}

static uint64_t settle(uint64_t *debt, uint64_t *credit)
{
    uint64_t paid = *debt < *credit ? *debt : *credit;

    *debt -= paid;
    *credit -= paid;
    return *debt;
}

/* What nobody has owned up to by the next frame is lost. */
void client_account_lost(struct client_session *session)
{
    uint64_t lost = settle(&session->gap, &session->drop_credit);

    session->result->lost += lost;
    if (lost > 0)
        TRACE(session->trace, frames_lost, session->gap_after, lost, 0);
    session->gap = 0;
}

/* A gap in the card's numbers that the driver owns up to is dropped, the rest is lost. Drivers
 * count a drop with the frame before the gap, the one behind it, or one later. */
static void account_gap(struct client_session *session, uint64_t missing, uint64_t dropped)
{
    session->result->dropped += dropped;
    session->drop_credit += dropped;
    if (dropped > 0)
        TRACE(session->trace, frames_lost, session->delivered, 0, dropped);
    client_account_lost(session);
    session->gap = missing;
    session->gap_after = session->delivered;
    settle(&session->gap, &session->drop_credit);
}

void client_account(struct client_session *session, struct oracle_judgement *judgement,
                    uint64_t dropped)
{
    bool first = client_incident_frame(session, judgement);

    account_gap(session, judgement->missing, dropped);
    if (first)
        session->drop_credit = 0;
    count_verdict(session->result, judgement->verdict);
    if (judgement->verdict != WEIR_VERDICT_OK && judgement->verdict != WEIR_VERDICT_UNCHECKED)
        TRACE(session->trace, frame_verdict, session->delivered, judgement->verdict,
              judgement->line, judgement->expected, judgement->found, judgement->offset);
}
