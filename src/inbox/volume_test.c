/* SPDX-License-Identifier: MIT */
/* The volume as drivers meet it: through the functions that take handles. */
#include "io/nt_test.h"

#include "inbox/volume.h"

static struct inbox *inbox;

static const struct inbox_file files[] = {
    {"Windows", true, NULL, 0},
    {"Windows/system32", true, NULL, 0},
    {"Windows/system32/fw.bin", false, "0123456789", 10},
    {"data", true, NULL, 0},
    {"data/B.txt", false, "b", 1},
    {"data/a.txt", false, "aa", 2},
    {"data/c.dat", false, "", 0},
};

static void mount(struct nt *nt)
{
    size_t bad;

    assert_int_equal(inbox_create(nt->world.ke, NULL, NULL, &inbox), 0);
    assert_int_equal(inbox_volume_mount(inbox, files, ARRAY_LEN(files), &bad), STATUS_SUCCESS);
    assert_int_equal(bad, ARRAY_LEN(files));
}

static void unmount(void)
{
    inbox_destroy(inbox);
}

struct how {
    ACCESS_MASK access;
    ULONG share, disposition, options, attributes;
    HANDLE root;
};
#define READS_SYNC                                                                                 \
    (struct how){FILE_READ_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE, FILE_SHARE_VALID_FLAGS,      \
                 FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, 0, NULL}
#define ALL_SYNC                                                                                   \
    (struct how){FILE_ALL_ACCESS, FILE_SHARE_VALID_FLAGS, FILE_OPEN_IF,                            \
                 FILE_SYNCHRONOUS_IO_NONALERT, 0, NULL}

static NTSTATUS open_file(const WCHAR *path, struct how how, HANDLE *handle, ULONG_PTR *information)
{
    UNICODE_STRING name = nt_string(path);
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK iosb = {0};
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               how.root, NULL);
    status = ZwCreateFile(handle, how.access, &attributes, &iosb, NULL, how.attributes, how.share,
                          how.disposition, how.options, NULL, 0);
    if (information != NULL)
        *information = iosb.Information;
    return status;
}

static HANDLE must_open(const WCHAR *path, struct how how)
{
    HANDLE handle;

    assert_int_equal(open_file(path, how, &handle, NULL), STATUS_SUCCESS);
    return handle;
}

static void refuses(const WCHAR *path, struct how how, NTSTATUS wanted)
{
    HANDLE handle;

    assert_int_equal(open_file(path, how, &handle, NULL), wanted);
}

static NTSTATUS read_at(HANDLE handle, void *to, ULONG bytes, const LONGLONG *at, ULONG_PTR *done)
{
    LARGE_INTEGER offset = {.QuadPart = at != NULL ? *at : 0};
    IO_STATUS_BLOCK iosb = {0};
    NTSTATUS status = ZwReadFile(handle, NULL, NULL, NULL, &iosb, to, bytes,
                                 at != NULL ? &offset : NULL, NULL);

    *done = iosb.Information;
    return status;
}

static NTSTATUS write_at(HANDLE handle, const void *from, ULONG bytes, const LONGLONG *at)
{
    LARGE_INTEGER offset = {.QuadPart = at != NULL ? *at : 0};
    IO_STATUS_BLOCK iosb;

    return ZwWriteFile(handle, NULL, NULL, NULL, &iosb, (PVOID)(uintptr_t)from, bytes,
                       at != NULL ? &offset : NULL, NULL);
}

static uint64_t size_of(HANDLE handle)
{
    FILE_STANDARD_INFORMATION standard;
    IO_STATUS_BLOCK iosb;

    assert_int_equal(ZwQueryInformationFile(handle, &iosb, &standard, sizeof standard,
                                            FileStandardInformation),
                     STATUS_SUCCESS);
    return (uint64_t)standard.EndOfFile.QuadPart;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void a_file_is_found_without_case_and_by_each_of_its_names(struct nt *nt)
{
    static const WCHAR *const names[] = {
        u"\\??\\C:\\Windows\\System32\\FW.BIN", u"\\DosDevices\\c:\\windows\\system32\\fw.bin",
        u"\\SystemRoot\\system32\\fw.bin", u"\\Device\\HarddiskVolume1\\WINDOWS\\system32\\fw.bin"};
    char text[16];
    ULONG_PTR done;

    mount(nt);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        HANDLE handle = must_open(names[i], READS_SYNC);

        assert_int_equal(read_at(handle, text, 16, NULL, &done), STATUS_SUCCESS);
        assert_int_equal(done, 10);
        assert_memory_equal(text, "0123456789", 10);
        ZwClose(handle);
    }
    unmount();
}

