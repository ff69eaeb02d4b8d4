/* SPDX-License-Identifier: MIT */
/* The same figures for programs. Members come in a fixed order, schema_version first; docs/json.md is the schema. */
#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#include "report/internal.h"
#include "report/names.h"

enum { SCHEMA_VERSION = 1 };

static void put(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void put_text(json_t *object, const char *key, const char *value)
{
    json_object_set_new(object, key, value != NULL ? json_string(value) : json_null());
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
    put(object, "map_register_requests_failed", figures->registers_failed);
    put(object, "direct_bytes", figures->direct_bytes);
    put(object, "bounce_bytes", figures->bounce_bytes);
    put(object, "mappings_min", figures->mappings_min);
    put(object, "mappings_median", figures->mappings_median);
    put(object, "mappings_max", figures->mappings_max);
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
    stack = json_array();
    for (unsigned i = 0; i < bug->stack_count; i++) {
        report_place(report, bug->stack_rip[i], place, sizeof place);
        json_array_append_new(stack, json_string(place));
    }
    json_object_set_new(object, "stack", stack);
    return object;
}

static json_t *run_object(const struct report_run *run)
{
    json_t *object = json_object();

    put_text(object, "driver", run->driver);
    put_text(object, "card", run->card);
    put_text(object, "format", run->format);
    put(object, "seed", run->seed);
    put(object, "cpus", run->cpus);
    put(object, "ram_bytes", run->ram_bytes);
    put_text(object, "windows", run->windows);
    put_text(object, "payload", run->payload);
    put(object, "buffers", run->buffers);
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
    json_object_set_new(root, "dma", dma_object(&figures));
    put(root, "interrupts", figures.interrupts);
    put(root, "interrupts_unclaimed", figures.interrupts_unclaimed);
    put(root, "dpcs", figures.dpcs);
    put(root, "events", figures.events);
    if (run->has_video_hash)
        put_hex(root, "video_hash", run->video_hash);
    json_object_set_new(root, "time", time_object(&figures, run, with_wall));
    json_object_set_new(root, "findings", findings_array(report));
    json_object_set_new(root, "bug_check", bug_check_object(report));
    put_text(root, "missing_function", report->missing[0] != 0 ? report->missing : NULL);
    text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}
