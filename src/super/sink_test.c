/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host.h"
#include "super/super.h"

/* ---- Bench: a folder of its own, a sink, a format -------------------------------------------- */

struct bench {
    char folder[64];
    char path[96], part[104];
    struct super_sink sink;
    struct super_error error;
    struct super_format format;
};

static void bench_open(struct bench *bench, const char *name)
{
    memset(bench, 0, sizeof *bench);
    snprintf(bench->folder, sizeof bench->folder, "/tmp/weir-sink-XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    snprintf(bench->path, sizeof bench->path, "%s/%s", bench->folder, name);
    snprintf(bench->part, sizeof bench->part, "%s.part", bench->path);
    bench->format = (struct super_format){.fourcc = "YUY2", .width = 4, .height = 2,
                                          .stride_bytes = 8, .frame_bytes = 16,
                                          .rate_numerator = 60000, .rate_denominator = 1001};
}

/* Nothing but the named file, if that, may be left. */
static void bench_close(struct bench *bench)
{
    super_sink_release(&bench->sink);
    assert_false(host_file_exists(bench->part));
    host_file_unlink(bench->path);
    assert_int_equal(rmdir(bench->folder), 0);
}

static int give(struct bench *bench, uint64_t number, const void *bytes, uint64_t count)
{
    struct super_frame frame = {.number = number, .bytes = count, .data = bytes};

    return bench->sink.frame(bench->sink.ctx, &frame);
}

static void take_format(struct bench *bench)
{
    if (bench->sink.format != NULL)
        assert_int_equal(bench->sink.format(bench->sink.ctx, &bench->format), 0);
}

static void expect_file(const char *path, const void *bytes, size_t count)
{
    void *got;
    size_t got_bytes;

    assert_int_equal(host_file_read(path, 1 << 20, &got, &got_bytes), 0);
    assert_int_equal(got_bytes, count);
    assert_memory_equal(got, bytes, count);
    free(got);
}

static const uint8_t frame_bytes[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const char header[] = "YUV4MPEG2 W4 H2 F60000:1001 Ip A1:1 C422\n";
static const char planes[] = "FRAME\n\1\3\5\7\11\13\15\17\2\6\12\16\4\10\14\20";
static const char short_planes[] = "FRAME\n\1\3\5\0\0\0\0\0\2\0\0\0\4\0\0\0";
enum { HEADER = sizeof header - 1, FRAME = sizeof planes - 1 };

/* ---- Y4M ------------------------------------------------------------------------------------- */

static void y4m_is_a_header_and_whole_frames_under_the_final_name_at_the_end(void **state)
{
    struct bench bench;
    char wanted[HEADER + 2 * FRAME];

    (void)state;
    bench_open(&bench, "v.y4m");
    assert_int_equal(super_sink_y4m(bench.path, &bench.sink, &bench.error), 0);
    assert_string_equal(bench.sink.name, bench.path);
    take_format(&bench);
    assert_int_equal(give(&bench, 0, frame_bytes, 16), 0);
    assert_int_equal(give(&bench, 1, frame_bytes, 5), 0); /* short: padded */
    assert_false(host_file_exists(bench.path));
    assert_true(host_file_exists(bench.part));
    assert_int_equal(bench.sink.end(bench.sink.ctx, true), 0);
    memcpy(wanted, header, HEADER);
    memcpy(wanted + HEADER, planes, FRAME);
    memcpy(wanted + HEADER + FRAME, short_planes, FRAME);
    expect_file(bench.path, wanted, sizeof wanted);
    bench_close(&bench);
}

static void every_format_names_its_colour_space_and_writes_its_planes(void **state)
{
    static const struct {
        const char *fourcc, *colour;
        uint32_t width, height, stride_bytes;
        uint64_t frame_bytes, file_frame_bytes;
    } rows[] = {{"YUY2", "C422", 6, 3, 12, 36, 36}, {"UYVY", "C422", 6, 3, 12, 36, 36},
                {"NV12", "C420", 6, 4, 6, 36, 36},  {"RGB3", "C444", 5, 3, 16, 48, 45},
                {"RGB4", "C444", 5, 3, 20, 60, 45}};
    static const uint8_t grey[64] = {0};

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench bench;
        char wanted[80];
        void *got;
        size_t got_bytes;

        bench_open(&bench, "v.y4m");
        bench.format = (struct super_format){.width = rows[i].width, .height = rows[i].height,
                                             .stride_bytes = rows[i].stride_bytes,
                                             .frame_bytes = rows[i].frame_bytes,
                                             .rate_numerator = 30, .rate_denominator = 1};
        snprintf(bench.format.fourcc, sizeof bench.format.fourcc, "%s", rows[i].fourcc);
        assert_int_equal(super_sink_y4m(bench.path, &bench.sink, &bench.error), 0);
        take_format(&bench);
        assert_int_equal(give(&bench, 0, grey, rows[i].frame_bytes), 0);
        assert_int_equal(bench.sink.end(bench.sink.ctx, true), 0);
        snprintf(wanted, sizeof wanted, "YUV4MPEG2 W%u H%u F30:1 Ip A1:1 %s\nFRAME\n",
                 rows[i].width, rows[i].height, rows[i].colour);
        assert_int_equal(host_file_read(bench.path, 1 << 20, &got, &got_bytes), 0);
        assert_int_equal(got_bytes, strlen(wanted) + rows[i].file_frame_bytes);
        assert_memory_equal(got, wanted, strlen(wanted));
        free(got);
        bench_close(&bench);
    }
}

static void a_format_that_is_no_picture_is_refused_with_the_reason(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, "v.y4m");
    assert_int_equal(super_sink_y4m(bench.path, &bench.sink, &bench.error), 0);
    bench.format.width = 5;
    bench.sink.error = bench.sink.format(bench.sink.ctx, &bench.format);
    assert_int_equal(bench.sink.error, -EINVAL);
    assert_non_null(strstr(super_sink_failure(&bench.sink), "width"));
    assert_int_equal(bench.sink.end(bench.sink.ctx, false), 0);
    assert_false(host_file_exists(bench.path));
    bench_close(&bench);
}

