/* SPDX-License-Identifier: MIT */
/* player32 against its data sheet: what leaves the connector, and when memory is read. Picture n is
 * filled with the byte n + 1 throughout, so its first and its last byte tell which it is. */
#include "../common/host_test.h"
#include "../common/wire.h"
#include "regs.h"

extern const struct weir_device_model player32_model;

enum {
    TABLE = 0x10000, /* offsets in memory */
    BUFFERS = 0x100000,
    BUFFER_ROOM = 0x4000,
    PICTURE_BYTES = 64 * 64 * 2,
    PERIOD_NS = 10000000,
};

struct driver {
    struct host host;
    uint16_t tail;
    unsigned posted; /* pictures */
};

static uint8_t *buffer_of(struct driver *driver, unsigned picture)
{
    return driver->host.memory + BUFFERS + picture * BUFFER_ROOM;
}

/* A picture in two pieces; the second one ends in the middle of a page. */
static void post(struct driver *driver)
{
    uint32_t la = (uint32_t)host_la(BUFFERS + driver->posted * BUFFER_ROOM);
    const struct g32_descriptor entries[2] = {
        {.address = la, .length = 5000},
        {.address = la + 5000, .length = PICTURE_BYTES - 5000, .flags = G32_LAST},
    };

    memset(buffer_of(driver, driver->posted), (int)driver->posted + 1, PICTURE_BYTES);
    for (unsigned i = 0; i < 2; i++)
        memcpy(driver->host.memory + TABLE + driver->tail++ % G32_ENTRIES * sizeof entries[i],
               &entries[i], sizeof entries[i]);
    driver->posted++;
    host_write(&driver->host, G32_TAIL, driver->tail);
}

static void start(struct driver *driver, const char *given, unsigned pictures)
{
    struct host *host = &driver->host;

    *driver = (struct driver){0};
    host_open(host, &player32_model, given);
    host_write(host, G32_FORMAT, G32_FORMAT_YUY2);
    host_write(host, G32_SIZE, 64u << 16 | 64);
    host_write(host, G32_PERIOD, PERIOD_NS);
    host_write(host, G32_TABLE, (uint32_t)host_la(TABLE));
    for (unsigned i = 0; i < pictures; i++)
        post(driver);
    host_write(host, G32_CONTROL, G32_CONTROL_RUN);
    host_run(host, G32_SYNC_NS - 1); /* the first period is about to begin */
}

static void run_periods(struct driver *driver, unsigned periods)
{
    host_run(&driver->host, (uint64_t)periods * PERIOD_NS);
}

/* first and last are picture numbers, -1: what the card had before. */
static void expect_output(const struct driver *driver, unsigned index, int first, int last,
                          uint32_t flags)
{
    const struct host_output *output = &driver->host.outputs[index];

    assert_true(index < driver->host.outputs_count);
    assert_int_equal(output->size_bytes, PICTURE_BYTES);
    assert_int_equal(output->flags, flags);
    assert_int_equal(output->first, first + 1);
    assert_int_equal(output->last, last + 1);
}

static void the_card_says_who_it_is(void **state)
{
    struct driver driver;

    (void)state;
    start(&driver, NULL, 0);
    assert_int_equal(host_read(&driver.host, G32_ID), P32_ID_VALUE);
    host_close(&driver.host);
}

static void pictures_leave_whole_and_in_order(void **state)
{
    struct driver driver;

    (void)state;
    start(&driver, NULL, 5);
    run_periods(&driver, 5);
    assert_int_equal(driver.host.outputs_count, 5);
    for (int i = 0; i < 5; i++) {
        expect_output(&driver, (unsigned)i, i, i, 0);
        assert_int_equal(host_read(&driver.host, G32_RESULT), G32_RESULT_VALID | (uint32_t)i);
    }
    host_close(&driver.host);
}

static void nothing_leaves_before_the_first_picture(void **state)
{
    struct driver driver;

    (void)state;
    start(&driver, NULL, 0);
    run_periods(&driver, 3);
    assert_int_equal(driver.host.outputs_count, 0);
    assert_int_equal(host_read(&driver.host, G32_DROPPED), 3);
    host_close(&driver.host);
}

static void a_period_without_a_picture_repeats_the_last_one(void **state)
{
    struct driver driver;

    (void)state;
    start(&driver, NULL, 2);
    run_periods(&driver, 4);
    post(&driver);
    run_periods(&driver, 1);
    assert_int_equal(driver.host.outputs_count, 5);
    expect_output(&driver, 1, 1, 1, 0);
    expect_output(&driver, 2, 1, 1, WEIR_OUTPUT_REPEATED);
    expect_output(&driver, 3, 1, 1, WEIR_OUTPUT_REPEATED);
    expect_output(&driver, 4, 2, 2, 0);
    assert_int_equal(host_read(&driver.host, G32_DROPPED), 2);
    host_close(&driver.host);
}

static void a_picture_with_too_few_bytes_leaves_damaged(void **state)
{
    struct driver driver;
    const struct g32_descriptor small = {.address = (uint32_t)host_la(BUFFERS), .length = 4096,
                                         .flags = G32_LAST};

    (void)state;
    start(&driver, NULL, 0);
    memset(buffer_of(&driver, 0), 1, PICTURE_BYTES);
    memcpy(driver.host.memory + TABLE, &small, sizeof small);
    host_write(&driver.host, G32_TAIL, 1);
    run_periods(&driver, 1);
    expect_output(&driver, 0, 0, -1, WEIR_OUTPUT_DAMAGED);
    assert_int_equal(host_read(&driver.host, G32_RESULT), G32_RESULT_VALID | G32_RESULT_SHORT);
    host_close(&driver.host);
}

