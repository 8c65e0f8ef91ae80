"""PaddleOCR really run, on the PP-OCRv6 recogniser that the rapidocr package ships."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
from PIL import Image, ImageDraw, ImageFont

from idqc.documents import document_types
from idqc.engines.paddle import open_paddle
from idqc.errors import SetupError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recogniser")
    source = Path(str(files("rapidocr"))) / "models" / "PP-OCRv6_rec_small.onnx"
    shutil.copy(source, folder / "inference.onnx")
    kept = {entry.key: entry.value for entry in onnx.load(source, load_external_data=False).metadata_props}
    described = {
        "Global": {"model_name": "PP-OCRv6_small_rec"},
        "PreProcess": {
            "transform_ops": [
                {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
                {"RecResizeImg": {"image_shape": [3, 48, 320]}},
                {"KeepKeys": {"keep_keys": ["image"]}},
            ]
        },
        "PostProcess": {"name": "CTCLabelDecode", "character_dict": kept["character"].splitlines()},
    }
    (folder / "inference.yml").write_text(yaml.safe_dump(described, allow_unicode=True), encoding="utf-8")
    return folder


def picture(text: str) -> np.ndarray:
    image = Image.new("RGB", (420, 60), "white")
    ImageDraw.Draw(image).text((12, 8), text, fill="black", font=ImageFont.load_default(36))
    return np.asarray(image)[:, :, ::-1].copy()


def test_a_field_is_read(folder: Path) -> None:
    reader = open_paddle(folder)
    done = reader.read_field(picture("KIM 20260101"), document_types()["td1"].fields["document_number"])
    assert done.text.replace(" ", "") == "KIM20260101"
    assert done.confidence > 0.8
    assert done.confidence_min <= done.confidence


def test_an_empty_field_has_no_confidence(folder: Path) -> None:
    blank = np.full((60, 300, 3), 255, np.uint8)
    done = open_paddle(folder).read_field(blank, document_types()["td1"].fields["document_number"])
    assert (done.text, done.confidence) == ("", 0.0)


def test_a_folder_that_is_no_model_is_refused_at_start(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "inference.onnx", tmp_path)
    (tmp_path / "inference.yml").write_text("Global: {}\n")
    with pytest.raises(SetupError) as caught:
        open_paddle(tmp_path)
    assert caught.value.code == "setup.engine_broken"
