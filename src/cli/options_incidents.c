/* SPDX-License-Identifier: MIT */
/* --at WHEN:EVENT: what happens to device and application while they stream. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/option_rows.h"

static const struct {
    const char *name, *text;
} kinds[] = {
#define INCIDENT(name, text) {#name, text},
#include "trace/incidents.tbl.h"
#undef INCIDENT
};

static bool parse_kind(const char *word, enum trace_incident *out)
{
    for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].name, word) == 0) {
            *out = (enum trace_incident)i;
            return true;
        }
    }
    return false;
}

/* "100": frames; "2s", "1.5s", "500ms": virtual time. */
static bool parse_when(char *when, struct client_incident *out)
{
    size_t length = strlen(when);
    bool seconds = length > 1 && when[length - 1] == 's';
    bool milliseconds = seconds && length > 2 && when[length - 2] == 'm';
    uint64_t thousandths;
    bool good;
    char *unit = when + length - (milliseconds ? 2 : 1);
    char kept = *unit;

    if (!seconds)
        return num_parse_range(when, 0, UINT32_MAX, &out->frames) == 0;
    *unit = 0;
    good = num_parse_decimal(when, 1000, &thousandths) == 0 && thousandths <= UINT32_MAX;
    *unit = kept;
    if (!good)
        return false;
    out->by_time = true;
    out->time_ns = thousandths * (milliseconds ? 1000 : 1000000);
    return true;
}

int option_take_at(struct options *options, char *value)
{
    struct client_incident *incident = &options->incidents[options->incident_count];
    char *colon = strchr(value, ':');
    bool good = false;

    if (options->incident_count == CLIENT_INCIDENTS_MAX)
        return cli_fail(CLI_USAGE, "--at: at most %d of them", CLIENT_INCIDENTS_MAX);
    *incident = (struct client_incident){0};
    if (colon != NULL && colon != value) {
        *colon = 0;
        good = parse_when(value, incident);
        *colon = ':';
    }
    if (!good || !parse_kind(colon + 1, &incident->kind))
        return option_bad_value("--at", value,
                                "wants WHEN:EVENT, WHEN in frames (100) or time (2s, 500ms), EVENT "
                                "one of pause, stop, reopen, power, rebalance, disable, surprise");
    options->incident_count++;
    return 0;
}

int options_check_incidents(const struct options *options)
{
    const struct options_stream *stream = &options->pins[0];

    for (unsigned i = 0; i < options->incident_count; i++) {
        const struct client_incident *incident = &options->incidents[i];

        if (!incident->by_time && stream->frames != 0 && incident->frames >= stream->frames)
            return cli_fail(CLI_USAGE, "--at %" PRIu64 ":%s: the run ends after %" PRIu64
                            " frames", incident->frames, kinds[incident->kind].name,
                            stream->frames);
        if (incident->by_time && stream->seconds != 0 &&
            incident->time_ns / 1000000000 >= stream->seconds)
            return cli_fail(CLI_USAGE, "--at %" PRIu64 "ms:%s: the run ends after %" PRIu64 " s",
                            incident->time_ns / 1000000, kinds[incident->kind].name,
                            stream->seconds);
    }
    return 0;
}
