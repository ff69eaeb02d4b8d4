/* SPDX-License-Identifier: MIT */
/* Filters and pins, as an application finds them: enumerate device interfaces, open the filter,
 * look at its pin types. A pin is named as `weir inspect` shows it, or the one that suits is taken:
 * capture before other pins that data comes out of, and those before pins that it goes into. A
 * filter may give frames only after it was given some: it has a pin that data goes into, and says
 * that an instance of it is necessary; then that pin is opened too. KS Filters, KS Pins;
 * KSPROPERTY_PIN_NECESSARYINSTANCES. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base.h"
#include "client/inspect_json.h"
#include "client/internal.h"

enum { ARRIVAL_MS = 5000, SETTLE_MS = 100, INTERFACES_MAX = 256 };

/* ---- Filters --------------------------------------------------------------------------------- */

static void pass_time(unsigned milliseconds)
{
    LARGE_INTEGER interval = {.QuadPart = -10000 * (LONGLONG)milliseconds};

    KeDelayExecutionThread(UserMode, FALSE, &interval);
}

/* The classes that drivers of pictures and sound are looked for in, in this order. */
static const UNICODE_STRING *find_interface(struct client_session *session)
{
    static const GUID *const classes[] = {&KSCATEGORY_CAPTURE, &KSCATEGORY_VIDEO,
                                          &KSCATEGORY_VIDEO_CAMERA, &KSCATEGORY_RENDER,
                                          &KSCATEGORY_AUDIO};
    const UNICODE_STRING *link;

    for (unsigned i = 0; i < ARRAY_LEN(classes); i++) {
        if (NT_SUCCESS(io_interface_at(session->io, classes[i], 0, &link)))
            return link;
    }
    return NULL;
}

static const UNICODE_STRING *interface_at(struct client_session *session, unsigned index)
{
    const UNICODE_STRING *link;
    GUID class_guid;

    return NT_SUCCESS(io_interface_of_any_class(session->io, index, &class_guid, &link)) ? link
                                                                                         : NULL;
}

/* Interfaces appear after the start, from a worker thread: an application waits for their
 * arrival. */
static bool wait_for_interfaces(struct client_session *session)
{
    for (unsigned i = 0; i < ARRIVAL_MS && find_interface(session) == NULL; i++) {
        if (interface_at(session, 0) != NULL && i >= SETTLE_MS)
            break;
        pass_time(1);
    }
    if (interface_at(session, 0) != NULL)
        return true;
    return client_fail(session, CLIENT_NO_PIN, STATUS_SUCCESS,
                       "the driver enables no device interface to capture or render by");
}

/* Other filters of the driver may still be on their way. */
static void settle(struct client_session *session)
{
    if (!session->client->settled)
        pass_time(SETTLE_MS);
    session->client->settled = true;
}

/* \??\<device>#{class}, and \<reference> for one of several: where the class stands. */
static size_t class_at(const UNICODE_STRING *link)
{
    enum { CLASS_CHARACTERS = 39 }; /* "#{...}" */
    size_t count = link->Length / sizeof(WCHAR), at = count;

    for (size_t i = 0; i + CLASS_CHARACTERS <= count; i++) {
        if (link->Buffer[i] == '#' && link->Buffer[i + 1] == '{' &&
            link->Buffer[i + CLASS_CHARACTERS - 1] == '}')
            at = i;
    }
    return at;
}

/* Two links to one filter differ in their class only. */
static bool is_same_filter(const UNICODE_STRING *a, const UNICODE_STRING *b)
{
    enum { CLASS_BYTES = 39 * sizeof(WCHAR) };
    size_t at = class_at(a) * sizeof(WCHAR);
    const uint8_t *left = (const uint8_t *)a->Buffer, *right = (const uint8_t *)b->Buffer;

    if (a->Length != b->Length || at != class_at(b) * sizeof(WCHAR) ||
        memcmp(left, right, at) != 0)
        return false;
    return at + CLASS_BYTES > a->Length || memcmp(left + at + CLASS_BYTES, right + at + CLASS_BYTES,
                                                  a->Length - at - CLASS_BYTES) == 0;
}

