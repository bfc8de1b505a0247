// A server like OpenAI's before a small model: node server.mjs MODEL.gguf. Prints its port when it is ready.
import { createServer } from "node:http";
import { getLlama, LlamaChatSession } from "node-llama-cpp";

const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
const model = await llama.loadModel({ modelPath: process.argv[2] });
const context = await model.createContext({ contextSize: 1024, threads: 1 });
const sequence = context.getSequence();

async function complete({ messages, max_tokens, temperature, response_format }, signal) {
  const [system, user] = messages.map((message) => message.content);
  const session = new LlamaChatSession({ contextSequence: sequence, systemPrompt: system });
  const schema = response_format?.json_schema?.schema;
  const grammar = schema && (await llama.createGrammarForJsonSchema(schema));
  const content = await session.prompt(user, { grammar, maxTokens: max_tokens, temperature, signal });
  session.dispose({ disposeSequence: false });
  return { choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }] };
}

let turn = Promise.resolve();
const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  const given = new AbortController(); // ends when the one who asked waits no more
  response.on("close", () => given.abort());
  request.on("end", () => {
    turn = turn.then(async () => {
      try {
        const answer = await complete(JSON.parse(Buffer.concat(parts).toString()), given.signal);
        response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
      } catch (error) {
        response.writeHead(500).end(String(error));
      }
    });
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
