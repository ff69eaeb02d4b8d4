/* SPDX-License-Identifier: MIT */
#include "cli/locks_work.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/run.h"
#include "host/host.h"
#include "report/report.h"

enum { SLOT_ALIGNMENT = 64 };
static const uint64_t look_ns = 100000000; /* how often the parent looks after its workers */

/* What became of one run. */
enum fate {
    FATE_NONE, /* not run */
    FATE_GOOD,
    FATE_BROKEN, /* it broke off or had findings: its locks count, and it is told */
    FATE_REFUSED, /* no such run can be made: the command ends with exit_code */
    FATE_SILENT, /* refused as well, and the message is out already */
    FATE_INTERRUPTED
};
struct run_slot {
    uint32_t fate;
    int32_t exit_code;
    char text[LOCKS_TEXT_BYTES];
};
struct column_slot { /* of one worker */
    struct locks_counts counts;
    struct super_format format;
    uint32_t has_format;
    uint32_t broken_runs;
};

/* What lies at the beginning of the memory that all share; the slots follow. */
struct board {
    uint32_t next; /* the run that nobody has taken yet */
    uint32_t done;
    uint32_t stop; /* take no more */
};

struct work {
    const struct locks_options *options;
    const void *driver_bytes;
    size_t driver_size_bytes;
    unsigned run_count, worker_count;
    struct board *board;
    struct run_slot *runs;
    struct column_slot *columns; /* worker by worker */
    void *memory;
    uint64_t memory_bytes;
    int progress_columns;
};

struct worker { /* in its own process */
    const struct work *work;
    unsigned index;
    struct report *report;
    struct super *super;
    struct column_slot *column; /* of the run under way */
};

void locks_run_place(const struct locks_options *options, unsigned run, unsigned *column,
                     unsigned *buffers, uint64_t *seed)
{
    unsigned seeds = (unsigned)(options->seed_last - options->seed_first + 1);

    *seed = options->seed_first + run % seeds;
    *buffers = options->buffers[run / seeds % options->buffer_count];
    *column = run / seeds / options->buffer_count;
}

/* ---- One run, in a worker -------------------------------------------------------------------- */

static void take_event(void *ctx, const struct trace_event *event)
{
    struct worker *worker = ctx;

    report_event(worker->report, event);
    locks_event(&worker->column->counts, event);
}

static void look_at_board(void *ctx)
{
    struct worker *worker = ctx;

    if (__atomic_load_n(&worker->work->board->stop, __ATOMIC_RELAXED) != 0)
        super_stop(worker->super);
}

static void WEIR_PRINTF(4, 5)
    end_run(struct run_slot *slot, enum fate fate, enum cli_exit code, const char *format, ...)
{
    va_list arguments;

    slot->fate = fate;
    slot->exit_code = code;
    va_start(arguments, format);
    vsnprintf(slot->text, sizeof slot->text, format, arguments);
    va_end(arguments);
}

static void judge_said(struct worker *worker, const struct super_end *end, struct run_slot *slot)
{
    char reason[300];
    bool known = report_reason(worker->report, reason, sizeof reason);
    const char *why = known ? reason : end->said;

    switch ((enum run_said)end->said_kind) {
    case RUN_SAID_USAGE: end_run(slot, FATE_REFUSED, CLI_USAGE, "%s", end->said); break;
    case RUN_SAID_IMAGE: end_run(slot, FATE_REFUSED, CLI_IMAGE, "%s", end->said); break;
    case RUN_SAID_HOST: end_run(slot, FATE_REFUSED, CLI_HOST, "%s", end->said); break;
    case RUN_SAID_MISSING:
        end_run(slot, FATE_REFUSED, CLI_IMAGE, "%s: %s; --stub NAME=STATUS lets a run go on",
                worker->work->options->run.driver, why);
        break;
    default: end_run(slot, FATE_BROKEN, CLI_FINDINGS, "%s", why); break;
    }
}

static void judge_findings(struct worker *worker, struct run_slot *slot)
{
    const struct verify *verify = report_verify(worker->report);

    slot->fate = FATE_GOOD;
    for (size_t i = 0; i < verify_count(verify) && slot->fate == FATE_GOOD; i++) {
        const struct verify_finding *finding = verify_at(verify, i);
        char text[256];

        if (verify_rule_kind(finding->rule) == VERIFY_KIND_advice)
            continue;
        verify_text(finding, text, sizeof text);
        end_run(slot, FATE_BROKEN, CLI_FINDINGS, "finding %s: %s",
                verify_rule_name(finding->rule), text);
    }
    if (slot->fate == FATE_GOOD && report_stub_calls(worker->report) > 0)
        end_run(slot, FATE_BROKEN, CLI_FINDINGS, "%" PRIu64 " calls were answered by --stub",
                report_stub_calls(worker->report));
}

