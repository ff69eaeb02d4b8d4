/* SPDX-License-Identifier: MIT */
/* From nothing to an open pin, as an application does it: enumerate device interfaces, open the
 * filter, find a pin that data comes out of, or else one that it goes into, read its data ranges,
 * ask for an intersection with what is wanted, open the pin with the format. KS Filters, KS Pins;
 * KSPROPERTY_PIN_DATAINTERSECTION. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "client/internal.h"

static const uint64_t second_100ns = 10000000;
enum { ARRIVAL_MS = 5000 };

/* ---- Filter and pin -------------------------------------------------------------------------- */

static const UNICODE_STRING *find_interface(struct client_session *session)
{
    static const GUID *const classes[] = {&KSCATEGORY_CAPTURE, &KSCATEGORY_VIDEO,
                                          &KSCATEGORY_VIDEO_CAMERA, &KSCATEGORY_RENDER};
    const UNICODE_STRING *link;

    for (unsigned i = 0; i < ARRAY_LEN(classes); i++) {
        if (NT_SUCCESS(io_interface_at(session->io, classes[i], 0, &link)))
            return link;
    }
    return NULL;
}

/* Interfaces appear after the start, from a worker thread: an application waits for their
 * arrival. */
bool client_find_filter(struct client_session *session)
{
    LARGE_INTEGER millisecond = {.QuadPart = -10000};
    const UNICODE_STRING *link = find_interface(session);
    NTSTATUS status;

    for (unsigned i = 0; i < ARRIVAL_MS && link == NULL; i++) {
        KeDelayExecutionThread(UserMode, FALSE, &millisecond);
        link = find_interface(session);
    }
    if (link == NULL)
        return client_fail(session, CLIENT_NO_PIN, STATUS_SUCCESS,
                           "the driver enables no device interface to capture or render by");
    status = io_file_open(session->io, NULL, link, FILE_READ_DATA | FILE_WRITE_DATA,
                          &session->filter);
    if (NT_SUCCESS(status))
        return true;
    return client_fail(session, CLIENT_REFUSED, status, "the filter cannot be opened");
}

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

/* How much we would like the pin: capture, another that data comes out of, one that it goes into;
 * 0: not for us. */
static unsigned liking(struct client_session *session, ULONG pin_id)
{
    ULONG flow = 0;

    if (!pin_is_open_to_us(session, pin_id, &flow))
        return 0;
    if (flow != KSPIN_DATAFLOW_OUT)
        return 1;
    return pin_is_capture(session, pin_id) ? 3 : 2;
}

static NTSTATUS count_pins(struct client_session *session, ULONG *count)
{
    KSPROPERTY request = {.Set = KSPROPSETID_Pin, .Id = KSPROPERTY_PIN_CTYPES,
                          .Flags = KSPROPERTY_TYPE_GET};
    uint32_t bytes = sizeof *count;

    return client_property(session, session->filter, &request, sizeof request, count, &bytes);
}

bool client_find_pin(struct client_session *session)
{
    ULONG count = 0;
    unsigned best = 0;
    NTSTATUS status = count_pins(session, &count);

    if (!NT_SUCCESS(status))
        return client_fail(session, CLIENT_REFUSED, status, "the filter does not count its pins");
    for (ULONG i = 0; i < count; i++) {
        unsigned found = liking(session, i);

        if (found <= best)
            continue;
        best = found;
        session->pin_id = i;
    }
    if (best == 0)
        return client_fail(session, CLIENT_NO_PIN, STATUS_NOT_FOUND,
                           "none of the filter's %u pins is for an application", count);
    session->plays = best == 1;
    TRACE(session->trace, client_pin, session->pin_id, session->plays);
    return true;
}

static bool is_necessary(struct client_session *session, ULONG pin_id)
{
    uint32_t bytes = sizeof(ULONG);
    ULONG count = 0;

    return NT_SUCCESS(client_pin_property(session, pin_id, KSPROPERTY_PIN_NECESSARYINSTANCES,
                                          &count, &bytes)) &&
           count > 0;
}

