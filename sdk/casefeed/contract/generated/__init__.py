"""Models and codecs of every event type, made from schemas/avro; run `make models` after a change there."""
