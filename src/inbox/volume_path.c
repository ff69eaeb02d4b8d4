/* SPDX-License-Identifier: MIT */
/* Paths and patterns. A path has no "." and "..": those are resolved before the kernel sees them
 * ("Naming Files, Paths, and Namespaces"), and a name of that kind is invalid here. */
#include <string.h>

#include "inbox/volume.h"
#include "rtl/rtl.h"

static bool is_name(const WCHAR *name, size_t chars)
{
    bool dots = true;

    if (chars == 0 || chars > VOLUME_NAME_MAX)
        return false;
    for (size_t i = 0; i < chars; i++) {
        if (name[i] < 0x20 || (name[i] < 0x80 && strchr("\"*/:<>?|", name[i]) != NULL))
            return false;
        dots &= name[i] == '.';
    }
    return !(dots && chars <= 2);
}

NTSTATUS volume_find(struct volume_node *start, const WCHAR *path, size_t chars,
                     struct volume_place *out)
{
    struct volume_node *node = start;
    size_t at = 0;

    *out = (struct volume_place){.node = node};
    if (chars > 0 && path[chars - 1] == '\\') {
        out->wants_directory = true;
        chars--;
    }
    if (chars > 0 && path[0] == '\\')
        at = 1;
    while (at < chars) {
        size_t length = 0;

        if (node == NULL || !node->directory)
            return STATUS_OBJECT_PATH_NOT_FOUND;
        while (at + length < chars && path[at + length] != '\\')
            length++;
        if (!is_name(path + at, length))
            return STATUS_OBJECT_NAME_INVALID;
        out->parent = node;
        out->name = path + at;
        out->chars = length;
        out->node = node = volume_child(node, path + at, length);
        at += length + 1;
    }
    return node != NULL ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

/* '*' is any run of characters, '?' one ("Expression matching"); '<', '>' and '"', which stand for
 * them in names of MS-DOS, are taken for '*', '?' and '.'. "*.*" is everything, as it always was.
 */
bool volume_is_match(const WCHAR *pattern, size_t pattern_chars, const WCHAR *name, size_t chars)
{
    size_t p = 0, n = 0, star = SIZE_MAX, from = 0;

    if (pattern_chars == 3 && pattern[0] == '*' && pattern[1] == '.' && pattern[2] == '*')
        return true;
    while (n < chars) {
        WCHAR c = p < pattern_chars ? pattern[p] : 0;
        WCHAR plain = c == '"' ? '.' : c;

        if (c == '*' || c == '<') {
            star = p++;
            from = n;
        } else if (c == '?' || c == '>' ||
                   (c != 0 && rtl_compare(&plain, 1, name + n, 1, true) == 0)) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern_chars && (pattern[p] == '*' || pattern[p] == '<'))
        p++;
    return p == pattern_chars;
}
