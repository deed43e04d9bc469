# matte serve on a CPU, as a user without rights:  docker build -t mattelier .
# docs/deploy.md says how to run it: it needs a settings file with an API key, because it listens to others.
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN python -m venv /opt/mattelier && /opt/mattelier/bin/pip install --no-cache-dir '.[serve]'

FROM python:3.12-slim
RUN useradd --system --uid 7411 --home-dir /nonexistent --shell /usr/sbin/nologin mattelier
COPY --from=build /opt/mattelier /opt/mattelier
USER mattelier
# glibc keeps freed memory in an arena for every thread; two are enough for the workers and keep the size flat
ENV PATH=/opt/mattelier/bin:$PATH PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2
EXPOSE 7411
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD \
    ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7411/readyz', timeout=4)"]
ENTRYPOINT ["matte", "serve", "--host", "0.0.0.0", "--settings", "/settings.json"]
