"""The HTTP resources, one class per noun."""

from tms_api.settings import ApiSettings
from tms_api.task_list.cache import PageCache
from tms_api.task_list.lookup import TaskListLookup


def includeme(config):
    runtime = config.registry.tms
    config.registry.task_page_cache = PageCache(runtime, runtime.settings(ApiSettings).cache_seconds)
    config.add_cached_route("/api/task", TaskListLookup(config.registry.task_page_cache, runtime.core.visibility))
    config.include(".description")
    config.scan("tms_api.resources")
