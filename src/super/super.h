/* SPDX-License-Identifier: MIT */
/* The supervisor: the parent process. It owns the terminal, the outputs and the shared memory into
 * which the child (the machine) writes events and frames. A driver that destroys the child's
 * process loses nothing that was delivered: what is in shared memory is drained after the death and
 * every output ends in whole frames.
 *
 * The parent treats shared memory as hostile: it copies before it looks, keeps its own place in
 * each stream, and checks lengths, sequence numbers and check words. What does not fit ends that
 * stream with a message (the child is then killed), never with a crash.
 *
 * Order: super_create, super_run (forks, returns when all is drained), super_destroy. One
 * thread. */
#ifndef WEIR_SUPER_H
#define WEIR_SUPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/trace.h"

/* A child may have several streams of frames; each is numbered for itself. */
enum { SUPER_STREAMS_MAX = 9 };

/* PCM, little-endian, channels interleaved. */
struct super_audio {
    uint32_t rate_hz, channels;
    uint32_t bits; /* a sample's room: 8 (unsigned), 16, 24, 32 */
    uint32_t valid_bits; /* of them, the upper ones */
    uint32_t channel_mask; /* as WAVEFORMATEXTENSIBLE has it; 0: nothing is said of places */
    bool is_float;
};

/* What a stream's frames are. The child says so once, before the first. */
struct super_format {
    char fourcc[5]; /* YUY2 UYVY RGB3 (RGB24) RGB4 (RGB32) NV12; JSON for a document; WAVE: sound */
    uint32_t width, height;
    uint32_t stride_bytes;
    bool bottom_up;
    uint32_t rate_numerator, rate_denominator; /* frames a second */
    struct super_audio audio; /* of WAVE */
    uint64_t frame_bytes; /* of a picture, at most of a packet */
};
struct super_frame {
    unsigned stream;
    uint64_t number; /* from 0, in order of delivery */
    uint64_t time_100ns; /* presentation time, valid when has_time */
    bool has_time;
    uint64_t bytes; /* DataUsed */
    const uint8_t *data; /* in shared memory, valid during the call: may change under a hostile
                            child, its length may not */
};

/* ---- The child's side ------------------------------------------------------------------------ */
struct super_child;
struct trace_ring *super_child_ring(struct super_child *child, uint64_t *capacity);
/* Waits (host time only) while the reader is behind. For trace_init. */
void super_child_wait(void *child);
/* -EFBIG when there are outputs and a frame does not fit a slot. */
int super_child_set_format(struct super_child *child, unsigned stream,
                           const struct super_format *format);
/* A slot to copy the next frame into, or NULL when nobody wants it, when it does not fit, or when
 * the end was asked for while waiting for a free one. The frame counts as delivered when
 * super_child_frame_done returns. Numbers grow. */
uint8_t *super_child_frame_begin(struct super_child *child, unsigned stream, uint64_t number,
                                 uint64_t bytes);
void super_child_frame_done(struct super_child *child, uint64_t time_100ns, bool has_time);
bool super_child_wants_frame(struct super_child *child, unsigned stream, uint64_t number);
bool super_child_stop_requested(struct super_child *child); /* Ctrl-C, output failed, super_stop */
/* The child's last words, for messages and the exit code. kind is the caller's own enum. */
void super_child_say(struct super_child *child, int kind, const char *text);

/* ---- The parent's side ----------------------------------------------------------------------- */
typedef void super_event_fn(void *ctx, const struct trace_event *event);
/* Gets each frame once, in order. Negative result (-errno): the output failed; it is not called
 * again but for its end, the others go on, and the run is stopped. */
typedef int super_format_fn(void *ctx, const struct super_format *format);
typedef int super_frame_fn(void *ctx, const struct super_frame *frame);
typedef bool super_wants_frame_fn(void *ctx, uint64_t number);
/* The last call. ok: no call of this sink failed; it finishes what is whole and takes its name, or
 * removes all when there is no frame. Not ok: it removes all. */
typedef int super_end_fn(void *ctx, bool ok);
/* Words for the failure when the sink knows better than errno, else NULL. */
typedef const char *super_why_fn(void *ctx);
struct super_sink {
    const char *name; /* for messages: the file's name */
    super_format_fn *format; /* optional */
    super_frame_fn *frame; /* required */
    super_wants_frame_fn *wants; /* optional: absent means all */
    super_end_fn *end; /* required */
    super_why_fn *why; /* optional */
    void (*release)(void *ctx); /* required; see super_sink_release */
    void *ctx;
    unsigned stream; /* whose frames it gets; set by the caller */
    int error; /* out: first failure, -errno */
    uint64_t frames; /* out: how many it took */
};

