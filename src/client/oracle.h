/* SPDX-License-Identifier: MIT */
/* The frame oracle: judges each delivered frame by its bytes, and the sequence by the numbers in
 * them. It knows what the card drew (weir/pattern.h) and nothing of the driver. Lost is what the
 * card captured and nobody got: gaps in the numbers, less what the driver says it dropped. */
#ifndef WEIR_CLIENT_ORACLE_H
#define WEIR_CLIENT_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/pattern.h"

/* Beyond enum weir_verdict: what only a sequence shows. Numbers as in the event frame_delivered. */
enum { ORACLE_DUPLICATE = 16, ORACLE_OUT_OF_ORDER = 17 };

struct oracle_judgement {
    unsigned verdict; /* enum weir_verdict or the two above */
    uint32_t picture; /* number in the frame, when numbered */
    bool numbered;
    uint32_t line;
    uint64_t offset;
    uint32_t expected, found;
    uint64_t missing; /* numbers skipped since the newest frame so far */
};

struct oracle;
int oracle_create(const struct weir_pattern_geometry *geometry, enum weir_pattern_payload payload,
                  struct oracle **out);
void oracle_destroy(struct oracle *oracle); /* NULL is fine */
/* Pictures beyond this number cannot be there yet: they are early, and the newest stays what it
 * was. For those who know what was sent. */
void oracle_set_horizon(struct oracle *oracle, uint32_t highest);
/* The stream was interrupted: the next number may be newer, which shows what was missed, or older,
 * for a card may count anew. */
void oracle_restart(struct oracle *oracle);
void oracle_judge(struct oracle *oracle, const struct weir_pattern_view *view,
                  struct oracle_judgement *out);
/* Marks a buffer before it is filled again, so that what the card did not write shows. */
void oracle_spoil(struct oracle *oracle, const struct weir_pattern_view *view);
const char *oracle_verdict_name(unsigned verdict);

#endif
