/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "client/inspect_format.h"
#include "client/inspect_json.h"
#include "client/inspect_pin.h"
#include "wdk/guids.h"
#include "wdk/ksmedia.h"

/* ---- Bench: a list as a driver would write it, in memory that ends with it ------------------- */

static uint8_t list[4096];
static size_t list_bytes;

static void begin_list(void)
{
    memset(list, 0, sizeof list);
    list_bytes = sizeof(KSMULTIPLE_ITEM);
}

static void add(const void *item, size_t bytes)
{
    KSMULTIPLE_ITEM head;

    memcpy(&head, list, sizeof head);
    memcpy(list + list_bytes, item, bytes);
    list_bytes += bits_align_up(bytes, 8);
    head.Size = (ULONG)list_bytes;
    head.Count++;
    memcpy(list, &head, sizeof head);
}

static json_t *problems;

/* Decodes a copy of the first bytes of the list that a sanitizer would see an overrun of. */
static json_t *decode(size_t bytes)
{
    uint8_t *copy = malloc(bytes != 0 ? bytes : 1);
    json_t *ranges;

    assert_non_null(copy);
    memcpy(copy, list, bytes);
    problems = json_array();
    ranges = inspect_ranges(copy, bytes, problems);
    free(copy);
    return ranges;
}

static void end(json_t *ranges)
{
    json_decref(ranges);
    json_decref(problems);
}

static const char *text_at(const json_t *ranges, size_t index)
{
    return json_string_value(json_object_get(json_array_get(ranges, index), "text"));
}

static KS_DATARANGE_VIDEO video_range(void)
{
    return (KS_DATARANGE_VIDEO){
        .DataRange = {.FormatSize = sizeof(KS_DATARANGE_VIDEO),
                      .MajorFormat = KSDATAFORMAT_TYPE_VIDEO, .SubFormat = MEDIASUBTYPE_YUY2,
                      .Specifier = KSDATAFORMAT_SPECIFIER_VIDEOINFO},
        .ConfigCaps = {.MinOutputSize = {1920, 1080}, .MaxOutputSize = {1920, 1080},
                       .MinFrameInterval = 166833, .MaxFrameInterval = 166833},
        .VideoInfoHeader = {.AvgTimePerFrame = 166833,
                            .bmiHeader = {.biWidth = 1920, .biHeight = -1080}}};
}

static KSDATARANGE_AUDIO audio_range(void)
{
    return (KSDATARANGE_AUDIO){.DataRange = {.FormatSize = sizeof(KSDATARANGE_AUDIO),
                                             .MajorFormat = KSDATAFORMAT_TYPE_AUDIO,
                                             .SubFormat = KSDATAFORMAT_SUBTYPE_PCM,
                                             .Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX},
                               .MaximumChannels = 2, .MinimumBitsPerSample = 16,
                               .MaximumBitsPerSample = 16, .MinimumSampleFrequency = 44100,
                               .MaximumSampleFrequency = 48000};
}

/* ---- Words ----------------------------------------------------------------------------------- */

static void video_ranges_have_format_size_and_rate(void **state)
{
    KS_DATARANGE_VIDEO video = video_range();
    json_t *ranges;

    (void)state;
    begin_list();
    add(&video, sizeof video);
    video.ConfigCaps.MinFrameInterval = 166667;
    video.ConfigCaps.MaxFrameInterval = 333667;
    video.ConfigCaps.MinOutputSize = (SIZE){640, 480};
    video.ConfigCaps.OutputGranularityX = video.ConfigCaps.OutputGranularityY = 2;
    video.DataRange.SubFormat.Data1 = 0x36314641; /* "AF16": nobody's, but a FOURCC */
    add(&video, sizeof video);
    ranges = decode(list_bytes);
    assert_string_equal(text_at(ranges, 0), "YUY2 1920x1080 59.94 fps");
    assert_string_equal(text_at(ranges, 1),
                        "AF16 640x480 to 1920x1080 by 2x2 (1920x1080) 29.97-60 fps (59.94)");
    assert_int_equal(json_array_size(problems), 0);
    end(ranges);
}

