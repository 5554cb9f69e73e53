import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** ADDRESS TOPIC PRODUCERS SECONDS: each producer sends a record of 1 KiB when its last one is acknowledged; prints records a second. */
public class SynchronousProducers {
    public static void main(String[] args) throws Exception {
        String address = args[0];
        String topic = args[1];
        int producers = Integer.parseInt(args[2]);
        int seconds = Integer.parseInt(args[3]);
        AtomicLong acknowledged = new AtomicLong();
        List<KafkaProducer<byte[], byte[]>> all = new ArrayList<>();
        for (int i = 0; i < producers; i++) {
            Properties properties = new Properties();
            properties.put("bootstrap.servers", address);
            properties.put("acks", "all");
            properties.put("linger.ms", "0");
            properties.put("buffer.memory", "1048576");
            KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
            producer.send(new ProducerRecord<>(topic, new byte[1024])).get();
            all.add(producer);
        }
        List<Thread> threads = new ArrayList<>();
        List<Throwable> faults = new ArrayList<>();
        long start = System.nanoTime();
        long end = start + seconds * 1_000_000_000L;
        for (KafkaProducer<byte[], byte[]> producer : all) {
            Thread thread = new Thread(() -> {
                byte[] value = new byte[1024];
                try {
                    while (System.nanoTime() < end) {
                        producer.send(new ProducerRecord<>(topic, value)).get();
                        acknowledged.incrementAndGet();
                    }
                } catch (Exception fault) {
                    synchronized (faults) {
                        faults.add(fault);
                    }
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) thread.join();
        double took = (System.nanoTime() - start) / 1e9;
        for (KafkaProducer<byte[], byte[]> producer : all) producer.close();
        if (!faults.isEmpty()) throw new IllegalStateException(faults.get(0));
        System.out.println(acknowledged.get() / took);
    }
}
