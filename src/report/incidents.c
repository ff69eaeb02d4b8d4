/* SPDX-License-Identifier: MIT */
#include "report/incidents.h"

#include <inttypes.h>
#include <stdio.h>

#include "report/internal.h"
#include "report/json_put.h"
#include "trace/incidents.h"

static const char *name_of(uint64_t kind)
{
    static const char *const names[] = {
#define INCIDENT(name, text) #name,
#include "trace/incidents.tbl.h"
#undef INCIDENT
    };

    return kind < ARRAY_LEN(names) ? names[kind] : "unknown";
}

/* ---- Counting -------------------------------------------------------------------------------- */

static struct report_incident *find(struct report_incidents *incidents, uint64_t index)
{
    for (unsigned i = 0; i < incidents->count; i++) {
        if (incidents->rows[i].index == index)
            return &incidents->rows[i];
    }
    return NULL;
}

static void begin(struct report_incidents *incidents, const struct trace_event *event,
                  size_t errors)
{
    if (incidents->count == INCIDENTS_MAX)
        return;
    incidents->rows[incidents->count++] =
        (struct report_incident){.index = event->arg[0], .kind = event->arg[1],
                                 .frames = event->arg[2], .begin_ns = event->time_ns,
                                 .errors_before = errors};
}

void report_incident_event(struct report_incidents *incidents, const struct trace_event *event,
                           size_t errors)
{
    struct report_incident *row;

    if (event->type == TRACE_incident)
        begin(incidents, event, errors);
    if (event->type != TRACE_incident_over && event->type != TRACE_incident_frame)
        return;
    row = find(incidents, event->arg[0]);
    if (row == NULL)
        return;
    if (event->type == TRACE_incident_over) {
        row->over = true;
        row->status = event->arg[1];
        row->over_ns = event->time_ns;
    } else {
        row->missed += event->arg[1]; /* of every pin */
        if (!row->has_frame)
            row->frame_ns = event->time_ns;
        row->has_frame = true;
    }
}

unsigned report_incident_count(const struct report *report)
{
    return report->incidents.count;
}

uint64_t report_incident_missed(const struct report *report)
{
    uint64_t missed = 0;

    for (unsigned i = 0; i < report->incidents.count; i++)
        missed += report->incidents.rows[i].missed;
    return missed;
}

bool report_removed_by_surprise(const struct report *report)
{
    for (unsigned i = 0; i < report->incidents.count; i++) {
        if (report->incidents.rows[i].kind == INCIDENT_surprise)
            return true;
    }
    return false;
}

static size_t errors_of(const struct report_incidents *incidents, unsigned i, size_t errors)
{
    size_t after = i + 1 < incidents->count ? incidents->rows[i + 1].errors_before : errors;

    return after - incidents->rows[i].errors_before;
}

/* ---- Telling --------------------------------------------------------------------------------- */

static double seconds(uint64_t from_ns, uint64_t to_ns)
{
    return (double)(to_ns - from_ns) / 1e9;
}

static void end_text(const struct report_incident *row, struct text *out)
{
    if (!row->over)
        text_string(out, "never over");
    else if (row->status != 0)
        text_printf(out, "refused by the driver, status 0x%08" PRIx64, row->status);
    else
        text_printf(out, "over after %.3f s", seconds(row->begin_ns, row->over_ns));
    if (row->has_frame)
        text_printf(out, ", next frame after %.3f s, %" PRIu64 " missed",
                    seconds(row->begin_ns, row->frame_ns), row->missed);
}

void report_incidents_text(const struct report_incidents *incidents, size_t errors,
                           struct text *out)
{
    if (incidents->count == 0)
        return;
    text_printf(out, "incidents           %u\n", incidents->count);
    for (unsigned i = 0; i < incidents->count; i++) {
        const struct report_incident *row = &incidents->rows[i];

        text_printf(out, "  %s after %" PRIu64 " frames, at %.3f s: ", name_of(row->kind),
                    row->frames, (double)row->begin_ns / 1e9);
        end_text(row, out);
        text_printf(out, ", %zu errors\n", errors_of(incidents, i, errors));
    }
}

static void put_time(json_t *object, const char *key, bool known, uint64_t ns)
{
    if (known)
        json_put(object, key, ns);
    else
        json_object_set_new(object, key, json_null());
}

json_t *report_incidents_array(const struct report_incidents *incidents, size_t errors)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < incidents->count; i++) {
        const struct report_incident *row = &incidents->rows[i];
        json_t *object = json_object();
        char status[24];

        snprintf(status, sizeof status, "0x%" PRIx64, row->status);
        json_put_text(object, "kind", name_of(row->kind));
        json_put(object, "frames_before", row->frames);
        json_put(object, "begin_ns", row->begin_ns);
        put_time(object, "over_ns", row->over, row->over_ns);
        json_put_text(object, "status", row->over ? status : NULL);
        put_time(object, "next_frame_ns", row->has_frame, row->frame_ns);
        put_time(object, "frames_missed", row->has_frame, row->missed);
        json_put(object, "errors", errors_of(incidents, i, errors));
        json_array_append_new(array, object);
    }
    return array;
}