/* ---- Endings --------------------------------------------------------------------------------- */

static void no_frame_leaves_no_file(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, "v.y4m");
    assert_int_equal(super_sink_y4m(bench.path, &bench.sink, &bench.error), 0);
    take_format(&bench);
    assert_int_equal(bench.sink.end(bench.sink.ctx, true), 0);
    assert_false(host_file_exists(bench.path));
    bench_close(&bench);
}

static void a_failed_sink_removes_all_and_keeps_the_file_that_was_there(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, "v.raw");
    assert_int_equal(super_sink_raw(bench.path, &bench.sink, &bench.error), 0);
    assert_int_equal(give(&bench, 0, "old", 3), 0);
    assert_int_equal(bench.sink.end(bench.sink.ctx, true), 0);
    super_sink_release(&bench.sink);
    assert_int_equal(super_sink_raw(bench.path, &bench.sink, &bench.error), 0);
    assert_int_equal(give(&bench, 0, "newer", 5), 0);
    assert_int_equal(bench.sink.end(bench.sink.ctx, false), 0);
    expect_file(bench.path, "old", 3);
    bench_close(&bench);
}

static void release_without_an_end_removes_all(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, "v.raw");
    assert_int_equal(super_sink_raw(bench.path, &bench.sink, &bench.error), 0);
    assert_int_equal(give(&bench, 0, "x", 1), 0);
    super_sink_release(&bench.sink);
    super_sink_release(&bench.sink);
    assert_false(host_file_exists(bench.path));
    bench_close(&bench);
}

static void an_output_that_cannot_be_is_refused_in_words(void **state)
{
    struct super_sink sink = {0};
    struct super_error error;

    (void)state;
    assert_int_equal(super_sink_y4m("/nowhere/v.y4m", &sink, &error), -ENOENT);
    assert_string_equal(error.text, "/nowhere/v.y4m: cannot be written: No such file or directory");
    assert_int_equal(super_sink_png("/tmp", 0, &sink, &error), -EISDIR);
    assert_null(sink.ctx);
}

static void a_name_with_another_ending_is_refused_and_what_it_names_stays(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, "letter.txt");
    assert_int_equal(super_sink_png(bench.path, 0, &bench.sink, &bench.error), 0);
    super_sink_release(&bench.sink);
    assert_int_equal(super_sink_y4m(bench.path, &bench.sink, &bench.error), -EINVAL);
    assert_non_null(strstr(bench.error.text, "letter.txt: the name of a file must end in .y4m"));
    assert_int_equal(super_sink_raw(bench.path, &bench.sink, &bench.error), -EINVAL);
    bench_close(&bench);
}

