/* SPDX-License-Identifier: MIT */
/* A host for tests of card models: memory at a bus address, timers, and the interrupts counted. The
 * whole of what include/weir/device.h asks for, and nothing of weir behind it. */
#ifndef WEIR_MODELS_HOST_TEST_H
#define WEIR_MODELS_HOST_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "weir/device.h"

enum {
    HOST_BASE = 0x40000000,
    HOST_BYTES = 24 << 20,
    HOST_TIMERS = 16,
    HOST_MESSAGES = 32,
    HOST_OUTPUTS = 64,
};

/* A picture that left the card: enough of it to tell which. */
struct host_output {
    uint32_t stream, flags;
    uint64_t number, size_bytes;
    uint8_t first, last; /* bytes */
};

struct weir_device_timer {
    weir_timer_fire_fn *fire;
    void *ctx;
    uint64_t due_ns; /* UINT64_MAX: not armed */
    uint64_t order;
};

struct host {
    struct weir_device_host services;
    const struct weir_device_model *model;
    void *card;
    const char *given; /* "key=value,..." */
    uint8_t *memory;
    uint64_t forbidden_from, forbidden_to; /* offsets the card may not touch */
    struct weir_device_timer timers[HOST_TIMERS];
    unsigned timers_count;
    uint64_t now_ns, order;
    unsigned messages_on; /* 0: MSI is off */
    unsigned messages[HOST_MESSAGES];
    bool line;
    unsigned line_rises;
    bool unplugged;
    uint64_t dma_reads, dma_writes, dma_written_bytes;
    uint64_t dma_read_end; /* offset behind the last read */
    struct host_output outputs[HOST_OUTPUTS];
    unsigned outputs_count;
    uint64_t events[16];
    void (*on_line)(struct host *host); /* a driver's interrupt handler, run after what raised it */
    void *driver;
};

static inline struct host *host_of(const struct weir_device_host *services)
{
    return (struct host *)(uintptr_t)services;
}

static inline bool host_allows(const struct host *host, uint64_t la, uint64_t size_bytes)
{
    uint64_t from = la - HOST_BASE;

    if (la < HOST_BASE || from > HOST_BYTES || size_bytes > HOST_BYTES - from || host->unplugged)
        return false;
    return from >= host->forbidden_to || from + size_bytes <= host->forbidden_from;
}

static inline int host_dma_read(const struct weir_device_host *services, uint64_t la, void *to,
                                uint64_t size_bytes)
{
    struct host *host = host_of(services);

    host->dma_reads++;
    host->dma_read_end = la - HOST_BASE + size_bytes;
    memset(to, 0xff, size_bytes);
    if (!host_allows(host, la, size_bytes))
        return -EFAULT;
    memcpy(to, host->memory + (la - HOST_BASE), size_bytes);
    return 0;
}

static inline int host_dma_write(const struct weir_device_host *services, uint64_t la,
                                 const void *from, uint64_t size_bytes)
{
    struct host *host = host_of(services);

    host->dma_writes++;
    if (!host_allows(host, la, size_bytes))
        return -EFAULT;
    host->dma_written_bytes += size_bytes;
    memcpy(host->memory + (la - HOST_BASE), from, size_bytes);
    return 0;
}

static inline void *host_dma_window(const struct weir_device_host *services, uint64_t la,
                                    uint64_t size_bytes)
{
    struct host *host = host_of(services);

    if (!host_allows(host, la, size_bytes))
        return NULL;
    host->dma_writes++;
    host->dma_written_bytes += size_bytes;
    return host->memory + (la - HOST_BASE);
}

static inline void host_line(const struct weir_device_host *services, bool asserted)
{
    struct host *host = host_of(services);

    asserted = asserted && host->messages_on == 0 && !host->unplugged;
    host->line_rises += asserted && !host->line;
    host->line = asserted;
}

static inline void host_message(const struct weir_device_host *services, unsigned message)
{
    struct host *host = host_of(services);

    if (host->messages_on > 0 && !host->unplugged)
        host->messages[message % host->messages_on]++;
}

static inline unsigned host_messages_on(const struct weir_device_host *services)
{
    return host_of(services)->messages_on;
}

static inline uint64_t host_now_ns(const struct weir_device_host *services)
{
    return host_of(services)->now_ns;
}

static inline int host_timer_create(const struct weir_device_host *services,
                                    weir_timer_fire_fn *fire, void *ctx,
                                    struct weir_device_timer **out)
{
    struct host *host = host_of(services);

    assert_true(host->timers_count < HOST_TIMERS);
    *out = &host->timers[host->timers_count++];
    **out = (struct weir_device_timer){fire, ctx, UINT64_MAX, 0};
    return 0;
}

static inline void host_timer_arm(const struct weir_device_host *services,
                                  struct weir_device_timer *timer, uint64_t due_ns)
{
    struct host *host = host_of(services);

    assert_true(due_ns >= host->now_ns);
    timer->due_ns = due_ns;
    timer->order = ++host->order;
}

static inline bool host_timer_cancel(const struct weir_device_host *services,
                                     struct weir_device_timer *timer)
{
    bool armed = timer->due_ns != UINT64_MAX;

    (void)services;
    timer->due_ns = UINT64_MAX;
    return armed;
}

static inline uint64_t host_random(const struct weir_device_host *services)
{
    return ++host_of(services)->order;
}

