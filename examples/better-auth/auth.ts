/** Better Auth whose tokens open the Todo service. */

import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { jwt } from "better-auth/plugins";
import { SignJWT } from "jose";

const secret = process.env.BETTER_AUTH_SECRET;
if (!secret) throw new Error("BETTER_AUTH_SECRET is missing: the same as the Todo service has");
const key = new TextEncoder().encode(secret);

export const auth = betterAuth({
  secret,
  baseURL: process.env.BETTER_AUTH_URL ?? "http://127.0.0.1:3000",
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  emailAndPassword: { enabled: true },
  advanced: { database: { generateId: "uuid" } },
  plugins: [
    jwt({
      jwks: { remoteUrl: "http://unused.invalid", keyPairConfig: { alg: "EdDSA" } },
      jwt: {
        expirationTime: "1h",
        definePayload: ({ user }) => ({ user_id: user.id, email: user.email }),
        sign: (claims) =>
          new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key),
      },
    }),
  ],
});
