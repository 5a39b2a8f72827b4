"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_failures"),
    )
    op.create_index("ix_sign_in_failures_key_at", "sign_in_failures", ["key", "at"])

    op.create_table(
        "users",
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("password_hash", sa.String(length=500), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("login", name="uq_users_login"),
    )
    op.create_table(
        "projects",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("body_name", sa.String(length=200), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_projects_created_by"),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])

    op.create_table(
        "images",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=400), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=50), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_images_created_by"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_images_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_images"),
        sa.UniqueConstraint("project_id", "file_name", name="uq_images_project_id_file_name"),
        sa.UniqueConstraint("project_id", "sha256", name="uq_images_project_id_sha256"),
    )
    op.create_index("ix_images_blob", "images", ["blob"])
    op.create_index("ix_images_project_id_file_name_id", "images", ["project_id", "file_name", "id"])

    op.create_table(
        "members",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_members_project_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_members_user_id"),
        sa.PrimaryKeyConstraint("project_id", "user_id", name="pk_members"),
    )
    op.create_index("ix_members_user_id", "members", ["user_id"])

    op.create_table(
        "persons",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("image_id", sa.Uuid(), nullable=False),
        sa.Column("x", sa.Double(), nullable=False),
        sa.Column("y", sa.Double(), nullable=False),
        sa.Column("w", sa.Double(), nullable=False),
        sa.Column("h", sa.Double(), nullable=False),
        sa.Column("area", sa.Double(), nullable=False),
        sa.Column("keypoints", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("segmentation", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=True),
        sa.Column("truth", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_persons_created_by"),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_persons_image_id"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_persons_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_persons"),
        sa.UniqueConstraint("image_id", "source_id", name="uq_persons_image_id_source_id"),
    )
    op.create_index("ix_persons_image_id", "persons", ["image_id"])
    op.create_index("ix_persons_project_id_created_at_id", "persons", ["project_id", "created_at", "id"])

    op.create_table(
        "masks",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sampled_revision", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_masks_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_masks"),
        sa.UniqueConstraint("person_id", name="uq_masks_person_id"),
    )
    op.create_table(
        "person_revisions",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("x", sa.Double(), nullable=False),
        sa.Column("y", sa.Double(), nullable=False),
        sa.Column("w", sa.Double(), nullable=False),
        sa.Column("h", sa.Double(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_person_revisions_person_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_person_revisions_user_id"),
        sa.PrimaryKeyConstraint("person_id", "revision", name="pk_person_revisions"),
        sa.UniqueConstraint("person_id", "write_id", name="uq_person_revisions_person_id_write_id"),
    )
    op.create_table(
        "points",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("x", sa.Double(), nullable=False),
        sa.Column("y", sa.Double(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("mask_revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_points_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_points"),
    )
    op.create_index("ix_points_person_id_order", "points", ["person_id", "order"])

    op.create_table(
        "tasks",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("lease_user_id", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["lease_user_id"], ["users.id"], name="fk_tasks_lease_user_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_tasks_person_id"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_tasks_project_id"),
        sa.ForeignKeyConstraint(["submitted_by"], ["users.id"], name="fk_tasks_submitted_by"),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("person_id", "kind", name="uq_tasks_person_id_kind"),
    )
    op.create_index("ix_tasks_lease_user_id_project_id", "tasks", ["lease_user_id", "project_id"])
    op.create_index("ix_tasks_project_id_state_lease_until", "tasks", ["project_id", "state", "lease_until"])

    op.create_table(
        "marks",
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("annotator_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["annotator_id"], ["users.id"], name="fk_marks_annotator_id"),
        sa.ForeignKeyConstraint(["point_id"], ["points.id"], name="fk_marks_point_id"),
        sa.PrimaryKeyConstraint("id", name="pk_marks"),
        sa.UniqueConstraint("point_id", "annotator_id", name="uq_marks_point_id_annotator_id"),
    )
    op.create_table(
        "mask_revisions",
        sa.Column("mask_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("area", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["mask_id"], ["masks.id"], name="fk_mask_revisions_mask_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_mask_revisions_user_id"),
        sa.PrimaryKeyConstraint("mask_id", "revision", name="pk_mask_revisions"),
        sa.UniqueConstraint("mask_id", "write_id", name="uq_mask_revisions_mask_id_write_id"),
    )
    op.create_table(
        "mark_revisions",
        sa.Column("mark_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("write_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("flag", sa.String(length=32), nullable=True),
        sa.Column("view", sa.Integer(), nullable=True),
        sa.Column("x", sa.Double(), nullable=True),
        sa.Column("y", sa.Double(), nullable=True),
        sa.Column("face", sa.Integer(), nullable=True),
        sa.Column("bary_0", sa.Double(), nullable=True),
        sa.Column("bary_1", sa.Double(), nullable=True),
        sa.Column("bary_2", sa.Double(), nullable=True),
        sa.Column("i", sa.Integer(), nullable=True),
        sa.Column("u", sa.Double(), nullable=True),
        sa.Column("v", sa.Double(), nullable=True),
        sa.Column("body_hash", sa.String(length=64), nullable=True),
        sa.Column("annotator_id", sa.Uuid(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["annotator_id"], ["users.id"], name="fk_mark_revisions_annotator_id"),
        sa.ForeignKeyConstraint(["mark_id"], ["marks.id"], name="fk_mark_revisions_mark_id"),
        sa.PrimaryKeyConstraint("mark_id", "revision", name="pk_mark_revisions"),
        sa.UniqueConstraint("mark_id", "write_id", name="uq_mark_revisions_mark_id_write_id"),
    )


def downgrade() -> None:
    """Revert."""
    op.drop_table("mark_revisions")
    op.drop_table("mask_revisions")
    op.drop_table("marks")

    op.drop_table("tasks")

    op.drop_table("points")
    op.drop_table("person_revisions")
    op.drop_table("masks")

    op.drop_table("persons")

    op.drop_table("members")

    op.drop_table("images")

    op.drop_table("sessions")
    op.drop_table("projects")
    op.drop_table("users")

    op.drop_table("sign_in_failures")
