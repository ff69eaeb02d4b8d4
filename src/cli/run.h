/* SPDX-License-Identifier: MIT */
/* What the two processes of a command that runs a driver share: the parent parses, opens outputs
 * and reports; the child is the machine. Not a door. */
#ifndef WEIR_CLI_RUN_H
#define WEIR_CLI_RUN_H

#include "cli/files_out.h"
#include "cli/options.h"
#include "super/super.h"

/* Why the child ended before its time; its last words carry the sentence. */
enum run_said {
    RUN_SAID_NOTHING,
    RUN_SAID_USAGE, /* unknown card, bad card parameter, a format the pin does not offer */
    RUN_SAID_IMAGE, /* bad image, DriverEntry or start refused, no pin, no device interface */
    RUN_SAID_HOST,
    RUN_SAID_STALL, /* nothing can run, no frames, the driver refused a step */
    RUN_SAID_MISSING, /* a function weir lacks was called */
    RUN_SAID_BUG_CHECK
};

struct run_inspection {
    bool open_pins, read_values;
};

struct super_source;
struct run_child {
    const struct options *options;
    const void *driver_bytes;
    size_t driver_size_bytes;
    bool record; /* somebody wants every event */
    struct super_source *const *sources; /* by pin, NULL where nothing is played; NULL: nowhere */
    struct files_out files_out;
    /* Instead of streaming; each document goes out as a frame. NULL: stream. */
    const struct run_inspection *inspection;
};
/* The child's whole life; the result is 0, or 1 after last words. */
int run_child_main(struct super_child *child, void *ctx);

#endif
