"""`prh push` and `prh pull`: a data folder to a dataset repository on the hub, and back."""

from typing import Annotated

import typer

from ingest.cli.console import TerminalProgress, err, literal, out
from ingest.cli.options import Data, NoPublish, ids
from ingest.cli.work import publish as publish_warehouse
from ingest.cli.work import workspace
from ingest.hub.files import FEATURES, PARTS, WAREHOUSE, WHAT
from ingest.hub.remote import Wanted

Repository = Annotated[
    str, typer.Argument(help="OWNER/NAME, or hf://datasets/OWNER/NAME@BRANCH.", metavar="REPO")
]
What = Annotated[
    list[str] | None,
    typer.Option(
        "--what",
        help=f"Which files: {', '.join(WHAT)}; may be repeated. Features bring the parts that "
        "describe them.",
    ),
]
Datasets = Annotated[
    list[str] | None,
    typer.Option("--dataset", help="Features on this dataset alone; may be repeated."),
]
FeatureModels = Annotated[
    str, typer.Option("--models", help="Features of these models alone, separated by commas.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Tell every file and its bytes, and change nothing.")
]


def push(
    repository: Repository,
    what: What = None,
    datasets: Datasets = None,
    models: FeatureModels = "",
    public: Annotated[
        bool,
        typer.Option("--public/--private", help="Of a repository that is made: for everybody."),
    ] = False,
    captions: Annotated[
        bool,
        typer.Option(
            "--captions/--no-captions",
            help="Whether captions and picture names of samples go along; else their ids alone.",
        ),
    ] = False,
    delete_local: Annotated[
        bool,
        typer.Option(
            "--delete-local",
            help="Delete feature files here once the hub confirms their hash; `prh pull` brings "
            "them back.",
        ),
    ] = False,
    licenses_checked: Annotated[
        bool,
        typer.Option(
            "--licenses-checked",
            help="Push to a public repository although licenses of datasets limit it, or do not "
            "say: you made sure that you may.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace feature files there that differ.")
    ] = False,
    dry_run: DryRun = False,
    data: Data = None,
) -> None:
    """Push features, parts and the warehouse to a dataset repository on the hub.

    The repository is made, private unless --public, with a data card (sources and licenses) and
    Croissant metadata. Files that it has, by their hash, are not sent again: a push that was killed
    goes on where it was. Captions stay here unless --captions; pictures always do. The token is
    that of `hf auth login` or HF_TOKEN.
    """
    from ingest.catalog.addresses import read_repository
    from ingest.hub.push import push as push_to

    place, address = workspace(data), read_repository(repository)
    wanted = _wanted(what or list(WHAT), datasets, models, overwrite, dry_run)
    with TerminalProgress() as progress:
        done = push_to(
            place,
            address,
            wanted,
            progress,
            public=public,
            captions=captions,
            delete_local=delete_local,
            licenses_checked=licenses_checked,
        )
    for one in done.limited:
        _say(f"{one.name}: its license limits, or does not say, who may pass it on ({one.license})")
    state = "private" if done.remote.private else "public"
    verb = "Would push" if dry_run else "Pushed"
    _list(done.files if dry_run else [])
    _say(
        f"{verb} {len(done.files):,} files, {done.bytes / 1e6:,.1f} MB, to {address} ({state}); "
        f"{done.there:,} were there."
    )
    if done.deleted:
        _say(
            f"Deleted {done.deleted:,} feature files here; `prh pull {repository} --what features` "
            "brings them back."
        )
    _end(done.refused)


def pull(
    repository: Repository,
    what: What = None,
    datasets: Datasets = None,
    models: FeatureModels = "",
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace feature files and a warehouse here that differ."),
    ] = False,
    dry_run: DryRun = False,
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Pull features and parts of a dataset repository into a data folder, and publish.

    Every file is held against the hash that the hub lists before it lies where it is used; what is
    here already is not asked for, what differs here is named and left alone, and a pull that was
    killed goes on where it was. `--what warehouse` brings the published database itself.
    """
    from ingest.catalog.addresses import read_repository
    from ingest.hub.pull import pull as pull_from

    place, address = workspace(data), read_repository(repository)
    chosen = what or [FEATURES, PARTS]
    with TerminalProgress() as progress:
        done = pull_from(
            place, address, _wanted(chosen, datasets, models, overwrite, dry_run), progress
        )
    _list(done.files if dry_run else [])
    _say(
        f"{'Would pull' if dry_run else 'Pulled'} {len(done.files):,} files, "
        f"{done.bytes / 1e6:,.1f} MB, of {address} at {str(done.remote.commit)[:10]}; "
        f"{done.there:,} were here."
    )
    if not dry_run and not no_publish and WAREHOUSE not in chosen:
        publish_warehouse(place)
    _end(done.refused)


def _wanted(
    what: list[str], datasets: list[str] | None, models: str, overwrite: bool, dry_run: bool
) -> Wanted:
    unknown = [name for name in what if name not in WHAT]
    if unknown:
        raise typer.BadParameter(f"--what should be one of {', '.join(WHAT)}, got {unknown[0]!r}")
    return Wanted(
        what=what,
        datasets=datasets or (),
        models=ids(models),
        overwrite=overwrite,
        dry_run=dry_run,
    )


def _list(files: list[tuple[str, int]]) -> None:
    """Print files and their bytes, for whoever tries what would be done."""
    for path, size in files:
        out.print(literal(f"{size:>15,}  {path}"), soft_wrap=True)


def _say(sentence: str) -> None:
    err.print(literal(sentence), soft_wrap=True)


def _end(refused: list) -> None:
    for item in refused:
        err.print(literal(f"  left out: {item.reason}"), style="red", soft_wrap=True)
    if refused:
        raise typer.Exit(1)
