# The command line `horae`, with all adapters. Handlers come from outside: mount them, or build an
# image FROM this one that has them.
FROM node:22-slim AS build
WORKDIR /horae
COPY package.json package-lock.json .npmrc ./
COPY packages/core/package.json packages/core/
COPY packages/engine/package.json packages/engine/
COPY packages/testkit/package.json packages/testkit/
COPY packages/embedded/package.json packages/embedded/
COPY packages/kafka/package.json packages/kafka/
COPY packages/cassandra/package.json packages/cassandra/
COPY packages/client/package.json packages/client/
COPY packages/node/package.json packages/node/
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY packages packages
RUN npx tsc -b packages/node && npm prune --omit=dev --no-audit --no-fund

FROM node:22-slim
ENV NODE_ENV=production
WORKDIR /horae
COPY --from=build /horae/node_modules node_modules
COPY --from=build /horae/packages packages
COPY config config
COPY examples examples
RUN ln -s /horae/packages/node/bin/horae.js /usr/local/bin/horae && mkdir /data && chown node:node /data
USER node
EXPOSE 7373
# Ready, not only alive: it owns what it should, and log and store answer.
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=6 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:7373/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Drains; docker stop --time 40 leaves it the time.
STOPSIGNAL SIGTERM
ENTRYPOINT ["horae"]
CMD ["--help"]
