/* SPDX-License-Identifier: MIT */
/* A format that a pin and its application agree on, and the pin opened with it: read the pin's data
 * ranges, ask for an intersection with what is wanted, create the pin. KS Pins;
 * KSPROPERTY_PIN_DATARANGES; KSPROPERTY_PIN_DATAINTERSECTION. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "client/inspect_format.h"
#include "client/internal.h"

enum { RANGES_CHARACTERS = 200 }; /* of a message, for what a pin offers */

/* ---- Ranges ---------------------------------------------------------------------------------- */

static bool read_ranges(struct client_session *session, KSMULTIPLE_ITEM **out)
{
    KSP_PIN request = {.Property = {.Set = KSPROPSETID_Pin, .Id = KSPROPERTY_PIN_DATARANGES,
                                    .Flags = KSPROPERTY_TYPE_GET},
                       .PinId = session->pin_id};
    uint32_t bytes;
    void *list;
    NTSTATUS status = client_property_sized(session, session->filter, &request, sizeof request,
                                            &list, &bytes);

    if (!NT_SUCCESS(status))
        return client_fail(session, CLIENT_REFUSED, status,
                           "the pin does not tell its data ranges");
    if (bytes < sizeof(KSMULTIPLE_ITEM) || ((KSMULTIPLE_ITEM *)list)->Size > bytes) {
        free(list);
        return client_fail(session, CLIENT_REFUSED, STATUS_INVALID_BUFFER_SIZE,
                           "the pin's list of data ranges is damaged");
    }
    *out = list;
    return true;
}

void client_each_range(const KSMULTIPLE_ITEM *list, client_range_fn *look, void *ctx)
{
    const uint8_t *at = (const uint8_t *)(list + 1);
    const uint8_t *end = (const uint8_t *)list + list->Size;

    for (ULONG i = 0; i < list->Count && end - at >= (ptrdiff_t)sizeof(KSDATARANGE); i++) {
        const KSDATARANGE *range = (const KSDATARANGE *)at;

        if (range->FormatSize < sizeof *range || range->FormatSize > (size_t)(end - at))
            break;
        look(ctx, range);
        at += bits_align_up(range->FormatSize, 8);
    }
}

static void note_media(void *ctx, const KSDATARANGE *range)
{
    unsigned *media = ctx;

    *media |= client_is_video_range(range) ? 1u << CLIENT_VIDEO : 0;
    *media |= client_is_audio_range(range) ? 1u << CLIENT_AUDIO : 0;
}

unsigned client_pin_media(struct client_session *session, ULONG pin_id)
{
    KSP_PIN request = {.Property = {.Set = KSPROPSETID_Pin, .Id = KSPROPERTY_PIN_DATARANGES,
                                    .Flags = KSPROPERTY_TYPE_GET},
                       .PinId = pin_id};
    unsigned media = 0;
    uint32_t bytes;
    void *list;

    if (!NT_SUCCESS(client_property_sized(session, session->filter, &request, sizeof request, &list,
                                          &bytes)))
        return 0;
    if (bytes >= sizeof(KSMULTIPLE_ITEM) && ((KSMULTIPLE_ITEM *)list)->Size <= bytes)
        client_each_range(list, note_media, &media);
    free(list);
    return media;
}

/* "YUY2 640x480 5-60 fps, ...", as far as there is room. */
static void put_ranges(const KSMULTIPLE_ITEM *list, struct text *text)
{
    json_t *problems = json_array();
    json_t *ranges = inspect_ranges(list, list->Size, problems);
    size_t count = json_array_size(ranges);

    for (size_t i = 0; i < count && text->length < RANGES_CHARACTERS; i++)
        text_printf(text, "%s%s", i > 0 ? ", " : "",
                    json_string_value(json_object_get(json_array_get(ranges, i), "text")));
    json_decref(ranges);
    json_decref(problems);
}

bool client_no_range(struct client_session *session, const KSMULTIPLE_ITEM *list)
{
    const struct client_source *source = session->wish->source;
    struct text text;

    text_init(&text);
    put_ranges(list, &text);
    if (source != NULL)
        client_fail(session, CLIENT_NO_FORMAT, STATUS_SUCCESS,
                    "%s holds %s, which pin %u does not take; it takes %s", source->name,
                    source->holds, session->pin_id, text_get(&text));
    else
        client_fail(session, CLIENT_NO_FORMAT, STATUS_NO_MATCH,
                    "no data range of pin %u offers the wanted format, size and rate; there is %s",
                    session->pin_id, text_get(&text));
    text_fini(&text);
    return false;
}

/* ---- The format ------------------------------------------------------------------------------ */

