"""TypeScript and JavaScript tools under the real Deno and Node, which the packages of the tests bring."""

import os
import re
import signal

import pytest
import trio

from compozy.domain.errors import InvalidError, ToolError

pytestmark = pytest.mark.slow

SOURCE = """
import { twice } from "./numbers.ts";
import process from "node:process";

interface Order { n: number }
type Config = { by: number };

let calls = 0;

export function add(order: Order, config: Config): { sum: number } {
  console.log("adding", order.n);
  return { sum: twice(order.n) + config.by };
}
export async function later<T>(input: T): Promise<T[]> {
  return await new Promise((resolve) => setTimeout(() => resolve([input]), 1));
}
export const counter = () => ++calls;
export const nothing = () => undefined;
export const nil = () => null;
export function fails() {
  console.error("about to fail");
  throw Object.assign(new RangeError("too far"), { code: "E_FAR" });
}
export const rejects = async () => { throw "a text"; };
export const cyclic = () => { const a: any = {}; a.a = a; return a; };
export const bigint = () => 1n;
export const returnsFunction = () => () => 1;
export const large = (input: { size: number }) => "x".repeat(input.size);
export const hang = () => new Promise(() => setInterval(() => {}, 1000));
export function spin() { for (;;); }
export const leave = () => process.exit(5);
export const region = (_input: unknown, _config: unknown, call: { env: Record<string, string> }) =>
  ({ given: call.env.REGION ?? null, seen: process.env.REGION ?? null });
export const setsRegion = () => { process.env.LEFT_BEHIND = "x"; };
export const leftBehind = () => process.env.LEFT_BEHIND ?? null;
export const forge = () => {
  process.stdout.write('{"call": 1, "result": "forged"}\\n@0123456789abcdef0123456789abcdef {"call": 1}\\n');
  return "real";
};
export const strays = () => { Promise.reject(new Error("nobody waits")); return "fine"; };
export const flood = () => {
  for (let i = 0; i < 11; i++) { console.log("x".repeat(2 ** 20)); process.stdout.write("y".repeat(2 ** 20) + "\\n"); }
  return "done";
};
export const pid = () => process.pid;
export default { "save-data": (input: Order) => [input.n] };
"""

NUMBERS = "export const twice = (n: number): number => n * 2;\n"


@pytest.fixture(params=["deno", "node"])
def open_scripts(request, open_project, tmp_path):
    """Return a function that opens the tools above, or others, under each runtime."""
    (tmp_path / "numbers.ts").write_text(NUMBERS)

    def opened(source=SOURCE, *, entrypoint="tools.ts", **settings):
        return open_project(entrypoint, source, kind=request.param, **settings)

    return opened


async def failure(tools, call):
    with pytest.raises(ToolError) as caught:
        await tools.run(call)
    return caught.value


async def test_typescript_runs_as_it_stands(open_scripts, call):
    async with open_scripts() as tools:
        assert await tools.run(call("add", n=2)) == {"sum": 14}
        assert await tools.run(call("later", a=1)) == {"value": [{"a": 1}]}
        assert await tools.run(call("save-data", n=3)) == {"value": [3]}
        assert await tools.run(call("nothing")) == await tools.run(call("nil")) == {}
        assert [await tools.run(call("counter")) for _ in range(2)] == [{"value": 1}, {"value": 2}]
        assert "did you mean 'counter'" in str(await failure(tools, call("countr")))


async def test_what_goes_wrong_in_a_tool_is_told_and_the_process_goes_on(open_scripts, call):
    async with open_scripts(max_output_bytes=1000) as tools:
        error = await failure(tools, call("fails"))
        assert str(error) == "tool 'fails' raised RangeError: too far"
        assert (error.error_code, error.details["type"], error.details["code"]) == (
            "TOOL_FAILED",
            "RangeError",
            "E_FAR",
        )
        assert error.details["stderr"] == "about to fail"
        assert re.search(r"at fails .*tools\.ts:\d+", error.details["traceback"][0])
        assert len(error.details["traceback"]) == 1

        codes = {name: (await failure(tools, call(name))).error_code for name in ("rejects", "cyclic", "bigint")}
        assert codes == {"rejects": "TOOL_FAILED", "cyclic": "TOOL_OUTPUT_INVALID", "bigint": "TOOL_OUTPUT_INVALID"}
        assert (await failure(tools, call("returnsFunction"))).error_code == "TOOL_OUTPUT_INVALID"
        assert (await failure(tools, call("large", size=999))).error_code == "TOOL_OUTPUT_TOO_LARGE"
        assert len((await tools.run(call("large", size=998)))["value"]) == 998
        assert await tools.run(call("strays")) == {"value": "fine"}
        assert await tools.run(call("counter")) == {"value": 1}  # the same process all the time


