"""One data folder: feature files, parts, the published warehouse and caches."""

from dataclasses import dataclass
from pathlib import Path

from ingest.store.features import FeatureStore
from ingest.store.warehouse import Warehouse


@dataclass(frozen=True)
class Workspace:
    """Where everything of one study lies."""

    home: Path

    @property
    def features(self) -> FeatureStore:
        """The feature files."""
        return FeatureStore(self.home / "features")

    @property
    def warehouse(self) -> Warehouse:
        """The parts and the published database."""
        return Warehouse(self.home)

    @property
    def cache(self) -> Path:
        """What can be deleted and is made again: decoded-image checks."""
        return self.home / "cache"
