"""Compaction by earthcatalog 0.6.1. Run by a Python that has it.

python peer_compact.py BASE
"""

import sys

from earthcatalog.maintenance.compact import compact_warehouse
from obstore.store import LocalStore

from earthcatalog import store_config


def main() -> None:
    base = sys.argv[1]
    store_config.set_store(LocalStore(base))
    store_config.set_catalog_key("earthcatalog.db")
    store_config.set_lock_key(".lock")
    print(compact_warehouse(f"{base}/warehouse", f"{base}/earthcatalog.db", threshold=2))


main()
