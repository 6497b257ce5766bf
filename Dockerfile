# One image for all parts of a server deployment: the console and tasks run the same locked code everywhere.
FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
WORKDIR /opt/tutela
COPY requirements.lock pyproject.toml README.md ./
RUN pip install --require-hashes -r requirements.lock
COPY . .
RUN pip install --no-deps --editable . && python -m compileall -q pipelines dags \
 && useradd --create-home --uid 10001 tutela && install -d -o tutela -g tutela -m 0700 /var/lib/tutela \
    /var/lib/tutela-backups /var/lib/tutela-snapshots
USER tutela
ENV TUTELA_HOME=/var/lib/tutela AIRFLOW_HOME=/var/lib/tutela/airflow
VOLUME ["/var/lib/tutela", "/var/lib/tutela-backups", "/var/lib/tutela-snapshots"]