static void a_synchronous_file_has_a_position(struct nt *nt)
{
    FILE_POSITION_INFORMATION position;
    LONGLONG two = 2, same = -2;
    IO_STATUS_BLOCK iosb;
    HANDLE handle;
    char text[16];
    ULONG_PTR done;

    mount(nt);
    handle = must_open(u"\\SystemRoot\\system32\\fw.bin", READS_SYNC);
    assert_int_equal(read_at(handle, text, 3, NULL, &done), STATUS_SUCCESS);
    assert_int_equal(read_at(handle, text, 3, &same, &done), STATUS_SUCCESS);
    assert_memory_equal(text, "345", 3);
    assert_int_equal(read_at(handle, text, 3, &two, &done), STATUS_SUCCESS);
    assert_memory_equal(text, "234", 3);
    assert_int_equal(ZwQueryInformationFile(handle, &iosb, &position, sizeof position,
                                            FilePositionInformation),
                     STATUS_SUCCESS);
    assert_int_equal(position.CurrentByteOffset.QuadPart, 5);
    position.CurrentByteOffset.QuadPart = 9;
    assert_int_equal(ZwSetInformationFile(handle, &iosb, &position, sizeof position,
                                          FilePositionInformation),
                     STATUS_SUCCESS);
    assert_int_equal(read_at(handle, text, 16, NULL, &done), STATUS_SUCCESS);
    assert_int_equal(done, 1);
    assert_int_equal(read_at(handle, text, 16, NULL, &done), STATUS_END_OF_FILE);
    assert_int_equal(done, 0);
    ZwClose(handle);
    unmount();
}

static void an_asynchronous_file_must_be_told_where(struct nt *nt)
{
    struct how how = READS_SYNC;
    LONGLONG zero = 0, negative = -7;
    HANDLE handle;
    char text[4];
    ULONG_PTR done;

    mount(nt);
    how.options = 0;
    handle = must_open(u"\\SystemRoot\\system32\\fw.bin", how);
    assert_int_equal(read_at(handle, text, 4, NULL, &done), STATUS_INVALID_PARAMETER);
    assert_int_equal(read_at(handle, text, 4, &negative, &done), STATUS_INVALID_PARAMETER);
    assert_int_equal(read_at(handle, text, 4, &zero, &done), STATUS_SUCCESS);
    assert_int_equal(write_at(handle, "x", 1, &zero), STATUS_ACCESS_DENIED);
    ZwClose(handle);
    unmount();
}

/* ---- Names ----------------------------------------------------------------------------------- */

static void names_that_cannot_be_are_refused(struct nt *nt)
{
    mount(nt);
    refuses(u"\\??\\C:\\none.txt", READS_SYNC, STATUS_OBJECT_NAME_NOT_FOUND);
    refuses(u"\\??\\C:\\none\\x.txt", READS_SYNC, STATUS_OBJECT_PATH_NOT_FOUND);
    refuses(u"\\??\\C:\\data\\a.txt\\x", READS_SYNC, STATUS_OBJECT_PATH_NOT_FOUND);
    refuses(u"\\??\\C:\\data\\..\\data\\a.txt", READS_SYNC, STATUS_OBJECT_NAME_INVALID);
    refuses(u"\\??\\C:\\..\\..\\etc\\passwd", READS_SYNC, STATUS_OBJECT_NAME_INVALID);
    refuses(u"\\??\\C:\\data\\a*.txt", READS_SYNC, STATUS_OBJECT_NAME_INVALID);
    refuses(u"\\??\\C:\\data\\a.txt:stream", READS_SYNC, STATUS_OBJECT_NAME_INVALID);
    refuses(u"\\??\\C:\\data\\\\a.txt", READS_SYNC, STATUS_OBJECT_NAME_INVALID);
    refuses(u"\\??\\C:\\data\\a.txt\\", READS_SYNC, STATUS_OBJECT_NAME_INVALID);
    refuses(u"\\??\\C:", READS_SYNC, STATUS_ACCESS_DENIED);
    refuses(u"\\??\\D:\\a.txt", READS_SYNC, STATUS_OBJECT_PATH_NOT_FOUND);
    ZwClose(must_open(u"\\??\\C:\\data\\", READS_SYNC));
    ZwClose(must_open(u"\\??\\C:\\", READS_SYNC));
    unmount();
}

