/** Signs up, logs in and lives the whole life of a task; every field is typed by openapi.json. */

import createClient from "openapi-fetch";

import type { components, paths } from "./schema.js";

type Task = components["schemas"]["TaskData"];
type Refusal = components["schemas"]["Error"];

declare const process: { env: Record<string, string | undefined> };

const baseUrl = process.env.API_URL ?? "http://127.0.0.1:8000";
const guest = createClient<paths>({ baseUrl });

/** What the service, or a proxy before it, did not want to do; the message is for the user. */
class Refused extends Error {
  constructor(readonly status: number, message: string) { super(message); }
}

/** The data of an answer; raises Refused for every answer that is no success. */
async function dataOf<Data>(
  asked: Promise<{ data?: Data; error?: Refusal; response: Response }>,
): Promise<Data> {
  const { data, error, response } = await asked;
  if (!response.ok) throw new Refused(response.status, error?.error ?? response.statusText);
  return data as Data;
}

function show({ title, description, completed }: Task): string {
  return `[${completed ? "x" : " "}] ${title}${description === null ? "" : ` (${description})`}`;
}

const account = { email: `ada-${crypto.randomUUID()}@example.com`, password: "correct horse" };
const { user } = await dataOf(guest.POST("/api/auth/signup", { body: account }));
console.log(`signed up: ${user.email}`);

const { token } = await dataOf(guest.POST("/api/auth/login", { body: account }));
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
console.log("logged in");

const { task } = await dataOf(api.POST("/api/tasks", { body: { title: "Buy milk" } }));
console.log(`created: ${show(task)}`);

const { tasks } = await dataOf(api.GET("/api/tasks"));
console.log(`listed: ${tasks.map(show).join(", ")}`);

const one = { params: { path: { id: task.id } } };
console.log(`read: ${show((await dataOf(api.GET("/api/tasks/{id}", one))).task)}`);

const change = { description: "2 l", completed: true };
const changed = await dataOf(api.PUT("/api/tasks/{id}", { ...one, body: change }));
console.log(`changed: ${show(changed.task)}`);

await dataOf(api.DELETE("/api/tasks/{id}", one));
console.log("deleted");

for (const refused of [
  () => dataOf(api.GET("/api/tasks/{id}", one)),
  () => dataOf(api.POST("/api/tasks", { body: { title: " " } })),
  () => dataOf(guest.GET("/api/tasks")),
]) {
  const error: unknown = await refused().catch((error: unknown) => error);
  if (!(error instanceof Refused)) throw error;
  console.log(`refused: ${error.status} ${error.message}`);
}