static void a_stopped_card_is_dark(void **state)
{
    struct driver driver;

    (void)state;
    start(&driver, NULL, 2);
    run_periods(&driver, 2);
    host_write(&driver.host, G32_CONTROL, 0);
    run_periods(&driver, 3);
    assert_int_equal(driver.host.outputs_count, 2);
    assert_int_equal(host_read(&driver.host, G32_STATUS), 0);
    host_close(&driver.host);
}

static void a_master_abort_halts_the_card(void **state)
{
    struct driver driver;

    (void)state;
    start(&driver, NULL, 2);
    driver.host.forbidden_from = BUFFERS + BUFFER_ROOM;
    driver.host.forbidden_to = BUFFERS + 2 * BUFFER_ROOM;
    run_periods(&driver, 2);
    assert_int_equal(driver.host.outputs_count, 1);
    assert_int_equal(host_read(&driver.host, G32_ERROR), G32_ERROR_ABORT);
    assert_int_equal(host_read(&driver.host, G32_ERROR_ADDRESS), host_la(BUFFERS + BUFFER_ROOM));
    host_close(&driver.host);
}

/* ---- Faults ---------------------------------------------------------------------------------- */

static void play_six(struct driver *driver, const char *given)
{
    start(driver, given, 6);
    run_periods(driver, 6);
}

static void a_short_read_leaves_the_end_of_an_older_picture(void **state)
{
    struct driver driver;

    (void)state;
    play_six(&driver, "fault=short-dma,at=4");
    expect_output(&driver, 4, 4, 1, 0);
    expect_output(&driver, 5, 5, 5, 0);
    host_close(&driver.host);
}

static void a_torn_picture_begins_with_an_older_one(void **state)
{
    struct driver driver;

    (void)state;
    play_six(&driver, "fault=torn,at=4");
    expect_output(&driver, 4, 1, 4, 0);
    host_close(&driver.host);
}

static void a_stale_picture_is_the_one_of_two_frames_ago(void **state)
{
    struct driver driver;

    (void)state;
    play_six(&driver, "fault=stale,at=4");
    expect_output(&driver, 4, 2, 2, 0);
    expect_output(&driver, 5, 5, 5, 0);
    host_close(&driver.host);
}

static void a_duplicate_leaves_twice_and_a_lost_one_never(void **state)
{
    struct driver driver;

    (void)state;
    play_six(&driver, "fault=duplicate,at=4");
    assert_int_equal(driver.host.outputs_count, 7);
    expect_output(&driver, 5, 4, 4, 0);
    host_close(&driver.host);
    play_six(&driver, "fault=lost-frame,at=4");
    assert_int_equal(driver.host.outputs_count, 5);
    expect_output(&driver, 4, 5, 5, 0);
    host_close(&driver.host);
}

/* The driver takes the result and puts the next picture where this one was. */
static void a_late_read_shows_what_is_there_five_milliseconds_later(void **state)
{
    struct driver driver;

    (void)state;
    start(&driver, "fault=late-read,at=1", 3);
    run_periods(&driver, 2);
    assert_int_equal(driver.host.outputs_count, 1);
    assert_int_equal(host_read(&driver.host, G32_RESULT), G32_RESULT_VALID);
    assert_int_equal(host_read(&driver.host, G32_RESULT), G32_RESULT_VALID | 1);
    memset(buffer_of(&driver, 1), 78, PICTURE_BYTES);
    run_periods(&driver, 1);
    assert_int_equal(driver.host.outputs_count, 3);
    expect_output(&driver, 1, 77, 77, 0);
    expect_output(&driver, 2, 2, 2, 0);
    host_close(&driver.host);
}

static void a_read_past_the_end_touches_the_bytes_behind(void **state)
{
    struct driver driver;

    (void)state;
    start(&driver, NULL, 1);
    run_periods(&driver, 1);
    assert_int_equal(driver.host.dma_read_end, BUFFERS + PICTURE_BYTES);
    host_close(&driver.host);
    start(&driver, "fault=read-past,at=0", 1);
    run_periods(&driver, 1);
    assert_int_equal(driver.host.dma_read_end, BUFFERS + PICTURE_BYTES + SCREEN_PAST_BYTES);
    expect_output(&driver, 0, 0, 0, 0);
    host_close(&driver.host);
}

static void a_fifo_that_runs_dry_damages_its_picture_and_no_other(void **state)
{
    struct driver driver;

    (void)state;
    play_six(&driver, "fault=fifo-overrun,at=4");
    expect_output(&driver, 3, 3, 3, 0);
    expect_output(&driver, 4, 4, 1, WEIR_OUTPUT_DAMAGED);
    expect_output(&driver, 5, 5, 5, 0);
    host_close(&driver.host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_card_says_who_it_is),
        cmocka_unit_test(pictures_leave_whole_and_in_order),
        cmocka_unit_test(nothing_leaves_before_the_first_picture),
        cmocka_unit_test(a_period_without_a_picture_repeats_the_last_one),
        cmocka_unit_test(a_picture_with_too_few_bytes_leaves_damaged),
        cmocka_unit_test(a_stopped_card_is_dark),
        cmocka_unit_test(a_master_abort_halts_the_card),
        cmocka_unit_test(a_short_read_leaves_the_end_of_an_older_picture),
        cmocka_unit_test(a_torn_picture_begins_with_an_older_one),
        cmocka_unit_test(a_stale_picture_is_the_one_of_two_frames_ago),
        cmocka_unit_test(a_duplicate_leaves_twice_and_a_lost_one_never),
        cmocka_unit_test(a_late_read_shows_what_is_there_five_milliseconds_later),
        cmocka_unit_test(a_read_past_the_end_touches_the_bytes_behind),
        cmocka_unit_test(a_fifo_that_runs_dry_damages_its_picture_and_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
