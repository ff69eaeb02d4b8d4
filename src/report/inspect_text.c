/* SPDX-License-Identifier: MIT */
/* For people who know KsStudio: interfaces, then filter by filter the pins with their ranges,
 * nodes, connections, properties. What a driver says of itself is printed without what could steer
 * a terminal. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/inspect_read.h"

enum { LABEL_COLUMNS = 18, NAME_COLUMNS = 46, CLASS_COLUMNS = 26, HEX_COLUMNS = 64 };

static const char *words(const json_t *string)
{
    const char *value = json_string_value(string);

    return value != NULL ? value : "";
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static void label(struct text *out, unsigned indent, const char *name)
{
    text_repeat(out, ' ', indent);
    text_printf(out, "%-*s", (int)(LABEL_COLUMNS - indent), name);
}

static void line(struct text *out, unsigned indent, const char *name, const char *value)
{
    label(out, indent, name);
    text_shown(out, value);
    text_char(out, '\n');
}

static const char *guid_word(const json_t *guid)
{
    const char *name = inspect_string(guid, "name");

    return name[0] != 0 ? name : inspect_string(guid, "guid");
}

static void padded(struct text *out, size_t columns, const char *value)
{
    size_t before = out->length, used;

    text_shown(out, value);
    used = out->length - before;
    if (used < columns)
        text_repeat(out, ' ', columns - used);
}

static void name_list(struct text *out, unsigned indent, const char *name, const json_t *array)
{
    const json_t *each;
    size_t i;

    if (json_array_size(array) == 0)
        return;
    label(out, indent, name);
    json_array_foreach(array, i, each) {
        if (i > 0)
            text_string(out, ", ");
        text_shown(out, guid_word(each));
    }
    text_char(out, '\n');
}

static void problems(struct text *out, unsigned indent, const json_t *object)
{
    const json_t *each;
    size_t i;

    json_array_foreach(json_object_get(object, "problems"), i, each)
        line(out, indent, "PROBLEM", words(each));
}

/* ---- Values ---------------------------------------------------------------------------------- */

static void value(struct text *out, const json_t *json);

static void control(struct text *out, const json_t *json)
{
    int64_t flags = inspect_number(json, "flags");

    value(out, json_object_get(json, "value"));
    text_string(out, (flags & 1) != 0 ? " auto" : (flags & 2) != 0 ? " manual" : "");
}

static void hex_value(struct text *out, const json_t *json)
{
    const char *hex = inspect_string(json, "hex");
    char shown[HEX_COLUMNS + 1];

    snprintf(shown, sizeof shown, "%s", hex);
    text_printf(out, "%" PRId64 " bytes ", inspect_number(json, "bytes"));
    text_shown(out, shown);
    text_string(out, strlen(hex) > HEX_COLUMNS ? "..." : "");
}

static void object_value(struct text *out, const json_t *json)
{
    if (json_object_get(json, "hex") != NULL)
        hex_value(out, json);
    else if (json_object_get(json, "guid") != NULL)
        text_shown(out, guid_word(json));
    else if (json_object_get(json, "text") != NULL)
        text_shown(out, inspect_string(json, "text"));
    else if (json_object_get(json, "capabilities") != NULL)
        control(out, json);
    else if (json_object_get(json, "drop_count") != NULL)
        text_printf(out, "picture %" PRId64 ", %" PRId64 " dropped, %" PRId64 " bytes each",
                    inspect_number(json, "picture_number"), inspect_number(json, "drop_count"),
                    inspect_number(json, "average_frame_bytes"));
}

static void value(struct text *out, const json_t *json)
{
    if (json_is_integer(json)) {
        text_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
    } else if (json_is_boolean(json)) {
        text_string(out, json_is_true(json) ? "TRUE" : "FALSE");
    } else if (json_is_string(json)) {
        text_shown(out, json_string_value(json));
    } else if (json_is_array(json) && json_array_size(json) == 2) {
        text_printf(out, "%" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT,
                    json_integer_value(json_array_get(json, 0)),
                    json_integer_value(json_array_get(json, 1)));
    } else {
        object_value(out, json);
    }
}

