// net/http and a pgx pool on one core, plain SQL; verified tokens are cached.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v4/pgxpool"
)

type Task struct {
	ID          string    `json:"id"`
	Title       string    `json:"title"`
	Description *string   `json:"description"`
	Completed   bool      `json:"completed"`
	UserID      string    `json:"user_id"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

type Claims struct {
	Sub string `json:"sub"`
	Exp int64  `json:"exp"`
}

const columns = "id::text, title, description, completed, user_id::text, created_at, updated_at"

var (
	pool   *pgxpool.Pool
	secret = []byte(os.Getenv("BETTER_AUTH_SECRET"))
	cache  sync.Map
)

func verify(token string) (Claims, bool) {
	if found, ok := cache.Load(token); ok {
		return found.(Claims), true
	}
	var claims Claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims, false
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(parts[0] + "." + parts[1]))
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	payload, err2 := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || err2 != nil || !hmac.Equal(signature, mac.Sum(nil)) || json.Unmarshal(payload, &claims) != nil {
		return claims, false
	}
	cache.Store(token, claims)
	return claims, true
}

func respond(w http.ResponseWriter, status int, content any) {
	body, _ := json.Marshal(content)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}

func fail(w http.ResponseWriter, status int, sentence string) {
	respond(w, status, map[string]string{"error": sentence})
}

type row interface{ Scan(...any) error }

func scan(r row) (t Task, err error) {
	err = r.Scan(&t.ID, &t.Title, &t.Description, &t.Completed, &t.UserID, &t.CreatedAt, &t.UpdatedAt)
	return
}

func tasks(w http.ResponseWriter, r *http.Request) {
	claims, ok := verify(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if !ok || claims.Exp < time.Now().Unix() {
		fail(w, 401, "Unauthorized")
		return
	}
	id := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/api/tasks"), "/")
	var body struct {
		Title       *string `json:"title"`
		Description *string `json:"description"`
		Completed   *bool   `json:"completed"`
	}
	if r.Method != "GET" && json.NewDecoder(r.Body).Decode(&body) != nil {
		fail(w, 422, "The request body is not valid JSON")
		return
	}
	switch {
	case r.Method == "GET" && id == "":
		rows, err := pool.Query(r.Context(), "SELECT "+columns+" FROM tasks WHERE user_id = $1 ORDER BY created_at DESC, id", claims.Sub)
		if err != nil {
			fail(w, 500, "Service temporarily unavailable")
			return
		}
		defer rows.Close()
		list := []Task{}
		for rows.Next() {
			if t, err := scan(rows); err == nil {
				list = append(list, t)
			}
		}
		respond(w, 200, map[string]any{"tasks": list})
	case r.Method == "POST" && id == "" && body.Title != nil:
		t, err := scan(pool.QueryRow(r.Context(), "INSERT INTO tasks (title, description, user_id) VALUES ($1, $2, $3) RETURNING "+columns,
			strings.TrimSpace(*body.Title), body.Description, claims.Sub))
		if err != nil {
			fail(w, 500, "Service temporarily unavailable")
			return
		}
		respond(w, 201, map[string]any{"task": t})
	case r.Method == "PUT":
		t, err := scan(pool.QueryRow(r.Context(), "UPDATE tasks SET title = coalesce($3, title), completed = coalesce($4, completed), updated_at = now() WHERE id = $1 AND user_id = $2 RETURNING "+columns,
			id, claims.Sub, body.Title, body.Completed))
		if err != nil {
			fail(w, 404, "Task not found")
			return
		}
		respond(w, 200, map[string]any{"task": t})
	default:
		fail(w, 405, "Method not allowed")
	}
}

func main() {
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL") + "?pool_max_conns=" + os.Getenv("DB_POOL_SIZE"))
	if err != nil {
		panic(err)
	}
	if pool, err = pgxpool.ConnectConfig(context.Background(), config); err != nil {
		panic(err)
	}
	http.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) { respond(w, 200, map[string]string{"status": "healthy"}) })
	http.HandleFunc("/api/tasks", tasks)
	http.HandleFunc("/api/tasks/", tasks)
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
