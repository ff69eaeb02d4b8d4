/* SPDX-License-Identifier: MIT */
/* Data ranges and formats in words: "YUY2 1920x1080 59.94 fps". The bytes come from a driver: every
 * size and count in them is checked against what is there, and what does not fit is told and not
 * followed. Pure: bytes in, JSON out. Not a door. */
#ifndef WEIR_CLIENT_INSPECT_FORMAT_H
#define WEIR_CLIENT_INSPECT_FORMAT_H

#include <jansson.h>
#include <stddef.h>

/* A KSMULTIPLE_ITEM and the ranges behind it. What is damaged ends the list with a problem. */
json_t *inspect_ranges(const void *list, size_t bytes, json_t *problems);
/* One KSDATAFORMAT; NULL when the bytes cannot be one. */
json_t *inspect_format(const void *format, size_t bytes);

#endif
