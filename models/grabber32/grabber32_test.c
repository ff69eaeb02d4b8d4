/* SPDX-License-Identifier: MIT */
/* grabber32 against its data sheet, with a small driver: frames in pages scattered over memory, the
 * table refilled from the interrupt. */
#include "../common/fault.h"
#include "../common/host_test.h"
#include "regs.h"
#include "weir/pattern.h"

extern const struct weir_device_model grabber32_model;

enum {
    TABLE = 0x10000, /* offsets in memory */
    FRAMES = 0x400000,
    FRAME_ROOM = 0x600000,
    BUFFERS = 4,
    PAGES_MAX = 1100,
};

struct driver {
    struct host host;
    struct weir_pattern_geometry geometry;
    struct weir_pattern *pattern;
    enum weir_pattern_payload payload;
    uint64_t bytes;
    unsigned pieces; /* of one frame */
    uint32_t piece[BUFFERS][PAGES_MAX]; /* offsets in memory */
    uint16_t tail;
    unsigned fill_buffer, fill_piece; /* what is posted next */
    bool refill;
    unsigned done, broken, dropped, watermarks, stops, errors, spurious;
    uint32_t results[64];
    struct weir_pattern_result verdicts[64];
};

/* ---- A driver -------------------------------------------------------------------------------- */

static uint32_t piece_bytes(const struct driver *driver, unsigned piece)
{
    uint64_t left = driver->bytes - (uint64_t)piece * 4096;

    return left < 4096 ? (uint32_t)left : 4096;
}

static void post(struct driver *driver)
{
    struct host *host = &driver->host;
    uint16_t head = (uint16_t)host_read(host, G32_HEAD);

    while ((uint16_t)(driver->tail - head) < G32_ENTRIES) {
        struct g32_descriptor entry = {
            .address = (uint32_t)host_la(driver->piece[driver->fill_buffer][driver->fill_piece]),
            .length = piece_bytes(driver, driver->fill_piece),
            .flags = driver->fill_piece + 1 == driver->pieces ? G32_LAST : 0,
        };

        memcpy(host->memory + TABLE + driver->tail % G32_ENTRIES * sizeof entry, &entry,
               sizeof entry);
        driver->tail++;
        if (++driver->fill_piece == driver->pieces) {
            driver->fill_piece = 0;
            driver->fill_buffer = (driver->fill_buffer + 1) % BUFFERS;
        }
    }
    host_write(host, G32_TAIL, driver->tail);
}

static void judge(struct driver *driver, unsigned buffer)
{
    struct weir_pattern_piece pieces[PAGES_MAX];
    struct weir_pattern_view view = {pieces, driver->pieces, driver->bytes};
    struct weir_pattern_expect expect = {1, 0};

    for (unsigned i = 0; i < driver->pieces; i++)
        pieces[i] = (struct weir_pattern_piece){driver->host.memory + driver->piece[buffer][i],
                                                piece_bytes(driver, i)};
    weir_pattern_check(driver->pattern, driver->payload, &view, &expect,
                       &driver->verdicts[driver->done]);
}

static void take_results(struct driver *driver)
{
    uint32_t result;

    while (((result = host_read(&driver->host, G32_RESULT)) & G32_RESULT_VALID) != 0 &&
           result != UINT32_MAX) {
        unsigned buffer = (driver->done + driver->broken) % BUFFERS;

        if ((result & G32_RESULT_BROKEN) != 0) {
            driver->broken++;
            continue;
        }
        assert_true(driver->done < 64);
        driver->results[driver->done] = result & G32_RESULT_NUMBER;
        judge(driver, buffer);
        driver->done++;
    }
}

static void serve(struct host *host)
{
    struct driver *driver = host->driver;
    uint32_t causes;

    if (!host->line)
        return;
    causes = host_read(host, G32_INT_STATUS);
    if (causes == 0 || causes == UINT32_MAX) {
        driver->spurious++;
        return;
    }
    host_write(host, G32_INT_STATUS, causes);
    driver->watermarks += (causes & G32_INT_WATERMARK) != 0;
    driver->dropped += (causes & G32_INT_DROPPED) != 0;
    driver->stops += (causes & G32_INT_STOPPED) != 0;
    driver->errors += (causes & G32_INT_ERROR) != 0;
    take_results(driver);
    if (driver->refill && (causes & G32_INT_WATERMARK) != 0)
        post(driver);
}

