// The worker's side of the protocol described in ../processes/_worker.py, for engines on Node.js.

import { readSync, writeSync } from "node:fs";

const PROTOCOL = 1;
const TEMPLATES_KEPT = 128;
const PROGRESS_FD = Number(process.env.PORTABLE_TPL_PROGRESS_FD);
const READ_FD = Number(process.env.PORTABLE_TPL_READ_FD);
const WRITE_FD = Number(process.env.PORTABLE_TPL_WRITE_FD);
const TEXT_BYTES = Number(process.env.PORTABLE_TPL_TEXT_BYTES || 4 << 20);
const LONGEST_MESSAGE = 1 << 16; // characters of a refusal or an error

/** What `raise_exception` throws: with the engine's own message, but told apart from its errors. */
export class Refusal extends Error {}

/**
 * Make an engine's `raise_exception` throw a `Refusal`. The engine declares its globals through this method before
 * every render; only that one is replaced, by a function that throws the same message.
 */
export function tellRefusals(engine) {
  const declare = engine.Environment.prototype.set;
  engine.Environment.prototype.set = function (name, value) {
    return declare.call(this, name, name === "raise_exception" && typeof value === "function" ? refuse : value);
  };
}

const refuse = (message) => {
  throw new Refusal(message);
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
let served; // what an engine offers: see `serve`

/** The compiled template; throws what the engine throws. */
function compiled(source, options) {
  const key = JSON.stringify([source, options]);
  let template = templates.get(key);
  if (template === undefined) template = served.compile(source, options);
  else templates.delete(key);
  templates.set(key, template);
  if (templates.size > TEMPLATES_KEPT) templates.delete(templates.keys().next().value);
  return template;
}

// V8's words for a string, array or buffer that would not fit; its heap running full ends the process instead.
const TOO_BIG = /^Invalid (string|array|typed array) length|Array buffer allocation failed/;

function failure(error, kind) {
  const message = error instanceof Error ? error.message : String(error);
  const plain = message || (error instanceof Error ? error.name : "unknown error");
  const big = error instanceof RangeError && TOO_BIG.test(message);
  return { kind: big ? "memory" : kind, message: plain.slice(0, LONGEST_MESSAGE) };
}

/** A case with its local time in milliseconds. */
function prepared({ context, clock }) {
  return { context, now: RealDate.parse(`${clock.replace(/(Z|[+-]\d\d:?\d\d(:?\d\d)?)$/, "")}Z`) };
}

/** The text, or what the reply says in its place. */
async function render(template, given) {
  now = given.now;
  try {
    const made = served.render(template, given.context);
    const text = typeof made === "string" ? made : await made;
    if (text.length <= TEXT_BYTES / 3 || Buffer.byteLength(text) <= TEXT_BYTES) return text;
    return { failed: { kind: "memory", message: `the prompt is larger than ${TEXT_BYTES >> 20} MB` } };
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message.slice(0, LONGEST_MESSAGE) };
    return { failed: failure(error, "error") };
  }
}

const GATHER_MS = 4; // of replies that go out in one write
let gathered = [];
let flushed = 0;
// Texts of consecutive cases, which go raw before the line that says how long each is.
let texts = Buffer.allocUnsafe(1 << 20);
let filled = 0;
let sizes = [];
let first = { id: 0, case: 0 };

function reply(answer) {
  endTexts();
  gathered.push(Buffer.from(`${JSON.stringify(answer)}\n`));
}

function replyText(id, index, text) {
  const most = 3 * text.length; // bytes in UTF-8
  if (filled + most > texts.length) {
    flush();
    if (most > texts.length) texts = Buffer.allocUnsafe(2 * most);
  }
  if (sizes.length === 0) first = { id, case: index };
  const size = texts.write(text, filled);
  sizes.push(size);
  filled += size;
}

function endTexts() {
  if (sizes.length === 0) return;
  gathered.push(Buffer.from(`#${filled}\n`), Buffer.from(texts.subarray(0, filled)));
  gathered.push(Buffer.from(`${JSON.stringify({ ...first, sizes })}\n`));
  filled = 0;
  sizes = [];
}

function flush() {
  endTexts();
  const bytes = Buffer.concat(gathered);
  gathered = [];
  for (let offset = 0; offset < bytes.length; ) {
    offset += writeSync(WRITE_FD, bytes, offset, bytes.length - offset);
  }
  flushed = performance.now();
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const counter = Buffer.alloc(8);

/** Say that the case `number`, from 1, is being rendered. */
function startCase(number) {
  counter.writeUInt32LE(number);
  writeSync(PROGRESS_FD, counter, 0, 8, 0);
  if (performance.now() - flushed > GATHER_MS) flush();
}

async function handle(request) {
  if (request.op === "contexts") {
    for (const key of request.drop ?? []) contexts.delete(key);
    for (const [key, input] of Object.entries(request.set)) contexts.set(key, prepared(input));
    return;
  }
  const { id } = request;
  let template;
  try {
    template = compiled(request.template, request.options);
  } catch (error) {
    reply({ id, case: "all", failed: failure(error, "syntax") });
    flush();
    return;
  }
  reply({ id, loaded: true });
  for (const [index, given] of request.cases.entries()) {
    startCase(index + 1);
    const answer = await render(template, typeof given === "string" ? contexts.get(given) : prepared(given));
    if (typeof answer !== "string") reply({ id, case: index, ...answer });
    // UTF-8 knows no lone surrogates; JSON has escapes for them.
    else if (LONE_SURROGATE.test(answer)) reply({ id, case: index, text: answer });
    else replyText(id, index, answer);
  }
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

/**
 * Answer requests until the parent goes away. `engine` has a `name`, a `version`, `compile(source, options)`, which
 * throws for a template that does not load, and `render(template, context)`, which gives the prompt or a promise of it.
 */
export async function serve(engine) {
  served = engine;
  reply({ protocol: PROTOCOL, engine: engine.name, version: engine.version, progress: true });
  flush();
  for (const line of requests()) await handle(JSON.parse(line));
}
