// Preloaded into a server that would listen on every interface: it listens on loopback alone.
import net from "node:net";

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...given) {
  if (typeof given[0] === "number") given.splice(1, typeof given[1] === "string" ? 1 : 0, "127.0.0.1");
  if (given[0] !== null && typeof given[0] === "object" && "port" in given[0]) given[0] = { ...given[0], host: "127.0.0.1" };
  return listen.apply(this, given);
};
