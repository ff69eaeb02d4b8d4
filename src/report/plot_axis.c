/* SPDX-License-Identifier: MIT */
#include "report/plot_axis.h"

#include <math.h>
#include <stdio.h>

#include "base/base.h"

static const double fraction_of_step = 1e-9; /* what rounding may add up to */

/* ---- Linear ---------------------------------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten; bytes are counted by powers of two. */
static double nice_step(double least, enum plot_unit unit)
{
    static const double steps[] = {1, 2, 5, 10};
    double power;

    if (unit == PLOT_BYTES)
        return exp2(ceil(log2(fmax(least, 1))));
    if (unit == PLOT_COUNT)
        least = fmax(least, 1);
    power = pow(10, floor(log10(least)));
    for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
        if (steps[i] * power >= least * (1 - fraction_of_step))
            return steps[i] * power;
    }
    return 10 * power;
}

static void add_tick(struct axis *axis, double value)
{
    if (axis->tick_count < AXIS_TICKS_MAX)
        axis->tick[axis->tick_count++] = value;
}

static void fit_linear(struct axis *axis, unsigned wanted, bool snap)
{
    double slack;

    axis->step = nice_step((axis->high - axis->low) / wanted, axis->unit);
    slack = axis->step * fraction_of_step;
    if (snap) {
        axis->low = floor((axis->low + slack) / axis->step) * axis->step;
        axis->high = ceil((axis->high - slack) / axis->step) * axis->step;
    }
    for (double at = ceil((axis->low - slack) / axis->step); at * axis->step <= axis->high + slack;
         at++)
        add_tick(axis, at * axis->step);
}

/* ---- Logarithmic ----------------------------------------------------------------------------- */

/* Powers of the base, each or every second, third...; over less than two decades also 2 and 5. */
static void fit_log(struct axis *axis, unsigned wanted, bool snap)
{
    double base = axis->scale == PLOT_LOG2 ? 2 : 10;
    double first, last, stride;

    first = log(axis->low) / log(base);
    last = log(axis->high) / log(base);
    if (snap) {
        first = floor(first + fraction_of_step);
        last = ceil(last - fraction_of_step);
        axis->low = pow(base, first);
        axis->high = pow(base, last);
    }
    stride = fmax(1, ceil((last - first) / wanted));
    for (double at = ceil(first - fraction_of_step); at <= last + fraction_of_step; at += stride) {
        add_tick(axis, pow(base, at));
        if (axis->scale == PLOT_LOG10 && last - first <= 2 && at < last - fraction_of_step) {
            if (2 * pow(base, at) <= axis->high)
                add_tick(axis, 2 * pow(base, at));
            if (5 * pow(base, at) <= axis->high)
                add_tick(axis, 5 * pow(base, at));
        }
    }
}

/* ---- Both ------------------------------------------------------------------------------------ */

/* One value is no range: a linear axis takes in what is around it, a logarithmic one its half and
 * its double. */
static void widen(struct axis *axis)
{
    if (axis->high > axis->low)
        return;
    if (axis->scale != PLOT_LINEAR) {
        axis->low /= 2;
        axis->high *= 2;
    } else if (axis->low == 0) {
        axis->high = 1;
    } else {
        axis->high += fabs(axis->high);
    }
}

void axis_fit(const struct plot_axis *wish, double low, double high, unsigned wanted, bool snap,
              struct axis *out)
{
    bool given = wish->low != 0 || wish->high != 0;

    *out = (struct axis){.scale = wish->scale, .unit = wish->unit, .low = low, .high = high};
    if (given) {
        out->low = wish->low;
        out->high = wish->high;
    } else if (out->scale == PLOT_LINEAR) {
        out->low = fmin(0, low);
        out->high = fmax(0, high);
    }
    widen(out);
    if (out->scale == PLOT_LINEAR)
        fit_linear(out, wanted, snap && !given);
    else
        fit_log(out, wanted, snap && !given);
}

double axis_place(const struct axis *axis, double value)
{
    if (axis->scale == PLOT_LINEAR)
        return (value - axis->low) / (axis->high - axis->low);
    return log(value / axis->low) / log(axis->high / axis->low);
}

static void label_scaled(double value, double unit, const char *const suffixes[], unsigned count,
                         char text[AXIS_LABEL_BYTES])
{
    unsigned at = 0;

    while (at + 1 < count && fabs(value) >= unit) {
        value /= unit;
        at++;
    }
    snprintf(text, AXIS_LABEL_BYTES, "%.4g%s", value, suffixes[at]);
}

void axis_label(const struct axis *axis, double value, char text[AXIS_LABEL_BYTES])
{
    static const char *const bytes[] = {" B", " KB", " MB", " GB", " TB"};
    static const char *const numbers[] = {"", "k", "M", "G", "T"};

    if (fabs(value) < axis->step * fraction_of_step)
        value = 0;
    if (axis->unit == PLOT_BYTES)
        label_scaled(value, 1024, bytes, ARRAY_LEN(bytes), text);
    else if (axis->unit == PLOT_PERCENT)
        snprintf(text, AXIS_LABEL_BYTES, "%.4g %%", value * 100);
    else if (fabs(value) >= 10000)
        label_scaled(value, 1000, numbers, ARRAY_LEN(numbers), text);
    else
        snprintf(text, AXIS_LABEL_BYTES, "%.4g", value);
}
