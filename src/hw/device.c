/* SPDX-License-Identifier: MIT */
/* The wrappers: between the system's accesses and the back end, and between the card's accesses and
 * the system. What config space switches off is off here, whatever the back end does. */
#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "hw/config.h"
#include "hw/msix.h"
#include "trace/trace.h"

static const uint64_t device_magic = 0x7765697268776476u; /* "weirhwdv" */

void hw_device_init(struct hw_device *device, struct sim *sim, const struct hw_ops *ops,
                    const char *name)
{
    weir_assert(ops->bar_read != NULL);
    weir_assert(ops->bar_write != NULL);
    weir_assert(ops->destroy != NULL);
    device->magic = device_magic;
    device->sim = sim;
    device->ops = ops;
    device->name = name;
}

void hw_destroy(struct hw_device *device)
{
    if (device == NULL)
        return;
    weir_assert(device->magic == device_magic);
    device->magic = 0;
    device->ops->destroy(device);
}

/* ---- Interrupts ------------------------------------------------------------------------------ */

unsigned hw_messages_on(const struct hw_device *device)
{
    return config_messages(device);
}

/* INTA# as it leaves the card: MSI and the command register keep it low. */
static void drive_line(struct hw_device *device)
{
    bool out = device->line_wanted && device->has_line && !device->removed &&
               device->d_state == 0 && config_messages(device) == 0 &&
               (config_command(device) & COMMAND_LINE_OFF) == 0;

    if (device->line_wanted)
        device->config[CONFIG_STATUS] |= STATUS_LINE;
    else
        device->config[CONFIG_STATUS] &= (uint8_t)~STATUS_LINE;
    if (out == device->line_driven)
        return;
    device->line_driven = out;
    if (device->host != NULL)
        device->host->line(device->host_ctx, out);
}

void hw_line(struct hw_device *device, bool asserted)
{
    device->line_wanted = asserted;
    drive_line(device);
}

void hw_message(struct hw_device *device, unsigned message)
{
    unsigned on = config_messages(device);
    struct config_message out;

    if (on == 0 || device->removed || device->d_state != 0 || device->host == NULL ||
        (config_command(device) & COMMAND_MASTER) == 0)
        return;
    message %= on;
    if (device->msix_bar != 0 && !msix_may_send(device, message))
        return;
    out = config_message(device, message);
    device->host->message(device->host_ctx, out.address, out.data);
}

/* After a change of masks. */
static void send_pending(struct hw_device *device)
{
    unsigned message;

    while (device->msix_bar != 0 && msix_take_pending(device, &message))
        hw_message(device, message);
}

/* ---- Config space ---------------------------------------------------------------------------- */

static bool is_config_access(const struct hw_device *device, uint32_t offset, uint32_t size_bytes)
{
    return (size_bytes == 1 || size_bytes == 2 || size_bytes == 4) && offset % size_bytes == 0 &&
           offset < config_bytes(device);
}

int hw_cfg_read(struct hw_device *device, uint32_t offset, uint32_t size_bytes, uint32_t *value)
{
    weir_assert(device->magic == device_magic);
    if (!is_config_access(device, offset, size_bytes))
        return -EINVAL;
    if (device->removed) {
        *value = size_bytes == 4 ? UINT32_MAX : (1u << 8 * size_bytes) - 1;
        return 0;
    }
    if (device->ops->cfg_read != NULL)
        return device->ops->cfg_read(device, offset, size_bytes, value);
    *value = config_get(device, offset, size_bytes);
    return 0;
}

int hw_cfg_write(struct hw_device *device, uint32_t offset, uint32_t size_bytes, uint32_t value)
{
    int result = 0;

    weir_assert(device->magic == device_magic);
    if (!is_config_access(device, offset, size_bytes))
        return -EINVAL;
    if (device->removed)
        return 0;
    if (device->ops->cfg_write != NULL)
        result = device->ops->cfg_write(device, offset, size_bytes, value);
    else
        config_set(device, offset, size_bytes, value);
    drive_line(device);
    send_pending(device);
    return result;
}

/* ---- BARs ------------------------------------------------------------------------------------ */

static bool answers(const struct hw_device *device, unsigned bar)
{
    uint16_t decode = device->bar[bar].kind == HW_BAR_PORT ? COMMAND_PORT : COMMAND_MEMORY;

    return !device->removed && device->d_state == 0 && (config_command(device) & decode) != 0;
}

