/* SPDX-License-Identifier: MIT */
/* What is streamed: formats of pictures and of sound, size, rate, how long, how many buffers and
 * where in a page they begin. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"
#include "cli/option_rows.h"
#include "hw/hw.h"
#include "weir/device.h"

static const struct {
    const char *name, *fourcc, *shown;
} formats[] = {{"yuy2", "YUY2", "YUY2"},
               {"uyvy", "UYVY", "UYVY"},
               {"rgb24", "RGB3", "RGB24"},
               {"rgb32", "RGB4", "RGB32"},
               {"nv12", "NV12", "NV12"}};

const char *options_fourcc(const char *format)
{
    for (unsigned i = 0; i < ARRAY_LEN(formats); i++) {
        if (strcasecmp(formats[i].name, format) == 0)
            return formats[i].fourcc;
    }
    return NULL;
}

const char *options_format_name(const char *fourcc)
{
    for (unsigned i = 0; i < ARRAY_LEN(formats); i++) {
        if (strcmp(formats[i].fourcc, fourcc) == 0)
            return formats[i].shown;
    }
    return fourcc;
}

static const struct {
    const char *name;
    uint32_t bits;
    bool is_float;
} samples[] = {{"u8", 8, false}, {"s16", 16, false}, {"s24", 24, false}, {"s32", 32, false},
               {"f32", 32, true}};

/* "s16le" and "s16_le" too, as ffmpeg and arecord spell them: nothing else is meant. */
bool options_samples(const char *format, struct client_audio *out)
{
    for (unsigned i = 0; i < ARRAY_LEN(samples); i++) {
        size_t length = strlen(samples[i].name);
        const char *rest = format + length;

        if (strncasecmp(format, samples[i].name, length) != 0 ||
            (*rest != 0 && strcasecmp(rest, "le") != 0 && strcasecmp(rest, "_le") != 0))
            continue;
        *out = (struct client_audio){.bits = samples[i].bits, .valid_bits = samples[i].bits,
                                     .is_float = samples[i].is_float};
        return true;
    }
    return false;
}

const char *options_samples_name(uint32_t bits, bool is_float)
{
    for (unsigned i = 0; i < ARRAY_LEN(samples); i++) {
        if (samples[i].bits == bits && samples[i].is_float == is_float)
            return samples[i].name;
    }
    return "WAVE";
}

static int take_format(struct options *options, char *value)
{
    struct client_audio audio;

    if (options_fourcc(value) == NULL && !options_samples(value, &audio))
        return option_bad_value("--format", value, "wants yuy2, uyvy, rgb24, rgb32, nv12, or for "
                                                   "sound u8, s16, s24, s32, f32");
    options->stream.format = value;
    return 0;
}

static int take_size(struct options *options, char *value)
{
    char *cross = strchr(value, 'x');
    uint64_t width, height;
    bool good = false;

    if (cross != NULL) {
        *cross = 0;
        good = num_parse_range(value, 16, 16384, &width) == 0 &&
               num_parse_range(cross + 1, 16, 16384, &height) == 0;
        *cross = 'x';
    }
    if (!good)
        return option_bad_value("--size", value, "wants WIDTHxHEIGHT, each from 16 to 16384");
    options->stream.width = (uint32_t)width;
    options->stream.height = (uint32_t)height;
    return 0;
}

