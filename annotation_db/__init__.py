"""What is kept: SQLAlchemy models, migrations, repositories (all queries) and blobs.

    from annotation_db import Database, migrate, open_blobs

    migrate("sqlite:////data/densemark.db")          # backs an SQLite file up first
    database = Database("sqlite:////data/densemark.db")
    with database.write() as session:                 # one transaction; on disk when the block has ended
        ...

Repositories (`annotation_db.repositories`) are functions over a session that hold every query; they flush but never
commit. Rules live above, in `server`.
"""

from annotation_db.blobs import BlobStore, LocalBlobs, RemoteBlobs, open_blobs
from annotation_db.columns import utc_now
from annotation_db.database import Database, is_passing
from annotation_db.migration import Migrated, current_revision, migrate, newest_revision

__all__ = [
    "BlobStore",
    "Database",
    "LocalBlobs",
    "Migrated",
    "RemoteBlobs",
    "current_revision",
    "is_passing",
    "migrate",
    "newest_revision",
    "open_blobs",
    "utc_now",
]
