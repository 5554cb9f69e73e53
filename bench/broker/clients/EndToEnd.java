import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * ADDRESS TOPIC RECORDS BYTES: sends a record when the last one has arrived; prints the p50 and p99 of the time from sending to
 * arrival, in milliseconds. As Kafka's EndToEndLatency, which tells whole milliseconds only.
 */
public class EndToEnd {
    /** As much as the client needs until its own code is compiled: half of the time is its warming up before. */
    private static final int WARM_UP = 15_000;

    public static void main(String[] args) throws Exception {
        String address = args[0];
        String topic = args[1];
        int records = Integer.parseInt(args[2]);
        byte[] value = new byte[Integer.parseInt(args[3])];
        Properties in = new Properties();
        in.put("bootstrap.servers", address);
        in.put("fetch.max.wait.ms", "1000");
        Properties out = new Properties();
        out.put("bootstrap.servers", address);
        out.put("acks", "all");
        out.put("linger.ms", "0");
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(in, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(out, new ByteArraySerializer(), new ByteArraySerializer())) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToEnd(List.of(partition));
            consumer.position(partition);
            long[] nanos = new long[records];
            for (int i = -WARM_UP; i < records; i++) {
                long sentAt = System.nanoTime();
                producer.send(new ProducerRecord<>(topic, 0, null, value));
                ConsumerRecords<byte[], byte[]> arrived;
                do {
                    arrived = consumer.poll(Duration.ofSeconds(30));
                } while (arrived.isEmpty() && System.nanoTime() - sentAt < 30_000_000_000L);
                if (arrived.count() != 1) throw new IllegalStateException(arrived.count() + " records for one");
                if (i >= 0) nanos[i] = System.nanoTime() - sentAt;
            }
            Arrays.sort(nanos);
            System.out.println(nanos[records / 2] / 1e6 + " " + nanos[records * 99 / 100] / 1e6);
        }
    }
}
