"""Studies of annotators, and the persons copied for them"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("users", sa.Column("simulated", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "studies",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("masks", sa.String(length=32), nullable=False),
        sa.Column("parts", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("points_per_part", sa.Integer(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("practice", sa.Integer(), nullable=False),
        sa.Column("again", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_studies_created_by"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_studies_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_studies"),
    )
    op.create_index("ix_studies_project_id", "studies", ["project_id"])

    # A column that refers to a table is added in place: making SQLite's table anew would drop the one others refer to.
    inline = op.get_bind().dialect.name == "sqlite"
    op.add_column(
        "persons",
        sa.Column("study_id", sa.Uuid(), _refers("study_id", "studies"), nullable=True),
        inline_references=inline,
    )
    op.add_column(
        "persons", sa.Column("source_person_id", sa.Uuid(), _refers("source_person_id", "persons"), nullable=True),
        inline_references=inline,
    )  # fmt: skip
    op.add_column(
        "persons",
        sa.Column("assigned_to", sa.Uuid(), _refers("assigned_to", "users"), nullable=True),
        inline_references=inline,
    )
    op.add_column("persons", sa.Column("study_order", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("persons", sa.Column("practice", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("persons", sa.Column("again", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_persons_study_id_assigned_to_study_order", "persons", ["study_id", "assigned_to", "study_order"]
    )

    op.create_table(
        "study_persons",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("practice", sa.Boolean(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("x", sa.Double(), nullable=False),
        sa.Column("y", sa.Double(), nullable=False),
        sa.Column("w", sa.Double(), nullable=False),
        sa.Column("h", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_study_persons_person_id"),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name="fk_study_persons_study_id"),
        sa.PrimaryKeyConstraint("study_id", "person_id", name="pk_study_persons"),
        sa.UniqueConstraint("study_id", "number", name="uq_study_persons_study_id_number"),
    )
    op.create_index("ix_study_persons_person_id", "study_persons", ["person_id"])
    op.create_table(
        "study_annotators",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name="fk_study_annotators_study_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_study_annotators_user_id"),
        sa.PrimaryKeyConstraint("study_id", "user_id", name="pk_study_annotators"),
        sa.UniqueConstraint("study_id", "number", name="uq_study_annotators_study_id_number"),
    )
    op.create_index("ix_study_annotators_user_id", "study_annotators", ["user_id"])
    op.create_table(
        "study_networks",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_study_networks_created_by"),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name="fk_study_networks_study_id"),
        sa.PrimaryKeyConstraint("study_id", "name", name="pk_study_networks"),
    )
    op.create_index("ix_study_networks_blob", "study_networks", ["blob"])


def downgrade() -> None:
    """Undo. What annotators did in studies stays in the tables, but its persons must not turn into the project's."""
    persons = sa.table("persons", sa.column("study_id"), sa.column("deleted_at", sa.DateTime(timezone=True)))
    copies = persons.update().where(persons.c.study_id.is_not(None), persons.c.deleted_at.is_(None))
    op.execute(copies.values(deleted_at=datetime.now(UTC)))
    for table in ("study_networks", "study_annotators", "study_persons"):
        op.drop_table(table)
    op.drop_index("ix_persons_study_id_assigned_to_study_order", "persons")
    # In place, too: SQLite refuses to drop a table that rows of others refer to.
    for column in ("study_id", "source_person_id", "assigned_to", "study_order", "practice", "again"):
        op.drop_column("persons", column)
    op.drop_table("studies")
    op.drop_column("users", "simulated")


def _refers(column: str, table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.id", name=f"fk_persons_{column}")
