/* SPDX-License-Identifier: MIT */
/* Which model of an INF is meant ("INF Manufacturer Section", "INF Models Section", "Identifier
 * Score"). Each manufacturer has one Models section per kind of Windows; the one with the highest
 * version that is not above this Windows counts. Of the models in it, that whose ID stands first
 * among the device's wins: a hardware ID of the device against the model's hardware ID, then
 * against its compatible IDs, then the device's compatible IDs in the same order. UNDOC: an x64
 * Windows from Server 2003 SP1 on wants an architecture in the decoration; a section without any
 * decoration is taken here when a manufacturer lists no other, because samples in the wild have
 * that. Product types and suites are not looked at: what names one is for a server. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "setup/internal.h"

/* ---- Decorations ----------------------------------------------------------------------------- */

enum { PARTS = 6 }; /* NT<architecture> . major . minor . product . suite . build */

struct decoration {
    uint32_t number[PARTS]; /* 0: absent */
    bool for_us; /* x64, or any architecture */
};

static uint32_t take_number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 0);
}

static bool parse_decoration(const char *text, struct decoration *out)
{
    char copy[64];
    char *at = copy;

    memset(out, 0, sizeof *out);
    if (strncasecmp(text, "NT", 2) != 0 || strlen(text) >= sizeof copy)
        return false;
    snprintf(copy, sizeof copy, "%s", text + 2);
    for (unsigned i = 0; i < PARTS && at != NULL; i++) {
        char *dot = strchr(at, '.');

        if (dot != NULL)
            *dot++ = 0;
        if (i == 0)
            out->for_us = *at == 0 || strcasecmp(at, "amd64") == 0;
        else
            out->number[i] = take_number(at);
        at = dot;
    }
    return true;
}

/* Below 0: does not apply; else how close, higher is closer. */
static int64_t fit_of(const struct decoration *decoration, const struct setup_target *target)
{
    const uint32_t *number = decoration->number;
    bool same = number[1] == target->major && number[2] == target->minor;

    if (!decoration->for_us || number[3] > 1 || number[4] != 0)
        return -1;
    if (number[1] > target->major || (number[1] == target->major && number[2] > target->minor))
        return -1;
    if (same && number[5] > target->build)
        return -1;
    return (int64_t)number[1] << 40 | (int64_t)(number[2] & 0xFF) << 32 |
           (same ? number[5] & 0x7FFFFFFF : 0) << 1 | (number[3] == 1);
}

static const struct inf_section *models_of(const struct setup_inf *inf,
                                           const struct setup_target *target,
                                           const struct inf_line *manufacturer)
{
    bool bare = manufacturer->key == NULL;
    const char *base = inf_field(manufacturer, 0);
    const char *best = NULL;
    int64_t best_fit = -1;
    char name[300];

    for (size_t i = 1; i < manufacturer->fields.count; i++) {
        const char *text = inf_field(manufacturer, i);
        struct decoration decoration;
        int64_t fit = parse_decoration(text, &decoration) ? fit_of(&decoration, target) : -1;

        if (fit > best_fit) {
            best_fit = fit;
            best = text;
        }
    }
    if (best != NULL)
        snprintf(name, sizeof name, "%s.%s", base, best);
    else if (bare || manufacturer->fields.count == 1)
        snprintf(name, sizeof name, "%s", base);
    else
        return NULL;
    return inf_find(inf, name);
}

/* ---- Models ---------------------------------------------------------------------------------- */

bool inf_model_at(const struct setup_inf *inf, const struct setup_target *target, unsigned index,
                  struct inf_model *out)
{
    const struct inf_section *manufacturers = inf_find(inf, "Manufacturer");
    struct inf_line *manufacturer;

    if (manufacturers == NULL)
        return false;
    array_for_each(manufacturer, &manufacturers->lines) {
        const struct inf_section *models = models_of(inf, target, manufacturer);

        if (models == NULL)
            continue;
        if (index >= models->lines.count) {
            index -= (unsigned)models->lines.count;
            continue;
        }
        out->manufacturer =
            manufacturer->key != NULL ? manufacturer->key : inf_field(manufacturer, 0);
        out->line = &models->lines.items[index];
        return true;
    }
    return false;
}

const char *setup_inf_id(const struct setup_inf *inf, const struct setup_target *target,
                         unsigned index)
{
    struct inf_model model;

    for (unsigned i = 0; inf_model_at(inf, target, i, &model); i++) {
        unsigned ids = 0;

        for (size_t k = 1; k < model.line->fields.count; k++) {
            if (inf_field(model.line, k)[0] != 0 && ids++ == index)
                return inf_field(model.line, k);
        }
        index -= ids;
    }
    return NULL;
}

enum { SCORE_NONE = 0x4000 };

/* The lowest score of one list of the device's against the model; 0x1000 more for a compatible ID
 * of the model. */
static unsigned score(const char *list, unsigned from, const struct inf_line *model,
                      const char **id)
{
    unsigned best = SCORE_NONE, position = 0;

    for (const char *at = list; at != NULL && *at != 0; at += strlen(at) + 1, position++) {
        for (size_t k = 1; k < model->fields.count; k++) {
            unsigned points = from + (k > 1 ? 0x1000 : 0) + position;

            if (points >= best || strcasecmp(inf_field(model, k), at) != 0)
                continue;
            best = points;
            *id = at;
        }
    }
    return best;
}

bool inf_model_choose(const struct setup_inf *inf, const struct setup_target *target,
                      const char *hardware_ids, const char *compatible_ids, struct inf_model *out,
                      const char **id)
{
    unsigned best = SCORE_NONE;
    struct inf_model model;

    for (unsigned i = 0; inf_model_at(inf, target, i, &model); i++) {
        const char *matched = NULL;
        unsigned points = score(hardware_ids, 0, model.line, &matched);

        if (points == SCORE_NONE)
            points = score(compatible_ids, 0x2000, model.line, &matched);
        if (points >= best)
            continue;
        best = points;
        *out = model;
        *id = matched;
    }
    return best != SCORE_NONE;
}
