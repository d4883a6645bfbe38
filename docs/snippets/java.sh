#!/bin/sh
# Runs ReadTheFeed.java as it is (a JDK 17 or newer) on the jars that casefeed keeps since `casefeed stack up`.
# In a build of your own: org.apache.kafka:kafka-clients and org.apache.avro:avro of Maven Central.
# Usage: sh java.sh [COUNT]
CACHE="${CASEFEED_CACHE:-$HOME/.cache/casefeed}"
AVRO="$CACHE/apicurio-3.3.3/lib/main/org.apache.avro.avro-1.12.2.jar"
java -cp "$CACHE/kafka-4.4.0/*:$AVRO" "$(dirname "$0")/ReadTheFeed.java" \
  "${CASEFEED_KAFKA_BOOTSTRAP:-127.0.0.1:9092}" \
  "${CASEFEED_REGISTRY_URL:-http://127.0.0.1:8080/apis/ccompat/v7}" \
  "${1:-3}"
