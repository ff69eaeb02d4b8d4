/* SPDX-License-Identifier: MIT */
/* A model as a device: its ops behind hw_ops, and our services behind struct weir_device_host. */
#include "hw/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "hw/config.h"
#include "hw/parameters.h"
#include "trace/trace.h"

struct model_device {
    struct hw_device base;
    const struct weir_device_model *model;
    void *library;
    struct weir_device_host host;
    struct parameters parameters;
    struct sim_rng rng;
    struct list_node timers;
    void *card; /* NULL while create runs */
};

struct weir_device_timer {
    struct list_node node;
    struct sim_event event;
    struct model_device *owner;
    weir_timer_fire_fn *fire;
    void *ctx;
};

static struct model_device *from_host(const struct weir_device_host *host)
{
    return container_of(host, struct model_device, host);
}

/* ---- What the card may ask of us ------------------------------------------------------------- */

static int host_dma_read(const struct weir_device_host *host, uint64_t la, void *to,
                         uint64_t size_bytes)
{
    return hw_dma_read(&from_host(host)->base, la, to, size_bytes);
}

static int host_dma_write(const struct weir_device_host *host, uint64_t la, const void *from,
                          uint64_t size_bytes)
{
    return hw_dma_write(&from_host(host)->base, la, from, size_bytes);
}

static void *host_dma_window(const struct weir_device_host *host, uint64_t la, uint64_t size_bytes)
{
    return hw_dma_window(&from_host(host)->base, la, size_bytes);
}

static void host_line(const struct weir_device_host *host, bool asserted)
{
    hw_line(&from_host(host)->base, asserted);
}

static void host_message(const struct weir_device_host *host, unsigned message)
{
    hw_message(&from_host(host)->base, message);
}

static unsigned host_messages_on(const struct weir_device_host *host)
{
    return hw_messages_on(&from_host(host)->base);
}

static uint64_t host_now_ns(const struct weir_device_host *host)
{
    return sim_now_ns(from_host(host)->base.sim);
}

static void timer_fired(void *ctx)
{
    struct weir_device_timer *timer = ctx;

    if (!timer->owner->base.removed)
        timer->fire(timer->ctx);
}

static int host_timer_create(const struct weir_device_host *host, weir_timer_fire_fn *fire,
                             void *ctx, struct weir_device_timer **out)
{
    struct model_device *device = from_host(host);
    struct weir_device_timer *timer = calloc(1, sizeof *timer);

    if (timer == NULL)
        return -ENOMEM;
    timer->owner = device;
    timer->fire = fire;
    timer->ctx = ctx;
    sim_event_init(&timer->event, timer_fired, timer);
    list_insert_tail(&device->timers, &timer->node);
    *out = timer;
    return 0;
}

static void host_timer_arm(const struct weir_device_host *host, struct weir_device_timer *timer,
                           uint64_t due_ns)
{
    struct model_device *device = from_host(host);

    weir_assert(timer->owner == device);
    if (!device->base.removed)
        sim_event_arm(device->base.sim, &timer->event, due_ns);
}

static bool host_timer_cancel(const struct weir_device_host *host, struct weir_device_timer *timer)
{
    struct model_device *device = from_host(host);

    weir_assert(timer->owner == device);
    return sim_event_cancel(device->base.sim, &timer->event);
}

static uint64_t host_random(const struct weir_device_host *host)
{
    return sim_rng_u64(&from_host(host)->rng);
}

static void host_event(const struct weir_device_host *host, uint32_t kind, uint64_t arg0,
                       uint64_t arg1, uint64_t arg2)
{
    TRACE(sim_trace(from_host(host)->base.sim), card_event, kind, arg0, arg1, arg2);
}

static void host_log(const struct weir_device_host *host, const char *text)
{
    struct model_device *device = from_host(host);
    struct text line;

    text_init(&line);
    text_printf(&line, "%s: %s", device->base.name, text);
    trace_text(sim_trace(device->base.sim), text_get(&line), strlen(text_get(&line)));
    text_fini(&line);
}

