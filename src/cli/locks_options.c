/* SPDX-License-Identifier: MIT */
#include "cli/locks_options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/option_rows.h"

/* Of the struct that option_rows_parse was given. */
static struct locks_options *of(struct options *options)
{
    return (struct locks_options *)options;
}

/* ---- Values ---------------------------------------------------------------------------------- */

static int take_card(struct options *options, char *value)
{
    struct locks_options *locks = of(options);
    struct locks_card *card = &locks->cards[locks->card_count];
    int result;

    if (locks->card_count == LOCKS_COLUMNS_MAX)
        return cli_fail(CLI_USAGE, "--card %s: at most %d cards at a time", value,
                        LOCKS_COLUMNS_MAX);
    result = option_take_card(options, value);
    if (result != 0)
        return result;
    snprintf(card->name, sizeof card->name, "%s", options->card);
    snprintf(card->parameters, sizeof card->parameters, "%s", options->card_parameters);
    locks->card_count++;
    return 0;
}

static const char *const way_words[LOCKS_WAYS] = {[LOCKS_PLAIN] = "plain",
                                                  [LOCKS_BOUNCE] = "bounce",
                                                  [LOCKS_REMAP] = "remap"};

const char *locks_way_name(enum locks_way way)
{
    return way_words[way];
}

static bool take_way(struct locks_options *locks, const char *word, size_t length)
{
    for (unsigned i = 0; i < LOCKS_WAYS; i++) {
        if (strlen(way_words[i]) == length && strncmp(way_words[i], word, length) == 0) {
            locks->way[i] = true;
            return true;
        }
    }
    return false;
}

static int take_ways(struct options *options, char *value)
{
    struct locks_options *locks = of(options);
    const char *at = value;

    memset(locks->way, 0, sizeof locks->way);
    locks->has_ways = true;
    for (;;) {
        size_t length = strcspn(at, ",");

        if (!take_way(locks, at, length))
            return option_bad_value("--ways", value,
                                    "wants plain, bounce or remap, or several with commas");
        if (at[length] == 0)
            return 0;
        at += length + 1;
    }
}

/* "8" or "1..64". The word is cut at the dots and mended. */
static bool parse_span(char *word, uint64_t low, uint64_t high, uint64_t *first, uint64_t *last)
{
    char *dots = strstr(word, "..");
    bool good;

    if (dots == NULL) {
        good = num_parse_range(word, low, high, first) == 0;
        *last = good ? *first : 0;
        return good;
    }
    *dots = 0;
    good = num_parse_range(word, low, high, first) == 0 &&
           num_parse_range(dots + 2, low, high, last) == 0 && *first <= *last;
    *dots = '.';
    return good;
}

static int take_buffers(struct options *options, char *value)
{
    struct locks_options *locks = of(options);
    bool wanted[LOCKS_BUFFERS_MAX + 1] = {false};
    char *at = value, *comma;

    do {
        uint64_t first, last;
        bool good;

        comma = strchr(at, ',');
        if (comma != NULL)
            *comma = 0;
        good = parse_span(at, 1, LOCKS_BUFFERS_MAX, &first, &last);
        if (comma != NULL)
            *comma = ',';
        if (!good)
            return option_bad_value("--buffers", value,
                                    "wants numbers from 1 to 1024 or ranges A..B, with commas");
        for (uint64_t i = first; i <= last; i++)
            wanted[i] = true;
        at = comma + 1;
    } while (comma != NULL);
    locks->buffer_count = 0;
    for (unsigned i = 1; i <= LOCKS_BUFFERS_MAX; i++) {
        if (wanted[i])
            locks->buffers[locks->buffer_count++] = i;
    }
    return 0;
}

static int take_seeds(struct options *options, char *value)
{
    struct locks_options *locks = of(options);
    uint64_t first, last;

    if (!parse_span(value, 0, INT64_MAX, &first, &last) ||
        (strstr(value, "..") == NULL && first == 0))
        return option_bad_value("--seeds", value, "wants how many, from 1 on, or A..B");
    locks->seed_first = strstr(value, "..") == NULL ? 1 : first;
    locks->seed_last = last;
    return 0;
}

