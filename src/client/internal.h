/* SPDX-License-Identifier: MIT */
/* What the files of this room share: a session for each pin. Not a door. */
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
    CLIENT_SESSIONS_MAX = CLIENT_PINS_MAX + 1, /* one may be added */
    CLIENT_FILTERS_MAX = 8,
    CLIENT_PACKET_MS = 10,
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
    uint64_t wanted_bytes; /* how much it is to bring or to take */
    PIO_STATUS_BLOCK iosb; /* of the session's */
};

/* One pin from open to close. */
struct client_session {
    struct machine *machine;
    struct mm *mm;
    struct io *io;
    struct trace *trace;
    const struct client_request *request;
    const struct client_pin *wish;
    struct client_pin own_wish; /* see like_its_neighbour */
    const struct client_sink *sink;
    struct client_result *result; /* of all sessions */
    struct client *client;
    unsigned index; /* among the sessions */
    uint64_t scratch_va;
    PFILE_OBJECT filter; /* the client's */
    unsigned filter_index;
    PFILE_OBJECT pin;
    ULONG pin_id;
    bool named; /* in messages: there are several */
    bool plays; /* data goes into the pin */
    bool follows; /* ends with those that do not */
    bool ended;
    uint64_t ended_ns;
    struct client_format format;
    uint8_t data_format[CLIENT_FORMAT_BYTES_MAX] WEIR_ALIGNED(8); /* KSDATAFORMAT, FormatSize */
    uint32_t header_bytes;
    KEVENT *completed; /* the client's */
    PIO_STATUS_BLOCK iosbs; /* one for each read; in pool, for drivers see addresses in IRPs */
    struct client_read *reads;
    unsigned read_count;
    struct client_read *oldest, *newest; /* outstanding, in order */
    struct client_read *idle; /* to be sent */
    struct oracle *oracle;
    uint8_t *staging; /* room for one packet, or for one picture of a source */
    uint64_t run_from_ns; /* the first time */
    uint64_t progress_ns; /* when a request last finished */
    uint64_t delivered;
    uint64_t delivered_bytes;
    uint64_t drop_count; /* the driver's own, last seen */
    uint64_t drop_credit; /* dropped, and no gap found for it yet */
    uint64_t gap, gap_after; /* numbers missing before the newest frame, not owned up to yet */

    bool awaiting; /* no frame has come since an incident */
    uint64_t forgotten; /* pictures that were sent and taken back by it */

    /* audio.c */
    bool has_due; /* when the next packet should begin is known */
    uint64_t due_100ns;
    bool tells_no_position;
    uint64_t position; /* last seen */

    /* play.c */
    struct weir_pattern *pattern; /* what is sent, unless there is a source */
    uint64_t sent, sent_bytes;
    uint64_t taken; /* writes that came back */
    uint64_t cancelled; /* writes that were taken back when the pin was stopped */
    bool paced; /* nothing else sets the pace: one frame each period */
    uint64_t paced_from_ns, sent_before; /* this start */
    bool closing; /* there is no more to send */
    uint64_t closed_ns; /* when the last write came back */

    /* connector.c */
    bool listens; /* what leaves the card is looked at */
    uint64_t next_out; /* number that should leave next: each that left took a place */
    bool any_number; /* one of them had a number */
    struct client_output *first_out, *last_out; /* left the card and not judged yet */
    uint64_t waiting; /* pictures among them */
    struct client_output *spare;
    bool output_failed; /* no memory for one */
    uint64_t odd_bytes; /* size of one that cannot have been ours, or 0 */
    struct match *match; /* of a source: what was sent and has not left */
};

struct client_filter {
    unsigned index; /* as `weir inspect` counts */
    PFILE_OBJECT file;
};

/* The application: its sessions, and what they share. */
struct client {
    struct client_session sessions[CLIENT_SESSIONS_MAX];
    unsigned session_count;
    struct client_filter filters[CLIENT_FILTERS_MAX]; /* open */
    unsigned filter_count;
    bool settled; /* all filters have had the time to appear */
    struct client_pin feed; /* what is wanted of a pin that was not asked for */
    uint64_t scratch_va;
    KEVENT *completed; /* by any request; in pool, for drivers see its address in IRPs */
    struct client_schedule schedule;
    unsigned turn; /* the session that the trace's frames are of */
    uint64_t leaders_ended_ns; /* when the last session with a limit ended, or 0 */
};

/* Records a failure and returns false. The first one counts. */
bool client_fail(struct client_session *session, enum client_failure kind, NTSTATUS status,
                 const char *format, ...) WEIR_PRINTF(4, 5);
/* A read or write came back with this status: because the card is gone, or what says. */
bool client_fail_io(struct client_session *session, NTSTATUS status, const char *what);

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

