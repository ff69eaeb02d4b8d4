/* SPDX-License-Identifier: MIT */
#include "report/inspect_read.h"

#include <stdlib.h>
#include <string.h>

#include "report/json_put.h"

enum { SCHEMA_VERSION = 1 };

/* ---- Members --------------------------------------------------------------------------------- */

const char *inspect_string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

int64_t inspect_number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

const char *inspect_named(const json_t *object, const char *key)
{
    const json_t *guid = json_object_get(object, key);
    const char *name = inspect_string(guid, "name");

    return name[0] != 0 ? name : inspect_string(guid, "guid");
}

const char *inspect_pin_title(const json_t *pin)
{
    const char *constant = inspect_string(pin, "name_constant");
    const char *name = inspect_string(pin, "name");

    if (constant[0] != 0)
        return constant;
    return name[0] != 0 ? name : inspect_named(pin, "category");
}

const char *inspect_node_title(const json_t *node)
{
    const char *name = inspect_string(json_object_get(node, "type"), "name");

    if (strcmp(name, "GUID_NULL") == 0)
        return "no type";
    return name[0] != 0 ? name : inspect_string(node, "name");
}

/* ---- Documents ------------------------------------------------------------------------------- */

struct inspect_document *inspect_parse(const char *json, size_t bytes)
{
    json_t *root = json_loadb(json, bytes, 0, NULL);
    struct inspect_document *document = json_is_object(root) ? calloc(1, sizeof *document) : NULL;

    if (document == NULL)
        json_decref(root);
    else
        document->root = root;
    return document;
}

void inspect_destroy(struct inspect_document *document)
{
    if (document == NULL)
        return;
    json_decref(document->root);
    free(document);
}

char *inspect_json(const struct inspect_document *document, const struct inspect_run *run)
{
    json_t *whole = json_object();
    char *text;

    json_put(whole, "schema_version", SCHEMA_VERSION);
    json_put_text(whole, "weir_version", run->version);
    json_put_text(whole, "driver", run->driver);
    json_put_text(whole, "card", run->card);
    json_put_text(whole, "card_parameters", run->card_parameters);
    json_put_text(whole, "windows", run->windows);
    json_put(whole, "seed", run->seed);
    json_put(whole, "exit_code", (uint64_t)run->exit_code);
    json_put_text(whole, "message", run->message);
    json_object_set_new(whole, "complete", json_false());
    json_object_set_new(whole, "interfaces", json_array());
    json_object_set_new(whole, "filters", json_array());
    if (document != NULL)
        json_object_update(whole, document->root);
    text = json_dumps(whole, JSON_INDENT(1) | JSON_ENSURE_ASCII);
    json_decref(whole);
    return text;
}
