import java.time.Duration;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.kafka.support.TopicPartitionOffset;
import org.springframework.messaging.handler.annotation.SendTo;

/** Spring's ReplyingKafkaTemplate, and a @KafkaListener that echoes by @SendTo. */
public class SpringKafka {
    private static String broker;
    private static String requests;

    @Configuration
    @EnableKafka
    public static class Context {
        @Bean
        ConcurrentKafkaListenerContainerFactory<String, byte[]> kafkaListenerContainerFactory() {
            var factory = new ConcurrentKafkaListenerContainerFactory<String, byte[]>();
            factory.setConsumerFactory(consumers(".replier"));
            factory.setReplyTemplate(new KafkaTemplate<>(producers()));
            commitOnTimer(factory.getContainerProperties());
            return factory;
        }

        @Bean
        ReplyingKafkaTemplate<String, byte[], byte[]> requester() {
            var properties = new ContainerProperties(new TopicPartitionOffset(replies(), 0, 0L));
            properties.setGroupId(requests + ".requester");
            commitOnTimer(properties);
            var container = new KafkaMessageListenerContainer<String, byte[]>(consumers(".requester"), properties);
            var template = new ReplyingKafkaTemplate<String, byte[], byte[]>(producers(), container);
            template.setDefaultReplyTimeout(Duration.ofSeconds(30));
            return template;
        }

        @Bean
        Echo echo() {
            return new Echo();
        }
    }

    public static class Echo {
        @KafkaListener(topics = "#{T(SpringKafka).requests()}")
        @SendTo
        public byte[] echo(byte[] value) {
            return value;
        }
    }

    public static String requests() {
        return requests;
    }

    public static void main(String[] args) throws Exception {
        broker = args[0];
        requests = "spring-" + UUID.randomUUID().toString().substring(0, 8);
        Load.createTopics(broker, requests, replies());

        long startedAt = System.nanoTime();
        var context = new AnnotationConfigApplicationContext(Context.class);
        @SuppressWarnings("unchecked")
        ReplyingKafkaTemplate<String, byte[], byte[]> requester = context.getBean(ReplyingKafkaTemplate.class);
        String version = KafkaTemplate.class.getPackage().getImplementationVersion();
        Load.measure("spring-kafka", version, Integer.parseInt(args[1]), startedAt,
            key -> requester.sendAndReceive(new ProducerRecord<>(requests, key, Load.PAYLOAD)));
    }

    private static String replies() {
        return requests + ".reply";
    }

    private static DefaultKafkaConsumerFactory<String, byte[]> consumers(String role) {
        return new DefaultKafkaConsumerFactory<>(Load.consumer(broker, requests + role));
    }

    private static DefaultKafkaProducerFactory<String, byte[]> producers() {
        return new DefaultKafkaProducerFactory<>(Load.producer(broker));
    }

    /** Every 5 s and not awaited, as the other clients' auto-commit does; Spring's default commits after each poll. */
    private static void commitOnTimer(ContainerProperties properties) {
        properties.setAckMode(ContainerProperties.AckMode.TIME);
        properties.setAckTime(5_000);
        properties.setSyncCommits(false);
    }
}