static const struct parameter_value *value_of(const struct weir_device_host *host, const char *name)
{
    const struct parameter_value *value = parameters_find(&from_host(host)->parameters, name);

    weir_assert(value != NULL); /* the model asks for a parameter that is not in its table */
    return value;
}

static uint64_t host_number(const struct weir_device_host *host, const char *name)
{
    return value_of(host, name)->number;
}

static const char *host_text(const struct weir_device_host *host, const char *name)
{
    return value_of(host, name)->text;
}

static void host_unplug(const struct weir_device_host *host)
{
    struct model_device *device = from_host(host);
    struct weir_device_timer *timer;

    list_for_each_entry(timer, &device->timers, node)
        sim_event_cancel(device->base.sim, &timer->event);
    host_event(host, WEIR_CARD_REMOVED, 0, 0, 0);
    hw_remove(&device->base);
}

static void host_output(const struct weir_device_host *host, const struct weir_output *output)
{
    const struct hw_output out = {
        .stream = output->stream,
        .repeated = (output->flags & WEIR_OUTPUT_REPEATED) != 0,
        .damaged = (output->flags & WEIR_OUTPUT_DAMAGED) != 0,
        .number = output->number,
        .bytes = output->bytes,
        .size_bytes = output->size_bytes,
    };

    hw_put_out(&from_host(host)->base, &out);
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

/* ---- What the system asks of the card -------------------------------------------------------- */

static const struct hw_ops model_ops;

static struct model_device *from_base(struct hw_device *base)
{
    weir_assert(base->ops == &model_ops);
    return container_of(base, struct model_device, base);
}

static int ops_cfg_read(struct hw_device *base, uint32_t offset, uint32_t size_bytes,
                        uint32_t *value)
{
    struct model_device *device = from_base(base);

    *value = config_get(base, offset, size_bytes);
    if (device->model->config_read != NULL)
        device->model->config_read(device->card, offset, size_bytes, value);
    return 0;
}

static int ops_cfg_write(struct hw_device *base, uint32_t offset, uint32_t size_bytes,
                         uint32_t value)
{
    struct model_device *device = from_base(base);

    config_set(base, offset, size_bytes, value);
    if (device->model->config_write != NULL)
        device->model->config_write(device->card, offset, size_bytes, value);
    return 0;
}

static int ops_bar_read(struct hw_device *base, unsigned bar, uint64_t offset, uint32_t size_bytes,
                        uint64_t *value)
{
    struct model_device *device = from_base(base);

    *value = device->model->read(device->card, bar, offset, size_bytes);
    return 0;
}

static int ops_bar_write(struct hw_device *base, unsigned bar, uint64_t offset, uint32_t size_bytes,
                         uint64_t value)
{
    struct model_device *device = from_base(base);

    device->model->write(device->card, bar, offset, size_bytes, value);
    return 0;
}

static void ops_reset(struct hw_device *base)
{
    struct model_device *device = from_base(base);

    device->model->reset(device->card);
    config_reset(base);
}

static void ops_power(struct hw_device *base, unsigned d_state)
{
    struct model_device *device = from_base(base);

    if (device->model->power != NULL)
        device->model->power(device->card, d_state);
}

static void free_timers(struct model_device *device)
{
    struct weir_device_timer *timer, *following;

    list_for_each_entry_safe(timer, following, &device->timers, node)
    {
        sim_event_cancel(device->base.sim, &timer->event);
        free(timer);
    }
}

static void ops_destroy(struct hw_device *base)
{
    struct model_device *device = from_base(base);

    device->model->destroy(device->card);
    free_timers(device);
    parameters_fini(&device->parameters);
    model_release_library(device->library);
    free(device);
}

static const struct hw_ops model_ops = {
    .name = "model",
    .cfg_read = ops_cfg_read,
    .cfg_write = ops_cfg_write,
    .bar_read = ops_bar_read,
    .bar_write = ops_bar_write,
    .reset = ops_reset,
    .power = ops_power,
    .destroy = ops_destroy,
};

/* ---- Making a card --------------------------------------------------------------------------- */

/* While a model says what the card is there is no card yet that could do anything. */
static const struct weir_device_host describing_services = {
    .abi_version = WEIR_DEVICE_ABI,
    .struct_size = sizeof(struct weir_device_host),
    .number = host_number,
    .text = host_text,
};

static int describe_card(struct model_device *device, struct weir_device_description *description,
                         struct hw_model_error *error)
{
    weir_device_describe_fn *describe = model_describe(device->model);
    const char *wrong;
    char reason[192] = "";
    int result;

    model_description(device->model, description);
    if (describe == NULL)
        return 0;
    device->host = describing_services;
    result = describe(&device->host, description, reason, sizeof reason);
    reason[sizeof reason - 1] = 0;
    wrong = result == 0 ? model_impossible(description) : NULL;
    if (result == 0 && wrong == NULL)
        return 0;
    if (result != 0)
        wrong = reason[0] != 0 ? reason : strerror(-result);
    snprintf(error->text, sizeof error->text, "card %s: %s", device->model->name, wrong);
    return result != 0 ? result : -EINVAL;
}

static void fill_device(struct model_device *device, struct sim *sim,
                        const struct weir_device_description *description)
{
    const struct weir_pci_identity *pci = &description->pci;
    const struct config_identity identity = {
        .vendor = pci->vendor,
        .device = pci->device,
        .subsystem_vendor = pci->subsystem_vendor,
        .subsystem = pci->subsystem,
        .class_code = pci->class_code & 0xffffff,
        .revision = pci->revision,
    };

    hw_device_init(&device->base, sim, &model_ops, device->model->name);
    device->base.has_line = description->has_line != 0;
    device->base.messages = description->messages;
    device->base.msix_bar = description->msix_bar;
    device->base.dma_address_bits = description->dma_address_bits;
    device->base.pcie = pci->pcie != 0;
    for (unsigned i = 0; i < HW_BARS; i++)
        device->base.bar[i] =
            (struct hw_bar){.kind = (enum hw_bar_kind)description->bars[i].kind,
                            .prefetchable = description->bars[i].prefetchable != 0,
                            .size_bytes = description->bars[i].size_bytes};
    config_init(&device->base, &identity);
}

/* enum weir_bar_kind and enum hw_bar_kind list the same kinds. */
_Static_assert((int)WEIR_BAR_PORT == (int)HW_BAR_PORT, "kinds of BAR");
_Static_assert((int)WEIR_BAR_MEMORY64 == (int)HW_BAR_MEMORY64, "kinds of BAR");
_Static_assert((int)WEIR_BARS == (int)HW_BARS, "number of BARs");

static int create_card(struct model_device *device, struct hw_model_error *error)
{
    char reason[192] = "";
    int result = device->model->create(&device->host, &device->card, reason, sizeof reason);

    if (result == 0)
        return 0;
    reason[sizeof reason - 1] = 0;
    snprintf(error->text, sizeof error->text, "card %s: %s", device->model->name,
             reason[0] != 0 ? reason : strerror(-result));
    return result;
}

int hw_model_create(struct sim *sim, const char *name_or_path, const char *parameters,
                    struct hw_device **out, struct hw_model_error *error)
{
    struct model_device *device = calloc(1, sizeof *device);
    struct weir_device_description description;
    int result = -ENOMEM;

    snprintf(error->text, sizeof error->text, "card %.64s: not enough memory", name_or_path);
    if (device == NULL)
        return -ENOMEM;
    result = model_find(name_or_path, &device->model, &device->library, error);
    if (result != 0)
        goto fail_device;
    result = parameters_init(&device->parameters, device->model->name, device->model->parameters,
                             parameters, error);
    if (result != 0)
        goto fail_library;
    list_init(&device->timers);
    result = describe_card(device, &description, error);
    if (result != 0)
        goto fail_timers;
    fill_device(device, sim, &description);
    device->host = host_services;
    sim_rng_init(&device->rng, sim_seed(sim), device->model->name);
    result = create_card(device, error);
    if (result != 0)
        goto fail_timers;
    error->text[0] = 0;
    *out = &device->base;
    return 0;

fail_timers:
    free_timers(device);
    parameters_fini(&device->parameters);
fail_library:
    model_release_library(device->library);
fail_device:
    free(device);
    return result;
}
