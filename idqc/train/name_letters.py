"""Fits the hint of `idqc.name_letters` on the names of people and towns of Faker's locales and on Korean ones.

    python -m idqc.train.name_letters [--out idqc/name_letters.bin]

Prints how it does on a tenth of the words, which it is fitted without. Takes about a minute.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from idqc.name_letters import BUCKETS, FILE, SORTS, STEP, buckets
from idqc.synth.name_lists import korean_given_names, korean_surnames, latin_names, latin_towns
from idqc.vocabulary import plain

INVERSE_STRENGTH = 1.0
HELD_OUT, SEED = 0.1, 1
KOREAN_GIVEN_NAMES, KOREAN_SURNAMES_COUNT = 1500, 20
"""How many of the one are drawn, how often each of the other counts."""
TOWNS_A_LOCALE = 400
"""Of a list; Italy's is the longest by far."""


def _words(names: Iterable[str]) -> set[str]:
    return {word for name in names for word in plain(name).split() if len(word) > 1}


def _table(words: Sequence[str]) -> csr_matrix:
    """(words, BUCKETS): how often each word has each group."""
    pairs = [(row, at) for row, word in enumerate(words) for at in buckets(word)]
    rows, columns = zip(*pairs, strict=True)
    return csr_matrix((np.ones(len(pairs)), (rows, columns)), shape=(len(words), BUCKETS))


def _named(draw: random.Random) -> list[tuple[str, int]]:
    """Every word, with its place among SORTS; some are of two sorts."""
    # Far more Korean given names than surnames can be put together; a few stand for their syllables.
    korean = draw.sample(sorted(korean_given_names()), KOREAN_GIVEN_NAMES)
    given, last = _words(latin_names("first_names")) | _words(korean), _words(latin_names("last_names"))
    last |= _words(korean_surnames())
    given -= _words(korean_surnames())  # a Kim is a surname here, and a given name in few cards that are read
    towns = set[str]()
    for locale in latin_towns():
        towns |= _words(draw.sample(locale, min(TOWNS_A_LOCALE, len(locale))))
    return [(word, sort) for sort, words in enumerate((last, given, towns)) for word in sorted(words)]


def fit(out: Path) -> dict[str, float]:
    """Fits the weights, writes them to `out`, and says how good they are, as stored, on words held out."""
    draw = random.Random(SEED)
    named = _named(draw)
    apart = {word for word in sorted({word for word, _ in named}) if draw.random() < HELD_OUT}
    seen, unseen = ([one for one in named if (one[0] in apart) is held] for held in (False, True))
    # Ten of them are the names of two in three Koreans.
    seen += [(word, 0) for word in sorted(_words(korean_surnames()))] * KOREAN_SURNAMES_COUNT
    model = LogisticRegression(C=INVERSE_STRENGTH, max_iter=400, class_weight="balanced", fit_intercept=False)
    model.fit(_table([word for word, _ in seen]), [sort for _, sort in seen])
    steps = np.clip(np.round(model.coef_ / STEP), -128, 127).astype(np.int8)
    out.write_bytes(steps.tobytes())
    said = _table([word for word, _ in unseen]) @ steps.astype(float).T * STEP
    truth = np.array([sort for _, sort in unseen])
    people = truth < SORTS.index("birth_place")
    odds = said[:, 1] - said[:, 0]
    return {
        "words": len(seen),
        "held_out": len(unseen),
        "held_out_accuracy": round(float((said.argmax(axis=1) == truth).mean()), 3),
        "given_name_auc": round(float(roc_auc_score(truth[people], odds[people])), 3),
        "town_auc": round(float(roc_auc_score(~people, said[:, 2] - said[:, :2].max(axis=1))), 3),
    }


def main() -> None:
    """Fits and says how good it is; see above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / FILE)
    sys.stdout.write(f"{fit(parser.parse_args().out)}\n")


if __name__ == "__main__":
    main()
