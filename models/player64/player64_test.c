/* SPDX-License-Identifier: MIT */
/* player64 against its data sheet: bursts, completions, and what leaves the connector. Picture n is
 * filled with the byte n + 1 throughout. */
#include "../common/host_test.h"
#include "../common/wire.h"
#include "regs.h"

extern const struct weir_device_model player64_model;

enum {
    RING = 0x10000, /* offsets in memory */
    DONE = 0x20000,
    BUFFERS = 0x100000,
    BUFFER_ROOM = 0x4000,
    RING_ENTRIES = 64,
    DONE_ENTRIES = 16,
    PICTURE_BYTES = 64 * 64 * 2,
    PERIOD_NS = 10000000,
};

struct driver {
    struct host host;
    unsigned channel;
    uint32_t tail;
    unsigned posted; /* pictures */
};

static void write_channel(struct driver *driver, uint32_t offset, uint32_t value)
{
    host_write(&driver->host, G64_CHANNEL(driver->channel) + offset, value);
}

static uint32_t read_channel(struct driver *driver, uint32_t offset)
{
    return host_read(&driver->host, G64_CHANNEL(driver->channel) + offset);
}

static void post(struct driver *driver)
{
    uint64_t offset = BUFFERS + driver->posted * BUFFER_ROOM;
    const struct g64_descriptor entries[2] = {
        {.address = host_la(offset), .length = 5000},
        {.address = host_la(offset + 5000), .length = PICTURE_BYTES - 5000,
         .flags = G64_LAST | driver->posted << G64_COOKIE_SHIFT},
    };

    memset(driver->host.memory + offset, (int)driver->posted + 1, PICTURE_BYTES);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(driver->host.memory + RING + driver->tail * sizeof entries[i], &entries[i],
               sizeof entries[i]);
        driver->tail = (driver->tail + 1) % RING_ENTRIES;
    }
    driver->posted++;
    write_channel(driver, G64_CH_TAIL, driver->tail);
}

static void start(struct driver *driver, const char *given, unsigned channel, unsigned pictures)
{
    struct host *host = &driver->host;

    *driver = (struct driver){.channel = channel};
    host_open(host, &player64_model, given);
    host->messages_on = G64_MESSAGES;
    host_write(host, G64_INT_ENABLE, G64_INT_ALL);
    write_channel(driver, G64_CH_FORMAT, G64_FORMAT_YUY2);
    write_channel(driver, G64_CH_SIZE, 64u << 16 | 64);
    write_channel(driver, G64_CH_PERIOD, PERIOD_NS);
    write_channel(driver, G64_CH_RING, (uint32_t)host_la(RING));
    write_channel(driver, G64_CH_RING_ENTRIES, RING_ENTRIES);
    write_channel(driver, G64_CH_DONE, (uint32_t)host_la(DONE));
    write_channel(driver, G64_CH_DONE_ENTRIES, DONE_ENTRIES);
    for (unsigned i = 0; i < pictures; i++)
        post(driver);
    write_channel(driver, G64_CH_CONTROL, G64_CH_CONTROL_ENABLE);
    host_run(host, G64_SYNC_NS + PERIOD_NS / 2); /* half a period before the first picture */
}

static void run_periods(struct driver *driver, unsigned periods)
{
    host_run(&driver->host, (uint64_t)periods * PERIOD_NS);
}

static struct g64_completion completion(const struct driver *driver, unsigned index)
{
    struct g64_completion entry;

    memcpy(&entry, driver->host.memory + DONE + index * sizeof entry, sizeof entry);
    return entry;
}

static void expect_output(const struct driver *driver, unsigned index, int first, int last,
                          uint32_t flags)
{
    const struct host_output *output = &driver->host.outputs[index];

    assert_true(index < driver->host.outputs_count);
    assert_int_equal(output->stream, driver->channel);
    assert_int_equal(output->size_bytes, PICTURE_BYTES);
    assert_int_equal(output->flags, flags);
    assert_int_equal(output->first, first + 1);
    assert_int_equal(output->last, last + 1);
}

static void pictures_leave_whole_and_in_order_on_each_channel(void **state)
{
    (void)state;
    for (unsigned channel = 0; channel < G64_CHANNELS; channel++) {
        struct driver driver;

        start(&driver, NULL, channel, 5);
        assert_int_equal(host_read(&driver.host, G64_ID), P64_ID_VALUE);
        run_periods(&driver, 5);
        assert_int_equal(driver.host.outputs_count, 5);
        assert_int_equal(driver.host.messages[channel], 5);
        for (unsigned i = 0; i < 5; i++) {
            expect_output(&driver, i, (int)i, (int)i, 0);
            assert_int_equal(completion(&driver, i).frame, i);
            assert_int_equal(completion(&driver, i).bytes, PICTURE_BYTES);
            assert_int_equal(completion(&driver, i).cookie, i);
            assert_int_equal(completion(&driver, i).status, G64_DONE_PHASE);
        }
        host_close(&driver.host);
    }
}