static bool is_first_of_its_filter(struct client_session *session, unsigned index)
{
    const UNICODE_STRING *link = interface_at(session, index);

    for (unsigned i = 0; i < index; i++) {
        if (is_same_filter(interface_at(session, i), link))
            return false;
    }
    return true;
}

/* In the order in which `weir inspect` numbers them; NULL: there are not so many. */
static const UNICODE_STRING *filter_link(struct client_session *session, unsigned index)
{
    const UNICODE_STRING *link;

    for (unsigned i = 0; i < INTERFACES_MAX && (link = interface_at(session, i)) != NULL; i++) {
        if (is_first_of_its_filter(session, i) && index-- == 0)
            return link;
    }
    return NULL;
}

/* The number of the filter that applications look at first. */
static unsigned usual_filter(struct client_session *session)
{
    const UNICODE_STRING *usual = find_interface(session), *link;

    for (unsigned i = 0; usual != NULL && (link = filter_link(session, i)) != NULL; i++) {
        if (is_same_filter(link, usual))
            return i;
    }
    return 0;
}

bool client_reopen_filters(struct client *client)
{
    struct client_session *first = &client->sessions[0];

    if (!wait_for_interfaces(first))
        return false;
    for (unsigned i = 0; i < client->filter_count; i++) {
        const UNICODE_STRING *link = filter_link(first, client->filters[i].index);
        NTSTATUS status = link == NULL ? STATUS_OBJECT_NAME_NOT_FOUND
                                       : io_file_open(first->io, NULL, link,
                                                      FILE_READ_DATA | FILE_WRITE_DATA,
                                                      &client->filters[i].file);

        if (!NT_SUCCESS(status))
            return client_fail(first, CLIENT_REFUSED, status, "the filter cannot be opened again");
        for (unsigned k = 0; k < client->session_count; k++) {
            if (client->sessions[k].filter_index == client->filters[i].index)
                client->sessions[k].filter = client->filters[i].file;
        }
    }
    return true;
}

/* The session's filter becomes this one; pins of one filter share its object. */
static bool open_filter(struct client_session *session, unsigned index)
{
    struct client *client = session->client;
    struct client_filter *filter = &client->filters[client->filter_count];
    const UNICODE_STRING *link = filter_link(session, index);
    NTSTATUS status;

    for (unsigned i = 0; i < client->filter_count; i++) {
        if (client->filters[i].index == index) {
            session->filter = client->filters[i].file;
            session->filter_index = index;
            return true;
        }
    }
    if (link == NULL)
        return client_fail(session, CLIENT_NO_FORMAT, STATUS_SUCCESS,
                           "there is no filter %u; weir inspect lists them", index);
    if (client->filter_count == CLIENT_FILTERS_MAX)
        return client_fail(session, CLIENT_NO_PIN, STATUS_SUCCESS, "at most %d filters at a time",
                           CLIENT_FILTERS_MAX);
    status = io_file_open(session->io, NULL, link, FILE_READ_DATA | FILE_WRITE_DATA, &filter->file);
    if (!NT_SUCCESS(status))
        return client_fail(session, CLIENT_REFUSED, status, "the filter cannot be opened");
    filter->index = index;
    client->filter_count++;
    session->filter = filter->file;
    session->filter_index = index;
    return true;
}

/* ---- What a pin is --------------------------------------------------------------------------- */

/* An application can connect to the pin. */
static bool pin_is_open_to_us(struct client_session *session, ULONG pin_id, ULONG *flow)
{
    uint32_t bytes = sizeof(ULONG);
    ULONG communication = 0;

    if (!NT_SUCCESS(client_pin_property(session, pin_id, KSPROPERTY_PIN_DATAFLOW, flow, &bytes)))
        return false;
    bytes = sizeof(ULONG);
    if (!NT_SUCCESS(client_pin_property(session, pin_id, KSPROPERTY_PIN_COMMUNICATION,
                                        &communication, &bytes)))
        return false;
    return communication == KSPIN_COMMUNICATION_SINK || communication == KSPIN_COMMUNICATION_BOTH;
}