/* Pages of all buffers, shuffled, so that no two are neighbours by plan. */
static void scatter(struct driver *driver)
{
    uint32_t state = 12345;
    unsigned total = BUFFERS * driver->pieces;

    for (unsigned i = 0; i < total; i++)
        driver->piece[i % BUFFERS][i / BUFFERS] = FRAMES + i * 4096;
    for (unsigned i = total - 1; i > 0; i--) {
        unsigned j;
        uint32_t *a = &driver->piece[i % BUFFERS][i / BUFFERS], *b, swap;

        state = state * 1664525 + 1013904223;
        j = state % (i + 1);
        b = &driver->piece[j % BUFFERS][j / BUFFERS];
        swap = *a;
        *a = *b;
        *b = swap;
    }
}

static void setup(struct driver *driver)
{
    struct host *host = &driver->host;

    host_write(host, G32_TABLE, (uint32_t)host_la(TABLE));
    host_write(host, G32_FORMAT,
               driver->geometry.format | (driver->geometry.bottom_up ? G32_FORMAT_BOTTOM_UP : 0u));
    host_write(host, G32_SIZE, driver->geometry.height << 16 | driver->geometry.width);
    host_write(host, G32_PERIOD, 16666667);
    host_write(host, G32_INT_ENABLE, G32_INT_ALL);
}

static void driver_open(struct driver *driver, uint32_t format, uint32_t width, uint32_t height,
                        const char *parameters)
{
    memset(driver, 0, sizeof *driver);
    host_open(&driver->host, &grabber32_model, parameters);
    driver->host.driver = driver;
    driver->host.on_line = serve;
    driver->geometry =
        (struct weir_pattern_geometry){format, width, height, format == WEIR_PATTERN_RGB32};
    assert_int_equal(weir_pattern_create(&driver->geometry, &driver->pattern), 0);
    driver->payload = (enum weir_pattern_payload)host_number(&driver->host.services, "payload");
    driver->bytes = weir_pattern_frame_bytes(&driver->geometry);
    driver->pieces = (unsigned)((driver->bytes + 4095) / 4096);
    assert_true(driver->pieces <= PAGES_MAX);
    driver->refill = true;
    scatter(driver);
    setup(driver);
}

static void driver_close(struct driver *driver)
{
    weir_pattern_destroy(driver->pattern);
    host_close(&driver->host);
}

static void start(struct driver *driver)
{
    post(driver);
    host_write(&driver->host, G32_CONTROL, G32_CONTROL_RUN);
}

static const uint64_t period_ns = 16666667;

static void assert_frames_in_order(struct driver *driver, unsigned count)
{
    assert_in_range(driver->done, count, count + 1);
    for (unsigned i = 0; i < driver->done; i++) {
        assert_int_equal(driver->results[i], i);
        assert_int_equal(driver->verdicts[i].verdict, WEIR_VERDICT_OK);
        assert_int_equal(driver->verdicts[i].frame, i);
    }
}

/* ---- Registers ------------------------------------------------------------------------------- */

static void registers_have_the_values_of_the_data_sheet(void **state)
{
    struct host host;

    (void)state;
    host_open(&host, &grabber32_model, NULL);
    assert_int_equal(host_read(&host, G32_ID), G32_ID_VALUE);
    assert_int_equal(host_read(&host, G32_STATUS), 0);
    assert_int_equal(host_read(&host, G32_SIZE), 0x01e00280);
    assert_int_equal(host_read(&host, G32_PERIOD), 33333333);
    assert_int_equal(host_read(&host, G32_RESULT), 0);
    assert_int_equal(host_read(&host, 0x40), UINT32_MAX);
    assert_int_equal((uint16_t)host.model->read(host.card, 0, G32_ID, 2), UINT16_MAX);
    host_write(&host, G32_INT_ENABLE, UINT32_MAX);
    assert_int_equal(host_read(&host, G32_INT_ENABLE), G32_INT_ALL);
    host.model->write(host.card, 0, G32_INT_ENABLE, 2, 0);
    assert_int_equal(host_read(&host, G32_INT_ENABLE), G32_INT_ALL);
    host_close(&host);
}

