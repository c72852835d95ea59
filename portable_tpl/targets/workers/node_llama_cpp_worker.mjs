// Renders with node-llama-cpp's JinjaTemplateChatWrapper, or, with the option `engine`, with the engine that it brings.
//
//   node node_llama_cpp_worker.mjs PACKAGE_FOLDER      (the unpacked npm package; its native program is not needed)
//
// Without the option a case is `{request: {messages, tools}, generate, variables, tokens}`. The messages of a request
// become the package's own history of a chat by its own converter.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Refusal, serve, tellRefusals } from "./_serve.mjs";

const WRAPPERS_KEPT = 16; // of one template: one for each set of variables, which a wrapper is made with
const folder = process.argv[2];
const inside = (...path) => import(pathToFileURL(join(folder, "dist", ...path)).href);

const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
// The package imports its engine as a module; required, that would be another copy of it.
const required = createRequire(join(folder, "package.json")).resolve("@huggingface/jinja");
const engine = await import(pathToFileURL(required.replace(/\.cjs$/, ".js")).href);
const { JinjaTemplateChatWrapper } = await inside("chatWrappers", "generic", "JinjaTemplateChatWrapper.js");
const { OpenAIFormat } = await inside("utils", "OpenAIFormat.js");
const { LlamaText, SpecialToken } = await inside("utils", "LlamaText.js");
tellRefusals(engine);

/** The wrapper of a template for a set of variables. It tries the template out when it is made. */
function wrapperFor(loaded, { enable_thinking: thinking, ...variables }) {
  const key = JSON.stringify([thinking, variables]);
  let wrapper = loaded.wrappers.get(key);
  if (wrapper === undefined) {
    wrapper = new JinjaTemplateChatWrapper({
      template: loaded.source,
      additionalRenderParameters: variables,
      ...(typeof thinking === "boolean" ? { reasoning: thinking } : {}),
    });
    loaded.wrappers.set(key, wrapper);
    if (loaded.wrappers.size > WRAPPERS_KEPT) loaded.wrappers.delete(loaded.wrappers.keys().next().value);
  }
  return wrapper;
}

/** A message with the arguments of its calls as clients of the OpenAI format send them: as text. */
function asSent(message) {
  if (!Array.isArray(message.tool_calls)) return message;
  const calls = message.tool_calls.map((call) => {
    const given = call?.function?.arguments;
    if (given === null || typeof given !== "object") return call;
    return { ...call, function: { ...call.function, arguments: JSON.stringify(given) } };
  });
  return { ...message, tool_calls: calls };
}

async function renderChat(loaded, { request, generate, variables, tokens }) {
  const chatWrapper = wrapperFor(loaded, variables);
  const messages = request.messages.map(asSent);
  const { chatHistory, functions } = await new OpenAIFormat({ chatWrapper }).fromOpenAiChat({ ...request, messages });
  // A chat goes on with an answer that is empty as yet.
  if (generate) chatHistory.push({ type: "model", response: [] });
  const { contextText } = chatWrapper.generateContextState({ chatHistory, availableFunctions: functions });
  const special = { BOS: tokens.bos_token, EOS: tokens.eos_token, EOT: tokens.eos_token };
  return LlamaText(contextText)
    .values.map((value) => (value instanceof SpecialToken ? (special[value.value] ?? "") : value.toString()))
    .join("");
}

/** What a template raised, from within what the wrapper says about it. */
function raised(error) {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof Refusal) return cause;
  return error;
}

await serve({
  name: "node-llama-cpp",
  version,
  compile(source, options) {
    const template = new engine.Template(source);
    return options.engine ? template : { source, wrappers: new Map() };
  },
  async render(loaded, context) {
    if (loaded instanceof engine.Template) return loaded.render(context);
    try {
      return await renderChat(loaded, context);
    } catch (error) {
      throw raised(error);
    }
  },
});
