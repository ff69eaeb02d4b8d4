/* SPDX-License-Identifier: MIT */
/* audio32 against its data sheet. */
#include "../common/host_test.h"
#include "regs.h"

extern const struct weir_device_model audio32_model;

enum { MS = 1000000, RING = 1920, PERIOD = 480, RATE = 48000 }; /* a period of 16 bit mono: 5 ms */

static uint64_t at(unsigned stream, uint64_t offset)
{
    return A32_STREAM + stream * A32_STREAM_STRIDE + offset;
}

static void program(struct host *host, unsigned stream, uint64_t offset)
{
    host_write(host, at(stream, A32_BASE), (uint32_t)host_la(offset));
    host_write(host, at(stream, A32_BYTES), RING);
    host_write(host, at(stream, A32_PERIOD), PERIOD);
    host_write(host, at(stream, A32_FORMAT), A32_FORMAT_OF(1, 16));
    host_write(host, at(stream, A32_RATE), RATE);
    host_write(host, at(stream, A32_POSITION), 0);
}

static struct host *open_card(const char *given)
{
    struct host *host = calloc(1, sizeof *host);

    host_open(host, &audio32_model, given);
    host_write(host, A32_CONTROL, A32_INTERRUPTS);
    return host;
}

static void close_card(struct host *host)
{
    host_close(host);
    free(host);
}

static void the_input_is_written_a_period_at_a_time(void **state)
{
    struct host *host = open_card("input=count");

    (void)state;
    assert_int_equal(host_read(host, A32_ID), A32_ID_VALUE);
    program(host, A32_IN, 4096);
    host_write(host, at(A32_IN, A32_RUN), 1);
    host_run(host, 5 * MS - 1);
    assert_int_equal(host_read(host, at(A32_IN, A32_PERIODS)), 0);
    assert_false(host->line);
    host_run(host, 1);
    assert_true(host->line);
    assert_int_equal(host_read(host, A32_CAUSE), A32_CAUSE_PERIOD << A32_IN);
    assert_int_equal(host_read(host, at(A32_IN, A32_POSITION)), PERIOD);
    for (unsigned i = 0; i < PERIOD / 2; i++) {
        assert_int_equal(host->memory[4096 + 2 * i], i & 0xff);
        assert_int_equal(host->memory[4096 + 2 * i + 1], i >> 8);
    }
    assert_int_equal(host->dma_written_bytes, PERIOD);
    host_write(host, A32_CAUSE, A32_CAUSE_PERIOD << A32_IN);
    assert_false(host->line);
    host_run(host, 20 * MS); /* once around the ring */
    assert_int_equal(host_read(host, at(A32_IN, A32_POSITION)), PERIOD);
    assert_int_equal(host_read(host, at(A32_IN, A32_PERIODS)), 5);
    assert_int_equal(host->memory[4096] | host->memory[4097] << 8, 4 * PERIOD / 2);
    close_card(host);
}

static void what_is_played_can_be_recorded(void **state)
{
    struct host *host = open_card("input=loop");

    (void)state;
    for (unsigned i = 0; i < RING; i++)
        host->memory[i] = (uint8_t)(i * 7 + 1);
    program(host, A32_OUT, 0);
    program(host, A32_IN, 8192);
    host_write(host, at(A32_IN, A32_RUN), 1);
    host_run(host, 2 * MS);
    host_write(host, at(A32_OUT, A32_RUN), 1);
    host_run(host, 5 * MS);
    for (unsigned i = 0; i < PERIOD; i++)
        assert_int_equal(host->memory[8192 + i], 0); /* nothing was there yet */
    host_run(host, 15 * MS);
    assert_memory_equal(host->memory + 8192 + PERIOD, host->memory, 3 * PERIOD);
    close_card(host);
}

static void a_stopped_stream_keeps_its_position_and_touches_nothing(void **state)
{
    struct host *host = open_card("input=count");

    (void)state;
    program(host, A32_IN, 0);
    host_write(host, at(A32_IN, A32_RUN), 1);
    host_run(host, 12 * MS);
    host_write(host, at(A32_IN, A32_RUN), 0);
    host_run(host, 100 * MS);
    assert_int_equal(host->dma_written_bytes, 2 * PERIOD);
    assert_int_equal(host_read(host, at(A32_IN, A32_POSITION)), 2 * PERIOD);
    host_write(host, at(A32_IN, A32_RUN), 1);
    host_run(host, 5 * MS);
    assert_int_equal(host_read(host, at(A32_IN, A32_POSITION)), 3 * PERIOD);
    host_write(host, A32_CONTROL, A32_RESET);
    assert_int_equal(host_read(host, at(A32_IN, A32_RUN)), 0);
    assert_int_equal(host_read(host, at(A32_IN, A32_BASE)), 0);
    assert_int_equal(host_read(host, A32_CAUSE), 0);
    host_run(host, 100 * MS);
    assert_int_equal(host->dma_written_bytes, 3 * PERIOD);
    close_card(host);
}