bool client_find_necessary_input(struct client_session *session, ULONG *pin_id)
{
    ULONG count = 0, flow;

    if (!NT_SUCCESS(count_pins(session, &count)))
        return false;
    for (ULONG i = 0; i < count; i++) {
        if (pin_is_open_to_us(session, i, &flow) && flow == KSPIN_DATAFLOW_IN &&
            is_necessary(session, i)) {
            *pin_id = i;
            return true;
        }
    }
    return false;
}

/* ---- Formats --------------------------------------------------------------------------------- */

struct subtype {
    const char *fourcc;
    GUID guid;
    bool rgb;
    uint32_t bits;
};

/* A FOURCC subtype is {xxxxxxxx-0000-0010-8000-00AA00389B71}; the RGB ones are DirectShow's. */
#define FOURCC_SUBTYPE(code)                                                                       \
    {code, 0x0000, 0x0010, {0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71}}
#define RGB_SUBTYPE(code)                                                                          \
    {code, 0x524F, 0x11CE, {0x9F, 0x53, 0x00, 0x20, 0xAF, 0x0B, 0xA7, 0x70}}

static const struct subtype subtypes[] = {
    {"YUY2", FOURCC_SUBTYPE(0x32595559), false, 16},
    {"UYVY", FOURCC_SUBTYPE(0x59565955), false, 16},
    {"NV12", FOURCC_SUBTYPE(0x3231564E), false, 12},
    {"RGB3", RGB_SUBTYPE(0xE436EB7D), true, 24},
    {"RGB4", RGB_SUBTYPE(0xE436EB7E), true, 32},
};

static const struct subtype *subtype_of(const GUID *guid)
{
    for (unsigned i = 0; i < ARRAY_LEN(subtypes); i++) {
        if (memcmp(&subtypes[i].guid, guid, sizeof *guid) == 0)
            return &subtypes[i];
    }
    return NULL;
}

/* A video range that the request could come from; its geometry counts as a preference only. */
static const KS_DATARANGE_VIDEO *as_video(const KSDATARANGE *range)
{
    if (range->FormatSize < sizeof(KS_DATARANGE_VIDEO) ||
        memcmp(&range->MajorFormat, &KSDATAFORMAT_TYPE_VIDEO, sizeof(GUID)) != 0 ||
        memcmp(&range->Specifier, &KSDATAFORMAT_SPECIFIER_VIDEOINFO, sizeof(GUID)) != 0 ||
        subtype_of(&range->SubFormat) == NULL)
        return NULL;
    return (const KS_DATARANGE_VIDEO *)range;
}

static uint64_t interval_of(const struct client_request *request)
{
    return request->rate_numerator == 0
               ? 0
               : second_100ns * request->rate_denominator / request->rate_numerator;
}

static uint32_t height_of(const KS_BITMAPINFOHEADER *header)
{
    return (uint32_t)(header->biHeight < 0 ? -header->biHeight : header->biHeight);
}

/* The interval nearest to the wanted one that the range allows; 0 when it is more than 0.2 % away,
 * so that 30 finds a driver that says 29.97. */
static uint64_t clamp_interval(const KS_VIDEO_STREAM_CONFIG_CAPS *caps, uint64_t interval)
{
    uint64_t low = (uint64_t)caps->MinFrameInterval, high = (uint64_t)caps->MaxFrameInterval;
    uint64_t nearest = interval < low ? low : interval > high ? high : interval;
    uint64_t away = nearest > interval ? nearest - interval : interval - nearest;

    return low <= high && away <= interval / 500 ? nearest : 0;
}

