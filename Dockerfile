# docker build --tag postern .

# Where its prebuilt file cannot be fetched, better-sqlite3 is compiled: this image has what that takes, and the same C library as the next.
FROM node:20-bookworm AS build
WORKDIR /opt/postern
COPY . .
# Also bundles src/ and console/ into dist/, by the `prepare` script.
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:20-bookworm-slim
ENV NODE_ENV=production \
    POSTERN_API_LISTEN=0.0.0.0:7400 \
    POSTERN_GATE_LISTEN=0.0.0.0:7480
COPY --from=build /opt/postern/package.json /opt/postern/package.json
COPY --from=build /opt/postern/node_modules /opt/postern/node_modules
COPY --from=build /opt/postern/dist /opt/postern/dist
# The default database and master key are in data/ below; on PostgreSQL, with the key from a secret, nothing is written here.
RUN install --directory --owner=node --group=node --mode=0700 /var/lib/postern
WORKDIR /var/lib/postern
VOLUME /var/lib/postern
USER node
EXPOSE 7400 7480
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:7400/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/opt/postern/dist/main.js"]
CMD ["serve"]