static void a_reset_takes_ten_microseconds_and_clears_everything(void **state)
{
    struct host host;

    (void)state;
    host_open(&host, &grabber32_model, NULL);
    host_write(&host, G32_SIZE, 5);
    host_write(&host, G32_CONTROL, G32_CONTROL_RESET);
    assert_int_equal(host_read(&host, G32_STATUS), G32_STATUS_RESETTING);
    host_write(&host, G32_SIZE, 5); /* ignored */
    host_run(&host, G32_RESET_NS);
    assert_int_equal(host_read(&host, G32_STATUS), 0);
    assert_int_equal(host_read(&host, G32_SIZE), 0x01e00280);
    host_close(&host);
}

static void settings_cannot_change_while_running(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    start(&driver);
    host_write(&driver.host, G32_SIZE, 5);
    host_write(&driver.host, G32_FRAME, 5);
    assert_int_equal(host_read(&driver.host, G32_SIZE), 480 << 16 | 640);
    assert_int_equal(host_read(&driver.host, G32_FRAME), 0);
    assert_int_equal(driver.host.events[WEIR_CARD_MISUSE], 2);
    driver_close(&driver);
}

/* ---- Streaming ------------------------------------------------------------------------------- */

static void scattered_frames_arrive_whole_and_in_order(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 1920, 1080, NULL);
    assert_int_equal(driver.pieces, 1013);
    start(&driver);
    host_run(&driver.host, G32_SYNC_NS + 8 * period_ns);
    assert_frames_in_order(&driver, 8);
    assert_in_range(driver.watermarks, 8 * 1013 / 128 - 2, 8 * 1013 / 128 + 2);
    assert_int_equal(driver.broken, 0);
    driver_close(&driver);
}

static void every_format_streams_with_either_payload(void **state)
{
    static const char *const payloads[] = {"payload=full", "payload=stamps"};

    (void)state;
    for (uint32_t format = 0; format < WEIR_PATTERN_FORMATS; format++)
        for (unsigned i = 0; i < 2; i++) {
            struct driver driver;

            driver_open(&driver, format, 640, 480, payloads[i]);
            start(&driver);
            host_run(&driver.host, G32_SYNC_NS + 6 * period_ns);
            assert_frames_in_order(&driver, 6);
            driver_close(&driver);
        }
}

static void stamps_write_one_stamp_a_page_and_none_nothing(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 1920, 1080, "payload=stamps");
    start(&driver);
    host_run(&driver.host, G32_SYNC_NS + period_ns - 1);
    assert_int_equal(driver.done, 1);
    assert_int_equal(driver.host.dma_written_bytes, 1013 * 64);
    driver_close(&driver);
    driver_open(&driver, WEIR_PATTERN_YUY2, 1920, 1080, "payload=none");
    start(&driver);
    host_run(&driver.host, G32_SYNC_NS + period_ns - 1);
    assert_int_equal(driver.done, 1);
    assert_int_equal(driver.host.dma_writes, 0);
    driver_close(&driver);
}

static void nothing_is_written_before_the_picture_has_arrived(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 1920, 1080, NULL);
    start(&driver);
    host_run(&driver.host, G32_SYNC_NS + period_ns / 2);
    assert_in_range(driver.host.dma_written_bytes, driver.bytes * 3 / 8, driver.bytes * 9 / 16);
    assert_true(host_read(&driver.host, G32_STATUS) & G32_STATUS_DMA);
    driver_close(&driver);
}

static void an_empty_table_drops_whole_frames_and_counts_them(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    host_write(&driver.host, G32_CONTROL, G32_CONTROL_RUN);
    host_run(&driver.host, G32_SYNC_NS + 3 * period_ns - 1);
    assert_int_equal(host_read(&driver.host, G32_DROPPED), 3);
    assert_int_equal(driver.dropped, 3);
    post(&driver);
    host_run(&driver.host, period_ns);
    assert_int_equal(driver.done, 1);
    assert_int_equal(driver.results[0], 3);
    assert_int_equal(driver.verdicts[0].frame, 3);
    driver_close(&driver);
}

