"""Faults that are injected while mails are sent. After each one, all processes run again."""

import signal
from collections.abc import Callable

from tms_testing.mail.server import Behaviour
from tms_testing.mail.system import MailSystem, MailTraffic

Fault = Callable[[MailSystem, MailTraffic], None]


def nothing(system: MailSystem, traffic: MailTraffic) -> None:
    traffic.flow()


def worker_is_killed(system: MailSystem, traffic: MailTraffic) -> None:
    """Each worker in turn is killed with its children, in the middle of its work."""
    for worker in system.workers:
        worker.kill_group()
        traffic.flow()
        worker.start()


def relay_is_killed(system: MailSystem, traffic: MailTraffic) -> None:
    """The standby relay takes over."""
    leader = system.await_leader()
    leader.kill()
    traffic.flow()
    leader.start()


def redis_loses_its_data(system: MailSystem, traffic: MailTraffic) -> None:
    """Redis restarts empty: all Celery messages are gone."""
    system.redis.kill()
    traffic.flow()
    system.redis.forget()
    system.redis.start()


def postgres_is_restarted(system: MailSystem, traffic: MailTraffic) -> None:
    """PostgreSQL crashes and recovers."""
    system.postgres.end(signal.SIGQUIT)
    system.postgres.start()
    traffic.flow()


def server_refuses_connections(system: MailSystem, traffic: MailTraffic) -> None:
    """No server listens."""
    system.server.stop()
    traffic.flow()
    system.server.start()


def _behaving(behaviour: Behaviour) -> Fault:
    def fault(system: MailSystem, traffic: MailTraffic) -> None:
        system.server.behaviour = behaviour
        traffic.flow(30)
        system.server.behaviour = Behaviour.ACCEPT

    return fault


FAULTS: dict[str, Fault] = {
    "none": nothing,
    "a worker is killed": worker_is_killed,
    "the relay is killed": relay_is_killed,
    "Redis is emptied": redis_loses_its_data,
    "PostgreSQL crashes": postgres_is_restarted,
    "no mail server": server_refuses_connections,
    **{f"the mail server {one}": _behaving(one) for one in Behaviour if one is not Behaviour.ACCEPT},
}
