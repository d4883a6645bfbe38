# One image for every role of casefeed; docker-compose.yml names the command of each.
# What it installs is pinned with hashes in requirements-image.lock: the runtime alone, no Java, no test tools.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_CACHE_DIR=/var/cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements-image.lock .
# Every wheel is checked against its hash here; all that follows installs from this folder alone.
RUN --mount=type=cache,target=/var/cache/pip \
    pip download --quiet --only-binary=:all: --require-hashes -r requirements-image.lock -d /wheels
RUN pip install --quiet --no-index --find-links /wheels hatchling editables \
 && python -m venv --without-pip /opt/casefeed
COPY . .
# The venv gets what casefeed asks for and no more: hatchling stays in this stage.
RUN pip wheel --quiet --no-deps --no-build-isolation -w /wheels . \
 && pip --python /opt/casefeed/bin/python install --quiet --no-index --find-links /wheels 'casefeed[cli]'

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="casefeed" \
      org.opencontainers.image.description="The case feed between ICE and HHS/ORR; synthetic data only." \
      org.opencontainers.image.licenses="Apache-2.0"
# Nothing is installed at run time, so nothing that installs stays. A named volume that is mounted on
# /var/lib/casefeed takes over its owner.
RUN pip uninstall --quiet --yes --root-user-action=ignore pip \
 && rm -rf "$(python -c 'import ensurepip, os; print(os.path.dirname(ensurepip.__file__))')" \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/casefeed --shell /usr/sbin/nologin casefeed \
 && install -d -o casefeed -g casefeed -m 0750 /var/lib/casefeed
COPY --from=build /opt/casefeed /opt/casefeed
COPY seeds/ /seeds/
ENV PATH=/opt/casefeed/bin:$PATH \
    CASEFEED_HOME=/var/lib/casefeed \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/casefeed
CMD ["casefeed", "--help"]
