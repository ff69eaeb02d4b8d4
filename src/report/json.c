/* SPDX-License-Identifier: MIT */
/* The same figures for programs. Members come in a fixed order, schema_version first; docs/json.md
 * is the schema. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "report/internal.h"
#include "report/json_put.h"
#include "report/names.h"

enum { SCHEMA_VERSION = 1 };

static json_t *hex_text(uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "0x%" PRIx64, value);
    return json_text(text);
}

static void put_hex(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, hex_text(value));
}

static void put_verdicts(json_t *object, const struct report_verdicts *verdicts)
{
    json_put(object, "torn", verdicts->torn);
    json_put(object, "stale", verdicts->stale);
    json_put(object, "short", verdicts->short_frames);
    json_put(object, "duplicate", verdicts->duplicate);
    json_put(object, "out_of_order", verdicts->out_of_order);
    json_put(object, "wrong", verdicts->wrong);
}

static json_t *frames_object(const struct report_figures *figures)
{
    json_t *object = json_object();

    json_put(object, "delivered", figures->delivered);
    json_put(object, "dropped_by_driver", figures->dropped_by_driver);
    json_put(object, "underruns", figures->underruns);
    json_put(object, "lost", figures->lost);
    put_verdicts(object, &figures->verdicts);
    return object;
}

static json_t *pin_frames_object(const struct report_pin *pin)
{
    json_t *object = json_object();

    json_put(object, "delivered", pin->delivered);
    json_put(object, "dropped_by_driver", pin->dropped);
    json_put(object, "underruns", pin->underruns);
    json_put(object, "lost", pin->lost);
    put_verdicts(object, &pin->verdicts);
    return object;
}

static json_t *dma_object(const struct report_figures *figures)
{
    json_t *object = json_object();

    json_put(object, "frame_locks", figures->frame_locks);
    json_put(object, "frame_locks_highest", figures->frame_locks_highest);
    json_put(object, "frame_locks_failed", figures->frame_locks_failed);
    json_put(object, "map_registers_highest", figures->registers_highest);
    json_put(object, "map_registers_at_end", figures->registers_now);
    json_put(object, "map_register_requests_queued", figures->registers_queued);
    json_put(object, "map_register_requests_failed", figures->registers_failed);
    json_put(object, "low_memory_rival_average", figures->rival_bytes_average);
    json_put(object, "low_memory_rival_highest", figures->rival_bytes_highest);
    json_put(object, "direct_bytes", figures->direct_bytes);
    json_put(object, "bounce_bytes", figures->bounce_bytes);
    json_put(object, "frame_bytes_above_4g", figures->high_bytes);
    json_put(object, "mappings_min", figures->mappings_min);
    json_put(object, "mappings_median", figures->mappings_median);
    json_put(object, "mappings_max", figures->mappings_max);
    return object;
}

static json_t *bad_frames_array(const struct report *report)
{
    json_t *array = json_array();

    for (uint64_t i = 0; i < report->bad_frame_count && i < BAD_FRAMES_MAX; i++) {
        const struct trace_event *event = &report->bad_frames[i];
        json_t *object = json_object();

        json_put(object, "frame", event->arg[0]);
        json_put_text(object, "verdict", report_verdict_name(event->arg[1]));
        json_put(object, "line", event->arg[2]);
        json_put(object, "expected", event->arg[3]);
        json_put(object, "found", event->arg[4]);
        json_put(object, "offset", event->arg[5]);
        json_put(object, "pin", report->pins[report->bad_frame_pin[i]].pin_id);
        json_array_append_new(array, object);
    }
    return array;
}

static void put_place(const struct report *report, json_t *object, const char *key, uint64_t va)
{
    char text[96];

    report_place(report, va, text, sizeof text);
    json_put_text(object, key, va != 0 ? text : NULL);
}

static void put_number_or_null(json_t *object, const char *key, bool known, uint64_t value)
{
    if (known)
        json_put(object, key, value);
    else
        json_object_set_new(object, key, json_null());
}

static json_t *access_object(const struct report *report, const struct verify_finding *finding)
{
    const struct report_violation *violation =
        report_violation_of(&report->violations, finding->first_sequence);
    uint64_t whole_la;
    json_t *object;

    if (violation == NULL)
        return json_null();
    object = json_object();
    whole_la = violation->card.arg[3];
    put_hex(object, "address", violation->bus.arg[1]);
    json_put(object, "bytes", violation->bus.arg[2]);
    json_object_set_new(object, "write", json_boolean(violation->bus.arg[3] != 0));
    json_object_set_new(object, "refused", json_boolean(violation->card.arg[2] != 0));
    if (whole_la != 0)
        put_hex(object, "mapped_address", whole_la);
    else
        json_put_text(object, "mapped_address", NULL);
    put_number_or_null(object, "mapping", violation->has_mapping, violation->mapping.arg[0]);
    put_number_or_null(object, "pin", violation->list.has_frame, violation->list.pin_id);
    put_number_or_null(object, "frame", violation->list.has_frame, violation->list.frame_id);
    put_place(report, object, "made_at", violation->mapping.arg[4]);
    put_place(report, object, "released_at", violation->mapping.arg[5]);
    return object;
}

static json_t *findings_array(const struct report *report)
{
    json_t *array = json_array();

    for (size_t i = 0; i < verify_count(report->verify); i++) {
        const struct verify_finding *finding = verify_at(report->verify, i);
        json_t *object = json_object();
        char text[256];

        verify_text(finding, text, sizeof text);
        json_put_text(object, "rule", verify_rule_name(finding->rule));
        json_put_text(object, "kind",
                 verify_rule_kind(finding->rule) == VERIFY_KIND_advice ? "advice" : "error");
        json_put_text(object, "text", text);
        json_put_text(object, "source", verify_rule_source(finding->rule));
        report_place(report, finding->caller_va, text, sizeof text);
        json_put_text(object, "place", finding->caller_va != 0 ? text : NULL);
        json_put(object, "count", finding->count);
        json_put(object, "first_ns", finding->first_time_ns);
        json_object_set_new(object, "access", access_object(report, finding));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *exception_object(const struct report *report)
{
    const struct trace_event *exception = &report->bug.exception;
    json_t *object;
    char place[96];

    if (!report->bug.has_exception)
        return json_null();
    object = json_object();
    put_hex(object, "code", exception->arg[0]);
    report_place(report, exception->arg[1], place, sizeof place);
    json_put_text(object, "place", place);
    put_hex(object, "address", exception->arg[2]);
    json_put_text(object, "access", report_access_name(exception->arg[3]));
    return object;
}

static json_t *bug_check_object(const struct report *report)
{
    const struct report_bug_check *bug = &report->bug;
    json_t *object, *stack;
    char place[96];

    if (!bug->seen)
        return json_null();
    object = json_object();
    put_hex(object, "code", bug->code);
    json_put_text(object, "name", report_bug_check_name(bug->code));
    for (unsigned i = 0; i < 4; i++) {
        char key[16];

        snprintf(key, sizeof key, "parameter%u", i + 1);
        put_hex(object, key, bug->parameter[i]);
    }
    report_place(report, bug->rip_va, place, sizeof place);
    json_put_text(object, "place", place);
    json_put(object, "irql", bug->irql);
    json_object_set_new(object, "exception", exception_object(report));
    stack = json_array();
    for (unsigned i = 0; i < bug->stack_count; i++) {
        report_place(report, bug->stack_rip[i], place, sizeof place);
        json_array_append_new(stack, json_text(place));
    }
    json_object_set_new(object, "stack", stack);
    return object;
}

static json_t *missing_object(const struct report *report)
{
    json_t *object, *arguments;
    char place[96];

    if (report->missing[0] == 0)
        return json_null();
    object = json_object();
    json_put_text(object, "name", report->missing);
    report_place(report, report->missing_event.arg[1], place, sizeof place);
    json_put_text(object, "place", place);
    arguments = json_array();
    for (unsigned i = 0; i < 4; i++)
        json_array_append_new(arguments, hex_text(report->missing_event.arg[2 + i]));
    json_object_set_new(object, "arguments", arguments);
    return object;
}

static json_t *stubs_array(const struct report *report)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < report->stub_count; i++) {
        const struct report_stub *stub = &report->stubs[i];
        json_t *object = json_object();
        char place[96];

        json_put_text(object, "name", stub->name);
        put_hex(object, "value", stub->value);
        json_object_set_new(object, "imported", json_boolean(stub->bound));
        json_put(object, "calls", stub->calls);
        report_place(report, stub->first_caller_va, place, sizeof place);
        json_put_text(object, "first_place", stub->calls > 0 ? place : NULL);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *notes_array(const struct report *report)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < report->note_count; i++) {
        const struct report_note *note = &report->notes[i];
        json_t *object = json_object();

        json_put_text(object, "kind", report_note_name(note->kind));
        json_put_text(object, "text", note->text);
        json_put(object, "count", note->count);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *sound_object(const struct report_pin *pin, const struct report_format *format)
{
    const struct report_sound *sound = &pin->sound;
    uint64_t bytes = pin->plays ? pin->taken_bytes : pin->bytes;
    json_t *object;

    if (format->channels == 0)
        return json_null();
    object = json_object();
    json_put(object, "packets", sound->packets);
    json_put(object, "bytes", bytes);
    json_put(object, "samples", format->block_bytes != 0 ? bytes / format->block_bytes : 0);
    json_put(object, "peak", sound->peak);
    json_put(object, "gaps", sound->gaps);
    json_put(object, "gap_100ns", sound->gap_100ns);
    json_put(object, "discontinuities", sound->discontinuities);
    put_number_or_null(object, "position", sound->has_position, sound->position);
    json_put(object, "positions_back", sound->positions_back);
    return object;
}

static json_t *pins_array(const struct report *report, const struct report_run *run)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < report->pin_count; i++) {
        const struct report_pin *pin = &report->pins[i];
        const struct report_run_pin *asked = &run->pins[i];
        json_t *object = json_object();

        json_put(object, "filter", pin->filter);
        json_put(object, "pin", pin->pin_id);
        json_put_text(object, "flow", pin->plays ? "in" : "out");
        json_object_set_new(object, "format", json_format(&asked->format));
        put_number_or_null(object, "taken", pin->plays, pin->taken);
        json_object_set_new(object, "seen", json_boolean(!pin->plays || pin->seen));
        json_object_set_new(object, "frames", pin_frames_object(pin));
        json_object_set_new(object, "sound", sound_object(pin, &asked->format));
        if (asked->has_hash)
            put_hex(object, "hash", asked->hash);
        else
            json_put_text(object, "hash", NULL);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *run_object(const struct report_run *run)
{
    json_t *object = json_object();

    json_put_text(object, "driver", run->driver);
    json_put_text(object, "card", run->card);
    json_put_text(object, "card_parameters", run->card_parameters);
    json_object_set_new(object, "format", json_format(&run->pins[0].format));
    json_put(object, "seed", run->seed);
    json_put(object, "cpus", run->cpus);
    json_put(object, "ram_bytes", run->ram_bytes);
    json_put_text(object, "windows", run->windows);
    json_put_text(object, "payload", run->payload);
    json_put(object, "buffers", run->buffers);
    json_put(object, "buffer_offset", run->dma.buffer_offset_bytes);
    json_put_text(object, "pages", run->dma.pages);
    json_put(object, "low_memory_bytes", run->dma.low_memory_bytes);
    json_put(object, "low_memory_pressure", run->dma.low_memory_pressure);
    json_put(object, "map_registers", run->dma.map_registers);
    json_object_set_new(object, "force_bounce", json_boolean(run->dma.force_bounce));
    json_put_text(object, "iommu", run->dma.iommu);
    return object;
}

static json_t *time_object(const struct report_figures *figures, const struct report_run *run,
                           bool with_wall)
{
    json_t *object = json_object();

    json_put(object, "virtual_ns", figures->virtual_ns);
    json_object_set_new(object, "reproducible", json_boolean(figures->forced_yields == 0));
    if (with_wall)
        json_put(object, "wall_ns", run->wall_ns);
    return object;
}

char *report_json(const struct report *report, const struct report_run *run, bool with_wall)
{
    struct report_figures figures;
    json_t *root = json_object();
    char *text;

    report_figures(report, &figures);
    json_put(root, "schema_version", SCHEMA_VERSION);
    json_put_text(root, "weir_version", run->version);
    json_put_text(root, "outcome", run->outcome);
    json_put(root, "exit_code", (uint64_t)run->exit_code);
    json_put_text(root, "message", run->message);
    json_object_set_new(root, "run", run_object(run));
    json_object_set_new(root, "frames", frames_object(&figures));
    json_object_set_new(root, "bad_frames", bad_frames_array(report));
    json_object_set_new(root, "dma", dma_object(&figures));
    json_put(root, "interrupts", figures.interrupts);
    json_put(root, "interrupts_unclaimed", figures.interrupts_unclaimed);
    json_put(root, "dpcs", figures.dpcs);
    json_put(root, "events", figures.events);
    if (run->pins[0].has_hash)
        put_hex(root, "video_hash", run->pins[0].hash);
    else
        json_put_text(root, "video_hash", NULL);
    json_object_set_new(root, "time", time_object(&figures, run, with_wall));
    json_object_set_new(root, "incidents",
                        report_incidents_array(&report->incidents,
                                               verify_errors(report->verify)));
    json_object_set_new(root, "findings", findings_array(report));
    json_put(root, "findings_beyond_limit", verify_dropped(report->verify));
    json_object_set_new(root, "bug_check", bug_check_object(report));
    json_object_set_new(root, "missing_function", missing_object(report));
    json_object_set_new(root, "stubs", stubs_array(report));
    json_object_set_new(root, "notes", notes_array(report));
    json_object_set_new(root, "pins", pins_array(report, run));
    text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}