static bool pin_is_capture(struct client_session *session, ULONG pin_id)
{
    uint32_t bytes = sizeof(GUID);
    GUID category;

    return NT_SUCCESS(client_pin_property(session, pin_id, KSPROPERTY_PIN_CATEGORY, &category,
                                          &bytes)) &&
           memcmp(&category, &PINNAME_VIDEO_CAPTURE, sizeof category) == 0;
}

static NTSTATUS count_pins(struct client_session *session, ULONG *count)
{
    KSPROPERTY request = {.Set = KSPROPSETID_Pin, .Id = KSPROPERTY_PIN_CTYPES,
                          .Flags = KSPROPERTY_TYPE_GET};
    uint32_t bytes = sizeof *count;

    return client_property(session, session->filter, &request, sizeof request, count, &bytes);
}

static bool is_necessary(struct client_session *session, ULONG pin_id)
{
    uint32_t bytes = sizeof(ULONG);
    ULONG count = 0;

    return NT_SUCCESS(client_pin_property(session, pin_id, KSPROPERTY_PIN_NECESSARYINSTANCES,
                                          &count, &bytes)) &&
           count > 0;
}

/* There are as many of it already as there may be. KSPROPERTY_PIN_CINSTANCES. */
static bool is_taken(struct client_session *session, ULONG pin_id)
{
    const struct client *client = session->client;
    KSPIN_CINSTANCES instances = {0};
    uint32_t bytes = sizeof instances;
    ULONG ours = 0;

    for (unsigned i = 0; i < session->index; i++)
        ours += client->sessions[i].filter == session->filter &&
                client->sessions[i].pin_id == pin_id;
    if (ours == 0)
        return false;
    return !NT_SUCCESS(client_pin_property(session, pin_id, KSPROPERTY_PIN_CINSTANCES, &instances,
                                           &bytes)) ||
           ours >= instances.PossibleCount;
}

/* ---- The one that suits ---------------------------------------------------------------------- */

static bool has_media(struct client_session *session, ULONG pin_id)
{
    enum client_media wanted = session->wish->media;

    return wanted == CLIENT_ANY || (client_pin_media(session, pin_id) & 1u << wanted) != 0;
}

/* How much we would like the pin: capture, another that data comes out of, one that it goes into;
 * 0: not for us. */
static unsigned liking(struct client_session *session, ULONG pin_id)
{
    ULONG flow = 0;

    if (!pin_is_open_to_us(session, pin_id, &flow) || is_taken(session, pin_id) ||
        !has_media(session, pin_id))
        return 0;
    if (flow != KSPIN_DATAFLOW_OUT)
        return 1;
    return pin_is_capture(session, pin_id) ? 3 : 2;
}

/* The best pin of the open filter; 0: none. at_most leaves those out that are liked better. */
static unsigned best_pin(struct client_session *session, unsigned at_most, ULONG *pin_id)
{
    ULONG count = 0;
    unsigned best = 0;

    if (!NT_SUCCESS(count_pins(session, &count)))
        return 0;
    for (ULONG i = 0; i < count; i++) {
        unsigned found = liking(session, i);

        if (found <= best || found > at_most)
            continue;
        best = found;
        *pin_id = i;
    }
    return best;
}

static bool find_input(struct client_session *session, bool necessary, ULONG *pin_id)
{
    ULONG count = 0, flow;

    if (!NT_SUCCESS(count_pins(session, &count)))
        return false;
    for (ULONG i = 0; i < count; i++) {
        if (pin_is_open_to_us(session, i, &flow) && flow == KSPIN_DATAFLOW_IN &&
            has_media(session, i) && (!necessary || is_necessary(session, i))) {
            *pin_id = i;
            return true;
        }
    }
    return false;
}

