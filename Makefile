# Everything a user needs: `make emulate`. Each target does all the set-up that it needs, once.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PYTHON := $(VENV)/bin/python
TESTBED := $(VENV)/bin/testbed
CACHE := $(or $(TESTBED_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sip-handover-testbed)
SIPPY_VERSION := 2.5.0
# What we keep there: images, guests that have booted, records of runs, corpora, sippy.
CACHED := {root,booted,prepared,kernel,tree,code}-????????????{,.lock,.unfinished,.started} apt-bookworm run-records processors fuzz-corpora sippy-$(SIPPY_VERSION)
RUNS := 1000000
MINUTES := 60
# How long the call over each profile is in `make alarms`.
CALL_MINUTES := 10
# How many seeds each scheme runs with in a table: one is an anecdote.
SEEDS := 20
# Phones that are called in `make phones`, beside our own correspondent with and without the extension.
# What ours is compared with in `make bench`, in a virtual environment of its own.
SIPPY := $(CACHE)/sippy-$(SIPPY_VERSION)
# The first Python that is new enough (pyproject.toml: requires-python); what to install where there is none.
OLDEST_PYTHON := 11
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, $(OLDEST_PYTHON)))
HOST_PYTHON = $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
  if command -v $$each >/dev/null && $$each -c '$(NEW_ENOUGH)'; then echo $$each; break; fi; done)
# Ubuntu 22.04's own python3 is 3.10; its archive has 3.11 beside it.
PYTHON_PACKAGE = $(or $(HOST_PYTHON),$(if $(shell command -v python3),python3.$(OLDEST_PYTHON),python3))
# Programs and files of the host, and the packages that bring them. What testing needs beside is in TEST_*.
RUN_PROGRAMS := qemu-system-x86_64 mmdebstrap genext2fs newuidmap cpio setpriv taskset unshare mount tar
RUN_FILES := /usr/share/keyrings/debian-archive-keyring.gpg
RUN_PACKAGES = qemu-system-x86 mmdebstrap genext2fs uidmap cpio util-linux mount tar debian-archive-keyring \
  $(PYTHON_PACKAGE) $(PYTHON_PACKAGE)-venv
TEST_PROGRAMS := tshark mnexec ip tc nft ifconfig chromium chromedriver
TEST_PACKAGES := tshark mininet iproute2 nftables net-tools libgsm1 libopus0 libspandsp2 chromium chromium-driver
TEST_LIBRARIES := libgsm.so.1 libopus.so.0 libspandsp.so.2

.PHONY: help
help:  ## What can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

.PHONY: emulate
emulate: setup  ## A real call and a real handover under each scheme: the table, the captures
	@$(TESTBED) compare wifi-to-umts

.PHONY: setup
setup: $(VENV)/.installed run-packages  ## Packages, virtual environment, guest image (done by the others too)
	@$(TESTBED) prepare

.PHONY: test
test: $(VENV)/.installed run-packages test-packages $(VENV)/.speech $(VENV)/.cluster lint  ## All tests, the ones that run the lab too
	@$(TESTBED) prepare --engine vm
	$(TESTBED) prepare --engine uml && $(TESTBED) prepare real-wifi --engine uml || echo "the tests go on by the virtual machine alone"
	$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: lint
lint: $(VENV)/.installed  ## Style, types
	@$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

.PHONY: compare
compare: setup  ## Every scheme on every kind of trouble: the tables of docs/comparison.md, made anew
	@tables=$$(mktemp)
	sed '/^## Tables/q' docs/comparison.md > $$tables
	for scenario in all-schemes all-schemes-lossy; do
	  for failure in wifi-fade wifi-break; do
	    printf '\n### `%s`, `%s`\n\n' $$scenario $$failure >> $$tables
	    $(TESTBED) compare $$scenario --failure $$failure --runs $(SEEDS) --out runs/comparison-$$$$-$$scenario-$$failure > $$tables.one
	    cat $$tables.one
	    sed '/^The handovers, as/,$$d; /^Run folders/,$$d; s/^/    /; s/ *$$//' $$tables.one | sed '$${/^$$/d}' >> $$tables
	  done
	done
	rm $$tables.one
	cat $$tables > docs/comparison.md && rm $$tables

