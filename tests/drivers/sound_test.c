/* SPDX-License-Identifier: MIT */
/* sound.sys on audio32, buffer by buffer: what goes out of one pin comes in at the other, whole,
 * through two rings, pauses, sleep and interrupts that fail; positions; the card's own count. */
#include "sound_stage.h"

enum { FRAME = 4, BYTES = CHUNK * FRAME, SENT = 10, GOT = 30 };

static void run(stage_body_fn *body, const char *card_parameters, uint64_t seed)
{
    struct stage stage = {.driver = "sound",
                          .card = "audio32",
                          .card_parameters = card_parameters,
                          .category = &KSCATEGORY_AUDIO,
                          .body = body};

    stage_run(&stage, seed);
}

/* ---- The card's count ------------------------------------------------------------------------ */

static bool counts_from(const uint8_t *bytes, uint32_t first)
{
    bool right = true;

    for (uint32_t i = 0; i < CHUNK; i++) {
        for (unsigned at = 0; at < FRAME; at++)
            right &= bytes[i * FRAME + at] == (uint8_t)((first + i) >> 8 * (at % 2));
    }
    return right;
}

static void record(struct stage *stage)
{
    struct request *buffers[20];
    uint8_t bytes[BYTES];

    EXPECT(stage, NT_SUCCESS(open_wave(stage, CAPTURE, plain(2, 16, RATE))));
    stage_set_state(stage, CAPTURE, KSSTATE_PAUSE);
    for (unsigned i = 0; i < ARRAY_LEN(buffers); i++)
        buffers[i] = stage_read(stage, CAPTURE, BYTES);
    stage_set_state(stage, CAPTURE, KSSTATE_RUN);
    stage_sleep_ms(10 * ARRAY_LEN(buffers) + 15);
    for (unsigned i = 0; i < ARRAY_LEN(buffers); i++) {
        KSSTREAM_HEADER header = stage_header(stage, buffers[i]);

        EXPECT(stage, stage_is_done(buffers[i]) && header.DataUsed == BYTES);
        EXPECT(stage, header.OptionsFlags == (KSSTREAM_HEADER_OPTIONSF_TIMEVALID |
                                              KSSTREAM_HEADER_OPTIONSF_DURATIONVALID));
        EXPECT(stage, llabs(header.PresentationTime.Time - 10 * MS * (int)i) <= ONE_SAMPLE);
        stage_data(stage, buffers[i], bytes);
        EXPECT(stage, counts_from(bytes, i * CHUNK));
    }
}

static void every_frame_is_recorded_and_stamped(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++)
        run(record, NULL, seed);
}

/* The ring holds seven periods for a client that is late; then frames are lost, and told of. */
static void slow_client(struct stage *stage)
{
    struct request *first, *late, *lost;
    uint8_t bytes[BYTES];

    EXPECT(stage, NT_SUCCESS(open_wave(stage, CAPTURE, plain(2, 16, RATE))));
    stage_set_state(stage, CAPTURE, KSSTATE_PAUSE);
    first = stage_read(stage, CAPTURE, BYTES);
    stage_set_state(stage, CAPTURE, KSSTATE_RUN);
    stage_sleep_ms(65);
    EXPECT(stage, stage_is_done(first));
    late = stage_read(stage, CAPTURE, BYTES);
    stage_sleep_ms(11);
    EXPECT(stage, stage_is_done(late));
    EXPECT(stage, (stage_header(stage, late).OptionsFlags &
                   KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY) == 0);
    stage_data(stage, late, bytes);
    EXPECT(stage, counts_from(bytes, CHUNK));
    stage_sleep_ms(200);
    lost = stage_read(stage, CAPTURE, BYTES);
    stage_sleep_ms(11);
    EXPECT(stage, stage_is_done(lost));
    EXPECT(stage, (stage_header(stage, lost).OptionsFlags &
                   KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY) != 0);
    stage_data(stage, lost, bytes);
    EXPECT(stage, counts_from(bytes, (uint32_t)(bytes[0] | bytes[1] << 8)));
    EXPECT(stage, bytes[0] + bytes[1] * 256 > 10 * CHUNK);
}

static void the_ring_waits_for_a_client_and_not_for_ever(void **state)
{
    (void)state;
    run(slow_client, NULL, 4);
}

/* ---- The loop -------------------------------------------------------------------------------- */

static struct request *sent_buffers[SENT], *got_buffers[GOT];
static uint8_t sent[SENT * BYTES], got[GOT * BYTES];

static void begin_loop(struct stage *stage)
{
    fill_noise(sent, sizeof sent);
    EXPECT(stage, NT_SUCCESS(open_wave(stage, CAPTURE, plain(2, 16, RATE))));
    EXPECT(stage, NT_SUCCESS(open_wave(stage, RENDER, plain(2, 16, RATE))));
    stage_set_state(stage, CAPTURE, KSSTATE_PAUSE);
    stage_set_state(stage, RENDER, KSSTATE_PAUSE);
    for (unsigned i = 0; i < GOT; i++)
        got_buffers[i] = stage_read(stage, CAPTURE, BYTES);
    for (unsigned i = 0; i < SENT; i++)
        sent_buffers[i] = stage_write(stage, RENDER, sent + i * BYTES, BYTES, 0, 0);
    stage_set_state(stage, CAPTURE, KSSTATE_RUN);
    stage_sleep_ms(13);
    stage_set_state(stage, RENDER, KSSTATE_RUN);
}

