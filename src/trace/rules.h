/* SPDX-License-Identifier: MIT */
/* Numbers of the rules, for every room that emits a finding. Nothing else lives here. */
#ifndef WEIR_TRACE_RULES_H
#define WEIR_TRACE_RULES_H

enum verify_rule {
#define RULE(name, kind, text, source) VERIFY_##name,
#include "trace/rules.tbl.h"
#undef RULE
    VERIFY_RULE_COUNT
};

#endif
