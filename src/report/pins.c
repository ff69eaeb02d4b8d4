/* SPDX-License-Identifier: MIT */
/* The run's figures, pin by pin. Events of frames are of the pin that client_turn named last. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "report/internal.h"

/* ---- Counting -------------------------------------------------------------------------------- */

static void open_pin(struct report *report, const struct trace_event *event)
{
    uint64_t index = event->arg[2];

    if (index >= REPORT_PINS_MAX || index != report->pin_count)
        return;
    report->pin_count++;
    report->pins[index] = (struct report_pin){.pin_id = event->arg[0], .plays = event->arg[1] != 0,
                                              .filter = event->arg[3], .seen = event->arg[4] != 0,
                                              .frames_wanted = event->arg[5]};
}

static void take_packet(struct report_pin *pin, const struct trace_event *event)
{
    struct report_sound *sound = &pin->sound;
    int64_t gap_100ns = (int64_t)event->arg[2];

    sound->packets++;
    if (event->arg[1] > sound->peak)
        sound->peak = event->arg[1] < REPORT_PEAK_MAX ? event->arg[1] : REPORT_PEAK_MAX;
    if (gap_100ns != 0) {
        sound->gaps++;
        sound->gap_100ns += gap_100ns < 0 ? -(uint64_t)gap_100ns : (uint64_t)gap_100ns;
    }
    sound->discontinuities += event->arg[3] != 0;
    sound->has_position = event->arg[4] != UINT64_MAX;
    if (sound->has_position)
        sound->position = event->arg[4];
    sound->positions_back += event->arg[5] != 0;
}

void report_pins_event(struct report *report, const struct trace_event *event)
{
    struct report_pin *pin = &report->pins[report->turn];

    switch (event->type) {
    case TRACE_client_pin: open_pin(report, event); break;
    case TRACE_client_turn:
        if (event->arg[0] < REPORT_PINS_MAX)
            report->turn = (unsigned)event->arg[0];
        break;
    case TRACE_underrun: pin->underruns++; break;
    case TRACE_frame_delivered:
        pin->delivered++;
        pin->bytes += event->arg[2];
        report_count_verdict(&pin->verdicts, event->arg[4]);
        break;
    case TRACE_frames_lost:
        pin->lost += event->arg[1];
        pin->dropped += event->arg[2];
        break;
    case TRACE_frame_taken:
        pin->taken++;
        pin->taken_bytes += event->arg[2];
        break;
    case TRACE_incident_frame: pin->missed += event->arg[1]; break;
    case TRACE_audio_packet: take_packet(pin, event); break;
    default: break;
    }
}

unsigned report_pin_count(const struct report *report)
{
    return report->pin_count;
}

const struct report_pin *report_pin(const struct report *report, unsigned index)
{
    return &report->pins[index];
}

uint64_t report_pin_frames(const struct report_pin *pin)
{
    return pin->plays && !pin->seen ? pin->taken : pin->delivered;
}

uint64_t report_pin_bad(const struct report_pin *pin)
{
    const struct report_verdicts *verdicts = &pin->verdicts;

    return pin->lost + verdicts->torn + verdicts->stale + verdicts->short_frames +
           verdicts->duplicate + verdicts->out_of_order + verdicts->wrong;
}

/* ---- Text ------------------------------------------------------------------------------------ */

/* "YUY2 640x480 at 30 fps", "s16 2 ch 48 kHz". */
void report_format_text(const struct report_format *format, struct text *out)
{
    if (format->name == NULL)
        text_string(out, "no format agreed on");
    else if (format->channels != 0)
        text_printf(out, "%s, %" PRIu32 " ch at %.6g kHz", format->name, format->channels,
                    format->rate_hz / 1000.0);
    else
        text_printf(out, "%s %" PRIu32 "x%" PRIu32 " at %.6g fps", format->name, format->width,
                    format->height,
                    format->rate_denominator != 0
                        ? (double)format->rate_numerator / format->rate_denominator
                        : 0.0);
}

