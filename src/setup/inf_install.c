/* SPDX-License-Identifier: MIT */
/* What installing a model means ("INF DDInstall Section"): its DDInstall section and those beside
 * it with .HW, .Services and .Interfaces behind their names, in the order in which Windows goes
 * through them. Needs of sections in the same file are followed; Include is not, for there are no
 * other files here: what that leaves out is noted. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "setup/internal.h"

enum { NEEDS_DEPTH_MAX = 8, ASSOCIATED = 2 /* SPSVCINST_ASSOCSERVICE */ };

struct work {
    const struct setup_inf *inf;
    struct setup_install *out;
    struct setup_error *error;
};

void setup_install_fini(struct setup_install *install)
{
    struct setup_service *service;
    struct setup_interface *interface;
    char **note;

    free(install->id);
    free(install->section);
    free(install->description);
    free(install->manufacturer);
    free(install->provider);
    free(install->class_name);
    free(install->class_guid);
    array_for_each(service, &install->services) {
        free(service->name);
        free(service->binary);
    }
    array_fini(&install->services);
    array_for_each(interface, &install->interfaces) {
        free(interface->class_guid);
        free(interface->reference);
    }
    array_fini(&install->interfaces);
    setup_changes_fini(&install->changes);
    array_for_each(note, &install->notes)
        free(*note);
    array_fini(&install->notes);
    memset(install, 0, sizeof *install);
}

static int WEIR_PRINTF(2, 3) add_note(struct work *work, const char *format, ...)
{
    va_list arguments;
    char *text;
    int length;

    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return -ENOMEM;
    if (array_push(&work->out->notes, text) == 0)
        return 0;
    free(text);
    return -ENOMEM;
}

static int copy_text(char **to, const char *from)
{
    if (from == NULL || *from == 0)
        return 0;
    *to = strdup(from);
    return *to != NULL ? 0 : -ENOMEM;
}

/* ---- Directives that every kind of section has ----------------------------------------------- */

struct target {
    enum setup_root root;
    unsigned index;
};

typedef int directive_fn(struct work *work, const struct inf_line *line);

static int add_sections(struct work *work, const struct inf_line *line, bool deletes,
                        struct target target)
{
    int result = 0;

    for (size_t i = 0; i < line->fields.count && result == 0; i++) {
        if (inf_field(line, i)[0] != 0)
            result = inf_add_registry(work->inf, inf_field(line, i), deletes, target.root,
                                      target.index, &work->out->changes, work->error);
    }
    return result;
}

static int walk(struct work *work, const char *name, struct target target, directive_fn *other,
                unsigned depth);

static int follow_needs(struct work *work, const struct inf_line *line, struct target target,
                        directive_fn *other, unsigned depth)
{
    int result = 0;

    for (size_t i = 0; i < line->fields.count && result == 0; i++) {
        const char *name = inf_field(line, i);

        if (inf_find(work->inf, name) == NULL)
            result = add_note(work, "line %u: Needs=%s is in another file and was not followed",
                              line->number, name);
        else if (depth < NEEDS_DEPTH_MAX)
            result = walk(work, name, target, other, depth + 1);
    }
    return result;
}

/* A section that is not there has nothing to say. */
static int walk(struct work *work, const char *name, struct target target, directive_fn *other,
                unsigned depth)
{
    const struct inf_section *section = inf_find(work->inf, name);
    struct inf_line *line;
    int result = 0;

    if (section == NULL)
        return 0;
    array_for_each(line, &section->lines) {
        if (line->key == NULL || result != 0)
            continue;
        if (strcasecmp(line->key, "AddReg") == 0)
            result = add_sections(work, line, false, target);
        else if (strcasecmp(line->key, "DelReg") == 0)
            result = add_sections(work, line, true, target);
        else if (strcasecmp(line->key, "Needs") == 0)
            result = follow_needs(work, line, target, other, depth);
        else if (other != NULL)
            result = other(work, line);
    }
    return result;
}

/* ---- Services -------------------------------------------------------------------------------- */

/* Of "%12%\grabber.sys". */
static const char *last_part(const char *path)
{
    const char *mark = strrchr(path, '\\');

    return mark != NULL ? mark + 1 : path;
}

