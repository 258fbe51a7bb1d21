"""The catalog: every model, dataset and panel that can be named on the command line."""

from ingest.catalog.load import Catalog, load_catalog
from ingest.catalog.records import DatasetRecord, ModelRecord, PanelRecord

__all__ = ["Catalog", "DatasetRecord", "ModelRecord", "PanelRecord", "load_catalog"]
