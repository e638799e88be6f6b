"""Files of regions."""

import json
from pathlib import Path
from typing import Any

import shapely


def write_regions(path: Path, regions: dict[str, Any], id_field: str = "name") -> Path:
    """A FeatureCollection of shapely polygons."""
    features = [
        {
            "type": "Feature",
            "properties": {id_field: name, "other": 1},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for name, shape in regions.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path
