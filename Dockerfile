# The base can be any Debian-like image with Node 24, npm and setpriv (util-linux): where no image registry is reachable,
# build with --build-arg BASE=… of your own.
ARG BASE=node:24-trixie-slim

FROM ${BASE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev

FROM ${BASE}
WORKDIR /app
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json config.example.yaml LICENSE ./
COPY docker/entrypoint.sh /usr/local/bin/gangway
RUN chmod 0755 /usr/local/bin/gangway \
  && groupadd --system --gid 990 gangway \
  && useradd --system --uid 990 --gid gangway --home-dir /data --no-create-home gangway \
  && mkdir /data && chown gangway:gangway /data
ENV NODE_ENV=production
VOLUME /data
EXPOSE 5000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["gangway", "healthcheck"]
ENTRYPOINT ["gangway"]
CMD ["run"]
