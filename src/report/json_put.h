/* SPDX-License-Identifier: MIT */
/* Values as JSON, whatever they hold: events come from a process that may have gone wild, and names
 * of files need not be UTF-8. Not a door. */
#ifndef WEIR_REPORT_JSON_PUT_H
#define WEIR_REPORT_JSON_PUT_H

#include <jansson.h>

#include "report/report.h"

void json_put(json_t *object, const char *key, uint64_t value);
void json_put_text(json_t *object, const char *key, const char *value); /* NULL becomes null */
json_t *json_text(const char *value);
json_t *json_format(const struct report_format *format); /* null when none was agreed on */

#endif
