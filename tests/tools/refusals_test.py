#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: refusals_test.py SOURCE     tools/refusals.py believes a line only if its tests are there and call the function"""
import os
import sys
import tempfile
import unittest

SOURCE = sys.argv.pop(1)
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SOURCE, "tools"))
import refusals

ROWS = {"IoRefuse": {"IoRefuse"}, "IoOther": {"IoOther", "io_other"}}
TEST = """static void {0}(void **state)
{{
    assert_int_equal({1}(0), STATUS_INVALID_PARAMETER);
}}

int main(void)
{{
    static const struct CMUnitTest tests[] = {{
        cmocka_unit_test({0}),
    }};
}}
"""


class Refusals(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.write("src/nt/io/one_test.c", TEST.format("zero_is_refused", "IoRefuse"))
        self.write("src/nt/io/two_test.c", TEST.format("nothing_is_refused", "io_other"))
        self.write("tests/drivers/odd.c", TEST.format("in_the_driver", "IoRefuse").split("int main")[0])
        self.write("tests/cli/cases.py", "@case\ndef a_stop_is_told(world):\n    pass\n")

    def tearDown(self):
        self.dir.cleanup()

    def write(self, name, text):
        path = os.path.join(self.dir.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def complaints(self, *lines):
        self.write("docs/refusals/ntoskrnl.tsv", "# head\n" + "".join("\t".join(line) + "\n" for line in lines))
        found = []
        read = refusals.read(self.dir.name, "ntoskrnl", found)
        return found + list(refusals.check(read, ROWS, refusals.Known(self.dir.name)))

    def test_tests_that_call_the_function_are_believed(self):
        self.assertEqual(self.complaints(
            ("IoOther", "io/two_test:nothing_is_refused", "zero"),
            ("IoRefuse", "io/one_test:zero_is_refused driver/odd:in_the_driver cli/a_stop_is_told", "zero")), [])
        self.assertEqual(self.complaints(("IoRefuse", "never", "returns what it is given")), [])

    def test_a_test_that_is_not_there_or_calls_something_else_is_told(self):
        self.assertIn("which is no test", self.complaints(("IoRefuse", "io/one_test:gone", "zero"))[0])
        self.assertIn("does not call", self.complaints(("IoRefuse", "io/two_test:nothing_is_refused", "zero"))[0])
        self.assertIn("which is no test", self.complaints(("IoRefuse", "cli/gone", "zero"))[0])

    def test_a_line_has_its_function_its_reason_and_its_place(self):
        self.assertIn("no row", self.complaints(("IoNobody", "never", "is not there"))[0])
        self.assertIn("columns", self.complaints(("IoRefuse", "never"))[0])
        self.assertIn("columns", self.complaints(("IoRefuse", "never", " "))[0])
        line = ("IoRefuse", "never", "returns what it is given")
        self.assertIn("already", self.complaints(line, line)[0])
        self.assertIn("order", self.complaints(line, ("IoOther", "never", "returns"))[0])


if __name__ == "__main__":
    unittest.main()
