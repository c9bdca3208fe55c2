// The worker process of tools written in TypeScript or JavaScript, for Deno, Node and Bun alike: plain JavaScript, and
// nothing but what the three have in common, so that there is one program to trust.
//
// Requests come on standard input, one JSON object a line. A reply is a line on standard output that begins with the
// token of the first request; everything else there was printed by a tool. `console.log` and its kin write to standard
// error, so that this is rare.

import process from "node:process";

const encoder = new TextEncoder();

/** Answer requests about the module that `load` imports, until there are no more. */
export async function serve(load) {
  const write = process.stdout.write.bind(process.stdout);
  const lines = linesOf(process.stdin);
  const first = JSON.parse((await lines.next()).value);
  const send = (reply) =>
    new Promise((sent) => write(`\n${first.token}${JSON.stringify(reply)}\n`, sent));
  const environment = openEnvironment(new Set(first.env_names));
  divertPrints();
  outliveRejections();

  let tools;
  try {
    tools = toolsOf(await load());
    await send({ call: 0, tools: [...tools.keys()], metadata: about() });
  } catch (error) {
    await send({ call: 0, error: describe(error), metadata: about() });
    process.exit(1);
  }
  for await (const line of lines) {
    await send(await answer(JSON.parse(line), { tools, environment, limit: first.max_output_bytes }));
  }
  process.exit(0);
}

async function answer(request, { tools, environment, limit }) {
  const began = performance.now();
  const reply = { call: request.call };
  try {
    environment.enter(request.env);
    const tool = tools.get(request.tool_id);
    const result = await tool(request.input, request.config, { env: { ...request.env } });
    const problem = problemOf(request.tool_id, result, limit);
    if (problem) {
      reply.error = problem;
    } else {
      reply.result = result ?? null;
    }
  } catch (error) {
    reply.error = describe(error);
  } finally {
    environment.leave();
  }
  reply.metadata = { duration_ms: Math.round((performance.now() - began) * 1000) / 1000 };
  return reply;
}

/** Return what is wrong with a result, or null. */
function problemOf(toolId, result, limit) {
  if (result === undefined || result === null) return null;
  let text;
  try {
    text = JSON.stringify(result);
  } catch (error) {
    const message = `tool '${toolId}' returned something that is not JSON: ${error?.message ?? error}`;
    return { error_code: "TOOL_OUTPUT_INVALID", message };
  }
  if (text === undefined) {
    const message = `tool '${toolId}' returned something that is not JSON: a ${typeof result}`;
    return { error_code: "TOOL_OUTPUT_INVALID", message };
  }
  // Text has at least as many bytes as characters, and at most three times as many.
  if (text.length * 3 > limit) {
    const size = encoder.encode(text).length;
    if (size > limit) {
      const message =
        `tool '${toolId}' returned ${size} bytes of JSON, more than ${limit};` +
        " return a reference to large data instead, for example a path";
      return { error_code: "TOOL_OUTPUT_TOO_LARGE", message };
    }
  }
  return null;
}

/** Return the tools of a module by id: the functions it exports by name, and those of the object that is its default. */
function toolsOf(module) {
  const tools = new Map();
  const listed = module.default;
  for (const source of [module, typeof listed === "object" && listed !== null ? listed : {}]) {
    for (const [name, value] of Object.entries(source)) {
      if (typeof value === "function" && name !== "default") tools.set(name, value);
    }
  }
  return tools;
}

/** Yield the lines of a stream of text. */
async function* linesOf(stream) {
  stream.setEncoding("utf8");
  let parts = []; // a long line comes in many: to join them once costs less than to append each
  for await (const chunk of stream) {
    let begin = 0;
    for (let end; (end = chunk.indexOf("\n", begin)) >= 0; begin = end + 1) {
      parts.push(chunk.slice(begin, end));
      yield parts.join("");
      parts = [];
    }
    if (begin < chunk.length) parts.push(chunk.slice(begin));
  }
}

/**
 * Make the environment hold the variables of a call while it runs, and nothing else but what is in `names`.
 *
 * Deno asks for a permission for each variable, and those of a call were never in the environment of the process. There
 * `process.env` and `Deno.env` become views of an object of ours, which holds what may be read anyway and the variables
 * of the call; everything else stays out of reach.
 */
function openEnvironment(names) {
  const variables = globalThis.Deno ? shadowEnvironment(names) : process.env;
  for (const name of Object.keys(variables)) {
    if (!names.has(name)) delete variables[name]; // Bun reads files named .env by itself
  }
  let before = { ...variables };
  return {
    enter(env) {
      before = { ...variables };
      Object.assign(variables, env);
    },
    leave() {
      for (const name of Object.keys(variables)) if (!(name in before)) delete variables[name];
      Object.assign(variables, before);
    },
  };
}

function shadowEnvironment(names) {
  const variables = Object.create(null);
  for (const name of names) {
    try {
      const value = Deno.env.get(name);
      if (value !== undefined) variables[name] = value;
    } catch {
      // not permitted
    }
  }
  const real = Deno.env;
  const view = {
    get: (name) => (name in variables ? variables[name] : real.get(name)), // refused unless permitted
    has: (name) => name in variables || real.has(name),
    set: (name, value) => void (variables[name] = String(value)),
    delete: (name) => void delete variables[name],
    toObject: () => ({ ...variables }),
  };
  Object.defineProperty(Deno, "env", { value: view });
  Object.defineProperty(process, "env", { value: variables });
  return variables;
}

/** Send what tools print to standard error, where it is not searched for replies. */
function divertPrints() {
  for (const name of ["log", "info", "debug", "table", "dir"]) {
    console[name] = (...values) => console.error(...values);
  }
  process.stdout.write = process.stderr.write.bind(process.stderr);
}

/** A promise that nobody waits for may belong to a call that has ended: it is printed, and no reason to end. */
function outliveRejections() {
  const report = (reason) => console.error("unhandled rejection:", reason);
  if (globalThis.Deno) {
    globalThis.addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      report(event.reason);
    });
  } else {
    process.on("unhandledRejection", report);
  }
}

function describe(error) {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: "" };
  return { name: error.name, message: error.message, stack: error.stack ?? "", code: error.code };
}

function about() {
  if (globalThis.Deno) return { runtime: "deno", version: Deno.version.deno };
  if (globalThis.Bun) return { runtime: "bun", version: Bun.version };
  return { runtime: "node", version: process.versions.node };
}
