# SPDX-License-Identifier: MIT
# Front doors: `make demo` shows the main job, `make test` runs every test. Both install what is missing (Debian).
BUILD ?= build
ASAN_BUILD ?= build-asan
COUNT ?= 1000
SEED ?= 1

.PHONY: all deps demo test test-asan nightly mutate bench bench-plots bench-doc fuzz clean

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

deps:
	@tools/deps.sh

$(BUILD)/build.ninja: | deps
	@meson setup $(BUILD) --buildtype=debugoptimized >/dev/null || { cat $(BUILD)/meson-logs/meson-log.txt; exit 1; }

$(ASAN_BUILD)/build.ninja: | deps
	@meson setup $(ASAN_BUILD) --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false >/dev/null

demo: all
	@tools/demo.sh $(BUILD)

test: all
	@tools/test.sh $(BUILD)

test-asan: $(ASAN_BUILD)/build.ninja
	@ninja -C $(ASAN_BUILD) --quiet
	@tools/test.sh $(ASAN_BUILD)

nightly: all
	@tools/nightly.sh $(BUILD)

mutate: all
	@python3 tests/mutate/mutate.py $(BUILD) --count $(COUNT) --seed $(SEED)

bench: all
	@tools/bench.sh $(BUILD)

bench-plots: all
	@PLOTS=docs/img tools/bench.sh $(BUILD) scale

bench-doc: all
	@OUT=out/bench PLOTS=docs/img tools/bench.sh $(BUILD)
	@tools/bench_table.py out/bench

clean:
	@rm -rf $(BUILD) $(ASAN_BUILD) out
