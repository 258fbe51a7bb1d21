"""The files on the road of a figure of the paper, from a catalog record to its picture.

A road is what runs and what is read: the commands of the figure and all they import, the modules
that append the tables its page asks, the page and all it imports, the SQL that the page asks, and
the schema and publish files of every table and view in it. `python -m tests.docs.roads` writes
these lists into docs/architecture.md.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import grimp

from ingest.extract.loaders import _HOMES
from prh_core.warehouse import filling, schema
from tests.docs.markdown import DOCS, ROOT

PAGE = DOCS / "architecture.md"


class Figure(NamedTuple):
    """A figure of the paper: where it is shown, and which commands fill it."""

    name: str
    topic: str
    commands: tuple[str, ...]
    """Modules of ingest.cli."""
    data: tuple[str, ...] = ()
    """Files that are read besides catalog records."""


FIGURES = (
    Figure("Fig. 2", "competence", ("study", "probes")),
    Figure("Fig. 3", "alignment", ("study", "bits")),
    Figure("Fig. 8", "color", ("color",), ("ingest/experiments/color/xkcd.csv",)),
    Figure("Fig. 9", "captions", ("captions",)),
)
PRODUCERS = {
    "averaged_scores": "ingest.experiments.captions.averages",
    "batch_scores": "ingest.pipeline.scoring",
    "benchmarks": "ingest.experiments.imports.harness",
    "bits": "ingest.experiments.bits.rows",
    "caption_differences": "ingest.experiments.captions.run",
    "caption_sets": "ingest.experiments.captions.run",
    "caption_summaries": "ingest.experiments.captions.summaries",
    "class_scores": "ingest.experiments.sizes.run",
    "color_layers": "ingest.experiments.color.word_embeddings",
    "color_layouts": "ingest.experiments.color.layouts",
    "color_pairs": "ingest.experiments.color.layouts",
    "color_points": "ingest.experiments.color.layouts",
    "competence": "ingest.experiments.probes.run",
    "datasets": "ingest.pipeline.run",
    "feature_sets": "ingest.pipeline.features",
    "hubness": "ingest.experiments.nesting.run",
    "imported_bits": "ingest.experiments.imports.table",
    "imported_scores": "ingest.experiments.imports.table",
    "many_to_many": "ingest.experiments.sizes.many",
    "maps": "ingest.pipeline.maps",
    "matchings": "ingest.experiments.unpaired.run",
    "metric_checks": "ingest.experiments.checks.run",
    "metrics": "prh_core.warehouse.filling",
    "models": "ingest.pipeline.run",
    "neighbor_layers": "ingest.experiments.neighbors.layers",
    "nesting": "ingest.experiments.nesting.run",
    "null_scores": "ingest.experiments.nulls.run",
    "picture_statistics": "ingest.experiments.neighbors.traits",
    "runs": "ingest.pipeline.run",
    "sample_agreement": "ingest.experiments.neighbors.agreement",
    "sample_labels": "ingest.experiments.neighbors.traits",
    "sample_neighbors": "ingest.experiments.neighbors.layers",
    "sample_thumbnails": "ingest.experiments.neighbors.thumbnails",
    "samples": "ingest.pipeline.run",
    "saturation_laws": "ingest.experiments.captions.laws",
    "scores": "ingest.pipeline.scoring",
    "self_agreement": "ingest.pipeline.ceilings",
    "simulated_nulls": "ingest.experiments.nulls.confounds",
    "size_curves": "ingest.experiments.sizes.run",
    "theory_runs": "ingest.experiments.theory.run",
    "theory_scores": "ingest.experiments.theory.run",
    "theory_steps": "ingest.experiments.theory.run",
    "thumbnails": "ingest.experiments.neighbors.thumbnails",
    "training_measures": "ingest.training.probe",
    "training_scores": "ingest.training.probe",
}
"""By table, the module that appends its rows."""
STAGES = (
    ("Catalog records", "ingest/catalog/"),
    ("Datasets and tasks", "ingest/datasets/"),
    ("Networks to layers", "ingest/extract/"),
    ("Feature files, parts", "ingest/store/"),
    ("Studies and scores", "ingest/pipeline/"),
    ("Experiments", "ingest/experiments/"),
    ("Commands", "ingest/"),
    ("Schema, publishing, the door", "prh_core/warehouse/"),
    ("Mathematics", "prh_core/"),
    ("What pages share", "pages/ui/"),
    ("The page", ""),
)
"""In the order of the road, and what the paths of each begin with; the first that fits counts."""


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph("prh_core", "ingest", "pages", cache_dir=None)


def file_of(module: str) -> str:
    """Return the path of a module's file within the project."""
    path = Path(*module.split("."))
    file = path.with_suffix(".py")  # beside which a folder of the same name may hold SQL
    return (file if (ROOT / file).exists() else path / "__init__.py").as_posix()


def imported(modules: Iterable[str]) -> set[str]:
    """Return modules and all they import, late imports and packages round them among these."""
    closure: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in closure:
            continue
        closure.add(module)
        waiting += _graph().find_upstream_modules(module)
        waiting += [module.rpartition(".")[0]] if "." in module else []
        if module == "ingest.extract.loaders":  # imported by name when a model is opened
            waiting += [f"ingest.extract.{home}" for home in _HOMES]
    return closure


