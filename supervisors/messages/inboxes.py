"""The inboxes of the actors of one tree: made when they are first used, and told what becomes of their actors."""

from collections.abc import Callable

from supervisors.core.plan import Plan
from supervisors.errors import Unavailable
from supervisors.messages.inbox import Inbox
from supervisors.messages.letters import InboxError
from supervisors.messages.receiver import Receiver


class Inboxes:
    """The inboxes of one tree.

    Args:
        plan: Returns what is declared now.
    """

    def __init__(self, plan: Callable[[], Plan]) -> None:
        self._plan = plan
        self._inboxes: dict[str, Inbox] = {}
        self._receivers: dict[str, Receiver] = {}
        self._stopped: dict[str, str | None] = {}
        self._closed_because: str | None = None

    def __getitem__(self, name: str) -> Inbox:
        """Return the inbox of an actor.

        Raises:
            InboxError: The actor takes no messages.
            Unavailable: It is not part of the tree, or not any more.
        """
        inbox = self._inboxes.get(name)
        if inbox is None:
            spec = self._plan().specs.get(name)
            if spec is None:
                raise Unavailable(name, "is not part of this tree")
            if not spec.inbox:
                raise InboxError(f"{name!r} takes no messages; declare it with inbox=, the number that may wait for it")
            inbox = self._inboxes[name] = Inbox(name, spec.inbox)
            if self._closed_because is not None:
                inbox.refuse(self._closed_because)
        return inbox

    def receive(self, name: str, generation: int) -> Receiver:
        """Return the receiving end for a generation that runs.

        Raises:
            InboxError: The actor takes no messages.
        """
        receiver = self._receivers.get(name)
        if receiver is None or receiver.is_closed:
            receiver = self._receivers[name] = self[name].open(generation)
            if name in self._stopped:  # it was asked to stop before it looked
                self._end(name)
        return receiver

    def stop(self, name: str, *, last_because: str | None = None) -> None:
        """Let a generation receive no more; the last one first gets what is queued.

        Args:
            name: The actor.
            last_because: Why no other generation will follow, or None.
        """
        self._stopped[name] = _going_down(last_because) if last_because is not None else None
        self._end(name)

    def close(self, name: str, error: BaseException | None) -> None:
        """Tell those whose questions a generation took with it; afterwards the next one may receive."""
        self._stopped.pop(name, None)
        if receiver := self._receivers.pop(name, None):
            receiver.close(error)
        if self._closed_because is not None and (inbox := self._inboxes.get(name)):
            inbox.refuse(self._closed_because)

    def refuse(self, name: str, why: str) -> None:
        """Turn away all that waits for this actor, and all that comes: it will not run again, unless by hand."""
        spec = self._plan().specs.get(name)
        if spec is None:  # the child of a pool, which has come to its end
            if inbox := self._inboxes.pop(name, None):
                inbox.refuse(why)
        elif spec.inbox:
            self[name].refuse(why)

    def admit(self, name: str) -> None:
        """Take messages again for an actor that starts after all."""
        if inbox := self._inboxes.get(name):
            inbox.admit()

    def refuse_all(self, why: str, *, but: Callable[[str], bool]) -> None:
        """Turn away all that waits for actors that will not run again.

        Args:
            why: For those who are turned away.
            but: Whether this one is running, and gets what is queued.
        """
        self._closed_because = why = _going_down(why)
        for name, inbox in self._inboxes.items():
            if not but(name):
                inbox.refuse(why)

    def _end(self, name: str) -> None:
        if inbox := self._inboxes.get(name):
            why = self._stopped[name]
            if why is not None:
                inbox.drain(why)
            else:
                inbox.end()


def _going_down(why: str) -> str:
    return f"the tree is going down: {why}"