static void a_file_that_cannot_grow_fails_at_the_frame_and_is_removed(void **state)
{
    struct rlimit before, tight;
    struct bench bench;

    (void)state;
    bench_open(&bench, "v.raw");
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = (struct rlimit){.rlim_cur = 20, .rlim_max = before.rlim_max};
    assert_int_equal(super_sink_raw(bench.path, &bench.sink, &bench.error), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    assert_int_equal(give(&bench, 0, frame_bytes, 16), 0);
    bench.sink.error = give(&bench, 1, frame_bytes, 16);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(bench.sink.error, -EFBIG);
    assert_string_equal(super_sink_failure(&bench.sink), "File too large");
    assert_int_equal(bench.sink.end(bench.sink.ctx, false), 0);
    assert_false(host_file_exists(bench.path));
    bench_close(&bench);
}

/* ---- In place -------------------------------------------------------------------------------- */

static void a_pipe_gets_frames_as_they_come_and_keeps_its_name(void **state)
{
    struct bench bench;
    char got[HEADER + FRAME];
    int reader;

    (void)state;
    bench_open(&bench, "pipe");
    assert_int_equal(mkfifo(bench.path, 0600), 0);
    reader = open(bench.path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_int_equal(super_sink_y4m(bench.path, &bench.sink, &bench.error), 0);
    take_format(&bench);
    assert_int_equal(give(&bench, 0, frame_bytes, 16), 0);
    assert_int_equal(read(reader, got, sizeof got), sizeof got);
    assert_memory_equal(got, header, HEADER);
    assert_memory_equal(got + HEADER, planes, FRAME);
    assert_int_equal(bench.sink.end(bench.sink.ctx, true), 0);
    assert_int_equal(read(reader, got, sizeof got), 0);
    close(reader);
    assert_true(host_file_exists(bench.path));
    bench_close(&bench);
}

static void a_pipe_nobody_reads_any_more_is_a_broken_pipe(void **state)
{
    struct bench bench;
    int reader;

    (void)state;
    bench_open(&bench, "pipe");
    host_interrupts_count();
    assert_int_equal(mkfifo(bench.path, 0600), 0);
    reader = open(bench.path, O_RDONLY | O_NONBLOCK);
    assert_int_equal(super_sink_raw(bench.path, &bench.sink, &bench.error), 0);
    close(reader);
    assert_int_equal(give(&bench, 0, frame_bytes, 16), -EPIPE);
    assert_int_equal(bench.sink.end(bench.sink.ctx, false), 0);
    bench_close(&bench);
}

static void a_full_device_says_so(void **state)
{
    struct super_sink sink;
    struct super_error error;
    struct super_frame frame = {.bytes = 16, .data = frame_bytes};

    (void)state;
    assert_int_equal(super_sink_raw("/dev/full", &sink, &error), 0);
    sink.error = sink.frame(sink.ctx, &frame);
    assert_int_equal(sink.error, -ENOSPC);
    assert_string_equal(super_sink_failure(&sink), "No space left on device");
    assert_int_equal(sink.end(sink.ctx, false), 0);
    super_sink_release(&sink);
}

/* ---- Raw ------------------------------------------------------------------------------------- */

static void raw_is_what_the_driver_filled_of_each_frame(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, "v.raw");
    assert_int_equal(super_sink_raw(bench.path, &bench.sink, &bench.error), 0);
    take_format(&bench);
    assert_int_equal(give(&bench, 0, "abcd", 4), 0);
    assert_int_equal(give(&bench, 1, "", 0), 0);
    assert_int_equal(give(&bench, 2, "ef", 2), 0);
    assert_int_equal(bench.sink.end(bench.sink.ctx, true), 0);
    expect_file(bench.path, "abcdef", 6);
    bench_close(&bench);
}

/* ---- PNG ------------------------------------------------------------------------------------- */

static void a_snapshot_takes_its_frame_and_reads_back_as_drawn(void **state)
{
    static const uint8_t pixels[24] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0,
                                       11, 12, 13, 14, 15, 16, 17, 18, 19, 0, 0, 0};
    static const uint8_t wanted[18] = {13, 12, 11, 16, 15, 14, 19, 18, 17,
                                       3, 2, 1, 6, 5, 4, 9, 8, 7};
    png_image image = {.version = PNG_IMAGE_VERSION};
    struct bench bench;
    uint8_t got[18];

    (void)state;
    bench_open(&bench, "p.png");
    bench.format = (struct super_format){.fourcc = "RGB3", .width = 3, .height = 2,
                                         .stride_bytes = 12, .frame_bytes = 24, .bottom_up = true};
    assert_int_equal(super_sink_png(bench.path, 7, &bench.sink, &bench.error), 0);
    take_format(&bench);
    assert_false(bench.sink.wants(bench.sink.ctx, 6));
    assert_true(bench.sink.wants(bench.sink.ctx, 7));
    assert_int_equal(give(&bench, 7, pixels, 24), 0);
    assert_int_equal(bench.sink.end(bench.sink.ctx, true), 0);
    assert_int_equal(png_image_begin_read_from_file(&image, bench.path), 1);
    assert_int_equal(image.width, 3);
    assert_int_equal(image.height, 2);
    image.format = PNG_FORMAT_RGB;
    assert_int_equal(png_image_finish_read(&image, NULL, got, 9, NULL), 1);
    assert_memory_equal(got, wanted, sizeof wanted);
    bench_close(&bench);
}