static inline void host_event(const struct weir_device_host *services, uint32_t kind, uint64_t arg0,
                              uint64_t arg1, uint64_t arg2)
{
    (void)arg0;
    (void)arg1;
    (void)arg2;
    if (kind < 16)
        host_of(services)->events[kind]++;
}

static inline void host_log(const struct weir_device_host *services, const char *text)
{
    (void)services;
    (void)text;
}

static inline const struct weir_parameter *host_row(const struct host *host, const char *name)
{
    const struct weir_parameter *row = host->model->parameters;

    while (strcmp(row->name, name) != 0) {
        row++;
        assert_non_null(row->name);
    }
    return row;
}

/* The value as typed, in a buffer that the next call overwrites. */
static inline const char *host_text(const struct weir_device_host *services, const char *name)
{
    static char value[64];
    const struct host *host = host_of(services);
    const char *at = host->given;
    size_t length = strlen(name);

    while (at != NULL && *at != 0) {
        size_t end = strcspn(at, ",");

        if (strncmp(at, name, length) == 0 && at[length] == '=') {
            memcpy(value, at + length + 1, end - length - 1);
            value[end - length - 1] = 0;
            return value;
        }
        at += end + (at[end] == ',');
    }
    return host_row(host, name)->value;
}

static inline uint64_t host_number(const struct weir_device_host *services, const char *name)
{
    const struct weir_parameter *row = host_row(host_of(services), name);
    const char *value = host_text(services, name), *choice = row->choices;
    char *end;
    uint64_t number;

    if (row->type == WEIR_PARAMETER_CHOICE) {
        for (number = 0;; number++) {
            size_t length = strcspn(choice, "|");

            if (length == strlen(value) && memcmp(choice, value, length) == 0)
                return number;
            assert_true(choice[length] == '|');
            choice += length + 1;
        }
    }
    number = strtoull(value, &end, 0);
    return *end == 'M' ? number << 20 : *end == 'G' ? number << 30 : number;
}

static inline void host_unplug(const struct weir_device_host *services)
{
    struct host *host = host_of(services);

    host->unplugged = true;
    host->line = false;
    for (unsigned i = 0; i < host->timers_count; i++)
        host->timers[i].due_ns = UINT64_MAX;
}

static inline void host_output(const struct weir_device_host *services,
                               const struct weir_output *output)
{
    struct host *host = host_of(services);
    const uint8_t *bytes = output->bytes;

    assert_true(host->outputs_count < HOST_OUTPUTS);
    host->outputs[host->outputs_count++] = (struct host_output){
        output->stream, output->flags,        output->number, output->size_bytes,
        bytes[0],       bytes[output->size_bytes - 1],
    };
}

static const struct weir_device_host host_services = {
    .abi_version = WEIR_DEVICE_ABI,
    .struct_size = sizeof(struct weir_device_host),
    .dma_read = host_dma_read,
    .dma_write = host_dma_write,
    .line = host_line,
    .message = host_message,
    .messages_on = host_messages_on,
    .now_ns = host_now_ns,
    .timer_create = host_timer_create,
    .timer_arm = host_timer_arm,
    .timer_cancel = host_timer_cancel,
    .random = host_random,
    .event = host_event,
    .log = host_log,
    .number = host_number,
    .text = host_text,
    .unplug = host_unplug,
    .dma_window = host_dma_window,
    .output = host_output,
};

static inline void host_open(struct host *host, const struct weir_device_model *model,
                             const char *given)
{
    char error[128];

    memset(host, 0, sizeof *host);
    host->services = host_services;
    host->model = model;
    host->given = given;
    host->memory = calloc(1, HOST_BYTES);
    assert_non_null(host->memory);
    host->now_ns = 1000;
    assert_int_equal(model->create(&host->services, &host->card, error, sizeof error), 0);
}

static inline void host_close(struct host *host)
{
    host->model->destroy(host->card);
    free(host->memory);
}

static inline uint32_t host_read(struct host *host, uint64_t offset)
{
    return host->unplugged ? UINT32_MAX : (uint32_t)host->model->read(host->card, 0, offset, 4);
}

static inline void host_write(struct host *host, uint64_t offset, uint32_t value)
{
    if (!host->unplugged)
        host->model->write(host->card, 0, offset, 4, value);
}

static inline struct weir_device_timer *host_next_timer(struct host *host)
{
    struct weir_device_timer *next = NULL;

    for (unsigned i = 0; i < host->timers_count; i++) {
        struct weir_device_timer *timer = &host->timers[i];

        if (timer->due_ns != UINT64_MAX &&
            (next == NULL || timer->due_ns < next->due_ns ||
             (timer->due_ns == next->due_ns && timer->order < next->order)))
            next = timer;
    }
    return next;
}

/* Lets time pass; after each timer the driver's handler runs if there is one. */
static inline void host_run(struct host *host, uint64_t delay_ns)
{
    uint64_t until_ns = host->now_ns + delay_ns;

    for (;;) {
        struct weir_device_timer *timer = host_next_timer(host);

        if (timer == NULL || timer->due_ns > until_ns)
            break;
        host->now_ns = timer->due_ns;
        timer->due_ns = UINT64_MAX;
        timer->fire(timer->ctx);
        if (host->on_line != NULL)
            host->on_line(host);
    }
    host->now_ns = until_ns;
}

static inline uint64_t host_la(uint64_t offset)
{
    return HOST_BASE + offset;
}

#endif
