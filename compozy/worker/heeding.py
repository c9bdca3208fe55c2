"""What every workflow that runs an execution heeds: events, and to pause and go on."""

from temporalio import workflow

from compozy.domain.work import PAUSE, RESUME, SIGNAL, ExecutionRequest, Signal
from compozy.worker.interpreter import Interpreter
from compozy.worker.interpreter.control import Control


class Heeding:
    """The part of such a workflow that listens."""

    def __init__(self) -> None:
        self._control = Control()
        self._interpreter: Interpreter | None = None

    def _prepare(self, request: ExecutionRequest) -> Interpreter:
        """Return the interpreter of the execution; from now on it is told what is heard."""
        self._interpreter = Interpreter.of(request, self._control)
        return self._interpreter

    async def _carry_out(self, interpreter: Interpreter) -> str:
        """Run the execution and return its final status."""
        facts = {"workflow_id": interpreter.request.definition.id}
        # The SDK's logger, for it is silent during a replay; the handler of our logs knows what it adds.
        workflow.logger.debug("execution begins", extra={"facts": facts})
        status = await interpreter.run()
        workflow.logger.debug("execution ended", extra={"facts": {**facts, "status": status.value}})
        return status.value

    @workflow.signal(name=SIGNAL)
    def hear(self, signal: Signal) -> None:
        """Hear that something happened."""
        self._control.take(signal)

    # What these write is dropped when the execution has ended, so nobody waits for them.
    @workflow.signal(name=PAUSE, unfinished_policy=workflow.HandlerUnfinishedPolicy.ABANDON)
    async def pause(self) -> None:
        """Begin no further task."""
        self._control.put_pause(is_paused=True)
        await self._tell_standing()

    @workflow.signal(name=RESUME, unfinished_policy=workflow.HandlerUnfinishedPolicy.ABANDON)
    async def resume(self) -> None:
        """Go on."""
        self._control.put_pause(is_paused=False)
        await self._tell_standing()

    async def _tell_standing(self) -> None:
        if self._interpreter is not None:
            await self._interpreter.tell_standing()