static void audio_ranges_have_channels_bits_and_frequency(void **state)
{
    KSDATARANGE_AUDIO audio = audio_range();
    json_t *ranges;

    (void)state;
    begin_list();
    add(&audio, sizeof audio);
    audio.MaximumChannels = UINT32_MAX;
    audio.MinimumBitsPerSample = 8;
    audio.MinimumSampleFrequency = 48000;
    add(&audio, sizeof audio);
    ranges = decode(list_bytes);
    assert_string_equal(text_at(ranges, 0), "PCM 2 ch 16 bit 44.1-48 kHz");
    assert_string_equal(text_at(ranges, 1), "PCM any ch 8-16 bit 48 kHz");
    end(ranges);
    audio.DataRange.SubFormat = KSDATAFORMAT_SUBTYPE_ANALOG; /* a bridge pin's */
    audio.DataRange.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    audio.DataRange.FormatSize = sizeof audio.DataRange;
    begin_list();
    add(&audio, sizeof audio.DataRange);
    ranges = decode(list_bytes);
    assert_string_equal(text_at(ranges, 0), "analog audio");
    end(ranges);
}

static void unknown_ranges_are_their_guids(void **state)
{
    KSDATARANGE range = {.FormatSize = sizeof range, .MajorFormat = {1, 2, 3, {4}}};
    json_t *ranges;

    (void)state;
    begin_list();
    add(&range, sizeof range);
    ranges = decode(list_bytes);
    assert_string_equal(text_at(ranges, 0),
                        "{00000001-0002-0003-0400-000000000000} / any / any");
    end(ranges);
}

static void attributes_belong_to_the_range_before_them(void **state)
{
    struct {
        KSMULTIPLE_ITEM head;
        KSATTRIBUTE attribute;
    } attributes = {{sizeof attributes, 1}, {sizeof(KSATTRIBUTE), 0, {7, 0, 0, {0}}}};
    KSDATARANGE_AUDIO audio = audio_range();
    json_t *ranges;

    (void)state;
    begin_list();
    audio.DataRange.Flags = KSDATARANGE_ATTRIBUTES;
    add(&audio, sizeof audio);
    add(&attributes, sizeof attributes);
    audio.DataRange.Flags = 0;
    add(&audio, sizeof audio);
    ranges = decode(list_bytes);
    assert_int_equal(json_array_size(ranges), 2);
    assert_int_equal(json_array_size(json_object_get(json_array_get(ranges, 0), "attributes")), 1);
    assert_int_equal(json_array_size(json_object_get(json_array_get(ranges, 1), "attributes")), 0);
    assert_int_equal(json_array_size(problems), 0);
    end(ranges);
}

static void formats_are_told_in_the_same_words(void **state)
{
    KSDATAFORMAT_WAVEFORMATEX wave = {
        .DataFormat = {.FormatSize = sizeof wave, .MajorFormat = KSDATAFORMAT_TYPE_AUDIO,
                       .SubFormat = KSDATAFORMAT_SUBTYPE_PCM,
                       .Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX},
        .WaveFormatEx = {.nChannels = 2, .nSamplesPerSec = 22050, .wBitsPerSample = 16}};
    json_t *format = inspect_format(&wave, sizeof wave);

    (void)state;
    assert_string_equal(json_string_value(json_object_get(format, "text")),
                        "PCM 2 ch 16 bit 22.05 kHz");
    json_decref(format);
    assert_null(inspect_format(&wave, sizeof wave - 1));
    wave.DataFormat.FormatSize = sizeof(KSDATAFORMAT) - 1;
    assert_null(inspect_format(&wave, sizeof wave));
}

/* ---- Lies ------------------------------------------------------------------------------------ */

