from collections.abc import Iterator
from typing import Any, cast

import redis

from tms_core.doctor.findings import Finding, bad, fine, warning
from tms_core.redis import create_redis
from tms_core.runtime import Runtime

TIMEOUT = 3.0
MIN_VERSION = (6, 2)
NEARLY_FULL = 0.9


def check_redis(runtime: Runtime) -> Iterator[Finding]:
    try:
        with create_redis(runtime.core, timeout=TIMEOUT) as client:
            about = cast(dict[str, Any], client.info())
    except redis.RedisError as error:
        mend = "set tms.redis_url (or TMS_REDIS_URL), or start the server"
        if runtime.core.redis_url is None:
            mend = "start tms up, or set tms.redis_url (or TMS_REDIS_URL)"
        yield bad(f"does not answer ({error})", f"{mend}.")
        return
    yield judge_version(str(about["redis_version"]), about.get("valkey_version"))
    yield from judge_memory(about)


def judge_version(version: str, valkey: str | None = None) -> Finding:
    """Return the finding for a server's version. For Valkey, `version` is the compatible version of Redis."""
    if tuple(map(int, version.split(".")[:2])) < MIN_VERSION:
        needed = ".".join(map(str, MIN_VERSION))
        return bad(f"is Redis {version}", f"upgrade it, TMS needs {needed} or newer, or Valkey.")
    return fine(f"Valkey {valkey}" if valkey else f"Redis {version}")


def judge_memory(about: dict[str, Any]) -> Iterator[Finding]:
    """Check the eviction policy: cached lists may be evicted, queued background tasks must not."""
    limit, policy = int(about.get("maxmemory", 0)), str(about.get("maxmemory_policy", "noeviction"))
    if limit and policy.startswith("allkeys"):
        yield warning(f"maxmemory-policy is {policy}, which may evict queued tasks", "set it to volatile-lru.")
    if limit and policy == "noeviction" and about["used_memory"] > NEARLY_FULL * limit:
        yield warning(f"uses {about['used_memory'] / limit:.0%} of its maxmemory", "raise it, or set volatile-lru.")
