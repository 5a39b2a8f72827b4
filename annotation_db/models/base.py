"""Base of all tables."""

from uuid import UUID, uuid4

from sqlalchemy import MetaData, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Tables whose constraints have names, so that migrations can change them."""

    metadata = MetaData(naming_convention=NAMING)


class WithId:
    """A random UUID as primary key."""

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