static void a_table_not_refilled_in_time_breaks_the_frame(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 1920, 1080, NULL);
    driver.refill = false;
    start(&driver);
    host_run(&driver.host, G32_SYNC_NS + period_ns / 4);
    assert_true(host_read(&driver.host, G32_STATUS) & G32_STATUS_STARVED);
    host_run(&driver.host, period_ns / 2);
    assert_false(host_read(&driver.host, G32_STATUS) & G32_STATUS_STARVED);
    assert_int_equal(driver.broken, 0); /* its last piece is yet to be posted */
    driver.refill = true;
    post(&driver);
    post(&driver);
    post(&driver);
    post(&driver);
    take_results(&driver);
    assert_int_equal(driver.broken, 1);
    host_run(&driver.host, 2 * period_ns);
    assert_true(driver.done >= 1);
    for (unsigned i = 0; i < driver.done; i++)
        assert_int_equal(driver.verdicts[i].verdict, WEIR_VERDICT_OK);
    driver_close(&driver);
}

static void a_late_refill_within_the_fifo_costs_nothing(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 1920, 1080, NULL);
    driver.refill = false;
    start(&driver);
    host_run(&driver.host, G32_SYNC_NS + period_ns / 16 * 15 / 1013 * 257 + 300000);
    assert_true(host_read(&driver.host, G32_STATUS) & G32_STATUS_STARVED);
    driver.refill = true;
    post(&driver);
    assert_false(host_read(&driver.host, G32_STATUS) & G32_STATUS_STARVED);
    host_run(&driver.host, 2 * period_ns);
    assert_frames_in_order(&driver, 2);
    driver_close(&driver);
}

static void a_bus_too_slow_overflows_the_fifo(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 1920, 1080, "bandwidth=133000000");
    start(&driver);
    for (unsigned i = 0; i < 40; i++) {
        host_run(&driver.host, period_ns / 4);
        post(&driver);
        take_results(&driver);
    }
    assert_int_equal(driver.done, 0);
    assert_true(driver.broken > 3);
    driver_close(&driver);
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, "bandwidth=133000000");
    start(&driver);
    host_run(&driver.host, G32_SYNC_NS + 6 * period_ns);
    assert_frames_in_order(&driver, 6);
    driver_close(&driver);
}

static void pieces_too_small_for_the_frame_make_it_short(void **state)
{
    struct host host;
    struct g32_descriptor entry = {(uint32_t)host_la(FRAMES), 60000, G32_LAST, 0};

    (void)state;
    host_open(&host, &grabber32_model, NULL);
    memcpy(host.memory + TABLE, &entry, sizeof entry);
    host_write(&host, G32_TABLE, (uint32_t)host_la(TABLE));
    host_write(&host, G32_TAIL, 1);
    host_write(&host, G32_CONTROL, G32_CONTROL_RUN);
    host_run(&host, G32_SYNC_NS + 33333333);
    assert_int_equal(host_read(&host, G32_RESULT), G32_RESULT_VALID | G32_RESULT_SHORT);
    assert_int_equal(host_read(&host, G32_HEAD), 1);
    assert_int_equal(host.dma_written_bytes, 60000);
    host_close(&host);
}

static void pieces_beyond_the_frame_are_used_up_untouched(void **state)
{
    struct driver driver;
    struct g32_descriptor entries[8];

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 128, 64, NULL);
    for (unsigned i = 0; i < 8; i++)
        entries[i] = (struct g32_descriptor){(uint32_t)host_la(FRAMES + i * 4096), 4096,
                                             i == 7 ? G32_LAST : 0, 0};
    memcpy(driver.host.memory + TABLE, entries, sizeof entries);
    driver.host.forbidden_from = FRAMES + 4 * 4096;
    driver.host.forbidden_to = HOST_BYTES;
    driver.host.on_line = NULL;
    host_write(&driver.host, G32_TAIL, 8);
    host_write(&driver.host, G32_CONTROL, G32_CONTROL_RUN);
    host_run(&driver.host, G32_SYNC_NS + period_ns);
    assert_int_equal(host_read(&driver.host, G32_RESULT), G32_RESULT_VALID);
    assert_int_equal(host_read(&driver.host, G32_HEAD), 8);
    driver_close(&driver);
}

