// Renders with @huggingface/jinja: one JSON request a line in, one JSON answer a case out.
//
//   node hf_jinja_worker.mjs ENGINE_FOLDER      (the unpacked npm package, the one with package.json)
//
// The values of a context come from JSON.parse, so the engine sees what any JavaScript program that was sent the
// same JSON sees: 1.0 is 1, integers above 2^53 are rounded, keys that look like integers come first.

import { readFileSync, readSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const PROTOCOL = 1;
const TEMPLATES_KEPT = 128;
const CONTEXTS_KEPT = 4096;
const READ_FD = Number(process.env.PORTABLE_TPL_READ_FD);
const WRITE_FD = Number(process.env.PORTABLE_TPL_WRITE_FD);

const folder = process.argv[2];
const engine = createRequire(import.meta.url)(folder);
const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** What `raise_exception` throws: with the engine's own message, but told apart from its errors. */
class Refusal extends Error {}

// The engine declares its globals through this method before every render. Only `raise_exception` is replaced, by a
// function that throws the same message.
const declare = engine.Environment.prototype.set;
engine.Environment.prototype.set = function (name, value) {
  if (name === "raise_exception" && typeof value === "function") {
    value = (message) => {
      throw new Refusal(message);
    };
  }
  return declare.call(this, name, value);
};

// `strftime_now` of the engine reads `new Date()`; the worker's time zone is UTC, the clock is local time.
const RealDate = Date;
let now = 0;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now);
    else super(...args);
  }
  static now() {
    return now;
  }
};

/** A map that forgets what was used longest ago. */
class Recent {
  constructor(size) {
    this.size = size;
    this.map = new Map();
  }
  get(key) {
    const value = this.map.get(key);
    if (value !== undefined) {
      this.map.delete(key);
      this.map.set(key, value);
    }
    return value;
  }
  set(key, value) {
    this.map.delete(key);
    this.map.set(key, value);
    if (this.map.size > this.size) this.map.delete(this.map.keys().next().value);
  }
}

const templates = new Recent(TEMPLATES_KEPT);
const contexts = new Recent(CONTEXTS_KEPT);

/** `{template}` or `{failed}`; both are worth keeping. */
function compile(source) {
  let entry = templates.get(source);
  if (entry === undefined) {
    try {
      entry = { template: new engine.Template(source) };
    } catch (error) {
      entry = { failed: failure(error, "syntax") };
    }
    templates.set(source, entry);
  }
  return entry;
}

// V8's words for a string, array or buffer that would not fit; its heap running full ends the process instead.
const TOO_BIG = /^Invalid (string|array|typed array) length|Array buffer allocation failed/;

function failure(error, kind) {
  const message = error instanceof Error ? error.message : String(error);
  const plain = message || (error instanceof Error ? error.name : "unknown error");
  return { kind: error instanceof RangeError && TOO_BIG.test(message) ? "memory" : kind, message: plain };
}

function render(entry, given) {
  if (entry.failed) return { failed: entry.failed };
  const input = typeof given === "string" ? contexts.get(given) : given;
  if (input === undefined) return { missing: given };
  now = RealDate.parse(`${input.clock}Z`);
  try {
    return { text: entry.template.render(input.context) };
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    return { failed: failure(error, "error") };
  }
}

function send(answer) {
  const bytes = Buffer.from(`${JSON.stringify(answer)}\n`, "utf8");
  for (let offset = 0; offset < bytes.length; ) {
    offset += writeSync(WRITE_FD, bytes, offset, bytes.length - offset);
  }
}

function handle(request) {
  if (request.op === "contexts") {
    for (const [key, input] of Object.entries(request.set)) contexts.set(key, input);
    return;
  }
  const entry = compile(request.template);
  request.cases.forEach((given, index) => send({ id: request.id, case: index, ...render(entry, given) }));
}

/** Lines of the parent, without the newline, until it closes its end. */
function* requests() {
  const chunk = Buffer.alloc(1 << 16);
  let pieces = [];
  for (;;) {
    const size = readSync(READ_FD, chunk, 0, chunk.length, null);
    if (size === 0) return;
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1 && end < size; end = chunk.indexOf(10, start)) {
      pieces.push(Buffer.from(chunk.subarray(start, end)));
      yield Buffer.concat(pieces).toString("utf8");
      pieces = [];
      start = end + 1;
    }
    pieces.push(Buffer.from(chunk.subarray(start, size)));
  }
}

send({ protocol: PROTOCOL, engine: "@huggingface/jinja", version });
for (const line of requests()) handle(JSON.parse(line));
