/* SPDX-License-Identifier: MIT */
/* Filters as boxes joined by arrows: what the Graphviz text and the drawing have in common. Boxes
 * are pins and nodes; an arrow whose end is nowhere is left out. The words borrow from the
 * document. Not a door. */
#ifndef WEIR_REPORT_INSPECT_GRAPH_H
#define WEIR_REPORT_INSPECT_GRAPH_H

#include "report/inspect_read.h"

struct graph_box {
    bool is_pin;
    int64_t number;
    const char *title;
    const char *detail; /* the first data range of a pin, or "" */
    bool data_in; /* a pin: data comes into the filter */
    unsigned column, row;
};

struct graph_arrow {
    size_t from, to; /* boxes */
    int64_t from_pin, to_pin; /* of nodes */
};

struct graph { /* of one filter */
    ARRAY(struct graph_box) boxes;
    ARRAY(struct graph_arrow) arrows;
    unsigned columns, rows;
};

/* Puts boxes into columns: pins that data comes in by first, pins it leaves by last. 0 or
 * -ENOMEM. */
int graph_init(struct graph *graph, const json_t *filter);
void graph_fini(struct graph *graph);

#endif
