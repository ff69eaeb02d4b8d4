/* SPDX-License-Identifier: MIT */
/* tone.sys, buffer by buffer: what is recorded and when it was, what is played and how far it is,
 * levels, the loop from one pin to the other, and what the driver refuses. */
#include "sound_stage.h"

#include <math.h>

/* ---- The tone -------------------------------------------------------------------------------- */

/* What a sine of half the scale has there; the driver's is made of straight lines, 256 a period. */
static bool is_tone(const int16_t *frames, unsigned count, uint64_t first, double hz)
{
    bool right = true;

    for (unsigned i = 0; i < count; i++) {
        double turn = 2 * M_PI * (double)(first + i) / RATE;

        right &= fabs(frames[2 * i] - 16383.5 * sin(hz * turn)) < 4;
        right &= fabs(frames[2 * i + 1] - 16383.5 * sin(2 * hz * turn)) < 4; /* an octave higher */
    }
    return right;
}

static void record(struct stage *stage)
{
    enum { COUNT = 8, BYTES = CHUNK * 4 };
    struct request *buffers[COUNT];
    int16_t frames[2 * CHUNK];

    EXPECT(stage, NT_SUCCESS(open_wave(stage, CAPTURE, plain(2, 16, RATE))));
    stage_set_state(stage, CAPTURE, KSSTATE_PAUSE);
    for (unsigned i = 0; i < COUNT; i++)
        buffers[i] = stage_read(stage, CAPTURE, BYTES);
    stage_sleep_ms(30);
    EXPECT(stage, !stage_is_done(buffers[0]));
    stage_set_state(stage, CAPTURE, KSSTATE_RUN);
    stage_sleep_ms(10 * COUNT + 15);
    for (unsigned i = 0; i < COUNT; i++) {
        KSSTREAM_HEADER header = stage_header(stage, buffers[i]);

        EXPECT(stage, stage_is_done(buffers[i]) && NT_SUCCESS(buffers[i]->iosb->Status));
        EXPECT(stage, header.DataUsed == BYTES && header.Duration == 10 * MS);
        EXPECT(stage, header.OptionsFlags == (KSSTREAM_HEADER_OPTIONSF_TIMEVALID |
                                              KSSTREAM_HEADER_OPTIONSF_DURATIONVALID));
        EXPECT(stage, llabs(header.PresentationTime.Time - 10 * MS * (int)i) <= ONE_SAMPLE);
        EXPECT(stage, header.PresentationTime.Numerator == 1);
        stage_data(stage, buffers[i], frames);
        EXPECT(stage, is_tone(frames, CHUNK, (uint64_t)i * CHUNK, 1000));
    }
}

static void the_tone_is_recorded_without_a_seam_and_stamped(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct stage stage = {.driver = "tone", .category = &KSCATEGORY_AUDIO, .body = record};

        stage_run(&stage, seed);
    }
}

/* ---- Overrun, pause, stop -------------------------------------------------------------------- */

static void overrun(struct stage *stage)
{
    enum { BYTES = CHUNK * 4 };
    int16_t frames[2 * CHUNK];
    struct request *first, *late;
    KSSTREAM_HEADER header;
    uint64_t frame;

    EXPECT(stage, NT_SUCCESS(open_wave(stage, CAPTURE, plain(2, 16, RATE))));
    stage_set_state(stage, CAPTURE, KSSTATE_PAUSE);
    first = stage_read(stage, CAPTURE, BYTES);
    stage_set_state(stage, CAPTURE, KSSTATE_RUN);
    stage_sleep_ms(60);
    EXPECT(stage, stage_is_done(first));
    EXPECT(stage, position_of(stage, CAPTURE).PlayOffset == BYTES);
    EXPECT(stage, position_of(stage, CAPTURE).WriteOffset == BYTES);
    late = stage_read(stage, CAPTURE, BYTES);
    stage_sleep_ms(25);
    header = stage_header(stage, late);
    EXPECT(stage, stage_is_done(late));
    EXPECT(stage, (header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY) != 0);
    EXPECT(stage, header.PresentationTime.Time >= 50 * MS);
    /* The tone has gone on in the meantime, and the stamp tells how far. */
    frame = (uint64_t)(header.PresentationTime.Time * RATE + 5000000) / 10000000;
    stage_data(stage, late, frames);
    EXPECT(stage, is_tone(frames, CHUNK, frame, 440) || is_tone(frames, CHUNK, frame + 1, 440));
    EXPECT(stage, position_of(stage, CAPTURE).PlayOffset == 2 * BYTES);
}

