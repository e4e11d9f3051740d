# syntax=docker/dockerfile:1

FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements/build.txt requirements/production.txt requirements/
RUN python -m venv --without-pip /opt/tms \
    && pip --python /opt/tms/bin/python install --no-cache-dir --require-hashes --requirement requirements/production.txt \
    && pip install --no-cache-dir --require-hashes --requirement requirements/build.txt
COPY src/ src/
RUN pip wheel --no-deps --no-build-isolation --no-index --wheel-dir wheels src/tms_* \
    && pip --python /opt/tms/bin/python install --no-deps --no-index wheels/*.whl

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /var/lib/tms --shell /usr/sbin/nologin tms \
    && install --directory --owner tms --group tms --mode 0700 /var/lib/tms
COPY --from=build /opt/tms /opt/tms
COPY production.ini /etc/tms/production.ini
ENV PATH=/opt/tms/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TMS_INI=/etc/tms/production.ini \
    TMS_STATE_DIR=/var/lib/tms
USER 10001
WORKDIR /var/lib/tms
EXPOSE 8000 8001
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/api/health', timeout=4)"]
CMD ["tms", "api"]
