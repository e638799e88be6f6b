"""Spark with Iceberg's Java library: one process for all tests, a session of its own for each catalogue.

EARTHCATALOG_JARS  the folder of iceberg-spark-runtime and sqlite-jdbc; by default the one of `make setup`
"""

import contextlib
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .program import Base
from .requirement import path_from_environment, require, require_module

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TABLE = "earthcatalog.earthcatalog.stac_items"


@contextlib.contextmanager
def running(scratch: Path) -> "Iterator[SparkSession]":
    sql = require_module("pyspark.sql")
    require(shutil.which("java"), "java, for Spark")
    folder = path_from_environment("EARTHCATALOG_JARS", Path("build/jars"), "Iceberg's and SQLite's jars")
    jars = [str(path) for path in sorted(folder.glob("*.jar"))]
    require(len(jars) >= 2, f"iceberg-spark-runtime and sqlite-jdbc in {folder}")
    settings = {
        "spark.jars": ",".join(jars),
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.ui.enabled": "false",
        "spark.driver.memory": "2g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(scratch),
        "spark.local.dir": str(scratch),
    }
    builder = sql.SparkSession.builder.master("local[2]").appName("earthcatalog tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    # PySpark put its own handler of Ctrl-C in place, for this whole process.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield session
    session.stop()


def of_catalogue(spark: "SparkSession", base: Base) -> "SparkSession":
    """A session in which TABLE is the catalogue's, as it is at each query."""
    session = spark.newSession()
    catalog = "spark.sql.catalog.earthcatalog"  # the catalog's name is the one in the database
    for name, value in {
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalog}.type": "jdbc",
        f"{catalog}.uri": f"jdbc:sqlite:{base.db}",
        f"{catalog}.warehouse": str(base.warehouse),
        f"{catalog}.jdbc.schema-version": "V1",
        f"{catalog}.cache-enabled": "false",
    }.items():
        session.conf.set(name, value)
    return session
