// The calls of the official client, unchanged; prints what it understood of the answers.
import OpenAI from "openai";

const { base, key, course, video } = JSON.parse(process.argv[2]);
const client = new OpenAI({ baseURL: base, apiKey: key, maxRetries: 0 });
const messages = [{ role: "user", content: "What does a wave carry?" }];

const models = [];
for await (const model of client.models.list()) models.push(model.id);

const plain = await client.chat.completions.create({ model: "lectern", messages });

let streamed = "";
let usage = 0;
const options = { model: "lectern", messages, stream: true, stream_options: { include_usage: true } };
for await (const chunk of await client.chat.completions.create(options)) {
  streamed += chunk.choices[0]?.delta.content ?? "";
  usage = chunk.usage?.total_tokens ?? usage;
}

const grounded = await client.chat.completions.create({ model: "lectern", messages, course, video_url: video });
const vectors = await client.embeddings.create({ model: "lectern", input: "wave" });
const refused = await client.chat.completions
  .create({ model: "gpt-none", messages })
  .then(() => null, (error) => [error.status, error.code]);

console.log(
  JSON.stringify({
    models,
    plain: plain.choices[0].message.content,
    streamed,
    usage,
    cited: grounded.lectern.citations[0].videoUrl,
    dimensions: vectors.data[0].embedding.length,
    refused,
  }),
);
