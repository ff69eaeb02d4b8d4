/* SPDX-License-Identifier: MIT */
/* Draws a checked plot onto a cairo surface of PLOT_WIDTH by PLOT_HEIGHT units. Not a door. */
#ifndef WEIR_REPORT_PLOT_DRAW_H
#define WEIR_REPORT_PLOT_DRAW_H

#include <cairo.h>

#include "report/plot.h"

enum { PLOT_WIDTH = 960, PLOT_HEIGHT = 560 };

/* What goes wrong stays in the cairo context's status. */
void plot_draw(const struct plot *plot, cairo_t *cairo);

#endif
