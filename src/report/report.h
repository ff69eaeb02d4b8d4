/* SPDX-License-Identifier: MIT */
/* From events to what people and programs read: the run's figures, findings with module and offset,
 * the post-mortem of a bug check. Listens in the supervisor's process; keeps counts, not events,
 * but for the last few. Events come from a process that may have gone wild: whatever numbers and
 * texts they hold, memory stays bounded and what is printed is printable. Order: report_create,
 * report_event for each event, then report_text and report_json. One thread. */
#ifndef WEIR_REPORT_H
#define WEIR_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "verify/verify.h"

struct report_verdicts { /* what is wrong with frames */
    uint64_t torn, stale, short_frames, duplicate, out_of_order, wrong;
};

struct report_figures {
    uint64_t delivered, dropped_by_driver, lost, underruns; /* all pins together */
    struct report_verdicts verdicts;
    uint64_t frame_locks, frame_locks_highest, frame_locks_failed;
    uint64_t registers_highest, registers_now, registers_queued, registers_failed;
    uint64_t direct_bytes, bounce_bytes;
    uint64_t rival_bytes_average, rival_bytes_highest; /* of low memory, held by the rival */
    uint64_t high_bytes; /* of the frames that were locked: those in pages at or above 4 GB */
    uint64_t mappings_min, mappings_median, mappings_max, mappings_frames;
    uint64_t interrupts, interrupts_unclaimed, dpcs;
    uint64_t virtual_ns;
    uint64_t traps, sites_patched, forced_yields;
    uint64_t events;
};

enum { REPORT_PINS_MAX = 9 };
#define REPORT_PEAK_MAX (UINT64_C(1) << 31)
struct report_sound {
    uint64_t packets;
    uint64_t peak; /* of REPORT_PEAK_MAX */
    uint64_t gaps, gap_100ns; /* packets whose time is not where the one before ended; how far */
    uint64_t discontinuities; /* that the driver told of */
    bool has_position;
    uint64_t position, positions_back; /* the last; how often it was less than the one before */
};
struct report_pin { /* one that was streamed */
    uint64_t pin_id, filter;
    bool plays; /* data goes into it */
    bool seen; /* and what leaves the card is looked at */
    uint64_t frames_wanted; /* 0: no number was named */
    uint64_t delivered, bytes, dropped, lost, underruns;
    uint64_t missed; /* on account of --at */
    uint64_t taken, taken_bytes; /* what the driver took and gave the buffers back of */
    struct report_verdicts verdicts;
    struct report_sound sound;
};

/* How an event's export number becomes a name; the cli has the tables. */
typedef const char *report_export_name_fn(uint64_t export_id);

struct report_format { /* what client and pin agreed on */
    const char *name; /* "YUY2", "s16"; NULL: they never did */
    uint32_t channels, rate_hz, valid_bits, channel_mask, block_bytes; /* of sound, else 0 */
    uint32_t width, height;
    bool bottom_up;
    uint32_t rate_numerator, rate_denominator;
    uint64_t frame_bytes;
};

struct report_dma { /* what memory and HAL were told to be */
    const char *pages, *iommu; /* as on the command line */
    uint32_t buffer_offset_bytes;
    uint64_t low_memory_bytes;
    unsigned low_memory_pressure; /* percent */
    uint32_t map_registers;
    bool force_bounce;
    bool is_default; /* nothing of it was asked for */
};

struct report_run_pin {
    struct report_format format;
    uint64_t hash; /* of all frames */
    bool has_hash;
};

struct report_run { /* what the cli knows beside the events */
    const char *version;
    const char *driver; /* as given */
    const char *card;
    const char *card_parameters; /* "" without any */
    uint64_t seed;
    unsigned cpus;
    uint64_t ram_bytes;
    const char *windows; /* profile */
    const char *windows_label; /* for people; NULL: the usual one */
    const char *payload;
    unsigned buffers;
    struct report_dma dma;
    struct report_run_pin pins[REPORT_PINS_MAX];
    uint64_t wall_ns;
    int exit_code;
    const char *outcome; /* "ok", "findings", "bug check" ... */
    const char *message; /* NULL or one line */
};

struct report;
struct report *report_create(report_export_name_fn *export_name); /* NULL: no memory */
void report_destroy(struct report *report);
void report_event(struct report *report, const struct trace_event *event);
void report_figures(const struct report *report, struct report_figures *out);
struct verify *report_verify(struct report *report);
bool report_has_bug_check(const struct report *report, uint32_t *code);
/* What --at let happen so far. */
unsigned report_incident_count(const struct report *report);
uint64_t report_incident_missed(const struct report *report); /* frames, on account of them */
bool report_removed_by_surprise(const struct report *report);
uint64_t report_stub_calls(const struct report *report); /* answered by --stub */
uint64_t report_frames(const struct report *report); /* delivered so far, for progress */
unsigned report_pin_count(const struct report *report);
const struct report_pin *report_pin(const struct report *report, unsigned index);
/* What came of it: frames delivered, or played, or where nobody sees that, taken by the driver. */
uint64_t report_pin_frames(const struct report_pin *pin);
uint64_t report_pin_bad(const struct report_pin *pin); /* lost or not what they should be */
uint64_t report_virtual_ns(const struct report *report);

/* The summary `weir run` ends with. */
void report_text(const struct report *report, const struct report_run *run, struct text *out);
/* The findings alone, a line each; nothing when there are none. */
void report_findings(const struct report *report, const char *card, struct text *out);
/* Why the machine stopped, in one line: the bug check or the missing function and the place. False:
 * neither happened. */
bool report_reason(const struct report *report, char *text, size_t size);
/* The bug check or the missing function at length, what the driver printed, the last events: goes
 * to standard error. */
void report_post_mortem(const struct report *report, struct text *out);
/* docs/json.md describes it; schema_version first. Without wall time it follows from the seed. The
 * caller frees the result; NULL: no memory. */
char *report_json(const struct report *report, const struct report_run *run, bool with_wall);

/* "grabber.sys+0x1a30", or the bare address. */
void report_place(const struct report *report, uint64_t va, char *text, size_t size);

#endif
