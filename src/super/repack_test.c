/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "super/repack.h"

static struct super_format format_of(const char *fourcc, uint32_t width, uint32_t height,
                                     uint32_t stride_bytes)
{
    struct super_format format = {.width = width, .height = height, .stride_bytes = stride_bytes,
                                  .rate_numerator = 60, .rate_denominator = 1,
                                  .frame_bytes = (uint64_t)stride_bytes * height};

    memcpy(format.fourcc, fourcc, sizeof format.fourcc);
    if (strcmp(fourcc, "NV12") == 0)
        format.frame_bytes += (uint64_t)stride_bytes * (height / 2);
    return format;
}

/* ---- Lossless -------------------------------------------------------------------------------- */

static void yuy2_becomes_three_planes_without_loss(void **state)
{
    static const uint8_t frame[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18};
    static const uint8_t planes[] = {1, 3, 5, 7, 11, 13, 15, 17, 2, 6, 12, 16, 4, 8, 14, 18};
    struct super_format format = format_of("YUY2", 4, 2, 8);
    uint8_t out[sizeof planes];

    (void)state;
    assert_null(repack_refusal(&format));
    assert_string_equal(repack_y4m_colour(&format), "C422");
    assert_int_equal(repack_y4m_bytes(&format), sizeof planes);
    repack_y4m(&format, frame, out);
    assert_memory_equal(out, planes, sizeof planes);
}

static void uyvy_differs_from_yuy2_in_the_order_of_bytes_only(void **state)
{
    static const uint8_t frame[] = {2, 1, 4, 3, 6, 5, 8, 7};
    static const uint8_t planes[] = {1, 3, 5, 7, 2, 6, 4, 8};
    struct super_format format = format_of("UYVY", 4, 1, 8);
    uint8_t out[sizeof planes];

    (void)state;
    repack_y4m(&format, frame, out);
    assert_memory_equal(out, planes, sizeof planes);
}

static void nv12_chroma_is_taken_apart(void **state)
{
    static const uint8_t frame[] = {1, 2, 3, 4, 0, 5, 6, 7, 8, 0, 21, 31, 22, 32, 0};
    static const uint8_t planes[] = {1, 2, 3, 4, 5, 6, 7, 8, 21, 22, 31, 32};
    struct super_format format = format_of("NV12", 4, 2, 5);
    uint8_t out[sizeof planes];

    (void)state;
    assert_string_equal(repack_y4m_colour(&format), "C420");
    assert_int_equal(repack_y4m_bytes(&format), sizeof planes);
    repack_y4m(&format, frame, out);
    assert_memory_equal(out, planes, sizeof planes);
}

static void padding_of_lines_is_left_out(void **state)
{
    static const uint8_t frame[] = {1, 2, 3, 4, 99, 99, 5, 6, 7, 8, 99, 99};
    static const uint8_t planes[] = {1, 3, 5, 7, 2, 6, 4, 8};
    struct super_format format = format_of("YUY2", 2, 2, 6);
    uint8_t out[sizeof planes];

    (void)state;
    repack_y4m(&format, frame, out);
    assert_memory_equal(out, planes, sizeof planes);
}

/* ---- The matrix ------------------------------------------------------------------------------ */

/* BT.601 in studio range from its definition, in doubles. */
static void by_definition(double r, double g, double b, double yuv[3])
{
    double luma = 0.299 * r + 0.587 * g + 0.114 * b;

    yuv[0] = 16 + luma * 219 / 255;
    yuv[1] = 128 + (b - luma) / (2 * (1 - 0.114)) * 224 / 255;
    yuv[2] = 128 + (r - luma) / (2 * (1 - 0.299)) * 224 / 255;
}

static void the_rgb_matrix_is_bt601_to_less_than_one_step(void **state)
{
    struct super_format format = format_of("RGB4", 1, 1, 4);

    (void)state;
    for (unsigned r = 0; r < 256; r += 15) {
        for (unsigned g = 0; g < 256; g += 15) {
            for (unsigned b = 0; b < 256; b += 15) {
                uint8_t pixel[4] = {(uint8_t)b, (uint8_t)g, (uint8_t)r, 0x80}, out[3];
                double wanted[3];

                by_definition(r, g, b, wanted);
                repack_y4m(&format, pixel, out);
                for (unsigned i = 0; i < 3; i++)
                    assert_true(fabs(out[i] - wanted[i]) < 0.51);
            }
        }
    }
}

static void black_white_and_grey_have_no_colour(void **state)
{
    static const uint8_t greys[][2] = {{0, 16}, {255, 235}, {128, 126}};
    struct super_format format = format_of("RGB3", 1, 1, 4);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        uint8_t pixel[4] = {greys[i][0], greys[i][0], greys[i][0], 0}, out[3];

        repack_y4m(&format, pixel, out);
        assert_int_equal(out[0], greys[i][1]);
        assert_int_equal(out[1], 128);
        assert_int_equal(out[2], 128);
    }
}

static void bottom_up_rgb_is_turned_over_and_odd_widths_keep_their_padding_out(void **state)
{
    /* Three pixels a line, padded to 12 bytes: white below, black above. */
    uint8_t frame[24] = {0}, out[18];
    struct super_format format = format_of("RGB3", 3, 2, 12);

    (void)state;
    memset(frame, 255, 9);
    memset(frame + 9, 0x77, 3);
    memset(frame + 21, 0x77, 3);
    assert_string_equal(repack_y4m_colour(&format), "C444");
    assert_int_equal(repack_y4m_bytes(&format), sizeof out);
    repack_y4m(&format, frame, out);
    assert_memory_equal(out, "\353\353\353\020\020\020", 6);
    format.bottom_up = true;
    repack_y4m(&format, frame, out);
    assert_memory_equal(out, "\020\020\020\353\353\353", 6);
}

