# One small image for web, worker and beat; docker-compose.yml says which one a container is.
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements/runtime.txt requirements/runtime.txt
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md ./
COPY schedules schedules
COPY reminders reminders
COPY migrations migrations
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /data reminders
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 REMINDERS_DATA_DIR=/data REMINDERS_LOG_FORMAT=json
USER reminders
WORKDIR /data
EXPOSE 8000
ENTRYPOINT ["reminders"]
CMD ["web", "--host", "0.0.0.0"]