NTSTATUS client_intersect(struct client_session *session, const KSDATARANGE *range)
{
    uint8_t request[sizeof(KSP_PIN) + sizeof(KSMULTIPLE_ITEM) + CLIENT_FORMAT_BYTES_MAX] = {0};
    KSP_PIN *pin = (KSP_PIN *)request;
    KSMULTIPLE_ITEM *item = (KSMULTIPLE_ITEM *)(pin + 1);
    uint32_t bytes;
    void *format;
    NTSTATUS status;

    *pin = (KSP_PIN){.Property = {.Set = KSPROPSETID_Pin, .Id = KSPROPERTY_PIN_DATAINTERSECTION,
                                  .Flags = KSPROPERTY_TYPE_GET},
                     .PinId = session->pin_id};
    *item = (KSMULTIPLE_ITEM){.Size = sizeof *item + range->FormatSize, .Count = 1};
    memcpy(item + 1, range, range->FormatSize);
    status = client_property_sized(session, session->filter, request,
                                   (uint32_t)(sizeof *pin + item->Size), &format, &bytes);
    if (!NT_SUCCESS(status))
        return status;
    if (bytes < sizeof(KSDATAFORMAT) || bytes > sizeof session->data_format ||
        ((const KSDATAFORMAT *)format)->FormatSize < sizeof(KSDATAFORMAT) ||
        ((const KSDATAFORMAT *)format)->FormatSize > bytes)
        status = STATUS_INVALID_BUFFER_SIZE;
    else
        memcpy(session->data_format, format, bytes);
    free(format);
    return status;
}

/* Sound where only sound is wanted, or only sound is there. */
bool client_choose_format(struct client_session *session)
{
    KSMULTIPLE_ITEM *list = NULL;
    unsigned media = 0;
    bool ok;

    if (!read_ranges(session, &list))
        return false;
    client_each_range(list, note_media, &media);
    if (session->wish->media == CLIENT_AUDIO ||
        (session->wish->media == CLIENT_ANY && media == 1u << CLIENT_AUDIO))
        ok = client_choose_audio(session, list);
    else
        ok = client_choose_video(session, list);
    free(list);
    return ok;
}

/* ---- Pin ------------------------------------------------------------------------------------- */

/* {146F1A80-4791-11D0-A5D6-28DB04C10000}, a backslash, KSPIN_CONNECT, the format: the name of a pin
 * relative to its filter. KS Pins. */
static uint32_t pin_name(const struct client_session *session, uint8_t *name)
{
    static const WCHAR class_guid[] = u"{146F1A80-4791-11D0-A5D6-28DB04C10000}\\";
    const KSDATAFORMAT *format = (const KSDATAFORMAT *)session->data_format;
    KSPIN_CONNECT connect = {
        .Interface = {.Set = KSINTERFACESETID_Standard, .Id = KSINTERFACE_STANDARD_STREAMING},
        .Medium = {.Set = KSMEDIUMSETID_Standard},
        .PinId = session->pin_id,
        .Priority = {.PriorityClass = KSPRIORITY_NORMAL, .PrioritySubClass = 1}};
    uint32_t at = sizeof class_guid - sizeof class_guid[0];

    memcpy(name, class_guid, at);
    memcpy(name + at, &connect, sizeof connect);
    at += sizeof connect;
    memcpy(name + at, format, format->FormatSize);
    return at + format->FormatSize;
}

bool client_open_pin(struct client_session *session)
{
    uint8_t name[256 + CLIENT_FORMAT_BYTES_MAX] WEIR_ALIGNED(8);
    uint32_t bytes = pin_name(session, name);
    UNICODE_STRING path = {.Length = (USHORT)bytes, .MaximumLength = (USHORT)bytes,
                           .Buffer = (PWCH)name};
    KSPROPERTY request = {.Set = KSPROPSETID_StreamInterface,
                          .Id = KSPROPERTY_STREAMINTERFACE_HEADERSIZE,
                          .Flags = KSPROPERTY_TYPE_GET};
    uint32_t header_bytes = 0, room = sizeof header_bytes;
    NTSTATUS status = io_file_open(session->io, session->filter, &path,
                                   session->plays ? FILE_WRITE_DATA : FILE_READ_DATA,
                                   &session->pin);

    if (!NT_SUCCESS(status))
        return client_fail(session, CLIENT_REFUSED, status, "the driver refuses to open pin %u",
                           session->pin_id);
    session->header_bytes = sizeof(KSSTREAM_HEADER);
    if (NT_SUCCESS(client_property(session, session->pin, &request, sizeof request, &header_bytes,
                                   &room)) &&
        header_bytes > sizeof(KSSTREAM_HEADER) && header_bytes <= CLIENT_HEADER_BYTES_MAX)
        session->header_bytes = header_bytes;
    return true;
}