static void what_finds_no_buffer_is_lost_and_the_next_buffer_says_so(void **state)
{
    struct stage stage = {.driver = "tone",
                          .category = &KSCATEGORY_AUDIO,
                          .parameter = {"Frequency", "440"},
                          .body = overrun};

    (void)state;
    stage_run(&stage, 4);
}

static void part_of_a_buffer(struct stage *stage)
{
    enum { BYTES = 10 * CHUNK * 4 };
    struct request *half, *next;
    KSSTREAM_HEADER header;
    LONGLONG end;

    EXPECT(stage, NT_SUCCESS(open_wave(stage, CAPTURE, plain(2, 16, RATE))));
    stage_set_state(stage, CAPTURE, KSSTATE_PAUSE);
    half = stage_read(stage, CAPTURE, BYTES);
    next = stage_read(stage, CAPTURE, BYTES);
    stage_set_state(stage, CAPTURE, KSSTATE_RUN);
    stage_sleep_ms(45);
    EXPECT(stage, !stage_is_done(half));
    stage_set_state(stage, CAPTURE, KSSTATE_PAUSE);
    header = stage_header(stage, half);
    EXPECT(stage, stage_is_done(half) && !stage_is_done(next));
    EXPECT(stage, header.DataUsed >= 3 * CHUNK * 4 && header.DataUsed <= 5 * CHUNK * 4);
    EXPECT(stage, header.DataUsed == position_of(stage, CAPTURE).PlayOffset);
    end = header.PresentationTime.Time + header.Duration;
    stage_sleep_ms(200);
    EXPECT(stage, header.DataUsed == position_of(stage, CAPTURE).PlayOffset);
    stage_set_state(stage, CAPTURE, KSSTATE_RUN);
    stage_sleep_ms(120);
    header = stage_header(stage, next);
    EXPECT(stage, stage_is_done(next) && header.DataUsed == BYTES);
    EXPECT(stage, (header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY) != 0);
    EXPECT(stage, header.PresentationTime.Time >= end - ONE_SAMPLE);
    EXPECT(stage, header.PresentationTime.Time < end + 15 * MS); /* the pause has no time */
    stage_set_state(stage, CAPTURE, KSSTATE_STOP);
    EXPECT(stage, position_of(stage, CAPTURE).PlayOffset == 0);
}

static void a_pause_gives_back_what_is_partly_full(void **state)
{
    struct stage stage = {
        .driver = "tone", .category = &KSCATEGORY_AUDIO, .body = part_of_a_buffer};

    (void)state;
    stage_run(&stage, 5);
}

/* ---- Positions of the player ----------------------------------------------------------------- */

static void positions(struct stage *stage)
{
    enum { COUNT = 10, BYTES = CHUNK * 4 };
    static const uint8_t sound[BYTES];
    KSAUDIO_POSITION at, later;

    EXPECT(stage, NT_SUCCESS(open_wave(stage, RENDER, plain(2, 16, RATE))));
    EXPECT(stage, position_of(stage, RENDER).WriteOffset == 0);
    stage_set_state(stage, RENDER, KSSTATE_PAUSE);
    for (unsigned i = 0; i < COUNT; i++)
        stage_write(stage, RENDER, sound, BYTES, 0, 0);
    at = position_of(stage, RENDER);
    EXPECT(stage, at.PlayOffset == 0 && at.WriteOffset == COUNT * BYTES);
    stage_set_state(stage, RENDER, KSSTATE_RUN);
    stage_sleep_ms(35);
    stage_set_state(stage, RENDER, KSSTATE_PAUSE);
    at = position_of(stage, RENDER);
    EXPECT(stage, at.PlayOffset >= 2 * BYTES && at.PlayOffset <= 4 * BYTES);
    EXPECT(stage, at.WriteOffset == COUNT * BYTES);
    stage_sleep_ms(100);
    later = position_of(stage, RENDER);
    EXPECT(stage, memcmp(&at, &later, sizeof at) == 0);
    stage_set_state(stage, RENDER, KSSTATE_RUN);
    stage_sleep_ms(15);
    later = position_of(stage, RENDER);
    EXPECT(stage, later.PlayOffset > at.PlayOffset);
    EXPECT(stage, later.PlayOffset <= at.PlayOffset + 2 * BYTES);
    stage_sleep_ms(200); /* starved */
    later = position_of(stage, RENDER);
    EXPECT(stage, later.PlayOffset == COUNT * BYTES && later.WriteOffset == COUNT * BYTES);
    stage_set_state(stage, RENDER, KSSTATE_STOP);
    at = position_of(stage, RENDER);
    EXPECT(stage, at.PlayOffset == 0 && at.WriteOffset == 0);
}

