"""What tools under Deno may do: what was declared, and nothing else."""

import json

import pytest

from compozy.domain.errors import InvalidError, ToolError

pytestmark = pytest.mark.slow

SOURCE = """
import fs from "node:fs";
import child from "node:child_process";

const attempts: Record<string, () => unknown> = {
  readFile: () => Deno.readTextFileSync("secret.txt"),
  readByNode: () => fs.readFileSync("secret.txt", "utf8"),
  readOwnSource: () => Deno.readTextFileSync(new URL(import.meta.url)),
  readProc: () => Deno.readTextFileSync("/proc/self/environ"),
  list: () => [...Deno.readDirSync(".")],
  write: () => Deno.writeTextFileSync("new.txt", "x"),
  connect: () => Deno.connect({ hostname: "127.0.0.1", port: 9 }),
  fetch: () => fetch("http://127.0.0.1:9/"),
  listen: () => Deno.listen({ port: 0 }),
  env: () => Deno.env.get("AWS_SECRET_ACCESS_KEY"),
  envOfNode: () => { if (process.env.AWS_SECRET_ACCESS_KEY === undefined) throw new Error("it is not there"); },
  run: () => new Deno.Command("/bin/echo").outputSync(),
  runByNode: () => child.execSync("/bin/echo hi"),
  system: () => Deno.hostname(),
  library: () => Deno.dlopen("libc.so.6", {}),
  importFile: () => import(new URL("secret.ts", import.meta.url).href),
  importWeb: () => import("https" + "://example.com/x.ts"),
  worker: () => new Promise((_, reject) => {
    const code = "Deno.readTextFileSync('secret.txt')";
    const worker = new Worker("data:application/javascript," + code, { type: "module" });
    worker.onerror = (event) => { event.preventDefault(); reject(new Error(event.message)); };
  }),
};

export async function attempt() {
  const through: Record<string, unknown> = {};
  for (const [name, act] of Object.entries(attempts)) {
    try {
      through[name] = (await act()) ?? null;
    } catch {
      // refused
    }
  }
  return { through, tried: Object.keys(attempts).length };
}
export const readData = () => Deno.readTextFileSync("data/open.txt");
export const readOther = () => Deno.readTextFileSync("secret.txt");
export const home = () => Deno.env.get("HOME");
export const ask = () => { prompt("really?"); return Deno.permissions.requestSync({ name: "read" }).state; };
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "open.txt").write_text("open")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "secret.ts").write_text("export default 'secret';\n")
    return tmp_path


async def test_without_permissions_nothing_outside_is_in_reach(folder, open_project, call):
    async with open_project("tools.ts", SOURCE, kind="deno") as tools:
        outcome = await tools.run(call("attempt"))

    assert outcome == {"through": {}, "tried": 18}
    assert not (folder / "new.txt").exists()


async def test_what_was_declared_is_in_reach_and_what_is_beside_it_is_not(folder, open_project, call):
    permissions = ("--allow-read=data", "--allow-env=HOME")
    async with open_project("tools.ts", SOURCE, kind="deno", permissions=permissions) as tools:
        assert await tools.run(call("readData")) == {"value": "open"}
        assert "value" in await tools.run(call("home"))
        with pytest.raises(ToolError, match="raised NotCapable: Requires read access") as caught:
            await tools.run(call("readOther"))

        assert "secret" not in json.dumps(caught.value.details["traceback"])


async def test_nobody_is_asked_for_a_permission(folder, open_project, call):
    async with open_project("tools.ts", SOURCE, kind="deno") as tools:
        assert await tools.run(call("ask")) == {"value": "denied"}


async def test_a_flag_that_is_no_permission_starts_nothing(folder, open_project):
    with pytest.raises(InvalidError, match=r"runtime\.permissions\[0\]: '--inspect' is not a permission"):
        async with open_project("tools.ts", SOURCE, kind="deno", permissions=("--inspect",)):
            pytest.fail("it was opened")


async def test_a_runtime_that_is_not_installed_is_named_with_how_to_get_it(folder, open_project, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(InvalidError, match=r"runtime\.type: the program 'bun' was not found .*npm install"):
        async with open_project("tools.ts", SOURCE, kind="bun"):
            pytest.fail("it was opened")
