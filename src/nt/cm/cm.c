/* SPDX-License-Identifier: MIT */
#include "cm/cm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cm/key.h"
#include "rtl/rtl.h"

static const uint64_t cm_magic = 0x77656972636d0000u;

static int create_trunk(struct cm *cm)
{
    static const char *const paths[] = {
        "\\Registry\\User",
        "\\Registry\\Machine\\Hardware\\Description\\System",
        "\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
        "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class",
        "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\DeviceClasses",
        "\\Registry\\Machine\\System\\CurrentControlSet\\Enum",
        CM_SERVICES,
    };
    size_t i;

    for (i = 0; i < ARRAY_LEN(paths); i++) {
        int error = cm_make_key(cm, paths[i]);

        if (error != 0)
            return error;
    }
    return 0;
}

int cm_create(struct ke *ke, struct cm **out)
{
    struct cm *cm = calloc(1, sizeof *cm);
    int error = -ENOMEM;

    if (cm == NULL)
        return -ENOMEM;
    cm->magic = cm_magic;
    cm->ke = ke;
    list_init(&cm->watches);
    cm->root = cm_key_create(NULL, u"", 0);
    if (cm->root != NULL)
        error = create_trunk(cm);
    if (error != 0) {
        cm_destroy(cm);
        return error;
    }
    ke_set_room(ke, KE_ROOM_CM, cm);
    *out = cm;
    return 0;
}

void cm_destroy(struct cm *cm)
{
    if (cm == NULL)
        return;
    weir_assert(cm->magic == cm_magic);
    ke_set_room(cm->ke, KE_ROOM_CM, NULL);
    cm_watches_fini(cm);
    if (cm->root != NULL)
        cm_key_free_tree(cm->root);
    cm->magic = 0;
    free(cm);
}

struct cm *cm_of(struct ke *ke)
{
    return ke_room(ke, KE_ROOM_CM);
}

NTSTATUS cm_find(struct cm *cm, const UNICODE_STRING *path, int create, struct cm_key **out,
                 bool *created)
{
    static const WCHAR registry[] = u"\\Registry";
    size_t lead = ARRAY_LEN(registry) - 1;
    size_t chars = path->Length / sizeof(WCHAR);

    if (chars < lead || rtl_compare(path->Buffer, lead, registry, lead, true) != 0)
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    if (chars > lead && path->Buffer[lead] != '\\')
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return cm_key_walk(cm->root, path->Buffer + lead, chars - lead, create, out, created);
}

static int find_ascii(struct cm *cm, const char *path, int create, struct cm_key **out)
{
    WCHAR *wide = rtl_wide_of_ascii(path);
    UNICODE_STRING string;
    bool created;
    NTSTATUS status;

    if (wide == NULL)
        return -ENOMEM;
    RtlInitUnicodeString(&string, wide);
    status = cm_find(cm, &string, create, out, &created);
    free(wide);
    if (status == STATUS_INSUFFICIENT_RESOURCES)
        return -ENOMEM;
    return NT_SUCCESS(status) ? 0 : -ENOENT;
}

int cm_make_key(struct cm *cm, const char *path)
{
    struct cm_key *key;

    return find_ascii(cm, path, 2, &key);
}

int cm_set_value(struct cm *cm, const char *path, const char *name, uint32_t type,
                 const void *data, size_t size_bytes)
{
    struct cm_key *key;
    WCHAR *wide;
    NTSTATUS status;
    int error = find_ascii(cm, path, 2, &key);

    if (error != 0)
        return error;
    if (size_bytes > CM_VALUE_BYTES_MAX)
        return -E2BIG;
    wide = rtl_wide_of_ascii(name);
    if (wide == NULL)
        return -ENOMEM;
    status = cm_key_set(key, wide, strlen(name), type, data, (ULONG)size_bytes);
    free(wide);
    return NT_SUCCESS(status) ? 0 : -ENOMEM;
}

int cm_set_string(struct cm *cm, const char *path, const char *name, const char *text)
{
    WCHAR *wide = rtl_wide_of_ascii(text);
    int error;

    if (wide == NULL)
        return -ENOMEM;
    error = cm_set_value(cm, path, name, REG_SZ, wide, (strlen(text) + 1) * sizeof(WCHAR));
    free(wide);
    return error;
}

int cm_set_number(struct cm *cm, const char *path, const char *name, uint32_t value)
{
    return cm_set_value(cm, path, name, REG_DWORD, &value, sizeof value);
}

bool cm_get_value(struct cm *cm, const char *path, const char *name, uint32_t *type,
                  const void **data, size_t *size_bytes)
{
    struct cm_key *key;
    struct cm_value *value;
    WCHAR *wide;

    if (find_ascii(cm, path, 0, &key) != 0)
        return false;
    wide = rtl_wide_of_ascii(name);
    if (wide == NULL)
        return false;
    value = cm_key_value(key, wide, strlen(name));
    free(wide);
    if (value == NULL)
        return false;
    *type = value->type;
    *data = value->data;
    *size_bytes = value->size_bytes;
    return true;
}

NTSTATUS cm_open(struct cm *cm, const UNICODE_STRING *path, bool create, ACCESS_MASK access,
                 HANDLE *out)
{
    struct cm_key *key;
    bool created;
    NTSTATUS status = cm_find(cm, path, create ? 2 : 0, &key, &created);

    if (!NT_SUCCESS(status))
        return status;
    return cm_open_key(cm, key, access, OBJ_KERNEL_HANDLE, out);
}