/* ---- find.c: filters and pins ---------------------------------------------------------------- */
bool client_find_pins(struct client *client); /* for all sessions; may add one */
bool client_reopen_filters(struct client *client); /* those that were open */
/* Which kinds of data the pin's ranges are of: 1 << CLIENT_VIDEO, 1 << CLIENT_AUDIO. */
unsigned client_pin_media(struct client_session *session, ULONG pin_id);

/* ---- negotiate.c: a format for the pin, and the pin open ------------------------------------- */
bool client_choose_format(struct client_session *session);
bool client_open_pin(struct client_session *session);
/* Below are for video.c and audio.c. */
/* Asks with the range; copies the answer to data_format. */
NTSTATUS client_intersect(struct client_session *session, const KSDATARANGE *range);
/* Looks at each range that is whole. */
typedef void client_range_fn(void *ctx, const KSDATARANGE *range);
void client_each_range(const KSMULTIPLE_ITEM *list, client_range_fn *look, void *ctx);
/* Says why not: what is wanted, or what a source holds, and what the pin offers. */
bool client_no_range(struct client_session *session, const KSMULTIPLE_ITEM *list);

/* ---- video.c, audio.c ------------------------------------------------------------------------ */
bool client_choose_video(struct client_session *session, const KSMULTIPLE_ITEM *list);
bool client_choose_audio(struct client_session *session, const KSMULTIPLE_ITEM *list);
bool client_is_video_range(const KSDATARANGE *range);
bool client_is_audio_range(const KSDATARANGE *range);
/* Tells the trace of a packet; header as it came back, or NULL for one that was played. */
void client_audio_packet(struct client_session *session, const KSSTREAM_HEADER *header,
                         const struct client_read *read, uint64_t bytes);
/* A tone, as many bytes as there are, from this sample frame on. */
void client_audio_tone(const struct client_format *format, uint64_t from, uint8_t *to,
                       uint64_t bytes);

/* ---- stream.c: buffers, requests, states ----------------------------------------------------- */
bool client_make_reads(struct client_session *session);
void client_free_reads(struct client_session *session);
/* Sends a request on the buffer; header_bytes of header go with it. */
bool client_queue(struct client_session *session, struct client_read *read, ULONG code,
                  const uint8_t *header);
struct client_read *client_take_finished(struct client_session *session);
void client_collect(struct client_session *session); /* what is out when the pin has stopped */
bool client_set_state(struct client_session *session, KSSTATE state);
uint64_t client_now_ns(const struct client_session *session);
uint64_t client_elapsed_ns(const struct client_session *session); /* since the first RUN */
uint64_t client_period_ns(const struct client_session *session); /* of a frame or packet */
/* The events that follow are of this session. */
void client_take_turn(struct client_session *session);

/* ---- account.c: what became of the frames ---------------------------------------------------- */
/* Takes a judgement into the counts; dropped is what the driver owns up to since the last one. */
void client_account(struct client_session *session, struct oracle_judgement *judgement,
                    uint64_t dropped);
void client_account_lost(struct client_session *session);

/* ---- capture.c, play.c: a session's part in the client's loop -------------------------------- */
bool client_capture_start(struct client_session *session); /* in PAUSE */
bool client_capture_turn(struct client_session *session); /* takes what has finished */
bool client_capture_done(struct client_session *session);
bool client_play_prepare(struct client_session *session);
bool client_play_start(struct client_session *session);
bool client_play_turn(struct client_session *session);
bool client_play_done(struct client_session *session);
/* What was sent and has not left by now will not leave any more. */
bool client_play_stopped(struct client_session *session);
void client_play_end(struct client_session *session); /* counts what never left */
void client_play_release(struct client_session *session);
/* When it wants to go on although nothing has finished; UINT64_MAX: never. */
uint64_t client_play_due_ns(const struct client_session *session);

/* ---- connector.c: what leaves the card ------------------------------------------------------- */
bool client_listen(struct client *client);
void client_listen_no_more(struct client *client);
bool client_take_outputs(struct client_session *session);
bool client_all_has_left(const struct client_session *session);

/* ---- client.c -------------------------------------------------------------------------------- */
bool client_make_pattern(struct client_session *session); /* of what is sent */
bool client_open_pins(struct client *client); /* with the formats agreed on before */
void client_close_pins(struct client *client);
void client_close_filters(struct client *client);
struct client_session *client_add_session(struct client *client, const struct client_pin *wish,
                                          const struct client_session *like);

/* ---- pump.c: the loop ------------------------------------------------------------------------ */
bool client_pump(struct client *client);
/* The sessions that have not ended: from STOP to RUN with all buffers queued, and back with none. A
 * stream that is started again goes on where it was. */
bool client_start(struct client *client);
bool client_stop(struct client *client);
bool client_set_states(struct client *client, KSSTATE state);
bool client_take_all(struct client *client); /* what has come until now */

#endif