static void a_channel_without_descriptors_waits_and_repeats_the_last_picture(void **state)
{
    struct driver driver;

    (void)state;
    start(&driver, NULL, 0, 1);
    run_periods(&driver, 3);
    expect_output(&driver, 0, 0, 0, 0);
    expect_output(&driver, 1, 0, 0, WEIR_OUTPUT_REPEATED);
    expect_output(&driver, 2, 0, 0, WEIR_OUTPUT_REPEATED);
    assert_int_equal(read_channel(&driver, G64_CH_STATUS) & G64_CH_STATUS_STARVED,
                     G64_CH_STATUS_STARVED);
    post(&driver);
    run_periods(&driver, 1);
    expect_output(&driver, 3, 1, 1, 0);
    assert_int_equal(read_channel(&driver, G64_CH_DROPPED), 1);
    host_close(&driver.host);
}

static void nothing_leaves_before_the_first_picture_or_after_a_stop(void **state)
{
    struct driver driver;

    (void)state;
    start(&driver, NULL, 0, 0);
    run_periods(&driver, 2);
    assert_int_equal(driver.host.outputs_count, 0);
    post(&driver);
    run_periods(&driver, 1);
    assert_int_equal(driver.host.outputs[0].first, 1);
    write_channel(&driver, G64_CH_CONTROL, 0);
    driver.host.outputs_count = 0;
    run_periods(&driver, 3);
    assert_int_equal(driver.host.outputs_count, 0);
    host_close(&driver.host);
}

/* A picture cut off by a stop is nobody's to see. */
static void a_burst_that_a_stop_cuts_does_not_leave(void **state)
{
    struct driver driver;

    (void)state;
    start(&driver, "bandwidth=1M", 0, 1); /* 8 ms for a picture */
    host_run(&driver.host, PERIOD_NS / 2 + 2000000);
    write_channel(&driver, G64_CH_CONTROL, 0);
    run_periods(&driver, 2);
    assert_int_equal(driver.host.outputs_count, 0);
    assert_int_equal(completion(&driver, 0).status & G64_DONE_BROKEN, G64_DONE_BROKEN);
    host_close(&driver.host);
}

static void faults_of_the_picture_strike_channel_0(void **state)
{
    static const struct {
        const char *given;
        unsigned count;
        int first, last; /* of output 4 */
        uint32_t flags;
    } rows[] = {
        {"fault=short-dma,at=4", 6, 4, 1, 0},
        {"fault=torn,at=4", 6, 1, 4, 0},
        {"fault=stale,at=4", 6, 2, 2, 0},
        {"fault=duplicate,at=3", 7, 3, 3, 0},
        {"fault=lost-frame,at=4", 5, 5, 5, 0},
        {"fault=fifo-overrun,at=4", 6, 1, 1, WEIR_OUTPUT_DAMAGED},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct driver driver;

        start(&driver, rows[i].given, 0, 6);
        run_periods(&driver, 6);
        assert_int_equal(driver.host.outputs_count, rows[i].count);
        expect_output(&driver, 4, rows[i].first, rows[i].last, rows[i].flags);
        host_close(&driver.host);
    }
}

static void a_late_read_shows_what_is_there_five_milliseconds_later(void **state)
{
    struct driver driver;

    (void)state;
    start(&driver, "fault=late-read,at=0", 0, 2);
    host_run(&driver.host, PERIOD_NS / 2 + 1000);
    assert_int_equal(completion(&driver, 0).status, G64_DONE_PHASE);
    assert_int_equal(driver.host.outputs_count, 0);
    memset(driver.host.memory + BUFFERS, 78, PICTURE_BYTES);
    run_periods(&driver, 1);
    expect_output(&driver, 0, 77, 77, 0);
    expect_output(&driver, 1, 1, 1, 0);
    host_close(&driver.host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_leave_whole_and_in_order_on_each_channel),
        cmocka_unit_test(a_channel_without_descriptors_waits_and_repeats_the_last_picture),
        cmocka_unit_test(nothing_leaves_before_the_first_picture_or_after_a_stop),
        cmocka_unit_test(a_burst_that_a_stop_cuts_does_not_leave),
        cmocka_unit_test(faults_of_the_picture_strike_channel_0),
        cmocka_unit_test(a_late_read_shows_what_is_there_five_milliseconds_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
