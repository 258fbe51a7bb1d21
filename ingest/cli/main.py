"""Where `prh` begins."""

import gc
import os
import sys

from ingest.cli.failures import exit_with


def main() -> None:
    """Run the command line; what a user can put right is one sentence and exit code 1."""
    exit_with(_asked)


def _asked() -> None:
    # Two files are compared in the time that the libraries of all other commands take to load.
    if sys.argv[1:2] == ["align"]:
        # Idle threads of numba would spin on the cores that products need: on a busy machine that
        # takes more than half of the time.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        # A library's modules are no garbage: looking for some takes a tenth of loading them.
        gc.disable()
        from ingest.cli.align import alone

        gc.freeze()
        gc.enable()
        alone()
    else:
        from ingest.cli.commands import app

        app()


if __name__ == "__main__":
    main()
