/* SPDX-License-Identifier: MIT */
/* Options of `weir run`: parsed once, checked all, defaults in one place. What they mean for the
 * machine and for the application in it is told by two functions, for every command that runs a
 * driver. */
#ifndef WEIR_CLI_OPTIONS_H
#define WEIR_CLI_OPTIONS_H

#include "client/client.h"
#include "machine/machine.h"

enum { OPTIONS_SNAPSHOTS_MAX = 8, OPTIONS_PARAMETERS_MAX = 64, OPTIONS_OTHERS_MAX = 16,
       OPTIONS_STUBS_MAX = 64 };

#define OPTIONS_WINDOWS                                                                            \
    "xp, ws2003, ws2003sp1, vista, win7, win8, win8.1, win10-1803, win10 or win11"

struct options_snapshot {
    uint64_t frame;
    const char *path;
};

/* What is wanted of a pin; 0 and NULL: whatever it offers. */
struct options_stream {
    const char *pin; /* --pin; NULL: the one that suits */
    const char *format; /* "yuy2", "s16" */
    uint32_t width, height;
    uint32_t rate_numerator, rate_denominator;
    uint32_t sample_rate_hz, channels, packet_ms;
    bool has_frames, has_seconds;
    uint64_t frames, seconds; /* both 0: as long as the others */
    unsigned buffers;
    const char *input, *output; /* files */
};

struct options {
    const char *driver;
    char card[512]; /* name or path */
    char card_parameters[1024]; /* after the first comma */
    struct options_stream stream; /* for every pin that does not say otherwise */
    struct options_stream pins[CLIENT_PINS_MAX]; /* after parsing one at least, all said */
    unsigned pin_count;
    struct options_snapshot snapshots[OPTIONS_SNAPSHOTS_MAX];
    unsigned snapshot_count;
    uint64_t ram_bytes;
    uint64_t seed;
    unsigned cpus;
    enum ke_windows windows;
    struct machine_parameter parameters[OPTIONS_PARAMETERS_MAX];
    unsigned parameter_count;
    struct machine_image others[OPTIONS_OTHERS_MAX]; /* --load; the bytes are ours */
    unsigned other_count;
    const char *files_path; /* --files */
    const char *files_out; /* --files-out */
    struct machine_file *files; /* ours, with what they point to */
    size_t file_count;
    struct setup_inf *inf; /* --inf; ours */
    const char *inf_path;
    struct setup_changes *registry; /* --registry; ours */
    struct exports_stub stubs[OPTIONS_STUBS_MAX];
    unsigned stub_count;
    struct client_incident incidents[CLIENT_INCIDENTS_MAX]; /* --at */
    unsigned incident_count;
    enum mm_policy pages;
    const char *pages_shown; /* as given */
    uint32_t run_pages; /* of MM_RUNS */
    uint32_t map_registers;
    uint64_t low_memory_bytes;
    unsigned low_memory_pressure; /* percent */
    bool force_bounce;
    uint32_t buffer_offset_bytes;
    enum hal_iommu iommu;
    const char *record, *json;
    bool quiet;
    bool help;
};

/* 0, or an exit code after one clear message. Strings are borrowed from argv; Name=Value pairs are
 * cut in place. */
int options_parse(int argc, char **argv, struct options *out);
void options_release(struct options *options); /* after options_parse, whatever it said */
void options_help(void);
void options_default(struct options *out);
/* The machine that was asked for; the caller adds the driver's bytes, the trace and its hooks. */
void options_machine_config(const struct options *options, struct machine_config *out);
/* What the application in it is to ask of the driver; what files hold is not in it. */
void options_stream_request(const struct options *options, struct client_request *out);
/* "YUY2" for "yuy2", NULL when it is none of pictures. */
const char *options_fourcc(const char *format);
/* False when it is none of sound. */
bool options_samples(const char *format, struct client_audio *out);
/* "RGB24" for the fourcc "RGB3"; the fourcc itself when it is another. */
const char *options_format_name(const char *fourcc);
const char *options_samples_name(uint32_t bits, bool is_float); /* "s16" */
bool options_dma_asked(const struct options *options); /* anything but the usual machine */
const char *options_iommu_name(enum hal_iommu iommu); /* "off" */
/* What the card draws: its payload parameter, as given or by default; false when it has none. */
bool options_payload(const struct options *options, enum weir_pattern_payload *out);
bool options_payload_given(const struct options *options); /* it stands on the command line */

#endif