/* 0: not at all; otherwise the better the higher. */
static unsigned fitness(const struct client_session *session, const KS_DATARANGE_VIDEO *video)
{
    const struct client_request *request = session->request;
    const KS_BITMAPINFOHEADER *header = &video->VideoInfoHeader.bmiHeader;
    const KS_VIDEO_STREAM_CONFIG_CAPS *caps = &video->ConfigCaps;
    const struct subtype *subtype = subtype_of(&video->DataRange.SubFormat);
    uint64_t interval = interval_of(request);
    unsigned score = 1;

    if (request->fourcc[0] != 0 && strcmp(request->fourcc, subtype->fourcc) != 0)
        return 0;
    if (request->width != 0) {
        bool exact = (uint32_t)header->biWidth == request->width &&
                     height_of(header) == request->height;
        bool within = (int64_t)request->width >= caps->MinOutputSize.cx &&
                      (int64_t)request->width <= caps->MaxOutputSize.cx &&
                      (int64_t)request->height >= caps->MinOutputSize.cy &&
                      (int64_t)request->height <= caps->MaxOutputSize.cy;

        if (!exact && !within)
            return 0;
        score += exact ? 4 : 0;
    }
    if (interval != 0) {
        if (clamp_interval(caps, interval) == 0 &&
            (uint64_t)video->VideoInfoHeader.AvgTimePerFrame != interval)
            return 0;
        score += 2;
    }
    return score;
}

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

/* Copies the best range to best (room for CLIENT_FORMAT_BYTES_MAX); false when none fits. */
static bool best_range(struct client_session *session, const KSMULTIPLE_ITEM *list, uint8_t *best)
{
    const uint8_t *at = (const uint8_t *)(list + 1);
    const uint8_t *end = (const uint8_t *)list + list->Size;
    unsigned best_score = 0;

    for (ULONG i = 0; i < list->Count && end - at >= (ptrdiff_t)sizeof(KSDATARANGE); i++) {
        const KSDATARANGE *range = (const KSDATARANGE *)at;
        const KS_DATARANGE_VIDEO *video;
        unsigned score;

        if (range->FormatSize < sizeof *range || range->FormatSize > (size_t)(end - at))
            break;
        video = as_video(range);
        score = video != NULL ? fitness(session, video) : 0;
        if (score > best_score && range->FormatSize <= CLIENT_FORMAT_BYTES_MAX) {
            memcpy(best, range, range->FormatSize);
            best_score = score;
        }
        at += bits_align_up(range->FormatSize, 8);
    }
    return best_score > 0;
}

static uint32_t stride_of(const struct subtype *subtype, uint32_t width)
{
    if (subtype->rgb)
        return (width * subtype->bits / 8 + 3) & ~3u;
    return strcmp(subtype->fourcc, "NV12") == 0 ? width : width * 2;
}

static uint64_t frame_bytes_of(const struct subtype *subtype, uint32_t width, uint32_t height)
{
    uint64_t luma = (uint64_t)stride_of(subtype, width) * height;

    return strcmp(subtype->fourcc, "NV12") == 0 ? luma + luma / 2 : luma;
}

/* What is wanted goes into a header that the driver proposed. */
static void apply_request(const struct client_session *session, const KS_DATARANGE_VIDEO *video,
                          KS_VIDEOINFOHEADER *info)
{
    const struct subtype *subtype = subtype_of(&video->DataRange.SubFormat);
    uint64_t interval = clamp_interval(&video->ConfigCaps, interval_of(session->request));

    const struct client_request *request = session->request;
    KS_BITMAPINFOHEADER *header = &info->bmiHeader;

    if (request->width != 0) {
        header->biWidth = (LONG)request->width;
        header->biHeight = header->biHeight < 0 ? -(LONG)request->height : (LONG)request->height;
        memset(&info->rcSource, 0, sizeof info->rcSource);
        memset(&info->rcTarget, 0, sizeof info->rcTarget);
        header->biSizeImage = (ULONG)frame_bytes_of(subtype, request->width, request->height);
    }
    if (request->rate_numerator != 0 && interval != 0)
        info->AvgTimePerFrame = (LONGLONG)interval;
}