/* ---- Properties, methods, events ------------------------------------------------------------- */

/* Levels of sound are counted in 1/65536 dB. */
static bool is_level(const json_t *item)
{
    return strcmp(inspect_string(item, "type"), "1/65536 dB") == 0;
}

static void range(struct text *out, const json_t *each, bool level)
{
    int64_t min = inspect_number(each, "min"), max = inspect_number(each, "max");
    int64_t step = inspect_number(each, "step");

    if (level)
        text_printf(out, "%g to %g dB", (double)min / 65536, (double)max / 65536);
    else
        text_printf(out, "%" PRId64 " to %" PRId64, min, max);
    if (step > 1 && level)
        text_printf(out, " by %g", (double)step / 65536);
    else if (step > 1)
        text_printf(out, " by %" PRId64, step);
}

/* Channels with equal ranges share one. */
static void all_ranges(struct text *out, const json_t *item)
{
    const json_t *before = NULL, *each;
    size_t i;

    json_array_foreach(json_object_get(item, "ranges"), i, each) {
        if (before != NULL && json_equal(before, each) != 0)
            continue;
        text_string(out, before != NULL ? ", " : "  [");
        range(out, each, is_level(item));
        before = each;
    }
    if (before != NULL)
        text_char(out, ']');
}

static void current_value(struct text *out, const json_t *item)
{
    const json_t *current = json_object_get(item, "value");

    if (is_level(item) && json_is_integer(current))
        text_printf(out, "%g dB", (double)json_integer_value(current) / 65536);
    else
        value(out, current);
}

static void bounds(struct text *out, const json_t *item)
{
    const json_t *usual = json_object_get(item, "default"), *each;
    size_t i;

    all_ranges(out, item);
    json_array_foreach(json_object_get(item, "values"), i, each) {
        text_string(out, i > 0 ? ", " : "  {");
        value(out, each);
    }
    if (i > 0)
        text_char(out, '}');
    if (usual != NULL && !json_is_null(usual)) {
        text_string(out, "  default ");
        value(out, usual);
    }
}

static void item_name(struct text *out, const json_t *item, size_t columns)
{
    const char *name = inspect_string(item, "name");
    char number[32];

    snprintf(number, sizeof number, "id %" PRId64, inspect_number(item, "id"));
    padded(out, columns, name[0] != 0 ? name : number);
}

static const char *access_word(const json_t *item)
{
    bool get = json_is_true(json_object_get(item, "get"));
    bool set = json_is_true(json_object_get(item, "set"));

    return get && set ? "get set" : get ? "get" : set ? "    set" : "";
}

static void property(struct text *out, unsigned indent, const json_t *item)
{
    const char *status = inspect_string(item, "value_status");
    const json_t *current = json_object_get(item, "value");
    bool settable = json_is_true(json_object_get(item, "set"));

    text_repeat(out, ' ', indent);
    item_name(out, item, NAME_COLUMNS);
    text_string(out, access_word(item));
    if (current != NULL && !json_is_null(current)) {
        text_string(out, settable ? " = " : "     = ");
        current_value(out, item);
    } else if (status[0] != 0) {
        text_string(out, settable ? "" : "    ");
        text_string(out, " not readable, status ");
        text_shown(out, status);
    }
    bounds(out, item);
    text_char(out, '\n');
}

static void sets(struct text *out, unsigned indent, const json_t *object, const char *kind)
{
    const json_t *set, *item;
    size_t i, k;

    json_array_foreach(json_object_get(object, kind), i, set) {
        text_repeat(out, ' ', indent);
        text_printf(out, "%s ", kind);
        text_shown(out, inspect_named(set, "set"));
        text_char(out, '\n');
        json_array_foreach(json_object_get(set, "items"), k, item) {
            if (strcmp(kind, "properties") == 0) {
                property(out, indent + 2, item);
                continue;
            }
            text_repeat(out, ' ', indent + 2);
            item_name(out, item, 0);
            text_char(out, '\n');
        }
    }
}

static void all_sets(struct text *out, unsigned indent, const json_t *object)
{
    sets(out, indent, object, "properties");
    sets(out, indent, object, "methods");
    sets(out, indent, object, "events");
}

