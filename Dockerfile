# docker build -t doorward . && docker run -p 3567:3567 -v doorward:/data -e API_KEYS=... doorward
FROM rust:1.88-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --locked --profile dist -p doorward-server && mkdir /data
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/dist/doorward /doorward
COPY --from=build --chown=nonroot:nonroot /data /data
ENV SUPERTOKENS_HOST=0.0.0.0 DOORWARD_SQLITE_DATA_DIR=/data
EXPOSE 3567
VOLUME /data
HEALTHCHECK CMD ["/doorward", "health"]
ENTRYPOINT ["/doorward"]
CMD ["serve"]
