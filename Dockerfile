# One image for all of Lectern's own processes; the command picks which: `python -m services.threads`.
# The build needs the repository and a package index: docker build -t lectern:local .

ARG PYTHON=docker.io/library/python:3.11-slim

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# The environment has no pip of its own: nothing that runs can install anything.
RUN python -m venv --without-pip /opt/lectern/venv
COPY requirements.lock /tmp/requirements.lock
RUN python -m pip --python /opt/lectern/venv/bin/python install --require-hashes --no-deps --only-binary :all: \
      -r /tmp/requirements.lock
COPY kit /opt/lectern/app/kit
COPY services /opt/lectern/app/services
COPY gen /opt/lectern/app/gen
COPY deploy/__init__.py /opt/lectern/app/deploy/__init__.py
COPY deploy/envoy /opt/lectern/app/deploy/envoy
# Files of an image never change: bytecode need not be held against them at each start.
RUN python -m compileall -q --invalidation-mode unchecked-hash /opt/lectern/app

FROM ${PYTHON}
# The base brings pip for the build; a process that answers students has no use for it.
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip 2> /dev/null \
 && rm -rf /usr/local/lib/python3.*/ensurepip \
 && groupadd --gid 10001 lectern \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin lectern
# The libraries change seldom, the code each time: an upgrade fetches the last layer alone.
COPY --from=build /opt/lectern/venv /opt/lectern/venv
COPY --from=build /opt/lectern/app /opt/lectern/app
ENV PATH=/opt/lectern/venv/bin:$PATH \
    PYTHONPATH=/opt/lectern/app:/opt/lectern/app/gen \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    LECTERN_HEALTH_LISTEN=0.0.0.0:8086 \
    LECTERN_HEALTH_FILE=/tmp/lectern-alive
WORKDIR /opt/lectern/app
# By number, so that Kubernetes can see that it is not root. Any other works as well: nothing is written but in /tmp.
USER 10001:10001
EXPOSE 50051 50052 50053 50054 8081 8086 9464
# Whatever runs here is asked in its own way: servers by gRPC, workers by the age of a file.
HEALTHCHECK --interval=15s --timeout=6s --start-period=60s CMD ["python", "-m", "kit.healthcheck"]
CMD ["python", "-m", "services.gateway"]
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="Lectern" \
      org.opencontainers.image.description="A backend for AI tutoring: grounded, streamed, cited answers beside every lecture" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.vendor="Lectern" \
      org.opencontainers.image.documentation="docs/deploying.md" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11-slim"