static void the_players_position_freezes_in_pause_and_waits_for_data(void **state)
{
    struct stage stage = {.driver = "tone", .category = &KSCATEGORY_AUDIO, .body = positions};

    (void)state;
    stage_run(&stage, 6);
}

static void odd_buffers(struct stage *stage)
{
    static const uint8_t sound[4 * CHUNK + 3];
    struct request *odd, *tiny, *end;

    EXPECT(stage, NT_SUCCESS(open_wave(stage, RENDER, plain(2, 16, RATE))));
    stage_set_state(stage, RENDER, KSSTATE_PAUSE);
    odd = stage_write(stage, RENDER, sound, sizeof sound, 0, 0); /* three bytes too many */
    tiny = stage_write(stage, RENDER, sound, 2, 0, 0);
    end = stage_write(stage, RENDER, sound, 0, 0, KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM);
    stage_set_state(stage, RENDER, KSSTATE_RUN);
    stage_sleep_ms(40);
    EXPECT(stage, stage_is_done(odd) && stage_is_done(tiny) && stage_is_done(end));
    EXPECT(stage, position_of(stage, RENDER).PlayOffset == 4 * CHUNK);
}

static void buffers_without_whole_frames_are_given_back(void **state)
{
    struct stage stage = {.driver = "tone", .category = &KSCATEGORY_AUDIO, .body = odd_buffers};

    (void)state;
    stage_run(&stage, 7);
}

/* ---- Clocks ---------------------------------------------------------------------------------- */

/* The render pin's clock becomes the master of the capture pin. */
static void follow_player(struct stage *stage, NTSTATUS expected)
{
    static const WCHAR class[] = KSSTRING_Clock u"\\\0";
    KSPROPERTY request = {
        {{KSPROPSETID_Stream, KSPROPERTY_STREAM_MASTERCLOCK, KSPROPERTY_TYPE_SET}}};
    UNICODE_STRING name = {.Buffer = (PWCH)(ULONG_PTR) class, .Length = sizeof class};
    PFILE_OBJECT clock;
    HANDLE handle;

    if (!EXPECT(stage, NT_SUCCESS(io_file_open(machine_io(stage->machine), stage->pins[RENDER],
                                               &name, FILE_READ_DATA, &clock))))
        return;
    EXPECT(stage, NT_SUCCESS(io_file_handle(clock, &handle)));
    EXPECT(stage, stage_property(stage, stage->pins[CAPTURE], &request, sizeof request, &handle,
                                 sizeof handle) == expected);
    ZwClose(handle);
    io_file_close(clock); /* the pin has a reference of its own */
}

static void master_clock(struct stage *stage)
{
    enum { BYTES = CHUNK * 4 };
    struct request *first, *second;
    LONGLONG stamp;

    EXPECT(stage, NT_SUCCESS(open_wave(stage, RENDER, plain(2, 16, RATE))));
    EXPECT(stage, NT_SUCCESS(open_wave(stage, CAPTURE, plain(2, 16, RATE))));
    follow_player(stage, STATUS_SUCCESS);
    stage_set_state(stage, RENDER, KSSTATE_RUN);
    stage_sleep_ms(100);
    stage_set_state(stage, CAPTURE, KSSTATE_PAUSE);
    follow_player(stage, STATUS_INVALID_DEVICE_STATE);
    first = stage_read(stage, CAPTURE, BYTES);
    second = stage_read(stage, CAPTURE, BYTES);
    stage_set_state(stage, CAPTURE, KSSTATE_RUN);
    stage_sleep_ms(40);
    stamp = stage_header(stage, first).PresentationTime.Time;
    EXPECT(stage, stage_is_done(second));
    EXPECT(stage, stamp >= 100 * MS && stamp < 105 * MS); /* the player's time, not ours */
    stamp += 10 * MS - stage_header(stage, second).PresentationTime.Time;
    EXPECT(stage, llabs(stamp) <= ONE_SAMPLE);
}

