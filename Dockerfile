# One image for all of Lectern's own processes; the command picks which: `python -m services.threads`.
# The build needs the repository alone: docker build -t lectern .

FROM docker.io/library/python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/lectern/venv
COPY requirements.lock /tmp/requirements.lock
RUN /opt/lectern/venv/bin/pip install --require-hashes --no-deps -r /tmp/requirements.lock
COPY kit /opt/lectern/app/kit
COPY services /opt/lectern/app/services
COPY gen /opt/lectern/app/gen
COPY deploy/__init__.py /opt/lectern/app/deploy/__init__.py
COPY deploy/envoy /opt/lectern/app/deploy/envoy
RUN /opt/lectern/venv/bin/python -m compileall -q /opt/lectern/app

FROM docker.io/library/python:3.11-slim
LABEL org.opencontainers.image.title="Lectern"
RUN groupadd --gid 10001 lectern && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin lectern
COPY --from=build /opt/lectern /opt/lectern
ENV PATH=/opt/lectern/venv/bin:$PATH \
    PYTHONPATH=/opt/lectern/app:/opt/lectern/app/gen \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/lectern/app
USER 10001:10001
EXPOSE 50051 50052 50053 50054 8081 8086 9464
HEALTHCHECK --interval=15s --timeout=6s --start-period=60s CMD ["python", "-m", "kit.healthcheck", "127.0.0.1:8086"]
CMD ["python", "-m", "services.gateway"]
