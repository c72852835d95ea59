// Renders with @huggingface/jinja; the protocol is described in ../_worker.py.
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
const PROGRESS_FD = Number(process.env.PORTABLE_TPL_PROGRESS_FD);
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

const templates = new Map(); // in order of use, the longest unused first
const contexts = new Map();

/** The compiled template; throws what the engine throws. */
function compile(source) {
  let template = templates.get(source);
  if (template === undefined) template = new engine.Template(source);
  else templates.delete(source);
  templates.set(source, template);
  if (templates.size > TEMPLATES_KEPT) templates.delete(templates.keys().next().value);
  return template;
}

// V8's words for a string, array or buffer that would not fit; its heap running full ends the process instead.
const TOO_BIG = /^Invalid (string|array|typed array) length|Array buffer allocation failed/;

function failure(error, kind) {
  const message = error instanceof Error ? error.message : String(error);
  const plain = message || (error instanceof Error ? error.name : "unknown error");
  return { kind: error instanceof RangeError && TOO_BIG.test(message) ? "memory" : kind, message: plain };
}

function render(template, { context, clock }) {
  now = RealDate.parse(`${clock.replace(/(Z|[+-]\d\d:?\d\d(:?\d\d)?)$/, "")}Z`);
  try {
    return { text: template.render(context) };
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    return { failed: failure(error, "error") };
  }
}

const GATHER_MS = 4; // of replies that go out in one write
let gathered = [];
let flushed = 0;

function reply(answer) {
  gathered.push(JSON.stringify(answer), "\n");
}

function flush() {
  const bytes = Buffer.from(gathered.join(""), "utf8");
  gathered = [];
  for (let offset = 0; offset < bytes.length; ) {
    offset += writeSync(WRITE_FD, bytes, offset, bytes.length - offset);
  }
  flushed = performance.now();
}

const counter = Buffer.alloc(8);

/** Say that the case `number`, from 1, is being rendered. */
function startCase(number) {
  counter.writeUInt32LE(number);
  writeSync(PROGRESS_FD, counter, 0, 8, 0);
  if (gathered.length > 0 && performance.now() - flushed > GATHER_MS) flush();
}

function handle(request) {
  if (request.op === "contexts") {
    for (const key of request.drop ?? []) contexts.delete(key);
    for (const [key, input] of Object.entries(request.set)) contexts.set(key, input);
    return;
  }
  const { id } = request;
  let template;
  try {
    template = compile(request.template);
  } catch (error) {
    reply({ id, case: "all", failed: failure(error, "syntax") });
    flush();
    return;
  }
  reply({ id, loaded: true });
  request.cases.forEach((given, index) => {
    startCase(index + 1);
    reply({ id, case: index, ...render(template, typeof given === "string" ? contexts.get(given) : given) });
  });
  flush();
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

reply({ protocol: PROTOCOL, engine: "@huggingface/jinja", version, progress: true });
flush();
for (const line of requests()) handle(JSON.parse(line));
