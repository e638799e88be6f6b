"""earthcatalog 0.6.1 on an archive behind a web server. Run by a Python that has it.

python peer_incremental.py URL BUCKET INVENTORY BASE [CHUNK_SIZE]
"""

import sys
from pathlib import Path

from earthcatalog.pipelines import incremental
from obstore.store import LocalStore, S3Store

from earthcatalog import store_config


def main() -> None:
    url, bucket, inventory, base, *chunk_size = sys.argv[1:]
    Path(base).mkdir(parents=True, exist_ok=True)
    # It finds stores by bucket here before it makes its own, which know no other server than Amazon's.
    incremental._STORES[bucket] = S3Store(
        bucket, endpoint=url, skip_signature=True, region="us-east-1", client_options={"allow_http": True}
    )
    store_config.set_store(LocalStore(base))
    store_config.set_catalog_key("earthcatalog.db")
    store_config.set_lock_key(".lock")
    options = {"chunk_size": int(chunk_size[0])} if chunk_size else {}
    incremental.run(inventory, f"{base}/earthcatalog.db", f"{base}/warehouse", **options)


main()
