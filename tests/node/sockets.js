// Tabs of one user: each joins the thread, one asks; prints what every tab was sent, and how often it came back.
import { io } from "socket.io-client";

const { base, token, course, video, tabs, polling } = JSON.parse(process.argv[2]);
const NAMES = ["started", "context", "delta", "support", "notice", "completed", "failed", "message"];
const seen = Array.from({ length: tabs }, () => []);
const returned = Array.from({ length: tabs }, () => 0);
let begun = null;
let release;
const ended = new Promise((resolve) => (release = resolve));

const last = (events) => Math.max(0, ...events.filter((event) => event.turn === begun?.turn).map((e) => e.sequence ?? 0));
const done = (events) => events.some((event) => event.turn === begun?.turn && ["completed", "failed"].includes(event.name));

function open(number) {
  const socket = io(base, {
    auth: { token },
    transports: number < polling ? ["polling"] : ["websocket"],
    extraHeaders: { "user-agent": `tab-${number}` },
    reconnectionDelay: 200,
    reconnectionDelayMax: 1000,
  });
  for (const name of NAMES) {
    socket.on(name, (body) => {
      seen[number].push({ name, turn: body.turn, sequence: body.sequence });
      if (begun && seen.every(done)) release();
    });
  }
  socket.io.on("reconnect", () => returned[number]++);
  socket.on("connect", () => {
    if (!begun || done(seen[number])) return;
    socket.emit("join", { thread: begun.thread, turn: begun.turn, afterSequence: last(seen[number]) });
  });
  return new Promise((resolve) => socket.once("connect", () => resolve(socket)));
}

const sockets = await Promise.all(Array.from({ length: tabs }, (_, number) => open(number)));
const first = await sockets[0].emitWithAck("ask", { course, videoUrl: video, message: "What is a wave?" });
if (!first.ok) throw new Error(JSON.stringify(first));
for (const socket of sockets.slice(1)) await socket.emitWithAck("join", { thread: first.thread });
begun = await sockets[0].emitWithAck("ask", { course, videoUrl: video, message: "And what does it carry?" });
if (!begun.ok) throw new Error(JSON.stringify(begun));
console.log("begun");
await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 60000))]);
const told = seen.map((events) => events.filter((event) => event.turn === begun.turn && event.sequence !== undefined));
console.log(JSON.stringify({ turn: begun.turn, tabs: told.map((events) => events.map((e) => [e.sequence, e.name])), returned }));
for (const socket of sockets) socket.disconnect();
process.exit(0);
