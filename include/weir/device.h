/* SPDX-License-Identifier: MIT */
/* Card models: how a PCI card is described to weir, in C, as a part of the program or as a
 * shared object.
 *
 * A model is one struct weir_device_model. A shared object exports it under the name
 * weir_device_model, and `weir run driver.sys --card path/to/card.so,key=value` plays it:
 *
 *     cc -shared -fPIC -I include card.c -o card.so
 *
 * docs/writing-a-card.md walks through one. The structs here are the interface between two
 * binaries: each starts with the ABI version and its size, weir refuses a model made for another
 * version by name, and members are only ever added at the end: a model with a shorter struct was
 * made before them and is played without them.
 *
 * A card never runs on its own. Its functions are called while the driver touches a register,
 * and by its timers; they must return quickly and must not block, sleep, print or ask the host
 * for the time. Time is virtual, randomness comes from the seed, all calls come on one thread
 * and never nest. What a card may touch is what the struct weir_device_host handed to create
 * offers: memory by bus address (the address the driver programmed), the interrupt line,
 * messages, timers. With the same calls a model must behave the same: no clocks, no threads, no
 * addresses of its own memory in what it decides.
 *
 * Functions return 0 or a negative errno value unless they say otherwise. */
#ifndef WEIR_DEVICE_H
#define WEIR_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Goes up when the meaning of something below changes; not when members are added at the end of
 * a struct. */
enum { WEIR_DEVICE_ABI = 1 };

/* ---- What weir offers a card ----------------------------------------------------------------- */

struct weir_device_host;
struct weir_device_timer;

/* Bus master access. la is the logical address that the driver gave to the card. The whole range
 * must lie in memory the driver has made accessible, or the access fails with -EFAULT (a master
 * abort): a read then gives all ones, a write may have had an effect up to the first bad byte.
 * Refused with -EPERM while config space has bus mastering off, with -ENODEV once the card is
 * removed. Large pieces are much faster than small ones. */
typedef int weir_dma_read_fn(const struct weir_device_host *host, uint64_t la, void *to,
                             uint64_t size_bytes);
typedef int weir_dma_write_fn(const struct weir_device_host *host, uint64_t la, const void *from,
                              uint64_t size_bytes);
/* The same write for a card that makes its data in place: the bytes of memory behind the range, or
 * NULL when they do not lie in one piece or the write would fail; then use dma_write. Every byte
 * must be written, and the pointer forgotten, before any other service is used. */
typedef void *weir_dma_window_fn(const struct weir_device_host *host, uint64_t la,
                                 uint64_t size_bytes);
/* INTA#: a level. Asserting an asserted line is nothing. Kept low while config space has INTx
 * disabled or MSI on. */
typedef void weir_line_fn(const struct weir_device_host *host, bool asserted);
/* Sends message number n (0 ..). Where the system granted fewer messages, n is reduced modulo
 * that number, as PCI says; while MSI is off nothing is sent. */
typedef void weir_message_fn(const struct weir_device_host *host, unsigned message);
/* Messages the system has switched on: 0 means MSI is off and the line is the card's interrupt. */
typedef unsigned weir_messages_on_fn(const struct weir_device_host *host);

typedef uint64_t weir_now_ns_fn(const struct weir_device_host *host);
/* A timer belongs to the host and dies with the card. Arming an armed timer moves it. fire may
 * use all services. */
typedef void weir_timer_fire_fn(void *ctx);
typedef int weir_timer_create_fn(const struct weir_device_host *host, weir_timer_fire_fn *fire,
                                 void *ctx, struct weir_device_timer **out);
typedef void weir_timer_arm_fn(const struct weir_device_host *host, struct weir_device_timer *timer,
                               uint64_t due_ns);
typedef bool weir_timer_cancel_fn(const struct weir_device_host *host,
                                  struct weir_device_timer *timer);

typedef uint64_t weir_random_fn(const struct weir_device_host *host);

/* Events go to the run's record in order with everything else. Kinds below 256 have a meaning
 * that reports know; a model's own start at WEIR_CARD_OWN. */
