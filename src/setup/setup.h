/* SPDX-License-Identifier: MIT */
/* What Windows's setup reads: an INF, which says how a device is installed, and a .reg file. Bytes
 * in, a list of registry changes out; whoever owns a registry makes them. Pure: no system call, no
 * machine. Callable on any fiber. Text is UTF-8 in here; key names, value names and strings in
 * changes are UTF-16 as the registry keeps them. What is created here is destroyed here.
 * Not here: Include and Needs across files, copying of files, co-installers, signatures. */
#ifndef WEIR_SETUP_H
#define WEIR_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

struct setup_error {
    unsigned line; /* counted from 1; 0: no line in particular */
    char text[900];
};

/* ---- Registry changes ------------------------------------------------------------------------ */

enum setup_root {
    SETUP_MACHINE, /* \Registry\Machine */
    SETUP_USERS, /* \Registry\User */
    SETUP_SERVICE, /* the key of the service with that index */
    SETUP_SOFTWARE, /* the device's software (driver) key */
    SETUP_HARDWARE, /* the device's hardware key */
    SETUP_INTERFACE /* the key of the interface with that index */
};
enum setup_verb {
    SETUP_SET,
    SETUP_APPEND, /* strings to a REG_MULTI_SZ, those that are not in it */
    SETUP_MAKE_KEY,
    SETUP_DELETE_VALUE,
    SETUP_DELETE_STRING, /* one string out of a REG_MULTI_SZ */
    SETUP_DELETE_KEY /* and all below it */
};
enum setup_type { /* of registry values: REG_SZ ... */
    SETUP_NONE = 0,
    SETUP_SZ = 1,
    SETUP_EXPAND_SZ = 2,
    SETUP_BINARY = 3,
    SETUP_DWORD = 4,
    SETUP_MULTI_SZ = 7,
    SETUP_QWORD = 11
};
struct setup_change {
    enum setup_root root;
    unsigned index; /* of the service or interface */
    enum setup_verb verb;
    bool keep; /* a value that is there stays */
    bool overwrite_only; /* a value that is not there is not made */
    uint16_t *key; /* below the root; empty: the root itself */
    uint16_t *name; /* empty: the key's default value */
    uint32_t type; /* enum setup_type, or another number */
    uint32_t size_bytes;
    uint8_t *data;
};
struct setup_changes {
    ARRAY(struct setup_change) list; /* in order */
};
void setup_changes_fini(struct setup_changes *changes);
/* One more; root, verb, type and flags are the model's, everything else is copied. 0 or -ENOMEM. */
int setup_changes_add(struct setup_changes *changes, const struct setup_change *model,
                      const char *key, const char *name, const void *data, size_t size_bytes);
int setup_changes_add_string(struct setup_changes *changes, const struct setup_change *model,
                             const char *key, const char *name, const char *text);

/* A .reg file ("Windows Registry Editor Version 5.00" or "REGEDIT4"). Beside the roots that every
 * such file may name, HKR, HKR.HW and HKR.Services mean the keys of the device under test, as they
 * do in an INF. 0, -EINVAL with the error filled, or -ENOMEM. */
int setup_registry_parse(const void *bytes, size_t size_bytes, struct setup_changes *out,
                         struct setup_error *error);

/* ---- INF ------------------------------------------------------------------------------------- */

struct setup_inf;
int setup_inf_parse(const void *bytes, size_t size_bytes, struct setup_inf **out,
                    struct setup_error *error);
void setup_inf_destroy(struct setup_inf *inf);

struct setup_target { /* the Windows it is installed on, an x64 one */
    unsigned major, minor, build;
};

/* One hardware or compatible ID of the models for that Windows, in the order of the file; NULL
 * after the last. */
const char *setup_inf_id(const struct setup_inf *inf, const struct setup_target *target,
                         unsigned index);

struct setup_service {
    char *name;
    char *binary; /* the last part of ServiceBinary, "grabber.sys"; NULL: none */
    bool is_function_driver;
};
struct setup_interface {
    char *class_guid; /* as the INF spells it, in braces */
    uint16_t *reference; /* empty: none */
};
struct setup_install {
    char *id; /* the one of the device that matched */
    char *section; /* DDInstall, with its decoration */
    char *description, *manufacturer, *provider; /* NULL: the INF has none */
    char *class_name, *class_guid; /* NULL: the INF has none */
    int service; /* index of the function driver's service, -1: the INF adds none */
    ARRAY(struct setup_service) services;
    ARRAY(struct setup_interface) interfaces;
    struct setup_changes changes;
    ARRAY(char *) notes; /* what the INF asks for and does not get, one sentence each */
};
/* Chooses the model that fits the device best and collects what installing it means. hardware_ids
 * and compatible_ids are lists as the bus gives them: best first, each ends in zero, the list in
 * two. 0; -ENOENT with the error filled when no model fits; -EINVAL for a section that cannot be;
 * -ENOMEM. */
int setup_inf_install(const struct setup_inf *inf, const struct setup_target *target,
                      const char *hardware_ids, const char *compatible_ids,
                      struct setup_install *out, struct setup_error *error);
void setup_install_fini(struct setup_install *install);

#endif
