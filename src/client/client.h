/* SPDX-License-Identifier: MIT */
/* The application's side, in the child: finds pins, negotiates formats, keeps requests
 * outstanding, checks and hands on each frame, stops, closes. A pin that data comes out of is read
 * from; into one that data goes into a file's contents or test signals are written, and its frames
 * are what leaves the card, where that can be seen. It talks to the driver through io_file_* only,
 * as an application does, with buffers in the user window. Runs on a thread of the machine at
 * PASSIVE_LEVEL. */
#ifndef WEIR_CLIENT_H
#define WEIR_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/machine.h"
#include "trace/incidents.h"
#include "weir/pattern.h"

enum { CLIENT_PINS_MAX = 8, CLIENT_INCIDENTS_MAX = 32 };

/* What happens while it streams (incident.h); once so many frames of the first pin were delivered,
 * or so long after RUN. */
struct client_incident {
    enum trace_incident kind;
    bool by_time;
    uint64_t frames; /* by_time is false */
    uint64_t time_ns; /* of virtual time */
};

enum client_media { CLIENT_ANY, CLIENT_VIDEO, CLIENT_AUDIO };

/* PCM, little-endian, channels interleaved. Where something is wanted, 0 is whatever the pin
 * offers. */
struct client_audio {
    uint32_t rate_hz, channels;
    uint32_t bits; /* a sample's room: 8 (unsigned), 16, 24, 32 */
    uint32_t valid_bits; /* of them, the upper ones */
    uint32_t channel_mask; /* KSAUDIO_SPEAKER_...; 0: nothing is said of places */
    bool is_float;
};

struct client_format {
    enum client_media media;
    char fourcc[5]; /* "WAVE" for audio */
    uint32_t width, height, stride_bytes;
    bool bottom_up;
    uint32_t rate_numerator, rate_denominator; /* frames, or packets, a second */
    struct client_audio audio;
    uint32_t block_bytes; /* of audio: one sample of each channel */
    uint64_t frame_bytes; /* of a frame or of a packet */
};

/* What is sent to a pin, instead of test pictures or a test tone. */
struct client_source {
    const char *name; /* for messages: "in.y4m" */
    const char *holds; /* for messages: "4:2:2 pictures of 640x480 at 30 fps" */
    enum client_media media;
    char fourccs[4][5]; /* of pictures: what they can be given as; "" ends the list */
    uint32_t width, height, rate_numerator, rate_denominator;
    struct client_audio audio;
    /* Writes the next frame, laid out as format says, or as much of a packet as is left; *got is 0
     * at the end. Not 0: it cannot be read, and why tells the reason. */
    int (*next)(void *ctx, const struct client_format *format, uint8_t *to, uint64_t *got);
    const char *(*why)(void *ctx);
    void *ctx;
};

/* One pin, and what is wanted of it; 0 and NULL stand for whatever the driver offers. */
struct client_pin {
    /* As `weir inspect` shows it: an id, a category or a name, "FILTER/" before it. NULL: the one
     * that suits. */
    const char *name;
    enum client_media media;
    char fourcc[5];
    uint32_t width, height;
    uint32_t rate_numerator, rate_denominator;
    struct client_audio audio;
    uint32_t packet_ms; /* of audio; 0 = 10 */
    uint64_t frames; /* or packets; 0 = no limit */
    uint64_t seconds; /* of virtual time, of audio: of sound; 0 = no limit */
    unsigned buffers; /* outstanding requests */
    uint32_t buffer_offset_bytes;
    const struct client_source *source; /* the pin is then one that data goes into */
    bool kept; /* somebody wants its frames */
};
/* A pin without a limit of its own ends with those that have one. */
struct client_request {
    struct client_pin pins[CLIENT_PINS_MAX];
    unsigned pin_count;
    bool check; /* run the frame oracle (the card draws the pattern); playing always does */
    enum weir_pattern_payload payload; /* what the card was told */
    const struct client_incident *incidents; /* borrowed; at most CLIENT_INCIDENTS_MAX */
    unsigned incident_count;
};

/* Where frames go: the client buffer as it lies in RAM, in pieces. */
struct client_frame {
    uint64_t number; /* of delivery on this pin, from 0 */
    const struct weir_pattern_piece *pieces;
    size_t piece_count;
    uint64_t bytes; /* DataUsed; the pieces may hold more */
    uint64_t time_100ns;
    bool has_time;
};
/* Pins count from 0 in the order in which they were asked for; those that weir adds come last. */
struct client_sink {
    int (*format)(void *ctx, unsigned pin, const struct client_format *format);
    /* Copies out; then the buffer is queued again. */
    int (*frame)(void *ctx, unsigned pin, const struct client_frame *frame);
    bool (*stop)(void *ctx);
    void *ctx;
};

enum client_failure {
    CLIENT_OK,
    CLIENT_NO_PIN, /* no filter, or no pin for an application */
    CLIENT_NO_FORMAT, /* no range matches the request */
    CLIENT_NO_ROOM, /* the machine's RAM cannot hold the buffers */
    CLIENT_REFUSED, /* the driver refused a step */
    CLIENT_STALLED, /* no frame for too long in virtual time */
    CLIENT_STOPPED, /* the sink asked to stop */
    CLIENT_BROKEN_INPUT, /* a source could not be read to its end */
    CLIENT_HOST /* no memory */
};
/* Of all pins together. */
struct client_result {
    enum client_failure kind;
    NTSTATUS status;
    char text[400];
    uint64_t underruns; /* of a card that plays: periods without a new picture, broken pictures */
    uint64_t delivered, torn, stale, short_frames, duplicate, lost, out_of_order, dropped, wrong;
};
void client_run(struct machine *machine, const struct client_request *request,
                const struct client_sink *sink, struct client_result *result);

/* ---- Looking at a driver instead of streaming (inspect.c) ------------------------------------ */
/* Takes what is known so far as JSON, again after each step; each document holds the ones before
 * it. Not 0: nobody wants more. docs/inspect.md is the schema of the last one. */
typedef int client_document_fn(void *ctx, const char *json, size_t bytes);
struct client_inspection {
    bool open_pins; /* to ask pins and not only the filter for its pin types */
    bool read_values; /* of properties */
    client_document_fn *document;
    void *ctx;
};
/* CLIENT_NO_PIN: there is no device interface. */
void client_inspect(struct machine *machine, const struct client_inspection *request,
                    struct client_result *result);

#endif