/* Each value alone keeps the stream from running. */
static void what_makes_no_sense_does_not_run(void **state)
{
    static const struct {
        uint32_t offset, value;
    } wrong[] = {{A32_BASE, 0x40000002}, {A32_BYTES, 0},     {A32_BYTES, 1 << 17},
                 {A32_BYTES, 1000},      {A32_PERIOD, 0},    {A32_PERIOD, 1},
                 {A32_FORMAT, A32_FORMAT_OF(3, 16)},         {A32_FORMAT, A32_FORMAT_OF(1, 8)},
                 {A32_FORMAT, A32_FORMAT_OF(0, 16)},         {A32_RATE, 7999},
                 {A32_RATE, 192001},     {A32_POSITION, 2},  {A32_POSITION, RING}};

    (void)state;
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct host *host = open_card("");

        program(host, A32_IN, 0);
        host_write(host, at(A32_IN, wrong[i].offset), wrong[i].value);
        host_write(host, at(A32_IN, A32_RUN), 1);
        assert_int_equal(host_read(host, at(A32_IN, A32_RUN)), 0);
        assert_int_equal(host->events[WEIR_CARD_MISUSE], 1);
        close_card(host);
    }
}

static void a_running_stream_cannot_be_programmed(void **state)
{
    struct host *host = open_card("");

    (void)state;
    program(host, A32_IN, 0);
    host_write(host, at(A32_IN, A32_RUN), 1);
    host_write(host, at(A32_IN, A32_BASE), (uint32_t)host_la(65536));
    assert_int_equal(host_read(host, at(A32_IN, A32_BASE)), host_la(0));
    assert_int_equal(host->events[WEIR_CARD_MISUSE], 1);
    close_card(host);
}

static void a_bus_error_stops_the_stream(void **state)
{
    struct host *host = open_card("");

    (void)state;
    program(host, A32_OUT, 0);
    host->forbidden_from = 0;
    host->forbidden_to = 4096;
    host_write(host, at(A32_OUT, A32_RUN), 1);
    host_run(host, 5 * MS);
    assert_int_equal(host_read(host, at(A32_OUT, A32_RUN)), 0);
    assert_int_equal(host_read(host, A32_CAUSE), A32_CAUSE_ERROR << A32_OUT);
    assert_int_equal(host->events[WEIR_CARD_DMA_ERROR], 1);
    close_card(host);
}

static void faults_strike_once(void **state)
{
    struct host *host = open_card("fault=lost-irq,at=1");

    (void)state;
    program(host, A32_OUT, 0);
    host_write(host, at(A32_OUT, A32_RUN), 1);
    for (unsigned period = 0; period < 4; period++) {
        host_run(host, 5 * MS);
        assert_int_equal(host->line, period != 1);
        host_write(host, A32_CAUSE, 0xffffffff);
    }
    assert_int_equal(host->events[WEIR_CARD_FAULT], 1);
    close_card(host);
    host = open_card("fault=bus-error,at=1");
    program(host, A32_OUT, 0);
    host_write(host, at(A32_OUT, A32_RUN), 1);
    host_run(host, 50 * MS);
    assert_int_equal(host_read(host, at(A32_OUT, A32_PERIODS)), 2);
    assert_int_equal(host_read(host, A32_CAUSE), A32_CAUSE_PERIOD | A32_CAUSE_ERROR);
    close_card(host);
    host = open_card("fault=removal");
    program(host, A32_OUT, 0);
    host_write(host, at(A32_OUT, A32_RUN), 1);
    host_run(host, 50 * MS);
    assert_true(host->unplugged);
    close_card(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_input_is_written_a_period_at_a_time),
        cmocka_unit_test(what_is_played_can_be_recorded),
        cmocka_unit_test(a_stopped_stream_keeps_its_position_and_touches_nothing),
        cmocka_unit_test(what_makes_no_sense_does_not_run),
        cmocka_unit_test(a_running_stream_cannot_be_programmed),
        cmocka_unit_test(a_bus_error_stops_the_stream),
        cmocka_unit_test(faults_strike_once),
    };

    return cmocka_run_group_tests_name("audio32", tests, NULL, NULL);
}