static void files_are_found_relative_to_a_folder(struct nt *nt)
{
    struct how how = READS_SYNC;
    HANDLE folder, file;

    mount(nt);
    folder = must_open(u"\\??\\C:\\data", READS_SYNC);
    how.root = folder;
    file = must_open(u"b.TXT", how);
    assert_int_equal(size_of(file), 1);
    refuses(u"\\b.txt", how, STATUS_OBJECT_NAME_INVALID);
    ZwClose(file);
    ZwClose(folder);
    unmount();
}

/* ---- Dispositions ---------------------------------------------------------------------------- */

static void each_disposition_does_what_its_name_says(struct nt *nt)
{
    static const struct {
        const WCHAR *path;
        ULONG disposition;
        NTSTATUS status;
        ULONG_PTR information;
        uint64_t size_bytes;
    } rows[] = {
        {u"\\??\\C:\\data\\a.txt", FILE_CREATE, STATUS_OBJECT_NAME_COLLISION, 0, 0},
        {u"\\??\\C:\\data\\a.txt", FILE_OPEN_IF, STATUS_SUCCESS, FILE_OPENED, 2},
        {u"\\??\\C:\\data\\a.txt", FILE_OVERWRITE, STATUS_SUCCESS, FILE_OVERWRITTEN, 0},
        {u"\\??\\C:\\data\\B.txt", FILE_SUPERSEDE, STATUS_SUCCESS, FILE_SUPERSEDED, 0},
        {u"\\??\\C:\\data\\new1", FILE_OPEN, STATUS_OBJECT_NAME_NOT_FOUND, 0, 0},
        {u"\\??\\C:\\data\\new1", FILE_OVERWRITE, STATUS_OBJECT_NAME_NOT_FOUND, 0, 0},
        {u"\\??\\C:\\data\\new1", FILE_CREATE, STATUS_SUCCESS, FILE_CREATED, 0},
        {u"\\??\\C:\\data\\new2", FILE_OPEN_IF, STATUS_SUCCESS, FILE_CREATED, 0},
        {u"\\??\\C:\\data\\new3", FILE_OVERWRITE_IF, STATUS_SUCCESS, FILE_CREATED, 0},
        {u"\\??\\C:\\data\\new4", FILE_SUPERSEDE, STATUS_SUCCESS, FILE_CREATED, 0},
        {u"\\??\\C:\\data\\new5", 6, STATUS_INVALID_PARAMETER, 0, 0},
        {u"\\??\\C:\\none\\new", FILE_CREATE, STATUS_OBJECT_PATH_NOT_FOUND, 0, 0},
    };

    mount(nt);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct how how = ALL_SYNC;
        ULONG_PTR information;
        HANDLE handle;

        how.disposition = rows[i].disposition;
        assert_int_equal(open_file(rows[i].path, how, &handle, &information), rows[i].status);
        if (!NT_SUCCESS(rows[i].status))
            continue;
        assert_int_equal(information, rows[i].information);
        assert_int_equal(size_of(handle), rows[i].size_bytes);
        ZwClose(handle);
    }
    unmount();
}

static void options_that_exclude_each_other_are_refused(struct nt *nt)
{
    struct how how = READS_SYNC;

    mount(nt);
    how.access &= ~(ACCESS_MASK)SYNCHRONIZE;
    refuses(u"\\??\\C:\\data", how, STATUS_INVALID_PARAMETER);
    how = READS_SYNC;
    how.options |= FILE_SYNCHRONOUS_IO_ALERT;
    refuses(u"\\??\\C:\\data", how, STATUS_INVALID_PARAMETER);
    how = READS_SYNC;
    how.options |= FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE;
    refuses(u"\\??\\C:\\data", how, STATUS_INVALID_PARAMETER);
    how = READS_SYNC;
    how.options |= FILE_DELETE_ON_CLOSE;
    refuses(u"\\??\\C:\\data\\a.txt", how, STATUS_INVALID_PARAMETER);
    how = READS_SYNC;
    how.options |= FILE_NON_DIRECTORY_FILE;
    refuses(u"\\??\\C:\\data", how, STATUS_FILE_IS_A_DIRECTORY);
    how = READS_SYNC;
    how.options |= FILE_DIRECTORY_FILE;
    refuses(u"\\??\\C:\\data\\a.txt", how, STATUS_NOT_A_DIRECTORY);
    how.disposition = FILE_OVERWRITE_IF;
    refuses(u"\\??\\C:\\data", how, STATUS_INVALID_PARAMETER);
    unmount();
}

