"""What the release says of photos that the generator did not make: verdict, findings, readings, and errors where known.

    python benchmarks/real_photos.py FOLDER [--markdown FILE] [--annotate DIR]

Beside a photo may lie its truth: NAME.txt with the lines of the machine-readable zone, or NAME.json with
{field: {"value": text}} (the SIDTD dataset writes alb_0_id.json for alb00.jpg). Readings are shown unmasked: use mock
documents only.
"""

from __future__ import annotations

import argparse
import json
import re
from datetime import date
from pathlib import Path

import cv2
from rich.console import Console

from idqc.annotate import LONG_SIDE_PX, annotate
from idqc.documents import document_types
from idqc.errors import IdqcError
from idqc.folder import find_photos
from idqc.inspection import Inspection, Outcome
from idqc.inspector import open_inspector
from idqc.photo.decode import decode, read_header
from idqc.release import load_release
from idqc.train.reading import ReadingTally, spelled_like, squeeze
from idqc.train.report import Table, markdown, show

AS_OF = date(2026, 11, 21)
TOP_FINDINGS = 5
SIDTD_FIELDS = {
    "authority": "issuer",
    "gender": "sex",
    "id_number": "personal_number",
    "number": "document_number",
    "name": "given_names",
}
"""SIDTD's names where they differ from ours."""


def truth_of(photo: Path) -> dict[str, str]:
    """The known values of a photo, by our field names; empty where nothing lies beside it."""
    text = photo.with_suffix(".txt")
    if text.exists():
        return {"mrz": text.read_text(encoding="utf-8").strip()}
    numbered = re.fullmatch(r"([a-z]+?)(\d\d)", photo.stem)
    names = [photo.stem] + ([f"{numbered[1]}_{int(numbered[2])}_id"] if numbered else [])
    for name in names:
        file = photo.with_name(f"{name}.json")
        if file.exists():
            raw = json.loads(file.read_text(encoding="utf-8"))
            return {SIDTD_FIELDS.get(key, key): item["value"] for key, item in raw.items() if item["value"]}
    return {}


def findings_of(done: Inspection) -> str:
    """The strongest findings, the worst outcome first."""
    order = (Outcome.REJECT, Outcome.WARN)
    told = [finding for finding in done.findings if finding.outcome in order]
    told.sort(key=lambda finding: (order.index(finding.outcome), -(finding.score or 0.0)))
    more = f" and {len(told) - TOP_FINDINGS} more" if len(told) > TOP_FINDINGS else ""
    return ", ".join(f"{f.criterion} {f.score or 0:.2f} ({f.outcome})" for f in told[:TOP_FINDINGS]) + more or "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--annotate", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--thresholds", type=Path)
    asked = parser.parse_args()
    release = load_release(asked.weights, asked.thresholds)
    inspector = open_inspector(release)
    rows, known, mrz, kinds = [], [], ReadingTally(), document_types()
    for photo in find_photos(asked.paths):
        data = photo.read_bytes()
        try:
            done = inspector.inspect(data, as_of=AS_OF, mask=False)
        except IdqcError as error:
            rows.append([photo.name, "not inspected", "–", error.code, "–"])
            continue
        readings = {reading.name: reading.value or "" for reading in done.fields if reading.visible}
        read = ", ".join(f"{name}: {' / '.join(value.split())}" for name, value in readings.items() if value)
        kind = f"{done.document_type} {done.document_confidence or 0:.2f}" if done.document_type else "none"
        rows.append([photo.name, done.verdict.value, kind, findings_of(done), read or "–"])
        for name, value in truth_of(photo).items():
            if name == "mrz" or (done.document_type is not None and name in readings):
                spec = kinds[done.document_type].fields.get(name) if done.document_type in kinds else None
                read_value = readings.get(name, "")
                spelled = spelled_like(spec.format if spec else None, value, read_value)
                wrong = (mrz if name == "mrz" else ReadingTally()).add(name, spelled, read_value)
                length = len(squeeze(spelled))
                known.append(
                    [
                        photo.name,
                        name,
                        " / ".join(value.split("\n")),
                        readings.get(name) or "not read",
                        f"{wrong} of {length}",
                    ]
                )
        if asked.annotate is not None:
            asked.annotate.mkdir(parents=True, exist_ok=True)
            picture = annotate(decode(data, read_header(data), LONG_SIDE_PX), done)
            cv2.imwrite(str(asked.annotate / f"{photo.stem}.jpg"), picture)
    errors, length = mrz.errors["MRZ"], mrz.characters["MRZ"]
    note = f"MRZ characters wrong: {errors} of {length} ({100 * errors / length:.2f} %)." if length else ""
    tables = [
        Table(
            "Photos", ("file", "verdict", "document", "findings", "read"), rows, f"Release {release.id}, as of {AS_OF}."
        ),
        Table("Readings beside the truth", ("file", "field", "truth", "read", "characters wrong"), known, note),
    ]
    console = Console()
    for table in tables:
        show(table, console)
    if asked.markdown is not None:
        asked.markdown.write_text("\n".join(markdown(table) for table in tables), encoding="utf-8")


if __name__ == "__main__":
    main()
