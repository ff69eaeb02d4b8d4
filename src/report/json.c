/* SPDX-License-Identifier: MIT */
/* The same figures for programs. Members come in a fixed order, schema_version first; docs/json.md
 * is the schema. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "report/internal.h"
#include "report/names.h"

enum { SCHEMA_VERSION = 1 };

/* JSON's integers are signed here; only a child gone wild counts further. */
static void put(json_t *object, const char *key, uint64_t value)
{
    json_int_t shown = value > INT64_MAX ? INT64_MAX : (json_int_t)value;

    json_object_set_new(object, key, json_integer(shown));
}

/* JSON is UTF-8, file names and what drivers say need not be: then every byte that is no ASCII
 * shows as a question mark. */
static json_t *string(const char *value)
{
    json_t *json = json_string(value);
    char *copy;

    if (json != NULL)
        return json;
    copy = strdup(value);
    for (char *at = copy; at != NULL && *at != 0; at++) {
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    }
    json = copy != NULL ? json_string(copy) : NULL;
    free(copy);
    return json;
}

static void put_text(json_t *object, const char *key, const char *value)
{
    json_object_set_new(object, key, value != NULL ? string(value) : json_null());
}

static void put_hex(json_t *object, const char *key, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "0x%" PRIx64, value);
    put_text(object, key, text);
}

static json_t *frames_object(const struct report_figures *figures)
{
    json_t *object = json_object();

    put(object, "delivered", figures->delivered);
    put(object, "dropped_by_driver", figures->dropped_by_driver);
    put(object, "lost", figures->lost);
    put(object, "torn", figures->torn);
    put(object, "stale", figures->stale);
    put(object, "short", figures->short_frames);
    put(object, "duplicate", figures->duplicate);
    put(object, "out_of_order", figures->out_of_order);
    put(object, "wrong", figures->wrong);
    return object;
}

static json_t *dma_object(const struct report_figures *figures)
{
    json_t *object = json_object();

    put(object, "frame_locks", figures->frame_locks);
    put(object, "frame_locks_highest", figures->frame_locks_highest);
    put(object, "frame_locks_failed", figures->frame_locks_failed);
    put(object, "map_registers_highest", figures->registers_highest);
    put(object, "map_registers_at_end", figures->registers_now);
    put(object, "map_register_requests_queued", figures->registers_queued);
    put(object, "map_register_requests_failed", figures->registers_failed);
    put(object, "low_memory_rival_average", figures->rival_bytes_average);
    put(object, "low_memory_rival_highest", figures->rival_bytes_highest);
    put(object, "direct_bytes", figures->direct_bytes);
    put(object, "bounce_bytes", figures->bounce_bytes);
    put(object, "frame_bytes_above_4g", figures->high_bytes);
    put(object, "mappings_min", figures->mappings_min);
    put(object, "mappings_median", figures->mappings_median);
    put(object, "mappings_max", figures->mappings_max);
    return object;
}

