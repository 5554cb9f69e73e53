package main

import (
	"context"
	"strconv"
	"sync"

	"github.com/IBM/sarama"
)

// saramaGroup: a static and a dynamic member share four partitions, which an idempotent producer fills.
func (w *work) saramaGroup(ctx context.Context) (any, error) {
	const count = 200
	topic, err := w.topic(ctx, "sarama", 4)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	seen := &keys{wanted: count, whenAll: stop, seen: map[string]bool{}}
	failures := make(chan error, 2)
	// Each has its share: a static member that is done would else be waited for, for as long as its session lasts.
	isShared, whenShared := context.WithCancel(ctx)
	defer whenShared()
	sharing := &keys{wanted: 2, whenAll: whenShared, seen: map[string]bool{}}
	var waiting sync.WaitGroup
	for _, instance := range []string{"static", ""} {
		waiting.Go(func() {
			handler := &saramaHandler{topic, instance, sharing, seen}
			if err := w.saramaMember(ctx, handler); err != nil && ctx.Err() == nil {
				failures <- err
				stop()
			}
		})
	}
	<-isShared.Done()
	if err := w.saramaProduce(topic, count); err != nil {
		return nil, err
	}
	waiting.Wait()
	select {
	case failure := <-failures:
		return nil, failure
	default:
	}
	admin, err := sarama.NewClusterAdmin(w.servers, saramaConfig())
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	answer, err := admin.ListConsumerGroupOffsets(w.prefix, map[string][]int32{topic: {0, 1, 2, 3}})
	if err != nil {
		return nil, err
	}
	committed := int64(0)
	for _, block := range answer.Blocks[topic] {
		committed += max(block.Offset, 0)
	}
	return map[string]int64{"seen": int64(seen.count()), "committed": committed}, nil
}

func saramaConfig() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V2_8_0_0
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Group.Heartbeat.Interval = heartbeat
	return config
}

func (w *work) saramaProduce(topic string, count int) error {
	config := saramaConfig()
	config.Producer.Idempotent = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Compression = sarama.CompressionLZ4
	config.Producer.Return.Successes = true
	config.Net.MaxOpenRequests = 1
	producer, err := sarama.NewSyncProducer(w.servers, config)
	if err != nil {
		return err
	}
	defer producer.Close()
	messages := make([]*sarama.ProducerMessage, count)
	for i := range messages {
		messages[i] = &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder(strconv.Itoa(i))}
	}
	return producer.SendMessages(messages)
}

func (w *work) saramaMember(ctx context.Context, handler *saramaHandler) error {
	config := saramaConfig()
	config.Consumer.Group.InstanceId = handler.instance
	group, err := sarama.NewConsumerGroup(w.servers, w.prefix, config)
	if err != nil {
		return err
	}
	defer group.Close()
	for ctx.Err() == nil {
		if err := group.Consume(ctx, []string{handler.topic}, handler); err != nil {
			return err
		}
	}
	return nil
}

type saramaHandler struct {
	topic, instance string
	sharing, seen   *keys
}

func (h *saramaHandler) Setup(session sarama.ConsumerGroupSession) error {
	if len(session.Claims()[h.topic]) == 2 {
		h.sharing.add(h.instance)
	}
	return nil
}
func (*saramaHandler) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (h *saramaHandler) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		session.MarkMessage(message, "")
		h.seen.add(string(message.Key))
	}
	return nil
}

// keys counts what several members see, and says when it is all.
type keys struct {
	mutex   sync.Mutex
	seen    map[string]bool
	wanted  int
	whenAll func()
}

func (k *keys) add(key string) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.seen[key] = true
	if len(k.seen) == k.wanted {
		k.whenAll()
	}
}

func (k *keys) count() int {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	return len(k.seen)
}