.PHONY: standby
standby: setup  ## Dialogs that stand by, on breaks, fades and other troubles: the tables of docs/standby.md, made anew
	@tables=$$(mktemp)
	sed '/^## Tables/q' docs/standby.md > $$tables
	for campaign in break warned others fade troubles pauses ten-thousand; do
	  printf '\n### `%s`\n\n%s\n\n' $$campaign "$$(sed -n '1s/^# //p' docs/standby/$$campaign.yaml)" >> $$tables
	  $(TESTBED) sweep docs/standby/$$campaign.yaml --out runs/standby-$$campaign > $$tables.one
	  if [ $$campaign = ten-thousand ]; then $(PYTHON) -m testbed.report.handovers_table runs/standby-$$campaign > $$tables.one; fi
	  cat $$tables.one
	  sed '/^[0-9]* runs, /,$$d; s/^/    /; s/ *$$//' $$tables.one | sed '$${/^$$/d}' >> $$tables
	done
	rm $$tables.one
	cat $$tables > docs/standby.md && rm $$tables

# Calls of ten minutes with a break or two: six of them are an hour.
COST_SEEDS := 6
.PHONY: cost
cost: setup  ## What a break costs without and with a dialog that stands by, and that in bytes: docs/cost.md, docs/cost.svg
	@runs=runs/cost-$$$$
	mkdir -p $$runs
	head=$$(printf 'scenarios: [random-breaks]\nseeds: $(COST_SEEDS)\nkeep: none\nschemes: ')
	printf '%s[reinvite, reinvite-soft, handover-cn]\n' "$$head" > $$runs/without.yaml
	printf '%s[handover-standby]\nvary:\n  copies: [on-silence, at-risk, always]\n' "$$head" > $$runs/with.yaml
	for each in without with; do $(TESTBED) sweep $$runs/$$each.yaml --out $$runs/$$each >/dev/null; done
	tables=$$(mktemp)
	sed '/^## The cost, measured/q' docs/cost.md > $$tables
	printf '\n![Missed speech an hour against extra bytes, a point for each policy](cost.svg)\n\n' >> $$tables
	$(PYTHON) -m testbed.report.several.costs.cost_picture docs/cost.svg $$runs/without $$runs/with > $$tables.one
	cat $$tables.one
	sed 's/^/    /; s/ *$$//' $$tables.one | sed '$${/^$$/d}' >> $$tables
	cat $$tables > docs/cost.md && rm $$tables $$tables.one

.PHONY: pairs
pairs: setup  ## Handovers between all pairs of shipped links that carry the codec: the table of docs/pairs.md, made anew
	@$(TESTBED) prepare --engine uml
	for each in out-pcmu out-gsm back-pcmu back-gsm; do
	  $(TESTBED) sweep docs/pairs/$$each.yaml --engine uml --out runs/pairs-$$each
	done
	table=$$(mktemp)
	sed '/^## The table/q' docs/pairs.md > $$table
	$(PYTHON) -m testbed.report.pairs_table runs/pairs-{out-pcmu,out-gsm,back-pcmu,back-gsm} > $$table.one
	cat $$table.one
	sed 's/^/    /; s/ *$$//' $$table.one | sed '1s/^/\n/' >> $$table
	cat $$table > docs/pairs.md && rm $$table $$table.one

.PHONY: nat
nat: setup  ## Every scheme behind every kind of NAT: the table of docs/nat.md, made anew
	@$(TESTBED) prepare --engine uml
	tables=$$(mktemp)
	sed '/^## The tables/q' docs/nat.md > $$tables
	for campaign in kinds strictest helper; do
	  printf '\n### `%s`\n\n%s\n\n' $$campaign "$$(sed -n '1s/^# //p' docs/nat/$$campaign.yaml)" >> $$tables
	  $(TESTBED) sweep docs/nat/$$campaign.yaml --engine uml --out runs/nat-$$campaign
	  $(PYTHON) -m testbed.report.nat_table runs/nat-$$campaign > $$tables.one
	  cat $$tables.one
	  sed 's/^/    /; s/ *$$//' $$tables.one | sed '$${/^$$/d}' >> $$tables
	done
	cat $$tables > docs/nat.md && rm $$tables $$tables.one

.PHONY: traffic
traffic: setup  ## Calls that go to a link over which a file is being downloaded, by queue and kind of TCP: docs/traffic.md
	@$(TESTBED) prepare --engine uml
	table=$$(mktemp)
	sed '/^## The table/q' docs/traffic.md > $$table
	$(TESTBED) sweep docs/traffic/queues.yaml --engine uml --out runs/traffic-queues
	$(PYTHON) -m testbed.report.traffic_table runs/traffic-queues > $$table.one
	cat $$table.one
	sed 's/^/    /; s/ *$$//' $$table.one | sed '1s/^/\n/' | sed '$${/^ *$$/d}' >> $$table
	cat $$table > docs/traffic.md && rm $$table $$table.one

