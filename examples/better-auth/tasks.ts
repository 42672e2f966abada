/** How a page calls the Todo service: with a token of whoever is logged in to Better Auth. */

import { createAuthClient } from "better-auth/client";
import { jwtClient } from "better-auth/client/plugins";

const API_URL = process.env.NEXT_PUBLIC_API_URL ?? "http://127.0.0.1:8000";
let token: string | undefined;

export const authClient = createAuthClient({
  baseURL: process.env.NEXT_PUBLIC_BETTER_AUTH_URL ?? "http://127.0.0.1:3000",
  plugins: [jwtClient()],
  fetchOptions: {
    onSuccess: () => {
      token = undefined; // somebody else may be logged in now
    },
  },
});

async function newToken(): Promise<string> {
  const { data, error } = await authClient.token();
  if (error) throw new Error(error.message ?? "Please log in");
  return data.token;
}

export async function call(method: string, path: string, body?: object): Promise<Response> {
  const ask = (token: string) =>
    fetch(API_URL + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
  const answer = await ask((token ??= await newToken()));
  if (answer.status !== 401) return answer;
  return ask((token = await newToken())); // it may have expired
}
