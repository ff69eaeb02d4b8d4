/* SPDX-License-Identifier: MIT */
/* What a device is, whoever plays it: config space, BARs, interrupts, DMA, reset. Back ends
 * (hw/model; later hw/qemu, hw/vfio) fill struct hw_device and its ops; hal attaches it and
 * gives it a way to memory and CPUs (struct hw_host_ops). A device never runs on its own: it
 * runs inside accesses by the driver, and in timers of the simulation. */
#ifndef WEIR_HW_H
#define WEIR_HW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/sim.h"

struct hw_device;

/* What hal gives to a device; set by hal_attach, before that all DMA and interrupts are refused
 * (-ENODEV). */
typedef int hw_dma_read_fn(void *ctx, uint64_t la, void *to, uint64_t size_bytes);
typedef int hw_dma_write_fn(void *ctx, uint64_t la, const void *from, uint64_t size_bytes);
typedef void *hw_dma_window_fn(void *ctx, uint64_t la, uint64_t size_bytes);
typedef void hw_line_fn(void *ctx, bool asserted);
typedef void hw_message_fn(void *ctx, uint64_t address, uint32_t data);
/* What leaves the card by its connector (weir/device.h), and who listens to it. */
struct hw_output {
    unsigned stream;
    bool repeated, damaged;
    uint64_t number;
    const void *bytes;
    uint64_t size_bytes;
};
/* Called inside an access or a timer: it may look and note, not wait. */
typedef void hw_output_fn(void *ctx, const struct hw_output *output);
struct hw_host_ops {
    hw_dma_read_fn *dma_read; /* 0, or -EFAULT: master abort (the bytes read as ones) */
    hw_dma_write_fn *dma_write;
    hw_line_fn *line; /* INTx */
    hw_message_fn *message; /* MSI: memory write of data to address */
    hw_dma_window_fn *dma_window; /* optional: where a write would go, or NULL */
};

typedef int hw_cfg_read_fn(struct hw_device *device, uint32_t offset, uint32_t size_bytes,
                           uint32_t *value);
typedef int hw_cfg_write_fn(struct hw_device *device, uint32_t offset, uint32_t size_bytes,
                            uint32_t value);
typedef int hw_bar_read_fn(struct hw_device *device, unsigned bar, uint64_t offset,
                           uint32_t size_bytes, uint64_t *value);
typedef int hw_bar_write_fn(struct hw_device *device, unsigned bar, uint64_t offset,
                            uint32_t size_bytes, uint64_t value);
typedef void hw_reset_fn(struct hw_device *device);
typedef void hw_power_fn(struct hw_device *device, unsigned d_state);
typedef void hw_destroy_fn(struct hw_device *device);
/* The card was pulled. Called inside an access or a timer: it takes note and returns. */
typedef void hw_removed_fn(void *ctx, struct hw_device *device);
struct hw_ops {
    const char *name; /* back end, as shown in traces */
    hw_cfg_read_fn *cfg_read; /* optional: absent means the common config space */
    hw_cfg_write_fn *cfg_write;
    hw_bar_read_fn *bar_read; /* required */
    hw_bar_write_fn *bar_write; /* required */
    hw_reset_fn *reset; /* optional */
    hw_power_fn *power; /* optional */
    hw_destroy_fn *destroy; /* required */
};

enum hw_bar_kind { HW_BAR_NONE, HW_BAR_MEMORY32, HW_BAR_MEMORY64, HW_BAR_PORT };
struct hw_bar {
    enum hw_bar_kind kind;
    bool prefetchable;
    uint64_t size_bytes; /* power of two */
    uint64_t base; /* programmed by hal; 0 = not yet */
};
enum { HW_BARS = 6, HW_CONFIG_BYTES = 4096, HW_MESSAGES_MAX = 32 };

