/* SPDX-License-Identifier: MIT */
/* A range says what a pin can do: a KSDATARANGE, and behind it what its specifier promises. Lists
 * hold ranges at multiples of 8 bytes; a range with KSDATARANGE_ATTRIBUTES is followed by a list of
 * attributes as an item of its own. KSDATARANGE; KSPROPERTY_PIN_DATARANGES; KS_DATARANGE_VIDEO;
 * KSDATARANGE_AUDIO. Words stand for what is known; the rest is given as GUIDs. */
#include "client/inspect_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/inspect_json.h"
#include "wdk/guids.h"
#include "wdk/ksmedia.h"

static bool same(const GUID *a, const GUID *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* ---- Words ----------------------------------------------------------------------------------- */

/* {xxxxxxxx-0000-0010-8000-00AA00389B71} with four printable characters in it. */
static bool is_fourcc(const GUID *guid, char out[5])
{
    memcpy(out, &guid->Data1, 4);
    out[4] = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (out[i] < ' ' || out[i] > '~')
            return false;
    }
    return memcmp((const uint8_t *)guid + 4, (const uint8_t *)&KSDATAFORMAT_TYPE_VIDEO + 4, 12) ==
           0;
}

/* "YUY2" of MEDIASUBTYPE_YUY2, "PCM" of KSDATAFORMAT_SUBTYPE_PCM, the GUID of what nobody knows. */
static void put_name(struct text *text, const GUID *guid, const char *kind)
{
    static const char *const prefixes[] = {"MEDIASUBTYPE_", INSPECT_SUBTYPE, INSPECT_MAJOR,
                                           INSPECT_SPECIFIER};
    const char *name = inspect_guid_name(guid, kind);
    char other[40];

    if (name == NULL) {
        if (!is_fourcc(guid, other))
            inspect_guid_spell(guid, other);
        text_string(text, other);
        return;
    }
    for (unsigned i = 0; i < ARRAY_LEN(prefixes); i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            name += strlen(prefixes[i]);
    }
    text_string(text, strcmp(name, "WILDCARD") == 0 ? "any" : name);
}

/* "59.94": frames a second of an interval, at most two places behind the point. */
static void put_rate(struct text *text, int64_t interval_100ns)
{
    uint64_t interval = (uint64_t)interval_100ns;
    uint64_t hundredths = (UINT64_C(1000000000) + interval / 2) / interval;

    text_printf(text, "%" PRIu64, hundredths / 100);
    if (hundredths % 10 != 0)
        text_printf(text, ".%02u", (unsigned)(hundredths % 100));
    else if (hundredths % 100 != 0)
        text_printf(text, ".%u", (unsigned)(hundredths % 100 / 10));
}

static void put_rates(struct text *text, int64_t shortest, int64_t longest, int64_t usual)
{
    bool range = shortest > 0 && longest > 0 && shortest != longest;

    if (range) {
        text_char(text, ' ');
        put_rate(text, longest);
        text_char(text, '-');
        put_rate(text, shortest);
        text_string(text, " fps");
        if (usual > 0) {
            text_string(text, " (");
            put_rate(text, usual);
            text_char(text, ')');
        }
    } else if (usual > 0 || shortest > 0) {
        text_char(text, ' ');
        put_rate(text, usual > 0 ? usual : shortest);
        text_string(text, " fps");
    }
}

static void put_frequency(struct text *text, uint32_t low, uint32_t high)
{
    if (low != high)
        text_printf(text, " %g-%g kHz", low / 1000.0, high / 1000.0);
    else
        text_printf(text, " %g kHz", high / 1000.0);
}

static int64_t height_of(const KS_BITMAPINFOHEADER *header)
{
    return header->biHeight < 0 ? -(int64_t)header->biHeight : header->biHeight;
}

/* ---- Video ----------------------------------------------------------------------------------- */

/* What the two kinds of video header have in common. */
struct video_header {
    int64_t interval_100ns;
    KS_BITMAPINFOHEADER bitmap;
    uint32_t interlace_flags;
};

