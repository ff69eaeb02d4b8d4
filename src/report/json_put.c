/* SPDX-License-Identifier: MIT */
#include "report/json_put.h"

#include <stdlib.h>
#include <string.h>

/* JSON's integers are signed here; only a child gone wild counts further. */
void json_put(json_t *object, const char *key, uint64_t value)
{
    json_int_t shown = value > INT64_MAX ? INT64_MAX : (json_int_t)value;

    json_object_set_new(object, key, json_integer(shown));
}

/* JSON is UTF-8, file names and what drivers say need not be: then every byte that is no ASCII
 * shows as a question mark. */
json_t *json_text(const char *value)
{
    json_t *json = json_string(value);
    char *copy;

    if (json != NULL)
        return json;
    copy = strdup(value);
    for (char *at = copy; at != NULL && *at != 0; at++) {
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    }
    json = copy != NULL ? json_string(copy) : NULL;
    free(copy);
    return json;
}

void json_put_text(json_t *object, const char *key, const char *value)
{
    json_object_set_new(object, key, value != NULL ? json_text(value) : json_null());
}

json_t *json_format(const struct report_format *format)
{
    json_t *object;

    if (format->name == NULL)
        return json_null();
    object = json_object();
    json_put_text(object, "name", format->name);
    if (format->channels != 0) {
        json_put(object, "channels", format->channels);
        json_put(object, "rate_hz", format->rate_hz);
        json_put(object, "valid_bits", format->valid_bits);
        json_put(object, "channel_mask", format->channel_mask);
        json_put(object, "block_bytes", format->block_bytes);
        json_put(object, "packet_bytes", format->frame_bytes);
        return object;
    }
    json_put(object, "width", format->width);
    json_put(object, "height", format->height);
    json_object_set_new(object, "bottom_up", json_boolean(format->bottom_up));
    json_put(object, "rate_numerator", format->rate_numerator);
    json_put(object, "rate_denominator", format->rate_denominator);
    json_put(object, "frame_bytes", format->frame_bytes);
    return object;
}