static void a_list_cut_anywhere_gives_what_is_whole_and_a_problem(void **state)
{
    KS_DATARANGE_VIDEO video = video_range();
    KSDATARANGE_AUDIO audio = audio_range();
    size_t second = sizeof(KSMULTIPLE_ITEM) + sizeof video;

    (void)state;
    begin_list();
    add(&video, sizeof video);
    add(&audio, sizeof audio);
    for (size_t bytes = 0; bytes < list_bytes; bytes++) {
        json_t *ranges = decode(bytes);

        assert_int_equal(json_array_size(ranges), bytes >= second ? 1 : 0);
        assert_true(json_array_size(problems) > 0);
        end(ranges);
    }
}

static void a_size_that_lies_ends_the_list(void **state)
{
    static const ULONG lies[] = {0, 7, 8, 63, 4097, 0x7FFFFFFF, 0xFFFFFFF8u, 0xFFFFFFFFu};
    KSDATARANGE_AUDIO audio = audio_range();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        json_t *ranges;

        begin_list();
        add(&audio, sizeof audio);
        audio.DataRange.FormatSize = lies[i];
        add(&audio, sizeof audio);
        audio.DataRange.FormatSize = sizeof audio;
        ranges = decode(list_bytes);
        assert_int_equal(json_array_size(ranges), 1);
        assert_int_equal(json_array_size(problems), 1);
        end(ranges);
    }
}

static void a_count_that_lies_ends_with_the_bytes(void **state)
{
    KSDATARANGE_AUDIO audio = audio_range();
    KSMULTIPLE_ITEM head = {.Count = UINT32_MAX};
    json_t *ranges;

    (void)state;
    begin_list();
    add(&audio, sizeof audio);
    head.Size = (ULONG)list_bytes;
    memcpy(list, &head, sizeof head);
    ranges = decode(list_bytes);
    assert_int_equal(json_array_size(ranges), 1);
    assert_int_equal(json_array_size(problems), 1);
    end(ranges);
}

static void attributes_that_lie_end_the_list(void **state)
{
    struct {
        KSMULTIPLE_ITEM head;
        KSATTRIBUTE attribute;
    } attributes = {{sizeof attributes, UINT32_MAX}, {sizeof(KSATTRIBUTE), 0, {0}}};
    KSDATARANGE_AUDIO audio = audio_range();
    json_t *ranges;

    (void)state;
    begin_list();
    audio.DataRange.Flags = KSDATARANGE_ATTRIBUTES;
    add(&audio, sizeof audio);
    add(&attributes, sizeof attributes);
    add(&audio, sizeof audio);
    ranges = decode(list_bytes);
    assert_int_equal(json_array_size(ranges), 1);
    assert_int_equal(json_array_size(problems), 1);
    end(ranges);
}

static void a_range_shorter_than_its_specifier_promises_is_plain(void **state)
{
    KS_DATARANGE_VIDEO video = video_range();
    json_t *ranges;

    (void)state;
    video.DataRange.FormatSize = sizeof video - 8;
    begin_list();
    add(&video, sizeof video - 8);
    ranges = decode(list_bytes);
    assert_string_equal(text_at(ranges, 0), "VIDEO / YUY2 / VIDEOINFO");
    assert_null(json_object_get(json_array_get(ranges, 0), "video"));
    end(ranges);
}

static void odd_numbers_are_shown_and_not_divided_by(void **state)
{
    KS_DATARANGE_VIDEO video = video_range();
    json_t *ranges;

    (void)state;
    video.ConfigCaps.MinFrameInterval = -1;
    video.ConfigCaps.MaxFrameInterval = 0;
    video.VideoInfoHeader.AvgTimePerFrame = INT64_MIN;
    video.VideoInfoHeader.bmiHeader.biHeight = INT32_MIN;
    begin_list();
    add(&video, sizeof video);
    ranges = decode(list_bytes);
    assert_string_equal(text_at(ranges, 0), "YUY2 1920x2147483648");
    end(ranges);
}

/* ---- Identifiers, framing, strings ----------------------------------------------------------- */

