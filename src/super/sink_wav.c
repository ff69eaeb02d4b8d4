/* SPDX-License-Identifier: MIT */
/* RIFF WAVE: the driver's samples as they are behind a header. The sizes in it are written when the
 * file ends; in a pipe they cannot be, and say "up to the end". A library would be no help: the one
 * there is refuses pipes and keeps valid bits and speakers to itself. Multimedia Programming
 * Interface and Data Specifications 1.0; WAVEFORMATEXTENSIBLE. */
#include <errno.h>
#include <string.h>

#include "super/riff.h"
#include "super/sink.h"

enum { HEADER_BYTES_MAX = 96 };

struct header {
    uint8_t bytes[HEADER_BYTES_MAX];
    size_t size;
    size_t fact_at, data_at; /* of the numbers to be written at the end; 0: there is none */
};

static void put(struct header *header, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        header->bytes[header->size++] = (uint8_t)(value >> 8 * i);
}

static void put_tag(struct header *header, const char *tag)
{
    memcpy(header->bytes + header->size, tag, 4);
    header->size += 4;
}

static uint32_t block_bytes_of(const struct super_audio *audio)
{
    return audio->channels * audio->bits / 8;
}

static void put_fmt(struct header *header, const struct super_audio *audio)
{
    uint32_t block = block_bytes_of(audio);
    uint32_t kind = audio->is_float ? RIFF_FLOAT : RIFF_PCM;
    bool extensible = audio->channels > 2 || audio->valid_bits != audio->bits;
    uint32_t bytes = extensible        ? RIFF_FMT_EXTENSIBLE_BYTES
                     : audio->is_float ? RIFF_FMT_LONGER_BYTES
                                       : RIFF_FMT_BYTES;

    put_tag(header, "fmt ");
    put(header, bytes, 4);
    put(header, extensible ? RIFF_EXTENSIBLE : kind, 2);
    put(header, audio->channels, 2);
    put(header, audio->rate_hz, 4);
    put(header, (uint64_t)audio->rate_hz * block, 4);
    put(header, block, 2);
    put(header, audio->bits, 2);
    if (bytes > RIFF_FMT_BYTES)
        put(header, bytes - RIFF_FMT_LONGER_BYTES, 2);
    if (!extensible)
        return;
    put(header, audio->valid_bits, 2);
    put(header, audio->channel_mask, 4);
    put(header, kind, 2);
    memcpy(header->bytes + header->size, riff_guid_tail, sizeof riff_guid_tail);
    header->size += sizeof riff_guid_tail;
}

static void make_header(struct header *header, const struct super_audio *audio)
{
    *header = (struct header){0};
    put_tag(header, "RIFF");
    put(header, RIFF_UNKNOWN_BYTES, 4);
    put_tag(header, "WAVE");
    put_fmt(header, audio);
    if (audio->is_float) {
        put_tag(header, "fact");
        put(header, 4, 4);
        header->fact_at = header->size;
        put(header, RIFF_UNKNOWN_BYTES, 4);
    }
    put_tag(header, "data");
    header->data_at = header->size;
    put(header, RIFF_UNKNOWN_BYTES, 4);
}

int sink_wav_format(void *ctx, const struct super_format *format)
{
    struct sink_file *sink = ctx;
    const struct super_audio *audio = &format->audio;
    struct header header;

    sink->why = strcmp(format->fourcc, "WAVE") != 0 ? "these are pictures and no sound; use a .y4m "
                                                      "or .raw output"
                : audio->channels - 1 > 254 || audio->bits < 8 || audio->bits > 32 ||
                          audio->bits % 8 != 0 || audio->rate_hz == 0
                    ? "the format of the sound makes no sense"
                    : NULL;
    if (sink->why != NULL)
        return -EINVAL;
    sink->format = *format;
    make_header(&header, audio);
    return host_file_write(&sink->file, header.bytes, header.size);
}

int sink_wav_frame(void *ctx, const struct super_frame *frame)
{
    struct sink_file *sink = ctx;
    int result;

    if (!sink->file.in_place && sink->data_bytes + frame->bytes > UINT32_MAX - HEADER_BYTES_MAX) {
        sink->why = "a WAVE file holds 4 GiB; use a .raw output or a pipe";
        return -EFBIG;
    }
    result = host_file_write(&sink->file, frame->data, frame->bytes);
    sink->data_bytes += result == 0 ? frame->bytes : 0;
    sink->frames += result == 0;
    return result;
}

static int put_size(struct sink_file *sink, size_t at, uint64_t size)
{
    uint8_t bytes[4];

    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(size >> 8 * i);
    return host_file_write_at(&sink->file, at, bytes, sizeof bytes);
}

/* Chunks have even sizes; the byte that makes them so is not counted in. */
static int put_sizes(struct sink_file *sink)
{
    uint64_t odd = sink->data_bytes % 2;
    struct header header;
    int result;

    make_header(&header, &sink->format.audio);
    result = odd != 0 ? host_file_write(&sink->file, "", 1) : 0;
    if (result == 0)
        result = put_size(sink, 4, header.size - 8 + sink->data_bytes + odd);
    if (result == 0 && header.fact_at != 0)
        result = put_size(sink, header.fact_at,
                          sink->data_bytes / block_bytes_of(&sink->format.audio));
    return result != 0 ? result : put_size(sink, header.data_at, sink->data_bytes);
}

int sink_wav_end(void *ctx, bool ok)
{
    struct sink_file *sink = ctx;
    int result = 0;

    if (ok && sink->frames > 0 && !sink->file.in_place)
        result = put_sizes(sink);
    if (result == 0)
        return sink_end(ctx, ok);
    sink_end(ctx, false);
    return result;
}

int super_sink_wav(const char *path, struct super_sink *out, struct super_error *error)
{
    struct sink_file *sink;
    int result = sink_open(path, ".wav", &sink, error);

    if (result != 0)
        return result;
    *out = (struct super_sink){.name = sink->name, .format = sink_wav_format,
                               .frame = sink_wav_frame, .end = sink_wav_end, .why = sink_why,
                               .release = sink_release, .ctx = sink};
    return 0;
}
