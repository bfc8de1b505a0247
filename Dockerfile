FROM python:3.13-slim
LABEL org.opencontainers.image.title="Vorex Sessions" \
    org.opencontainers.image.description="Keeps the results of practice sessions and answers what comes next." \
    org.opencontainers.image.licenses="MIT"
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 FLASK_APP=wsgi PORT=8000
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
# By number: Kubernetes' runAsNonRoot cannot tell from a name whether it is root.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin vorex
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD \
    ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
CMD ["gunicorn", "wsgi:app"]
