"""The fences of CONTRIBUTING.md: who may import whom, how long a file may be, what no file may hold."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAX_LINES = 400

THIRD_PARTY = {
    "torch": ("idqc/train/",),
    "torchvision": ("idqc/train/",),
    "ultralytics": ("idqc/train/",),
    "timm": ("idqc/train/",),
    "onnxruntime": ("idqc/runtime/",),
    "openvino": ("idqc/runtime/",),
    "paddleocr": ("idqc/engines/",),
    "insightface": ("idqc/engines/",),
    "faker": ("idqc/synth/",),
    "fastapi": ("api/",),
    "starlette": ("api/",),
    "uvicorn": ("api/",),
    "prometheus_client": ("api/",),
    "python_multipart": ("api/",),
    "jinja2": ("api/",),
    "authlib": ("api/",),
    "itsdangerous": ("api/",),
    "limits": ("api/",),
    "argon2": ("idqc/access/",),
    "sqlalchemy": ("idqc/store/",),
    "alembic": ("idqc/store/",),
    "fsspec": ("idqc/store/",),
    "standardwebhooks": ("idqc/surfaces/",),
}
"""Top-level module of a library, and the folders in which it may be imported."""

WORDS = {"idqc.errors", "idqc.inspection", "idqc.labels", "idqc.documents", "idqc.photo"}
LAYERS = {
    "idqc.access": {"idqc.errors", "idqc.inspection", "idqc.access"},
    "idqc.review": WORDS | {"idqc.review", "idqc.catalogue"},
    "idqc.photo": {"idqc.errors", "idqc.inspection", "idqc.photo"},
    "idqc.documents": {"idqc.errors", "idqc.inspection", "idqc.documents"},
    "idqc.runtime": {"idqc.errors", "idqc.inspection", "idqc.runtime"},
    "idqc.models": WORDS | {"idqc.models", "idqc.runtime", "idqc.formats"},
    "idqc.synth": WORDS | {"idqc.synth"},
    "idqc.experiments": {"idqc.errors", "idqc.experiments"},
    "idqc.client": set(),
}
"""What a package may import of idqc: everything else is out of its sight."""

ENDS = {"idqc.train": ("idqc.train",), "idqc.synth": ("idqc.synth", "idqc.train"), "idqc.cli": (), "api": ("api",)}
"""What nothing but itself may import by name; the command line loads them lazily, training draws its lines of text."""

BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}
BANNED_WORDS = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)\b")
REGISTRIES = re.compile(
    r"py" r"pi[.]|pythonhosted[.]|np" r"mjs[.]|deb[.]deb" r"ian|/opt/(py" r"pi|wheels)", re.IGNORECASE
)
ENVIRONMENT = re.compile(r"\bos\.(environ|getenv|putenv)\b")


def sources(*folders: str) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "bundled" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


PRODUCT = list(sources("idqc", "api"))
ALL = list(sources("idqc", "api", "tests", "benchmarks"))
TEXT = [
    *ALL,
    *(
        (path.name, path)
        for path in (ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / "Dockerfile", ROOT / "README.md")
    ),
    *((path.name, path) for path in sorted(ROOT.glob("constraints*.txt"))),
    *((path.name, path) for path in sorted(ROOT.glob("*.md"))),
    *((path.name, path) for path in sorted((ROOT / "docs").glob("*.md"))),
    (".ci/run", ROOT / ".ci" / "run"),
]


def test_imports_stay_inside_their_fences() -> None:
    offences = []
    for name, path in PRODUCT:
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        package = next((layer for layer in LAYERS if within(module, layer)), None)
        for imported in imports(path):
            folders = THIRD_PARTY.get(imported.split(".")[0])
            inside = within(imported, "idqc") and imported != "idqc"
            if folders is not None and not name.startswith(folders):
                offences.append(f"{name} imports {imported}")
            if package is not None and inside and not any(within(imported, one) for one in LAYERS[package]):
                offences.append(f"{name} imports {imported}")
            for end, allowed in ENDS.items():
                if within(imported, end) and not any(within(module, one) for one in allowed):
                    offences.append(f"{name} imports {imported}")
    assert offences == []


def test_files_are_short() -> None:
    lengths = {name: path.read_text(encoding="utf-8").count("\n") for name, path in ALL}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_modules_are_named_after_the_trade() -> None:
    assert [name for name, path in ALL if path.stem in BANNED_NAMES or path.parent.name in BANNED_NAMES] == []


def test_nothing_is_left_for_later() -> None:
    assert [name for name, path in ALL if BANNED_WORDS.search(path.read_text(encoding="utf-8"))] == []


def test_only_settings_look_at_the_environment() -> None:
    looking = [name for name, path in PRODUCT if ENVIRONMENT.search(path.read_text(encoding="utf-8"))]
    assert set(looking) <= {"idqc/settings.py"}


def test_no_file_names_a_package_registry() -> None:
    assert [name for name, path in TEXT if REGISTRIES.search(path.read_text(encoding="utf-8"))] == []


def test_public_functions_say_what_they_are_for() -> None:
    silent = []
    for name, path in PRODUCT:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if (
            name != "idqc/train/__init__.py"
            and path.read_text(encoding="utf-8").strip()
            and not ast.get_docstring(tree)
        ):
            silent.append(name)
        silent += [
            f"{name}:{node.lineno} {node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_" and not ast.get_docstring(node)
        ]
    assert silent == []
