# pg_safe_index: a PGXS module. PG_CONFIG names the server that it is built for.

EXTENSION = pg_safe_index
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" pg_safe_index.control)
DATA = pg_safe_index--1.0.sql pg_safe_index--1.0--1.1.sql pg_safe_index--1.1--1.2.sql
PGFILEDESC = "pg_safe_index - refuses index commands that would block tables in use"

MODULE_big = pg_safe_index
SOURCES = $(sort $(wildcard src/*.cpp src/*/*.cpp))
OBJS = pg_safe_index.o settings.o functions.o $(SOURCES:.cpp=.o)

PG_CPPFLAGS = -I$(srcdir) -I$(srcdir)/src -DPSI_VERSION='"$(EXTVERSION)"'
# STRICT is for those who check the code: make STRICT=-Werror. The compiler notes which headers an object depends on.
PG_CFLAGS = -Wall -Wextra -MMD -MP $(STRICT)
# PostgreSQL leaves functions with longjmp: no exceptions. The library needs no libstdc++ at run time.
CXX_DIALECT = -std=c++17 -fno-exceptions -fno-rtti -fvisibility=hidden
PG_CXXFLAGS = $(CXX_DIALECT) -Wall -Wextra -MMD -MP $(STRICT)

# make installcheck: any running server will do, the tests load the library themselves.
REGRESS = settings create_index drop_index partitioned new_table contexts hints privileges drop_cascade \
	reindex constraints alter_passes attach_partition move_index invalid_index \
	server_errors nothing_to_block rewrite retry check plan postpone
ISOLATION = refusal_does_not_wait name_changes failed_builds rewrite_meanwhile late_build late_changes postpone_meanwhile
# REGRESS_OUTPUT: the folder for what the tests print.
REGRESS_OPTS = --outputdir=$(or $(REGRESS_OUTPUT),.)
ISOLATION_OPTS = --inputdir=$(srcdir)/test/isolation --outputdir=$(or $(REGRESS_OUTPUT),test/isolation)/output_iso
EXTRA_CLEAN = results regression.diffs regression.out test/isolation/output_iso test/unit/build $(OBJS:.o=.d) .built-for

PG_CONFIG ?= pg_config
# These install what is missing, which may be PGXS itself, or do without it.
OWN_TARGETS = test check-quick demo test-clients test-extensions test-core bench dist
ifeq ($(filter $(OWN_TARGETS),$(MAKECMDGOALS)),)
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
endif

# PGXS hands PG_CXXFLAGS to the compiler, but not to the one that makes bitcode for the JIT compiler.
BITCODE_CXXFLAGS += $(CXX_DIALECT)

# make test: everything of our own, on throw-away clusters; make check-quick: builds here, and runs the regression and
# isolation tests, without root and without installing anything; make demo: the main job, to watch.
test:
	test/run

check-quick:
	test/run --quick

demo:
	demo/run

# With software of others: clients, extensions, PostgreSQL's own suites. test/README.md says what each shows.
test-clients:
	test/clients/run

test-extensions:
	test/extensions/run

test-core:
	test/core/run

# Writes docs/benchmarks.md and its pictures.
bench:
	test/bench/run

# What is committed, as PGXN takes it, in DIST_DIR. Fails if the files do not agree on the version.
DIST_DIR ?= .
dist:
	version=$$(test/package/check_meta) && name=pg_safe_index-$$version && \
		git archive --format=zip --prefix="$$name/" -o "$(DIST_DIR)/$$name.zip" HEAD && echo "$(DIST_DIR)/$$name.zip"

.PHONY: $(OWN_TARGETS)

# An object of older headers, of another server or another compiler would crash the server. PGXS follows headers only if the
# server was configured to. Bitcode has the headers of its object.
-include $(OBJS:.o=.d)
$(OBJS): Makefile pg_safe_index.control .built-for
$(OBJS:.o=.bc): %.bc: %.o

.built-for: FORCE
	@echo '$(VERSION) $(CC) $(CXX)' | cmp -s - $@ || echo '$(VERSION) $(CC) $(CXX)' >$@
FORCE:
.PHONY: FORCE
