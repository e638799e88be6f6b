"""What tests ask of earthcatalog 0.6.1. Run by a Python that has it, with one JSON object as its argument.

No file of the project is imported: that Python has none of its packages. The last line printed is JSON.
"""

import contextlib
import json
import sys
from pathlib import Path

import shapely
from earthcatalog.config import GridConfig
from earthcatalog.pipelines import incremental
from obstore.store import LocalStore

import earthcatalog
from earthcatalog import store_config


def ingest(base, archive, inventory, grid=None, **options):
    """An incremental run on items below `archive`, and the files that it lists."""
    Path(base).mkdir(parents=True, exist_ok=True)
    store_config.set_store(LocalStore(base))
    store_config.set_catalog_key("earthcatalog.db")
    store_config.set_lock_key(".lock")
    # It knows one store per bucket, and looks here first.
    for bucket in Path(archive).iterdir():
        if bucket.is_dir():
            incremental._STORES[bucket.name] = LocalStore(str(bucket))
    with contextlib.redirect_stdout(sys.stderr):
        incremental.run(
            inventory,
            f"{base}/earthcatalog.db",
            f"{base}/warehouse",
            grid_config=GridConfig(**grid) if grid else None,
            **options,
        )


def search_files(base, box, start_datetime=None):
    catalog = earthcatalog.open(store=LocalStore("/"), base=base)
    return {
        "grid": repr(catalog),
        "files": catalog.search_files(shapely.box(*box), start_datetime=start_datetime),
    }


def main():
    request = json.loads(sys.argv[1])
    done = {"ingest": ingest, "search_files": search_files}[request.pop("do")](**request)
    print(json.dumps(done))  # noqa: T201


main()
