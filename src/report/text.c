/* SPDX-License-Identifier: MIT */
/* The summary and the post-mortem, for people. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/internal.h"
#include "report/names.h"

static void rule_line(const struct report *report, const struct verify_finding *finding,
                      const char *card, struct text *out)
{
    const struct report_violation *violation =
        report_violation_of(&report->violations, finding->first_sequence);
    char what[256], place[96];

    verify_text(finding, what, sizeof what);
    text_printf(out, "  %s %s: %s",
                verify_rule_kind(finding->rule) == VERIFY_KIND_advice ? "advice" : "finding",
                verify_rule_name(finding->rule), what);
    if (finding->rule == VERIFY_call_irql && report->export_name != NULL)
        text_printf(out, " (%s, at IRQL %" PRIu64 ")", report->export_name(finding->arg[0]),
                    finding->arg[1]);
    if (finding->caller_va != 0 && violation == NULL) {
        report_place(report, finding->caller_va, place, sizeof place);
        text_printf(out, " at %s", place);
    }
    if (finding->count > 1)
        text_printf(out, ", %" PRIu64 " times", finding->count);
    text_printf(out, "; first at %.6f s [%s]\n", (double)finding->first_time_ns / 1e9,
                verify_rule_source(finding->rule));
    if (violation != NULL)
        report_violation_text(report, violation, card, out);
}

void report_findings(const struct report *report, const char *card, struct text *out)
{
    size_t count = verify_count(report->verify);

    if (count == 0)
        return;
    text_printf(out, "findings            %zu (%zu errors)\n", count,
                verify_errors(report->verify));
    for (size_t i = 0; i < count; i++)
        rule_line(report, verify_at(report->verify, i), card, out);
    if (verify_dropped(report->verify) > 0)
        text_printf(out, "  and %zu more\n", verify_dropped(report->verify));
}

static void findings_text(const struct report *report, const struct report_run *run,
                          struct text *out)
{
    size_t count = verify_count(report->verify);

    if (count == 0) {
        text_string(out, "findings            none\n");
        return;
    }
    report_findings(report, run->card, out);
}

static void notes_text(const struct report *report, struct text *out)
{
    for (unsigned kind = 0; kind < TRACE_NOTE_COUNT; kind++) {
        for (unsigned i = 0; i < report->note_count; i++) {
            const struct report_note *note = &report->notes[i];

            if (note->kind != kind)
                continue;
            text_printf(out, "%-19s %s", report_note_name(kind), note->text);
            if (note->count > 1)
                text_printf(out, " (%" PRIu64 " times)", note->count);
            text_char(out, '\n');
        }
    }
}

/* Whatever else the run says: calls that --stub answered are not what Windows would have done. */
static void stubs_text(const struct report *report, struct text *out)
{
    char place[96];

    if (report->stub_count == 0)
        return;
    text_printf(out, "stubbed             %" PRIu64 " calls%s\n", report_stub_calls(report),
                report_stub_calls(report) > 0 ? ": this run tells nothing of Windows" : "");
    for (unsigned i = 0; i < report->stub_count; i++) {
        const struct report_stub *stub = &report->stubs[i];

        text_printf(out, "  %s=0x%" PRIx64 ": ", stub->name, stub->value);
        if (stub->calls > 0) {
            report_place(report, stub->first_caller_va, place, sizeof place);
            text_printf(out, "%" PRIu64 " calls; first at %s\n", stub->calls, place);
        } else {
            text_string(out, stub->bound ? "imported, never called\n" : "nobody imports it\n");
        }
    }
}

/* RGB stands on its head as Windows wants it; the reader need not know. */
static void head_text(const struct report *report, const struct report_run *run, struct text *out)
{
    text_printf(out, "%s on %s", run->driver, run->card);
    if (run->card_parameters != NULL && run->card_parameters[0] != 0)
        text_printf(out, ",%s", run->card_parameters);
    if (run->windows_label != NULL)
        text_printf(out, ", %s", run->windows_label);
    text_string(out, ": ");
    if (report->pin_count > 1)
        text_printf(out, "%u pins", report->pin_count);
    else
        report_format_text(&run->pins[0].format, out);
    text_char(out, '\n');
}

/* "8M", or in smaller units what is no whole number of them. */
static void size_text(uint64_t bytes, struct text *out)
{
    if (bytes % (1 << 20) == 0)
        text_printf(out, "%" PRIu64 "M", bytes >> 20);
    else
        text_printf(out, "%" PRIu64 "K", bytes >> 10);
}

