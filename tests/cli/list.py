#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the names of the cases, one a line, for meson."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import cases

print("\n".join(cases.CASES))
