/* SPDX-License-Identifier: MIT */
/* grabber64 against its data sheet, with a small driver: whole frames posted to the ring,
 * completions found by their phase. */
#include "../common/fault.h"
#include "../common/host_test.h"
#include "regs.h"
#include "weir/pattern.h"

extern const struct weir_device_model grabber64_model;

enum {
    RING = 0x10000, /* offsets in memory */
    DONE = 0x80000,
    FRAMES = 0x400000,
    RING_ENTRIES = 4096,
    DONE_ENTRIES = 8,
    BUFFERS = 3,
    PAGES_MAX = 1100,
    CH0 = 0x1000,
    CH1 = 0x2000,
};

static const uint64_t period_ns = 16666667;

struct driver {
    struct host host;
    struct weir_pattern_geometry geometry;
    struct weir_pattern *pattern;
    enum weir_pattern_payload payload;
    uint64_t bytes;
    unsigned pieces;
    uint32_t tail, done_head, phase;
    unsigned posted, done, broken;
    struct g64_completion completions[64];
    struct weir_pattern_result verdicts[64];
};

/* ---- A driver -------------------------------------------------------------------------------- */

/* Page p of a buffer: the buffers are interleaved and run backwards, so no two pages follow. */
static uint32_t page_offset(const struct driver *driver, unsigned buffer, unsigned page)
{
    return FRAMES + ((driver->pieces - 1 - page) * BUFFERS + buffer) * 4096;
}

static uint32_t piece_bytes(const struct driver *driver, unsigned piece)
{
    uint64_t left = driver->bytes - (uint64_t)piece * 4096;

    return left < 4096 ? (uint32_t)left : 4096;
}

static void put_entry(struct driver *driver, uint64_t address, uint32_t length, uint32_t flags)
{
    struct g64_descriptor entry = {address, length, flags};

    memcpy(driver->host.memory + RING + driver->tail * sizeof entry, &entry, sizeof entry);
    driver->tail = (driver->tail + 1) % RING_ENTRIES;
}

static void post_frame(struct driver *driver)
{
    for (unsigned i = 0; i < driver->pieces; i++) {
        bool last = i + 1 == driver->pieces;

        put_entry(driver, host_la(page_offset(driver, driver->posted % BUFFERS, i)),
                  piece_bytes(driver, i), last ? G64_LAST | driver->posted << G64_COOKIE_SHIFT : 0);
    }
    driver->posted++;
    host_write(&driver->host, CH0 + G64_CH_TAIL, driver->tail);
}

static void judge(struct driver *driver, unsigned buffer, struct weir_pattern_result *result)
{
    struct weir_pattern_piece pieces[PAGES_MAX];
    struct weir_pattern_view view = {pieces, driver->pieces, driver->bytes};
    struct weir_pattern_expect expect = {1, 0};

    for (unsigned i = 0; i < driver->pieces; i++)
        pieces[i] = (struct weir_pattern_piece){
            driver->host.memory + page_offset(driver, buffer, i), piece_bytes(driver, i)};
    weir_pattern_check(driver->pattern, driver->payload, &view, &expect, result);
}

static bool take_completion(struct driver *driver)
{
    struct g64_completion completion;

    memcpy(&completion, driver->host.memory + DONE + driver->done_head * sizeof completion,
           sizeof completion);
    if ((completion.status & G64_DONE_PHASE) != driver->phase)
        return false;
    if (++driver->done_head == DONE_ENTRIES) {
        driver->done_head = 0;
        driver->phase ^= G64_DONE_PHASE;
    }
    if ((completion.status & G64_DONE_BROKEN) != 0) {
        driver->broken++;
    } else {
        assert_true(driver->done < 64);
        judge(driver, completion.cookie % BUFFERS, &driver->verdicts[driver->done]);
        driver->completions[driver->done++] = completion;
    }
    return true;
}

static void serve(struct host *host)
{
    struct driver *driver = host->driver;
    bool any = false;

    if (host->messages_on == 0 && !host->line)
        return;
    if (host->messages_on == G64_MESSAGES && host->messages[0] == 0)
        return;
    if (host->messages_on < G64_MESSAGES)
        host_write(host, G64_INT_STATUS, host_read(host, G64_INT_STATUS));
    host->messages[0] = 0;
    while (!host->unplugged && take_completion(driver)) {
        post_frame(driver);
        any = true;
    }
    if (any)
        host_write(host, CH0 + G64_CH_DONE_HEAD, driver->done_head);
}