struct hw_device {
    uint64_t magic;
    const struct hw_ops *ops;
    const char *name; /* of the card, "grabber32" */
    struct sim *sim; /* time, timers, random streams */
    uint8_t config[HW_CONFIG_BYTES];
    struct hw_bar bar[HW_BARS];
    bool has_line; /* INTA# */
    unsigned messages; /* MSI or MSI-X vectors it can use, 0 = neither */
    unsigned msix_bar; /* 0: they are MSI; else MSI-X, with their table in BAR msix_bar - 1 */
    uint32_t msix_table[HW_MESSAGES_MAX][4];
    uint32_t msix_pending; /* bit n: message n */
    unsigned dma_address_bits; /* how wide its addresses are: 32, 64 ... */
    bool pcie;
    bool removed; /* reads give all ones, writes vanish, no DMA */
    hw_removed_fn *on_removed; /* optional, set by whoever tells the PnP manager */
    void *removed_ctx;
    hw_output_fn *listener; /* of its connector, or NULL (hw_listen) */
    void *listener_ctx;
    unsigned d_state; /* 0 = D0; below it BARs do not answer and nothing is mastered */
    bool line_wanted, line_driven; /* what the card asks of INTA#, and what config space lets out */
    const struct hw_host_ops *host;
    void *host_ctx;
};

/* For back ends: the part every device has. ops and name are borrowed for its life. */
void hw_device_init(struct hw_device *device, struct sim *sim, const struct hw_ops *ops,
                    const char *name);

/* Wrappers: argument checks, what config space forbids, and trace are written once, here. BAR
 * accesses are answered with all ones (writes: by nothing) while the card is removed, below D0
 * or its decoding is off in the command register. DMA: 0, -ENODEV (removed, or no host yet),
 * -EPERM (bus mastering off or below D0), -EFAULT (master abort; a read gives all ones). */
int hw_cfg_read(struct hw_device *device, uint32_t offset, uint32_t size_bytes, uint32_t *value);
int hw_cfg_write(struct hw_device *device, uint32_t offset, uint32_t size_bytes, uint32_t value);
uint64_t hw_bar_read(struct hw_device *device, unsigned bar, uint64_t offset, uint32_t size_bytes);
void hw_bar_write(struct hw_device *device, unsigned bar, uint64_t offset, uint32_t size_bytes,
                  uint64_t value);
int hw_dma_read(struct hw_device *device, uint64_t la, void *to, uint64_t size_bytes);
int hw_dma_write(struct hw_device *device, uint64_t la, const void *from, uint64_t size_bytes);
/* A write whose bytes the caller stores itself, at once. NULL: use hw_dma_write. */
void *hw_dma_window(struct hw_device *device, uint64_t la, uint64_t size_bytes);
void hw_line(struct hw_device *device, bool asserted);
/* Sends message n as config space programs it (nothing while MSI is disabled). */
void hw_message(struct hw_device *device, unsigned message);
/* Messages config space has switched on, 0 = MSI or MSI-X is off. */
unsigned hw_messages_on(const struct hw_device *device);
/* One listener at a time; NULL: nobody any more. */
void hw_listen(struct hw_device *device, hw_output_fn *listener, void *ctx);
/* For back ends. */
void hw_put_out(struct hw_device *device, const struct hw_output *output);
void hw_remove(struct hw_device *device); /* surprise: the card is gone from now on */
void hw_reset(struct hw_device *device);
void hw_power(struct hw_device *device, unsigned d_state);
void hw_destroy(struct hw_device *device); /* NULL is fine */

/* In-process models by name ("grabber32") or shared object path, with "key=value,key=value"
 * parameters. */
struct hw_model_error {
    char text[256];
};
int hw_model_create(struct sim *sim, const char *name_or_path, const char *parameters,
                    struct hw_device **out, struct hw_model_error *error);
/* The built-in models, for `weir cards`: NULL at the end. Text from the model's own description. */
struct weir_device_model;
const struct weir_device_model *hw_model_at(unsigned index);

#endif
