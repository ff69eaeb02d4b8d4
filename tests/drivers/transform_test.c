/* SPDX-License-Identifier: MIT */
/* transform.sys with both its pins open: what goes in at one comes out inverted at the other, with
 * its time stamp, in order, and only when there is a picture and a buffer. */
#include "pin_stage.h"

enum { IN = 0, OUT = 1, WIDTH = 640, HEIGHT = 480, FRAME_BYTES = WIDTH * HEIGHT * 2 };

/* ---- Pictures and buffers -------------------------------------------------------------------- */

static const GUID yuy2 = {0x32595559, 0, 0x10, {0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}};

static NTSTATUS open_pin(struct stage *stage, ULONG pin, LONG width, LONG height)
{
    const KS_DATAFORMAT_VIDEOINFOHEADER format = {
        .DataFormat = {{.FormatSize = sizeof format,
                        .SampleSize = (ULONG)(width * height * 2),
                        .MajorFormat = KSDATAFORMAT_TYPE_VIDEO,
                        .SubFormat = yuy2,
                        .Specifier = KSDATAFORMAT_SPECIFIER_VIDEOINFO}},
        .VideoInfoHeader = {.AvgTimePerFrame = 333333,
                            .bmiHeader = {.biSize = sizeof(KS_BITMAPINFOHEADER),
                                          .biWidth = width,
                                          .biHeight = height,
                                          .biPlanes = 1,
                                          .biBitCount = 16,
                                          .biCompression = 0x32595559,
                                          .biSizeImage = (DWORD)(width * height * 2)}}};

    return stage_open_pin(stage, pin, &format, sizeof format);
}

/* A picture that is all value. */
static struct request *send(struct stage *stage, uint8_t value, LONGLONG time)
{
    uint8_t *picture = malloc(FRAME_BYTES);
    struct request *request;

    memset(picture, value, FRAME_BYTES);
    request =
        stage_write(stage, IN, picture, FRAME_BYTES, time, KSSTREAM_HEADER_OPTIONSF_TIMEVALID);
    free(picture);
    return request;
}

static struct request *want(struct stage *stage)
{
    return stage_read(stage, OUT, FRAME_BYTES);
}

/* The picture is all value, and carries time. */
static bool has(struct stage *stage, const struct request *request, uint8_t value, LONGLONG time)
{
    uint8_t *picture = malloc(FRAME_BYTES);
    KSSTREAM_HEADER header = stage_header(stage, request);
    bool right = stage_is_done(request) && request->iosb->Status == STATUS_SUCCESS;

    stage_data(stage, request, picture);
    right &= header.DataUsed == FRAME_BYTES && header.PresentationTime.Time == time;
    right &= (header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TIMEVALID) != 0;
    for (unsigned i = 0; i < FRAME_BYTES; i++)
        right &= picture[i] == value;
    free(picture);
    return right;
}

static void run(stage_body_fn *body)
{
    struct stage stage = {.driver = "transform", .category = &KSCATEGORY_VIDEO, .body = body};

    stage_run(&stage, 5);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void open_both(struct stage *stage)
{
    EXPECT(stage, NT_SUCCESS(open_pin(stage, IN, WIDTH, HEIGHT)));
    EXPECT(stage, NT_SUCCESS(open_pin(stage, OUT, WIDTH, HEIGHT)));
    stage_set_state(stage, OUT, KSSTATE_RUN);
    stage_set_state(stage, IN, KSSTATE_RUN);
}

static void three_pictures(struct stage *stage)
{
    struct request *in[3], *out[3];

    open_both(stage);
    for (uint8_t i = 0; i < 3; i++)
        in[i] = send(stage, 10 + i, 1000 + i);
    EXPECT(stage, !stage_is_done(in[0]));
    for (unsigned i = 0; i < 3; i++) {
        out[i] = want(stage);
        EXPECT(stage, stage_is_done(in[i]));
    }
    for (uint8_t i = 0; i < 3; i++)
        EXPECT(stage, has(stage, out[i], (uint8_t)~(10 + i), 1000 + i));
}

static void pictures_come_out_inverted_in_order_and_with_their_time(void **state)
{
    (void)state;
    run(three_pictures);
}

static void buffers_first(struct stage *stage)
{
    struct request *out, *left;

    open_both(stage);
    out = want(stage);
    left = want(stage);
    EXPECT(stage, !stage_is_done(out));
    send(stage, 0x0f, 7);
    EXPECT(stage, has(stage, out, 0xf0, 7));
    EXPECT(stage, !stage_is_done(left));
    stage_set_state(stage, IN, KSSTATE_STOP);
    stage_set_state(stage, OUT, KSSTATE_STOP);
    EXPECT(stage, stage_is_done(left));
    EXPECT(stage, left->iosb->Status == STATUS_CANCELLED);
}

static void a_buffer_waits_for_its_picture_or_for_the_stop(void **state)
{
    (void)state;
    run(buffers_first);
}

static void power_in_between(struct stage *stage)
{
    struct machine_error error;
    struct request *out;

    open_both(stage);
    EXPECT(stage, machine_power(stage->machine, true, &error));
    out = want(stage);
    send(stage, 1, 1);
    EXPECT(stage, !stage_is_done(out));
    EXPECT(stage, machine_power(stage->machine, false, &error));
    send(stage, 2, 2);
    EXPECT(stage, has(stage, out, 0xfe, 1));
}

static void a_sleeping_device_keeps_pictures_until_it_wakes(void **state)
{
    (void)state;
    run(power_in_between);
}

static void two_sizes(struct stage *stage)
{
    EXPECT(stage, NT_SUCCESS(open_pin(stage, IN, WIDTH, HEIGHT)));
    EXPECT(stage, open_pin(stage, OUT, 1280, 720) == STATUS_NO_MATCH);
    EXPECT(stage, NT_SUCCESS(open_pin(stage, OUT, WIDTH, HEIGHT)));
}

static void the_second_pin_must_have_the_format_of_the_first(void **state)
{
    (void)state;
    run(two_sizes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_come_out_inverted_in_order_and_with_their_time),
        cmocka_unit_test(a_buffer_waits_for_its_picture_or_for_the_stop),
        cmocka_unit_test(a_sleeping_device_keeps_pictures_until_it_wakes),
        cmocka_unit_test(the_second_pin_must_have_the_format_of_the_first),
    };

    return cmocka_run_group_tests_name("transform", tests, NULL, NULL);
}
