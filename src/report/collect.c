/* SPDX-License-Identifier: MIT */
/* Counting: each event changes a few figures. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/internal.h"

/* Verdicts as the client sends them in frame_delivered: the numbers of enum weir_verdict, and above
 * them what only a sequence of frames can show. */
enum {
    VERDICT_OK,
    VERDICT_SHORT,
    VERDICT_TORN,
    VERDICT_STALE,
    VERDICT_EARLY,
    VERDICT_WRONG,
    VERDICT_UNCHECKED,
    VERDICT_DUPLICATE = 16,
    VERDICT_OUT_OF_ORDER = 17
};

struct report *report_create(report_export_name_fn *export_name)
{
    struct report *report = calloc(1, sizeof *report);

    if (report == NULL)
        return NULL;
    report->export_name = export_name;
    report->verify = verify_create();
    report->mappings = calloc(MAPPINGS_MAX, sizeof *report->mappings);
    text_init(&report->pending);
    if (report->verify == NULL || report->mappings == NULL) {
        report_destroy(report);
        return NULL;
    }
    return report;
}

void report_destroy(struct report *report)
{
    if (report == NULL)
        return;
    verify_destroy(report->verify);
    text_fini(&report->pending);
    free(report->mappings);
    free(report);
}

struct verify *report_verify(struct report *report)
{
    return report->verify;
}

bool report_has_bug_check(const struct report *report, uint32_t *code)
{
    if (report->bug.seen)
        *code = (uint32_t)report->bug.code;
    return report->bug.seen;
}

uint64_t report_frames(const struct report *report)
{
    return report->figures.delivered;
}

uint64_t report_virtual_ns(const struct report *report)
{
    return report->figures.virtual_ns;
}

/* ---- Text runs ------------------------------------------------------------------------------- */

static void begin_text(struct report *report, enum report_text_for what)
{
    report->text_for = what;
    text_clear(&report->pending);
}