/* What has come, silence left out at both ends, is what was sent. */
static void end_loop(struct stage *stage)
{
    size_t size = 0;

    stage_set_state(stage, CAPTURE, KSSTATE_STOP);
    for (unsigned i = 0; i < GOT; i++) {
        KSSTREAM_HEADER header = stage_header(stage, got_buffers[i]);
        uint8_t bytes[BYTES];

        stage_data(stage, got_buffers[i], bytes);
        memcpy(got + size, bytes, header.DataUsed);
        size += header.DataUsed;
    }
    EXPECT(stage, is_within(sent, sizeof sent, got, size));
}

static void loop(struct stage *stage)
{
    begin_loop(stage);
    stage_sleep_ms(10 * SENT + 40);
    for (unsigned i = 0; i < SENT; i++)
        EXPECT(stage, stage_is_done(sent_buffers[i]));
    EXPECT(stage, position_of(stage, RENDER).PlayOffset == SENT * BYTES);
    stage_sleep_ms(50);
    end_loop(stage);
}

static void what_is_played_is_recorded_byte_for_byte(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++)
        run(loop, "input=loop", seed);
}

static void interrupts_may_be_late_or_lost(void **state)
{
    (void)state;
    run(loop, "input=loop,fault=late-irq,at=4", 6);
    run(loop, "input=loop,fault=lost-irq,at=4", 6);
}

static void pause_the_player(struct stage *stage)
{
    KSAUDIO_POSITION at, later;

    begin_loop(stage);
    stage_sleep_ms(37);
    stage_set_state(stage, RENDER, KSSTATE_PAUSE);
    at = position_of(stage, RENDER);
    EXPECT(stage, at.PlayOffset == 2 * BYTES && at.WriteOffset == SENT * BYTES);
    EXPECT(stage, stage_is_done(sent_buffers[1]) && !stage_is_done(sent_buffers[2]));
    stage_sleep_ms(60);
    later = position_of(stage, RENDER);
    EXPECT(stage, memcmp(&at, &later, sizeof at) == 0);
    stage_set_state(stage, RENDER, KSSTATE_RUN);
    stage_sleep_ms(10 * SENT + 10);
    EXPECT(stage, position_of(stage, RENDER).PlayOffset == SENT * BYTES);
}

static void a_paused_player_keeps_what_is_in_the_ring(void **state)
{
    (void)state;
    run(pause_the_player, "input=loop", 7);
}

static void sleep_in_between(struct stage *stage)
{
    struct machine_error error;

    begin_loop(stage);
    stage_sleep_ms(37);
    EXPECT(stage, machine_power(stage->machine, true, &error));
    stage_sleep_ms(300);
    EXPECT(stage, !stage_is_done(sent_buffers[SENT - 1]));
    EXPECT(stage, machine_power(stage->machine, false, &error));
    stage_sleep_ms(10 * SENT + 20);
    for (unsigned i = 0; i < SENT; i++)
        EXPECT(stage, stage_is_done(sent_buffers[i]));
    EXPECT(stage, position_of(stage, RENDER).PlayOffset == SENT * BYTES);
}

static void the_rings_survive_a_nap_of_the_card(void **state)
{
    (void)state;
    run(sleep_in_between, "input=loop", 8);
}

/* ---- Buffers that are not heard -------------------------------------------------------------- */

/* They are in the ring, and the client has them back at once when the stream ends. */
static void stop_early(struct stage *stage)
{
    begin_loop(stage);
    stage_sleep_ms(25);
    EXPECT(stage, stage_is_done(sent_buffers[0]) && !stage_is_done(sent_buffers[5]));
    stage_set_state(stage, RENDER, KSSTATE_STOP);
    for (unsigned i = 0; i < SENT; i++)
        EXPECT(stage, stage_is_done(sent_buffers[i]));
    EXPECT(stage, position_of(stage, RENDER).PlayOffset == 0);
    stage_set_state(stage, RENDER, KSSTATE_RUN); /* once more, from the beginning */
    stage_write(stage, RENDER, sent, BYTES, 0, 0);
    stage_sleep_ms(40);
    EXPECT(stage, position_of(stage, RENDER).PlayOffset == BYTES);
}

static void a_stop_gives_back_what_was_not_heard(void **state)
{
    (void)state;
    run(stop_early, "input=loop", 9);
}

static bool card_goes; /* AVStream gives back what waits then */

static void broken_card(struct stage *stage)
{
    begin_loop(stage);
    stage_sleep_ms(200);
    EXPECT(stage, stage_is_done(sent_buffers[0]));
    EXPECT(stage, stage_is_done(sent_buffers[SENT - 1]) == card_goes);
    stage_set_state(stage, RENDER, KSSTATE_STOP);
    EXPECT(stage, stage_is_done(sent_buffers[SENT - 1]));
}

static void a_card_that_halts_or_goes_leaves_nothing_behind(void **state)
{
    (void)state;
    card_goes = false;
    run(broken_card, "input=loop,fault=bus-error,at=4", 10);
    card_goes = true;
    run(broken_card, "input=loop,fault=removal,at=4", 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_recorded_and_stamped),
        cmocka_unit_test(the_ring_waits_for_a_client_and_not_for_ever),
        cmocka_unit_test(what_is_played_is_recorded_byte_for_byte),
        cmocka_unit_test(interrupts_may_be_late_or_lost),
        cmocka_unit_test(a_paused_player_keeps_what_is_in_the_ring),
        cmocka_unit_test(the_rings_survive_a_nap_of_the_card),
        cmocka_unit_test(a_stop_gives_back_what_was_not_heard),
        cmocka_unit_test(a_card_that_halts_or_goes_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("sound", tests, NULL, NULL);
}