static void stamps_are_those_of_the_master_clock(void **state)
{
    struct stage stage = {.driver = "tone", .category = &KSCATEGORY_AUDIO, .body = master_clock};

    (void)state;
    stage_run(&stage, 10);
}

/* ---- Sleep and removal ----------------------------------------------------------------------- */

static void sleep_and_wake(struct stage *stage)
{
    enum { COUNT = 10, BYTES = CHUNK * 4 };
    static const uint8_t sound[BYTES];
    struct machine_error error;
    KSAUDIO_POSITION at, later;

    EXPECT(stage, NT_SUCCESS(open_wave(stage, RENDER, plain(2, 16, RATE))));
    stage_set_state(stage, RENDER, KSSTATE_PAUSE);
    for (unsigned i = 0; i < COUNT; i++)
        stage_write(stage, RENDER, sound, BYTES, 0, 0);
    stage_set_state(stage, RENDER, KSSTATE_RUN);
    stage_sleep_ms(25);
    EXPECT(stage, machine_power(stage->machine, true, &error));
    at = position_of(stage, RENDER);
    EXPECT(stage, at.PlayOffset != 0 && at.PlayOffset < COUNT * BYTES);
    stage_sleep_ms(500);
    later = position_of(stage, RENDER);
    EXPECT(stage, later.PlayOffset == at.PlayOffset);
    EXPECT(stage, machine_power(stage->machine, false, &error));
    stage_sleep_ms(200);
    EXPECT(stage, position_of(stage, RENDER).PlayOffset == COUNT * BYTES);
}

static void sound_sleeps_with_the_device_and_goes_on(void **state)
{
    struct stage stage = {.driver = "tone", .category = &KSCATEGORY_AUDIO, .body = sleep_and_wake};

    (void)state;
    stage_run(&stage, 11);
}

/* ---- The loop -------------------------------------------------------------------------------- */

enum { LOOP_BITS = 24, LOOP_FRAME = 3, LOOP_SENT = 6, LOOP_GOT = 12 };

static void play_and_record(struct stage *stage, const uint8_t *sent, uint8_t *got)
{
    enum { BYTES = CHUNK * LOOP_FRAME };
    struct request *buffers[LOOP_GOT];

    for (unsigned i = 0; i < LOOP_GOT; i++)
        buffers[i] = stage_read(stage, CAPTURE, BYTES);
    for (unsigned i = 0; i < LOOP_SENT; i++)
        stage_write(stage, RENDER, sent + i * BYTES, BYTES, 0, 0);
    stage_set_state(stage, CAPTURE, KSSTATE_RUN);
    stage_sleep_ms(13);
    stage_set_state(stage, RENDER, KSSTATE_RUN);
    stage_sleep_ms(10 * LOOP_GOT + 15);
    for (unsigned i = 0; i < LOOP_GOT; i++) {
        EXPECT(stage, stage_is_done(buffers[i]));
        stage_data(stage, buffers[i], got + i * BYTES);
    }
    stage_set_state(stage, CAPTURE, KSSTATE_PAUSE);
    stage_set_state(stage, RENDER, KSSTATE_PAUSE);
}

static void open_loop(struct stage *stage)
{
    struct wave wave = extensible(1, LOOP_BITS, LOOP_BITS, RATE);

    EXPECT(stage, NT_SUCCESS(open_wave(stage, CAPTURE, wave)));
    EXPECT(stage, NT_SUCCESS(open_wave(stage, RENDER, wave)));
    stage_set_state(stage, CAPTURE, KSSTATE_PAUSE);
    stage_set_state(stage, RENDER, KSSTATE_PAUSE);
}

static void loop(struct stage *stage)
{
    static uint8_t sent[LOOP_SENT * CHUNK * LOOP_FRAME], got[LOOP_GOT * CHUNK * LOOP_FRAME];

    fill_noise(sent, sizeof sent);
    open_loop(stage);
    play_and_record(stage, sent, got);
    EXPECT(stage, is_within(sent, sizeof sent, got, sizeof got));
    /* Muted on the way, nothing arrives. */
    EXPECT(stage, NT_SUCCESS(set_level(stage, KSPROPERTY_AUDIO_MUTE, RENDER_MUTE, -1, 1)));
    play_and_record(stage, sent, got);
    EXPECT(stage, is_within(sent, 0, got, sizeof got));
}

