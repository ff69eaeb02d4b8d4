/* SPDX-License-Identifier: MIT */
#include "verify/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINDINGS_MAX = 1000 };

struct rule_row {
    const char *name, *text, *source;
    enum verify_kind kind;
};

static const struct rule_row rules[VERIFY_RULE_COUNT] = {
#define RULE(name, kind, text, source)                                                             \
    [VERIFY_##name] = {#name, text, source, VERIFY_KIND_##kind},
#include "trace/rules.tbl.h"
#undef RULE
};

struct verify {
    struct verify_finding findings[FINDINGS_MAX];
    size_t count;
    size_t dropped;
};

struct verify *verify_create(void)
{
    return calloc(1, sizeof(struct verify));
}

void verify_destroy(struct verify *verify)
{
    free(verify);
}

static struct verify_finding *find_equal(struct verify *verify, enum verify_rule rule,
                                         uint64_t caller_va)
{
    for (size_t i = 0; i < verify->count; i++) {
        if (verify->findings[i].rule == rule && verify->findings[i].caller_va == caller_va)
            return &verify->findings[i];
    }
    return NULL;
}

static void add_finding(struct verify *verify, const struct trace_event *event)
{
    enum verify_rule rule = (enum verify_rule)event->arg[0];
    struct verify_finding *finding = find_equal(verify, rule, event->arg[1]);

    if (finding != NULL) {
        finding->count++;
        return;
    }
    if (verify->count == FINDINGS_MAX) {
        verify->dropped++;
        return;
    }
    finding = &verify->findings[verify->count++];
    finding->rule = rule;
    finding->caller_va = event->arg[1];
    memcpy(finding->arg, &event->arg[2], sizeof finding->arg);
    finding->count = 1;
    finding->first_time_ns = event->time_ns;
    finding->first_sequence = event->sequence;
}

void verify_event(struct verify *verify, const struct trace_event *event)
{
    if (event->type == TRACE_finding && event->arg[0] < VERIFY_RULE_COUNT)
        add_finding(verify, event);
}

size_t verify_count(const struct verify *verify)
{
    return verify->count;
}

const struct verify_finding *verify_at(const struct verify *verify, size_t index)
{
    return index < verify->count ? &verify->findings[index] : NULL;
}

size_t verify_errors(const struct verify *verify)
{
    size_t errors = 0;

    for (size_t i = 0; i < verify->count; i++)
        errors += rules[verify->findings[i].rule].kind == VERIFY_KIND_error;
    return errors;
}

size_t verify_dropped(const struct verify *verify)
{
    return verify->dropped;
}

const char *verify_rule_name(enum verify_rule rule)
{
    return rules[rule].name;
}

enum verify_kind verify_rule_kind(enum verify_rule rule)
{
    return rules[rule].kind;
}

const char *verify_rule_source(enum verify_rule rule)
{
    return rules[rule].source;
}

/* %N is replaced by argument N in decimal, %Nx in hexadecimal. */
void verify_text(const struct verify_finding *finding, char *text, size_t size)
{
    const char *from = rules[finding->rule].text;
    size_t used = 0;

    while (*from != 0 && used + 1 < size) {
        if (from[0] == '%' && from[1] >= '0' && from[1] <= '3') {
            uint64_t value = finding->arg[from[1] - '0'];
            bool hexadecimal = from[2] == 'x';
            int wrote = snprintf(text + used, size - used, hexadecimal ? "0x%" PRIx64 : "%" PRIu64,
                                 value);

            used += (size_t)wrote < size - used ? (size_t)wrote : size - used - 1;
            from += hexadecimal ? 3 : 2;
        } else {
            text[used++] = *from++;
        }
    }
    text[used] = 0;
}