static int add_service_value(struct work *work, const struct inf_section *section,
                             const char *directive, const char *value, uint32_t type,
                             unsigned index)
{
    const struct setup_change model = {.root = SETUP_SERVICE, .index = index, .verb = SETUP_SET,
                                       .type = type};
    const char *text = inf_value(section, directive);
    uint32_t number;

    if (text == NULL || *text == 0)
        return 0;
    if (type != SETUP_DWORD)
        return setup_changes_add_string(&work->out->changes, &model, "", value, text);
    number = (uint32_t)strtoul(text, NULL, 0);
    return setup_changes_add(&work->out->changes, &model, "", value, &number, sizeof number);
}

static int add_service_values(struct work *work, const struct inf_section *section, unsigned index)
{
    static const struct {
        const char *directive, *value;
        uint32_t type;
    } rows[] = {
        {"ServiceType", "Type", SETUP_DWORD},
        {"StartType", "Start", SETUP_DWORD},
        {"ErrorControl", "ErrorControl", SETUP_DWORD},
        {"ServiceBinary", "ImagePath", SETUP_EXPAND_SZ},
        {"DisplayName", "DisplayName", SETUP_SZ},
        {"Description", "Description", SETUP_SZ},
        {"LoadOrderGroup", "Group", SETUP_SZ},
    };
    int result = 0;

    for (size_t i = 0; i < ARRAY_LEN(rows) && result == 0; i++)
        result = add_service_value(work, section, rows[i].directive, rows[i].value, rows[i].type,
                                   index);
    return result;
}

static int take_service(struct work *work, const struct inf_line *line)
{
    const struct inf_section *section = inf_find(work->inf, inf_field(line, 2));
    unsigned index = (unsigned)work->out->services.count;
    struct setup_service service = {0};
    const char *binary;
    int result;

    if (strcasecmp(line->key, "AddService") != 0)
        return 0;
    if (inf_field(line, 0)[0] == 0)
        return 0; /* "AddService = ,2": a device without a function driver */
    if (section == NULL)
        return setup_refuse(work->error, line->number,
                            "there is no section [%s], which AddService names",
                            inf_field(line, 2));
    binary = inf_value(section, "ServiceBinary");
    result = copy_text(&service.name, inf_field(line, 0));
    if (result == 0)
        result = copy_text(&service.binary, binary != NULL ? last_part(binary) : NULL);
    service.is_function_driver = strtoul(inf_field(line, 1), NULL, 0) & ASSOCIATED;
    if (result == 0)
        result = array_push(&work->out->services, service);
    if (result != 0) {
        free(service.name);
        free(service.binary);
        return result;
    }
    if (service.is_function_driver && work->out->service < 0)
        work->out->service = (int)index;
    result = add_service_values(work, section, index);
    if (result == 0)
        result = walk(work, section->name, (struct target){SETUP_SERVICE, index}, NULL, 0);
    return result;
}

/* ---- Interfaces ------------------------------------------------------------------------------ */

static bool is_guid(const char *text)
{
    static const char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";

    if (strlen(text) != sizeof form - 1)
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (form[i] == 'x' ? strchr("0123456789abcdefABCDEF", text[i]) == NULL
                           : text[i] != form[i])
            return false;
    }
    return true;
}

static int take_interface(struct work *work, const struct inf_line *line)
{
    unsigned index = (unsigned)work->out->interfaces.count;
    struct setup_interface interface = {0};
    int result;

    if (strcasecmp(line->key, "AddInterface") != 0)
        return 0;
    if (!is_guid(inf_field(line, 0)))
        return setup_refuse(work->error, line->number, "%s is no GUID in braces",
                            inf_field(line, 0));
    interface.reference = setup_text_wide(inf_field(line, 1), NULL);
    result = copy_text(&interface.class_guid, inf_field(line, 0));
    if (result == 0 && interface.reference == NULL)
        result = -ENOMEM;
    if (result == 0)
        result = array_push(&work->out->interfaces, interface);
    if (result != 0) {
        free(interface.class_guid);
        free(interface.reference);
        return result;
    }
    if (inf_field(line, 2)[0] == 0)
        return 0;
    if (inf_find(work->inf, inf_field(line, 2)) == NULL)
        return setup_refuse(work->error, line->number,
                            "there is no section [%s], which AddInterface names",
                            inf_field(line, 2));
    return walk(work, inf_field(line, 2), (struct target){SETUP_INTERFACE, index}, NULL, 0);
}

