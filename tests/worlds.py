"""Small warehouses for tests, filled through the real code: features, scoring, parts, publish.

The features are planted: every model sees the same latent samples through a random projection and
its own noise, so alignment falls with noise and a model without signal stays at chance.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import polars as pl
from PIL import Image

from ingest.catalog import load_catalog
from ingest.catalog.records import DatasetRecord, Modality, ModelRecord
from ingest.datasets import Dataset
from ingest.datasets.caption_sets import CaptionSet, build_sets, parse_set, with_captions
from ingest.experiments.captions.averages import Averaged, score_averages
from ingest.experiments.captions.run import Compared, compare_sets, record_set
from ingest.experiments.color.cooccurrence import lay_out_pictures, picture_unit
from ingest.experiments.color.layouts import Choices
from ingest.experiments.color.pictures import Pictures
from ingest.experiments.color.word_embeddings import (
    WordEmbeddings,
    language_units,
    lay_out_embeddings,
)
from ingest.experiments.color.words import shipped_words
from ingest.experiments.imports.results import Results, store
from ingest.experiments.neighbors.plan import Choices as Neighborhoods
from ingest.experiments.neighbors.run import store_neighbors
from ingest.experiments.neighbors.thumbnails import store_thumbnails
from ingest.experiments.neighbors.traits import store_labels, store_picture_statistics
from ingest.experiments.nesting.run import measure_nesting, plan_nesting
from ingest.experiments.nulls.confounds import plan_confounds, simulate_confounds
from ingest.experiments.nulls.plan import NullChoices, plan_nulls
from ingest.experiments.nulls.run import draw_nulls
from ingest.experiments.sizes.many import hold_beside_many, plan_many
from ingest.experiments.sizes.plan import CurveChoices, plan_curves
from ingest.experiments.sizes.run import draw_curves, score_in_classes
from ingest.experiments.unpaired.plan import MatchChoices, plan_matchings
from ingest.experiments.unpaired.run import match_models
from ingest.pipeline.ceilings import compute_self_agreement, plan_ceilings, plan_split_halves
from ingest.pipeline.features import record_features
from ingest.pipeline.maps import map_models
from ingest.pipeline.run import Run, record_dataset, record_model
from ingest.pipeline.scores.plan import FeatureFile, Setting, open_features, plan, settings_for
from ingest.pipeline.scoring import score_missing
from ingest.pipeline.stored import stored_dataset
from ingest.pipeline.study import Study
from ingest.progress import Silent
from ingest.store.features import FeatureHeader, read_layers, unit_key
from ingest.store.workspace import Workspace
from prh_core.metrics import get_metric
from prh_core.warehouse import filling
from prh_core.warehouse.reading import open_readonly


def query(path: Path, sql: str) -> pl.DataFrame:
    """Ask a published warehouse in SQL."""
    with open_readonly(path) as connection:
        return connection.sql(sql).pl()


@contextmanager
def edited(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a published warehouse to change rows of; what is derived of them is derived anew."""
    with duckdb.connect(str(path)) as connection:
        yield connection
        for table in filling.DERIVED:
            connection.execute(f"DELETE FROM {table}")
        filling.derive(connection)


class PlantedModel(NamedTuple):
    """A model of a planted world."""

    id: str
    modality: Modality
    family: str
    layers: int
    width: int
    noise: float
    trained: bool = True


