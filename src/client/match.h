/* SPDX-License-Identifier: MIT */
/* Compares what leaves the card with what was sent, for pictures that carry no numbers: a file's.
 * Every picture once and in order; of pictures that are alike the first that should come is meant.
 * Keeps copies of those that are on their way. Pure. Not a door. */
#ifndef WEIR_CLIENT_MATCH_H
#define WEIR_CLIENT_MATCH_H

#include <stdint.h>

#include "client/oracle.h"

struct match;
/* 0 or -ENOMEM. Lines of line_bytes make a picture; they place what is wrong. */
int match_create(uint64_t frame_bytes, uint32_t line_bytes, struct match **out);
void match_destroy(struct match *match); /* NULL is fine */
/* Pictures are numbered from 0 in the order in which they are sent. -ENOMEM. */
int match_sent(struct match *match, const uint8_t *bytes);
/* What is on its way will not come any more. */
void match_forget(struct match *match);
/* ok (missing counts those that should have come before), duplicate and stale (came before), out
 * of order (was missing), torn (begins as the one that should come and ends as the last one),
 * wrong. */
void match_judge(struct match *match, const uint8_t *bytes, struct oracle_judgement *out);

#endif
