"""Every setting of an installation, read once from IDQC_* variables. The only place that looks at the environment."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from idqc.errors import SetupError


class Mode(StrEnum):
    """Demo answers this machine only and shows thresholds; production listens where it is told and does not."""

    DEMO = "demo"
    PRODUCTION = "production"


class TextEngine(StrEnum):
    """What reads the fields: the recogniser in weights/, or PaddleOCR from the `paddle` extra."""

    IDQC = "idqc"
    PADDLEOCR = "paddleocr"


class FaceEngine(StrEnum):
    """What finds the face: the model in weights/, or InsightFace from the `insightface` extra."""

    IDQC = "idqc"
    INSIGHTFACE = "insightface"


class LogLevel(StrEnum):
    """How much the service writes to its log."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Settings(BaseSettings):
    """One installation. Each field is the variable IDQC_<FIELD>, in capitals."""

    model_config = SettingsConfigDict(env_prefix="IDQC_", frozen=True, extra="ignore")

    mode: Mode = Mode.DEMO
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    data_dir: Path = Path("data")
    weights_dir: Path | None = None
    """None: those of the checkout, or those inside the installed wheel."""
    thresholds: Path | None = None
    """A TOML file; None: thresholds/default.toml of the checkout or the wheel."""
    text_engine: TextEngine = TextEngine.IDQC
    face_engine: FaceEngine = FaceEngine.IDQC
    engine_dir: Path | None = None
    """The folder with the files of an extra engine."""
    experiment: Path | None = None
    """A TOML file with the arms of an experiment on the capture screen; None: everybody gets the default policy."""
    log_level: LogLevel = LogLevel.INFO
    threads: int = Field(default_factory=lambda: cores(), ge=1, le=256)
    """Inspections at a time. One uses one core."""
    waiting: int = Field(default=16, ge=0, le=10_000)
    """Photos that may wait for a thread; beyond them the service answers `service.busy`."""
    upload_deadline_s: float = Field(default=30.0, gt=0)
    """How long the bytes of one photo may take to arrive."""
    database_url: SecretStr | None = None
    """SQLite or PostgreSQL; None: sqlite:///DATA_DIR/idqc.db."""
    blob_url: str | None = None
    """A folder, or an fsspec URL such as s3://bucket/prefix; None: DATA_DIR/blobs."""
    master_key: SecretStr | None = None
    """64 hexadecimal digits, or file:/path of a file that holds them. Demo mode makes one in DATA_DIR."""
    previous_master_keys: SecretStr | None = None
    """Comma-separated, for reading while a rotation is under way."""
    workers: int = Field(default=1, ge=0, le=64)
    """Threads of `idqc serve` that work on the queue; 0 leaves it to `idqc work`."""
    lease_s: float = Field(default=60.0, gt=0.2, le=3600)
    """How long a worker that stopped to answer keeps what it claimed."""
    queue_limit: int = Field(default=10_000, ge=1)
    """Submissions that may wait; beyond them the service answers `service.busy`."""
    spool_max_age_h: float = Field(default=72.0, gt=0)
    """Hours that an unmasked photo may wait or lie dead, encrypted, before it is deleted."""
    retention_days: int = Field(default=30, ge=1, le=3650)
    """Days that the masked photo and the readings of a decided submission are kept."""
    undecided_retention_days: int = Field(default=90, ge=1, le=3650)
    """Days that a submission which nobody decided is kept."""
    webhook_private_hosts: str = ""
    """Comma-separated host names of webhook receivers that may have private addresses, or use http."""

    public_url: str | None = None
    """Where browsers reach the service, such as https://idqc.bank.example; None: what each request says."""
    openid_issuer: str | None = None
    """The identity provider of the console, by its issuer; None: names and passwords alone."""
    openid_client_id: str | None = None
    openid_client_secret: SecretStr | None = None
    double_review_share: float = Field(default=0.1, ge=0, le=1)
    """Share of cases that two reviewers judge without seeing each other."""


def store_url(settings: Settings) -> str:
    """The database's URL."""
    given = settings.database_url
    return given.get_secret_value() if given is not None else f"sqlite:///{settings.data_dir / 'idqc.db'}"


def cores() -> int:
    """The processor cores that this process may use; at least 1."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_settings() -> Settings:
    """Reads the settings from the environment.

    Raises:
        SetupError: a variable has a value that it cannot have.
    """
    try:
        return Settings()
    except ValidationError as wrong:
        variables = ", ".join(
            f"IDQC_{'_'.join(map(str, error['loc'])).upper()}: {error['msg']}" for error in wrong.errors()
        )
        raise SetupError(
            f"Settings that cannot be used: {variables}.",
            "Correct or unset these variables; `idqc serve --help` and CONTRIBUTING.md list them.",
            code="setup.settings",
        ) from None
