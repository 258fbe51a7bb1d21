"""Results on the hub: a data folder pushed as a dataset repository, and pulled into one."""

from ingest.hub.pull import Pulled, pull
from ingest.hub.push import Pushed, push
from ingest.hub.remote import Wanted

__all__ = ["Pulled", "Pushed", "Wanted", "pull", "push"]