static int take_seed(struct options *options, char *value)
{
    struct locks_options *locks = of(options);
    int result = option_take_number("--seed", value, 0, INT64_MAX, &locks->seed_first);

    locks->seed_last = locks->seed_first;
    return result;
}

static int take_frames(struct options *options, char *value)
{
    options->stream.has_frames = true;
    return option_take_number("--frames", value, 1, UINT32_MAX, &options->stream.frames);
}

/* "1%" or "1": per cent, to six digits. */
static int take_target(struct options *options, char *value)
{
    enum { SCALE = 1000000 };
    size_t length = strlen(value);
    bool sign = length > 0 && value[length - 1] == '%', good;
    uint64_t number = 0;

    if (sign)
        value[length - 1] = 0;
    good = num_parse_decimal(value, SCALE, &number) == 0 && number > 0 &&
           number < UINT64_C(100) * SCALE;
    if (sign)
        value[length - 1] = '%';
    if (!good)
        return option_bad_value("--target", value, "wants more than 0% and less than 100%");
    of(options)->target = (double)number / (100.0 * SCALE);
    return 0;
}

static int take_jobs(struct options *options, char *value)
{
    uint64_t number = 0;
    int result = option_take_number("--jobs", value, 1, LOCKS_JOBS_MAX, &number);

    of(options)->jobs = (unsigned)number;
    return result;
}

static int take_output(struct options *options, char *value)
{
    if (options->stream.output != NULL)
        return cli_fail(CLI_USAGE, "-o %s: one picture at a time (%s was named before)", value,
                        options->stream.output);
    if (!plot_kind_of_path(value, &of(options)->plot_kind))
        return option_bad_value("-o", value, "wants a name ending in .svg or .png");
    options->stream.output = value;
    return 0;
}

static int take_json(struct options *options, char *value)
{
    options->json = value;
    return 0;
}

static int take_quiet(struct options *options, char *value)
{
    (void)value;
    options->quiet = true;
    return 0;
}

