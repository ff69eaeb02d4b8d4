/* SPDX-License-Identifier: MIT */
/* A resource of a loaded image, copied to pool: types, then names, then languages, each a directory
 * of numbered or named entries. KsLoadResource; the PE format, "The .rsrc Section". Image and
 * resource are the caller's word; offsets are not trusted beyond the section's stated size.
 * UNDOC: the language. It is the first there is.
 * UNDOC: a name above 0xFFFF is the address of a string, as for FindResource. */
#include <string.h>

#include "ks/room.h"

enum {
    RESOURCE_TAG = 0x6552734b,
    LFANEW_AT = 0x3c,
    DIRECTORIES_AT = 24 + 112, /* from the signature, PE32+ */
    RESOURCE_DIRECTORY = 2,
    DIRECTORY_BYTES = 16,
    ENTRY_BYTES = 8,
    NAMED_COUNT_AT = 12,
    NAME_MAX_CHARS = 0x1000,
};
static const ULONG is_deeper = 0x80000000u; /* in an entry's two words: a string, a directory */

struct section {
    const UCHAR *image;
    const UCHAR *start;
    ULONG bytes;
};

static ULONG word_at(const UCHAR *at)
{
    ULONG word;

    memcpy(&word, at, sizeof word);
    return word;
}

static USHORT half_at(const UCHAR *at)
{
    USHORT half;

    memcpy(&half, at, sizeof half);
    return half;
}

static bool find_section(const UCHAR *image, struct section *out)
{
    const UCHAR *headers;

    if (half_at(image) != 0x5a4d)
        return false;
    headers = image + word_at(image + LFANEW_AT);
    if (word_at(headers) != 0x4550)
        return false;
    headers += DIRECTORIES_AT + RESOURCE_DIRECTORY * 8;
    *out = (struct section){image, image + word_at(headers), word_at(headers + 4)};
    return out->bytes >= DIRECTORY_BYTES && word_at(headers) != 0;
}

/* A string is a count and that many characters. */
static bool name_fits(const struct section *section, ULONG at, ULONG_PTR wanted)
{
    UNICODE_STRING text, name;

    at &= ~is_deeper;
    if (wanted <= 0xffff || at + 2 > section->bytes)
        return false;
    RtlInitUnicodeString(&text, (PCWSTR)wanted);
    name.Length = (USHORT)(half_at(section->start + at) * sizeof(WCHAR));
    name.MaximumLength = name.Length;
    name.Buffer = (PWCH)(ULONG_PTR)(section->start + at + 2);
    return at + 2 + name.Length <= section->bytes && RtlEqualUnicodeString(&name, &text, TRUE);
}

static bool entry_fits(const struct section *section, ULONG id, ULONG_PTR wanted)
{
    return (id & is_deeper) != 0 ? name_fits(section, id, wanted) : id == wanted;
}

/* The target of a directory's entry for wanted; of its first entry when any will do. */
static bool look_up(const struct section *section, ULONG directory, ULONG_PTR wanted, bool any,
                    ULONG *target)
{
    ULONG count, at = directory + DIRECTORY_BYTES;

    if (at > section->bytes)
        return false;
    count = (ULONG)half_at(section->start + directory + NAMED_COUNT_AT) +
            half_at(section->start + directory + NAMED_COUNT_AT + 2);
    for (ULONG i = 0; i < count && at + ENTRY_BYTES <= section->bytes; i++, at += ENTRY_BYTES) {
        if (!any && !entry_fits(section, word_at(section->start + at), wanted))
            continue;
        *target = word_at(section->start + at + 4);
        return true;
    }
    return false;
}

static NTSTATUS find_data(const struct section *section, ULONG_PTR name, ULONG type, ULONG *entry)
{
    ULONG target;

    if (!look_up(section, 0, type, false, &target))
        return STATUS_RESOURCE_TYPE_NOT_FOUND;
    if (!look_up(section, target & ~is_deeper, name, false, &target))
        return STATUS_RESOURCE_NAME_NOT_FOUND;
    if (!look_up(section, target & ~is_deeper, 0, true, entry))
        return STATUS_RESOURCE_LANG_NOT_FOUND;
    return (*entry & is_deeper) == 0 && *entry + 8 <= section->bytes
               ? STATUS_SUCCESS
               : STATUS_RESOURCE_DATA_NOT_FOUND;
}

NTSTATUS NTAPI KsLoadResource(PVOID ImageBase, POOL_TYPE PoolType, ULONG_PTR ResourceName,
                              ULONG ResourceType, PVOID *Resource, PULONG ResourceSize)
{
    struct section section;
    NTSTATUS status;
    ULONG entry, bytes;
    PVOID copy;

    if (!find_section(ImageBase, &section))
        return STATUS_RESOURCE_DATA_NOT_FOUND;
    status = find_data(&section, ResourceName, ResourceType, &entry);
    if (!NT_SUCCESS(status))
        return status;
    bytes = word_at(section.start + entry + 4);
    copy = ExAllocatePoolWithTag(PoolType, bytes != 0 ? bytes : 1, RESOURCE_TAG);
    if (copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(copy, section.image + word_at(section.start + entry), bytes);
    *Resource = copy;
    if (ResourceSize != NULL)
        *ResourceSize = bytes;
    return STATUS_SUCCESS;
}
