"""The example does what its README says."""

import pytest
import trio

from compozy.app import Options, open_runtime
from compozy.domain.ids import new_exec_id
from compozy.domain.statuses import Status
from compozy.domain.work import Signal
from compozy.drivers.clock import utc_now

pytestmark = pytest.mark.slow


async def test_an_order_waits_until_somebody_approves_it_who_may_and_is_shipped(tmp_path, pytestconfig):
    folder = pytestconfig.rootpath / "examples" / "wait-and-signal"
    exec_id = new_exec_id()
    with trio.fail_after(30):
        async with open_runtime(Options(path=folder, environ={}, flags={"state_dir": str(tmp_path)})) as app:
            async with app.executions.watch(exec_id) as changes:
                await app.executions.start("order", {"number": 7, "amount": 500}, exec_id=exec_id)
                async for change in changes:
                    if (change.task_id, change.status) == ("approval", Status.WAITING):
                        for by in ("Bob", "Ada"):
                            event = Signal(name="order-7-approved", payload={"by": by}, event_id=by, at=utc_now())
                            await app.events.tell(event)
            order = await app.executions.get(exec_id)
            [announced] = [task for task in order.tasks if task.task_id == "announce"]
            [shipping] = announced.output["started"]

            assert order.workflow.output == {"approved_by": "Ada"}
            assert (await app.executions.state_of(shipping)).parent_exec_id == exec_id