static void setup_channel(struct driver *driver, uint32_t base)
{
    struct host *host = &driver->host;

    host_write(host, base + G64_CH_FORMAT,
               driver->geometry.format | (driver->geometry.bottom_up ? G64_FORMAT_BOTTOM_UP : 0u));
    host_write(host, base + G64_CH_SIZE, driver->geometry.height << 16 | driver->geometry.width);
    host_write(host, base + G64_CH_PERIOD, (uint32_t)period_ns);
    host->model->write(host->card, 0, base + G64_CH_RING, 8, host_la(RING));
    host_write(host, base + G64_CH_RING_ENTRIES, RING_ENTRIES);
    host_write(host, base + G64_CH_DONE, (uint32_t)host_la(DONE));
    host_write(host, base + G64_CH_DONE + 4, 0);
    host_write(host, base + G64_CH_DONE_ENTRIES, DONE_ENTRIES);
}

static void driver_open(struct driver *driver, uint32_t format, uint32_t width, uint32_t height,
                        const char *parameters)
{
    memset(driver, 0, sizeof *driver);
    host_open(&driver->host, &grabber64_model, parameters);
    driver->host.driver = driver;
    driver->host.on_line = serve;
    driver->host.messages_on = G64_MESSAGES;
    driver->geometry =
        (struct weir_pattern_geometry){format, width, height, format == WEIR_PATTERN_RGB24};
    assert_int_equal(weir_pattern_create(&driver->geometry, &driver->pattern), 0);
    driver->payload = (enum weir_pattern_payload)host_number(&driver->host.services, "payload");
    driver->bytes = weir_pattern_frame_bytes(&driver->geometry);
    driver->pieces = (unsigned)((driver->bytes + 4095) / 4096);
    driver->phase = G64_DONE_PHASE;
    setup_channel(driver, CH0);
    host_write(&driver->host, G64_INT_ENABLE, G64_INT_ALL);
}

static void driver_close(struct driver *driver)
{
    weir_pattern_destroy(driver->pattern);
    host_close(&driver->host);
}

static void start(struct driver *driver)
{
    for (unsigned i = 0; i < BUFFERS; i++)
        post_frame(driver);
    host_write(&driver->host, CH0 + G64_CH_CONTROL, G64_CH_CONTROL_ENABLE);
}

/* To the moment at which so many frames have been caught, and their bursts are through. */
static void run_frames(struct driver *driver, unsigned count)
{
    host_run(&driver->host, G64_SYNC_NS + count * period_ns + period_ns / 2);
}

static void stream_with(struct driver *driver, const char *parameters)
{
    driver_open(driver, WEIR_PATTERN_YUY2, 640, 480, parameters);
    start(driver);
    run_frames(driver, 8);
}

static void assert_frames_in_order(struct driver *driver, unsigned count)
{
    assert_int_equal(driver->done, count);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(driver->completions[i].frame, i);
        assert_int_equal(driver->completions[i].cookie, i);
        assert_int_equal(driver->completions[i].bytes, driver->bytes);
        assert_int_equal(driver->verdicts[i].verdict, WEIR_VERDICT_OK);
        assert_int_equal(driver->verdicts[i].frame, i);
    }
}

/* ---- Registers ------------------------------------------------------------------------------- */

static void registers_have_the_values_of_the_data_sheet(void **state)
{
    struct host host;

    (void)state;
    host_open(&host, &grabber64_model, NULL);
    assert_int_equal(host_read(&host, G64_ID), G64_ID_VALUE);
    assert_int_equal(host_read(&host, CH1 + G64_CH_SIZE), 0x01e00280);
    assert_int_equal(host_read(&host, CH1 + G64_CH_BYTES), 614400);
    assert_int_equal(host_read(&host, 0x3000), UINT32_MAX);
    host.model->write(host.card, 0, CH0 + G64_CH_RING, 8, 0x123456789abcdef0);
    assert_int_equal(host.model->read(host.card, 0, CH0 + G64_CH_RING, 8), 0x123456789abcdef0);
    assert_int_equal(host_read(&host, CH0 + G64_CH_RING + 4), 0x12345678);
    host.now_ns = 0x500000007;
    assert_int_equal(host_read(&host, G64_CLOCK), 7);
    host.now_ns = 0x600000000;
    assert_int_equal(host_read(&host, G64_CLOCK + 4), 5);
    assert_int_equal(host.model->read(host.card, 0, G64_CLOCK, 8), 0x600000000);
    host_close(&host);
}

