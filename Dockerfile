FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PATH=/srv/mailsync/.venv/bin:$PATH
WORKDIR /srv/mailsync

COPY requirements-uv.txt requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-uv.txt \
    && uv venv .venv \
    && uv pip install --no-cache --compile-bytecode --require-hashes -r requirements.txt

COPY . .
# Static files are collected once, at build time; the secrets of this one command are thrown away with it.
# Who runs it may not write here: what is not compiled now would be compiled by every process at each of its starts.
RUN SECRET_KEY=build TOKEN_ENCRYPTION_KEYS=$(python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())') DEBUG=false \
    DATABASE_URL=postgres://build@127.0.0.1/build REDIS_URL=redis://127.0.0.1/0 \
    python manage.py collectstatic --no-input \
    && python -m compileall -q config gmail mailsync syncjobs

RUN useradd --system mailsync
USER mailsync
EXPOSE 8000
CMD ["python", "-m", "config.uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", "--ws", "websockets-sansio", "--ws-max-size", "65536", "--no-server-header", "--no-access-log", "--timeout-graceful-shutdown", "3"]
