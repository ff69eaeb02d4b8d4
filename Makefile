# SPDX-License-Identifier: MIT
BUILD ?= build
.PHONY: all
all: $(BUILD)/build.ninja
	ninja -C $(BUILD)
$(BUILD)/build.ninja:
	meson setup $(BUILD)