static bool read_header(const GUID *specifier, const uint8_t *at, size_t bytes,
                        struct video_header *out)
{
    KS_VIDEOINFOHEADER one;
    KS_VIDEOINFOHEADER2 two;

    memset(out, 0, sizeof *out);
    if (same(specifier, &KSDATAFORMAT_SPECIFIER_VIDEOINFO) ||
        same(specifier, &KSDATAFORMAT_SPECIFIER_MPEG1_VIDEO)) {
        if (bytes < sizeof one)
            return false;
        memcpy(&one, at, sizeof one);
        out->interval_100ns = one.AvgTimePerFrame;
        out->bitmap = one.bmiHeader;
        return true;
    }
    if (same(specifier, &KSDATAFORMAT_SPECIFIER_VIDEOINFO2) ||
        same(specifier, &KSDATAFORMAT_SPECIFIER_MPEG2_VIDEO)) {
        if (bytes < sizeof two)
            return false;
        memcpy(&two, at, sizeof two);
        out->interval_100ns = two.AvgTimePerFrame;
        out->bitmap = two.bmiHeader;
        out->interlace_flags = two.dwInterlaceFlags;
        return true;
    }
    return false;
}

static json_t *header_json(const struct video_header *header)
{
    json_t *video = json_object();

    inspect_put_int(video, "width", header->bitmap.biWidth);
    inspect_put_int(video, "height", height_of(&header->bitmap));
    inspect_put_bool(video, "bottom_up", header->bitmap.biCompression == KS_BI_RGB &&
                                             header->bitmap.biHeight > 0);
    inspect_put_int(video, "bits_per_pixel", header->bitmap.biBitCount);
    inspect_put_int(video, "image_bytes", header->bitmap.biSizeImage);
    inspect_put_int(video, "interval_100ns", header->interval_100ns);
    inspect_put_bool(video, "interlaced",
                     (header->interlace_flags & KS_INTERLACE_IsInterlaced) != 0);
    return video;
}

static void put_size(struct text *text, const struct video_header *header)
{
    text_printf(text, " %" PRId32 "x%" PRId64, header->bitmap.biWidth, height_of(&header->bitmap));
}

static void put_sizes(struct text *text, const struct video_header *header,
                      const KS_VIDEO_STREAM_CONFIG_CAPS *caps)
{
    const SIZE *low = &caps->MinOutputSize, *high = &caps->MaxOutputSize;

    if ((low->cx == high->cx && low->cy == high->cy) || high->cx == 0) {
        put_size(text, header);
        return;
    }
    text_printf(text, " %" PRId32 "x%" PRId32 " to %" PRId32 "x%" PRId32, low->cx, low->cy,
                high->cx, high->cy);
    if (caps->OutputGranularityX > 1 || caps->OutputGranularityY > 1)
        text_printf(text, " by %dx%d", caps->OutputGranularityX, caps->OutputGranularityY);
    text_string(text, " (");
    text_printf(text, "%" PRId32 "x%" PRId64 ")", header->bitmap.biWidth,
                height_of(&header->bitmap));
}

static void put_caps(json_t *video, const KS_VIDEO_STREAM_CONFIG_CAPS *caps)
{
    inspect_put_int(video, "width_min", caps->MinOutputSize.cx);
    inspect_put_int(video, "width_max", caps->MaxOutputSize.cx);
    inspect_put_int(video, "width_step", caps->OutputGranularityX);
    inspect_put_int(video, "height_min", caps->MinOutputSize.cy);
    inspect_put_int(video, "height_max", caps->MaxOutputSize.cy);
    inspect_put_int(video, "height_step", caps->OutputGranularityY);
    inspect_put_int(video, "interval_100ns_min", caps->MinFrameInterval);
    inspect_put_int(video, "interval_100ns_max", caps->MaxFrameInterval);
    inspect_put_int(video, "bits_per_second_min", caps->MinBitsPerSecond);
    inspect_put_int(video, "bits_per_second_max", caps->MaxBitsPerSecond);
    inspect_put_int(video, "video_standards", caps->VideoStandard);
}

