/* SPDX-License-Identifier: MIT */
/* All pins are served in one loop on one thread. One event tells of every request that finishes;
 * after each wake-up the sessions have their turns in the order in which they were asked for, and
 * each looks at its requests in the order they were queued. So what happens follows from the driver
 * and the seed alone. A session that has all it wanted stops its pin; the others go on. */
#include <inttypes.h>

#include "base/base.h"
#include "client/internal.h"

static const uint64_t patience_ns = 10000000000u; /* of virtual time without any frame */
static const uint64_t slice_ns = 100000000; /* an application is told of a removal */
static const uint64_t starved_ns = 1000000000; /* see is_starved */

/* ---- States ---------------------------------------------------------------------------------- */

bool client_set_states(struct client *client, KSSTATE state)
{
    for (unsigned i = 0; i < client->session_count; i++) {
        if (!client->sessions[i].ended && !client_set_state(&client->sessions[i], state))
            return false;
    }
    return true;
}

static bool queue_all(struct client *client)
{
    bool ok = true;

    for (unsigned i = 0; ok && i < client->session_count; i++) {
        struct client_session *session = &client->sessions[i];

        if (session->run_from_ns == 0)
            session->run_from_ns = client_now_ns(session);
        if (!session->ended)
            ok = session->plays ? client_play_start(session) : client_capture_start(session);
    }
    return ok;
}

bool client_start(struct client *client)
{
    bool ok = client_set_states(client, KSSTATE_ACQUIRE) &&
              client_set_states(client, KSSTATE_PAUSE) && queue_all(client) &&
              client_set_states(client, KSSTATE_RUN);

    for (unsigned i = 0; i < client->session_count; i++) {
        struct client_session *session = &client->sessions[i];

        session->progress_ns = client_now_ns(session);
        session->paced_from_ns = session->progress_ns;
    }
    return ok;
}

bool client_stop(struct client *client)
{
    bool ok = client_set_states(client, KSSTATE_STOP);

    for (unsigned i = 0; i < client->session_count; i++) {
        struct client_session *session = &client->sessions[i];

        if (session->ended)
            continue;
        client_take_turn(session);
        client_collect(session);
        if (session->plays)
            ok = client_play_stopped(session) && ok;
    }
    return ok;
}

/* From here on time counts. What is played began with its first write. */
static bool start_first(struct client *client)
{
    bool ok = client_start(client);

    for (unsigned i = 0; i < client->session_count; i++) {
        struct client_session *session = &client->sessions[i];

        if (!session->plays || session->paced)
            session->run_from_ns = client_now_ns(session);
    }
    return ok;
}

/* ---- The end of a session -------------------------------------------------------------------- */

static bool leaders_have_ended(const struct client *client)
{
    for (unsigned i = 0; i < client->session_count; i++) {
        if (!client->sessions[i].ended && !client->sessions[i].follows)
            return false;
    }
    return true;
}

/* Its frames have nowhere to go: what came out of the filter is no longer read, and nothing has
 * been taken for a second. */
static bool is_starved(const struct client_session *session)
{
    const struct client *client = session->client;
    bool read = false;

    for (unsigned i = 0; i < client->session_count; i++) {
        const struct client_session *other = &client->sessions[i];

        if (other->plays || other->filter_index != session->filter_index)
            continue;
        if (!other->ended)
            return false;
        read = true;
    }
    return read && client_now_ns(session) >= session->progress_ns + starved_ns;
}

static bool is_done(struct client_session *session)
{
    if (!session->plays)
        return client_capture_done(session);
    return client_play_done(session) || is_starved(session);
}

static bool end_session(struct client_session *session, bool ok)
{
    client_take_turn(session);
    session->ended = true;
    session->ended_ns = client_now_ns(session);
    if (session->plays && ok && !session->client->schedule.gone)
        client_play_end(session);
    else
        client_account_lost(session);
    if (session->pin != NULL) { /* closed when something that happened to it went wrong */
        ok = client_set_state(session, KSSTATE_STOP) && ok;
        client_collect(session);
    }
    if (session->client->leaders_ended_ns == 0 && leaders_have_ended(session->client))
        session->client->leaders_ended_ns = client_now_ns(session);
    return ok;
}

static bool end_all(struct client *client, bool ok)
{
    for (unsigned i = 0; i < client->session_count; i++) {
        if (!client->sessions[i].ended)
            ok = end_session(&client->sessions[i], ok) && ok;
    }
    return ok;
}

