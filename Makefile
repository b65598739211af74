# virt-tools. `make` lists the targets.

PREFIX  ?= /usr/local
DESTDIR ?=
GO      ?= go

# Programs with a folder below cmd/ and a man page in it.
TOOLS := $(notdir $(wildcard cmd/*))

# Where generated man pages and completions go before they are installed.
DOCS := bin/docs

STATIC := CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w -buildid='

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: build
build: daemon lookup ## build the programs into bin/
	@for tool in $(TOOLS); do echo "build bin/$$tool"; $(STATIC) -o bin/$$tool ./cmd/$$tool || exit 1; done

# The look-up of libvirt's domains alone needs cgo. It loads libvirt when it runs.
.PHONY: lookup
lookup:
	@mkdir -p bin
	@if command -v "$$($(GO) env CC)" >/dev/null 2>&1; then echo "build bin/virt-tools-libvirt"; \
	CGO_ENABLED=1 $(GO) build -tags libvirt_dlopen -trimpath -ldflags='-s -w -buildid=' -o bin/virt-tools-libvirt ./internal/libvirt/virt-tools-libvirt; \
	else echo "no C compiler: bin/virt-tools-libvirt is not built, and -d will say so"; rm -f bin/virt-tools-libvirt; fi

# The daemon is embedded into every program, so it comes first.
.PHONY: daemon
daemon: appliance/embedded/augeas.tar.zst
	@mkdir -p bin
	@$(STATIC) -o bin/guestfsd ./daemon/guestfsd
	@$(GO) run ./appliance/pack bin/guestfsd appliance/embedded/guestfsd.zst

# So is the program for Augeas, where there are a C compiler and libaugeas.
appliance/embedded/augeas.tar.zst: daemon/guestaug/guestaug.c scripts/augeas.sh
	@GO=$(GO) scripts/augeas.sh $@

.PHONY: appliance
appliance: build ## build the appliance into the cache, or do nothing when it is there
	@bin/virt-appliance describe

.PHONY: demo
demo: ## install what is missing, build, make a Debian guest and run the tools on it
	@scripts/deps.sh run demo
	@$(MAKE) --no-print-directory build
	@scripts/demo.sh

.PHONY: check
check: ## install what is missing and run all tests
	@scripts/deps.sh run demo check
	@scripts/check.sh

.PHONY: lint
lint: daemon ## gofmt, vet, staticcheck, freshness of generated files
	@scripts/lint.sh

.PHONY: bench
bench: build ## compare with libguestfs in one run and print the ratios
	@scripts/deps.sh run demo check
	@$(GO) run ./test/bench

.PHONY: generate
generate: ## write the files that follow from the call table
	@$(GO) run ./internal/api/generate

.PHONY: docs
docs: build ## write man pages and completions to bin/docs
	@scripts/docs.sh $(DOCS) $(TOOLS)

.PHONY: install
install: docs ## install below PREFIX (/usr/local) and DESTDIR; TEMPLATE=1: with a template for all users
	@scripts/install.sh install "$(DESTDIR)" "$(PREFIX)" $(DOCS) $(TOOLS)
	@if [ -n "$(TEMPLATE)" ] && [ -z "$(DESTDIR)" ]; then "$(PREFIX)/bin/virt-appliance" template make --system; fi

.PHONY: uninstall
uninstall: ## remove what install put there
	@scripts/install.sh uninstall "$(DESTDIR)" "$(PREFIX)" $(DOCS) $(TOOLS)

.PHONY: clean
clean: ## remove what was built; guests and appliances in the cache stay
	@rm -rf bin appliance/embedded/*.zst
