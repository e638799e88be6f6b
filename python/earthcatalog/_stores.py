"""obstore's stores as the core takes them: a URL or folder, and the settings of an S3 service."""

import os
from typing import Any

# obstore's names of a setting, without their "aws_", and the core's.
_S3_SETTINGS = {
    "endpoint": "endpoint",
    "endpoint_url": "endpoint",
    "region": "region",
    "default_region": "region",
    "access_key_id": "access_key",
    "secret_access_key": "secret_key",
    "session_token": "session_token",
    "token": "session_token",
}


def translate_store(store: Any, base: str | None) -> tuple[str, dict[str, str]]:
    """The base folder or URL of a catalog in `store`, and the settings that reach it.

    `base` is a URL or absolute path as the store's owner would write it, or a path below the store's own
    root or prefix; None is that root.

    Raises:
        ValueError: no catalog can be kept in such a store, or `base` is not in it.
        TypeError: it is no obstore store.
    """
    kind = type(store).__name__
    if kind == "S3Store":
        return _s3_base(store, base), _s3_settings(store)
    if kind == "LocalStore":
        return _local_base(store, base), {}
    if kind == "MemoryStore":
        raise ValueError(
            "a MemoryStore lives in this Python process alone, and a catalog is for other programs, too: "
            "use a LocalStore over a temporary folder"
        )
    if kind in ("GCSStore", "AzureStore"):
        raise ValueError(
            f"a {kind} can hold inventories and a warehouse (gs://, abfss://), but no catalog file and no "
            "lock, which need S3's conditional writes or a local folder: give catalog_path and warehouse_path"
        )
    raise TypeError(f"store is one of obstore's stores, not a {kind}")


def _s3_base(store: Any, base: str | None) -> str:
    bucket = _without_aws(store.config)["bucket"]
    root = "/".join([f"s3://{bucket}", *([str(store.prefix).strip("/")] if store.prefix else [])])
    if base is None:
        return root
    if "://" not in base:
        return f"{root}/{base.strip('/')}"
    if base != f"s3://{bucket}" and not base.startswith(f"s3://{bucket}/"):
        raise ValueError(f"the base {base} is not in the store's bucket, {bucket}")
    return base


def _s3_settings(store: Any) -> dict[str, str]:
    config = _without_aws(store.config)
    settings = {ours: str(config[name]) for name, ours in _S3_SETTINGS.items() if name in config}
    if str(config.get("skip_signature", "false")).lower() in ("true", "1", "yes", "on"):
        settings["anonymous"] = "true"
    provider = getattr(store, "credential_provider", None)
    if provider is not None and "access_key" not in settings:
        credential = provider()
        settings["access_key"] = credential["access_key_id"]
        settings["secret_key"] = credential["secret_access_key"]
        if credential.get("token"):
            settings["session_token"] = credential["token"]
    return settings


def _without_aws(config: Any) -> dict[str, Any]:
    return {str(name).lower().removeprefix("aws_"): value for name, value in config.items()}


def _local_base(store: Any, base: str | None) -> str:
    root = os.fspath(store.prefix) if store.prefix else "/"
    if base is None:
        return root
    if "://" in base and not base.startswith("file://"):
        raise ValueError(f"the base {base} is not in a local folder, as the store is")
    if base.startswith(("/", "file://")):
        return base
    return f"{root.rstrip('/')}/{base}"
