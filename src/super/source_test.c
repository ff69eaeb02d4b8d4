/* SPDX-License-Identifier: MIT */
/* What is written is read back byte for byte; what is damaged is refused in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "host/host.h"
#include "super/super.h"

struct bench {
    char folder[64];
    char path[96];
    struct super_source *source;
    struct super_error error;
};

static void bench_open(struct bench *bench, const char *name)
{
    memset(bench, 0, sizeof *bench);
    snprintf(bench->folder, sizeof bench->folder, "/tmp/weir-source-XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    snprintf(bench->path, sizeof bench->path, "%s/%s", bench->folder, name);
}

static void bench_close(struct bench *bench)
{
    super_source_close(bench->source);
    bench->source = NULL;
    host_file_unlink(bench->path);
    assert_int_equal(rmdir(bench->folder), 0);
}

static void write_file(struct bench *bench, const void *bytes, size_t count)
{
    struct host_file file;

    assert_int_equal(host_file_create(&file, bench->path), 0);
    assert_int_equal(host_file_write(&file, bytes, count), 0);
    assert_int_equal(host_file_commit(&file), 0);
}

static int open_bytes(struct bench *bench, const void *bytes, size_t count)
{
    super_source_close(bench->source);
    bench->source = NULL;
    write_file(bench, bytes, count);
    return super_source_open(bench->path, &bench->source, &bench->error);
}

static void expect_refusal(struct bench *bench, const void *bytes, size_t count, const char *words)
{
    assert_int_equal(open_bytes(bench, bytes, count), -EINVAL);
    if (strstr(bench->error.text, words) == NULL)
        fail_msg("'%s' is not in '%s'", words, bench->error.text);
    assert_non_null(strstr(bench->error.text, bench->path));
}

/* ---- Pictures -------------------------------------------------------------------------------- */

