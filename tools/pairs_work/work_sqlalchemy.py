"""SQLAlchemy at work: mapped classes, relations by name, sessions, queries, over sqlite; its extension in C is used."""

from __future__ import annotations

import pickle

import sqlalchemy
from sqlalchemy import Column, ForeignKey, Integer, String, create_engine, func, select
from sqlalchemy.orm import Session, declarative_base, relationship

Base = declarative_base()


class Author(Base):
    """One side."""

    __tablename__ = "author"
    id = Column(Integer, primary_key=True)
    name = Column(String, nullable=False)
    books = relationship("Book", back_populates="author", order_by="Book.title")


class Book(Base):
    """The other."""

    __tablename__ = "book"
    id = Column(Integer, primary_key=True)
    title = Column(String)
    author_id = Column(ForeignKey("author.id"))
    author = relationship("Author", back_populates="books")


def work() -> str:
    """Make tables, fill them, ask, fail, roll back."""
    engine = create_engine("sqlite://", future=True)
    Base.metadata.create_all(engine)
    with Session(engine, future=True) as session:
        session.add(Author(name="a", books=[Book(title="2"), Book(title="1")]))
        session.commit()
        author = session.scalars(select(Author)).one()
        assert [book.title for book in author.books] == ["1", "2"]
        counted = session.execute(select(Author.name, func.count(Book.id)).join(Author.books).group_by(Author.name))
        row = counted.one()
        assert tuple(row) == ("a", 2)
        assert row.name == "a"
        assert pickle.loads(pickle.dumps(row)) == row
        session.add(Author(name=None))
        try:
            session.commit()
        except sqlalchemy.exc.IntegrityError:
            session.rollback()
        assert session.scalar(select(func.count()).select_from(Author)) == 1
    return f"ORM, relations, pickled rows; {_native()}"


def _native() -> str:
    try:
        from sqlalchemy import cresultproxy
    except ImportError:
        from sqlalchemy.util import has_compiled_ext

        return "extension in C" if has_compiled_ext() else "no extension in C in this build"
    return f"extension in C ({cresultproxy.__name__})"
