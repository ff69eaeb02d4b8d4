/* SPDX-License-Identifier: MIT */
/* Sound: the range that suits what is wanted, an intersection with it, the wave format that comes
 * of that, and what packets show: level, gaps, positions. KSDATARANGE_AUDIO; WAVEFORMATEX;
 * WAVEFORMATEXTENSIBLE; KSPROPERTY_AUDIO_POSITION. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "client/internal.h"

enum { CHANNELS_MAX = 32, RATE_MAX = 6144000, USUAL_RATE = 48000, USUAL_BITS = 16 };

static bool same(const GUID *a, const GUID *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* ---- Ranges ---------------------------------------------------------------------------------- */

static const KSDATARANGE_AUDIO *as_audio(const KSDATARANGE *range)
{
    if (range->FormatSize < sizeof(KSDATARANGE_AUDIO) ||
        !same(&range->MajorFormat, &KSDATAFORMAT_TYPE_AUDIO) ||
        (!same(&range->Specifier, &KSDATAFORMAT_SPECIFIER_WAVEFORMATEX) &&
         !same(&range->Specifier, &KSDATAFORMAT_SPECIFIER_WILDCARD)))
        return NULL;
    if (!same(&range->SubFormat, &KSDATAFORMAT_SUBTYPE_PCM) &&
        !same(&range->SubFormat, &KSDATAFORMAT_SUBTYPE_IEEE_FLOAT) &&
        !same(&range->SubFormat, &KSDATAFORMAT_SUBTYPE_WILDCARD))
        return NULL;
    return (const KSDATARANGE_AUDIO *)range;
}

bool client_is_audio_range(const KSDATARANGE *range)
{
    return as_audio(range) != NULL;
}

static bool is_within(uint32_t value, uint32_t low, uint32_t high)
{
    return value >= low && value <= high;
}

static uint32_t valid_bits_of(const struct client_audio *audio)
{
    return audio->valid_bits != 0 ? audio->valid_bits : audio->bits;
}

/* 0: not at all. A range that names the kind of samples goes before one that takes any. */
static unsigned fitness(const struct client_audio *wanted, const KSDATARANGE_AUDIO *range)
{
    bool is_float = same(&range->DataRange.SubFormat, &KSDATAFORMAT_SUBTYPE_IEEE_FLOAT);
    bool is_any = same(&range->DataRange.SubFormat, &KSDATAFORMAT_SUBTYPE_WILDCARD);

    if (wanted->bits != 0 && !is_any && wanted->is_float != is_float)
        return 0;
    if (wanted->bits != 0 &&
        !is_within(valid_bits_of(wanted), range->MinimumBitsPerSample, range->MaximumBitsPerSample))
        return 0;
    if (wanted->channels > range->MaximumChannels)
        return 0;
    if (wanted->rate_hz != 0 && !is_within(wanted->rate_hz, range->MinimumSampleFrequency,
                                           range->MaximumSampleFrequency))
        return 0;
    return 1 + !is_any + !is_float;
}

struct choice {
    const struct client_audio *wanted;
    unsigned score;
    KSDATARANGE_AUDIO range;
};

static void consider(void *ctx, const KSDATARANGE *range)
{
    struct choice *choice = ctx;
    const KSDATARANGE_AUDIO *audio = as_audio(range);
    unsigned score = audio != NULL ? fitness(choice->wanted, audio) : 0;

    if (score <= choice->score)
        return;
    choice->range = *audio;
    choice->score = score;
}

/* The range with nothing in it but what is wanted. */
static void narrow(const struct client_audio *wanted, KSDATARANGE_AUDIO *range)
{
    range->DataRange.FormatSize = sizeof *range;
    range->DataRange.Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
    if (same(&range->DataRange.SubFormat, &KSDATAFORMAT_SUBTYPE_WILDCARD))
        range->DataRange.SubFormat = wanted->is_float ? KSDATAFORMAT_SUBTYPE_IEEE_FLOAT
                                                      : KSDATAFORMAT_SUBTYPE_PCM;
    if (wanted->channels != 0)
        range->MaximumChannels = wanted->channels;
    if (wanted->bits != 0)
        range->MinimumBitsPerSample = range->MaximumBitsPerSample = valid_bits_of(wanted);
    if (wanted->rate_hz != 0)
        range->MinimumSampleFrequency = range->MaximumSampleFrequency = wanted->rate_hz;
}

/* ---- Wave formats ---------------------------------------------------------------------------- */

static uint32_t block_bytes_of(const struct client_audio *audio)
{
    return audio->channels * audio->bits / 8;
}

