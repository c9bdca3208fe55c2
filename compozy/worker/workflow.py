"""The one Temporal workflow, which interprets every definition."""

from temporalio import workflow

from compozy.domain.work import EXECUTION_WORKFLOW, ExecutionRequest
from compozy.worker.interpreter import Interpreter


@workflow.defn(name=EXECUTION_WORKFLOW)
class ExecutionWorkflow:
    """Runs one execution; its id is the execution's."""

    @workflow.run
    async def run(self, request: ExecutionRequest) -> str:
        """Run the execution and return its final status; its output is in the store, not in the history."""
        return (await Interpreter(request).run()).value