/* ---- Stopping and errors --------------------------------------------------------------------- */

static void a_stop_is_complete_within_its_time_and_writes_until_then(void **state)
{
    struct driver driver;
    uint64_t written;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 1920, 1080, NULL);
    start(&driver);
    host_run(&driver.host, G32_SYNC_NS + period_ns + period_ns / 3);
    written = driver.host.dma_written_bytes;
    host_write(&driver.host, G32_CONTROL, 0);
    assert_true(host_read(&driver.host, G32_STATUS) & G32_STATUS_RUNNING);
    host_run(&driver.host, G32_STOP_NS);
    assert_int_equal(host_read(&driver.host, G32_STATUS), 0);
    assert_int_equal(driver.stops, 1);
    assert_true(driver.host.dma_written_bytes > written);
    assert_int_equal(host_read(&driver.host, G32_HEAD), 0);
    assert_int_equal(host_read(&driver.host, G32_TAIL), 0);
    written = driver.host.dma_written_bytes;
    host_run(&driver.host, 10 * period_ns);
    assert_int_equal(driver.host.dma_written_bytes, written);
    assert_int_equal(driver.done, 1);
    driver_close(&driver);
}

static void numbers_go_on_after_a_stop(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    start(&driver);
    host_run(&driver.host, G32_SYNC_NS + 2 * period_ns - 1);
    host_write(&driver.host, G32_CONTROL, 0);
    host_run(&driver.host, G32_STOP_NS);
    driver.tail = 0;
    driver.fill_piece = 0;
    driver.fill_buffer = driver.done % BUFFERS;
    start(&driver);
    host_run(&driver.host, G32_SYNC_NS + 2 * period_ns - 1);
    assert_frames_in_order(&driver, 4);
    driver_close(&driver);
}

static void assert_halts(struct g32_descriptor entry, uint32_t error, uint64_t address)
{
    struct driver driver;

    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    memcpy(driver.host.memory + TABLE, &entry, sizeof entry);
    host_write(&driver.host, G32_TAIL, 1);
    host_write(&driver.host, G32_CONTROL, G32_CONTROL_RUN);
    host_run(&driver.host, G32_SYNC_NS + period_ns);
    assert_int_equal(host_read(&driver.host, G32_STATUS), G32_STATUS_HALTED);
    assert_int_equal(host_read(&driver.host, G32_ERROR), error);
    assert_int_equal(host_read(&driver.host, G32_ERROR_ADDRESS), (uint32_t)address);
    assert_int_equal(driver.errors, 1);
    host_write(&driver.host, G32_CONTROL, G32_CONTROL_RUN);
    assert_int_equal(host_read(&driver.host, G32_STATUS), G32_STATUS_HALTED);
    host_write(&driver.host, G32_CONTROL, G32_CONTROL_RESET);
    host_run(&driver.host, G32_RESET_NS);
    assert_int_equal(host_read(&driver.host, G32_STATUS), 0);
    driver_close(&driver);
}

static void bad_descriptors_halt_the_card(void **state)
{
    uint32_t at = (uint32_t)host_la(FRAMES);

    (void)state;
    assert_halts((struct g32_descriptor){at, 0, 0, 0}, G32_ERROR_LENGTH, host_la(TABLE));
    assert_halts((struct g32_descriptor){at, 65537, 0, 0}, G32_ERROR_LENGTH, host_la(TABLE));
    assert_halts((struct g32_descriptor){at + 4096, 65536, 0, 0}, G32_ERROR_BOUNDARY,
                 host_la(TABLE));
    assert_halts((struct g32_descriptor){0x1000, 4096, 0, 0}, G32_ERROR_ABORT, 0x1000);
}

static void a_bad_table_or_tail_halts_the_card(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    host_write(&driver.host, G32_TAIL, 257);
    assert_int_equal(host_read(&driver.host, G32_ERROR), G32_ERROR_TABLE);
    driver_close(&driver);
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    host_write(&driver.host, G32_TABLE, 0x1000);
    host_write(&driver.host, G32_TAIL, 1);
    host_write(&driver.host, G32_CONTROL, G32_CONTROL_RUN);
    host_run(&driver.host, G32_SYNC_NS);
    assert_int_equal(host_read(&driver.host, G32_ERROR), G32_ERROR_TABLE);
    driver_close(&driver);
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    host_write(&driver.host, G32_SIZE, 480 << 16 | 641);
    host_write(&driver.host, G32_CONTROL, G32_CONTROL_RUN);
    assert_int_equal(host_read(&driver.host, G32_ERROR), G32_ERROR_SETUP);
    driver_close(&driver);
}

