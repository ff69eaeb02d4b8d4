/* SPDX-License-Identifier: MIT */
/* Options of `weir locks`: those of a machine and its stream as everywhere, and what is varied:
 * cards, the ways they are treated, buffers, seeds. Not a door. */
#ifndef WEIR_CLI_LOCKS_OPTIONS_H
#define WEIR_CLI_LOCKS_OPTIONS_H

#include "cli/options.h"
#include "report/locks.h"

enum {
    LOCKS_BUFFERS_MAX = 1024,
    LOCKS_BUFFERS_USUAL = 64,
    LOCKS_RUNS_MAX = 100000,
    LOCKS_JOBS_MAX = 256,
    LOCKS_NAME_BYTES = 96
};

enum locks_way {
    LOCKS_PLAIN, /* the card as the options have it */
    LOCKS_BOUNCE, /* every page bounced, as for a card that reaches none */
    LOCKS_REMAP, /* behind an IOMMU */
    LOCKS_WAYS
};

struct locks_card {
    char name[512], parameters[1024];
};
struct locks_plan_column {
    unsigned card;
    enum locks_way way;
    char name[LOCKS_NAME_BYTES];
};

struct locks_options {
    struct options run; /* first: shared rows know this part alone */
    struct locks_card cards[LOCKS_COLUMNS_MAX];
    unsigned card_count;
    bool way[LOCKS_WAYS], has_ways;
    struct locks_plan_column columns[LOCKS_COLUMNS_MAX];
    unsigned column_count;
    unsigned buffers[LOCKS_BUFFERS_MAX];
    unsigned buffer_count; /* 0 as parsed: not said, see locks_options_buffers */
    uint64_t seed_first, seed_last;
    double target;
    unsigned jobs; /* processes at a time; 0: as many as there are CPUs */
    enum plot_kind plot_kind; /* of run.output */
};

/* As options_parse. */
int locks_options_parse(int argc, char **argv, struct locks_options *out);
void locks_options_help(void);
/* All numbers of buffers from `first` to `last`, for who did not say which. 0 or an exit code. */
int locks_options_buffers(struct locks_options *options, unsigned first, unsigned last);
unsigned locks_run_count(const struct locks_options *options);
const char *locks_way_name(enum locks_way way); /* "plain" */
/* What `weir run` would be told: one column, one number of buffers, one seed. */
void locks_run_options(const struct locks_options *options, unsigned column, unsigned buffers,
                       uint64_t seed, struct options *out);

#endif
