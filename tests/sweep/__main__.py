"""Run the sweeps that are too long for the suite, and write docs/architectures.md.

    python -m tests.sweep [language] [vision] [files] [--anew]

What is done is kept in .sweep/, a line an architecture, so a killed sweep goes on where it was;
--anew forgets it. Mutated files are always run anew.
"""

import json
import platform
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import torch

from ingest.cli.console import TerminalProgress
from tests.sweep.outcome import Outcome

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ROOT / ".sweep"
DOCUMENT = ROOT / "docs" / "architectures.md"
DAMAGED = ROOT / "docs" / "damaged-files.md"
NO_TEXT = "reads no text"
MUTATIONS, SEED = 1000, 7


def main(wanted: Sequence[str]) -> int:
    """Run what is wanted, all by default; return 1 where something failed."""
    kinds = [word for word in wanted if not word.startswith("-")] or ["language", "vision", "files"]
    torch.set_num_threads(1)
    KEPT.mkdir(exist_ok=True)
    failed = False
    for kind in kinds:
        if kind == "files":
            failed |= _files()
            continue
        file = _file(kind)
        if "--anew" in wanted:
            file.unlink(missing_ok=True)
        outcomes = _architectures(kind, file)
        failed |= any(o.verdict in ("different", "traceback") for o in outcomes)
    if _file("language").exists() and _file("vision").exists():
        DOCUMENT.write_text(document(_read(_file("language")), _read(_file("vision"))))
    return int(failed)


def _file(kind: str) -> Path:
    library = {"language": "transformers", "vision": "timm"}[kind]
    return KEPT / f"{library}-{version(library)}.jsonl"


def _read(file: Path) -> list[Outcome]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [Outcome(*json.loads(line)) for line in lines]


def _architectures(kind: str, file: Path) -> list[Outcome]:
    if kind == "language":
        from tests.sweep import language as room
    else:
        from tests.sweep import vision as room
    done = {outcome.name for outcome in _read(file)}
    names = room.architectures()
    with TerminalProgress() as progress, file.open("a", encoding="utf-8") as kept:
        progress.start(f"Architectures: {kind}", len(names))
        progress.advance(len(done))
        for name in names:
            if name in done:
                continue
            for outcome in room.sweep([name]):
                told = outcome or Outcome(name, "not built", NO_TEXT)
                kept.write(json.dumps(told) + "\n")
                kept.flush()
                if told.verdict in ("different", "traceback"):
                    progress.note(f"{name}: {told.verdict}, {told.why}")
            progress.advance(1)
        progress.done()
    return _read(file)


def _files() -> bool:
    from tests.sweep import mutate

    counts: dict[str, dict[str, int]] = {}
    for kind, found in mutate.run(MUTATIONS, SEED).items():
        together = counts.setdefault("images" if kind.startswith("image ") else kind, {})
        for verdict, number in found.items():
            together[verdict] = together.get(verdict, 0) + number
    DAMAGED.write_text(damaged(counts))
    return any(number for verdicts in counts.values() for verdict, number in verdicts.items()
               if verdict not in ("read", "refused"))  # fmt: skip


def damaged(counts: Mapping[str, Mapping[str, int]]) -> str:
    """Return the document of mutated files."""
    verdicts = list(dict.fromkeys(v for found in counts.values() for v in found))
    total = sum(sum(found.values()) for found in counts.values())
    rows = [
        f"| {kind} | {' | '.join(f'{found.get(v, 0):,}' for v in verdicts)} |"
        for kind, found in counts.items()
    ]
    return f"""# Damaged files

`make sweep` damages whole files of every kind that users bring, one to three things wrong in each
(bits, bytes and stretches changed, cut, doubled or exchanged; values of JSON and TOML replaced),
and reads them as the commands do. read: what the damage left can be read. refused: one sentence, an
error with a name. {total:,} files with seed {SEED}, {platform.machine()}, Python
{platform.python_version()}; the suite runs a slice of a few seconds.

| kind | {" | ".join(verdicts)} |
|---|{"---:|" * len(verdicts)}
{chr(10).join(rows)}
"""


def document(language: Iterable[Outcome], vision: Iterable[Outcome]) -> str:
    """Return the document of architectures."""
    from tests.sweep.vision import PARAMETERS

    return f"""# Which architectures are read

`make sweep` builds every architecture of transformers {version("transformers")} that reads text,
and of timm {version("timm")} every one of up to {PARAMETERS // 10**6} million parameters and the
smallest of every class, with random weights and as small as its configuration allows, extracts
features through the road that users take, and holds them against the library's own intermediates,
computed apart. Tiny networks with random weights show that the right numbers are read, not that
they mean anything.

equal: to rounding. refused: one sentence says what cannot be read. different: features without a
word that they are not the library's. traceback: an error without a name. not built: the library
itself does not build or run the architecture at a small size with the tools here, so nothing is
claimed.

Measured on {platform.machine()}, CPU, float32, torch {torch.__version__}.

{"".join(_part("Language: transformers", [o for o in language if o.why != NO_TEXT]))}
{"".join(_part("Vision: timm", list(vision)))}"""


def _part(title: str, outcomes: Sequence[Outcome]) -> Iterator[str]:
    counts = Counter(outcome.verdict for outcome in outcomes)
    order = ("equal", "refused", "different", "traceback", "not built")
    yield f"## {title}\n\n| {' | '.join(order)} | all |\n|{'---:|' * (len(order) + 1)}\n"
    yield f"| {' | '.join(f'{counts[v]:,}' for v in order)} | {len(outcomes):,} |\n\n"
    for verdict in ("different", "traceback", "refused", "not built"):
        chosen = [o for o in outcomes if o.verdict == verdict]
        if not chosen:
            continue
        yield f"### {verdict.capitalize()}\n\n"
        reasons: dict[str, list[str]] = {}
        for outcome in chosen:
            reasons.setdefault(_plain(outcome.why), []).append(outcome.name)
        for why, names in sorted(reasons.items(), key=lambda item: -len(item[1])):
            yield f"- {', '.join(f'`{name}`' for name in names)}: {why}\n"
        yield "\n"
    yield "### Equal\n\n"
    yield ", ".join(f"`{o.name}`" for o in outcomes if o.verdict == "equal") + "\n\n"


def _plain(why: str) -> str:
    """Return a reason without what makes a table of it, nor the figures of one architecture."""
    why = re.sub(r"hidden\.\d+ \(pooling[^)]*\)", "some state", re.sub(r"row \d+ ", "a row ", why))
    return " ".join(why.replace("|", "/").split())[:240].rstrip(":")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
