/* SPDX-License-Identifier: MIT */
/* Builds and frees a world. The order of the list is the order of building; freeing goes
 * backwards. */
#include "machine/machine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "machine/internal.h"

static const uint64_t machine_magic = 0x6d616368696e6521u;

bool machine_fail(struct machine_error *error, enum machine_failure kind, NTSTATUS status,
                  const char *format, ...)
{
    va_list arguments;

    error->kind = kind;
    error->status = status;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- The list -------------------------------------------------------------------------------- */

typedef int build_fn(struct machine *machine, struct machine_error *error);
typedef void free_fn(struct machine *machine);
struct part {
    const char *name;
    build_fn *build; /* 0 or -errno */
    free_fn *free;
};

static int build_sim(struct machine *machine, struct machine_error *error)
{
    struct sim_config config = {.seed = machine->config.seed, .cpus = machine->config.cpus,
                                .trace = machine->config.trace};

    (void)error;
    return sim_create(&config, &machine->sim);
}

static int build_ke(struct machine *machine, struct machine_error *error)
{
    struct ke_config config = {.sim = machine->sim, .windows = machine->config.windows,
                               .ram_pages = machine->config.memory.ram_bytes / MM_PAGE_SIZE};

    (void)error;
    return ke_create(&config, &machine->ke);
}

static int build_mm(struct machine *machine, struct machine_error *error)
{
    (void)error;
    return mm_create(machine->ke, &machine->config.memory, &machine->mm);
}

static int build_hal(struct machine *machine, struct machine_error *error)
{
    (void)error;
    return hal_create(machine->ke, machine->mm, &machine->config.hal, &machine->hal);
}

static int build_inbox(struct machine *machine, struct machine_error *error)
{
    (void)error;
    return inbox_create(machine->ke, machine->hal, machine->pnp, &machine->inbox);
}

/* A raw card without an identity of its own has that of the first device in the INF. */
static void card_parameters(const struct machine *machine, char *out, size_t size)
{
    const char *given = machine->config.card_parameters;
    char identity[200];

    given = given != NULL ? given : "";
    if (strcmp(machine->config.card, "raw") == 0 && strstr(given, "vendor=") == NULL &&
        strstr(given, "device=") == NULL &&
        machine_install_identity(machine, identity, sizeof identity))
        snprintf(out, size, "%s%s%s", identity, *given != 0 ? "," : "", given);
    else
        snprintf(out, size, "%s", given);
}

static int build_card(struct machine *machine, struct machine_error *error)
{
    struct hw_model_error refusal = {0};
    char parameters[1300];
    int result;

    if (strcmp(machine->config.card, "none") == 0)
        return 0;
    card_parameters(machine, parameters, sizeof parameters);
    result = hw_model_create(machine->sim, machine->config.card, parameters, &machine->card,
                             &refusal);
    if (result != 0) {
        /* The text about a file begins with its name already. */
        if (strncmp(refusal.text, machine->config.card, strlen(machine->config.card)) == 0)
            machine_fail(error, MACHINE_CARD, STATUS_SUCCESS, "--card %s", refusal.text);
        else
            machine_fail(error, MACHINE_CARD, STATUS_SUCCESS, "--card %s: %s",
                         machine->config.card, refusal.text);
        return result;
    }
    machine->card->on_removed = machine_card_gone;
    machine->card->removed_ctx = machine;
    return hal_attach(machine->hal, machine->card, &machine->slot);
}

static void free_card(struct machine *machine)
{
    if (machine->slot != NULL)
        hal_detach(machine->hal, machine->slot);
    hw_destroy(machine->card);
}

static int build_setup(struct machine *machine, struct machine_error *error)
{
    return machine_install_choose(machine, error) ? 0 : -EINVAL;
}

static void free_setup(struct machine *machine)
{
    pnp_set_setup(machine->pnp, NULL);
    setup_install_fini(&machine->install);
    setup_changes_fini(&machine->parameters);
}

#define PLAIN_PART(room)                                                                           \
    static int build_##room(struct machine *machine, struct machine_error *error)                  \
    {                                                                                              \
        (void)error;                                                                               \
        return room##_create(machine->ke, &machine->room);                                         \
    }
#define FREE_PART(room)                                                                            \
    static void free_##room(struct machine *machine)                                               \
    {                                                                                              \
        room##_destroy(machine->room);                                                             \
    }

PLAIN_PART(exports)
PLAIN_PART(rtl)
PLAIN_PART(ex)
PLAIN_PART(ob)
PLAIN_PART(cm)
PLAIN_PART(ps)
PLAIN_PART(io)
PLAIN_PART(pnp)
PLAIN_PART(po)
PLAIN_PART(ks)
FREE_PART(sim)
FREE_PART(ke)
FREE_PART(exports)
FREE_PART(mm)
FREE_PART(rtl)
FREE_PART(ex)
FREE_PART(ob)
FREE_PART(cm)
FREE_PART(ps)
FREE_PART(io)
FREE_PART(pnp)
FREE_PART(po)
FREE_PART(hal)
FREE_PART(inbox)
FREE_PART(ks)

static const struct part parts[] = {
    {"simulation", build_sim, free_sim},
    {"kernel", build_ke, free_ke},
    {"exports", build_exports, free_exports},
    {"memory", build_mm, free_mm},
    {"run-time library", build_rtl, free_rtl},
    {"executive", build_ex, free_ex},
    {"objects", build_ob, free_ob},
    {"registry", build_cm, free_cm},
    {"processes", build_ps, free_ps},
    {"I/O manager", build_io, free_io},
    {"PnP manager", build_pnp, free_pnp},
    {"power manager", build_po, free_po},
    {"HAL", build_hal, free_hal},
    {"inbox drivers", build_inbox, free_inbox},
    {"AVStream", build_ks, free_ks},
    {"card", build_card, free_card},
    {"installation", build_setup, free_setup},
};

static void free_parts(struct machine *machine, size_t count)
{
    while (count > 0)
        parts[--count].free(machine);
}

int machine_create(const struct machine_config *config, struct machine **out,
                   struct machine_error *error)
{
    struct machine *machine = calloc(1, sizeof *machine);

    memset(error, 0, sizeof *error);
    if (machine == NULL) {
        machine_fail(error, MACHINE_HOST, STATUS_SUCCESS, "no memory for a machine");
        return -ENOMEM;
    }
    machine->magic = machine_magic;
    machine->config = *config;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        int result = parts[i].build(machine, error);

        if (result == 0)
            continue;
        if (error->kind == MACHINE_OK)
            machine_fail(error, MACHINE_HOST, STATUS_SUCCESS, "the machine's %s cannot be made: %s",
                         parts[i].name, host_error_text(result));
        free_parts(machine, i);
        free(machine);
        return result;
    }
    *out = machine;
    return 0;
}

