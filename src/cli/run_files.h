/* SPDX-License-Identifier: MIT */
/* The files of `weir run`'s pins: what is played, where frames go. All are opened before the run:
 * what cannot be read, written or played is refused at once. Not a door. */
#ifndef WEIR_CLI_RUN_FILES_H
#define WEIR_CLI_RUN_FILES_H

#include "cli/options.h"
#include "super/super.h"

enum { RUN_SINKS_MAX = OPTIONS_SNAPSHOTS_MAX + 2 * CLIENT_PINS_MAX };

struct run_files {
    struct super_source *sources[CLIENT_PINS_MAX]; /* NULL: nothing is played */
    struct super_sink sinks[RUN_SINKS_MAX];
    unsigned sink_count;
    struct super_sink *hashes[CLIENT_PINS_MAX]; /* NULL: nobody asked */
    struct super_sink *snapshots; /* as many as there are options for */
};

/* 0, or an exit code after one clear message. Release it, whatever it said. */
int run_files_open(struct run_files *files, const struct options *options);
void run_files_release(struct run_files *files);

#endif
