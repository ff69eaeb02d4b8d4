/* SPDX-License-Identifier: MIT */
/* Interrupts: vectors, the routines connected to them, and their delivery.
 *
 * A line is level triggered: while the device holds it, the routines on its vector are called, one
 * after the other until one claims the interrupt, and again as long as the line stays up. A message
 * is an edge: one delivery, and messages that come before it are one with it. A routine runs at the
 * synchronization IRQL of its connection, holding its spin lock; KeSynchronizeExecution runs others
 * under the same ("Synchronizing Interrupt Code"). A vector is served by one CPU at a time, which
 * the seed draws anew for each delivery. UNDOC: Windows settles on CPUs by policies of its own.
 *
 * A line that nobody calms is a storm: bug check 0xF2. UNDOC: how many deliveries make one. */
#include "ke/internal.h"

enum { STORM_DELIVERIES = 20000 };

struct ke_vector {
    uint32_t number;
    KIRQL irql;
    bool level_triggered;
    bool asserted; /* a line */
    bool waiting; /* on a CPU's list */
    bool in_service;
    bool again; /* a message that came during its service */
    uint32_t deliveries; /* since the line was down */
    struct ke_cpu *cpu; /* whose list it is on */
    struct list_node link;
    struct list_node connections;
};

struct ke_interrupt {
    uint64_t magic;
    struct ke_interrupt_config config;
    struct ke_vector *vector;
    uint64_t id;
    KSPIN_LOCK own_lock;
    PKSPIN_LOCK lock;
    uint32_t running;
    bool inactive; /* soft-disconnected */
    struct list_node link;
};

struct ke_interrupts {
    struct ke_vector *vectors[KE_VECTORS_MAX];
    struct sim_rng rng;
    uint64_t last_id;
};

static const uint64_t interrupt_magic = 0x696e746572727521u; /* "interru!" */

int ke_interrupts_create(struct ke *ke)
{
    ke->interrupts = calloc(1, sizeof *ke->interrupts);
    if (!ke->interrupts)
        return -ENOMEM;
    sim_rng_init(&ke->interrupts->rng, sim_seed(ke->sim), "interrupts");
    return 0;
}

void ke_interrupts_destroy(struct ke *ke)
{
    if (!ke->interrupts)
        return;
    for (unsigned i = 0; i < KE_VECTORS_MAX; i++) {
        struct ke_vector *vector = ke->interrupts->vectors[i];
        struct list_node *node;

        while (vector && (node = list_pop_head(&vector->connections)) != NULL)
            free(list_entry(node, struct ke_interrupt, link));
        free(vector);
    }
    free(ke->interrupts);
    ke->interrupts = NULL;
}

static struct ke_vector *vector_at(struct ke *ke, uint32_t number)
{
    struct ke_vector *vector;

    weir_assert(number < KE_VECTORS_MAX);
    vector = ke->interrupts->vectors[number];
    if (vector)
        return vector;
    vector = calloc(1, sizeof *vector);
    weir_assert(vector);
    vector->number = number;
    list_init(&vector->link);
    list_init(&vector->connections);
    ke->interrupts->vectors[number] = vector;
    return vector;
}

/* ---- Asking for delivery --------------------------------------------------------------------- */

static bool has_active(const struct ke_vector *vector)
{
    const struct ke_interrupt *interrupt;

    list_for_each_entry(interrupt, &vector->connections, link) {
        if (!interrupt->inactive)
            return true;
    }
    return false;
}

static void request(struct ke *ke, struct ke_vector *vector)
{
    struct ke_cpu *cpu;

    if (vector->waiting || !has_active(vector))
        return;
    cpu = &ke->cpus[sim_rng_below(&ke->interrupts->rng, ke->cpu_count)];
    vector->waiting = true;
    vector->cpu = cpu;
    list_insert_tail(&cpu->vectors[vector->irql], &vector->link);
    cpu->pending_irqls |= (uint16_t)(1u << vector->irql);
    ke_cpu_request(ke, cpu, KE_PENDING_INTERRUPT);
}

static void withdraw(struct ke_vector *vector)
{
    struct ke_cpu *cpu = vector->cpu;

    if (!vector->waiting)
        return;
    vector->waiting = false;
    list_remove(&vector->link);
    if (list_is_empty(&cpu->vectors[vector->irql]))
        cpu->pending_irqls &= (uint16_t) ~(1u << vector->irql);
    if (!cpu->pending_irqls)
        cpu->pending &= ~(uint32_t)KE_PENDING_INTERRUPT;
}

