/* SPDX-License-Identifier: MIT */
/* From what the user typed to a model whose struct can be believed. */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "hw/model.h"
#include "hw/msix.h"

const struct weir_device_model *hw_model_at(unsigned index)
{
    for (unsigned i = 0; i <= index; i++)
        if (weir_builtin_models[i] == NULL)
            return NULL;
    return weir_builtin_models[index];
}

/* ---- Can this be a card? --------------------------------------------------------------------- */

static bool is_name(const char *name)
{
    if (name == NULL || *name == 0)
        return false;
    for (; *name != 0; name++)
        if (!isalnum((unsigned char)*name) && *name != '-' && *name != '_')
            return false;
    return true;
}

static bool is_bar(const struct weir_bar bars[WEIR_BARS], unsigned index)
{
    const struct weir_bar *bar = &bars[index];

    if (bar->kind == WEIR_BAR_NONE)
        return true;
    if (bar->kind > WEIR_BAR_PORT || (bar->size_bytes & (bar->size_bytes - 1)) != 0)
        return false;
    if (bar->kind == WEIR_BAR_PORT)
        return bar->size_bytes >= 4 && bar->size_bytes <= 256;
    if (bar->kind == WEIR_BAR_MEMORY32)
        return bar->size_bytes >= 16 && bar->size_bytes <= UINT64_C(1) << 31;
    return bar->size_bytes >= 16 && index + 1 < WEIR_BARS && bars[index + 1].kind == WEIR_BAR_NONE;
}

void model_description(const struct weir_device_model *model,
                       struct weir_device_description *out)
{
    *out = (struct weir_device_description){.pci = model->pci, .has_line = model->has_line,
                                            .messages = model->messages,
                                            .dma_address_bits = model->dma_address_bits};
    memcpy(out->bars, model->bars, sizeof out->bars);
}

weir_device_describe_fn *model_describe(const struct weir_device_model *model)
{
    return model->struct_size >= sizeof *model ? model->describe : NULL;
}

static bool is_msix(const struct weir_device_description *description)
{
    const struct weir_bar *bar = &description->bars[description->msix_bar - 1];

    return description->messages > 0 && description->msix_bar <= WEIR_BARS &&
           (bar->kind == WEIR_BAR_MEMORY32 || bar->kind == WEIR_BAR_MEMORY64) &&
           bar->size_bytes == MSIX_BAR_BYTES;
}

const char *model_impossible(const struct weir_device_description *description)
{
    uint32_t messages = description->messages;

    for (unsigned i = 0; i < WEIR_BARS; i++)
        if (!is_bar(description->bars, i))
            return "a BAR has an impossible kind or size";
    if (description->msix_bar != 0 && !is_msix(description))
        return "msix_bar is not a BAR of 4K in memory, or there is no message";
    if (messages > HW_MESSAGES_MAX ||
        (description->msix_bar == 0 && (messages & (messages - 1)) != 0))
        return "messages is not 0, 1, 2, 4, 8, 16 or 32";
    if (description->dma_address_bits < 24 || description->dma_address_bits > 64)
        return "dma_address_bits is not between 24 and 64";
    return NULL;
}

static const char *what_is_wrong(const struct weir_device_model *model)
{
    struct weir_device_description description;

    if (!is_name(model->name))
        return "its name is missing or has other characters than letters, digits, - and _";
    if (model->create == NULL || model->destroy == NULL || model->reset == NULL ||
        model->read == NULL || model->write == NULL)
        return "one of create, destroy, reset, read and write is missing";
    model_description(model, &description);
    return model_impossible(&description);
}

/* The struct as it was when this version of the interface began. */
enum { MODEL_BYTES_MIN = offsetof(struct weir_device_model, describe) };

int model_check(const struct weir_device_model *model, const char *from,
                struct hw_model_error *error)
{
    const char *wrong;

    if (model->abi_version != WEIR_DEVICE_ABI) {
        snprintf(error->text, sizeof error->text,
                 "%s: made for card interface version %u, this weir has version %u; compile it "
                 "with this weir's include/weir/device.h",
                 from, model->abi_version, (unsigned)WEIR_DEVICE_ABI);
        return -EINVAL;
    }
    if (model->struct_size < MODEL_BYTES_MIN || model->struct_size > sizeof *model) {
        snprintf(error->text, sizeof error->text,
                 "%s: its struct weir_device_model has %u bytes, this weir's has %zu; compile it "
                 "with this weir's include/weir/device.h",
                 from, model->struct_size, sizeof *model);
        return -EINVAL;
    }
    wrong = what_is_wrong(model);
    if (wrong != NULL) {
        snprintf(error->text, sizeof error->text, "%s: not a usable card model: %s", from, wrong);
        return -EINVAL;
    }
    return 0;
}

/* ---- Finding --------------------------------------------------------------------------------- */

static bool is_path(const char *text)
{
    size_t length = strlen(text);

    return strchr(text, '/') != NULL || (length > 3 && strcmp(text + length - 3, ".so") == 0);
}

static int load(const char *path, const struct weir_device_model **model, void **library,
                struct hw_model_error *error)
{
    struct text full; /* dlopen searches the system for a name without a slash */
    void *symbol;

    text_init(&full);
    text_printf(&full, "%s%s", strchr(path, '/') != NULL ? "" : "./", path);
    if (text_error(&full) != 0) {
        text_fini(&full);
        return -ENOMEM;
    }
    *library = dlopen(text_get(&full), RTLD_NOW | RTLD_LOCAL);
    text_fini(&full);
    if (*library == NULL) {
        snprintf(error->text, sizeof error->text, "card cannot be loaded: %s", dlerror());
        return -ENOENT;
    }
    symbol = dlsym(*library, WEIR_DEVICE_ENTRY);
    if (symbol == NULL) {
        snprintf(error->text, sizeof error->text,
                 "%s: not a card model: it does not define " WEIR_DEVICE_ENTRY
                 " (docs/writing-a-card.md)",
                 path);
        model_release_library(*library);
        return -EINVAL;
    }
    *model = symbol;
    return 0;
}

static int find_builtin(const char *name, const struct weir_device_model **model,
                        struct hw_model_error *error)
{
    int used;

    for (unsigned i = 0; weir_builtin_models[i] != NULL; i++)
        if (strcmp(weir_builtin_models[i]->name, name) == 0) {
            *model = weir_builtin_models[i];
            return 0;
        }
    used = snprintf(error->text, sizeof error->text, "no card \"%.64s\"; there is", name);
    for (unsigned i = 0; weir_builtin_models[i] != NULL && used < (int)sizeof error->text; i++)
        used += snprintf(error->text + used, sizeof error->text - (size_t)used, " %s,",
                         weir_builtin_models[i]->name);
    if (used < (int)sizeof error->text)
        snprintf(error->text + used, sizeof error->text - (size_t)used, " or the path of a .so");
    return -ENOENT;
}

int model_find(const char *name_or_path, const struct weir_device_model **model, void **library,
               struct hw_model_error *error)
{
    int result;

    *library = NULL;
    result = is_path(name_or_path) ? load(name_or_path, model, library, error)
                                   : find_builtin(name_or_path, model, error);
    if (result != 0)
        return result;
    result = model_check(*model, name_or_path, error);
    if (result != 0)
        model_release_library(*library);
    return result;
}

void model_release_library(void *library)
{
    if (library != NULL)
        dlclose(library);
}