.PHONY: rivals
rivals: setup  ## Schemes below the call, and what people run today, beside those of SIP: the tables of docs/rivals.md, made anew
	@$(TESTBED) prepare --engine uml
	tables=$$(mktemp)
	sed '/^## The tables/q' docs/rivals.md > $$tables
	for campaign in fade-and-break foreign-agents today over-ipv6 hierarchy lee; do
	  printf '\n### `%s`\n\n%s\n\n' $$campaign "$$(sed -n '1s/^# //p' docs/rivals/$$campaign.yaml)" >> $$tables
	  $(TESTBED) sweep docs/rivals/$$campaign.yaml --engine uml --out runs/rivals-$$campaign > $$tables.one
	  if [ $$campaign != lee ]; then $(PYTHON) -m testbed.report.rivals_table runs/rivals-$$campaign > $$tables.one; fi
	  cat $$tables.one
	  sed '/^[0-9]* runs, /,$$d; s/^/    /; s/ *$$//' $$tables.one | sed '$${/^$$/d}' >> $$tables
	done
	cat $$tables > docs/rivals.md && rm $$tables $$tables.one

.PHONY: numbers
numbers: setup test-packages  ## Six runs, our numbers beside those of Wireshark's tshark: docs/numbers.md, made anew
	@runs=runs/numbers-$$$$
	for failure in fade break; do
	  $(TESTBED) compare wifi-to-umts --failure wifi-$$failure --out $$runs/$$failure \
	    --scheme reinvite --scheme handover-cn --scheme handover-b2bua >/dev/null
	done
	tables=$$(mktemp)
	sed '/^## Tables/q' docs/numbers.md > $$tables
	echo >> $$tables
	$(PYTHON) -m tests.measure.result.agreement $$runs/{fade,break}/{reinvite,handover-cn,handover-b2bua} > $$tables.one || { cat $$tables.one; exit 1; }
	cat $$tables.one
	sed 's/^/    /; s/ *$$//' $$tables.one >> $$tables
	cat $$tables > docs/numbers.md && rm $$tables $$tables.one

.PHONY: speech
speech: setup $(VENV)/.speech  ## What the far end heard, to listen to, and its ITU-T P.862 score: docs/speech.md made anew
	@runs=runs/speech-$$$$
	for failure in fade break; do
	  $(TESTBED) compare wifi-to-umts --failure wifi-$$failure --runs $(SEEDS) --out $$runs/$$failure \
	    --scheme reinvite --scheme reinvite-soft --scheme handover-cn >/dev/null
	done
	tables=$$(mktemp)
	sed '/^## The table/q' docs/speech.md > $$tables
	echo >> $$tables
	$(TESTBED) speech $$runs > $$tables.one
	cat $$tables.one
	sed '/^WAV files/,$$d; s/^/    /; s/ *$$//' $$tables.one >> $$tables
	cat $$tables > docs/speech.md && rm $$tables $$tables.one

.PHONY: phones
phones: setup  ## Three phones as CN, two as MN, each side hanging up, and set-up with and without 420: docs/phones.md
	@tables=$$(mktemp)
	sed '/^## Tables/q' docs/phones.md > $$tables
	command -v zstd > /dev/null || { echo "zstd is missing, which unpacks runs: apt-get install zstd"; exit 1; }
	for campaign in called set-up schemes-move phones-move; do
	  $(TESTBED) sweep docs/phones/$$campaign.yaml --out runs/phones-$$campaign > /dev/null
	  find runs/phones-$$campaign -name files.tar.zst -execdir tar --zstd -xf {} ';'
	done
	for table in 'phones_table runs/phones-called runs/phones-set-up' 'mobiles_table runs/phones-schemes-move runs/phones-phones-move'; do
	  echo >> $$tables
	  $(PYTHON) -m testbed.report.several.$$table > $$tables.one
	  cat $$tables.one
	  sed 's/^/    /; s/ *$$//' $$tables.one >> $$tables
	done
	rm $$tables.one
	cat $$tables > docs/phones.md && rm $$tables

.PHONY: triggers
triggers: setup  ## A run with each kind of trigger, and ping-pong with and without guards: docs/triggers.md made anew
	@tables=$$(mktemp)
	sed '/^## Tables/q' docs/triggers.md > $$tables
	for run in 'triggers' 'ping-pong' 'triggers --failure wifi-break' 'ping-pong --scheme reinvite-soft'; do
	  printf '\n### `testbed triggers %s`\n\n' "$$run" >> $$tables
	  $(TESTBED) triggers $$run --runs $(SEEDS) --out "runs/triggers-$$$$-$${run// /}" > $$tables.one
	  cat $$tables.one
	  sed '/^Run folders/,$$d; s/^/    /; s/ *$$//' $$tables.one | sed '$${/^$$/d}' >> $$tables
	done
	rm $$tables.one
	cat $$tables > docs/triggers.md && rm $$tables