void ke_vector_set_level(struct ke *ke, uint32_t vector_number, bool asserted)
{
    struct ke_vector *vector = vector_at(ke, vector_number);

    if (vector->asserted == asserted)
        return;
    TRACE_CLASSED(ke->trace, sched, interrupt_line, vector_number, asserted);
    vector->asserted = asserted;
    if (!asserted) {
        vector->deliveries = 0;
        withdraw(vector);
    } else if (!vector->in_service) {
        request(ke, vector);
    }
}

void ke_vector_pulse(struct ke *ke, uint32_t vector_number)
{
    struct ke_vector *vector = vector_at(ke, vector_number);

    if (vector->in_service)
        vector->again = true;
    else
        request(ke, vector);
}

/* ---- Delivery -------------------------------------------------------------------------------- */

static bool run_routine(struct ke *ke, struct ke_interrupt *interrupt)
{
    const struct ke_interrupt_config *config = &interrupt->config;
    KIRQL old = ke->cpu->irql;
    uint64_t result;

    if (config->synchronize_irql > old)
        ke_set_irql(ke, config->synchronize_irql);
    ke_spin_acquire(ke, interrupt->lock);
    if (config->message_routine)
        result = KE_CALL(config->routine, KE_ARG(config->kinterrupt), KE_ARG(config->context),
                         config->message);
    else
        result = KE_CALL(config->routine, KE_ARG(config->kinterrupt), KE_ARG(config->context));
    ke_spin_release(ke, interrupt->lock);
    ke_set_irql(ke, old);
    return (UCHAR)result != 0;
}

static void call_routines(struct ke *ke, struct ke_vector *vector)
{
    struct ke_interrupt *interrupt;

    list_for_each_entry(interrupt, &vector->connections, link) {
        bool claimed;

        if (interrupt->inactive)
            continue;
        interrupt->running++; /* keeps it on the list */
        claimed = run_routine(ke, interrupt);
        interrupt->running--;
        TRACE(ke->trace, interrupt, vector->number, interrupt->id, interrupt->config.message,
              claimed);
        if (claimed && vector->level_triggered)
            return;
    }
}

static void check_storm(struct ke_vector *vector)
{
    struct ke_interrupt *last;

    if (++vector->deliveries < STORM_DELIVERIES || list_is_empty(&vector->connections))
        return;
    last = list_entry(list_last(&vector->connections), struct ke_interrupt, link);
    ke_bug_check(0xF2, (uint64_t)last->config.routine, 0, (uint64_t)last->config.kinterrupt,
                 list_count(&vector->connections));
}

static void end_service(struct ke *ke, struct ke_vector *vector)
{
    vector->in_service = false;
    if (vector->again || (vector->level_triggered && vector->asserted)) {
        if (!vector->again)
            check_storm(vector);
        vector->again = false;
        request(ke, vector);
    }
}

/* The delivery costs a yield point at the vector's IRQL, where only a higher interrupt comes
 * between. */
void ke_interrupt_dispatch(struct ke *ke, struct ke_cpu *cpu)
{
    KIRQL old = cpu->irql;
    struct list_node *first = list_first(&cpu->vectors[bits_highest(cpu->pending_irqls)]);
    struct ke_vector *vector = list_entry(first, struct ke_vector, link);

    withdraw(vector);
    vector->in_service = true;
    ke_set_irql(ke, vector->irql);
    cpu->isr_depth++;
    sim_yield(ke->sim, 0);
    call_routines(ke, vector);
    cpu->isr_depth--;
    ke_set_irql(ke, old);
    end_service(ke, vector);
}

/* ---- Connections ----------------------------------------------------------------------------- */

static bool may_share(const struct ke_vector *vector, const struct ke_interrupt_config *config)
{
    const struct ke_interrupt *first;

    if (list_is_empty(&vector->connections))
        return true;
    first = list_entry(list_first(&vector->connections), struct ke_interrupt, link);
    return config->shared && first->config.shared &&
           config->level_triggered == vector->level_triggered && config->irql == vector->irql;
}