enum weir_card_event {
    WEIR_CARD_FRAME_START = 1, /* channel, frame number */
    WEIR_CARD_FRAME_DONE, /* channel, frame number, bytes */
    WEIR_CARD_FRAME_DROPPED, /* channel, frame number, reason (the card's own error code) */
    WEIR_CARD_STARTED, /* channel */
    WEIR_CARD_STOPPED, /* channel */
    WEIR_CARD_RESET,
    WEIR_CARD_DMA_ERROR, /* channel, logical address, errno */
    WEIR_CARD_FAULT, /* a fault that a parameter asked for strikes: its number, frame number */
    WEIR_CARD_REMOVED,
    WEIR_CARD_MISUSE, /* the driver broke a rule of the data sheet: register or rule, value */
    WEIR_CARD_OWN = 256,
};
typedef void weir_event_fn(const struct weir_device_host *host, uint32_t kind, uint64_t arg0,
                           uint64_t arg1, uint64_t arg2);
typedef void weir_log_fn(const struct weir_device_host *host, const char *text);

/* The value of a parameter from the model's own table, as the user gave it or the default; name
 * must be in the table. A choice gives its position in the list. text is valid as long as the
 * card. */
typedef uint64_t weir_number_fn(const struct weir_device_host *host, const char *name);
typedef const char *weir_text_fn(const struct weir_device_host *host, const char *name);

/* The card is pulled from its slot: from now on reads give all ones, writes vanish, DMA and
 * interrupts are refused, and no timer fires. The system hears of it as a surprise removal. */
typedef void weir_unplug_fn(const struct weir_device_host *host);

/* What leaves the card by its connector: a picture, or a block of samples, as it is on the wire.
 * The bytes are the card's and are looked at before the call returns. weir compares them with what
 * the application sent. */
enum weir_output_flags {
    WEIR_OUTPUT_REPEATED = 1 << 0, /* nothing new was there: the last one again */
    WEIR_OUTPUT_DAMAGED = 1 << 1, /* not whole, and the card knows: it ran dry in the middle */
};
struct weir_output {
    uint32_t stream; /* connector or channel, from 0 */
    uint32_t flags; /* enum weir_output_flags */
    uint64_t number; /* the card's own count */
    const void *bytes;
    uint64_t size_bytes;
};
typedef void weir_output_fn(const struct weir_device_host *host, const struct weir_output *output);

struct weir_device_host {
    uint32_t abi_version; /* WEIR_DEVICE_ABI */
    uint32_t struct_size;
    weir_dma_read_fn *dma_read;
    weir_dma_write_fn *dma_write;
    weir_line_fn *line;
    weir_message_fn *message;
    weir_messages_on_fn *messages_on;
    weir_now_ns_fn *now_ns;
    weir_timer_create_fn *timer_create;
    weir_timer_arm_fn *timer_arm;
    weir_timer_cancel_fn *timer_cancel;
    weir_random_fn *random;
    weir_event_fn *event;
    weir_log_fn *log;
    weir_number_fn *number;
    weir_text_fn *text;
    weir_unplug_fn *unplug;
    weir_dma_window_fn *dma_window;
    weir_output_fn *output;
};

/* ---- What a card is -------------------------------------------------------------------------- */

enum weir_bar_kind { WEIR_BAR_NONE, WEIR_BAR_MEMORY32, WEIR_BAR_MEMORY64, WEIR_BAR_PORT };
/* A 64-bit BAR takes two places in the table; the second stays WEIR_BAR_NONE. */
struct weir_bar {
    uint32_t kind; /* enum weir_bar_kind */
    uint32_t prefetchable; /* 0 or 1 */
    uint64_t size_bytes; /* power of two, at least 16 for memory and 4 for ports */
};

struct weir_pci_identity {
    uint16_t vendor;
    uint16_t device;
    uint16_t subsystem_vendor;
    uint16_t subsystem;
    uint32_t class_code; /* 24 bits: class, subclass, programming interface */
    uint8_t revision;
    uint8_t pcie; /* 1: has a PCI Express capability and 4096 bytes of config space */
    uint8_t reserved[2];
};

enum weir_parameter_type {
    WEIR_PARAMETER_NUMBER, /* decimal or 0x hexadecimal */
    WEIR_PARAMETER_SIZE, /* a number of bytes, with K, M or G */
    WEIR_PARAMETER_CHOICE, /* one of the words in choices */
    WEIR_PARAMETER_TEXT,
};
struct weir_parameter {
    const char *name;
    uint32_t type; /* enum weir_parameter_type */
    uint32_t reserved;
    const char *value; /* default, as the user would type it */
    const char *choices; /* "full|stamps|none" for a choice, else NULL */
    const char *help; /* one line for `weir cards` */
};

