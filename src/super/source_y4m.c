/* SPDX-License-Identifier: MIT */
/* YUV4MPEG2: a line of words, each a letter and a value; then for each picture a line that begins
 * with FRAME, and its planes. A regular file is walked through at once, so that one that is cut off
 * is refused before anything runs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "super/repack.h"
#include "super/source.h"

enum { LINE_BYTES_MAX = 1024, SIDE_MAX = 16384 };

/* ---- The header ------------------------------------------------------------------------------ */

/* What a chroma word stands for; how the planes lie follows from the first fourcc. */
static const struct chroma {
    const char *word, *shown;
    const char *fourccs[2];
} chromas[] = {
    {"420jpeg", "4:2:0", {"NV12", ""}}, {"420mpeg2", "4:2:0", {"NV12", ""}},
    {"420paldv", "4:2:0", {"NV12", ""}}, {"420", "4:2:0", {"NV12", ""}},
    {"422", "4:2:2", {"YUY2", "UYVY"}}, {"444", "4:4:4", {"RGB3", "RGB4"}},
};

static int read_line(struct super_source *source, char *line, size_t size)
{
    for (size_t at = 0; at < size; at++) {
        int result = source_read_all(source, line + at, 1);

        if (result != 0)
            return result;
        if (line[at] == '\n') {
            line[at] = 0;
            return 0;
        }
    }
    return source_damaged(source, "has a header line of more than %zu bytes", size);
}

static bool take_rate(struct super_contents *contents, char *value)
{
    char *colon = strchr(value, ':');
    uint64_t numerator, denominator;
    bool good = false;

    if (colon != NULL) {
        *colon = 0;
        good = num_parse_range(value, 1, 1000000000, &numerator) == 0 &&
               num_parse_range(colon + 1, 1, 1000000000, &denominator) == 0;
        *colon = ':';
    }
    if (!good)
        return false;
    contents->rate_numerator = (uint32_t)numerator;
    contents->rate_denominator = (uint32_t)denominator;
    return true;
}

static bool take_side(uint32_t *side, const char *value)
{
    uint64_t number;

    if (num_parse_range(value, 1, SIDE_MAX, &number) != 0)
        return false;
    *side = (uint32_t)number;
    return true;
}

static bool take_chroma(struct super_source *source, const char *value)
{
    for (unsigned i = 0; i < ARRAY_LEN(chromas); i++) {
        if (strcmp(chromas[i].word, value) != 0)
            continue;
        source->chroma = chromas[i].shown;
        for (unsigned k = 0; k < ARRAY_LEN(chromas[i].fourccs); k++)
            snprintf(source->contents.fourccs[k], sizeof source->contents.fourccs[k], "%s",
                     chromas[i].fourccs[k]);
        return true;
    }
    return false;
}

/* Words with other letters say nothing of the bytes. */
static int take_word(struct super_source *source, char *word)
{
    struct super_contents *contents = &source->contents;

    switch (word[0]) {
    case 'W':
        return take_side(&contents->width, word + 1) ? 0
               : source_damaged(source, "has a width of %.40s", word + 1);
    case 'H':
        return take_side(&contents->height, word + 1) ? 0
               : source_damaged(source, "has a height of %.40s", word + 1);
    case 'F':
        return take_rate(contents, word + 1) ? 0
               : source_damaged(source, "has a frame rate of %.40s", word + 1);
    case 'C':
        return take_chroma(source, word + 1) ? 0
               : source_damaged(source, "has pictures of kind C%.40s; 8-bit 4:2:0, 4:2:2 and 4:4:4 "
                                        "are read (ffmpeg -pix_fmt yuv422p)", word + 1);
    default: return 0;
    }
}

static int take_header(struct super_source *source, char *line)
{
    char *at = line;
    int result = 0;

    take_chroma(source, "420");
    while (result == 0 && *at != 0) {
        size_t length = strcspn(at, " ");
        char *next = at[length] != 0 ? at + length + 1 : at + length;

        at[length] = 0;
        result = take_word(source, at);
        at = next;
    }
    return result;
}

