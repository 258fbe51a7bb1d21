"""Named exceptions: each says in one sentence what was expected and what came."""


class PRHError(Exception):
    """Base of every error PRH Explorer raises on purpose; its text is meant for the user."""


class NotFiniteError(PRHError, ValueError):
    """Features hold NaN or infinity."""


class DegenerateLayerError(PRHError, ValueError):
    """A layer cannot be compared: every row is the same, or a row has no direction."""


class SampleCountError(PRHError, ValueError):
    """Two sides, or two layers of one side, hold different numbers of samples."""


class SecondViewError(PRHError, ValueError):
    """A noise ceiling was asked for without a second view of the samples."""


class NeighborCountError(PRHError, ValueError):
    """k is no whole number between 1 and n - 1."""


class FeatureShapeError(PRHError, ValueError):
    """Features are no dense real (n, d), (layers, n, d) or list of (n, d) without a mask."""


class TrendError(PRHError, ValueError):
    """Too few models, or too much alike, for a trend."""


class CurveError(PRHError, ValueError):
    """Too few sizes or classes, or scores of which no curve can be told."""


class SaturationError(PRHError, ValueError):
    """Too few counts of samples an item, or nothing that grows, for a law of saturation."""


class LayoutError(PRHError, ValueError):
    """Points or dissimilarities do not determine what was asked of them."""


class MatchingError(PRHError, ValueError):
    """Two spaces cannot be matched as asked."""


class ConvergenceError(PRHError, ValueError):
    """Models cannot be binned, tested or mapped as asked."""


class ProbeError(PRHError, ValueError):
    """A linear probe cannot be fitted to these features and labels."""


class TooManySamplesError(PRHError, MemoryError):
    """A metric that needs every pair of samples would not fit in memory."""


class MissingLibraryError(PRHError, ImportError):
    """An optional library is not installed."""


class UnknownMetricError(PRHError, KeyError):
    """No metric is registered under that name."""

    def __str__(self) -> str:
        """Return the sentence itself (KeyError would quote it)."""
        return str(self.args[0])


class WorldError(PRHError, ValueError):
    """There is no such simulated world, or it cannot be observed so."""