/* ---- Pins ------------------------------------------------------------------------------------ */

static void identifiers(struct text *out, const char *name, const json_t *array)
{
    const json_t *each;
    size_t i;

    json_array_foreach(array, i, each) {
        label(out, 4, i == 0 ? name : "");
        text_shown(out, inspect_named(each, "set"));
        text_printf(out, " %" PRId64, inspect_number(each, "id"));
        if (inspect_string(each, "name")[0] != 0) {
            text_string(out, ", ");
            text_shown(out, inspect_string(each, "name"));
        }
        if (inspect_number(each, "flags") != 0)
            text_printf(out, " (flags 0x%" PRIx64 ")", inspect_number(each, "flags"));
        text_char(out, '\n');
    }
}

static void ranges(struct text *out, const char *name, const json_t *array)
{
    const json_t *each;
    size_t i;

    json_array_foreach(array, i, each) {
        line(out, 4, i == 0 ? name : "", inspect_string(each, "text"));
        name_list(out, 6, "attributes", json_object_get(each, "attributes"));
    }
}

static void count(struct text *out, const json_t *instances, const char *key, const char *word)
{
    const json_t *number = json_object_get(instances, key);

    if (number == NULL)
        return;
    if (json_is_null(number))
        text_printf(out, ", any number %s", word);
    else
        text_printf(out, ", %" PRId64 " %s", inspect_number(instances, key), word);
}

static void instances(struct text *out, const json_t *pin)
{
    const json_t *object = json_object_get(pin, "instances");
    struct text words;

    text_init(&words);
    count(&words, object, "possible", "possible");
    count(&words, object, "necessary", "necessary");
    count(&words, object, "current", "now");
    if (words.length > 2)
        line(out, 4, "instances", text_get(&words) + 2);
    text_fini(&words);
}

static void framing(struct text *out, const json_t *object)
{
    const json_t *item, *word;
    size_t i, k;

    json_array_foreach(json_object_get(object, "items"), i, item) {
        int64_t low = inspect_number(item, "frame_bytes_min");
        int64_t high = inspect_number(item, "frame_bytes_max");

        label(out, 4, i == 0 ? "framing" : "");
        text_printf(out, "%" PRId64 " frames of %" PRId64, inspect_number(item, "frames"), low);
        if (low != high)
            text_printf(out, " to %" PRId64, high);
        text_printf(out, " bytes, aligned to %" PRId64 ", ",
                    inspect_number(item, "alignment_bytes"));
        text_shown(out, inspect_named(item, "memory"));
        json_array_foreach(json_object_get(item, "words"), k, word) {
            text_string(out, ", ");
            text_shown(out, words(word));
        }
        text_char(out, '\n');
    }
}

static void instance(struct text *out, const json_t *object)
{
    if (!json_is_object(object))
        return;
    if (!json_is_true(json_object_get(object, "opened"))) {
        label(out, 4, "not opened");
        text_string(out, "status ");
        text_shown(out, inspect_string(object, "status"));
        text_char(out, '\n');
        return;
    }
    line(out, 4, "opened with", inspect_string(json_object_get(object, "format"), "text"));
    framing(out, json_object_get(object, "framing"));
    all_sets(out, 4, object);
}

static void pin(struct text *out, const json_t *object)
{
    const json_t *physical = json_object_get(object, "physical_connection");

    text_printf(out, "  pin %" PRId64, inspect_number(object, "id"));
    if (inspect_pin_title(object)[0] != 0) {
        text_string(out, "  ");
        text_shown(out, inspect_pin_title(object));
    }
    text_string(out, "  data flow ");
    text_shown(out, inspect_string(object, "data_flow"));
    text_string(out, ", communication ");
    text_shown(out, inspect_string(object, "communication"));
    text_char(out, '\n');
    if (!json_is_null(json_object_get(object, "category")))
        line(out, 4, "category", inspect_named(object, "category"));
    instances(out, object);
    identifiers(out, "interfaces", json_object_get(object, "interfaces"));
    identifiers(out, "mediums", json_object_get(object, "mediums"));
    if (json_is_object(physical)) {
        label(out, 4, "connected to");
        text_printf(out, "pin %" PRId64 " of ", inspect_number(physical, "pin"));
        text_shown(out, inspect_string(physical, "link"));
        text_char(out, '\n');
    }
    ranges(out, "data ranges", json_object_get(object, "data_ranges"));
    ranges(out, "constrained to", json_object_get(object, "constrained_data_ranges"));
    problems(out, 4, object);
    instance(out, json_object_get(object, "instance"));
}