enum { WEIR_BARS = 6 };

/* What a card is, when that follows from its parameters. It comes in as the members of the same
 * names in the model say, and goes out as this one card is; weir checks it as it checks the
 * model. */
struct weir_device_description {
    struct weir_pci_identity pci;
    struct weir_bar bars[WEIR_BARS];
    uint32_t has_line;
    uint32_t messages;
    uint32_t dma_address_bits;
    uint32_t msix_bar; /* 0: messages are MSI; n + 1: MSI-X, any number up to 32, with their table
                        * in BAR n, 4K of memory that weir answers for */
};
/* Called once, before create. Of the host there are number and text only. On failure it fills
 * error as create does. */
typedef int weir_device_describe_fn(const struct weir_device_host *host,
                                    struct weir_device_description *description, char *error,
                                    size_t size_bytes);

/* create makes one card; host lives longer than the card. On failure it fills error (size_bytes
 * long) with one line and returns a negative errno value. The card starts as after power-on; no
 * separate reset is called. */
typedef int weir_device_create_fn(const struct weir_device_host *host, void **card, char *error,
                                  size_t size_bytes);
typedef void weir_device_destroy_fn(void *card);
/* The bus was reset: everything as after power-on. Timers of the card are not cancelled for it. */
typedef void weir_device_reset_fn(void *card);
/* D0 is 0, D3 is 3. Config space is kept by weir; what the registers lose is the card's
 * business. */
typedef void weir_device_power_fn(void *card, unsigned d_state);
/* Register access within a BAR: size_bytes is 1, 2, 4 or 8, offset + size_bytes lies within the
 * BAR and offset is a multiple of size_bytes. */
typedef uint64_t weir_device_read_fn(void *card, unsigned bar, uint64_t offset,
                                     unsigned size_bytes);
typedef void weir_device_write_fn(void *card, unsigned bar, uint64_t offset, unsigned size_bytes,
                                  uint64_t value);
/* Config space beyond what weir keeps (header, capabilities): *value comes in as weir would
 * answer. */
typedef void weir_device_config_read_fn(void *card, unsigned offset, unsigned size_bytes,
                                        uint32_t *value);
/* Called after weir has stored what is writable. */
typedef void weir_device_config_write_fn(void *card, unsigned offset, unsigned size_bytes,
                                         uint32_t value);

struct weir_device_model {
    uint32_t abi_version; /* WEIR_DEVICE_ABI */
    uint32_t struct_size; /* sizeof(struct weir_device_model) */
    const char *name; /* "grabber32": letters, digits, - and _ */
    const char *summary; /* one line for `weir cards` */
    const struct weir_parameter *parameters; /* ends with a name of NULL; NULL: takes none */
    struct weir_pci_identity pci;
    struct weir_bar bars[WEIR_BARS];
    uint32_t has_line; /* 1: INTA# */
    uint32_t messages; /* MSI vectors: 0, 1, 2, 4, 8, 16 or 32 */
    uint32_t dma_address_bits; /* width of the addresses it can put on the bus, 24 .. 64 */
    uint32_t reserved;
    weir_device_create_fn *create; /* required */
    weir_device_destroy_fn *destroy; /* required */
    weir_device_reset_fn *reset; /* required */
    weir_device_power_fn *power; /* optional: without it power states change nothing */
    weir_device_read_fn *read; /* required */
    weir_device_write_fn *write; /* required */
    weir_device_config_read_fn *config_read; /* optional */
    weir_device_config_write_fn *config_write; /* optional */
    weir_device_describe_fn *describe; /* optional: without it every card is as written above */
};

/* What a shared object exports: a definition of this very symbol. */
#define WEIR_DEVICE_ENTRY "weir_device_model"
#if defined(__GNUC__)
#define WEIR_DEVICE_EXPORT __attribute__((visibility("default")))
#else
#define WEIR_DEVICE_EXPORT
#endif
extern WEIR_DEVICE_EXPORT const struct weir_device_model weir_device_model;

#ifdef __cplusplus
}
#endif

#endif
