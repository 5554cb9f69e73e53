import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** Kafka's own Java client: a thread that replies, one that reads the replies, and the main thread that requests. */
public final class JavaClients {
    private static final Duration POLL = Duration.ofMillis(500);

    public static void main(String[] args) throws Exception {
        String broker = args[0];
        int n = Integer.parseInt(args[1]);
        String requests = "java-" + UUID.randomUUID().toString().substring(0, 8);
        String replies = requests + ".reply";
        Load.createTopics(broker, requests, replies);

        long startedAt = System.nanoTime();
        daemon(() -> reply(broker, requests, replies));
        var waiting = new ConcurrentHashMap<String, CompletableFuture<byte[]>>();
        daemon(() -> readReplies(broker, requests, replies, waiting));
        var producer = new KafkaProducer<String, byte[]>(Load.producer(broker));
        Load.measure("java-kafka-clients", version(), n, startedAt, key -> {
            var answer = new CompletableFuture<byte[]>();
            waiting.put(key, answer);
            producer.send(new ProducerRecord<>(requests, key, Load.PAYLOAD));
            return answer;
        });
    }

    private static void reply(String broker, String requests, String replies) {
        var producer = new KafkaProducer<String, byte[]>(Load.producer(broker));
        var consumer = new KafkaConsumer<String, byte[]>(Load.consumer(broker, requests + ".replier"));
        consumer.subscribe(List.of(requests));
        while (true) {
            for (ConsumerRecord<String, byte[]> request : consumer.poll(POLL)) {
                producer.send(new ProducerRecord<>(replies, request.key(), request.value()));
            }
        }
    }

    private static void readReplies(
        String broker, String requests, String replies, ConcurrentHashMap<String, CompletableFuture<byte[]>> waiting) {
        var consumer = new KafkaConsumer<String, byte[]>(Load.consumer(broker, requests + ".requester"));
        consumer.assign(List.of(new TopicPartition(replies, 0)));
        while (true) {
            for (ConsumerRecord<String, byte[]> reply : consumer.poll(POLL)) {
                var answer = waiting.remove(reply.key());
                if (answer != null) answer.complete(reply.value());
            }
        }
    }

    private static String version() throws Exception {
        var properties = new Properties();
        try (var file = KafkaProducer.class.getResourceAsStream("/kafka/kafka-version.properties")) {
            properties.load(file);
        }
        return properties.getProperty("version");
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        thread.start();
    }
}
