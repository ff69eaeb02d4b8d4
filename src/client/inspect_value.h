/* SPDX-License-Identifier: MIT */
/* Values of properties and what KSPROPERTY_TYPE_BASICSUPPORT says of them. The bytes come from a
 * driver: what is shorter than it says is shown as the bytes it is. Pure: bytes in, JSON out. Not a
 * door. */
#ifndef WEIR_CLIENT_INSPECT_VALUE_H
#define WEIR_CLIENT_INSPECT_VALUE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum inspect_type {
    INSPECT_BYTES, /* nothing known: {"hex": "..."} */
    INSPECT_SIGNED,
    INSPECT_UNSIGNED,
    INSPECT_BOOLEAN,
    INSPECT_SIGNED64,
    INSPECT_UNSIGNED64,
    INSPECT_UNSIGNED_PAIR, /* [a, b] */
    INSPECT_SIGNED64_PAIR,
    INSPECT_DECIBELS, /* a number in 1/65536 dB */
    INSPECT_IDENTIFIER, /* a GUID */
    INSPECT_STRING, /* UTF-16 */
    INSPECT_STATE, /* "RUN" */
    INSPECT_FORMAT, /* inspect_format.h */
    INSPECT_CONTROL, /* {"value", "flags", "capabilities"} */
    INSPECT_DROPPED /* {"picture_number", "drop_count", "average_frame_bytes"} */
};

const char *inspect_type_name(enum inspect_type type); /* "signed 32-bit" */
size_t inspect_type_bytes(enum inspect_type type); /* 0: has no fixed size */
json_t *inspect_value(enum inspect_type type, const void *bytes, size_t size);
/* A KSPROPERTY_DESCRIPTION and its members become members of property: "type", "ranges", "values",
 * "default". type is what is known beforehand; the result is what is known then. */
enum inspect_type inspect_description(json_t *property, enum inspect_type type, const void *bytes,
                                      size_t size);

#endif