/* Ranges of all video specifiers begin alike; the header follows the capabilities. */
static bool video_range(const KSDATARANGE *range, const uint8_t *bytes, struct text *text,
                        json_t *object)
{
    size_t header_at = offsetof(KS_DATARANGE_VIDEO, VideoInfoHeader);
    KS_VIDEO_STREAM_CONFIG_CAPS caps;
    struct video_header header;
    json_t *video;

    if (range->FormatSize < header_at ||
        !read_header(&range->Specifier, bytes + header_at, range->FormatSize - header_at, &header))
        return false;
    memcpy(&caps, bytes + offsetof(KS_DATARANGE_VIDEO, ConfigCaps), sizeof caps);
    put_name(text, &range->SubFormat, "MEDIASUBTYPE_");
    put_sizes(text, &header, &caps);
    put_rates(text, caps.MinFrameInterval, caps.MaxFrameInterval, header.interval_100ns);
    if ((header.interlace_flags & KS_INTERLACE_IsInterlaced) != 0)
        text_string(text, " interlaced");
    video = header_json(&header);
    put_caps(video, &caps);
    json_object_set_new(object, "video", video);
    return true;
}

static bool analog_range(const KSDATARANGE *range, const uint8_t *bytes, struct text *text,
                         json_t *object)
{
    KS_DATARANGE_ANALOGVIDEO analog;
    json_t *video;

    if (!same(&range->Specifier, &KSDATAFORMAT_SPECIFIER_ANALOGVIDEO) ||
        range->FormatSize < sizeof analog)
        return false;
    memcpy(&analog, bytes, sizeof analog);
    text_printf(text, "analog video %" PRIu32 "x%" PRIu32, analog.AnalogVideoInfo.dwActiveWidth,
                analog.AnalogVideoInfo.dwActiveHeight);
    put_rates(text, 0, 0, analog.AnalogVideoInfo.AvgTimePerFrame);
    video = json_object();
    inspect_put_int(video, "width", analog.AnalogVideoInfo.dwActiveWidth);
    inspect_put_int(video, "height", analog.AnalogVideoInfo.dwActiveHeight);
    inspect_put_int(video, "interval_100ns", analog.AnalogVideoInfo.AvgTimePerFrame);
    json_object_set_new(object, "video", video);
    return true;
}

/* ---- Audio ----------------------------------------------------------------------------------- */

/* What is at the end of a bridge pin's wire. */
static bool analog_sound(const KSDATARANGE *range, struct text *text)
{
    bool is = same(&range->MajorFormat, &KSDATAFORMAT_TYPE_AUDIO) &&
              same(&range->SubFormat, &KSDATAFORMAT_SUBTYPE_ANALOG);

    if (is)
        text_string(text, "analog audio");
    return is;
}

static bool audio_range(const KSDATARANGE *range, const uint8_t *bytes, struct text *text,
                        json_t *object)
{
    KSDATARANGE_AUDIO audio;
    json_t *json;

    if (!same(&range->MajorFormat, &KSDATAFORMAT_TYPE_AUDIO) || range->FormatSize < sizeof audio)
        return false;
    memcpy(&audio, bytes, sizeof audio);
    put_name(text, &range->SubFormat, INSPECT_SUBTYPE);
    if (audio.MaximumChannels == UINT32_MAX)
        text_string(text, " any ch");
    else
        text_printf(text, " %" PRIu32 " ch", audio.MaximumChannels);
    if (audio.MinimumBitsPerSample != audio.MaximumBitsPerSample)
        text_printf(text, " %" PRIu32 "-%" PRIu32 " bit", audio.MinimumBitsPerSample,
                    audio.MaximumBitsPerSample);
    else
        text_printf(text, " %" PRIu32 " bit", audio.MaximumBitsPerSample);
    put_frequency(text, audio.MinimumSampleFrequency, audio.MaximumSampleFrequency);
    json = json_object();
    inspect_put_int(json, "channels_max", audio.MaximumChannels);
    inspect_put_int(json, "bits_min", audio.MinimumBitsPerSample);
    inspect_put_int(json, "bits_max", audio.MaximumBitsPerSample);
    inspect_put_int(json, "hz_min", audio.MinimumSampleFrequency);
    inspect_put_int(json, "hz_max", audio.MaximumSampleFrequency);
    json_object_set_new(object, "audio", json);
    return true;
}

