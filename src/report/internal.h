/* SPDX-License-Identifier: MIT */
/* What the files of this room share. Not a door. */
#ifndef WEIR_REPORT_INTERNAL_H
#define WEIR_REPORT_INTERNAL_H

#include "report/incidents.h"
#include "report/report.h"
#include "report/violation.h"

enum {
    MODULES_MAX = 16,
    FRAMES_MAX = 64,
    LAST_EVENTS = 24,
    PRINT_LINES = 64,
    PRINT_LINE_BYTES = 513, /* a driver's message is cut at 512 */
    PENDING_MAX = 4096,
    MAPPINGS_MAX = (1 << 18) + 2, /* 1 GB in pages; what has more counts as this */
    REGISTERS = 18, /* rax .. r15, rip, rflags */
};

enum report_text_for { TEXT_NONE, TEXT_MODULE, TEXT_PRINT, TEXT_MISSING, TEXT_STUB, TEXT_NOTE };

struct report_module {
    char name[64];
    uint64_t base_va, size_bytes;
};

struct report_bug_check {
    bool seen;
    uint64_t code, parameter[4], rip_va;
    struct trace_event exception; /* the last one; many are handled and lead to no bug check */
    bool has_exception; /* it led to this one */
    uint64_t registers[REGISTERS];
    unsigned register_count;
    uint64_t stack_rip[FRAMES_MAX];
    unsigned stack_count;
    uint8_t cpu, irql;
};

enum { READS_MAX = 2048, BAD_FRAMES_MAX = 16, STUBS_MAX = 64, NOTES_MAX = 48 };

struct report_stub { /* --stub */
    char name[128];
    uint64_t value, calls, first_caller_va;
    bool bound; /* somebody imports it */
};

struct report_note { /* enum trace_note, with its text */
    uint64_t kind, count;
    char text[400];
};

struct report {
    report_export_name_fn *export_name;
    struct verify *verify;
    struct report_figures figures;
    uint32_t *mappings; /* how many frames had so many mappings */
    struct report_module modules[MODULES_MAX];
    unsigned module_count;
    struct report_bug_check bug;
    struct trace_event last[LAST_EVENTS];
    uint64_t last_count;
    char missing[128]; /* name of the missing function that was called */
    struct trace_event missing_event;
    struct report_stub stubs[STUBS_MAX];
    unsigned stub_count;
    struct report_note notes[NOTES_MAX + 1]; /* the last one is being filled */
    unsigned note_count;
    /* The rival: what it holds since when, and pages times nanoseconds so far, in pages times
     * microseconds lest they overflow. */
    uint64_t rival_pages, rival_since_ns, rival_page_us;
    /* text that follows an event */
    enum report_text_for text_for;
    struct text pending;
    char print[PRINT_LINES][PRINT_LINE_BYTES]; /* the last lines the driver printed */
    uint64_t print_count;
    /* Reads on their way to a lock, oldest first: frames are locked in the order of queueing. */
    uint64_t queued_high_bytes[READS_MAX];
    uint64_t reads_queued, reads_locked;
    struct report_pin pins[REPORT_PINS_MAX];
    unsigned pin_count;
    unsigned turn; /* whose frames events tell of */
    struct trace_event bad_frames[BAD_FRAMES_MAX]; /* frame_verdict, the first ones */
    unsigned bad_frame_pin[BAD_FRAMES_MAX]; /* whose */
    uint64_t bad_frame_count;
    struct report_violations violations;
    struct report_incidents incidents;
    uint64_t pages_used_up; /* logical pages there were; 0: it did not come to that */
};

/* ---- pins.c ---------------------------------------------------------------------------------- */
void report_pins_event(struct report *report, const struct trace_event *event);
void report_count_verdict(struct report_verdicts *verdicts, uint64_t verdict); /* collect.c */
void report_format_text(const struct report_format *format, struct text *out);
/* A line for each pin; for one alone without its name. */
void report_pins_text(const struct report *report, const struct report_run *run, struct text *out);

#endif
