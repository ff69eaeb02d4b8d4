/* SPDX-License-Identifier: MIT */
/* Options of `weir run`: parsed once, checked all, defaults in one place. */
#ifndef WEIR_CLI_OPTIONS_H
#define WEIR_CLI_OPTIONS_H

#include "client/client.h"
#include "machine/machine.h"

enum { OPTIONS_SNAPSHOTS_MAX = 8, OPTIONS_PARAMETERS_MAX = 64 };

struct options_snapshot {
    uint64_t frame;
    const char *path;
};

struct options {
    const char *driver;
    char card[512]; /* name or path */
    char card_parameters[1024]; /* after the first comma */
    const char *format; /* "yuy2"; NULL = the driver's first */
    uint32_t width, height;
    uint32_t rate_numerator, rate_denominator;
    bool has_frames, has_seconds;
    uint64_t frames, seconds;
    const char *output; /* NULL: none */
    struct options_snapshot snapshots[OPTIONS_SNAPSHOTS_MAX];
    unsigned snapshot_count;
    uint64_t ram_bytes;
    unsigned buffers;
    uint64_t seed;
    unsigned cpus;
    enum ke_windows windows;
    struct machine_parameter parameters[OPTIONS_PARAMETERS_MAX];
    unsigned parameter_count;
    const char *record, *json;
    bool quiet;
    bool help;
};

/* 0, or an exit code after one clear message. Strings are borrowed from argv; Name=Value pairs are
 * cut in place. */
int options_parse(int argc, char **argv, struct options *out);
void options_help(void);
/* "YUY2" for "yuy2", NULL when unknown. */
const char *options_fourcc(const char *format);
/* "RGB24" for the fourcc "RGB3"; the fourcc itself when it is another. */
const char *options_format_name(const char *fourcc);
/* What the card draws: its payload parameter, as given or by default; false when it has none. */
bool options_payload(const struct options *options, enum weir_pattern_payload *out);

#endif
