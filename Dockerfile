# The service, for a PostgreSQL elsewhere: give it DATABASE_URL, BETTER_AUTH_SECRET, FRONTEND_URL.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /build
COPY requirements.lock .
RUN python3 -m venv /venv && \
    /venv/bin/pip install --no-cache-dir --no-compile --only-binary :all: --require-hashes \
        -r requirements.lock && \
    /venv/bin/pip uninstall --yes pip
COPY service.py schema.sql /app/
COPY core /app/core
COPY server /app/server
COPY embedded /app/embedded
COPY plugins /app/plugins
RUN /venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /venv/lib /app

FROM ${BASE}
ENV HOST=0.0.0.0 PORT=8000 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s CMD ["/venv/bin/python", "-ISc", \
    "import http.client as h, os; c = h.HTTPConnection('127.0.0.1', os.environ['PORT'], timeout=2); \
    c.request('GET', '/health'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["/venv/bin/python", "service.py"]