static json_t *bad_frames_array(const struct report *report)
{
    json_t *array = json_array();

    for (uint64_t i = 0; i < report->bad_frame_count && i < BAD_FRAMES_MAX; i++) {
        const struct trace_event *event = &report->bad_frames[i];
        json_t *object = json_object();

        put(object, "frame", event->arg[0]);
        put_text(object, "verdict", report_verdict_name(event->arg[1]));
        put(object, "line", event->arg[2]);
        put(object, "expected", event->arg[3]);
        put(object, "found", event->arg[4]);
        put(object, "offset", event->arg[5]);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *findings_array(const struct report *report)
{
    json_t *array = json_array();

    for (size_t i = 0; i < verify_count(report->verify); i++) {
        const struct verify_finding *finding = verify_at(report->verify, i);
        json_t *object = json_object();
        char text[256];

        verify_text(finding, text, sizeof text);
        put_text(object, "rule", verify_rule_name(finding->rule));
        put_text(object, "kind",
                 verify_rule_kind(finding->rule) == VERIFY_KIND_advice ? "advice" : "error");
        put_text(object, "text", text);
        put_text(object, "source", verify_rule_source(finding->rule));
        report_place(report, finding->caller_va, text, sizeof text);
        put_text(object, "place", finding->caller_va != 0 ? text : NULL);
        put(object, "count", finding->count);
        put(object, "first_ns", finding->first_time_ns);
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
    put_text(object, "place", place);
    put_hex(object, "address", exception->arg[2]);
    put_text(object, "access", report_access_name(exception->arg[3]));
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
    put_text(object, "name", report_bug_check_name(bug->code));
    for (unsigned i = 0; i < 4; i++) {
        char key[16];

        snprintf(key, sizeof key, "parameter%u", i + 1);
        put_hex(object, key, bug->parameter[i]);
    }
    report_place(report, bug->rip_va, place, sizeof place);
    put_text(object, "place", place);
    put(object, "irql", bug->irql);
    json_object_set_new(object, "exception", exception_object(report));
    stack = json_array();
    for (unsigned i = 0; i < bug->stack_count; i++) {
        report_place(report, bug->stack_rip[i], place, sizeof place);
        json_array_append_new(stack, string(place));
    }
    json_object_set_new(object, "stack", stack);
    return object;
}

static json_t *missing_object(const struct report *report)
{
    json_t *object;
    char place[96];

    if (report->missing[0] == 0)
        return json_null();
    object = json_object();
    put_text(object, "name", report->missing);
    report_place(report, report->missing_event.arg[1], place, sizeof place);
    put_text(object, "place", place);
    return object;
}

static json_t *format_object(const struct report_format *format)
{
    json_t *object;

    if (format->name == NULL)
        return json_null();
    object = json_object();
    put_text(object, "name", format->name);
    put(object, "width", format->width);
    put(object, "height", format->height);
    json_object_set_new(object, "bottom_up", json_boolean(format->bottom_up));
    put(object, "rate_numerator", format->rate_numerator);
    put(object, "rate_denominator", format->rate_denominator);
    put(object, "frame_bytes", format->frame_bytes);
    return object;
}

static json_t *run_object(const struct report_run *run)
{
    json_t *object = json_object();

    put_text(object, "driver", run->driver);
    put_text(object, "card", run->card);
    put_text(object, "card_parameters", run->card_parameters);
    json_object_set_new(object, "format", format_object(&run->format));
    put(object, "seed", run->seed);
    put(object, "cpus", run->cpus);
    put(object, "ram_bytes", run->ram_bytes);
    put_text(object, "windows", run->windows);
    put_text(object, "payload", run->payload);
    put(object, "buffers", run->buffers);
    put(object, "buffer_offset", run->dma.buffer_offset_bytes);
    put_text(object, "pages", run->dma.pages);
    put(object, "low_memory_bytes", run->dma.low_memory_bytes);
    put(object, "low_memory_pressure", run->dma.low_memory_pressure);
    put(object, "map_registers", run->dma.map_registers);
    json_object_set_new(object, "force_bounce", json_boolean(run->dma.force_bounce));
    put_text(object, "iommu", run->dma.iommu);
    return object;
}

static json_t *time_object(const struct report_figures *figures, const struct report_run *run,
                           bool with_wall)
{
    json_t *object = json_object();

    put(object, "virtual_ns", figures->virtual_ns);
    json_object_set_new(object, "reproducible", json_boolean(figures->forced_yields == 0));
    if (with_wall)
        put(object, "wall_ns", run->wall_ns);
    return object;
}

char *report_json(const struct report *report, const struct report_run *run, bool with_wall)
{
    struct report_figures figures;
    json_t *root = json_object();
    char *text;

    report_figures(report, &figures);
    put(root, "schema_version", SCHEMA_VERSION);
    put_text(root, "weir_version", run->version);
    put_text(root, "outcome", run->outcome);
    put(root, "exit_code", (uint64_t)run->exit_code);
    put_text(root, "message", run->message);
    json_object_set_new(root, "run", run_object(run));
    json_object_set_new(root, "frames", frames_object(&figures));
    json_object_set_new(root, "bad_frames", bad_frames_array(report));
    json_object_set_new(root, "dma", dma_object(&figures));
    put(root, "interrupts", figures.interrupts);
    put(root, "interrupts_unclaimed", figures.interrupts_unclaimed);
    put(root, "dpcs", figures.dpcs);
    put(root, "events", figures.events);
    if (run->has_video_hash)
        put_hex(root, "video_hash", run->video_hash);
    else
        put_text(root, "video_hash", NULL);
    json_object_set_new(root, "time", time_object(&figures, run, with_wall));
    json_object_set_new(root, "findings", findings_array(report));
    put(root, "findings_beyond_limit", verify_dropped(report->verify));
    json_object_set_new(root, "bug_check", bug_check_object(report));
    json_object_set_new(root, "missing_function", missing_object(report));
    text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}