static void power_off_forgets_everything(void **state)
{
    struct driver driver;
    uint64_t written;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 1920, 1080, NULL);
    start(&driver);
    host_run(&driver.host, G32_SYNC_NS + period_ns / 3);
    written = driver.host.dma_written_bytes;
    grabber32_model.power(driver.host.card, 3);
    host_run(&driver.host, period_ns);
    grabber32_model.power(driver.host.card, 0);
    assert_int_equal(driver.host.dma_written_bytes, written);
    assert_int_equal(host_read(&driver.host, G32_SIZE), 0x01e00280);
    assert_int_equal(host_read(&driver.host, G32_STATUS), 0);
    driver_close(&driver);
}

/* ---- Faults ---------------------------------------------------------------------------------- */

static void stream_with(struct driver *driver, const char *parameters)
{
    driver_open(driver, WEIR_PATTERN_YUY2, 640, 480, parameters);
    start(driver);
    host_run(&driver->host, G32_SYNC_NS + 8 * period_ns - 1);
}

static void assert_only_frame_is(struct driver *driver, unsigned index, enum weir_verdict verdict)
{
    for (unsigned i = 0; i < driver->done; i++)
        assert_int_equal(driver->verdicts[i].verdict, i == index ? verdict : WEIR_VERDICT_OK);
}

static void faults_of_the_picture_show_in_their_frame(void **state)
{
    struct driver driver;

    (void)state;
    stream_with(&driver, "fault=short-dma,at=5");
    assert_only_frame_is(&driver, 5, WEIR_VERDICT_SHORT);
    assert_int_equal(driver.verdicts[5].line, 360);
    driver_close(&driver);
    stream_with(&driver, "fault=torn,at=5");
    assert_only_frame_is(&driver, 5, WEIR_VERDICT_TORN);
    assert_int_equal(driver.verdicts[5].frame, 5);
    assert_int_equal(driver.verdicts[5].found, 6);
    driver_close(&driver);
    stream_with(&driver, "fault=torn,at=5,payload=stamps");
    assert_only_frame_is(&driver, 5, WEIR_VERDICT_TORN);
    driver_close(&driver);
    stream_with(&driver, "fault=short-dma,at=5,payload=stamps");
    assert_only_frame_is(&driver, 5, WEIR_VERDICT_SHORT);
    driver_close(&driver);
}

static void faults_of_the_sequence_show_in_the_numbers(void **state)
{
    static const struct {
        const char *parameters;
        uint32_t pictures[8];
    } rows[] = {
        {"fault=stale,at=5", {0, 1, 2, 3, 4, 3, 6, 7}},
        {"fault=duplicate,at=5", {0, 1, 2, 3, 4, 5, 5, 6}},
        {"fault=lost-frame,at=5", {0, 1, 2, 3, 4, 6, 7, 8}},
    };

    (void)state;
    for (unsigned row = 0; row < 3; row++) {
        struct driver driver;

        stream_with(&driver, rows[row].parameters);
        assert_int_equal(driver.done, 8);
        for (unsigned i = 0; i < 8; i++) {
            assert_int_equal(driver.results[i], i);
            assert_int_equal(driver.verdicts[i].verdict, WEIR_VERDICT_OK);
            assert_int_equal(driver.verdicts[i].frame, rows[row].pictures[i]);
        }
        driver_close(&driver);
    }
}

static void an_overrun_breaks_its_frame_and_no_other(void **state)
{
    struct driver driver;

    (void)state;
    stream_with(&driver, "fault=fifo-overrun,at=5");
    assert_int_equal(driver.broken, 1);
    assert_int_equal(driver.done, 7);
    assert_int_equal(driver.results[4], 4);
    assert_int_equal(driver.results[5], 6);
    assert_only_frame_is(&driver, 99, WEIR_VERDICT_OK);
    driver_close(&driver);
}

