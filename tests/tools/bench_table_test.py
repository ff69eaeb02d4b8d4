#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: bench_table_test.py SOURCE     tools/bench_table.py fills a document from figures, and leaves the rest alone"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

SOURCE = sys.argv.pop(1)

RANGE = {"min": 1, "median": 20, "max": 300}
MACHINE = {"cpu": "A CPU", "cpus": 2, "flags": "sse2", "page_bytes": 4096, "huge_pages_of_memfd": "never",
           "l2_bytes": 1 << 20, "l3_bytes": 0, "kernel": "6", "compiler": "12"}
FIGURES = [
    {"name": "first", "unit": "us", "goal": "P1", "reference": RANGE, "subject": RANGE, "ratio": RANGE, "rounds": 7},
    {"name": "other", "unit": "us", **RANGE, "rounds": 7},
    {"name": "other", "unit": "times", "value": 0.5},
]


class BenchTable(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        with open(os.path.join(self.dir.name, "sample.json"), "w", encoding="utf-8") as file:
            json.dump({"bench": "sample", "machine": MACHINE, "figures": FIGURES}, file)

    def tearDown(self):
        self.dir.cleanup()

    def fill(self, text):
        path = os.path.join(self.dir.name, "document.md")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        run = subprocess.run([sys.executable, os.path.join(SOURCE, "tools/bench_table.py"), self.dir.name, path],
                             capture_output=True, text=True, check=False)
        with open(path, encoding="utf-8") as file:
            return run, file.read()

    def test_rows_are_replaced_and_the_head_stays(self):
        _, text = self.fill("a\n<!-- rows sample ^P1 -->\n| head |\n|---|\n| old |\n<!-- end -->\nb\n")
        row = "| first | 1.00 / **20.0** / 300 | 1.00 / **20.0** / 300 | 1.00 / **20.0** / 300 |"
        self.assertEqual(text, f"a\n<!-- rows sample ^P1 -->\n| head |\n|---|\n{row}\n<!-- end -->\nb\n")

    def test_figures_of_one_name_share_a_row(self):
        _, text = self.fill("<!-- rows sample other -->\n| head |\n|---|\n<!-- end -->\n")
        self.assertIn("| other | 1.00 / **20.0** / 300 | 0.500 |\n", text)

    def test_the_machine_is_named(self):
        _, text = self.fill("<!-- machine sample -->\n<!-- end -->\n")
        self.assertIn("A CPU (sse2), 2 CPUs, L2 1024 KB", text)
        self.assertIn("7 rounds.", text)

    def test_what_was_not_measured_stays_and_is_told(self):
        before = "<!-- rows missing . -->\n| head |\n|---|\n| old |\n<!-- end -->\n"
        run, text = self.fill(before)
        self.assertEqual(text, before)
        self.assertIn("missing", run.stdout)

    def test_a_pattern_that_finds_nothing_is_an_error(self):
        before = "<!-- rows sample nothing -->\n| head |\n|---|\n| old |\n<!-- end -->\n"
        run, text = self.fill(before)
        self.assertNotEqual(run.returncode, 0)
        self.assertEqual(text, before)

    def test_the_blocks_of_the_document_are_whole(self):
        with open(os.path.join(SOURCE, "docs/PERFORMANCE.md"), encoding="utf-8") as file:
            run, _ = self.fill(file.read())
        self.assertEqual(run.returncode, 0, run.stderr)


if __name__ == "__main__":
    unittest.main()
