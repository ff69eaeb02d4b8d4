/* SPDX-License-Identifier: MIT */
/* What the files of `inspect` say in one way: members of JSON objects, GUIDs with their names,
 * problems. A driver's words and numbers may be anything; the JSON is valid all the same. Nothing
 * here talks to a driver. Not a door. */
#ifndef WEIR_CLIENT_INSPECT_JSON_H
#define WEIR_CLIENT_INSPECT_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "base/base.h"
#include "wdk/ks.h"

/* What a GUID stands for: of several names for the same bytes the one that begins so is taken. */
#define INSPECT_CATEGORY "KSCATEGORY_"
#define INSPECT_PIN "PINNAME_VIDEO_"
#define INSPECT_NODE "KSNODETYPE_"
#define INSPECT_MAJOR "KSDATAFORMAT_TYPE_"
#define INSPECT_SUBTYPE "KSDATAFORMAT_SUBTYPE_"
#define INSPECT_SPECIFIER "KSDATAFORMAT_SPECIFIER_"
#define INSPECT_INTERFACE "KSINTERFACESETID_"
#define INSPECT_MEDIUM "KSMEDIUMSETID_"
#define INSPECT_MEMORY "KSMEMORY_TYPE_"
#define INSPECT_PROPERTY_SET "KSPROPSETID_"
#define INSPECT_METHOD_SET "KSMETHODSETID_"
#define INSPECT_EVENT_SET "KSEVENTSETID_"

const char *inspect_guid_name(const GUID *guid, const char *kind); /* NULL: nobody knows it */
/* The same for a GUID that is spelt: "{...}", in either case. NULL: it is none, or nobody's. */
const char *inspect_spelt_guid_name(const char *spelt, const char *kind);
void inspect_guid_spell(const GUID *guid, char out[40]); /* "{...}" */
/* {"guid": ..., "name": ... or null}; NULL gives null. */
json_t *inspect_guid(const GUID *guid, const char *kind);

void inspect_put_int(json_t *object, const char *key, int64_t value);
void inspect_put_text(json_t *object, const char *key, const char *text); /* NULL: null */
void inspect_put_bool(json_t *object, const char *key, bool value);
/* Appends a sentence to an array. */
void inspect_problem(json_t *problems, const char *format, ...) WEIR_PRINTF(2, 3);
void inspect_put_status(json_t *object, const char *key, NTSTATUS status); /* "0xc0000225" */
/* UTF-16 up to the first zero; what is no pair of surrogates becomes U+FFFD. */
json_t *inspect_wide(const void *words, size_t bytes);

#endif