/* False: not PCM, or no size that samples have. */
static bool read_wave(const struct client_session *session, struct client_audio *out)
{
    const KSDATAFORMAT *format = (const KSDATAFORMAT *)session->data_format;
    const WAVEFORMATEX *wave = (const WAVEFORMATEX *)(format + 1);
    const WAVEFORMATEXTENSIBLE *more = (const WAVEFORMATEXTENSIBLE *)wave;
    const GUID *kind = &format->SubFormat;

    if (!same(&format->Specifier, &KSDATAFORMAT_SPECIFIER_WAVEFORMATEX) ||
        format->FormatSize < sizeof *format + sizeof *wave)
        return false;
    *out = (struct client_audio){.rate_hz = wave->nSamplesPerSec, .channels = wave->nChannels,
                                 .bits = wave->wBitsPerSample, .valid_bits = wave->wBitsPerSample};
    if (wave->wFormatTag == WAVE_FORMAT_EXTENSIBLE) {
        if (format->FormatSize < sizeof *format + sizeof *more)
            return false;
        kind = &more->SubFormat;
        out->channel_mask = more->dwChannelMask;
        if (is_within(more->Samples.wValidBitsPerSample, 1, out->bits))
            out->valid_bits = more->Samples.wValidBitsPerSample;
    } else if (wave->wFormatTag != WAVE_FORMAT_PCM && wave->wFormatTag != WAVE_FORMAT_IEEE_FLOAT) {
        return false;
    }
    out->is_float = same(kind, &KSDATAFORMAT_SUBTYPE_IEEE_FLOAT) ||
                    wave->wFormatTag == WAVE_FORMAT_IEEE_FLOAT;
    return is_within(out->channels, 1, CHANNELS_MAX) && is_within(out->rate_hz, 1, RATE_MAX) &&
           is_within(out->bits, 8, 32) && out->bits % 8 == 0 &&
           (!out->is_float || out->bits == 32) && wave->nBlockAlign == block_bytes_of(out);
}

/* Where speakers are said to be, and for more channels than two, a format needs the longer form. */
static void write_wave(struct client_session *session, const struct client_audio *audio)
{
    KSDATAFORMAT *format = (KSDATAFORMAT *)session->data_format;
    WAVEFORMATEXTENSIBLE *wave = (WAVEFORMATEXTENSIBLE *)(format + 1);
    const GUID *kind = audio->is_float ? &KSDATAFORMAT_SUBTYPE_IEEE_FLOAT
                                       : &KSDATAFORMAT_SUBTYPE_PCM;
    bool longer = audio->channels > 2 || audio->valid_bits != audio->bits;

    memset(session->data_format, 0, sizeof session->data_format);
    *format = (KSDATAFORMAT){.FormatSize = longer ? sizeof(KSDATAFORMAT) + sizeof *wave
                                                  : sizeof(KSDATAFORMAT_WAVEFORMATEX),
                             .SampleSize = block_bytes_of(audio),
                             .MajorFormat = KSDATAFORMAT_TYPE_AUDIO, .SubFormat = *kind,
                             .Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX};
    wave->Format = (WAVEFORMATEX){.wFormatTag = longer            ? WAVE_FORMAT_EXTENSIBLE
                                                : audio->is_float ? WAVE_FORMAT_IEEE_FLOAT
                                                                  : WAVE_FORMAT_PCM,
                                  .nChannels = (WORD)audio->channels,
                                  .nSamplesPerSec = audio->rate_hz,
                                  .nAvgBytesPerSec = audio->rate_hz * block_bytes_of(audio),
                                  .nBlockAlign = (WORD)block_bytes_of(audio),
                                  .wBitsPerSample = (WORD)audio->bits};
    if (!longer)
        return;
    wave->Format.cbSize = sizeof *wave - sizeof wave->Format;
    wave->Samples.wValidBitsPerSample = (WORD)audio->valid_bits;
    wave->dwChannelMask = audio->channel_mask;
    wave->SubFormat = *kind;
}

/* Of what is left open: what most devices have, or else what this one can do best. */
static struct client_audio usual(const struct client_audio *wanted, const KSDATARANGE_AUDIO *range)
{
    struct client_audio audio = *wanted;