static bool audio_format(const KSDATAFORMAT *format, const uint8_t *bytes, struct text *text,
                         json_t *object)
{
    KSDATAFORMAT_WAVEFORMATEX wave;
    size_t wave_bytes = sizeof wave.DataFormat + sizeof wave.WaveFormatEx;
    json_t *json;

    if (!same(&format->Specifier, &KSDATAFORMAT_SPECIFIER_WAVEFORMATEX) ||
        format->FormatSize < wave_bytes)
        return false;
    memcpy(&wave, bytes, wave_bytes);
    put_name(text, &format->SubFormat, INSPECT_SUBTYPE);
    text_printf(text, " %u ch %u bit", wave.WaveFormatEx.nChannels,
                wave.WaveFormatEx.wBitsPerSample);
    put_frequency(text, wave.WaveFormatEx.nSamplesPerSec, wave.WaveFormatEx.nSamplesPerSec);
    json = json_object();
    inspect_put_int(json, "channels", wave.WaveFormatEx.nChannels);
    inspect_put_int(json, "bits", wave.WaveFormatEx.wBitsPerSample);
    inspect_put_int(json, "hz", wave.WaveFormatEx.nSamplesPerSec);
    inspect_put_int(json, "block_bytes", wave.WaveFormatEx.nBlockAlign);
    json_object_set_new(object, "audio", json);
    return true;
}

static bool video_format(const KSDATAFORMAT *format, const uint8_t *bytes, struct text *text,
                         json_t *object)
{
    struct video_header header;

    if (!read_header(&format->Specifier, bytes + sizeof *format,
                     format->FormatSize - sizeof *format, &header))
        return false;
    put_name(text, &format->SubFormat, "MEDIASUBTYPE_");
    put_size(text, &header);
    put_rates(text, 0, 0, header.interval_100ns);
    json_object_set_new(object, "video", header_json(&header));
    return true;
}

/* ---- One range, one format ------------------------------------------------------------------- */

static void put_plain(struct text *text, const KSDATARANGE *range)
{
    put_name(text, &range->MajorFormat, INSPECT_MAJOR);
    text_string(text, " / ");
    put_name(text, &range->SubFormat, INSPECT_SUBTYPE);
    text_string(text, " / ");
    put_name(text, &range->Specifier, INSPECT_SPECIFIER);
}

static json_t *finish(json_t *object, const KSDATARANGE *range, struct text *text)
{
    inspect_put_text(object, "text", text_get(text));
    json_object_set_new(object, "major", inspect_guid(&range->MajorFormat, INSPECT_MAJOR));
    json_object_set_new(object, "subtype", inspect_guid(&range->SubFormat, INSPECT_SUBTYPE));
    json_object_set_new(object, "specifier", inspect_guid(&range->Specifier, INSPECT_SPECIFIER));
    inspect_put_int(object, "bytes", range->FormatSize);
    inspect_put_int(object, "sample_bytes", range->SampleSize);
    inspect_put_int(object, "flags", range->Flags);
    text_fini(text);
    return object;
}

static json_t *range_json(const KSDATARANGE *range, const uint8_t *bytes)
{
    json_t *object = json_object();
    struct text text;

    text_init(&text);
    if (!video_range(range, bytes, &text, object) && !analog_range(range, bytes, &text, object) &&
        !audio_range(range, bytes, &text, object) && !analog_sound(range, &text))
        put_plain(&text, range);
    json_object_set_new(object, "attributes", json_array());
    return finish(object, range, &text);
}