static const char header[] = "YUV4MPEG2 W4 H2 F60000:1001 Ip A1:1 C422\n";
static const char picture[] = "FRAME\n\1\3\5\7\11\13\15\17\2\6\12\16\4\10\14\20";
static const char other[] = "FRAME Ip\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1";
static const uint8_t packed[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static size_t join(char *to, const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    memcpy(to, a, a_bytes);
    memcpy(to + a_bytes, b, b_bytes);
    return a_bytes + b_bytes;
}

static void pictures_come_in_order_in_the_layout_that_is_wanted(void **state)
{
    struct super_format format = {.fourcc = "YUY2", .width = 4, .height = 2, .stride_bytes = 8,
                                  .frame_bytes = 16};
    const struct super_contents *contents;
    struct bench bench;
    char file[256];
    uint8_t got[16];
    uint64_t bytes;
    size_t size;

    (void)state;
    bench_open(&bench, "v.y4m");
    size = join(file, header, sizeof header - 1, picture, sizeof picture - 1);
    size = join(file, file, size, other, sizeof other - 1);
    assert_int_equal(open_bytes(&bench, file, size), 0);
    contents = super_source_contents(bench.source);
    assert_false(contents->sound);
    assert_string_equal(contents->holds, "4:2:2 pictures of 4x2 at 59.9401 fps");
    assert_string_equal(contents->fourccs[0], "YUY2");
    assert_string_equal(contents->fourccs[1], "UYVY");
    assert_string_equal(contents->fourccs[2], "");
    assert_int_equal(super_source_next(bench.source, &format, got, &bytes), 0);
    assert_int_equal(bytes, 16);
    assert_memory_equal(got, packed, 16);
    assert_int_equal(super_source_next(bench.source, &format, got, &bytes), 0);
    assert_int_equal(got[15], 1);
    assert_int_equal(super_source_next(bench.source, &format, got, &bytes), 0);
    assert_int_equal(bytes, 0);
    bench_close(&bench);
}

static void a_damaged_y4m_is_refused_with_what_is_wrong(void **state)
{
    static const struct {
        const char *file, *words;
    } rows[] = {
        {"YUV4MPEG2 W4 H2\nFRAME\n", "without width, height or frame rate"},
        {"YUV4MPEG2 W4 F30:1\nFRAME\n", "without width, height or frame rate"},
        {"YUV4MPEG2 W4 H2 F0:0 C422\n", "frame rate of 0:0"},
        {"YUV4MPEG2 Wx H2 F30:1 C422\n", "width of x"},
        {"YUV4MPEG2 W4 H99999 F30:1 C422\n", "height of 99999"},
        {"YUV4MPEG2 W4 H2 F30:1 C411\n", "kind C411"},
        {"YUV4MPEG2 W4 H2 F30:1 C420p10\n", "kind C420p10"},
        {"YUV4MPEG2 W3 H2 F30:1 C422\n", "odd side"},
        {"YUV4MPEG2 W4 H3 F30:1\n", "odd side"},
        {"YUV4MPEG2 W4 H2 F30:1 C422\n", "no pictures"},
        {"YUV4MPEG2 W4 H2 F30:1 C422\nFRAME\n0123456789abcde", "cut off in picture 0"},
        {"YUV4MPEG2 W4 H2 F30:1 C422\nFRAME\n0123456789abcdefFRA", "no FRAME line where picture 1"},
        {"YUV4MPEG2 W4 H2 F30:1 C422\nFROME\n0123456789abcdef", "no FRAME line where picture 0"},
        {"YUV4MPEG2 W4 H2 F30:1", "cut off in its header"},
        {"GIF89a and more of it", "neither YUV4MPEG2 nor RIFF WAVE"},
        {"short", "cut off in its header"},
    };
    struct bench bench;

    (void)state;
    bench_open(&bench, "v.y4m");
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
        expect_refusal(&bench, rows[i].file, strlen(rows[i].file), rows[i].words);
    bench_close(&bench);
}

/* A pipe cannot be looked at beforehand: what is wrong with it shows when it is read. */
static void a_pipe_that_ends_in_a_picture_is_told_when_it_does(void **state)
{
    struct super_format format = {.fourcc = "UYVY", .width = 4, .height = 2, .stride_bytes = 8,
                                  .frame_bytes = 16};
    struct super_source *source;
    struct super_error error;
    char file[256], path[32];
    uint8_t got[16];
    uint64_t bytes;
    int pipes[2];
    size_t size;

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    size = join(file, header, sizeof header - 1, picture, sizeof picture - 1);
    size = join(file, file, size, picture, sizeof picture - 2);
    assert_int_equal(write(pipes[1], file, size), (ssize_t)size);
    close(pipes[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", pipes[0]);
    assert_int_equal(super_source_open(path, &source, &error), 0);
    assert_int_equal(super_source_next(source, &format, got, &bytes), 0);
    assert_int_equal(got[0], 2); /* chroma first */
    assert_int_equal(super_source_next(source, &format, got, &bytes), -EINVAL);
    assert_string_equal(super_source_why(source), "is cut off in picture 1");
    super_source_close(source);
    close(pipes[0]);
}

static void what_cannot_be_opened_is_not_called_damaged(void **state)
{
    struct super_source *source;
    struct super_error error;

    (void)state;
    assert_int_equal(super_source_open("/nowhere/at.wav", &source, &error), -ENOENT);
    assert_string_equal(error.text, "/nowhere/at.wav: cannot be read: No such file or directory");
    assert_int_equal(super_source_open("/tmp", &source, &error), -EISDIR);
}

/* ---- Sound ----------------------------------------------------------------------------------- */

static const struct super_audio stereo = {.rate_hz = 48000, .channels = 2, .bits = 16,
                                          .valid_bits = 16};

static void write_wav(struct bench *bench, const struct super_audio *audio, const void *bytes,
                      size_t count)
{
    struct super_format format = {.fourcc = "WAVE", .audio = *audio, .frame_bytes = count};
    struct super_frame frame = {.bytes = count, .data = bytes};
    struct super_sink sink;

    assert_int_equal(super_sink_wav(bench->path, &sink, &bench->error), 0);
    assert_int_equal(sink.format(sink.ctx, &format), 0);
    assert_int_equal(sink.frame(sink.ctx, &frame), 0);
    assert_int_equal(sink.end(sink.ctx, true), 0);
    super_sink_release(&sink);
}

static void a_wav_has_the_sizes_of_what_is_in_it(void **state)
{
    static const uint8_t wanted[] = "RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\1\0\2\0\x80\xbb\0\0\0\xee\2\0"
                                    "\4\0\x10\0data\x8\0\0\0\1\2\3\4\5\6\7\x8";
    struct bench bench;
    void *file;
    size_t size;

    (void)state;
    bench_open(&bench, "a.wav");
    write_wav(&bench, &stereo, packed, 8);
    assert_int_equal(host_file_read(bench.path, 1 << 20, &file, &size), 0);
    assert_int_equal(size, sizeof wanted - 1);
    assert_memory_equal(file, wanted, size);
    free(file);
    bench_close(&bench);
}

static void sound_is_read_as_it_was_written(void **state)
{
    static const struct super_audio rows[] = {
        {.rate_hz = 8000, .channels = 1, .bits = 8, .valid_bits = 8},
        {.rate_hz = 44100, .channels = 2, .bits = 16, .valid_bits = 16},
        {.rate_hz = 96000, .channels = 1, .bits = 24, .valid_bits = 24},
        {.rate_hz = 48000, .channels = 2, .bits = 32, .valid_bits = 24, .channel_mask = 3},
        {.rate_hz = 48000, .channels = 1, .bits = 32, .valid_bits = 32, .is_float = true},
        {.rate_hz = 48000, .channels = 6, .bits = 16, .valid_bits = 16, .channel_mask = 0x3f},
        {.rate_hz = 48000, .channels = 3, .bits = 32, .valid_bits = 32, .is_float = true},
    };
    struct bench bench;

    (void)state;
    bench_open(&bench, "a.wav");
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        uint32_t block = rows[i].channels * rows[i].bits / 8;
        struct super_format format = {.fourcc = "WAVE", .audio = rows[i], .frame_bytes = 64};
        uint8_t got[64];
        uint64_t bytes;

        write_wav(&bench, &rows[i], packed, block);
        assert_int_equal(super_source_open(bench.path, &bench.source, &bench.error), 0);
        assert_true(super_source_contents(bench.source)->sound);
        assert_memory_equal(&super_source_contents(bench.source)->audio, &rows[i], sizeof rows[i]);
        assert_int_equal(super_source_next(bench.source, &format, got, &bytes), 0);
        assert_int_equal(bytes, block);
        assert_memory_equal(got, packed, block);
        assert_int_equal(super_source_next(bench.source, &format, got, &bytes), 0);
        assert_int_equal(bytes, 0);
        super_source_close(bench.source);
        bench.source = NULL;
    }
    bench_close(&bench);
}

static void a_pipe_gets_sound_up_to_its_end_and_gives_it_too(void **state)
{
    struct super_format format = {.fourcc = "WAVE", .audio = stereo, .frame_bytes = 8};
    struct super_frame frame = {.bytes = 8, .data = packed};
    struct super_source *source;
    struct super_sink sink;
    struct super_error error;
    char in[32], out[32];
    uint8_t got[64];
    uint64_t bytes;
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    snprintf(in, sizeof in, "/dev/fd/%d", pipes[0]);
    snprintf(out, sizeof out, "/dev/fd/%d", pipes[1]);
    assert_int_equal(super_sink_stream(out, &sink, &error), 0);
    assert_int_equal(sink.format(sink.ctx, &format), 0);
    assert_int_equal(sink.frame(sink.ctx, &frame), 0);
    assert_int_equal(sink.end(sink.ctx, true), 0);
    super_sink_release(&sink);
    close(pipes[1]);
    assert_int_equal(super_source_open(in, &source, &error), 0);
    format.frame_bytes = 64;
    assert_int_equal(super_source_next(source, &format, got, &bytes), 0);
    assert_int_equal(bytes, 8);
    assert_memory_equal(got, packed, 8);
    super_source_close(source);
    close(pipes[0]);
}

static void pictures_are_no_sound_and_a_file_is_no_pipe(void **state)
{
    struct super_format format = {.fourcc = "YUY2", .width = 4, .height = 2};
    struct super_sink sink;
    struct bench bench;

    (void)state;
    bench_open(&bench, "a.wav");
    assert_int_equal(super_sink_stream(bench.path, &sink, &bench.error), -EINVAL);
    assert_int_equal(super_sink_wav(bench.path, &sink, &bench.error), 0);
    assert_int_equal(sink.format(sink.ctx, &format), -EINVAL);
    assert_non_null(strstr(super_sink_failure(&sink), "no sound"));
    super_sink_release(&sink);
    bench_close(&bench);
}

/* A file of ours with one thing changed. */
static void a_damaged_wav_is_refused_with_what_is_wrong(void **state)
{
    static const struct {
        unsigned at;
        uint8_t byte;
        const char *words;
    } rows[] = {
        {20, 2, "kind 0x2"}, {22, 0, "0 channels"}, {22, 33, "33 channels"},
        {34, 12, "12 bits"}, {34, 64, "64 bits"}, {32, 5, "says that a sample of all channels"},
        {16, 15, "chunk fmt of 15"}, {12, 'x', "before it says what they are"},
        {40, 9, "cut off: 1 bytes"}, {40, 6, "whole sample"}, {40, 0, "no samples"},
        {36, 'x', "cut off in its header"},
    };
    struct bench bench;
    uint8_t *file;
    void *whole;
    size_t size;

    (void)state;
    bench_open(&bench, "a.wav");
    write_wav(&bench, &stereo, packed, 8);
    assert_int_equal(host_file_read(bench.path, 1 << 20, &whole, &size), 0);
    file = whole;
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t good = file[rows[i].at];

        file[rows[i].at] = rows[i].byte;
        expect_refusal(&bench, file, size, rows[i].words);
        file[rows[i].at] = good;
    }
    expect_refusal(&bench, file, 30, "cut off in its header");
    free(whole);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_come_in_order_in_the_layout_that_is_wanted),
        cmocka_unit_test(a_damaged_y4m_is_refused_with_what_is_wrong),
        cmocka_unit_test(a_pipe_that_ends_in_a_picture_is_told_when_it_does),
        cmocka_unit_test(what_cannot_be_opened_is_not_called_damaged),
        cmocka_unit_test(a_wav_has_the_sizes_of_what_is_in_it),
        cmocka_unit_test(sound_is_read_as_it_was_written),
        cmocka_unit_test(a_pipe_gets_sound_up_to_its_end_and_gives_it_too),
        cmocka_unit_test(pictures_are_no_sound_and_a_file_is_no_pipe),
        cmocka_unit_test(a_damaged_wav_is_refused_with_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