static void verdicts_text(const struct report_pin *pin, struct text *out)
{
    const struct report_verdicts *verdicts = &pin->verdicts;

    text_printf(out, "%" PRIu64 " lost, %" PRIu64 " torn", pin->lost, verdicts->torn);
    if (report_pin_bad(pin) > pin->lost + verdicts->torn)
        text_printf(out,
                    ", %" PRIu64 " stale, %" PRIu64 " short, %" PRIu64 " duplicate, %" PRIu64
                    " out of order, %" PRIu64 " wrong",
                    verdicts->stale, verdicts->short_frames, verdicts->duplicate,
                    verdicts->out_of_order, verdicts->wrong);
}

static void frames_text(const struct report_pin *pin, struct text *out)
{
    if (pin->plays && !pin->seen)
        text_printf(out, "%" PRIu64 " taken by the driver", pin->taken);
    else if (pin->plays)
        text_printf(out, "%" PRIu64 " played, %" PRIu64 " underruns, ", pin->delivered,
                    pin->underruns);
    else
        text_printf(out, "%" PRIu64 " delivered, %" PRIu64 " dropped by the driver, ",
                    pin->delivered, pin->dropped);
    if (!pin->plays || pin->seen)
        verdicts_text(pin, out);
    text_char(out, '\n');
}

static double decibels(uint64_t peak)
{
    double value = 20 * log10((double)peak / REPORT_PEAK_MAX);

    return value > -0.05 ? 0 : value; /* no "-0.0" */
}

static void sound_text(const struct report_pin *pin, const struct report_format *format,
                       struct text *out)
{
    const struct report_sound *sound = &pin->sound;
    uint64_t bytes = pin->plays ? pin->taken_bytes : pin->bytes;
    uint64_t samples = format->block_bytes != 0 ? bytes / format->block_bytes : 0;

    text_printf(out, "%" PRIu64 " packets %s, %" PRIu64 " samples a channel",
                pin->plays ? pin->taken : pin->delivered,
                pin->plays ? "taken by the driver" : "delivered", samples);
    if (format->rate_hz != 0)
        text_printf(out, ", %.6g s", (double)samples / format->rate_hz);
    if (sound->peak != 0)
        text_printf(out, ", peak %.1f dBFS", decibels(sound->peak));
    else
        text_string(out, ", silence");
    if (sound->gaps > 0)
        text_printf(out, "; %" PRIu64 " gaps in time, %.3f ms", sound->gaps,
                    (double)sound->gap_100ns / 10000);
    if (sound->discontinuities > 0)
        text_printf(out, "; %" PRIu64 " discontinuities told of", sound->discontinuities);
    if (sound->positions_back > 0)
        text_printf(out, "; the position went back %" PRIu64 " times", sound->positions_back);
    text_char(out, '\n');
}

static void pin_text(const struct report_pin *pin, const struct report_format *format,
                     struct text *out)
{
    if (format->channels != 0)
        sound_text(pin, format, out);
    else
        frames_text(pin, out);
}

static void named_pin_text(const struct report *report, const struct report_run *run,
                           unsigned index, struct text *out)
{
    const struct report_pin *pin = &report->pins[index];
    bool filters = false;
    char name[32];

    for (unsigned i = 0; i < report->pin_count; i++)
        filters |= report->pins[i].filter != report->pins[0].filter;
    if (filters)
        snprintf(name, sizeof name, "pin %" PRIu64 "/%" PRIu64 " %s", pin->filter, pin->pin_id,
                 pin->plays ? "in" : "out");
    else
        snprintf(name, sizeof name, "pin %" PRIu64 " %s", pin->pin_id, pin->plays ? "in" : "out");
    text_printf(out, "%-19s ", name);
    report_format_text(&run->pins[index].format, out);
    text_string(out, ": ");
    pin_text(pin, &run->pins[index].format, out);
}

void report_pins_text(const struct report *report, const struct report_run *run, struct text *out)
{
    if (report->pin_count > 1) {
        for (unsigned i = 0; i < report->pin_count; i++)
            named_pin_text(report, run, i, out);
        return;
    }
    text_string(out, run->pins[0].format.channels != 0 ? "sound               "
                                                       : "frames              ");
    pin_text(&report->pins[0], &run->pins[0].format, out);
}
