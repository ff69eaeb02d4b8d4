/* SPDX-License-Identifier: MIT */
#include "cli/record.h"

#include <string.h>

#include "base/base.h"

struct record_header {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes; /* where the first event is */
    uint32_t event_bytes;
    uint32_t event_types;
};

/* "number name argument argument ...", a line for each type, so that a reader needs no table of the
 * version that wrote the file. */
static void put_types(struct text *text)
{
    for (unsigned type = 1; type < TRACE_type_count; type++) {
        text_printf(text, "%u %s", type, trace_type_name((enum trace_type)type));
        for (unsigned i = 0; trace_arg_name((enum trace_type)type, i) != NULL; i++)
            text_printf(text, " %s", trace_arg_name((enum trace_type)type, i));
        text_char(text, '\n');
    }
}

static int write_header(struct host_file *file)
{
    struct record_header header = {.magic = "weirrec", .version = 1,
                                   .event_bytes = sizeof(struct trace_event),
                                   .event_types = TRACE_type_count};
    struct text text;
    int result;

    text_init(&text);
    put_types(&text);
    header.header_bytes =
        (uint32_t)bits_align_up(sizeof header + text.length, sizeof(struct trace_event));
    text_repeat(&text, 0, header.header_bytes - sizeof header - text.length);
    result = text_error(&text);
    if (result == 0)
        result = host_file_write(file, &header, sizeof header);
    if (result == 0)
        result = host_file_write(file, text.data, text.length);
    text_fini(&text);
    return result;
}

int record_open(struct record *record, const char *path)
{
    int result;

    memset(record, 0, sizeof *record);
    result = host_file_create(&record->file, path);
    if (result != 0)
        return result;
    result = write_header(&record->file);
    if (result != 0)
        host_file_abandon(&record->file);
    record->open = result == 0;
    return result;
}

static void flush(struct record *record)
{
    if (record->error == 0)
        record->error = host_file_write(&record->file, record->buffer,
                                        record->buffered * sizeof record->buffer[0]);
    record->buffered = 0;
}

int record_event(struct record *record, const struct trace_event *event)
{
    if (!record->open || record->error != 0)
        return record->error;
    record->buffer[record->buffered++] = *event;
    if (record->buffered == ARRAY_LEN(record->buffer))
        flush(record);
    return record->error;
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
