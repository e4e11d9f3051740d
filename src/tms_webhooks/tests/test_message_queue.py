"""Properties of the messages in memory, over random operations."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from tms_webhooks.sender.message_queue import MessageQueue
from tms_webhooks.sender.work import Message

TASKS = 3
MESSAGES = [
    Message(number, f"msg_1_{number}", ("task", number % TASKS), 0, datetime.now(UTC), b"{}") for number in range(12)
]
OPERATIONS = st.sampled_from(["read", "take", "succeed", "fail", "forget"])


@settings(max_examples=100, deadline=None)
@given(st.lists(OPERATIONS, max_size=60))
def test_each_message_is_taken_in_the_order_of_its_task_and_never_twice_at_once(operations):
    queue = MessageQueue()
    # What the database would tell.
    due, under_way = list(MESSAGES), []
    for operation in operations:
        match operation:
            case "read":
                known = queue.begin_read()
                queue.add([one for one in due if one.delivery_id not in known][:5])
            case "take" if queue.has_ready:
                message = queue.take()
                assert message == next(one for one in due if one.order_key == message.order_key)
                assert message.order_key not in [one.order_key for one in under_way]
                under_way.append(message)
            case "succeed" if under_way:
                due.remove(under_way[0])
                queue.finish(under_way.pop(0), is_over=True)
            case "fail" if under_way:
                queue.finish(under_way.pop(0), is_over=False)
            case "forget":
                queue.forget_waiting()
                assert not queue.has_ready
        assert len(queue) == queue.waiting + len(under_way)


def test_what_was_read_before_a_failure_waits_as_well():
    queue = MessageQueue()
    first, second, other = MESSAGES[0], MESSAGES[TASKS], MESSAGES[1]
    queue.add([first])
    queue.begin_read()
    queue.finish(queue.take(), is_over=False)

    queue.add([second, other])

    assert queue.take() == other
    assert not queue.has_ready