MODELS = (
    PlantedModel("lang-small", "language", "Lang A", 4, 24, 2.0),
    PlantedModel("lang-large", "language", "Lang A", 6, 32, 0.6),
    PlantedModel("lang-other", "language", "Lang B", 3, 16, 1.2),
    PlantedModel("lang-random", "language", "random weights", 3, 16, 1e6, False),
    PlantedModel("vis-small", "vision", "Vis A", 3, 20, 1.5),
    PlantedModel("vis-large", "vision", "Vis A", 5, 40, 0.5),
    PlantedModel("vis-other", "vision", "Vis B", 4, 16, 1.0),
    PlantedModel("vis-random", "vision", "random weights", 3, 16, 1e6, False),
)
MUTUAL = settings_for(["mutual_knn"], [5, 10], ["exact", "mean"], permutations=19)
OTHERS = settings_for(["cka", "cknna", "cycle_knn", "procrustes"], [10], ["exact"], permutations=19)
"""Without k, of either direction, asymmetric, and a distance."""
SETTINGS = (*MUTUAL, *OTHERS)
PAIRED = (
    *settings_for(["mutual_knn"], [5, 10], ["exact"], permutations=19),
    *settings_for(["cka", "cycle_knn"], [5, 10], ["exact"], permutations=0),
)
"""Of models of one modality with each other: some calibrated, some not."""
WITHIN = 2 * sum(6 if get_metric(s.metric).symmetric else 12 for s in PAIRED)
"""Scores among the four vision models of `MODELS`, and among its four language models."""
CURVED = ("lang-large", "vis-large", "vis-small")
"""Models whose pairs have curves over the number of samples."""
TASKS = ("natural", "specialized", "structured")
"""Planted tasks, one of each of VTAB's groups."""
TRAININGS = {"rising": 0.3, "level": 0.0}
"""Planted trainings, and by how much the last layer of each comes closer in 100 steps."""
TRAINING_STEPS = (0, 10, 20, 40, 60)
CEILINGS = settings_for(["mutual_knn"], [10], ["exact"])


def build_world(
    home: Path,
    *,
    n: int = 60,
    models: tuple[PlantedModel, ...] = MODELS,
    settings: tuple[Setting, ...] = SETTINGS,
    dataset_id: str = "planted",
    publish: bool = True,
    seed: int = 0,
    maps: bool = True,
    studies: bool = True,
) -> Path:
    """Fill a data folder with a planted world and publish it; return the folder.

    Args:
        home: the folder.
        n: samples.
        models: whose features are planted.
        settings: of scores across modalities.
        dataset_id: of the samples.
        publish: make the database.
        seed: of the features.
        maps: lay the models out; a process waits ten seconds for UMAP once.
        studies: draw nulls, simulate theory and whatever else pages show beside scores and skills.
    """
    workspace = Workspace(home)
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, 8)).astype(np.float32)
    dataset = planted_pairs(dataset_id, n)
    with Run(workspace, f"test-run-{dataset_id}") as run:
        record_dataset(workspace, dataset)
        files: dict[str, list[FeatureFile]] = {"language": [], "vision": []}
        for model in models:
            files[model.modality].append(_plant(run, model, latent, dataset, rng))
        score_missing(run, plan(files["language"], files["vision"], settings), Silent())
        for side in files.values():
            score_missing(run, plan(side, side, PAIRED), Silent())
        if maps:
            map_models(run, Silent())
        _plant_bits(run, dataset_id, models)
        _plant_benchmarks(run, models)
        _plant_competence(run, models)
        if studies:
            _study(run, dataset, files, models, rng)
    if publish:
        workspace.warehouse.publish()
    return home


def _study(
    run: Run,
    dataset: Dataset,
    files: dict[str, list[FeatureFile]],
    models: tuple[PlantedModel, ...],
    rng: np.random.Generator,
) -> None:
    """Fill what pages show beside scores and skills."""
    dataset_id = dataset.record.id
    inside = Neighborhoods(score_ks=(10,))
    store_neighbors(run, dataset_id, load_catalog(), Silent(), inside)
    store_thumbnails(run, dataset, Silent())
    store_picture_statistics(run, dataset, Silent())
    classes = [f"class {place % 3}" for place in range(len(dataset))]
    store_labels(run, dataset_id, dataset.row_order, classes, "classes.csv")
    everyone = [*files["language"], *files["vision"]]
    compute_self_agreement(run, plan_split_halves(everyone, CEILINGS), Silent())
    again = _look_again(run, models, files["vision"], dataset, rng)
    compute_self_agreement(run, plan_ceilings(everyone, again, CEILINGS), Silent())
    _test_nesting(run, files)
    _plant_colors(run, models)
    _plant_trainings(run, dataset)
    _simulate_theory(run)
    _check_metrics(run)
    _draw_nulls(run, dataset_id)
    _match_models(run, dataset_id)
    if models is MODELS:
        _draw_curves(run, dataset)


