/* SPDX-License-Identifier: MIT */
#include "report/inspect_graph.h"

#include <string.h>

/* No filter has so many; a document made up by a process gone wild may. */
enum { BOXES_MAX = 1024, ARROWS_MAX = 4096 };

static int add_box(struct graph *graph, struct graph_box box)
{
    return graph->boxes.count < BOXES_MAX ? array_push(&graph->boxes, box) : 0;
}

static int add_pins(struct graph *graph, const json_t *filter)
{
    const json_t *each;
    size_t i;

    json_array_foreach(json_object_get(filter, "pins"), i, each) {
        const json_t *range = json_array_get(json_object_get(each, "data_ranges"), 0);
        struct graph_box box = {.is_pin = true, .number = inspect_number(each, "id"),
                                .title = inspect_pin_title(each),
                                .detail = inspect_string(range, "text"),
                                .data_in = strcmp(inspect_string(each, "data_flow"), "in") == 0};

        if (add_box(graph, box) != 0)
            return -ENOMEM;
    }
    return 0;
}

static int add_nodes(struct graph *graph, const json_t *filter)
{
    const json_t *each;
    size_t i;

    json_array_foreach(json_object_get(filter, "nodes"), i, each) {
        struct graph_box box = {.number = inspect_number(each, "id"),
                                .title = inspect_node_title(each), .detail = ""};

        if (add_box(graph, box) != 0)
            return -ENOMEM;
    }
    return 0;
}

/* One end of a connection: a node, or where that is null a pin of the filter. */
static bool find_end(const struct graph *graph, const json_t *connection, const char *node_key,
                     const char *pin_key, size_t *out)
{
    bool is_pin = !json_is_integer(json_object_get(connection, node_key));
    int64_t number = inspect_number(connection, is_pin ? pin_key : node_key);

    for (size_t i = 0; i < graph->boxes.count; i++) {
        if (graph->boxes.items[i].is_pin == is_pin && graph->boxes.items[i].number == number) {
            *out = i;
            return true;
        }
    }
    return false;
}

static int add_arrows(struct graph *graph, const json_t *filter)
{
    const json_t *each;
    size_t i;

    json_array_foreach(json_object_get(filter, "connections"), i, each) {
        struct graph_arrow arrow = {.from_pin = inspect_number(each, "from_pin"),
                                    .to_pin = inspect_number(each, "to_pin")};

        if (i == ARROWS_MAX)
            break;
        if (find_end(graph, each, "from_node", "from_pin", &arrow.from) &&
            find_end(graph, each, "to_node", "to_pin", &arrow.to) &&
            array_push(&graph->arrows, arrow) != 0)
            return -ENOMEM;
    }
    return 0;
}

/* A node stands one column behind the last that leads to it. Nodes in a circle stop moving after as
 * many turns as there are boxes. */
static void choose_columns(struct graph *graph)
{
    unsigned last = 0;

    for (size_t i = 0; i < graph->boxes.count; i++)
        graph->boxes.items[i].column = graph->boxes.items[i].is_pin ? 0 : 1;
    for (size_t turn = 0; turn < graph->boxes.count; turn++) {
        for (size_t i = 0; i < graph->arrows.count; i++) {
            const struct graph_box *from = &graph->boxes.items[graph->arrows.items[i].from];
            struct graph_box *to = &graph->boxes.items[graph->arrows.items[i].to];

            if (!to->is_pin && to->column <= from->column && from->column < graph->boxes.count)
                to->column = from->column + 1;
        }
    }
    for (size_t i = 0; i < graph->boxes.count; i++) {
        if (graph->boxes.items[i].column > last)
            last = graph->boxes.items[i].column;
    }
    for (size_t i = 0; i < graph->boxes.count; i++) {
        struct graph_box *box = &graph->boxes.items[i];

        if (box->is_pin && !box->data_in)
            box->column = last + 1;
    }
    graph->columns = last + 2;
}

static void choose_rows(struct graph *graph)
{
    for (size_t i = 0; i < graph->boxes.count; i++) {
        struct graph_box *box = &graph->boxes.items[i];

        for (size_t k = 0; k < i; k++)
            box->row += graph->boxes.items[k].column == box->column;
        if (box->row + 1 > graph->rows)
            graph->rows = box->row + 1;
    }
}

int graph_init(struct graph *graph, const json_t *filter)
{
    int result;

    memset(graph, 0, sizeof *graph);
    result = add_pins(graph, filter);
    if (result == 0)
        result = add_nodes(graph, filter);
    if (result == 0)
        result = add_arrows(graph, filter);
    if (result != 0) {
        graph_fini(graph);
        return result;
    }
    choose_columns(graph);
    choose_rows(graph);
    return 0;
}

void graph_fini(struct graph *graph)
{
    array_fini(&graph->boxes);
    array_fini(&graph->arrows);
}
