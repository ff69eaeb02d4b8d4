/* SPDX-License-Identifier: MIT */
#include "client/match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum { REMEMBERED = 256 }; /* how far back one that comes again is known */

struct picture {
    struct picture *next;
    uint64_t hash;
    uint8_t bytes[];
};

struct match {
    uint64_t frame_bytes;
    uint32_t line_bytes;
    uint32_t sent; /* number of the next one to be sent */
    uint32_t expected; /* number of the first on its way */
    struct picture *first, *last; /* on their way */
    struct picture *before; /* the last that came as it should, or NULL */
    uint32_t before_number;
    uint64_t hashes[REMEMBERED]; /* of those taken off the list, by number */
    bool missed[REMEMBERED]; /* skipped when another came */
};

int match_create(uint64_t frame_bytes, uint32_t line_bytes, struct match **out)
{
    struct match *match = calloc(1, sizeof *match);

    if (match == NULL)
        return -ENOMEM;
    match->frame_bytes = frame_bytes;
    match->line_bytes = line_bytes != 0 ? line_bytes : 1;
    *out = match;
    return 0;
}

void match_destroy(struct match *match)
{
    struct picture *picture;

    if (match == NULL)
        return;
    while ((picture = match->first) != NULL) {
        match->first = picture->next;
        free(picture);
    }
    free(match->before);
    free(match);
}

int match_sent(struct match *match, const uint8_t *bytes)
{
    struct picture *picture = malloc(sizeof *picture + match->frame_bytes);

    if (picture == NULL)
        return -ENOMEM;
    picture->next = NULL;
    picture->hash = hash_bytes(bytes, match->frame_bytes, 0);
    memcpy(picture->bytes, bytes, match->frame_bytes);
    if (match->last != NULL)
        match->last->next = picture;
    else
        match->first = picture;
    match->last = picture;
    match->sent++;
    return 0;
}

/* Takes the first off the list; missed: it did not come. */
static struct picture *take_first(struct match *match, bool missed)
{
    struct picture *picture = match->first;

    match->first = picture->next;
    if (match->first == NULL)
        match->last = NULL;
    match->hashes[match->expected % REMEMBERED] = picture->hash;
    match->missed[match->expected % REMEMBERED] = missed;
    match->expected++;
    return picture;
}

void match_forget(struct match *match)
{
    while (match->first != NULL)
        free(take_first(match, false));
}

static bool is_same(const struct match *match, const struct picture *picture, uint64_t hash,
                    const uint8_t *bytes)
{
    return picture->hash == hash && memcmp(picture->bytes, bytes, match->frame_bytes) == 0;
}

/* One that is on its way: those before it did not come. */
static bool came(struct match *match, uint64_t hash, const uint8_t *bytes,
                 struct oracle_judgement *out)
{
    const struct picture *at = match->first;

    while (at != NULL && !is_same(match, at, hash, bytes))
        at = at->next;
    if (at == NULL)
        return false;
    while (match->first != at) {
        free(take_first(match, true));
        out->missing++;
    }
    out->verdict = WEIR_VERDICT_OK;
    out->picture = match->expected;
    match->before_number = match->expected;
    free(match->before);
    match->before = take_first(match, false);
    return true;
}

static unsigned late_verdict(const struct match *match, uint32_t number)
{
    if (match->missed[number % REMEMBERED])
        return ORACLE_OUT_OF_ORDER;
    if (match->before != NULL && number == match->before_number)
        return ORACLE_DUPLICATE;
    return WEIR_VERDICT_STALE;
}

/* One that is no longer on its way: it was here, or was missing. */
static bool came_late(struct match *match, uint64_t hash, struct oracle_judgement *out)
{
    uint32_t oldest = match->expected > REMEMBERED ? match->expected - REMEMBERED : 0;

    for (uint32_t number = match->expected; number-- > oldest;) {
        uint32_t slot = number % REMEMBERED;

        if (match->hashes[slot] != hash)
            continue;
        out->picture = out->found = number;
        out->expected = match->expected;
        out->verdict = late_verdict(match, number);
        match->missed[slot] = false;
        return true;
    }
    return false;
}

/* Behind the line with the first byte that differs everything is as in the picture before. */
static bool ends_as_before(const struct match *match, const uint8_t *bytes, uint64_t at)
{
    uint64_t from = (at / match->line_bytes + 1) * match->line_bytes;

    return at > 0 && match->before != NULL && from < match->frame_bytes &&
           memcmp(match->before->bytes + from, bytes + from, match->frame_bytes - from) == 0;
}

/* No picture that was sent: where it leaves the one that should have come. */
static void differs(struct match *match, const uint8_t *bytes, struct oracle_judgement *out)
{
    const struct picture *should = match->first != NULL ? match->first : match->before;
    bool torn;
    uint64_t at = 0;

    while (should != NULL && at + 1 < match->frame_bytes && should->bytes[at] == bytes[at])
        at++;
    torn = ends_as_before(match, bytes, at);
    out->verdict = torn ? WEIR_VERDICT_TORN : WEIR_VERDICT_WRONG;
    out->offset = at;
    out->line = (uint32_t)(at / match->line_bytes);
    out->expected = out->picture = match->expected;
    out->found = torn ? match->before_number : UINT32_MAX;
}

void match_judge(struct match *match, const uint8_t *bytes, struct oracle_judgement *out)
{
    uint64_t hash = hash_bytes(bytes, match->frame_bytes, 0);
    bool takes_place;

    *out = (struct oracle_judgement){0};
    if (came(match, hash, bytes, out)) {
        out->numbered = true;
        return;
    }
    out->numbered = came_late(match, hash, out);
    if (!out->numbered)
        differs(match, bytes, out);
    takes_place = out->verdict != ORACLE_DUPLICATE && out->verdict != ORACLE_OUT_OF_ORDER;
    if (takes_place && match->first != NULL)
        free(take_first(match, true));
}
