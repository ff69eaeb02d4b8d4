/* SPDX-License-Identifier: MIT */
#include "client/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/base.h"
#include "client/internal.h"

bool client_fail(struct client_session *session, enum client_failure kind, NTSTATUS status,
                 const char *format, ...)
{
    struct client_result *result = session->result;
    va_list arguments;
    int name = 0, used;

    if (result->kind != CLIENT_OK)
        return false;
    result->kind = kind;
    result->status = status;
    if (session->named)
        name = snprintf(result->text, sizeof result->text, "--pin %s: ", session->wish->name);
    if ((size_t)name > sizeof result->text / 2)
        name = 0;
    va_start(arguments, format);
    used = name + vsnprintf(result->text + name, sizeof result->text - (size_t)name, format,
                            arguments);
    va_end(arguments);
    if (status != STATUS_SUCCESS && (size_t)used < sizeof result->text)
        snprintf(result->text + used, sizeof result->text - (size_t)used, " (status 0x%08x)",
                 (unsigned)status);
    return false;
}

static enum weir_pattern_format pattern_format(const char *fourcc)
{
    static const struct {
        const char *fourcc;
        enum weir_pattern_format format;
    } rows[] = {{"YUY2", WEIR_PATTERN_YUY2},
                {"UYVY", WEIR_PATTERN_UYVY},
                {"RGB3", WEIR_PATTERN_RGB24},
                {"RGB4", WEIR_PATTERN_RGB32},
                {"NV12", WEIR_PATTERN_NV12}};

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].fourcc, fourcc) == 0)
            return rows[i].format;
    }
    return WEIR_PATTERN_FORMATS;
}

static struct weir_pattern_geometry geometry_of(const struct client_session *session)
{
    return (struct weir_pattern_geometry){.format = pattern_format(session->format.fourcc),
                                          .width = session->format.width,
                                          .height = session->format.height,
                                          .bottom_up = session->format.bottom_up};
}

bool client_make_pattern(struct client_session *session)
{
    struct weir_pattern_geometry geometry = geometry_of(session);
    int result = weir_pattern_create(&geometry, &session->pattern);

    if (result == -EINVAL)
        return client_fail(session, CLIENT_NO_FORMAT, STATUS_SUCCESS,
                           "there are no pictures of %ux%u to send: they have at least %u pixels "
                           "each way", session->format.width, session->format.height,
                           (unsigned)WEIR_PATTERN_SIZE_MIN);
    return result == 0 || client_fail(session, CLIENT_HOST, STATUS_INSUFFICIENT_RESOURCES,
                                      "no memory for the pictures to be sent");
}

static bool make_oracle(struct client_session *session)
{
    struct weir_pattern_geometry geometry = geometry_of(session);
    enum weir_pattern_payload payload =
        session->plays ? WEIR_PATTERN_FULL : session->request->payload;
    int result;

    if (session->format.media != CLIENT_VIDEO || session->wish->source != NULL ||
        (session->plays ? !session->listens : !session->request->check))
        return true;
    result = oracle_create(&geometry, payload, &session->oracle);
    if (result == -EINVAL)
        return client_fail(session, CLIENT_NO_FORMAT, STATUS_SUCCESS,
                           "pictures of %ux%u cannot be checked against the card's, which has at "
                           "least %u pixels each way; --card none takes them as they come",
                           session->format.width, session->format.height,
                           (unsigned)WEIR_PATTERN_SIZE_MIN);
    return result == 0 || client_fail(session, CLIENT_HOST, STATUS_INSUFFICIENT_RESOURCES,
                                      "no memory for the frame oracle");
}

/* ---- Sessions -------------------------------------------------------------------------------- */

struct client_session *client_add_session(struct client *client, const struct client_pin *wish,
                                          const struct client_session *like)
{
    struct client_session *session = &client->sessions[client->session_count];

    weir_assert(client->session_count < CLIENT_SESSIONS_MAX);
    *session = *like;
    session->client = client;
    session->index = client->session_count++;
    session->wish = wish;
    return session;
}

/* A card shows pictures; what else is played, and where there is no card, nobody sees. */
static bool decide_playing(struct client_session *session)
{
    const struct client_pin *wish = session->wish;
    struct hw_device *card = machine_card(session->machine);
    bool video = session->format.media == CLIENT_VIDEO;

    session->follows = wish->frames == 0 && wish->seconds == 0 &&
                       !(session->plays && wish->source != NULL);
    session->listens = session->plays && video && card != NULL;
    session->paced = session->plays && video && card == NULL;
    if (!wish->kept || !session->plays || session->listens)
        return true;
    return client_fail(session, CLIENT_NO_FORMAT, STATUS_SUCCESS,
                       "data goes into pin %u, and nothing of it can be seen again: there is no "
                       "output to write", session->pin_id);
}

static bool wants_nothing(const struct client_pin *wish)
{
    return wish->source == NULL && wish->fourcc[0] == 0 && wish->width == 0 &&
           wish->rate_numerator == 0 && wish->audio.rate_hz == 0 && wish->audio.channels == 0 &&
           wish->audio.bits == 0;
}

/* A pin of which nothing is wanted, in a filter that is given a file, most likely gives out what
 * goes in. False: there is no such neighbour, or it does not. */
