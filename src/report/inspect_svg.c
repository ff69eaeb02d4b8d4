/* SPDX-License-Identifier: MIT */
/* The topology as a drawing: filters below one another, in each the columns of inspect_graph.h.
 * Plain SVG with words as text, so that it needs nothing to be made and can be searched. */
#include <inttypes.h>
#include <string.h>

#include "report/inspect_graph.h"

enum {
    BOX_WIDTH = 230, BOX_HEIGHT = 52, GAP_X = 90, GAP_Y = 18, MARGIN = 20, HEAD = 34,
    WORDS_MAX = 38 /* that fit into a box */
};

static void escaped(struct text *out, const char *string, size_t columns)
{
    struct text shown;
    size_t used = 0;

    text_init(&shown);
    text_shown(&shown, string);
    for (const char *at = text_get(&shown); *at != 0; at++) {
        bool begins = ((unsigned char)*at & 0xC0) != 0x80;

        if (begins && used++ == columns) {
            text_string(out, "&#8230;");
            break;
        }
        switch (*at) {
        case '&': text_string(out, "&amp;"); break;
        case '<': text_string(out, "&lt;"); break;
        case '>': text_string(out, "&gt;"); break;
        default: text_char(out, *at); break;
        }
    }
    text_fini(&shown);
}

static unsigned box_x(const struct graph_box *box)
{
    return MARGIN * 2 + box->column * (BOX_WIDTH + GAP_X);
}

static unsigned box_y(const struct graph_box *box, unsigned top)
{
    return top + HEAD + box->row * (BOX_HEIGHT + GAP_Y);
}

static unsigned graph_width(const struct graph *graph)
{
    return MARGIN * 2 + graph->columns * (BOX_WIDTH + GAP_X) - GAP_X;
}

static unsigned graph_height(const struct graph *graph)
{
    return HEAD + MARGIN + graph->rows * (BOX_HEIGHT + GAP_Y);
}

static void draw_box(struct text *out, const struct graph_box *box, unsigned top)
{
    unsigned x = box_x(box), y = box_y(box, top);

    text_printf(out, "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%d\" height=\"%d\" "
                     "rx=\"%d\"/>\n", box->is_pin ? "pin" : "node", x, y, BOX_WIDTH, BOX_HEIGHT,
                box->is_pin ? 2 : 24);
    text_printf(out, "<text class=\"number\" x=\"%u\" y=\"%u\">%s %" PRId64 "</text>\n", x + 12,
                y + 15, box->is_pin ? "pin" : "node", box->number);
    text_printf(out, "<text x=\"%u\" y=\"%u\">", x + 12, y + 30);
    escaped(out, box->title, WORDS_MAX);
    text_printf(out, "</text>\n<text x=\"%u\" y=\"%u\">", x + 12, y + 44);
    escaped(out, box->detail, WORDS_MAX);
    text_string(out, "</text>\n");
}

static void draw_arrow(struct text *out, const struct graph *graph, const struct graph_arrow *arrow,
                       unsigned top)
{
    const struct graph_box *from = &graph->boxes.items[arrow->from];
    const struct graph_box *to = &graph->boxes.items[arrow->to];
    unsigned x1 = box_x(from) + BOX_WIDTH, y1 = box_y(from, top) + BOX_HEIGHT / 2;
    unsigned x2 = box_x(to), y2 = box_y(to, top) + BOX_HEIGHT / 2;

    text_printf(out, "<path d=\"M%u %u C%u %u %d %u %u %u\" marker-end=\"url(#head)\"/>\n", x1, y1,
                x1 + GAP_X / 2, y1, (int)x2 - GAP_X / 2, y2, x2, y2);
}

/* Returns where the next filter begins. */
static unsigned draw_filter(struct text *out, const json_t *filter, size_t index, unsigned top)
{
    struct graph graph;
    unsigned height;

    if (graph_init(&graph, filter) != 0)
        return top;
    height = graph_height(&graph);
    text_printf(out, "<rect class=\"filter\" x=\"%d\" y=\"%u\" width=\"%u\" height=\"%u\"/>\n",
                MARGIN, top, graph_width(&graph), height);
    text_printf(out, "<text class=\"title\" x=\"%d\" y=\"%u\">filter %zu ", MARGIN * 2, top + 20,
                index);
    escaped(out, inspect_string(filter, "reference"), SIZE_MAX);
    text_string(out, "</text>\n");
    for (size_t i = 0; i < graph.arrows.count; i++)
        draw_arrow(out, &graph, &graph.arrows.items[i], top);
    for (size_t i = 0; i < graph.boxes.count; i++)
        draw_box(out, &graph.boxes.items[i], top);
    graph_fini(&graph);
    return top + height + MARGIN;
}

static void measure(const json_t *filters, unsigned *width, unsigned *height)
{
    const json_t *each;
    struct graph graph;
    size_t i;

    *width = MARGIN * 2 + BOX_WIDTH;
    *height = MARGIN + HEAD;
    json_array_foreach(filters, i, each) {
        if (graph_init(&graph, each) != 0)
            continue;
        if (graph_width(&graph) + 2 * MARGIN > *width)
            *width = graph_width(&graph) + 2 * MARGIN;
        *height += graph_height(&graph) + MARGIN;
        graph_fini(&graph);
    }
}

void inspect_svg(const struct inspect_document *document, const struct inspect_run *run,
                 struct text *out)
{
    const json_t *filters = json_object_get(document->root, "filters"), *each;
    unsigned width, height, top = MARGIN + HEAD;
    size_t i;

    measure(filters, &width, &height);
    text_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
                     "viewBox=\"0 0 %u %u\">\n", width, height, width, height);
    text_string(out, "<style>text{font:11px sans-serif;fill:#222}.title{font-weight:bold}"
                     ".number{fill:#666}.filter{fill:#f6f6f6;stroke:#999}"
                     ".pin{fill:#fff;stroke:#0072b2}.node{fill:#fff;stroke:#d55e00}"
                     "path{fill:none;stroke:#444}#head path{fill:#444}</style>\n"
                     "<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" "
                     "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
                     "<path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n"
                     "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    text_printf(out, "<text class=\"title\" x=\"%d\" y=\"%d\">", MARGIN, MARGIN + 10);
    escaped(out, run->driver, SIZE_MAX);
    text_string(out, " on ");
    escaped(out, run->card, SIZE_MAX);
    text_string(out, "</text>\n");
    json_array_foreach(filters, i, each)
        top = draw_filter(out, each, i, top);
    text_string(out, "</svg>\n");
}
