"""Settings, read from DENSEMARK_* environment variables unless given."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Everything that can be set; sizes in bytes."""

    model_config = SettingsConfigDict(env_prefix="DENSEMARK_", extra="forbid")

    data: Path = Field(default=Path("densemark-data"), description="folder of the database, the blobs and the caches")
    database_url: str = Field(
        default="", description="sqlite:///... or postgresql+psycopg://...; empty: SQLite in data"
    )
    blob_url: str = Field(default="", description="where images are kept, any fsspec URL; empty: a folder in data")
    public_origin: str = Field(
        default="", pattern=r"^(https?://[^/\s]+)?$", description="scheme://host[:port] people open; empty: any"
    )
    proxy_addresses: str = Field(default="127.0.0.1", description="reverse proxies whose X-Forwarded-* are believed")
    access_log: bool = Field(default=False, description="one JSON line per request on stderr")

    max_json_bytes: int = Field(default=16 * 2**20, gt=0)
    max_upload_bytes: int = Field(default=8 * 2**30, gt=0, description="one upload, all its files together")
    max_file_bytes: int = Field(default=256 * 2**20, gt=0, description="one photo")
    max_pixels: int = Field(default=200_000_000, gt=0, description="one photo, decoded")
    max_zip_bytes: int = Field(default=16 * 2**30, gt=0, description="all files of one zip, unpacked")
    max_zip_files: int = Field(default=50_000, gt=0)

    session_hours: float = Field(default=14 * 24, gt=0, description="a session ends when unused for so long")
    lease_minutes: float = Field(default=10, gt=0)
    sign_in_failures: int = Field(default=10, gt=0, description="failures per name and address before a pause")
    sign_in_window_minutes: float = Field(default=15, gt=0)
    geodesic_processes: int | None = Field(
        default=None, ge=0, description="processes of low priority that build geodesic tables; none: all processors"
    )
    job_processes: int | None = Field(
        default=None, ge=1, description="processes of low priority that do jobs, for each worker; none: all processors"
    )
    job_days: float = Field(default=7, ge=0, description="so long the parts of a job are kept after it has ended")
    orphan_grace_minutes: float = Field(default=60, ge=0, description="unreferenced blobs younger than this stay")

    def resolved_database_url(self) -> str:
        """The database URL, with its default filled in."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'densemark.db'}"

    def resolved_blob_url(self) -> str:
        """The blob URL, with its default filled in."""
        return self.blob_url or str(self.data.absolute() / "blobs")

    def jobs_path(self) -> Path:
        """The workers' queue, where that is a file."""
        return self.data.absolute() / "jobs.db"

    @property
    def https(self) -> bool:
        """Whether people reach the server over https."""
        return self.public_origin.startswith("https://")

    @property
    def cookie_name(self) -> str:
        """`__Host-` binds the cookie to this host, which browsers allow over https only."""
        return "__Host-densemark_session" if self.https else "densemark_session"