/* What has a source goes to a pin that takes it. Frames come out beside it when somebody wants
 * them, or when the filter does not do without. */
static unsigned choose_pin(struct client_session *session)
{
    unsigned liked = best_pin(session, 3, &session->pin_id);
    ULONG input;

    if (session->wish->source == NULL || liked < 2)
        return liked;
    if (!find_input(session, false, &input))
        return 0;
    if (session->wish->kept || is_necessary(session, session->pin_id))
        return liked;
    session->pin_id = input;
    return 1;
}

static const char *media_word(enum client_media media)
{
    static const char *const words[] = {"", " for pictures", " for sound"};

    return words[media];
}

static bool no_pin(struct client_session *session)
{
    ULONG count = 0;
    NTSTATUS status = count_pins(session, &count);

    if (!NT_SUCCESS(status))
        return client_fail(session, CLIENT_REFUSED, status, "the filter does not count its pins");
    if (session->wish->source != NULL)
        return client_fail(session, CLIENT_NO_FORMAT, STATUS_SUCCESS,
                           "%s holds %s, and no pin takes such", session->wish->source->name,
                           session->wish->source->holds);
    if (session->wish->media != CLIENT_ANY)
        return client_fail(session, CLIENT_NO_FORMAT, STATUS_SUCCESS,
                           "none of the driver's pins is%s", media_word(session->wish->media));
    return client_fail(session, CLIENT_NO_PIN, STATUS_NOT_FOUND,
                       "none of the filter's %u pins is for an application", count);
}

/* The usual filter first, then the others in their order. */
static bool find_suiting(struct client_session *session)
{
    unsigned usual = usual_filter(session), liked;

    if (!open_filter(session, usual))
        return false;
    liked = choose_pin(session);
    if (liked == 0)
        settle(session);
    for (unsigned i = 0; liked == 0 && filter_link(session, i) != NULL; i++) {
        if (i == usual)
            continue;
        if (!open_filter(session, i))
            return false;
        liked = choose_pin(session);
    }
    session->plays = liked == 1;
    return liked != 0 || no_pin(session);
}

/* ---- One that is named ----------------------------------------------------------------------- */

/* "VIDEO_CAPTURE", "PINNAME_VIDEO_CAPTURE" or the GUID. */
static bool is_called(const GUID *guid, const char *prefix, const char *kind, const char *name)
{
    const char *word = inspect_guid_name(guid, kind);
    char spelt[40];

    inspect_guid_spell(guid, spelt);
    if (strcasecmp(spelt, name) == 0)
        return true;
    return word != NULL &&
           (strcasecmp(word, name) == 0 ||
            (strncmp(word, prefix, strlen(prefix)) == 0 &&
             strcasecmp(word + strlen(prefix), name) == 0));
}

static bool has_category(struct client_session *session, ULONG pin_id, const char *name)
{
    uint32_t bytes = sizeof(GUID);
    GUID guid;

    return NT_SUCCESS(client_pin_property(session, pin_id, KSPROPERTY_PIN_CATEGORY, &guid,
                                          &bytes)) &&
           bytes == sizeof guid &&
           (is_called(&guid, "KSCATEGORY_", INSPECT_CATEGORY, name) ||
            is_called(&guid, "PINNAME_", INSPECT_PIN, name));
}

