/* SPDX-License-Identifier: MIT */
#include "setup/setup_test.h"

static const struct setup_target windows10 = {10, 0, 19041};
static const struct setup_target windows7 = {6, 1, 7601};

#define HEAD                                                                                       \
    "; comment with a \" in it\r\n"                                                                \
    "[Version]\r\n"                                                                                \
    "Signature=\"$WINDOWS NT$\"\r\n"                                                               \
    "Class=MEDIA\r\n"                                                                              \
    "ClassGuid={4d36e96c-e325-11ce-bfc1-08002be10318}\r\n"                                         \
    "Provider=%Mfg%\r\n"
#define STRINGS                                                                                    \
    "[Strings]\r\nMfg=\"Example, Inc.\"\r\nCard=\"%Mfg% 100%% card\"\r\nLocal=\"neutral\"\r\n"     \
    "[Strings.0409]\r\nLocal=\"English\"\r\n[Strings.0407]\r\nLocal=\"Deutsch\"\r\n"

static struct setup_inf *parse(const char *text)
{
    struct setup_error error;
    struct setup_inf *inf;

    assert_int_equal(setup_inf_parse(text, strlen(text), &inf, &error), 0);
    return inf;
}

static void refuses(const char *text, unsigned line, const char *words)
{
    struct setup_error error;
    struct setup_inf *inf;

    assert_int_equal(setup_inf_parse(text, strlen(text), &inf, &error), -EINVAL);
    assert_int_equal(error.line, line);
    assert_non_null(strstr(error.text, words));
}

static void install(const char *text, const struct setup_target *target, const char *ids,
                    struct setup_install *out)
{
    struct setup_inf *inf = parse(text);
    struct setup_error error;
    int result = setup_inf_install(inf, target, ids, "PCI\\VEN_1234\0", out, &error);

    if (result != 0)
        print_message("line %u: %s\n", error.line, error.text);
    assert_int_equal(result, 0);
    setup_inf_destroy(inf);
}

static void refuses_install(const char *text, const char *ids, int wanted, unsigned line,
                            const char *words)
{
    struct setup_inf *inf = parse(text);
    struct setup_install out;
    struct setup_error error;

    assert_int_equal(setup_inf_install(inf, &windows10, ids, "", &out, &error), wanted);
    assert_int_equal(error.line, line);
    assert_non_null(strstr(error.text, words));
    setup_inf_destroy(inf);
}

#define MODELS                                                                                     \
    "[Manufacturer]\r\n%Mfg% = Cards, NTx86, NTamd64, NTamd64.6.0, NTamd64.10.0...18000, "         \
    "NTamd64.10.0...22000\r\n"                                                                     \
    "[Cards]\r\n%Card%=Old,PCI\\VEN_1234&DEV_0001\r\n"                                             \
    "[Cards.NTx86]\r\n%Card%=Wrong,PCI\\VEN_1234&DEV_0001\r\n"                                     \
    "[Cards.NTamd64]\r\n%Card%=Plain,PCI\\VEN_1234&DEV_0001\r\n"                                   \
    "[Cards.NTamd64.6.0]\r\n%Card%=Vista,PCI\\VEN_1234&DEV_0001\r\n"                               \
    "[Cards.NTamd64.10.0...18000]\r\n%Card%=Ten,PCI\\VEN_1234&DEV_0001\r\n"                        \
    "[Cards.NTamd64.10.0...22000]\r\n%Card%=Eleven,PCI\\VEN_1234&DEV_0001\r\n"                     \
    "[Plain]\r\n[Plain.NTamd64]\r\n[Vista]\r\n[Vista.NT]\r\n[Ten]\r\n[Eleven]\r\n[Old]\r\n"