    if (audio.rate_hz == 0)
        audio.rate_hz = is_within(USUAL_RATE, range->MinimumSampleFrequency,
                                  range->MaximumSampleFrequency)
                            ? USUAL_RATE
                            : range->MaximumSampleFrequency;
    if (audio.channels == 0)
        audio.channels = range->MaximumChannels < 2 ? 1 : 2;
    if (audio.bits == 0) {
        audio.is_float = same(&range->DataRange.SubFormat, &KSDATAFORMAT_SUBTYPE_IEEE_FLOAT);
        audio.valid_bits = is_within(USUAL_BITS, range->MinimumBitsPerSample,
                                     range->MaximumBitsPerSample)
                               ? USUAL_BITS
                               : range->MaximumBitsPerSample;
        audio.bits = (audio.valid_bits + 7) / 8 * 8;
    }
    audio.valid_bits = valid_bits_of(&audio);
    return audio;
}

static uint32_t wish_or(uint32_t wish, uint32_t value)
{
    return wish != 0 ? wish : value;
}

/* What is wanted goes into what the driver proposed. */
static struct client_audio apply(const struct client_audio *wanted,
                                 const struct client_audio *proposed)
{
    struct client_audio audio = *proposed;

    audio.rate_hz = wish_or(wanted->rate_hz, proposed->rate_hz);
    if (wanted->channels != 0 && wanted->channels != proposed->channels)
        audio.channel_mask = 0;
    audio.channels = wish_or(wanted->channels, proposed->channels);
    audio.channel_mask = wish_or(wanted->channel_mask, audio.channel_mask);
    if (wanted->bits != 0) {
        audio.bits = wanted->bits;
        audio.valid_bits = valid_bits_of(wanted);
        audio.is_float = wanted->is_float;
    }
    return audio;
}

static bool is_same(const struct client_audio *a, const struct client_audio *b)
{
    return a->rate_hz == b->rate_hz && a->channels == b->channels && a->bits == b->bits &&
           a->valid_bits == b->valid_bits && a->channel_mask == b->channel_mask &&
           a->is_float == b->is_float;
}

static void describe(struct client_session *session, const struct client_audio *audio)
{
    struct client_format *format = &session->format;
    uint32_t packet_ms = wish_or(session->wish->packet_ms, CLIENT_PACKET_MS);
    uint32_t frames = (uint32_t)((uint64_t)audio->rate_hz * packet_ms / 1000);

    frames = frames != 0 ? frames : 1;
    *format = (struct client_format){.media = CLIENT_AUDIO, .fourcc = "WAVE", .audio = *audio,
                                     .rate_numerator = audio->rate_hz, .rate_denominator = frames,
                                     .block_bytes = block_bytes_of(audio),
                                     .frame_bytes = (uint64_t)frames * block_bytes_of(audio)};
}

/* A driver need not intersect: applications that play sound may name a format and try (UNDOC: which
 * one where nothing is wanted). */
bool client_choose_audio(struct client_session *session, const KSMULTIPLE_ITEM *list)
{
    const struct client_audio *wanted = &session->wish->audio;
    struct choice choice = {.wanted = wanted};
    struct client_audio proposed, audio;
    bool read;

    client_each_range(list, consider, &choice);
    if (choice.score == 0)
        return client_no_range(session, list);
    narrow(wanted, &choice.range);
    if (!NT_SUCCESS(client_intersect(session, &choice.range.DataRange))) {
        audio = usual(wanted, &choice.range);
        write_wave(session, &audio);
        describe(session, &audio);
        return true;
    }
    read = read_wave(session, &proposed);
    if (!read)
        return client_fail(session, CLIENT_NO_FORMAT, STATUS_NO_MATCH,
                           "the driver's data intersection answers with no PCM of 8, 16, 24 or 32 "
                           "bits");
    audio = apply(wanted, &proposed);
    if (!is_same(&audio, &proposed))
        write_wave(session, &audio);
    describe(session, &audio);
    return true;
}

/* ---- Samples --------------------------------------------------------------------------------- */

