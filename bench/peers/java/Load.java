import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The work that both Java peers do, their settings, and the one JSON line that is printed about it. */
final class Load {
    static final byte[] PAYLOAD = "x".repeat(64).getBytes();
    private static final int WARM_UP = 2_000;

    interface Call {
        CompletableFuture<?> send(String key) throws Exception;
    }

    static Map<String, Object> producer(String broker) {
        return new HashMap<>(Map.of(
            "bootstrap.servers", broker,
            "acks", "1",
            "linger.ms", 0,
            "enable.idempotence", false,
            "key.serializer", StringSerializer.class,
            "value.serializer", ByteArraySerializer.class));
    }

    static Map<String, Object> consumer(String broker, String group) {
        return new HashMap<>(Map.of(
            "bootstrap.servers", broker,
            "group.id", group,
            "auto.offset.reset", "earliest",
            "fetch.min.bytes", 1,
            "fetch.max.wait.ms", 500,
            "key.deserializer", StringDeserializer.class,
            "value.deserializer", ByteArrayDeserializer.class));
    }

    static void createTopics(String broker, String... names) throws Exception {
        List<NewTopic> topics = Stream.of(names).map(name -> new NewTopic(name, 1, (short) 1)).toList();
        try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", broker))) {
            admin.createTopics(topics).all().get();
        }
    }

    static void measure(String peer, String version, int n, long startedAt, Call call) throws Exception {
        call.send("first").get(30, TimeUnit.SECONDS);
        double firstReplyMs = (System.nanoTime() - startedAt) / 1e6;
        for (int i = 0; i < WARM_UP; i++) call.send("w" + i).get();

        double[] latencies = new double[n];
        long serialStart = System.nanoTime();
        for (int i = 0; i < n; i++) {
            long sentAt = System.nanoTime();
            call.send("s" + i).get();
            latencies[i] = (System.nanoTime() - sentAt) / 1e6;
        }
        double serialS = (System.nanoTime() - serialStart) / 1e9;
        Arrays.sort(latencies);

        double calls64 = callsPerS(call, 64, 20 * n);
        double calls512 = callsPerS(call, 512, 40 * n);
        System.out.printf(Locale.ROOT,
            "{\"peer\":\"%s\",\"version\":\"%s\",\"firstReplyMs\":%.3f,\"serialP50Ms\":%.3f,\"serialP99Ms\":%.3f,"
                + "\"calls1PerS\":%.1f,\"calls64PerS\":%.1f,\"calls512PerS\":%.1f}%n",
            peer, version, firstReplyMs, latencies[n / 2], latencies[n * 99 / 100], n / serialS, calls64, calls512);
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static double callsPerS(Call call, int inFlight, int total) throws Exception {
        Semaphore free = new Semaphore(inFlight);
        long start = System.nanoTime();
        for (int i = 0; i < total; i++) {
            free.acquire();
            call.send("c" + inFlight + "-" + i).whenComplete((reply, error) -> {
                if (error != null) {
                    error.printStackTrace();
                    Runtime.getRuntime().halt(1);
                }
                free.release();
            });
        }
        free.acquire(inFlight);
        return total / ((System.nanoTime() - start) / 1e9);
    }
}
