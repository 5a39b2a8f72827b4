"""Snapshots, where photos and persons came from, what was withdrawn, and the user's own files for rendering"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OF_IMAGES = (
    ("source_id", sa.String(length=100)),
    ("source_url", sa.String(length=2000)),
    ("licence", sa.String(length=300)),
    ("licence_url", sa.String(length=2000)),
    ("attribution", sa.String(length=500)),
    ("phash", sa.String(length=16)),
    ("tags", sa.JSON(none_as_null=True)),
)


def upgrade() -> None:
    """Apply."""
    for name, kind in _OF_IMAGES:
        op.add_column("images", sa.Column(name, kind, nullable=True))
    op.create_index("ix_images_sha256", "images", ["sha256"])
    op.create_table(
        "person_sources",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("entry", sa.JSON(), nullable=False),
        sa.Column("person_revision", sa.Integer(), nullable=False),
        sa.Column("mask_revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_person_sources_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_person_sources"),
    )
    op.create_table(
        "snapshots",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=True),
        sa.Column("card", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_snapshots_created_by"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_snapshots_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_snapshots"),
        sa.UniqueConstraint("project_id", "name", name="uq_snapshots_project_id_name"),
    )
    op.create_table(
        "snapshot_images",
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.Column("image_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_snapshot_images_snapshot_id"),
        sa.PrimaryKeyConstraint("snapshot_id", "image_id", name="pk_snapshot_images"),
    )
    op.create_index("ix_snapshot_images_image_id", "snapshot_images", ["image_id"])
    op.create_table(
        "withdrawals",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("image_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("person_numbers", sa.JSON(), nullable=False),
        sa.Column("truths", sa.JSON(), nullable=False),
        sa.Column("studies", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("files_gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_withdrawals_created_by"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_withdrawals_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_withdrawals"),
    )
    op.create_index("ix_withdrawals_project_id", "withdrawals", ["project_id"])
    op.create_index("ix_withdrawals_sha256", "withdrawals", ["sha256"])
    op.create_index("ix_withdrawals_blob", "withdrawals", ["blob"])
    op.create_index("ix_withdrawals_image_id", "withdrawals", ["image_id"])
    op.create_table(
        "render_files",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=True),
        sa.Column("poses", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_render_files_created_by"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_render_files_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_render_files"),
        sa.UniqueConstraint("project_id", "kind", "blob", name="uq_render_files_project_id_kind_blob"),
    )
    op.create_index("ix_render_files_blob", "render_files", ["blob"])


def downgrade() -> None:
    """Undo."""
    for table in ("render_files", "withdrawals", "snapshot_images", "snapshots", "person_sources"):
        op.drop_table(table)
    op.drop_index("ix_images_sha256", "images")
    for name, _ in reversed(_OF_IMAGES):
        op.drop_column("images", name)
