/** The user's tasks, what can be done with them, and why something was not done. */

import { useEffect, useState } from "react";

import * as api from "./api";

export function useTasks(onLoggedOut: () => void) {
  const [tasks, setTasks] = useState<api.Task[]>([]);
  const [error, setError] = useState("");

  async function attempt(work: () => Promise<(tasks: api.Task[]) => api.Task[]>) {
    try {
      setTasks(await work());
      setError("");
    } catch (problem) {
      if (!(problem instanceof api.ApiError)) throw problem;
      if (problem.status === 401) onLoggedOut();
      setError(problem.message);
    }
  }

  const load = () => attempt(async () => {
    const found = await api.listTasks();
    return () => found;
  });
  const add = (title: string) => attempt(async () => {
    const task = await api.createTask(title);
    return (tasks) => [task, ...tasks];
  });
  const change = (id: string, what: Partial<api.Task>) => attempt(async () => {
    const task = await api.changeTask(id, what);
    return (tasks) => tasks.map((each) => (each.id === id ? task : each));
  });
  const remove = (id: string) => attempt(async () => {
    await api.deleteTask(id);
    return (tasks) => tasks.filter((each) => each.id !== id);
  });

  useEffect(() => void load(), []);
  return { tasks, error, load, add, change, remove };
}