static void a_global_reset_clears_both_channels(void **state)
{
    struct host host;

    (void)state;
    host_open(&host, &grabber64_model, NULL);
    host_write(&host, CH1 + G64_CH_SIZE, 5);
    host_write(&host, G64_CONTROL, G64_CONTROL_RESET);
    assert_int_equal(host_read(&host, G64_STATUS), G64_STATUS_RESETTING);
    host_run(&host, G64_RESET_NS);
    assert_int_equal(host_read(&host, G64_STATUS), 0);
    assert_int_equal(host_read(&host, CH1 + G64_CH_SIZE), 0x01e00280);
    host_close(&host);
}

/* ---- Streaming ------------------------------------------------------------------------------- */

static void scattered_frames_arrive_whole_and_in_order(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 1920, 1080, NULL);
    start(&driver);
    run_frames(&driver, 20); /* twice around both rings */
    assert_frames_in_order(&driver, 20);
    for (unsigned i = 1; i < 20; i++)
        assert_int_equal(driver.completions[i].time_ns - driver.completions[i - 1].time_ns,
                         period_ns);
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
            run_frames(&driver, 5);
            assert_frames_in_order(&driver, 5);
            driver_close(&driver);
        }
}

static void pieces_larger_than_a_page_are_written_in_large_chunks(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 1920, 1080, NULL);
    for (unsigned i = 0; i < 4; i++)
        put_entry(&driver, host_la(FRAMES + i * G64_PIECE_MAX), G64_PIECE_MAX,
                  i == 3 ? G64_LAST : 0);
    host_write(&driver.host, CH0 + G64_CH_TAIL, driver.tail);
    host_write(&driver.host, CH0 + G64_CH_CONTROL, G64_CH_CONTROL_ENABLE);
    driver.host.on_line = NULL;
    run_frames(&driver, 1);
    assert_int_equal(driver.host.dma_written_bytes, driver.bytes + sizeof(struct g64_completion));
    assert_in_range(driver.host.dma_writes, 4, 260);
    driver_close(&driver);
}

static void a_card_without_descriptors_waits_and_drops_what_comes_meanwhile(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    host_write(&driver.host, CH0 + G64_CH_CONTROL, G64_CH_CONTROL_ENABLE);
    run_frames(&driver, 4);
    assert_int_equal(host_read(&driver.host, CH0 + G64_CH_STATUS),
                     G64_CH_STATUS_ENABLED | G64_CH_STATUS_BUSY | G64_CH_STATUS_STARVED);
    assert_int_equal(host_read(&driver.host, CH0 + G64_CH_DROPPED), 3);
    post_frame(&driver);
    post_frame(&driver);
    host_run(&driver.host, period_ns);
    assert_int_equal(driver.done, 2);
    assert_int_equal(driver.completions[0].frame, 0);
    assert_int_equal(driver.completions[1].frame, 4);
    driver_close(&driver);
}

static void a_full_completion_ring_drops_frames(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 128, 64, NULL);
    driver.host.on_line = NULL;
    for (unsigned i = 0; i < 12; i++)
        post_frame(&driver);
    host_write(&driver.host, CH0 + G64_CH_CONTROL, G64_CH_CONTROL_ENABLE);
    run_frames(&driver, 12);
    assert_int_equal(host_read(&driver.host, CH0 + G64_CH_DROPPED), 12 - (DONE_ENTRIES - 1));
    driver_close(&driver);
}