static void shares_are_kept(struct nt *nt)
{
    struct how how = READS_SYNC, second = ALL_SYNC;
    HANDLE first;

    mount(nt);
    how.share = FILE_SHARE_READ;
    first = must_open(u"\\??\\C:\\data\\a.txt", how);
    refuses(u"\\??\\C:\\data\\a.txt", second, STATUS_SHARING_VIOLATION);
    second.disposition = FILE_OVERWRITE;
    second.access = FILE_READ_DATA | SYNCHRONIZE; /* and yet it writes */
    refuses(u"\\??\\C:\\data\\a.txt", second, STATUS_SHARING_VIOLATION);
    ZwClose(must_open(u"\\??\\C:\\data\\a.txt", READS_SYNC));
    ZwClose(first);
    ZwClose(must_open(u"\\??\\C:\\data\\a.txt", ALL_SYNC));
    unmount();
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void what_is_written_is_read_back(struct nt *nt)
{
    LONGLONG zero = 0, end = -1, far = 100;
    struct how how = ALL_SYNC;
    HANDLE handle;
    char text[128];
    ULONG_PTR done;

    mount(nt);
    handle = must_open(u"\\??\\C:\\data\\log.txt", how);
    assert_int_equal(write_at(handle, "hello", 5, NULL), STATUS_SUCCESS);
    assert_int_equal(write_at(handle, " world", 6, &end), STATUS_SUCCESS);
    assert_int_equal(read_at(handle, text, 64, &zero, &done), STATUS_SUCCESS);
    assert_int_equal(done, 11);
    assert_memory_equal(text, "hello world", 11);
    assert_int_equal(write_at(handle, "!", 1, &far), STATUS_SUCCESS);
    assert_int_equal(size_of(handle), 101);
    assert_int_equal(read_at(handle, text, 128, &zero, &done), STATUS_SUCCESS);
    assert_int_equal(text[50], 0); /* the gap */
    ZwClose(handle);
    how.access = FILE_APPEND_DATA | SYNCHRONIZE;
    handle = must_open(u"\\??\\C:\\data\\log.txt", how);
    assert_int_equal(write_at(handle, "more", 4, &zero), STATUS_SUCCESS); /* at the end */
    ZwClose(handle);
    handle = must_open(u"\\??\\C:\\data\\log.txt", READS_SYNC);
    assert_int_equal(size_of(handle), 105);
    ZwClose(handle);
    unmount();
}

static void a_files_end_is_set_within_the_volume(struct nt *nt)
{
    FILE_END_OF_FILE_INFORMATION end = {.EndOfFile.QuadPart = 4};
    IO_STATUS_BLOCK iosb;
    HANDLE handle;

    mount(nt);
    handle = must_open(u"\\SystemRoot\\system32\\fw.bin", ALL_SYNC);
    assert_int_equal(ZwSetInformationFile(handle, &iosb, &end, sizeof end,
                                          FileEndOfFileInformation),
                     STATUS_SUCCESS);
    assert_int_equal(size_of(handle), 4);
    end.EndOfFile.QuadPart = (LONGLONG)2 << 30;
    assert_int_equal(ZwSetInformationFile(handle, &iosb, &end, sizeof end,
                                          FileEndOfFileInformation),
                     STATUS_DISK_FULL);
    end.EndOfFile.QuadPart = -1;
    assert_int_equal(ZwSetInformationFile(handle, &iosb, &end, sizeof end,
                                          FileEndOfFileInformation),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwSetInformationFile(handle, &iosb, &end, 4, FileEndOfFileInformation),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(size_of(handle), 4);
    assert_int_equal(ZwFlushBuffersFile(handle, &iosb), STATUS_SUCCESS);
    ZwClose(handle);
    unmount();
}

static void a_read_only_file_is_not_written_or_deleted(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\??\\C:\\data\\ro.txt");
    FILE_BASIC_INFORMATION basic = {.FileAttributes = FILE_ATTRIBUTE_NORMAL};
    struct how how = ALL_SYNC;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK iosb;
    HANDLE handle;

    mount(nt);
    how.attributes = FILE_ATTRIBUTE_READONLY;
    ZwClose(must_open(u"\\??\\C:\\data\\ro.txt", how)); /* who makes it may write */
    refuses(u"\\??\\C:\\data\\ro.txt", ALL_SYNC, STATUS_ACCESS_DENIED);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwDeleteFile(&attributes), STATUS_CANNOT_DELETE);
    how = READS_SYNC;
    how.access |= FILE_WRITE_ATTRIBUTES;
    handle = must_open(u"\\??\\C:\\data\\ro.txt", how);
    assert_int_equal(ZwSetInformationFile(handle, &iosb, &basic, sizeof basic,
                                          FileBasicInformation),
                     STATUS_SUCCESS);
    ZwClose(handle);
    assert_int_equal(ZwDeleteFile(&attributes), STATUS_SUCCESS);
    unmount();
}

/* ---- Deleting and renaming ------------------------------------------------------------------- */

static void a_deleted_file_goes_with_its_last_handle(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\??\\C:\\data\\a.txt");
    FILE_NETWORK_OPEN_INFORMATION network;
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    char text[4];
    LONGLONG zero = 0;
    ULONG_PTR done;

    mount(nt);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwQueryFullAttributesFile(&attributes, &network), STATUS_SUCCESS);
    assert_int_equal(network.EndOfFile.QuadPart, 2);
    handle = must_open(u"\\??\\C:\\data\\a.txt", READS_SYNC);
    assert_int_equal(ZwDeleteFile(&attributes), STATUS_SUCCESS);
    refuses(u"\\??\\C:\\data\\a.txt", READS_SYNC, STATUS_DELETE_PENDING);
    assert_int_equal(read_at(handle, text, 2, &zero, &done), STATUS_SUCCESS);
    ZwClose(handle);
    assert_int_equal(ZwQueryFullAttributesFile(&attributes, &network),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ZwDeleteFile(&attributes), STATUS_OBJECT_NAME_NOT_FOUND);
    unmount();
}