static NTSTATUS intersect(struct client_session *session, const KSDATARANGE *range)
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
    if (bytes < sizeof(KS_DATAFORMAT_VIDEOINFOHEADER) || bytes > sizeof session->data_format ||
        ((const KSDATAFORMAT *)format)->FormatSize < sizeof(KS_DATAFORMAT_VIDEOINFOHEADER) ||
        ((const KSDATAFORMAT *)format)->FormatSize > bytes)
        status = STATUS_INVALID_BUFFER_SIZE;
    else
        memcpy(session->data_format, format, bytes);
    free(format);
    return status;
}

static void rate_of_interval(uint64_t interval, uint32_t *numerator, uint32_t *denominator)
{
    static const struct {
        uint32_t numerator, denominator;
    } known[] = {{24, 1}, {25, 1}, {30, 1}, {50, 1}, {60, 1}, {120, 1}, {15, 1}, {10, 1},
                 {5, 1}, {1, 1},
                 {24000, 1001}, {30000, 1001}, {60000, 1001}};

    for (unsigned i = 0; i < ARRAY_LEN(known); i++) {
        int64_t exact = (int64_t)(second_100ns * known[i].denominator / known[i].numerator);

        if (llabs(exact - (int64_t)interval) <= 1) {
            *numerator = known[i].numerator;
            *denominator = known[i].denominator;
            return;
        }
    }
    *numerator = (uint32_t)second_100ns;
    *denominator = interval == 0 ? 1 : (uint32_t)interval;
}

static void describe_format(struct client_session *session)
{
    const KS_DATAFORMAT_VIDEOINFOHEADER *format =
        (const KS_DATAFORMAT_VIDEOINFOHEADER *)session->data_format;
    const KS_BITMAPINFOHEADER *header = &format->VideoInfoHeader.bmiHeader;
    const struct subtype *subtype = subtype_of(&format->DataFormat.SubFormat);
    struct client_format *out = &session->format;

    memcpy(out->fourcc, subtype->fourcc, sizeof out->fourcc);
    out->width = (uint32_t)header->biWidth;
    out->height = height_of(header);
    out->bottom_up = subtype->rgb && header->biHeight > 0;
    out->stride_bytes = stride_of(subtype, out->width);
    out->frame_bytes = frame_bytes_of(subtype, out->width, out->height);
    rate_of_interval((uint64_t)format->VideoInfoHeader.AvgTimePerFrame, &out->rate_numerator,
                     &out->rate_denominator);
}

bool client_choose_format(struct client_session *session)
{
    uint8_t range[CLIENT_FORMAT_BYTES_MAX] WEIR_ALIGNED(8);
    KS_DATARANGE_VIDEO *video = (KS_DATARANGE_VIDEO *)range;
    KS_DATAFORMAT_VIDEOINFOHEADER *format = (KS_DATAFORMAT_VIDEOINFOHEADER *)session->data_format;
    KSMULTIPLE_ITEM *list = NULL;
    NTSTATUS status;
    bool found;

    if (!read_ranges(session, &list))
        return false;
    found = best_range(session, list, range);
    free(list);
    if (!found)
        return client_fail(session, CLIENT_NO_FORMAT, STATUS_NO_MATCH,
                           "no data range of the pin offers the wanted format, size and "
                           "rate");
    apply_request(session, video, &video->VideoInfoHeader);
    status = intersect(session, &video->DataRange);
    if (status == STATUS_NO_DATA_DETECTED)
        return client_fail(session, CLIENT_NO_FORMAT, STATUS_SUCCESS,
                           "the driver's data intersection succeeds without a format: asked with "
                           "no room, it must tell the size and return STATUS_BUFFER_OVERFLOW");
    if (!NT_SUCCESS(status))
        return client_fail(session, CLIENT_NO_FORMAT, status,
                           "the driver's data intersection refuses the wanted format");
    if (subtype_of(&format->DataFormat.SubFormat) == NULL)
        return client_fail(session, CLIENT_NO_FORMAT, STATUS_NO_MATCH,
                           "the driver's data intersection answers with an unknown format");
    apply_request(session, video, &format->VideoInfoHeader);
    format->DataFormat.SampleSize = format->VideoInfoHeader.bmiHeader.biSizeImage;
    describe_format(session);
    return true;
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
