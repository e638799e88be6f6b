"""The Python package with the catalogues of obstore's stores."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import s3
from harness.archives import Archive, key_of
from harness.program import Program
from harness.requirement import require_module
from harness.s3 import S3Base, S3Server

Few = tuple[Archive, Path]
NewBase = Callable[..., S3Base]
Running = Callable[[S3Server], Program]


@pytest.fixture
def ec() -> Any:
    return require_module("earthcatalog")


@pytest.fixture
def stores() -> Any:
    return require_module("obstore.store")


@pytest.fixture
def filled(gateway: S3Server, new_base: NewBase, running: Running, few: Few) -> S3Base:
    archive, inventory = few
    base = new_base(gateway)
    running(gateway).ingest(inventory, base, "--source", archive.folder)
    return base


@pytest.fixture
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch, filled: S3Base) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)


def store_of(stores: Any, base: S3Base, **changes: Any) -> Any:
    server = base.bucket.server
    config = {
        "endpoint": server.url,
        "region": s3.REGION,
        "access_key_id": server.access_key,
        "secret_access_key": server.secret_key,
        "client_options": {"allow_http": True},
        **changes,
    }
    return stores.S3Store(base.bucket.name, **{k: v for k, v in config.items() if v is not None})


@pytest.mark.usefixtures("nothing_in_the_environment")
def test_d4_a_catalog_uses_its_own_store(ec: Any, stores: Any, filled: S3Base, few: Few) -> None:
    archive, _ = few
    store = store_of(stores, filled)
    for catalog in (
        ec.open(store=store, base=filled.uri),
        ec.open(store=store, base=filled.prefix),
        ec.open(store=store_of(stores, filled, prefix=filled.prefix)),
    ):
        assert catalog.info().row_count == sum(entry["row_count"] for entry in catalog.stats())
        assert {key_of(item) for item in catalog.items()} == set(archive.by_key)
        assert s3.SECRET_KEY not in repr(catalog) + repr(vars(catalog)["_paths"])
    ids = catalog.table.scan(selected_fields=("id",)).to_arrow()["id"].to_pylist()
    assert set(ids) == {item["id"] for item in archive.items}


@pytest.mark.usefixtures("nothing_in_the_environment")
def test_wrong_keys_are_refused_and_not_shown(ec: Any, stores: Any, filled: S3Base) -> None:
    store = store_of(stores, filled, secret_access_key="wrongAndSecret")
    with pytest.raises(ec.EarthCatalogError) as caught:
        ec.open(store=store, base=filled.uri)
    assert "wrongAndSecret" not in str(caught.value)
    assert filled.bucket.name in str(caught.value)


@pytest.mark.usefixtures("nothing_in_the_environment")
def test_the_lock_of_a_catalog(ec: Any, stores: Any, filled: S3Base) -> None:
    catalog = ec.open(store=store_of(stores, filled), base=filled.uri)
    with catalog.lock("nightly job", ttl_hours=2) as lock:
        lock.check()
        holder = json.loads(filled.bucket.get(filled.lock_key))
        assert (holder["owner"], holder["ttl_hours"]) == ("nightly job", 2)
        with (
            pytest.raises(ec.CatalogLocked, match="nightly job"),
            ec.S3Lock("another", base=filled.prefix, store=store_of(stores, filled)),
        ):
            pass
        filled.bucket.delete(filled.lock_key)
        with pytest.raises(ec.CatalogLocked, match="somebody removed it"):
            lock.check()
    assert filled.lock_key not in filled.bucket.list_keys()
    with pytest.raises(ValueError, match="ttl_hours"), catalog.lock("nobody", ttl_hours=0):
        pass


def test_local_stores(ec: Any, stores: Any, program: Program, few: Few, tmp_path: Path) -> None:
    archive, inventory = few
    base = tmp_path / "data" / "base"
    places = ["--catalog", base / "earthcatalog.db", "--warehouse", base / "warehouse"]
    done = program.run("incremental", "--inventory", inventory, *places, "--source", archive.folder)
    assert done.returncode == 0, done.stderr
    for store, below in [
        (stores.LocalStore(base), None),
        (stores.LocalStore(tmp_path), "data/base"),
        (stores.LocalStore("/"), str(base)),
    ]:
        assert {item["id"] for item in ec.open(below, store=store).items()} == {
            i["id"] for i in archive.items
        }


def test_stores_that_can_hold_no_catalog(ec: Any, stores: Any) -> None:
    with pytest.raises(ValueError, match="in this Python process alone"):
        ec.open(store=stores.MemoryStore())
    with pytest.raises(ValueError, match="no catalog file and no lock"):
        ec.open(store=stores.GCSStore("bucket", skip_signature=True))
    with pytest.raises(ValueError, match="is not in the store's bucket"):
        ec.open("s3://other/base", store=stores.S3Store("bucket", skip_signature=True, region="us-east-1"))


@pytest.mark.parametrize("taken", [0, 1, 40])
@pytest.mark.usefixtures("ec")
def test_danger_python_ends_while_items_are_still_being_read(filled: S3Base, taken: int) -> None:
    script = f"""
import sys
import earthcatalog as ec

items = ec.open(base=sys.argv[1]).items()
print(len([next(items) for _ in range({taken})]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, filled.uri],
        env=s3.environment(filled.bucket.server),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{taken}\n", "")
