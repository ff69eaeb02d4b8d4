/* SPDX-License-Identifier: MIT */
/* A machine: composition root. One readable list builds, boots, stops and frees a world around one
 * driver and one card. machine_create builds, machine_run boots and hands a thread at PASSIVE_LEVEL
 * to the caller's function, machine_destroy frees. Functions marked [thread] are for that function,
 * and any other thread of the machine. */
#ifndef WEIR_MACHINE_H
#define WEIR_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exports/exports.h"
#include "hal/hal.h"
#include "ke/ke.h"
#include "mm/mm.h"
#include "setup/setup.h"

/* --param Name=Value: REG_DWORD if it is a number, else REG_SZ; in the service's Parameters and in
 * the device's software key. */
struct machine_parameter {
    const char *name;
    const char *value;
};

struct machine_image { /* another .sys */
    const char *name; /* "grabber.sys" */
    const void *bytes; /* borrowed */
    size_t size_bytes;
};

struct machine_file { /* of the drive C: */
    const char *path; /* UTF-8, parts separated by '/' */
    bool is_folder;
    const void *bytes;
    size_t size_bytes;
};

struct machine_config {
    uint64_t seed;
    unsigned cpus;
    enum ke_windows windows;
    struct mm_config memory;
    struct hal_config hal;
    const char *card; /* "grabber64", a path ending in .so, or "none" */
    const char *card_parameters; /* "key=value,key=value" or NULL */
    const char *driver_name; /* "grabber.sys" */
    const void *driver_bytes; /* borrowed */
    size_t driver_size_bytes;
    const struct machine_image *others; /* loaded before it, in order; it may import from them */
    size_t other_count;
    bool has_files; /* there is a drive C: */
    const struct machine_file *files; /* what it holds, folders first; borrowed */
    size_t file_count;
    const struct machine_parameter *parameters;
    size_t parameter_count;
    const struct setup_inf *inf; /* borrowed; NULL: the device has none */
    const char *inf_name; /* "grabber.inf" */
    const struct setup_changes *registry; /* borrowed; made after the INF's; NULL: none */
    const struct exports_stub *stubs; /* for functions that weir lacks */
    size_t stub_count;
    struct trace *trace; /* borrowed */
    bool trap_tsc; /* rdtsc shows virtual time; our own code then pays for it too */
    void (*before_guest)(void *ctx); /* last thing before DriverEntry: the sandbox */
    void *before_guest_ctx;
};

enum machine_failure {
    MACHINE_OK,
    MACHINE_HOST, /* the host refused: memory, descriptors */
    MACHINE_CARD, /* unknown card, bad parameter, an INF that has no model for it */
    MACHINE_IMAGE, /* the .sys is not acceptable */
    MACHINE_DRIVER /* DriverEntry, AddDevice or start refused */
};
struct machine_error {
    enum machine_failure kind;
    NTSTATUS status; /* of MACHINE_DRIVER */
    char text[1100];
};

struct machine;
int machine_create(const struct machine_config *config, struct machine **out,
                   struct machine_error *error);
void machine_destroy(struct machine *machine);

typedef void machine_main_fn(struct machine *machine, void *ctx);
/* Runs until main returns, or a bug check, a stall, a call of a missing function: enum ke_stop. */
int machine_run(struct machine *machine, machine_main_fn *main, void *ctx);

/* [thread] The application's side got on: a step begins, a frame has come. What takes too long
 * after it ends machine_run with KE_STOP_ENDLESS, although virtual time moves: a driver that goes
 * round and round would never end. */
enum { MACHINE_PATIENCE_TURNS = 30000000, MACHINE_PATIENCE_SECONDS = 120 };
void machine_progress(struct machine *machine);

/* [thread] The driver's life, one step each; false with the error filled. */
/* Image, DriverEntry. */
bool machine_load_driver(struct machine *machine, struct machine_error *error);
/* Unload, DriverEntry, after the device was removed. */
bool machine_reload_driver(struct machine *machine, struct machine_error *error);
/* AddDevice, START. */
bool machine_start_device(struct machine *machine, struct machine_error *error);
/* QUERY_STOP, STOP. */
bool machine_stop_device(struct machine *machine, struct machine_error *error);
bool machine_restart_device(struct machine *machine, struct machine_error *error); /* START again */
/* S3 and D3, or back. */
bool machine_power(struct machine *machine, bool asleep, struct machine_error *error);
bool machine_remove_device(struct machine *machine, struct machine_error *error);
void machine_surprise_remove(struct machine *machine);
void machine_unload_driver(struct machine *machine);

/* Each file of the drive C: that a driver made, wrote or renamed; also after machine_run. */
typedef int machine_file_fn(void *ctx, const char *path, const void *bytes, uint64_t size_bytes);
int machine_files_changed(struct machine *machine, machine_file_fn *changed, void *ctx);

struct ke *machine_ke(struct machine *machine);
struct sim *machine_sim(struct machine *machine);
struct mm *machine_mm(struct machine *machine);
struct hal *machine_hal(struct machine *machine);
struct io *machine_io(struct machine *machine);
struct exports *machine_exports(struct machine *machine);
struct hw_device *machine_card(struct machine *machine); /* NULL without one */
const struct exports_driver *machine_driver(struct machine *machine);

#endif