/* Printable, on one line: names and messages are the driver's, and they go to a terminal. */
static void copy_printable(char *to, size_t size, const char *text)
{
    size_t length = strlen(text);

    while (length > 0 && strchr("\r\n", text[length - 1]) != NULL)
        length--;
    if (length > size - 1)
        length = size - 1;
    for (size_t i = 0; i < length; i++)
        to[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
    to[length] = 0;
}

/* The same once more is counted; what comes after the last that fits is not kept. */
static void end_note(struct report *report, const char *text)
{
    struct report_note *note = &report->notes[report->note_count];

    copy_printable(note->text, sizeof note->text, text);
    note->count = 1;
    for (unsigned i = 0; i < report->note_count; i++) {
        if (report->notes[i].kind == note->kind && strcmp(report->notes[i].text, note->text) == 0) {
            report->notes[i].count++;
            return;
        }
    }
    if (report->note_count < NOTES_MAX)
        report->note_count++;
}

static void end_text(struct report *report)
{
    const char *text = text_get(&report->pending);

    if (report->text_for == TEXT_MODULE)
        copy_printable(report->modules[report->module_count - 1].name,
                       sizeof report->modules[0].name, text);
    if (report->text_for == TEXT_PRINT)
        copy_printable(report->print[report->print_count++ % PRINT_LINES], PRINT_LINE_BYTES, text);
    if (report->text_for == TEXT_MISSING)
        copy_printable(report->missing, sizeof report->missing, text);
    if (report->text_for == TEXT_STUB)
        copy_printable(report->stubs[report->stub_count - 1].name, sizeof report->stubs[0].name,
                       text);
    if (report->text_for == TEXT_NOTE)
        end_note(report, text);
    begin_text(report, TEXT_NONE);
}

static void take_text(struct report *report, const struct trace_event *event)
{
    uint64_t left = event->arg[0];
    size_t chunk = left < 40 ? (size_t)left : 40;

    if (report->pending.length < PENDING_MAX)
        text_bytes(&report->pending, &event->arg[1], chunk);
    if (left <= 40)
        end_text(report);
}

/* ---- Figures --------------------------------------------------------------------------------- */

void report_count_verdict(struct report_verdicts *verdicts, uint64_t verdict)
{
    switch (verdict) {
    case VERDICT_SHORT: verdicts->short_frames++; break;
    case VERDICT_TORN: verdicts->torn++; break;
    case VERDICT_STALE: verdicts->stale++; break;
    case VERDICT_EARLY: verdicts->out_of_order++; break;
    case VERDICT_WRONG: verdicts->wrong++; break;
    case VERDICT_DUPLICATE: verdicts->duplicate++; break;
    case VERDICT_OUT_OF_ORDER: verdicts->out_of_order++; break;
    default: break;
    }
}

static void take_lock(struct report *report, const struct trace_event *event)
{
    struct report_figures *figures = &report->figures;
    uint64_t mappings = event->arg[2];

    figures->frame_locks++;
    if (report->reads_locked < report->reads_queued)
        figures->high_bytes += report->queued_high_bytes[report->reads_locked++ % READS_MAX];
    if (event->arg[3] > figures->frame_locks_highest)
        figures->frame_locks_highest = event->arg[3];
    if (mappings > 0) {
        report->mappings[mappings < MAPPINGS_MAX ? mappings : MAPPINGS_MAX - 1]++;
        figures->mappings_frames++;
    }
}

static void take_map(struct report_figures *figures, const struct trace_event *event)
{
    figures->direct_bytes += event->arg[2];
    figures->bounce_bytes += event->arg[3];
}

static void take_registers(struct report_figures *figures, const struct trace_event *event)
{
    figures->registers_now = event->arg[2];
    if (figures->registers_now > figures->registers_highest)
        figures->registers_highest = figures->registers_now;
}

static uint64_t rival_page_us(const struct report *report, uint64_t until_ns)
{
    uint64_t us = (until_ns - report->rival_since_ns) / 1000;

    return report->rival_page_us + report->rival_pages * us;
}

static void take_rival(struct report *report, const struct trace_event *event)
{
    uint64_t bytes = event->arg[0] * 4096;

    report->rival_page_us = rival_page_us(report, event->time_ns);
    report->rival_pages = event->arg[0];
    report->rival_since_ns = event->time_ns;
    if (bytes > report->figures.rival_bytes_highest)
        report->figures.rival_bytes_highest = bytes;
}

static void take_module(struct report *report, const struct trace_event *event)
{
    if (report->module_count == MODULES_MAX)
        return;
    report->modules[report->module_count++] =
        (struct report_module){.base_va = event->arg[0], .size_bytes = event->arg[1]};
    begin_text(report, TEXT_MODULE);
}

/* Stubs are numbered in the order in which they are told of. */
static void take_stub(struct report *report, const struct trace_event *event)
{
    struct report_stub *stub;

    if (event->type == TRACE_stub_given) {
        if (report->stub_count == STUBS_MAX)
            return;
        report->stubs[report->stub_count++] = (struct report_stub){.value = event->arg[1]};
        begin_text(report, TEXT_STUB);
        return;
    }
    if (event->arg[0] >= report->stub_count)
        return;
    stub = &report->stubs[event->arg[0]];
    stub->bound = true;
    if (event->type == TRACE_stub_called && stub->calls++ == 0)
        stub->first_caller_va = event->arg[1];
}

uint64_t report_stub_calls(const struct report *report)
{
    uint64_t calls = 0;

    for (unsigned i = 0; i < report->stub_count; i++)
        calls += report->stubs[i].calls;
    return calls;
}

/* Registers come in fours: the event's index counts the groups. */
static void take_four_registers(struct report_bug_check *bug, const struct trace_event *event)
{
    uint64_t first = event->arg[0] * 4;

    if (event->arg[0] > REGISTERS / 4)
        return;
    for (unsigned i = 0; i < 4 && first + i < REGISTERS; i++)
        bug->registers[first + i] = event->arg[1 + i];
    if (first < REGISTERS)
        bug->register_count = first + 4 < REGISTERS ? (unsigned)first + 4 : REGISTERS;
}

static void take_bug_check(struct report *report, const struct trace_event *event)
{
    struct report_bug_check *bug = &report->bug;

    switch (event->type) {
    case TRACE_bug_check:
        bug->seen = true;
        bug->code = event->arg[0];
        memcpy(bug->parameter, &event->arg[1], sizeof bug->parameter);
        bug->rip_va = event->arg[5];
        bug->cpu = event->cpu;
        bug->irql = event->irql;
        bug->has_exception = bug->exception.type == TRACE_exception &&
                             bug->exception.time_ns == event->time_ns &&
                             bug->exception.cpu == event->cpu;
        break;
    case TRACE_exception: bug->exception = *event; break;
    case TRACE_registers:
        take_four_registers(bug, event);
        break;
    case TRACE_stack_frame:
        if (bug->stack_count < FRAMES_MAX)
            bug->stack_rip[bug->stack_count++] = event->arg[1];
        break;
    default:
        break;
    }
}

static void take_frame(struct report_figures *figures, const struct trace_event *event)
{
    if (event->type == TRACE_frame_delivered) {
        figures->delivered++;
        report_count_verdict(&figures->verdicts, event->arg[4]);
    } else {
        figures->lost += event->arg[1];
        figures->dropped_by_driver += event->arg[2];
    }
}

static void count(struct report *report, const struct trace_event *event)
{
    struct report_figures *figures = &report->figures;

    switch (event->type) {
    case TRACE_underrun: figures->underruns++; break;
    case TRACE_frame_delivered:
    case TRACE_frames_lost: take_frame(figures, event); break;
    case TRACE_frame_lock: take_lock(report, event); break;
    case TRACE_read_queued:
        report->queued_high_bytes[report->reads_queued++ % READS_MAX] = event->arg[1];
        break;
    case TRACE_frame_verdict:
        if (report->bad_frame_count < BAD_FRAMES_MAX) {
            report->bad_frames[report->bad_frame_count] = *event;
            report->bad_frame_pin[report->bad_frame_count] = report->turn;
        }
        report->bad_frame_count++;
        break;
    case TRACE_frame_lock_failed: figures->frame_locks_failed++; break;
    case TRACE_dma_map: take_map(figures, event); break;
    case TRACE_map_registers: take_registers(figures, event); break;
    case TRACE_low_memory_rival: take_rival(report, event); break;
    case TRACE_dma_queued: figures->registers_queued++; break;
    case TRACE_dma_refused: figures->registers_failed++; break;
    case TRACE_interrupt:
        figures->interrupts++;
        figures->interrupts_unclaimed += event->arg[3] == 0;
        break;
    case TRACE_addresses_used_up: report->pages_used_up = event->arg[2]; break;
    case TRACE_dpc: figures->dpcs++; break;
    case TRACE_trap: figures->traps++; break;
    case TRACE_site_patched: figures->sites_patched++; break;
    case TRACE_forced_yield: figures->forced_yields++; break;
    case TRACE_module_loaded: take_module(report, event); break;
    case TRACE_debug_print: begin_text(report, TEXT_PRINT); break;
    case TRACE_missing_call:
        report->missing_event = *event;
        begin_text(report, TEXT_MISSING);
        break;
    case TRACE_stub_given:
    case TRACE_stub_bound:
    case TRACE_stub_called: take_stub(report, event); break;
    case TRACE_note:
        report->notes[report->note_count].kind = event->arg[0];
        begin_text(report, TEXT_NOTE);
        break;
    case TRACE_text: take_text(report, event); break;
    default: take_bug_check(report, event); break;
    }
}

/* What the post-mortem shows in words need not stand among the last events too. */
static bool is_shown_by_itself(uint16_t type)
{
    return type == TRACE_text || type == TRACE_bug_check || type == TRACE_registers ||
           type == TRACE_stack_frame;
}

void report_event(struct report *report, const struct trace_event *event)
{
    report->figures.events++;
    if (event->time_ns > report->figures.virtual_ns)
        report->figures.virtual_ns = event->time_ns;
    if (!is_shown_by_itself(event->type))
        report->last[report->last_count++ % LAST_EVENTS] = *event;
    verify_event(report->verify, event);
    report_violation_event(&report->violations, event);
    report_pins_event(report, event);
    report_incident_event(&report->incidents, event, verify_errors(report->verify));
    count(report, event);
}

static uint64_t mappings_at(const struct report *report, uint64_t rank)
{
    uint64_t seen = 0;

    for (uint64_t i = 0; i < MAPPINGS_MAX; i++) {
        seen += report->mappings[i];
        if (seen > rank)
            return i;
    }
    return 0;
}

void report_figures(const struct report *report, struct report_figures *out)
{
    *out = report->figures;
    if (out->virtual_ns >= 1000)
        out->rival_bytes_average =
            rival_page_us(report, out->virtual_ns) / (out->virtual_ns / 1000) * 4096;
    if (out->mappings_frames == 0)
        return;
    out->mappings_min = mappings_at(report, 0);
    out->mappings_median = mappings_at(report, out->mappings_frames / 2);
    out->mappings_max = mappings_at(report, out->mappings_frames - 1);
}

void report_place(const struct report *report, uint64_t va, char *text, size_t size)
{
    for (unsigned i = 0; i < report->module_count; i++) {
        const struct report_module *module = &report->modules[i];

        if (va - module->base_va < module->size_bytes) {
            snprintf(text, size, "%s+0x%" PRIx64, module->name, va - module->base_va);
            return;
        }
    }
    snprintf(text, size, "0x%" PRIx64, va);
}