static void what_is_played_is_recorded_byte_for_byte(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct stage stage = {.driver = "tone",
                              .category = &KSCATEGORY_AUDIO,
                              .parameter = {"Loopback", "1"},
                              .body = loop};

        stage_run(&stage, seed);
    }
}

static LONG sample_at(const uint8_t *bytes)
{
    return (LONG)((uint32_t)bytes[0] << 8 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 24) >>
           8;
}

/* Six decibels on the way out, six on the way in: a quarter, near enough. */
static void quieter(struct stage *stage)
{
    static uint8_t sent[LOOP_SENT * CHUNK * LOOP_FRAME], got[LOOP_GOT * CHUNK * LOOP_FRAME];
    const double part = pow(10, -12 / 20.0);
    unsigned at = 0;

    for (unsigned i = 0; i < sizeof sent; i += LOOP_FRAME)
        sent[i + 2] = 0x40, sent[i + 1] = (uint8_t)i, sent[i] = 0;
    open_loop(stage);
    EXPECT(stage, NT_SUCCESS(set_level(stage, KSPROPERTY_AUDIO_VOLUMELEVEL, RENDER_VOLUME, -1,
                                       -6 * 65536)));
    EXPECT(stage, NT_SUCCESS(set_level(stage, KSPROPERTY_AUDIO_VOLUMELEVEL, CAPTURE_VOLUME, 0,
                                       -6 * 65536)));
    play_and_record(stage, sent, got);
    while (at < sizeof got && sample_at(got + at) == 0)
        at += LOOP_FRAME;
    EXPECT(stage, at + sizeof sent <= sizeof got);
    for (unsigned i = 0; i < sizeof sent && at + i < sizeof got; i += LOOP_FRAME)
        EXPECT(stage, fabs(sample_at(got + at + i) - sample_at(sent + i) * part) < 3);
}

