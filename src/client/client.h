/* SPDX-License-Identifier: MIT */
/* The application's side, in the child: finds a pin, negotiates a format, keeps requests
 * outstanding, checks and hands on each frame, stops, closes. A pin that data comes out of is read
 * from; into one that data goes into pictures are written, and the frames are what leaves the card.
 * It talks to the driver through io_file_* only, as an application does, with buffers in the user
 * window. Runs on a thread of the machine at PASSIVE_LEVEL. */
#ifndef WEIR_CLIENT_H
#define WEIR_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/machine.h"
#include "trace/incidents.h"
#include "weir/pattern.h"

enum { CLIENT_INCIDENTS_MAX = 32 };
/* What happens while it streams (incident.h); once so many frames were delivered, or so long after
 * RUN. */
struct client_incident {
    enum trace_incident kind;
    bool by_time;
    uint64_t frames; /* by_time is false */
    uint64_t time_ns; /* of virtual time */
};

struct client_request {
    char fourcc[5]; /* "" = the pin's first range */
    uint32_t width, height; /* 0 = the range's default */
    uint32_t rate_numerator, rate_denominator; /* 0 = the range's default */
    uint64_t frames; /* 0 = no limit */
    uint64_t seconds; /* of virtual time; 0 = no limit */
    unsigned buffers; /* outstanding requests */
    uint32_t buffer_offset_bytes;
    bool check; /* run the frame oracle (the card draws the pattern); playing it always runs */
    enum weir_pattern_payload payload; /* what the card was told */
    const struct client_incident *incidents; /* borrowed; at most CLIENT_INCIDENTS_MAX */
    unsigned incident_count;
};

struct client_format {
    char fourcc[5];
    uint32_t width, height, stride_bytes;
    bool bottom_up;
    uint32_t rate_numerator, rate_denominator;
    uint64_t frame_bytes;
};
/* Where frames go: the client buffer as it lies in RAM, in pieces. */
struct client_frame {
    uint64_t number; /* of delivery, from 0 */
    const struct weir_pattern_piece *pieces;
    size_t piece_count;
    uint64_t bytes; /* DataUsed; the pieces may hold more */
    uint64_t time_100ns;
    bool has_time;
};
struct client_sink {
    int (*format)(void *ctx, const struct client_format *format);
    /* Copies out; then the buffer is queued again. */
    int (*frame)(void *ctx, const struct client_frame *frame);
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
    CLIENT_HOST /* no memory */
};
struct client_result {
    enum client_failure kind;
    NTSTATUS status;
    char text[400];
    uint64_t underruns; /* of a card that plays: periods without a new picture, broken pictures */
    uint64_t delivered, torn, stale, short_frames, duplicate, lost, out_of_order, dropped, wrong;
};
void client_capture(struct machine *machine, const struct client_request *request,
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
