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
static bool numbers_may_change(struct client *client)
{
    bool ok = client_take_all(client);

    for (unsigned i = 0; i < client->session_count; i++) {
        struct client_session *session = &client->sessions[i];

        client_take_turn(session);
        client_account_lost(session);
        session->drop_credit = 0;
        session->has_due = false;
        session->position = 0;
        session->awaiting = !session->ended;
        if (session->oracle != NULL)
            oracle_restart(session->oracle);
    }
    client->schedule.last = client->schedule.current;
    return ok;
}

static bool machine_failed(struct client *client, const struct machine_error *error)
{
    return client_fail(&client->sessions[0], CLIENT_REFUSED, STATUS_SUCCESS, "%s", error->text);
}

static struct machine *machine_of(const struct client *client)
{
    return client->sessions[0].machine;
}

static bool pause(struct client *client, NTSTATUS *status)
{
    (void)status;
    if (!client_set_states(client, KSSTATE_PAUSE))
        return false;
    rest();
    return numbers_may_change(client) && client_set_states(client, KSSTATE_RUN);
}

static bool stop(struct client *client, NTSTATUS *status)
{
    (void)status;
    if (!client_stop(client))
        return false;
    rest();
    return numbers_may_change(client) && client_start(client);
}

static bool reopen(struct client *client, NTSTATUS *status)
{
    (void)status;
    if (!client_stop(client) || !numbers_may_change(client))
        return false;
    client_close_pins(client);
    rest();
    return client_open_pins(client) && client_start(client);
}

/* A driver may refuse to sleep or to be stopped; then it streams on. */
static bool power(struct client *client, NTSTATUS *status)
{
    struct machine_error error = {0};

    if (!machine_power(machine_of(client), true, &error)) {
        *status = error.status;
        return true;
    }
    rest();
    if (!numbers_may_change(client))
        return false;
    return machine_power(machine_of(client), false, &error) || machine_failed(client, &error);
}

static bool rebalance(struct client *client, NTSTATUS *status)
{
    struct machine_error error = {0};

    if (!machine_stop_device(machine_of(client), &error)) {
        *status = error.status;
        return true;
    }
    rest();
    if (!numbers_may_change(client))
        return false;
    return machine_restart_device(machine_of(client), &error) || machine_failed(client, &error);
}

static bool disable(struct client *client, NTSTATUS *status)
{
    struct machine_error error = {0};

    if (!client_stop(client) || !numbers_may_change(client))
        return false;
    client_close_pins(client);
    client_close_filters(client);
    if (!machine_remove_device(machine_of(client), &error)) {
        *status = error.status;
    } else {
        rest();
        if (!machine_reload_driver(machine_of(client), &error) ||
            !machine_start_device(machine_of(client), &error))
            return machine_failed(client, &error);
    }
    return client_reopen_filters(client) && client_open_pins(client) && client_start(client);
}

static bool surprise(struct client *client, NTSTATUS *status)
{
    (void)status;
    client->schedule.gone = true;
    machine_surprise_remove(machine_of(client));
    return true;
}

typedef bool incident_fn(struct client *client, NTSTATUS *status);

static incident_fn *const incidents[] = {
#define INCIDENT(name, text) [INCIDENT_##name] = name,
#include "trace/incidents.tbl.h"
#undef INCIDENT
};

/* ---- Now ------------------------------------------------------------------------------------- */

/* Of the first pin; where nobody sees what is played, those that the driver took. */
static uint64_t frames_of(const struct client *client)
{
    const struct client_session *first = &client->sessions[0];

    return first->plays && !first->listens ? first->taken : first->delivered;
}

static unsigned due_now(const struct client *client)
{
    return client_schedule_due(&client->schedule, frames_of(client),
                               client_elapsed_ns(&client->sessions[0]));
}

bool client_incident_due(const struct client *client)
{
    return due_now(client) != UINT_MAX;
}

uint64_t client_incident_wait_ns(const struct client *client)
{
    return client_schedule_wait_ns(&client->schedule, client_elapsed_ns(&client->sessions[0]));
}

bool client_incidents(struct client *client)
{
    struct client_schedule *schedule = &client->schedule;
    struct trace *trace = client->sessions[0].trace;
    unsigned index;

    while ((index = due_now(client)) != UINT_MAX) {
        enum trace_incident kind = schedule->incidents[index].kind;
        NTSTATUS status = STATUS_SUCCESS;
        bool ok;

        schedule->happened |= UINT64_C(1) << index;
        schedule->current = index;
        for (unsigned i = 0; i < client->session_count; i++)
            client->sessions[i].forgotten = 0;
        TRACE(trace, incident, index, kind, frames_of(client));
        ok = incidents[kind](client, &status);
        if (!ok)
            return false;
        TRACE(trace, incident_over, index, (uint32_t)status);
    }
    return true;
}

void client_incident_taken(struct client_session *session)
{
    if (session->awaiting && session->index == 0)
        TRACE(session->trace, incident_frame, session->client->schedule.last, session->forgotten);
    session->awaiting = false;
}

bool client_incident_frame(struct client_session *session, struct oracle_judgement *judgement)
{
    uint64_t missed = session->forgotten > 0 ? session->forgotten : judgement->missing;

    if (!session->awaiting)
        return false;
    session->awaiting = false;
    judgement->missing = 0;
    TRACE(session->trace, incident_frame, session->client->schedule.last, missed);
    return true;
}