static void a_folder_with_files_is_not_deleted(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\??\\C:\\data");
    OBJECT_ATTRIBUTES attributes;
    struct how how = ALL_SYNC;

    mount(nt);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwDeleteFile(&attributes), STATUS_DIRECTORY_NOT_EMPTY);
    how.options |= FILE_DIRECTORY_FILE | FILE_DELETE_ON_CLOSE;
    ZwClose(must_open(u"\\??\\C:\\temp", how));
    refuses(u"\\??\\C:\\temp", READS_SYNC, STATUS_OBJECT_NAME_NOT_FOUND);
    unmount();
}

static NTSTATUS rename_file(const WCHAR *from, const WCHAR *to, BOOLEAN replace)
{
    union {
        FILE_RENAME_INFORMATION information;
        UCHAR bytes[256];
    } target = {.information.ReplaceIfExists = replace};
    IO_STATUS_BLOCK iosb;
    HANDLE handle = must_open(from, ALL_SYNC);
    NTSTATUS status;

    target.information.FileNameLength = (ULONG)(nt_wcslen(to) * sizeof(WCHAR));
    memcpy(target.information.FileName, to, target.information.FileNameLength);
    status = ZwSetInformationFile(handle, &iosb, &target, sizeof target, FileRenameInformation);
    ZwClose(handle);
    return status;
}

