"""Models that readers try beside the panel: what the host lets them do."""

import os
from typing import Literal

TRIALS = "PRH_TRIALS"
"""Of the environment: here, uploads or no; unset, files are taken from readers' browsers only."""


def trials_allowed() -> Literal["here", "uploads", "no"]:
    """Return what readers may try: files of this machine, too; those they send; or none."""
    said = os.environ.get(TRIALS, "uploads")
    return "here" if said == "here" else "no" if said == "no" else "uploads"