/* ---- The loop -------------------------------------------------------------------------------- */

static bool take_turn(struct client_session *session)
{
    client_take_turn(session);
    return session->plays ? client_play_turn(session) : client_capture_turn(session);
}

/* Everybody once; *again: somebody stopped, and waiting for its requests may have swallowed the
 * news of another's. */
static bool take_turns(struct client *client, bool *again)
{
    *again = false;
    for (unsigned i = 0; i < client->session_count; i++) {
        struct client_session *session = &client->sessions[i];

        if (session->ended)
            continue;
        if (!take_turn(session))
            return false;
        if (!is_done(session))
            continue;
        if (!end_session(session, true))
            return false;
        *again = true;
    }
    return true;
}

bool client_take_all(struct client *client)
{
    bool ok = true;

    for (unsigned i = 0; ok && i < client->session_count; i++) {
        if (!client->sessions[i].ended)
            ok = take_turn(&client->sessions[i]);
    }
    return ok;
}

static bool all_ended(const struct client *client)
{
    for (unsigned i = 0; i < client->session_count; i++) {
        if (!client->sessions[i].ended)
            return false;
    }
    return true;
}

static uint64_t next_due_ns(const struct client *client)
{
    uint64_t due_ns = UINT64_MAX;

    for (unsigned i = 0; i < client->session_count; i++) {
        const struct client_session *session = &client->sessions[i];
        uint64_t its_ns = session->plays && !session->ended ? client_play_due_ns(session)
                                                            : UINT64_MAX;

        if (its_ns < due_ns)
            due_ns = its_ns;
    }
    return due_ns;
}

static bool card_is_gone(const struct client_session *session)
{
    const struct hw_device *card = machine_card(session->machine);

    return card != NULL && card->removed;
}

static const char *frames_word(const struct client_session *session)
{
    return session->format.media == CLIENT_AUDIO ? "packet" : "frame";
}

static uint64_t finished_count(const struct client_session *session)
{
    return session->plays && !session->listens ? session->taken : session->delivered;
}

static bool fail_removed(struct client_session *session)
{
    return client_fail(session, CLIENT_REFUSED, STATUS_DEVICE_REMOVED,
                       "the card was removed after %" PRIu64 " %ss", finished_count(session),
                       frames_word(session));
}

bool client_fail_io(struct client_session *session, NTSTATUS status, const char *what)
{
    return card_is_gone(session) ? fail_removed(session)
                                 : client_fail(session, CLIENT_REFUSED, status, "%s", what);
}

/* Nothing finished for a while. */
static bool still_hopes(struct client_session *session)
{
    const char *word = frames_word(session);

    if (card_is_gone(session))
        return fail_removed(session);
    if (session->oldest == NULL || client_now_ns(session) < session->progress_ns + patience_ns)
        return true;
    return client_fail(session, CLIENT_STALLED, STATUS_TIMEOUT,
                       "no %s for %d seconds of virtual time after %" PRIu64 " %ss", word,
                       (int)(patience_ns / 1000000000), finished_count(session), word);
}

static bool wait(struct client *client)
{
    uint64_t now_ns = client_now_ns(&client->sessions[0]);
    uint64_t due_ns = next_due_ns(client);
    uint64_t wait_ns = due_ns < now_ns + slice_ns ? due_ns - now_ns : slice_ns;
    uint64_t incident_ns = client_incident_wait_ns(client);
    LARGE_INTEGER timeout;

    wait_ns = incident_ns < wait_ns ? incident_ns : wait_ns;
    timeout.QuadPart = -(LONGLONG)((wait_ns + 99) / 100);
    if (due_ns <= now_ns ||
        KeWaitForSingleObject(client->completed, UserRequest, UserMode, FALSE, &timeout) !=
            STATUS_TIMEOUT)
        return true;
    for (unsigned i = 0; i < client->session_count; i++) {
        if (!client->sessions[i].ended && !still_hopes(&client->sessions[i]))
            return false;
    }
    return true;
}

static bool serve(struct client *client)
{
    for (;;) {
        bool again;

        if (!take_turns(client, &again))
            return false;
        if (all_ended(client))
            return true;
        if (client_incident_due(client) ? !client_incidents(client) : !again && !wait(client))
            return false;
    }
}

bool client_pump(struct client *client)
{
    bool ok = client_listen(client) && start_first(client) && serve(client);

    ok = end_all(client, ok);
    client_listen_no_more(client);
    return ok;
}
