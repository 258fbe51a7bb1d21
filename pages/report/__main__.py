"""Write the report of the warehouse that the app would show: python -m pages.report FOLDER."""

import logging
import sys
import warnings
from pathlib import Path


def main() -> None:
    """Open every page, and write the report into the folder that the command names."""
    logging.disable(logging.WARNING)  # Streamlit says of every call that no browser listens
    warnings.simplefilter("ignore")
    from pages.report.collect import collect, describe_source
    from pages.report.write import write_report
    from prh_core.errors import PRHError

    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    try:
        source = describe_source()
        chapters = collect(lambda title: print(f"  {title}", file=sys.stderr, flush=True))  # noqa: T201
        page = write_report(folder, chapters, source)
    except PRHError as error:
        sys.exit(f"Error: {error}")
    print(page)  # noqa: T201


if __name__ == "__main__":
    main()
