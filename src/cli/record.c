/* SPDX-License-Identifier: MIT */
#include "cli/record.h"

#include <string.h>

struct record_header {
    char magic[8];
    uint32_t version;
    uint32_t event_bytes;
    uint32_t event_types;
    uint32_t reserved;
};

int record_open(struct record *record, const char *path)
{
    struct record_header header = {.magic = "weirrec", .version = 1,
                                   .event_bytes = sizeof(struct trace_event),
                                   .event_types = TRACE_type_count};
    int result;

    memset(record, 0, sizeof *record);
    result = host_file_create(&record->file, path);
    if (result != 0)
        return result;
    record->open = true;
    return host_file_write(&record->file, &header, sizeof header);
}

static void flush(struct record *record)
{
    if (record->error == 0)
        record->error = host_file_write(&record->file, record->buffer,
                                        record->buffered * sizeof record->buffer[0]);
    record->buffered = 0;
}

void record_event(struct record *record, const struct trace_event *event)
{
    if (!record->open || record->error != 0)
        return;
    record->buffer[record->buffered++] = *event;
    if (record->buffered == sizeof record->buffer / sizeof record->buffer[0])
        flush(record);
}

int record_close(struct record *record)
{
    if (!record->open)
        return 0;
    record->open = false;
    flush(record);
    if (record->error != 0) {
        host_file_abandon(&record->file);
        return record->error;
    }
    return host_file_commit(&record->file);
}
