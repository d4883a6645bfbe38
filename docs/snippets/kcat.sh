#!/bin/sh
# The first records of a topic: place, clock of the broker, key, schema id, headers. No personal value is shown: the
# format asks of the value for nothing but the frame (magic byte 0, schema id).
# Usage: sh kcat.sh [TOPIC [COUNT]]
kcat -C -q -e \
  -b "${CASEFEED_KAFKA_BOOTSTRAP:-127.0.0.1:9092}" \
  -t "${1:-orr.case-events}" -o beginning -c "${2:-3}" \
  -s 'value=>b I' \
  -f '%p/%o published %T key %k frame "%s"\n  %h\n'