void machine_destroy(struct machine *machine)
{
    if (machine == NULL)
        return;
    weir_assert(machine->magic == machine_magic);
    free_parts(machine, ARRAY_LEN(parts));
    array_fini(&machine->others);
    machine->magic = 0;
    free(machine);
}

/* ---- Running --------------------------------------------------------------------------------- */

/* Turns bound a driver that calls for ever, which takes 50 ns of virtual time a call; time bounds
 * one that waits for ever and has something to wait for. UNDOC: Windows lets both go on. */
void machine_progress(struct machine *machine)
{
    sim_set_patience(machine->sim, MACHINE_PATIENCE_TURNS,
                     MACHINE_PATIENCE_SECONDS * UINT64_C(1000000000));
}

static void main_thread(void *ctx)
{
    struct machine *machine = ctx;

    machine->main(machine, machine->main_ctx);
    TRACE(machine->config.trace, machine_stop, KE_STOP_DONE);
    sim_stop(machine->sim, KE_STOP_DONE);
}

/* The sixth argument holds the IOMMU's mode, and 256 where every page is bounced. */
static void tell_memory(struct machine *machine)
{
    const struct mm_config *memory = &machine->config.memory;
    const struct hal_config *hal = &machine->config.hal;

    TRACE(machine->config.trace, machine_memory, memory->policy, memory->run_pages,
          memory->low_memory_bytes, hal->low_memory_pressure, hal->map_registers_cap,
          (uint64_t)hal->iommu | (hal->force_bounce ? 256 : 0));
}

int machine_run(struct machine *machine, machine_main_fn *main, void *ctx)
{
    struct ke_trap_config traps = {.watchdog = true, .trap_tsc = machine->config.trap_tsc};
    struct ke_thread *thread;
    int reason;

    machine->main = main;
    machine->main_ctx = ctx;
    TRACE(machine->config.trace, machine_start, machine->config.seed,
          machine->config.memory.ram_bytes, machine->config.cpus, machine->config.windows);
    tell_memory(machine);
    exports_set_stubs(machine->exports, machine->config.stubs, machine->config.stub_count);
    if (ke_thread_start(machine->ke, "client", main_thread, machine, &thread) != 0)
        return KE_STOP_STALL;
    if (ke_traps_install(machine->ke, &traps) != 0)
        return KE_STOP_STALL;
    machine_progress(machine);
    reason = sim_run(machine->sim);
    ke_traps_remove(machine->ke);
    return reason == SIM_STOPPED_BY_STALL      ? KE_STOP_STALL
           : reason == SIM_STOPPED_BY_PATIENCE ? KE_STOP_ENDLESS
                                               : reason;
}

int machine_files_changed(struct machine *machine, machine_file_fn *changed, void *ctx)
{
    return inbox_volume_changed(machine->inbox, changed, ctx);
}

struct ke *machine_ke(struct machine *machine)
{
    return machine->ke;
}

struct sim *machine_sim(struct machine *machine)
{
    return machine->sim;
}

struct mm *machine_mm(struct machine *machine)
{
    return machine->mm;
}

struct hal *machine_hal(struct machine *machine)
{
    return machine->hal;
}

struct io *machine_io(struct machine *machine)
{
    return machine->io;
}

struct exports *machine_exports(struct machine *machine)
{
    return machine->exports;
}

struct hw_device *machine_card(struct machine *machine)
{
    return machine->card;
}

const struct exports_driver *machine_driver(struct machine *machine)
{
    return machine->image;
}
