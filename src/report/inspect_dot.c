/* SPDX-License-Identifier: MIT */
/* The topology as text for Graphviz: one cluster a filter, pins as boxes, nodes as ellipses. */
#include <inttypes.h>

#include "report/inspect_graph.h"

/* A quoted string of the dot language; a backslash would begin an escape. */
static void quoted(struct text *out, const char *string)
{
    struct text shown;

    text_init(&shown);
    text_shown(&shown, string);
    for (const char *at = text_get(&shown); *at != 0; at++) {
        if (*at == '"' || *at == '\\')
            text_char(out, '\\');
        text_char(out, *at);
    }
    text_fini(&shown);
}

static void box_name(struct text *out, size_t filter, const struct graph_box *box)
{
    text_printf(out, "f%zu_%s%" PRId64, filter, box->is_pin ? "pin" : "node", box->number);
}

static void box_line(struct text *out, size_t filter, const struct graph_box *box)
{
    text_string(out, "    ");
    box_name(out, filter, box);
    text_printf(out, " [shape=%s, label=\"%s %" PRId64 "\\n", box->is_pin ? "box" : "ellipse",
                box->is_pin ? "pin" : "node", box->number);
    quoted(out, box->title);
    if (box->detail[0] != 0) {
        text_string(out, "\\n");
        quoted(out, box->detail);
    }
    text_string(out, "\"];\n");
}

static void arrow_line(struct text *out, size_t filter, const struct graph *graph,
                       const struct graph_arrow *arrow)
{
    const struct graph_box *from = &graph->boxes.items[arrow->from];
    const struct graph_box *to = &graph->boxes.items[arrow->to];

    text_string(out, "    ");
    box_name(out, filter, from);
    text_string(out, " -> ");
    box_name(out, filter, to);
    text_string(out, " [");
    if (!from->is_pin)
        text_printf(out, "taillabel=\"%" PRId64 "\"", arrow->from_pin);
    if (!to->is_pin)
        text_printf(out, "%sheadlabel=\"%" PRId64 "\"", from->is_pin ? "" : ", ", arrow->to_pin);
    text_string(out, "];\n");
}

static void cluster(struct text *out, size_t index, const json_t *filter)
{
    struct graph graph;

    if (graph_init(&graph, filter) != 0)
        return;
    text_printf(out, "  subgraph cluster_f%zu {\n    label=\"filter %zu ", index, index);
    quoted(out, inspect_string(filter, "reference"));
    text_string(out, "\";\n");
    for (size_t i = 0; i < graph.boxes.count; i++)
        box_line(out, index, &graph.boxes.items[i]);
    for (size_t i = 0; i < graph.arrows.count; i++)
        arrow_line(out, index, &graph, &graph.arrows.items[i]);
    text_string(out, "  }\n");
    graph_fini(&graph);
}

void inspect_dot(const struct inspect_document *document, const struct inspect_run *run,
                 struct text *out)
{
    const json_t *each;
    size_t i;

    text_string(out, "digraph \"");
    quoted(out, run->driver);
    text_string(out, "\" {\n  rankdir=LR;\n  label=\"");
    quoted(out, run->driver);
    text_string(out, " on ");
    quoted(out, run->card);
    text_string(out, "\";\n  node [fontname=\"sans-serif\", fontsize=10];\n");
    json_array_foreach(json_object_get(document->root, "filters"), i, each)
        cluster(out, i, each);
    text_string(out, "}\n");
}
