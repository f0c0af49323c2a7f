# Everything a developer types. `just` alone lists the recipes; CI calls the README's commands.

# list the recipes
default:
    @just --list

# install the locked environment
setup:
    uv sync --locked

# format, lint, types, import contracts
check:
    uv run ruff format --check .
    uv run ruff check .
    uv run basedpyright
    uv run lint-imports

# what check can mend by itself
fix:
    uv run ruff format .
    uv run ruff check --fix .

# the default suite
test *args:
    uv run pytest {{args}}

# the default suite and the long profile
test-all:
    HYPOTHESIS_PROFILE=long uv run pytest -m "slow or not slow"

# the arena on the simulated market
up *args:
    uv run perpflow up {{args}}

# one resolution for the whole Python range, and proof that it installs on both ends
lock:
    uv lock
    uv pip compile --quiet --python-version 3.11 pyproject.toml --output-file /dev/null
    uv pip compile --quiet --python-version 3.13 pyproject.toml --output-file /dev/null
