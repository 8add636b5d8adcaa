# Everything runs in .venv, which the first target that needs it creates from requirements.lock.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
BIN := .venv/bin
RUN := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 PYTHONHASHSEED=0 $(BIN)/python
WORKERS ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)
SHARING := --no-loadscope-reorder
OUT ?= graded
THRESHOLD ?= 0

.PHONY: help book build test test-fast lint executed lab handout gradescope grade formgrader report bench pdf lock clean

help:
	@echo "make book              the static book at _build/html/index.html (ANSWERS=1: the instructor's edition)"
	@echo "make lab               JupyterLab on the student's notebooks"
	@echo "make test              every test, lint, type and drift check"
	@echo "make test-fast         the tests that need seconds: no sandbox, no browser, no lesson is run"
	@echo "make build             lessons -> solutions/ and notebooks/"
	@echo "make grade SUBMISSIONS=dir [OUT=graded] [THRESHOLD=percent]   grade dir/STUDENT/SECTION/SECTION.ipynb"
	@echo "make formgrader [OUT=graded]       mark written answers by hand, in the browser"
	@echo "make report [OUT=graded] [THRESHOLD=percent]   feedback and tables again, after marking by hand"
	@echo "make handout DEST=dir  the students' repository, in a new folder outside of this one"
	@echo "make gradescope SECTION=name   an autograder for Gradescope, gradescope-SECTION.zip"
	@echo "make bench             the timings and reproduced tables of benchmarks/"
	@echo "make pdf               the book as one PDF"
	@echo "make clean             remove everything built, keep the environment"

# Small models are several times slower with more than one thread on a busy machine, hence OMP_NUM_THREADS above.
.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v < (3, 13) or sys.exit("This course needs Python \
	3.11 or 3.12, not %d.%d; say where it is: make PYTHON=/path/to/python3.11" % v)' || exit 2
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

book: .venv/.installed
	@$(RUN) -m book.tools book $(if $(ANSWERS),--answers) $(if $(UNSAFE),--unsafe)

build: .venv/.installed
	@$(RUN) -m book.tools build $(if $(UNSAFE),--unsafe)

# Each solution is executed once, here, and the built book that the tests read shows these outputs. Style and types are
# checked meanwhile.
test: .venv/.installed
	@$(MAKE) --no-print-directory --jobs=2 --keep-going lint executed
	$(RUN) -m pytest --numprocesses=$(WORKERS) $(SHARING) --durations=25 --unchanged

test-fast: .venv/.installed
	$(RUN) -m pytest --numprocesses=$(WORKERS) $(SHARING) --fast --quiet

lint: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

executed: .venv/.installed
	$(RUN) -m pytest --numprocesses=$(WORKERS) $(SHARING) --nbval-lax -p book.tools.nbval_keep \
	    -o addopts= -o filterwarnings= -p no:doctest solutions

lab: .venv/.installed
	$(RUN) -m jupyterlab --notebook-dir=notebooks

handout: .venv/.installed
	@test -n "$(DEST)" || { echo "Say where to: make handout DEST=dir" >&2; exit 2; }
	@$(RUN) -m book.tools handout "$(DEST)"

gradescope: .venv/.installed
	@test -n "$(SECTION)" || { echo "Say which section: make gradescope SECTION=03-gan-minimax" >&2; exit 2; }
	@$(RUN) -m book.tools gradescope "$(SECTION)"

grade: .venv/.installed
	@test -n "$(SUBMISSIONS)" || { echo "Say which folder: make grade SUBMISSIONS=dir" >&2; exit 2; }
	@$(RUN) -m autograder grade "$(SUBMISSIONS)" --out "$(OUT)" --workers $(WORKERS) --threshold $(THRESHOLD)

# nbgrader reads the configuration that grading has written into OUT.
formgrader: .venv/.installed
	@test -f "$(OUT)/nbgrader_config.py" || { echo "Nothing is graded in $(OUT): make grade SUBMISSIONS=dir OUT=$(OUT)" >&2; exit 2; }
	@cd "$(OUT)" && OMP_NUM_THREADS=1 "$(abspath $(BIN))/python" -m jupyterlab --notebook-dir=. --LabApp.default_url=/formgrader

report: .venv/.installed
	@$(RUN) -m autograder report "$(OUT)" --threshold $(THRESHOLD)

bench: .venv/.installed
	@status=0; for script in $(filter-out benchmarks/report.py benchmarks/lesson.py benchmarks/mutants.py,$(wildcard benchmarks/[a-z]*.py)); do \
	    echo "== $$script"; $(RUN) $$script $(if $(QUICK),--quick) || status=1; done; exit $$status

pdf: book
	@$(RUN) -m book.tools pdf

# After changing a range in pyproject.toml: resolve it anew in an empty environment and write down what came out.
lock:
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet hatchling editables torch==2.13.0
	$(BIN)/pip install --quiet --no-build-isolation --editable '.[lab,book,grade,dev]'
	$(BIN)/pip freeze --exclude-editable | sed "s/+cpu$$//" > requirements.lock
	@touch .venv/.installed

clean:
	rm -rf _build book/pages .pytest_cache .ruff_cache
