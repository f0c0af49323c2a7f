"""The `perpflow` command. Commands only translate: options in, sentences and exit codes out.

Data goes to stdout, everything else to stderr. What is heavy (Prefect, SQLAlchemy, TA-Lib) is
imported inside the command that needs it, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.accounts.app import accounts_app
from cli.accounts.twin import register_on as register_twin
from cli.agents.app import agents_app
from cli.command_settings import DataDir, Json, command_settings, print_json
from cli.decisions.app import decisions_app
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.live.app import register_on as register_live
from cli.operate.commands import register_on as register_operate

app = typer.Typer(
    name="perpflow",
    help="AI crypto-perpetuals trading arena: every decision explained, every order accounted for.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_app = typer.Typer(help="Show and check the configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")
app.add_typer(accounts_app, name="accounts")
app.add_typer(agents_app, name="agents")
app.add_typer(decisions_app, name="decisions")
register_operate(app, accounts_app)
register_live(accounts_app)
register_twin(accounts_app)

Config = Annotated[
    Path | None,
    typer.Option("--config", help="Accounts file; default ./accounts.yaml, else a demo."),
]


def run() -> None:
    """Console entry: runs a command and ends with its exit code."""
    from adapters.config.problems import ConfigurationError

    try:
        app()
    except ConfigurationError as error:
        _complain(_problems_text(error))
        sys.exit(ExitCode.INVALID_CONFIGURATION)
    except CommandFailed as failure:
        _complain(f"perpflow: {failure}")
        sys.exit(failure.code)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)


Market = Annotated[str | None, typer.Option(help="simulated (default), recorded or aster.")]
Data = Annotated[Path | None, typer.Option(help="Folder with recorded candles.")]
NetworkName = Annotated[str | None, typer.Option(help="Of AsterDEX: mainnet (default) or testnet.")]


@app.command()
def up(  # noqa: PLR0913 - each option is a parameter; that is how Typer declares them
    *,
    market: Market = None,
    data: Data = None,
    network: NetworkName = None,
    speed: Annotated[
        float | None,
        typer.Option(help="Market seconds per real second; default 60, and 1 for aster."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the simulated market; default 7.")] = None,
    config: Config = None,
    llm: Annotated[
        bool, typer.Option("--llm", help="The demo with language models; needs OPENROUTER_API_KEY.")
    ] = False,
    host: Annotated[
        str | None, typer.Option(help="Address of the dashboard; default 0.0.0.0.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Of the dashboard; default 3000.")] = None,
    prefect_port: Annotated[int | None, typer.Option(help="Of Prefect; default 4200.")] = None,
    data_dir: DataDir = None,
    once: Annotated[
        bool, typer.Option("--once", help="One cycle of every account, then stop.")
    ] = False,
    new_link: Annotated[
        bool, typer.Option("--new-link", help="Make another operator link.")
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Go on in the background once everything is ready.")
    ] = False,
) -> None:
    """Start everything: database, Prefect, API and dashboard, one flow per account."""
    settings, environ = command_settings(
        PERPFLOW_MARKET=market,
        PERPFLOW_MARKET_DATA=data,
        PERPFLOW_NETWORK=network,
        PERPFLOW_SPEED=speed,
        PERPFLOW_SEED=seed,
        PERPFLOW_CONFIG=config,
        PERPFLOW_LLM=llm or None,
        API_HOST=host,
        API_PORT=port,
        PERPFLOW_PREFECT_PORT=prefect_port,
        PERPFLOW_HOME=data_dir,
    )
    from cli.up.record import require_not_running

    require_not_running(settings.home)  # before the imports that a start needs
    from cli.up.command import run_up

    raise typer.Exit(run_up(settings, environ, once=once, new_link=new_link, in_background=detach))


@app.command()
def down(*, data_dir: DataDir = None) -> None:
    """Stop what `up` started; positions stay."""
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.arena_control import stop_arena

    typer.echo(stop_arena(settings.home), err=True)


@app.command()
def status(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """One screen about the running arena; ends with 1 when something is wrong with it."""
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.status import exit_code, fetch_status
    from cli.status_screen import show_status

    found = fetch_status(settings)
    print_json(found) if as_json else show_status(found)
    raise typer.Exit(exit_code(found))


@app.command()
def logs(
    part: Annotated[str | None, typer.Argument(help="Default: all parts.")] = None,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")
    ] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Of each part.")] = 20,
    data_dir: DataDir = None,
) -> None:
    """The ends of the parts' logs."""
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.logs import choose_logs, follow_logs, show_logs

    chosen = choose_logs(settings.home, part)
    show_logs(chosen, lines=lines, write=typer.echo)
    if follow:
        follow_logs(chosen, write=typer.echo)


@app.command()
def leaderboard(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """The accounts, best total return first."""
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.arena_control import running_url
    from cli.console import stdout_console
    from cli.leaderboard import fetch_leaderboard, show_leaderboard

    found = fetch_leaderboard(running_url(settings))
    if as_json:
        print_json({"schema_version": 1, **found})
    else:
        show_leaderboard(found, stdout_console())


@app.command()
def doctor(
    *,
    account: Annotated[
        str | None, typer.Option("--account", help="Its keys and its venue account instead.")
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Check what the arena needs, with a fix for what is missing."""
    from cli.doctor.command import run_doctor

    overrides = {"PERPFLOW_CONFIG": config, "PERPFLOW_HOME": data_dir}
    raise typer.Exit(run_doctor(overrides, account_id=account, as_json=as_json))


@app.command()
def version(*, as_json: Json = False) -> None:
    """The versions to name in a report."""
    from cli.version import versions

    found = versions()
    if as_json:
        print_json({"schema_version": 1, **found})
    else:
        for name, value in found.items():
            typer.echo(f"{name:<12} {value}")


@config_app.command("show")
def config_show(*, config: Config = None, as_json: Json = False) -> None:
    """The configuration as it applies; of secrets only whether they are set."""
    settings, environ = command_settings(PERPFLOW_CONFIG=config)
    from cli.configuration import describe
    from cli.configuration_screen import show_configuration

    found = describe(settings, environ)
    print_json(found) if as_json else show_configuration(found)


@config_app.command("validate")
def config_validate(
    *, config: Config = None, market: Market = None, data: Data = None, network: NetworkName = None
) -> None:
    """Every problem of the configuration, with file and line, on the market that `up` would use."""
    settings, environ = command_settings(
        PERPFLOW_CONFIG=config,
        PERPFLOW_MARKET=market,
        PERPFLOW_MARKET_DATA=data,
        PERPFLOW_NETWORK=network,
    )
    from cli.configuration import validate

    typer.echo(validate(settings, environ))


@config_app.command("schema")
def config_schema() -> None:
    """The JSON Schema of the accounts file, for editors."""
    from adapters.config.schema import accounts_schema

    print_json(accounts_schema())


def _problems_text(error: Any) -> str:
    count = len(error.problems)
    noun = "problem" if count == 1 else "problems"
    return f"perpflow: the configuration has {count} {noun}:\n{error}"


def _complain(text: str) -> None:
    typer.echo(text, err=True)


if __name__ == "__main__":
    run()