.PHONY: profiles
profiles: setup  ## Probes over links of every profile: configured against measured, docs/profiles.md made anew
	@table=$$(mktemp)
	sed '/^## The table/q' docs/profiles.md > $$table
	$(TESTBED) profile check | sed 's/^/    /; s/ *$$//; /^$$/d' | sed '1s/^/\n/' | tee -a $$table
	cat $$table > docs/profiles.md && rm $$table

.PHONY: alarms
alarms: setup  ## How often a call over a link of each profile hears a silence, though nothing has become of the link: docs/alarms.md
	@$(TESTBED) prepare --engine uml
	table=$$(mktemp)
	sed '/^## The table/q' docs/alarms.md > $$table
	$(PYTHON) -m tests.bench.alarms runs/alarms-$$$$ $(CALL_MINUTES) | sed 's/^/    /; s/ *$$//' | sed '1s/^/\n/' | tee -a $$table
	cat $$table > docs/alarms.md && rm $$table

.PHONY: attack
attack: setup  ## Forged requests, replays, injected speech, floods: the tables of docs/attacks.md, made anew
	@tables=$$(mktemp)
	sed '/^## Tables/q' docs/attacks.md > $$tables
	$(TESTBED) attack > $$tables.one || { cat $$tables.one; exit 1; }
	cat $$tables.one
	echo >> $$tables
	sed 's/^/    /; s/ *$$//' $$tables.one | sed '$${/^$$/d}' >> $$tables
	cat $$tables > docs/attacks.md && rm $$tables $$tables.one

.PHONY: native
native: setup  ## The native engine, in a guest in wall-clock time, beside the VM engine: the table of docs/native.md
	@table=$$(mktemp)
	sed '/^## The table/q' docs/native.md > $$table
	$(PYTHON) -m tests.engine.wall_clock.table runs/native-$$$$ 1 2 3 > $$table.one
	cat $$table.one
	sed 's/^/    /; s/ *$$//' $$table.one | sed '1s/^/\n/' >> $$table
	cat $$table > docs/native.md && rm $$table $$table.one

.PHONY: engines
engines: setup  ## A whole run by each engine in virtual time, beside each other: the table of docs/engines.md
	@$(TESTBED) prepare --engine uml
	table=$$(mktemp)
	sed '/^## The table/q' docs/engines.md > $$table
	$(PYTHON) -m tests.bench.bench_engines > $$table.one
	cat $$table.one
	sed 's/^/    /; s/ *$$//' $$table.one | sed '1s/^/\n/' | sed '$${/^$$/d}' >> $$table
	cat $$table > docs/engines.md && rm $$table $$table.one

.PHONY: statistics
statistics: setup  ## What intervals hold and tests find, of values whose truth is known: the tables of docs/statistics.md
	@table=$$(mktemp)
	sed '/^## Measured/q' docs/statistics.md > $$table
	sed '1,/^## Measured/d; /^Of [0-9]* samples/,$$d' docs/statistics.md >> $$table
	$(PYTHON) -m tests.bench.sureness > $$table.one
	cat $$table.one
	cat $$table.one >> $$table
	cat $$table > docs/statistics.md && rm $$table $$table.one

.PHONY: bench
bench: setup test-packages  ## How fast: virtual time, the B2BUA, measuring beside tshark and scapy
	@$(PYTHON) tests/bench/bench_emulate.py
	$(PYTHON) -m tests.bench.bench_transcoding
	$(PYTHON) -m tests.bench.bench_measure
	$(PYTHON) -m tests.bench.bench_after_lab
	$(PYTHON) -m tests.bench.bench_host
	if [ "$$(id -u)" = 0 ]; then
	  $(PYTHON) -m tests.bench.bench_relay
	  test -x "$(SIPPY)/bin/b2bua_simple" || { $(HOST_PYTHON) -m venv "$(SIPPY)" && "$(SIPPY)/bin/pip" install --quiet --disable-pip-version-check sippy==$(SIPPY_VERSION); }
	  $(PYTHON) -m tests.bench.bench_signalling "$(SIPPY)/bin/b2bua_simple"
	else
	  echo "the B2BUA's benchmarks make network namespaces: sudo make bench"
	fi

