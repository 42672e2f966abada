/** Signs people up, logs them in, and shows them their tasks. */

import { type SyntheticEvent, useState } from "react";
import { createRoot } from "react-dom/client";

import * as api from "./api";
import { useTasks } from "./useTasks";

function Door({ onEntered }: { onEntered: () => void }) {
  const [error, setError] = useState("");

  async function enter(event: SyntheticEvent<HTMLFormElement, SubmitEvent>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const by = event.nativeEvent.submitter?.id === "signup" ? api.signUp : api.logIn;
    try {
      await by(String(fields.get("email")), String(fields.get("password")));
      onEntered();
    } catch (problem) {
      setError((problem as Error).message);
    }
  }

  return (
    <form onSubmit={enter} noValidate>
      <label>E-mail <input name="email" type="email" autoComplete="username" /></label>
      <label>Password <input name="password" type="password" autoComplete="current-password" /></label>
      <button>Log in</button>
      <button id="signup">Sign up</button>
      <p role="alert">{error}</p>
    </form>
  );
}

function Tasks({ onLoggedOut }: { onLoggedOut: () => void }) {
  const { tasks, error, add, change, remove } = useTasks(onLoggedOut);
  const [title, setTitle] = useState("");

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    void add(title);
    setTitle("");
  }

  return (
    <>
      <form onSubmit={submit}>
        <label>New task <input value={title} onChange={(e) => setTitle(e.target.value)} /></label>
        <button>Add</button>
      </form>
      <p role="alert">{error}</p>
      <ul>
        {tasks.map(({ id, title, completed }) => (
          <li key={id}>
            <label>
              <input
                type="checkbox"
                checked={completed}
                onChange={() => void change(id, { completed: !completed })}
              />
              {title}
            </label>
            <button onClick={() => void remove(id)}>Delete</button>
          </li>
        ))}
      </ul>
    </>
  );
}

function App() {
  const [inside, setInside] = useState(api.isLoggedIn());
  return inside
    ? <Tasks onLoggedOut={() => setInside(false)} />
    : <Door onEntered={() => setInside(true)} />;
}

createRoot(document.getElementById("root")!).render(<App />);