/* Only where it is not the usual machine: then the figures cannot be read without it. */
static void dma_text(const struct report_dma *dma, struct text *out)
{
    if (dma->is_default)
        return;
    text_printf(out, "memory and DMA      pages %s, buffers at byte %" PRIu32
                     " of a page, low memory ", dma->pages, dma->buffer_offset_bytes);
    size_text(dma->low_memory_bytes, out);
    if (dma->low_memory_pressure > 0)
        text_printf(out, " of which others want %u%%", dma->low_memory_pressure);
    text_printf(out, ", %" PRIu32 " map registers%s, IOMMU %s\n", dma->map_registers,
                dma->force_bounce ? ", every page bounced" : "", dma->iommu);
}

static void rival_text(const struct report_figures *figures, struct text *out)
{
    if (figures->rival_bytes_highest > 0)
        text_printf(out,
                    "low memory          %.1fM held by others on average, %.1fM at most\n",
                    (double)figures->rival_bytes_average / (1 << 20),
                    (double)figures->rival_bytes_highest / (1 << 20));
}

static void bad_frames_text(const struct report *report, struct text *out)
{
    for (uint64_t i = 0; i < report->bad_frame_count && i < BAD_FRAMES_MAX; i++) {
        const uint64_t *arg = report->bad_frames[i].arg;

        text_string(out, "  ");
        if (report->pin_count > 1)
            text_printf(out, "pin %" PRIu64 ", ", report->pins[report->bad_frame_pin[i]].pin_id);
        text_printf(out, "frame %" PRIu64 " %s: at byte %" PRIu64 ", line %" PRIu64 ", ", arg[0],
                    report_verdict_name(arg[1]), arg[5], arg[2]);
        if (arg[4] == UINT32_MAX)
            text_printf(out, "nothing where picture %" PRIu64 " belongs\n", arg[3]);
        else
            text_printf(out, "picture %" PRIu64 " where %" PRIu64 " belongs\n", arg[4], arg[3]);
    }
    if (report->bad_frame_count > BAD_FRAMES_MAX)
        text_printf(out, "  and %" PRIu64 " more\n", report->bad_frame_count - BAD_FRAMES_MAX);
}

static void used_up_text(const struct report *report, struct text *out)
{
    if (report->pages_used_up != 0)
        text_printf(out,
                    "logical addresses   used up after %" PRIu64
                    " pages: --iommu strict uses none twice; take fewer frames, or remap\n",
                    report->pages_used_up);
}

void report_text(const struct report *report, const struct report_run *run, struct text *out)
{
    struct report_figures figures;
    double virtual_s, wall_s;

    report_figures(report, &figures);
    virtual_s = (double)figures.virtual_ns / 1e9;
    wall_s = (double)run->wall_ns / 1e9;
    head_text(report, run, out);
    dma_text(&run->dma, out);
    report_pins_text(report, run, out);
    bad_frames_text(report, out);
    text_printf(out, "frame locks         %" PRIu64 " made, %" PRIu64 " held at most, %" PRIu64
                     " failed\n", figures.frame_locks, figures.frame_locks_highest,
                figures.frame_locks_failed);
    text_printf(out, "map registers       %" PRIu64 " held at most, %" PRIu64 " at the end, "
                     "%" PRIu64 " requests waited, %" PRIu64 " failed\n",
                figures.registers_highest, figures.registers_now, figures.registers_queued,
                figures.registers_failed);
    rival_text(&figures, out);
    used_up_text(report, out);
    text_printf(out, "mapped for DMA      %" PRIu64 " bytes direct, %" PRIu64 " bytes bounced; "
                     "frames hold %" PRIu64 " bytes at or above 4 GiB\n",
                figures.direct_bytes, figures.bounce_bytes, figures.high_bytes);
    text_printf(out, "mappings per frame  %" PRIu64 " min, %" PRIu64 " median, %" PRIu64 " max\n",
                figures.mappings_min, figures.mappings_median, figures.mappings_max);
    text_printf(out, "interrupts          %" PRIu64 " (%" PRIu64 " unclaimed), DPCs %" PRIu64 "\n",
                figures.interrupts, figures.interrupts_unclaimed, figures.dpcs);
    text_printf(out, "time                %.6f s virtual, %.3f s wall, ratio %.1f%s\n", virtual_s,
                wall_s, wall_s > 0 ? virtual_s / wall_s : 0.0,
                figures.forced_yields > 0 ? " (not reproducible: yields were forced)" : "");
    report_incidents_text(&report->incidents, verify_errors(report->verify), out);
    notes_text(report, out);
    findings_text(report, run, out);
    stubs_text(report, out);
}

/* ---- Post-mortem ----------------------------------------------------------------------------- */