static void faults_of_the_interrupt(void **state)
{
    struct driver driver;

    (void)state;
    stream_with(&driver, "fault=stuck-irq,at=3");
    assert_true(driver.host.line);
    host_write(&driver.host, G32_INT_STATUS, G32_INT_ALL);
    host_write(&driver.host, G32_INT_ENABLE, 0);
    assert_true(driver.host.line);
    driver_close(&driver);

    stream_with(&driver, "fault=spurious-irq,at=3");
    assert_int_equal(driver.spurious, 1);
    assert_int_equal(driver.done, 8);
    driver_close(&driver);

    driver_open(&driver, WEIR_PATTERN_YUY2, 128, 64, "fault=lost-irq,at=3");
    start(&driver);
    host_run(&driver.host, G32_SYNC_NS + 4 * period_ns - 1);
    assert_int_equal(driver.done, 3);
    host_run(&driver.host, period_ns);
    assert_int_equal(driver.done, 5);
    driver_close(&driver);

    driver_open(&driver, WEIR_PATTERN_YUY2, 128, 64, "fault=late-irq,at=3");
    start(&driver);
    host_run(&driver.host, G32_SYNC_NS + 4 * period_ns - 1);
    assert_int_equal(driver.done, 3);
    host_run(&driver.host, FAULT_LATE_NS);
    assert_int_equal(driver.done, 4);
    driver_close(&driver);
}

static void a_card_gone_dead_reads_as_ones_and_writes_no_more(void **state)
{
    struct driver driver;
    uint64_t written;

    (void)state;
    stream_with(&driver, "fault=all-ones,at=3");
    assert_int_equal(driver.done, 3);
    assert_int_equal(host_read(&driver.host, G32_ID), UINT32_MAX);
    written = driver.host.dma_written_bytes;
    host_run(&driver.host, 3 * period_ns);
    assert_int_equal(driver.host.dma_written_bytes, written);
    driver_close(&driver);
}

static void removal_comes_in_the_middle_of_the_frame(void **state)
{
    struct driver driver;

    (void)state;
    stream_with(&driver, "fault=removal,at=3");
    assert_true(driver.host.unplugged);
    assert_int_equal(driver.done, 3);
    assert_int_equal(driver.host.dma_written_bytes, 3 * driver.bytes + driver.bytes / 2);
    driver_close(&driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_have_the_values_of_the_data_sheet),
        cmocka_unit_test(a_reset_takes_ten_microseconds_and_clears_everything),
        cmocka_unit_test(settings_cannot_change_while_running),
        cmocka_unit_test(scattered_frames_arrive_whole_and_in_order),
        cmocka_unit_test(every_format_streams_with_either_payload),
        cmocka_unit_test(stamps_write_one_stamp_a_page_and_none_nothing),
        cmocka_unit_test(nothing_is_written_before_the_picture_has_arrived),
        cmocka_unit_test(an_empty_table_drops_whole_frames_and_counts_them),
        cmocka_unit_test(a_table_not_refilled_in_time_breaks_the_frame),
        cmocka_unit_test(a_late_refill_within_the_fifo_costs_nothing),
        cmocka_unit_test(a_bus_too_slow_overflows_the_fifo),
        cmocka_unit_test(pieces_too_small_for_the_frame_make_it_short),
        cmocka_unit_test(pieces_beyond_the_frame_are_used_up_untouched),
        cmocka_unit_test(a_stop_is_complete_within_its_time_and_writes_until_then),
        cmocka_unit_test(numbers_go_on_after_a_stop),
        cmocka_unit_test(bad_descriptors_halt_the_card),
        cmocka_unit_test(a_bad_table_or_tail_halts_the_card),
        cmocka_unit_test(power_off_forgets_everything),
        cmocka_unit_test(faults_of_the_picture_show_in_their_frame),
        cmocka_unit_test(faults_of_the_sequence_show_in_the_numbers),
        cmocka_unit_test(an_overrun_breaks_its_frame_and_no_other),
        cmocka_unit_test(faults_of_the_interrupt),
        cmocka_unit_test(a_card_gone_dead_reads_as_ones_and_writes_no_more),
        cmocka_unit_test(removal_comes_in_the_middle_of_the_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