NTSTATUS ke_interrupt_connect(const struct ke_interrupt_config *config, struct ke_interrupt **out)
{
    struct ke *ke = ke_ambient;
    struct ke_vector *vector;
    struct ke_interrupt *interrupt;

    if (config->vector >= KE_VECTORS_MAX || config->irql <= DISPATCH_LEVEL ||
        config->irql >= KE_IRQLS || config->synchronize_irql < config->irql ||
        config->synchronize_irql >= KE_IRQLS || !config->routine)
        return STATUS_INVALID_PARAMETER;
    vector = vector_at(ke, config->vector);
    if (!may_share(vector, config))
        return STATUS_INVALID_PARAMETER;
    interrupt = calloc(1, sizeof *interrupt);
    if (!interrupt)
        return STATUS_INSUFFICIENT_RESOURCES;
    interrupt->magic = interrupt_magic;
    interrupt->config = *config;
    interrupt->vector = vector;
    interrupt->id = ++ke->interrupts->last_id;
    interrupt->lock = config->spin_lock ? config->spin_lock : &interrupt->own_lock;
    if (config->kinterrupt && !map_get(&ke->kinterrupts, (uint64_t)config->kinterrupt) &&
        map_set(&ke->kinterrupts, (uint64_t)config->kinterrupt, interrupt) != 0) {
        free(interrupt);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    vector->irql = config->irql;
    vector->level_triggered = config->level_triggered;
    list_insert_tail(&vector->connections, &interrupt->link);
    *out = interrupt; /* its routine may run before anybody else does */
    if (vector->asserted && !vector->in_service)
        request(ke, vector);
    return STATUS_SUCCESS;
}

void ke_interrupt_disconnect(struct ke_interrupt *interrupt)
{
    struct ke *ke = ke_ambient;
    struct ke_vector *vector = interrupt->vector;
    uint64_t key = (uint64_t)interrupt->config.kinterrupt;
    uint64_t since_ns = ke->trace->now_ns;

    weir_assert(interrupt->magic == interrupt_magic);
    while (interrupt->running)
        ke_spin(ke, interrupt->lock, since_ns);
    list_remove(&interrupt->link);
    if (list_is_empty(&vector->connections))
        withdraw(vector);
    if (key && map_get(&ke->kinterrupts, key) == interrupt)
        map_remove(&ke->kinterrupts, key);
    interrupt->magic = 0;
    free(interrupt);
}

/* Where no connection is active, the vector is masked: a line waits, a message is lost. */
void ke_interrupt_set_active(struct ke_interrupt *interrupt, bool active)
{
    struct ke_vector *vector = interrupt->vector;

    weir_assert(interrupt->magic == interrupt_magic);
    interrupt->inactive = !active;
    if (!has_active(vector))
        withdraw(vector);
    else if (vector->asserted && !vector->in_service)
        request(ke_ambient, vector);
}

KIRQL ke_interrupt_acquire(struct ke_interrupt *interrupt)
{
    KIRQL old = ke_irql_raise(interrupt->config.synchronize_irql);

    ke_spin_acquire(ke_ambient, interrupt->lock);
    return old;
}

void ke_interrupt_release(struct ke_interrupt *interrupt, KIRQL old)
{
    ke_spin_release(ke_ambient, interrupt->lock);
    ke_irql_lower(old);
}

BOOLEAN ke_interrupt_synchronize(struct ke_interrupt *interrupt, PKSYNCHRONIZE_ROUTINE routine,
                                 void *context)
{
    KIRQL old = ke_interrupt_acquire(interrupt);
    BOOLEAN result = (BOOLEAN)KE_CALL(routine, KE_ARG(context));

    ke_interrupt_release(interrupt, old);
    return result;
}

/* An object that is none of ours: the driver's memory is not what it believes. UNDOC: Windows would
 * use whatever lies there; the machine ends as for a bad address at raised IRQL. */
static struct ke_interrupt *interrupt_of(PKINTERRUPT object)
{
    struct ke *ke = ke_ambient;
    struct ke_interrupt *interrupt = map_get(&ke->kinterrupts, (uint64_t)object);

    if (!interrupt)
        ke_bug_check(0x0A, (uint64_t)object, ke->cpu->irql, 0, ke_caller_va());
    return interrupt;
}

BOOLEAN NTAPI KeSynchronizeExecution(PKINTERRUPT Interrupt,
                                     PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                     PVOID SynchronizeContext)
{
    return ke_interrupt_synchronize(interrupt_of(Interrupt), SynchronizeRoutine,
                                    SynchronizeContext);
}

KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt)
{
    return ke_interrupt_acquire(interrupt_of(Interrupt));
}

void NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql)
{
    ke_interrupt_release(interrupt_of(Interrupt), OldIrql);
}