/* The registry's name, or the GUID that stands in for it. */
static bool has_name(struct client_session *session, ULONG pin_id, const char *name)
{
    KSP_PIN request = {.Property = {.Set = KSPROPSETID_Pin, .Id = KSPROPERTY_PIN_NAME,
                                    .Flags = KSPROPERTY_TYPE_GET},
                       .PinId = pin_id};
    const char *word;
    uint32_t bytes;
    json_t *json;
    void *value;
    bool same;

    if (!NT_SUCCESS(client_property_sized(session, session->filter, &request, sizeof request,
                                          &value, &bytes)))
        return false;
    json = inspect_wide(value, bytes);
    word = inspect_spelt_guid_name(json_string_value(json), INSPECT_PIN);
    same = strcasecmp(json_string_value(json), name) == 0 ||
           (word != NULL && (strcasecmp(word, name) == 0 ||
                             strcasecmp(strchr(word, '_') != NULL ? strchr(word, '_') + 1 : word,
                                        name) == 0));
    json_decref(json);
    free(value);
    return same;
}

static bool answers_to(struct client_session *session, ULONG pin_id, const char *name)
{
    uint64_t number;

    if (num_parse_range(name, 0, UINT32_MAX, &number) == 0)
        return number == pin_id;
    return has_category(session, pin_id, name) || has_name(session, pin_id, name);
}

/* A pin of the open filter that answers to the name and is not taken. */
static bool find_by_name(struct client_session *session, const char *name)
{
    ULONG count = 0, flow;

    if (!NT_SUCCESS(count_pins(session, &count)))
        return false;
    for (ULONG i = 0; i < count; i++) {
        if (is_taken(session, i) || !answers_to(session, i, name) ||
            !pin_is_open_to_us(session, i, &flow))
            continue;
        session->pin_id = i;
        session->plays = flow == KSPIN_DATAFLOW_IN;
        return true;
    }
    return false;
}

/* "1/0": pin 0 of filter 1. */
static bool find_named(struct client_session *session)
{
    const char *name = session->wish->name, *slash = strchr(name, '/');
    char filter[16] = "";
    uint64_t index;
    bool found = false;

    settle(session);
    if (slash != NULL)
        snprintf(filter, sizeof filter, "%.*s", (int)(slash - name), name);
    if (slash != NULL && num_parse_range(filter, 0, INTERFACES_MAX, &index) == 0) {
        if (!open_filter(session, (unsigned)index))
            return false;
        found = find_by_name(session, slash + 1);
    } else {
        unsigned usual = usual_filter(session);

        for (unsigned i = 0; !found && filter_link(session, i) != NULL; i++) {
            /* the usual one comes first */
            unsigned at = i == 0 ? usual : i <= usual ? i - 1 : i;

            if (!open_filter(session, at))
                return false;
            found = find_by_name(session, name);
        }
    }
    if (!found)
        return client_fail(session, CLIENT_NO_FORMAT, STATUS_SUCCESS,
                           "there is no pin for an application that is called so; weir inspect "
                           "lists the pins");
    if (session->wish->source != NULL && !session->plays)
        return client_fail(session, CLIENT_NO_FORMAT, STATUS_SUCCESS,
                           "data comes out of the pin, and in=%s wants to go in",
                           session->wish->source->name);
    return true;
}

/* ---- All of them ----------------------------------------------------------------------------- */

/* The pin beside a session that captures: one without which nothing comes out, or one that its
 * source goes to. */
static bool add_input(struct client *client, struct client_session *session)
{
    const struct client_source *source = session->wish->source;
    struct client_session *input;
    ULONG pin_id;

    if (session->plays || session->wish->name != NULL ||
        !find_input(session, source == NULL, &pin_id))
        return true;
    client->feed = *session->wish;
    if (source == NULL)
        client->feed.frames = client->feed.seconds = 0;
    client->feed.kept = false;
    input = client_add_session(client, &client->feed, session);
    input->pin_id = pin_id;
    input->plays = true;
    return true;
}

bool client_find_pins(struct client *client)
{
    unsigned asked = client->session_count;

    if (!wait_for_interfaces(&client->sessions[0]))
        return false;
    for (unsigned i = 0; i < asked; i++) {
        struct client_session *session = &client->sessions[i];

        if (!(session->wish->name != NULL ? find_named(session) : find_suiting(session)))
            return false;
    }
    return asked > 1 || add_input(client, &client->sessions[0]);
}