/* ---- DDInstall ------------------------------------------------------------------------------- */

/* "Foo.NTamd64" before "Foo.NT" before "Foo". */
static int find_install(struct work *work, const struct inf_line *model)
{
    static const char *const extensions[] = {".NTamd64", ".NT", ""};
    const char *base = inf_field(model, 0);
    char *name;

    for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
        if (asprintf(&name, "%s%s", base, extensions[i]) < 0)
            return -ENOMEM;
        if (inf_find(work->inf, name) != NULL) {
            work->out->section = name;
            return 0;
        }
        free(name);
    }
    return setup_refuse(work->error, model->number, "there is no section [%s], with .NTamd64, .NT "
                                                    "or without", base);
}

static int walk_beside(struct work *work, const char *suffix, struct target target,
                       directive_fn *other)
{
    char *name;
    int result;

    if (asprintf(&name, "%s%s", work->out->section, suffix) < 0)
        return -ENOMEM;
    result = walk(work, name, target, other, 0);
    free(name);
    return result;
}

static int collect(struct work *work)
{
    int result = walk(work, work->out->section, (struct target){SETUP_SOFTWARE, 0}, NULL, 0);

    if (result == 0)
        result = walk_beside(work, ".Services", (struct target){SETUP_SERVICE, 0}, take_service);
    if (result == 0)
        result = walk_beside(work, ".HW", (struct target){SETUP_HARDWARE, 0}, NULL);
    if (result == 0)
        result = walk_beside(work, ".Interfaces", (struct target){SETUP_SOFTWARE, 0},
                             take_interface);
    return result;
}

static int describe(struct work *work, const struct inf_model *model, const char *id)
{
    const struct inf_section *version = inf_find(work->inf, "Version");
    int result = copy_text(&work->out->id, id);

    if (result == 0)
        result = copy_text(&work->out->description, model->line->key);
    if (result == 0)
        result = copy_text(&work->out->manufacturer, model->manufacturer);
    if (result == 0)
        result = copy_text(&work->out->provider, inf_value(version, "Provider"));
    if (result == 0)
        result = copy_text(&work->out->class_name, inf_value(version, "Class"));
    if (result == 0)
        result = copy_text(&work->out->class_guid, inf_value(version, "ClassGuid"));
    if (result == 0 && work->out->class_guid != NULL && !is_guid(work->out->class_guid))
        return setup_refuse(work->error, 0, "ClassGuid=%s is no GUID in braces",
                            work->out->class_guid);
    return result;
}

/* ---- Nothing fits ---------------------------------------------------------------------------- */

static int refuse_device(struct work *work, const struct setup_target *target,
                         const char *hardware_ids)
{
    enum { SHOWN_MAX = 6 };
    const char *id;
    struct text text;
    unsigned count = 0;

    text_init(&text);
    text_printf(&text, "no model for this device, %s; ",
                hardware_ids[0] != 0 ? hardware_ids : "which has no ID");
    for (; (id = setup_inf_id(work->inf, target, count)) != NULL; count++) {
        if (count < SHOWN_MAX)
            text_printf(&text, "%s%s", count == 0 ? "the INF has " : ", ", id);
    }
    if (count > SHOWN_MAX)
        text_printf(&text, " and %u more", count - SHOWN_MAX);
    if (count == 0)
        text_printf(&text, "the INF has no models for x64 Windows %u.%u build %u "
                           "([Manufacturer], sections .NTamd64)",
                    target->major, target->minor, target->build);
    (void)setup_refuse(work->error, 0, "%s", text_get(&text));
    text_fini(&text);
    return -ENOENT;
}

int setup_inf_install(const struct setup_inf *inf, const struct setup_target *target,
                      const char *hardware_ids, const char *compatible_ids,
                      struct setup_install *out, struct setup_error *error)
{
    struct work work = {inf, out, error};
    struct inf_model model;
    const char *id;
    int result;

    memset(out, 0, sizeof *out);
    memset(error, 0, sizeof *error);
    out->service = -1;
    if (!inf_model_choose(inf, target, hardware_ids, compatible_ids, &model, &id))
        return refuse_device(&work, target, hardware_ids);
    result = describe(&work, &model, id);
    if (result == 0)
        result = find_install(&work, model.line);
    if (result == 0)
        result = collect(&work);
    if (result != 0)
        setup_install_fini(out);
    return result;
}
