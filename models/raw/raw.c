/* SPDX-License-Identifier: MIT */
/* A card that is whatever its parameters say, and whose BARs are memory that does nothing:
 * docs/cards/raw.md. It gives any driver a device to start on, so that what the driver does with
 * its registers can be looked at before a model of the hardware exists.
 *
 * What a BAR holds is kept as its difference from the fill value, so that memory nobody has written
 * is zero and costs the host nothing. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/device.h"

static const uint64_t bar_bytes_max = 256 << 20;

struct raw_bar {
    uint8_t *bytes; /* NULL: there is none */
    uint64_t first, end; /* what has been written lies between */
};
struct raw {
    struct raw_bar bars[WEIR_BARS];
    uint8_t fill[4];
};

/* ---- Parameters ------------------------------------------------------------------------------ */

struct reason {
    char *text;
    size_t size_bytes;
};

static int __attribute__((format(printf, 2, 3)))
    refuse(const struct reason *reason, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason->text, reason->size_bytes, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static int take_number(const struct weir_device_host *host, const char *name, uint64_t highest,
                       const struct reason *reason, uint64_t *out)
{
    *out = host->number(host, name);
    if (*out > highest)
        return refuse(reason, "%s=%s: expected at most 0x%llx", name, host->text(host, name),
                      (unsigned long long)highest);
    return 0;
}

/* "64K" up to the colon. */
static int take_size(const char *text, uint64_t *size_bytes)
{
    static const char units[] = "KMG";
    const char *unit;
    char *end;

    if (*text < '0' || *text > '9')
        return -EINVAL;
    errno = 0;
    *size_bytes = strtoull(text, &end, 0);
    if (errno != 0 || *size_bytes > bar_bytes_max)
        return -EINVAL;
    unit = *end != 0 ? strchr(units, *end) : NULL;
    if (unit != NULL) {
        *size_bytes <<= 10 * (unit - units + 1);
        end++;
    }
    return *end == 0 || *end == ':' ? 0 : -EINVAL;
}

static int check_bar(const struct weir_bar *bar, const char *name, const char *given,
                     const struct reason *reason)
{
    bool port = bar->kind == WEIR_BAR_PORT;
    uint64_t least = port ? 4 : 16, most = port ? 256 : bar_bytes_max;

    if ((bar->size_bytes & (bar->size_bytes - 1)) != 0)
        return refuse(reason, "%s=%s: the size of a BAR is a power of two", name, given);
    if (bar->size_bytes < least || bar->size_bytes > most)
        return refuse(reason, "%s=%s: %s have 0x%llx to 0x%llx bytes here", name, given,
                      port ? "ports" : "BARs in memory", (unsigned long long)least,
                      (unsigned long long)most);
    return 0;
}

/* none, SIZE, SIZE:port or SIZE:64. */
static int take_bar(const char *name, const char *given, const struct reason *reason,
                    struct weir_bar *bar)
{
    const char *colon = strchr(given, ':');

    *bar = (struct weir_bar){WEIR_BAR_NONE, 0, 0};
    if (strcmp(given, "none") == 0)
        return 0;
    if (take_size(given, &bar->size_bytes) != 0 ||
        (colon != NULL && strcmp(colon, ":port") != 0 && strcmp(colon, ":64") != 0))
        return refuse(reason,
                      "%s=%s: expected SIZE, SIZE:port, SIZE:64 (at most 256M, as 64K) or none",
                      name, given);
    bar->kind = colon == NULL ? WEIR_BAR_MEMORY32
                              : strcmp(colon, ":64") == 0 ? WEIR_BAR_MEMORY64 : WEIR_BAR_PORT;
    return check_bar(bar, name, given, reason);
}

static int take_bars(const struct weir_device_host *host, const struct reason *reason,
                     struct weir_bar bars[WEIR_BARS])
{
    for (unsigned i = 0; i < WEIR_BARS; i++) {
        char name[] = {'b', 'a', 'r', (char)('0' + i), 0};
        int result = take_bar(name, host->text(host, name), reason, &bars[i]);

        if (result != 0)
            return result;
        if (bars[i].kind != WEIR_BAR_NONE && i > 0 && bars[i - 1].kind == WEIR_BAR_MEMORY64)
            return refuse(reason, "%s=%s: the upper half of bar%u is in its place", name,
                          host->text(host, name), i - 1);
        if (bars[i].kind == WEIR_BAR_MEMORY64 && i + 1 == WEIR_BARS)
            return refuse(reason, "%s=%s: a 64-bit BAR takes two places, and this is the last",
                          name, host->text(host, name));
    }
    return 0;
}

static int take_identity(const struct weir_device_host *host, const struct reason *reason,
                         struct weir_pci_identity *pci)
{
    uint64_t vendor, device, subvendor, subdevice, class_code, revision;

    if (take_number(host, "vendor", 0xffff, reason, &vendor) != 0 ||
        take_number(host, "device", 0xffff, reason, &device) != 0 ||
        take_number(host, "subvendor", 0xffff, reason, &subvendor) != 0 ||
        take_number(host, "subdevice", 0xffff, reason, &subdevice) != 0 ||
        take_number(host, "class", 0xffffff, reason, &class_code) != 0 ||
        take_number(host, "revision", 0xff, reason, &revision) != 0)
        return -EINVAL;
    if (vendor == 0 || vendor == 0xffff)
        return refuse(reason, "vendor=%s: 0 and 0xffff stand for an empty slot",
                      host->text(host, "vendor"));
    *pci = (struct weir_pci_identity){
        .vendor = (uint16_t)vendor, .device = (uint16_t)device,
        .subsystem_vendor = (uint16_t)subvendor, .subsystem = (uint16_t)subdevice,
        .class_code = (uint32_t)class_code, .revision = (uint8_t)revision,
        .pcie = (uint8_t)host->number(host, "pcie"),
    };
    return 0;
}

static int take_fill(const struct weir_device_host *host, const struct reason *reason,
                     uint8_t fill[4])
{
    uint64_t value;

    if (take_number(host, "fill", UINT32_MAX, reason, &value) != 0)
        return -EINVAL;
    for (unsigned i = 0; i < 4; i++)
        fill[i] = (uint8_t)(value >> (8 * i));
    return 0;
}

/* The table has the last BAR that is free. */
static int take_msix_table(const struct reason *reason,
                           struct weir_device_description *description)
{
    for (unsigned i = WEIR_BARS; i-- > 0;) {
        bool upper = i > 0 && description->bars[i - 1].kind == WEIR_BAR_MEMORY64;

        if (description->bars[i].kind != WEIR_BAR_NONE || upper)
            continue;
        description->bars[i] = (struct weir_bar){WEIR_BAR_MEMORY32, 0, 4096};
        description->msix_bar = i + 1;
        return 0;
    }
    return refuse(reason, "msix: no BAR is left for its table");
}

static int take_messages(const struct weir_device_host *host, const struct reason *reason,
                         struct weir_device_description *description)
{
    uint64_t messages = host->number(host, "messages"), msix = host->number(host, "msix");

    if (messages > 32 || (messages & (messages - 1)) != 0)
        return refuse(reason, "messages=%s: expected 0, 1, 2, 4, 8, 16 or 32",
                      host->text(host, "messages"));
    if (msix > 32)
        return refuse(reason, "msix=%s: expected 0 to 32", host->text(host, "msix"));
    if (msix != 0 && messages != 0)
        return refuse(reason, "msix=%s: a card has MSI or MSI-X, and messages=%s is given",
                      host->text(host, "msix"), host->text(host, "messages"));
    description->messages = (uint32_t)(msix != 0 ? msix : messages);
    return msix != 0 ? take_msix_table(reason, description) : 0;
}

static int raw_describe(const struct weir_device_host *host,
                        struct weir_device_description *description, char *error,
                        size_t size_bytes)
{
    const struct reason reason = {error, size_bytes};
    uint64_t bits;
    uint8_t fill[4];

    if (take_identity(host, &reason, &description->pci) != 0 ||
        take_bars(host, &reason, description->bars) != 0 || take_fill(host, &reason, fill) != 0 ||
        take_messages(host, &reason, description) != 0)
        return -EINVAL;
    bits = host->number(host, "dma");
    if (bits < 24 || bits > 64)
        return refuse(&reason, "dma=%s: expected 24 to 64 bits", host->text(host, "dma"));
    description->has_line = (uint32_t)host->number(host, "line");
    description->dma_address_bits = (uint32_t)bits;
    return 0;
}

/* ---- Registers ------------------------------------------------------------------------------- */

static uint64_t raw_read(void *ctx, unsigned index, uint64_t offset, unsigned size_bytes)
{
    const struct raw *card = ctx;
    const struct raw_bar *bar = &card->bars[index];
    uint64_t value = 0;

    for (unsigned i = 0; i < size_bytes; i++)
        value |= (uint64_t)(uint8_t)(bar->bytes[offset + i] ^ card->fill[(offset + i) % 4])
                 << (8 * i);
    return value;
}

static void raw_write(void *ctx, unsigned index, uint64_t offset, unsigned size_bytes,
                      uint64_t value)
{
    struct raw *card = ctx;
    struct raw_bar *bar = &card->bars[index];

    for (unsigned i = 0; i < size_bytes; i++)
        bar->bytes[offset + i] = (uint8_t)(value >> (8 * i)) ^ card->fill[(offset + i) % 4];
    if (bar->end == 0 || offset < bar->first)
        bar->first = offset;
    if (offset + size_bytes > bar->end)
        bar->end = offset + size_bytes;
}

static void raw_reset(void *ctx)
{
    struct raw *card = ctx;

    for (unsigned i = 0; i < WEIR_BARS; i++) {
        struct raw_bar *bar = &card->bars[i];

        if (bar->end > 0)
            memset(bar->bytes + bar->first, 0, bar->end - bar->first);
        bar->first = bar->end = 0;
    }
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void raw_destroy(void *ctx)
{
    struct raw *card = ctx;

    for (unsigned i = 0; i < WEIR_BARS; i++)
        free(card->bars[i].bytes);
    free(card);
}

static int make_bars(struct raw *card, const struct weir_bar bars[WEIR_BARS])
{
    for (unsigned i = 0; i < WEIR_BARS; i++) {
        if (bars[i].kind == WEIR_BAR_NONE)
            continue;
        card->bars[i].bytes = calloc(1, bars[i].size_bytes);
        if (card->bars[i].bytes == NULL)
            return -ENOMEM;
    }
    return 0;
}

static int raw_create(const struct weir_device_host *host, void **out, char *error,
                      size_t size_bytes)
{
    const struct reason reason = {error, size_bytes};
    struct weir_bar bars[WEIR_BARS];
    uint8_t fill[4];
    struct raw *card;

    if (take_bars(host, &reason, bars) != 0 || take_fill(host, &reason, fill) != 0)
        return -EINVAL;
    card = calloc(1, sizeof *card);
    if (card == NULL)
        return -ENOMEM;
    memcpy(card->fill, fill, sizeof fill);
    if (make_bars(card, bars) != 0) {
        raw_destroy(card);
        return -ENOMEM;
    }
    *out = card;
    return 0;
}

static const struct weir_parameter parameters[] = {
    {"vendor", WEIR_PARAMETER_NUMBER, 0, "0x5eed", NULL, "PCI vendor ID"},
    {"device", WEIR_PARAMETER_NUMBER, 0, "0x0000", NULL, "PCI device ID"},
    {"subvendor", WEIR_PARAMETER_NUMBER, 0, "0", NULL, "subsystem vendor ID"},
    {"subdevice", WEIR_PARAMETER_NUMBER, 0, "0", NULL, "subsystem ID"},
    {"class", WEIR_PARAMETER_NUMBER, 0, "0x040000", NULL,
     "class code: class, subclass, programming interface"},
    {"revision", WEIR_PARAMETER_NUMBER, 0, "0", NULL, "revision ID"},
    {"pcie", WEIR_PARAMETER_CHOICE, 0, "1", "0|1", "a PCI Express card"},
    {"bar0", WEIR_PARAMETER_TEXT, 0, "64K", NULL, "SIZE, SIZE:port, SIZE:64 or none"},
    {"bar1", WEIR_PARAMETER_TEXT, 0, "none", NULL, "the same; not after a :64"},
    {"bar2", WEIR_PARAMETER_TEXT, 0, "none", NULL, "the same"},
    {"bar3", WEIR_PARAMETER_TEXT, 0, "none", NULL, "the same"},
    {"bar4", WEIR_PARAMETER_TEXT, 0, "none", NULL, "the same"},
    {"bar5", WEIR_PARAMETER_TEXT, 0, "none", NULL, "the same"},
    {"line", WEIR_PARAMETER_CHOICE, 0, "1", "0|1", "has INTA#"},
    {"messages", WEIR_PARAMETER_NUMBER, 0, "0", NULL, "MSI vectors: 0, 1, 2, 4, 8, 16 or 32"},
    {"msix", WEIR_PARAMETER_NUMBER, 0, "0", NULL,
     "MSI-X vectors, 0 to 32, instead of MSI; their table takes the last free BAR"},
    {"dma", WEIR_PARAMETER_NUMBER, 0, "64", NULL, "bits of the addresses it could put on the bus"},
    {"fill", WEIR_PARAMETER_NUMBER, 0, "0", NULL,
     "32 bits that the BARs hold over and over after a reset"},
    {NULL, 0, 0, NULL, NULL, NULL},
};

extern const struct weir_device_model raw_model;
const struct weir_device_model raw_model = {
    .abi_version = WEIR_DEVICE_ABI,
    .struct_size = sizeof(struct weir_device_model),
    .name = "raw",
    .summary = "any PCI card, its BARs plain memory: what it is follows from the parameters",
    .parameters = parameters,
    .pci = {.vendor = 0x5eed, .class_code = 0x040000, .pcie = 1},
    .bars = {{WEIR_BAR_MEMORY32, 0, 64 << 10}},
    .has_line = 1,
    .dma_address_bits = 64,
    .create = raw_create,
    .destroy = raw_destroy,
    .reset = raw_reset,
    .read = raw_read,
    .write = raw_write,
    .describe = raw_describe,
};
