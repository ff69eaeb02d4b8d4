/* SPDX-License-Identifier: MIT */
/* What tests of drivers/audio ask of its pins and nodes, on a pin_stage. */
#ifndef WEIR_TESTS_SOUND_STAGE_H
#define WEIR_TESTS_SOUND_STAGE_H

#include "pin_stage.h"

enum {
    RENDER = 0,
    CAPTURE = 3,
    RENDER_VOLUME = 0,
    RENDER_MUTE = 1,
    CAPTURE_VOLUME = 4,
    MS = 10000, /* in 100 ns */
    RATE = 48000,
    CHUNK = RATE / 100, /* frames; as long as a tick of the driver's */
    ONE_SAMPLE = 10000000 / RATE + 1,
};

/* ---- Formats --------------------------------------------------------------------------------- */

struct wave {
    KSDATAFORMAT format;
    WAVEFORMATEX wave;
    struct {
        WORD valid_bits;
        DWORD speakers;
        GUID subtype;
    } __attribute__((packed)) extension;
} __attribute__((packed));

static inline struct wave plain(unsigned channels, unsigned bits, unsigned rate)
{
    struct wave wave = {
        .format = {{.FormatSize = sizeof(KSDATAFORMAT) + sizeof(WAVEFORMATEX),
                    .SampleSize = channels * bits / 8,
                    .MajorFormat = KSDATAFORMAT_TYPE_AUDIO,
                    .SubFormat = KSDATAFORMAT_SUBTYPE_PCM,
                    .Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX}},
        .wave = {.wFormatTag = WAVE_FORMAT_PCM,
                 .nChannels = (WORD)channels,
                 .nSamplesPerSec = rate,
                 .nAvgBytesPerSec = rate * channels * bits / 8,
                 .nBlockAlign = (WORD)(channels * bits / 8),
                 .wBitsPerSample = (WORD)bits}};

    return wave;
}

static inline struct wave extensible(unsigned channels, unsigned bits, unsigned valid_bits,
                                     unsigned rate)
{
    struct wave wave = plain(channels, bits, rate);

    wave.format.FormatSize = sizeof wave;
    wave.wave.wFormatTag = WAVE_FORMAT_EXTENSIBLE;
    wave.wave.cbSize = sizeof wave.extension;
    wave.extension.valid_bits = (WORD)valid_bits;
    wave.extension.speakers = channels == 1 ? 4 : 3;
    wave.extension.subtype = KSDATAFORMAT_SUBTYPE_PCM;
    return wave;
}

static inline NTSTATUS open_wave(struct stage *stage, ULONG pin, struct wave wave)
{
    return stage_open_pin(stage, pin, &wave, wave.format.FormatSize);
}

/* ---- Properties ------------------------------------------------------------------------------ */

static inline KSAUDIO_POSITION position_of(struct stage *stage, ULONG pin)
{
    KSPROPERTY request = {{{KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION, KSPROPERTY_TYPE_GET}}};
    KSAUDIO_POSITION position = {0};

    EXPECT(stage, NT_SUCCESS(stage_property(stage, stage->pins[pin], &request, sizeof request,
                                            &position, sizeof position)));
    return position;
}

static inline NTSTATUS level(struct stage *stage, ULONG verb, ULONG id, ULONG node, LONG channel,
                             LONG *value)
{
    KSNODEPROPERTY_AUDIO_CHANNEL request = {
        .NodeProperty = {.Property = {{{KSPROPSETID_Audio, id, verb | KSPROPERTY_TYPE_TOPOLOGY}}},
                         .NodeId = node},
        .Channel = channel};

    return stage_property(stage, stage->filter, &request, sizeof request, value, sizeof *value);
}

static inline NTSTATUS set_level(struct stage *stage, ULONG id, ULONG node, LONG channel,
                                 LONG value)
{
    return level(stage, KSPROPERTY_TYPE_SET, id, node, channel, &value);
}

static inline LONG get_level(struct stage *stage, ULONG id, ULONG node, LONG channel)
{
    LONG value = 99;

    EXPECT(stage, NT_SUCCESS(level(stage, KSPROPERTY_TYPE_GET, id, node, channel, &value)));
    return value;
}

/* ---- Samples --------------------------------------------------------------------------------- */

static inline void fill_noise(uint8_t *bytes, size_t size)
{
    uint32_t value = 12345;

    for (size_t i = 0; i < size; i++) {
        value = value * 1103515245 + 12345;
        bytes[i] = (uint8_t)(value >> 16) | 1; /* no sample is all zero */
    }
}

/* What was sent is in what was recorded, in one piece, and all else is silence. */
static inline bool is_within(const uint8_t *sent, size_t sent_bytes, const uint8_t *got,
                             size_t got_bytes)
{
    size_t at = 0, end = got_bytes;

    while (at < got_bytes && got[at] == 0)
        at++;
    while (end > at && got[end - 1] == 0)
        end--;
    return end - at == sent_bytes && memcmp(got + at, sent, sent_bytes) == 0;
}

#endif
