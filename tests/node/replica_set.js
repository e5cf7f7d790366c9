// Runs a script of mongosh against a server, with the few names of mongosh that it uses; prints the code that it quits by.
import { execFileSync } from "node:child_process";
import vm from "node:vm";

const { text, python, program, uri } = JSON.parse(process.argv[2]);

function command(body) {
  const answer = JSON.parse(execFileSync(python, ["-c", program, uri, JSON.stringify(body)], { encoding: "utf8" }));
  if (answer.codeName && !answer.ok) throw Object.assign(new Error(answer.errmsg), { codeName: answer.codeName });
  return answer;
}

function quit(code) {
  console.log(JSON.stringify(code));
  process.exit(0);
}

vm.runInNewContext(text, {
  rs: {
    status: () => command({ replSetGetStatus: 1 }),
    initiate: (config) => command({ replSetInitiate: config }),
  },
  db: { hello: () => command({ hello: 1 }) },
  quit,
});
