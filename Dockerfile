# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY idqc idqc
COPY weights weights
COPY thresholds thresholds
RUN python3 -m venv /opt/idqc
RUN /opt/idqc/bin/pip install --quiet --no-cache-dir --constraint constraints.txt '.[cpu,postgres,service]'

FROM python:3.11-slim
RUN useradd --system --create-home --home-dir /var/lib/idqc --shell /usr/sbin/nologin idqc
COPY --from=build /opt/idqc /opt/idqc
WORKDIR /app
COPY api api
USER idqc
ENV PATH=/opt/idqc/bin:$PATH PYTHONPATH=/app IDQC_MODE=production IDQC_HOST=0.0.0.0 IDQC_PORT=8000 IDQC_DATA_DIR=/var/lib/idqc
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["idqc", "serve"]
