/* SPDX-License-Identifier: MIT */
/* Incidents: what an application and a system do to a device that streams. The application's own
 * (pause, stop, reopen) use the documented states; sleep, rebalancing and removal come from the
 * power and PnP managers, and the application hears of them as one does on Windows: not at all, by
 * a device notification that makes it close (disable), or by requests that fail (surprise).
 * Power and State Changes in AVStream; Stopping a Device to Rebalance Resources; Removing a Device;
 * Handling an IRP_MN_SURPRISE_REMOVAL Request.
 * UNDOC: how long each lasts. A tenth of a second: longer than a frame, shorter than patience. */
#include <limits.h>

#include "client/incident.h"

#include "base/base.h"
#include "client/internal.h"
#include "trace/trace.h"

static const int64_t rest_100ns = 1000000;

/* ---- When ------------------------------------------------------------------------------------ */

void client_schedule_init(struct client_schedule *schedule, const struct client_request *request)
{
    *schedule = (struct client_schedule){.incidents = request->incidents,
                                         .count = request->incident_count};
    weir_assert(schedule->count <= CLIENT_INCIDENTS_MAX);
}

static bool is_open(const struct client_schedule *schedule, unsigned index)
{
    return (schedule->happened >> index & 1) == 0;
}

unsigned client_schedule_due(const struct client_schedule *schedule, uint64_t frames,
                             uint64_t elapsed_ns)
{
    for (unsigned i = 0; i < schedule->count && !schedule->gone; i++) {
        const struct client_incident *incident = &schedule->incidents[i];
        bool due = incident->by_time ? elapsed_ns >= incident->time_ns
                                     : frames >= incident->frames;

        if (due && is_open(schedule, i))
            return i;
    }
    return UINT_MAX;
}

uint64_t client_schedule_wait_ns(const struct client_schedule *schedule, uint64_t elapsed_ns)
{
    uint64_t wait_ns = UINT64_MAX;

    for (unsigned i = 0; i < schedule->count && !schedule->gone; i++) {
        const struct client_incident *incident = &schedule->incidents[i];
        uint64_t left = incident->time_ns > elapsed_ns ? incident->time_ns - elapsed_ns : 0;

        if (incident->by_time && is_open(schedule, i) && left < wait_ns)
            wait_ns = left;
    }
    return wait_ns;
}

/* ---- What ------------------------------------------------------------------------------------ */

static void rest(void)
{
    LARGE_INTEGER interval = {.QuadPart = -rest_100ns};

    KeDelayExecutionThread(UserMode, FALSE, &interval);
}

/* Frames that came until now bear the old numbers; those to come may bear any. */
static bool numbers_may_change(struct client_session *session)
{
    bool ok = client_take(session);

    client_account_lost(session);
    session->drop_credit = 0;
    if (session->oracle != NULL)
        oracle_restart(session->oracle);
    session->schedule->awaiting = true;
    session->schedule->last = session->schedule->current;
    return ok;
}

static bool machine_failed(struct client_session *session, const struct machine_error *error)
{
    return client_fail(session, CLIENT_REFUSED, STATUS_SUCCESS, "%s", error->text);
}

static bool pause(struct client_session *session, NTSTATUS *status)
{
    (void)status;
    if (!client_set_states(session, KSSTATE_PAUSE))
        return false;
    rest();
    return numbers_may_change(session) && client_set_states(session, KSSTATE_RUN);
}

static bool stop(struct client_session *session, NTSTATUS *status)
{
    (void)status;
    if (!client_stream_stop(session))
        return false;
    rest();
    return numbers_may_change(session) && client_stream_start(session);
}

static bool reopen(struct client_session *session, NTSTATUS *status)
{
    (void)status;
    if (!client_stream_stop(session) || !numbers_may_change(session))
        return false;
    client_close_pins(session);
    rest();
    return client_open_pins(session) && client_stream_start(session);
}

/* A driver may refuse to sleep or to be stopped; then it streams on. */
static bool power(struct client_session *session, NTSTATUS *status)
{
    struct machine_error error = {0};

    if (!machine_power(session->machine, true, &error)) {
        *status = error.status;
        return true;
    }
    rest();
    if (!numbers_may_change(session))
        return false;
    return machine_power(session->machine, false, &error) || machine_failed(session, &error);
}

static bool rebalance(struct client_session *session, NTSTATUS *status)
{
    struct machine_error error = {0};

    if (!machine_stop_device(session->machine, &error)) {
        *status = error.status;
        return true;
    }
    rest();
    if (!numbers_may_change(session))
        return false;
    return machine_restart_device(session->machine, &error) || machine_failed(session, &error);
}

static bool disable(struct client_session *session, NTSTATUS *status)
{
    struct machine_error error = {0};

    if (!client_stream_stop(session) || !numbers_may_change(session))
        return false;
    client_close_pins(session);
    client_close_filter(session);
    if (!machine_remove_device(session->machine, &error)) {
        *status = error.status;
    } else {
        rest();
        if (!machine_start_device(session->machine, &error))
            return machine_failed(session, &error);
    }
    return client_find_filter(session) && client_open_pins(session) &&
           client_stream_start(session);
}

static bool surprise(struct client_session *session, NTSTATUS *status)
{
    (void)status;
    session->schedule->gone = true;
    machine_surprise_remove(session->machine);
    return true;
}

typedef bool incident_fn(struct client_session *session, NTSTATUS *status);

static incident_fn *const incidents[] = {
#define INCIDENT(name, text) [INCIDENT_##name] = name,
#include "trace/incidents.tbl.h"
#undef INCIDENT
};

/* ---- Now ------------------------------------------------------------------------------------- */

static unsigned due_now(const struct client_session *session)
{
    return client_schedule_due(session->schedule, session->result->delivered,
                               client_elapsed_ns(session));
}

bool client_incident_due(const struct client_session *session)
{
    return due_now(session) != UINT_MAX;
}

bool client_incidents(struct client_session *session)
{
    struct client_schedule *schedule = session->schedule;
    unsigned index;

    while ((index = due_now(session)) != UINT_MAX) {
        enum trace_incident kind = schedule->incidents[index].kind;
        NTSTATUS status = STATUS_SUCCESS;
        bool ok;

        schedule->happened |= UINT64_C(1) << index;
        schedule->current = index;
        schedule->forgotten = 0;
        TRACE(session->trace, incident, index, kind, session->result->delivered);
        ok = incidents[kind](session, &status);
        if (!ok)
            return false;
        TRACE(session->trace, incident_over, index, (uint32_t)status);
    }
    return true;
}

bool client_incident_frame(struct client_session *session, struct oracle_judgement *judgement)
{
    struct client_schedule *schedule = session->schedule;
    uint64_t missed = schedule->forgotten > 0 ? schedule->forgotten : judgement->missing;

    if (!schedule->awaiting)
        return false;
    schedule->awaiting = false;
    judgement->missing = 0;
    TRACE(session->trace, incident_frame, schedule->last, missed);
    return true;
}