static void descriptors_too_small_make_the_frame_short(void **state)
{
    struct driver driver;
    struct g64_completion completion;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    driver.host.on_line = NULL;
    put_entry(&driver, host_la(FRAMES), 5000, G64_LAST | 0xabcd0000);
    host_write(&driver.host, CH0 + G64_CH_TAIL, driver.tail);
    host_write(&driver.host, CH0 + G64_CH_CONTROL, G64_CH_CONTROL_ENABLE);
    run_frames(&driver, 1);
    memcpy(&completion, driver.host.memory + DONE, sizeof completion);
    assert_int_equal(completion.status, G64_DONE_PHASE | G64_DONE_SHORT);
    assert_int_equal(completion.bytes, 5000);
    assert_int_equal(completion.cookie, 0xabcd);
    driver_close(&driver);
}

static void the_channels_are_independent(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    setup_channel(&driver, CH1);
    host_write(&driver.host, CH1 + G64_CH_RING, 0x1000); /* not there */
    host_write(&driver.host, CH1 + G64_CH_TAIL, 1);
    start(&driver);
    host_write(&driver.host, CH1 + G64_CH_CONTROL, G64_CH_CONTROL_ENABLE);
    run_frames(&driver, 4);
    assert_frames_in_order(&driver, 4);
    assert_true(host_read(&driver.host, CH1 + G64_CH_STATUS) & G64_CH_STATUS_HALTED);
    assert_int_equal(driver.host.messages[2], 1);
    driver_close(&driver);
}

/* ---- Interrupts ------------------------------------------------------------------------------ */

static void with_all_messages_nothing_needs_acknowledging(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    driver.host.on_line = NULL;
    start(&driver);
    run_frames(&driver, 3);
    assert_int_equal(driver.host.messages[0], 3);
    assert_int_equal(host_read(&driver.host, G64_INT_STATUS), 0);
    driver_close(&driver);
}

static void with_one_message_causes_are_acknowledged(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    driver.host.messages_on = 1;
    driver.host.on_line = NULL;
    start(&driver);
    run_frames(&driver, 3);
    assert_int_equal(driver.host.messages[0], 1); /* the cause is still set */
    assert_int_equal(host_read(&driver.host, G64_INT_STATUS), G64_INT_DONE0);
    host_write(&driver.host, G64_INT_STATUS, G64_INT_ERROR);
    assert_int_equal(driver.host.messages[0], 2);
    host_write(&driver.host, G64_INT_STATUS, G64_INT_DONE0);
    assert_int_equal(driver.host.messages[0], 2);
    driver_close(&driver);
}

static void without_msi_the_line_is_used(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    driver.host.messages_on = 0;
    start(&driver);
    run_frames(&driver, 4);
    assert_frames_in_order(&driver, 4);
    assert_int_equal(driver.host.line_rises, 4);
    assert_false(driver.host.line);
    driver_close(&driver);
}

/* ---- Stopping and errors --------------------------------------------------------------------- */

static void a_stop_finishes_the_piece_under_way_within_its_time(void **state)
{
    struct driver driver;
    uint64_t written;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 1920, 1080, "bandwidth=1G");
    start(&driver);
    host_run(&driver.host, G64_SYNC_NS + period_ns + 1000000); /* a quarter of the burst */
    assert_true(host_read(&driver.host, CH0 + G64_CH_STATUS) & G64_CH_STATUS_BUSY);
    host_write(&driver.host, CH0 + G64_CH_CONTROL, 0);
    host_run(&driver.host, G64_STOP_NS);
    assert_int_equal(host_read(&driver.host, CH0 + G64_CH_STATUS), 0);
    assert_int_equal(driver.broken, 1);
    written = driver.host.dma_written_bytes;
    assert_in_range(written, driver.bytes / 8, driver.bytes / 2);
    assert_int_equal(driver.host.messages[3], 1);
    host_run(&driver.host, 5 * period_ns);
    assert_int_equal(driver.host.dma_written_bytes, written);
    driver_close(&driver);
}

