FROM debian:13-slim
RUN apt-get update && apt-get install -y --no-install-recommends pgbouncer && rm -rf /var/lib/apt/lists/*
COPY pgbouncer.ini /etc/pgbouncer/pgbouncer.ini
USER nobody
EXPOSE 6432
CMD ["sh", "-c", "printf '\"vorex\" \"%s\"\\n' \"$POSTGRES_PASSWORD\" >/tmp/users.txt && exec pgbouncer /etc/pgbouncer/pgbouncer.ini"]