static void files_are_renamed_within_the_volume(struct nt *nt)
{
    mount(nt);
    assert_int_equal(rename_file(u"\\??\\C:\\data\\a.txt", u"b.txt", FALSE),
                     STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(rename_file(u"\\??\\C:\\data\\a.txt", u"b.txt", TRUE), STATUS_SUCCESS);
    refuses(u"\\??\\C:\\data\\a.txt", READS_SYNC, STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(rename_file(u"\\??\\C:\\data\\b.txt", u"\\??\\C:\\moved.txt", FALSE),
                     STATUS_SUCCESS);
    ZwClose(must_open(u"\\??\\C:\\moved.txt", READS_SYNC));
    assert_int_equal(rename_file(u"\\??\\C:\\data", u"\\??\\C:\\data\\below", FALSE),
                     STATUS_INVALID_PARAMETER);
    unmount();
}

/* ---- Listing --------------------------------------------------------------------------------- */

static NTSTATUS list(HANDLE folder, const WCHAR *pattern, void *to, ULONG bytes, BOOLEAN single,
                     BOOLEAN restart)
{
    UNICODE_STRING name = nt_string(pattern != NULL ? pattern : u"");
    IO_STATUS_BLOCK iosb;

    return ZwQueryDirectoryFile(folder, NULL, NULL, NULL, &iosb, to, bytes, FileNamesInformation,
                                single, pattern != NULL ? &name : NULL, restart);
}

static void assert_names(const void *entries, const char *wanted)
{
    const UCHAR *at = entries;
    char names[64] = "";
    size_t used = 0;

    for (;;) {
        const FILE_NAMES_INFORMATION *entry = (const void *)at;

        for (ULONG i = 0; i < entry->FileNameLength / sizeof(WCHAR); i++)
            names[used++] = (char)entry->FileName[i];
        names[used++] = ' ';
        if (entry->NextEntryOffset == 0)
            break;
        assert_int_equal(entry->NextEntryOffset % 8, 0);
        at += entry->NextEntryOffset;
    }
    names[used - 1] = 0;
    assert_string_equal(names, wanted);
}

static void a_folder_is_listed_sorted_and_by_pattern(struct nt *nt)
{
    HANDLE folder;
    _Alignas(8) UCHAR entries[512];

    mount(nt);
    folder = must_open(u"\\??\\C:\\data", READS_SYNC);
    assert_int_equal(list(folder, NULL, entries, sizeof entries, FALSE, FALSE), STATUS_SUCCESS);
    assert_names(entries, ". .. a.txt B.txt c.dat");
    assert_int_equal(list(folder, NULL, entries, sizeof entries, FALSE, FALSE),
                     STATUS_NO_MORE_FILES);
    assert_int_equal(list(folder, NULL, entries, sizeof entries, TRUE, TRUE), STATUS_SUCCESS);
    assert_names(entries, ".");
    assert_int_equal(list(folder, NULL, entries, 48, FALSE, FALSE), STATUS_SUCCESS);
    assert_names(entries, ".. a.txt"); /* what fits */
    ZwClose(folder);
    folder = must_open(u"\\??\\C:\\data", READS_SYNC);
    assert_int_equal(list(folder, u"*.TXT", entries, sizeof entries, FALSE, FALSE), STATUS_SUCCESS);
    assert_names(entries, "a.txt B.txt");
    assert_int_equal(list(folder, u"*", entries, sizeof entries, FALSE, TRUE), STATUS_SUCCESS);
    assert_names(entries, "a.txt B.txt"); /* the first pattern stays */
    ZwClose(folder);
    folder = must_open(u"\\??\\C:\\data", READS_SYNC);
    assert_int_equal(list(folder, u"?", entries, sizeof entries, FALSE, FALSE), STATUS_SUCCESS);
    assert_names(entries, ".");
    ZwClose(folder);
    folder = must_open(u"\\??\\C:\\data", READS_SYNC);
    assert_int_equal(list(folder, u"*.xyz", entries, sizeof entries, FALSE, FALSE),
                     STATUS_NO_SUCH_FILE);
    assert_int_equal(list(folder, NULL, entries, 4, FALSE, TRUE), STATUS_INFO_LENGTH_MISMATCH);
    ZwClose(folder);
    folder = must_open(u"\\??\\C:\\data\\a.txt", READS_SYNC);
    assert_int_equal(list(folder, NULL, entries, sizeof entries, FALSE, FALSE),
                     STATUS_INVALID_PARAMETER);
    ZwClose(folder);
    unmount();
}

static void entries_of_every_class_have_their_names(struct nt *nt)
{
    static const struct {
        FILE_INFORMATION_CLASS class;
        size_t name;
    } rows[] = {{FileDirectoryInformation, 64}, {FileFullDirectoryInformation, 68},
                {FileBothDirectoryInformation, 94}, {FileIdBothDirectoryInformation, 104},
                {FileIdFullDirectoryInformation, 80}};
    UNICODE_STRING name = nt_string(u"a.txt");
    IO_STATUS_BLOCK iosb;
    _Alignas(8) UCHAR entry[256];

    mount(nt);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        HANDLE folder = must_open(u"\\??\\C:\\data", READS_SYNC);
        FILE_DIRECTORY_INFORMATION common;

        assert_int_equal(ZwQueryDirectoryFile(folder, NULL, NULL, NULL, &iosb, entry, sizeof entry,
                                              rows[i].class, FALSE, &name, FALSE),
                         STATUS_SUCCESS);
        memcpy(&common, entry, sizeof common);
        assert_int_equal(common.EndOfFile.QuadPart, 2);
        assert_memory_equal(entry + rows[i].name, u"a.txt", 10);
        assert_int_equal(iosb.Information, rows[i].name + 10);
        ZwClose(folder);
    }
    unmount();
}

/* ---- Information ----------------------------------------------------------------------------- */

static void a_file_tells_its_name_and_all_else(struct nt *nt)
{
    union {
        FILE_NAME_INFORMATION name;
        FILE_ALL_INFORMATION all;
        UCHAR bytes[256];
    } answer;
    IO_STATUS_BLOCK iosb;
    HANDLE handle;

    mount(nt);
    handle = must_open(u"\\??\\C:\\DATA\\A.TXT", READS_SYNC);
    assert_int_equal(ZwQueryInformationFile(handle, &iosb, &answer, sizeof answer,
                                            FileNameInformation),
                     STATUS_SUCCESS);
    assert_int_equal(answer.name.FileNameLength, 22);
    assert_memory_equal(answer.name.FileName, u"\\data\\a.txt", 22);
    memset(&answer, 0xEE, sizeof answer);
    assert_int_equal(ZwQueryInformationFile(handle, &iosb, &answer, 12, FileNameInformation),
                     STATUS_BUFFER_OVERFLOW);
    assert_int_equal(answer.name.FileNameLength, 22);
    assert_memory_equal(answer.name.FileName, u"\\data", 8);
    assert_int_equal(answer.bytes[12], 0xEE);
    assert_int_equal(ZwQueryInformationFile(handle, &iosb, &answer, sizeof answer,
                                            FileAllInformation),
                     STATUS_SUCCESS);
    assert_int_equal(answer.all.StandardInformation.EndOfFile.QuadPart, 2);
    assert_int_equal(answer.all.NameInformation.FileNameLength, 22);
    assert_int_equal(ZwQueryInformationFile(handle, &iosb, &answer, 8, FileStandardInformation),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(ZwQueryInformationFile(handle, &iosb, &answer, sizeof answer,
                                            FilePipeInformation),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwQueryInformationFile(handle, &iosb, &answer, sizeof answer,
                                            (FILE_INFORMATION_CLASS)999),
                     STATUS_INVALID_INFO_CLASS);
    ZwClose(handle);
    unmount();
}

static void a_file_object_tells_the_same(struct nt *nt)
{
    FILE_STANDARD_INFORMATION standard;
    ULONG returned;
    PVOID file;
    HANDLE handle;

    mount(nt);
    handle = must_open(u"\\??\\C:\\data\\a.txt", READS_SYNC);
    assert_int_equal(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &file, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(IoQueryFileInformation(file, FileStandardInformation, sizeof standard,
                                            &standard, &returned),
                     STATUS_SUCCESS);
    assert_int_equal(returned, sizeof standard);
    assert_int_equal(standard.EndOfFile.QuadPart, 2);
    assert_int_equal(IoQueryFileInformation(file, FileStandardInformation, 4, &standard, &returned),
                     STATUS_INFO_LENGTH_MISMATCH);
    ObfDereferenceObject(file);
    ZwClose(handle);
    unmount();
}

static void the_volume_tells_its_size(struct nt *nt)
{
    FILE_FS_SIZE_INFORMATION size;
    FILE_FS_DEVICE_INFORMATION device;
    union {
        FILE_FS_ATTRIBUTE_INFORMATION attribute;
        UCHAR bytes[64];
    } answer;
    IO_STATUS_BLOCK iosb;
    HANDLE handle;

    mount(nt);
    handle = must_open(u"\\??\\C:\\data\\a.txt", READS_SYNC);
    assert_int_equal(ZwQueryVolumeInformationFile(handle, &iosb, &size, sizeof size,
                                                  FileFsSizeInformation),
                     STATUS_SUCCESS);
    assert_int_equal(size.TotalAllocationUnits.QuadPart, 1 << 18);
    assert_int_equal(size.SectorsPerAllocationUnit * size.BytesPerSector, 4096);
    assert_int_equal(ZwQueryVolumeInformationFile(handle, &iosb, &device, sizeof device,
                                                  FileFsDeviceInformation),
                     STATUS_SUCCESS);
    assert_int_equal(device.DeviceType, FILE_DEVICE_DISK);
    assert_int_equal(ZwQueryVolumeInformationFile(handle, &iosb, &answer, sizeof answer,
                                                  FileFsAttributeInformation),
                     STATUS_SUCCESS);
    assert_memory_equal(answer.attribute.FileSystemName, u"NTFS", 8);
    assert_int_equal(ZwQueryVolumeInformationFile(handle, &iosb, &size, 4, FileFsSizeInformation),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(ZwQueryVolumeInformationFile(handle, &iosb, &size, sizeof size,
                                                  FileFsObjectIdInformation),
                     STATUS_INVALID_PARAMETER);
    ZwClose(handle);
    unmount();
}

static void names_that_are_one_on_windows_are_not_mounted(struct nt *nt)
{
    static const struct inbox_file twice[] = {{"a", false, "", 0}, {"A", false, "", 0}};
    static const struct inbox_file odd[] = {{"a:b", false, "", 0}};
    size_t bad;

    assert_int_equal(inbox_create(nt->world.ke, NULL, NULL, &inbox), 0);
    assert_int_equal(inbox_volume_mount(inbox, twice, 2, &bad), STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(bad, 1);
    inbox_destroy(inbox);
    assert_int_equal(inbox_create(nt->world.ke, NULL, NULL, &inbox), 0);
    assert_int_equal(inbox_volume_mount(inbox, odd, 1, &bad), STATUS_OBJECT_NAME_INVALID);
    inbox_destroy(inbox);
}

/* A sample of Microsoft's goes on without its file only if there is no name. */
static void without_a_volume_the_drive_has_the_folders_of_windows(struct nt *nt)
{
    (void)nt;
    refuses(u"\\DosDevices\\c:\\a.wav", READS_SYNC, STATUS_OBJECT_NAME_NOT_FOUND);
    refuses(u"\\??\\C:\\WINDOWS\\fw.bin", READS_SYNC, STATUS_OBJECT_NAME_NOT_FOUND);
    refuses(u"\\SystemRoot\\System32\\drivers\\fw.bin", READS_SYNC,
            STATUS_OBJECT_NAME_NOT_FOUND);
    refuses(u"\\SystemRoot\\fw.bin", READS_SYNC, STATUS_OBJECT_NAME_NOT_FOUND);
    refuses(u"\\SystemRoot\\fw\\fw.bin", READS_SYNC, STATUS_OBJECT_PATH_NOT_FOUND);
    refuses(u"\\??\\C:\\data\\a.txt", READS_SYNC, STATUS_OBJECT_PATH_NOT_FOUND);
    refuses(u"\\??\\D:\\a.txt", READS_SYNC, STATUS_OBJECT_PATH_NOT_FOUND);
    refuses(u"\\Device\\None", READS_SYNC, STATUS_OBJECT_NAME_NOT_FOUND);
}

NT_TEST(a_file_is_found_without_case_and_by_each_of_its_names)
NT_TEST(a_synchronous_file_has_a_position)
NT_TEST(an_asynchronous_file_must_be_told_where)
NT_TEST(names_that_cannot_be_are_refused)
NT_TEST(files_are_found_relative_to_a_folder)
NT_TEST(each_disposition_does_what_its_name_says)
NT_TEST(options_that_exclude_each_other_are_refused)
NT_TEST(shares_are_kept)
NT_TEST(what_is_written_is_read_back)
NT_TEST(a_files_end_is_set_within_the_volume)
NT_TEST(a_read_only_file_is_not_written_or_deleted)
NT_TEST(a_deleted_file_goes_with_its_last_handle)
NT_TEST(a_folder_with_files_is_not_deleted)
NT_TEST(files_are_renamed_within_the_volume)
NT_TEST(a_folder_is_listed_sorted_and_by_pattern)
NT_TEST(entries_of_every_class_have_their_names)
NT_TEST(a_file_tells_its_name_and_all_else)
NT_TEST(a_file_object_tells_the_same)
NT_TEST(the_volume_tells_its_size)
NT_TEST(names_that_are_one_on_windows_are_not_mounted)
NT_TEST(without_a_volume_the_drive_has_the_folders_of_windows)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_found_without_case_and_by_each_of_its_names),
        cmocka_unit_test(test_a_synchronous_file_has_a_position),
        cmocka_unit_test(test_an_asynchronous_file_must_be_told_where),
        cmocka_unit_test(test_names_that_cannot_be_are_refused),
        cmocka_unit_test(test_files_are_found_relative_to_a_folder),
        cmocka_unit_test(test_each_disposition_does_what_its_name_says),
        cmocka_unit_test(test_options_that_exclude_each_other_are_refused),
        cmocka_unit_test(test_shares_are_kept),
        cmocka_unit_test(test_what_is_written_is_read_back),
        cmocka_unit_test(test_a_files_end_is_set_within_the_volume),
        cmocka_unit_test(test_a_read_only_file_is_not_written_or_deleted),
        cmocka_unit_test(test_a_deleted_file_goes_with_its_last_handle),
        cmocka_unit_test(test_a_folder_with_files_is_not_deleted),
        cmocka_unit_test(test_files_are_renamed_within_the_volume),
        cmocka_unit_test(test_a_folder_is_listed_sorted_and_by_pattern),
        cmocka_unit_test(test_entries_of_every_class_have_their_names),
        cmocka_unit_test(test_a_file_tells_its_name_and_all_else),
        cmocka_unit_test(test_a_file_object_tells_the_same),
        cmocka_unit_test(test_the_volume_tells_its_size),
        cmocka_unit_test(test_names_that_are_one_on_windows_are_not_mounted),
        cmocka_unit_test(test_without_a_volume_the_drive_has_the_folders_of_windows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
