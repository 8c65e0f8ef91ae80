"""Maps of crops come to lie on the document where the crops were cut."""

import numpy as np
import pytest

from idqc.models import fraud
from idqc.models.fraud_maps import COPY_MAP_PX, EDIT_MAP_PX, in_one_row, lay
from idqc.photo.geometry import rectangle

DOCUMENT = rectangle(960, 600) + np.float32([50, 80])


def test_a_crop_lies_where_it_was_cut_and_the_rest_is_unknown() -> None:
    activation = np.full((5, 5), -9.0, np.float32)
    activation[:, 3:] = 9.0
    quad = rectangle(200, 200) + np.float32([50 + 400, 80 + 200])
    plane = lay([activation], [quad], DOCUMENT, COPY_MAP_PX)
    assert plane.shape == (60, 96)
    assert np.isnan(plane[5, 5])
    assert plane[30, 43] < 0.1 < 0.9 < plane[30, 58]
    assert np.isfinite(plane).mean() == pytest.approx(200 * 200 / (960 * 600), rel=0.1)


def test_where_crops_overlap_the_mean_counts() -> None:
    quads = [rectangle(300, 300) + np.float32([50, 80])] * 2
    plane = lay([np.full((4, 4), 9.0, np.float32), np.full((4, 4), -9.0, np.float32)], quads, DOCUMENT, COPY_MAP_PX)
    assert np.nanmean(plane) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("width", "rows"), [(60, 1), (200, 2), (600, 3)])
def test_a_long_fields_rows_stand_side_by_side_again(width: int, rows: int) -> None:
    field = rectangle(width, 40) + np.float32([100, 200])
    strip, cut_into = fraud.field_strip(field)
    assert cut_into == rows
    # The last row of the crop is the right end of the field.
    activation = np.full((6, 6), -9.0, np.float32)
    activation[-(6 // rows) :, 3:] = 9.0
    plane = lay([in_one_row(activation, rows)], [strip], DOCUMENT, EDIT_MAP_PX)
    seen = np.argwhere(plane > 0.8)[:, 1] / EDIT_MAP_PX[0] * 960 + 50
    middle = strip[:, 0].mean()
    assert seen.min() > middle - 5
    assert seen.max() > strip[:, 0].max() - 0.25 * np.ptp(strip[:, 0])
