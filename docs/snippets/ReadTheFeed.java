// The first events of a topic with stock clients alone: kafka-clients, Apache Avro (which brings Jackson), and the
// registry's schemas over HTTP. Prints type, child key and clocks, and nothing of a personal part.
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

public class ReadTheFeed {
    static final String TOPIC = "orr.case-events";
    static final HttpClient HTTP = HttpClient.newHttpClient();
    static final Map<Integer, Schema> SCHEMAS = new HashMap<>();

    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            throw new IllegalArgumentException("usage: ReadTheFeed BOOTSTRAP REGISTRY_URL COUNT");
        }
        int left = Integer.parseInt(args[2]);
        Map<String, Object> settings = Map.of("bootstrap.servers", args[0], "enable.auto.commit", "false");
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> all = consumer.partitionsFor(TOPIC).stream()
                    .map(each -> new TopicPartition(TOPIC, each.partition())).toList();
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            while (left > 0 && all.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    if (left-- > 0) {
                        show(record, args[1]);
                    }
                }
            }
        }
    }

    static void show(ConsumerRecord<String, byte[]> record, String registry) throws Exception {
        ByteBuffer value = ByteBuffer.wrap(record.value());
        if (value.get() != 0) {
            throw new IOException("not framed: " + record.topic() + "/" + record.partition() + "@" + record.offset());
        }
        int id = value.getInt();
        if (!SCHEMAS.containsKey(id)) {
            SCHEMAS.put(id, schema(registry, id));
        }
        var decoder = DecoderFactory.get().binaryDecoder(record.value(), 5, value.remaining(), null);
        GenericRecord event = new GenericDatumReader<GenericRecord>(SCHEMAS.get(id)).read(null, decoder);
        GenericRecord header = (GenericRecord) event.get("header");
        System.out.printf("%s child %s sequence %s of %s, occurred %s, recorded %s, published %d%n",
                event.getSchema().getFullName(), record.key(), header.get("sequence"), header.get("source"),
                header.get("occurred_at"), header.get("recorded_at"), record.timestamp());
    }

    static Schema schema(String registry, int id) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(registry + "/schemas/ids/" + id)).build();
        HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException("the registry answers " + answer.statusCode() + " for schema id " + id);
        }
        String text = new ObjectMapper().readTree(answer.body()).get("schema").asText();
        return new Schema.Parser().parse(text);
    }
}
