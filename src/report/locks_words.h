/* SPDX-License-Identifier: MIT */
/* Words that the table and the plot of `weir locks` have in common. Not a door. */
#ifndef WEIR_REPORT_LOCKS_WORDS_H
#define WEIR_REPORT_LOCKS_WORDS_H

#include "report/locks.h"

/* "a lock takes 150 of 16384 map registers (room for 109) and ...": of what bouncing cards share.
 * False: nothing, and nothing is written. */
bool locks_price(const struct locks_report *report, const struct locks_counts *counts,
                 struct text *out);
void locks_size(uint64_t bytes, struct text *out); /* "64M", in the largest unit that is exact */
void locks_runs(const struct locks_report *report, struct text *out); /* "48: seeds 1 to 16 ..." */
void locks_memory(const struct locks_report *report, struct text *out); /* "RAM 8G, low ..." */

#endif
