"""What can go wrong while filling a warehouse, one class per kind, one sentence each."""

from typing import NamedTuple

from prh_core.errors import PRHError


class Refused(NamedTuple):
    """What was left out, and why; the others go on."""

    name: str
    """A model's id, or what else the work was on."""
    reason: str


class CatalogError(PRHError):
    """A catalog record is malformed, listed twice, or unknown."""


class UnknownRecordError(CatalogError):
    """No model, dataset or panel goes by that id."""


class MissingPackageError(PRHError):
    """A package that ships weights or data is not installed."""


class MissingExtraError(PRHError):
    """The command needs the `ingest` half of the installation."""


class HubUnreachableError(PRHError):
    """The model hub did not answer."""


class UnknownHubModelError(PRHError):
    """The hub answered, and does not know that name, revision or file."""


class HubAddressError(PRHError):
    """An hf:// address, or the name of a repository, is none."""


class HubPermissionError(PRHError):
    """The hub answered, and does not let us: no token, or one that may not."""


class HubRefusedError(PRHError):
    """The hub answered, and does not do what it was asked."""


class HubChangedError(PRHError):
    """Somebody else changed a repository while it was written to."""


class HubHashError(PRHError):
    """A file is not the one that the hub, or its own name, says it is."""


class HubConflictError(PRHError):
    """What would be written differs from what lies there."""


class ModelFailedError(PRHError):
    """A model's own code, or a library that runs it, raised something that has no name here."""


class UnsafeCheckpointError(PRHError):
    """A checkpoint is a pickle that holds more than weights."""


class CheckpointMismatchError(PRHError):
    """A checkpoint's keys or shapes do not fit the architecture."""


class DatasetError(PRHError):
    """A dataset cannot be read as described."""


class TaskError(PRHError):
    """A classification task is not as described."""


class MissingCaptionError(DatasetError):
    """An image has no caption, or a caption is empty."""


class CorruptImageError(DatasetError):
    """An image file cannot be decoded."""


class UnsupportedImageError(DatasetError):
    """A whole picture that is not read: of numbers without a range, or without its decoder."""


class CorruptSoundError(DatasetError):
    """A sound file cannot be decoded, or holds no sound."""


class RowOrderError(PRHError):
    """Two feature sets do not list the same samples in the same order."""


class MixedPrecisionError(PRHError):
    """Features that were computed in different precision would be compared."""


class DamagedFeatureFileError(PRHError):
    """A feature file is truncated, altered, or not a feature file."""


class FeaturesFileError(PRHError):
    """A file of features that another program saved is not as described."""


class SampleIdsError(PRHError):
    """Sample ids are none, or say that two sides hold other samples."""


class MissingFeaturesError(PRHError):
    """Scores were asked for features that nobody has extracted."""


class MissingScoresError(PRHError):
    """A command looks into scores that are not stored."""


class WorkerDiedError(PRHError):
    """A worker process was killed, or ended, in the middle of a model."""


class OutOfMemoryError(PRHError):
    """Even a batch of one does not fit the device."""


class DiskFullError(PRHError):
    """The disk is full; nothing already stored was changed."""


class FileAccessError(PRHError):
    """The system refuses a file that somebody named."""


class ImportFileError(PRHError):
    """A file of results cannot be imported as described."""


class TextBudgetError(PRHError):
    """How much text to predict was said in a unit that differs from model to model."""


class PortInUseError(PRHError):
    """Something else listens on that port."""


class CaptionSetError(PRHError):
    """There is no such caption set, or it cannot be made."""


class UnknownColumnError(PRHError):
    """Rows hold a column that their table does not have."""


class LayerChoiceError(PRHError):
    """A file of features holds no usable layer of that name or number."""
