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
        facts = {"workflow_id": request.definition.id}
        # The SDK's logger, for it is silent during a replay; the handler of our logs knows what it adds.
        workflow.logger.debug("execution begins", extra={"facts": facts})
        status = await Interpreter(request).run()
        workflow.logger.debug("execution ended", extra={"facts": {**facts, "status": status.value}})
        return status.value