/* 60, 30000/1001, or a decimal: 23.976, 29.97 and 59.94 mean the NTSC rates. */
static int take_fps(struct options *options, char *value)
{
    static const struct {
        const char *text;
        uint32_t numerator;
    } ntsc[] = {{"23.976", 24000},
                {"23.98", 24000},
                {"29.97", 30000},
                {"59.94", 60000},
                {"119.88", 120000}};
    char *slash = strchr(value, '/');
    uint64_t numerator, denominator = 1;
    bool good;

    for (unsigned i = 0; i < ARRAY_LEN(ntsc); i++) {
        if (strcmp(value, ntsc[i].text) == 0) {
            options->stream.rate_numerator = ntsc[i].numerator;
            options->stream.rate_denominator = 1001;
            return 0;
        }
    }
    if (slash != NULL) {
        *slash = 0;
        good = num_parse_range(value, 1, 1000000, &numerator) == 0 &&
               num_parse_range(slash + 1, 1, 1000000, &denominator) == 0;
        *slash = '/';
    } else {
        good = num_parse_decimal(value, 1000, &numerator) == 0 && numerator > 0 &&
               numerator <= 1000000;
        denominator = 1000;
        if (good && numerator % 1000 == 0) {
            numerator /= 1000;
            denominator = 1;
        }
    }
    if (!good)
        return option_bad_value("--fps", value, "wants frames a second: 60, 59.94 or 60000/1001");
    options->stream.rate_numerator = (uint32_t)numerator;
    options->stream.rate_denominator = (uint32_t)denominator;
    return 0;
}

static int take_frames(struct options *options, char *value)
{
    options->stream.has_frames = true;
    return option_take_number("--frames", value, 1, UINT32_MAX, &options->stream.frames);
}

static int take_seconds(struct options *options, char *value)
{
    options->stream.has_seconds = true;
    return option_take_number("--seconds", value, 1, 1000000, &options->stream.seconds);
}

static int take_buffers(struct options *options, char *value)
{
    uint64_t number = 0;
    int result = option_take_number("--buffers", value, 1, 1024, &number);

    options->stream.buffers = (unsigned)number;
    return result;
}

static int take_buffer_offset(struct options *options, char *value)
{
    uint64_t number;

    if (num_parse_range(value, 0, MM_PAGE_SIZE - 1, &number) != 0)
        return option_bad_value("--buffer-offset", value,
                                "wants 0 to 4095: where in its first page each buffer begins");
    options->buffer_offset_bytes = (uint32_t)number;
    return 0;
}

static int take_rate(struct options *options, char *value)
{
    uint64_t number = 0;
    int result = option_take_number("--rate", value, 1000, 768000, &number);

    options->stream.sample_rate_hz = (uint32_t)number;
    return result;
}

static int take_channels(struct options *options, char *value)
{
    uint64_t number = 0;
    int result = option_take_number("--channels", value, 1, 32, &number);

    options->stream.channels = (uint32_t)number;
    return result;
}

static int take_packet(struct options *options, char *value)
{
    uint64_t number = 0;
    int result = option_take_number("--packet", value, 1, 1000, &number);

    options->stream.packet_ms = (uint32_t)number;
    return result;
}

static const struct option_row rows[] = {
    {"--format", "FORMAT", "yuy2, uyvy, rgb24, rgb32, nv12; for sound u8, s16, s24, s32, f32 [the "
                           "driver's first]", take_format},
    {"--size", "WxH", "picture size in pixels [the driver's default]", take_size},
    {"--fps", "RATE", "60, 59.94, 30000/1001 [the driver's default]", take_fps},
    {"--rate", "HZ", "samples a second of sound [the driver's default]", take_rate},
    {"--channels", "N", "channels of sound [the driver's default]", take_channels},
    {"--packet", "MS", "milliseconds of sound in a packet [10]", take_packet},
    {"--frames", "N", "frames, or packets, to deliver [300, or to the end of -i's file]",
     take_frames},
    {"--seconds", "S", "instead: seconds of virtual time; of sound, that much of it", take_seconds},
    {"--buffers", "N", "reads or writes kept outstanding [8]", take_buffers},
    {"--buffer-offset", "N", "where in its first page each buffer begins, 0 to 4095 [0]",
     take_buffer_offset},
};

const struct option_table option_stream_table = {"The stream", rows, ARRAY_LEN(rows)};

