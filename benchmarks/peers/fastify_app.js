// Fastify and pg, tuned: verified tokens are cached, statements are prepared, responses have schemas.
const { DATABASE_URL, BETTER_AUTH_SECRET, DB_POOL_SIZE, PORT } = process.env;
const fastify = require("fastify")({ logger: false });
const { Pool } = require("pg");
const jwt = require("jsonwebtoken");
const bcrypt = require("bcrypt");

const pool = new Pool({ connectionString: DATABASE_URL, max: Number(DB_POOL_SIZE) });
const columns = "id, title, description, completed, user_id, created_at, updated_at";
const statements = {
  list: `SELECT ${columns} FROM tasks WHERE user_id = $1 ORDER BY created_at DESC, id`,
  insert: `INSERT INTO tasks (title, description, user_id) VALUES ($1, $2, $3) RETURNING ${columns}`,
  update: `UPDATE tasks SET title = coalesce($3, title), completed = coalesce($4, completed), updated_at = now()
           WHERE id = $1 AND user_id = $2 RETURNING ${columns}`,
  login: "SELECT id, password_hash FROM users WHERE email = $1",
};
const query = async (name, values) => (await pool.query({ name, text: statements[name], values })).rows;

const verified = new Map();
fastify.addHook("onRequest", async (request, reply) => {
  if (!request.url.startsWith("/api/tasks")) return;
  const token = (request.headers.authorization || "").slice(7);
  let claims = verified.get(token);
  if (!claims) {
    try {
      claims = jwt.verify(token, BETTER_AUTH_SECRET, { algorithms: ["HS256"] });
    } catch {
      return reply.code(401).send({ error: "Unauthorized" });
    }
    if (verified.size > 5000) verified.clear();
    verified.set(token, claims);
  }
  if (claims.exp * 1000 < Date.now()) return reply.code(401).send({ error: "Unauthorized" });
  request.userId = claims.sub;
});

const text = { type: "string" };
const task = {
  type: "object",
  properties: {
    id: text, title: text, description: { type: ["string", "null"] }, completed: { type: "boolean" },
    user_id: text, created_at: { type: "string", format: "date-time" }, updated_at: { type: "string", format: "date-time" },
  },
};
const one = { type: "object", properties: { task } };
const list = { type: "object", properties: { tasks: { type: "array", items: task } } };
const title = { type: "string", minLength: 1, maxLength: 255 };
const body = { type: "object", properties: { title, description: { type: ["string", "null"], maxLength: 1000 }, completed: { type: "boolean" } } };

fastify.get("/health", async () => ({ status: "healthy" }));
fastify.post("/api/auth/login", async (request, reply) => {
  const [user] = await query("login", [request.body.email]);
  if (!user || !(await bcrypt.compare(request.body.password, user.password_hash))) {
    return reply.code(401).send({ error: "Invalid email or password" });
  }
  return { token: jwt.sign({ sub: user.id }, BETTER_AUTH_SECRET, { expiresIn: "24h" }) };
});
fastify.get("/api/tasks", { schema: { response: { 200: list } } }, async (request) => ({
  tasks: await query("list", [request.userId]),
}));
fastify.post("/api/tasks", { schema: { body: { ...body, required: ["title"] }, response: { 201: one } } }, async (request, reply) => {
  const [row] = await query("insert", [request.body.title.trim(), request.body.description, request.userId]);
  return reply.code(201).send({ task: row });
});
fastify.put("/api/tasks/:id", { schema: { body, response: { 200: one } } }, async (request, reply) => {
  const { title: newTitle, completed } = request.body;
  const [row] = await query("update", [request.params.id, request.userId, newTitle, completed]);
  return row ? { task: row } : reply.code(404).send({ error: "Task not found" });
});
fastify.listen({ host: "127.0.0.1", port: Number(PORT) });
