/* SPDX-License-Identifier: MIT */
/* Paths of files, in contrast to those of devices. Files that a driver asks for in vain are told to
 * the user, who may not know that it wants any. */
#include <stdlib.h>
#include <string.h>

#include "io/state.h"
#include "rtl/rtl.h"

/* Names below which Windows keeps files. */
static const WCHAR *const roots[] = {u"\\SystemRoot\\", u"\\Device\\HarddiskVolume",
                                     u"\\Device\\Harddisk0\\", u"\\ArcName\\"};
static const WCHAR *const drives[] = {u"\\??\\", u"\\DosDevices\\", u"\\GLOBAL??\\"};

static bool begins(const UNICODE_STRING *path, const WCHAR *lead)
{
    size_t chars = nt_wcslen(lead);

    return path->Length / sizeof(WCHAR) > chars &&
           rtl_compare(path->Buffer, chars, lead, chars, true) == 0;
}

/* \SystemRoot is a link into a volume, to C:\Windows here. What the path means instead, which the
 * caller frees; NULL when it begins otherwise. */
WCHAR *io_below_system_root(const UNICODE_STRING *path, UNICODE_STRING *out)
{
    static const WCHAR root[] = u"\\SystemRoot", place[] = u"\\??\\C:\\Windows";
    size_t chars = path->Length / sizeof(WCHAR), lead = ARRAY_LEN(root) - 1;
    size_t place_chars = ARRAY_LEN(place) - 1, rest = chars - lead;
    WCHAR *text;

    if (!begins(path, root) || path->Buffer[lead] != '\\' || chars > 30000)
        return NULL;
    text = malloc((place_chars + rest) * sizeof *text);
    if (text == NULL)
        return NULL;
    memcpy(text, place, place_chars * sizeof *text);
    memcpy(text + place_chars, path->Buffer + lead, rest * sizeof *text);
    *out = (UNICODE_STRING){(USHORT)((place_chars + rest) * sizeof *text),
                            (USHORT)((place_chars + rest) * sizeof *text), text};
    return text;
}

bool io_is_file_path(const UNICODE_STRING *path)
{
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        if (begins(path, roots[i]))
            return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(drives); i++) {
        size_t lead = nt_wcslen(drives[i]);

        if (begins(path, drives[i]) && path->Length / sizeof(WCHAR) > lead + 2 &&
            path->Buffer[lead + 1] == ':' && path->Buffer[lead + 2] == '\\')
            return true;
    }
    return false;
}

/* Where the letter of the drive is, or 0. */
static size_t drive_at(const UNICODE_STRING *path)
{
    for (size_t i = 0; i < ARRAY_LEN(drives); i++) {
        if (begins(path, drives[i]))
            return nt_wcslen(drives[i]);
    }
    return 0;
}

/* Every Windows has a drive C:, with these folders. Without a volume they are empty, and a file in
 * one of them has no name; any other has no path. */
NTSTATUS io_absent_file(const UNICODE_STRING *path)
{
    static const WCHAR *const folders[] = {u"C:\\", u"C:\\Windows\\", u"C:\\Windows\\System32\\",
                                           u"C:\\Windows\\System32\\drivers\\"};
    UNICODE_STRING whole = *path;
    WCHAR *below = io_below_system_root(path, &whole);
    size_t end = whole.Length / sizeof(WCHAR), from = drive_at(&whole);
    NTSTATUS status = STATUS_OBJECT_PATH_NOT_FOUND;

    while (end > from && whole.Buffer[end - 1] != '\\')
        end--;
    for (size_t i = 0; from != 0 && i < ARRAY_LEN(folders); i++) {
        if (rtl_compare(whole.Buffer + from, end - from, folders[i], nt_wcslen(folders[i]), true) ==
            0)
            status = STATUS_OBJECT_NAME_NOT_FOUND;
    }
    free(below);
    return status;
}

void io_note_wanted(struct io *io, const UNICODE_STRING *path, const char *why)
{
    struct text text;
    size_t i;

    text_init(&text);
    for (i = 0; i < path->Length / sizeof(WCHAR) && i < 200; i++)
        text_char(&text, path->Buffer[i] < 0x7F ? (char)path->Buffer[i] : '?');
    text_printf(&text, ": %s", why);
    trace_note(ke_trace(io->ke), TRACE_NOTE_FILE_WANTED, text_get(&text));
    text_fini(&text);
}
