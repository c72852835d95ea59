// Renders with @huggingface/jinja.
//
//   node hf_jinja_worker.mjs ENGINE_FOLDER      (the unpacked npm package, the one with package.json)
//
// The values of a context come from JSON.parse, so the engine sees what any JavaScript program that was sent the
// same JSON sees: 1.0 is 1, integers above 2^53 are rounded, keys that look like integers come first.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { serve, tellRefusals } from "./_serve.mjs";

const folder = process.argv[2];
const engine = createRequire(import.meta.url)(folder);
const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
tellRefusals(engine);

await serve({
  name: "@huggingface/jinja",
  version,
  compile: (source) => new engine.Template(source),
  render: (template, context) => template.render(context),
});
