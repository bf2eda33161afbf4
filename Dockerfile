# The controller as an image. Runs as a user without rights, on a file system that may be read-only.
ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION}-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# Not `npm ci`: see DECISIONS.md, 2.
RUN npm install --no-save --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
RUN npm run build

FROM node:${NODE_VERSION}-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install --no-save --omit=dev --no-audit --no-fund

FROM node:${NODE_VERSION}-slim
LABEL org.opencontainers.image.title="imagestreams" \
      org.opencontainers.image.description="ImageStreams for every Kubernetes cluster, and for machines without one" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY package.json LICENSE ./
USER 65532:65532
EXPOSE 8080 8081
# Node itself gets SIGTERM: no shell, no npm in between. Left to itself V8 gives young objects 128 MiB, and keeps them.
ENTRYPOINT ["node", "--max-semi-space-size=16", "/app/dist/main.js"]
CMD ["controller"]