/* ---- To RGB ---------------------------------------------------------------------------------- */

static void rows_of_rgb_come_out_red_first_from_the_top(void **state)
{
    static const uint8_t frame[] = {3, 2, 1, 0, 6, 5, 4, 0};
    struct super_format format = format_of("RGB4", 1, 2, 4);
    uint8_t out[3];

    (void)state;
    repack_rgb_row(&format, frame, 0, out);
    assert_memory_equal(out, "\1\2\3", 3);
    format.bottom_up = true;
    repack_rgb_row(&format, frame, 0, out);
    assert_memory_equal(out, "\4\5\6", 3);
}

static void yuv_becomes_rgb_by_the_inverse_matrix_and_is_cut_to_range(void **state)
{
    static const struct {
        uint8_t y, u, v, r, g, b;
    } rows[] = {{16, 128, 128, 0, 0, 0},        {235, 128, 128, 255, 255, 255},
                {82, 90, 240, 255, 1, 0},       {145, 54, 34, 0, 255, 1},
                {255, 128, 128, 255, 255, 255}, {0, 128, 128, 0, 0, 0}};
    static const char *const packings[] = {"YUY2", "UYVY", "NV12"};

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t y = rows[i].y, u = rows[i].u, v = rows[i].v;
        const uint8_t frames[3][8] = {{y, u, y, v}, {u, y, v, y}, {y, y, y, y, u, v}};

        for (unsigned k = 0; k < 3; k++) {
            struct super_format format = format_of(packings[k], 2, 2, k == 2 ? 2 : 4);
            uint8_t out[6];

            repack_rgb_row(&format, frames[k], 0, out);
            assert_in_range(out[0] + 1, rows[i].r, rows[i].r + 2);
            assert_in_range(out[1] + 1, rows[i].g, rows[i].g + 2);
            assert_in_range(out[2] + 1, rows[i].b, rows[i].b + 2);
            assert_memory_equal(out, out + 3, 3);
        }
    }
}

static void the_last_rows_of_nv12_use_the_last_row_of_chroma(void **state)
{
    static const uint8_t frame[] = {126, 126, 126, 126, 126, 126, 126, 126, 128, 128, 240, 128};
    struct super_format format = format_of("NV12", 2, 4, 2);
    uint8_t out[6];

    (void)state;
    repack_rgb_row(&format, frame, 1, out);
    assert_memory_equal(out, "\200\200\200", 3);
    repack_rgb_row(&format, frame, 2, out);
    assert_int_equal(out[2], 255);
    repack_rgb_row(&format, frame, 3, out);
    assert_int_equal(out[2], 255);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void what_is_no_picture_is_refused_in_words(void **state)
{
    struct super_format format = format_of("WAVE", 4, 4, 8);

    (void)state;
    assert_non_null(strstr(repack_refusal(&format), ".wav"));
    format = format_of("MJPG", 4, 4, 8);
    assert_non_null(strstr(repack_refusal(&format), ".raw"));
    format = format_of("YUY2", 0, 4, 8);
    assert_non_null(strstr(repack_refusal(&format), "pixels"));
    format = format_of("YUY2", 4, 0x10001, 8);
    assert_non_null(strstr(repack_refusal(&format), "pixels"));
    format = format_of("UYVY", 3, 4, 8);
    assert_non_null(strstr(repack_refusal(&format), "width"));
    format = format_of("NV12", 4, 3, 4);
    assert_non_null(strstr(repack_refusal(&format), "height"));
    format = format_of("RGB3", 3, 3, 12);
    assert_null(repack_refusal(&format));
}

/* Geometry comes from a process that may lie: what does not fit must not be read. */
static void a_geometry_beyond_the_frames_bytes_is_refused(void **state)
{
    static const char *const fourccs[] = {"YUY2", "UYVY", "RGB3", "RGB4", "NV12"};
    static const uint32_t strides[] = {128, 128, 192, 256, 64};

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct super_format format = format_of(fourccs[i], 64, 64, strides[i]);

        assert_null(repack_refusal(&format));
        format.frame_bytes--;
        assert_non_null(strstr(repack_refusal(&format), "smaller"));
        format = format_of(fourccs[i], 64, 64, strides[i]);
        format.stride_bytes--;
        assert_non_null(strstr(repack_refusal(&format), "smaller"));
        format.stride_bytes = UINT32_MAX;
        assert_non_null(strstr(repack_refusal(&format), "smaller"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yuy2_becomes_three_planes_without_loss),
        cmocka_unit_test(uyvy_differs_from_yuy2_in_the_order_of_bytes_only),
        cmocka_unit_test(nv12_chroma_is_taken_apart),
        cmocka_unit_test(padding_of_lines_is_left_out),
        cmocka_unit_test(the_rgb_matrix_is_bt601_to_less_than_one_step),
        cmocka_unit_test(black_white_and_grey_have_no_colour),
        cmocka_unit_test(bottom_up_rgb_is_turned_over_and_odd_widths_keep_their_padding_out),
        cmocka_unit_test(rows_of_rgb_come_out_red_first_from_the_top),
        cmocka_unit_test(yuv_becomes_rgb_by_the_inverse_matrix_and_is_cut_to_range),
        cmocka_unit_test(the_last_rows_of_nv12_use_the_last_row_of_chroma),
        cmocka_unit_test(what_is_no_picture_is_refused_in_words),
        cmocka_unit_test(a_geometry_beyond_the_frames_bytes_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