static void the_models_of_the_highest_windows_not_above_this_one_count(void **state)
{
    static const struct {
        struct setup_target target;
        const char *section;
    } rows[] = {{{10, 0, 22000}, "Eleven"},
                {{10, 0, 19041}, "Ten"},
                {{10, 0, 17134}, "Vista.NT"},
                {{6, 0, 6001}, "Vista.NT"},
                {{5, 2, 3790}, "Plain.NTamd64"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct setup_install out;

        install(HEAD MODELS STRINGS, &rows[i].target, "PCI\\VEN_1234&DEV_0001\0", &out);
        assert_string_equal(out.section, rows[i].section);
        setup_install_fini(&out);
    }
}

static void texts_come_from_the_strings_of_this_language(void **state)
{
    struct setup_install out;

    (void)state;
    install(HEAD "[Manufacturer]\r\n%Mfg%=Cards\r\n[Cards]\r\n%Card%=Old,PCI\\VEN_1234\r\n[Old]\r\n"
                 "AddReg=Values\r\n[Values]\r\nHKR,,Local,,%LOCAL%\r\n"
                 "HKR,,Path,0x20000,%SystemRoot%\\x\r\nHKR,,Dir,,%12%\\y.sys\r\n" STRINGS,
            &windows10, "PCI\\VEN_1234\0", &out);
    assert_string_equal(out.description, "Example, Inc. 100% card");
    assert_string_equal(out.manufacturer, "Example, Inc.");
    assert_string_equal(out.provider, "Example, Inc.");
    assert_string_equal(out.class_name, "MEDIA");
    assert_wide(change_of(&out.changes, SETUP_SOFTWARE, "", "Local")->data, "English");
    assert_wide(change_of(&out.changes, SETUP_SOFTWARE, "", "Path")->data, "%SystemRoot%\\x");
    assert_int_equal(change_of(&out.changes, SETUP_SOFTWARE, "", "Path")->type, SETUP_EXPAND_SZ);
    assert_wide(change_of(&out.changes, SETUP_SOFTWARE, "", "Dir")->data,
                "C:\\Windows\\system32\\drivers\\y.sys");
    setup_install_fini(&out);
}

static void the_most_special_id_of_the_device_wins(void **state)
{
    static const char text[] =
        HEAD "[Manufacturer]\r\n\"A\"=First,NTamd64\r\n\"B\"=Second,NTamd64\r\n"
             "[First.NTamd64]\r\nd=Generic,PCI\\VEN_1234&DEV_0001\r\n"
             "d=Fallback,PCI\\VEN_9999,PCI\\VEN_1234&DEV_0001&SUBSYS_00010002\r\n"
             "[Second.NTamd64]\r\nd=Special,pci\\ven_1234&dev_0001&subsys_00010002\r\n"
             "d=Vendor,PCI\\VEN_1234\r\n[Generic]\r\n[Special]\r\n[Fallback]\r\n[Vendor]\r\n";
    struct setup_install out;

    (void)state;
    install(text, &windows7,
            "PCI\\VEN_1234&DEV_0001&SUBSYS_00010002&REV_01\0PCI\\VEN_1234&DEV_0001&SUBSYS_00010002"
            "\0PCI\\VEN_1234&DEV_0001\0", &out);
    assert_string_equal(out.section, "Special");
    assert_string_equal(out.id, "PCI\\VEN_1234&DEV_0001&SUBSYS_00010002");
    assert_string_equal(out.manufacturer, "B");
    setup_install_fini(&out);
    install(text, &windows7, "PCI\\VEN_1234&DEV_0001\0", &out);
    assert_string_equal(out.section, "Generic");
    setup_install_fini(&out);
    install(text, &windows7, "PCI\\VEN_1234&DEV_0002\0", &out); /* by a compatible ID */
    assert_string_equal(out.section, "Vendor");
    setup_install_fini(&out);
}

static void a_device_that_no_model_fits_is_told_with_what_there_is(void **state)
{
    (void)state;
    refuses_install(HEAD MODELS STRINGS, "PCI\\VEN_8086&DEV_0001\0", -ENOENT, 0,
                    "no model for this device, PCI\\VEN_8086&DEV_0001; the INF has "
                    "PCI\\VEN_1234&DEV_0001");
    refuses_install(HEAD "[Manufacturer]\r\nA=Cards,NTx86\r\n[Cards.NTx86]\r\nd=X,PCI\\VEN_1\r\n",
                    "PCI\\VEN_1\0", -ENOENT, 0, "no models for x64 Windows 10.0 build 19041");
}

static const char values[] =
    HEAD "[Manufacturer]\r\nA=Cards,NTamd64\r\n[Cards.NTamd64]\r\nd=X,PCI\\VEN_1\r\n"
         "[X.NTamd64]\r\nAddReg=Values, More ; two\r\nDelReg=Gone\r\nInclude=ks.inf\r\n"
         "Needs=KS.Registration\r\n"
         "[Values]\r\n"
         "HKR,,Text,,\"a, \"\"b\"\" ;c\"\r\n"
         "HKR,Sub\\Key,Number,0x00010001,0x10\r\n"
         "HKR,,Negative,65537,-1\r\n"
         "HKR,,Bytes,1,01,fe, \\\r\n   7f\r\n"
         "HKR,,List,0x10000,one,two\r\n"
         "HKR,,List,0x10008,three\r\n"
         "HKR,,None,0x20001,1,2\r\n"
         "HKR,,Old,0x10001,01,00,00,80\r\n"
         "HKR,,Wide,0xb0001,0x123456789\r\n"
         "HKR,,Kept,2,x=y\r\n"
         "HKR,,Present,0x20,new\r\n"
         "HKR,,Away,4\r\n"
         "HKR,Empty,,0x10\r\n"
         "[More]\r\n"
         "HKLM,Software\\Vendor,,,deflt\r\n"
         "HKCR,.abc,,,x\r\n"
         "[Gone]\r\nHKR,,Stale\r\nHKR,Tree\r\nHKR,,List,0x18002,one\r\n"
         "[X.NTamd64.HW]\r\nAddReg=Messages\r\n"
         "[Messages]\r\n"
         "HKR,Interrupt Management\\MessageSignaledInterruptProperties,MSISupported,0x10001,1\r\n"
         "[X.NTamd64.Services]\r\nAddService=card,2,Service\r\nAddService=helper,,Helper\r\n"
         "[Service]\r\nServiceType=1\r\nStartType=3\r\nServiceBinary=%12%\\card.sys\r\n"
         "AddReg=Parameters\r\n[Helper]\r\nServiceBinary=%12%\\helper.sys\r\n"
         "[Parameters]\r\nHKR,Parameters,Depth,0x10001,12\r\n"
         "[X.NTamd64.Interfaces]\r\n"
         "AddInterface={65E8773D-8F56-11D0-A3B9-00A0C9223196},\"Global\",Capture\r\n"
         "AddInterface={65E8773D-8F56-11D0-A3B9-00A0C9223196}\r\n"
         "[Capture]\r\nAddReg=CaptureValues\r\n[CaptureValues]\r\nHKR,,FriendlyName,,Camera\r\n";

static void values_of_every_type_are_read(void **state)
{
    struct setup_install out;
    const struct setup_changes *changes = &out.changes;
    const struct setup_change *change;

    (void)state;
    install(values, &windows10, "PCI\\VEN_1\0", &out);
    assert_wide(change_of(changes, SETUP_SOFTWARE, "", "Text")->data, "a, \"b\" ;c");
    change = change_of(changes, SETUP_SOFTWARE, "Sub\\Key", "Number");
    assert_int_equal(change->type, SETUP_DWORD);
    assert_memory_equal(change->data, "\x10\0\0\0", 4);
    change = change_of(changes, SETUP_SOFTWARE, "", "Negative");
    assert_memory_equal(change->data, "\xff\xff\xff\xff", 4);
    change = change_of(changes, SETUP_SOFTWARE, "", "Bytes");
    assert_int_equal(change->size_bytes, 3);
    assert_memory_equal(change->data, "\x01\xfe\x7f", 3);
    change = change_of(changes, SETUP_SOFTWARE, "", "None");
    assert_int_equal(change->type, SETUP_NONE);
    assert_int_equal(change->size_bytes, 2);
    change = change_of(changes, SETUP_SOFTWARE, "", "Old");
    assert_memory_equal(change->data, "\x01\0\0\x80", 4);
    change = change_of(changes, SETUP_SOFTWARE, "", "Wide");
    assert_int_equal(change->size_bytes, 8);
    assert_memory_equal(change->data, "\x89\x67\x45\x23\x01\0\0\0", 8);
    assert_wide(change_of(changes, SETUP_MACHINE, "Software\\Vendor", "")->data, "deflt");
    assert_wide(change_of(changes, SETUP_MACHINE, "Software\\Classes\\.abc", "")->data, "x");
    setup_install_fini(&out);
}

static void flags_say_how_a_value_is_written(void **state)
{
    struct setup_install out;
    const struct setup_changes *changes = &out.changes;
    const struct setup_change *change;

    (void)state;
    install(values, &windows10, "PCI\\VEN_1\0", &out);
    change = change_of(changes, SETUP_SOFTWARE, "", "Kept");
    assert_true(change->keep);
    assert_wide(change->data, "x=y");
    assert_true(change_of(changes, SETUP_SOFTWARE, "", "Present")->overwrite_only);
    assert_int_equal(change_of(changes, SETUP_SOFTWARE, "", "Away")->verb, SETUP_DELETE_VALUE);
    assert_int_equal(change_of(changes, SETUP_SOFTWARE, "Empty", "")->verb, SETUP_MAKE_KEY);
    assert_int_equal(change_of(changes, SETUP_SOFTWARE, "", "Stale")->verb, SETUP_DELETE_VALUE);
    assert_int_equal(change_of(changes, SETUP_SOFTWARE, "Tree", "")->verb, SETUP_DELETE_KEY);
    change = change_of(changes, SETUP_SOFTWARE, "", "List"); /* the last of three */
    assert_int_equal(change->verb, SETUP_DELETE_STRING);
    assert_wide(change->data, "one");
    assert_int_equal(change[-1].verb, SETUP_DELETE_KEY);
    setup_install_fini(&out);
}

static void strings_of_a_list_end_in_an_empty_one(void **state)
{
    static const uint16_t both[] = {'o', 'n', 'e', 0, 't', 'w', 'o', 0, 0};
    const struct setup_change *change;
    struct setup_install out;
    unsigned seen = 0;

    (void)state;
    install(values, &windows10, "PCI\\VEN_1\0", &out);
    array_for_each(change, &out.changes.list) {
        if (change->type != SETUP_MULTI_SZ)
            continue;
        if (seen++ == 0) {
            assert_int_equal(change->size_bytes, sizeof both);
            assert_memory_equal(change->data, both, sizeof both);
        } else {
            assert_int_equal(change->verb, SETUP_APPEND);
            assert_int_equal(change->size_bytes, 12);
        }
    }
    assert_int_equal(seen, 2);
    setup_install_fini(&out);
}

static void services_interfaces_and_the_hardware_key_have_their_own_sections(void **state)
{
    struct setup_install out;
    const struct setup_changes *changes = &out.changes;
    const struct setup_change *change;

    (void)state;
    install(values, &windows10, "PCI\\VEN_1\0", &out);
    assert_int_equal(out.services.count, 2);
    assert_int_equal(out.service, 0);
    assert_string_equal(out.services.items[0].name, "card");
    assert_string_equal(out.services.items[0].binary, "card.sys");
    assert_false(out.services.items[1].is_function_driver);
    assert_wide(change_of(changes, SETUP_SERVICE, "", "ImagePath")->data,
                "C:\\Windows\\system32\\drivers\\helper.sys");
    change = change_of(changes, SETUP_SERVICE, "Parameters", "Depth");
    assert_int_equal(change->index, 0);
    assert_memory_equal(change->data, "\x0c\0\0\0", 4);
    change = change_of(changes, SETUP_HARDWARE,
                       "Interrupt Management\\MessageSignaledInterruptProperties", "MSISupported");
    assert_int_equal(change->data[0], 1);
    assert_int_equal(out.interfaces.count, 2);
    assert_wide(out.interfaces.items[0].reference, "Global");
    assert_wide(out.interfaces.items[1].reference, "");
    change = change_of(changes, SETUP_INTERFACE, "", "FriendlyName");
    assert_int_equal(change->index, 0);
    assert_int_equal(out.notes.count, 1);
    assert_non_null(strstr(out.notes.items[0], "Needs=KS.Registration"));
    setup_install_fini(&out);
}

static void needs_of_the_same_file_are_followed(void **state)
{
    struct setup_install out;

    (void)state;
    install(HEAD "[Manufacturer]\r\nA=Cards\r\n[Cards]\r\nd=X,PCI\\VEN_1\r\n[X]\r\nNeeds=Common\r\n"
                 "[Common]\r\nNeeds=X\r\nAddReg=R\r\n[R]\r\nHKR,,Found,,yes\r\n",
            &windows10, "PCI\\VEN_1\0", &out);
    assert_wide(change_of(&out.changes, SETUP_SOFTWARE, "", "Found")->data, "yes");
    assert_int_equal(out.service, -1);
    setup_install_fini(&out);
}

static void what_cannot_be_is_refused_with_its_line(void **state)
{
#define BODY HEAD "[Manufacturer]\r\nA=Cards\r\n[Cards]\r\nd=X,PCI\\VEN_1\r\n"
    (void)state;
    refuses("AddReg=x\r\n", 0, "this is no INF");
    refuses("\r\n[Version\r\n", 2, "ends in ]");
    refuses("[Version]\r\nSignature=$None$\r\n", 0, "this is no INF");
    refuses_install(BODY, "PCI\\VEN_1\0", -EINVAL, 10, "no section [X]");
    refuses_install(BODY "[X]\r\nAddReg=R\r\n", "PCI\\VEN_1\0", -EINVAL, 0, "no section [R]");
    refuses_install(BODY "[X]\r\nAddReg=R\r\n[R]\r\nHKX,,a\r\n", "PCI\\VEN_1\0", -EINVAL, 14,
                    "HKX is no registry root");
    refuses_install(BODY "[X]\r\nAddReg=R\r\n[R]\r\nHKR,,a,0x10001,many\r\n", "PCI\\VEN_1\0",
                    -EINVAL, 14, "many is no number");
    refuses_install(BODY "[X]\r\nAddReg=R\r\n[R]\r\nHKR,,a,one,1\r\n", "PCI\\VEN_1\0", -EINVAL,
                    14, "flags one are no number");
    refuses_install(BODY "[X]\r\nAddReg=R\r\n[R]\r\nHKR,,a,1,xy\r\n", "PCI\\VEN_1\0", -EINVAL, 14,
                    "xy is no byte");
    refuses_install(BODY "[X]\r\n[X.Services]\r\nAddService=s,2,S\r\n", "PCI\\VEN_1\0", -EINVAL, 13,
                    "no section [S]");
    refuses_install(BODY "[X]\r\n[X.Interfaces]\r\nAddInterface={1}\r\n", "PCI\\VEN_1\0", -EINVAL,
                    13, "no GUID");
#undef BODY
}

static void utf16_and_the_old_code_page_are_understood(void **state)
{
    static const char latin[] = HEAD "[Strings]\r\nMfg=\"Caf\xe9\"\r\n";
    char wide[2 * sizeof latin + 2];
    struct setup_error error;
    struct setup_inf *inf;
    size_t count = 0;

    (void)state;
    assert_int_equal(setup_inf_parse(latin, sizeof latin - 1, &inf, &error), 0);
    assert_string_equal(inf_value(inf_find(inf, "version"), "provider"), "Caf\xc3\xa9");
    setup_inf_destroy(inf);
    wide[count++] = (char)0xFF;
    wide[count++] = (char)0xFE;
    for (size_t i = 0; i < sizeof latin - 1; i++) {
        wide[count++] = latin[i];
        wide[count++] = 0;
    }
    assert_int_equal(setup_inf_parse(wide, count, &inf, &error), 0);
    assert_string_equal(inf_value(inf_find(inf, "version"), "provider"), "Caf\xc3\xa9");
    setup_inf_destroy(inf);
}

static void a_template_is_one_for_this_architecture(void **state)
{
    struct setup_install out;

    (void)state;
    install("/*++ no section yet\r\n" HEAD "[Manufacturer]\r\nA=C,NT$ARCH$.10.0\r\n"
            "[C.NT$arch$.10.0]\r\nd=X,PCI\\VEN_1\r\n[X.NT$ARCH$]\r\n",
            &windows10, "PCI\\VEN_1\0", &out);
    assert_string_equal(out.section, "X.NTamd64");
    setup_install_fini(&out);
}

static void strings_that_hold_themselves_end(void **state)
{
    struct setup_inf *inf = parse(HEAD "[Strings]\r\nMfg=\"%Mfg%%Mfg%\"\r\n");

    (void)state;
    assert_non_null(inf_value(inf_find(inf, "Version"), "Provider"));
    setup_inf_destroy(inf);
}

static void ids_are_listed_in_order(void **state)
{
    struct setup_inf *inf = parse(HEAD "[Manufacturer]\r\nA=C\r\nB=D\r\n[C]\r\nd=X,one,two\r\n"
                                       "[D]\r\nd=Y,three\r\n");

    (void)state;
    assert_string_equal(setup_inf_id(inf, &windows10, 0), "one");
    assert_string_equal(setup_inf_id(inf, &windows10, 1), "two");
    assert_string_equal(setup_inf_id(inf, &windows10, 2), "three");
    assert_null(setup_inf_id(inf, &windows10, 3));
    setup_inf_destroy(inf);
}

/* Every file that ends early, and every one with a byte changed, is read or refused. */
static void damaged_files_are_read_or_refused(void **state)
{
    char copy[sizeof values];

    (void)state;
    for (size_t i = 0; i < sizeof values - 1; i++) {
        struct setup_install out;
        struct setup_error error;
        struct setup_inf *inf;

        memcpy(copy, values, sizeof values);
        copy[i] = "[]=,\"%\\;\n"[i % 9];
        if (setup_inf_parse(copy, i % 2 ? i : sizeof values - 1, &inf, &error) != 0)
            continue;
        if (setup_inf_install(inf, &windows10, "PCI\\VEN_1\0", "", &out, &error) == 0)
            setup_install_fini(&out);
        setup_inf_destroy(inf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_models_of_the_highest_windows_not_above_this_one_count),
        cmocka_unit_test(texts_come_from_the_strings_of_this_language),
        cmocka_unit_test(the_most_special_id_of_the_device_wins),
        cmocka_unit_test(a_device_that_no_model_fits_is_told_with_what_there_is),
        cmocka_unit_test(values_of_every_type_are_read),
        cmocka_unit_test(flags_say_how_a_value_is_written),
        cmocka_unit_test(strings_of_a_list_end_in_an_empty_one),
        cmocka_unit_test(services_interfaces_and_the_hardware_key_have_their_own_sections),
        cmocka_unit_test(needs_of_the_same_file_are_followed),
        cmocka_unit_test(what_cannot_be_is_refused_with_its_line),
        cmocka_unit_test(utf16_and_the_old_code_page_are_understood),
        cmocka_unit_test(a_template_is_one_for_this_architecture),
        cmocka_unit_test(strings_that_hold_themselves_end),
        cmocka_unit_test(ids_are_listed_in_order),
        cmocka_unit_test(damaged_files_are_read_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
