/* SPDX-License-Identifier: MIT */
/* The picture that weir's cards capture, and how a frame is judged by its bytes alone.
 *
 * payload=full draws every pixel: colour bars, a moving disc, the frame number in large digits.
 * The drawing uses the upper six bits of each byte. The lower two bits of each run of 64 bytes,
 * counted from the start of its line, hold the line's stamp of 128 bits: frame number, line and
 * a check word over both and the geometry (struct weir_pattern_stamp; byte k of the run holds
 * bits 2k and 2k+1). So any 64 bytes say which frame and line they belong to, every byte can be
 * checked, and the eye sees nothing of it.
 *
 * payload=stamps writes, at each multiple of 4096 bytes from the start of the frame, 64 bytes
 * that say the same for the page (struct weir_pattern_page), and leaves the rest as it was.
 * payload=none writes nothing.
 *
 * A frame in memory is packed, without gaps; lines of RGB24 are padded to 4 bytes. Lines are
 * numbered as they lie in memory; NV12 has height lines of luma and then
 * (height + 1) / 2 of chroma. With bottom_up set the picture stands on its head, as Windows
 * wants it of RGB bitmaps; stamps are not affected. Frame numbers are 32 bits and wrap.
 *
 * Nothing here allocates after weir_pattern_create; no file-scope state. */
#ifndef WEIR_PATTERN_H
#define WEIR_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum weir_pattern_format {
    WEIR_PATTERN_YUY2, /* Y U Y V */
    WEIR_PATTERN_UYVY, /* U Y V Y */
    WEIR_PATTERN_RGB24, /* B G R */
    WEIR_PATTERN_RGB32, /* B G R X */
    WEIR_PATTERN_NV12,
    WEIR_PATTERN_FORMATS,
};
enum weir_pattern_payload { WEIR_PATTERN_FULL, WEIR_PATTERN_STAMPS, WEIR_PATTERN_EMPTY };

enum {
    WEIR_PATTERN_SIZE_MIN = 64, /* width and height, in pixels */
    WEIR_PATTERN_SIZE_MAX = 16384,
    WEIR_PATTERN_RUN_BYTES = 64,
    WEIR_PATTERN_PAGE_BYTES = 4096,
};

struct weir_pattern_geometry {
    uint32_t format; /* enum weir_pattern_format */
    uint32_t width, height; /* pixels; width even */
    uint32_t bottom_up; /* 0 or 1 */
};

/* 16 bytes, little-endian, in the low bits of each run of 64 bytes. Frame and line are xor'ed with
 * the low and high half of check, so that stamps look like noise and not like stripes. */
struct weir_pattern_stamp {
    uint32_t frame;
    uint32_t line;
    uint64_t check; /* over frame, line and geometry */
};
/* 64 bytes, little-endian, at the start of each page of the frame; cut off by the frame's end. */
struct weir_pattern_page {
    uint8_t magic[8]; /* "weirpage" */
    uint32_t frame;
    uint32_t page; /* offset in the frame / 4096 */
    uint32_t format, width, height, bottom_up;
    uint64_t frame_bytes;
    uint64_t reserved[2]; /* zero */
    uint64_t check; /* over all before it */
};

/* 0 for a geometry that cannot be. */
uint32_t
weir_pattern_stride(const struct weir_pattern_geometry *geometry); /* bytes from line to line */
uint32_t weir_pattern_lines(const struct weir_pattern_geometry *geometry); /* lines in memory */
uint64_t weir_pattern_frame_bytes(const struct weir_pattern_geometry *geometry);

/* Templates for one geometry. 0, -EINVAL for a bad geometry, -ENOMEM. */
struct weir_pattern;
int weir_pattern_create(const struct weir_pattern_geometry *geometry, struct weir_pattern **out);
void weir_pattern_destroy(struct weir_pattern *pattern); /* NULL is fine */
const struct weir_pattern_geometry *weir_pattern_geometry(const struct weir_pattern *pattern);

/* One line in memory, stride bytes. The drawing of the last frame asked for is kept, so ask for
 * lines by frame. */
void weir_pattern_line(struct weir_pattern *pattern, uint32_t frame, uint32_t line, uint8_t *out);
/* The bytes of a frame from offset on, whatever lines they belong to (payload full). */
void weir_pattern_bytes(struct weir_pattern *pattern, uint32_t frame, uint64_t offset,
                        uint64_t size_bytes, uint8_t *out);
/* The same into memory that nobody reads soon: past the caches where the processor can. */
void weir_pattern_stream(struct weir_pattern *pattern, uint32_t frame, uint64_t offset,
                         uint64_t size_bytes, uint8_t *out);
void weir_pattern_make_page(const struct weir_pattern *pattern, uint32_t frame, uint32_t page,
                            struct weir_pattern_page *out);

/* ---- Judging a frame ------------------------------------------------------------------------- */

enum weir_verdict {
    WEIR_VERDICT_OK,
    WEIR_VERDICT_SHORT, /* from some byte to the end the frame was not written */
    WEIR_VERDICT_TORN, /* pieces of more than one frame */
    WEIR_VERDICT_STALE, /* one whole frame, but an older one than may be expected; a duplicate when
                           the number is that of the frame before */
    WEIR_VERDICT_EARLY, /* one whole frame, but a newer one than may be expected */
    WEIR_VERDICT_WRONG, /* bytes that belong to no frame, or to another line */
    WEIR_VERDICT_UNCHECKED, /* payload none */
    WEIR_VERDICTS,
};
const char *weir_verdict_name(enum weir_verdict verdict); /* "ok", "short", ... */

struct weir_pattern_piece {
    const void *bytes;
    uint64_t size_bytes;
};
/* The frame as it lies in memory, in pieces (pages, runs, or one buffer). */
struct weir_pattern_view {
    const struct weir_pattern_piece *pieces;
    size_t count;
    uint64_t size_bytes; /* what the driver says it filled (DataUsed) */
};
/* Frame numbers that are all right, both included; first > last means any number is. */
struct weir_pattern_expect {
    uint32_t first, last;
};
struct weir_pattern_result {
    enum weir_verdict verdict;
    uint32_t frame; /* number the frame carries at its start; expected.first if it carries none */
    bool numbered; /* frame was read, not guessed */
    uint32_t line; /* first bad line (payload stamps: page) */
    uint64_t offset; /* first bad byte in the frame */
    uint32_t expected; /* frame number that should be there */
    uint32_t found; /* frame number that is there, UINT32_MAX if none */
};

/* Reads the number at the start of the frame. False: there is none. */
bool weir_pattern_read_number(const struct weir_pattern *pattern, enum weir_pattern_payload payload,
                              const struct weir_pattern_view *view, uint32_t *frame);
/* Checks every byte (full) or every stamp (stamps). Pieces of a newer frame mean torn. Older bytes,
 * or bytes that carry no stamp, were there before: short when they reach to the end of the frame,
 * else torn or wrong. Works on what is in memory, however the frame was delivered. */
void weir_pattern_check(struct weir_pattern *pattern, enum weir_pattern_payload payload,
                        const struct weir_pattern_view *view,
                        const struct weir_pattern_expect *expect,
                        struct weir_pattern_result *result);
/* Makes bytes carry no stamp. On the last 64 bytes of a frame (stamps: the last page's stamp)
 * before the buffer is filled again, it lets a report say that nothing was written there. */
void weir_pattern_spoil(void *bytes, size_t size_bytes);

#ifdef __cplusplus
}
#endif

#endif
