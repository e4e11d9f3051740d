"""The due deliveries of a webhook in memory: those of one task are sent one after the other, in order."""

from collections import deque
from collections.abc import Sequence

from tms_webhooks.sender.work import Message


class MessageQueue:
    """`take` a message, and `finish` it when its result is recorded: until then, no other of its order key is ready."""

    def __init__(self) -> None:
        self._known: dict[int, Message] = {}
        # By order key; the first of each is ready or under way.
        self._chains: dict[tuple[str, int], deque[Message]] = {}
        self._ready: deque[tuple[str, int]] = deque()
        # Order keys that have failed while deliveries were being read.
        self._failed: set[tuple[str, int]] = set()

    def __len__(self) -> int:
        """The number of messages whose results are not recorded yet."""
        return len(self._known)

    @property
    def has_ready(self) -> bool:
        return bool(self._ready)

    @property
    def waiting(self) -> int:
        """The number of messages that are not under way."""
        under_way = len(self._chains) - len(self._ready)
        return len(self._known) - under_way

    def begin_read(self) -> Sequence[int]:
        """Return the ids of the messages in memory, which a read of more messages has to leave out."""
        self._failed.clear()
        return list(self._known)

    def add(self, messages: Sequence[Message]) -> None:
        """Add what was read, except messages that have to wait since one before them has failed meanwhile."""
        for message in messages:
            if message.order_key in self._failed:
                continue
            self._known[message.delivery_id] = message
            if (chain := self._chains.get(message.order_key)) is None:
                self._chains[message.order_key] = deque([message])
                self._ready.append(message.order_key)
            else:
                chain.append(message)

    def take(self) -> Message:
        """Return a message that is ready; it is under way from then on."""
        return self._chains[self._ready.popleft()][0]

    def finish(self, message: Message, *, is_over: bool) -> None:
        """Go on with the next message of the order key; if this one has to wait, the others have to as well."""
        chain = self._chains[message.order_key]
        if is_over:
            del self._known[chain.popleft().delivery_id]
        else:
            self._failed.add(message.order_key)
            self._forget(chain)
        if chain:
            self._ready.append(message.order_key)
        else:
            del self._chains[message.order_key]

    def forget_waiting(self) -> None:
        """Forget every message that is not under way."""
        for key in self._ready:
            self._forget(self._chains.pop(key))
        self._ready.clear()
        for chain in self._chains.values():
            under_way = chain.popleft()
            self._forget(chain)
            chain.append(under_way)

    def _forget(self, chain: deque[Message]) -> None:
        while chain:
            del self._known[chain.popleft().delivery_id]
