/* SPDX-License-Identifier: MIT */
/* A filter may give pictures only after it was given some: it has a pin that data goes into, and
 * says that an instance of it is necessary. That pin is opened with the same format, and a thread
 * of its own writes the pictures that the capture oracle knows into it, one each frame interval.
 * KSPROPERTY_PIN_NECESSARYINSTANCES. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "client/internal.h"
#include "ke/ke.h"

/* ---- Open and close -------------------------------------------------------------------------- */

static struct client_session *make_feed(const struct client_session *session, ULONG pin_id)
{
    struct client_session *feed = calloc(1, sizeof *feed);

    if (feed == NULL)
        return NULL;
    feed->machine = session->machine;
    feed->mm = session->mm;
    feed->io = session->io;
    feed->trace = session->trace;
    feed->request = session->request;
    feed->sink = session->sink;
    feed->result = session->result;
    feed->schedule = session->schedule;
    feed->scratch_va = session->scratch_va;
    feed->filter = session->filter;
    feed->pin_id = pin_id;
    feed->plays = true;
    feed->format = session->format;
    memcpy(feed->data_format, session->data_format, sizeof feed->data_format);
    return feed;
}

bool client_feed_open(struct client_session *session)
{
    struct client_session *feed;
    ULONG pin_id;

    if (session->plays || !client_find_necessary_input(session, &pin_id))
        return true;
    feed = make_feed(session, pin_id);
    session->feed = feed;
    session->feed_ended = ExAllocatePoolWithTag(NonPagedPool, sizeof(KEVENT), 'tneC');
    if (feed == NULL || session->feed_ended == NULL || !client_make_pattern(feed))
        return client_fail(session, CLIENT_HOST, STATUS_INSUFFICIENT_RESOURCES,
                           "no memory for the pictures to be sent");
    KeInitializeEvent(session->feed_ended, NotificationEvent, FALSE);
    return client_open_pin(feed) && client_make_reads(feed);
}

void client_feed_close(struct client_session *session)
{
    struct client_session *feed = session->feed;

    if (session->feed_ended != NULL)
        ExFreePoolWithTag(session->feed_ended, 'tneC');
    if (feed == NULL)
        return;
    if (feed->pin != NULL)
        io_file_close(feed->pin);
    client_free_reads(feed);
    weir_pattern_destroy(feed->pattern);
    free(feed);
    session->feed = NULL;
}

bool client_feed_state(struct client_session *session, KSSTATE state)
{
    return session->feed == NULL || client_set_state(session->feed, state);
}

/* ---- The thread ------------------------------------------------------------------------------ */

static void wait_until_due(const struct client_session *feed)
{
    uint64_t period_ns = UINT64_C(1000000000) * feed->format.rate_denominator /
                         feed->format.rate_numerator;
    uint64_t due_ns = feed->run_from_ns + (feed->sent - feed->sent_before) * period_ns;
    uint64_t now_ns = sim_now_ns(machine_sim(feed->machine));
    LARGE_INTEGER wait;

    if (due_ns <= now_ns)
        return;
    wait.QuadPart = -(LONGLONG)((due_ns - now_ns + 99) / 100);
    KeDelayExecutionThread(UserMode, FALSE, &wait);
}

static bool send_next(struct client_session *feed, struct client_read *write)
{
    wait_until_due(feed);
    return feed->closing || client_send(feed, write);
}

static bool send_finished(struct client_session *feed)
{
    struct client_read *write;

    while (!feed->closing && (write = client_take_finished(feed)) != NULL) {
        if (!NT_SUCCESS(write->iosb->Status) && feed->schedule->gone)
            return false;
        if (!NT_SUCCESS(write->iosb->Status))
            return client_fail(feed, CLIENT_REFUSED, write->iosb->Status, "a write failed");
        if (!send_next(feed, write))
            return false;
    }
    return true;
}

static void feed_pictures(void *ctx)
{
    struct client_session *session = ctx;
    struct client_session *feed = session->feed;
    bool ok = true;

    for (unsigned i = 0; ok && !feed->closing && i < feed->read_count; i++)
        ok = send_next(feed, &feed->reads[i]);
    while (ok && !feed->closing) {
        KeWaitForSingleObject(feed->completed, UserRequest, UserMode, FALSE, NULL);
        ok = send_finished(feed);
    }
    KeSetEvent(session->feed_ended, IO_NO_INCREMENT, FALSE);
}

bool client_feed_start(struct client_session *session)
{
    struct client_session *feed = session->feed;

    if (feed == NULL)
        return true;
    feed->run_from_ns = sim_now_ns(machine_sim(session->machine));
    feed->sent_before = feed->sent;
    feed->closing = false;
    KeClearEvent(session->feed_ended);
    if (ke_thread_start(machine_ke(session->machine), "feed", feed_pictures, session, NULL) != 0)
        return client_fail(session, CLIENT_HOST, STATUS_INSUFFICIENT_RESOURCES,
                           "no memory for a thread that sends pictures");
    session->feeding = true;
    return true;
}

void client_feed_stop(struct client_session *session)
{
    if (!session->feeding)
        return;
    session->feed->closing = true;
    KeSetEvent(session->feed->completed, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(session->feed_ended, UserRequest, UserMode, FALSE, NULL);
    session->feeding = false;
}

void client_feed_collect(struct client_session *session)
{
    if (session->feed != NULL)
        client_collect(session->feed);
}
