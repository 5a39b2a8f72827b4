# The server and its workers: light install, no torch.
FROM node:24-slim AS frontend
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend ./
RUN npm run build

FROM python:3.12-slim
WORKDIR /app
COPY locks/server.txt locks/server.txt
RUN pip install --no-cache-dir uv && uv pip install --system --require-hashes -r locks/server.txt
COPY . .
COPY --from=frontend /src/server/static server/static
RUN uv pip install --system --no-deps -e . \
    && useradd --create-home densemark && mkdir /data && chown densemark /data
USER densemark
ENV DENSEMARK_DATA=/data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
    CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"
CMD ["densemark", "serve", "--host", "0.0.0.0", "--port", "8000"]