static void levels_are_decibels(void **state)
{
    struct stage stage = {.driver = "tone",
                          .category = &KSCATEGORY_AUDIO,
                          .parameter = {"Loopback", "1"},
                          .body = quieter};

    (void)state;
    stage_run(&stage, 8);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void bad_levels(struct stage *stage)
{
    const ULONG volume = KSPROPERTY_AUDIO_VOLUMELEVEL;

    EXPECT(stage, set_level(stage, volume, RENDER_VOLUME, 2, 0) == STATUS_INVALID_PARAMETER);
    EXPECT(stage, set_level(stage, volume, RENDER_VOLUME, -2, 0) == STATUS_INVALID_PARAMETER);
    EXPECT(stage, set_level(stage, volume, RENDER_MUTE, 0, 0) == STATUS_NOT_FOUND);
    EXPECT(stage, set_level(stage, volume, 6, 0, 0) == STATUS_INVALID_PARAMETER); /* no such node */
    /* Beyond the range is the nearest in it, and between two steps the lower one. */
    EXPECT(stage, NT_SUCCESS(set_level(stage, volume, RENDER_VOLUME, 1, 65536)));
    EXPECT(stage, get_level(stage, volume, RENDER_VOLUME, 1) == 0);
    EXPECT(stage, NT_SUCCESS(set_level(stage, volume, RENDER_VOLUME, 1, INT32_MIN)));
    EXPECT(stage, get_level(stage, volume, RENDER_VOLUME, 1) == -96 * 65536);
    EXPECT(stage, NT_SUCCESS(set_level(stage, volume, RENDER_VOLUME, -1, -65537)));
    EXPECT(stage, get_level(stage, volume, RENDER_VOLUME, 0) == -2 * 65536);
    EXPECT(stage, get_level(stage, volume, RENDER_VOLUME, 1) == -2 * 65536);
    EXPECT(stage, get_level(stage, volume, CAPTURE_VOLUME, 0) == 0);
}

static void bad_formats(struct stage *stage)
{
    struct wave odd = plain(2, 16, RATE);

    EXPECT(stage, open_wave(stage, CAPTURE, plain(2, 8, RATE)) == STATUS_NO_MATCH);
    EXPECT(stage, open_wave(stage, CAPTURE, plain(3, 16, RATE)) == STATUS_NO_MATCH);
    EXPECT(stage, open_wave(stage, CAPTURE, plain(0, 16, RATE)) == STATUS_NO_MATCH);
    EXPECT(stage, open_wave(stage, CAPTURE, plain(2, 16, 22050)) == STATUS_NO_MATCH);
    EXPECT(stage, open_wave(stage, CAPTURE, extensible(2, 24, 20, RATE)) == STATUS_NO_MATCH);
    odd.wave.nBlockAlign = 8;
    EXPECT(stage, open_wave(stage, CAPTURE, odd) == STATUS_NO_MATCH);
    odd = extensible(2, 24, 24, RATE);
    odd.format.FormatSize = sizeof(KSDATAFORMAT) + sizeof(WAVEFORMATEX); /* cut off */
    EXPECT(stage, open_wave(stage, CAPTURE, odd) == STATUS_NO_MATCH);
    EXPECT(stage, NT_SUCCESS(open_wave(stage, CAPTURE, extensible(2, 32, 32, 96000))));
}

static NTSTATUS set_format(struct stage *stage, ULONG pin, struct wave wave)
{
    KSPROPERTY request = {
        {{KSPROPSETID_Connection, KSPROPERTY_CONNECTION_DATAFORMAT, KSPROPERTY_TYPE_SET}}};

    return stage_property(stage, stage->pins[pin], &request, sizeof request, &wave,
                          wave.format.FormatSize);
}

static void changed_formats(struct stage *stage)
{
    PFILE_OBJECT other_filter, other_pin;
    struct wave wave = plain(1, 16, 44100);

    EXPECT(stage, NT_SUCCESS(open_wave(stage, RENDER, plain(2, 16, RATE))));
    EXPECT(stage, open_wave(stage, CAPTURE, wave) == STATUS_NO_MATCH); /* one wire, one format */
    EXPECT(stage, NT_SUCCESS(set_format(stage, RENDER, wave)));
    EXPECT(stage, NT_SUCCESS(open_wave(stage, CAPTURE, wave)));
    EXPECT(stage, set_format(stage, CAPTURE, plain(2, 16, RATE)) == STATUS_NO_MATCH);
    stage_set_state(stage, RENDER, KSSTATE_PAUSE);
    EXPECT(stage, NT_SUCCESS(set_format(stage, RENDER, wave)));
    stage_close_pin(stage, CAPTURE);
    EXPECT(stage, set_format(stage, RENDER, plain(2, 16, RATE)) == STATUS_INVALID_DEVICE_STATE);
    /* One stream a device, whichever filter it is opened by. */
    if (!stage_open_filter(stage, &other_filter))
        return;
    EXPECT(stage, stage_open_pin_of(stage, other_filter, RENDER, &wave, wave.format.FormatSize,
                                    &other_pin) == STATUS_DEVICE_BUSY);
    stage_close_pin(stage, RENDER);
    EXPECT(stage, NT_SUCCESS(stage_open_pin_of(stage, other_filter, RENDER, &wave,
                                               wave.format.FormatSize, &other_pin)));
    io_file_close(other_pin);
    io_file_close(other_filter);
}

static void what_cannot_be_is_refused(void **state)
{
    static stage_body_fn *const bodies[] = {bad_levels, bad_formats, changed_formats};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bodies); i++) {
        struct stage stage = {.driver = "tone",
                              .category = &KSCATEGORY_AUDIO,
                              .parameter = {"Loopback", "1"},
                              .body = bodies[i]};

        stage_run(&stage, 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tone_is_recorded_without_a_seam_and_stamped),
        cmocka_unit_test(what_finds_no_buffer_is_lost_and_the_next_buffer_says_so),
        cmocka_unit_test(a_pause_gives_back_what_is_partly_full),
        cmocka_unit_test(the_players_position_freezes_in_pause_and_waits_for_data),
        cmocka_unit_test(buffers_without_whole_frames_are_given_back),
        cmocka_unit_test(stamps_are_those_of_the_master_clock),
        cmocka_unit_test(sound_sleeps_with_the_device_and_goes_on),
        cmocka_unit_test(what_is_played_is_recorded_byte_for_byte),
        cmocka_unit_test(levels_are_decibels),
        cmocka_unit_test(what_cannot_be_is_refused),
    };

    return cmocka_run_group_tests_name("tone", tests, NULL, NULL);
}