static int check(struct super_source *source)
{
    struct super_contents *contents = &source->contents;
    bool half_wide = contents->fourccs[0][0] != 'R', half_high = contents->fourccs[0][0] == 'N';
    uint64_t pixels = (uint64_t)contents->width * contents->height;

    if (pixels == 0 || contents->rate_numerator == 0)
        return source_damaged(source, "has a header without width, height or frame rate");
    if ((half_wide && contents->width % 2 != 0) || (half_high && contents->height % 2 != 0))
        return source_damaged(source, "has %s pictures with an odd side, %" PRIu32 "x%" PRIu32,
                              source->chroma, contents->width, contents->height);
    source->picture_bytes = half_high ? pixels * 3 / 2 : half_wide ? pixels * 2 : pixels * 3;
    snprintf(contents->holds, sizeof contents->holds,
             "%s pictures of %" PRIu32 "x%" PRIu32 " at %.6g fps", source->chroma, contents->width,
             contents->height, (double)contents->rate_numerator / contents->rate_denominator);
    source->planes = malloc(source->picture_bytes);
    return source->planes != NULL ? 0 : source_unreadable(source, -ENOMEM);
}

/* ---- The pictures ---------------------------------------------------------------------------- */

static int cut_off(struct super_source *source, uint64_t number)
{
    return source_damaged(source, "is cut off in picture %" PRIu64, number);
}

static int no_frame_line(struct super_source *source, uint64_t number)
{
    return source_damaged(source, "has no FRAME line where picture %" PRIu64 " should begin",
                          number);
}

/* Where the picture behind the line at offset begins; 0 in *next at the end of the file. */
static int walk_line(struct super_source *source, uint64_t number, uint64_t offset, uint64_t *next)
{
    char line[LINE_BYTES_MAX];
    const char *end;
    size_t got;
    int result = host_input_read_at(&source->input, offset, line, sizeof line, &got);

    *next = 0;
    if (result != 0)
        return source_unreadable(source, result);
    if (got == 0)
        return 0;
    end = memchr(line, '\n', got);
    if (got < 5 || memcmp(line, "FRAME", 5) != 0)
        return no_frame_line(source, number);
    if (end == NULL)
        return got < sizeof line ? cut_off(source, number) : no_frame_line(source, number);
    *next = offset + (uint64_t)(end - line) + 1;
    return 0;
}

static int walk(struct super_source *source, uint64_t offset)
{
    for (uint64_t number = 0;; number++) {
        uint64_t picture;
        int result = walk_line(source, number, offset, &picture);

        if (result != 0)
            return result;
        if (picture == 0)
            return number > 0 ? 0 : source_damaged(source, "has no pictures");
        offset = picture + source->picture_bytes;
        if (offset > source->input.size_bytes)
            return cut_off(source, number);
    }
}

int source_y4m_open(struct super_source *source, const uint8_t *first)
{
    char line[LINE_BYTES_MAX] = "";
    size_t known = SOURCE_FIRST_BYTES - 10;
    uint64_t header_bytes;
    int result;

    memcpy(line, first + 10, known); /* two characters of the first word */
    if (memchr(line, '\n', known) != NULL)
        return source_damaged(source, "has a header without width, height or frame rate");
    result = read_line(source, line + known, sizeof line - known);
    header_bytes = 10 + strlen(line) + 1;
    if (result == 0)
        result = take_header(source, line);
    if (result == 0)
        result = check(source);
    return result == 0 && source->input.regular ? walk(source, header_bytes) : result;
}

/* False in *more at the end. */
static int read_frame_line(struct super_source *source, bool *more)
{
    char start[6], rest[LINE_BYTES_MAX];
    size_t got;
    int result = host_input_read(&source->input, start, sizeof start, &got);

    *more = got > 0;
    if (result != 0)
        return source_unreadable(source, result);
    if (got == 0)
        return 0;
    if (got < sizeof start || memcmp(start, "FRAME", 5) != 0)
        return got < sizeof start ? cut_off(source, source->number)
                                  : no_frame_line(source, source->number);
    return start[5] == '\n' ? 0 : read_line(source, rest, sizeof rest);
}

int source_y4m_next(struct super_source *source, const struct super_format *format, uint8_t *to,
                    uint64_t *got)
{
    size_t read = 0;
    bool more = false;
    int result = read_frame_line(source, &more);

    *got = 0;
    if (result != 0 || !more)
        return result;
    result = host_input_read(&source->input, source->planes, source->picture_bytes, &read);
    if (result != 0)
        return source_unreadable(source, result);
    if (read < source->picture_bytes)
        return cut_off(source, source->number);
    repack_from_y4m(format, source->planes, to);
    source->number++;
    *got = format->frame_bytes;
    return 0;
}