def build_captions(home: Path, *, n: int = 60) -> Path:
    """Fill a data folder with a planted dataset under captions that say more or less; publish it.

    Who is told more sees the samples with less noise; words of other captions are noise alone.
    """
    workspace = Workspace(home)
    # Emoji of animals: pictures a page can show without a file.
    refs = tuple(f"openmoji:{0x1F400 + i:X}" for i in range(n))
    base = replace(planted_pairs("planted", n), image_refs=refs)
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(n, 8)).astype(np.float32)
    models = (MODELS[0], MODELS[1], MODELS[3], MODELS[4], MODELS[5])
    settings = settings_for(["mutual_knn"], [10], ["exact"], permutations=19)
    study = Study(workspace, base, tuple(map(planted_record, models)), (), settings)
    longer = [f"{caption}, a longer one" for caption in base.captions]
    joined = with_captions(parse_set("joined:2"), base, longer)
    sets = [
        with_captions(parse_set("own"), base, base.captions),
        joined,
        with_captions(parse_set("mixed@joined:2"), base, longer[::-1]),
    ]
    with Run(workspace, "test-run-captions") as run:
        vision = [_plant(run, m, latent, base, rng) for m in models if m.modality == "vision"]
        compared: list[Compared] = []
        for chosen, noise in zip(sets, (2.0, 0.5, 1e6), strict=True):
            record_dataset(workspace, chosen.dataset)
            record_set(run, chosen)
            told = [
                _plant(run, m._replace(noise=m.noise * noise), latent, chosen.dataset, rng)
                for m in models
                if m.modality == "language"
            ]
            compared.append(Compared(chosen, plan(told, vision, settings)))
            _plant_bits(run, chosen.dataset.record.id, models)
        score_missing(run, [unit for one in compared for unit in one.units], Silent())
        compare_sets(run, study, compared, Silent())
        _plant_averages(run, study, models, latent, vision, rng)
    workspace.warehouse.publish()
    return home


def _plant_averages(
    run: Run,
    study: Study,
    models: tuple[PlantedModel, ...],
    latent: np.ndarray,
    vision: list[FeatureFile],
    rng: np.random.Generator,
) -> None:
    """Plant four captions an image, each the same seen through noise of its own; average them."""
    base = study.dataset
    captions = [
        with_captions(parse_set(f"caption:{i}"), base, [f"{c}, person {i}" for c in base.captions])
        for i in range(1, 5)
    ]
    told: list[list[FeatureFile]] = []
    for model in (m for m in models if m.modality == "language"):
        views = [rng.normal(size=(latent.shape[1], model.width)) for _ in range(model.layers)]
        told.append([])
        for one in captions:
            record_dataset(run.workspace, one.dataset)
            seen = latent + model.noise * rng.normal(size=latent.shape)
            layers = {f"block {i}": (seen @ v).astype(np.float32) for i, v in enumerate(views)}
            told[-1].append(_keep(run, model, one.dataset, layers))
    own = CaptionSet(parse_set("own"), base, base.record.id)
    sides = Averaged("language", tuple(captions)), Averaged("vision", (own,))
    score_averages(run, study, sides, (told, [[file] for file in vision]), Silent())


def _look_again(
    run: Run,
    models: tuple[PlantedModel, ...],
    files: list[FeatureFile],
    dataset: Dataset,
    rng: np.random.Generator,
) -> dict[str, list[FeatureFile]]:
    """Plant a second view of the vision models: their features and a little noise, by layer."""
    view = build_sets(dataset, ["mirror"], lambda record: dataset)[0].dataset
    record_dataset(run.workspace, view)
    seen: list[FeatureFile] = []
    for model, file in zip((m for m in models if m.modality == "vision"), files, strict=True):
        layers = {
            name: (layer + 0.3 * rng.normal(size=layer.shape)).astype(np.float32)
            for name, layer in zip(file.header.layer_names, read_layers(file.path), strict=True)
        }
        seen.append(_keep(run, model, view, layers))
    return {"pictures mirrored": seen}


