# The models of the first revision: every kind of index that SQLAlchemy makes by itself. test/clients/alembic/run edits them.
from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Owner(Base):
    __tablename__ = "owner"
    id = Column(Integer, primary_key=True)
    slug = Column(String, unique=True)


class Account(Base):
    __tablename__ = "account"
    id = Column(Integer, primary_key=True)
    phone = Column(String, index=True)
    number = Column(Integer, unique=True)
    owner_id = Column(ForeignKey("owner.id"), index=True)
    created = Column(DateTime)
    email = Column(String, nullable=False)
    __table_args__ = (
        UniqueConstraint("email", "owner_id", name="account_email_owner"),
        Index("account_created", "created"),
    )