static void a_channel_starts_again_after_its_reset_and_numbers_go_on(void **state)
{
    struct driver driver;

    (void)state;
    stream_with(&driver, NULL);
    host_write(&driver.host, CH0 + G64_CH_CONTROL, G64_CH_CONTROL_RESET);
    assert_true(host_read(&driver.host, CH0 + G64_CH_STATUS) & G64_CH_STATUS_RESETTING);
    host_run(&driver.host, G64_STOP_NS + G64_RESET_NS);
    assert_int_equal(host_read(&driver.host, CH0 + G64_CH_STATUS), 0);
    assert_int_equal(host_read(&driver.host, CH0 + G64_CH_HEAD), 0);
    assert_int_equal(host_read(&driver.host, CH0 + G64_CH_FRAME), 8);
    memset(driver.host.memory + DONE, 0, DONE_ENTRIES * sizeof(struct g64_completion));
    driver.tail = 0;
    driver.done_head = 0;
    driver.phase = G64_DONE_PHASE;
    driver.posted = driver.done;
    start(&driver);
    run_frames(&driver, 4);
    assert_frames_in_order(&driver, 12);
    driver_close(&driver);
}

static void assert_halts(uint64_t address, uint32_t length, uint32_t flags, uint32_t error,
                         uint64_t error_address)
{
    struct driver driver;

    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
    put_entry(&driver, address, length, flags);
    host_write(&driver.host, CH0 + G64_CH_TAIL, 1);
    host_write(&driver.host, CH0 + G64_CH_CONTROL, G64_CH_CONTROL_ENABLE);
    run_frames(&driver, 1);
    assert_int_equal(host_read(&driver.host, CH0 + G64_CH_STATUS), G64_CH_STATUS_HALTED);
    assert_int_equal(host_read(&driver.host, CH0 + G64_CH_ERROR), error);
    assert_int_equal(driver.host.model->read(driver.host.card, 0, CH0 + G64_CH_ERROR_ADDRESS, 8),
                     error_address);
    assert_int_equal(driver.broken, 1);
    assert_int_equal(driver.host.messages[2], 1);
    driver_close(&driver);
}

static void bad_descriptors_halt_the_channel(void **state)
{
    (void)state;
    assert_halts(host_la(FRAMES), 0, 0, G64_ERROR_LENGTH, host_la(RING));
    assert_halts(host_la(FRAMES), G64_PIECE_MAX + 1, 0, G64_ERROR_LENGTH, host_la(RING));
    assert_halts(host_la(FRAMES), 4096, 2, G64_ERROR_FLAGS, host_la(RING));
    assert_halts(0x123456789000, 4096, 0, G64_ERROR_ABORT, 0x123456789000);
}

static void settings_out_of_range_halt_the_channel(void **state)
{
    static const struct {
        uint32_t offset, value;
    } rows[] = {
        {G64_CH_RING_ENTRIES, 100}, {G64_CH_DONE_ENTRIES, 2}, {G64_CH_RING, 0x1001},
        {G64_CH_PERIOD, 5},         {G64_CH_FORMAT, 9},       {G64_CH_SIZE, 0},
        {G64_CH_TAIL, 70000},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct driver driver;

        driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, NULL);
        host_write(&driver.host, CH0 + rows[i].offset, rows[i].value);
        host_write(&driver.host, CH0 + G64_CH_CONTROL, G64_CH_CONTROL_ENABLE);
        assert_int_equal(host_read(&driver.host, CH0 + G64_CH_ERROR), G64_ERROR_SETUP);
        driver_close(&driver);
    }
}

static void power_off_forgets_everything(void **state)
{
    struct driver driver;

    (void)state;
    stream_with(&driver, NULL);
    grabber64_model.power(driver.host.card, 3);
    grabber64_model.power(driver.host.card, 0);
    host_run(&driver.host, 3 * period_ns);
    assert_int_equal(driver.done, 8);
    assert_int_equal(host_read(&driver.host, CH0 + G64_CH_FRAME), 0);
    assert_int_equal(host_read(&driver.host, CH0 + G64_CH_STATUS), 0);
    driver_close(&driver);
}

/* ---- Faults ---------------------------------------------------------------------------------- */