def _plant_bits(run: Run, dataset_id: str, models: tuple[PlantedModel, ...]) -> None:
    """Give every language model bits per byte: the less noise, the fewer; the last has none."""
    for model in [m for m in models if m.modality == "language"][:-1]:
        size = 1000
        row = {
            "unit_key": f"bits-{dataset_id}-{model.id}", "run_id": run.run_id,
            "model_id": model.id, "revision": "1", "text": f"{dataset_id} captions",
            "budget": 500, "context": 64, "stride": 32, "starts_with": "bos",
            "dtype": "float32", "device": "test", "finished_at": datetime.now(tz=UTC),
        }  # fmt: skip
        for chunk, counted in ((0, size), (-1, 0)):
            scored = {
                "chunk": chunk, "nats": (1 + model.noise) * math.log(2) * counted,
                "tokens": counted // 2, "bytes": counted, "documents": counted // 20,
            }  # fmt: skip
            part = f"{row['unit_key']}.{chunk:06d}"
            run.workspace.warehouse.append("bits", part, [{**row, **scored}])


def _plant_benchmarks(run: Run, models: tuple[PlantedModel, ...]) -> None:
    """Give every trained model a score on a benchmark of its kind: the less noise, the higher."""
    results = Results()
    for model in models:
        if model.trained:
            row = {
                "model_id": model.id, "measure": "acc", "shots": 5, "stderr": 0.01,
                "benchmark": {"language": "Words", "vision": "Pictures"}[model.modality],
                "score": 1 / (1 + model.noise), "collection": "planted", "named": model.id,
                "source": "tests/worlds.py", "license": "MIT", "note": "Made for a test.",
            }  # fmt: skip
            results.add("benchmarks", row)
    store(run, results, "planted benchmarks")


def _test_nesting(run: Run, files: dict[str, list[FeatureFile]]) -> None:
    sides = plan(files["language"][:3], files["vision"][:3], CEILINGS)
    measure_nesting(run, *plan_nesting(sides), Silent())


def _plant_competence(run: Run, models: tuple[PlantedModel, ...]) -> None:
    """Probe every vision model on three tasks: the less noise, the more it can do."""
    rows = [
        planted_probe(run, model, task, 0.25 + 0.7 / (1 + model.noise) ** (1 + hard / 2))
        for model in models
        if model.modality == "vision"
        for hard, task in enumerate(TASKS)
    ]
    run.workspace.warehouse.append("competence", "planted", rows)


def _plant_colors(run: Run, models: tuple[PlantedModel, ...]) -> None:
    """Lay colors out: words by where CIELAB has them and noise, and those of a drawn picture."""
    choices, words = Choices(starts=10), shipped_words()
    rng = np.random.default_rng(0)
    records = [planted_record(model) for model in models if model.modality == "language"]
    for unit, model in zip(language_units(records, words, choices), models, strict=False):
        layers = {
            f"block {depth}": words.lab + 30 * model.noise * rng.normal(size=words.lab.shape)
            for depth in range(model.layers)
        }
        embeddings = WordEmbeddings(layers, list(layers.values())[-1], "mean", "1")
        rows = lay_out_embeddings(unit.record, words, embeddings, choices, Silent())
        record_model(run, unit.record)
        run.append("color_layouts", unit.key, rows)
    hues = np.linspace(0, 255, 12).astype(np.uint8)
    drawn = np.zeros((24, 24, 3), np.uint8)
    drawn[..., 0], drawn[..., 1] = np.repeat(hues, 2)[:, None], np.repeat(hues, 2)[None]
    picture = Pictures("Planted picture", "tests/worlds.py", "MIT", "none", [drawn], "planted")
    lay_out_pictures(run, picture_unit(picture, choices), choices, Silent())