static void bug_check_text(const struct report *report, struct text *out)
{
    const struct report_bug_check *bug = &report->bug;
    const uint64_t *exception = bug->exception.arg;
    char place[96];

    text_printf(out, "*** bug check 0x%" PRIx64 " %s (0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64
                     ", 0x%" PRIx64 ")\n", bug->code, report_bug_check_name(bug->code),
                bug->parameter[0], bug->parameter[1], bug->parameter[2], bug->parameter[3]);
    report_place(report, bug->rip_va, place, sizeof place);
    text_printf(out, "    at %s", bug->rip_va != 0 ? place : "no code: hardware reports it");
    if (bug->cpu != TRACE_NO_CPU)
        text_printf(out, ", CPU %u", bug->cpu);
    text_printf(out, ", IRQL %u\n", bug->irql);
    if (bug->has_exception) {
        report_place(report, exception[1], place, sizeof place);
        text_printf(out, "    exception 0x%" PRIx64 " at %s, address 0x%" PRIx64 " (%s)\n",
                    exception[0], place, exception[2], report_access_name(exception[3]));
    }
    for (unsigned i = 0; i < bug->register_count; i++)
        text_printf(out, "%s%-3s %016" PRIx64 "%s", i % 4 == 0 ? "    " : "  ",
                    report_register_name(i), bug->registers[i],
                    i % 4 == 3 || i + 1 == bug->register_count ? "\n" : "");
    if (bug->stack_count > 0)
        text_string(out, "    call stack\n");
    for (unsigned i = 0; i < bug->stack_count; i++) {
        report_place(report, bug->stack_rip[i], place, sizeof place);
        text_printf(out, "      %2u %s\n", i, place);
    }
}

static void event_line(const struct report *report, const struct trace_event *event,
                       struct text *out)
{
    enum trace_type type = (enum trace_type)event->type;

    text_printf(out, "      %12.6f s  cpu %d irql %2u  %s", (double)event->time_ns / 1e9,
                event->cpu == TRACE_NO_CPU ? -1 : event->cpu, event->irql, trace_type_name(type));
    for (unsigned i = 0; i < 6 && trace_arg_name(type, i) != NULL; i++) {
        const char *name = trace_arg_name(type, i);
        size_t length = strlen(name);
        char place[96];

        if (length > 3 && strcmp(name + length - 3, "_va") == 0) {
            report_place(report, event->arg[i], place, sizeof place);
            text_printf(out, " %s=%s", name, place);
        } else if (strcmp(name, "rule") == 0 && event->arg[i] < VERIFY_RULE_COUNT) {
            text_printf(out, " rule=%s", verify_rule_name((enum verify_rule)event->arg[i]));
        } else if (strcmp(name, "export") == 0 && report->export_name != NULL) {
            text_printf(out, " export=%s", report->export_name(event->arg[i]));
        } else {
            text_printf(out, " %s=0x%" PRIx64, name, event->arg[i]);
        }
    }
    text_char(out, '\n');
}

static void last_events_text(const struct report *report, struct text *out)
{
    uint64_t first = report->last_count > LAST_EVENTS ? report->last_count - LAST_EVENTS : 0;

    if (report->last_count == 0)
        return;
    text_string(out, "    last events\n");
    for (uint64_t i = first; i < report->last_count; i++)
        event_line(report, &report->last[i % LAST_EVENTS], out);
}

static void prints_text(const struct report *report, struct text *out)
{
    uint64_t first = report->print_count > PRINT_LINES ? report->print_count - PRINT_LINES : 0;

    if (report->print_count == 0)
        return;
    text_string(out, "    the driver printed\n");
    for (uint64_t i = first; i < report->print_count; i++)
        text_printf(out, "      %s\n", report->print[i % PRINT_LINES]);
}

bool report_reason(const struct report *report, char *text, size_t size)
{
    const struct report_bug_check *bug = &report->bug;
    char place[96];

    if (bug->seen) {
        report_place(report, bug->rip_va, place, sizeof place);
        snprintf(text, size, "bug check 0x%" PRIx64 " %s%s%s", bug->code,
                 report_bug_check_name(bug->code), bug->rip_va != 0 ? " at " : "",
                 bug->rip_va != 0 ? place : "");
    } else if (report->missing[0] != 0) {
        report_place(report, report->missing_event.arg[1], place, sizeof place);
        snprintf(text, size, "%s was called at %s, which weir does not have", report->missing,
                 place);
    }
    return bug->seen || report->missing[0] != 0;
}

void report_post_mortem(const struct report *report, struct text *out)
{
    char place[96];

    if (report->bug.seen)
        bug_check_text(report, out);
    if (report->missing[0] != 0) {
        report_place(report, report->missing_event.arg[1], place, sizeof place);
        text_printf(out,
                    "*** %s was called at %s, which weir does not have (arguments 0x%" PRIx64
                    ", 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ")\n",
                    report->missing, place, report->missing_event.arg[2],
                    report->missing_event.arg[3], report->missing_event.arg[4],
                    report->missing_event.arg[5]);
    }
    prints_text(report, out);
    last_events_text(report, out);
}
