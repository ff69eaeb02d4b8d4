/* SPDX-License-Identifier: MIT */
#include "client/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "client/internal.h"

bool client_fail(struct client_session *session, enum client_failure kind, NTSTATUS status,
                 const char *format, ...)
{
    struct client_result *result = session->result;
    va_list arguments;
    int used;

    if (result->kind != CLIENT_OK)
        return false;
    result->kind = kind;
    result->status = status;
    va_start(arguments, format);
    used = vsnprintf(result->text, sizeof result->text, format, arguments);
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

    if (!session->request->check && !session->plays)
        return true;
    if (session->plays && !client_make_pattern(session))
        return false;
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

bool client_open_pins(struct client_session *session)
{
    return client_open_pin(session) && client_feed_open(session);
}

void client_close_pins(struct client_session *session)
{
    client_feed_close(session);
    if (session->pin != NULL)
        io_file_close(session->pin);
    session->pin = NULL;
}

void client_close_filter(struct client_session *session)
{
    if (session->filter != NULL)
        io_file_close(session->filter);
    session->filter = NULL;
}

static bool open_all(struct client_session *session)
{
    if (mm_user_allocate(session->mm, CLIENT_SCRATCH_BYTES, 0, &session->scratch_va) != 0)
        return client_fail(session, CLIENT_HOST, STATUS_INSUFFICIENT_RESOURCES, "no memory");
    if (!client_find_filter(session) || !client_find_pin(session) ||
        !client_choose_format(session) || !client_open_pin(session))
        return false;
    if (session->sink->format(session->sink->ctx, &session->format) != 0)
        return client_fail(session, CLIENT_STOPPED, STATUS_CANCELLED,
                           "the output refuses the format");
    return make_oracle(session) && client_make_reads(session) && client_feed_open(session);
}

static void close_all(struct client_session *session)
{
    client_close_pins(session);
    client_close_filter(session);
    client_free_reads(session);
    if (session->scratch_va != 0)
        mm_user_free(session->mm, session->scratch_va);
    oracle_destroy(session->oracle);
    weir_pattern_destroy(session->pattern);
}

void client_capture(struct machine *machine, const struct client_request *request,
                    const struct client_sink *sink, struct client_result *result)
{
    struct client_session *session = calloc(1, sizeof *session);
    struct client_schedule schedule;

    memset(result, 0, sizeof *result);
    if (session == NULL) {
        result->kind = CLIENT_HOST;
        return;
    }
    session->machine = machine;
    session->mm = machine_mm(machine);
    session->io = machine_io(machine);
    session->trace = ke_trace(machine_ke(machine));
    session->request = request;
    session->sink = sink;
    session->result = result;
    client_schedule_init(&schedule, request);
    session->schedule = &schedule;
    if (open_all(session))
        session->plays ? client_play_stream(session) : client_capture_stream(session);
    close_all(session);
    free(session);
}