async def test_what_tools_print_is_no_reply_and_a_flood_of_it_stops_nothing(open_scripts, call):
    async with open_scripts() as tools:
        assert await tools.run(call("forge")) == {"value": "real"}
        assert await tools.run(call("flood")) == {"value": "done"}
        assert await tools.run(call("add", n=1)) == {"sum": 12}


async def test_large_values_pass_both_ways(open_scripts, call):
    async with open_scripts() as tools:
        text = "é\u2028" * 500_000

        assert await tools.run(call("later", text=text)) == {"value": [{"text": text}]}


async def test_variables_last_as_long_as_their_call(open_scripts, call):
    async with open_scripts(kept_workers=1) as tools:
        assert await tools.run(call("region", env={"REGION": "eu"})) == {"given": "eu", "seen": "eu"}
        assert await tools.run(call("region")) == {"given": None, "seen": None}
        await tools.run(call("setsRegion"))
        assert await tools.run(call("leftBehind")) == {}


async def test_a_tool_that_hangs_or_leaves_is_ended_and_replaced(open_scripts, call):
    async with open_scripts(kept_workers=1) as tools:
        spinning = await failure(tools, call("spin", timeout=0.3))
        left = await failure(tools, call("leave"))
        with trio.move_on_after(0.5) as scope:
            await tools.run(call("hang"))

        assert spinning.error_code == "TIMED_OUT"
        assert (left.error_code, "exited with status 5" in str(left)) == ("TOOL_CRASHED", True)
        assert scope.cancelled_caught
        assert await tools.run(call("counter")) == {"value": 1}


async def test_a_process_killed_in_the_middle_of_a_call_fails_that_call_alone(open_scripts, call):
    async with open_scripts(kept_workers=1) as tools:
        victim = int((await tools.run(call("pid")))["value"])
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def crash():
                assert (await failure(tools, call("hang"))).error_code == "TOOL_CRASHED"

            await trio.testing.wait_all_tasks_blocked(0.01)
            os.kill(victim, signal.SIGKILL)

        assert await tools.run(call("counter")) == {"value": 1}


async def test_fifty_calls_at_once_share_the_processes(open_scripts, call):
    results = []
    async with open_scripts(kept_workers=2, most_workers=2) as tools, trio.open_nursery() as nursery:
        for n in range(50):

            @nursery.start_soon
            async def one(n=n):
                results.append((await tools.run(call("add", n=n)))["sum"])

    assert sorted(results) == [2 * n + 10 for n in range(50)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("export function a( { return 1; }\n", "SyntaxError"),
        ("import x from './nowhere.ts';\nexport const a = x;\n", "nowhere.ts"),
        ("throw new Error('not today');\n", "importing it raised Error: not today"),
        ("import x from 'https://example.com/x.ts';\nexport const a = x;\n", "https:"),
        ("process.exit(7);\n", "exited with status 7"),
    ],
)
async def test_an_entrypoint_that_cannot_be_loaded_is_told_in_the_words_of_the_runtime(open_scripts, source, expected):
    with pytest.raises(InvalidError, match=f"tools.ts: .*{re.escape(expected)}"):
        async with open_scripts(source):
            pytest.fail("it was opened")


async def test_plain_javascript_runs_too(open_scripts, call):
    source = "export const triple = ({ n }) => n * 3;\nexport default { triple };\n"
    async with open_scripts(source, entrypoint="tools.mjs") as tools:
        assert tools.exported == {"triple"}
        assert await tools.run(call("triple", n=2)) == {"value": 6}