json_t *inspect_format(const void *format, size_t bytes)
{
    KSDATAFORMAT head;
    struct text text;
    json_t *object;

    if (bytes < sizeof head)
        return NULL;
    memcpy(&head, format, sizeof head);
    if (head.FormatSize < sizeof head || head.FormatSize > bytes)
        return NULL;
    object = json_object();
    text_init(&text);
    if (!video_format(&head, format, &text, object) && !audio_format(&head, format, &text, object))
        put_plain(&text, &head);
    return finish(object, &head, &text);
}

/* ---- Lists ----------------------------------------------------------------------------------- */

struct walk {
    const uint8_t *at, *end;
    json_t *ranges, *problems;
    json_t *wants_attributes; /* the range whose attributes come next, or NULL */
};

/* A KSMULTIPLE_ITEM with attributes behind it, each 8-aligned. */
static bool attributes_item(struct walk *walk, size_t bytes)
{
    json_t *list = json_object_get(walk->wants_attributes, "attributes");
    const uint8_t *at = walk->at + sizeof(KSMULTIPLE_ITEM), *end = walk->at + bytes;
    KSMULTIPLE_ITEM head;

    memcpy(&head, walk->at, sizeof head);
    walk->wants_attributes = NULL;
    for (ULONG i = 0; i < head.Count; i++) {
        KSATTRIBUTE attribute;

        if ((size_t)(end - at) < sizeof attribute)
            return false;
        memcpy(&attribute, at, sizeof attribute);
        if (attribute.Size < sizeof attribute || attribute.Size > (size_t)(end - at))
            return false;
        json_array_append_new(list, inspect_guid(&attribute.Attribute, "KSATTRIBUTEID_"));
        at += bits_align_up(attribute.Size, 8) < (size_t)(end - at)
                  ? bits_align_up(attribute.Size, 8) : (size_t)(end - at);
    }
    return true;
}

/* The item at walk->at, whose size was checked; false when it cannot be what it should. */
static bool take_item(struct walk *walk, size_t bytes)
{
    KSDATARANGE range;
    json_t *json;

    if (walk->wants_attributes != NULL)
        return attributes_item(walk, bytes);
    if (bytes < sizeof range)
        return false;
    memcpy(&range, walk->at, sizeof range);
    json = range_json(&range, walk->at);
    json_array_append_new(walk->ranges, json);
    if ((range.Flags & KSDATARANGE_ATTRIBUTES) != 0)
        walk->wants_attributes = json;
    return true;
}

json_t *inspect_ranges(const void *list, size_t bytes, json_t *problems)
{
    struct walk walk = {.ranges = json_array(), .problems = problems};
    KSMULTIPLE_ITEM head;

    if (bytes < sizeof head) {
        inspect_problem(problems, "a list of data ranges of %zu bytes", bytes);
        return walk.ranges;
    }
    memcpy(&head, list, sizeof head);
    if (head.Size > bytes || head.Size < sizeof head)
        inspect_problem(problems, "the list of data ranges says it has %" PRIu32
                        " bytes, and %zu came", head.Size, bytes);
    walk.at = (const uint8_t *)list + sizeof head;
    walk.end = (const uint8_t *)list + bytes;
    for (ULONG i = 0; i < head.Count; i++) {
        size_t left = (size_t)(walk.end - walk.at), step;
        ULONG item_bytes = 0;

        if (left >= sizeof(KSMULTIPLE_ITEM))
            memcpy(&item_bytes, walk.at, sizeof item_bytes);
        if (item_bytes < sizeof(KSMULTIPLE_ITEM) || item_bytes > left ||
            !take_item(&walk, item_bytes)) {
            inspect_problem(problems, "data range %" PRIu32 " of %" PRIu32 " is damaged: it says "
                            "it has %" PRIu32 " bytes, and %zu are left", i, head.Count,
                            item_bytes, left);
            break;
        }
        step = bits_align_up(item_bytes, 8);
        walk.at += step < left ? step : left;
    }
    return walk.ranges;
}