static void judge(struct worker *worker, const struct super_end *end, struct run_slot *slot)
{
    switch (end->kind) {
    case SUPER_INTERRUPTED:
        slot->fate = FATE_INTERRUPTED;
        return;
    case SUPER_DIED:
        end_run(slot, FATE_BROKEN, CLI_FINDINGS, "the machine's process died (%s)",
                host_signal_name(end->code));
        return;
    case SUPER_HUNG:
        end_run(slot, FATE_BROKEN, CLI_FINDINGS, "silent for too long and killed");
        return;
    case SUPER_BROKEN:
        end_run(slot, FATE_BROKEN, CLI_FINDINGS,
                "wrote over memory it shares with its supervisor and was killed");
        return;
    case SUPER_OUTPUT:
    case SUPER_EXITED: break;
    }
    if (end->said_kind != RUN_SAID_NOTHING)
        judge_said(worker, end, slot);
    else if (end->code != 0)
        end_run(slot, FATE_SILENT, (enum cli_exit)end->code, "weir stopped");
    else
        judge_findings(worker, slot);
}

static int run_machine(struct worker *worker, const struct options *options, struct super_end *end)
{
    struct run_child child = {.options = options, .driver_bytes = worker->work->driver_bytes,
                              .driver_size_bytes = worker->work->driver_size_bytes};
    struct super_config config = {.frame_bytes_max = 4096, .event = take_event,
                                  .event_ctx = worker, .progress = look_at_board,
                                  .progress_ctx = worker};
    int result = super_create(&config, &worker->super);

    if (result != 0)
        return result;
    result = super_run(worker->super, run_child_main, &child, end);
    super_destroy(worker->super);
    return result;
}

static const char *export_name(uint64_t id)
{
    const struct exports_row *row = exports_at((unsigned)id);

    return row != NULL ? row->name : "?";
}

static void run_one(struct worker *worker, unsigned run)
{
    const struct work *work = worker->work;
    struct run_slot *slot = &work->runs[run];
    struct super_end end = {0};
    struct options options;
    unsigned column, buffers;
    uint64_t seed;
    int result;

    locks_run_place(work->options, run, &column, &buffers, &seed);
    locks_run_options(work->options, column, buffers, seed, &options);
    worker->column = &work->columns[worker->index * work->options->column_count + column];
    worker->report = report_create(export_name);
    result = worker->report != NULL ? run_machine(worker, &options, &end) : -ENOMEM;
    if (result != 0)
        end_run(slot, FATE_REFUSED, CLI_HOST, "the machine's process: %s",
                host_error_text(result));
    else
        judge(worker, &end, slot);
    if (end.has_format[0]) {
        worker->column->format = end.format[0];
        worker->column->has_format = 1;
    }
    worker->column->broken_runs += slot->fate == FATE_BROKEN;
    report_destroy(worker->report);
}

/* ---- Workers --------------------------------------------------------------------------------- */

static int worker_main(void *ctx)
{
    struct worker *worker = ctx;
    const struct work *work = worker->work;
    struct board *board = work->board;

    while (__atomic_load_n(&board->stop, __ATOMIC_RELAXED) == 0) {
        uint32_t run = __atomic_fetch_add(&board->next, 1, __ATOMIC_RELAXED);

        if (run >= work->run_count)
            break;
        run_one(worker, run);
        /* Runs taken before this one go on to their ends: so the first refusal is always told. */
        if (work->runs[run].fate > FATE_BROKEN)
            __atomic_store_n(&board->next, work->run_count, __ATOMIC_RELAXED);
        __atomic_fetch_add(&board->done, 1, __ATOMIC_RELEASE);
    }
    return 0;
}

static void show_progress(struct work *work)
{
    if (work->options->run.quiet || !host_is_terminal(2))
        return;
    fputc('\r', stderr);
    work->progress_columns =
        fprintf(stderr, "%" PRIu32 " of %u runs",
                __atomic_load_n(&work->board->done, __ATOMIC_ACQUIRE), work->run_count);
}

static void clear_progress(struct work *work)
{
    if (work->progress_columns > 0)
        fprintf(stderr, "\r%*s\r", work->progress_columns, "");
    work->progress_columns = 0;
}

/* False: the worker did not end as workers do. */
static bool wait_for_worker(struct work *work, int pid)
{
    struct host_exit how = {0};

    for (;;) {
        int result = host_process_wait(pid, look_ns, &how);

        if (result == 0)
            return !how.signalled && how.status == 0;
        if (result != -ETIMEDOUT && result != -EINTR)
            return false;
        if (host_interrupts_seen() > 0)
            __atomic_store_n(&work->board->stop, 1, __ATOMIC_RELAXED);
        show_progress(work);
    }
}

