"""The HTTP resources, one class per noun."""

from tms_api.settings import ApiSettings
from tms_api.task_list.cache import PageCache
from tms_api.task_list.lookup import TaskListLookup
from tms_api.task_lookup import TaskLookup


def includeme(config):
    runtime = config.registry.tms
    config.registry.task_page_cache = PageCache(runtime, runtime.settings(ApiSettings).cache_seconds)
    visibility = runtime.core.visibility
    config.add_batch_lookup("/api/task", TaskListLookup(config.registry.task_page_cache, visibility))
    config.add_batch_lookup("/api/task/{id}", TaskLookup(runtime, visibility))
    config.include(".description")
    config.include(".administration")
    config.scan("tms_api.resources")