const struct option_row *option_stream_row(const char *name, size_t length)
{
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        if (strlen(rows[i].name) == length + 2 && strncmp(rows[i].name + 2, name, length) == 0)
            return &rows[i];
    }
    return NULL;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t length = text != NULL ? strlen(text) : 0, tail = strlen(ending);

    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

/* Of what there is a word. */
static enum client_media media_of(const struct options_stream *stream)
{
    struct client_audio audio;

    if (stream->format != NULL)
        return options_samples(stream->format, &audio) ? CLIENT_AUDIO : CLIENT_VIDEO;
    if (stream->sample_rate_hz != 0 || stream->channels != 0 || ends_with(stream->output, ".wav"))
        return CLIENT_AUDIO;
    if (stream->width != 0 || stream->rate_numerator != 0 || ends_with(stream->output, ".y4m"))
        return CLIENT_VIDEO;
    return CLIENT_ANY;
}

static void pin_request(const struct options *options, const struct options_stream *stream,
                        struct client_pin *out)
{
    const char *fourcc = stream->format != NULL ? options_fourcc(stream->format) : NULL;

    *out = (struct client_pin){.name = stream->pin, .media = media_of(stream),
                               .width = stream->width, .height = stream->height,
                               .rate_numerator = stream->rate_numerator,
                               .rate_denominator = stream->rate_denominator,
                               .packet_ms = stream->packet_ms,
                               .frames = stream->frames, .seconds = stream->seconds,
                               .buffers = stream->buffers,
                               .buffer_offset_bytes = options->buffer_offset_bytes,
                               .kept = stream->output != NULL};
    if (fourcc != NULL)
        snprintf(out->fourcc, sizeof out->fourcc, "%s", fourcc);
    else if (stream->format != NULL)
        options_samples(stream->format, &out->audio);
    out->audio.rate_hz = stream->sample_rate_hz;
    out->audio.channels = stream->channels;
}

void options_stream_request(const struct options *options, struct client_request *out)
{
    *out = (struct client_request){.pin_count = options->pin_count,
                                   .incidents = options->incidents,
                                   .incident_count = options->incident_count};
    for (unsigned i = 0; i < options->pin_count; i++)
        pin_request(options, &options->pins[i], &out->pins[i]);
    out->check = options_payload(options, &out->payload);
    if (out->payload == WEIR_PATTERN_EMPTY)
        out->check = false;
}

/* ---- What the card draws --------------------------------------------------------------------- */

/* The value of key in "key=value,key=value", up to the comma; NULL when it is not there. */
static const char *card_parameter(const char *pairs, const char *key)
{
    size_t length = strlen(key);

    for (const char *at = pairs; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, key, length) == 0 && at[length] == '=')
            return at + length + 1;
    }
    return NULL;
}

/* As the built-in card's table has it; NULL when it is no built-in card or has no such
 * parameter. */
static const char *card_default(const char *card, const char *key)
{
    const struct weir_device_model *model;

    for (unsigned i = 0; (model = hw_model_at(i)) != NULL; i++) {
        const struct weir_parameter *p = strcmp(model->name, card) == 0 ? model->parameters : NULL;

        for (; p != NULL && p->name != NULL; p++) {
            if (strcmp(p->name, key) == 0)
                return p->value;
        }
    }
    return NULL;
}

bool options_payload_given(const struct options *options)
{
    return card_parameter(options->card_parameters, "payload") != NULL;
}

bool options_payload(const struct options *options, enum weir_pattern_payload *out)
{
    static const char *const words[] = {"full", "stamps", "none"};
    const char *value = card_parameter(options->card_parameters, "payload");

    if (value == NULL)
        value = card_default(options->card, "payload");
    for (unsigned i = 0; value != NULL && i < ARRAY_LEN(words); i++) {
        size_t length = strcspn(value, ",");

        if (strlen(words[i]) == length && strncmp(value, words[i], length) == 0) {
            *out = (enum weir_pattern_payload)i;
            return true;
        }
    }
    return false;
}