static void identifiers_end_with_the_bytes(void **state)
{
    KSIDENTIFIER each = {.Set = KSINTERFACESETID_Standard, .Id = 1};
    json_t *array;

    (void)state;
    begin_list();
    add(&each, sizeof each);
    problems = json_array();
    array = inspect_identifiers(list, list_bytes, INSPECT_INTERFACE, problems);
    assert_string_equal(json_string_value(json_object_get(json_array_get(array, 0), "name")),
                        "looped streaming");
    assert_int_equal(json_array_size(problems), 0);
    json_decref(array);
    array = inspect_identifiers(list, list_bytes - 1, INSPECT_INTERFACE, problems);
    assert_int_equal(json_array_size(array), 0);
    assert_int_equal(json_array_size(problems), 1);
    end(array);
}

static void framing_holds_as_many_items_as_came(void **state)
{
    KSALLOCATOR_FRAMING_EX framing = {.CountItems = UINT32_MAX};
    json_t *json;

    (void)state;
    framing.FramingItem[0].Frames = 8;
    framing.FramingItem[0].FileAlignment = 63;
    json = inspect_framing(&framing, sizeof framing);
    assert_int_equal(json_array_size(json_object_get(json, "items")), 1);
    json_decref(json);
    json = inspect_framing(&framing, offsetof(KSALLOCATOR_FRAMING_EX, FramingItem) - 1);
    assert_true(json_is_null(json));
    json_decref(json);
}

static void strings_are_valid_whatever_the_words(void **state)
{
    static const uint16_t words[] = {'a', 0xD83D, 0xDE00, 0xD800, 'b', 0xDC00, 0, 'c'};
    json_t *json = inspect_wide(words, sizeof words);

    (void)state;
    assert_string_equal(json_string_value(json), "a\xF0\x9F\x98\x80\xEF\xBF\xBD"
                                                 "b\xEF\xBF\xBD");
    json_decref(json);
    json = inspect_wide(words, 1);
    assert_string_equal(json_string_value(json), "");
    json_decref(json);
}

static void a_guid_has_the_name_of_its_kind(void **state)
{
    (void)state;
    assert_string_equal(inspect_guid_name(&GUID_NULL, INSPECT_SUBTYPE),
                        "KSDATAFORMAT_SUBTYPE_WILDCARD");
    assert_string_equal(inspect_guid_name(&PINNAME_VIDEO_CAPTURE, INSPECT_PIN),
                        "PINNAME_VIDEO_CAPTURE");
    assert_string_equal(
        inspect_spelt_guid_name("{65e8773d-8f56-11d0-a3b9-00a0c9223196}", INSPECT_CATEGORY),
        "KSCATEGORY_CAPTURE");
    assert_null(inspect_spelt_guid_name("Capture", INSPECT_PIN));
    assert_null(inspect_guid_name(&(GUID){1, 2, 3, {4}}, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(video_ranges_have_format_size_and_rate),
        cmocka_unit_test(audio_ranges_have_channels_bits_and_frequency),
        cmocka_unit_test(unknown_ranges_are_their_guids),
        cmocka_unit_test(attributes_belong_to_the_range_before_them),
        cmocka_unit_test(formats_are_told_in_the_same_words),
        cmocka_unit_test(a_list_cut_anywhere_gives_what_is_whole_and_a_problem),
        cmocka_unit_test(a_size_that_lies_ends_the_list),
        cmocka_unit_test(a_count_that_lies_ends_with_the_bytes),
        cmocka_unit_test(attributes_that_lie_end_the_list),
        cmocka_unit_test(a_range_shorter_than_its_specifier_promises_is_plain),
        cmocka_unit_test(odd_numbers_are_shown_and_not_divided_by),
        cmocka_unit_test(identifiers_end_with_the_bytes),
        cmocka_unit_test(framing_holds_as_many_items_as_came),
        cmocka_unit_test(strings_are_valid_whatever_the_words),
        cmocka_unit_test(a_guid_has_the_name_of_its_kind),
    };

    return cmocka_run_group_tests_name("inspect_format", tests, NULL, NULL);
}
