/* SPDX-License-Identifier: MIT */
/* The loader: from the bytes of a .sys to an image that can run.
 *
 * Windows maps the sections, relocates, binds imports, writes the security cookie and then protects
 * the sections; a section marked discardable (INIT) goes away once DriverEntry has succeeded.
 * Images built for Windows 8 and later fail fast when their cookie still has the linker's value, so
 * it is set before the entry point runs (PE Format, The Load Configuration Structure). The CFG
 * pointers keep what the linker put there: its check routine returns and its dispatch routine
 * jumps, which is what a system without CFG runs. The base follows from the seed. Test: "a driver
 * loads at an address that follows from the seed". */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "exports/internal.h"
#include "host/host.h"
#include "mm/mm.h"

#define DEFAULT_COOKIE 0x00002B992DDFA232u

static int WEIR_PRINTF(3, 4)
    fail(struct exports_error *error, enum exports_failure kind, const char *format, ...)
{
    va_list arguments;

    error->kind = kind;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return kind == EXPORTS_NO_MEMORY ? -ENOMEM : -ENOEXEC;
}

/* ---- Imports --------------------------------------------------------------------------------- */

/* Windows refuses a driver whose import the system does not have. For a function that weir knows to
 * be newer than the profile that is the right answer too; anything else weir lacks is weir's gap,
 * bound to a stop. */
static int check_versions(struct exports *exports, const struct pe_image *image,
                          struct exports_error *error)
{
    struct pe_module_iter modules = pe_modules(image);
    struct pe_module module;
    struct pe_import import;

    while (pe_module_next(&modules, &module)) {
        struct pe_import_iter imports = pe_imports(image, &module);

        while (pe_import_next(&imports, &import)) {
            const struct exports_row *row =
                import.name != NULL ? exports_find(module.name, import.name) : NULL;

            if (row != NULL && !exports_has(row, ke_windows(exports->ke)))
                return fail(error, EXPORTS_IMPORT_TOO_NEW,
                            "imports %s!%s, which %s does not have (first in %s); "
                            "choose --windows %s or later", module.name, import.name,
                            exports_windows_label(ke_windows(exports->ke)),
                            exports_first_label(row), exports_windows_name(row->since));
        }
    }
    return 0;
}

static int bind_import(struct exports *exports, struct exports_driver *driver,
                       const struct pe_module *module, const struct pe_import *import)
{
    const struct exports_row *row =
        import->name != NULL ? exports_find(module->name, import->name) : NULL;
    uint64_t va;
    char ordinal[16];
    int result;

    if (row != NULL && row->state != EXPORTS_STUB) {
        result = exports_bind_row(exports, row, &va);
    } else if (exports_drivers_find(exports, module->name, import->name, import->ordinal, &va) ==
               0) {
        result = 0;
    } else {
        snprintf(ordinal, sizeof ordinal, "#%u", import->ordinal);
        result = exports_bind_missing(exports, module->name,
                                      import->name != NULL ? import->name : ordinal, &va);
        driver->missing++;
    }
    if (result != 0)
        return result;
    memcpy((void *)(uintptr_t)(driver->base_va + import->slot_rva), &va, sizeof va);
    return 0;
}

static int bind_imports(struct exports *exports, struct exports_driver *driver)
{
    struct pe_module_iter modules = pe_modules(&driver->image);
    struct pe_module module;
    struct pe_import import;

    while (pe_module_next(&modules, &module)) {
        struct pe_import_iter imports = pe_imports(&driver->image, &module);

        while (pe_import_next(&imports, &import)) {
            int result = bind_import(exports, driver, &module, &import);

            if (result != 0)
                return result;
        }
    }
    return 0;
}

/* ---- Image ----------------------------------------------------------------------------------- */

static void set_cookie(struct exports *exports, struct exports_driver *driver)
{
    uint32_t rva = driver->image.load_config.security_cookie_rva;
    struct sim_rng rng;
    uint64_t cookie;

    if (rva == 0)
        return;
    sim_rng_init(&rng, sim_seed(exports->sim), driver->name);
    do {
        cookie = sim_rng_u64(&rng) >> 16;
    } while (cookie == 0 || cookie == DEFAULT_COOKIE);
    memcpy((void *)(uintptr_t)(driver->base_va + rva), &cookie, sizeof cookie);
}

static unsigned protection_of(const struct pe_section *section)
{
    return (section->readable ? HOST_READ : 0u) | (section->writable ? HOST_WRITE : 0u) |
           (section->executable ? HOST_EXECUTE : 0u);
}