static int take_help(struct options *options, char *value)
{
    (void)value;
    options->help = true;
    return 0;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static const struct option_row varied_rows[] = {
    {"--card", "NAME|FILE.so[,key=value...]",
     "the card, see `weir cards`; repeat it to see several side by side [grabber64]", take_card},
    {"--ways", "LIST",
     "plain (the card as it is), bounce (every page), remap (by an IOMMU) [all; several cards: "
     "plain]", take_ways},
    {"--buffers", "LIST",
     "reads kept outstanding: 8, 1..64, 1,2,4,8 [1 to one more than the driver locks, to 64]",
     take_buffers},
    {"--seeds", "N|A..B", "how many seeds, or from which to which [8]", take_seeds},
    {"--seed", "N", "this seed alone", take_seed},
    {"--frames", "N", "frames to deliver in each run [60 unless --seconds is given]", take_frames},
    {"--target", "P%", "the share of lock attempts that may fail [1%]", take_target},
    {"--jobs", "N", "runs at a time [as many as there are CPUs]", take_jobs},
};
static const struct option_row output_rows[] = {
    {"-o", "FILE.svg|.png", "the answer as a picture", take_output},
    {"--json", "FILE", "the answer for programs; - is standard output", take_json},
    {"--quiet", NULL, "no table, no progress", take_quiet},
    {"--help", NULL, "this text", take_help},
};
static const struct option_table varied_table = {"What is varied", varied_rows,
                                                 ARRAY_LEN(varied_rows)};
static const struct option_table output_table = {"What comes out", output_rows,
                                                 ARRAY_LEN(output_rows)};
static const struct option_table *const tables[] = {&varied_table, &option_machine_table,
                                                    &option_stream_table, &option_dma_table,
                                                    &option_lacks_table, &output_table, NULL};
static const struct option_command command = {"locks", tables};

void locks_options_help(void)
{
    printf("usage: weir locks DRIVER.sys [options]\n\n"
           "How many frame locks can the driver hold? Streams with every number of buffers from "
           "every\nseed, counts the lock attempts that failed by how many locks were held, and "
           "says how many\nkeep failures below the target. docs/locks.md tells how to read the "
           "answer.\n\n");
    option_rows_help(&command);
    printf("\nExit codes: 0 an answer, 1 runs that broke off or had findings, 2 usage, 3 the image "
           "or driver\nwas refused, 4 weir's own fault, 5 the host refused, 130 interrupted.\n");
}

/* ---- Columns --------------------------------------------------------------------------------- */

static void name_column(const struct locks_options *options, struct locks_plan_column *column)
{
    const struct locks_card *card = &options->cards[column->card];
    struct options run;
    const char *suffix;

    locks_run_options(options, (unsigned)(column - options->columns), 1, 0, &run);
    suffix = run.force_bounce                     ? ", all bounced"
             : run.iommu == HAL_IOMMU_REMAP       ? ", remapped"
             : run.iommu == HAL_IOMMU_STRICT      ? ", strict IOMMU"
                                                  : "";
    snprintf(column->name, sizeof column->name, "%.40s%s%.30s%s", cli_base_name(card->name),
             card->parameters[0] != 0 ? "," : "", card->parameters, suffix);
}

static bool any_dma(const struct locks_options *options)
{
    for (unsigned i = 0; i < options->card_count; i++) {
        if (strcmp(options->cards[i].name, "none") == 0)
            return false;
    }
    return true;
}

/* What --force-bounce or --iommu ask for is not varied as well. */
static int choose_ways(struct locks_options *options)
{
    bool fixed = options->run.force_bounce || options->run.iommu != HAL_IOMMU_OFF;

    if (options->has_ways && fixed)
        return cli_fail(CLI_USAGE, "--ways says how cards are treated; %s says it too",
                        options->run.force_bounce ? "--force-bounce" : "--iommu");
    if (options->has_ways && !any_dma(options) &&
        (options->way[LOCKS_BOUNCE] || options->way[LOCKS_REMAP]))
        return cli_fail(CLI_USAGE, "--ways: --card none does no DMA; it has only plain");
    if (options->has_ways)
        return 0;
    options->way[LOCKS_PLAIN] = true;
    if (options->card_count == 1 && !fixed && any_dma(options))
        options->way[LOCKS_BOUNCE] = options->way[LOCKS_REMAP] = true;
    return 0;
}

static int lay_out_columns(struct locks_options *options)
{
    for (unsigned card = 0; card < options->card_count; card++) {
        for (unsigned way = 0; way < LOCKS_WAYS; way++) {
            struct locks_plan_column *column = &options->columns[options->column_count];

            if (!options->way[way])
                continue;
            if (options->column_count == LOCKS_COLUMNS_MAX)
                return cli_fail(CLI_USAGE, "--ways: %u cards in so many ways are more than the %d "
                                "columns that a picture holds", options->card_count,
                                LOCKS_COLUMNS_MAX);
            *column = (struct locks_plan_column){.card = card, .way = (enum locks_way)way};
            options->column_count++;
            name_column(options, column);
        }
    }
    return 0;
}

/* ---- All together ---------------------------------------------------------------------------- */

unsigned locks_run_count(const struct locks_options *options)
{
    return options->column_count * options->buffer_count *
           (unsigned)(options->seed_last - options->seed_first + 1);
}

static int check_runs(const struct locks_options *options)
{
    uint64_t seeds = options->seed_last - options->seed_first + 1;
    uint64_t each = (uint64_t)options->column_count * options->buffer_count;

    if (seeds <= LOCKS_RUNS_MAX / each)
        return 0;
    return cli_fail(CLI_USAGE, "--seeds: %" PRIu64 " seeds with %u numbers of buffers in %u "
                    "columns are more than %d runs", seeds, options->buffer_count,
                    options->column_count, LOCKS_RUNS_MAX);
}

int locks_options_buffers(struct locks_options *options, unsigned first, unsigned last)
{
    options->buffer_count = 0;
    for (unsigned i = first; i <= last; i++)
        options->buffers[options->buffer_count++] = i;
    return check_runs(options);
}

static int check_paths(const struct options *options)
{
    const char *paths[] = {options->driver, options->stream.output, options->json};

    for (unsigned i = 0; i < ARRAY_LEN(paths); i++) {
        for (unsigned k = i + 1; k < ARRAY_LEN(paths) && paths[i] != NULL; k++) {
            if (paths[k] != NULL && strcmp(paths[i], paths[k]) == 0)
                return cli_fail(CLI_USAGE, "%s is named twice; every file holds one thing",
                                paths[i]);
        }
    }
    return 0;
}

/* Each card is checked as the one of `weir run` would be. */
static int check_cards(struct locks_options *options)
{
    for (unsigned i = 0; i < options->card_count; i++) {
        int result;

        snprintf(options->run.card, sizeof options->run.card, "%s", options->cards[i].name);
        result = options_check_machine(&options->run);
        if (result != 0)
            return result;
    }
    return 0;
}

int locks_options_parse(int argc, char **argv, struct locks_options *out)
{
    int result;

    *out = (struct locks_options){.seed_first = 1, .seed_last = 8, .target = 0.01};
    options_default(&out->run);
    result = option_rows_parse(&command, argc, argv, &out->run);
    if (result != 0 || out->run.help)
        return result;
    if (out->run.driver == NULL)
        return cli_fail(CLI_USAGE, "which driver? usage: weir locks DRIVER.sys [options]");
    if (out->run.stream.has_frames && out->run.stream.has_seconds)
        return cli_fail(CLI_USAGE, "--frames and --seconds exclude each other");
    if (!out->run.stream.has_frames && !out->run.stream.has_seconds)
        out->run.stream.frames = 60;
    if (out->card_count == 0)
        snprintf(out->cards[out->card_count++].name, sizeof out->cards[0].name, "%s",
                 out->run.card);
    result = check_paths(&out->run);
    if (result == 0)
        result = check_cards(out);
    if (result == 0)
        result = choose_ways(out);
    if (result == 0)
        result = lay_out_columns(out);
    if (result == 0 && out->buffer_count > 0)
        result = check_runs(out);
    return result;
}

/* ---- One run --------------------------------------------------------------------------------- */

/* Locks do not depend on pixels: a card that need not draw them is told not to. */
static void draw_nothing(struct options *options)
{
    static const char nothing[] = ",payload=none";
    size_t length = strlen(options->card_parameters);
    enum weir_pattern_payload payload;

    if (!options_payload(options, &payload) || options_payload_given(options))
        return;
    if (length + sizeof nothing <= sizeof options->card_parameters)
        memcpy(options->card_parameters + length, length > 0 ? nothing : nothing + 1,
               sizeof nothing - (length > 0 ? 0 : 1));
}

void locks_run_options(const struct locks_options *options, unsigned column, unsigned buffers,
                       uint64_t seed, struct options *out)
{
    const struct locks_plan_column *plan = &options->columns[column];
    const struct locks_card *card = &options->cards[plan->card];

    *out = options->run;
    snprintf(out->card, sizeof out->card, "%s", card->name);
    snprintf(out->card_parameters, sizeof out->card_parameters, "%s", card->parameters);
    draw_nothing(out);
    out->pins[0] = out->stream;
    out->pins[0].buffers = buffers;
    out->pins[0].output = NULL; /* that is the picture */
    out->pin_count = 1;
    out->seed = seed;
    if (plan->way == LOCKS_BOUNCE)
        out->force_bounce = true;
    if (plan->way == LOCKS_REMAP)
        out->iommu = HAL_IOMMU_REMAP;
}
