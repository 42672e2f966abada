/** All that a page needs of the service, by fetch() and nothing else. */

const API = import.meta.env.VITE_API_URL ?? "http://127.0.0.1:8000";
const KEPT = "todo-token";

export type Task = {
  id: string; title: string; description: string | null; completed: boolean;
  user_id: string; created_at: string; updated_at: string;
};

/** Why it was not done, in words for the user; the status is 0 where no answer came. */
export class ApiError extends Error {
  status: number;
  wait: number; // seconds after which to try again, where the service says so
  constructor(status: number, message: string, wait = 0) {
    super(message);
    this.status = status;
    this.wait = wait;
  }
}

async function call(method: string, path: string, body?: object, key?: string) {
  const headers = new Headers();
  const token = sessionStorage.getItem(KEPT);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  if (body) headers.set("Content-Type", "application/json");
  if (key) headers.set("Idempotency-Key", key);
  const answer = await fetch(API + path, { method, headers, body: JSON.stringify(body) })
    .catch(() => { throw new ApiError(0, "The service cannot be reached. Are you online?"); });
  if (answer.ok) return answer;
  if (answer.status === 401) logOut();
  const { error } = await answer.json().catch(() => ({ error: answer.statusText }));
  throw new ApiError(answer.status, error, Number(answer.headers.get("Retry-After")));
}

/** For what may be done twice: tries again where nothing came, or the service had trouble. */
async function retry(work: () => Promise<Response>, tries = 3): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    const passing = error instanceof ApiError && (error.status === 0 || error.status >= 500);
    if (!passing || tries === 1) throw error;
    await new Promise((resume) => setTimeout(resume, (error.wait || 1) * 1000));
    return retry(work, tries - 1);
  }
}

async function enter(door: "signup" | "login", email: string, password: string) {
  const answer = await call("POST", `/api/auth/${door}`, { email, password });
  sessionStorage.setItem(KEPT, (await answer.json()).token);
}

export const signUp = (email: string, password: string) => enter("signup", email, password);
export const logIn = (email: string, password: string) => enter("login", email, password);
export const logOut = () => sessionStorage.removeItem(KEPT);
export const isLoggedIn = () => sessionStorage.getItem(KEPT) !== null;

export async function listTasks(): Promise<Task[]> {
  return (await (await retry(() => call("GET", "/api/tasks"))).json()).tasks;
}

/** For long lists: one after the other, fetched a hundred at a time. */
export async function* eachTask(): AsyncGenerator<Task> {
  for (let path: string | undefined = "/api/tasks?limit=100"; path; ) {
    const answer: Response = await retry(() => call("GET", path!));
    yield* (await answer.json()).tasks as Task[];
    path = answer.headers.get("Link")?.match(/<([^>]+)>; rel="next"/)?.[1];
  }
}

export async function createTask(title: string, description?: string): Promise<Task> {
  const key = crypto.randomUUID(); // however often this is sent, there is one task
  const answer = await retry(() => call("POST", "/api/tasks", { title, description }, key));
  return (await answer.json()).task;
}

export async function changeTask(id: string, change: Partial<Task>): Promise<Task> {
  return (await (await retry(() => call("PUT", `/api/tasks/${id}`, change))).json()).task;
}

export async function deleteTask(id: string): Promise<void> {
  await call("DELETE", `/api/tasks/${id}`);
}
