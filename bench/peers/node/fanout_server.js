// One instance of a room server on Node's socket.io with its Redis adapter: the peer of `bench sockets`.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const { redis, port } = JSON.parse(process.argv[2]);
const publisher = createClient({ url: redis });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);
const http = createServer();
const io = new Server(http, { adapter: createAdapter(publisher, subscriber) });
io.on("connection", (socket) => {
  socket.on("join", (_, done) => {
    socket.join("room");
    done({ ok: true });
  });
  socket.on("say", (body) => io.to("room").emit("delta", body));
});
http.listen(port, "127.0.0.1", () => console.log("ready"));
