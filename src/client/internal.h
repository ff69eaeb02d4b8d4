/* SPDX-License-Identifier: MIT */
/* What the files of this room share: one capture session. Not a door. */
#ifndef WEIR_CLIENT_INTERNAL_H
#define WEIR_CLIENT_INTERNAL_H

#include "base/base.h"
#include "client/client.h"
#include "client/incident.h"
#include "client/oracle.h"
#include "io/io.h"
#include "wdk/ks.h"
#include "wdk/ksmedia.h"

enum {
    CLIENT_SCRATCH_BYTES = 65536,
    CLIENT_SCRATCH_OUT = 8192, /* where results land; before it lie requests */
    CLIENT_HEADER_BYTES_MAX = 512,
    CLIENT_FORMAT_BYTES_MAX = 1024,
};

/* One buffer with the read that is outstanding on it. */
struct client_read {
    struct client_read *next; /* in the order they were queued */
    uint64_t data_va;
    uint64_t header_va;
    struct weir_pattern_piece *pieces;
    size_t piece_count;
    uint64_t high_bytes; /* in pages at or above 4 GB */
    uint64_t number; /* of the picture in it (play.c) */
    PIO_STATUS_BLOCK iosb; /* of the session's */
};

struct client_session {
    struct machine *machine;
    struct mm *mm;
    struct io *io;
    struct trace *trace;
    const struct client_request *request;
    const struct client_sink *sink;
    struct client_result *result;
    uint64_t scratch_va;
    PFILE_OBJECT filter;
    PFILE_OBJECT pin;
    ULONG pin_id;
    bool plays; /* data goes into the pin */
    struct client_format format;
    uint8_t data_format[CLIENT_FORMAT_BYTES_MAX]; /* a KSDATAFORMAT, FormatSize bytes */
    uint32_t header_bytes;
    KEVENT *completed; /* shared by all reads; in pool, for drivers see its address in IRPs */
    PIO_STATUS_BLOCK iosbs; /* one for each read; in pool too */
    struct client_read *reads;
    unsigned read_count;
    struct client_read *oldest, *newest; /* outstanding, in order */
    struct oracle *oracle;
    struct client_schedule *schedule; /* of the run */
    uint64_t run_from_ns;
    uint64_t drop_count; /* the driver's own, last seen */
    uint64_t drop_credit; /* dropped, and no gap found for it yet */
    uint64_t gap, gap_after; /* numbers missing before the newest frame, not owned up to yet */

    /* feed.c */
    struct client_session *feed; /* the pin that is given pictures, or NULL */
    PRKEVENT feed_ended; /* in pool */
    bool feeding; /* its thread runs */

    /* play.c */
    struct weir_pattern *pattern; /* what is sent */
    uint64_t sent;
    uint64_t sent_before; /* this start of the feed */
    uint64_t next_out; /* number that should leave next: each that left took a place */
    bool any_number; /* one of them had a number */
    bool closing; /* there is no more to send */
    struct client_output *first_out, *last_out; /* left the card and not judged yet */
    uint64_t waiting; /* pictures among them */
    struct client_output *spare;
    bool output_failed; /* no memory for one */
    uint64_t odd_bytes; /* size of one that cannot have been ours, or 0 */
};

/* Records a failure and returns false. The first one counts. */
bool client_fail(struct client_session *session, enum client_failure kind, NTSTATUS status,
                 const char *format, ...) WEIR_PRINTF(4, 5);

/* ---- property.c: IOCTL_KS_PROPERTY as an application does it --------------------------------- */
/* request holds KSPROPERTY and what follows; *out_bytes is the room in out and then what came, as
 * the driver says: it may claim more than there was room for. */
NTSTATUS client_control(struct client_session *session, PFILE_OBJECT file, ULONG code,
                        const void *request, uint32_t request_bytes, void *out,
                        uint32_t *out_bytes);
NTSTATUS client_property(struct client_session *session, PFILE_OBJECT file, const void *request,
                         uint32_t request_bytes, void *out, uint32_t *out_bytes);
NTSTATUS client_pin_property(struct client_session *session, ULONG pin_id, ULONG id, void *out,
                             uint32_t *out_bytes);
NTSTATUS client_set(struct client_session *session, PFILE_OBJECT file, const GUID *set, ULONG id,
                    const void *value, uint32_t value_bytes);
/* A value of unknown size: asks for the size, then for the value. The caller frees *out.
 * STATUS_NO_DATA_DETECTED: asked with no room, the driver says success, so there is no value. */
NTSTATUS client_control_sized(struct client_session *session, PFILE_OBJECT file, ULONG code,
                              const void *request, uint32_t request_bytes, void **out,
                              uint32_t *out_bytes);
NTSTATUS client_property_sized(struct client_session *session, PFILE_OBJECT file,
                               const void *request, uint32_t request_bytes, void **out,
                               uint32_t *out_bytes);

/* ---- negotiate.c ----------------------------------------------------------------------------- */
bool client_find_filter(struct client_session *session);
bool client_find_pin(struct client_session *session);
/* A pin that data goes into and without which the filter does nothing. */
bool client_find_necessary_input(struct client_session *session, ULONG *pin_id);
bool client_choose_format(struct client_session *session);
bool client_open_pin(struct client_session *session);

/* ---- client.c -------------------------------------------------------------------------------- */
bool client_open_pins(struct client_session *session); /* with the format agreed on before */
void client_close_pins(struct client_session *session);
void client_close_filter(struct client_session *session);

/* ---- stream.c -------------------------------------------------------------------------------- */
bool client_make_reads(struct client_session *session);
void client_free_reads(struct client_session *session);
bool client_capture_stream(struct client_session *session);
/* From STOP to RUN with all buffers queued, and back with none. A stream that is started again goes
 * on where it was. */
bool client_stream_start(struct client_session *session);
bool client_stream_stop(struct client_session *session);
bool client_take(struct client_session *session); /* what has come until now */
bool client_set_states(struct client_session *session, KSSTATE state); /* of the feed too */
uint64_t client_elapsed_ns(const struct client_session *session); /* since the first RUN */
/* Sends a request on the buffer; header_bytes of header go with it. */
bool client_queue(struct client_session *session, struct client_read *read, ULONG code,
                  const uint8_t *header);
struct client_read *client_take_finished(struct client_session *session);
bool client_wait(struct client_session *session); /* for the next request to finish */
/* Takes a judgement into the counts; dropped is what the driver owns up to since the last one. */
void client_account(struct client_session *session, struct oracle_judgement *judgement,
                    uint64_t dropped);
void client_account_lost(struct client_session *session);
void client_collect(struct client_session *session); /* what is out when the pin has stopped */
bool client_set_state(struct client_session *session, KSSTATE state);

/* ---- play.c ---------------------------------------------------------------------------------- */
bool client_play_stream(struct client_session *session);
bool client_play_start(struct client_session *session);
bool client_play_stop(struct client_session *session);
bool client_play_take(struct client_session *session);
bool client_make_pattern(struct client_session *session); /* of what is sent */
/* Draws the next picture into the buffer and writes it. */
bool client_send(struct client_session *session, struct client_read *write);

/* ---- feed.c: nothing to do unless the filter needs to be given pictures ---------------------- */
bool client_feed_open(struct client_session *session);
void client_feed_close(struct client_session *session);
bool client_feed_state(struct client_session *session, KSSTATE state);
bool client_feed_start(struct client_session *session); /* in RUN */
void client_feed_stop(struct client_session *session);
void client_feed_collect(struct client_session *session); /* when the pin has stopped */

#endif