def _plant_trainings(run: Run, dataset: Dataset) -> None:
    """Let two models learn: one comes closer to both references, one to neither."""
    for training, gain in TRAININGS.items():
        rows = [
            {
                "unit_key": f"probe-{dataset.record.id}-{training}-{step}-{reference}",
                "run_id": run.run_id, "training": training, "model_label": f"Net of {training}",
                "step": step, "reference": reference, "reference_features": None,
                "dataset_id": dataset.record.id, "row_order": dataset.row_order, "n": 40,
                "pooling": "mean", "prompt": "none", "precision": "float32",
                "metric": "mutual_knn", "k": 5, "truncation": "exact", "permutations": 99,
                "seed": 0, "score": 0.4 - step / 1000, "layer": "block 0",
                "reference_layer": "block 2",
                "last_layer_score": 0.2 + gain * step / 100 + 0.01 * place,
                "p_value": 0.01, "null_threshold": 0.19, "set_aside": ["block 9"],
                "probe_seconds": 0.1, "seconds_since": 5.0, "training_version": 1,
                "finished_at": datetime.now(tz=UTC),
            }
            for step in TRAINING_STEPS
            for place, reference in enumerate(("vis-small", "vis-large"))
        ]  # fmt: skip
        run.append("training_scores", f"probe-{dataset.record.id}-{training}", rows)
        run.append("training_measures", f"measures-{dataset.record.id}-{training}", [
            {"training": training, "step": step, "measure": measure, "value": start / (1 + step)}
            for step in TRAINING_STEPS[1:]
            for measure, start in (("loss", 50.0), ("eval_bits_per_byte", 20.0))
        ])  # fmt: skip


def _check_metrics(run: Run) -> None:
    """Plant tests of two metrics on three sets of networks: one passes, one does not."""
    for test, chance in (("shortcut", 0.3), ("depth", 0.0)):
        for metric, score in (("cka", 0.9), ("mutual_knn", chance)):
            for repeat in range(3):
                row = {
                    "test": test, "metric": metric, "k": 10 if metric == "mutual_knn" else None,
                    "repeat": repeat, "measure": "Spearman", "score": score + 0.02 * (repeat - 1),
                    "chance": chance, "networks": 2, "n": 300, "accuracy": 0.9,
                    "checks_version": 1,
                }  # fmt: skip
                run.append("metric_checks", f"{test}-{metric}-{repeat}", [row])


NULLS = ("relabeled", "within-class", "spectrum", "untrained")
CONFOUNDED = ("cka", "unbiased_cka", "mutual_knn")


def _draw_nulls(run: Run, dataset_id: str) -> None:
    """Draw nulls for the planted scores, in classes that say nothing of them; simulate others."""
    stored = stored_dataset(run.workspace, dataset_id)
    classes = [str(place % 4) for place in range(len(stored.sample_ids))]
    choices = NullChoices(NULLS, ("mutual_knn", "cka", "procrustes"), draws=19)
    draw_nulls(run, plan_nulls(run.workspace, stored, choices, classes), Silent(), classes)
    units = plan_confounds(CONFOUNDED, n=24, k=5, ratios=[0.25, 2], depths=[1, 3], draws=3)
    simulate_confounds(run, units, Silent())


def _match_models(run: Run, dataset_id: str) -> None:
    """Match the planted models without pairs, in blocks."""
    stored = stored_dataset(run.workspace, dataset_id)
    choices = MatchChoices(n=20, starts=3)
    units = plan_matchings(run.workspace, stored, choices, pairs="all")
    match_models(run, units, Silent())


