/* SPDX-License-Identifier: MIT */
/* What reads and writes have in common: buffers, requests and their ends, states of the pin. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "client/internal.h"

static const int64_t patience_100ns = 10 * 10000000; /* of virtual time, for what was cancelled */
static const mm_pfn first_high_pfn = UINT64_C(0x100000000) >> MM_PAGE_SHIFT;

/* ---- Buffers --------------------------------------------------------------------------------- */

/* The buffer as it lies in RAM. Neighbouring pages that are neighbours in RAM too make one
 * piece. */
static bool find_pieces(struct client_session *session, struct client_read *read)
{
    uint64_t done = 0, total = session->format.frame_bytes;

    read->pieces = calloc(total / MM_PAGE_SIZE + 2, sizeof *read->pieces);
    if (read->pieces == NULL)
        return false;
    while (done < total) {
        uint64_t va = read->data_va + done;
        uint64_t offset = va % MM_PAGE_SIZE;
        uint64_t left = total - done;
        uint64_t count = MM_PAGE_SIZE - offset < left ? MM_PAGE_SIZE - offset : left;
        mm_pfn pfn = mm_pfn_of_va(session->mm, va);
        uint8_t *host = (uint8_t *)mm_page(session->mm, pfn) + offset;
        struct weir_pattern_piece *last =
            read->piece_count > 0 ? &read->pieces[read->piece_count - 1] : NULL;

        if (last != NULL && (const uint8_t *)last->bytes + last->size_bytes == host)
            last->size_bytes += count;
        else
            read->pieces[read->piece_count++] = (struct weir_pattern_piece){host, count};
        read->high_bytes += pfn >= first_high_pfn ? count : 0;
        done += count;
    }
    return true;
}

static bool make_read(struct client_session *session, struct client_read *read)
{
    if (mm_user_allocate(session->mm, session->format.frame_bytes,
                         session->wish->buffer_offset_bytes, &read->data_va) != 0)
        return client_fail(session, CLIENT_NO_ROOM, STATUS_INSUFFICIENT_RESOURCES,
                           "%u buffers of %" PRIu64 " bytes do not fit the machine's RAM as "
                           "--pages lays them; fewer --buffers, a smaller --size, more --ram or "
                           "other --pages", session->wish->buffers,
                           session->format.frame_bytes);
    if (mm_user_allocate(session->mm, CLIENT_HEADER_BYTES_MAX, 0, &read->header_va) != 0 ||
        !find_pieces(session, read))
        return client_fail(session, CLIENT_HOST, STATUS_INSUFFICIENT_RESOURCES,
                           "no memory for a buffer of %" PRIu64 " bytes",
                           session->format.frame_bytes);
    return true;
}

bool client_make_reads(struct client_session *session)
{
    unsigned count = session->wish->buffers;

    session->reads = calloc(count, sizeof *session->reads);
    session->iosbs = ExAllocatePoolWithTag(NonPagedPool, count * sizeof *session->iosbs, 'tneC');
    if (session->reads == NULL || session->iosbs == NULL)
        return client_fail(session, CLIENT_HOST, STATUS_INSUFFICIENT_RESOURCES, "no memory");
    for (unsigned i = 0; i < count; i++) {
        struct client_read *read = &session->reads[i];

        read->iosb = &session->iosbs[i];
        if (!make_read(session, read))
            return false;
        session->read_count++;
    }
    return true;
}

void client_free_reads(struct client_session *session)
{
    for (unsigned i = 0; session->reads != NULL && i < session->wish->buffers; i++) {
        struct client_read *read = &session->reads[i];

        if (read->data_va != 0)
            mm_user_free(session->mm, read->data_va);
        if (read->header_va != 0)
            mm_user_free(session->mm, read->header_va);
        free(read->pieces);
    }
    if (session->iosbs != NULL)
        ExFreePoolWithTag(session->iosbs, 'tneC');
    free(session->reads);
    session->reads = NULL;
}

/* ---- Requests -------------------------------------------------------------------------------- */

bool client_queue(struct client_session *session, struct client_read *read, ULONG code,
                  const uint8_t *header)
{
    NTSTATUS status;

    mm_copy_to_va(session->mm, read->header_va, header, session->header_bytes);
    read->iosb->Status = STATUS_PENDING;
    read->next = NULL;
    if (session->newest != NULL)
        session->newest->next = read;
    else
        session->oldest = read;
    session->newest = read;
    TRACE(session->trace, read_queued, read->wanted_bytes, read->high_bytes);
    status = io_file_control(session->pin, code, 0, 0, read->header_va, session->header_bytes,
                             session->completed, read->iosb, NULL);
    if (status == STATUS_PENDING || NT_SUCCESS(status))
        return true;
    return client_fail(session, CLIENT_REFUSED, status, "the driver refuses a %s",
                       session->plays ? "write" : "read");
}

struct client_read *client_take_finished(struct client_session *session)
{
    struct client_read **link = &session->oldest, *before = NULL;

    for (; *link != NULL; before = *link, link = &(*link)->next) {
        struct client_read *read = *link;

        if (read->iosb->Status == STATUS_PENDING)
            continue;
        *link = read->next;
        if (session->newest == read)
            session->newest = before;
        session->progress_ns = client_now_ns(session);
        return read;
    }
    return NULL;
}

uint64_t client_now_ns(const struct client_session *session)
{
    return sim_now_ns(machine_sim(session->machine));
}

uint64_t client_elapsed_ns(const struct client_session *session)
{
    return client_now_ns(session) - session->run_from_ns;
}

uint64_t client_period_ns(const struct client_session *session)
{
    return UINT64_C(1000000000) * session->format.rate_denominator /
           session->format.rate_numerator;
}

/* With one session there is nothing to tell. */
void client_take_turn(struct client_session *session)
{
    if (session->client->turn == session->index)
        return;
    session->client->turn = session->index;
    TRACE(session->trace, client_turn, session->index);
}

/* ---- States ---------------------------------------------------------------------------------- */

bool client_set_state(struct client_session *session, KSSTATE state)
{
    static const char *const names[] = {"STOP", "ACQUIRE", "PAUSE", "RUN"};
    NTSTATUS status;

    machine_progress(session->machine);
    status = client_set(session, session->pin, &KSPROPSETID_Connection,
                        KSPROPERTY_CONNECTION_STATE, &state, sizeof state);
    if (NT_SUCCESS(status) || session->client->schedule.gone)
        return true;
    return client_fail(session, CLIENT_REFUSED, status, "the driver refuses state %s",
                       names[state]);
}

/* Reads that are still out when the pin has stopped are cancelled, as closing a handle does. */
void client_collect(struct client_session *session)
{
    LARGE_INTEGER timeout = {.QuadPart = -patience_100ns};

    io_file_cancel(session->pin);
    while (session->oldest != NULL) {
        while (client_take_finished(session) != NULL)
            ;
        if (session->oldest != NULL &&
            KeWaitForSingleObject(session->completed, UserRequest, UserMode, FALSE, &timeout) ==
                STATUS_TIMEOUT) {
            client_fail(session, CLIENT_STALLED, STATUS_TIMEOUT,
                        "requests do not come back after the pin was stopped");
            return;
        }
    }
}