static void check_bar_access(const struct hw_device *device, unsigned bar, uint64_t offset,
                             uint32_t size_bytes)
{
    weir_assert(device->magic == device_magic);
    weir_assert(bar < HW_BARS);
    weir_assert(size_bytes == 1 || size_bytes == 2 || size_bytes == 4 || size_bytes == 8);
    weir_assert(device->bar[bar].kind != HW_BAR_NONE);
    weir_assert(offset < device->bar[bar].size_bytes);
    weir_assert(size_bytes <= device->bar[bar].size_bytes - offset);
}

static uint64_t ones(uint32_t size_bytes)
{
    return size_bytes == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size_bytes) - 1;
}

uint64_t hw_bar_read(struct hw_device *device, unsigned bar, uint64_t offset, uint32_t size_bytes)
{
    uint64_t value = UINT64_MAX;

    check_bar_access(device, bar, offset, size_bytes);
    if (answers(device, bar) && offset % size_bytes == 0) {
        if (msix_is_bar(device, bar))
            value = msix_read(device, offset, size_bytes);
        else if (device->ops->bar_read(device, bar, offset, size_bytes, &value) != 0)
            value = UINT64_MAX;
    }
    value &= ones(size_bytes);
    TRACE_CLASSED(sim_trace(device->sim), call, mmio, bar, offset, size_bytes, value, 0);
    return value;
}

void hw_bar_write(struct hw_device *device, unsigned bar, uint64_t offset, uint32_t size_bytes,
                  uint64_t value)
{
    check_bar_access(device, bar, offset, size_bytes);
    value &= ones(size_bytes);
    TRACE_CLASSED(sim_trace(device->sim), call, mmio, bar, offset, size_bytes, value, 1);
    if (!answers(device, bar) || offset % size_bytes != 0)
        return;
    if (!msix_is_bar(device, bar)) {
        (void)device->ops->bar_write(device, bar, offset, size_bytes, value);
        return;
    }
    msix_write(device, offset, size_bytes, value);
    send_pending(device);
}

/* ---- Bus mastering --------------------------------------------------------------------------- */

static int may_master(const struct hw_device *device)
{
    if (device->removed || device->host == NULL)
        return -ENODEV;
    if (device->d_state != 0 || (config_command(device) & COMMAND_MASTER) == 0)
        return -EPERM;
    return 0;
}

int hw_dma_read(struct hw_device *device, uint64_t la, void *to, uint64_t size_bytes)
{
    int result = may_master(device);

    if (weir_likely(result == 0))
        result = device->host->dma_read(device->host_ctx, la, to, size_bytes);
    if (weir_unlikely(result != 0))
        memset(to, 0xff, size_bytes);
    return result;
}

int hw_dma_write(struct hw_device *device, uint64_t la, const void *from, uint64_t size_bytes)
{
    int result = may_master(device);

    if (weir_unlikely(result != 0))
        return result;
    return device->host->dma_write(device->host_ctx, la, from, size_bytes);
}

void *hw_dma_window(struct hw_device *device, uint64_t la, uint64_t size_bytes)
{
    if (weir_unlikely(may_master(device) != 0) || device->host->dma_window == NULL)
        return NULL;
    return device->host->dma_window(device->host_ctx, la, size_bytes);
}

/* ---- Reset, power, removal ------------------------------------------------------------------- */

void hw_reset(struct hw_device *device)
{
    weir_assert(device->magic == device_magic);
    if (device->removed)
        return;
    if (device->ops->reset != NULL)
        device->ops->reset(device);
    device->line_wanted = false;
    if (device->ops->cfg_write == NULL)
        config_reset(device);
    drive_line(device);
}

void hw_power(struct hw_device *device, unsigned d_state)
{
    weir_assert(device->magic == device_magic);
    weir_assert(d_state <= 3);
    if (device->removed || device->d_state == d_state)
        return;
    device->d_state = d_state;
    if (device->ops->power != NULL)
        device->ops->power(device, d_state);
    drive_line(device);
}

void hw_listen(struct hw_device *device, hw_output_fn *listener, void *ctx)
{
    weir_assert(listener == NULL || device->listener == NULL);
    device->listener = listener;
    device->listener_ctx = ctx;
}

void hw_put_out(struct hw_device *device, const struct hw_output *output)
{
    if (!device->removed && device->listener != NULL)
        device->listener(device->listener_ctx, output);
}

void hw_remove(struct hw_device *device)
{
    weir_assert(device->magic == device_magic);
    if (device->removed)
        return;
    device->removed = true;
    drive_line(device);
    if (device->on_removed != NULL)
        device->on_removed(device->removed_ctx, device);
}