.PHONY: reference
reference: setup  ## The run that `testbed verify --self` compares with, anew: wanted after each change of agents or lab
	@$(TESTBED) prepare --engine uml
	$(PYTHON) -m tests.engine.make_reference

.PHONY: endurance
endurance: setup  ## MINUTES (60) of one plan again and again on a machine that is kept busy: the same bytes, nothing left behind?
	@$(TESTBED) prepare --engine uml
	$(PYTHON) -m tests.bench.endurance $(MINUTES)

.PHONY: fuzz
fuzz: $(VENV)/.fuzz  ## Parsers, and what users write, on RUNS inputs that nobody thought of (a million); what they reached is kept for the next time
	@$(PYTHON) -m tests.fuzz.fuzz "$(CACHE)/fuzz-corpora" $(RUNS)

.PHONY: clean
clean: clean-cache  ## Remove the virtual environment, caches, and what killed native runs left; keeps runs/
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

# What we made and no more: $TESTBED_CACHE may be a folder that holds other things too.
.PHONY: clean-cache
clean-cache:
	@if [ -x $(TESTBED) ]; then $(TESTBED) clean; fi
	if [ -d "$(CACHE)" ]; then
	  (cd "$(CACHE)" && rm -rf $(CACHED))
	  rmdir --ignore-fail-on-non-empty "$(CACHE)"
	fi

# $(call install,PROGRAMS,PACKAGES,LIBRARIES,FILES): installs packages when root, says what to install otherwise.
define install
	@missing=
	for program in $(1); do command -v $$program >/dev/null || missing="$$missing $$program"; done
	for file in $(4); do test -e $$file || missing="$$missing $$file"; done
	python=$(or $(HOST_PYTHON),false)
	$$python -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing Python(3.$(OLDEST_PYTHON)-or-newer,-with-venv)"
	for library in $(3); do $$python -c "import ctypes; ctypes.CDLL('$$library')" 2>/dev/null || missing="$$missing $$library"; done
	if [ -n "$$missing" ]; then
	  if ! command -v apt-get >/dev/null; then
	    echo "missing:$$missing. Debian has them in: $(strip $(2)); elsewhere see docs/machines.md" >&2
	    exit 1
	  fi
	  if [ "$$(id -u)" != 0 ]; then
	    echo "missing:$$missing. Install them with: sudo apt-get install --no-install-recommends $(strip $(2))" >&2
	    exit 1
	  fi
	  echo "installing packages for:$$missing"
	  export DEBIAN_FRONTEND=noninteractive
	  apt-get -qq update
	  apt-get -qq install --no-install-recommends $(2) >/dev/null
	fi
endef

.PHONY: run-packages
run-packages:
	$(call install,$(RUN_PROGRAMS),$(RUN_PACKAGES),,$(RUN_FILES))

.PHONY: test-packages
test-packages:
	$(call install,$(TEST_PROGRAMS),$(TEST_PACKAGES),$(TEST_LIBRARIES))

$(VENV)/.installed: pyproject.toml .constraints.txt | run-packages
	@echo "setting up $(VENV)"
	$(HOST_PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --constraint .constraints.txt --editable '.[dev]'
	touch $@

$(VENV)/.fuzz: $(VENV)/.installed
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --constraint .constraints.txt --editable '.[fuzz]'
	touch $@

$(VENV)/.cluster: $(VENV)/.installed
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --constraint .constraints.txt --editable '.[cluster]'
	touch $@

# The package pesq is C: it needs a compiler, and the headers of the Python that the environment was made with.
$(VENV)/.speech: $(VENV)/.installed
	@headers=$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include") + "/Python.h")')
	packages="gcc libc6-dev $$($(PYTHON) -c 'import sys; print("python%d.%d-dev" % sys.version_info[:2])')"
	if ! command -v gcc >/dev/null || [ ! -e "$$headers" ]; then
	  if [ "$$(id -u)" != 0 ]; then
	    echo "missing: gcc or $$headers. Install them with: sudo apt-get install --no-install-recommends $$packages" >&2
	    exit 1
	  fi
	  echo "installing packages for: gcc, $$headers"
	  export DEBIAN_FRONTEND=noninteractive
	  apt-get -qq update
	  apt-get -qq install --no-install-recommends $$packages >/dev/null
	fi
	export PIP_CONSTRAINT=$(CURDIR)/.constraints.txt PIP_BUILD_CONSTRAINT=$(CURDIR)/.constraints.txt  # for what builds it, too
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --editable '.[speech]'
	touch $@
