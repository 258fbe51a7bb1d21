"""Croissant metadata (JSON-LD, version 1.0) of a repository: its files, tables and features."""

import json
from typing import Any

import polars as pl

from ingest.hub.described import Contents
from ingest.hub.files import WAREHOUSE, kind_of
from prh_core.warehouse import schema
from prh_core.warehouse.filling import tables
from prh_core.warehouse.location import WAREHOUSE_FILE

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataBiases": "cr:dataBiases",
    "dataCollection": "cr:dataCollection",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "personalSensitiveInformation": "cr:personalSensitiveInformation",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_REPOSITORY = "repository"
_TYPES = {"sc:Integer": int, "sc:Text": str}
_FEATURE_FIELDS = {
    "file": ("sc:Text", "Path of the feature file: a tensor (n, d) a layer, 0000, 0001, ..."),
    "model_id": ("sc:Text", "The model."),
    "dataset_id": ("sc:Text", "The dataset whose samples are its rows."),
    "row_order": ("sc:Text", "sha256 of the sample ids in order."),
    "n": ("sc:Integer", "Number of samples: rows of every tensor."),
    "pooling": ("sc:Text", "How tokens or patches were made one vector."),
    "prompt": ("sc:Text", "What stood around a caption."),
    "precision": ("sc:Text", "In which the network computed."),
    "dtype": ("sc:Text", "Number format in the file."),
    "layer_names": ("sc:Text", "Layers in depth order, joined by ' | '."),
}


def croissant(contents: Contents, url: str, about: str) -> str:
    """Return the metadata of a repository as JSON.

    Args:
        contents: what it holds.
        url: its address for a browser.
        about: a sentence on what it is.
    """
    name = contents.repository.partition("/")[2]
    licenses = sorted({one.license for one in (*contents.datasets, *contents.models)})
    told: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": name,
        "description": about,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "url": url,
        "license": licenses or ["unknown"],
        "citeAs": "; ".join(sorted({o.citation for o in (*contents.datasets, *contents.models)})),
        "distribution": _distribution(contents, url),
        "recordSet": [*_of_tables(contents), *_of_features(contents)],
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _distribution(contents: Contents, url: str) -> list[dict[str, Any]]:
    within = {"containedIn": {"@id": _REPOSITORY}}
    listed: list[dict[str, Any]] = [
        {
            "@type": "cr:FileObject",
            "@id": _REPOSITORY,
            "name": _REPOSITORY,
            "description": "The git repository on the hub.",
            "contentUrl": url,
            "encodingFormat": "git+https",
            "sha256": "https://github.com/mlcommons/croissant/issues/80",
        }
    ]
    for table in contents.tables:
        listed.append(
            {
                "@type": "cr:FileSet",
                "@id": f"parts-{table}",
                "name": f"parts-{table}",
                "description": f"Parts of the table {table}, rows of one kind each.",
                **within,
                "encodingFormat": "application/x-parquet",
                "includes": f"parts/{table}/*.parquet",
            }
        )
    for path, file in sorted(contents.files.items()):
        kind = kind_of(path)
        if path.endswith(".safetensors") or kind == WAREHOUSE:
            database = "application/vnd.duckdb"
            listed.append(
                {
                    "@type": "cr:FileObject",
                    "@id": path,
                    "name": path,
                    **within,
                    "contentUrl": path,
                    "contentSize": f"{file.bytes} B",
                    "encodingFormat": database
                    if kind == WAREHOUSE
                    else "application/x-safetensors",
                    "sha256": file.sha256 or "",
                }
            )
    return listed


def _of_tables(contents: Contents) -> list[dict[str, Any]]:
    """Return a record set a table: of its parts, or, where there are none, of the warehouse."""
    if contents.tables:
        return [
            _record_set(table, {"fileSet": {"@id": f"parts-{table}"}}) for table in contents.tables
        ]
    if WAREHOUSE_FILE not in contents.files:
        return []
    return [_record_set(table, {"fileObject": {"@id": WAREHOUSE_FILE}}) for table in tables()]


def _record_set(table: str, source: dict[str, Any]) -> dict[str, Any]:
    described, types = schema.described()[table], schema.column_types(table)
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": described.comment,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table}/{column}",
                "name": f"{table}/{column}",
                "description": described.columns.get(column, column),
                "dataType": _type(kind),
                **({"repeated": True} if isinstance(kind, pl.List) else {}),
                "source": {**source, "extract": {"column": column}},
            }
            for column, kind in types.items()
        ],
    }


def _of_features(contents: Contents) -> list[dict[str, Any]]:
    """Return a record set with a record a feature file, its values in the metadata itself."""
    if not contents.features:
        return []
    name = "feature_files"
    rows = []
    for row in contents.features:
        shown = {**row, "layer_names": " | ".join(row.get("layer_names") or ())}
        rows.append(
            {
                f"{name}/{field}": _TYPES[kind](shown.get(field) or _TYPES[kind]())
                for field, (kind, _) in _FEATURE_FIELDS.items()
            }
        )
    return [
        {
            "@type": "cr:RecordSet",
            "@id": name,
            "name": name,
            "description": "A record per feature file: a model's layers over one dataset.",
            "key": {"@id": f"{name}/file"},
            "field": [
                {
                    "@type": "cr:Field",
                    "@id": f"{name}/{field}",
                    "name": f"{name}/{field}",
                    "description": text,
                    "dataType": kind,
                }
                for field, (kind, text) in _FEATURE_FIELDS.items()
            ],
            "data": rows,
        }
    ]


def _type(kind: pl.DataType) -> str:
    inner: Any = kind.inner if isinstance(kind, pl.List) else kind
    if isinstance(inner, pl.List):
        return _type(inner)
    if inner.is_integer():
        return "sc:Integer"
    if inner.is_float():
        return "sc:Float"
    if isinstance(inner, pl.Boolean):
        return "sc:Boolean"
    return "sc:DateTime" if isinstance(inner, pl.Datetime) else "sc:Text"
