/** What a page does with tasks.ts, in Node.js: two people at one browser, one after the other. */

import { setTimeout as sleep } from "node:timers/promises";

const AUTH = process.env.NEXT_PUBLIC_BETTER_AUTH_URL;
const TOKEN_LIFE = Number(process.argv[2]); // seconds
const cookies = new Map();
const { fetch } = globalThis;

/** Node.js sends neither cookies nor Origin, as a browser does. */
globalThis.fetch = async (url, options = {}) => {
  if (!String(url).startsWith(AUTH)) return fetch(url, options);
  const headers = new Headers(options.headers);
  headers.set("Origin", AUTH);
  headers.set("Cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
  const answer = await fetch(url, { ...options, headers });
  for (const cookie of answer.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
    cookies.set(name, value);
  }
  return answer;
};

const { authClient, call } = await import("./tasks.js");
const titles = async () => {
  const answer = await call("GET", "/api/tasks");
  return (await answer.json()).tasks.map(({ title }) => title);
};

for (const name of ["Ada", "Ben"]) {
  const email = `${name}-${crypto.randomUUID()}@example.com`;
  const { error } = await authClient.signUp.email({ name, email, password: "correct horse" });
  if (error) throw new Error(error.message);
  await call("POST", "/api/tasks", { title: `for ${name}` });
  await sleep(TOKEN_LIFE * 1000);
  console.log(`${name} sees: ${await titles()}`);
}
await authClient.signOut();
console.log(`nobody sees: ${await titles().catch((error) => error.message)}`);
