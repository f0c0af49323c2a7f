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

# the lock resolves on both ends of the Python range
lock:
    uv lock
    uv export --quiet --locked --python 3.11 --no-hashes > /dev/null
    uv export --quiet --locked --python 3.13 --no-hashes > /dev/null