struct super_config {
    uint64_t ring_records; /* power of two; 0 = default */
    unsigned frame_slots; /* 0 = default */
    uint64_t frame_bytes_max; /* size of a slot */
    super_event_fn *event;
    void *event_ctx;
    void (*progress)(void *ctx); /* a few times a second of host time; optional */
    void *progress_ctx;
    struct super_sink *sinks;
    unsigned sink_count;
    /* The child is killed when it neither ends nor emits for so long; time in which nobody ran
     * (Ctrl-Z) does not count. 0 = default 30 s. */
    uint64_t silence_limit_ns;
};

enum super_end_kind {
    SUPER_EXITED, /* child_main returned; code is its value */
    SUPER_DIED, /* by a signal: code is the signal */
    SUPER_HUNG, /* silent beyond the limit, killed */
    SUPER_BROKEN, /* shared memory did not hold what it must, killed */
    SUPER_INTERRUPTED, /* Ctrl-C; asked twice it kills */
    SUPER_OUTPUT /* a sink failed, killed or stopped */
};
struct super_end {
    enum super_end_kind kind;
    int code;
    int said_kind; /* super_child_say, 0 when nothing was said */
    char said[512]; /* printable */
    uint64_t events, frames;
    bool has_format[SUPER_STREAMS_MAX]; /* the child said what its frames are */
    struct super_format format[SUPER_STREAMS_MAX];
};

struct super;
int super_create(const struct super_config *config, struct super **out);
void super_destroy(struct super *super); /* NULL is fine */
typedef int super_child_main_fn(struct super_child *child, void *ctx);
/* 0 when the child was started and its end seen, whatever that was; else -errno. */
int super_run(struct super *super, super_child_main_fn *child_main, void *ctx,
              struct super_end *end);
/* Asks the child to end; for the callbacks. */
void super_stop(struct super *super);

/* ---- Sinks (sink_*.c) ------------------------------------------------------------------------ */
/* Each checks what it can at once (-errno and text), writes FILE.part and renames at the end; an
 * existing output that is no regular file is written in place; path "-" is standard output. y4m and
 * raw refuse (-EINVAL) a file to be whose name does not end in .y4m or .raw, so that a slip of the
 * pen overwrites nothing. */
struct super_error {
    char text[320];
};
int super_sink_y4m(const char *path, struct super_sink *out, struct super_error *error);
int super_sink_raw(const char *path, struct super_sink *out, struct super_error *error);
int super_sink_png(const char *path, uint64_t frame_number, struct super_sink *out,
                   struct super_error *error);
/* RIFF WAVE; -EINVAL for a file to be whose name does not end in .wav. */
int super_sink_wav(const char *path, struct super_sink *out, struct super_error *error);
/* A pipe, a device or "-": pictures as Y4M, sound as WAVE. -EINVAL for a file to be. */
int super_sink_stream(const char *path, struct super_sink *out, struct super_error *error);
/* 64-bit hash of all frames, for tests and --json. */
int super_sink_hash(struct super_sink *out);
uint64_t super_sink_hash_value(const struct super_sink *sink);
/* Words for sink->error. */
const char *super_sink_failure(const struct super_sink *sink);
void super_sink_release(struct super_sink *sink);

/* ---- Sources (source_*.c) -------------------------------------------------------------------- */
/* A file, or a pipe, or "-" for standard input, that is played: YUV4MPEG2 pictures or RIFF WAVE
 * sound, told apart by how it begins. The parent opens it and refuses what is damaged as far as it
 * can see; the child reads it. */
struct super_source;
struct super_contents {
    bool sound;
    char holds[96]; /* for messages: "4:2:2 pictures of 640x480 at 30 fps" */
    char fourccs[4][5]; /* of pictures: what they can be given as, the others are "" */
    uint32_t width, height, rate_numerator, rate_denominator;
    struct super_audio audio;
};
/* -EINVAL: not such a file, or a damaged one; other errors: it cannot be read. */
int super_source_open(const char *path, struct super_source **out, struct super_error *error);
void super_source_close(struct super_source *source); /* NULL is fine */
const struct super_contents *super_source_contents(const struct super_source *source);
/* The next picture as format has it, or format's frame_bytes of sound, fewer at the end; *got is 0
 * behind it. -EINVAL: damaged; see super_source_why. */
int super_source_next(struct super_source *source, const struct super_format *format, uint8_t *to,
                      uint64_t *got);
const char *super_source_why(const struct super_source *source);

#endif