static int protect_sections(struct exports *exports, struct exports_driver *driver)
{
    struct mm *mm = mm_of(exports->ke);
    int result;

    if (driver->image.is_flat)
        return mm_image_protect(mm, driver->base_va, driver->size_bytes,
                                HOST_READ | HOST_WRITE | HOST_EXECUTE);
    result = mm_image_protect(mm, driver->base_va,
                              bits_align_up((uint64_t)driver->image.size_of_headers, MM_PAGE_SIZE),
                              HOST_READ);
    for (unsigned i = 0; i < driver->image.section_count && result == 0; i++) {
        const struct pe_section *section = &driver->image.sections[i];

        result = mm_image_protect(mm, driver->base_va + section->rva,
                                  bits_align_up((uint64_t)section->virtual_size, MM_PAGE_SIZE),
                                  protection_of(section));
    }
    return result;
}

static int map_image(struct exports *exports, struct exports_driver *driver)
{
    struct mm *mm = mm_of(exports->ke);
    void *mapped;
    int result;

    driver->size_bytes = bits_align_up((uint64_t)driver->image.size_of_image, MM_PAGE_SIZE);
    result = mm_image_allocate(mm, driver->size_bytes, &driver->base_va);
    if (result != 0)
        return result;
    mapped = (void *)(uintptr_t)driver->base_va;
    driver->entry_va = driver->base_va + driver->image.entry_rva;
    pe_map(&driver->image, mapped);
    pe_relocate(&driver->image, mapped, driver->base_va);
    set_cookie(exports, driver);
    result = bind_imports(exports, driver);
    if (result != 0)
        return result;
    driver->copy = malloc(driver->size_bytes);
    if (driver->copy == NULL)
        return -ENOMEM;
    memcpy(driver->copy, mapped, driver->size_bytes);
    return protect_sections(exports, driver);
}

static void announce(struct exports *exports, struct exports_driver *driver)
{
    driver->module = (struct ke_module){.name = driver->name, .base_va = driver->base_va,
                                        .size_bytes = driver->size_bytes,
                                        .image = &driver->image, .copy = driver->copy};
    ke_module_add(exports->ke, &driver->module);
    TRACE(exports->trace, module_loaded, driver->base_va, driver->size_bytes, driver->entry_va);
    trace_text(exports->trace, driver->name, strlen(driver->name));
}

int exports_load(struct exports *exports, const char *name, const void *bytes, size_t size_bytes,
                 struct exports_driver **out, struct exports_error *error)
{
    struct exports_driver *driver = calloc(1, sizeof *driver);
    struct pe_error pe_error;
    int result;

    if (driver == NULL)
        return fail(error, EXPORTS_NO_MEMORY, "no memory for the image");
    snprintf(driver->name, sizeof driver->name, "%s", name);
    if (pe_parse(bytes, size_bytes, &driver->image, &pe_error) != 0) {
        error->file_offset = pe_error.file_offset;
        free(driver);
        return fail(error, EXPORTS_BAD_IMAGE, "at file offset 0x%" PRIx64 ": %s",
                    pe_error.file_offset, pe_error.reason);
    }
    result = check_versions(exports, &driver->image, error);
    if (result != 0) {
        free(driver);
        return result;
    }
    if (map_image(exports, driver) != 0 || exports_drivers_add(exports, driver) != 0) {
        fail(error, EXPORTS_NO_MEMORY, "no memory for an image of %u bytes",
             driver->image.size_of_image);
        exports_unload(exports, driver);
        return -ENOMEM;
    }
    announce(exports, driver);
    *out = driver;
    return 0;
}

void exports_discard_init(struct exports *exports, struct exports_driver *driver)
{
    for (unsigned i = 0; i < driver->image.section_count; i++) {
        const struct pe_section *section = &driver->image.sections[i];

        if (section->discardable && !driver->image.is_flat)
            mm_image_discard(mm_of(exports->ke), driver->base_va + section->rva,
                             bits_align_up((uint64_t)section->virtual_size, MM_PAGE_SIZE));
    }
}

void exports_unload(struct exports *exports, struct exports_driver *driver)
{
    exports_drivers_remove(exports, driver);
    if (driver->module.base_va != 0) {
        ke_module_remove(exports->ke, driver->base_va);
        TRACE(exports->trace, module_unloaded, driver->base_va);
    }
    if (driver->base_va != 0)
        mm_image_free(mm_of(exports->ke), driver->base_va);
    free(driver->copy);
    free(driver);
}
