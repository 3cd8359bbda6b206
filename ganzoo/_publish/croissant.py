"""Croissant: `croissant.json`, which describes the pack that a run learned from; no image is in the folder.

Source: MLCommons Croissant 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html).
"""

from __future__ import annotations

from typing import Any

from ganzoo._io.cache_dir import cache_root
from ganzoo._publish.contents import Contents
from ganzoo._publish.terms import dataset_name
from ganzoo.data.pack.manifest import MANIFEST
from ganzoo.data.pack.pack import Pack
from ganzoo.data.prepare.ready_pack import kept_pack

# As the specification gives it, but for terms that no pack needs.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
}


def croissant(contents: Contents) -> dict[str, Any] | None:
    """Return the description of the main run's pack as JSON-LD; None where the pack is not in the cache here."""
    dataset = contents.record.dataset
    pack = kept_pack(cache_root(), dataset.fingerprint) if dataset else None
    if dataset is None or pack is None:
        return None
    name = dataset_name(contents.main) or "images"
    splits = ", ".join(f"{count:,} {split}" for split, count in dataset.images.items() if count)
    hub = f"https://huggingface.co/datasets/{contents.labels.dataset_id}" if contents.labels.dataset_id else ""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": name.rpartition(":")[2],
        "description": (
            f"Pack of {dataset.resolution}x{dataset.resolution} images of {dataset.channels} channels as ganzoo "
            f"prepares them ({splits}); fingerprint of pixels, labels and splits {dataset.fingerprint}. Its files are "
            f"described here and are not distributed with this description."
        ),
        "license": contents.terms.data,
        "url": hub or f"urn:sha256:{dataset.fingerprint}",
        "version": "1.0.0",
        "datePublished": contents.labels.date,
        "creator": [{"@type": "sc:Person", "name": author} for author in contents.labels.authors or ("anonymous",)],
        "citeAs": f"{name.rpartition(':')[2]}, prepared with ganzoo, sha256:{dataset.fingerprint}",
        "distribution": _files(pack),
    }


def _files(pack: Pack) -> list[dict[str, Any]]:
    return [
        {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": name,
            "contentSize": f"{mark.size} B",
            "encodingFormat": "application/octet-stream",
            "sha256": mark.sha256,
        }
        for name, mark in sorted(pack.manifest.files.items())
        if name != MANIFEST
    ]