/* ---- Filters --------------------------------------------------------------------------------- */

static void end_point(struct text *out, const json_t *connection, const char *node_key,
                      const char *pin_key)
{
    if (json_is_integer(json_object_get(connection, node_key)))
        text_printf(out, "node %" PRId64 " (%" PRId64 ")", inspect_number(connection, node_key),
                    inspect_number(connection, pin_key));
    else
        text_printf(out, "pin %" PRId64, inspect_number(connection, pin_key));
}

static void connections(struct text *out, const json_t *filter)
{
    const json_t *each;
    size_t i;

    json_array_foreach(json_object_get(filter, "connections"), i, each) {
        label(out, 2, i == 0 ? "connections" : "");
        end_point(out, each, "from_node", "from_pin");
        text_string(out, " -> ");
        end_point(out, each, "to_node", "to_pin");
        text_char(out, '\n');
    }
}

static void nodes(struct text *out, const json_t *filter)
{
    const json_t *each;
    size_t i;

    json_array_foreach(json_object_get(filter, "nodes"), i, each) {
        text_printf(out, "  node %" PRId64 "  ", inspect_number(each, "id"));
        text_shown(out, inspect_node_title(each));
        text_char(out, '\n');
        all_sets(out, 4, each);
    }
}

static void filter(struct text *out, const json_t *object)
{
    const json_t *component = json_object_get(object, "component"), *each;
    size_t i;

    text_printf(out, "\nfilter %" PRId64 "  ", inspect_number(object, "index"));
    text_shown(out, inspect_string(object, "reference"));
    text_char(out, '\n');
    if (json_object_get(object, "opened") != NULL &&
        !json_is_true(json_object_get(object, "opened"))) {
        label(out, 2, "not opened");
        text_string(out, "status ");
        text_shown(out, inspect_string(object, "status"));
        text_char(out, '\n');
    }
    name_list(out, 2, "categories", json_object_get(object, "categories"));
    if (json_is_object(component)) {
        label(out, 2, "component");
        text_shown(out, inspect_named(component, "component"));
        text_printf(out, " version %" PRId64 ".%" PRId64 "\n", inspect_number(component, "version"),
                    inspect_number(component, "revision"));
    }
    problems(out, 2, object);
    json_array_foreach(json_object_get(object, "pins"), i, each)
        pin(out, each);
    nodes(out, object);
    connections(out, object);
    all_sets(out, 2, object);
}

static void plural(struct text *out, size_t number, const char *noun)
{
    text_printf(out, "%zu %s%s", number, noun, number == 1 ? "" : "s");
}

void inspect_text(const struct inspect_document *document, const struct inspect_run *run,
                  struct text *out)
{
    const json_t *filters = json_object_get(document->root, "filters"), *each;
    const json_t *interfaces = json_object_get(document->root, "interfaces");
    size_t i;

    text_shown(out, run->driver);
    text_string(out, " on ");
    text_shown(out, run->card);
    text_string(out, ": ");
    plural(out, json_array_size(filters), "filter");
    text_string(out, ", ");
    plural(out, json_array_size(interfaces), "device interface");
    text_string(out, json_is_true(json_object_get(document->root, "complete"))
                         ? "\n" : "; broken off, this is what was known\n");
    json_array_foreach(interfaces, i, each) {
        text_printf(out, "  filter %" PRId64 " ", inspect_number(each, "filter"));
        padded(out, CLASS_COLUMNS, inspect_named(each, "class"));
        text_shown(out, inspect_string(each, "link"));
        text_char(out, '\n');
    }
    json_array_foreach(filters, i, each)
        filter(out, each);
}
