/** Serves Better Auth at /api/auth; a framework such as Next.js has a handler of its own. */

import { createServer } from "node:http";

import { toNodeHandler } from "better-auth/node";

import { auth } from "./auth.js";

const { hostname, port } = new URL(auth.options.baseURL);
createServer(toNodeHandler(auth)).listen(Number(port), hostname);
