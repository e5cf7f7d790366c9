// Reads [{package, document}] as JSON, and prints for each document the list of what its schema has against it.
// The packages hold validators that were compiled from the schemas; these pass over fields that they do not know.
import { text } from "node:stream/consumers";

const documents = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(await Promise.all(documents.map(faults))));

async function faults({ package: name, document }) {
  const { apiVersion, kind } = document;
  let Kind;
  try {
    ({ [kind]: Kind } = await import(`@kubernetes-models/${name}/${apiVersion}/${kind}`));
  } catch (error) {
    if (!["ERR_MODULE_NOT_FOUND", "ERR_PACKAGE_PATH_NOT_EXPORTED"].includes(error.code)) throw error;
    return [`no schema knows ${kind} of ${apiVersion}`];
  }
  const looks = new Map();
  try {
    Kind.prototype.validate.call(watched(document, looks));
  } catch (error) {
    if (!error.errors) throw error;
    return error.errors.map((each) => `${each.instancePath || "/"}: ${each.message} ${JSON.stringify(each.params)}`);
  }
  return [...unknown(document, "", looks)];
}

// The same value, which notes in `looks` the fields of each object that somebody asked for.
function watched(value, looks) {
  if (typeof value !== "object" || value === null) return value;
  return new Proxy(value, {
    get(target, key) {
      noted(looks, target).add(key);
      return watched(target[key], looks);
    },
    ownKeys(target) {
      for (const key of Reflect.ownKeys(target)) noted(looks, target).add(key);
      return Reflect.ownKeys(target);
    },
  });
}

function noted(looks, target) {
  if (!looks.has(target)) looks.set(target, new Set());
  return looks.get(target);
}

// A validator asks each object for every field that the schema has: a field that it never asked for is none of them.
// An object that was asked for nothing may hold anything.
function* unknown(value, path, looks) {
  if (typeof value !== "object" || value === null || !looks.has(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (looks.get(value).has(key)) yield* unknown(inner, `${path}/${key}`, looks);
    else yield `${path}/${key}: unknown field`;
  }
}
