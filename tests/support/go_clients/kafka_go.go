package main

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// kafkaGoGroup: two members share four partitions, and commit each record when they have read it.
func (w *work) kafkaGoGroup(ctx context.Context) (any, error) {
	const count = 100
	topic, err := w.topic(ctx, "kafka-go", 4)
	if err != nil {
		return nil, err
	}
	writer := &kafka.Writer{
		Addr: kafka.TCP(w.servers...), Topic: topic, Balancer: &kafka.Hash{}, RequiredAcks: kafka.RequireAll,
		Compression: kafka.Zstd, BatchTimeout: 10 * time.Millisecond,
	}
	defer writer.Close()
	messages := make([]kafka.Message, count)
	for i := range messages {
		messages[i] = kafka.Message{Key: []byte(strconv.Itoa(i)), Value: []byte("value")}
	}
	if err := writer.WriteMessages(ctx, messages...); err != nil {
		return nil, err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	committed := &keys{wanted: count, whenAll: stop, seen: map[string]bool{}}
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() {
			reader := kafka.NewReader(kafka.ReaderConfig{
				Brokers: w.servers, GroupID: w.prefix, Topic: topic, StartOffset: kafka.FirstOffset,
				HeartbeatInterval: heartbeat, MaxWait: heartbeat,
			})
			defer reader.Close()
			for {
				message, err := reader.FetchMessage(reading)
				if err == nil {
					err = reader.CommitMessages(reading, message)
				}
				// A commit fails while the group rebalances: its record comes again.
				if reading.Err() != nil {
					return
				}
				if err == nil {
					committed.add(string(message.Key))
				}
			}
		})
	}
	waiting.Wait()
	client := &kafka.Client{Addr: kafka.TCP(w.servers...)}
	answer, err := client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{
		GroupID: w.prefix, Topics: map[string][]int{topic: {0, 1, 2, 3}},
	})
	if err != nil {
		return nil, err
	}
	offsets := int64(0)
	for _, partition := range answer.Topics[topic] {
		offsets += max(partition.CommittedOffset, 0)
	}
	return map[string]int64{"seen": int64(committed.count()), "committed": offsets}, nil
}