static void a_snapshot_whose_frame_never_came_leaves_nothing(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, "p.png");
    assert_int_equal(super_sink_png(bench.path, 7, &bench.sink, &bench.error), 0);
    take_format(&bench);
    assert_int_equal(bench.sink.end(bench.sink.ctx, true), 0);
    assert_false(host_file_exists(bench.path));
    bench_close(&bench);
}

static void a_snapshot_that_cannot_be_written_names_the_systems_reason(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, "p.png");
    assert_int_equal(super_sink_png("/dev/full", 0, &bench.sink, &bench.error), 0);
    take_format(&bench);
    assert_int_equal(give(&bench, 0, frame_bytes, 16), -ENOSPC);
    assert_int_equal(bench.sink.end(bench.sink.ctx, false), 0);
    bench_close(&bench);
}

/* ---- Hash ------------------------------------------------------------------------------------ */

static uint64_t hash_of(const void *a, uint64_t a_bytes, const void *b, uint64_t b_bytes)
{
    struct super_sink sink;
    struct super_frame first = {.number = 0, .bytes = a_bytes, .data = a};
    struct super_frame second = {.number = 1, .bytes = b_bytes, .data = b};
    uint64_t value;

    assert_int_equal(super_sink_hash(&sink), 0);
    assert_int_equal(sink.frame(sink.ctx, &first), 0);
    assert_int_equal(sink.frame(sink.ctx, &second), 0);
    assert_int_equal(sink.end(sink.ctx, true), 0);
    value = super_sink_hash_value(&sink);
    super_sink_release(&sink);
    return value;
}

static void equal_video_has_equal_hashes_and_any_difference_shows(void **state)
{
    uint64_t value = hash_of("abcd", 4, "efgh", 4);

    (void)state;
    assert_true(value == hash_of("abcd", 4, "efgh", 4));
    assert_true(value != hash_of("efgh", 4, "abcd", 4));
    assert_true(value != hash_of("abcd", 4, "efgi", 4));
    assert_true(value != hash_of("abcde", 5, "fgh", 3));
    assert_true(value != hash_of("abcd", 4, "efgh", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(y4m_is_a_header_and_whole_frames_under_the_final_name_at_the_end),
        cmocka_unit_test(every_format_names_its_colour_space_and_writes_its_planes),
        cmocka_unit_test(a_format_that_is_no_picture_is_refused_with_the_reason),
        cmocka_unit_test(no_frame_leaves_no_file),
        cmocka_unit_test(a_failed_sink_removes_all_and_keeps_the_file_that_was_there),
        cmocka_unit_test(release_without_an_end_removes_all),
        cmocka_unit_test(an_output_that_cannot_be_is_refused_in_words),
        cmocka_unit_test(a_name_with_another_ending_is_refused_and_what_it_names_stays),
        cmocka_unit_test(a_file_that_cannot_grow_fails_at_the_frame_and_is_removed),
        cmocka_unit_test(a_pipe_gets_frames_as_they_come_and_keeps_its_name),
        cmocka_unit_test(a_pipe_nobody_reads_any_more_is_a_broken_pipe),
        cmocka_unit_test(a_full_device_says_so),
        cmocka_unit_test(raw_is_what_the_driver_filled_of_each_frame),
        cmocka_unit_test(a_snapshot_takes_its_frame_and_reads_back_as_drawn),
        cmocka_unit_test(a_snapshot_whose_frame_never_came_leaves_nothing),
        cmocka_unit_test(a_snapshot_that_cannot_be_written_names_the_systems_reason),
        cmocka_unit_test(equal_video_has_equal_hashes_and_any_difference_shows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
