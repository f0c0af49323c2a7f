"""`perpflow agents ...`: what language models are told, what one would decide now, and two side by side.

Only `twin` changes the arena: it adds an account. Heavy imports stay inside the commands.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.command_settings import DataDir, Json, command_settings, print_json

agents_app = typer.Typer(
    help="Prompts of language models, one decision without an order, two agents side by side.",
    no_args_is_help=True,
)


@agents_app.command("prompts")
def agents_prompts(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """All prompts: name, version, where from, what it is for."""
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.agents.prompts import list_prompts, show_prompts
    from cli.prompt_files import prompt_folder_of_arena

    found = list_prompts(prompt_folder_of_arena(settings))
    print_json(found) if as_json else show_prompts(found)


@agents_app.command("prompt")
def agents_prompt(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the prompt.")],
    *,
    account: Annotated[
        str | None,
        typer.Option("--account", help="Fill it for this account; else as it is written."),
    ] = None,
    diff: Annotated[
        str | None,
        typer.Option(
            "--diff",
            metavar="OTHER",
            help="From another prompt to this one; `last`: from what the account's model was told last.",
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """A prompt as the model of an account reads it, or how it differs from another."""
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.agents.prompts import run_prompt
    from cli.terminal_text import shown

    typer.echo(shown(run_prompt(settings, name, account_id=account, other=diff)))


@agents_app.command("decide")
def agents_decide(
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its id.")],
    *,
    asset: Annotated[
        list[str] | None, typer.Option("--asset", help="Only this one; may be repeated.")
    ] = None,
    messages: Annotated[
        bool, typer.Option("--messages", help="Also what the model is told.")
    ] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Ask the account's model for one decision now. No order; it is paid for and stored."""
    settings, environ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.agents.asking import run_decide

    raise typer.Exit(
        run_decide(
            settings, environ, account_id, asset or [], with_messages=messages, as_json=as_json
        )
    )


@agents_app.command("twin")
def agents_twin(
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its id.")],
    *,
    prompt: Annotated[str | None, typer.Option(help="The prompt of the other one.")] = None,
    model: Annotated[str | None, typer.Option(help="The model of the other one.")] = None,
    new_id: Annotated[
        str | None, typer.Option("--id", help="Of the other one; else made of both names.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Add a paper account alike but for its prompt or model, to compare the two."""
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.agents.pairing import run_twin

    run_twin(settings, account_id, prompt=prompt, model=model, new_id=new_id)


@agents_app.command("compare")
def agents_compare(
    first: Annotated[str, typer.Argument(metavar="A", help="An account.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    *,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Two accounts side by side: return, drawdown, trades, and what their models cost."""
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.agents.comparing import fetch_pair, show_pair
    from cli.arena_control import running_url

    found = fetch_pair(running_url(settings), first, second)
    print_json({"schema_version": 1, "accounts": found}) if as_json else show_pair(found)
