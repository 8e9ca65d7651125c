# The executable in a small image, which judges the papers' claims unless it is told otherwise:
#
#   docker build -t escapement .
#   docker run --rm escapement
#   docker run --rm -v "$PWD:/data" escapement train --preset fixture/ce-drw --out /data/RUN

FROM swift:6.3-bookworm AS build
# Those of ci.sh; JPEG and PNG files need libjpeg-dev, libpng-dev and --traits Images besides.
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    libopenblas-dev liblapacke-dev zlib1g-dev libssl-dev pkg-config \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# As Python/wheel builds it: with Swift's libraries inside.
RUN swift build -c release --static-swift-stdlib --product escapement \
  && mkdir /escapement \
  && cp -R .build/release/escapement .build/release/escapement_EscapementFixtures.resources /escapement \
  && strip /escapement/escapement

FROM debian:bookworm-slim
# libcurl4 and ca-certificates are for `data fetch`.
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    libopenblas0-pthread liblapacke zlib1g libssl3 libstdc++6 libcurl4 ca-certificates \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /escapement /usr/local/lib/escapement
RUN ln -s ../lib/escapement/escapement /usr/local/bin/escapement
# The records and plans that verify and golden check compare with.
WORKDIR /escapement
COPY LICENSE .
COPY Golden Golden
COPY Evidence Evidence
ENTRYPOINT ["escapement"]
CMD ["verify"]
