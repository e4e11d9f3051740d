from sqlalchemy.dialects.postgresql import insert

from tms_core.event_log.sinks import EventSink
from tms_foreign.models import ForeignNote


class NotesSink(EventSink):
    def deliver(self, session, events):
        for event in events:
            if event.kind == "created":
                note = {"position": event.position, "task_id": event.task_id, "title": event.snapshot["title"]}
                session.execute(insert(ForeignNote).values(note).on_conflict_do_nothing())
