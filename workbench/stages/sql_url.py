"""Addresses of databases: SQLAlchemy's URLs, with secrets from the environment, and SQLite files by relative paths."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workbench.document.problems import Problem
from workbench.stages import files
from workbench.stages.base import BadInput

SQLITE = "sqlite:///"
_SECRET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SCHEME = re.compile(r"[a-z][a-z0-9]*(\+[a-z0-9]+)?://")
_PASSWORD = re.compile(r"://[^/@:]*:([^/@]+)@")


def sqlite_file(url: str) -> str | None:
    """The file of an SQLite database; None for any other."""
    return url.removeprefix(SQLITE) if url.startswith(SQLITE) else None


def problems(url: str) -> list[Problem]:
    """What is wrong with the form of an address, without going there."""
    if not _SCHEME.match(url):
        detail = f"'{url}' is no address of a database; such are sqlite:///file.db and postgresql://user@host/name"
        return [Problem("refused", "url", {"detail": detail})]
    if url.startswith("sqlite") and not sqlite_file(url):
        return [Problem("refused", "url", {"detail": "name the file of the database: sqlite:///file.db"})]
    password = _PASSWORD.search(url)
    if password and not _SECRET.fullmatch(password[1]):
        detail = "a password does not belong into a scenario; write ${NAME} for that of an environment variable"
        return [Problem("refused", "url", {"detail": detail})]
    return []


def _with_secrets(url: str) -> str:
    def secret(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise BadInput(f"the environment has no variable {found[1]}, which the address of the database names")
        return quote(os.environ[found[1]], safe="")

    return _SECRET.sub(secret, url)


@contextmanager
def reading(url: str, folder: Path) -> Iterator[Any]:
    """A connection that changes nothing: an SQLite file is opened for reading, and nothing is ever committed."""
    name = sqlite_file(url)
    file = None if name is None else f"file:{quote(str(files.to_read(folder, name).resolve()))}?mode=ro"
    with _connected(url, file) as connection:
        yield connection


@contextmanager
def writing(url: str, outbox: Path) -> Iterator[Any]:
    """A connection in one transaction; an SQLite file lies in the outbox."""
    name = sqlite_file(url)
    file = None if name is None else f"file:{quote(str(files.to_write(outbox, name).resolve()))}"
    with _connected(url, file) as connection, connection.begin():
        yield connection


@contextmanager
def _connected(url: str, file: str | None) -> Iterator[Any]:
    """A connection; what goes wrong is told without the address, which may hold secrets.

    `file` is the URI of an SQLite file, whatever letters its name has.
    """
    import sqlalchemy

    how: dict[str, Any] = {"hide_parameters": True, "poolclass": sqlalchemy.NullPool}
    try:
        if file is None:
            engine = sqlalchemy.create_engine(_with_secrets(url), **how)
        else:
            engine = sqlalchemy.create_engine("sqlite://", creator=lambda: sqlite3.connect(file, uri=True), **how)
    except sqlalchemy.exc.NoSuchModuleError as error:
        raise BadInput(f"SQLAlchemy knows no such database: {error}") from error
    except sqlalchemy.exc.ArgumentError:
        raise BadInput("the address of the database cannot be read") from None
    except ImportError as error:
        raise BadInput(f"the driver of this database is not installed: {error.name}") from error
    if engine.dialect.name == "sqlite":
        _begin_by_hand(engine)
    try:
        with engine.connect() as connection:
            yield connection
    except sqlalchemy.exc.DBAPIError as error:
        raise BadInput(f"the database refuses: {error.orig}") from None
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise BadInput(f"the database refuses: {type(error).__name__}") from None
    finally:
        engine.dispose()


def _begin_by_hand(engine: Any) -> None:
    """Let transactions of Python's SQLite driver cover the making of tables too, as SQLAlchemy's manual advises."""
    from sqlalchemy import event

    event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