static bool like_its_neighbour(struct client_session *session)
{
    const struct client *client = session->client;
    const struct client_pin *wish = session->wish;
    const struct client_result before = *session->result;

    for (unsigned i = 0; i < client->session_count && wants_nothing(wish); i++) {
        const struct client_session *other = &client->sessions[i];

        if (other->wish->source == NULL || other->filter_index != session->filter_index ||
            (wish->media != CLIENT_ANY && wish->media != other->wish->media))
            continue;
        session->own_wish = *other->wish;
        session->own_wish.name = wish->name;
        session->own_wish.packet_ms = wish->packet_ms;
        session->own_wish.frames = wish->frames;
        session->own_wish.seconds = wish->seconds;
        session->own_wish.buffers = wish->buffers;
        session->own_wish.kept = wish->kept;
        session->wish = &session->own_wish;
        if (client_choose_format(session))
            return true;
        session->wish = wish;
        *session->result = before;
        return false;
    }
    return false;
}

/* A pin that was added takes what the one that was asked for gives. */
static bool choose_format(struct client_session *session)
{
    const struct client_session *first = &session->client->sessions[0];

    if (session->wish != &session->client->feed)
        return like_its_neighbour(session) || client_choose_format(session);
    session->format = first->format;
    memcpy(session->data_format, first->data_format, sizeof session->data_format);
    return true;
}

static bool make_staging(struct client_session *session)
{
    if (session->format.media != CLIENT_AUDIO || session->plays)
        return true;
    session->staging = malloc(session->format.frame_bytes);
    return session->staging != NULL || client_fail(session, CLIENT_HOST,
                                                   STATUS_INSUFFICIENT_RESOURCES,
                                                   "no memory for a packet");
}

static bool open_session(struct client_session *session)
{
    if (!choose_format(session) || !decide_playing(session) || !client_open_pin(session))
        return false;
    TRACE(session->trace, client_pin, session->pin_id, session->plays, session->index,
          session->filter_index, session->listens,
          session->follows ? 0 : session->wish->frames);
    if (session->sink->format(session->sink->ctx, session->index, &session->format) != 0)
        return client_fail(session, CLIENT_STOPPED, STATUS_CANCELLED,
                           "the output refuses the format");
    return (!session->plays || client_play_prepare(session)) && make_staging(session) &&
           make_oracle(session) && client_make_reads(session);
}

static void close_session(struct client_session *session)
{
    client_free_reads(session);
    client_play_release(session);
    oracle_destroy(session->oracle);
}

/* ---- The application ------------------------------------------------------------------------- */

static bool open_all(struct client *client)
{
    struct client_session *first = &client->sessions[0];
    unsigned asked = client->session_count;

    client->completed = ExAllocatePoolWithTag(NonPagedPool, sizeof *client->completed, 'tneC');
    if (client->completed == NULL ||
        mm_user_allocate(first->mm, CLIENT_SCRATCH_BYTES, 0, &client->scratch_va) != 0)
        return client_fail(first, CLIENT_HOST, STATUS_INSUFFICIENT_RESOURCES, "no memory");
    KeInitializeEvent(client->completed, SynchronizationEvent, FALSE);
    for (unsigned i = 0; i < asked; i++) {
        client->sessions[i].scratch_va = client->scratch_va;
        client->sessions[i].completed = client->completed;
        client->sessions[i].named = asked > 1;
    }
    if (!client_find_pins(client))
        return false;
    for (unsigned i = 0; i < client->session_count; i++) {
        if (!open_session(&client->sessions[i]))
            return false;
    }
    return true;
}

bool client_open_pins(struct client *client)
{
    bool ok = true;

    for (unsigned i = 0; ok && i < client->session_count; i++) {
        if (!client->sessions[i].ended)
            ok = client_open_pin(&client->sessions[i]);
    }
    return ok;
}

void client_close_pins(struct client *client)
{
    for (unsigned i = client->session_count; i-- > 0;) {
        if (client->sessions[i].pin != NULL)
            io_file_close(client->sessions[i].pin);
        client->sessions[i].pin = NULL;
    }
}

void client_close_filters(struct client *client)
{
    for (unsigned i = client->filter_count; i-- > 0;) {
        if (client->filters[i].file != NULL)
            io_file_close(client->filters[i].file);
        client->filters[i].file = NULL;
    }
}

static void close_all(struct client *client)
{
    client_close_pins(client);
    client_close_filters(client);
    for (unsigned i = client->session_count; i-- > 0;)
        close_session(&client->sessions[i]);
    if (client->scratch_va != 0)
        mm_user_free(client->sessions[0].mm, client->scratch_va);
    if (client->completed != NULL)
        ExFreePoolWithTag(client->completed, 'tneC');
}

void client_run(struct machine *machine, const struct client_request *request,
                const struct client_sink *sink, struct client_result *result)
{
    struct client *client = calloc(1, sizeof *client);
    const struct client_session plain = {.machine = machine, .mm = machine_mm(machine),
                                         .io = machine_io(machine),
                                         .trace = ke_trace(machine_ke(machine)),
                                         .request = request, .sink = sink, .result = result};

    weir_assert(request->pin_count > 0);
    weir_assert(request->pin_count <= CLIENT_PINS_MAX);
    memset(result, 0, sizeof *result);
    json_object_seed(1); /* else it would open /dev/urandom, which the sandbox forbids */
    if (client == NULL) {
        result->kind = CLIENT_HOST;
        return;
    }
    client_schedule_init(&client->schedule, request);
    for (unsigned i = 0; i < request->pin_count; i++)
        client_add_session(client, &request->pins[i], &plain);
    if (open_all(client))
        client_pump(client);
    close_all(client);
    free(client);
}