static int run_workers(struct work *work)
{
    int pids[LOCKS_JOBS_MAX], result = 0;
    unsigned started = 0;
    bool good = true;

    host_interrupts_count();
    for (; started < work->worker_count && result == 0; started++) {
        struct worker worker = {.work = work, .index = started};

        result = host_process_start(worker_main, &worker, &pids[started]);
        if (result != 0)
            break;
    }
    if (result != 0)
        __atomic_store_n(&work->board->stop, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < started; i++)
        good &= wait_for_worker(work, pids[i]);
    clear_progress(work);
    if (result != 0)
        return cli_fail(CLI_HOST, "a process for the runs: %s", host_error_text(result));
    if (host_interrupts_seen() > 0)
        return cli_fail(CLI_INTERRUPTED, "interrupted");
    return good ? 0 : cli_fail(CLI_HOST, "a process for the runs was killed from outside");
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static uint64_t round_up(uint64_t bytes, uint64_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

static int share_memory(struct work *work)
{
    uint64_t runs_bytes = round_up((uint64_t)work->run_count * sizeof *work->runs, SLOT_ALIGNMENT);
    uint64_t columns_bytes =
        (uint64_t)work->worker_count * work->options->column_count * sizeof *work->columns;
    uint8_t *memory;
    int fd, result;

    work->memory_bytes = round_up(SLOT_ALIGNMENT + runs_bytes + columns_bytes, HOST_PAGE_SIZE);
    result = host_memfd_create("locks", work->memory_bytes, &fd);
    if (result != 0)
        return result;
    result = host_map(fd, 0, work->memory_bytes, HOST_READ | HOST_WRITE, &work->memory);
    host_fd_close(fd);
    if (result != 0)
        return result;
    memory = work->memory;
    work->board = work->memory;
    work->runs = (struct run_slot *)(memory + SLOT_ALIGNMENT);
    work->columns = (struct column_slot *)(memory + SLOT_ALIGNMENT + runs_bytes);
    return 0;
}

/* ---- Results --------------------------------------------------------------------------------- */

static void add_columns(const struct work *work, struct locks_results *out)
{
    unsigned columns = work->options->column_count;

    for (unsigned i = 0; i < work->worker_count * columns; i++) {
        const struct column_slot *slot = &work->columns[i];

        locks_add(&out->counts[i % columns], &slot->counts);
        out->broken_runs[i % columns] += slot->broken_runs;
        if (slot->has_format) {
            out->format[i % columns] = slot->format;
            out->has_format[i % columns] = true;
        }
    }
}

static int collect(const struct work *work, struct locks_results *out)
{
    for (unsigned i = 0; i < work->run_count; i++) {
        const struct run_slot *slot = &work->runs[i];

        switch ((enum fate)slot->fate) {
        case FATE_GOOD: break;
        case FATE_BROKEN:
            if (out->broken_count == LOCKS_INCIDENTS_MAX)
                break;
            out->broken[out->broken_count].run = i;
            memcpy(out->broken[out->broken_count].text, slot->text, sizeof slot->text);
            out->broken_count++;
            break;
        case FATE_REFUSED: return cli_fail((enum cli_exit)slot->exit_code, "%s", slot->text);
        case FATE_SILENT: return slot->exit_code;
        case FATE_INTERRUPTED: return cli_fail(CLI_INTERRUPTED, "interrupted");
        case FATE_NONE: return cli_fail(CLI_WEIR, "run %u was never made", i);
        }
    }
    add_columns(work, out);
    return 0;
}

int locks_work(const struct locks_options *options, const void *driver_bytes,
               size_t driver_size_bytes, struct locks_results *out)
{
    struct work work = {.options = options, .driver_bytes = driver_bytes,
                        .driver_size_bytes = driver_size_bytes,
                        .run_count = locks_run_count(options),
                        .worker_count = options->jobs != 0 ? options->jobs : host_cpu_count()};
    int result;

    *out = (struct locks_results){
        .counts = calloc(options->column_count, sizeof *out->counts)};
    if (work.worker_count > LOCKS_JOBS_MAX)
        work.worker_count = LOCKS_JOBS_MAX;
    if (work.worker_count > work.run_count)
        work.worker_count = work.run_count;
    result = out->counts != NULL ? share_memory(&work) : -ENOMEM;
    if (result != 0)
        return cli_fail(CLI_HOST, "memory for the runs: %s", host_error_text(result));
    result = run_workers(&work);
    if (result == 0)
        result = collect(&work, out);
    host_unmap(work.memory, work.memory_bytes);
    return result;
}

void locks_results_fini(struct locks_results *results)
{
    free(results->counts);
    results->counts = NULL;
}