static void faults_of_the_picture_show_in_their_frame(void **state)
{
    static const struct {
        const char *parameters;
        enum weir_verdict verdict;
    } rows[] = {
        {"fault=short-dma,at=5", WEIR_VERDICT_SHORT},
        {"fault=torn,at=5", WEIR_VERDICT_TORN},
        {"fault=short-dma,at=5,payload=stamps", WEIR_VERDICT_SHORT},
        {"fault=torn,at=5,payload=stamps", WEIR_VERDICT_TORN},
    };

    (void)state;
    for (unsigned row = 0; row < 4; row++) {
        struct driver driver;

        stream_with(&driver, rows[row].parameters);
        assert_int_equal(driver.done, 8);
        for (unsigned i = 0; i < 8; i++) {
            assert_int_equal(driver.verdicts[i].verdict,
                             i == 5 ? rows[row].verdict : WEIR_VERDICT_OK);
            assert_int_equal(driver.verdicts[i].frame, i);
        }
        driver_close(&driver);
    }
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
            assert_int_equal(driver.completions[i].frame, i);
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
    assert_int_equal(driver.completions[5].frame, 6);
    assert_int_equal(driver.verdicts[5].verdict, WEIR_VERDICT_OK);
    driver_close(&driver);
}

static void faults_of_the_interrupt(void **state)
{
    struct driver driver;

    (void)state;
    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, "fault=lost-irq,at=2");
    start(&driver);
    run_frames(&driver, 3);
    assert_int_equal(driver.done, 2);
    host_run(&driver.host, period_ns);
    assert_int_equal(driver.done, 4);
    driver_close(&driver);

    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, "fault=late-irq,at=2");
    start(&driver);
    host_run(&driver.host, G64_SYNC_NS + 3 * period_ns + FAULT_LATE_NS - 1);
    assert_int_equal(driver.done, 2);
    host_run(&driver.host, FAULT_LATE_NS / 2);
    assert_int_equal(driver.done, 3);
    driver_close(&driver);

    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, "fault=stuck-irq,at=2");
    driver.host.on_line = NULL;
    start(&driver);
    run_frames(&driver, 3);
    assert_true(driver.host.messages[0] > 100);
    driver_close(&driver);

    driver_open(&driver, WEIR_PATTERN_YUY2, 640, 480, "fault=spurious-irq,at=2");
    driver.host.on_line = NULL;
    start(&driver);
    run_frames(&driver, 3);
    assert_int_equal(driver.host.messages[0], 4);
    driver_close(&driver);
}

static void a_card_gone_dead_reads_as_ones(void **state)
{
    struct driver driver;

    (void)state;
    stream_with(&driver, "fault=all-ones,at=3");
    assert_int_equal(driver.done, 3);
    assert_int_equal(host_read(&driver.host, G64_ID), UINT32_MAX);
    driver_close(&driver);
}

static void removal_comes_in_the_middle_of_the_frame(void **state)
{
    struct driver driver;

    (void)state;
    stream_with(&driver, "fault=removal,at=3");
    assert_true(driver.host.unplugged);
    assert_int_equal(driver.done, 3);
    driver_close(&driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_have_the_values_of_the_data_sheet),
        cmocka_unit_test(a_global_reset_clears_both_channels),
        cmocka_unit_test(scattered_frames_arrive_whole_and_in_order),
        cmocka_unit_test(every_format_streams_with_either_payload),
        cmocka_unit_test(pieces_larger_than_a_page_are_written_in_large_chunks),
        cmocka_unit_test(a_card_without_descriptors_waits_and_drops_what_comes_meanwhile),
        cmocka_unit_test(a_full_completion_ring_drops_frames),
        cmocka_unit_test(descriptors_too_small_make_the_frame_short),
        cmocka_unit_test(the_channels_are_independent),
        cmocka_unit_test(with_all_messages_nothing_needs_acknowledging),
        cmocka_unit_test(with_one_message_causes_are_acknowledged),
        cmocka_unit_test(without_msi_the_line_is_used),
        cmocka_unit_test(a_stop_finishes_the_piece_under_way_within_its_time),
        cmocka_unit_test(a_channel_starts_again_after_its_reset_and_numbers_go_on),
        cmocka_unit_test(bad_descriptors_halt_the_channel),
        cmocka_unit_test(settings_out_of_range_halt_the_channel),
        cmocka_unit_test(power_off_forgets_everything),
        cmocka_unit_test(faults_of_the_picture_show_in_their_frame),
        cmocka_unit_test(faults_of_the_sequence_show_in_the_numbers),
        cmocka_unit_test(an_overrun_breaks_its_frame_and_no_other),
        cmocka_unit_test(faults_of_the_interrupt),
        cmocka_unit_test(a_card_gone_dead_reads_as_ones),
        cmocka_unit_test(removal_comes_in_the_middle_of_the_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
