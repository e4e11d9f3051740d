"""Secrets are private to the current user from their creation."""

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tms_core.errors import ConfigurationError
from tms_core.private_files import close_to_others, make_private, write_private
from tms_core.signing_key import own_key


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o277])
def _umask(request) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("_umask")
def test_directories_have_their_mode_whatever_the_umask(tmp_path):
    make_private(tmp_path / "state")
    make_private(tmp_path / "passed through", 0o711)

    assert (mode(tmp_path / "state"), mode(tmp_path / "passed through")) == (0o700, 0o711)


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_files_are_private_even_during_creation(tmp_path, umask, monkeypatch):
    seen: list[int] = []
    write = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: (seen.append(os.fstat(descriptor).st_mode & 0o777), write(descriptor))
    )
    before = os.umask(umask)
    try:
        write_private(tmp_path / "secret", b"x")
        own_key(tmp_path / "state")
    finally:
        os.umask(before)

    assert seen == [0o600, 0o600]
    assert mode(tmp_path / "state") == 0o700
    assert mode(tmp_path / "state" / "jwt.key") == 0o600


def test_an_existing_file_is_not_overwritten(tmp_path):
    (tmp_path / "elsewhere").write_text("kept")
    (tmp_path / "secret").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(FileExistsError):
        write_private(tmp_path / "secret", b"x")

    assert (tmp_path / "elsewhere").read_text() == "kept"


def test_a_key_readable_by_others_is_restricted_and_logged(tmp_path, caplog):
    key = own_key(tmp_path)
    (tmp_path / "jwt.key").chmod(0o644)

    assert own_key(tmp_path) == key
    assert mode(tmp_path / "jwt.key") == 0o600
    assert "jwt.key was open to other users (644): closed it" in caplog.text


def test_concurrent_creators_of_the_key_get_the_same(tmp_path):
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(own_key(tmp_path / "state"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["jwt.key"]


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe"])
def test_a_damaged_key_is_not_used(tmp_path, content):
    (tmp_path / "jwt.key").write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"jwt\.key is damaged: remove it"):
        own_key(tmp_path)


def test_a_shared_directory_is_unchanged(tmp_path):
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp").chmod(0o1777)

    close_to_others(tmp_path / "tmp")

    assert (tmp_path / "tmp").stat().st_mode & 0o7777 == 0o1777
