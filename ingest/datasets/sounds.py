"""Decode sound files: WAV of any usual number format, its channels averaged."""

import io
import threading
import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

from ingest.datasets.dataset import Sound
from ingest.errors import CorruptSoundError

ENDINGS = frozenset({".wav", ".wave"})
_FULL = {np.dtype(np.uint8): 128.0, np.dtype(np.int16): 2.0**15, np.dtype(np.int32): 2.0**31}
"""What full scale is; 24 bits come as the upper ones of 32."""
# Of cut-off files scipy only warns, and who listens to warnings is one setting of all threads.
_lock = threading.Lock()


def decode(raw: bytes) -> Sound:
    """Return the sound of a .wav file: 8, 16, 24 or 32 bits, or floats; mono of all its channels.

    Raises:
        CorruptSoundError: the bytes are no WAV that is read here, are cut off, hold no sound, or
            numbers that are not finite.
    """
    if raw.startswith(b"version https://git-lfs"):
        raise CorruptSoundError("it is a pointer of Git LFS: fetch the file with `git lfs pull`")
    if raw[:8] == b"RIFF\xff\xff\xff\xff":
        raise CorruptSoundError(
            "its header does not say how long it is, as that of a file written to a pipe: have it "
            "written to a file"
        )
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", wavfile.WavFileWarning)
        warnings.filterwarnings("error", "Reached EOF", wavfile.WavFileWarning)
        try:
            rate, values = wavfile.read(io.BytesIO(raw))
        except wavfile.WavFileWarning as error:
            raise CorruptSoundError("it is cut off: its header promises more") from error
        except Exception as error:  # scipy says in many ways that a file is none of its own
            reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
            raise CorruptSoundError(f"it is no WAV that is read here ({reason})") from error
    if not values.size:
        raise CorruptSoundError("it holds no sound")
    if rate <= 0:
        raise CorruptSoundError(f"its rate should be positive; it says {rate}")
    samples = _scaled(values)
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    if not np.isfinite(samples).all():
        raise CorruptSoundError("it holds NaN or infinity")
    return Sound(np.ascontiguousarray(samples, dtype=np.float32), int(rate))


def _scaled(values: NDArray[np.generic]) -> NDArray[np.floating]:
    """Return samples in floats, full scale at 1."""
    if np.issubdtype(values.dtype, np.floating):
        return values.astype(np.float64)
    if values.dtype not in _FULL:
        raise CorruptSoundError(f"its samples are {values.dtype}, which is not read here")
    shifted = values.astype(np.float64) - (128.0 if values.dtype == np.uint8 else 0.0)
    return shifted / _FULL[values.dtype]
