/* SPDX-License-Identifier: MIT */
/* Pictures: the range that suits what is wanted best, an intersection with it, and what came of
 * that. KS_DATARANGE_VIDEO, KS_DATAFORMAT_VIDEOINFOHEADER. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "client/internal.h"

static const uint64_t second_100ns = 10000000;

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

static uint64_t interval_of(const struct client_pin *wish)
{
    return wish->rate_numerator == 0
               ? 0
               : second_100ns * wish->rate_denominator / wish->rate_numerator;
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

/* Named, or one that the source can be given as. */
static bool is_wanted(const struct client_pin *wish, const struct subtype *subtype)
{
    const struct client_source *source = wish->source;

    if (wish->fourcc[0] != 0 && strcmp(wish->fourcc, subtype->fourcc) != 0)
        return false;
    for (unsigned i = 0; source != NULL && i < ARRAY_LEN(source->fourccs); i++) {
        if (strcmp(source->fourccs[i], subtype->fourcc) == 0)
            return true;
    }
    return source == NULL;
}

/* 0: not at all; otherwise the better the higher. */
static unsigned fitness(const struct client_session *session, const KS_DATARANGE_VIDEO *video)
{
    const struct client_pin *wish = session->wish;
    const KS_BITMAPINFOHEADER *header = &video->VideoInfoHeader.bmiHeader;
    const KS_VIDEO_STREAM_CONFIG_CAPS *caps = &video->ConfigCaps;
    const struct subtype *subtype = subtype_of(&video->DataRange.SubFormat);
    uint64_t interval = interval_of(wish);
    unsigned score = 1;

    if (!is_wanted(wish, subtype))
        return 0;
    if (wish->width != 0) {
        bool exact = (uint32_t)header->biWidth == wish->width &&
                     height_of(header) == wish->height;
        bool within = (int64_t)wish->width >= caps->MinOutputSize.cx &&
                      (int64_t)wish->width <= caps->MaxOutputSize.cx &&
                      (int64_t)wish->height >= caps->MinOutputSize.cy &&
                      (int64_t)wish->height <= caps->MaxOutputSize.cy;

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
    uint64_t interval = clamp_interval(&video->ConfigCaps, interval_of(session->wish));

    const struct client_pin *wish = session->wish;
    KS_BITMAPINFOHEADER *header = &info->bmiHeader;

    if (wish->width != 0) {
        header->biWidth = (LONG)wish->width;
        header->biHeight = header->biHeight < 0 ? -(LONG)wish->height : (LONG)wish->height;
        memset(&info->rcSource, 0, sizeof info->rcSource);
        memset(&info->rcTarget, 0, sizeof info->rcTarget);
        header->biSizeImage = (ULONG)frame_bytes_of(subtype, wish->width, wish->height);
    }
    if (wish->rate_numerator != 0 && interval != 0)
        info->AvgTimePerFrame = (LONGLONG)interval;
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

    out->media = CLIENT_VIDEO;
    memcpy(out->fourcc, subtype->fourcc, sizeof out->fourcc);
    out->width = (uint32_t)header->biWidth;
    out->height = height_of(header);
    out->bottom_up = subtype->rgb && header->biHeight > 0;
    out->stride_bytes = stride_of(subtype, out->width);
    out->frame_bytes = frame_bytes_of(subtype, out->width, out->height);
    rate_of_interval((uint64_t)format->VideoInfoHeader.AvgTimePerFrame, &out->rate_numerator,
                     &out->rate_denominator);
}

struct choice {
    struct client_session *session;
    unsigned score;
    uint8_t range[CLIENT_FORMAT_BYTES_MAX] WEIR_ALIGNED(8);
};

static void consider(void *ctx, const KSDATARANGE *range)
{
    struct choice *choice = ctx;
    const KS_DATARANGE_VIDEO *video = as_video(range);
    unsigned score = video != NULL ? fitness(choice->session, video) : 0;

    if (score <= choice->score || range->FormatSize > sizeof choice->range)
        return;
    memcpy(choice->range, range, range->FormatSize);
    choice->score = score;
}

bool client_is_video_range(const KSDATARANGE *range)
{
    return as_video(range) != NULL;
}

static bool take_format(struct client_session *session, const KS_DATARANGE_VIDEO *video)
{
    KS_DATAFORMAT_VIDEOINFOHEADER *format = (KS_DATAFORMAT_VIDEOINFOHEADER *)session->data_format;

    if (format->DataFormat.FormatSize < sizeof *format ||
        memcmp(&format->DataFormat.Specifier, &KSDATAFORMAT_SPECIFIER_VIDEOINFO, sizeof(GUID)) !=
            0 ||
        subtype_of(&format->DataFormat.SubFormat) == NULL)
        return client_fail(session, CLIENT_NO_FORMAT, STATUS_NO_MATCH,
                           "the driver's data intersection answers with an unknown format");
    apply_request(session, video, &format->VideoInfoHeader);
    format->DataFormat.SampleSize = format->VideoInfoHeader.bmiHeader.biSizeImage;
    describe_format(session);
    return true;
}

bool client_choose_video(struct client_session *session, const KSMULTIPLE_ITEM *list)
{
    struct choice choice = {.session = session};
    KS_DATARANGE_VIDEO *video = (KS_DATARANGE_VIDEO *)choice.range;
    NTSTATUS status;

    client_each_range(list, consider, &choice);
    if (choice.score == 0)
        return client_no_range(session, list);
    apply_request(session, video, &video->VideoInfoHeader);
    status = client_intersect(session, &video->DataRange);
    if (status == STATUS_NO_DATA_DETECTED)
        return client_fail(session, CLIENT_NO_FORMAT, STATUS_SUCCESS,
                           "the driver's data intersection succeeds without a format: asked with "
                           "no room, it must tell the size and return STATUS_BUFFER_OVERFLOW");
    if (!NT_SUCCESS(status))
        return client_fail(session, CLIENT_NO_FORMAT, status,
                           "the driver's data intersection refuses the wanted format");
    return take_format(session, video);
}
