/* SPDX-License-Identifier: MIT */
/* `weir locks --json`. Members come in a fixed order, schema_version first; docs/locks.md is the
 * schema. */
#include <stdlib.h>

#include <jansson.h>

#include "report/json_put.h"
#include "report/locks.h"

enum { SCHEMA_VERSION = 1, DIGITS = 9 };

static void put_real(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, json_real(value));
}

static json_t *machine_object(const struct locks_report *report)
{
    json_t *object = json_object();

    json_put(object, "ram_bytes", report->ram_bytes);
    json_put(object, "low_memory_bytes", report->low_memory_bytes);
    json_put(object, "low_memory_pressure", report->low_memory_pressure);
    json_put(object, "map_registers", report->map_registers);
    json_put_text(object, "pages", report->pages);
    json_put(object, "buffer_offset", report->buffer_offset_bytes);
    json_put(object, "cpus", report->cpus);
    json_put_text(object, "windows", report->windows);
    return object;
}

static json_t *levels_array(const struct locks_counts *counts)
{
    json_t *array = json_array();

    for (unsigned held = 0; held <= LOCKS_HELD_MAX; held++) {
        const struct locks_level *level = &counts->level[held];
        struct locks_rate rate;
        json_t *object;

        if (level->attempts == 0)
            continue;
        locks_rate(level, &rate);
        object = json_object();
        json_put(object, "held", held);
        json_put(object, "attempts", level->attempts);
        json_put(object, "failures", level->failures);
        put_real(object, "rate", rate.rate);
        put_real(object, "low", rate.low);
        put_real(object, "high", rate.high);
        json_array_append_new(array, object);
    }
    return array;
}

static void put_mean(json_t *object, const char *key, uint64_t sum, uint64_t count)
{
    put_real(object, key, count > 0 ? (double)sum / (double)count : 0);
}

static json_t *column_object(const struct locks_report *report, unsigned index)
{
    const struct locks_column *column = &report->column[index];
    const struct locks_counts *counts = column->counts;
    struct locks_answer answer;
    json_t *object = json_object();

    locks_answer(counts, report->target, &answer);
    json_put_text(object, "name", column->name);
    json_put_text(object, "card", column->card);
    json_put_text(object, "card_parameters", column->card_parameters);
    json_put_text(object, "way", column->way);
    json_put_text(object, "iommu", column->iommu);
    json_object_set_new(object, "force_bounce", json_boolean(column->force_bounce));
    json_object_set_new(object, "format", json_format(&column->format));
    json_put(object, "runs", column->runs);
    json_put(object, "broken_runs", column->broken_runs);
    json_put(object, "frames", counts->frames);
    json_put(object, "attempts", answer.attempts);
    json_put(object, "failures", answer.failures);
    json_put(object, "most_held", answer.most_held);
    json_put(object, "locks_sure", answer.sure);
    json_put(object, "locks_seen", answer.seen);
    put_mean(object, "map_registers_per_lock", counts->registers, counts->transfers);
    put_mean(object, "bounce_bytes_per_lock", counts->bounce_bytes, counts->transfers);
    put_mean(object, "direct_bytes_per_lock", counts->direct_bytes, counts->transfers);
    json_object_set_new(object, "levels", levels_array(counts));
    return object;
}

static json_t *incidents_array(const struct locks_report *report)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < report->incident_count; i++) {
        const struct locks_incident *incident = &report->incidents[i];
        json_t *object = json_object();

        json_put_text(object, "column", report->column[incident->column].name);
        json_put(object, "seed", incident->seed);
        json_put(object, "buffers", incident->buffers);
        json_put_text(object, "text", incident->text);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *columns_array(const struct locks_report *report)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < report->column_count; i++)
        json_array_append_new(array, column_object(report, i));
    return array;
}

static json_t *buffers_array(const struct locks_report *report)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < report->buffer_count; i++)
        json_array_append_new(array, json_integer(report->buffers[i]));
    return array;
}

static json_t *conclusions_array(const struct locks_report *report)
{
    json_t *array = json_array();
    struct text text;

    text_init(&text);
    for (unsigned i = 0; i < report->column_count; i++) {
        text_clear(&text);
        locks_conclusion(report, i, &text);
        json_array_append_new(array, json_text(text_get(&text)));
    }
    text_fini(&text);
    return array;
}

char *locks_json(const struct locks_report *report)
{
    json_t *root = json_object();
    char *text;

    json_put(root, "schema_version", SCHEMA_VERSION);
    json_put_text(root, "weir_version", report->version);
    json_put_text(root, "driver", report->driver);
    put_real(root, "target", report->target);
    json_object_set_new(root, "machine", machine_object(report));
    json_put(root, "seed_first", report->seed_first);
    json_put(root, "seed_last", report->seed_last);
    json_object_set_new(root, "buffers", buffers_array(report));
    json_put(root, "frames", report->frames);
    json_put(root, "seconds", report->seconds);
    json_object_set_new(root, "conclusions", conclusions_array(report));
    json_object_set_new(root, "columns", columns_array(report));
    json_object_set_new(root, "incidents", incidents_array(report));
    text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS));
    json_decref(root);
    return text;
}
