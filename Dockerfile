# The base: a Debian-like image with Node 24, npm and Debian's essential packages (setpriv and useradd are among them).
# Where no image registry is reachable, build with --build-arg BASE=… of your own.
ARG BASE=node:24-trixie-slim

FROM ${BASE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No package that Gangway needs has something to do at its installation.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/bundle.ts scripts/
COPY src src
# All packages but one are in the bundle; of that one nobody needs the TypeScript and the source maps here.
RUN npm run build \
  && npm run bundle \
  && find node_modules/re2js -type f \( -name '*.ts' -o -name '*.[cm]ts' -o -name '*.map' \) -delete

FROM ${BASE}
WORKDIR /app
COPY docker/entrypoint.sh /usr/local/bin/gangway
# /data is what Gangway keeps; /config is what it is given: config.yaml, and .docker/config.json of `docker login`.
RUN chmod 0755 /usr/local/bin/gangway \
  && groupadd --system --gid 990 gangway \
  && useradd --system --uid 990 --gid gangway --home-dir /config --no-create-home gangway \
  && install --directory --owner gangway --group gangway /data \
  && install --directory /config
COPY --from=build /build/node_modules/re2js node_modules/re2js
COPY --from=build /build/bundle dist
COPY package.json config.example.yaml LICENSE ./
# Docker would set HOME to root's, which is nobody's after the start.
ENV NODE_ENV=production HOME=/config
VOLUME /data
EXPOSE 5000
# It reads the configuration as `run` does: name a file by GANGWAY_CONFIG, not by --config, so that it finds the port.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["gangway", "healthcheck"]
ENTRYPOINT ["gangway"]
CMD ["run"]
