"""Merging ids into a hash index by earthcatalog 0.6.1. Run by a Python that has it.

python peer_hash_index.py INDEX FILE
"""

import sys
from pathlib import Path

from earthcatalog.hash_index import merge_hashes_from_parquets, read_hashes, write_hashes
from obstore.store import LocalStore


def main() -> None:
    index = Path(sys.argv[1])
    store = LocalStore(str(index.parent))
    known, _new = merge_hashes_from_parquets([sys.argv[2]], read_hashes(store, index.name))
    write_hashes(known, store, index.name)


main()
