/* SPDX-License-Identifier: MIT */
/* An axis: from where to where, which ticks, what they say. Pure arithmetic. Not a door. */
#ifndef WEIR_REPORT_PLOT_AXIS_H
#define WEIR_REPORT_PLOT_AXIS_H

#include "report/plot.h"

enum { AXIS_TICKS_MAX = 48, AXIS_LABEL_BYTES = 32 };

struct axis {
    enum plot_scale scale;
    enum plot_unit unit;
    double low, high;
    double tick[AXIS_TICKS_MAX];
    unsigned tick_count;
    double step; /* of linear ticks: how many digits a label needs */
};

/* The axis for data in [low, high], with about `wanted` ticks. snap: it ends at ticks. The data
 * may be one value. On a logarithmic axis they are above zero. */
void axis_fit(const struct plot_axis *wish, double low, double high, unsigned wanted, bool snap,
              struct axis *out);
/* 0 at the beginning of the axis, 1 at its end. */
double axis_place(const struct axis *axis, double value);
void axis_label(const struct axis *axis, double value, char text[AXIS_LABEL_BYTES]);

#endif
