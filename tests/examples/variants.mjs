/** Better Auth of auth.ts with one thing set up in another way; the links it mails go to stdout. */

import { createServer } from "node:http";

import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins";

import { auth } from "./auth.js";

const { options } = auth;
const [{ options: tokens }] = options.plugins;
const mail = async ({ url }) => console.log(url);
const database = memoryAdapter({ user: [], session: [], account: [], verification: [], jwks: [] });
const expiring = (expirationTime) => ({
  plugins: [jwt({ ...tokens, jwt: { ...tokens.jwt, expirationTime } })],
});

const VARIANTS = {
  stockTokens: { plugins: [jwt()], database },
  mailing: {
    emailVerification: { sendVerificationEmail: mail },
    user: { changeEmail: { enabled: true, sendChangeEmailConfirmation: mail } },
  },
  sessionInCookie: { session: { cookieCache: { enabled: true, strategy: "jwt" } } },
  stockIds: { advanced: {} },
  expirationInSeconds: expiring(3600),
  expirationSoon: expiring("3s"),
};

const variant = betterAuth({ ...options, ...VARIANTS[process.argv[2]] });
const { hostname, port } = new URL(options.baseURL);
createServer(toNodeHandler(variant)).listen(Number(port), hostname);
