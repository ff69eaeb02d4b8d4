/* SPDX-License-Identifier: MIT */
/* RIFF WAVE: chunks, of which the one called fmt says what the samples are and the one called data
 * holds them. Its bytes go to the driver as they are. In a pipe the sizes may not be known: then
 * the samples go up to the end. Multimedia Programming Interface and Data Specifications 1.0. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "super/riff.h"
#include "super/source.h"

enum { CHANNELS_MAX = 32, FMT_BYTES_MAX = 256 };

static uint32_t number_at(const uint8_t *at, unsigned bytes)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << 8 * i;
    return value;
}

/* ---- What the samples are -------------------------------------------------------------------- */

static uint32_t kind_of(struct super_audio *audio, const uint8_t *fmt, uint32_t bytes)
{
    uint32_t kind = number_at(fmt, 2);
    uint32_t valid_bits;

    if (kind != RIFF_EXTENSIBLE)
        return kind;
    if (bytes < RIFF_FMT_EXTENSIBLE_BYTES ||
        memcmp(fmt + RIFF_GUID_AT + 2, riff_guid_tail, sizeof riff_guid_tail) != 0)
        return 0;
    valid_bits = number_at(fmt + 18, 2);
    if (valid_bits >= 1 && valid_bits <= audio->bits)
        audio->valid_bits = valid_bits;
    audio->channel_mask = number_at(fmt + 20, 4);
    return number_at(fmt + RIFF_GUID_AT, 2);
}

static int take_fmt(struct super_source *source, const uint8_t *fmt, uint32_t bytes)
{
    struct super_contents *contents = &source->contents;
    struct super_audio *audio = &contents->audio;
    uint32_t kind;

    *audio = (struct super_audio){.channels = number_at(fmt + 2, 2),
                                  .rate_hz = number_at(fmt + 4, 4),
                                  .bits = number_at(fmt + 14, 2)};
    audio->valid_bits = audio->bits;
    kind = kind_of(audio, fmt, bytes);
    audio->is_float = kind == RIFF_FLOAT;
    if ((kind != RIFF_PCM && kind != RIFF_FLOAT) || audio->bits < 8 || audio->bits > 32 ||
        audio->bits % 8 != 0 || (audio->is_float && audio->bits != 32))
        return source_damaged(source, "has samples of kind 0x%x with %u bits; PCM of 8, 16, 24 and "
                                      "32 bits and 32-bit float are read", kind, audio->bits);
    if (audio->channels < 1 || audio->channels > CHANNELS_MAX || audio->rate_hz == 0)
        return source_damaged(source, "has %u channels at %u Hz", audio->channels, audio->rate_hz);
    source->block_bytes = audio->channels * audio->bits / 8;
    if (number_at(fmt + 12, 2) != source->block_bytes)
        return source_damaged(source, "says that a sample of all channels has %u bytes, and it has "
                                      "%u", number_at(fmt + 12, 2), source->block_bytes);
    contents->sound = true;
    snprintf(contents->holds, sizeof contents->holds,
             "sound of %u channel%s, %u bits%s, %.6g kHz", audio->channels,
             audio->channels == 1 ? "" : "s", audio->valid_bits, audio->is_float ? " float" : "",
             audio->rate_hz / 1000.0);
    return 0;
}

/* ---- Chunks ---------------------------------------------------------------------------------- */

static int skip(struct super_source *source, uint64_t bytes)
{
    uint8_t nothing[512];
    int result = 0;

    while (result == 0 && bytes > 0) {
        size_t step = bytes < sizeof nothing ? (size_t)bytes : sizeof nothing;

        result = source_read_all(source, nothing, step);
        bytes -= step;
    }
    return result;
}

static int read_fmt(struct super_source *source, uint32_t bytes)
{
    uint8_t fmt[FMT_BYTES_MAX];
    int result;

    if (bytes < RIFF_FMT_BYTES || bytes > sizeof fmt)
        return source_damaged(source, "has a chunk fmt of %u bytes", bytes);
    result = source_read_all(source, fmt, bytes);
    if (result == 0)
        result = skip(source, bytes % 2);
    return result != 0 ? result : take_fmt(source, fmt, bytes);
}

/* What is really there; at is where the samples begin. */
static int take_data(struct super_source *source, uint64_t at, uint32_t bytes)
{
    uint64_t there = source->input.size_bytes - at;
    bool open_end = bytes == RIFF_UNKNOWN_BYTES;

    if (source->block_bytes == 0)
        return source_damaged(source, "has samples before it says what they are");
    source->left_bytes = open_end ? UINT64_MAX : bytes;
    if (!source->input.regular)
        return 0;
    if (open_end)
        source->left_bytes = there;
    if (source->left_bytes > there)
        return source_damaged(source, "is cut off: %" PRIu64 " bytes of samples are missing",
                              source->left_bytes - there);
    if (source->left_bytes == 0)
        return source_damaged(source, "has no samples");
    if (source->left_bytes % source->block_bytes != 0)
        return source_damaged(source, "does not end in a whole sample");
    return 0;
}

int source_wav_open(struct super_source *source, const uint8_t *first)
{
    uint64_t at = SOURCE_FIRST_BYTES;

    (void)first; /* the size of the whole says nothing that the chunks do not */
    for (;;) {
        uint8_t head[8];
        uint32_t bytes;
        int result = source_read_all(source, head, sizeof head);

        if (result != 0)
            return result;
        bytes = number_at(head + 4, 4);
        at += sizeof head;
        if (memcmp(head, "data", 4) == 0)
            return take_data(source, at, bytes);
        result = memcmp(head, "fmt ", 4) == 0 ? read_fmt(source, bytes)
                                              : skip(source, (uint64_t)bytes + bytes % 2);
        if (result != 0)
            return result;
        at += (uint64_t)bytes + bytes % 2;
    }
}

int source_wav_next(struct super_source *source, const struct super_format *format, uint8_t *to,
                    uint64_t *got)
{
    uint64_t wanted = format->frame_bytes < source->left_bytes ? format->frame_bytes
                                                               : source->left_bytes;
    size_t read;
    int result = host_input_read(&source->input, to, wanted, &read);

    *got = 0;
    if (result != 0)
        return source_unreadable(source, result);
    if (read < wanted && source->left_bytes != UINT64_MAX)
        return source_damaged(source, "is cut off: %" PRIu64 " bytes of samples are missing",
                              source->left_bytes - read);
    if (read % source->block_bytes != 0)
        return source_damaged(source, "does not end in a whole sample");
    if (source->left_bytes != UINT64_MAX)
        source->left_bytes -= read;
    *got = read;
    return 0;
}