def _draw_curves(run: Run, dataset: Dataset) -> None:
    """Score planted pairs over growing n, in classes of 12, and with a second caption each."""
    stored = stored_dataset(run.workspace, dataset.record.id)
    model = next(one for one in MODELS if one.id == CURVED[0])
    own = next(file for file in stored.files if file.header.model_id == model.id)
    rng = np.random.default_rng(1)
    again = {
        name: (layer + 0.5 * rng.normal(size=layer.shape)).astype(np.float32)
        for name, layer in zip(own.header.layer_names, read_layers(own.path), strict=True)
    }
    said = [f"{caption}, too" for caption in dataset.captions]
    second = with_captions(parse_set("caption:2"), dataset, said).dataset
    record_dataset(run.workspace, second)
    _keep(run, model, second, again)
    n = len(stored.sample_ids)
    choices = CurveChoices(("mutual_knn", "cka"), 5, sizes=(n // 4, n // 2, n), orders=1)
    units = plan_curves(run.workspace, stored, choices, CURVED)
    draw_curves(run, units, Silent())
    hold_beside_many(run, plan_many(run.workspace, units, 2, 0), Silent())
    classes = [str(place % 5) for place in range(n)]
    score_in_classes(run, units, classes, "classes.csv", Silent())


def _simulate_theory(run: Run) -> None:
    """Run a few simulations that are over at once: really run, only too short to converge."""
    from ingest.experiments.theory.run import plan_theory, simulate

    units = plan_theory(
        ["ring"], [8], [1], [2.0], ["nce", "infonce"], [0.0, 0.3], [0.5], steps=40, batch=2048
    )
    simulate(run, units, Silent())


def planted_probe(run: Run, model: PlantedModel, task: str, share: float) -> dict[str, object]:
    """Return the row of a linear probe that gets `share` of a task right."""
    return {
        "unit_key": f"probe-{model.id}-{task}", "run_id": run.run_id, "model_id": model.id,
        "revision": "1", "task_id": f"planted-{task}", "task": f"Planted, {task}",
        "task_group": task, "layer": "last", "layer_choice": "last", "pooling": "gap",
        "width": model.width, "accuracy": share, "mean_per_class": share,
        "interval_low": share - 0.05, "interval_high": share + 0.05, "regularizer": 0.1,
        "classes": 4, "train": 80, "test": 20, "source": "tests/worlds.py", "license": "MIT",
        "note": "Made for a test.", "probe_version": 1, "finished_at": datetime.now(tz=UTC),
    }  # fmt: skip


def planted_pairs(dataset_id: str, n: int) -> Dataset:
    """Describe n pairs that no file holds."""
    record = DatasetRecord(
        id=dataset_id,
        title=f"Planted pairs ({n})",
        kind="folder",
        source="tests/worlds.py",
        revision="1",
        license="MIT",
        citation="none: made for a test",
        note="Planted features: made for a test, not from real models.",
    )
    return Dataset(
        record=record,
        sample_ids=tuple(f"sample-{i:03d}" for i in range(n)),
        captions=tuple(f"caption {i}" for i in range(n)),
        image_refs=tuple(f"{i}.png" for i in range(n)),
        skipped=(),
        image_hashes=tuple(str(i) for i in range(n)),
        reader=lambda i: Image.new("RGB", (1, 1)),
    )


def _plant(
    run: Run,
    model: PlantedModel,
    latent: np.ndarray,
    dataset: Dataset,
    rng: np.random.Generator,
) -> FeatureFile:
    layers = {}
    for depth in range(model.layers):
        # Noise is smallest in the middle, so the best pair is not at a corner.
        noise = model.noise * (1 + abs(depth - model.layers // 2))
        seen = latent + noise * rng.normal(size=latent.shape)
        features = seen @ rng.normal(size=(latent.shape[1], model.width))
        layers[f"block {depth}"] = (features / max(1.0, noise)).astype(np.float32)
    # As a prompt's fixed last token would: one model's first layer is constant.
    if model.id == "lang-other":
        layers["block 0"] = np.ones_like(layers["block 0"])
    return _keep(run, model, dataset, layers)


def _keep(
    run: Run, model: PlantedModel, dataset: Dataset, layers: dict[str, np.ndarray]
) -> FeatureFile:
    n = len(dataset)
    header = FeatureHeader(
        key=unit_key({"model": model.id, "dataset": dataset.record.id, "n": n}),
        model_id=model.id,
        revision="1",
        dataset_id=dataset.record.id,
        dataset_revision="1",
        row_order=dataset.row_order,
        n=n,
        pooling="mean" if model.modality == "language" else "cls",
        prompt="none",
        layer_names=tuple(layers),
        widths=tuple(layer.shape[1] for layer in layers.values()),
        dtype="float32",
        facts={"device": "test", "seconds": "1.5", "items_per_second": "40"},
    )
    path = run.workspace.features.write(header, layers)
    record_features(run, planted_record(model), header, path)
    return open_features(path)


def planted_record(model: PlantedModel) -> ModelRecord:
    """Describe a planted model as the catalog would."""
    return ModelRecord(
        id=model.id,
        label=model.id.replace("-", " ").title(),
        modality=model.modality,
        family=model.family,
        objective="planted" if model.trained else "none (random weights)",
        source="tests/worlds.py",
        revision="1",
        license="MIT",
        parameters=model.layers * model.width * 8,
        trained=model.trained,
        loader="module",
        citation="none: made for a test",
    )