def asked_sql(topic: str) -> set[str]:
    """Return the SQL files that a page asks: beside it, and those of shared queries it calls."""
    folder = ROOT / "pages" / topic
    shared = ROOT / "pages" / "ui" / "queries"
    called = {
        node.attr
        for module in imported([f"pages.{topic}.page"])
        if module.startswith("pages.")
        for node in ast.walk(ast.parse((ROOT / file_of(module)).read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    tree = ast.parse((shared / "__init__.py").read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    names: set[str] = set()
    waiting = [name for name in functions if name in called]
    while waiting:
        for node in ast.walk(functions[waiting.pop()]):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id == "_answer" and isinstance(node.args[0], ast.Constant):
                    names.add(str(node.args[0].value))
                elif node.func.id in functions and node.func.id not in names:
                    waiting.append(node.func.id)
    files = [*folder.glob("*.sql"), *(shared / f"{name}.sql" for name in names)]
    return {file.relative_to(ROOT).as_posix() for file in files}


@cache
def _definitions() -> dict[str, tuple[str, str]]:
    """Return the schema file and the SQL of every table and view."""
    made: dict[str, tuple[str, str]] = {}
    for subject in schema.subjects():
        for match in re.finditer(r"CREATE (?:TABLE|VIEW) (\w+)(.*?;)\n", subject.sql, re.S):
            made[match[1]] = (f"prh_core/warehouse/schema/{subject.name}.sql", match[2])
    for name in filling.DERIVED:
        file, sql = made[name]
        deriving = ROOT / "prh_core" / "warehouse" / "derive" / f"{name}.sql"
        made[name] = (file, sql + deriving.read_text(encoding="utf-8"))
    return made


def relations(files: Iterable[str]) -> set[str]:
    """Return the tables and views that SQL files ask, and those that these views ask."""
    names: set[str] = set()
    texts = [(ROOT / file).read_text(encoding="utf-8") for file in files]
    while texts:
        words = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", texts.pop()))
        for name in words & set(_definitions()) - names:
            names.add(name)
            texts.append(_definitions()[name][1])
    return names


def road(figure: Figure) -> set[str]:
    """Return the path of every file on a figure's road."""
    sql = asked_sql(figure.topic)
    asked = relations(sql)
    stored = asked & set(filling.tables())
    modules = [f"ingest.cli.{command}" for command in figure.commands]
    modules += [PRODUCERS[table] for table in stored]
    modules += ["ingest.cli.results", f"pages.{figure.topic}.page"]
    files = {file_of(module) for module in imported(modules)}
    files |= sql | {_definitions()[name][0] for name in asked}
    files |= {f"prh_core/warehouse/publish/{table}.sql" for table in stored}
    files |= {f"ingest/catalog/{path.name}" for path in (ROOT / "ingest/catalog").glob("*.toml")}
    files |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "prh_core").rglob("*.sql")}
    return files | set(figure.data) | {"app.py", "ingest/cli/main.py", "ingest/cli/commands.py"}


def roads() -> dict[str, set[str]]:
    """Return the files that all figures share, and by figure those of its own."""
    by_figure = {figure.name: road(figure) for figure in FIGURES}
    shared = set.intersection(*by_figure.values())
    return {"Shared": shared, **{name: files - shared for name, files in by_figure.items()}}


def heading(file: str) -> str:
    """Return what a file says of itself in its first sentence."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if file.endswith(".py"):
        line = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0].replace("\n", " ")
    elif comment := re.match(r"(?:^(?:--|#) ?[^\n]*\n)+", text, re.M):
        said = " ".join(part.lstrip("-# ") for part in comment[0].splitlines())
        said = re.sub(r"^Version \d+\. ", "", said)
        line = re.split(r"(?<=[a-z)])(?<!Fig)\. ", said)[0].rstrip(".") + "."
    else:
        line = {".csv": "Color words and their values.", ".toml": "Records."}[Path(file).suffix]
    return line


def stage(file: str) -> int:
    """Return the place of a file's stage on the road."""
    return next(at for at, (_, prefix) in enumerate(STAGES) if file.startswith(prefix))


def lines(files: set[str]) -> Iterator[str]:
    """Write files as lists, a stage each."""
    for at, (title, _) in enumerate(STAGES):
        own = sorted(file for file in files if stage(file) == at)
        if own:
            yield f"\n*{title}*\n"
            yield from (f"- `{file}` {heading(file)}" for file in own)


def listed(text: str) -> dict[str, set[str]]:
    """Return the files that the page lists, by section."""
    return {
        name: set(re.findall(r"^- `([^`]+)`", part, re.M))
        for name, part in re.findall(r"<!-- files: (.+?) -->\n(.*?)<!-- end -->", text, re.S)
    }


def write() -> None:
    """Write the lists between their marks into the page."""
    text = PAGE.read_text(encoding="utf-8")
    for name, files in roads().items():
        block = "\n".join(lines(files))
        text, count = re.subn(
            rf"(<!-- files: {re.escape(name)} -->\n).*?(<!-- end -->)",
            lambda match, block=block: f"{match[1]}{block}\n\n{match[2]}",
            text,
            flags=re.S,
        )
        assert count == 1, f"{PAGE.name} has no mark for {name}"
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")


if __name__ == "__main__":
    write()