/* As a part of 2^31. */
static uint32_t level(const struct client_audio *audio, const uint8_t *at)
{
    int64_t value;

    if (audio->is_float) {
        float sample, size;

        memcpy(&sample, at, sizeof sample);
        size = sample < 0 ? -sample : sample;
        return size < 1 ? (uint32_t)(size * 2147483648.0f) : 1u << 31; /* NaN too */
    }
    switch (audio->bits) {
    case 8: value = (int64_t)(at[0] - 128) * (1 << 24); break;
    case 16: value = (int64_t)(int16_t)(at[0] | at[1] << 8) * (1 << 16); break;
    case 24:
        value = (int32_t)((uint32_t)at[0] << 8 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 24);
        break;
    default:
        value = (int32_t)((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                          (uint32_t)at[3] << 24);
        break;
    }
    return (uint32_t)(value < 0 ? -value : value);
}

static uint32_t peak_of(const struct client_audio *audio, const uint8_t *bytes, uint64_t count)
{
    uint32_t sample_bytes = audio->bits / 8, peak = 0;

    for (uint64_t at = 0; at + sample_bytes <= count; at += sample_bytes) {
        uint32_t here = level(audio, bytes + at);

        peak = here > peak ? here : peak;
    }
    return peak;
}

/* Between -2^30 and 2^30. */
static int32_t triangle(uint64_t from, uint32_t frequency_hz, uint32_t rate_hz)
{
    uint32_t phase = (uint32_t)((from * frequency_hz % rate_hz << 32) / rate_hz);

    return phase < 1u << 31 ? (int32_t)(phase - (1u << 30)) : (int32_t)(3u * (1u << 30) - phase);
}

static void put_sample(const struct client_audio *audio, int32_t value, uint8_t *to)
{
    uint32_t bits = (uint32_t)value;
    float sample = (float)value / 2147483648.0f;

    if (audio->is_float)
        memcpy(to, &sample, sizeof sample);
    else if (audio->bits == 8)
        to[0] = (uint8_t)((bits >> 24) + 128);
    else
        for (uint32_t i = 0; i < audio->bits / 8; i++)
            to[i] = (uint8_t)(bits >> (32 - audio->bits + 8 * i));
}

void client_audio_tone(const struct client_format *format, uint64_t from, uint8_t *to,
                       uint64_t bytes)
{
    const struct client_audio *audio = &format->audio;
    enum { FREQUENCY_HZ = 440 };

    for (uint64_t at = 0; at + format->block_bytes <= bytes; at += format->block_bytes, from++) {
        for (uint32_t channel = 0; channel < audio->channels; channel++)
            put_sample(audio, triangle(from, FREQUENCY_HZ * (channel + 1), audio->rate_hz) / 2,
                       to + at + channel * (audio->bits / 8));
    }
}

/* ---- Packets --------------------------------------------------------------------------------- */

/* How far a packet's time is from where the one before ended; 0 where it is near, or not said. */
static int64_t gap_100ns(struct client_session *session, const KSSTREAM_HEADER *header,
                         uint64_t bytes)
{
    const struct client_format *format = &session->format;
    uint64_t length = bytes / format->block_bytes * 10000000 / format->audio.rate_hz;
    int64_t gap = 0, near = (int64_t)client_period_ns(session) / 200;
    int64_t time;

    if (header == NULL || (header->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TIMEVALID) == 0) {
        session->has_due = false;
        return 0;
    }
    time = header->PresentationTime.Time;
    if (session->has_due)
        gap = time - (int64_t)session->due_100ns;
    session->has_due = true;
    session->due_100ns = (uint64_t)time + length;
    return gap > near || gap < -near ? gap : 0;
}

/* In bytes from the start of the stream; UINT64_MAX: the pin does not tell. */
static uint64_t ask_position(struct client_session *session)
{
    KSPROPERTY request = {.Set = KSPROPSETID_Audio, .Id = KSPROPERTY_AUDIO_POSITION,
                          .Flags = KSPROPERTY_TYPE_GET};
    KSAUDIO_POSITION position = {0};
    uint32_t bytes = sizeof position;

    if (session->tells_no_position ||
        !NT_SUCCESS(client_property(session, session->pin, &request, sizeof request, &position,
                                    &bytes)) ||
        bytes < sizeof position) {
        session->tells_no_position = true;
        return UINT64_MAX;
    }
    return position.PlayOffset;
}

static void gather(struct client_session *session, const struct client_read *read, uint64_t bytes)
{
    uint64_t done = 0;

    for (size_t i = 0; i < read->piece_count && done < bytes; i++) {
        uint64_t left = bytes - done;
        uint64_t count = read->pieces[i].size_bytes < left ? read->pieces[i].size_bytes : left;

        memcpy(session->staging + done, read->pieces[i].bytes, count);
        done += count;
    }
}

void client_audio_packet(struct client_session *session, const KSSTREAM_HEADER *header,
                         const struct client_read *read, uint64_t bytes)
{
    bool breaks = header != NULL &&
                  (header->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY) != 0;
    int64_t gap = gap_100ns(session, header, bytes);
    uint64_t position = ask_position(session);
    bool back = position != UINT64_MAX && position < session->position;

    gather(session, read, bytes);
    TRACE(session->trace, audio_packet, bytes, peak_of(&session->format.audio, session->staging,
                                                       bytes),
          (uint64_t)gap, breaks, position, back);
    if (position != UINT64_MAX)
        session->position = position;
}
