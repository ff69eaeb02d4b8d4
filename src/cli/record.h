/* SPDX-License-Identifier: MIT */
/* The event record, FILE.weir: a header, what the events are called, and the events as they came,
 * 64 bytes each. docs/record.md describes it. */
#ifndef WEIR_CLI_RECORD_H
#define WEIR_CLI_RECORD_H

#include "host/host.h"
#include "trace/trace.h"

struct record {
    struct host_file file;
    struct trace_event buffer[1024];
    unsigned buffered;
    int error; /* first failure, -errno */
    bool open;
};
int record_open(struct record *record, const char *path);
/* 0, or the first failure: then nothing more is written. */
int record_event(struct record *record, const struct trace_event *event);
int record_close(struct record *record); /* 0 or the first failure; then nothing is left of it */

#endif
